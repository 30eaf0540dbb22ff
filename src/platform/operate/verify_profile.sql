-- Profiles: their summaries, traits and timelines against the events of their identifiers.

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

-- What a profile should hold.
CREATE FUNCTION cdp_internal.verify_said_held(profile_id bigint) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT cdp_internal.verify_held(array_agg(i.identifier ORDER BY i.identifier),
			array_agg(i.identifier_id ORDER BY i.identifier),
			CASE WHEN count(*) > cdp_internal.held_max() THEN (count(*) - 1) / cdp_internal.held_max() + 1
				ELSE 0 END, (
				SELECT cdp_internal.held_accounts(array_agg(a.group_id))
				FROM (
					SELECT m.group_id
					FROM cdp_data.identifier o
					JOIN cdp_data.account_member m ON m.identifier_id = o.identifier_id
					WHERE o.profile_id = verify_said_held.profile_id
					GROUP BY m.group_id
					HAVING cdp_internal.is_member(max(m.last_at), max(m.left_at))) a))
		FROM cdp_data.identifier i
		WHERE i.profile_id = verify_said_held.profile_id AND NOT i.blocked);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_said_held(bigint) IS
	'Internal: what a profile should hold by its identifiers and their accounts, in words.';

CREATE FUNCTION cdp_internal.verify_found_held(profile_id bigint) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT cdp_internal.verify_held(array_agg(u.identifier ORDER BY u.identifier),
			array_agg(u.identifier_id ORDER BY u.identifier),
			CASE WHEN max(u.ordinality) > cdp_internal.held_max()
					OR bool_or(array_ndims(f.identifiers) <> 1 OR array_lower(f.identifiers, 1) <> 1)
					OR bool_or(array_ndims(f.identifier_ids) <> 1 OR array_lower(f.identifier_ids, 1) <> 1)
					OR (p.identifiers IS NULL AND p.identifier_ids IS NOT NULL) THEN -1
				ELSE max(f.slice) END, p.accounts)
		FROM cdp_data.profile p
		LEFT JOIN LATERAL (
			SELECT 0::bigint AS slice, p.identifiers, coalesce(p.identifier_ids, ARRAY[p.profile_id]) AS identifier_ids
			WHERE p.identifiers IS NOT NULL
			UNION ALL
			SELECT k.slice + 1::bigint, k.identifiers, k.identifier_ids
			FROM cdp_data.profile_identifier k
			WHERE k.profile_id = p.profile_id) f ON true
		LEFT JOIN LATERAL ROWS FROM (unnest(f.identifiers), unnest(f.identifier_ids))
			WITH ORDINALITY AS u (identifier, identifier_id, ordinality) ON true
		WHERE p.profile_id = verify_found_held.profile_id
		GROUP BY p.profile_id);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_found_held(bigint) IS
	'Internal: what a profile holds, in words. NULL: it has no row.';

-- What the identifiers of each profile come to.
CREATE FUNCTION cdp_internal.verify_member_query() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN $sql$
		SELECT i.profile_id, count(*) AS number, bool_or(i.shared) AS shared, bool_or(i.has_forbid) AS has_forbid,
			   -- in the order of the rows
			   array_agg(i.identifier) AS identifiers, array_agg(i.identifier_id) AS identifier_ids
		FROM (
			SELECT i.profile_id, i.identifier, i.identifier_id, i.shared,
				   i.identifier IN (
					SELECT v.a FROM cdp_data.verdict v WHERE v.kind = 'forbid'
					UNION ALL
					SELECT v.b FROM cdp_data.verdict v WHERE v.kind = 'forbid') AS has_forbid
			FROM cdp_data.identifier i
			WHERE NOT i.blocked AND i.profile_id <> 0 AND ($3 IS NULL OR i.profile_id = $3)
			ORDER BY i.profile_id, i.identifier) i
		GROUP BY i.profile_id
	$sql$;
COMMENT ON FUNCTION cdp_internal.verify_member_query() IS
	'Internal: returns a query of (profile_id, number, shared, has_forbid, identifiers, identifier_ids). Parameter $3: '
	'one profile_id or NULL.';

