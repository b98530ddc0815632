-- The same with one spelling of each namespace.
SELECT
    c.id,
    c.repository,
    c.name,
    c.created,
    c.largest,
    u.namespace AS uploader,
    o.namespace AS origin,
    c.traced_origin
FROM owners_as_spelt c
INNER JOIN spellings u ON u.key = lower(c.uploader)
INNER JOIN spellings o ON o.key = lower(c.origin)
