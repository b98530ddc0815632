-- The commonest spelling of each namespace, for those that differ in case are one: of spellings as common
-- as each other the first in the order of characters.
SELECT
    key,
    namespace
FROM (
    SELECT
        lower(namespace) AS key,
        namespace,
        row_number() OVER (PARTITION BY lower(namespace) ORDER BY n_rows DESC, namespace) AS place
    FROM (
        SELECT namespace, count(*) AS n_rows
        FROM (
            SELECT uploader AS namespace FROM owners_as_spelt
            UNION ALL
            SELECT origin AS namespace FROM owners_as_spelt
        ) named
        GROUP BY namespace
    ) counted
) ranked
WHERE place = 1
