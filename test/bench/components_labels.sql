-- Label propagation over text, as done in a warehouse: every identifier takes the smallest label of its neighbours,
-- until none changes.
BEGIN;
CREATE TEMPORARY TABLE edge ON COMMIT DROP AS
SELECT DISTINCT 'anonymous_id:' || anonymous_id AS a, 'user_id:' || user_id AS b FROM links WHERE user_id <> 'undefined'
UNION SELECT DISTINCT 'anonymous_id:' || anonymous_id, 'email:' || email FROM links WHERE email <> 'unknown@example.com'
UNION SELECT DISTINCT 'anonymous_id:' || anonymous_id, 'anonymous_id:' || anonymous_id FROM links;
CREATE TEMPORARY TABLE labelled ON COMMIT DROP AS SELECT a, b, least(a, b) AS label FROM edge;
DO $$
DECLARE
	changed bigint := 1;
BEGIN
	WHILE changed > 0 LOOP
		ANALYZE labelled;
		CREATE TEMPORARY TABLE of_a ON COMMIT DROP AS SELECT a, min(label) AS label FROM labelled GROUP BY a;
		CREATE TEMPORARY TABLE of_b ON COMMIT DROP AS SELECT b, min(label) AS label FROM labelled GROUP BY b;
		CREATE TEMPORARY TABLE relabelled ON COMMIT DROP AS
			SELECT a, b, least(of_a.label, of_b.label) AS label, labelled.label AS old FROM labelled JOIN of_a USING (a) JOIN of_b USING (b);
		SELECT count(*) INTO changed FROM relabelled WHERE label <> old;
		DROP TABLE labelled, of_a, of_b;
		ALTER TABLE relabelled DROP COLUMN old;
		ALTER TABLE relabelled RENAME TO labelled;
	END LOOP;
END
$$;
CREATE TEMPORARY TABLE component ON COMMIT DROP AS SELECT a AS identifier, label FROM labelled UNION SELECT b, label FROM labelled;
\timing off
SELECT count(*), count(DISTINCT label) FROM component;
COMMIT;
