-- The same repositories under a number, with the name and the parents of their last reading; one that
-- has a name in no reading is called by its id.
SELECT
    CAST(row_number() OVER (ORDER BY s.repository) AS BIGINT) AS id,
    s.repository,
    s.created,
    s.first_label,
    s.last_label,
    coalesce(max(n.first_name), max(n.name), s.repository) AS first_name,
    coalesce(max(n.name), s.repository) AS name,
    max(n.parents) AS parents
FROM spans s
INNER JOIN names n ON n.repository = s.repository
GROUP BY s.repository, s.created, s.first_label, s.last_label
