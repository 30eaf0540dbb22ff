-- 20 segments over :rows people, from a half of them to one in 2000, as rows, and as stored audiences.
CREATE TABLE density (name text, share double precision);
INSERT INTO density SELECT 's' || lpad(n::text, 2, '0'), share
FROM unnest(ARRAY[0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02, 0.015, 0.01, 0.005, 0.0025, 0.001, 0.00075, 0.0005]) WITH ORDINALITY AS d(share, n);
SELECT setseed(0.5);
CREATE UNLOGGED TABLE member AS
SELECT name, id FROM density, generate_series(1, :rows) id WHERE random() < share + 0 * id; -- once for each id, not once for each segment
CREATE INDEX member_by_name ON member (name, id);
VACUUM ANALYZE member;
CREATE TABLE segment_audience AS SELECT name, cdp.audience(id) AS audience FROM member GROUP BY name;
VACUUM ANALYZE segment_audience;
