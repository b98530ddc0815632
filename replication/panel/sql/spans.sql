-- Repositories young enough to matter that were ever downloaded, and when each was first and last read.
SELECT
    repository,
    min(created) AS created,
    min(label) AS first_label,
    max(label) AS last_label
FROM identified
INNER JOIN readings USING (label)
CROSS JOIN rules
WHERE created >= earliest AND (rolling > 0 OR counter > 0)
GROUP BY repository
