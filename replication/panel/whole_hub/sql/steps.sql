-- What each counter gained between one level and the next, in thousandths of a download.
SELECT
    id,
    lag(reached) OVER w AS began,
    reached AS ended,
    1000 * (level - lag(level) OVER w) AS gain
FROM levels
WINDOW w AS (PARTITION BY id ORDER BY level)
