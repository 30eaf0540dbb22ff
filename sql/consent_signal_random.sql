-- The ledger is what a slow reference makes of the log, whatever the order in which events arrive, are corrected and are
-- taken back, and however they are cut into batches
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_consent_signal_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_consent_signal_random
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
SET timezone = 'UTC';
SELECT cdp.create_purpose('marketing'), cdp.create_purpose('ads', 'opt_out');
SELECT cdp.map_signal('category', 'Marketing', 'marketing'), cdp.map_signal('google', 'ad_storage', 'ads'),
	cdp.map_signal('gpc', '', 'ads');
SELECT cdp.set_sources('{"crm": {"party": "first", "mutable": true, "version": "version"}}');

-- numbers that look like chance, the same on every machine
CREATE FUNCTION chance(what text, below integer) RETURNS integer
	LANGUAGE sql IMMUTABLE
	RETURN (('x' || left(md5(what), 7))::bit(28)::integer % below);

-- what a message says in its nth form; most are sent once, those of the source crm are corrected
CREATE FUNCTION message(seed integer, n integer, form integer) RETURNS cdp.inbox
	LANGUAGE sql STABLE
	RETURN (
		SELECT jsonb_populate_record(NULL::cdp.inbox, jsonb_build_object(
			'message_id', format('m-%s-%s', seed, n), 'type', 'track', 'event', 'View',
			'source', (ARRAY['web', 'app', 'crm'])[1 + chance(k || 'source', 3)],
			'user_id', CASE WHEN chance(k || 'known', 2) = 0 THEN format('u-%s-%s', seed, chance(k || 'user', 3)) END,
			'anonymous_id', CASE WHEN chance(k || 'known', 2) = 1 OR chance(k || 'both', 3) > 0
				THEN format('a-%s-%s', seed, chance(k || 'device', 4)) END,
			'timestamp', timestamptz '2026-03-01' + chance(k || 'at' || form, 60) * interval '1 hour',
			'properties', jsonb_build_object('version', form),
			'context', CASE chance(k || 'shape' || form, 6)
				WHEN 0 THEN jsonb_build_object('consent', jsonb_build_object('categoryPreferences',
					jsonb_build_object('Marketing', chance(k || 'yes' || form, 2) = 0)))
				WHEN 1 THEN jsonb_build_object('gpc', chance(k || 'yes' || form, 2) = 0)
				WHEN 2 THEN jsonb_build_object('consent', jsonb_build_object('ad_storage',
					CASE chance(k || 'yes' || form, 2) WHEN 0 THEN 'granted' ELSE 'denied' END))
				WHEN 3 THEN jsonb_build_object('consent', jsonb_build_object('categoryPreferences', '{}'::jsonb),
					'library', jsonb_build_object('name', 'a library with a long name that many events have in common',
						'version', '1.0.0'))
				WHEN 4 THEN '{"page": {"path": "/"}}' END))
		FROM (SELECT format('%s/%s/', seed, n)) x (k));

-- the reference: what each event of the log says, and the runs of it
CREATE VIEW said AS
SELECT e.event_id, least(e."timestamp", e.received_at) AS at, s.source_id,
	ARRAY(SELECT i.identifier_id FROM cdp_data.identifier i
		WHERE i.identifier::text IN ('user_id:' || e.user_id, 'anonymous_id:' || e.anonymous_id)
		ORDER BY 1) AS ids,
	p.purpose_id, a.no
