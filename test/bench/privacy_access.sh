#!/bin/bash
# What a role that is bound to a purpose pays, beside an analyst of all people, on PEOPLE people of whom three of five may
# be used for the purpose.  What counts is the CPU of the backend, as Linux counts it; the two roles take turns.
#   PEOPLE=200000   number of people, with five events each
#   ROUNDS=5        repetitions, of which the median counts
set -euo pipefail
PEOPLE=${PEOPLE:-200000}
ROUNDS=${ROUNDS:-5}

psql -Xq -v ON_ERROR_STOP=1 -v people="$PEOPLE" >/dev/null <<'SQL'
SET client_min_messages = warning;
SELECT cdp.init();
CREATE ROLE cdp_bench_all;
CREATE ROLE cdp_bench_mark;
CREATE ROLE cdp_bench_anon;
CREATE PROCEDURE arrive(people bigint) LANGUAGE plpgsql AS $$
BEGIN
	FOR k IN 0 .. (people - 1) / 50000 LOOP
		INSERT INTO cdp.inbox (type, event, user_id, anonymous_id, traits, properties, "timestamp")
		SELECT e.type, e.event, 'u' || i, 'a' || i, CASE e.type WHEN 'identify' THEN jsonb_build_object('plan', (ARRAY['free', 'pro', 'team'])[1 + i % 3], 'email', 'e' || i || '@example.com') END,
			CASE e.type WHEN 'track' THEN jsonb_build_object('total', (i * e.n) % 97) END, '2026-01-01'::timestamptz + interval '90 days' * ((hashint8extended(i, e.n) & 1048575) / 1048576.0)
		FROM generate_series(k * 50000 + 1, least((k + 1) * 50000, people)) i,
			(VALUES (1, 'identify', NULL), (2, 'track', 'order'), (3, 'track', 'view'), (4, 'track', 'view'), (5, 'track', 'cart')) e (n, type, event);
		PERFORM cdp.refresh(250000);
		COMMIT;
	END LOOP;
END
$$;
CALL arrive(:people);
SELECT cdp.create_segment('buyers', $$ cdp.did(timeline, 'order[total > 40]') $$);
SELECT cdp.grant_access('cdp_bench_all', 'analyst'), cdp.create_purpose('marketing');
CREATE TABLE wanted AS SELECT profile_id FROM cdp_data.profile ORDER BY profile_id % 97, profile_id LIMIT 2000;
GRANT SELECT ON wanted TO PUBLIC;
UPDATE cdp_data.profile SET purposes = 1 WHERE profile_id % 5 < 3;
VACUUM (ANALYZE);
CREATE TABLE spent (round integer, what text, role text, ms float8);
CREATE FUNCTION cpu_ms() RETURNS float8 LANGUAGE sql VOLATILE AS $$ SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1e6 $$;
CREATE PROCEDURE note(round integer, what text, role text, statement text) LANGUAGE plpgsql AS $$
DECLARE
	started float8;
	ms float8;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	EXECUTE statement;
	SET LOCAL ROLE NONE;
	-- another snapshot, so that what the statement finds out about who is seen is found out again
	INSERT INTO spent VALUES (0, what, role, 0);
	started := cpu_ms();
	EXECUTE format('SET LOCAL ROLE %I', role);
	EXECUTE statement;
	SET LOCAL ROLE NONE;
	ms := cpu_ms() - started;
	INSERT INTO spent VALUES (round, what, role, ms);
	COMMIT;
END
$$;
CREATE PROCEDURE measure(round integer, people bigint, roles text[]) LANGUAGE plpgsql AS $$
DECLARE
	asked record;
	who text;
BEGIN
	FOR asked IN
		SELECT * FROM (VALUES
			('count of people with did()', $q$SELECT count(*) FROM cdp.profile_row WHERE cdp.did(timeline, 'order[total > 40]')$q$),
			('cdp.lookup, 2,000 people', format($q$SELECT count(cdp.lookup('user_id:u' || 1 + i * 97 %% %s)) FROM generate_series(1, 2000) i$q$, people)),
			('cdp.lookup by e-mail, 2,000 people', format($q$SELECT count(cdp.lookup('email:e' || 1 + i * 97 %% %s || '@example.com', 'traits')) FROM generate_series(1, 2000) i$q$, people)),
			('events of one person, 2,000 people', 'SELECT count(*) FROM wanted w CROSS JOIN LATERAL (SELECT e.event FROM cdp.events e WHERE e.profile_id = w.profile_id OFFSET 0) e'),
			('all events of one name', $q$SELECT count(*) FROM cdp.events WHERE event = 'order'$q$),
			('the log, by source', $q$SELECT source, count(*) FROM cdp_data.event GROUP BY 1$q$),
			('cdp.members()', $q$SELECT count(*) FROM cdp.members('buyers')$q$),
			('cdp.funnel_table()', $q$SELECT count(*) FROM cdp.funnel_table('view -> cart -> order in 7 days')$q$),
			('cdp.change', $q$SELECT count(*) FROM cdp.change$q$)) AS q (what, statement)
	LOOP
		FOREACH who IN ARRAY roles LOOP
			CALL note(round, asked.what, who, asked.statement);
		END LOOP;
	END LOOP;
END
$$;
SQL
# before a role is bound, and after it
for round in $(seq "$ROUNDS"); do
	psql -Xq -v ON_ERROR_STOP=1 -c "SET max_parallel_workers_per_gather = 0" -c "CALL measure(-$round, $PEOPLE, '{cdp_bench_all}')" >/dev/null
done
psql -Xq -v ON_ERROR_STOP=1 -c "SELECT cdp.grant_access('cdp_bench_mark', 'analyst', purpose => 'marketing', identifiers => true)" >/dev/null
for round in $(seq "$ROUNDS"); do
	psql -Xq -v ON_ERROR_STOP=1 -c "SET max_parallel_workers_per_gather = 0" -c "CALL measure($round, $PEOPLE, '{cdp_bench_all,cdp_bench_mark}')" >/dev/null
done
psql -Xq <<'SQL'
WITH m AS (
	SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE round < 0) AS before, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE role = 'cdp_bench_all' AND round > 0) AS all_people,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE role = 'cdp_bench_mark') AS bound
	FROM spent WHERE round <> 0 GROUP BY 1)
SELECT what, round(before::numeric, 1) AS "ms, no purpose", round((all_people / before)::numeric, 2) AS "analyst of all", round((bound / all_people)::numeric, 2) AS "bound role",
	CASE WHEN what LIKE 'count%' OR what LIKE '%lookup%' THEN 2 WHEN what LIKE 'events%' THEN 1.5 WHEN what LIKE 'all events%' OR what LIKE 'the log%' THEN 3 END AS bar
FROM m ORDER BY 1;
SQL
