-- Profiles: their summaries, traits and timelines against the events of their identifiers.

-- What of a call's traits the rules can take.
CREATE FUNCTION cdp_internal.verify_said(traits jsonb, rules jsonb) RETURNS jsonb
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE
		WHEN cdp.traits_problem(traits, rules) IS NULL THEN traits
		WHEN jsonb_typeof(traits) = 'object' THEN coalesce((
			SELECT jsonb_object_agg(v.key, v.value)
			FROM jsonb_each(traits) v
			WHERE cdp.traits_problem(jsonb_build_object(v.key, v.value), rules) IS NULL), '{}')
	END;
COMMENT ON FUNCTION cdp_internal.verify_said(jsonb, jsonb) IS
	'Internal: returns the traits of a call that their rules can take.';

CREATE FUNCTION cdp_internal.verify_summary(identifiers bigint, limited jsonb, shared boolean, has_forbid boolean,
	events bigint, first_seen timestamptz, last_seen timestamptz, expires_at timestamptz) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN format('%s identifier(s), limited %s%s%s, %s event(s) from %s to %s', identifiers, limited,
			CASE WHEN shared THEN ', shared' END, CASE WHEN has_forbid THEN ', with a forbid' END,
			events, first_seen, last_seen)
		|| coalesce(', lapsing from ' || expires_at, '');
COMMENT ON FUNCTION cdp_internal.verify_summary(bigint, jsonb, boolean, boolean, bigint,
	timestamptz, timestamptz, timestamptz) IS
	'Internal: what a profile holds besides traits and timeline, in words.';

-- Texts are equal where the rows hold the same, each where it should be.
CREATE FUNCTION cdp_internal.verify_held(identifiers cdp.identifier[], ids bigint[], slices bigint, accounts text[])
	RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN concat_ws(', ', 'identifiers ' || identifiers::text, 'numbered ' || ids::text,
		'slices ' || nullif(slices, 0), 'accounts ' || accounts::text);
COMMENT ON FUNCTION cdp_internal.verify_held(cdp.identifier[], bigint[], bigint, text[]) IS
	'Internal: what a profile holds, in words: its identifiers with their numbers, how many slices they fill (0: they '
	'are in its row), and the accounts.';

