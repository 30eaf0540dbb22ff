-- What leaving the log refuses, tells and keeps: arguments, months that cannot be folded, values that are no identifiers,
-- phone_region, and rows of the base that nothing can have written.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_drop_bounds ENCODING 'UTF8' TEMPLATE template0;
\c cdp_drop_bounds
SET client_min_messages = warning;
CREATE EXTENSION cdp;
SELECT cdp.init();
RESET client_min_messages;
SET timezone = 'UTC';
\getenv top PG_ABS_SRCDIR
\set no_autovacuum :top '/test/include/no_autovacuum.sql'
\i :no_autovacuum
\set SHOW_CONTEXT never

CREATE FUNCTION send(id text, at timestamptz, person text, source text DEFAULT 'web', traits jsonb DEFAULT NULL, identifiers jsonb DEFAULT NULL)
	RETURNS void LANGUAGE sql AS $$
	INSERT INTO cdp.inbox (message_id, type, event, user_id, traits, identifiers, "timestamp", received_at, source)
	VALUES (id, CASE WHEN traits IS NULL THEN 'track' ELSE 'identify' END, CASE WHEN traits IS NULL THEN 'Seen' END, person, traits, identifiers, at,
		'2025-12-01', source)
$$;
-- an error, with its SQLSTATE
CREATE FUNCTION fails(statement text) RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	message := 'it works';
	RETURN NEXT;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN NEXT;
END
$$;

-- the functions that work as the owner check what they are given, too
SELECT s.statement, f.state, f.message
FROM unnest(ARRAY['drop_events(NULL, 1, false)', 'drop_events(''2025-01-01'', NULL, false)', 'drop_events(''2025-01-01'', 1, NULL)',
	'drop_events(''2025-01-01'', -1, false)', 'drop_events(''infinity'', 1, false)', 'drop_old_events(NULL, false)', 'drop_old_events(1, NULL)',
	'drop_old_events(0, false)']) AS s (statement)
CROSS JOIN (VALUES ('cdp'), ('cdp_data')) AS n (name)
CROSS JOIN LATERAL fails(format('SELECT * FROM %s.%s', n.name, s.statement)) f;

-- how long events are kept
SELECT v.value, f.*
FROM unnest('{99999999999999999999 days,2147483648 days,-1 days,999999999 hours,100 years,36526 days,soon}'::text[]) AS v (value)
CROSS JOIN LATERAL fails(format('SELECT cdp.set_sources(%L)', jsonb_build_object('web', jsonb_build_object('party', 'first', 'keep_events', v.value)))) f;

-- a month that cannot be folded is named, and the others go
SELECT cdp.set_sources('{"web": {"party": "first"}, "crm": {"party": "first", "phone_region": "GB"}, "old": {"party": "first", "expires_after": "90 days"}}');
SELECT cdp.set_trait_rules('{"score": "max"}');
SELECT send('a', '2025-01-10', 'a'), send('b', '2025-02-10', 'b', 'old', '{"score": 1}'), send('c', '2025-03-10', 'c');
SELECT accepted FROM cdp.refresh();
SELECT to_char(month, 'YYYY-MM') AS month, state, events FROM cdp.drop_events('2025-04-01', 3, dry_run => true);
SELECT to_char(month, 'YYYY-MM') AS month, state, events FROM cdp.drop_events('2025-04-01', 3);
SELECT to_char(month, 'YYYY-MM') AS month, state, events FROM cdp.drop_events('2025-04-01', 3);
SELECT to_char(month, 'YYYY-MM') AS month, events, dropped_at IS NOT NULL AS dropped FROM cdp.folded_month ORDER BY 1;
SELECT cdp.set_sources('{"old": {"keep_events": "30 days"}}');
SELECT source, state, events FROM cdp.drop_old_events();
SELECT cdp.set_sources('{"old": {"expires_after": null, "keep_events": null}}');
SELECT to_char(month, 'YYYY-MM') AS month, state, events FROM cdp.drop_events('2025-04-01');
SELECT to_char(month, 'YYYY-MM') AS month, state, events FROM cdp.drop_events('2025-04-01');
SELECT * FROM cdp.verify();
-- what is refused from then on says what to do
SELECT * FROM fails($$SELECT cdp.set_trait_rules('{"score": "min"}')$$);
SELECT * FROM fails($$SELECT cdp.set_sources('{"old": {"expires_after": "90 days"}}')$$);

