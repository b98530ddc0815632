-- What no record follows, month by month, and who it is credited to: the tables missing, rest and panel.
--
-- Reads the tables of window_credit.sql and window_tail.sql, and the variables `estimates` (the column
-- of window_months.csv), `proportion` (whether what is not followed goes with what is) and
-- `min_followed`; the variable `window` names the measures of the panel.

CREATE TABLE monthly AS
SELECT repository, month, counted::BIGINT AS counted, seen::BIGINT AS seen,
       ceiling::BIGINT AS ceiling,
       (COLUMNS(lambda c: c = getvariable('estimates')))::BIGINT AS estimate
FROM csv('window_months.csv');

-- How much each list weighs in the middle of each month: a line between the dates around it, and
-- beyond them the nearest alone. A list without a cut-off serves for what lies below those of others.
CREATE TABLE weight AS
WITH
dated AS (
    SELECT month, list, month.middle AS centre, complete.middle AS reached
    FROM month CROSS JOIN complete
    WHERE cut_off > 0
),
around AS (
    SELECT *, max(reached) FILTER (reached <= centre) OVER own AS before,
           min(reached) FILTER (reached >= centre) OVER own AS after
    FROM dated
    WINDOW own AS (PARTITION BY month)
)
SELECT month, list,
       CASE WHEN before IS NULL OR after IS NULL OR before = after
            THEN (reached = coalesce(before, after))::INTEGER
            WHEN reached = before THEN (after - centre) / (after - before)
            WHEN reached = after THEN (centre - before) / (after - before)
            ELSE 0 END AS weight
FROM around;

CREATE TABLE missing AS
WITH
known AS ( -- both parts of each group at each date, as far as records follow them in a month
    SELECT month, country_group, list, sum(if(followed, downloads, 0)) AS followed,
           sum(if(followed, 0, downloads)) AS other
    FROM tailed
    WHERE month != ''
    GROUP BY ALL
),
expected AS (
    SELECT month, country_group, sum(weight * other) AS level,
           sum(weight * other / if(followed > 0, followed, 1)) AS ratio,
           min(followed / greatest(followed + other, 1)) AS least
    FROM known JOIN weight USING (month, list)
    GROUP BY ALL
),
estimated AS (
    SELECT month, country_group,
           sum(if(coalesce(left(followed_from, 7) <= month, false), estimate, 0)) AS followed,
           sum(if(coalesce(left(followed_from, 7) <= month, false), 0, estimate)) AS other
    FROM monthly JOIN window_row USING (repository) JOIN credited USING (repository)
    ANTI JOIN automated USING (repository)
    WHERE role = 'uploader' AND labels = 'registry'
    GROUP BY ALL
)
SELECT month, country_group,
       greatest(
           if(getvariable('proportion') AND least >= getvariable('min_followed'),
              ratio * coalesce(followed, 0), level * days / 30)
           - coalesce(other, 0),
           0
       ) AS downloads
FROM expected JOIN month USING (month) LEFT JOIN estimated USING (month, country_group);

-- It is given to the names that no record follows in the month, in the mean of their shares of what
-- their group has of it at each date. A name stands under the group of its first row.
CREATE TABLE rest AS
WITH
free AS (
    SELECT month, list, listed.rowid AS line, repository, name, country_group,
           downloads::BIGINT / sum(downloads::BIGINT) OVER (PARTITION BY month, country_group, list)
               AS share
    FROM listed JOIN complete USING (list) JOIN credited USING (repository) CROSS JOIN month
    ANTI JOIN automated USING (repository)
    WHERE complete.cut_off > 0 AND role = 'uploader' AND labels = 'registry'
      AND (followed_from IS NULL OR left(followed_from, 7) > month)
),
named AS (
    SELECT month, name, first(repository ORDER BY line) AS like_row,
           first(country_group ORDER BY line) AS country_group, sum(share) AS share
    FROM free
    GROUP BY ALL
)
SELECT month, name || ' (not followed)' AS repository, like_row,
       share / sum(share) OVER (PARTITION BY month, country_group) * downloads AS exact,
       round_even(exact, 0)::BIGINT AS downloads
FROM named JOIN missing USING (month, country_group);

DELETE FROM rest WHERE downloads = 0;

-- The rest is credited, and left out, as the row of the list that it is like.
INSERT INTO credited
SELECT rest.repository, role, namespace, developer, labels, country_group
FROM (SELECT repository, arg_min(like_row, month) AS like_row FROM rest GROUP BY ALL) AS rest
JOIN credited ON credited.repository = like_row;

INSERT INTO hit
SELECT rest.repository, line, kind, origin, teacher
FROM (SELECT repository, arg_min(like_row, month) AS like_row FROM rest GROUP BY ALL) AS rest
JOIN hit ON hit.repository = like_row;

-- The window as shares.sql reads it: one column of downloads a measure.
CREATE OR REPLACE TABLE panel AS
PIVOT (
    SELECT repository, getvariable('window') AS measure, estimate AS downloads FROM monthly
    UNION ALL
    SELECT repository, getvariable('window'), downloads FROM rest
    UNION ALL
    SELECT repository, getvariable('window') || '-uncorrected', estimate FROM monthly
    UNION ALL
    SELECT repository, getvariable('window') || '-seen', seen FROM monthly
) ON measure USING sum(downloads);
