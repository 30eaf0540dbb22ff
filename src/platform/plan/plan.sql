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

	CREATE TABLE cdp_data.plan (
		source text COLLATE "C" PRIMARY KEY,
		violations text NOT NULL DEFAULT 'allow' CHECK (violations IN ('allow', 'quarantine', 'drop_property')),
		unplanned text NOT NULL DEFAULT 'allow' CHECK (unplanned IN ('allow', 'quarantine')),
		events jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(events) = 'object'),
		batch_id bigint NOT NULL,
		set_at timestamptz NOT NULL);
	COMMENT ON TABLE cdp_data.plan IS
		'The sources with a tracking plan, and what is done with rows that break it. Written by cdp.set_plan and '
		'cdp.set_plan_actions.';
	COMMENT ON COLUMN cdp_data.plan.source IS 'Name of the source.';
	COMMENT ON COLUMN cdp_data.plan.violations IS
		'What is done with an event that breaks its schema: allow, quarantine or drop_property.';
	COMMENT ON COLUMN cdp_data.plan.unplanned IS
		'What is done with an event that is not planned, of a type that is: allow or quarantine.';
	COMMENT ON COLUMN cdp_data.plan.events IS
		'Events for which violations is another: type to name to action.';
	COMMENT ON COLUMN cdp_data.plan.batch_id IS 'The last batch before the source had a plan.';
	COMMENT ON COLUMN cdp_data.plan.set_at IS 'When it got one.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_plan() IS 'Internal: makes the tables of tracking plans.';

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