-- Every profile that should have a row or has one, with its row: the tables' statement for one of them at a time.
CREATE FUNCTION cdp_internal.verify_profile_query() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN $sql$
		SELECT p.profile_id, p.is_there, p.events, p.first_seen, p.last_seen, p.traits, p.expires_at,
			   p.identifier_count, p.limited, p.shared, p.has_forbid, m.identifiers AS said_identifiers,
			   m.limited AS said_limited, m.shared AS said_shared, m.has_forbid AS said_forbid, l.events AS said_events,
			   l.first_seen AS said_first, l.last_seen AS said_last, l.traits AS said_traits,
			   l.expires_at AS said_expires, l.timeline AS said_timeline,
			   cdp_internal.timeline_whole(p.timeline, p.level_1, p.level_2, p.level_3) AS timeline,
			   h.said AS said_held, s.found AS held,
			   cdp_internal.progress_row() AS counted
		FROM (
			SELECT p.profile_id, true AS is_there, p.events, p.first_seen, p.last_seen, p.traits, p.expires_at,
				   p.identifier_count, p.limited, p.shared, p.has_forbid, p.timeline, p.level_1, p.level_2, p.level_3,
				   p.identifiers, p.identifier_ids, p.accounts
			FROM cdp_data.profile p
			WHERE $4 IS NULL OR p.profile_id = $4
			UNION ALL
			SELECT i.profile_id, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
				   NULL, NULL, NULL, NULL
			FROM cdp_data.identifier i
			WHERE NOT i.blocked AND i.profile_id <> 0 AND ($4 IS NULL OR i.profile_id = $4)
			  AND (SELECT true FROM cdp_data.profile p WHERE p.profile_id = i.profile_id) IS NULL
			GROUP BY i.profile_id) p
		CROSS JOIN LATERAL (
			SELECT coalesce(sum(g.number), 0)::bigint AS identifiers, coalesce(bool_or(g.shared), false) AS shared,
				   coalesce(bool_or(g.has_forbid), false) AS has_forbid,
				   coalesce(jsonb_object_agg(g.namespace, g.number) FILTER (WHERE n.max_per_profile IS NOT NULL), '{}')
				   AS limited
			FROM (
				SELECT cdp.namespace(i.identifier) AS namespace, count(*) AS number, bool_or(i.shared) AS shared,
					   bool_or($3 AND EXISTS (
						SELECT FROM cdp_data.verdict v
						WHERE v.kind = 'forbid' AND (v.a = i.identifier OR v.b = i.identifier))) AS has_forbid
				FROM cdp_data.identifier i
				WHERE i.profile_id = p.profile_id AND NOT i.blocked
				GROUP BY 1) g
			LEFT JOIN cdp_data.namespace n ON n.namespace = g.namespace) m
		CROSS JOIN LATERAL (
			SELECT count(*) AS events, min(e."timestamp") AS first_seen, max(e."timestamp") AS last_seen,
				   cdp.traits_agg(cdp_internal.verify_said(e.traits, $1), least(e."timestamp", e.received_at), e.source,
					$1, o.trust) FILTER (WHERE c.counts) AS traits,
				   min(least(e."timestamp", e.received_at) + o.expires_after) FILTER (WHERE c.counts) AS expires_at,
				   cdp_internal.carried_agg(e."timestamp", e.event, e.properties,
					cdp_internal.whole_context(e.context, x.context), (SELECT cdp_internal.carried_rules())) AS timeline
			FROM cdp_data.identifier i
			JOIN cdp_data.event e ON e.identifier_id = i.identifier_id
			LEFT JOIN cdp_data.source o ON o.source = e.source
			LEFT JOIN cdp_data.shared_context x ON x.context_hash = e.context_hash
			CROSS JOIN LATERAL (
				SELECT e.type = 'identify' AND e.traits IS NOT NULL AND (o.expires_after IS NULL
					OR least(e."timestamp", e.received_at) + o.expires_after > $2) AS counts) c
			WHERE i.profile_id = p.profile_id) l
		CROSS JOIN LATERAL (
			SELECT cdp_internal.verify_held(array_agg(i.identifier ORDER BY i.identifier),
				array_agg(i.identifier_id ORDER BY i.identifier),
				CASE WHEN count(*) > cdp_internal.held_max() THEN (count(*) - 1) / cdp_internal.held_max() + 1
					ELSE 0 END, (
					SELECT cdp_internal.held_accounts(array_agg(DISTINCT m.group_id))
					FROM cdp_data.identifier o
					JOIN cdp_data.account_member m ON m.identifier_id = o.identifier_id
					WHERE o.profile_id = p.profile_id)) AS said
			FROM cdp_data.identifier i
			WHERE i.profile_id = p.profile_id AND NOT i.blocked) h
		CROSS JOIN LATERAL (
			SELECT cdp_internal.verify_held(array_agg(u.identifier ORDER BY u.identifier),
				array_agg(u.identifier_id ORDER BY u.identifier),
				CASE WHEN max(u.ordinality) > cdp_internal.held_max()
						OR bool_or(array_ndims(f.identifiers) <> 1 OR array_lower(f.identifiers, 1) <> 1)
						OR bool_or(array_ndims(f.identifier_ids) <> 1 OR array_lower(f.identifier_ids, 1) <> 1)
						OR (p.identifiers IS NULL AND p.identifier_ids IS NOT NULL) THEN -1
					ELSE max(f.slice) END, p.accounts) AS found
			FROM (
				SELECT 0::bigint AS slice, p.identifiers,
					   coalesce(p.identifier_ids, ARRAY[p.profile_id]) AS identifier_ids
				WHERE p.identifiers IS NOT NULL
				UNION ALL
				SELECT k.slice + 1::bigint, k.identifiers, k.identifier_ids
				FROM cdp_data.profile_identifier k
				WHERE k.profile_id = p.profile_id) f
			CROSS JOIN LATERAL ROWS FROM (unnest(f.identifiers), unnest(f.identifier_ids))
				WITH ORDINALITY AS u (identifier, identifier_id, ordinality)) s
	$sql$;
