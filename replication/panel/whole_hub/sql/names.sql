-- Name and parents of each repository at its last reading, or the last with a name, and its name at the
-- first.
SELECT
    s.repository,
    max(CASE WHEN e.label = s.first_label THEN e.name END) AS first_name,
    max(CASE WHEN e.label = s.named_label THEN e.name END) AS name,
    max(CASE WHEN e.label = s.last_label THEN e.parents END) AS parents
FROM spans s
INNER JOIN extract_rows e ON e.repository = s.repository AND (
    e.label = s.last_label OR e.label = s.first_label OR e.label = s.named_label
)
GROUP BY s.repository
