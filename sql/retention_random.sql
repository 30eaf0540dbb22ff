-- Random retentions over a random history: the log is what a slow reference keeps, verify() is content, and a restitch
-- moves nothing.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_retention_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_retention_random
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION cdp;
SELECT cdp.init();
\getenv top PG_ABS_SRCDIR
\set history :top '/test/include/history.sql'
\i :history
SET history.seed = 'retention';
SELECT cdp.create_segment('some', $$ cdp.did(timeline, 'Order Completed') OR traits ->> 'plan' = 'p1' $$);
-- the reference: what was accepted, as it came, less what each retention forgets
CREATE TABLE kept (message_id text PRIMARY KEY, "timestamp" timestamptz, type text, event text, anonymous_id text, user_id text, identifiers jsonb, traits jsonb, source text);
CREATE TABLE rules (kind text, key text, before timestamptz, PRIMARY KEY (kind, key));
CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS $$
	DELETE FROM kept k USING rules r WHERE k."timestamp" < r.before AND (r.kind = 'source' AND k.source = r.key OR r.kind = 'event' AND k.event = r.key
		OR r.kind = 'namespace' AND r.key = 'anonymous_id' AND k.anonymous_id IS NOT NULL AND k.user_id IS NULL AND k.identifiers IS NULL);
	UPDATE kept k SET traits = k.traits - ARRAY(SELECT r.key FROM rules r WHERE r.kind = 'trait' AND k."timestamp" < r.before) WHERE k.type IN ('identify', 'group') $$;
CREATE FUNCTION run(step integer) RETURNS TABLE (said text) LANGUAGE plpgsql AS $$
DECLARE
	rule record;
	calls integer := 0;
	differ bigint;
BEGIN
	PERFORM arrive(step, 60);
	PERFORM cdp.refresh();
	INSERT INTO kept SELECT e.message_id, e."timestamp", e.type, e.event, e.anonymous_id, e.user_id, e.identifiers, e.traits, e.source
	FROM cdp.events e WHERE e.batch_id = (SELECT max(batch_id) FROM cdp.batch WHERE taken > 0);
	SELECT v.* INTO rule FROM (VALUES (0, 'source', 'web'), (1, 'source', 'app'), (2, 'event', 'Order Completed'), (3, 'event', 'Signed Up'), (4, 'namespace', 'anonymous_id'), (5, 'trait', 'plan'), (6, 'trait', 'tags'))
		AS v (place, kind, key) WHERE v.place = chance(step || 'rule', 7);
	INSERT INTO rules VALUES (rule.kind, rule.key, timestamptz '2025-01-01' + chance(step || 'keep', 400) * interval '1 day' + interval '12 hours') ON CONFLICT ON CONSTRAINT rules_pkey DO UPDATE SET before = excluded.before;
	-- a little later the same instant is as far away
	PERFORM cdp.set_retention(r.kind, r.key, make_interval(hours => ceil(extract(epoch FROM clock_timestamp() - r.before) / 3600)::integer)) FROM rules r;
	LOOP
		calls := calls + 1;
		EXIT WHEN NOT EXISTS (SELECT FROM cdp.enforce_retention(7 + chance(step || 'rows', 40)) e WHERE e.state <> 'done');
	END LOOP;
	PERFORM forget();
	SELECT count(*) INTO differ FROM (SELECT message_id, "timestamp", type, event, anonymous_id, user_id, identifiers, traits, source FROM cdp.events) e FULL JOIN kept k USING (message_id)
	WHERE (e."timestamp", e.type, e.event, e.traits, e.source) IS DISTINCT FROM (k."timestamp", k.type, k.event, k.traits, k.source);
	IF differ > 0 OR EXISTS (SELECT FROM cdp.verify()) THEN
		RETURN QUERY SELECT format('step %s: %s events differ, verify: %s', step, differ, (SELECT string_agg(v::text, ' ') FROM cdp.verify() v));
	END IF;
	IF calls > 200 THEN
		RETURN QUERY SELECT format('step %s: no end', step);
	END IF;
END
$$;
SELECT r.said FROM generate_series(1, 12) s CROSS JOIN LATERAL run(s) r;
SELECT count(*) BETWEEN 50 AND 600 AS some_left, (SELECT sum(forgotten) > 50 FROM cdp.retention) AS many_forgotten FROM kept;
SELECT identifiers_moved, profiles_created, profiles_merged, profiles_split, events_reanchored FROM cdp.restitch();
SELECT * FROM cdp.verify();
-- an export of each person has just the events that are left
SELECT sum(jsonb_array_length(cdp.export_person(p.profile_id) -> 'events')) = (SELECT count(*) FROM cdp.events e JOIN cdp.profiles USING (profile_id)) AS all_exported FROM cdp.profiles p;

\c :origin
DROP DATABASE cdp_retention_random;
