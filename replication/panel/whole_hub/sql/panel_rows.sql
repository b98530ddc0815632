-- One row a name of the panel, in the order of the names; what it says of several repositories is that of
-- the one that was created last. Pairs of uploader and origin are numbered.
SELECT
    CAST(row_number() OVER (ORDER BY key) AS BIGINT) AS number,
    CAST(dense_rank() OVER (ORDER BY uploader, origin) AS BIGINT) AS pair,
    key,
    repository,
    uploader,
    origin,
    traced_origin,
    created
FROM (
    SELECT
        key,
        uploader,
        origin,
        created,
        CASE WHEN is_alone = 1 THEN repository ELSE key END AS repository,
        CASE WHEN is_alone = 1 THEN traced_origin ELSE origin END AS traced_origin,
        row_number() OVER (PARTITION BY key ORDER BY created DESC, id DESC) AS place
    FROM panel_places
) ranked
WHERE place = 1
