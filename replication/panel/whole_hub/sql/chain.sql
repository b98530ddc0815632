-- What the 30-day field says was gained between two readings of a repository, in thousandths of a
-- download: the mean daily rate of the 30-day windows, at most four, that cover the time between.
-- A window of a repository younger than a month holds its whole life. A repository without any count
-- has no chain.
SELECT
    id,
    label,
    began,
    moment AS ended,
    CAST(floor(
        1e3 * (moment - began) * (rate0 + rate1 + rate2 + rate3) / (1 + used1 + used2 + used3)
    ) AS BIGINT) AS gain
FROM (
    SELECT
        id,
        label,
        moment,
        began,
        1e0 * rolling0 / greatest(least(month, moment - created), 1) AS rate0,
        CASE WHEN moment1 - month <= began THEN 1 ELSE 0 END AS used1,
        CASE WHEN moment2 - month <= began THEN 1 ELSE 0 END AS used2,
        CASE WHEN moment3 - month <= began THEN 1 ELSE 0 END AS used3,
        CASE WHEN moment1 - month <= began THEN 1e0 * rolling1 / least(month, moment1 - created) ELSE 0e0 END AS rate1,
        CASE WHEN moment2 - month <= began THEN 1e0 * rolling2 / least(month, moment2 - created) ELSE 0e0 END AS rate2,
        CASE WHEN moment3 - month <= began THEN 1e0 * rolling3 / least(month, moment3 - created) ELSE 0e0 END AS rate3
    FROM (
        SELECT
            c.id,
            c.label,
            c.moment,
            r.created,
            u.month,
            greatest(r.created, coalesce(lag(c.moment) OVER w, c.moment - u.month)) AS began,
            c.rolling AS rolling0,
            coalesce(lead(c.rolling, 1) OVER w, 0) AS rolling1,
            coalesce(lead(c.rolling, 2) OVER w, 0) AS rolling2,
            coalesce(lead(c.rolling, 3) OVER w, 0) AS rolling3,
            lead(c.moment, 1) OVER w AS moment1,
            lead(c.moment, 2) OVER w AS moment2,
            lead(c.moment, 3) OVER w AS moment3
        FROM (
            SELECT c.id, c.label, c.moment, coalesce(c.rolling, f.rolling) AS rolling
            FROM rolling_counts c
            LEFT JOIN missing_counts f ON f.id = c.id AND f.label = c.label
            WHERE coalesce(c.rolling, f.rolling) IS NOT NULL
        ) c
        INNER JOIN repositories r ON c.id = r.id
        CROSS JOIN rules u
        WHERE c.moment <= u.chained_until
        WINDOW w AS (PARTITION BY c.id ORDER BY c.label)
    ) read
    WHERE began < moment
) rated
