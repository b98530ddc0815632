-- The whole Hub at the date of every complete list: the table at_dates, one row as in hub_dates.csv.
--
-- Reads the tables of window_credit.sql and window_tail.sql. What looks automated is counted as it is,
-- and has no tail.

CREATE TABLE at_dates AS
WITH
head AS (
    SELECT list, role, labels, exclusion, country_group, sum(downloads::BIGINT) AS downloads
    FROM listed JOIN kept USING (repository) JOIN credited USING (repository)
    GROUP BY ALL
),
height AS ( -- tailed has a row of every group, and cell what of it the tail was added to
    SELECT list, role, labels, exclusion, country_group,
           coalesce(head.downloads, 0)::DOUBLE AS head,
           tailed.downloads + coalesce(head.downloads, 0) - cell.downloads AS tall
    FROM tailed
    JOIN cell USING (list, role, labels, exclusion, month, followed, country_group)
    LEFT JOIN head USING (list, role, labels, exclusion, country_group)
    WHERE month = '' AND measure = 'downloads'
),
side AS (
    SELECT list, role, labels, exclusion, sum(head) AS head, sum(tall) AS tall,
           sum(head) FILTER (country_group = 'China') AS china,
           sum(head) FILTER (country_group = 'USA') AS usa,
           sum(tall) FILTER (country_group = 'China') AS tall_china,
           sum(tall) FILTER (country_group = 'USA') AS tall_usa
    FROM height
    GROUP BY ALL
)
SELECT list, role, labels, exclusion, country_group AS "group", height.head AS downloads,
       height.head / side.head AS share, height.tall AS with_tail,
       height.tall / side.tall AS share_with_tail
FROM height JOIN side USING (list, role, labels, exclusion)
UNION ALL
SELECT list, role, labels, exclusion, 'China − USA', china - usa, (china - usa) / head,
       tall_china - tall_usa, (tall_china - tall_usa) / tall
FROM side
UNION ALL
SELECT list, role, labels, exclusion, 'China / (China + USA)', china + usa, china / (china + usa),
       tall_china + tall_usa, tall_china / (tall_china + tall_usa)
FROM side;
