-- Why a person is in a segment, or not.
CREATE FUNCTION cdp_internal.why(segment text, profile_id bigint, subject text,
	OUT line integer, OUT depth integer, OUT part text, OUT "values" jsonb, OUT holds boolean, OUT until timestamptz,
	OUT change boolean) RETURNS SETOF record
	LANGUAGE C STABLE STRICT PARALLEL UNSAFE ROWS 5
	-- conditions and values are printed the same in every session
	SET search_path = pg_catalog, cdp, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO' SET intervalstyle = 'postgres'
	AS 'MODULE_PATHNAME', 'cdp_why';
COMMENT ON FUNCTION cdp_internal.why(text, bigint, text) IS
	'Internal: cdp.why() for a present profile_id, or the number of an account.';

CREATE FUNCTION cdp.why(segment text, profile_id bigint)
	RETURNS TABLE (line integer, depth integer, part text, "values" jsonb, holds boolean, until timestamptz,
		change boolean)
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN QUERY
		SELECT w.* FROM cdp_internal.why(why.segment, cdp.profile_of(why.profile_id), 'person') w ORDER BY w.line;
END
$function$;
COMMENT ON FUNCTION cdp.why(text, bigint) IS
$comment$Returns why a person is in a segment, or not: a row for each part of its condition, each before those below it.
depth:
how deep. part: AND, OR, NOT, IS TRUE and the like, or the leaf as SQL. values: of a leaf, what it compares, as text;
of cdp.did the number of events; its error, if it raises one. holds: the answer now, or at the last refresh if that is
later; NULL: unknown, or an error. until: the answer stays before this instant if nothing else happens; of another
segment, the first instant at which any of the memberships needed could change; NULL: an error. change: whether the
leaf belongs to the smallest change that brings the person in or out: the fewest leaves that must answer otherwise;
NULL: there is none. The first row says whether the person is in it. Where a share is held out, it is an AND of "NOT
held out" and the condition. A list has one row, with those of the person's identifiers that are in it. Present and
former profile ids; no rows for a person who does not exist or whom the caller may not see. The caller must be allowed
to read the view of the segment, and the columns of cdp.profile_row that the condition uses.
The leaves are evaluated as the owner of the segment. Works on a hot standby. Errors: undefined_object,
insufficient_privilege, program_limit_exceeded.$comment$;

CREATE FUNCTION cdp.why(segment text, identifier cdp.identifier)
	RETURNS TABLE (line integer, depth integer, part text, "values" jsonb, holds boolean, until timestamptz,
		change boolean)
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY SELECT w.* FROM cdp.why(why.segment, cdp.profile_of(why.identifier)) w;
END
$function$;
COMMENT ON FUNCTION cdp.why(text, cdp.identifier) IS 'The same for the person who has an identifier.';

CREATE FUNCTION cdp.why(segment text, person text)
	RETURNS TABLE (line integer, depth integer, part text, "values" jsonb, holds boolean, until timestamptz,
		change boolean)
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY SELECT w.* FROM cdp.why(why.segment, cdp.profile_of(why.person)) w;
END
$function$;
COMMENT ON FUNCTION cdp.why(text, text) IS
	'The same for text: namespace:value, or the digits of a profile_id. Other text is an error (22P02).';

REVOKE ALL ON FUNCTION cdp_internal.why(text, bigint, text), cdp.why(text, bigint), cdp.why(text, cdp.identifier),
	cdp.why(text, text) FROM PUBLIC;
