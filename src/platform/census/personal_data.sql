-- What of the log looks like personal data.

CREATE FUNCTION cdp_internal.personal_values(document jsonb, traits_of_person boolean)
	RETURNS TABLE (path text, by_key text, hits text[], near text[], hash bigint, mask text)
	AS 'MODULE_PATHNAME', 'cdp_personal_values' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 ROWS 30;
COMMENT ON FUNCTION cdp_internal.personal_values(jsonb, boolean) IS
$comment$Internal: returns a row for each text and number of a document. path: the keys that lead to it; $ stands for
the elements of an array, * for a key that is a value itself. by_key: the kind of personal data that its key says; hits:
those that its content is; near: those of which it has only the form; NULL: none. hash and mask: of what is found; NULL:
nothing is. traits_of_person: whether what is within "traits" describes a person.$comment$;

CREATE FUNCTION cdp_internal.personal_category(kind text) RETURNS text
	AS 'MODULE_PATHNAME', 'cdp_personal_category' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.personal_category(text) IS
	'Internal: returns the data category, in the taxonomy of fides, of a kind of personal data.';

CREATE FUNCTION cdp_internal.estimate_events(since timestamptz, until timestamptz) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET timezone = 'UTC'
	SET datestyle = 'ISO'
AS $function$
BEGIN
	RETURN (
		SELECT coalesce(sum(CASE
			-- it may have grown since it was analyzed
			WHEN m.reltuples > 0 AND m.relpages > 0 THEN m.reltuples / m.relpages
				* (pg_relation_size(m.oid) / current_setting('block_size')::integer)
			ELSE pg_relation_size(m.oid) / 300 END), 0)
		FROM (
			SELECT c.oid, c.reltuples, c.relpages, regexp_match(pg_get_expr(c.relpartbound, c.oid),
				'FROM \(''(.+)''\) TO \(''(.+)''\)') AS bounds
			FROM pg_inherits i
			JOIN pg_class c ON c.oid = i.inhrelid
			WHERE i.inhparent = 'cdp_data.event'::regclass) m
		WHERE (since IS NULL OR m.bounds IS NULL OR m.bounds[2]::timestamptz > since)
			AND (until IS NULL OR m.bounds IS NULL OR m.bounds[1]::timestamptz < until));
END
$function$;
COMMENT ON FUNCTION cdp_internal.estimate_events(timestamptz, timestamptz) IS
	'Internal: estimates how many events the months of the log have that overlap a span of time.';

