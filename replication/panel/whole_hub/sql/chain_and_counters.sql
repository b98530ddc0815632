-- The same by uploader.
SELECT
    split_part(r.name, '/', 1) AS uploader,
    k.stretch,
    CAST(sum(k.chained) AS BIGINT) AS chained,
    CAST(sum(k.counted) AS BIGINT) AS counted
FROM stretch_sums k
INNER JOIN repositories r ON r.id = k.id
GROUP BY split_part(r.name, '/', 1), k.stretch
ORDER BY uploader, stretch
