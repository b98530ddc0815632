-- What every complete list holds by country group, with what lies below its cut-off: the table tailed.
--
-- Reads the tables of window_credit.sql. Two questions are asked of the lists. How much of what a
-- country group has is followed in a month: by the registry's group of the uploader, as the correction
-- of the window needs it (month is that month). And how much each group has under every credit and
-- exclusion (month is empty). What looks automated or burst says nothing of others, and is in neither.

CREATE TABLE month AS -- days after the window's first one, to its last
SELECT strftime(day, '%Y-%m') AS month, avg(day - DATE '1970-01-01') AS middle, count(*) AS days
FROM (SELECT unnest(generate_series(getvariable('start') + INTERVAL 1 DAY,
                                    getvariable('end')::TIMESTAMP, INTERVAL 1 DAY))::DATE AS day)
GROUP BY ALL;

CREATE TABLE complete AS -- a list counts the 30 days before its date, whose middle is 15 days back
SELECT list, date, cut_off::BIGINT AS cut_off, date::DATE - DATE '1970-01-01' - 15.0 AS middle
FROM listed
GROUP BY ALL;

CREATE TABLE deeper AS -- of the lists with a lower cut-off the nearest in time
SELECT upper.list, lower.list AS below
FROM complete AS upper JOIN complete AS lower ON lower.cut_off < upper.cut_off
QUALIFY row_number() OVER (
    PARTITION BY upper.list ORDER BY abs(lower.middle - upper.middle), lower.middle
) = 1;

CREATE TABLE kept AS -- every row under every exclusion that does not name it
SELECT repository, chosen.exclusion
FROM subject CROSS JOIN (SELECT 'none' AS exclusion UNION SELECT exclusion FROM exclusion) AS chosen
ANTI JOIN (SELECT repository, exclusion FROM hit JOIN exclusion USING (kind))
     USING (repository, exclusion);

CREATE TABLE reading AS -- downloads, and what each list with a higher cut-off would have held of them
UNPIVOT (SELECT listed.* EXCLUDE (date, cut_off, name, uploader, origin, created) FROM listed)
ON COLUMNS(lambda c: c NOT IN ('repository', 'list', 'followed_from'))
INTO NAME measure VALUE downloads;

CREATE TABLE counted AS
SELECT list, measure, role, labels, exclusion, '' AS month, false AS followed, country_group,
       sum(downloads::BIGINT) AS downloads
FROM reading JOIN kept USING (repository) JOIN credited USING (repository)
ANTI JOIN automated USING (repository)
GROUP BY ALL
UNION ALL
SELECT list, measure, role, labels, 'none', month, coalesce(left(followed_from, 7) <= month, false),
       country_group, sum(downloads::BIGINT)
FROM reading JOIN credited USING (repository) CROSS JOIN month
ANTI JOIN automated USING (repository)
WHERE role = 'uploader' AND labels = 'registry'
GROUP BY ALL;

-- Every cell of every list and measure, with a zero where there is nothing: a pooled factor and the
-- smallest followed part both need the cells that nothing is in.
CREATE TABLE cell AS
SELECT list, measure, role, labels, exclusion, month, followed, country_group,
       coalesce(downloads, 0)::DOUBLE AS downloads
FROM (SELECT DISTINCT role, labels, exclusion, month, followed FROM counted)
CROSS JOIN country_group CROSS JOIN (SELECT DISTINCT list, measure FROM reading)
LEFT JOIN counted
  USING (list, measure, role, labels, exclusion, month, followed, country_group);

-- From the list of the whole Hub upwards: a list's downloads grow by what the deeper one, with its own
-- tail, has over what the higher cut-off would have held of it; where that is nothing, by this factor
-- of all cells of the question together.
CREATE TABLE tailed AS
WITH RECURSIVE whole AS (
    SELECT list, role, labels, exclusion, month, followed, country_group, downloads
    FROM cell
    WHERE measure = 'downloads' AND list NOT IN (SELECT list FROM deeper)
    UNION ALL
    SELECT deeper.list, role, labels, exclusion, month, followed, country_group,
           own.downloads * coalesce(
               whole.downloads / nullif(above.downloads, 0),
               sum(whole.downloads) OVER question
                   / greatest(sum(above.downloads) OVER question, 1)
           )
    FROM whole JOIN deeper ON deeper.below = whole.list
    JOIN cell AS own USING (role, labels, exclusion, month, followed, country_group)
    JOIN cell AS above USING (role, labels, exclusion, month, followed, country_group)
    WHERE own.list = deeper.list AND own.measure = 'downloads'
      AND above.list = whole.list AND above.measure = 'held_by_' || deeper.list
    WINDOW question AS (PARTITION BY deeper.list, role, labels, exclusion, month)
)
FROM whole;
