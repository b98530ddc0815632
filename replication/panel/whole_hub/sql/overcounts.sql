-- 30-day counts that cannot be right: the readings before and after it, less than 30 days apart, hold
-- together every download of its 30 days.
SELECT
    id,
    label,
    rolling - before - after AS size
FROM (
    SELECT
        c.id,
        c.label,
        c.moment,
        c.rolling,
        u.month,
        lag(c.rolling) OVER w AS before,
        lag(c.moment) OVER w AS moment0,
        lead(c.rolling) OVER w AS after,
        lead(c.moment) OVER w AS moment1
    FROM counters c
    CROSS JOIN rules u
    WHERE c.moment <= u.chained_until + u.month
    WINDOW w AS (PARTITION BY c.id ORDER BY c.label)
) read
WHERE moment1 - month <= moment0 AND rolling > before + after
