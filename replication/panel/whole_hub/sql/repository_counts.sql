-- How many repositories were renamed, were gone before the last reading, were still there at it, were
-- first read more than two weeks after their creation, and have no name.
SELECT
    CAST(sum(CASE WHEN r.first_name <> r.name THEN 1 ELSE 0 END) AS BIGINT) AS n_renamed,
    CAST(sum(CASE WHEN r.last_label < d.ended THEN 1 ELSE 0 END) AS BIGINT) AS n_gone,
    CAST(sum(CASE WHEN r.last_label = d.ended THEN 1 ELSE 0 END) AS BIGINT) AS n_there,
    CAST(sum(CASE
        WHEN r.first_label > d.began AND r.first_label - floor(r.created / 86400e0) > 14 THEN 1
        ELSE 0
    END) AS BIGINT) AS n_late,
    CAST(sum(CASE WHEN r.name = r.repository THEN 1 ELSE 0 END) AS BIGINT) AS n_unnamed
FROM repositories r
CROSS JOIN (SELECT min(label) AS began, max(label) AS ended FROM readings) d
