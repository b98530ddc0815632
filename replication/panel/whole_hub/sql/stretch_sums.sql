-- Where both are known, what the chain says and what the counters say of each repository: from birth to the
-- first counter ("births"), and over stretches that begin at the first counter.
SELECT id, 'births' AS stretch, chained, 1000 * level AS counted
FROM chain_sums
CROSS JOIN rules
WHERE covered = 1 AND level IS NOT NULL AND reached <= anchor
UNION ALL
SELECT f.id, c.stretch, c.chained, 1000 * (l.level - f.level) AS counted
FROM first_levels f
INNER JOIN rules u ON f.reached = u.anchor
INNER JOIN (
    SELECT c.id, s.stretch, CAST(sum(c.gain) AS BIGINT) AS chained
    FROM chain c
    CROSS JOIN rules
    INNER JOIN stretches s ON c.ended <= s.until
    WHERE c.began >= anchor
    GROUP BY c.id, s.stretch
) c ON c.id = f.id
INNER JOIN (
    SELECT l.id, s.stretch, max(l.level) AS level
    FROM levels l
    INNER JOIN stretches s ON l.reached <= s.until
    GROUP BY l.id, s.stretch
) l ON l.id = f.id AND l.stretch = c.stretch
