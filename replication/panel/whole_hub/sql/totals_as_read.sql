-- The same without cutting: what was gained falls whole at the reading that found it. Where the rule
-- leaves frozen readings out, so does what the readings after them caught up.
SELECT
    id,
    CAST((total - total % 1000) / 1000 AS BIGINT) AS total,
    CAST(0 AS BIGINT) AS chained
FROM (
    SELECT
        c.id,
        500 + CAST(sum(c.gain) AS BIGINT) AS total
    FROM (
        SELECT id, ended, gain FROM gains WHERE kind <> 'timed'
        UNION ALL
        SELECT id, ended, gain FROM frozen_steps
    ) c
    INNER JOIN repositories r ON r.id = c.id
    CROSS JOIN periods w
    LEFT JOIN frozen f ON f.until = c.ended AND f.caught_up = 1
    WHERE
        c.gain > 0
        AND c.ended > w.since
        AND c.ended <= least(w.until, r.created + w.age_limit)
        AND r.created >= w.born_since
        AND r.created < w.born_until
        AND (w.skips_caught_up = 0 OR f.until IS NULL)
    GROUP BY c.id
) milli
WHERE total >= 1000
