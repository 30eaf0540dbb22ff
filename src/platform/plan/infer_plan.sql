-- A tracking plan proposed from what was seen.

-- in PL/pgSQL, since a schema cannot be read where the database is not in UTF-8, and the toolkit serves there
CREATE FUNCTION cdp_internal.seen_types(value jsonb) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN CASE jsonb_typeof(value)
		WHEN 'number' THEN CASE WHEN value::numeric = trunc(value::numeric) THEN 'integer' ELSE 'number' END
		WHEN 'string' THEN CASE WHEN cdp.matches_schema(value, '{"format": "date-time"}') THEN 'date-time'
			ELSE 'string' END
		ELSE jsonb_typeof(value) END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.seen_types(jsonb) IS
	'Internal: returns the type of a value in JSON Schema; date-time: a string of that format.';

CREATE FUNCTION cdp_internal.seen_schema(types text[]) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (
		SELECT CASE WHEN array_remove(types, 'null') = '{date-time}' THEN '{"format": "date-time"}' ELSE '{}' END::jsonb
			|| jsonb_build_object('type', CASE count(*) WHEN 1 THEN to_jsonb(min(k.type)) ELSE
				jsonb_agg(k.type ORDER BY k.type) END)
		FROM (
			SELECT DISTINCT CASE WHEN t.type = 'date-time' THEN 'string'
				WHEN t.type = 'integer' AND 'number' = ANY (types) THEN 'number' ELSE t.type END COLLATE "C" AS type
			FROM unnest(types) AS t (type)) k);
COMMENT ON FUNCTION cdp_internal.seen_schema(text[]) IS
	'Internal: returns the schema of a property whose values were of these types, which ascend.';

CREATE FUNCTION cdp.infer_plan(source text, since timestamptz DEFAULT NULL, until timestamptz DEFAULT NULL)
	RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN (
		WITH seen AS (
			SELECT e.type COLLATE "C" AS type, cdp_internal.planned_name(e.type, e.event) COLLATE "C" AS event,
				-- where the call says what it is about
				CASE WHEN e.type IN ('identify', 'group') THEN 'traits' ELSE 'properties' END AS part,
				CASE WHEN e.type IN ('identify', 'group') THEN e.traits ELSE e.properties END AS document
			FROM cdp_data.event e
			WHERE e.source = infer_plan.source AND (since IS NULL OR e."timestamp" >= since)
				AND (until IS NULL OR e."timestamp" < until)),
		counted AS (
			SELECT s.type, s.event, s.part, count(*) AS events, count(s.document) AS documents
			FROM seen s
			GROUP BY 1, 2, 3),
		property AS (
			SELECT s.type, s.event, p.key, count(*) AS events,
				cdp_internal.seen_schema(array_agg(DISTINCT cdp_internal.seen_types(p.value) COLLATE "C")) AS schema
			FROM seen s CROSS JOIN LATERAL jsonb_each(CASE jsonb_typeof(s.document) WHEN 'object' THEN s.document END) p
			GROUP BY 1, 2, 3),
		described AS (
			SELECT c.type, c.event, c.part, c.events = c.documents AS always,
				jsonb_build_object('type', 'object',
					'properties', coalesce(jsonb_object_agg(p.key, p.schema) FILTER (WHERE p.key IS NOT NULL), '{}'),
					'required', coalesce(
						jsonb_agg(p.key ORDER BY p.key COLLATE "C") FILTER (WHERE p.events = c.events), '[]')) AS schema
			FROM counted c LEFT JOIN property p ON p.type = c.type AND p.event = c.event
			GROUP BY c.type, c.event, c.part, c.events, c.documents)
		SELECT jsonb_build_object('rules', coalesce(jsonb_agg(jsonb_build_object(
				'type', upper(d.type), 'key', d.event, 'version', 1, 'jsonSchema', jsonb_build_object(
					'$schema', 'http://json-schema.org/draft-07/schema#', 'type', 'object',
					'properties', jsonb_build_object(d.part, d.schema),
					'required', CASE WHEN d.always THEN jsonb_build_array(d.part) ELSE '[]' END))
				ORDER BY d.type, d.event), '[]'))
		FROM described d);
END
$function$;
COMMENT ON FUNCTION cdp.infer_plan(text, timestamptz, timestamptz) IS
$comment$Proposes a tracking plan for a source from its events in the log, for people to read and change:
SELECT cdp.set_plan('web', cdp.infer_plan('web', since => now() - interval '30 days')). since (included) and until
(excluded) bound the time of the events. It has a schema for each type and name of event: the types of each property (or
trait, of identify and group calls), the format date-time where all its texts have it, and as required what each such
event has. No value is in it, and nothing about what is within objects and arrays. The events that it was made of follow
it.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.seen_types(jsonb), cdp_internal.seen_schema(text[]),
	cdp.infer_plan(text, timestamptz, timestamptz) FROM PUBLIC;
