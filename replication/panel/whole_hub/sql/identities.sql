-- Of the names in rows without an id: the immutable id of each name, whatever its case, and moment of creation, for snapshots that carry no
-- id; and of each name that is of one id alone, for rows without a moment of creation.
SELECT
    lower(name) AS name,
    created,
    min(repository) AS repository
FROM extracts
WHERE repository IS NOT NULL AND created IS NOT NULL AND lower(name) IN (SELECT lower(name) FROM extracts WHERE repository IS NULL)
GROUP BY lower(name), created
UNION ALL
SELECT
    lower(name) AS name,
    CAST(-1 AS BIGINT) AS created,
    min(repository) AS repository
FROM extracts
WHERE repository IS NOT NULL AND lower(name) IN (SELECT lower(name) FROM extracts WHERE repository IS NULL)
GROUP BY lower(name)
HAVING min(repository) = max(repository)
