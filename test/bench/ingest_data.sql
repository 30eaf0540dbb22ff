-- Events for ingest.sh, and what it compares with.  Reads refresh_data.sql first: its steady() is the other stream.

-- Segment-like track calls from k alone: the next n events after the first k, as lines of JSON of about 440 bytes.  Each
-- is of any of so many people, and of one of three devices.  people NULL: of any of a million, of whom 322 go and come with
-- each 100 events.
CREATE FUNCTION calls(k bigint, n bigint, people bigint)
	RETURNS TABLE (type text, event text, message_id text, anonymous_id text, user_id text, properties text, context text,
				   "timestamp" timestamptz, source text)
	LANGUAGE sql AS $$
	SELECT 'track',
		   ('{page_viewed,product_viewed,product_list_viewed,search_performed,session_started,product_added,cart_viewed,'
			'email_opened,app_opened,push_received,product_removed,checkout_started,email_clicked,signed_in,coupon_applied,'
			'order_completed,video_played,support_ticket_opened,signed_up,order_refunded}'::text[])
			[1 + floor(power(chance(e.number, 1), 2) * 20)],
		   md5('message ' || e.number)::uuid::text,
		   md5(concat('device ', e.person, '-', floor(chance(e.number, 2) * 3)))::uuid::text,
		   CASE WHEN chance(e.number, 3) < 0.45 THEN 'u_' || e.person END,
		   format('{"path":"/p/%s","price":%s.99,"currency":"EUR","quantity":%s%s}', floor(chance(e.number, 4) * 100000),
				  floor(chance(e.number, 5) * 300), 1 + floor(chance(e.number, 6) * 4),
				  CASE WHEN e.number % 2 = 0 THEN format(',"category":"cat-%s","brand":"brand %s"', floor(chance(e.number, 7) * 300),
														 floor(chance(e.number, 8) * 900)) END),
		   format('{"ip":"10.%s.%s.7","userAgent":"%s","locale":"en-US"%s%s}', floor(chance(e.number, 9) * 256), e.number % 256,
				  ('{Mozilla/5.0 (Windows NT 10.0; Win64; x64),Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X),'
				   'Mozilla/5.0 (Linux; Android 14),Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)}'::text[])
				  [1 + floor(chance(e.number, 10) * 4)],
				  CASE WHEN chance(e.number, 11) < 0.2 THEN format(',"traits":{"email":"person.%s@mail.example.com"}', e.person) END,
				  CASE WHEN chance(e.number, 12) < 0.5 THEN format(',"campaign":{"source":"news","medium":"email","name":"c%s"}', e.number % 50) END),
		   timestamptz '2025-01-01' + e.number * interval '3 seconds' + floor(chance(e.number, 13) * 1000) * interval '1 millisecond',
		   'web'
	FROM (SELECT i AS number, 100000000 + floor(CASE WHEN people IS NULL THEN i * 3.22 ELSE 0 END
												 + chance(i, 14) * coalesce(people, 1000000))::bigint AS person
		  FROM generate_series(k + 1, k + n) i OFFSET 0) e
$$;

-- The worst case: each event brings 1.57 new identifiers, however many came before.
CREATE FUNCTION strangers(k bigint, n bigint)
	RETURNS TABLE (type text, event text, message_id text, anonymous_id text, user_id text, properties text, context text,
				   "timestamp" timestamptz, source text)
	LANGUAGE sql AS $$ SELECT * FROM calls(k, n, NULL) $$;

-- calls() as a client sends them
CREATE FUNCTION lines(k bigint, n bigint, people bigint) RETURNS TABLE (line text) LANGUAGE sql AS $$
	SELECT json_strip_nulls(row_to_json(c))::text
	FROM (SELECT type, message_id AS "messageId", anonymous_id AS "anonymousId", user_id AS "userId", event,
				 to_char("timestamp" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "timestamp", properties::json, context::json
		  FROM calls(k, n, people)) c
$$;

-- what one would use instead
CREATE TABLE plain (LIKE cdp.inbox INCLUDING DEFAULTS, PRIMARY KEY (message_id));
ALTER TABLE plain DROP COLUMN written_by;
CREATE INDEX ON plain (user_id, "timestamp");

-- The plain statements that write the same rows as a refresh: it is run and rolled back; written() says before that which
-- rows there are since its transaction began, and same_rows() after it which of them were there already, and which are gone.

CREATE FUNCTION written_tables() RETURNS TABLE (name regclass, keys text[]) LANGUAGE sql AS $$
	SELECT c.oid, ARRAY(SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
						WHERE i.indrelid = c.oid AND i.indisprimary)
	FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace IN ('cdp_data'::regnamespace, 'cdp'::regnamespace)
$$;

-- the columns of a table, as text, in one jsonb
CREATE FUNCTION columns_of(name regclass, of_keys text[] DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT format('jsonb_build_object(%s)', string_agg(format('%L, t.%I::text', a.attname, a.attname), ', '))
	FROM pg_attribute a WHERE a.attrelid = name AND a.attnum > 0 AND NOT a.attisdropped AND (of_keys IS NULL OR a.attname = ANY (of_keys))
$$;

CREATE FUNCTION written(since bigint) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	t record;
	found jsonb;
	all_found jsonb := '[]';
BEGIN
	FOR t IN SELECT * FROM written_tables() LOOP
		EXECUTE format('SELECT jsonb_agg(jsonb_build_object(''table'', %L, ''row'', %s)) FROM %s t WHERE t.xmin::text::bigint >= $1',
					   t.name, columns_of(t.name), t.name) INTO found USING since;
		all_found := all_found || coalesce(found, '[]');
	END LOOP;
	RETURN all_found;
END
$$;

CREATE FUNCTION same_rows(written jsonb, since bigint) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	t record;
	r jsonb;
	condition text;
	is_there boolean;
	gone text[];
	statements text[] := '{}';
BEGIN
	FOR t IN SELECT * FROM written_tables() LOOP
		FOR r IN SELECT w -> 'row' FROM jsonb_array_elements(written) w WHERE w ->> 'table' = t.name::text LOOP
			condition := (SELECT string_agg(format('%I = %L', k, r ->> k), ' AND ') FROM unnest(t.keys) k);
			EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %s)', t.name, condition) INTO is_there;
			statements := statements || CASE WHEN is_there THEN
				(SELECT format('UPDATE %s SET %s WHERE %s', t.name, string_agg(format('%I = %L', c.key, c.value), ', '), condition)
				 FROM jsonb_each_text(r) c WHERE c.key <> ALL (t.keys))
			ELSE
				(SELECT format('INSERT INTO %s (%s) VALUES (%s)', t.name, string_agg(quote_ident(c.key), ', '),
							   string_agg(quote_nullable(c.value), ', ')) FROM jsonb_each_text(r) c)
			END;
		END LOOP;
		EXECUTE format('SELECT array_agg(format(''DELETE FROM %s WHERE ctid = %%L'', t.ctid)) FROM %s t
						WHERE t.xmax::text::bigint >= $1 AND NOT EXISTS (
							SELECT FROM jsonb_array_elements($2) w WHERE w ->> ''table'' = %L AND w -> ''row'' @> %s)',
					   t.name, t.name, t.name, columns_of(t.name, t.keys)) INTO gone USING since, written;
		statements := statements || gone;
	END LOOP;
	RETURN statements;
END
$$;