CREATE FUNCTION cdp.personal_data(source text DEFAULT NULL, since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL, sample bigint DEFAULT 20000)
	RETURNS TABLE (source_name text, event_type text, event_name text, path text, kind text, category text,
		found_by text, events bigint, hits bigint, share numeric, distinct_values bigint, example text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	estimate bigint;
	portion real := 100;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF sample < 1 THEN
		RAISE EXCEPTION 'sample must be at least 1' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'NULL reads all events.';
	END IF;
	estimate := cdp_internal.estimate_events(since, until);
	IF sample < estimate THEN
		portion := greatest(100.0 * sample / estimate, 0.0001);
		RAISE NOTICE 'some % of % events are looked at', sample, estimate
			USING DETAIL = 'What few events have may be missed.',
				HINT = 'Narrow the time, or give a greater sample; NULL reads all.';
	END IF;
	RETURN QUERY
		WITH sampled AS (
			SELECT e.source COLLATE "C" AS source, e.type COLLATE "C" AS type,
				coalesce(e.event, '') COLLATE "C" AS event, e.event_id,
				cdp_internal.planned_message(NULL, NULL, e.user_id, e.anonymous_id, e.group_id, NULL,
					e.properties, e.traits, cdp_internal.whole_context(e.context, c.context)) AS message
			FROM cdp_data.event e TABLESAMPLE SYSTEM (portion)
			LEFT JOIN cdp_data.shared_context c ON c.context_hash = e.context_hash
			WHERE (personal_data.source IS NULL OR e.source = personal_data.source)
				AND (since IS NULL OR e."timestamp" >= since) AND (until IS NULL OR e."timestamp" < until)),
		value AS MATERIALIZED (
			SELECT s.source, s.type, s.event, s.event_id, v.*
			FROM sampled s
			CROSS JOIN LATERAL cdp_internal.personal_values(s.message, s.type <> 'group') v),
		total AS (
			SELECT v.source, v.type, v.event, v.path, count(*) AS number
			FROM value v
			GROUP BY 1, 2, 3, 4),
		found AS (
			SELECT v.source, v.type, v.event, v.path, f.kind, f.how, v.event_id, v.hash, v.mask
			FROM value v
			CROSS JOIN LATERAL (
				SELECT v.by_key AS kind, 'key' AS how WHERE v.by_key IS NOT NULL
				UNION ALL
				SELECT h.kind, 'content' FROM unnest(v.hits) AS h (kind)
				UNION ALL
				SELECT n.kind, 'near' FROM unnest(v.near) AS n (kind)) f
			WHERE v.by_key IS NOT NULL OR v.hits IS NOT NULL OR v.near IS NOT NULL),
		counted AS (
			SELECT f.source, f.type, f.event, f.path, f.kind,
				count(*) FILTER (WHERE f.how = 'key') AS by_key,
				count(*) FILTER (WHERE f.how = 'content') AS by_content,
				count(*) FILTER (WHERE f.how = 'near') AS near,
				count(DISTINCT f.event_id) FILTER (WHERE f.how <> 'near') AS events,
				count(DISTINCT f.hash) FILTER (WHERE f.how <> 'near') AS distinct_values,
				min(f.mask COLLATE "C") FILTER (WHERE f.how <> 'near') AS mask
			FROM found f
			GROUP BY 1, 2, 3, 4, 5)
		SELECT c.source, c.type, nullif(c.event, ''), c.path COLLATE "C", c.kind COLLATE "C",
			cdp_internal.personal_category(c.kind),
			CASE WHEN c.by_key = 0 THEN 'content' WHEN c.by_content = 0 THEN 'key' ELSE 'key and content' END,
			c.events, greatest(c.by_key, c.by_content), round(greatest(c.by_key, c.by_content)::numeric / t.number, 4),
			c.distinct_values, c.mask
		FROM counted c
		JOIN total t ON t.source = c.source AND t.type = c.type AND t.event = c.event AND t.path = c.path
		-- of numbers that are right by chance fewer are right than wrong
		WHERE c.by_key > 0 OR (c.by_content > 0 AND c.by_content >= c.near)
		ORDER BY 1, 2, 3 NULLS FIRST, 4, 5;
END
$function$;
COMMENT ON FUNCTION cdp.personal_data(text, timestamptz, timestamptz, bigint) IS
$comment$Returns which properties, traits, members of contexts and ids of the events in the log look like personal data:
SELECT * FROM cdp.personal_data('web', since => now() - interval '7 days'). source: NULL, all; since (included) and
until (excluded) bound the time of the events. It reads some sample events, taken at random by pages of the log,
whatever the log's size (NULL: all; a notice tells where it does not read all), in some 100 microseconds of CPU each;
what few events have may be missed.
A row tells of one path (properties.products.$.sku: of the elements of an array; * stands for keys that are ids,
addresses or numbers themselves) of a source's events of a type and name, and one kind of data: email, phone, card,
iban, national_id (of BR, DE, ES, FR, GB, IT, NL, PL, SE and US), ip_address and birth_date by their content; these
and name, first_name, street, postal_code, password, gender, health and others by their keys, in English. category is
that of the taxonomy of fides: user.contact.email. found_by: key, content, or key and content. events: sampled events
that have it; hits: values that are such; share: their part of all texts and numbers at the path; distinct_values: how
many different ones; example: the form of one, letters as x and digits as 9, never the value.
Card numbers count by Luhn's check digit, IBANs by theirs (mod 97), national ids by theirs; where more values have
only the form than are right, such as order numbers, they are taken for right by chance and not shown. E-mail
addresses, card numbers and IBANs are also found within longer texts (their first 4 kB), and e-mail addresses in URLs.
It is a help to look, and no proof: names of people, say, cannot be told by their content. Error: sample is less than
1 (22023).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.personal_values(jsonb, boolean), cdp_internal.personal_category(text),
	cdp_internal.estimate_events(timestamptz, timestamptz),
	cdp.personal_data(text, timestamptz, timestamptz, bigint) FROM PUBLIC;
