-- What the binary form of a type takes, its text form takes too, and it is the same value again.
CREATE TEMP TABLE ub_received (traits cdp.traits, timeline cdp.timeline, sequence cdp.sequence, step cdp.step, identifier cdp.identifier, funnel_mode cdp.funnel_mode);
CREATE FUNCTION pg_temp.received(type text, bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file text := current_setting('data_directory') || '/cdp_util_binary.bin';
	object oid;
	result text;
BEGIN
	-- a binary COPY of one row of one value
	object := lo_from_bytea(0, '\x5047434f50590aff0d0a0000000000000000000001'::bytea || int4send(length(bytes)) || bytes || '\xffff'::bytea);
	PERFORM lo_export(object, file), lo_unlink(object);
	DELETE FROM ub_received;
	EXECUTE format('COPY ub_received (%I) FROM %L (FORMAT binary)', type, file);
	BEGIN
		EXECUTE format('SELECT CASE WHEN cdp_internal.%2$I(%1$I::text::cdp.%1$I) = $1 THEN ''same'' ELSE ''another: '' || %1$I::text END FROM ub_received', type, type || '_send') INTO result USING bytes;
	EXCEPTION WHEN OTHERS THEN
		result := 'only in binary: ' || SQLERRM;
	END;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN 'refused: ' || SQLSTATE;
END $$;

-- times: the two infinities, the first and the last that a timestamptz has, and what lies beyond
SELECT what, pg_temp.received('traits', '\x010001001700000000000000 04706c61 17000000 80030000'::bytea || at || '\x706c616e 63726d 03 70726f') AS traits
FROM (VALUES ('infinity', '\xffffffffffffff7f'::bytea), ('-infinity', '\x0000000000000080'), ('near infinity', '\xfeffffffffffff7f'), ('near -infinity', '\x0100000000000080')) v(what, at);
CREATE TEMP TABLE ub_time AS SELECT what, at, decode(string_agg(lpad(to_hex((at >> (8 * place)) & 255), 2, '0'), '' ORDER BY place), 'hex') AS bytes
FROM (VALUES ('the first', -211813488000000000), ('before the first', -211813488000000001), ('the last', 9223371331199999999), ('behind the last', 9223371331200000000)) v(what, at), generate_series(0, 7) place
GROUP BY what, at;
SELECT what, pg_temp.received('traits', '\x010001001700000000000000 04706c61 17000000 80030000'::bytea || bytes || '\x706c616e 63726d 03 70726f') AS traits FROM ub_time ORDER BY at;

-- any byte of a value changed: it is refused, or reads back from text as the same
CREATE TEMP TABLE ub_value AS
SELECT 'traits' AS type, cdp_internal.traits_send(cdp.traits_agg(t.traits, t.at, t.source, t.rules::jsonb, t.trust)) AS bytes
FROM (VALUES ('{"plan": "pro", "n": 12.50, "gone": null, "list": [1, {"a": "b"}]}'::jsonb, timestamptz '2026-01-01', 'crm', '{"n": "sum", "list": "union", "plan": "last"}', 3),
	('{"plan": "free", "n": 7, "list": ["x"]}', '2026-02-01', 'web', '{"n": "sum", "list": "union", "plan": "last"}', 1)) t(traits, at, source, rules, trust)
UNION ALL
SELECT 'traits', cdp_internal.traits_send(cdp.traits_agg(t.traits, t.at, t.source, '{"a": "most_frequent", "b": "keep_trusted_last", "c": "min", "d": "trusted_first"}', t.trust))
FROM (VALUES ('{"a": 1, "b": true, "c": "é", "d": {}}'::jsonb, timestamptz '2026-01-01', 'crm', 3), ('{"a": 1, "b": false, "c": "f", "d": []}', 'infinity', 'web', 1)) t(traits, at, source, trust)
UNION ALL
SELECT 'timeline', cdp_internal.timeline_send(cdp.timeline_agg(timestamptz '2026-01-01' + i * interval '61.5 s', CASE i % 3 WHEN 0 THEN 'view' ELSE 'Bestätigt' END, CASE WHEN i % 2 = 0 THEN jsonb_build_object('total', i * 1.25) END))
FROM generate_series(1, 12) i
UNION ALL
SELECT 'sequence', cdp_internal.sequence_send('view -> 2 x (cart | wish) within 1 day -> not refund -> "Order Completed" after 1 hour in 7 days')
UNION ALL
SELECT 'identifier', cdp_internal.identifier_send(i) FROM unnest('{email:ann@example.com,phone:+442079460958,idfa:6d92078a-8246-4ba4-ae5b-76104861e7dc,user_id:Ü 7}'::cdp.identifier[]) i
UNION ALL
SELECT 'step', cdp_internal.step_send('"Product Viewed"[price > 50.25, category in ("shoes", "hats"), gift = true] | *[total exists]')
UNION ALL
SELECT 'funnel_mode', cdp_internal.funnel_mode_send('strict_order,allow_reentry');
SELECT type, count(*), bool_and(pg_temp.received(type, bytes) = 'same') AS same FROM ub_value GROUP BY type ORDER BY type;
SELECT setseed(0.25);
-- numbers of as many digits as a sum may have
SELECT n, pg_temp.received('traits', cdp_internal.traits_send(cdp.traits_agg(jsonb_build_object('n', repeat('9', n)::numeric), now(), 's', '{"n": "sum"}'))) AS sums
FROM (VALUES (10), (1000)) v(n), generate_series(1, 40) GROUP BY n ORDER BY n;
-- of few bytes each is tried with all values
CREATE TEMP TABLE ub_changed AS SELECT v.type, pg_temp.received(v.type, set_byte(v.bytes, p.place, (CASE WHEN length(v.bytes) < 16 THEN n - 1 WHEN n = 1 THEN get_byte(v.bytes, p.place) # (1 << floor(random() * 8)::integer) ELSE floor(random() * 256)::integer END))) AS answer
FROM ub_value v CROSS JOIN LATERAL generate_series(0, length(v.bytes) - 1) p(place) CROSS JOIN LATERAL generate_series(1, CASE WHEN length(v.bytes) < 16 THEN 256 ELSE 2 END) n;
SELECT type, count(*) >= 8 AS many, count(*) FILTER (WHERE answer = 'same') > 0 AS some_taken, count(*) FILTER (WHERE answer LIKE 'refused%') > 0 AS some_refused FROM ub_changed GROUP BY type ORDER BY type;
SELECT type, answer FROM ub_changed WHERE answer <> 'same' AND answer <> 'refused: XX001' GROUP BY type, answer ORDER BY type, answer LIMIT 20;
