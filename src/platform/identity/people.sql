-- Views and functions for people who judge identifiers: refused links, identifiers that are nearly shared, and the
-- profiles of the past.

CREATE FUNCTION cdp_internal.refusal_reasons(a_profile bigint, b_profile bigint, same boolean) RETURNS text[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT array_agg(e.reason ORDER BY e.place, e.priority, e.reason COLLATE "C")
		FROM cdp_data.profile p
		JOIN cdp_data.profile q ON q.profile_id = b_profile
		CROSS JOIN LATERAL (
			SELECT 1 AS place, 0 AS priority, 'forbid' AS reason
			WHERE p.has_forbid AND q.has_forbid AND EXISTS (
				SELECT FROM cdp_data.verdict v
				JOIN cdp_data.identifier f ON f.identifier IN (v.a, v.b)
				JOIN cdp_data.identifier g ON g.identifier IN (v.a, v.b)
				WHERE v.kind = 'forbid' AND f.profile_id = p.profile_id AND g.profile_id = q.profile_id)
			UNION ALL
			SELECT 2, n.priority, 'limit ' || n.namespace FROM cdp_data.namespace n
			WHERE NOT same AND coalesce((p.limited ->> n.namespace)::bigint, 0)
				+ coalesce((q.limited ->> n.namespace)::bigint, 0) > n.max_per_profile
			UNION ALL
			SELECT 3, 0, 'cap'
			FROM cdp_data.state s
			WHERE p.identifier_count::bigint + q.identifier_count > s.cap) e
		WHERE p.profile_id = a_profile);
END
$function$;
COMMENT ON FUNCTION cdp_internal.refusal_reasons(bigint, bigint, boolean) IS
	'Internal: returns the rules that joining two profiles would break; same: by a pair that is the same, which asks '
	'no limits.';

