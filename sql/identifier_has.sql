-- Whether one of some identifiers is of a namespace, and that asking it of all people is linear.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_identifier_has ENCODING 'UTF8' TEMPLATE template0;
\c cdp_identifier_has
SET client_min_messages = warning;
CREATE EXTENSION cdp;
\set VERBOSITY terse

SELECT n, cdp.has_identifier('{user_id:u1,"email:ann@example.com"}', n) AS has FROM unnest('{user_id,email,EMAIL,phone,e,emails,user}'::text[]) n;
SELECT cdp.has_identifier('{}', 'email') AS none, cdp.has_identifier('{NULL,email:a@b.com}', 'email') AS beside_null, cdp.has_identifier('{NULL}', 'email') AS null_alone,
	cdp.has_identifier(NULL, 'email') AS null, cdp.has_identifier('{user_id:email:x}', 'email') AS in_value, cdp.has_identifier('{{user_id:a},{email:a@b.com}}', 'email') AS two_dimensions;
SELECT cdp.has_identifier('{user_id:a}', 'no namespace');
SELECT cdp.has_identifier('{user_id:a}', '');
SELECT cdp.has_identifier('{user_id:a}', repeat('n', 64));

SELECT cdp.init();
INSERT INTO cdp.inbox (type, event, user_id, identifiers)
SELECT 'track', 'E', 'u' || i, CASE WHEN i % 2 = 0 THEN jsonb_build_object('email', 'p' || i || '@example.com') END FROM generate_series(1, 3000) i;
SELECT accepted FROM cdp.refresh();
SELECT cdp.create_segment('has_email', $$ cdp.has_identifier(identifiers, 'email') $$) AS with_email, cdp.create_segment('no_email', $$ NOT cdp.has_identifier(identifiers, 'email') $$) AS without;

-- each person's identifiers stand in the row; accounts are found through the index, whatever statistics there are
CREATE FUNCTION pg_temp.scans(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON, COSTS OFF) ' || query INTO plan;
	RETURN (SELECT string_agg(DISTINCT node ->> 'Node Type', ', ') FROM jsonb_path_query(plan, 'strict $.**') node
			WHERE jsonb_typeof(node) = 'object' AND node ->> 'Relation Name' = 'identifier');
END $$;
CREATE FUNCTION pg_temp.all_scans() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT pg_temp.scans(q) FROM unnest(ARRAY['SELECT FROM cdp_condition.has_email WHERE holds', 'SELECT FROM cdp_condition.no_email WHERE holds', 'SELECT identifiers FROM cdp.profiles',
		'SELECT accounts FROM cdp.profile_row', 'SELECT account_traits FROM cdp.profile_row']) q $$;
DELETE FROM pg_statistic WHERE starelid = 'cdp_data.identifier'::regclass;
SELECT * FROM pg_temp.all_scans();
ANALYZE cdp_data.identifier;
SELECT * FROM pg_temp.all_scans();
-- the statistics of a table that has grown since
UPDATE pg_statistic SET stadistinct = 10 WHERE starelid = 'cdp_data.identifier'::regclass;
SELECT * FROM pg_temp.all_scans();

\c :origin
DROP DATABASE cdp_identifier_has;
