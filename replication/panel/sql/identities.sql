-- The immutable id of each name, whatever its case, and moment of creation, for snapshots that carry
-- no id.
SELECT
    lower(name) AS name,
    created,
    min(repository) AS repository
FROM extracts
WHERE repository IS NOT NULL
GROUP BY lower(name), created