CREATE FUNCTION cdp_internal.init_people() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.near_shared AS
		SELECT i.identifier::text AS identifier, n.namespace, k.namespace AS linked_namespace,
			   l.number::integer AS link_count, cdp_internal.max_links_to(n.max_links, k.namespace) AS max_links,
			   i.profile_id
		FROM cdp_data.identifier i
		JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
		CROSS JOIN LATERAL cdp_internal.read_link_counts(i.link_counts) l
		JOIN cdp_data.namespace k ON k.namespace_id = l.namespace_id
		WHERE k.namespace <> n.namespace
		  AND NOT i.shared AND NOT i.blocked
		  -- of one that can have a single link, having it says nothing
		  AND cdp_internal.max_links_to(n.max_links, k.namespace) > 1
		  AND l.number * 5 >= cdp_internal.max_links_to(n.max_links, k.namespace)::bigint * 4
		  AND NOT EXISTS (SELECT FROM cdp_data.verdict v WHERE v.a = i.identifier AND v.kind = 'not_shared');
	COMMENT ON VIEW cdp.near_shared IS
		'Identifiers that are not shared, but have at least 80 % of the links allowed, where more than one is, without '
		'those with a verdict not_shared.';
	COMMENT ON COLUMN cdp.near_shared.identifier IS 'namespace:value.';
	COMMENT ON COLUMN cdp.near_shared.namespace IS 'Namespace of the identifier.';
	COMMENT ON COLUMN cdp.near_shared.linked_namespace IS 'Namespace of the identifiers that it is linked to.';
	COMMENT ON COLUMN cdp.near_shared.link_count IS 'Number of these identifiers.';
	COMMENT ON COLUMN cdp.near_shared.max_links IS 'Number of them that it can have before it is shared.';
	COMMENT ON COLUMN cdp.near_shared.profile_id IS 'The person that it belongs to now.';

	CREATE VIEW cdp.shared_identifiers AS
		SELECT i.identifier::text AS identifier, n.namespace, l.linked_namespace, l.link_count, l.max_links,
			   v.verdict_id IS NOT NULL AS by_verdict, v.reason, i.profile_id
		FROM cdp_data.identifier i JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
		LEFT JOIN cdp_data.verdict v ON v.a = i.identifier AND v.kind = 'shared'
		LEFT JOIN LATERAL (
			SELECT k.namespace AS linked_namespace, o.number::integer AS link_count,
				   cdp_internal.max_links_to(n.max_links, k.namespace) AS max_links
			FROM cdp_internal.read_link_counts(i.link_counts) o
			JOIN cdp_data.namespace k ON k.namespace_id = o.namespace_id
			WHERE k.namespace <> n.namespace
			  AND o.number > cdp_internal.max_links_to(n.max_links, k.namespace)) l ON true
		WHERE i.shared;
	COMMENT ON VIEW cdp.shared_identifiers IS
		'Shared identifiers, whose links do not count: a row for each namespace to which an identifier has more links '
		'than allowed; if only a verdict makes it shared, one row without a namespace. cdp.mark_shared(identifier, '
		'false) overrules the count.';
	COMMENT ON COLUMN cdp.shared_identifiers.identifier IS 'namespace:value.';
	COMMENT ON COLUMN cdp.shared_identifiers.namespace IS 'Namespace of the identifier.';
	COMMENT ON COLUMN cdp.shared_identifiers.linked_namespace IS
		'Namespace of the identifiers that it is linked to; NULL: only a verdict makes it shared.';
	COMMENT ON COLUMN cdp.shared_identifiers.link_count IS 'Number of these identifiers.';
	COMMENT ON COLUMN cdp.shared_identifiers.max_links IS 'Number of them that is allowed.';
	COMMENT ON COLUMN cdp.shared_identifiers.by_verdict IS 'Whether a verdict makes it shared, see cdp.mark_shared().';
	COMMENT ON COLUMN cdp.shared_identifiers.reason IS 'Reason of the verdict; NULL: none.';
	COMMENT ON COLUMN cdp.shared_identifiers.profile_id IS
		'Its profile, which has no other identifier and is not in cdp.profiles.';

	CREATE VIEW cdp.refused_links AS
		SELECT x.identifier::text AS identifier, y.identifier::text AS other_identifier, x.profile_id,
			   y.profile_id AS other_profile_id,
			   CASE WHEN x.shared OR y.shared THEN ARRAY['shared']
				ELSE cdp_internal.refusal_reasons(x.profile_id, y.profile_id, l.believed OR EXISTS (
					SELECT FROM cdp_internal.same_verdicts(x.identifier) s WHERE s.other = y.identifier))
			   END AS reasons,
			   t.events, t.first_at, t.last_at, t.sources
		FROM cdp_data.link l
		JOIN cdp_data.identifier x ON x.identifier_id = l.a
		JOIN cdp_data.identifier y ON y.identifier_id = l.b
		CROSS JOIN LATERAL (
			SELECT sum(o.events)::bigint AS events, min(o.first_at) AS first_at, max(o.last_at) AS last_at,
				   array_agg(s.source ORDER BY s.source) AS sources
			FROM cdp_data.link o JOIN cdp_data.source s USING (source_id) WHERE o.a = l.a AND o.b = l.b) t
		-- one row for a pair, found from the identifiers at either end, so that those of one person are found quickly
		WHERE (l.refused OR x.shared OR y.shared) AND (l.aliases = 0 OR x.profile_id <> 0 AND y.profile_id <> 0)
		  AND NOT EXISTS (SELECT FROM cdp_data.link o WHERE o.a = l.a AND o.b = l.b AND o.source_id < l.source_id)
		UNION ALL
		-- verdicts of cdp.same() that no event says beside; either end can be the one of the smaller number.  Each is
		-- found by its number from a verdict, and a verdict by its text from either
		SELECT x.identifier::text, y.identifier::text, x.profile_id, y.profile_id,
			   CASE WHEN x.shared OR y.shared THEN ARRAY['shared']
				ELSE cdp_internal.refusal_reasons(x.profile_id, y.profile_id, true) END,
			   0, NULL, NULL, '{}'
		FROM cdp_data.verdict v
		JOIN cdp_data.identifier x ON x.identifier = v.a AND x.identifier_id = cdp_internal.identifier_number(v.a)
		JOIN cdp_data.identifier y ON y.identifier = v.b AND y.identifier_id = cdp_internal.identifier_number(v.b)
		WHERE v.kind = 'same' AND x.identifier_id < y.identifier_id AND x.profile_id <> 0 AND y.profile_id <> 0
			AND (v.refused OR x.shared OR y.shared)
			AND NOT EXISTS (SELECT FROM cdp_data.link l WHERE l.a = x.identifier_id AND l.b = y.identifier_id)
		UNION ALL
		SELECT x.identifier::text, y.identifier::text, x.profile_id, y.profile_id,
			   CASE WHEN x.shared OR y.shared THEN ARRAY['shared']
				ELSE cdp_internal.refusal_reasons(x.profile_id, y.profile_id, true) END,
			   0, NULL, NULL, '{}'
		FROM cdp_data.verdict v
		JOIN cdp_data.identifier x ON x.identifier = v.b AND x.identifier_id = cdp_internal.identifier_number(v.b)
		JOIN cdp_data.identifier y ON y.identifier = v.a AND y.identifier_id = cdp_internal.identifier_number(v.a)
		WHERE v.kind = 'same' AND x.identifier_id < y.identifier_id AND x.profile_id <> 0 AND y.profile_id <> 0
			AND (v.refused OR x.shared OR y.shared)
			AND NOT EXISTS (SELECT FROM cdp_data.link l WHERE l.a = x.identifier_id AND l.b = y.identifier_id)
		UNION ALL
		-- identifiers and their hashes, beside which neither an event nor a verdict says it
		SELECT x.identifier::text, y.identifier::text, x.profile_id, y.profile_id,
			   CASE WHEN x.shared OR y.shared THEN ARRAY['shared']
				ELSE cdp_internal.refusal_reasons(x.profile_id, y.profile_id, true) END,
			   0, NULL, NULL, '{}'
		FROM cdp_data.identifier x
		JOIN cdp_data.identifier y ON cdp.hashed(y.identifier) = cdp.hashed(x.identifier)
		WHERE cdp_internal.has_hashed() AND cdp_internal.has_hash(x.identifier) AND
			cdp_internal.has_hash(y.identifier) AND x.identifier_id < y.identifier_id AND x.profile_id <> 0
			AND y.profile_id <> 0 AND (x.profile_id <> y.profile_id OR x.shared OR y.shared)
			AND NOT EXISTS (SELECT FROM cdp_data.link l WHERE l.a = x.identifier_id AND l.b = y.identifier_id)
			AND NOT EXISTS (
				SELECT
				FROM cdp_data.verdict v
				WHERE v.kind = 'same' AND v.a = CASE WHEN x.identifier < y.identifier THEN x.identifier
					ELSE y.identifier END AND v.b = CASE WHEN x.identifier < y.identifier THEN y.identifier
					ELSE x.identifier END);
	COMMENT ON VIEW cdp.refused_links IS
		'Pairs of identifiers that stood on one event, are declared the same, or of which one is the hash of the '
		'other, and belong to different people, with all rules that joining the two people would break.';
	COMMENT ON COLUMN cdp.refused_links.identifier IS 'namespace:value.';
	COMMENT ON COLUMN cdp.refused_links.other_identifier IS 'The other identifier.';
	COMMENT ON COLUMN cdp.refused_links.profile_id IS 'The person that identifier belongs to.';
	COMMENT ON COLUMN cdp.refused_links.other_profile_id IS 'The person that other_identifier belongs to.';
	COMMENT ON COLUMN cdp.refused_links.reasons IS
		'forbid, limit and the namespace, cap; or only shared, if one of the two is.';
	COMMENT ON COLUMN cdp.refused_links.events IS
		'Number of events that have both; 0: only a verdict of cdp.same(), or that one is the hash of the other, says '
		'it.';
	COMMENT ON COLUMN cdp.refused_links.first_at IS 'Time of the earliest of these events; NULL: there is none.';
	COMMENT ON COLUMN cdp.refused_links.last_at IS 'Time of the latest of these events; NULL: there is none.';
	COMMENT ON COLUMN cdp.refused_links.sources IS 'The sources that sent these events.';

	CREATE VIEW cdp.outvoted AS
		WITH refused AS (
			-- limits: the namespaces whose limits alone refuse the link; NULL if the cap or a forbid does
			SELECT l.a, l.b,
				   (SELECT sum(o.events)::bigint FROM cdp_data.link o WHERE o.a = l.a AND o.b = l.b) AS events,
				   CASE
					WHEN p.identifier_count::bigint + q.identifier_count > (SELECT s.cap FROM cdp_data.state s)
						OR (p.has_forbid AND q.has_forbid AND EXISTS (
							SELECT FROM cdp_data.verdict v
							JOIN cdp_data.identifier f ON f.identifier IN (v.a, v.b)
							JOIN cdp_data.identifier g ON g.identifier IN (v.a, v.b)
							WHERE v.kind = 'forbid' AND f.profile_id = p.profile_id AND g.profile_id = q.profile_id))
					THEN NULL
					ELSE (
						SELECT array_agg(n.namespace)
						FROM cdp_data.namespace n
						WHERE coalesce((p.limited ->> n.namespace)::bigint, 0)
							+ coalesce((q.limited ->> n.namespace)::bigint, 0) > n.max_per_profile)
				   END AS limits
			FROM cdp_data.link l
			JOIN cdp_data.identifier x ON x.identifier_id = l.a
			JOIN cdp_data.identifier y ON y.identifier_id = l.b
			JOIN cdp_data.profile p ON p.profile_id = x.profile_id
			JOIN cdp_data.profile q ON q.profile_id = y.profile_id
			WHERE l.refused
			  AND NOT EXISTS (
				SELECT FROM cdp_data.link o
				WHERE o.refused AND o.a = l.a AND o.b = l.b AND o.source_id < l.source_id)
		)
		SELECT i.identifier::text AS identifier, o.identifier::text AS refused_identifier, r.events AS refused_events,
			   k.identifier::text AS kept_identifier, h.events AS kept_events, i.profile_id,
			   o.profile_id AS refused_profile_id
		FROM refused r CROSS JOIN LATERAL (VALUES (r.a, r.b), (r.b, r.a)) e (identifier_id, other_id)
		JOIN cdp_data.identifier i ON i.identifier_id = e.identifier_id
		JOIN cdp_data.identifier o ON o.identifier_id = e.other_id
		CROSS JOIN LATERAL (
			WITH own AS (
				SELECT m.identifier_id, cdp.namespace(m.identifier) AS namespace, sum(l.events)::bigint AS events
				FROM (SELECT t.b AS other_id, t.events FROM cdp_data.link t WHERE t.a = e.identifier_id
					  UNION ALL
					  SELECT t.a, t.events FROM cdp_data.link t WHERE t.b = e.identifier_id) l
				JOIN cdp_data.identifier m ON m.identifier_id = l.other_id AND m.profile_id = i.profile_id
				GROUP BY m.identifier_id, m.identifier
			), keeper AS (
				SELECT w.identifier_id, w.events FROM own w WHERE r.limits IS NULL OR w.namespace = ANY (r.limits)
				UNION ALL
				-- without links of its own to identifiers under the limit: the links of its profile's other identifiers
				SELECT t.identifier_id, sum(l.events)::bigint
				FROM unnest(r.limits) n
				JOIN cdp_data.identifier t ON t.profile_id = i.profile_id
					AND cdp.namespace(t.identifier) = n AND t.identifier_id <> e.identifier_id
				CROSS JOIN LATERAL (
					SELECT u.b AS other_id, u.events FROM cdp_data.link u WHERE u.a = t.identifier_id
					UNION ALL
					SELECT u.a, u.events FROM cdp_data.link u WHERE u.b = t.identifier_id) l
				JOIN cdp_data.identifier m ON m.identifier_id = l.other_id AND m.profile_id = i.profile_id
				WHERE NOT EXISTS (SELECT FROM own w WHERE w.namespace = n)
				GROUP BY t.identifier_id, m.identifier_id
			)
			SELECT c.identifier_id, c.events FROM keeper c ORDER BY c.events DESC, c.identifier_id LIMIT 1) h
		JOIN cdp_data.identifier k ON k.identifier_id = h.identifier_id
		WHERE r.events > h.events;
	COMMENT ON VIEW cdp.outvoted IS
		'Refused links that have more evidence than each link that keeps them out, often because of an early mistake. '
		'If limits refuse the link, the links compared are those of the identifier to the identifiers of its profile '
		'under these limits, or if it has none, those of the other identifiers of its profile to them. If the cap or a '
		'forbid refuses it, they are all links of the identifier within its profile. cdp.unlink() of the kept pairs '
		'lets the refused link join, unless a forbid refuses it.';
	COMMENT ON COLUMN cdp.outvoted.identifier IS 'namespace:value of the end that stays in another profile.';
	COMMENT ON COLUMN cdp.outvoted.refused_identifier IS 'The other end of the refused link.';
	COMMENT ON COLUMN cdp.outvoted.refused_events IS 'Number of events of the refused link.';
	COMMENT ON COLUMN cdp.outvoted.kept_identifier IS
		'The identifier of its profile that keeps it there: the other end of the link compared that has most events.';
	COMMENT ON COLUMN cdp.outvoted.kept_events IS 'Number of events of that link.';
	COMMENT ON COLUMN cdp.outvoted.profile_id IS 'The person that identifier belongs to.';
	COMMENT ON COLUMN cdp.outvoted.refused_profile_id IS 'The person that refused_identifier belongs to.';

	CREATE VIEW cdp.identifier_periods AS
		SELECT i.identifier::text AS identifier, i.identifier_id, nullif(p.profile_id, 0) AS profile_id,
			   tstzrange(f.as_of, u.as_of) AS known
		FROM (SELECT identifier_id, profile_id, from_batch_id, until_batch_id FROM cdp_data.identifier_history
			  UNION ALL
			  SELECT identifier_id, profile_id, since_batch_id, NULL FROM cdp_data.identifier) p
		JOIN cdp_data.identifier i ON i.identifier_id = p.identifier_id
		JOIN cdp_data.batch f ON f.batch_id = p.from_batch_id
		LEFT JOIN cdp_data.batch u ON u.batch_id = p.until_batch_id
		WHERE i.profile_id <> 0 OR i.blocked;
	COMMENT ON VIEW cdp.identifier_periods IS
		'The person that each identifier belonged to, as was known at the time: one row for each period.';
	COMMENT ON COLUMN cdp.identifier_periods.identifier IS 'namespace:value.';
	COMMENT ON COLUMN cdp.identifier_periods.identifier_id IS 'Number of the identifier.';
	COMMENT ON COLUMN cdp.identifier_periods.profile_id IS
		'The person; NULL: the identifier was blocked, or no event carried it.';
	COMMENT ON COLUMN cdp.identifier_periods.known IS
		'From the batch that put it into the profile, inclusive, to the batch that moved it out, exclusive; unbounded: '
		'it is there now.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_people() IS 'Internal: makes the views for people who judge identifiers.';

