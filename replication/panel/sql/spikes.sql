-- Steps that the next one takes back, which are errors of their readings: above the steps before and
-- after by more than these two differ, while of the two after the next one at least one lies below too.
-- The top of a fall that stays, or from which a counter comes back at once, is none; nor is a last
-- step, which nothing takes back. Before its first step a counter was 0.
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
    AND counter - greatest(before, after) > greatest(before, after) - least(before, after)
    AND (second IS NULL OR least(second, coalesce(third, second)) < counter)
