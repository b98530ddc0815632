-- The extracts with an id on every row: its own, else that of the same name, whatever its case, and
-- moment of creation in another snapshot (of the same name alone where the row has no such moment), else
-- one made of both.
SELECT
    e.label,
    coalesce(e.repository, i.repository, substring(md5(concat(coalesce(lower(e.name), ''), ' ', coalesce(CAST(e.created AS STRING), ''))), 1, 24)) AS repository,
    e.name,
    e.created,
    e.rolling,
    e.counter,
    e.parents
FROM extracts e
LEFT JOIN identities i ON e.repository IS NULL AND lower(e.name) = i.name AND coalesce(e.created, -1) = i.created