-- values that are no identifiers stay counted once they are folded
SELECT send('x' || i, '2025-05-10', 'x' || i % 3, 'crm', NULL, '{"email": "nobody", "phone": "020 7946 0000"}') FROM generate_series(1, 5) i;
SELECT send('y' || i, '2025-06-10', 'y' || i, 'crm', NULL, '{"email": "nobody", "": "x"}') FROM generate_series(1, 2) i;
SELECT accepted FROM cdp.refresh();
SELECT namespace, reason, occurrences, folded FROM cdp.rejected_value ORDER BY 1, 2;
SELECT to_char(month, 'YYYY-MM') AS month, state, events FROM cdp.drop_events('2025-06-01');
SELECT namespace, reason, occurrences, folded FROM cdp.rejected_value ORDER BY 1, 2;
SELECT count(*) FROM cdp.restitch();
SELECT namespace, reason, occurrences, folded FROM cdp.rejected_value ORDER BY 1, 2;
SELECT to_char(month, 'YYYY-MM') AS month, state, events FROM cdp.drop_events('2025-06-01');
SELECT cdp.set_sources('{"crm": {"keep_events": "30 days"}}');
SELECT source, state, events FROM cdp.drop_old_events();
SELECT count(*) FROM cdp.restitch();
SELECT namespace, reason, occurrences, folded, first_batch_id < last_batch_id AS spans FROM cdp.rejected_value ORDER BY 1, 2;
SELECT send('z', '2025-06-11', 'z', 'crm', NULL, '{"email": "nobody"}');
SELECT accepted FROM cdp.refresh();
SELECT count(*) FROM cdp.restitch();
SELECT namespace, reason, occurrences, folded FROM cdp.rejected_value ORDER BY 1, 2;
SELECT * FROM cdp.verify();
-- also where the list is full
INSERT INTO cdp_data.rejected_value (source, namespace, reason, occurrences, first_batch_id, last_batch_id, folded)
SELECT 'full', 'n' || i, 'a reason', 1, 1, 1, 1 FROM generate_series(1, 10000 - (SELECT count(*) FROM cdp_data.rejected_value)) i;
SELECT count(*) FROM cdp.restitch();
SELECT namespace, reason, occurrences, folded FROM cdp.rejected_value WHERE source <> 'full' ORDER BY 1, 2;
DELETE FROM cdp_data.rejected_value WHERE source = 'full';

-- a phone_region that changes later is told, and as long as it is another one
SELECT cdp.set_sources('{"crm": {"phone_region": "FR"}}');
SELECT * FROM cdp.verify();
SELECT cdp.set_sources('{"crm": {"phone_region": "GB"}}');
SELECT * FROM cdp.verify();
SELECT cdp.set_sources('{"crm": {"phone_region": null}}');
SELECT source, state, events FROM cdp.drop_old_events();
SELECT * FROM cdp.verify();
SELECT cdp.set_sources('{"crm": {"phone_region": "FR"}}');
SELECT * FROM cdp.verify();
SELECT count(*) FROM cdp.restitch();
SELECT stage, item FROM cdp.verify();
SELECT cdp.set_sources('{"crm": {"phone_region": "GB"}}');
SELECT * FROM cdp.verify();
SELECT folded_regions FROM cdp_data.source WHERE source = 'crm';

-- a row of the base has no more events and identifiers than events can have made
CREATE FUNCTION pack(events bigint, identifiers integer) RETURNS bytea LANGUAGE sql AS $$
	SELECT cdp_internal.pack_base(1, row(1, events, '2025-01-01', '2025-01-02', '2025-01-01', '2025-01-02', '-infinity', NULL, NULL,
		ARRAY(SELECT generate_series(1, identifiers)), NULL)::cdp_internal.base_content)
$$;
SELECT v.events, v.identifiers, f.state, f.message, f.detail
FROM (VALUES (9223372036854775807, 1), (1099511627777, 1), (1099511627776, 1), (2, 257), (2, 100000), (2, 256)) AS v (events, identifiers)
CROSS JOIN LATERAL fails(format('SELECT pack(%s, %s)', v.events, v.identifiers)) f;
-- nor is one read that says so: 2^40 + 1 events, in a varint of six bytes; 257 identifiers
SELECT f.state, f.message
FROM (VALUES (set_byte(pack(1099511627776, 1), position('\x808080808020'::bytea IN pack(1099511627776, 1)) - 1, 129)),
	(set_byte(pack(2, 256), position('\x8002'::bytea IN pack(2, 256)) - 1, 129) || '\x02')) AS v (packed)
CROSS JOIN LATERAL fails(format('SELECT cdp_internal.unpack_base(1, %L)', v.packed)) f;

\c :origin
DROP DATABASE cdp_drop_bounds;
