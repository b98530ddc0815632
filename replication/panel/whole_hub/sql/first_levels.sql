-- The first counter of each repository: all that it was downloaded from its creation to that moment.
SELECT
    id,
    min(level) AS level,
    min(reached) AS reached
FROM levels
GROUP BY id
