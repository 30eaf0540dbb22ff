-- Views of people with traits as typed columns.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_view ENCODING 'UTF8' TEMPLATE template0;
\c cdp_view
\set SHOW_CONTEXT never
CREATE EXTENSION cdp;
SELECT cdp.create_profile_view('people', 'plan text');
SELECT cdp.init();
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO cdp.inbox (type, user_id, traits, "timestamp", received_at)
SELECT 'identify', 'u' || n, t::jsonb, timestamptz '2026-01-01' + n * interval '1 day', '2026-06-01' FROM unnest(ARRAY[
	'{"plan": "pro", "age": 42, "signup": "2024-02-29T23:30:00-05:00", "Lead Score": 7.5, "paying": true, "tags": ["x", {"y": 1}], "email": "b@example.com", "it''s \"odd\" %s": 1, "first_seen": "never"}',
	'{"plan": 7, "age": "43", "signup": "2024-02-29", "Lead Score": "1e2", "paying": "no", "email": "c@example.com"}',
	'{"plan": null, "age": "about 40", "signup": "yesterday", "Lead Score": [1], "paying": "perhaps", "tags": {}}',
	'{"plan": {"name": "pro"}, "age": 41.5, "signup": 1700000000, "Lead Score": "", "paying": 1}',
	'{"age": 4100000000, "signup": "02/03/2024"}',
	'{}']) WITH ORDINALITY AS t (t, n);
INSERT INTO cdp.inbox (type, event, user_id, identifiers, "timestamp", received_at) VALUES
	('track', 'Login', 'u1', '{"email": ["a@example.com", "z@example.com"], "crm_id": "77"}', '2026-02-01', '2026-06-01'),
	('track', 'Login', NULL, '{"device_id": "kiosk"}', '2026-02-01', '2026-06-01');
SELECT accepted FROM cdp.refresh();
SELECT cdp.mark_shared('device_id:kiosk', true) IS NOT NULL AS marked;

SELECT cdp.create_profile_view('people', 'plan text', 'age integer', 'age as age_exact NUMERIC', 'signup as signed_up   timestamp with  time zone', 'signup as signup_day date', '"Lead Score" double',
	'"Lead Score" as "lead ""score""" int8', 'paying bool', 'tags jsonb', 'Email identifier', 'crm_id as crm identifier', '"it''s ""odd"" %s" as odd bigint', 'first_seen as said_first_seen text', 'nothing text');
\d people
SELECT attname, col_description(attrelid, attnum) FROM pg_attribute WHERE attrelid = 'people'::regclass AND attnum > 0 ORDER BY attnum;
SELECT obj_description('people'::regclass);
SELECT plan, age, age_exact, signed_up, signup_day, "Lead Score", "lead ""score""", paying FROM people ORDER BY first_seen;
SELECT tags, "Email", crm, odd, said_first_seen, nothing, first_seen, last_seen FROM people ORDER BY first_seen;
SELECT * FROM cdp.profile_view_problems('people');
SELECT count(*), avg(age), min(signed_up) FROM people WHERE age > 0 OR paying;

-- where it is made
CREATE SCHEMA report;
CREATE SCHEMA "Odd Schema";
SELECT cdp.create_profile_view('report.people', 'plan text'), cdp.create_profile_view('"Odd Schema"."Odd View"', 'age integer');
SET search_path = report;
SELECT cdp.create_profile_view('Here', 'plan text');
SELECT column_name, problems FROM cdp.profile_view_problems('here');
SELECT column_name, problems FROM cdp.profile_view_problems('people');
SELECT column_name, problems FROM cdp.profile_view_problems('"Odd Schema"."Odd View"');
SET search_path = '';
SELECT cdp.create_profile_view('nowhere', 'plan text');
RESET search_path;
SELECT schema_name, view_name, columns FROM cdp.profile_view WHERE cardinality(columns) = 1 ORDER BY 1, 2;
DROP VIEW report.here;
SELECT cdp.create_profile_view('report.there', VARIADIC ARRAY['email identifier']);
SELECT view_name FROM cdp.profile_view ORDER BY 1;
SELECT * FROM cdp.profile_view_problems('report.there');

-- what is refused
CREATE FUNCTION refusal(name text, VARIADIC columns text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text; detail text;
BEGIN
	RETURN cdp.create_profile_view(name, VARIADIC columns);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
END $$;
SELECT refusal('people', 'plan text');
SELECT refusal('v', c) FROM unnest(ARRAY['plan', '', '   ', 'plan txt', 'plan as text', 'plan as p', 'plan text; DROP TABLE cdp_data.event', 'plan integer[]', '"plan text', '"" text', 'plan as "" text', NULL, repeat('x', 64) || ' text',
	'x as ' || repeat('ä', 32) || ' text', 'e mail identifier', '"e mail" identifier', '1 identifier', 'profile_id bigint', 'plan as last_seen text']) c;
SELECT refusal('v', 'plan text', 'age integer', 'age as plan integer');
SELECT refusal(n, 'plan text') FROM unnest(ARRAY['', 'a.b.c', '"x', 'x y', '1x', 'x;', NULL, 'nowhere.v', repeat('x', 64)]) n;
SELECT refusal('v', VARIADIC '{}'), refusal('v', VARIADIC NULL), refusal('v', VARIADIC array_agg('t' || i || ' text')) FROM generate_series(1, 501) i;
SELECT refusal('many', VARIADIC array_agg('t' || i || ' text')) FROM generate_series(1, 500) i;
SELECT count(*) FROM many;
SELECT cdp.profile_view_problems('cdp.profiles');
SELECT cdp.profile_view_problems('missing');

-- a reader needs nothing but the view
CREATE ROLE regress_reader;
GRANT USAGE ON SCHEMA report TO regress_reader;
GRANT SELECT ON report.people TO regress_reader;
GRANT SELECT ON people TO regress_reader;
SET ROLE regress_reader;
SELECT count(plan) FROM report.people;
SELECT count(age), count(signed_up), count(tags), min("Email") FROM people;
SELECT cdp.create_profile_view('mine', 'plan text');
RESET ROLE;
DROP OWNED BY regress_reader;
DROP ROLE regress_reader;
-- it is read in parallel
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
SELECT bool_or(p ~ 'Parallel Seq Scan on profile p') AS parallel, bool_or(p ~ 'account|identifier') AS reads_more FROM plan('SELECT age, count(*) FROM people GROUP BY age') p;
\c :origin
DROP DATABASE cdp_view;
