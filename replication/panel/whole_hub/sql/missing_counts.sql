-- The 30-day counts that a reading of a repository lacks; a null is not a zero. The daily rate is drawn
-- between the counts before and after it, and outside them it is that of the nearer one.
-- A label and a count stand in one number, so that the last of them is the largest.
SELECT
    id,
    label,
    CAST(floor(greatest(least(month, moment - created), 1) * CASE
        WHEN rate0 IS NULL THEN rate1
        WHEN rate1 IS NULL THEN rate0
        ELSE rate0 + (rate1 - rate0) * (1e0 * (label - label0) / (label1 - label0))
    END) AS BIGINT) AS rolling
FROM (
    SELECT
        id,
        label,
        moment,
        created,
        month,
        label0,
        label1,
        1e0 * (known0 - 1099511627776 * label0)
        / greatest(least(month, 86400 * label0 + 43200 - created), 86400) AS rate0,
        1e0 * (known1 - 1099511627776 * label1)
        / greatest(least(month, 86400 * label1 + 43200 - created), 86400) AS rate1
    FROM (
        SELECT
            c.id,
            c.label,
            c.moment,
            c.rolling,
            r.created,
            u.month,
            max(CASE WHEN c.rolling IS NOT NULL THEN c.label END) OVER b AS label0,
            max(1099511627776 * c.label + c.rolling) OVER b AS known0,
            min(CASE WHEN c.rolling IS NOT NULL THEN c.label END) OVER a AS label1,
            min(1099511627776 * c.label + c.rolling) OVER a AS known1
        FROM rolling_counts c
        INNER JOIN (
            SELECT DISTINCT id
            FROM rolling_counts
            CROSS JOIN rules
            WHERE rolling IS NULL AND moment <= chained_until
        ) g ON g.id = c.id
        INNER JOIN repositories r ON r.id = c.id
        CROSS JOIN rules u
        WINDOW
            b AS (PARTITION BY c.id ORDER BY c.label ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
            a AS (PARTITION BY c.id ORDER BY c.label ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
    ) neighbours
    WHERE rolling IS NULL
) rated
WHERE rate0 IS NOT NULL OR rate1 IS NOT NULL
