-- The outcome of every row, and the rows that could not become events
\pset footer off
SELECT source, accepted, duplicate, quarantined
FROM cdp.sources
ORDER BY source;
SELECT reason, source, count(*), left(min(detail), 60) AS "for example"
FROM cdp.quarantine
GROUP BY reason, source
ORDER BY reason, source;
