-- Counters that fall, without their spikes: by how much the running maximum forward, which believes
-- the readings before a fall, and the running minimum backward, which believes those after it, differ.
SELECT
    id,
    max(highest - lowest) AS apart
FROM (
    SELECT
        m.id,
        max(m.counter) OVER (
            PARTITION BY m.id ORDER BY m.label ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS highest,
        min(m.counter) OVER (
            PARTITION BY m.id ORDER BY m.label ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS lowest
    FROM moves m
    INNER JOIN (SELECT DISTINCT id FROM moves WHERE counter < before) f ON f.id = m.id
    LEFT JOIN spikes s ON s.id = m.id AND s.label = m.label
    WHERE s.id IS NULL
) envelopes
GROUP BY id
HAVING max(highest - lowest) > 0
