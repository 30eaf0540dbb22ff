-- cdp.sequence_next over rows of any table.
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- what ClickHouse's own tests expect of sequenceNextNode
CREATE TABLE bn_event (id int, at timestamptz, action text);
INSERT INTO bn_event SELECT h, timestamptz '2000-01-02 09:00' + n * interval '1 second', e FROM unnest('{ABCD,BBDC,AB,AAABC,ABAC,ABABC}'::text[]) WITH ORDINALITY s(actions, h), regexp_split_to_table(actions, '') WITH ORDINALITY r(e, n);
INSERT INTO bn_event VALUES (10, '2000-01-02 09:00:01', 'A'), (10, '2000-01-02 09:00:02', 'B'), (10, '2000-01-02 09:00:02', NULL), (10, '2000-01-02 09:00:03', 'C'), (10, '2000-01-02 09:00:04', 'D'),
	(11, '2000-01-02 09:00:01', 'D'), (11, '2000-01-02 09:00:01', 'B'), (11, '2000-01-02 09:00:01', 'A'), (11, '2000-01-02 09:00:01', 'C'), (11, NULL, '0');
SELECT direction, base, chain, string_agg(coalesce(next, '-'), '' ORDER BY id) AS "1 2 3 4 5 6 10 11"
FROM unnest('{forward head A,forward head B,backward tail B,backward tail C,backward tail D,forward head AB,forward head AAB,backward tail DC,backward tail DCB,forward first_match A,forward first_match AB,forward first_match ABC,forward first_match B,
	forward first_match BB,forward first_match BA,backward first_match B,backward first_match BA,backward tail A,forward last_match A,backward last_match BA,forward tail C,backward head A}'::text[]) WITH ORDINALITY c(call, n),
	LATERAL (SELECT split_part(call, ' ', 1) AS direction, split_part(call, ' ', 2) AS base, split_part(call, ' ', 3) AS chain) p,
	LATERAL (SELECT id, cdp.sequence_next(direction, base, at, action, true, VARIADIC (SELECT array_agg(action = a ORDER BY i) FROM regexp_split_to_table(chain, '') WITH ORDINALITY r(a, i))) AS next FROM bn_event GROUP BY id) x
GROUP BY n, direction, base, chain ORDER BY n;
-- the condition of the base; NULL conditions; no rows; times of every kind
SELECT id, cdp.sequence_next('forward', 'head', at, action, action <> 'B', action <> 'C') AS head, cdp.sequence_next('forward', 'first_match', at, action, at > '2000-01-02 09:00:01', action = 'A', action = 'B') AS later, cdp.sequence_next('backward', 'last_match', at, action, at < '2000-01-02 09:00:04', action = 'C') AS earlier,
	cdp.sequence_next('forward', 'first_match', at, action, NULL, action = 'A') AS null_base, cdp.sequence_next('forward', 'first_match', at, action, true, NULL, action = 'A') AS null_condition, cdp.sequence_next('forward', 'head', at, action, true, true) FILTER (WHERE action <> 'A') AS filtered
FROM bn_event GROUP BY id ORDER BY id;
SELECT cdp.sequence_next('forward', 'head', at, action, true, true) FROM bn_event WHERE false;
SELECT cdp.sequence_next('forward', 'head', n, e, true, n = -1) AS integer, cdp.sequence_next('forward', 'head', n::bigint, e, true, n = -1) AS bigint, cdp.sequence_next('forward', 'head', n + 0.5::float8, e, true, n = -1) AS double, cdp.sequence_next('forward', 'head', date '2000-01-01' + n, e, true, n = -1) AS date,
	cdp.sequence_next('forward', 'head', timestamp '2000-01-01' + n * interval '1 second', e, true, n = -1) AS timestamp
FROM (VALUES (2, 'late'), (-1, 'first'), (0, 'next')) v(n, e);
-- the event as it is
SELECT cdp.sequence_next('forward', 'head', n, e, true, n = 1), length(cdp.sequence_next('forward', 'head', n, e || repeat('é', 100000), true, n = 1)) FROM (VALUES (1, 'a'), (2, 'Ünï "q"')) v(n, e);

-- against the definition, for 8,000 histories
SELECT setseed(0.125);
CREATE TABLE bn_row AS
SELECT h AS history, n AS id, floor(random() * (2 + h % 8))::int AS at, (ARRAY['a', 'b', 'c'])[1 + floor(random() * 3)::int] AS event, random() < 0.7 AS can, random() < 0.6 AS x, random() < 0.6 AS y FROM generate_series(1, 8000) h, generate_series(1, 1 + h % 9) n;
CREATE TABLE bn_ordered AS
SELECT *, row_number() OVER (PARTITION BY history ORDER BY at, event COLLATE "C", array_remove(ARRAY[CASE WHEN x THEN 1 END, CASE WHEN y THEN 2 END], NULL), can DESC) AS n, count(*) OVER (PARTITION BY history) AS of FROM bn_row;
CREATE INDEX ON bn_ordered (history);
ANALYZE bn_ordered;
CREATE TABLE bn_answer AS
SELECT direction, base, history, cdp.sequence_next(direction, base, at, event, can, x, y) AS next FROM bn_row, unnest('{forward,backward}'::text[]) direction, unnest('{head,tail,first_match,last_match}'::text[]) base GROUP BY 1, 2, 3;
SELECT direction, base, count(next) > 400 AS some, count(*) FILTER (WHERE next IS DISTINCT FROM (
	SELECT r.event FROM bn_ordered r WHERE r.history = a.history AND r.n = b.n + 2 * s AND EXISTS (SELECT FROM bn_ordered o WHERE o.history = a.history AND o.n = b.n AND o.x) AND EXISTS (SELECT FROM bn_ordered o WHERE o.history = a.history AND o.n = b.n + s AND o.y))) AS differences
