-- By how much the envelopes of all counters differ, and of how many by more than the margin.
SELECT
    CAST(coalesce(sum(a.apart), 0) AS BIGINT) AS bound,
    CAST(coalesce(sum(CASE WHEN a.apart > m.margin THEN 1 ELSE 0 END), 0) AS BIGINT) AS n
FROM envelopes a
CROSS JOIN margin m
