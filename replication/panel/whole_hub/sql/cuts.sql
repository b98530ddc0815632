-- What each repository gained inside each period while young enough, in thousandths of a download: a gain
-- that the period or the age limit cuts counts in proportion to the time inside, which is a straight line
-- between two readings of its counter, as in `counters_at` of panel/increments.py.
SELECT
    c.id,
    w.period,
    c.kind,
    CAST(floor(c.gain * (1e0 * (
        least(c.ended, w.until, r.created + w.age_limit) - greatest(c.began, w.since)
    ) / (c.ended - c.began))) AS BIGINT) AS inside
FROM gains c
INNER JOIN repositories r ON r.id = c.id
INNER JOIN periods w ON c.began < w.until AND c.ended > w.since
WHERE
    c.gain > 0
    AND greatest(c.began, w.since) < r.created + w.age_limit
    AND r.created >= w.born_since
    AND r.created < w.born_until
