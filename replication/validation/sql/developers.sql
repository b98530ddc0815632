-- Downloads of each developer in every window, by role and labels: of China, of the USA, and of all.
--
-- Reads the tables of attribution.sql; the variable `windows` lists the columns of the panel that hold
-- downloads. Nothing is left out.

WITH counter AS (
    UNPIVOT panel ON COLUMNS(lambda c: c IN getvariable('windows'))
    INTO NAME panel_column VALUE downloads
)
SELECT panel_column AS estimand, role AS attribution, labels, developer,
       sum(if(country_group = 'China', downloads::BIGINT, 0))::DOUBLE AS china,
       sum(if(country_group = 'USA', downloads::BIGINT, 0))::DOUBLE AS usa,
       sum(downloads::BIGINT)::DOUBLE AS total
FROM counter JOIN credited USING (repository)
WHERE downloads::BIGINT > 0
GROUP BY ALL
ORDER BY ALL;
