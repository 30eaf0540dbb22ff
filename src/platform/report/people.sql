-- The people of a report: those of the platform, or those in the rows of a query.

-- Only the query itself is read under the caller's search path.  The text around it means the same under any path,
-- and no expression is evaluated here after the path is set.
CREATE FUNCTION cdp_internal.query_people(query text, query_path text)
	RETURNS TABLE (person bigint, timeline cdp.timeline)
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE ROWS 10000
	SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
	-- the line break ends a comment of the form "-- ..."
	statement text := format(E'SELECT pg_catalog.row_number() OVER (), cdp.timeline_agg(q.at, q.event)
		FROM (\n%s\n) AS q(person, at, event)
		WHERE q.person IS NOT NULL
		GROUP BY q.person', query);
BEGIN
	PERFORM set_config('search_path', query_path, true);
	RETURN QUERY EXECUTE statement;
END
$function$;
COMMENT ON FUNCTION cdp_internal.query_people(text, text) IS
	'Internal: runs a query under a search path; returns the people in its rows, numbered, with their timelines.';

CREATE FUNCTION cdp_internal.table_people(query text, query_path text, segment text, by_trait text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF query IS NOT NULL THEN
		IF segment IS NOT NULL OR by_trait IS NOT NULL THEN
			RAISE EXCEPTION '% cannot be given together with query',
				CASE WHEN segment IS NOT NULL THEN 'segment' ELSE 'by_trait' END
				USING ERRCODE = 'invalid_parameter_value',
					HINT = 'The people of a query have no segments and no traits; put conditions into the query.';
		END IF;
		query := regexp_replace(query, '[[:space:];]+$', '');
		IF query = '' THEN
			RAISE EXCEPTION 'query must not be empty' USING ERRCODE = 'invalid_parameter_value';
		END IF;
		RETURN format('SELECT q.person, q.timeline, NULL::text AS breakdown FROM cdp_internal.query_people(%L, %L) q',
			query, query_path);
	END IF;
	PERFORM cdp_internal.check_tables();
	IF by_trait = '' THEN
		RAISE EXCEPTION 'by_trait must not be empty' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp_internal.notice_unseen('trait', by_trait);
	IF NOT EXISTS (SELECT FROM cdp_data.segment s WHERE s.name = segment) AND segment IS NOT NULL THEN
		RAISE EXCEPTION 'segment "%" does not exist', segment
			USING ERRCODE = 'undefined_object', HINT = 'cdp.segment lists the segments.';
	END IF;
	RETURN format('SELECT p.profile_id AS person, p.timeline, %s AS breakdown FROM cdp.profile_row p '
		'WHERE p.timeline <> ''{}''%s',
		CASE WHEN by_trait IS NULL THEN 'NULL::text' ELSE format('p.traits ->> %L', by_trait) END,
		CASE WHEN segment IS NOT NULL
			THEN format(' AND p.profile_id IN (SELECT s.profile_id FROM cdp.members(%L) s)', segment) END);
END
$function$;
COMMENT ON FUNCTION cdp_internal.table_people(text, text, text, text) IS
	'Internal: returns the query for the people of a report: their person, timeline and breakdown.';

REVOKE ALL ON FUNCTION cdp_internal.table_people(text, text, text, text), cdp_internal.query_people(text, text)
	FROM PUBLIC;
