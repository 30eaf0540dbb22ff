-- Roles that are bound to a purpose: what they see is what may be used for it now, by whatever way they ask.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_operate_purpose_role ENCODING 'UTF8' TEMPLATE template0;
\c cdp_operate_purpose_role
SET client_min_messages = warning;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE EXTENSION cdp;
CREATE ROLE regress_cdp_all;
CREATE ROLE regress_cdp_steward;
CREATE ROLE regress_cdp_mark;
CREATE ROLE regress_cdp_anon;
CREATE ROLE regress_cdp_other;
SELECT cdp.init();
GRANT TEMPORARY ON DATABASE cdp_operate_purpose_role TO PUBLIC;
SELECT cdp.grant_access('regress_cdp_all', 'analyst'), cdp.grant_access('regress_cdp_steward', 'steward');

-- 60 people on shared and changing devices, with accounts; the users of odd numbers are not numbers
CREATE FUNCTION draw(i integer, what integer, n integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (hashint8extended(i, what) & 1048575)::integer % n;
INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, traits, properties, "timestamp", received_at)
SELECT 'm' || i, t.type, CASE t.type WHEN 'track' THEN (ARRAY['Order', 'View', 'View'])[1 + i % 3] END, 'a' || draw(i, 1, 70), CASE WHEN draw(i, 2, 10) < 6 THEN u.name END,
	CASE t.type WHEN 'group' THEN 'g' || i % 7 END, CASE t.type WHEN 'identify' THEN jsonb_build_object('plan', 'p' || i % 3, 'email', 'e' || draw(i, 5, 60) || '@example.com') END,
	CASE t.type WHEN 'track' THEN jsonb_build_object('total', i, 'secret', 's' || i) END, '2026-01-01'::timestamptz + i * interval '1 hour', '2026-06-01'
FROM generate_series(1, 900) i
CROSS JOIN LATERAL (SELECT (ARRAY['track', 'track', 'track', 'identify', 'group'])[1 + draw(i, 3, 5)] AS type) t
CROSS JOIN LATERAL (SELECT CASE WHEN draw(i, 4, 60) % 2 = 0 THEN draw(i, 4, 60)::text ELSE 'u' || draw(i, 4, 60) END AS name) u;
SELECT taken FROM cdp.refresh();
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'Order') $$) > 10 AS buyers, cdp.create_segment('named', $$ traits ? 'email' $$, 'Who has an address.') > 10 AS named,
	cdp.create_trait('address', $$ traits ->> 'email' $$) > 10 AS address, cdp.create_trait('orders', $$ cdp.count_events(timeline, 'Order') $$) > 10 AS orders;

-- a purpose; before a role is bound to it there is no row security, and it changes no plan
SELECT cdp.create_purpose('marketing'), cdp.create_purpose('research');
SELECT count(*) FROM pg_class WHERE relrowsecurity;
CREATE FUNCTION plans() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE query text;
BEGIN
	FOREACH query IN ARRAY ARRAY['SELECT count(*) FROM cdp.profile_row WHERE cdp.did(timeline, ''Order'')', 'SELECT * FROM cdp.events WHERE profile_id = 3', 'SELECT * FROM cdp_data.identifier WHERE identifier_id = 7',
		'SELECT * FROM cdp.profiles WHERE profile_id = 3', 'SELECT * FROM cdp_data.event WHERE identifier_id = 3', 'SELECT * FROM cdp_data.link WHERE a = 1', 'SELECT * FROM cdp.accounts', 'SELECT * FROM cdp.identifiers'] LOOP
		RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
	END LOOP;
