-- The attribution table: campaigns of a person's touches on all devices, and against definitions on random rows.
\set SHOW_CONTEXT never
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_attributed ENCODING 'UTF8' TEMPLATE template0;
\c cdp_attributed
CREATE EXTENSION cdp;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT cdp.init();
-- ann comes by news on one device and by an ad on another, and orders on a third; bob orders twice; cy never; nothing leads to dan's
INSERT INTO cdp.inbox (anonymous_id, user_id, event, properties, context, traits, "timestamp", type) VALUES
	('phone', NULL, 'Page', NULL, '{"campaign": {"source": "mail", "name": "news"}}', NULL, '2026-03-01 10:00Z', 'page'), ('laptop', NULL, 'Page', NULL, '{"campaign": {"source": "google", "name": "ad"}}', NULL, '2026-03-03 10:00Z', 'page'),
	('phone', 'ann', NULL, NULL, NULL, '{"country": "DE"}', '2026-03-05Z', 'identify'), ('laptop', 'ann', NULL, NULL, NULL, NULL, '2026-03-06Z', 'identify'), (NULL, 'ann', 'Order Completed', '{"total": 100.50}', NULL, NULL, '2026-03-10Z', 'track'),
	(NULL, 'bob', 'Page', NULL, '{"campaign": {"source": "google", "name": "ad"}}', '{"country": "FR"}', '2026-01-01Z', 'page'), (NULL, 'bob', 'Order Completed', '{"total": 20}', NULL, NULL, '2026-01-20Z', 'track'), (NULL, 'bob', 'Order Completed', '{"total": "9.50"}', NULL, NULL, '2026-03-20Z', 'track'),
	(NULL, 'cy', 'Page', NULL, '{"campaign": {"source": "google", "name": "ad"}}', NULL, '2026-03-02Z', 'page'), (NULL, 'cy', 'Page', NULL, '{"campaign": {"source": "x", "name": ""}}', NULL, '2026-03-02Z', 'page'), (NULL, 'dan', 'Order Completed', NULL, NULL, NULL, '2026-03-02Z', 'track'),
	(NULL, 'bob', NULL, NULL, NULL, '{"country": "FR"}', '2026-01-01Z', 'identify');
SELECT accepted, quarantined FROM cdp.refresh();
CREATE TABLE ad_spend (campaign text, cost numeric);
INSERT INTO ad_spend VALUES ('ad', 30), ('ad', 12), ('tv', 500), (NULL, 1), ('news', NULL);
SELECT * FROM cdp.attribution_table('Order Completed', 'total', spend => 'TABLE ad_spend', models => '{first,last,"position_based(30, 60)"}', as_of => '2026-04-01');
SELECT * FROM cdp.attribution_table('Order Completed', channel => '{campaign_source,campaign_name}', lookback => NULL, models => '{linear}', since => '2026-02-01', as_of => '2026-04-01');
SELECT breakdown, channel_name, touches, people, conversions, share, value FROM cdp.attribution_table('Order Completed', 'total', models => '{linear}', by => '{trait:country}', as_of => '2026-04-01');
SELECT breakdown, channel_name, touches, people, conversions FROM cdp.attribution_table('Order Completed', models => '{last}', by => '{trait:country}', top => 1, as_of => '2026-04-01');
SELECT cdp.create_segment('germans', $$ traits ->> 'country' = 'DE' $$);
SELECT channel_name, model, conversions, value, spent, return_on_spend FROM cdp.attribution_table('Order Completed', 'total', segment => 'germans', spend => 'SELECT campaign, sum(cost) FROM ad_spend GROUP BY 1 -- by campaign', as_of => '2026-04-01') WHERE channel_name = 'ad';
-- a property that is not carried is read in the log
SELECT channel_name, conversions FROM cdp.attribution_table('Order Completed[total > 50]', channel => '{url}', touch => 'Page[referrer not exists]', models => '{linear}', as_of => '2026-04-01');
-- what the caller may not read, the query does not
CREATE ROLE bt_reader;
SELECT cdp.grant_access('bt_reader', 'analyst');
SET ROLE bt_reader;
SELECT channel_name, conversions FROM cdp.attribution_table('Order Completed', models => '{last}', as_of => '2026-04-01');
SELECT FROM cdp.attribution_table('Order Completed', spend => 'TABLE ad_spend');
RESET ROLE;
SELECT cdp.create_segment('s', $$ (SELECT count(*) FROM cdp.attribution_table('a')) > 1 $$);

