-- The log compared with tracking plans.

CREATE FUNCTION cdp_internal.planned_message(type text, event text, user_id text, anonymous_id text, group_id text,
	message_id text, properties jsonb, traits jsonb, context jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (
		SELECT jsonb_object_agg(m.key, m.value)
		FROM (VALUES ('type', to_jsonb(type)), ('event', to_jsonb(event)), ('userId', to_jsonb(user_id)),
			('anonymousId', to_jsonb(anonymous_id)), ('groupId', to_jsonb(group_id)),
			('messageId', to_jsonb(message_id)), ('properties', properties), ('traits', traits),
			('context', context)) AS m (key, value)
		WHERE m.value IS NOT NULL);
COMMENT ON FUNCTION cdp_internal.planned_message(text, text, text, text, text, text, jsonb, jsonb, jsonb) IS
	'Internal: returns the message that the schemas of plans are of.';

CREATE FUNCTION cdp_internal.logged_violations(source text, plan jsonb, since timestamptz, until timestamptz)
	RETURNS TABLE (day date, source_name text, event_type text, event_name text, version integer, field text, type text,
		description text, outcome text, events bigint, example_message_id text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		WITH planned AS MATERIALIZED (
			SELECT p.source, p.type, p.event, p.version, p.schema, l.batch_id, l.set_at
			FROM cdp_data.planned_event p
			JOIN cdp_data.plan l ON l.source = p.source
			WHERE plan IS NULL AND (logged_violations.source IS NULL OR p.source = logged_violations.source)
			UNION ALL
			SELECT logged_violations.source, r.type, r.event, r.version, r.schema, NULL, NULL
			FROM cdp_internal.read_plan(plan) r
			WHERE plan IS NOT NULL),
		judged AS MATERIALIZED (
			SELECT p.source, p.batch_id, p.set_at FROM planned p GROUP BY 1, 2, 3),
		message AS (
			SELECT e.event_id, e."timestamp", e.source, e.type, e.message_id,
				cdp_internal.planned_name(e.type, e.event) AS event,
				e.context #>> '{protocols,event_version}' AS named_version,
				cdp_internal.planned_message(e.type, e.event, e.user_id, e.anonymous_id, e.group_id, e.message_id,
					cdp_internal.put_back_dropped(e.properties, e.context #> '{_dropped,properties}'),
					cdp_internal.put_back_dropped(e.traits, e.context #> '{_dropped,traits}'),
					cdp_internal.put_back_dropped(e.context, e.context #> '{_dropped,context}')
						- '{_extra,_sent,_dropped}'::text[]) AS message
			FROM judged j
			JOIN cdp.events e ON e.source = j.source
			WHERE (since IS NULL OR e."timestamp" >= since) AND (until IS NULL OR e."timestamp" < until)
				-- no event is later than its arrival
				AND (j.batch_id IS NULL OR (e.batch_id <= j.batch_id
					AND e."timestamp" <= (SELECT max(x.set_at) FROM judged x)))),
		found AS (
			SELECT m.*, p.version, v.field, v.type AS kind, v.description
			FROM message m
			-- of the type and the name, else of all of the type, and what is common to all; of these the version that
			-- the message names, else the last
			CROSS JOIN LATERAL (
				(SELECT x.version, x.schema
				FROM planned x
				WHERE x.source = m.source AND x.type = m.type AND x.event IN (m.event, '')
				ORDER BY x.event DESC, (x.version::text = m.named_version) IS TRUE DESC, x.version DESC
				LIMIT 1)
				UNION ALL
				(SELECT c.version, c.schema
				FROM planned c
				WHERE c.source = m.source AND c.type = 'common' AND c.event = ''
				ORDER BY (c.version::text = m.named_version) IS TRUE DESC, c.version DESC
				LIMIT 1)) p
			CROSS JOIN LATERAL cdp.schema_violations(m.message, p.schema) v
			UNION ALL
			SELECT m.*, 0, 'event', 'unplanned', 'is not planned'
			FROM message m
			WHERE EXISTS (SELECT FROM planned x WHERE x.source = m.source AND x.type = m.type)
				AND NOT EXISTS (
					SELECT FROM planned x
					WHERE x.source = m.source AND x.type = m.type AND x.event IN (m.event, '')))
		SELECT (f."timestamp" AT TIME ZONE 'UTC')::date, f.source, f.type, nullif(f.event, ''), f.version, f.field,
			f.kind, f.description, 'allowed', count(DISTINCT f.event_id), min(f.message_id COLLATE "C")
		FROM found f
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
END
$function$;
COMMENT ON FUNCTION cdp_internal.logged_violations(text, jsonb, timestamptz, timestamptz) IS
	'Internal: returns what events of the log break of a plan, or, with NULL, of the plan of their source, those that '
	'came before it was set.';

CREATE FUNCTION cdp.plan_violations(source text DEFAULT NULL, since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL)
	RETURNS TABLE (day date, source_name text, event_type text, event_name text, version integer, field text, type text,
		description text, outcome text, events bigint, example_message_id text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM cdp_internal.check_tables();
	-- whole days
	since := date_trunc('day', since, 'UTC');
	until := CASE WHEN until = date_trunc('day', until, 'UTC') THEN until
		ELSE date_trunc('day', until, 'UTC') + interval '24 hours' END;
	RETURN QUERY
		SELECT f.day, f.source_name, f.event_type, f.event_name, f.version, f.field, f.type, f.description, f.outcome,
			sum(f.events)::bigint, min(f.example_message_id COLLATE "C")
		FROM (
			SELECT v.day, v.source AS source_name, v.type AS event_type, nullif(v.event, '') AS event_name, v.version,
				v.field, v.kind AS type, v.description, v.outcome, v.events, v.example_message_id
			FROM cdp_data.plan_violation v
			WHERE (plan_violations.source IS NULL OR v.source = plan_violations.source)
				AND (since IS NULL OR v.day >= (since AT TIME ZONE 'UTC')::date)
				AND (until IS NULL OR v.day < (until AT TIME ZONE 'UTC')::date)
			UNION ALL
			SELECT * FROM cdp_internal.logged_violations(plan_violations.source, NULL, since, until)) f
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
		ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9;
END
$function$;
COMMENT ON FUNCTION cdp.plan_violations(text, timestamptz, timestamptz) IS
$comment$Returns what events break of the tracking plan of their source, counted by day (UTC), event, field and type:
SELECT * FROM cdp.plan_violations('web', since => now() - interval '7 days'). source: NULL, all that have a plan. since
(included) and until (excluded) bound the time of the event; each day that they leave a part of counts whole.
Rows that came since the source has a plan are counted as they were judged when they came, by the plan that held then:
also those that went to quarantine (each time that they came or were replayed), and those of months that were dropped
since. outcome tells what was done with them: allowed, quarantined or dropped (a property or trait). Events of the log
that are older than the plan are judged now.
What a schema judges is the message as Segment writes it: an object of type, event, userId, anonymousId, groupId,
messageId, properties, traits and context, without those that the event does not have. field, type and description are
those of cdp.schema_violations, so field is properties.total; no value is told. type is unplanned for an event whose
name is not planned, of a type of which the plan has events; and other for the rest of what was found of a source and
day, beyond 1,000 rows, or 100,000 of all. version is that of the schema. events counts the events, of each row up to 20
violations; example_message_id is the message id of one of those in the log. A page or screen that is not planned by
name is judged by the schema of its type without a name.$comment$;

CREATE FUNCTION cdp.preview_plan(source text, plan jsonb, since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL)
	RETURNS TABLE (event_type text, event_name text, version integer, field text, type text, description text,
		events bigint, example_message_id text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_source_name(preview_plan.source);
	IF plan IS NULL THEN
		RAISE EXCEPTION 'plan must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	RETURN QUERY
		SELECT v.event_type, v.event_name, v.version, v.field, v.type, v.description, sum(v.events)::bigint,
			min(v.example_message_id COLLATE "C")
		FROM cdp_internal.logged_violations(preview_plan.source, plan, since, until) v
		GROUP BY 1, 2, 3, 4, 5, 6
		ORDER BY 1, 2, 3, 4, 5, 6;
END
$function$;
COMMENT ON FUNCTION cdp.preview_plan(text, jsonb, timestamptz, timestamptz) IS
$comment$Returns what the events of a source in the log break of a tracking plan that is not set, so that it is known
before what would go to quarantine: SELECT * FROM cdp.preview_plan('web', plan, since => now() - interval '7 days').
since (included) and until (excluded) bound the time of the events. The columns are those of cdp.plan_violations; rows
in quarantine are not judged. Errors are those of cdp.set_plan.$comment$;

CREATE FUNCTION cdp.plan_coverage(source text DEFAULT NULL, since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL)
	RETURNS TABLE (source_name text, event_type text, event_name text, planned boolean, events bigint,
		first_seen timestamptz, last_seen timestamptz)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN QUERY
		WITH planned AS (
			SELECT DISTINCT p.source, p.type, p.event
			FROM cdp_data.planned_event p
			WHERE (plan_coverage.source IS NULL OR p.source = plan_coverage.source)),
		seen AS (
			SELECT e.source COLLATE "C" AS source, e.type COLLATE "C" AS type,
				cdp_internal.planned_name(e.type, e.event) COLLATE "C" AS event,
				count(*) AS events, min(e."timestamp") AS first_seen, max(e."timestamp") AS last_seen
			FROM cdp_data.event e
			WHERE e.source IN (SELECT p.source FROM planned p)
				AND (since IS NULL OR e."timestamp" >= since) AND (until IS NULL OR e."timestamp" < until)
			GROUP BY 1, 2, 3)
		SELECT coalesce(s.source, p.source), coalesce(s.type, p.type), nullif(coalesce(s.event, p.event), ''),
			p.source IS NOT NULL OR EXISTS (
				SELECT FROM planned o WHERE o.source = s.source AND o.type = s.type AND o.event = ''),
			coalesce(s.events, 0), s.first_seen, s.last_seen
		FROM seen s
		FULL JOIN (SELECT * FROM planned p WHERE p.type <> 'common') p
			ON p.source = s.source AND p.type = s.type AND p.event = s.event
		ORDER BY 1, 2, 3 NULLS FIRST;
END
$function$;
COMMENT ON FUNCTION cdp.plan_coverage(text, timestamptz, timestamptz) IS
	'Returns the events of sources with a tracking plan: those that are planned, seen or not (events is 0), and those '
	'that were seen and are not planned. source: NULL, all that have a plan. since (included) and until (excluded) '
	'bound the time of the events. event_name is NULL for calls without a name, and for a plan of all pages or '
	'screens.';

REVOKE ALL ON FUNCTION
	cdp_internal.planned_message(text, text, text, text, text, text, jsonb, jsonb, jsonb),
	cdp_internal.logged_violations(text, jsonb, timestamptz, timestamptz),
	cdp.preview_plan(text, jsonb, timestamptz, timestamptz),
	cdp.plan_violations(text, timestamptz, timestamptz), cdp.plan_coverage(text, timestamptz, timestamptz) FROM PUBLIC;
