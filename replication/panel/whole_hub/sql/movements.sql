-- At each reading, how many counters were read before and how many of these moved, and how many fell.
SELECT
    label,
    count(*) AS n_again,
    CAST(sum(CASE WHEN counter > before THEN 1 ELSE 0 END) AS BIGINT) AS n_moved,
    CAST(sum(CASE WHEN counter < before THEN 1 ELSE 0 END) AS BIGINT) AS n_fell,
    CAST(sum(copies - 1) AS BIGINT) AS n_copies
FROM (
    SELECT
        label,
        counter,
        copies,
        lag(counter) OVER (PARTITION BY id ORDER BY label) AS before
    FROM counters
    WHERE counter > 0
) read
WHERE before IS NOT NULL
GROUP BY label
ORDER BY label