CREATE FUNCTION cdp.profile_at(profile_id bigint, at timestamptz) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN (
		SELECT nullif(CASE WHEN i.since_batch_id <= b.batch_id THEN i.profile_id ELSE h.profile_id END, 0)
		FROM (SELECT max(o.batch_id) AS batch_id FROM cdp_data.batch o WHERE o.as_of <= profile_at.at) b
		JOIN cdp_data.identifier i ON i.identifier_id = profile_at.profile_id
		LEFT JOIN cdp_data.identifier_history h ON h.identifier_id = i.identifier_id
			AND h.from_batch_id <= b.batch_id AND b.batch_id < h.until_batch_id);
END
$function$;
COMMENT ON FUNCTION cdp.profile_at(bigint, timestamptz) IS
	'Returns the profile that a profile_id, present or former, belonged to at a time, as was known then (by the time '
	'of batches, not of events). NULL if it was not assigned yet, its identifier was blocked, or all events with it '
	'are taken back since. Works on a hot standby.';

CREATE FUNCTION cdp.profile_at(identifier cdp.identifier, at timestamptz) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN (
		SELECT cdp.profile_at(k.identifier_id, profile_at.at)
		FROM cdp_internal.known_identifier(cdp_internal.by_rules(profile_at.identifier)) k);
