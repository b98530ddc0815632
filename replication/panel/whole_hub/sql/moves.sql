-- Every reading at which a counter is another than at the reading before: its steps, up and down.
SELECT
    id,
    label,
    moment,
    counter,
    before
FROM (
    SELECT
        id,
        label,
        moment,
        counter,
        lag(counter) OVER (PARTITION BY id ORDER BY label) AS before
    FROM counters
    WHERE counter IS NOT NULL
) read
WHERE before IS NULL OR counter <> before