COMMENT ON FUNCTION cdp_internal.verify_profile_query() IS
	'Internal: returns a query of the profiles: what their rows hold, and (said_…) what follows from their '
	'identifiers and events. Parameters: the trait rules, the time of the last batch, whether there are forbids, one '
	'profile_id or NULL.';

CREATE FUNCTION cdp_internal.verify_profiles(person bigint)
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET enable_hashjoin = off
	SET enable_mergejoin = off
	-- without statistics the planner would read whole tables for each person
	SET enable_seqscan = off
AS $function$
#variable_conflict use_column
DECLARE
	asked bigint := person;
BEGIN
	RETURN QUERY EXECUTE format($sql$
		SELECT d.stage, coalesce(cdp_internal.verify_name(f.profile_id), 'profile 0'), d.expected, d.found
		FROM (
			SELECT f.*, (f.said_identifiers > 0, f.said_identifiers, f.said_limited, f.said_shared, f.said_forbid,
					f.said_events, f.said_first, f.said_last, f.said_expires)
					IS DISTINCT FROM (f.is_there, f.identifier_count, f.limited, f.shared, f.has_forbid, f.events,
						f.first_seen, f.last_seen, f.expires_at) AS summary_differs,
				   f.traits IS DISTINCT FROM f.said_traits AS traits_differ,
				   f.timeline IS DISTINCT FROM coalesce(f.said_timeline, '{}') AS timeline_differs,
				   f.is_there AND f.held IS DISTINCT FROM f.said_held AS held_differs
			FROM (%s) f
			OFFSET 0) f
		-- as text only what differs
		CROSS JOIN LATERAL (VALUES
			(f.summary_differs, 'profile',
				CASE WHEN f.summary_differs AND f.said_identifiers > 0 THEN
					cdp_internal.verify_summary(f.said_identifiers, f.said_limited, f.said_shared, f.said_forbid,
						f.said_events, f.said_first, f.said_last, f.said_expires) END,
				CASE WHEN f.summary_differs AND f.is_there THEN
					cdp_internal.verify_summary(f.identifier_count, f.limited, f.shared, f.has_forbid, f.events,
						f.first_seen, f.last_seen, f.expires_at) END),
			(f.traits_differ, 'traits', CASE WHEN f.traits_differ THEN f.said_traits::text END,
				CASE WHEN f.traits_differ THEN f.traits::text END),
			(f.timeline_differs, 'timeline',
				CASE WHEN f.timeline_differs THEN coalesce(f.said_timeline, '{}')::text END,
				CASE WHEN f.timeline_differs THEN f.timeline::text END),
			(f.held_differs, 'profile', f.said_held, f.held)
		) AS d (differs, stage, expected, found)
		WHERE (f.summary_differs OR f.traits_differ OR f.timeline_differs OR f.held_differs) AND d.differs
	$sql$, cdp_internal.verify_profile_query())
	USING cdp.trait_rules(), (SELECT s.as_of FROM cdp_data.state s),
		EXISTS (SELECT FROM cdp_data.verdict v WHERE v.kind = 'forbid'), asked;
	RETURN QUERY
		SELECT 'profile', format('profile %s', s.profile_id), NULL, 'identifiers ' || s.identifiers::text
		FROM cdp_data.profile_identifier s
		WHERE (asked IS NULL OR s.profile_id = asked)
		  AND (SELECT true FROM cdp_data.profile p WHERE p.profile_id = s.profile_id) IS NULL;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_profiles(bigint) IS
	'Internal: returns the differences of cdp_data.profile from the events of their identifiers. person: a profile_id; '
	'NULL: all.';

REVOKE ALL ON FUNCTION cdp_internal.verify_said(jsonb, jsonb),
	cdp_internal.verify_summary(bigint, jsonb, boolean, boolean, bigint, timestamptz, timestamptz, timestamptz),
	cdp_internal.verify_held(cdp.identifier[], bigint[], bigint, text[]), cdp_internal.verify_profile_query(),
	cdp_internal.verify_profiles(bigint) FROM PUBLIC;