END
$function$;
COMMENT ON FUNCTION cdp.profile_at(cdp.identifier, timestamptz) IS
	'Returns the profile that an identifier belonged to at a time, as was known then (by the time of batches, not of '
	'events). NULL if it was not seen yet, was blocked, or all its events are taken back since. Works on a hot '
	'standby.';

CREATE FUNCTION cdp.profile_at(identifier text, at timestamptz) RETURNS bigint
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN cdp_internal.person_id(identifier) IS NULL THEN cdp.profile_at(identifier::cdp.identifier, at)
				ELSE cdp.profile_at(cdp_internal.person_id(identifier), at) END;
COMMENT ON FUNCTION cdp.profile_at(text, timestamptz) IS
	'The same for a text: namespace:value, or the digits of a profile_id. Error: text that is neither (22P02).';

CREATE FUNCTION cdp.events_at(at timestamptz)
	RETURNS TABLE (event_id bigint, "timestamp" timestamptz, profile_id bigint)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 100000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	then_batch bigint;
BEGIN
	PERFORM cdp_internal.check_tables();
	SELECT max(b.batch_id) INTO then_batch FROM cdp_data.batch b WHERE b.as_of <= events_at.at;
	RETURN QUERY
		SELECT e.event_id, e."timestamp",
			   nullif(CASE WHEN i.since_batch_id <= then_batch THEN i.profile_id ELSE h.profile_id END, 0)
		FROM cdp_data.event e
		LEFT JOIN (SELECT DISTINCT ON (o.event_id) o.event_id, o.identifier_id FROM cdp_data.anchor_history o
				   WHERE o.until_batch_id > then_batch
				   ORDER BY o.event_id, o.until_batch_id) a ON a.event_id = e.event_id
		LEFT JOIN cdp_data.identifier i ON i.identifier_id = coalesce(a.identifier_id, e.identifier_id)
		LEFT JOIN cdp_data.identifier_history h ON h.identifier_id = i.identifier_id
			AND h.from_batch_id <= then_batch AND then_batch < h.until_batch_id
		WHERE e.batch_id <= then_batch;
END
$function$;
COMMENT ON FUNCTION cdp.events_at(timestamptz) IS
	'Returns the events that were in the log at a time, but for those taken back since, each with the profile it '
	'belonged to, as was known then (by the time of batches, not of events), to repeat a report of the past. '
	'profile_id is NULL if the event belonged to no profile. Join cdp.events by event_id for the other columns. Works '
	'on a hot standby.';

REVOKE ALL ON FUNCTION cdp_internal.refusal_reasons(bigint, bigint, boolean), cdp_internal.init_people(),
	cdp.profile_at(cdp.identifier, timestamptz),
	cdp.profile_at(bigint, timestamptz), cdp.profile_at(text, timestamptz), cdp.events_at(timestamptz) FROM PUBLIC;
