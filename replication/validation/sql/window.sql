-- Every number of the published window: its table, row and column in the results, and its value.
--
-- Reads the tables of the other window_*.sql, and the variables `window`, `role` and `labels` of the
-- headline. `loose` is by how much a whole number may differ, since another order of summing may round
-- what lies next to a half the other way; a fraction has NULL.

CREATE MACRO near_half(x) AS (abs(x - floor(x) - 0.5) < 1e-5)::INTEGER;

WITH
loose AS (SELECT coalesce(sum(near_half(exact)), 0) AS near FROM rest),

-- The headline by month. A row of the rest is credited as the row of its own month.
credit AS (
    SELECT repository, namespace, country_group
    FROM credited
    WHERE role = getvariable('role') AND labels = getvariable('labels')
),
dated AS (
    SELECT month, country_group, namespace, seen, estimate, estimate AS corrected, counted, ceiling
    FROM monthly JOIN credit USING (repository)
    UNION ALL
    SELECT month, country_group, namespace, 0, 0, rest.downloads, 0, 0
    FROM rest JOIN credit ON credit.repository = like_row
),
by_month AS (
    SELECT month, coalesce(country_group, 'total') AS series, sum(seen) AS seen,
           sum(estimate) AS estimate, sum(corrected) AS corrected, sum(ceiling) AS ceiling,
           sum(sum(if(country_group = 'China', corrected, 0))) OVER own
               - sum(sum(if(country_group = 'USA', corrected, 0))) OVER own AS lead
    FROM dated
    GROUP BY GROUPING SETS ((month, country_group), (month))
    WINDOW own AS (PARTITION BY month, grouping(country_group))
),

-- China, the USA and all by measure, as they stand in the window's panel.
side AS (
    SELECT unnest(['corrected', 'estimate', 'seen', 'counted', 'ceiling']) AS measure,
           unnest([sum(corrected), sum(estimate), sum(seen), sum(counted), sum(ceiling)]) AS total,
           unnest([sum(corrected) FILTER (c), sum(estimate) FILTER (c), sum(seen) FILTER (c),
                   sum(counted) FILTER (c), sum(ceiling) FILTER (c)]) AS china,
           unnest([sum(corrected) FILTER (u), sum(estimate) FILTER (u), sum(seen) FILTER (u),
                   sum(counted) FILTER (u), sum(ceiling) FILTER (u)]) AS usa,
           unnest([sum(corrected) FILTER (f), NULL, sum(seen) FILTER (f), NULL, NULL]) AS family
    FROM (
        SELECT *, country_group = 'China' AS c, country_group = 'USA' AS u,
               EXISTS (FROM family WHERE lower(family.namespace) = lower(dated.namespace)
                       AND family.country_group = dated.country_group) AS f
        FROM dated
    )
),

-- The answers are of whole downloads, as they are shared out.
answer AS (
    SELECT CASE measure WHEN 'corrected' THEN 'point' WHEN 'estimate' THEN 'uncorrected'
                        ELSE 'seen' END AS quantity,
           total::DOUBLE AS total, china::DOUBLE AS china, usa::DOUBLE AS usa
    FROM side
    WHERE measure IN ('corrected', 'estimate', 'seen')
),

nowhere AS ( -- what is credited to no country, of the headline's downloads
    SELECT sum(if(attributed, 0, downloads)) / sum(downloads) AS part
    FROM (SELECT repository, sum(corrected) AS downloads
          FROM (SELECT repository, estimate AS corrected FROM monthly
                UNION ALL SELECT repository, downloads FROM rest)
          GROUP BY ALL)
    JOIN credited USING (repository) JOIN country_group USING (country_group)
    WHERE role = 'uploader' AND labels = 'registry'
)

SELECT 'hub_dates.csv' AS "table", concat_ws(', ', list, role, labels, exclusion, "group") AS "row",
       quantity, if(quantity IN ('downloads', 'with_tail'), round_even(value, 0), value) AS value,
       CASE quantity WHEN 'downloads' THEN 0
            WHEN 'with_tail' THEN near_half(value) END AS loose
FROM at_dates UNPIVOT (value FOR quantity IN (downloads, share, with_tail, share_with_tail))
UNION ALL
SELECT 'window_months.csv', month || ', ' || series, quantity, value,
       if(quantity IN ('corrected', 'lead'), near, 0)
FROM (SELECT month, series, seen::DOUBLE AS seen, estimate::DOUBLE AS estimate,
             corrected::DOUBLE AS corrected, ceiling::DOUBLE AS ceiling, lead::DOUBLE AS lead
      FROM by_month)
     UNPIVOT (value FOR quantity IN (seen, estimate, corrected, ceiling, lead)),
     loose
UNION ALL
SELECT 'window_summary.csv', measure || '-' || side, 'value', value,
       if(measure = 'corrected', near, 0)
FROM (SELECT measure, china::DOUBLE AS china, usa::DOUBLE AS usa, total::DOUBLE AS total FROM side)
     UNPIVOT (value FOR side IN (china, usa, total)),
     loose
UNION ALL
SELECT 'window_summary.csv', if(measure = 'seen', 'family-seen', 'family'), 'value', family / china,
       NULL
FROM side
WHERE family IS NOT NULL
UNION ALL
SELECT 'window_summary.csv', 'unattributed', 'value', part, NULL FROM nowhere
UNION ALL
SELECT 'window_summary.csv', 'repositories', 'value', count(*), 0 FROM window_row
UNION ALL
SELECT 'window_summary.csv', 'dates', 'value', count(*), 0 FROM complete
UNION ALL
SELECT 'window_summary.csv',
       'dates-' || MAP {'China': 'china', 'USA': 'usa', 'China − USA': 'lead'}["group"] || '-' || ends,
       'value', if(ends = 'low', min(share_with_tail), max(share_with_tail)), NULL
FROM at_dates, (VALUES ('low'), ('high')) AS extreme (ends)
WHERE role = getvariable('role') AND labels = getvariable('labels') AND exclusion = 'none'
  AND "group" IN ('China', 'USA', 'China − USA')
GROUP BY "group", ends
UNION ALL
SELECT 'window_answers.csv', statistic, quantity,
       CASE statistic WHEN 'China' THEN china / total WHEN 'USA' THEN usa / total
            WHEN 'China − USA' THEN (china - usa) / total
            WHEN 'China / (China + USA)' THEN china / (china + usa) ELSE total END,
       NULL
FROM answer, (VALUES ('China'), ('USA'), ('China − USA'), ('China / (China + USA)'), ('total'))
             AS wanted (statistic)
ORDER BY ALL;
