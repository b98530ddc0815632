-- Every estimate that needs no random draw: one row a number.
--
-- Reads the tables of attribution.sql and definitions.sql; the variable `windows` lists the columns
-- of the panel that hold downloads. Sums are of whole numbers, so that they are exact; a division by
-- zero is infinite, or undefined (NaN).

WITH
-- Half downloads that each role receives of one download: split attribution stays whole.
credit (attribution, role, halves) AS (
    VALUES ('uploader', 'uploader', 2), ('origin', 'origin', 2), ('maker', 'maker', 2),
           ('split', 'uploader', 1), ('split', 'origin', 1)
),
counter AS (
    UNPIVOT panel ON COLUMNS(lambda c: c IN getvariable('windows'))
    INTO NAME panel_column VALUE downloads
),
asked AS ( -- left out: a rule of one of the kinds that the exclusion names matches
    SELECT estimand, exclusion, repository, downloads::BIGINT AS downloads,
           EXISTS (FROM hit JOIN exclusion AS x USING (kind)
                   WHERE hit.repository = counter.repository AND x.exclusion = estimand.exclusion)
               AS left_out
    FROM estimand JOIN counter USING (panel_column)
),
kept AS ( -- an exclusion that removes nothing makes no estimand
    SELECT estimand, repository, downloads
    FROM asked
    WHERE NOT left_out AND downloads > 0
      AND (exclusion IS NULL
           OR estimand IN (SELECT estimand FROM asked WHERE left_out AND downloads > 0))
),
cell AS ( -- half downloads by developer and country group, and of them those of the family
    SELECT estimand, attribution, labels, developer, country_group,
           sum(halves * downloads) AS held,
           sum(if(lower(namespace) IN (SELECT lower(namespace) FROM family), halves * downloads, 0)) AS family_held
    FROM kept JOIN credited USING (repository) JOIN credit USING (role)
    GROUP BY ALL
),
-- Each developer's half downloads: of all, and within the family's group.
developer AS (
    SELECT estimand, attribution, labels, 'all' AS scope, developer, sum(held) AS held,
           sum(if(country_group = 'China', held, 0)) AS china,
           sum(if(country_group = 'USA', held, 0)) AS usa
    FROM cell
    GROUP BY ALL
    UNION ALL
    SELECT estimand, attribution, labels, 'family', developer, held, 0, 0
    FROM cell
    WHERE country_group IN (SELECT country_group FROM family)
),
concentration AS (
    SELECT estimand, attribution, labels, scope, count(*) AS n_developers,
           sum(held) * sum(held) / sum(held * held) AS n_effective, max(held) / sum(held) AS top_share
    FROM developer
    GROUP BY ALL
),
whole AS ( -- of each specification; nowhere: credited to no country
    SELECT estimand, attribution, labels, sum(held) AS total,
           sum(if(country_group = 'China', held, 0)) AS china,
           sum(if(country_group = 'USA', held, 0)) AS usa,
           sum(if(attributed, 0, held)) AS nowhere,
           sum(if(country_group IN (SELECT country_group FROM family), held, 0)) AS within,
           sum(if(country_group IN (SELECT country_group FROM family), family_held, 0)) AS family_held
    FROM cell JOIN country_group USING (country_group)
    GROUP BY ALL
),
-- Worst-case bounds: what no country is credited with goes wholly to one side, or to the other.
statistic AS (
    SELECT estimand, attribution, labels, 'all' AS scope, country_group AS "group",
           coalesce(sum(held), 0) / total AS point,
           if(attributed, coalesce(sum(held), 0), 0) / total AS lower,
           (coalesce(sum(held), 0) + if(attributed, nowhere, 0)) / total AS upper
    FROM whole CROSS JOIN country_group
    LEFT JOIN cell USING (estimand, attribution, labels, country_group)
    GROUP BY estimand, attribution, labels, country_group, attributed, total, nowhere
    UNION ALL
    SELECT estimand, attribution, labels, 'all', 'China − USA',
           (china - usa) / total, (china - usa - nowhere) / total, (china + nowhere - usa) / total
    FROM whole
    UNION ALL
    SELECT estimand, attribution, labels, 'all', 'China / USA',
           china / usa, china / (usa + nowhere), (china + nowhere) / usa
    FROM whole
    UNION ALL
    SELECT estimand, attribution, labels, 'family', family,
           family_held / within, family_held / (within + nowhere), family_held / within
    FROM whole CROSS JOIN (SELECT DISTINCT family FROM family)
),
-- Beside every statistic how concentrated its denominator is, for the family that of its group.
beside AS (
    SELECT statistic.* EXCLUDE (scope), coalesce(n_developers, 0)::DOUBLE AS n_developers,
           n_effective, top_share
    FROM statistic LEFT JOIN concentration USING (estimand, attribution, labels, scope)
),
largest AS ( -- the developer with most downloads; of equal ones the first by name
    FROM developer
    WHERE scope = 'all'
    QUALIFY row_number() OVER (PARTITION BY estimand, attribution, labels
                               ORDER BY held DESC, developer) = 1
)
FROM beside UNPIVOT INCLUDE NULLS (
    value FOR quantity IN (point, lower, upper, n_developers, n_effective, top_share)
)
UNION ALL
SELECT estimand, attribution, labels, 'all', 'total', total / 2
FROM whole
UNION ALL
SELECT estimand, attribution, labels, 'China − USA', 'without_largest',
       (whole.china - largest.china - whole.usa + largest.usa) / (total - held)
FROM whole JOIN largest USING (estimand, attribution, labels)
ORDER BY ALL;
