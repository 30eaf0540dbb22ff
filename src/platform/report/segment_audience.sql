-- Segments as sets of profiles.

CREATE FUNCTION cdp.segment_audience(name text) RETURNS cdp.audience
	LANGUAGE sql STABLE STRICT PARALLEL UNSAFE COST 1000000
	RETURN (SELECT cdp.audience(m.profile_id) FROM cdp.members(segment_audience.name) m);
COMMENT ON FUNCTION cdp.segment_audience(text) IS
	'Returns who is in a segment, as cdp.members() does, as a set: cdp.size(cdp.segment_audience(''buyers'') & '
	'cdp.segment_audience(''readers'')); operators &, |, - and #, and casts, are those of cdp.audience. Errors: '
	'undefined_object, insufficient_privilege.';

CREATE FUNCTION cdp_internal.check_people(names text[]) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	other text := (SELECT min(s.name) FROM cdp_data.segment s WHERE s.name = ANY (names) AND s.subject <> 'person');
BEGIN
	IF other IS NOT NULL THEN
		RAISE EXCEPTION 'segment "%" is one of accounts, not of people', other USING ERRCODE = 'wrong_object_type';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_people(text[]) IS
	'Internal: raises an error if one of these segments is not one of people.';

CREATE FUNCTION cdp.segment_overlaps(names text[] DEFAULT NULL)
	RETURNS TABLE (name text, other_name text, size bigint, other_size bigint, intersection_size bigint,
		union_size bigint, jaccard double precision)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 1000000 ROWS 200
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	listed text[] := names;
	audiences audience[];
BEGIN
	PERFORM cdp_internal.check_tables();
	IF listed IS NULL THEN
		listed := ARRAY(
			SELECT s.name
			FROM cdp_data.segment s
			JOIN cdp_data.readable_segment r USING (segment_id)
			WHERE s.kind <> 'trait' AND s.subject = 'person'
			ORDER BY s.name);
	ELSIF array_position(listed, NULL) IS NOT NULL THEN
		RAISE EXCEPTION 'names must not have NULLs' USING ERRCODE = 'null_value_not_allowed';
	ELSIF listed <> '{}' THEN
		PERFORM cdp_internal.segment_numbers(listed, false);
		PERFORM cdp_internal.check_people(listed);
	END IF;
	-- one reading of all
	SELECT array_agg(coalesce(m.members, '{}') ORDER BY l.place) INTO audiences
	FROM unnest(listed) WITH ORDINALITY AS l (name, place)
	LEFT JOIN (
		SELECT k.segment, cdp.audience(k.profile_id) AS members
		FROM cdp.membership k
		GROUP BY k.segment) m ON m.segment = l.name;
	RETURN QUERY SELECT o.* FROM cdp.audience_overlaps(listed, audiences) o;
END
$function$;
COMMENT ON FUNCTION cdp.segment_overlaps(text[]) IS
	'Returns a row for each two of these segments, in the order given (NULL: all that the caller may read): how many '
	'members each has, how many are in both, how many in one of them, and the share of the former in the latter '
	'(jaccard, 0 to 1; NULL of two empty ones). All are read at once, as of one instant, as cdp.membership shows them. '
	'Errors: undefined_object, wrong_object_type (one of accounts), insufficient_privilege, a NULL among the names '
	'(22004).';

REVOKE ALL ON FUNCTION cdp_internal.check_people(text[]), cdp.segment_audience(text), cdp.segment_overlaps(text[])
	FROM PUBLIC;
