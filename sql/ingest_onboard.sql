-- cdp_internal.onboard: what a row of the inbox becomes
-- (the _1 output: psql 16 and later take a zero-width character for one of no width)
-- the row of a test: defaults, overwritten by what is given as jsonb
CREATE FUNCTION onboard(given jsonb, OUT call_type text, OUT event_name text, OUT at timestamptz, OUT source text,
	OUT ids cdp.identifier[], OUT reason text, OUT detail text) LANGUAGE sql AS $$
	SELECT o.call_type, o.event_name, o.at, o.source, o.ids, o.reason, o.detail FROM jsonb_to_record(given) AS i (type text, event text, anonymous_id text, user_id text, group_id text, previous_id text,
			identifiers jsonb, properties jsonb, traits jsonb, context jsonb,
			"timestamp" timestamptz, sent_at timestamptz, original_timestamp timestamptz, received_at timestamptz, source text),
		cdp_internal.onboard(type, event, anonymous_id, user_id, group_id, previous_id, identifiers, properties, traits, context,
			"timestamp", sent_at, original_timestamp, received_at, source, timestamptz '2026-03-01 00:00+00') o
$$;
SET timezone = 'UTC';
SET datestyle = 'ISO';

-- the whole result, of a good row and of a bad one
\x
SELECT * FROM onboard('{"type":" Track ","event":" Order Completed ","user_id":" u-7 ","anonymous_id":"a-1","timestamp":"2026-01-02T03:04:05Z","source":" web "}');
SELECT * FROM onboard('{"type":"track","user_id":"u-7"}');
\x

-- type and event
CREATE TEMP TABLE typed (n serial, given jsonb);
INSERT INTO typed (given) VALUES
	('{"type":"IDENTIFY"}'), ('{"type":"identify","event":"x"}'), ('{"type":"page"}'), ('{"type":"page","event":"Home","properties":{"name":"n"}}'),
	('{"type":"screen","properties":{"name":"n"}}'), ('{"type":"group","group_id":"g","event":"x"}'), ('{"type":"alias"}'),
	('{"event":"e"}'), ('{"traits":{}}'), ('{"event":"e","traits":{}}'), ('{"event":" ","traits":{}}'), ('{"type":"","event":"e"}'),
	('{}'), ('{"type":"  "}'), ('{"traits":null}'), ('{"traits":[]}'), ('{"properties":{}}'),
	('{"type":"tracks"}'), ('{"type":"trac"}'), ('{"type":"ann@example.com"}'), ('{"type":"track e"}'),
	('{"type":"track"}'), ('{"type":"track","event":"\u00a0 \u200b"}'), ('{"type":"track","event":"\u00a0e\u3000"}'),
	('{"type":"track","event":"a\u0007b"}'), ('{"type":"track","event":"a\u0085b"}'), ('{"type":"track","event":"a\nb"}'), ('{"type":"page","event":"a\tb"}'),
	('{"type":"identify","event":"a\tb"}'),
	('{"type":"group"}'), ('{"type":"group","group_id":" "}');
-- psql of different releases sees signs without width differently
\pset format unaligned
SELECT given, o.call_type, o.event_name, o.reason, o.detail FROM typed, onboard(given || '{"user_id":"u"}') o ORDER BY n;
\pset format aligned
SELECT n, length(o.event_name), octet_length(o.event_name), o.reason, o.detail
FROM unnest(ARRAY[127, 128, 255]) n, cdp_internal.onboard('track', repeat(CASE n WHEN 255 THEN 'x' ELSE 'é' END, n), 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, now()) o ORDER BY n;

-- source
SELECT s.source, o.source AS taken, o.reason, o.detail
FROM (VALUES (NULL), (''), (' '), (' crm '), (repeat('s', 63)), (repeat('s', 64)), (E'a\x01b')) s (source),
	cdp_internal.onboard('track', 'e', 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, s.source, now()) o;

