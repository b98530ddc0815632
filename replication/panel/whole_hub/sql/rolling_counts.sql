-- The 30-day counts of every reading; one that cannot be right is a null, like one that was not read.
SELECT
    c.id,
    c.label,
    c.moment,
    CASE WHEN o.id IS NULL THEN c.rolling END AS rolling
FROM counters c
LEFT JOIN overcounts o ON o.id = c.id AND o.label = c.label
