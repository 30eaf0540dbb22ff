-- Tracking plans: what each source is expected to send, as JSON Schemas of its events.

CREATE FUNCTION cdp_internal.init_plan() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.planned_event (
		source text COLLATE "C",
		type text COLLATE "C",
		event text COLLATE "C",
		version integer,
		schema cdp.json_schema NOT NULL,
		description text,
		PRIMARY KEY (source, type, event, version));
	COMMENT ON TABLE cdp_data.planned_event IS
		'The tracking plan of each source: a JSON Schema for each of its events. Written by cdp.set_plan.';
	COMMENT ON COLUMN cdp_data.planned_event.source IS 'Name of the source.';
	COMMENT ON COLUMN cdp_data.planned_event.type IS
		'track, page, screen, identify, group, alias; or common, for events of all types.';
	COMMENT ON COLUMN cdp_data.planned_event.event IS
		'Name of the event; empty for types without names, and for all pages or screens that are not planned by name.';
	COMMENT ON COLUMN cdp_data.planned_event.version IS
		'Version of the event, from 1. Messages name theirs in context.protocols.event_version; the greatest one holds '
		'for those that name none that is planned.';
	COMMENT ON COLUMN cdp_data.planned_event.schema IS 'Schema of the message: see cdp.plan_violations.';
	COMMENT ON COLUMN cdp_data.planned_event.description IS 'What the event is for; NULL: not given.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_plan() IS 'Internal: makes the table of tracking plans.';

CREATE FUNCTION cdp_internal.plan_parts(plan jsonb)
	RETURNS TABLE (type text, event text, version jsonb, schema jsonb, description text)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 50