-- time: which column counts, and its bounds
CREATE TEMP TABLE timed (n serial, given jsonb);
INSERT INTO timed (given) VALUES
	('{}'), ('{"received_at":"2026-02-05Z"}'), ('{"received_at":"2026-02-05Z","sent_at":"2026-02-04Z"}'),
	('{"received_at":"2026-02-05Z","sent_at":"2026-02-04Z","timestamp":"2026-02-01Z"}'),
	('{"sent_at":"2026-02-04Z","original_timestamp":"2026-02-03Z"}'), ('{"received_at":"2026-02-05Z","original_timestamp":"2026-02-03Z"}'),
	-- the example of the Segment spec, and a sender whose clock stands in 1970
	('{"original_timestamp":"2026-01-01T10:00:00Z","sent_at":"2026-01-01T10:00:02Z","received_at":"2026-01-01T10:00:05Z"}'),
	('{"original_timestamp":"1970-01-01T00:00:00Z","sent_at":"1970-01-01T00:00:02.5Z","received_at":"2026-01-01T10:00:05Z"}'),
	-- a time that another clock gave
	('{"timestamp":"2026-01-01T10:00:00Z","sent_at":"1970-01-01T00:00:02.5Z","received_at":"2026-01-01T10:00:05Z"}'),
	('{"timestamp":"2000-01-01T00:00:00Z"}'), ('{"timestamp":"1999-12-31T23:59:59.999999Z"}'), ('{"timestamp":"0044-03-15Z BC"}'), ('{"timestamp":"4714-11-24Z BC"}'),
	('{"timestamp":"2026-03-02T00:00:00Z"}'), ('{"timestamp":"2026-03-02T00:00:00.000001Z"}'), ('{"timestamp":"294276-12-31Z"}'),
	('{"timestamp":"infinity"}'), ('{"timestamp":"-infinity"}'), ('{"original_timestamp":"infinity"}'), ('{"received_at":"1970-01-01Z"}'), ('{"sent_at":"2036-01-01Z"}'),
	('{"original_timestamp":"-infinity","sent_at":"2026-01-01Z","received_at":"2026-01-01Z"}'),
	('{"original_timestamp":"2026-01-01Z","sent_at":"infinity","received_at":"2026-01-01Z"}'),
	('{"original_timestamp":"2026-01-01Z","sent_at":"2026-01-01Z","received_at":"infinity"}'),
	('{"original_timestamp":"4714-11-24Z BC","sent_at":"294276-12-31Z","received_at":"2026-01-01Z"}'),
	('{"original_timestamp":"294276-12-31Z","sent_at":"4714-11-24Z BC","received_at":"294276-12-31Z"}');
SELECT given, o.at, o.reason, o.detail FROM timed, onboard(given || '{"type":"identify","user_id":"u"}') o ORDER BY n;

-- json columns: an object, or nothing
SELECT field, value, o.call_type, o.reason, o.detail
FROM unnest('{properties,traits,context,identifiers}'::text[]) WITH ORDINALITY f (field, n),
	(VALUES ('null'), ('{}'), ('[]'), ('[null]'), ('"x"'), ('1'), ('true'), ('[{}]')) v (value),
	onboard(jsonb_build_object('type', 'identify', 'user_id', 'u', field, value::jsonb)) o
ORDER BY n, value COLLATE "C";

