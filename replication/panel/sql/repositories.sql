-- The same repositories under a number, with the name and the parents of their last reading.
SELECT
    CAST(row_number() OVER (ORDER BY s.repository) AS BIGINT) AS id,
    s.repository,
    s.created,
    s.first_label,
    s.last_label,
    max(n.first_name) AS first_name,
    max(n.name) AS name,
    max(n.parents) AS parents
FROM spans s
INNER JOIN names n ON n.repository = s.repository
GROUP BY s.repository, s.created, s.first_label, s.last_label