CREATE FUNCTION cdp_internal.read_plan(plan jsonb)
	RETURNS TABLE (type text, event text, version integer, schema cdp.json_schema, description text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE ROWS 50
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	part record;
	known jsonb := '{}';
	key text;
BEGIN
	FOR part IN SELECT * FROM cdp_internal.plan_parts(read_plan.plan) LOOP
		PERFORM cdp_internal.check_planned(part.type, part.event, part.version, part.schema);
		type := part.type;
		event := cdp_internal.planned_name(part.type, btrim(part.event));
		version := part.version::integer;
		schema := cdp_internal.read_planned_schema(
			CASE part.event WHEN '' THEN part.type ELSE format('event "%s"', left(part.event, 64)) END, part.schema);
		description := part.description;
		key := jsonb_build_array(type, event, version)::text;
		IF known ? key THEN
			RAISE EXCEPTION 'event "%" is planned twice', left(event, 64) USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('Type %s, version %s.', type, version);
		END IF;
		known := known || jsonb_build_object(key, true);
		RETURN NEXT;
	END LOOP;
	IF known = '{}' THEN
		RAISE EXCEPTION 'the plan has no events' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'A plan has a member "rules": an array of {"type", "key", "version", "jsonSchema"}, or an object '
				'with "events", an array of {"name", "version", "rules"}, and "global", "identify" and "group".',
			HINT = 'NULL removes the plan of a source.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_plan(jsonb) IS
	'Internal: returns the schemas of a tracking plan; raises an error if it is not valid.';

CREATE FUNCTION cdp.set_plan(source text, plan jsonb) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	planned integer;
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_source_name(set_plan.source);
	-- no batch is half judged
	PERFORM cdp_internal.refresh_lock(wait => true);
	DELETE FROM cdp_data.planned_event p WHERE p.source = set_plan.source;
	IF set_plan.plan IS NULL THEN
		DELETE FROM cdp_data.plan p WHERE p.source = set_plan.source;
		DELETE FROM cdp_data.plan_violation v WHERE v.source = set_plan.source;
		RETURN 0;
	END IF;
	INSERT INTO cdp_data.planned_event (source, type, event, version, schema, description)
	SELECT set_plan.source, p.* FROM cdp_internal.read_plan(set_plan.plan) p;
	GET DIAGNOSTICS planned = ROW_COUNT;
	INSERT INTO cdp_data.plan (source, batch_id, set_at)
	SELECT set_plan.source, s.batch_id, greatest(clock_timestamp(), s.as_of) FROM cdp_data.state s
	ON CONFLICT (source) DO NOTHING;
	RETURN planned;
END
$function$;
COMMENT ON FUNCTION cdp.set_plan(text, jsonb) IS
$comment$Sets the tracking plan of a source, in place of its former one; returns how many schemas it has. NULL removes
it, its actions, and what was counted by it. The document is that of Segment's tracking plans, either as its Public API
gives it, and as cdp.infer_plan makes it:
{"rules": [{"type": "TRACK", "key": "Order Completed", "version": 1, "jsonSchema": {...}}, ...]}, where type is track,
page, screen, identify, group, alias or common, in any case, and key is the name of the event, or of the page or screen;
or as its older Config API gives it: {"rules": {"events": [{"name": "Order Completed", "version": 1, "rules": {...}},
...], "global": {...}, "identify": {...}, "group": {...}}}. A schema is of the whole message, whose members
cdp.plan_violations names.
From now on each row of the source is judged when it is taken: cdp.plan_violations counts what it breaks, and
cdp.set_plan_actions says what is done with it; at first all are accepted. cdp.planned_event and cdp.plan show the
plans; cdp.preview_plan compares the log with a plan before it is set.
It waits for a refresh. READ COMMITTED only. Errors: an invalid name of a source, a plan without events, an event
without type, name or schema, one that is planned twice, a schema that is invalid (22023).$comment$;

CREATE FUNCTION cdp_internal.read_plan_action(given jsonb, what text, actions text[]) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF given IS NULL OR given = 'null' THEN
		RETURN 'allow';
	END IF;
	IF jsonb_typeof(given) <> 'string' OR given #>> '{}' <> ALL (actions) THEN
		RAISE EXCEPTION '% is %', what, left(given::text, 64) USING ERRCODE = 'invalid_parameter_value',
			HINT = cdp_internal.hint_at(given #>> '{}', actions);
	END IF;
	RETURN given #>> '{}';
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_plan_action(jsonb, text, text[]) IS
	'Internal: reads an action of a document; null: allow. what: its name in the message.';

CREATE FUNCTION cdp_internal.check_plan_events(source text, given jsonb) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	part record;
	named record;
BEGIN
	PERFORM cdp_internal.check_keys(given, '{track,page,screen,identify,group,alias}', '"events"');
	FOR part IN SELECT * FROM jsonb_each(given) LOOP
		PERFORM cdp_internal.check_object(part.value, format('events of type %s', part.key));
		FOR named IN SELECT * FROM jsonb_each(part.value) LOOP
			PERFORM cdp_internal.read_plan_action(named.value, format('action of event "%s"', left(named.key, 64)),
				'{allow,quarantine,drop_property}');
			IF NOT EXISTS (SELECT FROM cdp_data.planned_event p
				WHERE p.source = check_plan_events.source AND p.type = part.key AND p.event = named.key)
			THEN
				RAISE EXCEPTION 'event "%" of type % is not planned', left(named.key, 64), part.key
					USING ERRCODE = 'invalid_parameter_value',
						HINT = 'cdp.planned_event has the planned events; one without a name has the name "".';
			END IF;
		END LOOP;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_plan_events(text, jsonb) IS
	'Internal: raises an error unless the member "events" of a document of cdp.set_plan_actions is valid.';

CREATE FUNCTION cdp.set_plan_actions(source text, actions jsonb) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_keys(actions, '{violations,unplanned,events}', 'the actions of a plan');
	PERFORM cdp_internal.refresh_lock(wait => true);
	IF actions -> 'events' <> 'null' THEN
		PERFORM cdp_internal.check_plan_events(set_plan_actions.source, actions -> 'events');
	END IF;
	UPDATE cdp_data.plan p
	SET violations = CASE WHEN actions ? 'violations' THEN
			cdp_internal.read_plan_action(actions -> 'violations', '"violations"', '{allow,quarantine,drop_property}')
			ELSE p.violations END,
		unplanned = CASE WHEN actions ? 'unplanned' THEN
			cdp_internal.read_plan_action(actions -> 'unplanned', '"unplanned"', '{allow,quarantine}')
			ELSE p.unplanned END,
		events = CASE WHEN actions -> 'events' = 'null' THEN '{}' ELSE coalesce(actions -> 'events', p.events) END
	WHERE p.source = set_plan_actions.source;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'source "%" has no tracking plan', left(set_plan_actions.source, 64)
			USING ERRCODE = 'invalid_parameter_value', HINT = 'cdp.set_plan() sets one.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.set_plan_actions(text, jsonb) IS
$comment$Says what refreshes do from now on with rows of a source that break its tracking plan:
SELECT cdp.set_plan_actions('web', '{"violations": "drop_property", "unplanned": "quarantine",
	"events": {"track": {"Order Completed": "quarantine"}, "identify": {"": "allow"}}}').
An absent key leaves what is; null sets it to its default. Actions:
allow, the default: the event is accepted as it came.
quarantine: the row goes to quarantine as plan_violation, and of an unplanned event as unplanned_event; detail names
what it breaks. cdp.replay() brings it back, to be judged by the plan that holds then.
drop_property: what breaks the schema is taken out of properties and traits (also context.traits), whole members only,
and kept in _dropped of the event's context, so that cdp.messages has the message as it was sent. It counts for nothing
else: no identifier, trait of a person or carried property is made of it. What is not a member of such an object stays:
what is missing, an element of an array, another field, and the version and deletion mark of a mutable source. A row
that cannot be an event without what is dropped goes to quarantine.
violations: for events that break their schema or the common one; events: for events by type and name, in place of that;
an event without a name, or of a name that is not listed, has the name "". unplanned: for events whose name is not
planned, of a type of which the plan has events.
A row is judged before its message id is looked up; a message is known by what was sent, whatever was dropped, so
repetitions stay duplicates when a plan changes. A row of a mutable source that deletes need not follow the plan.
It waits for a refresh. READ COMMITTED only. Errors: an unknown key or action, an event that is not planned, a source
without a plan (22023).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.init_plan(), cdp_internal.plan_parts(jsonb),
	cdp_internal.read_planned_schema(text, jsonb), cdp_internal.check_planned(text, text, jsonb, jsonb),
	cdp_internal.read_plan(jsonb),
	cdp_internal.read_plan_action(jsonb, text, text[]), cdp_internal.check_plan_events(text, jsonb),
	cdp.set_plan(text, jsonb), cdp.set_plan_actions(text, jsonb) FROM PUBLIC;
