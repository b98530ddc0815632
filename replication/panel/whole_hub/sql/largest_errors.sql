-- The readings that stand highest above what is possible, by repository and label, of a table of such in
-- place of `sized`.
SELECT
    r.name,
    s.label,
    s.size
FROM sized s
INNER JOIN repositories r ON r.id = s.id
ORDER BY s.size DESC, r.name, s.label
LIMIT 8
