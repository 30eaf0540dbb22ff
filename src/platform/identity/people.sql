-- What people look at to judge who is who: what is refused, what is nearly shared, who was who when.

CREATE FUNCTION cdp_internal.init_people() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.near_shared AS
		SELECT i.identifier::text AS identifier, n.namespace, l.key AS linked_namespace, l.value::integer AS links,
			   cdp_internal.max_links_to(n.max_links, l.key) AS max_links, i.profile_id
		FROM cdp_data.identifier i JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier) CROSS JOIN LATERAL jsonb_each_text(i.link_counts) l
		WHERE l.key <> n.namespace AND NOT i.shared AND NOT i.blocked AND l.value::bigint * 5 >= cdp_internal.max_links_to(n.max_links, l.key)::bigint * 4
		  AND NOT EXISTS (SELECT FROM cdp_data.verdict v WHERE v.a = i.identifier AND v.kind = 'not_shared');
	COMMENT ON VIEW cdp.near_shared IS
		'Identifiers that have at least 80 % of the links by which they would count as shared, and are not; without '
		'those that a person has decided about.';
	COMMENT ON COLUMN cdp.near_shared.identifier IS 'namespace:value.';
	COMMENT ON COLUMN cdp.near_shared.namespace IS 'Kind of the identifier.';
	COMMENT ON COLUMN cdp.near_shared.linked_namespace IS 'Kind of the identifiers that it is linked to.';
	COMMENT ON COLUMN cdp.near_shared.links IS 'Number of these.';
	COMMENT ON COLUMN cdp.near_shared.max_links IS 'With more it is shared.';
	COMMENT ON COLUMN cdp.near_shared.profile_id IS 'The person it belongs to now.';

	CREATE VIEW cdp.shared_identifiers AS
		SELECT i.identifier::text AS identifier, n.namespace, l.linked_namespace, l.links, l.max_links,
			   v.verdict_id IS NOT NULL AS by_verdict, v.reason, i.profile_id
		FROM cdp_data.identifier i JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
		LEFT JOIN cdp_data.verdict v ON v.a = i.identifier AND v.kind = 'shared'
		LEFT JOIN LATERAL (
			SELECT o.key AS linked_namespace, o.value::integer AS links, cdp_internal.max_links_to(n.max_links, o.key) AS max_links
			FROM jsonb_each_text(i.link_counts) o
			WHERE o.key <> n.namespace AND o.value::bigint > cdp_internal.max_links_to(n.max_links, o.key)) l ON true
		WHERE i.shared;
	COMMENT ON VIEW cdp.shared_identifiers IS
		'Identifiers that count as shared and link no more: a row for each kind of identifiers that one is linked to '
		'more of than its rule allows; one row without a kind where only a verdict says so. '
		'cdp.mark_shared(identifier, false) overrules the count.';
	COMMENT ON COLUMN cdp.shared_identifiers.identifier IS 'namespace:value.';
	COMMENT ON COLUMN cdp.shared_identifiers.namespace IS 'Kind of the identifier.';
	COMMENT ON COLUMN cdp.shared_identifiers.linked_namespace IS 'Kind of the identifiers that it is linked to.';
	COMMENT ON COLUMN cdp.shared_identifiers.links IS 'Number of these.';
	COMMENT ON COLUMN cdp.shared_identifiers.max_links IS 'The number that it exceeds.';
	COMMENT ON COLUMN cdp.shared_identifiers.by_verdict IS 'Whether a person decided so, by cdp.mark_shared().';
	COMMENT ON COLUMN cdp.shared_identifiers.reason IS 'The reason that the person gave.';
	COMMENT ON COLUMN cdp.shared_identifiers.profile_id IS
		'Its profile, in which it is alone and which cdp.profiles leaves out.';

	CREATE VIEW cdp.refused_links AS
		SELECT x.identifier::text AS identifier, y.identifier::text AS other_identifier, x.profile_id, y.profile_id AS other_profile_id,
			   CASE WHEN x.shared OR y.shared THEN ARRAY['shared'] ELSE (
				SELECT array_agg(e.reason ORDER BY e.place, e.priority, e.reason COLLATE "C") FROM (
					SELECT 1 AS place, 0 AS priority, 'forbid' AS reason WHERE p.has_forbid AND q.has_forbid AND EXISTS (
						SELECT FROM cdp_data.verdict v JOIN cdp_data.identifier f ON f.identifier IN (v.a, v.b) JOIN cdp_data.identifier g ON g.identifier IN (v.a, v.b)
						WHERE v.kind = 'forbid' AND f.profile_id = p.profile_id AND g.profile_id = q.profile_id)
					UNION ALL
					SELECT 2, n.priority, 'limit ' || n.namespace FROM cdp_data.namespace n
					WHERE coalesce((p.limited ->> n.namespace)::bigint, 0) + coalesce((q.limited ->> n.namespace)::bigint, 0) > n.max_per_profile
					UNION ALL
					SELECT 3, 0, 'cap' FROM cdp_data.state s WHERE p.identifier_count::bigint + q.identifier_count > s.cap) e) END AS reasons,
			   t.events, t.first_at, t.last_at, t.sources
		FROM cdp_data.link l JOIN cdp_data.identifier x ON x.identifier_id = l.a JOIN cdp_data.identifier y ON y.identifier_id = l.b
		CROSS JOIN LATERAL (
			SELECT sum(o.events)::bigint AS events, min(o.first_at) AS first_at, max(o.last_at) AS last_at, array_agg(o.source ORDER BY o.source) AS sources
			FROM cdp_data.link o WHERE o.a = l.a AND o.b = l.b) t
		LEFT JOIN cdp_data.profile p ON p.profile_id = x.profile_id LEFT JOIN cdp_data.profile q ON q.profile_id = y.profile_id
		-- one row for a pair, found from the identifiers at either end, so that one person's are quickly found
		WHERE (l.refused OR x.shared OR y.shared) AND NOT EXISTS (SELECT FROM cdp_data.link o WHERE o.a = l.a AND o.b = l.b AND o.source < l.source);
	COMMENT ON VIEW cdp.refused_links IS
		'Identifiers that stood on one event and are not one person, with all rules that joining the two people would '
		'break.';
	COMMENT ON COLUMN cdp.refused_links.identifier IS 'namespace:value.';
	COMMENT ON COLUMN cdp.refused_links.other_identifier IS 'What it stood together with.';
	COMMENT ON COLUMN cdp.refused_links.profile_id IS 'The person that the first belongs to.';
	COMMENT ON COLUMN cdp.refused_links.other_profile_id IS 'The person that the other belongs to.';
	COMMENT ON COLUMN cdp.refused_links.reasons IS
		'forbid, limit and the namespace, cap; or shared, where one of the two is.';
	COMMENT ON COLUMN cdp.refused_links.events IS 'Number of events that carry both.';
	COMMENT ON COLUMN cdp.refused_links.first_at IS 'Time of the earliest of them.';
	COMMENT ON COLUMN cdp.refused_links.last_at IS 'Time of the latest of them.';
	COMMENT ON COLUMN cdp.refused_links.sources IS 'The sources that sent them.';

	CREATE VIEW cdp.outvoted AS
		WITH refused AS (
			-- limits: the namespaces whose limits alone refuse it; NULL where the cap or a forbid does
			SELECT l.a, l.b, (SELECT sum(o.events)::bigint FROM cdp_data.link o WHERE o.a = l.a AND o.b = l.b) AS events,
				   CASE WHEN p.identifier_count::bigint + q.identifier_count > (SELECT s.cap FROM cdp_data.state s) OR (p.has_forbid AND q.has_forbid AND EXISTS (
						SELECT FROM cdp_data.verdict v JOIN cdp_data.identifier f ON f.identifier IN (v.a, v.b) JOIN cdp_data.identifier g ON g.identifier IN (v.a, v.b)
						WHERE v.kind = 'forbid' AND f.profile_id = p.profile_id AND g.profile_id = q.profile_id)) THEN NULL
				   ELSE (SELECT array_agg(n.namespace) FROM cdp_data.namespace n
						WHERE coalesce((p.limited ->> n.namespace)::bigint, 0) + coalesce((q.limited ->> n.namespace)::bigint, 0) > n.max_per_profile) END AS limits
			FROM cdp_data.link l JOIN cdp_data.identifier x ON x.identifier_id = l.a JOIN cdp_data.identifier y ON y.identifier_id = l.b
			JOIN cdp_data.profile p ON p.profile_id = x.profile_id JOIN cdp_data.profile q ON q.profile_id = y.profile_id
			WHERE l.refused AND NOT EXISTS (SELECT FROM cdp_data.link o WHERE o.refused AND o.a = l.a AND o.b = l.b AND o.source < l.source)
		)
		SELECT i.identifier::text AS identifier, o.identifier::text AS refused_identifier, r.events AS refused_events,
			   k.identifier::text AS kept_identifier, h.events AS kept_events, i.profile_id, o.profile_id AS refused_profile_id
		FROM refused r CROSS JOIN LATERAL (VALUES (r.a, r.b), (r.b, r.a)) e (identifier_id, other_id)
		JOIN cdp_data.identifier i ON i.identifier_id = e.identifier_id JOIN cdp_data.identifier o ON o.identifier_id = e.other_id
		CROSS JOIN LATERAL (
			WITH own AS (
				SELECT m.identifier_id, cdp.namespace(m.identifier) AS namespace, sum(l.events)::bigint AS events
				FROM (SELECT t.b AS other_id, t.events FROM cdp_data.link t WHERE t.a = e.identifier_id
					  UNION ALL
					  SELECT t.a, t.events FROM cdp_data.link t WHERE t.b = e.identifier_id) l
				JOIN cdp_data.identifier m ON m.identifier_id = l.other_id AND m.profile_id = i.profile_id GROUP BY m.identifier_id, m.identifier
			), keeper AS (
				SELECT w.identifier_id, w.events FROM own w WHERE r.limits IS NULL OR w.namespace = ANY (r.limits)
				UNION ALL
				-- no link of its own to what the limit is about: the links of the others
				SELECT t.identifier_id, sum(l.events)::bigint
				FROM unnest(r.limits) n JOIN cdp_data.identifier t ON t.profile_id = i.profile_id AND cdp.namespace(t.identifier) = n AND t.identifier_id <> e.identifier_id
				CROSS JOIN LATERAL (
					SELECT u.b AS other_id, u.events FROM cdp_data.link u WHERE u.a = t.identifier_id
					UNION ALL
					SELECT u.a, u.events FROM cdp_data.link u WHERE u.b = t.identifier_id) l
				JOIN cdp_data.identifier m ON m.identifier_id = l.other_id AND m.profile_id = i.profile_id
				WHERE NOT EXISTS (SELECT FROM own w WHERE w.namespace = n) GROUP BY t.identifier_id, m.identifier_id
			)
			SELECT c.identifier_id, c.events FROM keeper c ORDER BY c.events DESC, c.identifier_id LIMIT 1) h
		JOIN cdp_data.identifier k ON k.identifier_id = h.identifier_id
		WHERE r.events > h.events;
	COMMENT ON VIEW cdp.outvoted IS
		'Refused links with more evidence than what keeps them out: an early mistake looks like this. Where limits '
		'refuse, that is every link of the identifier to those of its profile that the limits are about, or where it '
		'has none, the links of the others of its profile to them; where the cap or a forbid does, every link that '
		'keeps the identifier where it is. cdp.unlink() of the kept pairs lets the refused one be, except where a '
		'forbid does not.';
	COMMENT ON COLUMN cdp.outvoted.identifier IS 'namespace:value of the end that is kept in another profile.';
	COMMENT ON COLUMN cdp.outvoted.refused_identifier IS 'The identifier that it is refused to be one person with.';
	COMMENT ON COLUMN cdp.outvoted.refused_events IS 'Number of events that carry the two.';
	COMMENT ON COLUMN cdp.outvoted.kept_identifier IS
		'What keeps it there: of the identifiers of its profile that count, the one with most events.';
	COMMENT ON COLUMN cdp.outvoted.kept_events IS 'Number of the events of that link.';
	COMMENT ON COLUMN cdp.outvoted.profile_id IS 'The person that the identifier belongs to.';
	COMMENT ON COLUMN cdp.outvoted.refused_profile_id IS 'The person that the refused identifier belongs to.';

	CREATE VIEW cdp.identifier_periods AS
		SELECT i.identifier::text AS identifier, i.identifier_id, nullif(p.profile_id, 0) AS profile_id, tstzrange(f.as_of, u.as_of) AS known
		FROM (SELECT identifier_id, profile_id, from_batch_id, until_batch_id FROM cdp_data.identifier_history
			  UNION ALL
			  SELECT identifier_id, profile_id, since_batch_id, NULL FROM cdp_data.identifier) p
		JOIN cdp_data.identifier i ON i.identifier_id = p.identifier_id JOIN cdp_data.batch f ON f.batch_id = p.from_batch_id LEFT JOIN cdp_data.batch u ON u.batch_id = p.until_batch_id;
	COMMENT ON VIEW cdp.identifier_periods IS
		'The person that each identifier belonged to, as was known then: one row for each period between refreshes.';
	COMMENT ON COLUMN cdp.identifier_periods.identifier IS 'namespace:value.';
	COMMENT ON COLUMN cdp.identifier_periods.identifier_id IS 'Number of the identifier.';
	COMMENT ON COLUMN cdp.identifier_periods.profile_id IS 'Number of the person; NULL while it was blocked.';
	COMMENT ON COLUMN cdp.identifier_periods.known IS
		'From the refresh that put it there, inclusive, to the one that took it away, exclusive; without an end: now.';
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
		LEFT JOIN cdp_data.identifier_history h ON h.identifier_id = i.identifier_id AND h.from_batch_id <= b.batch_id AND b.batch_id < h.until_batch_id);
