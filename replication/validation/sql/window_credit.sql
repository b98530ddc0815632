-- Who is credited with every repository of the published window and with every row of the complete lists.
--
-- Reads window_repositories.csv and window_dates.csv beside the tables of attribution.sql, which are of
-- the study's own panel. Of these its labels are kept; `hit` and `credited` are made anew, under the
-- same names and columns, so that shares.sql can read those of the window.

CREATE TABLE window_row AS FROM csv('window_repositories.csv');
CREATE TABLE listed AS -- its rowid is the order of the file, which is that of the dates
SELECT list || ' ' || name AS repository, * FROM csv('window_dates.csv');

CREATE TABLE subject AS
SELECT repository, name, uploader, origin, created, followed_from FROM window_row
UNION ALL
SELECT repository, name, uploader, origin, created, followed_from FROM listed;

-- The study's label of a namespace as uploader, or else as origin, whichever row of the window asks.
CREATE TABLE study_label AS
WITH label AS (
    SELECT uploader AS namespace, study_group_uploader AS as_uploader, NULL AS as_origin FROM panel
    UNION ALL
    SELECT origin, NULL, study_group_origin FROM panel
)
SELECT lower(namespace) AS folded, coalesce(max(as_uploader), max(as_origin)) AS stated
FROM label
GROUP BY folded;

CREATE OR REPLACE TABLE hit AS -- as in attribution.sql: `decided` reads it
SELECT subject.repository, rule.rowid AS line, rule.kind, rule.origin, rule.teacher
FROM subject JOIN rule
  ON name ILIKE translate(regexp_replace(pattern, '([\\%_])', '\\\1', 'g'), '*?', '%_') ESCAPE '\';

CREATE TABLE automated AS
SELECT DISTINCT repository FROM hit WHERE kind IN ('automated', 'burst');

CREATE OR REPLACE TABLE credited AS
WITH
named AS (
    SELECT repository, created, 'uploader' AS role, uploader AS namespace FROM subject
    UNION ALL
    SELECT repository, created, 'origin', origin FROM subject
    UNION ALL
    SELECT repository, created, 'maker',
           coalesce(teacher, packed_origin, if(repackaged, origin, uploader), uploader)
    FROM subject LEFT JOIN decided USING (repository)
),
owned AS ( -- whoever had the namespace in the month of creation; the latest where that is not known
    SELECT named.*, tenure.developer, coalesce(tenure.country, 'unknown') AS code
    FROM named LEFT JOIN tenure
      ON tenure.namespace = lower(named.namespace)
     AND (created IS NULL OR (left(valid_from, 7) <= created AND created || '-01' < valid_until))
    QUALIFY row_number() OVER (
        PARTITION BY repository, role
        ORDER BY if(created IS NULL, valid_from, NULL) DESC NULLS LAST, valid_from
    ) = 1
)
SELECT repository, role, namespace, coalesce(developer, namespace) AS developer, labels,
       if(labels = 'study', coalesce(stated, country_group), country_group) AS country_group
FROM owned JOIN country USING (code) LEFT JOIN study_label ON folded = lower(namespace),
     (VALUES ('study'), ('registry')) AS source (labels);
