-- How many readings the repositories miss between their first and their last.
SELECT
    CAST(sum(n_between - n_read) AS BIGINT) AS n_missed,
    CAST(sum(CASE WHEN n_between > n_read THEN 1 ELSE 0 END) AS BIGINT) AS n_repositories
FROM (
    SELECT
        c.id,
        max(d.place) - min(d.place) + 1 AS n_between,
        count(*) AS n_read
    FROM counters c
    INNER JOIN readings d ON c.label = d.label
    GROUP BY c.id
) spans
