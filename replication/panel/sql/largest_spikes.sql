-- The spikes that stand highest above their neighbours, by repository and label.
SELECT
    r.name,
    s.label,
    s.size
FROM spikes s
INNER JOIN repositories r ON r.id = s.id
ORDER BY s.size DESC, r.name, s.label
LIMIT 8
