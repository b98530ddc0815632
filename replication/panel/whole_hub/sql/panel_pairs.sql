-- The number of the name, and of the pair of uploader and origin, under which each repository stands.
SELECT
    p.id,
    k.number,
    k.pair
FROM panel_places p
INNER JOIN panel_rows k ON k.key = p.key
