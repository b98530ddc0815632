-- The staircase of each counter: every level that its running maximum reached, and when it was first
-- read there. A counter that stands still, falls and comes back, or is read twice adds no step, so that
-- stalls, rollbacks and repeated snapshots are treated as not read.
SELECT
    id,
    level,
    min(moment) AS reached
FROM (
    SELECT
        id,
        moment,
        max(counter) OVER (
            PARTITION BY id ORDER BY label ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS level
    FROM counters
    WHERE counter IS NOT NULL
) running
GROUP BY id, level