END
$function$;
COMMENT ON FUNCTION cdp.profile_at(bigint, timestamptz) IS
	'The profile that what is or ever was a profile_id (the identifier it stands for) belonged to at a time, as was '
	'known then (by the time of the refreshes, never of the events); NULL where it was not handed out yet, or blocked. '
	'Works on a hot standby.';

CREATE FUNCTION cdp.profile_at(identifier cdp.identifier, at timestamptz) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN (SELECT cdp.profile_at(m.identifier_id, profile_at.at) FROM cdp_data.identifier_map m
			WHERE m.identifier = profile_at.identifier);
END
$function$;
COMMENT ON FUNCTION cdp.profile_at(cdp.identifier, timestamptz) IS
	'The profile that an identifier belonged to at a time, as was known then (by the time of the refreshes, never of '
	'the events); NULL where it was not seen yet, or blocked. Works on a hot standby.';

CREATE FUNCTION cdp.profile_at(identifier text, at timestamptz) RETURNS bigint
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN cdp_internal.person_id(identifier) IS NULL THEN cdp.profile_at(identifier::cdp.identifier, at)
				ELSE cdp.profile_at(cdp_internal.person_id(identifier), at) END;
COMMENT ON FUNCTION cdp.profile_at(text, timestamptz) IS
	'The same by namespace:value as text, or by the digits of a profile id. Text that can be neither is an error '
	'(22P02).';

