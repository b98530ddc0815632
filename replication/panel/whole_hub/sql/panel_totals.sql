-- Downloads of each name of the panel in each variant.
SELECT
    p.number,
    d.variant,
    CAST(sum(d.total) AS BIGINT) AS total,
    CAST(sum(d.chained) AS BIGINT) AS chained
FROM downloads d
INNER JOIN panel_pairs p ON p.id = d.id
GROUP BY p.number, d.variant