SELECT FROM cdp.attribution_table(NULL);
SELECT FROM cdp.attribution_table('a', channel => NULL);
SELECT FROM cdp.attribution_table('a', channel => '{}');
SELECT FROM cdp.attribution_table('a', channel => '{a,NULL}');
SELECT FROM cdp.attribution_table('a', number => '');
SELECT FROM cdp.attribution_table('a', models => NULL);
SELECT FROM cdp.attribution_table('a', models => '{}');
SELECT FROM cdp.attribution_table('a', models => '{first,"position_based(40, 40)",position_based}');
SELECT FROM cdp.attribution_table('a', models => '{first,NULL}');
SELECT FROM cdp.attribution_table('a', models => '{markov,linear,markov}');
SELECT FROM cdp.attribution_table('a', models => '{markov,linear," linear"}');
SELECT FROM cdp.attribution_table('a', models => '{chain}');
SELECT FROM cdp.attribution_table('a', lookback => '1 month');
SELECT FROM cdp.attribution_table('a', since => '2026-01-02', until => '2026-01-01');
SELECT FROM cdp.attribution_table('a', by => '{property:x}');
SELECT FROM cdp.attribution_table('a', by => '{trait:x}', spend => 'TABLE ad_spend');
SELECT FROM cdp.attribution_table('a', spend => ' ');
SELECT FROM cdp.attribution_table('a', spend => 'SELECT 1');
SELECT FROM cdp.attribution_table('a', as_of => 'infinity');
SELECT FROM cdp.attribution_table('a', top => 0);

-- random rows: equal times, several campaigns of an event, conversions that are touches
SELECT setseed(0.3);
CREATE TABLE at_row AS
SELECT h AS person, timestamptz '2026-01-01' + floor(random() * 300) * interval '8 hours' AS at, ('{view,order,Direct}'::text[])[ceil(random() * 3)] AS event,
	(ARRAY['"a"', '"b"', '["c", "a"]', '"direct"', '""', 'null'])[ceil(random() * 6)]::jsonb AS campaign, ('{x,y,NULL}'::text[])[ceil(random() * 3)] AS source, CASE WHEN random() < 0.8 THEN round((random() * 100)::numeric, 2) END AS total
