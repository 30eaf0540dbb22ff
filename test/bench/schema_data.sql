-- rows documents of 15 fields; a tenth of them lacks one, or has one of a wrong type or value
CREATE TABLE document AS
SELECT jsonb_build_object('order_id', 'o-' || i, 'total', round((i % 50000) / 100.0, 2), 'currency', (ARRAY['EUR', 'USD', 'GBP', 'SEK'])[1 + i % 4],
	'quantity', 1 + i % 9, 'coupon', CASE WHEN i % 3 = 0 THEN 'SUMMER' || i % 100 END, 'email', 'person' || i % 1000 || '@example.com',
	'ordered_at', to_char(timestamp '2026-01-01' + i * interval '1 second', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'is_gift', i % 7 = 0,
	'channel', (ARRAY['web', 'app', 'shop'])[1 + i % 3], 'discount', (i % 30) / 100.0, 'tax', 0.19, 'items', jsonb_build_array('mug-' || i % 50, 'cup-' || i % 70),
	'address', jsonb_build_object('city', 'Berlin', 'country', 'DE'), 'note', repeat('x', i % 60), 'version', '2.' || i % 10) ||
	CASE i % 40 WHEN 0 THEN '{"total": "12"}' WHEN 1 THEN '{"quantity": 0}' WHEN 2 THEN '{"currency": "XXX"}' WHEN 3 THEN '{"items": [1]}' ELSE '{}' END::jsonb AS properties
FROM generate_series(1, :rows) i;
VACUUM ANALYZE document;

CREATE FUNCTION checked_by_hand(d jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	item jsonb;
BEGIN
	IF jsonb_typeof(d) IS DISTINCT FROM 'object' THEN RETURN false; END IF;
	IF NOT d ?& ARRAY['order_id', 'total', 'currency', 'quantity', 'ordered_at', 'items'] THEN RETURN false; END IF;
	IF jsonb_typeof(d->'order_id') <> 'string' OR d->>'order_id' !~ '^o-[0-9]+$' THEN RETURN false; END IF;
	IF jsonb_typeof(d->'total') <> 'number' OR (d->>'total')::numeric < 0 OR (d->>'total')::numeric % 0.01 <> 0 THEN RETURN false; END IF;
	IF jsonb_typeof(d->'currency') <> 'string' OR d->>'currency' NOT IN ('EUR', 'USD', 'GBP', 'SEK', 'NOK') THEN RETURN false; END IF;
	IF jsonb_typeof(d->'quantity') <> 'number' OR (d->>'quantity')::numeric % 1 <> 0 OR (d->>'quantity')::numeric NOT BETWEEN 1 AND 1000 THEN RETURN false; END IF;
	IF d ? 'coupon' AND (jsonb_typeof(d->'coupon') NOT IN ('string', 'null') OR length(d->>'coupon') > 20) THEN RETURN false; END IF;
	IF d ? 'email' AND (jsonb_typeof(d->'email') <> 'string' OR d->>'email' !~ '^[^@\s]+@[^@\s]+\.[^@\s]+$') THEN RETURN false; END IF;
	IF jsonb_typeof(d->'ordered_at') <> 'string' OR d->>'ordered_at' !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$' THEN RETURN false; END IF;
	IF d ? 'is_gift' AND jsonb_typeof(d->'is_gift') <> 'boolean' THEN RETURN false; END IF;
	IF d ? 'channel' AND (jsonb_typeof(d->'channel') <> 'string' OR d->>'channel' NOT IN ('web', 'app', 'shop')) THEN RETURN false; END IF;
	IF d ? 'discount' AND (jsonb_typeof(d->'discount') <> 'number' OR (d->>'discount')::numeric NOT BETWEEN 0 AND 1) THEN RETURN false; END IF;
	IF d ? 'tax' AND (jsonb_typeof(d->'tax') <> 'number' OR (d->>'tax')::numeric NOT BETWEEN 0 AND 1) THEN RETURN false; END IF;
	IF jsonb_typeof(d->'items') <> 'array' OR jsonb_array_length(d->'items') < 1 THEN RETURN false; END IF;
	FOR item IN SELECT jsonb_array_elements(d->'items') LOOP
		IF jsonb_typeof(item) <> 'string' THEN RETURN false; END IF;
	END LOOP;
	IF d ? 'address' AND (jsonb_typeof(d->'address') <> 'object' OR jsonb_typeof(d->'address'->'city') IS DISTINCT FROM 'string') THEN RETURN false; END IF;
	IF d ? 'note' AND (jsonb_typeof(d->'note') <> 'string' OR length(d->>'note') > 200) THEN RETURN false; END IF;
	IF d ? 'version' AND jsonb_typeof(d->'version') <> 'string' THEN RETURN false; END IF;
	RETURN true;
END
$$;