-- What the events of each profile in the log come to.  What is not folded is left out before they are sorted.
CREATE FUNCTION cdp_internal.verify_logged_query() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format($sql$
		SELECT e.profile_id, count(*) AS events, min(e.at) AS first_seen, max(e.at) AS last_seen,
			   cdp.traits_agg(e.traits, e.said_at, e.source, $1, e.trust) FILTER (WHERE e.counts) AS traits,
			   min(e.expires_at) AS expires_at, cdp.timeline_agg(e.at, e.event, e.carried) AS timeline
		FROM (
			SELECT i.profile_id, e."timestamp" AS at, e.event, e.source, s.said_at, c.counts, o.trust,
				   CASE WHEN c.counts THEN cdp_internal.said_traits(e.traits, $1) END AS traits,
				   CASE WHEN c.counts THEN s.said_at + o.expires_after END AS expires_at,
				   cdp_internal.carried(e.event, e.properties, cdp_internal.whole_context(e.context, x.context),
					(SELECT cdp_internal.carried_rules())) AS carried
			FROM cdp_data.event e
			JOIN cdp_data.identifier i ON i.identifier_id = e.identifier_id
			LEFT JOIN cdp_data.source o ON o.source = e.source
			LEFT JOIN cdp_data.shared_context x ON x.context_hash = e.context_hash
			CROSS JOIN LATERAL (SELECT least(e."timestamp", e.received_at) AS said_at) s
			CROSS JOIN LATERAL (
				SELECT e.type = 'identify' AND e.traits IS NOT NULL
					AND (o.expires_after IS NULL OR s.said_at + o.expires_after > $2) AS counts) c
			WHERE i.profile_id <> 0 AND ($3 IS NULL OR i.profile_id = $3) AND %s
			OFFSET 0) e
		GROUP BY e.profile_id
	$sql$, cdp_internal.is_logged_condition());
COMMENT ON FUNCTION cdp_internal.verify_logged_query() IS
	'Internal: returns the part of cdp_internal.verify_fold_query() that is of the log.';

-- The same with the rows of the base.
CREATE FUNCTION cdp_internal.verify_fold_query() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format($sql$
		SELECT q.profile_id, sum(q.events)::bigint AS events, min(q.first_seen) AS first_seen,
			   max(q.last_seen) AS last_seen, cdp.traits_union(q.traits) AS traits, min(q.expires_at) AS expires_at,
			   cdp.timeline_union(q.timeline) AS timeline
		FROM (%s
			UNION ALL
			SELECT i.profile_id, b.events, b.first_at, b.last_at, r.traits, r.expires_at, b.timeline
			FROM cdp_data.base_row b
			JOIN cdp_data.identifier i ON i.identifier_id = b.identifier_id
			JOIN cdp_data.source o ON o.source_id = b.source_id
			CROSS JOIN LATERAL cdp_internal.renew_traits(CASE WHEN b.group_id IS NULL THEN b.traits END, b.traits_at,
				o.trust, o.expires_after, $2) r
			WHERE i.profile_id <> 0 AND ($3 IS NULL OR i.profile_id = $3)) q
		GROUP BY q.profile_id
	$sql$, cdp_internal.verify_logged_query());
COMMENT ON FUNCTION cdp_internal.verify_fold_query() IS
	'Internal: returns a query of (profile_id, events, first_seen, last_seen, traits, expires_at, timeline). '
	'Parameters: the trait rules, the time of the last batch, one profile_id or NULL.';

-- Every profile that should have a row or has one: its row, and what each of these queries says, joined in the order
-- of profiles.
CREATE FUNCTION cdp_internal.verify_profile_query() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format($sql$
		SELECT m.profile_id, m.is_there, m.events, m.first_seen, m.last_seen, m.traits, m.expires_at,
			   m.identifier_count, m.limited, m.shared, m.has_forbid, m.said_identifiers, m.said_shared, m.said_forbid,
			   coalesce(k.limited, '{}') AS said_limited, coalesce(l.events, 0) AS said_events,
			   l.first_seen AS said_first, l.last_seen AS said_last, l.traits AS said_traits,
			   l.expires_at AS said_expires, coalesce(l.timeline, '{}') AS said_timeline, m.timeline,
			   m.holds_same AND z.profile_id IS NULL AND m.said_identifiers <= cdp_internal.held_max()
				AND m.accounts IS NOT DISTINCT FROM c.accounts AS holds_same, cdp_internal.progress_row() AS counted
		FROM (
			SELECT coalesce(p.profile_id, m.profile_id) AS profile_id, p.profile_id IS NOT NULL AS is_there, p.events,
				   p.first_seen, p.last_seen, p.traits, p.expires_at, p.identifier_count, p.limited, p.shared,
				   p.has_forbid, p.accounts, coalesce(m.number, 0) AS said_identifiers,
				   coalesce(m.shared, false) AS said_shared, coalesce(m.has_forbid, false) AS said_forbid,
				   cdp_internal.timeline_whole(p.timeline, p.level_1, p.level_2, p.level_3) AS timeline,
				   coalesce(p.identifiers = m.identifiers
					AND coalesce(p.identifier_ids, ARRAY[p.profile_id]) = m.identifier_ids, false) AS holds_same
			FROM (SELECT * FROM cdp_data.profile p WHERE $3 IS NULL OR p.profile_id = $3) p
			FULL JOIN (%1$s) m ON m.profile_id = p.profile_id) m
		LEFT JOIN (%2$s) l ON l.profile_id = m.profile_id
		LEFT JOIN (
			SELECT g.profile_id, jsonb_object_agg(g.namespace, g.number) AS limited
			FROM (
				SELECT i.profile_id, n.namespace,
					   count(DISTINCT CASE WHEN i.class_id = 0 THEN i.identifier_id ELSE i.class_id END) AS number
				FROM cdp_data.identifier i
				JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
				WHERE n.max_per_profile IS NOT NULL AND NOT i.blocked AND ($3 IS NULL OR i.profile_id = $3)
				GROUP BY i.profile_id, n.namespace) g
			GROUP BY g.profile_id) k ON k.profile_id = m.profile_id
		LEFT JOIN (
			SELECT b.profile_id, cdp_internal.held_accounts(array_agg(b.group_id)) AS accounts
			FROM (
				SELECT i.profile_id, a.group_id
				FROM cdp_data.account_member a
				JOIN cdp_data.identifier i ON i.identifier_id = a.identifier_id
				WHERE $3 IS NULL OR i.profile_id = $3
				GROUP BY i.profile_id, a.group_id
				HAVING cdp_internal.is_member(max(a.last_at), max(a.left_at))) b
			GROUP BY b.profile_id) c ON c.profile_id = m.profile_id
		LEFT JOIN (
			SELECT DISTINCT s.profile_id
			FROM cdp_data.profile_identifier s
			WHERE $3 IS NULL OR s.profile_id = $3) z ON z.profile_id = m.profile_id
	$sql$, cdp_internal.verify_member_query(), cdp_internal.verify_fold_query());