FROM cdp.events e
JOIN cdp_data.source s ON s.source = e.source
CROSS JOIN LATERAL (VALUES
	('marketing', CASE WHEN e.context #> '{consent,categoryPreferences}' = '{}' THEN true
		ELSE NOT (e.context #> '{consent,categoryPreferences,Marketing}')::boolean END),
	('ads', CASE WHEN (e.context -> 'gpc')::boolean OR e.context #>> '{consent,ad_storage}' = 'denied' THEN true
		WHEN e.context #>> '{consent,ad_storage}' = 'granted' THEN false END)) AS a (purpose, no)
JOIN cdp_data.purpose p ON p.name = a.purpose
WHERE a.no IS NOT NULL;
CREATE VIEW expected_run AS
SELECT ids, purpose_id, source_id, no, min(at) AS first_time, max(at) AS last_time,
	(array_agg(event_id ORDER BY at, event_id))[1] AS first_event_id,
	(array_agg(event_id ORDER BY at DESC, event_id DESC))[1] AS event_id
FROM (SELECT r.*, row_number() OVER one - row_number() OVER alike AS run
	FROM said r
	WINDOW one AS (PARTITION BY ids, purpose_id, source_id ORDER BY at, no, event_id),
		alike AS (PARTITION BY ids, purpose_id, source_id, no ORDER BY at, no, event_id)) n
GROUP BY ids, purpose_id, source_id, no, run;
CREATE VIEW actual_run AS
SELECT coalesce(c.ids, ARRAY[c.identifier_id]) AS ids, c.purpose_id, c.source_id, c.answer = 'n' AS no, c.first_time,
	c.last_time, c.first_event_id, c.event_id
FROM cdp_data.consent c
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, c.consent_id
-- each run stands once at each of its identifiers
HAVING array_agg(c.identifier_id ORDER BY c.identifier_id) = coalesce(min(c.ids), ARRAY[min(c.identifier_id)]);
CREATE VIEW wrong AS
SELECT 'missing' AS what, * FROM (TABLE expected_run EXCEPT ALL TABLE actual_run) m
UNION ALL
SELECT 'too much', * FROM (TABLE actual_run EXCEPT ALL TABLE expected_run) t;

CREATE PROCEDURE play(seed integer, messages integer, at_once integer)
	LANGUAGE plpgsql
AS $$
DECLARE
	taken integer := 0;
	back text[];
BEGIN
	FOR n IN 1..messages LOOP
		INSERT INTO cdp.inbox (type, message_id, event, source, user_id, anonymous_id, "timestamp", properties, context)
		SELECT m.type, m.message_id, m.event, m.source, m.user_id, m.anonymous_id, m."timestamp", m.properties, m.context
		FROM message(seed, CASE WHEN chance(seed || 'again' || n, 4) = 0 THEN 1 + chance(seed || 'which' || n, n) ELSE n END,
			chance(seed || 'form' || n, 3)) m;
		IF chance(seed || 'now' || n, at_once) = 0 THEN
			PERFORM cdp.refresh();
		END IF;
		IF chance(seed || 'back' || n, 20) = 0 THEN
			PERFORM cdp.refresh();
			back := ARRAY(SELECT e.message_id FROM cdp.events e WHERE e.message_id LIKE format('m-%s-%%', seed)
				AND chance(e.message_id || n, 5) = 0);
			PERFORM cdp.retract(message_ids => back);
			taken := taken + cardinality(back);
			IF EXISTS (TABLE wrong) THEN
				RAISE EXCEPTION 'seed %: wrong after message %', seed, n;
			END IF;
		END IF;
	END LOOP;
	PERFORM cdp.refresh();
END
$$;
CALL play(1, 80, 1);
SELECT * FROM wrong;
CALL play(2, 120, 10);
SELECT * FROM wrong;
CALL play(3, 150, 1000);
SELECT * FROM wrong;
-- there is something to compare: runs of several events, and keys of several runs
SELECT count(*) > 50 AS runs, count(*) FILTER (WHERE event_id <> first_event_id) > 10 AS long,
	count(*) - count(DISTINCT (ids, purpose_id, source_id)) > 10 AS divided
FROM actual_run;

-- all that is taken back leaves nothing
SELECT cdp.retract(source => s) IS NOT NULL FROM unnest('{web,app,crm}'::text[]) AS s;
SELECT count(*) FROM cdp_data.consent;
\c :origin
DROP DATABASE cdp_consent_signal_random;