CREATE FUNCTION cdp.events_at(at timestamptz) RETURNS TABLE (event_id bigint, "timestamp" timestamptz, profile_id bigint)
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
		SELECT e.event_id, e."timestamp", nullif(CASE WHEN i.since_batch_id <= then_batch THEN i.profile_id ELSE h.profile_id END, 0)
		FROM cdp_data.event e
		LEFT JOIN (SELECT DISTINCT ON (o.event_id) o.event_id, o.identifier_id FROM cdp_data.anchor_history o
				   WHERE o.until_batch_id > then_batch ORDER BY o.event_id, o.until_batch_id) a ON a.event_id = e.event_id
		LEFT JOIN cdp_data.identifier i ON i.identifier_id = coalesce(a.identifier_id, e.identifier_id)
		LEFT JOIN cdp_data.identifier_history h ON h.identifier_id = i.identifier_id AND h.from_batch_id <= then_batch AND then_batch < h.until_batch_id
		WHERE e.batch_id <= then_batch;
END
$function$;
COMMENT ON FUNCTION cdp.events_at(timestamptz) IS
	'The events that were in the log at a time, each with the profile it belonged to, as was known then (by the time '
	'of the refreshes, never of the events): a report of the past again. profile_id is NULL where it belonged to no '
	'person. Join cdp_data.event by event_id and timestamp for the rest. Works on a hot standby.';

REVOKE ALL ON FUNCTION cdp_internal.init_people(), cdp.profile_at(cdp.identifier, timestamptz),
	cdp.profile_at(bigint, timestamptz), cdp.profile_at(text, timestamptz), cdp.events_at(timestamptz) FROM PUBLIC;
