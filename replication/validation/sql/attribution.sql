-- Who is credited with every repository, by every role and source of labels: the table credited.
--
-- Reads repositories.csv, registry.csv, namespaces.csv and rules.csv in the folder that the variable
-- `folder` names, and the tables of definitions.sql. Every cell is read as text; empty is NULL.

CREATE MACRO csv(name) AS TABLE
FROM read_csv(getvariable('folder') || '/' || name,
              header = true, delim = ',', quote = '"', escape = '"', all_varchar = true,
              hive_partitioning = false);

CREATE TABLE panel AS FROM csv('repositories.csv');
CREATE TABLE registry AS FROM csv('registry.csv');
CREATE TABLE rule AS FROM csv('rules.csv'); -- its rowid is the order of the file

-- A namespace is matched whatever its case, as on the Hub, and keeps the case of the panel.

-- Who has a namespace, in small letters, from the first day to the day before the last: always, where none is given.
CREATE VIEW tenure AS
SELECT unnest(string_split(lower(namespaces), ' ')) AS namespace, developer, country,
       '' AS valid_from, '9999-12-31' AS valid_until
FROM registry
UNION ALL
SELECT lower(further.namespace), developer, registry.country,
       coalesce(further.valid_from, ''), coalesce(further.valid_until, '9999-12-31')
FROM csv('namespaces.csv') AS further JOIN registry USING (developer);

-- Which rules match which repositories. In a pattern * stands for any characters and ? for any
-- one, whatever the case; what LIKE would read otherwise is escaped first.
CREATE TABLE hit AS
SELECT panel.repository, rule.rowid AS line, rule.kind, rule.origin, rule.teacher
FROM panel JOIN rule
  ON name ILIKE translate(regexp_replace(pattern, '([\\%_])', '\\\1', 'g'), '*?', '%_') ESCAPE '\';

-- What the first rule of a kind decides: the teacher of a distilled model, the origin of a
-- repackaged one. first() keeps an empty cell, so that a later rule does not speak for it.
CREATE VIEW decided AS
SELECT repository,
       first(teacher ORDER BY line) FILTER (kind = 'distillation') AS teacher,
       first(origin ORDER BY line) FILTER (kind = 'repackaged') AS packed_origin,
       bool_or(kind = 'repackaged') AS repackaged
FROM hit
GROUP BY repository;

CREATE TABLE credited AS
WITH
named AS ( -- the namespace of each role, and the study's own label where the study gives one
    SELECT repository, created, 'uploader' AS role, uploader AS namespace,
           study_group_uploader AS stated
    FROM panel
    UNION ALL
    SELECT repository, created, 'origin', origin, study_group_origin
    FROM panel
    UNION ALL
    SELECT repository, created, 'maker',
           coalesce(teacher, packed_origin, if(repackaged, origin, uploader), uploader), NULL
    FROM panel LEFT JOIN decided USING (repository)
),
known AS ( -- the study's label of a namespace as uploader, or else as origin: a maker takes it
    SELECT lower(namespace) AS folded,
           coalesce(max(stated) FILTER (role = 'uploader'), max(stated)) AS known_group
    FROM named
    GROUP BY folded
),
owned AS ( -- a namespace belongs to whoever had it first in the month of the repository's creation
    SELECT named.*, tenure.developer, coalesce(tenure.country, 'unknown') AS code
    FROM named LEFT JOIN tenure
      ON tenure.namespace = lower(named.namespace)
     AND left(valid_from, 7) <= created AND created || '-01' < valid_until
    QUALIFY row_number() OVER (PARTITION BY repository, role ORDER BY valid_from) = 1
)
SELECT repository, role, namespace, coalesce(developer, namespace) AS developer, labels,
       if(labels = 'study', coalesce(stated, known_group, country_group), country_group)
           AS country_group
FROM owned JOIN known ON folded = lower(namespace) JOIN country USING (code),
     (VALUES ('study'), ('registry')) AS source (labels);
