-- The staircase of each counter: every level that its running maximum reached, and when it was first
-- read there. A counter that stands still, falls and comes back, or is read twice adds no step, so that
-- stalls, rollbacks and repeated snapshots are treated as not read; and so are spikes.
SELECT
    id,
    level,
    min(moment) AS reached
FROM (
    SELECT
        m.id,
        m.moment,
        max(m.counter) OVER (
            PARTITION BY m.id ORDER BY m.label ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS level
    FROM moves m
    LEFT JOIN spikes s ON s.id = m.id AND s.label = m.label
    WHERE s.id IS NULL
) running
GROUP BY id, level
