-- Erasures in the middle of random histories, with months that have gone: afterwards nothing names the people, nothing
-- is wrong, and a rebuild from what is left gives the same.
SELECT current_database() AS origin \gset
\getenv top PG_ABS_SRCDIR
CREATE DATABASE cdp_erase_random ENCODING 'UTF8' TEMPLATE template0;
\c cdp_erase_random
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
SET search_path = public, cdp;
SET timezone = 'UTC';
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
\set history :top '/test/include/history.sql'
\i :history
\set drop_months :top '/test/include/drop_months.sql'
\i :drop_months

-- what events and rows of the base name; those that name people who are erased must not be there
CREATE TABLE erased (identifier cdp.identifier PRIMARY KEY);
CREATE FUNCTION named() RETURNS SETOF cdp.identifier LANGUAGE sql AS $$
	SELECT u.identifier
	FROM cdp_data.event e CROSS JOIN LATERAL cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id,
		e.group_id, e.previous_id, e.identifiers, e.properties, e.traits, e.context, e."timestamp", NULL, NULL,
		NULL, e.source, now(), is_logged => true) o
	CROSS JOIN LATERAL unnest(o.ids || o.earlier) AS u (identifier)
	UNION ALL
	SELECT i.identifier FROM cdp_data.base_row b CROSS JOIN LATERAL unnest(b.ids || b.earlier_id) AS u (id)
	JOIN cdp_data.identifier i ON i.identifier_id = u.id
	UNION ALL
	SELECT i.identifier FROM cdp_data.identifier i
$$;
CREATE FUNCTION erase_some(step integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	people text[] := ARRAY(
		SELECT i.identifier::text FROM cdp_data.identifier i WHERE i.profile_id <> 0 AND NOT i.shared
		ORDER BY md5(concat(current_setting('history.seed'), step, i.identifier)) LIMIT 1 + chance(step || 'people', 3));
BEGIN
	INSERT INTO erased
	SELECT DISTINCT i.identifier FROM cdp_data.identifier o JOIN cdp_data.identifier i ON i.profile_id = o.profile_id
	WHERE o.identifier::text = ANY (people)
	ON CONFLICT DO NOTHING;
	PERFORM cdp.erase(people, CASE WHEN chance(step || 'mode', 3) = 0 THEN 'anonymise' ELSE 'erase' END);
END
$$;
CREATE PROCEDURE check_state(step integer) LANGUAGE plpgsql AS $$
DECLARE
	wrong text;
BEGIN
	SELECT string_agg(v::text, '; ') INTO wrong FROM (SELECT * FROM cdp.verify() LIMIT 5) v;
	IF wrong IS NOT NULL THEN RAISE EXCEPTION 'seed % step %: %', current_setting('history.seed'), step, wrong; END IF;
	IF EXISTS (SELECT FROM named() n JOIN erased e ON e.identifier = n) THEN
		RAISE EXCEPTION 'seed % step %: named %', current_setting('history.seed'), step, (SELECT min(n::text) FROM named() n JOIN erased e ON e.identifier = n);
	END IF;
END
$$;
CREATE PROCEDURE history(seed integer) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('history.seed', seed::text, false), set_config('cdp.suppression_key', repeat('key ', 10), false);
	PERFORM begin_history();
	FOR step IN 1 .. 14 LOOP
		PERFORM act(step);
		COMMIT;
		IF step IN (5, 10) THEN
			CALL drop_months(timestamptz '2025-01-01Z' + step * interval '1 month');
		END IF;
		IF step % 3 = 0 THEN
			PERFORM erase_some(step);
			COMMIT;
			CALL check_state(step);
		END IF;
	END LOOP;
	DELETE FROM told;
	PERFORM look('kept');
	PERFORM cdp.restitch();
	PERFORM look('anew');
END
$$;

\set seed 11
CALL history(:seed);
SELECT count(*) > 5 AS erased FROM erased;
SELECT sum((certificate #>> '{done,rows,event}')::int) > 0 AS events, sum((certificate #>> '{done,rows,base}')::int) > 0 AS base,
	sum((certificate #>> '{done,events_scrubbed}')::int) > 0 AS scrubbed FROM cdp.erasure;
SELECT count(*) > 30 AS looked FROM seen WHERE form = 'anew';
SELECT a.name, a.content FROM seen a WHERE a.form = 'kept' AND NOT EXISTS (SELECT FROM seen b WHERE b.form = 'anew' AND b.name = a.name AND b.content = a.content);
SELECT b.name, b.content FROM seen b WHERE b.form = 'anew' AND NOT EXISTS (SELECT FROM seen a WHERE a.form = 'kept' AND a.name = b.name AND a.content = b.content);
SELECT * FROM cdp.verify_certificates();
SELECT sum(suppressed) > 0 AS suppressed, bool_and(taken = accepted + duplicate + quarantined + deletions + suppressed) AS whole FROM cdp.batch;
\c :origin
DROP DATABASE cdp_erase_random;
