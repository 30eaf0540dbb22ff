-- What a few identifiers cost beside many verdicts about others: rows of verdicts that are read.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_many_verdicts ENCODING 'UTF8' TEMPLATE template0;
\c cdp_many_verdicts
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
-- workers count by themselves what they read
SET max_parallel_workers_per_gather = 0;
CREATE FUNCTION send(ids text[]) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, event, user_id, anonymous_id, "timestamp", received_at, source)
	SELECT 'm' || u || coalesce(a, ''), 'Seen', u, a, '2024-06-01', '2024-06-01', 'web' FROM unnest(ids) AS i (id), split_part(id, ' ', 1) AS u, nullif(split_part(id, ' ', 2), '') AS a
$$;
SELECT send(ARRAY(SELECT 'u' || i FROM generate_series(1, 3000) i));
SELECT accepted FROM cdp.refresh();
SELECT count(*) FROM generate_series(1, 12) i CROSS JOIN LATERAL cdp.same(('user_id:u' || i)::cdp.identifier, ('user_id:u' || i + 1)::cdp.identifier);
SELECT count(*) FROM cdp.same('user_id:u20', 'user_id:u21');
SELECT cdp.mark_shared('user_id:u21', true);
INSERT INTO cdp_data.verdict (verdict_id, kind, a, b, batch_id)
SELECT 1000 + 2 * i + (kind = 'same')::integer, kind, least(x, y), greatest(x, y), 1
FROM generate_series(1, 20000) i, unnest('{same,forbid}'::text[]) AS k (kind), LATERAL (SELECT ('user_id:' || kind || i)::cdp.identifier AS x, ('user_id:' || i || kind)::cdp.identifier AS y) p;
VACUUM ANALYZE;
CREATE FUNCTION verdicts_read() RETURNS bigint LANGUAGE sql AS $$
	SELECT pg_stat_get_xact_tuples_returned('cdp_data.verdict'::regclass) + pg_stat_get_xact_tuples_fetched('cdp_data.verdict'::regclass) + (SELECT sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) FROM pg_index i WHERE i.indrelid = 'cdp_data.verdict'::regclass)
$$;
CREATE FUNCTION few(statement text, OUT few boolean, OUT answer text) LANGUAGE plpgsql AS $$
DECLARE
	before bigint := verdicts_read();
BEGIN
	EXECUTE statement INTO answer;
	few := verdicts_read() - before < 1000;
	IF NOT few THEN
		answer := format('%s, %s verdicts read', answer, verdicts_read() - before);
	END IF;
END
$$;
SELECT send('{u1,u2,u5000,u20 a1,"u30 a2","u31 a2"}');
SELECT * FROM few('SELECT accepted FROM cdp.refresh()');
SELECT * FROM few($$ SELECT (becomes, number) FROM cdp.same('user_id:u13', 'user_id:u14') $$);
SELECT * FROM few($$ SELECT cdp.forbid('user_id:u1', 'user_id:u3000') $$);
SELECT * FROM few($$ SELECT cdp.allow('user_id:u1', 'user_id:u3000') $$);
SELECT * FROM few($$ SELECT cdp.allow('user_id:u13', 'user_id:u14') $$);
SELECT * FROM few($$ SELECT string_agg(concat_ws(' ', step, from_identifier, to_identifier), ', ') FROM cdp.explain('user_id:u2', 'user_id:u3') $$);
SELECT * FROM few($$ SELECT string_agg(concat_ws(' ', step, from_identifier, to_identifier, reasons), ', ') FROM cdp.explain('user_id:u2', 'user_id:u20') $$);
-- as either end, and of a person by name
SELECT * FROM few($$ SELECT string_agg(concat_ws(' ', r.identifier, r.other_identifier, r.reasons), ', ') FROM cdp.refused_links r WHERE r.profile_id = cdp.profile_of('user_id:u20') $$);
SELECT * FROM few($$ SELECT string_agg(concat_ws(' ', r.identifier, r.other_identifier, r.reasons), ', ') FROM cdp.refused_links r WHERE r.other_profile_id = cdp.profile_of('user_id:u20') $$);
SELECT * FROM few($$ SELECT string_agg(concat_ws(' ', r.identifier, r.other_identifier, r.reasons), ', ') FROM cdp.refused_links r WHERE cdp.profile_of('user_id:u21') IN (r.profile_id, r.other_profile_id) AND r.profile_id = cdp.profile_of('user_id:u20') $$);
SELECT * FROM few($$ SELECT cdp.lookup('user_id:u20', 'refused_links') -> 'refused_links' $$);
SELECT identifier, other_identifier, reasons FROM cdp.refused_links ORDER BY 1;
\c :origin
DROP DATABASE cdp_many_verdicts;
