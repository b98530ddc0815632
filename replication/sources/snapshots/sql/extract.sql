-- One snapshot of the Hub's models, reduced to what the panel needs: one row a row, none dropped.
--
-- The columns of a snapshot and their types differ between eras. extract.py reads the footer and
-- puts in the place marked “columns”, for every name below, the snapshot's column, or a null of the right
-- type where the snapshot has no such column or has it as the other type:
--
--   _id, id                            text
--   createdAt, lastModified            timestamp with or without zone, date, or ISO 8601 text
--   downloads, downloadsAllTime        any number
--   base_struct or base_text           baseModels: struct with models[].id, or the same as JSON text
--   tags_list or tags_text             tags: list of text, or a JSON array
--
-- The variables are `source` (path), `most` (largest believable count) and `is_faulty` (whether `fault`
-- counts a cell: where it counts none, no text is matched twice). The time zone is UTC, so that a time
-- without a zone is read as UTC. A cell that cannot be right is null in the extract; the view `fault`
-- counts such cells, and extract.py refuses a snapshot that has too many.

CREATE TEMP VIEW source AS
SELECT file_row_number + 1 AS line, /*columns*/
FROM read_parquet(getvariable('source'), file_row_number = true, hive_partitioning = false);

-- Whole unix seconds; null for what is no time from 2016, than which no model of the Hub is older, up to a
-- month after the snapshot's date.
CREATE TEMP MACRO seconds(x) AS
    CASE WHEN epoch_us(try_cast(x AS TIMESTAMPTZ)) BETWEEN 1451606400000000 AND getvariable('newest')
         THEN epoch_us(try_cast(x AS TIMESTAMPTZ)) // 1000000 END;

-- A count; null for what is negative, absurd or no whole number. NaN is how an era wrote null.
CREATE TEMP MACRO whole(x) AS
    CASE WHEN x::DOUBLE BETWEEN 0 AND getvariable('most') AND x::DOUBLE = floor(x::DOUBLE)
         THEN x::BIGINT END;

CREATE TEMP MACRO is_id(x) AS regexp_full_match(x, '[0-9a-f]{24}');

-- A name of the Hub: of its alphabet, with its namespace or, as some old ones, without.
CREATE TEMP MACRO is_name(x) AS regexp_full_match(x, '([\w.-]{1,96}/)?[\w.-]{1,96}');

-- The moment of creation that an _id tells: its first eight digits are unix seconds. Null before
-- 2022-03-02, when the Hub made its first ids, and after 2099: such an id tells no time.
CREATE TEMP MACRO born(x) AS
    CASE WHEN is_id(x) AND ('0x' || x[:8])::BIGINT BETWEEN 1646179200 AND 4102444799
         THEN ('0x' || x[:8])::BIGINT END;

-- Type of a JSON text: OBJECT, ARRAY, NULL, …, or NONE for text that is not JSON. Empty is null.
CREATE TEMP MACRO kind(x) AS
    CASE WHEN trim(x) = '' THEN 'NULL'
         WHEN x IS NOT NULL THEN coalesce(json_type(try_cast(x AS JSON)), 'NONE') END;

-- Parents that baseModels states: null where it is not filled, empty where it states that none are.
CREATE TEMP MACRO stated(base_struct, base_text) AS
    CASE WHEN base_struct.models IS NOT NULL
         THEN list_transform(base_struct.models, lambda m: m.id)
         WHEN json_type(try_cast(base_text AS JSON), '$.models') = 'ARRAY'
         THEN json_extract_string(base_text, '$.models[*].id') END;

-- Parents that the tags state: base_model:RELATION:NAME and base_model:NAME. A name has no colon, so
-- that the first one ends the relation.
CREATE TEMP MACRO tagged(tags_list, tags_text) AS
    list_transform(
        list_filter(
            CASE WHEN tags_list IS NOT NULL THEN tags_list
                 WHEN contains(tags_text, 'base_model:')
                 THEN json_extract_string(try_cast(tags_text AS JSON), '$[*]')
            END,
            lambda t: starts_with(t, 'base_model:')),
        lambda t: regexp_replace(t, '^base_model:([^:]*:)?', ''));

-- Distinct names in the order in which they are stated, or null.
CREATE TEMP MACRO names(parents) AS
    nullif(array_to_string(
        list_filter(parents, lambda p, place:
            regexp_full_match(p, '[^/\s]+/[^/\s]+') AND list_position(parents, p) = place),
        ' '), '');

-- The parents are a column of their own before they are used twice: a macro repeats its argument.
CREATE TEMP VIEW extract AS
WITH listed AS (
    SELECT *, coalesce(stated(base_struct, base_text), tagged(tags_list, tags_text)) AS parents
    FROM source
)
SELECT CASE WHEN NOT getvariable('is_faulty') OR is_id("_id") THEN "_id" END AS repository,
       CASE WHEN NOT getvariable('is_faulty') OR is_name(id) THEN id END AS name,
       coalesce(seconds("createdAt"), born("_id")) AS created,
       whole(downloads) AS rolling,
       whole("downloadsAllTime") AS counter,
       names(parents) AS parents
FROM listed;

-- Rows that are dated by their _id alone.
CREATE TEMP VIEW dated AS
SELECT count(*) AS cells FROM source
WHERE seconds("createdAt") IS NULL AND born("_id") IS NOT NULL;

-- How many cells of every column cannot be right, and the first row of them.
CREATE TEMP VIEW fault AS
SELECT '_id' AS "column", count(*) AS cells, min(line) AS line, arg_min("_id", line) AS "value"
FROM source WHERE NOT is_id("_id")
UNION ALL
SELECT 'id', count(*), min(line), arg_min(id, line)
FROM source WHERE NOT is_name(id)
UNION ALL
SELECT 'createdAt', count(*), min(line), arg_min("createdAt"::VARCHAR, line)
FROM source WHERE "createdAt" IS NOT NULL AND seconds("createdAt") IS NULL
UNION ALL
SELECT 'downloads', count(*), min(line), arg_min(downloads::VARCHAR, line)
FROM source WHERE NOT isnan(downloads::DOUBLE) AND whole(downloads) IS NULL
UNION ALL
SELECT 'downloadsAllTime', count(*), min(line), arg_min("downloadsAllTime"::VARCHAR, line)
FROM source WHERE NOT isnan("downloadsAllTime"::DOUBLE) AND whole("downloadsAllTime") IS NULL
UNION ALL
SELECT 'baseModels', count(*), min(line), arg_min(base_text, line)
FROM source WHERE kind(base_text) NOT IN ('OBJECT', 'NULL')
UNION ALL
SELECT 'tags', count(*), min(line), arg_min(tags_text, line)
FROM source WHERE kind(tags_text) NOT IN ('ARRAY', 'NULL');

-- The newest date in a snapshot, which names one that has no date in its path.
CREATE TEMP VIEW newest AS
SELECT strftime(to_timestamp(max(greatest(seconds("createdAt"), seconds("lastModified")))), '%Y-%m-%d')
       AS label
FROM source;
