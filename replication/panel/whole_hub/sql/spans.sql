-- Repositories young enough to matter that were ever downloaded, and when each was first and last read,
-- and last read with a name. A reading without the moment of creation takes it from the others.
SELECT
    repository,
    min(created) AS created,
    min(label) AS first_label,
    max(label) AS last_label,
    max(CASE WHEN name IS NOT NULL THEN label END) AS named_label
FROM extract_rows
INNER JOIN readings USING (label)
CROSS JOIN rules
WHERE (created >= earliest OR created IS NULL) AND (rolling > 0 OR counter > 0)
GROUP BY repository
HAVING min(created) IS NOT NULL