END $$;
SET ROLE regress_cdp_all;
CREATE TEMP TABLE plan_before AS SELECT p FROM plans() p;
RESET ROLE;
SELECT cdp.grant_access('regress_cdp_mark', 'analyst', purpose => 'marketing', identifiers => true);
SET ROLE regress_cdp_steward;
SELECT cdp.grant_access('regress_cdp_anon', 'analyst', purpose => 'marketing', traits => '{plan,spent}');
SET ROLE regress_cdp_all;
SELECT count(*) AS steps, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM plan_before b WHERE b.p = n.p)) AS changed FROM plans() n (p);
SELECT (SELECT count(*) FROM cdp.profiles) = (SELECT count(*) FROM cdp.people) AS all_people, count(*) > 400 AS events FROM cdp.events;
RESET ROLE;
SELECT relation, c.relrowsecurity, (SELECT string_agg(p.polname || ' ' || p.polcmd::text, ', ' ORDER BY p.polname) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
FROM cdp_internal.secured_tables() t JOIN pg_class c ON c.oid = t.relation::regclass ORDER BY 1;
SELECT count(*) > 2 AS months, bool_and(c.relrowsecurity) AS secured FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'cdp_data.event'::regclass;
SELECT cdp_data.add_event_month('2025-05-05');
SELECT relrowsecurity FROM pg_class WHERE relname = 'event_2025_05';
SELECT relname FROM pg_class WHERE relrowsecurity AND relname LIKE 'inbox%';

-- nobody has said yes
SET ROLE regress_cdp_mark;
SELECT (SELECT count(*) FROM cdp.profiles) AS profiles, (SELECT count(*) FROM cdp.events) AS events, (SELECT count(*) FROM cdp.identifiers) AS identifiers, (SELECT count(*) FROM cdp.members('buyers')) AS members, (SELECT count(*) FROM cdp.people) AS people;
RESET ROLE;

-- half of them say so; of two who did, it has expired
UPDATE cdp_data.profile SET purposes = 1 WHERE profile_id % 2 = 0 AND NOT shared;
UPDATE cdp_data.profile SET purposes = 2 WHERE profile_id % 2 = 1 AND NOT shared;
UPDATE cdp_data.profile SET purposes_until = now() - interval '1 hour' WHERE profile_id IN (SELECT profile_id FROM cdp_data.profile WHERE purposes = 1 ORDER BY 1 LIMIT 2);
UPDATE cdp_data.profile SET purposes_until = now() + interval '1 hour' WHERE profile_id IN (SELECT profile_id FROM cdp_data.profile WHERE purposes = 1 ORDER BY 1 DESC LIMIT 2);
CREATE TABLE shown AS SELECT profile_id FROM cdp_data.profile WHERE purposes = 1 AND purposes_until > now();
SELECT count(*) > 8 AS shown, (SELECT count(*) FROM cdp.profiles) - count(*) > 8 AS hidden FROM shown;

-- consent that is taken back with its subtransaction shows no person, in one snapshot and one statement
CREATE FUNCTION taken_back() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hidden bigint[] := (SELECT array_agg(i.identifier_id) FROM cdp_data.identifier i WHERE i.profile_id = (SELECT min(p.profile_id) FROM cdp_data.profile p WHERE p.purposes = 2));
	before bigint;
	inside bigint;
BEGIN
	SET LOCAL ROLE regress_cdp_mark;
	before := (SELECT count(*) FROM cdp_data.identifier i WHERE i.identifier_id = ANY (hidden));
	BEGIN
		RESET ROLE;
		UPDATE cdp_data.profile SET purposes = 1 WHERE profile_id = (SELECT min(p.profile_id) FROM cdp_data.profile p WHERE p.purposes = 2);
		SET LOCAL ROLE regress_cdp_mark;
		inside := (SELECT count(*) FROM cdp_data.identifier i WHERE i.identifier_id = ANY (hidden));
		RAISE SQLSTATE 'CD000';
	EXCEPTION WHEN SQLSTATE 'CD000' THEN
		RETURN format('%s %s %s', before, inside = cardinality(hidden), (SELECT count(*) FROM cdp_data.identifier i WHERE i.identifier_id = ANY (hidden)));
	END;
END $$;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT taken_back();
ROLLBACK;
DROP FUNCTION taken_back();

-- each relation and function, beside what the owner of the tables sees of these people
CREATE TABLE asked (place integer GENERATED ALWAYS AS IDENTITY, query text, people text);
INSERT INTO asked (query, people) VALUES
	('cdp.profiles', 'profile_id'), ('cdp.profile_row', 'profile_id'), ('cdp.people', 'profile_id'), ('cdp.people_events', 'profile_id'), ('cdp.events', 'profile_id'), ('cdp.identifiers', 'profile_id'),
	('cdp.account_members', 'profile_id'), ('cdp.membership', 'profile_id'), ('cdp_segment.buyers', 'profile_id'), ('cdp_segment.named', 'profile_id'), ('cdp_segment.address', 'profile_id'),
	('cdp.members(''buyers'')', 'profile_id'), ('cdp.members(''buyers'', (SELECT as_of - interval ''1 microsecond'' FROM cdp_data.state))', 'profile_id'), ('cdp.trait_values(''orders'')', 'profile_id'),
	('cdp.identifier_periods', 'profile_id'), ('cdp_data.profile', 'profile_id'), ('cdp_data.identifier', 'profile_id'), ('cdp_data.profile_identifier', 'profile_id'),
	('cdp_data.event', '(SELECT i.profile_id FROM cdp_data.identifier i WHERE i.identifier_id = x.identifier_id)'), ('cdp_data.identifier_map', '(SELECT i.profile_id FROM cdp_data.identifier i WHERE i.identifier_id = x.identifier_id)'),
	('cdp_data.account_member', '(SELECT i.profile_id FROM cdp_data.identifier i WHERE i.identifier_id = x.identifier_id)'), ('cdp_data.identifier_history', '(SELECT i.profile_id FROM cdp_data.identifier i WHERE i.identifier_id = x.identifier_id)'),
	('cdp_data.link', '(SELECT i.profile_id FROM cdp_data.identifier i JOIN cdp_data.identifier j ON j.identifier_id = x.b AND j.profile_id IN (SELECT profile_id FROM shown) WHERE i.identifier_id = x.a)'),
	('cdp_internal.evaluate_segment(''buyers'', NULL, now())', 'profile_id'), ('cdp_internal.evaluate_segment(''named'', ARRAY[1, 2, 3, 4, 5, 6, 7, 8]::bigint[], now())', 'profile_id'),
	('cdp.messages', '(SELECT e.profile_id FROM cdp.events e WHERE e.event_id = x.event_id)'), ('cdp.refused_links', 'CASE WHEN x.other_profile_id IN (SELECT profile_id FROM shown) THEN x.profile_id END'),
	('cdp.held_out(''buyers'')', 'profile_id'), ('cdp.change', 'CASE WHEN x.kind <> ''purposes_changed'' THEN x.profile_id END'), ('cdp_data.readable_membership', 'profile_id');
-- the owner of the tables runs this, so what is shown is read as the role by a table that it makes
CREATE FUNCTION compare(role name, only_queries text DEFAULT '') RETURNS TABLE (query text, rows bigint, missing bigint, too_many bigint) LANGUAGE plpgsql AS $$
DECLARE one record;
BEGIN
	FOR one IN SELECT * FROM asked a WHERE only_queries = '' OR a.query = ANY (only_queries::text[]) ORDER BY a.place LOOP
		EXECUTE format('SET LOCAL ROLE %I', role);
		EXECUTE format('CREATE TEMP TABLE seen ON COMMIT DROP AS SELECT to_jsonb(x) AS r FROM %s x', one.query);
		SET LOCAL ROLE NONE;
		query := one.query;
		EXECUTE format('SELECT (SELECT count(*) FROM seen), (SELECT count(*) FROM (SELECT to_jsonb(x) FROM %1$s x WHERE %2$s IN (SELECT profile_id FROM shown) EXCEPT ALL SELECT r FROM seen) m),
			(SELECT count(*) FROM (SELECT r FROM seen EXCEPT ALL SELECT to_jsonb(x) FROM %1$s x WHERE %2$s IN (SELECT profile_id FROM shown)) m)', one.query, one.people) INTO rows, missing, too_many;
		DROP TABLE seen;
		RETURN NEXT;
	END LOOP;
END $$;
SELECT query, rows > 0 AS rows, missing, too_many FROM compare('regress_cdp_mark');
-- accounts by their members; sizes of sets; one segment that is used up by time and judged when it is read
SET ROLE regress_cdp_mark;
CREATE TEMP TABLE my_accounts AS SELECT group_id, members FROM cdp.accounts;
CREATE TEMP TABLE my_sizes AS SELECT cdp.size(cdp.segment_audience('buyers')) AS buyers, (SELECT size || ' ' || other_size || ' ' || intersection_size FROM cdp.segment_overlaps('{buyers,named}')) AS overlap,
	(SELECT people FROM cdp.funnel_table('Order') LIMIT 1) AS ordered, (SELECT people FROM cdp.funnel_table('Order', segment => 'named') LIMIT 1) AS named_ordered;
RESET ROLE;
SELECT (SELECT jsonb_object_agg(a.group_id, a.members) FROM my_accounts a) = (
	SELECT jsonb_object_agg(g.group_id, g.n) FROM (SELECT group_id, count(*) AS n FROM cdp.account_members WHERE profile_id IN (SELECT profile_id FROM shown) GROUP BY 1) g) AS accounts,
	z.buyers = (SELECT count(*) FROM cdp.members('buyers') WHERE profile_id IN (SELECT profile_id FROM shown)) AS buyers,
	z.overlap = (SELECT count(*) FILTER (WHERE segment = 'buyers') || ' ' || count(*) FILTER (WHERE segment = 'named') || ' ' || count(*) - count(DISTINCT profile_id) FROM cdp.membership WHERE profile_id IN (SELECT profile_id FROM shown)) AS overlap,
	z.ordered = (SELECT count(*) FROM cdp.profile_row WHERE cdp.did(timeline, 'Order') AND profile_id IN (SELECT profile_id FROM shown)) AS ordered,
	z.named_ordered = (SELECT count(*) FROM cdp.profile_row WHERE cdp.did(timeline, 'Order') AND traits OPERATOR(cdp.?) 'email' AND profile_id IN (SELECT profile_id FROM shown)) AS named_ordered
FROM my_sizes z;

-- a person who is hidden looks like one who was never seen
SELECT min(value) FILTER (WHERE profile_id NOT IN (SELECT profile_id FROM shown)) AS hidden, min(value) FILTER (WHERE profile_id IN (SELECT profile_id FROM shown)) AS seen,
	min(profile_id) FILTER (WHERE profile_id NOT IN (SELECT profile_id FROM shown)) AS number FROM cdp.identifiers i WHERE namespace = 'user_id' AND profile_id = identifier_id \gset
CREATE FUNCTION answers(who text, number bigint) RETURNS jsonb LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT jsonb_build_object('lookup', cdp.lookup('user_id:' || who), 'number', cdp.lookup(number), 'of', cdp.profile_of('user_id:' || who), 'of_number', cdp.profile_of(number), 'resolved', (SELECT to_jsonb(r) FROM cdp.resolve_profile(number) r),
		'named', (SELECT to_jsonb(r) FROM cdp.resolve_profile('user_id:' || who) r), 'found', (SELECT count(*) FROM cdp.find_identifier('user_id:' || who)), 'at', cdp.profile_at('user_id:' || who, now()), 'member', cdp.is_member('buyers', 'user_id:' || who),
		'member_number', cdp.is_member('buyers', number), 'why', (SELECT count(*) FROM cdp.why('buyers', number)), 'explain', (SELECT count(*) FROM cdp.explain('user_id:' || who, 'anonymous_id:a1')),
		'row', (SELECT count(*) FROM cdp.profile_row WHERE profile_id = number));
END;
SELECT answers(:'hidden', :number) -> 'lookup' <> 'null' AS the_owner_sees_it;
SET ROLE regress_cdp_mark;
SELECT answers(:'hidden', :number) = answers('never seen', 987654321) AS alike;
SELECT cdp.lookup('user_id:' || :'seen') ->> 'shared' AS seen;
RESET ROLE;

-- functions that leak, at no cost; casts that fail; estimates; statistics; months; COPY; plans that were made as another role
CREATE FUNCTION hidden_rows(role name, query text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS leaked;
	CREATE TEMP TABLE leaked (id bigint);
	EXECUTE format('GRANT INSERT ON leaked TO %I', role);
	EXECUTE format('SET LOCAL ROLE %I', role);
	CREATE FUNCTION pg_temp.leak(id bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS 'BEGIN INSERT INTO leaked VALUES (id); RETURN true; END';
	EXECUTE query;
	SET LOCAL ROLE NONE;
	DROP FUNCTION pg_temp.leak(bigint);
	RETURN (SELECT count(*) FILTER (WHERE id NOT IN (SELECT profile_id FROM shown)) + 1000000 * (count(*) FILTER (WHERE id IN (SELECT profile_id FROM shown)) = 0)::integer FROM leaked);
END $$;
SELECT q AS leak, hidden_rows(r, q) AS hidden FROM (VALUES
	('regress_cdp_mark', 'SELECT FROM cdp_data.profile WHERE pg_temp.leak(profile_id)'), ('regress_cdp_mark', 'SELECT FROM cdp.profiles WHERE pg_temp.leak(profile_id) AND events > 1'),
	('regress_cdp_mark', 'SELECT FROM cdp_data.identifier WHERE pg_temp.leak(profile_id)'), ('regress_cdp_mark', 'SELECT FROM cdp.events WHERE pg_temp.leak(profile_id)'),
	('regress_cdp_mark', 'SELECT FROM cdp.members(''buyers'') WHERE pg_temp.leak(profile_id)'), ('regress_cdp_mark', 'SELECT FROM cdp.change WHERE pg_temp.leak(profile_id)'),
	('regress_cdp_mark', 'SELECT FROM cdp_data.readable_membership WHERE pg_temp.leak(profile_id)'), ('regress_cdp_mark', 'SELECT FROM cdp_data.readable_change WHERE pg_temp.leak(profile_id)'),
	('regress_cdp_anon', 'SELECT FROM cdp.people WHERE pg_temp.leak(profile_id)'), ('regress_cdp_anon', 'SELECT FROM cdp.people_events WHERE pg_temp.leak(profile_id)'),
	('regress_cdp_anon', 'SELECT FROM cdp_segment.buyers WHERE pg_temp.leak(profile_id)'), ('regress_cdp_anon', 'SELECT FROM cdp_data.profile WHERE pg_temp.leak(profile_id)')) AS v (r, q);
ANALYZE;
SET ROLE regress_cdp_mark;
CREATE FUNCTION pg_temp.estimate(query text) RETURNS text LANGUAGE plpgsql AS $$ DECLARE plan json; BEGIN EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan; RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows'; END $$;
SELECT c.col, pg_temp.estimate(format('SELECT FROM cdp_data.event WHERE %I = %L', c.col, :'hidden')) = pg_temp.estimate(format('SELECT FROM cdp_data.event WHERE %I = %L', c.col, 'never seen')) AS alike
FROM unnest('{user_id,anonymous_id,previous_id,group_id,message_id}'::text[]) AS c (col);
SELECT pg_temp.estimate(format('SELECT FROM cdp_data.identifier WHERE identifier OPERATOR(cdp.=) %L', 'user_id:' || :'hidden')) = pg_temp.estimate($$SELECT FROM cdp_data.identifier WHERE identifier OPERATOR(cdp.=) 'user_id:never'$$) AS alike;
SELECT count(*) AS statistics FROM pg_stats WHERE format('%I.%I', schemaname, tablename) IN (SELECT c.oid::regclass::text FROM pg_class c WHERE c.relrowsecurity);
SELECT count(*) FROM cdp_data.event_2026_01;
COPY (SELECT count(*) > 0 FROM cdp_data.event) TO STDOUT;
COPY cdp_data.event_2026_01 TO STDOUT;
CREATE TEMP TABLE copied (profile_id bigint);
CREATE TEMP VIEW mine AS SELECT profile_id FROM cdp_data.profile;
SELECT count(*) = (SELECT count(*) FROM cdp.profiles) AS own_view FROM mine;
CREATE VIEW cdp_segment.mine AS SELECT 1;
SELECT cdp.create_segment('mine', 'true');
SELECT cdp.create_profile_view('mine2', 'email text');
SELECT * FROM cdp_data.judged_row;
SELECT * FROM cdp_data.membership;
SELECT * FROM cdp_data.change;
SET row_security = off;
SELECT count(*) FROM cdp_data.profile;
RESET row_security;
-- only those whom it sees can fail
SELECT bool_or(user_id ~ '^u') AS has_texts, count(1 / (CASE WHEN i.profile_id % 2 = 0 THEN 1 ELSE 0 END)) > 0 AS no_division_by_zero FROM cdp_data.event e JOIN cdp_data.identifier i USING (identifier_id);
RESET ROLE;
SELECT count(1 / (CASE WHEN i.profile_id % 2 = 0 THEN 1 ELSE 0 END)) > 0 AS fails FROM cdp_data.event e JOIN cdp_data.identifier i USING (identifier_id);
PREPARE counted AS SELECT (SELECT count(*) FROM cdp_data.profile) = (SELECT count(*) FROM shown) AS shown, cdp.lookup('user_id:' || $1) IS NULL AS hidden;
GRANT SELECT ON shown TO PUBLIC;
EXECUTE counted (:'hidden');
SET ROLE regress_cdp_mark;
EXECUTE counted (:'hidden');
SET ROLE regress_cdp_all;
EXECUTE counted (:'hidden');
RESET ROLE;

-- conditions name people; comments and the list of segments do not
SELECT cdp.create_segment('heavy', $$ traits ->> 'email' = 'heavy.one@example.com' $$);
SELECT count(*) FROM pg_description WHERE description LIKE '%heavy.one%';
SET ROLE regress_cdp_mark;
SELECT name, description FROM cdp.segment ORDER BY 1;
SELECT condition FROM cdp.segment;
SELECT * FROM cdp_data.segment;
SELECT * FROM cdp.computed_trait;
SELECT blocked FROM cdp_data.namespace;
SELECT * FROM cdp.segment_history('buyers', 'month', 'UTC', '2026-01-01');
SELECT * FROM cdp.lint_segments();
SELECT * FROM cdp.verdict;
SELECT * FROM cdp.consent;
SELECT cdp.refresh();
SELECT cdp.grant_access('regress_cdp_mark', 'steward');

-- a view for BI tools shows each its own part
RESET ROLE;
SET ROLE regress_cdp_steward;
SELECT cdp.create_profile_view('cdp_segment.bi', 'plan text', 'email text', 'user_id identifier');
GRANT SELECT ON cdp_segment.bi TO regress_cdp_mark, regress_cdp_all;
SET ROLE regress_cdp_mark;
SELECT count(*) = (SELECT count(*) FROM shown) AS shown, count(email) > 0 AS with_emails FROM cdp_segment.bi;
SET ROLE regress_cdp_all;
SELECT count(*) = (SELECT count(*) FROM cdp.profiles) AS all_people FROM cdp_segment.bi;
RESET ROLE;

-- without identifiers: what it may read is a list
SELECT query, rows > 0 AS rows, missing, too_many FROM compare('regress_cdp_anon', '{cdp_segment.buyers,cdp.membership,cdp.people_events,cdp.members(''buyers'')}');
SELECT n.nspname || '.' || c.relname AS readable, CASE WHEN NOT has_table_privilege('regress_cdp_anon', c.oid, 'SELECT') THEN (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a
	WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege('regress_cdp_anon', c.oid, a.attnum, 'SELECT')) END AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname LIKE 'cdp%' AND c.relkind IN ('r', 'p', 'v', 'm') AND has_any_column_privilege('regress_cdp_anon', c.oid, 'SELECT') ORDER BY 1;
SELECT c.name, p.key AS personal FROM cdp_internal.catalogue() c CROSS JOIN LATERAL jsonb_object_keys(c.personal) AS p (key) WHERE has_column_privilege('regress_cdp_anon', format('%I.%I', c.schemas[1], c.name), p.key, 'SELECT') ORDER BY 1, 2;
SET ROLE regress_cdp_anon;
SELECT count(*) = (SELECT count(*) FROM shown) AS people, bool_or(traits ? 'plan') AS plan, bool_or(traits ? 'email') AS email, count(*) FILTER (WHERE cdp.did(timeline, 'Order')) > 0 AS did FROM cdp.people;
SELECT jsonb_object_agg(DISTINCT k.key, 1) AS keys FROM cdp.people p CROSS JOIN LATERAL jsonb_object_keys(p.traits) AS k (key);
SELECT people > 0 AS funnel FROM cdp.funnel_table('Order') LIMIT 1;
SELECT DISTINCT breakdown FROM cdp.funnel_table('Order', by => '{trait:email}');
SELECT DISTINCT breakdown FROM cdp.funnel_table('Order', by => '{trait:plan}') ORDER BY 1;
SELECT traits FROM cdp_data.profile;
SELECT identifiers FROM cdp_data.profile;
SELECT p FROM cdp_data.profile p;
SELECT * FROM cdp.profiles;
SELECT * FROM cdp.events;
SELECT * FROM cdp.identifiers;
SELECT properties FROM cdp_data.event;
SELECT user_id FROM cdp_data.event;
EXPLAIN SELECT FROM cdp_data.event WHERE user_id = '2';
SELECT cdp.lookup('user_id:2');
SELECT cdp.profile_of('user_id:2');
SELECT * FROM cdp.why('named', 2);
SELECT * FROM cdp_segment.address;
SELECT * FROM cdp_segment.orders;
SELECT count(*) > 0 AS hashes FROM cdp_data.identifier_map;
RESET ROLE;
-- computed traits that are made later go to those who may read them; a new list replaces the old one
SELECT cdp.create_trait('spent', $$ cdp.sum(timeline, 'Order', 'total') $$) > 0 AS spent, cdp.create_trait('mail', $$ traits ->> 'email' $$) > 0 AS mail;
SELECT r.role, t.name, has_table_privilege(r.role, format('cdp_segment.%I', t.name), 'SELECT') AS may_read FROM (VALUES ('regress_cdp_anon'), ('regress_cdp_mark')) AS r (role) CROSS JOIN (VALUES ('spent'), ('mail'), ('heavy')) AS t (name) ORDER BY 1, 2;
SELECT cdp.grant_access('regress_cdp_mark', 'analyst', purpose => 'marketing', traits => '{email}');
SET ROLE regress_cdp_mark;
SELECT jsonb_object_agg(DISTINCT k.key, 1) AS keys FROM cdp.people p CROSS JOIN LATERAL jsonb_object_keys(p.traits) AS k (key);
SELECT count(*) FROM cdp.profiles;
RESET ROLE;
SELECT cdp.grant_access('regress_cdp_mark', 'analyst', purpose => 'marketing', identifiers => true);

-- what is refused, with the reason
CREATE FUNCTION refused(role name, purpose text DEFAULT 'marketing') RETURNS text LANGUAGE plpgsql AS $$
DECLARE said text; detail text; state text;
BEGIN
	PERFORM cdp.grant_access(role, 'analyst', purpose => purpose);
	RETURN 'granted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, state = RETURNED_SQLSTATE;
	RETURN concat_ws(' | ', state, said, detail);
END $$;
SELECT refused('regress_cdp_mark', 'research');
SELECT refused('regress_cdp_all');
SELECT refused('regress_cdp_steward');
SELECT refused('regress_cdp_other', 'nothing');
GRANT SELECT ON cdp_segment.bi TO regress_cdp_mark;
ALTER ROLE regress_cdp_other BYPASSRLS; SELECT refused('regress_cdp_other');
ALTER ROLE regress_cdp_other NOBYPASSRLS SUPERUSER; SELECT refused('regress_cdp_other');
ALTER ROLE regress_cdp_other NOSUPERUSER REPLICATION; SELECT refused('regress_cdp_other');
ALTER ROLE regress_cdp_other NOREPLICATION CREATEROLE; SELECT refused('regress_cdp_other');
ALTER ROLE regress_cdp_other NOCREATEROLE;
GRANT regress_cdp_all TO regress_cdp_other; SELECT refused('regress_cdp_other'); REVOKE regress_cdp_all FROM regress_cdp_other;
GRANT regress_cdp_mark TO regress_cdp_other; SELECT refused('regress_cdp_other'); REVOKE regress_cdp_mark FROM regress_cdp_other;
GRANT pg_read_all_data TO regress_cdp_other; SELECT refused('regress_cdp_other'); REVOKE pg_read_all_data FROM regress_cdp_other;
GRANT pg_read_server_files TO regress_cdp_other; SELECT refused('regress_cdp_other'); REVOKE pg_read_server_files FROM regress_cdp_other;
GRANT SELECT (traits) ON cdp_data.profile TO regress_cdp_other; SELECT refused('regress_cdp_other'); REVOKE SELECT (traits) ON cdp_data.profile FROM regress_cdp_other;
GRANT SELECT ON cdp_segment.address TO PUBLIC; SELECT refused('regress_cdp_other'); REVOKE SELECT ON cdp_segment.address FROM PUBLIC;
SELECT cdp.grant_access('regress_cdp_mark', 'analyst');
SELECT cdp.grant_access('regress_cdp_mark', 'steward');
SELECT cdp.grant_access('regress_cdp_other', 'steward', purpose => 'marketing');
SELECT cdp.grant_access('regress_cdp_other', 'analyst', identifiers => true);
SELECT cdp.grant_access('regress_cdp_other', 'analyst', traits => '{plan}');
SELECT cdp.grant_access('regress_cdp_other', 'analyst', purpose => 'marketing', identifiers => true, traits => '{plan}');
SELECT cdp.grant_access('regress_cdp_other', 'analyst', purpose => 'marketing', traits => '{plan,NULL}');
SELECT cdp.drop_purpose('marketing');
SELECT count(*) FROM cdp_data.purpose_role WHERE role = 'regress_cdp_other';

-- by default closed: a role with rights of its own, and access that was not granted here
GRANT USAGE ON SCHEMA cdp, cdp_data TO regress_cdp_other;
GRANT SELECT ON cdp_data.profile, cdp_data.event, cdp_data.membership TO regress_cdp_other;
SET ROLE regress_cdp_other;
SELECT (SELECT count(*) FROM cdp_data.profile) AS profiles, (SELECT count(*) FROM cdp_data.membership) AS members;
RESET ROLE;
SELECT * FROM cdp.access_report() WHERE role LIKE 'regress%' ORDER BY reach, role, object;
REVOKE ALL ON SCHEMA cdp, cdp_data FROM regress_cdp_other;
REVOKE ALL ON cdp_data.profile, cdp_data.event, cdp_data.membership FROM regress_cdp_other;
-- the ways around
SET ROLE regress_cdp_steward;
CREATE VIEW cdp_segment.around AS SELECT profile_id, traits FROM cdp_data.judged_row;
RESET ROLE;
CREATE VIEW public.own_rights AS SELECT profile_id FROM cdp_data.profile;
CREATE VIEW public.readers_rights AS SELECT profile_id FROM cdp.profiles;
CREATE MATERIALIZED VIEW public.copied AS SELECT profile_id FROM cdp.profiles;
CREATE FUNCTION public.counted() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM cdp.profiles';
CREATE FUNCTION public.parsed() RETURNS bigint LANGUAGE sql SECURITY DEFINER BEGIN ATOMIC SELECT count(*) FROM cdp.members('buyers'); END;
CREATE FUNCTION public.by_path() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = cdp AS 'SELECT count(*) FROM profiles';
CREATE FUNCTION public.harmless() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::bigint';
-- the server warns of wal_level
SET client_min_messages = error;
CREATE PUBLICATION people FOR TABLE cdp_data.event;
SET client_min_messages = warning;
ALTER TABLE cdp_data.link DISABLE ROW LEVEL SECURITY;
SELECT reach, object, detail FROM cdp.access_report() WHERE reach IN ('way around', 'open') AND object IS NOT NULL ORDER BY reach, object, detail;
DROP PUBLICATION people;
ALTER TABLE cdp_data.link ENABLE ROW LEVEL SECURITY;
DROP VIEW public.own_rights, public.readers_rights, cdp_segment.around;
DROP MATERIALIZED VIEW public.copied;
DROP FUNCTION public.counted(), public.parsed(), public.by_path(), public.harmless();

-- a role that is bound stays so under another name, when other roles get access or lose it
CREATE ROLE regress_cdp_bound;
SELECT cdp.grant_access('regress_cdp_bound', 'analyst', purpose => 'marketing', identifiers => true);
ALTER ROLE regress_cdp_bound RENAME TO regress_cdp_renamed;
CREATE ROLE regress_cdp_late;
SELECT cdp.grant_access('regress_cdp_late', 'analyst'), cdp.revoke_access('regress_cdp_late', 'analyst');
SELECT (SELECT count(*) FROM cdp_data.profile) AS people, (SELECT count(*) FROM cdp_data.profile WHERE purposes & 1 <> 0 AND purposes_until > now()) AS permitted \gset
SET ROLE regress_cdp_renamed;
SELECT count(*) = :permitted AS permitted, count(*) < :people AS fewer FROM cdp.profiles;
RESET ROLE;
SELECT cdp.grant_access('regress_cdp_renamed', 'analyst');
SELECT cdp.revoke_access('regress_cdp_renamed', 'analyst');
SELECT count(*) FROM cdp_data.purpose_role WHERE role = 'regress_cdp_renamed';
DROP ROLE regress_cdp_renamed, regress_cdp_late;

-- stewards work on; one who sees a part does not
SET ROLE regress_cdp_steward;
INSERT INTO cdp.inbox (message_id, type, event, user_id, "timestamp", received_at) VALUES ('n1', 'track', 'Order', '2', '2026-02-01', '2026-06-02');
SELECT taken, accepted FROM cdp.refresh();
SELECT cdp.forbid('user_id:2', 'user_id:4', 'two people') IS NOT NULL AS forbidden;
SELECT cdp.allow('user_id:2', 'user_id:4') IS NOT NULL AS allowed;
-- but for the stamps, which were written by hand
SELECT count(*) AS findings FROM cdp.verify() v WHERE v.stage <> 'consent';
RESET ROLE;
CREATE POLICY part ON cdp_data.link AS RESTRICTIVE TO regress_cdp_steward USING (a > 5);
SET ROLE regress_cdp_steward;
SELECT cdp.forbid('user_id:2', 'user_id:4', 'two people');
RESET ROLE;
DROP POLICY part ON cdp_data.link;

-- taken away
SET ROLE regress_cdp_steward;
SELECT cdp.revoke_access('regress_cdp_anon', 'analyst');
RESET ROLE;
SELECT cdp.revoke_access('regress_cdp_mark', 'analyst'), cdp.revoke_access('regress_cdp_mark', 'analyst');
SELECT count(*) FROM cdp_data.purpose_role;
-- what others gave it stays
SELECT r.role, c.oid::regclass FROM (VALUES ('regress_cdp_anon'), ('regress_cdp_mark')) AS r (role) CROSS JOIN pg_class c WHERE c.relnamespace::regnamespace::text LIKE 'cdp%' AND c.relkind IN ('r', 'v', 'p') AND has_any_column_privilege(r.role, c.oid, 'SELECT') ORDER BY 1, c.relname;
SELECT polname FROM pg_policy WHERE polrelid = 'cdp_data.profile'::regclass ORDER BY 1;
SET ROLE regress_cdp_all;
SELECT count(*) > 20 AS still_all FROM cdp.profiles;
RESET ROLE;
SELECT cdp.drop_purpose('marketing');

\c :origin
DROP DATABASE cdp_operate_purpose_role;
DROP ROLE regress_cdp_all;
DROP ROLE regress_cdp_steward;
DROP ROLE regress_cdp_mark;
DROP ROLE regress_cdp_anon;
DROP ROLE regress_cdp_other;
