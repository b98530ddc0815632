-- First-year downloads of each pair of uploader and origin in each week: thousandths are summed, and
-- rounded to whole downloads.
SELECT
    pair,
    week,
    CAST((total - total % 1000) / 1000 AS BIGINT) AS downloads
FROM (
    SELECT
        p.pair,
        w.week,
        500 + CAST(sum(CAST(floor(c.gain * (1e0 * (
            least(c.ended, w.until, r.created + u.age_limit) - greatest(c.began, w.since)
        ) / (c.ended - c.began))) AS BIGINT)) AS BIGINT) AS total
    FROM cells c
    INNER JOIN repositories r ON r.id = c.id
    INNER JOIN pairs p ON p.id = c.id
    INNER JOIN weeks w ON c.began < w.until AND c.ended > w.since
    CROSS JOIN rules u
    WHERE
        c.gain > 0
        AND greatest(c.began, w.since) < r.created + u.age_limit
    GROUP BY p.pair, w.week
) milli
WHERE total >= 1000
ORDER BY week, pair
