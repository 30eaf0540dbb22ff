-- The people of a report: those of the platform, or those in the rows of a query; and what they are broken down by.

CREATE FUNCTION cdp_internal.read_breakdown(by text[]) RETURNS TABLE (kind text, name text, place bigint)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 3
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	part text;
BEGIN
	FOREACH part IN ARRAY coalesce(by, '{}') LOOP
		IF coalesce(part, '') !~ '^(trait|segment|property):.' THEN
			RAISE EXCEPTION 'by must not have "%"', part
				USING ERRCODE = 'invalid_parameter_value',
					DETAIL = 'Breakdowns are written trait:plan, segment:buyers or property:category.';
		END IF;
	END LOOP;
	-- also of a report without events, where none is read
	IF (SELECT count(*) FROM unnest(by) AS b (part) WHERE b.part LIKE 'property:%') > 8 THEN
		RAISE EXCEPTION 'at most 8 properties can be combined' USING ERRCODE = 'invalid_parameter_value',
			DETAIL = format('The argument by has %s.', (
				SELECT count(*) FROM unnest(by) AS b (part) WHERE b.part LIKE 'property:%'));
	END IF;
	RETURN QUERY
		SELECT split_part(b.part, ':', 1), substr(b.part, strpos(b.part, ':') + 1), b.place
		FROM unnest(by) WITH ORDINALITY AS b (part, place);
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_breakdown(text[]) IS
	'Internal: returns the parts of the argument by of a report: kind (trait, segment, property), name, place.';

CREATE FUNCTION cdp_internal.breakdown_properties(by text[]) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (SELECT array_agg(b.name ORDER BY b.place) FROM cdp_internal.read_breakdown(by) b WHERE b.kind = 'property');
COMMENT ON FUNCTION cdp_internal.breakdown_properties(text[]) IS
	'Internal: returns the properties that the argument by of a report names, in order; NULL if there are none.';

-- Only the query itself is read under the caller's search path.  The text around it means the same under any path,
-- and no expression is evaluated here after the path is set.
CREATE FUNCTION cdp_internal.query_people(query text, query_path text, with_properties boolean)
	RETURNS TABLE (person bigint, timeline cdp.timeline)
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE ROWS 10000
	SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- the line break ends a comment of the form "-- ..."
	statement text := format(E'SELECT pg_catalog.row_number() OVER (), cdp.timeline_agg(q.at, q.event%s)
		FROM (\n%s\n) AS q(person, at, event)
		WHERE q.person IS NOT NULL
		GROUP BY q.person',
		CASE WHEN with_properties
			THEN $$, pg_catalog.to_jsonb(q) OPERATOR(pg_catalog.-) '{person,at,event}'::pg_catalog.text[]$$ END, query);
BEGIN
	PERFORM set_config('search_path', query_path, true);
	RETURN QUERY EXECUTE statement;
END
$function$;
COMMENT ON FUNCTION cdp_internal.query_people(text, text, boolean) IS
	'Internal: runs a query under a search path; returns the people in its rows, numbered, with their timelines. '
	'with_properties: the columns after the third are properties of the events.';

-- What the timelines of a report must carry.
CREATE FUNCTION cdp_internal.needed_properties(steps cdp.step[], of_steps cdp.step[], properties text[])
	RETURNS TABLE (event text, property text)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	SELECT p.event, p.property
	FROM unnest(needed_properties.steps) AS s (step)
	CROSS JOIN LATERAL cdp_internal.step_parts(s.step) p
	WHERE p.property IS NOT NULL
	UNION
	SELECT p.event, n.property
	FROM unnest(needed_properties.of_steps, needed_properties.properties) AS n (step, property)
	CROSS JOIN LATERAL cdp_internal.step_parts(n.step) p
	WHERE n.property IS NOT NULL;
END;
COMMENT ON FUNCTION cdp_internal.needed_properties(cdp.step[], cdp.step[], text[]) IS
	'Internal: returns the properties that the conditions of steps ask for, and for each of of_steps the property at '
	'its place in properties, if any; event: NULL for any.';

CREATE FUNCTION cdp_internal.tell_left() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET timezone = 'UTC'
AS $function$
DECLARE
	gone record;
BEGIN
	SELECT sum(f.gone) AS events, to_char(min(f.month), 'YYYY-MM') AS first, to_char(max(f.month), 'YYYY-MM') AS last
	INTO gone
	FROM cdp_data.folded_month f
	WHERE f.gone > 0;
	IF gone.events > 0 THEN
		RAISE NOTICE '% event(s) have left the log, and are not counted', gone.events
			USING DETAIL = format('They are of the months %s to %s; only timelines have them.', gone.first, gone.last);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.tell_left() IS
	'Internal: tells, by a notice, how many events what reads the log does not find, since they have left it.';

