-- Under which name each repository stands in the panel: a large one under its own. A namespace that is
-- large in either role keeps its name; a small one stands in the bucket of the large one on the other
-- side, and where neither is large both sides are the bucket of the uploader.
SELECT
    id,
    repository,
    created,
    largest,
    uploader,
    origin,
    traced_origin,
    is_alone,
    CASE
        WHEN is_alone = 1 THEN name
        WHEN origin = uploader THEN concat(uploader, '/', '(small repositories)')
        ELSE concat(uploader, '/', origin, '/', '(small repositories)')
    END AS key
FROM (
    SELECT
        o.id,
        o.repository,
        o.name,
        o.created,
        o.largest,
        o.traced_origin,
        CASE WHEN o.largest >= l.least THEN 1 ELSE 0 END AS is_alone,
        CASE
            WHEN u.is_large = 1 THEN o.uploader
            WHEN p.is_large = 1 THEN p.bucket
            ELSE u.bucket
        END AS uploader,
        CASE WHEN p.is_large = 1 THEN o.origin ELSE u.bucket END AS origin
    FROM owners o
    INNER JOIN namespaces u ON u.namespace = o.uploader
    INNER JOIN namespaces p ON p.namespace = o.origin
    CROSS JOIN small l
) named
