-- One row a repository and reading. Of several copies of one id in a snapshot the largest values hold:
-- a copy is an older reading.
SELECT
    r.id,
    e.label,
    d.moment,
    max(e.counter) AS counter,
    max(e.rolling) AS rolling,
    count(*) AS copies
FROM extract_rows e
INNER JOIN readings d ON e.label = d.label
INNER JOIN repositories r ON e.repository = r.repository
GROUP BY r.id, e.label, d.moment
