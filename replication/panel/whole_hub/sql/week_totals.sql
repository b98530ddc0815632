-- First-year downloads of each pair of uploader and origin in each week: thousandths are summed, and
-- rounded to whole downloads.
SELECT
    pair,
    week,
    CAST((total - total % 1000) / 1000 AS BIGINT) AS downloads
FROM (
    SELECT
        p.pair,
        c.period AS week,
        500 + CAST(sum(c.inside) AS BIGINT) AS total
    FROM cuts c
    INNER JOIN panel_pairs p ON p.id = c.id
    GROUP BY p.pair, c.period
) milli
WHERE total >= 1000
ORDER BY week, pair
