-- Repositories that were last read while the counters stood still: what they gained after their last
-- level is in no counter.
SELECT
    l.id,
    max(l.reached) AS reached
FROM levels l
INNER JOIN repositories r ON r.id = l.id
INNER JOIN readings d ON d.label = r.last_label
INNER JOIN frozen f ON d.moment > f.since AND (d.moment < f.until OR f.caught_up = 0)
GROUP BY l.id
