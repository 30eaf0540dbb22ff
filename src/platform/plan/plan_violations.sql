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

CREATE FUNCTION cdp.plan_violations(source text DEFAULT NULL, since timestamptz DEFAULT NULL,
	until timestamptz DEFAULT NULL)
	RETURNS TABLE (day date, source_name text, event_type text, event_name text, version integer, field text, type text,
		description text, events bigint, example_message_id text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN QUERY
		SELECT (e."timestamp" AT TIME ZONE 'UTC')::date, e.source, e.type, e.event, p.version, v.field, v.type,
			v.description, count(DISTINCT e.event_id), min(e.message_id COLLATE "C")
		FROM cdp.events e
		-- of the type and the name, else of all of the type, and what is common to all; of these the version that the
		-- message names, else the last
		CROSS JOIN LATERAL (
			(SELECT x.version, x.schema
			FROM cdp_data.planned_event x
			WHERE x.source = e.source AND x.type = e.type AND x.event IN (coalesce(e.event, ''), '')
			ORDER BY x.event DESC, (x.version::text = e.context #>> '{protocols,event_version}') IS TRUE DESC,
				x.version DESC
			LIMIT 1)
			UNION ALL
			(SELECT c.version, c.schema
			FROM cdp_data.planned_event c
			WHERE c.source = e.source AND c.type = 'common' AND c.event = ''
			ORDER BY (c.version::text = e.context #>> '{protocols,event_version}') IS TRUE DESC, c.version DESC
			LIMIT 1)) p
		CROSS JOIN LATERAL cdp.schema_violations(
			cdp_internal.planned_message(e.type, e.event, e.user_id, e.anonymous_id, e.group_id, e.message_id,
				e.properties, e.traits, e.context), p.schema) v
		WHERE e.source IN (SELECT s.source FROM cdp_data.planned_event s)
			AND (plan_violations.source IS NULL OR e.source = plan_violations.source)
			AND (since IS NULL OR e."timestamp" >= since) AND (until IS NULL OR e."timestamp" < until)
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
		ORDER BY 1, 2, 3, 4, 5, 6, 7, 8;
END
$function$;
COMMENT ON FUNCTION cdp.plan_violations(text, timestamptz, timestamptz) IS
$comment$Returns what events in the log break of the tracking plan of their source, counted by day (UTC), event, field
and type: SELECT * FROM cdp.plan_violations('web', since => now() - interval '7 days'). source: NULL, all that have a
plan. since (included) and until (excluded) bound the time of the event.
What a schema judges is the message as Segment writes it: an object of type, event, userId, anonymousId, groupId,
messageId, properties, traits and context, without those that the event does not have. field, type and description are
those of cdp.schema_violations, so field is properties.total; no value is told. version is that of the schema. events
counts the events, example_message_id is the message id of one of them. A page or screen that is not planned by name is
judged by the schema of its type without a name; events that are not planned are in cdp.plan_coverage.$comment$;

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
				coalesce(e.event, '') COLLATE "C" AS event,
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
	cdp.plan_violations(text, timestamptz, timestamptz), cdp.plan_coverage(text, timestamptz, timestamptz) FROM PUBLIC;