FROM bn_answer a, LATERAL (SELECT CASE direction WHEN 'forward' THEN 1 ELSE -1 END AS s) d LEFT JOIN LATERAL (
	SELECT CASE base WHEN 'head' THEN min(n) FILTER (WHERE n = 1 AND can) WHEN 'tail' THEN max(n) FILTER (WHERE n = of AND can) WHEN 'first_match' THEN min(n) FILTER (WHERE can AND x) ELSE max(n) FILTER (WHERE can AND x) END AS n FROM bn_ordered o WHERE o.history = a.history) b ON true
GROUP BY direction, base ORDER BY direction, base;

-- the same answer from parallel plans, and from states that travel as text or in binary
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0.01;
SET min_parallel_table_scan_size = 0;
ANALYZE bn_row;
EXPLAIN (COSTS OFF) SELECT id, cdp.sequence_next('forward', 'first_match', history, event, can, x, y) FROM bn_row GROUP BY id;
SELECT count(*) AS groups, count(p.next) > 5 AS some, count(*) FILTER (WHERE p IS DISTINCT FROM s) AS differences
FROM (SELECT id, cdp.sequence_next('backward', 'last_match', history, event, can, x, y) AS next FROM bn_row WHERE history % 7 > 0 GROUP BY id) p
FULL JOIN (SELECT id, cdp.sequence_next('backward', 'last_match', history, event, can, x, y ORDER BY history DESC) AS next FROM bn_row WHERE history % 7 > 0 GROUP BY id) s USING (id);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
CREATE AGGREGATE pg_temp.state_of(text, text, int, text, boolean, boolean[]) (SFUNC = cdp_internal.sequence_next_trans, STYPE = cdp_internal.sequence_next_state);
CREATE AGGREGATE pg_temp.next_of(cdp_internal.sequence_next_state) (SFUNC = cdp_internal.sequence_next_combine, STYPE = cdp_internal.sequence_next_state, FINALFUNC = cdp_internal.sequence_next_final);
CREATE TABLE bn_state AS SELECT history, id % 3 AS part, pg_temp.state_of('forward', 'first_match', at, event, can, ARRAY[x, y]) AS state FROM bn_row GROUP BY 1, 2;
COPY bn_state TO PROGRAM 'cat >cdp_behavior_next.bin' (FORMAT binary);
CREATE TABLE bn_state_read (LIKE bn_state);
COPY bn_state_read FROM PROGRAM 'cat cdp_behavior_next.bin; rm cdp_behavior_next.bin' (FORMAT binary);
ANALYZE bn_state_read, bn_answer;
SELECT count(*) AS histories, count(*) FILTER (WHERE s.next IS DISTINCT FROM a.next) AS differences
FROM (SELECT history, pg_temp.next_of(CASE WHEN part = 0 THEN state ELSE state::text::cdp_internal.sequence_next_state END) AS next FROM bn_state_read GROUP BY history) s JOIN bn_answer a USING (history) WHERE direction = 'forward' AND base = 'first_match';
SELECT cdp.sequence_next('forward', 'first_match', n, n::text, true, n % 1000 = 999, true, true) AS "1002" FROM generate_series(1, 200000) n;

-- what is refused
\getenv top PG_ABS_SRCDIR
\set refusal :top '/test/include/refusal.sql'
\i :refusal
\pset format unaligned
\pset tuples_only on
SELECT format('%s -> %s', call, pg_temp.refusal(format('SELECT cdp.sequence_next(%s) FROM bn_event WHERE id = 1', call)))
FROM unnest(ARRAY[$$'up', 'head', at, action, true, true$$, $$'', 'head', at, action, true, true$$, $$'forward', 'Head', at, action, true, true$$, $$NULL, 'head', at, action, true, true$$, $$'forward', NULL, at, action, true, true$$, $$'forward', 'head', 'infinity'::timestamptz, action, true, true$$,
	$$'forward', 'head', 'nan'::float8, action, true, true$$, $$'forward', 'head', at, action, true, VARIADIC '{}'::boolean[]$$, $$'forward', 'head', at, action, true, VARIADIC NULL::boolean[]$$, $$'forward', 'head', at, action, true, VARIADIC array_fill(true, ARRAY[33])$$,
	$$'forward', 'head', at, action, true, VARIADIC array_fill(true, ARRAY[ascii(action)-64])$$, $$CASE action WHEN 'A' THEN 'forward' ELSE 'backward' END, 'head', at, action, true, true$$, $$'forward', CASE action WHEN 'A' THEN 'head' ELSE 'tail' END, at, action, true, true$$, $$NULL, NULL, at, NULL, true, true$$]) call;
SELECT format('%s -> %s', bytes, pg_temp.refusal(format('SELECT %L::cdp_internal.sequence_next_state', bytes)))
FROM unnest('{"",00,zz,0100000103,0100000121,0102000103,0100040103,0200000103,01000001030500000000000000010701ff,010000010305000000000000000107026162,0100000103050000000000000001070361}'::text[]) bytes;
SELECT pg_temp.refusal($$SELECT cdp_internal.sequence_next_final('010000010105000000000000000101016105000000000000000101 01ff')$$), pg_temp.refusal($$SELECT cdp_internal.sequence_next_final('01000001010500000000000000010101610600000000000000010101ff')$$),
	pg_temp.refusal('SELECT cdp_internal.sequence_next_combine(NULL, NULL)'), pg_temp.refusal($$SELECT cdp_internal.sequence_next_trans(NULL, 'forward', 'head', 1, 'a', true, '{t}')$$);
\pset format aligned
\pset tuples_only off
DROP TABLE bn_event, bn_row, bn_ordered, bn_answer, bn_state, bn_state_read;
