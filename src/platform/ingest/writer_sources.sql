-- Which sources the rows of a writer may name.

-- Rights add up: a role may name the sources of all writers that it is a member of.  A writer counts as long as it may
-- insert, so that the name of a dropped role gives nothing to the next role of that name.  Roles that may set
-- written_by (superusers, stewards, the owner) could name any role, and so are not bound.
CREATE FUNCTION cdp_internal.writer_sources(roles text[]) RETURNS TABLE (role text, sources text[])
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		SELECT a.role, CASE WHEN r.oid IS NULL THEN '{}'
			WHEN NOT has_column_privilege(r.oid, 'cdp.inbox', 'written_by', 'INSERT')
				AND NOT has_column_privilege(r.oid, 'cdp.inbox_raw', 'written_by', 'INSERT') THEN (
				SELECT CASE WHEN NOT coalesce(bool_or(w.sources IS NULL), false)
					THEN coalesce(array_agg(s.source::text) FILTER (WHERE s.source IS NOT NULL), '{}') END
				FROM cdp_data.writer w JOIN pg_roles m ON m.rolname = w.role
				LEFT JOIN LATERAL unnest(w.sources) AS s (source) ON true
				WHERE pg_has_role(r.oid, m.oid, 'USAGE') AND has_any_column_privilege(m.oid, 'cdp.inbox', 'INSERT')) END
		FROM unnest(roles) AS a (role) LEFT JOIN pg_roles r ON r.rolname = a.role;
END
$function$;
COMMENT ON FUNCTION cdp_internal.writer_sources(text[]) IS
	'Internal: returns roles and the sources that their rows may name; NULL: any; empty: the role does not exist or is '
	'not a writer.';

REVOKE ALL ON FUNCTION cdp_internal.writer_sources(text[]) FROM PUBLIC;