FROM generate_series(1, 200) h, generate_series(1, h % 30) n;
CREATE TABLE at_touch AS
SELECT DISTINCT r.person, r.at, r.event, r.ctid AS id, c.campaign, CASE WHEN coalesce(c.campaign, '') || coalesce(r.source, '') <> '' THEN coalesce(c.campaign, '(none)') || ' / ' || coalesce(r.source, '(none)') END AS pair
FROM at_row r, LATERAL (SELECT jsonb_array_elements_text(r.campaign) WHERE jsonb_typeof(r.campaign) = 'array' UNION SELECT r.campaign #>> '{}' WHERE jsonb_typeof(r.campaign) <> 'array') c (campaign);
\set models '{first,last,last_non_direct,linear,time_decay(3 days),"position_based(30, 50)",shapley}'
CREATE TABLE at_expected AS
SELECT q.channel, q.since, q.until, q.lookback, m.model, c.touchpoint, sum(c.conversions) AS conversions, sum(c.value) AS value
FROM (VALUES ('campaign', '-infinity'::timestamptz, 'infinity'::timestamptz, interval '10 days', timestamptz '2026-12-31'), ('pair', '2026-02-01', '2026-03-10', NULL, '2026-03-05 08:00')) q (channel, since, until, lookback, as_of),
	unnest(:'models'::text[]) m (model), LATERAL (SELECT r.person, cdp.attribution(m.model, q.lookback, r.at, r.touchpoint, r.conversion) AS credits
		FROM (SELECT person, at, nullif(CASE q.channel WHEN 'pair' THEN pair ELSE campaign END, '') AS touchpoint, NULL::numeric AS conversion FROM at_touch WHERE event <> 'order' AND at <= q.as_of
			UNION ALL SELECT person, at, NULL, coalesce(total, 0) FROM at_row WHERE event = 'order' AND at >= q.since AND at < q.until AND at <= q.as_of) r GROUP BY r.person) p,
	jsonb_to_recordset(p.credits) AS c (touchpoint text, conversions numeric, value numeric)
GROUP BY 1, 2, 3, 4, 5, 6;
SELECT e.channel, count(*) AS rows, count(DISTINCT t.model) AS models, count(*) FILTER (WHERE t.conversions IS DISTINCT FROM coalesce(e.conversions, 0) OR t.value IS DISTINCT FROM coalesce(e.value, 0)) AS different, sum(t.conversions) FILTER (WHERE t.model = 'linear') AS conversions
FROM at_expected e FULL JOIN (
	SELECT 'campaign' AS channel, * FROM cdp.attribution_table('order', 'total', channel => '{campaign}', touch => 'view | "Direct"', lookback => '10 days', models => :'models', query => 'SELECT person, at, event, campaign, source, total FROM at_row', as_of => '2026-12-31')
	UNION ALL SELECT 'pair', * FROM cdp.attribution_table('order', 'total', channel => '{campaign,source}', touch => 'view | "Direct"', lookback => NULL, models => :'models', since => '2026-02-01', until => '2026-03-10', query => 'SELECT person, at, event, campaign, source, total FROM at_row', as_of => '2026-03-05 08:00')) t
	ON (e.channel, e.model, coalesce(e.touchpoint, '')) = (t.channel, t.model, coalesce(t.channel_name, '')) GROUP BY 1 ORDER BY 1;
-- first, last and linear without the aggregate; each touch of an event that converts counts for it
WITH pair AS (
	SELECT o.ctid AS id, coalesce(o.total, 0) AS value, t.campaign, t.at, min(t.at) OVER w AS first, max(t.at) OVER w AS last, count(t.campaign) OVER w AS n, count(*) OVER (PARTITION BY o.ctid, t.at) AS beside
	FROM at_row o LEFT JOIN at_touch t ON t.person = o.person AND t.campaign <> '' AND t.at <= o.at AND t.at > o.at - interval '20 days'
	WHERE o.event = 'order' WINDOW w AS (PARTITION BY o.ctid)
), d AS (
	SELECT m.model, p.campaign, sum(s.share) AS conversions, sum(s.share * p.value) AS value
	FROM pair p, unnest('{first,last,linear}'::text[]) m (model), LATERAL (SELECT CASE WHEN p.campaign IS NULL THEN 1.0 WHEN m.model = 'linear' THEN 1.0 / p.n WHEN p.at = CASE m.model WHEN 'first' THEN p.first ELSE p.last END THEN 1.0 / p.beside END AS share) s GROUP BY 1, 2
)
SELECT count(*) AS rows, max(abs(t.conversions - d.conversions)) < 0.00001 AS conversions, max(abs(t.value - d.value)) < 0.001 AS value, count(*) FILTER (WHERE t.conversions IS NULL OR d.conversions IS NULL) AS missing,
	count(*) FILTER (WHERE t.touches <> (SELECT count(*) FROM at_touch a WHERE a.campaign = t.channel_name) OR t.people <> (SELECT count(DISTINCT person) FROM at_touch a WHERE a.campaign = t.channel_name)) AS other_touches, sum(share) AS shares
FROM d FULL JOIN cdp.attribution_table('order', 'total', channel => '{campaign}', lookback => '20 days', models => '{first,last,linear}', query => 'SELECT person, at, event, campaign, total FROM at_row', as_of => '2026-12-31') t ON (t.model, coalesce(t.channel_name, '')) = (d.model, coalesce(d.campaign, ''));
\c :origin
DROP DATABASE cdp_attributed;
DROP ROLE bt_reader;