-- identifiers: where they are found
CREATE TEMP TABLE identified (n serial, given jsonb);
INSERT INTO identified (given) VALUES
	('{"type":"track","anonymous_id":" a-1 ","user_id":"u-7","previous_id":"p-1","group_id":"g-1"}'),
	('{"type":"alias","user_id":"u-7","previous_id":"p-1"}'), ('{"type":"alias","previous_id":"p-1"}'),
	('{"type":"alias","anonymous_id":"p-1","previous_id":" p-1"}'),
	('{"identifiers":{"email":" Ann@Example.COM ","customer_no":17,"float":1.50,"large":1e3,"flag":true,"nothing":null,"empty":" ","list":["b","a",1,null,"","a"]}}'),
	('{"identifiers":{"Email":"a@example.com","EMAIL":"a@example.com","email":["A@example.com","a@EXAMPLE.com"]}}'),
	('{"type":"identify","traits":{"email":"Ann@Example.com","phone":"+4989123456","name":"Ann"}}'),
	('{"type":"identify","traits":{"email":["a@example.com","b@example.com"],"phone":null}}'),
	('{"type":"track","traits":{"email":"Ann@Example.com"},"user_id":"u"}'),
	('{"type":"group","group_id":"g","traits":{"email":"office@example.com","phone":"+4989123456"},"user_id":"u"}'),
	('{"type":"group","group_id":"g","context":{"traits":{"email":"ann@example.com"}}}'),
	('{"type":"track","context":{"traits":{"email":"ann@example.com","phone":"+4989123456"}}}'),
	('{"context":{"device":{"id":"d-1","token":"t-1","type":"ios","advertisingId":"AD-1"}}}'),
	('{"context":{"device":{"type":"ios","advertisingId":"AD-1","adTrackingEnabled":false}},"user_id":"u"}'),
	('{"context":{"device":{"type":"ios","advertisingId":"AD-1","adTrackingEnabled":"true"}},"user_id":"u"}'),
	('{"context":{"device":{"type":"ios","advertisingId":"AD-1","adTrackingEnabled":true,"ad_tracking_enabled":false}},"user_id":"u"}'),
	('{"context":{"device":{"type":"iOS","advertisingId":"AD-1","adTrackingEnabled":true}}}'),
	('{"context":{"device":{"type":" android ","advertising_id":"AD-1","ad_tracking_enabled":true}}}'),
	('{"context":{"device":{"type":"tv","advertisingId":"AD-1","advertising_id":"AD-2","adTrackingEnabled":true}}}'),
	('{"context":{"device":{"advertisingId":"AD-1","adTrackingEnabled":true}}}'),
	('{"context":{"externalIds":[{"id":"+14155550123","type":"phone","collection":"users","encoding":"none"},{"id":5,"type":"loyalty"},{"id":"acme","type":"account_id","collection":"accounts"},{"type":"x"},{"id":null},null]}}'),
	('{"context":{"external_ids":[{"id":"s","type":" snake ","collection":"Users"}],"externalIds":[{"id":"c","type":"camel","collection":null}]}}'),
	('{"context":{"integrations":{"All":true,"Google Analytics":{"clientId":"123.456"}}}}'),
	('{"context":{"integrations":{"Google Analytics":{"client_id":"123.456"}}}}'),
	('{"context":{"integrations":{"Google Analytics":true},"device":"phone","traits":["x"],"externalIds":null},"user_id":"u"}'),
	('{"context":{"integrations":"x","device":[],"traits":1},"user_id":"u"}');
SELECT given, o.ids, o.reason, o.detail FROM identified, onboard('{"event":"e"}' || given) o ORDER BY n;

-- values that mean nothing: blocked, or not even a value
SELECT given, o.ids, o.reason FROM (VALUES
	(1, '{"user_id":"null","anonymous_id":"a"}'::jsonb), (2, '{"user_id":" NULL ","anonymous_id":"Undefined"}'), (3, '{"user_id":"0","identifiers":{"x":[true,false]}}'),
	(4, '{"context":{"device":{"advertisingId":"00000000-0000-0000-0000-000000000000","adTrackingEnabled":true}}}'),
	(5, '{"identifiers":{"email":"unknown@example.com"}}'), (6, '{"identifiers":{"email":"null","phone":"none"},"user_id":"u"}'), (7, '{"identifiers":{"email":"null"}}')) g (n, given),
	onboard('{"event":"e"}' || given) o ORDER BY n;

