-- Steps over a time in which nearly every counter stood still, and what the chain says of that time:
-- the counter says how much was gained, the chain says when.
SELECT
    s.id,
    s.began,
    s.ended,
    s.gain,
    CAST(sum(c.gain) AS BIGINT) AS chained
FROM steps s
INNER JOIN frozen f ON s.began < f.until AND s.ended > f.since
INNER JOIN chain c ON c.id = s.id AND c.began >= s.began AND c.ended <= s.ended
WHERE s.gain > 0
GROUP BY s.id, s.began, s.ended, s.gain
HAVING sum(c.gain) > 0
