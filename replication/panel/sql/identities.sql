-- The immutable id of each name and moment of creation, for snapshots that carry no id; and of each name
-- that is of one id alone, for rows without a moment of creation.
SELECT
    name,
    created,
    min(repository) AS repository
FROM extracts
WHERE repository IS NOT NULL AND created IS NOT NULL
GROUP BY name, created
UNION ALL
SELECT
    name,
    CAST(-1 AS BIGINT) AS created,
    min(repository) AS repository
FROM extracts
WHERE repository IS NOT NULL
GROUP BY name
HAVING min(repository) = max(repository)