-- what no identifier can be
CREATE TEMP TABLE refused (n serial, given jsonb);
INSERT INTO refused (given) VALUES
	('{}'), ('{"user_id":"","anonymous_id":" ","previous_id":"p","group_id":"g"}'), ('{"identifiers":{}}'), ('{"identifiers":{"x":null,"y":"","z":[]}}'),
	('{"user_id":"a\tb"}'), ('{"anonymous_id":"a\u0085b"}'),
	('{"identifiers":{"email":"not an address"}}'), ('{"identifiers":{"phone":"+49\u000789"}}'),
	('{"identifiers":{"x":{"a":1}}}'), ('{"identifiers":{"x":["a",["b"]]}}'), ('{"identifiers":{"x":["a",{"b":1}]}}'),
	('{"identifiers":{"ann@example.com":"email"}}'), ('{"identifiers":{"ann@example.com":" "}}'), ('{"identifiers":{"":"x"}}'), ('{"identifiers":{"1x":"y"}}'), ('{"identifiers":{"Über":"y"}}'),
	('{"identifiers":{"MixedCase":["ok",{}]}}'),
	('{"type":"identify","traits":{"email":"ann at example"}}'), ('{"type":"identify","traits":{"email":{"work":"a@example.com"}}}'),
	('{"context":{"traits":{"email":"ann at example"}}}'), ('{"context":{"device":{"id":{}}}}'),
	('{"context":{"externalIds":{"id":"x","type":"y"}}}'), ('{"context":{"externalIds":["x"]}}'), ('{"context":{"external_ids":[{"id":"x"}]}}'),
	('{"context":{"externalIds":[{"id":"x","type":5}]}}'), ('{"context":{"externalIds":[{"id":["x"],"type":"y"}]}}'), ('{"context":{"externalIds":[{"id":"x","type":"1y"}]}}'),
	('{"context":{"integrations":{"Google Analytics":{"clientId":{}}}}}');
SELECT given, o.reason, o.detail FROM refused, onboard('{"event":"e"}' || given) o ORDER BY n;

-- at most 512 bytes, namespace and colon included; at most 256, or what is asked for
SELECT n, length(o.ids[1]::text), o.reason, o.detail FROM unnest(ARRAY[504, 505, 100000]) n,
	cdp_internal.onboard('track', 'e', NULL, repeat('u', n), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, now()) o ORDER BY n;
