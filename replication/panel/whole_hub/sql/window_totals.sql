-- First-year downloads of each repository in one window, and of these what the chain alone says:
-- thousandths are summed, and rounded to whole downloads.
SELECT
    id,
    CAST((total - total % 1000) / 1000 AS BIGINT) AS total,
    CAST((chained - chained % 1000) / 1000 AS BIGINT) AS chained
FROM (
    SELECT
        id,
        500 + CAST(sum(inside) AS BIGINT) AS total,
        500 + CAST(sum(CASE WHEN kind = 'chained' THEN inside ELSE 0 END) AS BIGINT) AS chained
    FROM cuts
    GROUP BY id
) milli
WHERE total >= 1000
