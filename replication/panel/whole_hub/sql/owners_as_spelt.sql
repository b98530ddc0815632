-- The repositories with downloads in any variant, most of all variants, their uploader and their origin as
-- each spells itself.
SELECT
    d.id,
    d.repository,
    d.name,
    d.created,
    d.largest,
    d.uploader,
    coalesce(o.origin, d.uploader) AS origin,
    coalesce(o.traced_origin, '') AS traced_origin
FROM (
    SELECT
        r.id,
        r.repository,
        r.name,
        r.created,
        t.largest,
        CASE WHEN r.name = r.repository THEN '(unnamed)' ELSE split_part(r.name, '/', 1) END AS uploader
    FROM (SELECT id, max(total) AS largest FROM downloads GROUP BY id) t
    INNER JOIN repositories r ON r.id = t.id
) d
LEFT JOIN origins o ON o.id = d.id