SELECT o.reason, o.detail FROM cdp_internal.onboard('track', 'e', NULL, NULL, NULL, NULL, '{"x":1e131071}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, now()) o;
SELECT n, cardinality(o.ids), o.reason, o.detail FROM unnest(ARRAY[255, 256, 257]) n,
	onboard(jsonb_build_object('event', 'e', 'identifiers', jsonb_build_object('x', (SELECT jsonb_agg(i) FROM generate_series(1, n) i)))) o ORDER BY n;
SELECT max, n, cardinality(o.ids), o.repeats, o.reason, o.detail FROM (VALUES (1, 1), (1, 2), (32, 32), (32, 33), (256, 256), (256, 257)) v (max, n),
	cdp_internal.onboard('track', 'e', NULL, NULL, NULL, NULL, (SELECT jsonb_build_object('x', jsonb_agg(i)) FROM generate_series(1, n) i), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, now(), max) o ORDER BY max, n;
SELECT o.reason FROM cdp_internal.onboard('track', 'e', 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, now(), 0) o;
SELECT o.reason FROM cdp_internal.onboard('track', 'e', 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, now(), 257) o;
SELECT o.reason FROM cdp_internal.onboard('track', 'e', 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, now(), NULL) o;
-- repeats do not count; the order is the type's
SELECT cardinality(o.ids), o.reason, o.ids = (SELECT array_agg(i ORDER BY i) FROM unnest(o.ids) i) AS sorted
FROM onboard(jsonb_build_object('event', 'e', 'identifiers', jsonb_build_object('x', (SELECT jsonb_agg('v' || i % 32) FROM generate_series(1, 10000) i)))) o;

-- equal numbers are one identifier, text stays as it is
SELECT o.ids, o.reason FROM onboard('{"event":"e","identifiers":{"customer_no":[7, 7.0, 7.00, "7"]}}') o;
SELECT o.ids, o.reason FROM onboard('{"event":"e","identifiers":{"customer_no":[7.50, 7.5, 100, 1e2, 100.00, -0.0070, "7.0", "7.50"]}}') o;
SELECT o.ids, o.reason FROM onboard('{"event":"e","context":{"device":{"id":8.0},"externalIds":[{"id":9.00,"type":"crm","collection":"users"}]}}') o;
SELECT p.user_id, p.anonymous_id, p.previous_id, p.group_id, p.message_id, o.ids, o.reason
FROM cdp_internal.parse_line('{"type":"alias","userId":7.0,"anonymousId":7.50,"previousId":100.00,"groupId":0.0,"messageId":5e0,"identifiers":{"customer_no":[7,7.00]}}') p,
	cdp_internal.onboard(p.type, p.event, p.anonymous_id, p.user_id, p.group_id, p.previous_id, p.identifiers, p.properties, p.traits, p.context, p."timestamp", p.sent_at, p.original_timestamp, p.received_at, p.source, now()) o;

-- the first reason is the one
SELECT step, o.reason FROM (VALUES
	(1, '{"source":"a\u0001","properties":1,"type":"x"}'::jsonb), (2, '{"properties":1,"traits":1,"context":1,"identifiers":1,"type":"x"}'), (3, '{"traits":1,"context":1,"identifiers":1,"type":"x"}'),
	(4, '{"context":1,"identifiers":1,"type":"x"}'), (5, '{"identifiers":1,"type":"x"}'), (6, '{"type":"x","event":"a\nb"}'), (7, '{"type":"track","event":"a\nb","timestamp":"1900-01-01Z"}'),
	(8, '{"type":"group","timestamp":"1900-01-01Z"}'), (9, '{"event":"e","timestamp":"1900-01-01Z","user_id":"a\nb"}'), (10, '{"event":"e","user_id":"a\nb"}')) s (step, given),
	onboard(given) o ORDER BY step;

-- the batch's time is the caller's business
SELECT o.reason FROM cdp_internal.onboard('track', 'e', 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) o;
SELECT o.reason FROM cdp_internal.onboard('track', 'e', 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'infinity') o;
\echo :LAST_ERROR_SQLSTATE

-- all of it at once, from compressed and external values, as refresh() calls it
CREATE TEMP TABLE large AS SELECT n, CASE WHEN n % 2 = 0 THEN 'identify' ELSE 'page' END AS type, 'u-' || n AS user_id,
	jsonb_build_object('email', 'ann' || n || '@example.com', 'filler', repeat(md5(n::text), n * 50)) AS traits,
	jsonb_build_object('filler', repeat('x', n * 1000), 'device', jsonb_build_object('id', n)) AS context,
	CASE WHEN n % 5 = 0 THEN to_jsonb(repeat('x', 100000)) ELSE to_jsonb(repeat('y', n)) || '[]' END AS properties
FROM generate_series(1, 40) n;
SELECT (o).call_type, (o).event_name, (o).reason, count(*), min((o).ids) AS first_ids
FROM (SELECT cdp_internal.onboard(type, NULL, NULL, user_id, NULL, NULL, NULL, CASE WHEN n > 20 THEN properties END, traits, context, NULL, NULL, NULL, NULL, NULL, now()) AS o FROM large OFFSET 0) l
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- no detail repeats a value
SELECT count(*) AS leaks FROM (SELECT given FROM refused UNION ALL SELECT given FROM typed) r, onboard(given || '{"source":"crm"}') o
WHERE o.detail ~ 'ann|example|Über|work|\mp\M';

DROP FUNCTION onboard(jsonb);
