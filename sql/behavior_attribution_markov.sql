-- The models of attribution that look at other people's paths, or at sets of touchpoints.
\set SHOW_CONTEXT never
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS cdp;
-- a textbook's three paths: a, b, c converts; a leaves; b, c leaves.  Without a half of it is lost, without b or c all.
SELECT * FROM cdp_internal.markov_shares('{NULL,NULL,a,a,b,c,c}', '{a,b,b,NULL,c,NULL,NULL}', '{f,f,f,f,f,t,f}', '{2,1,1,1,2,1,1}');
-- nothing converts; nothing moves
SELECT * FROM cdp_internal.markov_shares('{NULL,a}', '{a,NULL}', '{f,f}', '{2,2}');
SELECT * FROM cdp_internal.markov_shares('{}', '{}', '{}', '{}');
-- a channel that never converts itself leads to one that does
SELECT * FROM cdp_internal.markov_shares('{NULL,a,NULL,b,b}', '{a,b,b,NULL,NULL}', '{f,f,f,t,f}', '{1,1,1,1,1}');
SELECT * FROM cdp_internal.markov_shares('{NULL}', '{a,b}', '{f}', '{1}');
SELECT * FROM cdp_internal.markov_shares('{NULL}', '{a}', '{f}', '{}');
SELECT * FROM cdp_internal.markov_shares('{a}', '{a}', '{f}', '{1}');
SELECT * FROM cdp_internal.markov_shares('{a}', '{b}', '{f}', '{0}');
SELECT * FROM cdp_internal.markov_shares('{a}', '{b}', '{NULL}', '{1}');
SELECT * FROM cdp_internal.markov_shares('{NULL,a,b}', '{a,b,a}', '{f,f,f}', '{1,1,1}');
-- as many touches of a and b in turn as can be counted: each channel is still due a third
SELECT * FROM cdp_internal.markov_shares('{NULL,a,b,b,NULL,c}', '{a,b,a,NULL,c,NULL}', '{f,f,f,t,f,t}', '{1,9223372036854775807,9223372036854775806,1,1,1}');
SELECT count(*) FROM cdp_internal.markov_shares((SELECT array_agg(n::text) FROM generate_series(1, 1001) n), (SELECT array_agg(NULL::text) FROM generate_series(1, 1001)), (SELECT array_agg(true) FROM generate_series(1, 1001)), (SELECT array_agg(1::bigint) FROM generate_series(1, 1001)));

-- the aggregate: each different touchpoint the same, however often; markov needs others' paths
SELECT cdp.attribution('shapley', NULL, at::timestamp, touch, worth) FROM (VALUES ('2026-01-01', 'a', NULL), ('2026-01-02', 'a', NULL), ('2026-01-03', 'b', NULL), ('2026-01-04', NULL, 30), ('2026-01-05', 'c', 6)) r (at, touch, worth);
SELECT cdp.attribution('markov', NULL, now(), 'a', 1);

SELECT current_database() AS origin \gset
CREATE DATABASE cdp_markov ENCODING 'UTF8' TEMPLATE template0;
\c cdp_markov
CREATE EXTENSION cdp;
SET timezone = 'UTC';
SELECT cdp.init();
CREATE TABLE mk_row (person integer, at timestamptz, event text, campaign text, total numeric);
-- the textbook's paths, and a conversion without a touch
INSERT INTO mk_row VALUES (1, '2026-01-01', 'view', 'a', NULL), (1, '2026-01-02', 'view', 'b', NULL), (1, '2026-01-03', 'view', 'c', NULL), (1, '2026-01-04', 'order', NULL, 50),
	(2, '2026-01-01', 'view', 'a', NULL), (3, '2026-01-01', 'view', 'b', NULL), (3, '2026-01-02', 'view', 'c', NULL), (4, '2026-01-02', 'order', NULL, 7);
SELECT model, channel_name, touches, people, conversions, share, value FROM cdp.attribution_table('order', 'total', channel => '{campaign}', touch => 'view', models => '{shapley,markov,linear}', query => 'TABLE mk_row', as_of => '2026-02-01');
-- arrays of models whose first place is not 1, or of two dimensions
SELECT model, channel_name, touches, people, conversions, value FROM cdp.attribution_table('order', 'total', channel => '{campaign}', touch => 'view', models => '[0:0]={markov}', query => 'TABLE mk_row', as_of => '2026-02-01');
SELECT model, channel_name, touches, people, conversions, value FROM cdp.attribution_table('order', 'total', channel => '{campaign}', touch => 'view', models => '{{last},{markov}}', query => 'TABLE mk_row', as_of => '2026-02-01');
-- the only model; nothing converts; no people
SELECT model, channel_name, touches, conversions FROM cdp.attribution_table('order', channel => '{campaign}', touch => 'view', models => '{markov}', lookback => '36 hours', query => 'TABLE mk_row', as_of => '2026-02-01');
SELECT model, channel_name, touches, conversions FROM cdp.attribution_table('order', channel => '{campaign}', touch => 'view', models => '{markov}', query => 'SELECT * FROM mk_row WHERE person > 1', as_of => '2026-01-01 12:00');
SELECT model, channel_name, touches, conversions FROM cdp.attribution_table('order', channel => '{campaign}', touch => 'view', models => '{markov}', query => 'SELECT * FROM mk_row WHERE false', as_of => '2026-02-01');

