-- The most that stands under each namespace in any variant, as uploader or as origin.
SELECT
    namespace,
    max(total) AS largest
FROM (
    SELECT o.uploader AS namespace, d.variant, CAST(sum(d.total) AS BIGINT) AS total
    FROM downloads d
    INNER JOIN owners o ON o.id = d.id
    GROUP BY o.uploader, d.variant
    UNION ALL
    SELECT o.origin AS namespace, d.variant, CAST(sum(d.total) AS BIGINT) AS total
    FROM downloads d
    INNER JOIN owners o ON o.id = d.id
    GROUP BY o.origin, d.variant
) summed
GROUP BY namespace
