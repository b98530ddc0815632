-- What each snapshot holds: one row a label.
-- The sums tell apart a snapshot that was uploaded again under another label.
SELECT
    label,
    count(*) AS n_rows,
    count(repository) AS n_ids,
    count(counter) AS n_counters,
    count(rolling) AS n_rolling,
    count(created) AS n_dated,
    CAST(sum(created) AS BIGINT) AS sum_created,
    CAST(coalesce(sum(rolling), 0) AS BIGINT) AS sum_rolling,
    CAST(coalesce(sum(counter), 0) AS BIGINT) AS sum_counter,
    max(created) AS newest
FROM extracts
GROUP BY label
ORDER BY label
