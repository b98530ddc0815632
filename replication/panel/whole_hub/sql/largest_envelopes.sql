-- The repositories whose envelopes differ most.
SELECT
    r.name,
    a.apart
FROM envelopes a
INNER JOIN repositories r ON r.id = a.id
CROSS JOIN margin m
WHERE a.apart > m.margin
ORDER BY a.apart DESC, r.name
LIMIT 8
