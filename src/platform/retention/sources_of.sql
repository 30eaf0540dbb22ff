-- cdp.sources_of(): which sources a trait, a segment or a person rests on.

CREATE FUNCTION cdp_internal.segment_rests_on(segment text, OUT segment_ids integer[], OUT traits text[],
	OUT events text[])
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	WITH RECURSIVE used (segment_id) AS (
		SELECT s.segment_id FROM cdp_data.segment s WHERE s.name = segment_rests_on.segment
		UNION
		SELECT d.segment_id
		FROM used u
		JOIN cdp_data.segment s ON s.segment_id = u.segment_id
		CROSS JOIN LATERAL unnest(s.depends_on) AS d (segment_id)
	), named AS (
		SELECT c.kind, CASE c.kind WHEN 'property' THEN c.event ELSE c.name END AS name
		FROM used u
		JOIN cdp_data.segment s ON s.segment_id = u.segment_id
		CROSS JOIN LATERAL cdp_internal.condition_names(s.condition) c)
	SELECT (SELECT array_agg(u.segment_id) FROM used u),
		coalesce(array_agg(DISTINCT n.name) FILTER (WHERE n.kind = 'trait'), '{}'),
		coalesce(array_agg(DISTINCT n.name) FILTER (WHERE n.kind IN ('event', 'property') AND n.name IS NOT NULL), '{}')
	INTO segment_ids, traits, events
	FROM named n;
END
$function$;
COMMENT ON FUNCTION cdp_internal.segment_rests_on(text) IS
	'Internal: returns the traits and events that the conditions of a segment, and of those that it uses, name.';

CREATE FUNCTION cdp_internal.people_of(kind text, name text) RETURNS bigint[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN CASE kind
		WHEN 'person' THEN array_remove(ARRAY[cdp.profile_of(name)], NULL)
		WHEN 'segment' THEN ARRAY(
			SELECT m.profile_id
			FROM cdp_data.segment s
			JOIN cdp_data.membership m ON s.segment_id = ANY (m.segments)
			WHERE s.name = people_of.name) END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.people_of(text, text) IS
	'Internal: returns the profiles of the members of a segment, or the one of a person; NULL: kind is trait.';

CREATE FUNCTION cdp_internal.check_sources_of(kind text, name text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF (kind = ANY ('{trait,segment,person}')) IS NOT TRUE OR name IS NULL THEN
		RAISE EXCEPTION 'nothing of kind "%" rests on sources', coalesce(left(kind, 64), '')
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Kinds are trait, segment and person, with a name.';
	ELSIF kind = 'segment' AND NOT EXISTS (SELECT FROM cdp_data.segment s WHERE s.name = check_sources_of.name) THEN
		RAISE EXCEPTION 'segment "%" does not exist', left(name, 64) USING ERRCODE = 'undefined_object',
			HINT = 'cdp.segment lists the segments.';
	ELSIF kind = 'trait' THEN
		PERFORM cdp_internal.notice_unseen('trait', name);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_sources_of(text, text) IS
	'Internal: raises an error for wrong arguments of cdp.sources_of().';

CREATE FUNCTION cdp_internal.rests_on(kind text, name text)
	RETURNS TABLE (source text, rests_on text, profile_id bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
AS $function$
#variable_conflict use_column
DECLARE
	people bigint[] := cdp_internal.people_of(kind, name);
	of_segment record;
	trait_names text[] := CASE rests_on.kind WHEN 'trait' THEN ARRAY[rests_on.name] END;
	event_names text[];
BEGIN
	IF kind = 'segment' THEN
		SELECT r.* INTO of_segment FROM cdp_internal.segment_rests_on(name) r;
		trait_names := of_segment.traits;
		event_names := of_segment.events;
		-- one that names neither is about all that was done
		IF trait_names = '{}' AND event_names = '{}' THEN
			event_names := NULL;
		END IF;
	END IF;
	RETURN QUERY
		SELECT v.source, 'trait ' || v.key, p.profile_id
		FROM cdp_data.profile p
		CROSS JOIN LATERAL cdp.provenance(p.traits) v
		WHERE (people IS NULL OR p.profile_id = ANY (people)) AND (trait_names IS NULL OR v.key = ANY (trait_names))
			AND NOT v.removed;
	IF kind = 'trait' OR event_names = '{}' THEN
		RETURN;
	END IF;
	RETURN QUERY
		SELECT e.source, 'events', i.profile_id
		FROM cdp_data.identifier i
		CROSS JOIN LATERAL (
			SELECT e.source
			FROM cdp_data.event e
			WHERE e.identifier_id = i.identifier_id AND (event_names IS NULL OR e.event = ANY (event_names))
			UNION ALL
			SELECT s.source
			FROM cdp_data.base_row b
			JOIN cdp_data.source s USING (source_id)
			WHERE b.identifier_id = i.identifier_id
				AND (event_names IS NULL OR cdp.event_names(b.timeline) && event_names)) e
		WHERE i.profile_id = ANY (people);
END
$function$;
COMMENT ON FUNCTION cdp_internal.rests_on(text, text) IS
	'Internal: returns what cdp.sources_of() counts: for each value and event its source and person.';

CREATE FUNCTION cdp.sources_of(kind text, name text)
	RETURNS TABLE (source text, party text, licence text, rests_on text, people bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	linked bigint[] := CASE WHEN sources_of.kind IN ('segment', 'person')
		THEN cdp_internal.people_of(sources_of.kind, sources_of.name) END;
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_sources_of(sources_of.kind, sources_of.name);
	RETURN QUERY
		SELECT s.source, s.party, s.licence, r.rests_on, count(DISTINCT r.profile_id)
		FROM (
			SELECT o.source, o.rests_on, o.profile_id FROM cdp_internal.rests_on(sources_of.kind, sources_of.name) o
			UNION ALL
			SELECT n.source, 'links', a.profile_id
			FROM cdp_data.identifier a
			JOIN cdp_data.link l ON l.a = a.identifier_id AND NOT l.refused
			JOIN cdp_data.identifier b ON b.identifier_id = l.b AND b.profile_id = a.profile_id
			JOIN cdp_data.source n ON n.source_id = l.source_id
			WHERE a.profile_id = ANY (linked)) r
		JOIN cdp_data.source s ON s.source = r.source
		GROUP BY s.source, s.party, s.licence, r.rests_on
		ORDER BY s.source, r.rests_on COLLATE "C";
END
$function$;
COMMENT ON FUNCTION cdp.sources_of(text, text) IS
$comment$Returns the sources that something rests on, with what of them and of how many people. kind and name: trait:
who has sent its values, as far as they are kept (cdp.provenance()); segment: who has sent what its condition names,
traits and events, of its members as last judged, or if it names none, all that they have said; person: who has sent
what is known of the person that is named as in cdp.export_person(). rests_on: trait and its name, events, or links (by
which identifiers became one person). party and licence are those of cdp.set_sources().
Errors: another kind (22023), an unknown segment (42704), text that names no person (22P02).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.segment_rests_on(text), cdp_internal.people_of(text, text),
	cdp_internal.check_sources_of(text, text), cdp_internal.rests_on(text, text),
	cdp.sources_of(text, text) FROM PUBLIC;
