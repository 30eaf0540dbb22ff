-- The feed: its numbers, and that it adds up to the kept memberships.

CREATE FUNCTION cdp_internal.verify_change_numbers() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- an erasure leaves gaps before its own changes, which leave the feed after these
	RETURN QUERY
		WITH last AS (
			SELECT s.trimmed_change_id, s.change_id, coalesce((
				SELECT max(e.change_id) FROM cdp_data.change e WHERE e.kind = 'erased'), 0) AS erased_change_id
			FROM cdp_data.state s
		), place AS (
			SELECT c.change_id, lag(c.change_id, 1, l.trimmed_change_id) OVER (ORDER BY c.change_id) AS before
			FROM cdp_data.change c
			CROSS JOIN last l
			UNION ALL
			-- the end
			SELECT l.change_id + 1, greatest(l.trimmed_change_id, (SELECT max(c.change_id) FROM cdp_data.change c))
			FROM last l
		)
		SELECT 'feed', CASE p.change_id - p.before WHEN 2 THEN format('change %s', p.before + 1)
				ELSE format('changes %s to %s', p.before + 1, p.change_id - 1) END, 'there', NULL
		FROM place p
		CROSS JOIN last l
		WHERE p.change_id > p.before + 1 AND p.change_id > l.erased_change_id
		ORDER BY p.change_id;
	RETURN QUERY
		SELECT 'feed', format('change %s', c.change_id), NULL::text, 'there'
		FROM cdp_data.change c
		CROSS JOIN cdp_data.state s
		WHERE c.change_id <= s.trimmed_change_id OR c.change_id > s.change_id
		ORDER BY c.change_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_change_numbers() IS
	'Internal: returns the numbers between the last that was trimmed and the last that have no change, unless an '
	'erasure removed it, and changes with other numbers.';

-- of a computed trait, "had" and "has" are values, and "had" is not known
CREATE FUNCTION cdp_internal.said_memberships() RETURNS TABLE (change_id bigint, segment_id integer, profile_id bigint,
	is_trait boolean, had text, has text, is_moved boolean)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 100000
	SET search_path = pg_catalog, cdp, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT c.change_id, c.segment_id, c.profile_id, c.trait IS NOT NULL, c.since::text,
			   CASE WHEN c.trait IS NOT NULL THEN c.value::text WHEN c.kind = 'entered' THEN c.at::text
				WHEN c.kind <> 'exited' THEN least(c.since, c.other_since)::text END,
			   -- since when it held for a person who was held out, or was split off one who was erased, is not said
			   c.kind = 'entered' AND c.cause IN ('hold_out', 'split')
		FROM cdp_data.change c
		-- of the value of a computed trait a change of purposes says nothing
		WHERE c.segment_id IS NOT NULL AND (c.kind <> 'purposes_changed' OR EXISTS (
			SELECT FROM cdp_data.segment g WHERE g.segment_id = c.segment_id AND g.value_type IS NULL))
		UNION ALL
		SELECT c.change_id, c.segment_id, c.other_profile_id, c.trait IS NOT NULL, c.other_since::text,
			   CASE WHEN c.kind = 'split' THEN c.other_since::text END, false
		FROM cdp_data.change c
		WHERE c.segment_id IS NOT NULL AND c.other_profile_id IS NOT NULL
			AND (c.trait IS NULL OR c.kind <> 'split');
END
$function$;
COMMENT ON FUNCTION cdp_internal.said_memberships() IS
	'Internal: returns what each change says that each of its profiles had before and has after it: since when it is '
	'in the segment, or the value of the computed trait. is_moved: it has been in it since an instant that is not '
	'said.';

CREATE FUNCTION cdp_internal.verify_feed() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
AS $function$
BEGIN
	RETURN QUERY SELECT * FROM cdp_internal.verify_change_numbers();
	RETURN QUERY
		WITH said AS (
			SELECT s.*, lag(s.change_id) OVER w AS before, lag(s.has) OVER w AS before_has,
				   lag(s.is_moved) OVER w AS before_is_moved
			FROM cdp_internal.said_memberships() s
			WINDOW w AS (PARTITION BY s.segment_id, s.profile_id ORDER BY s.change_id))
		SELECT 'feed', format('change %s of profile %s, before it', d.change_id, d.profile_id),
			   coalesce('in it since ' || d.before_has, 'not in it') || format(', by change %s', d.before),
			   coalesce('in it since ' || d.had, 'not in it')
		FROM said d
		WHERE d.before IS NOT NULL AND NOT d.is_trait
			AND (d.had IS DISTINCT FROM d.before_has AND NOT d.before_is_moved
				OR (d.had IS NULL) <> (d.before_has IS NULL))
		ORDER BY d.change_id, d.profile_id;
	RETURN QUERY
		WITH said AS (
			SELECT DISTINCT ON (s.segment_id, s.profile_id) s.*
			FROM cdp_internal.said_memberships() s
			ORDER BY s.segment_id, s.profile_id, s.change_id DESC
		), kept AS (
			SELECT m.profile_id, u.segment_id, g.value_type IS NOT NULL AS is_trait,
				   CASE WHEN g.value_type IS NULL THEN u.since::text
					ELSE cdp_internal.computed_json(u.value, g.value_type)::text END AS has
			FROM (
				SELECT p.profile_id, p.segments, p.since, p.computed FROM cdp_data.membership p
				UNION ALL
				-- as the feed calls them
				SELECT -a.account_id, a.segments, a.since, a.computed FROM cdp_data.account_membership a) m
			CROSS JOIN LATERAL unnest(m.segments, m.since, m.computed) AS u (segment_id, since, value)
			JOIN cdp_data.segment g ON g.segment_id = u.segment_id)
		SELECT 'feed', format('%s of profile %s', coalesce(g.name, 'segment ' || coalesce(s.segment_id, k.segment_id)),
				coalesce(s.profile_id, k.profile_id)), k.has, s.has
		FROM said s
		FULL JOIN kept k ON (k.segment_id, k.profile_id) = (s.segment_id, s.profile_id)
		LEFT JOIN cdp_data.segment g ON g.segment_id = coalesce(s.segment_id, k.segment_id)
		CROSS JOIN cdp_data.state t
		WHERE CASE
			-- what was said of it may have been trimmed, or erased
			WHEN s.change_id IS NULL THEN t.trimmed_change_id = 0 AND NOT EXISTS (
				SELECT FROM cdp_data.change e WHERE e.kind = 'erased')
			WHEN s.is_moved THEN k.has IS NULL
			ELSE k.has IS DISTINCT FROM s.has END
		ORDER BY coalesce(s.segment_id, k.segment_id), coalesce(s.profile_id, k.profile_id);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_feed() IS
	'Internal: returns numbers that the feed lacks; changes whose state before is not that after the change before; '
	'and where the last change of a profile in a segment, or in a computed trait, does not say what is kept.';

REVOKE ALL ON FUNCTION cdp_internal.verify_change_numbers(), cdp_internal.said_memberships(),
	cdp_internal.verify_feed() FROM PUBLIC;
