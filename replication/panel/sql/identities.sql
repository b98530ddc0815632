-- The immutable id of each name and moment of creation, for snapshots that carry no id.
SELECT
    name,
    created,
    min(repository) AS repository
FROM extracts
WHERE repository IS NOT NULL
GROUP BY name, created