-- random rows against the definition: paths in SQL, the chain followed for 100 moves
TRUNCATE mk_row;
SELECT setseed(0.4);
INSERT INTO mk_row SELECT h, timestamptz '2026-01-01' + floor(random() * 200) * interval '3 hours', CASE WHEN random() < 0.15 THEN 'order' ELSE 'view' END, ('{a,b,c,d,e}'::text[])[ceil(random() ^ 2 * 5)], round((random() * 100)::numeric, 2)
FROM generate_series(1, 300) h, generate_series(1, 1 + h % 12) n;
UPDATE mk_row SET campaign = NULL WHERE event = 'order';
CREATE VIEW mk_path AS
WITH pair AS (
	SELECT o.ctid::text AS path, true AS converted, t.at, t.campaign, t.ctid AS touch FROM mk_row o JOIN mk_row t ON t.person = o.person AND t.event = 'view' AND t.at <= o.at AND t.at > o.at - interval '10 days' WHERE o.event = 'order'
), path AS (
	SELECT path, converted, at, campaign, touch FROM pair
	UNION ALL SELECT 'left ' || t.person, false, t.at, t.campaign, t.ctid FROM mk_row t WHERE t.event = 'view' AND t.ctid NOT IN (SELECT touch FROM pair)
), moved AS (
	SELECT path, converted, campaign, lag(campaign) OVER w AS former, lead(campaign) OVER w AS next FROM path WINDOW w AS (PARTITION BY path ORDER BY at, campaign COLLATE "C", touch)
)
SELECT coalesce(former, 'start') AS source, campaign AS target FROM moved WHERE former IS DISTINCT FROM campaign
UNION ALL SELECT campaign, CASE WHEN converted THEN 'converted' ELSE 'left' END FROM moved WHERE next IS NULL;
CREATE TABLE mk_chance AS SELECT source, target, (count(*) / sum(count(*)) OVER (PARTITION BY source))::float8 AS chance FROM mk_path GROUP BY 1, 2;
CREATE FUNCTION mk_converts(without text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	at jsonb := '{"start": 1}';
	converts float8 := 0;
BEGIN
	FOR step IN 1 .. 100 LOOP
		converts := converts + (SELECT coalesce(sum(s.value::float8 * c.chance), 0) FROM jsonb_each_text(at) s JOIN mk_chance c ON c.source = s.key WHERE c.target = 'converted');
		at := (SELECT jsonb_object_agg(n.target, n.chance) FROM (SELECT c.target, sum(s.value::float8 * c.chance) AS chance FROM jsonb_each_text(at) s JOIN mk_chance c ON c.source = s.key WHERE c.target NOT IN ('converted', 'left', without) GROUP BY 1) n);
	END LOOP;
	RETURN converts;
END $$;
WITH effect AS (
	SELECT c.campaign, mk_converts('') - mk_converts(c.campaign) AS lost FROM unnest('{a,b,c,d,e}'::text[]) c (campaign)
), total AS (
	SELECT sum(conversions) AS conversions, sum(value) AS value FROM cdp.attribution_table('order', 'total', channel => '{campaign}', touch => 'view', lookback => '10 days', models => '{last}', query => 'TABLE mk_row', as_of => '2026-12-31') WHERE channel_name IS NOT NULL
)
SELECT count(*) AS channels, max(abs(t.conversions - (e.lost / s.lost)::numeric * total.conversions)) < 0.000001 AS conversions, max(abs(t.value - (e.lost / s.lost)::numeric * total.value)) < 0.0001 AS value, sum(t.conversions) = max(total.conversions) AS all_shared
FROM effect e CROSS JOIN (SELECT sum(lost) AS lost FROM effect) s CROSS JOIN total
JOIN cdp.attribution_table('order', 'total', channel => '{campaign}', touch => 'view', lookback => '10 days', models => '{markov}', query => 'TABLE mk_row', as_of => '2026-12-31') t ON t.channel_name = e.campaign;
-- Shapley: the conversions whose touchpoints are all of a set are what it wins, over all orders in which it can grow
CREATE TABLE mk_won AS SELECT o.ctid, array_agg(DISTINCT t.campaign) AS touchpoints FROM mk_row o JOIN mk_row t ON t.person = o.person AND t.event = 'view' AND t.at <= o.at AND t.at > o.at - interval '10 days' WHERE o.event = 'order' GROUP BY 1;
WITH ordering AS (
	SELECT ARRAY[a, b, c, d, e] AS o FROM unnest('{a,b,c,d,e}'::text[]) a, unnest('{a,b,c,d,e}'::text[]) b, unnest('{a,b,c,d,e}'::text[]) c, unnest('{a,b,c,d,e}'::text[]) d, unnest('{a,b,c,d,e}'::text[]) e WHERE (SELECT count(DISTINCT x) FROM unnest(ARRAY[a, b, c, d, e]) x) = 5
), value AS (
	SELECT o.o[n] AS campaign, avg((SELECT count(*) FROM mk_won w WHERE w.touchpoints <@ o.o[:n]) - (SELECT count(*) FROM mk_won w WHERE w.touchpoints <@ o.o[:n - 1])) AS conversions FROM ordering o, generate_series(1, 5) n GROUP BY 1
)
SELECT count(*) AS channels, max(abs(t.conversions - v.conversions)) < 0.00001 AS conversions
FROM value v JOIN cdp.attribution_table('order', channel => '{campaign}', touch => 'view', lookback => '10 days', models => '{shapley}', query => 'TABLE mk_row', as_of => '2026-12-31') t ON t.channel_name = v.campaign;
\c :origin
DROP DATABASE cdp_markov;
