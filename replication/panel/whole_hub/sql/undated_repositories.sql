-- Repositories that were downloaded and have a moment of creation in no reading: how many, and what their
-- counters, or else their 30-day counts, came to.
SELECT
    count(*) AS n_repositories,
    CAST(coalesce(sum(downloads), 0) AS BIGINT) AS downloads
FROM (
    SELECT
        repository,
        max(coalesce(counter, rolling)) AS downloads
    FROM extract_rows
    INNER JOIN readings USING (label)
    WHERE repository IN (SELECT repository FROM extract_rows WHERE created IS NULL)
    GROUP BY repository
    HAVING max(created) IS NULL AND (max(rolling) > 0 OR max(counter) > 0)
) undated