CREATE FUNCTION cdp_internal.logged_people(steps cdp.step[], of_steps cdp.step[], properties text[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	missing record;
	names text[];
	rules jsonb;
BEGIN
	SELECT string_agg(DISTINCT format('%s of %s', n.property, coalesce(n.event, 'all events')), ', ') AS list,
		   min(format('SELECT cdp.carry_property(%L, %L)', coalesce(n.event, '*'), n.property)) AS call INTO missing
	FROM cdp_internal.needed_properties(steps, of_steps, properties) n
	WHERE NOT EXISTS (
		SELECT FROM cdp_data.carried_property c WHERE c.event IN (n.event, '*') AND c.name = n.property);
	IF missing.list IS NULL THEN
		RETURN NULL;
	END IF;
	RAISE NOTICE 'the log is read, because timelines do not carry %', missing.list
		USING HINT = format('Timelines carry it after %s;', missing.call);
	PERFORM cdp_internal.tell_left();
	SELECT array_agg(DISTINCT p.event) INTO names
	FROM unnest(steps) AS s (step)
	CROSS JOIN LATERAL cdp_internal.step_parts(s.step) p
	HAVING bool_and(p.event IS NOT NULL);
	SELECT jsonb_object_agg(r.event, r.paths) INTO rules
	FROM (
		SELECT coalesce(n.event, '*') AS event,
			   jsonb_object_agg(n.property, coalesce(to_jsonb(c.path), jsonb_build_array(n.property))) AS paths
		FROM (
			SELECT * FROM cdp_internal.needed_properties(steps, of_steps, properties)
			UNION
			-- an event that is listed has no rules of *
			SELECT e.event, n.property
			FROM cdp_internal.needed_properties(steps, of_steps, properties) n
			CROSS JOIN cdp_internal.needed_properties(steps, of_steps, properties) e
			WHERE n.event IS NULL) n
		LEFT JOIN LATERAL (
			SELECT c.path
			FROM cdp_data.carried_property c
			WHERE c.event IN (n.event, '*') AND c.name = n.property
			ORDER BY c.event = '*'
			LIMIT 1) c ON true
		GROUP BY 1) r;
	RETURN format($sql$
		SELECT e.profile_id, cdp.timeline_agg(e."timestamp", e.event,
			cdp_internal.carried(e.event, e.properties, e.context, %L)) AS timeline
		FROM cdp.events e
		WHERE e.profile_id IS NOT NULL AND %s
		GROUP BY e.profile_id
	$sql$, rules, CASE WHEN names IS NULL THEN 'e.event IS NOT NULL' ELSE format('e.event = ANY (%L)', names) END);
END
$function$;
COMMENT ON FUNCTION cdp_internal.logged_people(cdp.step[], cdp.step[], text[]) IS
	'Internal: returns a query for the timelines of people by the log, with what the steps and properties of a report '
	'need; NULL if the timelines of profiles carry all of it. Raises a notice that says so.';

CREATE FUNCTION cdp_internal.table_people(query text, query_path text, segment text, by text[], steps cdp.step[],
	of_steps cdp.step[], properties text[]) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	parts text;
	logged text;
	named text;
	broken_down text[] := cdp_internal.breakdown_properties(by);
BEGIN
	of_steps := of_steps || array_fill(steps[1], ARRAY[coalesce(cardinality(broken_down), 0)]);
	properties := properties || broken_down;
	IF query IS NOT NULL THEN
		IF segment IS NOT NULL OR EXISTS (SELECT FROM cdp_internal.read_breakdown(by) b WHERE b.kind <> 'property') THEN
			RAISE EXCEPTION '% cannot be given together with query',
				CASE WHEN segment IS NOT NULL THEN 'segment' ELSE 'a breakdown by traits or segments' END
				USING ERRCODE = 'invalid_parameter_value',
					HINT = 'The people of a query have no segments and no traits; put conditions into the query.';
		END IF;
		query := regexp_replace(query, '[[:space:];]+$', '');
		IF query = '' THEN
			RAISE EXCEPTION 'query must not be empty' USING ERRCODE = 'invalid_parameter_value';
		END IF;
		RETURN format('SELECT q.person, q.timeline, ARRAY[NULL::text] AS parts
			FROM cdp_internal.query_people(%L, %L, %L) q', query, query_path,
			EXISTS (SELECT FROM cdp_internal.needed_properties(steps, of_steps, properties)));
	END IF;
	PERFORM cdp_internal.check_tables();
	FOR named IN
		SELECT segment WHERE segment IS NOT NULL
		UNION ALL
		SELECT b.name FROM cdp_internal.read_breakdown(by) b WHERE b.kind = 'segment'
	LOOP
		IF NOT EXISTS (SELECT FROM cdp_data.segment s WHERE s.name = named AND s.kind <> 'trait') THEN
			RAISE EXCEPTION 'segment "%" does not exist', named
				USING ERRCODE = 'undefined_object', HINT = 'cdp.segment lists the segments.';
		END IF;
	END LOOP;
	PERFORM cdp_internal.notice_unseen('trait', b.name) FROM cdp_internal.read_breakdown(by) b WHERE b.kind = 'trait';
	PERFORM cdp_internal.notice_unseen('event', p.event)
	FROM (
		SELECT DISTINCT p.event COLLATE "C"
		FROM unnest(steps) AS s (step) CROSS JOIN LATERAL cdp_internal.step_parts(s.step) p
		ORDER BY 1) AS p (event);
	SELECT string_agg(CASE b.kind WHEN 'trait' THEN format('p.traits ->> %L', b.name)
		WHEN 'segment' THEN format(
			'CASE WHEN p.profile_id IN (SELECT s.profile_id FROM cdp.members(%L) s) THEN %L ELSE %L END',
			b.name, b.name, 'not ' || b.name)
		ELSE 'NULL' END, ', ' ORDER BY b.place) INTO parts
	FROM cdp_internal.read_breakdown(by) b;
	logged := cdp_internal.logged_people(steps, of_steps, properties);
	IF logged IS NULL THEN
		PERFORM cdp_internal.notice_unseen_property(n.event, n.property)
		FROM (
			SELECT DISTINCT n.event COLLATE "C" AS event, n.property COLLATE "C" AS property
			FROM cdp_internal.needed_properties(steps, of_steps, properties) n
			ORDER BY 1, 2) n;
	END IF;
	RETURN format('SELECT p.profile_id AS person, %s.timeline, ARRAY[%s]::text[] AS parts FROM %s p%s '
		'WHERE p.timeline <> ''{}''%s',
		CASE WHEN logged IS NULL THEN 'p' ELSE 'l' END, coalesce(parts, 'NULL'),
		-- what a role without the right to identifiers reads of people
		CASE WHEN has_table_privilege('cdp.profile_row', 'SELECT') THEN 'cdp.profile_row' ELSE 'cdp.people' END,
		' JOIN (' || logged || ') l USING (profile_id)',
		CASE WHEN segment IS NOT NULL
			THEN format(' AND p.profile_id IN (SELECT s.profile_id FROM cdp.members(%L) s)', segment) END);
END
$function$;
COMMENT ON FUNCTION cdp_internal.table_people(text, text, text, text[], cdp.step[], cdp.step[], text[]) IS
	'Internal: returns the query for the people of a report: their person, timeline, and the parts of their breakdown, '
	'where those of properties are NULL. steps, of_steps, properties: see cdp_internal.needed_properties(). The '
	'properties of the breakdown are of the first of steps.';

CREATE FUNCTION cdp_internal.breakdown_expression(by text[], found text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (
		SELECT CASE count(*)
			WHEN 0 THEN 'NULL::text'
			WHEN 1 THEN min(e.part)
			ELSE string_agg(format('coalesce(%s, ''(none)'')', e.part), $$ || ' / ' || $$ ORDER BY e.place) END
		FROM (
			SELECT CASE b.kind WHEN 'property'
				THEN format('%s[%s]', found, row_number() OVER (PARTITION BY b.kind ORDER BY b.place))
				ELSE format('p.parts[%s]', b.place) END AS part, b.place
			FROM cdp_internal.read_breakdown(by) b) e);
COMMENT ON FUNCTION cdp_internal.breakdown_expression(text[], text) IS
	'Internal: returns what a row of a report is broken down by, as an expression over p, a row of '
	'cdp_internal.table_people(), and found, an expression for the array of the values of its properties.';

-- A report with the argument top shows that many groups, and the rest as one.
CREATE FUNCTION cdp_internal.top_rows(rows text, top integer) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF top < 1 THEN
		RAISE EXCEPTION 'top must be positive' USING ERRCODE = 'invalid_parameter_value';
	ELSIF top IS NULL THEN
		RETURN format('SELECT r.*, r.own AS breakdown FROM (%s) r', rows);
	END IF;
	RETURN format($sql$
		WITH found AS MATERIALIZED (%s), large AS MATERIALIZED (
			SELECT f.own
			FROM found f
			GROUP BY f.own
			ORDER BY count(DISTINCT f.person) DESC, f.own COLLATE "C"
			LIMIT %s)
		SELECT f.*, CASE WHEN f.own IN (SELECT l.own FROM large l) THEN f.own
			WHEN f.own IS NULL AND EXISTS (SELECT FROM large l WHERE l.own IS NULL) THEN NULL
			ELSE '(other)' END AS breakdown
		FROM found f
	$sql$, rows, top);
END
$function$;
COMMENT ON FUNCTION cdp_internal.top_rows(text, integer) IS
	'Internal: returns a query of the rows of another, which have a person and their own breakdown (own), with the '
	'column breakdown: own, but "(other)" for all but the top ones with most people.';

REVOKE ALL ON FUNCTION cdp_internal.read_breakdown(text[]), cdp_internal.breakdown_properties(text[]),
	cdp_internal.query_people(text, text, boolean), cdp_internal.needed_properties(cdp.step[], cdp.step[], text[]),
	cdp_internal.tell_left(), cdp_internal.logged_people(cdp.step[], cdp.step[], text[]),
	cdp_internal.table_people(text, text, text, text[], cdp.step[], cdp.step[], text[]),
	cdp_internal.breakdown_expression(text[], text), cdp_internal.top_rows(text, integer) FROM PUBLIC;
