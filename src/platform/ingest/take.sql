-- What arrives in a batch: its rows, taken from the inboxes and cleaned.

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

CREATE FUNCTION cdp_internal.taken_rows(places tid[], line_places tid[], as_of timestamptz, max_identifiers integer,
	max_row_bytes bigint, trait_rules jsonb, cut_all boolean, failures text[],
	OUT row_no bigint, OUT line text,
	OUT message_id text, OUT type text, OUT event text, OUT anonymous_id text, OUT user_id text, OUT group_id text,
	OUT previous_id text, OUT identifiers jsonb, OUT properties jsonb, OUT traits jsonb, OUT context jsonb,
	OUT "timestamp" timestamptz, OUT sent_at timestamptz, OUT original_timestamp timestamptz,
	OUT received_at timestamptz, OUT source_given text, OUT written_by text,
	OUT cut boolean, OUT sizes jsonb, OUT message_key uuid, OUT call_type text, OUT event_name text, OUT at timestamptz,
	OUT source text, OUT ids cdp.identifier[], OUT repeats integer, OUT seen_at timestamptz, OUT reason text,
	OUT detail text) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'cdp_taken_rows' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.taken_rows(tid[], tid[], timestamptz, integer, bigint, jsonb, boolean, text[]) IS
$comment$Internal: deletes the rows at these places of cdp.inbox and of cdp.inbox_raw, and returns them, cleaned as
cdp_internal.onboard() and cdp_internal.parse_line() say, in the order of their places.
A row over max_row_bytes, uncompressed or, a few numbers being enough, as text, or with cut_all every row, is cut: of a
text over 4 kB only the first 1,000 characters are kept, and no document over 4 kB; sizes says how large each text and
document was. failures: an error for each place; the rows are set aside with these errors and not cleaned.
reason: failed, row_too_large, those of parse_line(), those of onboard(), foreign_source, invalid_traits; NULL: the row
is an event, and only then it has call_type, event_name, at, ids and repeats.
seen_at: received_at, or where that is no time at which the row can have been received as_of.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.writer_sources(text[]),
	cdp_internal.taken_rows(tid[], tid[], timestamptz, integer, bigint, jsonb, boolean, text[]) FROM PUBLIC;