BEGIN ATOMIC
	WITH given (rules) AS (
		SELECT CASE jsonb_typeof(plan) WHEN 'array' THEN plan
			ELSE coalesce(plan -> 'rules', plan #> '{data,rules}') END)
	-- Segment's Public API: an array of rules
	SELECT CASE lower(r.rule ->> 'type') WHEN 'global' THEN 'common' ELSE lower(r.rule ->> 'type') END,
		coalesce(r.rule ->> 'key', ''), coalesce(r.rule -> 'version', '1'), r.rule -> 'jsonSchema',
		r.rule #>> '{jsonSchema,description}'
	FROM given g
	CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(g.rules) WHEN 'array' THEN g.rules END) AS r (rule)
	UNION ALL
	-- its older Config API: an object with the events of type track
	SELECT 'track', coalesce(e.event ->> 'name', ''), coalesce(e.event -> 'version', '1'), e.event -> 'rules',
		e.event ->> 'description'
	FROM given g
	CROSS JOIN LATERAL jsonb_array_elements(
		CASE jsonb_typeof(g.rules -> 'events') WHEN 'array' THEN g.rules -> 'events' END) AS e (event)
	UNION ALL
	SELECT k.type, '', '1', g.rules -> k.key, NULL
	FROM given g
	CROSS JOIN (VALUES ('common', 'global'), ('identify', 'identify'), ('group', 'group')) AS k (type, key)
	WHERE jsonb_typeof(g.rules -> k.key) = 'object' AND g.rules -> k.key <> '{}';
END;
COMMENT ON FUNCTION cdp_internal.plan_parts(jsonb) IS
	'Internal: returns the parts of a tracking plan, as its document has them; nothing is checked.';

CREATE FUNCTION cdp_internal.read_planned_schema(what text, schema jsonb) RETURNS cdp.json_schema
	LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	reason text;
BEGIN
	RETURN schema::text::cdp.json_schema;
EXCEPTION WHEN invalid_text_representation OR feature_not_supported OR program_limit_exceeded THEN
	GET STACKED DIAGNOSTICS reason = PG_EXCEPTION_DETAIL;
	RAISE EXCEPTION 'the schema of % is invalid', what USING ERRCODE = 'invalid_parameter_value', DETAIL = reason,
		HINT = 'Bytes are counted in the text of the schema as jsonb prints it.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_planned_schema(text, jsonb) IS
	'Internal: makes the schema of a part of a plan; what: its name in the message.';

CREATE FUNCTION cdp_internal.check_planned(part_type text, event text, version jsonb, schema jsonb) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	types text[] := '{track,page,screen,identify,group,alias,common}';
BEGIN
	IF part_type IS NULL OR part_type <> ALL (types) THEN
		RAISE EXCEPTION 'type of event "%" is "%"', left(event, 64), left(part_type, 64)
			USING ERRCODE = 'invalid_parameter_value', HINT = cdp_internal.hint_at(part_type, types);
	END IF;
	IF part_type = 'track' AND btrim(event) = '' THEN
		RAISE EXCEPTION 'a planned event has no name' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Its name is the member "key" of a rule, or the member "name" of an event.';
	END IF;
	IF part_type IN ('identify', 'group', 'alias', 'common') AND event <> '' THEN
		RAISE EXCEPTION 'a planned event of type % has the name "%"', part_type, left(event, 64)
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'Only track, page and screen calls have names.';
	END IF;
	IF jsonb_typeof(schema) IS NULL OR jsonb_typeof(schema) NOT IN ('object', 'boolean') THEN
		RAISE EXCEPTION 'planned event "%" has no schema', left(event, 64) USING ERRCODE = 'invalid_parameter_value',
			HINT = 'It is the member "jsonSchema" of a rule, or the member "rules" of an event.';
	END IF;
	PERFORM cdp_internal.read_whole_number(version, format('version of event "%s"', left(event, 64)), 1);
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_planned(text, text, jsonb, jsonb) IS
	'Internal: raises an error unless the part of a plan has a type, a name where the type has names, a version and a '
	'schema.';

CREATE FUNCTION cdp.set_plan(source text, plan jsonb) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	part record;
	planned integer := 0;
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_source_name(set_plan.source);
	-- one at a time; readers are not kept waiting
	LOCK TABLE cdp_data.planned_event IN SHARE ROW EXCLUSIVE MODE;
	DELETE FROM cdp_data.planned_event p WHERE p.source = set_plan.source;
	IF set_plan.plan IS NULL THEN
		RETURN 0;
	END IF;
	FOR part IN SELECT * FROM cdp_internal.plan_parts(set_plan.plan) LOOP
		PERFORM cdp_internal.check_planned(part.type, part.event, part.version, part.schema);
		BEGIN
			INSERT INTO cdp_data.planned_event (source, type, event, version, schema, description)
			VALUES (set_plan.source, part.type, btrim(part.event), part.version::integer,
				cdp_internal.read_planned_schema(
					CASE part.event WHEN '' THEN part.type ELSE format('event "%s"', left(part.event, 64)) END,
					part.schema),
				part.description);
		EXCEPTION WHEN unique_violation THEN
			RAISE EXCEPTION 'event "%" is planned twice', left(part.event, 64)
				USING ERRCODE = 'invalid_parameter_value',
					DETAIL = format('Type %s, version %s.', part.type, part.version);
		END;
		planned := planned + 1;
	END LOOP;
	IF planned = 0 THEN
		RAISE EXCEPTION 'the plan has no events' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'A plan has a member "rules": an array of {"type", "key", "version", "jsonSchema"}, or an object '
				'with "events", an array of {"name", "version", "rules"}, and "global", "identify" and "group".',
			HINT = 'NULL removes the plan of a source.';
	END IF;
	RETURN planned;
END
$function$;
COMMENT ON FUNCTION cdp.set_plan(text, jsonb) IS
$comment$Sets the tracking plan of a source, in place of its former one; returns how many schemas it has. NULL removes
it. The document is that of Segment's tracking plans, either as its Public API gives it, and as cdp.infer_plan makes it:
{"rules": [{"type": "TRACK", "key": "Order Completed", "version": 1, "jsonSchema": {...}}, ...]}, where type is track,
page, screen, identify, group, alias or common, in any case, and key is the name of the event; or as its older Config
API gives it: {"rules": {"events": [{"name": "Order Completed", "version": 1, "rules": {...}}, ...], "global": {...},
"identify": {...}, "group": {...}}}. A schema is of the whole message, whose members cdp.plan_violations names.
cdp.planned_event shows the plans; cdp.plan_violations and cdp.plan_coverage compare the log with them. Events are
accepted whatever the plan says.
Errors: an invalid name of a source, a plan without events, an event without type, name or schema, one that is planned
twice, a schema that is invalid (22023).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.init_plan(), cdp_internal.plan_parts(jsonb),
	cdp_internal.read_planned_schema(text, jsonb), cdp_internal.check_planned(text, text, jsonb, jsonb),
	cdp.set_plan(text, jsonb) FROM PUBLIC;
