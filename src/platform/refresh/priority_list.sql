-- Priority lists: ranked segments, of which each person gets only the first.
--
-- Each place of a list is a segment of its own, whose condition is made of the others; so it is kept, read, consumed
-- and explained as all segments are.

CREATE FUNCTION cdp_internal.priority_condition(segments text[], priority integer) RETURNS text
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT string_agg(format('%scdp.in_segment(%L)', CASE WHEN s.place < priority THEN 'NOT ' END, s.name),
			' AND ' ORDER BY s.place DESC)
		FROM unnest(segments) WITH ORDINALITY AS s (name, place)
		WHERE s.place <= priority);
END
$function$;
COMMENT ON FUNCTION cdp_internal.priority_condition(text[], integer) IS
	'Internal: returns the condition of a place of a priority list: in that segment, and in none before it.';

CREATE FUNCTION cdp.create_priority_list(name text, segments text[]) RETURNS text[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	listed record;
	made text;
	names text[] := '{}';
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_segment_name(create_priority_list.name);
	IF coalesce(cardinality(segments), 0) NOT BETWEEN 1 AND 100 OR array_position(segments, NULL) IS NOT NULL
		OR cardinality(segments) <> (SELECT count(DISTINCT u.segment) FROM unnest(segments) AS u (segment))
	THEN
		RAISE EXCEPTION 'a priority list needs 1 to 100 different segments' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'cdp.segment lists the segments.';
	END IF;
	IF EXISTS (SELECT FROM cdp_data.segment s WHERE s.priority_list = create_priority_list.name) THEN
		RAISE EXCEPTION 'priority list "%" already exists', name USING ERRCODE = 'duplicate_object',
			HINT = 'Drop it with cdp.drop_priority_list.';
	END IF;
	FOR listed IN SELECT u.segment, u.place FROM unnest(segments) WITH ORDINALITY AS u (segment, place) ORDER BY u.place
	LOOP
		made := format('%s_%s', name, listed.segment);
		PERFORM cdp.create_segment(made, cdp_internal.priority_condition(segments, listed.place::integer),
			format('Place %s of priority list "%s".', listed.place, name));
		UPDATE cdp_data.segment s SET priority_list = create_priority_list.name, priority = listed.place
		WHERE s.name = made;
		names := names || made;
	END LOOP;
	RETURN names;
END
$function$;
COMMENT ON FUNCTION cdp.create_priority_list(text, text[]) IS
$comment$Ranks segments, so that each person goes only to the first that they are in: makes a segment <name>_<segment>
for each of these, of those who are in it and in none that is listed before it. Returns the names, in this order. These
are segments as all others, for cdp.members(), consumers, cdp.why() and cdp.set_hold_out(); cdp.segment shows their
priority_list and priority. A hold-out of a segment that is listed leaves people to the segments after it; one of the
segment that was made does not. The caller must be allowed to read the segments, which cannot be dropped while the list
uses them. cdp.drop_priority_list() drops it. READ COMMITTED only. Errors: those of cdp.create_segment(), an existing
list (duplicate_object), no segments, NULL, one twice, or more than 100 (22023).$comment$;

CREATE FUNCTION cdp.drop_priority_list(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp.drop_segment(l.segment)
	FROM (
		SELECT s.name AS segment
		FROM cdp_data.segment s
		WHERE s.priority_list = drop_priority_list.name
		ORDER BY s.priority) l;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'priority list "%" does not exist', name USING ERRCODE = 'undefined_object';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.drop_priority_list(text) IS
	'Drops the segments that cdp.create_priority_list() made, as cdp.drop_segment() does, with its errors.';

REVOKE ALL ON FUNCTION cdp_internal.priority_condition(text[], integer), cdp.create_priority_list(text, text[]),
	cdp.drop_priority_list(text) FROM PUBLIC;
