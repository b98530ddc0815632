-- First-year downloads of each repository in one window: a cell that the window or the age limit cuts
-- counts in proportion to the time inside. Thousandths are summed, and rounded to whole downloads.
SELECT
    id,
    CAST((total - total % 1000) / 1000 AS BIGINT) AS total,
    CAST((chained - chained % 1000) / 1000 AS BIGINT) AS chained
FROM (
    SELECT
        id,
        500 + CAST(sum(inside) AS BIGINT) AS total,
        500 + CAST(sum(CASE WHEN kind = 'chained' THEN inside ELSE 0 END) AS BIGINT) AS chained
    FROM (
        SELECT
            c.id,
            c.kind,
            CAST(floor(c.gain * (1e0 * (
                least(c.ended, w.until, r.created + w.age_limit) - greatest(c.began, w.since)
            ) / (c.ended - c.began))) AS BIGINT) AS inside
        FROM cells c
        INNER JOIN repositories r ON r.id = c.id
        CROSS JOIN chosen w
        WHERE
            c.gain > 0
            AND c.began < least(w.until, r.created + w.age_limit)
            AND c.ended > w.since
            AND r.created >= w.born_since
            AND r.created < w.born_until
    ) cut
    GROUP BY id
) milli
WHERE total >= 1000
