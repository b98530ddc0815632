-- What each repository gained between two moments, in thousandths of a download, and how that is known:
-- counted   between two levels of its counter;
-- timed     the same where nearly every counter stood still: the chain says when;
-- born      from its creation to its first counter, where no chain says when;
-- anchored  by the chain, scaled to its first counter, which holds its whole life;
-- chained   by the chain alone, scaled as measured where both are known, and never above its counter:
--           before the first counter, and where a repository was last read while counters stood still.
SELECT
    s.id,
    s.began,
    s.ended,
    s.gain,
    'counted' AS kind
FROM steps s
LEFT JOIN frozen_steps t ON t.id = s.id AND t.ended = s.ended
WHERE t.id IS NULL AND s.gain > 0
UNION ALL
SELECT
    c.id,
    c.began,
    c.ended,
    CAST(floor(1e0 * c.gain * t.gain / t.chained) AS BIGINT) AS gain,
    'timed' AS kind
FROM frozen_steps t
INNER JOIN chain c ON c.id = t.id AND c.began >= t.began AND c.ended <= t.ended
WHERE c.gain > 0
UNION ALL
SELECT
    f.id,
    least(r.created, f.reached - 1) AS began,
    f.reached AS ended,
    1000 * f.level AS gain,
    'born' AS kind
FROM first_levels f
INNER JOIN repositories r ON r.id = f.id
LEFT JOIN chain_sums c ON c.id = f.id
WHERE c.id IS NULL OR (c.covered = 1 AND c.chained = 0)
UNION ALL
SELECT
    c.id,
    c.began,
    c.ended,
    CAST(floor(c.gain * CASE
        WHEN k.covered = 1 AND k.level IS NOT NULL THEN 1e3 * k.level / k.chained
        WHEN k.level IS NOT NULL THEN least(u.factor, 1e3 * k.level / k.chained)
        ELSE u.factor
    END) AS BIGINT) AS gain,
    CASE WHEN k.covered = 1 AND k.level IS NOT NULL THEN 'anchored' ELSE 'chained' END AS kind
FROM chain c
INNER JOIN chain_sums k ON k.id = c.id
CROSS JOIN factor u
CROSS JOIN rules
WHERE c.gain > 0 AND c.ended <= coalesce(k.reached, anchor)
UNION ALL
SELECT
    c.id,
    c.began,
    c.ended,
    CAST(floor(c.gain * u.factor) AS BIGINT) AS gain,
    'chained' AS kind
FROM chain c
INNER JOIN last_levels l ON l.id = c.id
CROSS JOIN factor u
WHERE c.gain > 0 AND c.began >= l.reached