COMMENT ON FUNCTION cdp_internal.verify_profile_query() IS
	'Internal: returns a query of the profiles: what their rows hold, and (said_…) what follows from their '
	'identifiers and events; holds_same: they hold the identifiers and accounts that they should, in one row. '
	'Parameters: the trait rules, the time of the last batch, one profile_id or NULL.';

CREATE FUNCTION cdp_internal.verify_profiles(person bigint)
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET enable_nestloop = on
	SET enable_seqscan = on
	-- the state of an aggregate is as large as a person
	SET enable_hashagg = off
AS $function$
#variable_conflict use_column
DECLARE
	asked bigint := person;
BEGIN
	PERFORM cdp_internal.verify_plans(asked IS NULL);
	RETURN QUERY EXECUTE format($sql$
		SELECT d.stage, coalesce(cdp_internal.verify_name(f.profile_id), 'profile 0'), d.expected, d.found
		FROM (
			SELECT f.*, (f.said_identifiers > 0, f.said_identifiers, f.said_limited, f.said_shared, f.said_forbid,
					f.said_events, f.said_first, f.said_last, f.said_expires)
					IS DISTINCT FROM (f.is_there, f.identifier_count, f.limited, f.shared, f.has_forbid, f.events,
						f.first_seen, f.last_seen, f.expires_at) AS summary_differs,
				   f.traits IS DISTINCT FROM f.said_traits AS traits_differ,
				   f.timeline IS DISTINCT FROM f.said_timeline AS timeline_differs,
				   CASE WHEN f.is_there AND NOT f.holds_same
					THEN cdp_internal.verify_said_held(f.profile_id) IS DISTINCT FROM
						cdp_internal.verify_found_held(f.profile_id)
					ELSE false END AS held_differs
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
				CASE WHEN f.timeline_differs THEN f.said_timeline::text END,
				CASE WHEN f.timeline_differs THEN f.timeline::text END),
			(f.held_differs, 'profile', CASE WHEN f.held_differs THEN cdp_internal.verify_said_held(f.profile_id) END,
				CASE WHEN f.held_differs THEN cdp_internal.verify_found_held(f.profile_id) END)
		) AS d (differs, stage, expected, found)
		WHERE (f.summary_differs OR f.traits_differ OR f.timeline_differs OR f.held_differs) AND d.differs
	$sql$, cdp_internal.verify_profile_query())
	USING cdp.trait_rules(), (SELECT s.as_of FROM cdp_data.state s), asked;
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

REVOKE ALL ON FUNCTION cdp_internal.verify_summary(bigint, jsonb, boolean, boolean, bigint, timestamptz, timestamptz,
	timestamptz),
	cdp_internal.verify_held(cdp.identifier[], bigint[], bigint, text[]), cdp_internal.verify_said_held(bigint),
	cdp_internal.verify_found_held(bigint), cdp_internal.verify_member_query(),
	cdp_internal.verify_logged_query(), cdp_internal.verify_fold_query(), cdp_internal.verify_profile_query(),
	cdp_internal.verify_profiles(bigint) FROM PUBLIC;
