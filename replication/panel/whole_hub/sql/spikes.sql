-- Steps that the next one takes back, which are errors of their readings: the rule is that of
-- `spikes` in sources/counters/mending.py.
SELECT
    id,
    label,
    taken_back,
    counter - greatest(before, after) AS size
FROM (
    SELECT
        id,
        label,
        counter,
        coalesce(before, 0) AS before,
        lead(label) OVER w AS taken_back,
        lead(counter, 1) OVER w AS after,
        lead(counter, 2) OVER w AS second,
        lead(counter, 3) OVER w AS third
    FROM moves
    WINDOW w AS (PARTITION BY id ORDER BY label)
) stepped
WHERE
    after IS NOT NULL
    AND counter - greatest(before, after)
    > CASE WHEN after >= before THEN after - before ELSE 10 * (before - after) END
    AND (second IS NULL OR least(second, coalesce(third, second)) < counter)
