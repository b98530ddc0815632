-- The 30-day counts that stand highest above what is possible, by repository and label.
SELECT
    r.name,
    o.label,
    o.size
FROM overcounts o
INNER JOIN repositories r ON r.id = o.id
ORDER BY o.size DESC, r.name, o.label
LIMIT 8
