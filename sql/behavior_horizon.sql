-- The horizons of predicates and measures: until when an answer stays.  For random histories and arguments: behavior_predicates.
SET search_path = public, cdp;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE TEMP TABLE bh_example AS SELECT '{"order": ["2024-01-01", "2024-01-03", ["2024-01-12", {"total": 5}]], "view": ["2024-01-09", "2024-01-11"]}'::cdp.timeline AS timeline;
SELECT cdp_internal.horizon('did', timeline, '{"step": "order", "within": "10 days", "as_of": "2024-01-10"}') AS due_before_it_leaves, cdp_internal.horizon('did', timeline, '{"step": "order", "within": "2 days", "as_of": "2024-01-10"}') AS due, cdp_internal.horizon('did', timeline, '{"step": "order", "within": "2 days", "as_of": "2024-01-13"}') AS leaves,
	cdp_internal.horizon('did_not', timeline, '{"step": "order", "older_than": "30 days", "as_of": "2024-01-10"}') AS old_enough, cdp_internal.horizon('did', timeline, '{"step": "order", "as_of": "2024-01-10"}') AS never, cdp_internal.horizon('did', timeline, '{"step": "order", "at_least": 2, "at_most": 2, "within": "10 days", "as_of": "2024-01-10"}') AS one_leaves,
	cdp_internal.horizon('did', timeline, '{"step": "order", "since": "2024-01-13", "as_of": "2024-01-10"}') AS nothing_since, cdp_internal.horizon('did', timeline, '{"step": "order", "within": "5 days", "until": "2024-01-12", "as_of": "2024-01-10"}') AS nothing_until
FROM bh_example;
SELECT cdp_internal.horizon('count_events', timeline, '{"step": "order", "within": "9 days", "as_of": "2024-01-10"}') AS times_stays_as_one_comes_and_goes, cdp_internal.horizon('first_time', timeline, '{"step": "order", "within": "9 days", "as_of": "2024-01-10"}') AS first, cdp_internal.horizon('last_time', timeline, '{"step": "order", "as_of": "2024-01-10"}') AS last,
	cdp_internal.horizon('sum', timeline, '{"step": "order", "number": "total", "as_of": "2024-01-10"}') AS sum, cdp_internal.horizon('avg', timeline, '{"step": "order", "number": "total", "as_of": "2024-01-13"}') AS avg, cdp_internal.horizon('min', timeline, '{"step": "order", "number": "total", "within": "3 days", "as_of": "2024-01-13"}') AS min, cdp_internal.horizon('max', timeline, '{"step": "view", "number": "total", "within": "3 days", "as_of": "2024-01-10"}') AS max,
	cdp_internal.horizon('most_frequent_event', timeline, '{"as_of": "2024-01-10"}') AS frequent, cdp_internal.horizon('funnel', timeline, '{"sequence": "order -> cart in 1 day", "as_of": "2024-01-10"}') AS funnel, cdp_internal.horizon('funnel', timeline, '{"sequence": "order -> cart in 1 day", "mode": "strict_order", "as_of": "2024-01-10"}') AS funnel_of_all,
	cdp_internal.horizon('sessions', timeline, '{"gap": "1 hour", "within": "1 day", "as_of": "2024-01-20"}') AS sessions, cdp_internal.horizon('last_session_start', timeline, '{"gap": "1 hour", "within": "1 day", "as_of": "2024-01-12"}') AS last_start
FROM bh_example;

-- what is not given
SELECT cdp_internal.horizon('did', NULL, '{"step": "a"}') AS timeline, cdp_internal.horizon('did', '{}', '{"step": null}') AS event, cdp_internal.horizon('count_events', '{}', '{"step": "a", "as_of": null}') AS as_of, cdp_internal.horizon('sum', '{}', '{"step": "a", "number": null}') AS number, cdp_internal.horizon('max', NULL, '{"step": "a", "number": "n"}') AS max, cdp_internal.horizon('most_frequent_event', NULL, '{}') AS frequent,
	cdp_internal.horizon('sessions', '{}', '{"gap": null}') AS gap, cdp_internal.horizon('funnel', '{}', '{"sequence": null}') AS sequence, cdp_internal.horizon('funnel', NULL, '{"sequence": "a"}') AS funnel, cdp_internal.horizon('funnel', '{}', '{"sequence": "a", "as_of": null}') AS funnel_as_of;

-- what is refused, as by their twins
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
SELECT call, pg_temp.refusal(format('SELECT cdp_internal.%s', call)) FROM unnest(ARRAY[$$horizon('did', '{}', '{"step": ""}')$$, $$horizon('did', '{}', '{"step": "a", "at_least": 3, "at_most": 2}')$$, $$horizon('did_not', '{}', '{"step": "a", "at_least": -1}')$$, $$horizon('did', NULL, '{"step": "a", "within": "1 month"}')$$, $$horizon('count_events', '{}', '{"step": "a", "as_of": "infinity"}')$$,
	$$horizon('first_time', '{}', '{"step": "a", "older_than": "-1 day"}')$$, $$horizon('last_time', '{}', '{"step": ""}')$$, $$horizon('sum', '{}', '{"step": "a", "number": ""}')$$, $$horizon('avg', '{}', '{"step": "", "number": "n"}')$$, $$horizon('min', '{}', '{"step": "a", "number": "n", "within": "0"}')$$, $$horizon('most_frequent_event', '{}', '{"within": "1 year"}')$$,
	$$horizon('sessions', '{}', '{"gap": "-1"}')$$, $$horizon('last_session_start', '{}', '{"gap": "1 month"}')$$, $$horizon('funnel', '{}', '{"sequence": ""}')$$, $$horizon('funnel', '{}', '{"sequence": "a", "attempts": "second"}')$$, $$horizon('funnel', '{}', '{"sequence": "a & b", "mode": "strict_order"}')$$, $$horizon('funnel', '{}', '{"sequence": "a", "within": "1 month"}')$$,
	$$horizon('nothing', '{}', '{}')$$, $$horizon('did', '{}', '{"gap": 1}')$$, $$horizon('did', '{}', '{"step": "a", "within": "soon"}')$$]) call;

-- who may not call what is for tests
SELECT proname, has_function_privilege('public', oid, 'EXECUTE') FROM pg_proc WHERE pronamespace = 'cdp_internal'::regnamespace AND proname IN ('horizon', 'predicates', 'predicate_arguments') ORDER BY proname COLLATE "C";
