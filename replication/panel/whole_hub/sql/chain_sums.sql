-- What the chain says each repository gained up to its first counter, and whether the chain covers its
-- whole life, so that the counter is an exact anchor of the sum.
SELECT
    r.id,
    CASE WHEN r.created >= u.horizon THEN 1 ELSE 0 END AS covered,
    f.level,
    f.reached,
    CAST(sum(c.gain) AS BIGINT) AS chained
FROM chain c
INNER JOIN repositories r ON c.id = r.id
CROSS JOIN rules u
LEFT JOIN first_levels f ON f.id = c.id
WHERE c.ended <= coalesce(f.reached, u.anchor)
GROUP BY r.id, r.created, u.horizon, f.level, f.reached
