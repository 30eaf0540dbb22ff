-- Compares the tables with what follows from the log and the rules, computed in the simplest way.  Nothing here uses
-- the stages of cdp.refresh() or the core below them.

-- The log with the usable identifiers of each event.
CREATE FUNCTION cdp_internal.verify_log()
	RETURNS TABLE (event_id bigint, anchor_id bigint, "timestamp" timestamptz, at timestamptz, source text, type text,
		event text, traits jsonb, message_id text, ids cdp.identifier[])
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	rules jsonb := cdp_internal.blocked_rules();
BEGIN
	RETURN QUERY
		SELECT e.event_id, e.identifier_id, e."timestamp", least(e."timestamp", e.received_at), e.source, e.type,
			   e.event, e.traits, e.message_id,
			   CASE WHEN rules = '{}' THEN coalesce(o.ids, '{}')
				ELSE ARRAY(
						SELECT u.identifier
						FROM unnest(o.ids) AS u (identifier)
						WHERE NOT cdp_internal.is_blocked(u.identifier, rules)) END
		FROM cdp_data.state s CROSS JOIN cdp_data.event e
		CROSS JOIN LATERAL cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id, e.group_id, e.previous_id,
			e.identifiers, e.properties, e.traits, e.context, e."timestamp", e.sent_at, e.original_timestamp,
			e.received_at, e.source, s.as_of) o;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_log() IS
	'Internal: returns the log, with the usable identifiers of each event.';

CREATE FUNCTION cdp_internal.verify_evidence()
	RETURNS TABLE (a cdp.identifier, b cdp.identifier, source text, first_at timestamptz, last_at timestamptz,
		events bigint, message_id text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT x.identifier, y.identifier, l.source, min(l.at), max(l.at), count(*),
			   (array_agg(l.message_id ORDER BY l.at, l.message_id COLLATE "C"))[1]
		FROM cdp_internal.verify_log() l
		CROSS JOIN LATERAL unnest(l.ids) AS x (identifier)
		JOIN LATERAL unnest(l.ids) AS y (identifier) ON x.identifier < y.identifier
		WHERE NOT EXISTS (
			SELECT FROM cdp_data.verdict v
			WHERE v.kind = 'unlink' AND v.a = x.identifier AND v.b = y.identifier AND l.at <= v.until_at)
		GROUP BY 1, 2, 3;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_evidence() IS
	'Internal: returns the evidence for each pair of identifiers, by source, from the log.';

-- The identifiers, their link counts, and whether they are shared.
CREATE FUNCTION cdp_internal.verify_identifiers() RETURNS TABLE (identifier cdp.identifier, links jsonb, shared boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		WITH evidence AS (
			SELECT DISTINCT a, b FROM cdp_internal.verify_evidence()
		), linked AS (
			SELECT e.identifier, cdp.namespace(e.other) AS other, count(*) AS number
			FROM (SELECT a AS identifier, b AS other FROM evidence UNION ALL SELECT b, a FROM evidence) e GROUP BY 1, 2
		), counted AS (
			SELECT l.identifier, jsonb_object_agg(l.other, l.number) AS links,
				   bool_or(l.other <> n.namespace
					AND l.number > cdp_internal.max_links_to(n.max_links, l.other)) AS is_over
			FROM linked l JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(l.identifier) GROUP BY l.identifier
		)
		SELECT p.identifier, coalesce(c.links, '{}'),
			   CASE WHEN v.kind IS NOT NULL THEN v.kind = 'shared' ELSE coalesce(c.is_over, false) END
		FROM (
			SELECT DISTINCT u.identifier
			FROM cdp_internal.verify_log() l
			CROSS JOIN LATERAL unnest(l.ids) AS u (identifier)) p
		LEFT JOIN counted c USING (identifier)
		LEFT JOIN cdp_data.verdict v ON v.a = p.identifier AND v.kind IN ('shared', 'not_shared');
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_identifiers() IS
	'Internal: returns the usable identifiers of the log, with their link counts, and whether they are shared.';

-- The links that count, in order of rank.
CREATE FUNCTION cdp_internal.verify_links(ids cdp.identifier[], shared boolean[]) RETURNS TABLE (x integer, y integer)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		WITH usable AS (
			SELECT u.identifier, u.place::integer, n.priority
			FROM unnest(ids, shared) WITH ORDINALITY AS u (identifier, shared, place)
			JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(u.identifier)
			WHERE NOT u.shared
		), best AS (
			SELECT DISTINCT ON (e.a, e.b) e.a, e.b, s.trust, e.first_at
			FROM cdp_internal.verify_evidence() e
			JOIN cdp_data.source s USING (source)
			ORDER BY e.a, e.b, s.trust DESC, e.first_at
		)
		SELECT CASE WHEN e.forward THEN e.p ELSE e.q END, CASE WHEN e.forward THEN e.q ELSE e.p END
		FROM (
			SELECT b.trust, b.first_at, p.place AS p, q.place AS q, p.priority AS p_priority, q.priority AS q_priority,
				   b.a, b.b, (p.priority, b.a) < (q.priority, b.b) AS forward
			  FROM best b JOIN usable p ON p.identifier = b.a JOIN usable q ON q.identifier = b.b) e
		ORDER BY e.trust DESC, e.first_at, least(e.p_priority, e.q_priority), greatest(e.p_priority, e.q_priority),
			CASE WHEN e.forward THEN e.a ELSE e.b END, CASE WHEN e.forward THEN e.b ELSE e.a END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_links(cdp.identifier[], boolean[]) IS
	'Internal: returns the links between identifiers that are not shared, as positions in the array, the stronger end '
	'first, in order of rank.';

-- Starts with each identifier alone.  Takes the links in order of rank; each joins the sets of its ends unless the
-- union breaks a rule.
CREATE FUNCTION cdp_internal.verify_partition(ids cdp.identifier[], shared boolean[]) RETURNS integer[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	spaces text[] := ARRAY(
		SELECT n.namespace FROM cdp_data.namespace n WHERE n.max_per_profile IS NOT NULL ORDER BY n.namespace);
	limits integer[] := ARRAY(
		SELECT n.max_per_profile FROM cdp_data.namespace n WHERE n.max_per_profile IS NOT NULL ORDER BY n.namespace);
	width integer := cardinality(spaces);
	cap integer := (SELECT s.cap FROM cdp_data.state s);
	part integer[] := ARRAY(SELECT generate_series(1, cardinality(ids)));
	size integer[] := array_fill(1, ARRAY[cardinality(ids)]);
	counts integer[] := array_fill(0, ARRAY[cardinality(ids) * width]);
	-- forbids, as pairs of places one after the other
	forbids integer[] := ARRAY(
		WITH placed AS MATERIALIZED (
			SELECT u.identifier, u.place FROM unnest(ids) WITH ORDINALITY AS u (identifier, place))
		SELECT e.place FROM cdp_data.verdict v JOIN placed x ON x.identifier = v.a JOIN placed y ON y.identifier = v.b
		CROSS JOIN LATERAL (VALUES (1, x.place), (2, y.place)) AS e (number, place)
		WHERE v.kind = 'forbid'
		ORDER BY v.verdict_id, e.number);
	forbidden boolean[] := array_fill(false, ARRAY[cardinality(ids)]);
	link record;
	p integer;
	q integer;
	breaks boolean;
BEGIN
	FOR i IN 1 .. cardinality(ids) LOOP
		p := array_position(spaces, cdp.namespace(ids[i]));
		IF p IS NOT NULL THEN
			counts[(i - 1) * width + p] := 1;
		END IF;
	END LOOP;
	FOR i IN 1 .. cardinality(forbids) LOOP
		forbidden[forbids[i]] := true;
	END LOOP;
	FOR link IN SELECT l.x, l.y FROM cdp_internal.verify_links(ids, shared) l LOOP
		p := link.x;
		WHILE part[p] <> p LOOP part[p] := part[part[p]]; p := part[p]; END LOOP;
		q := link.y;
		WHILE part[q] <> q LOOP part[q] := part[part[q]]; q := part[q]; END LOOP;
		CONTINUE WHEN p = q;
		breaks := coalesce(size[p] + size[q] > cap, false);
		FOR k IN 1 .. width LOOP
			breaks := breaks OR counts[(p - 1) * width + k] + counts[(q - 1) * width + k] > limits[k];
		END LOOP;
		IF NOT breaks AND forbidden[p] AND forbidden[q] THEN
			breaks := cdp_internal.verify_forbidden(part, forbids, p, q);
		END IF;
		CONTINUE WHEN breaks;
		IF size[p] < size[q] THEN
			SELECT q, p INTO p, q;
		END IF;
		part[q] := p;
		size[p] := size[p] + size[q];
		forbidden[p] := forbidden[p] OR forbidden[q];
		FOR k IN 1 .. width LOOP
			counts[(p - 1) * width + k] := counts[(p - 1) * width + k] + counts[(q - 1) * width + k];
		END LOOP;
	END LOOP;
	FOR i IN 1 .. cardinality(ids) LOOP
		p := i;
		WHILE part[p] <> p LOOP p := part[p]; END LOOP;
		part[i] := p;
	END LOOP;
	RETURN part;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_partition(cdp.identifier[], boolean[]) IS
	'Internal: returns the partition of the identifiers into people: for each position of the array that of one '
	'representative.';

CREATE FUNCTION cdp_internal.verify_forbidden(part integer[], forbids integer[], p integer, q integer) RETURNS boolean
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	x integer;
	y integer;
BEGIN
	FOR i IN 1 .. cardinality(forbids) BY 2 LOOP
		x := forbids[i];
		WHILE part[x] <> x LOOP x := part[x]; END LOOP;
		y := forbids[i + 1];
		WHILE part[y] <> y LOOP y := part[y]; END LOOP;
		IF (x = p AND y = q) OR (x = q AND y = p) THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_forbidden(integer[], integer[], integer, integer) IS
	'Internal: returns whether a forbid separates two sets.';

-- Whether each identifier is found by its hash, and has one number.
CREATE FUNCTION cdp_internal.verify_map() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT 'identifier', i.identifier::text, 'one number',
			   format('numbers %s', string_agg(i.identifier_id::text, ', ' ORDER BY i.identifier_id))
		FROM cdp_data.identifier i
		GROUP BY i.identifier
		HAVING count(*) > 1;
	RETURN QUERY
		SELECT 'identifier', coalesce(e.identifier::text, format('number %s', m.identifier_id)),
			   CASE WHEN m.identifier_id IS NULL
					THEN format('number %s in cdp_data.identifier_map', e.identifier_id) END,
			   CASE WHEN e.identifier_id IS NULL THEN 'another hash in cdp_data.identifier_map' END
		FROM (
			SELECT i.identifier, i.identifier_id,
				   cdp_internal.map_hash(i.identifier, (SELECT k.key FROM cdp_data.identifier_key k)) AS hash
			FROM cdp_data.identifier i) e
		FULL JOIN cdp_data.identifier_map m ON m.hash = e.hash AND m.identifier_id = e.identifier_id
		WHERE e.identifier_id IS NULL OR m.identifier_id IS NULL;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_map() IS
	'Internal: returns the differences of cdp_data.identifier_map from cdp_data.identifier.';

-- The identifiers, their profiles, and the links between them.
CREATE FUNCTION cdp_internal.verify_identifier(ids cdp.identifier[], shared boolean[], links jsonb[],
	profiles cdp.identifier[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT 'identifier', coalesce(e.identifier, f.identifier)::text, e.said, f.said
		FROM (
			SELECT u.identifier,
				   format('profile %s%s, links %s', u.profile, CASE WHEN u.shared THEN ', shared' END, u.links) AS said
			  FROM unnest(ids, shared, links, profiles) AS u (identifier, shared, links, profile)) e
		FULL JOIN (
			SELECT i.identifier,
				   format('profile %s%s, links %s', p.identifier, CASE WHEN i.shared THEN ', shared' END,
					i.link_counts) AS said
			FROM cdp_data.identifier i
			LEFT JOIN cdp_data.identifier p ON p.identifier_id = i.profile_id
			WHERE i.blocked IS NOT TRUE OR i.profile_id <> 0) f USING (identifier)
		WHERE e.said IS DISTINCT FROM f.said;
	RETURN QUERY SELECT * FROM cdp_internal.verify_map();
	RETURN QUERY
		WITH who AS MATERIALIZED (
			SELECT u.* FROM unnest(ids, shared, profiles) AS u (identifier, shared, profile)
		)
		SELECT 'link', format('%s - %s, %s', coalesce(e.a, f.a), coalesce(e.b, f.b), coalesce(e.source, f.source)),
			   e.said, f.said
		FROM (
			SELECT v.a, v.b, v.source,
				   format('%s event(s) from %s to %s, the first is %s%s', v.events, v.first_at, v.last_at, v.message_id,
					CASE WHEN NOT x.shared AND NOT y.shared AND x.profile <> y.profile THEN ', refused' END) AS said
			  FROM cdp_internal.verify_evidence() v JOIN who x ON x.identifier = v.a JOIN who y ON y.identifier = v.b) e
		FULL JOIN (
			SELECT least(x.identifier, y.identifier) AS a, greatest(x.identifier, y.identifier) AS b, l.source,
				   format('%s event(s) from %s to %s, the first is %s%s', l.events, l.first_at, l.last_at, l.message_id,
					CASE WHEN l.refused THEN ', refused' END) AS said
			FROM cdp_data.link l
			JOIN cdp_data.identifier x ON x.identifier_id = l.a
			JOIN cdp_data.identifier y ON y.identifier_id = l.b) f USING (a, b, source)
		WHERE e.said IS DISTINCT FROM f.said;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_identifier(cdp.identifier[], boolean[], jsonb[], cdp.identifier[]) IS
	'Internal: returns the differences of cdp_data.identifier and cdp_data.link from the log.';

-- The anchors of events.
CREATE FUNCTION cdp_internal.verify_anchors(ids cdp.identifier[], shared boolean[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT 'anchor', format('event %s', a.event_id), a.identifier::text, i.identifier::text
		FROM cdp_internal.verify_anchored(ids, shared) a
		JOIN cdp_data.event e ON e.event_id = a.event_id AND e."timestamp" = a."timestamp"
		LEFT JOIN cdp_data.identifier i ON i.identifier_id = e.identifier_id
		WHERE a.identifier IS DISTINCT FROM i.identifier;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_anchors(cdp.identifier[], boolean[]) IS
	'Internal: returns the events that have a wrong anchor.';

CREATE FUNCTION cdp_internal.verify_anchored(ids cdp.identifier[], shared boolean[])
	RETURNS TABLE (event_id bigint, "timestamp" timestamptz, at timestamptz, source text, type text, event text,
		properties jsonb, traits jsonb, identifier cdp.identifier)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		WITH ranked AS MATERIALIZED (
			SELECT u.identifier, row_number() OVER (ORDER BY u.shared, n.priority, u.identifier) AS strength
			FROM unnest(ids, shared) AS u (identifier, shared)
			JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(u.identifier)
		), anchored AS (
			SELECT l.event_id, min(r.strength) AS strength
			FROM cdp_internal.verify_log() l
			CROSS JOIN LATERAL unnest(l.ids) AS u (identifier)
			JOIN ranked r ON r.identifier = u.identifier
			GROUP BY l.event_id
		)
		SELECT e.event_id, e."timestamp", least(e."timestamp", e.received_at), e.source, e.type, e.event, e.properties,
			   e.traits, r.identifier
		FROM cdp_data.event e
		LEFT JOIN anchored a ON a.event_id = e.event_id
		LEFT JOIN ranked r ON r.strength = a.strength;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_anchored(cdp.identifier[], boolean[]) IS
	'Internal: returns the events of the log with their anchors; NULL: none.';

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

-- What follows from the events of each profile.
CREATE FUNCTION cdp_internal.verify_folded(ids cdp.identifier[], shared boolean[], profiles cdp.identifier[])
	RETURNS TABLE (profile cdp.identifier, first_seen timestamptz, last_seen timestamptz, events bigint,
		traits cdp.traits, expires_at timestamptz, timeline cdp.timeline)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	rules jsonb := cdp.trait_rules();
BEGIN
	RETURN QUERY
		SELECT w.profile, min(e."timestamp") AS first_seen, max(e."timestamp") AS last_seen, count(*) AS events,
			   cdp.traits_agg(t.traits, e.at, e.source, rules, o.trust) AS traits,
			   min(e.at + o.expires_after) FILTER (WHERE t.counts) AS expires_at,
			   cdp.timeline_agg(e."timestamp", e.event,
				cdp_internal.carried(e.event, e.properties, (SELECT cdp_internal.carried_rules()))) AS timeline
		FROM cdp_internal.verify_anchored(ids, shared) e
		JOIN unnest(ids, profiles) AS w (identifier, profile) ON w.identifier = e.identifier
		LEFT JOIN cdp_data.source o ON o.source = e.source
		LEFT JOIN LATERAL (SELECT true AS counts, cdp_internal.verify_said(e.traits, rules) AS traits
						   WHERE e.type = 'identify' AND e.traits IS NOT NULL
							 AND (o.expires_after IS NULL
								OR e.at + o.expires_after > (SELECT s.as_of FROM cdp_data.state s))) t ON true
		GROUP BY w.profile;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_folded(cdp.identifier[], boolean[], cdp.identifier[]) IS
	'Internal: returns what each profile should hold of its events.';

CREATE FUNCTION cdp_internal.verify_summary(identifiers numeric, limited jsonb, shared boolean, has_forbid boolean,
	events bigint, first_seen timestamptz, last_seen timestamptz, expires_at timestamptz) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN format('%s identifier(s), limited %s%s%s, %s event(s) from %s to %s', identifiers, limited,
			CASE WHEN shared THEN ', shared' END, CASE WHEN has_forbid THEN ', with a forbid' END,
			events, first_seen, last_seen)
		|| coalesce(', lapsing from ' || expires_at, '');
COMMENT ON FUNCTION cdp_internal.verify_summary(numeric, jsonb, boolean, boolean, bigint,
	timestamptz, timestamptz, timestamptz) IS
	'Internal: what a profile holds besides traits and timeline, in words.';

-- What each profile holds: its summary, its traits, its timeline.
CREATE FUNCTION cdp_internal.verify_profiles(ids cdp.identifier[], shared boolean[], profiles cdp.identifier[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		WITH who AS MATERIALIZED (
			SELECT u.* FROM unnest(ids, shared, profiles) AS u (identifier, shared, profile)
		), members AS (
			SELECT c.profile, sum(c.number) AS identifiers, bool_or(c.shared) AS shared,
				   coalesce(jsonb_object_agg(c.namespace, c.number)
					FILTER (WHERE n.max_per_profile IS NOT NULL), '{}') AS limited
			FROM (
				SELECT profile, cdp.namespace(identifier) AS namespace, count(*) AS number, bool_or(shared) AS shared
				FROM who
				GROUP BY 1, 2) c
			JOIN cdp_data.namespace n ON n.namespace = c.namespace GROUP BY c.profile
		), forbidden AS (
			SELECT DISTINCT w.profile
			FROM cdp_data.verdict v
			CROSS JOIN LATERAL (VALUES (v.a), (v.b)) AS e (identifier)
			JOIN who w ON w.identifier = e.identifier
			WHERE v.kind = 'forbid'
		), folded AS (
			SELECT * FROM cdp_internal.verify_folded(ids, shared, profiles)
		), expected AS (
			SELECT m.profile,
				   cdp_internal.verify_summary(m.identifiers, m.limited, m.shared,
					EXISTS (SELECT FROM forbidden b WHERE b.profile = m.profile),
				coalesce(f.events, 0), f.first_seen, f.last_seen, f.expires_at) AS summary,
				f.traits, coalesce(f.timeline, '{}') AS timeline
			FROM members m LEFT JOIN folded f ON f.profile = m.profile
		), found AS (
			SELECT i.identifier AS profile,
				   cdp_internal.verify_summary(p.identifier_count, p.limited, p.shared, p.has_forbid, p.events,
					p.first_seen, p.last_seen, p.expires_at) AS summary, p.traits,
				   cdp_internal.timeline_whole(t.timeline, t.level_1, t.level_2, t.level_3) AS timeline, p.profile_id
			FROM cdp_data.profile p
			LEFT JOIN cdp_data.profile_timeline t ON t.profile_id = p.profile_id
			LEFT JOIN cdp_data.identifier i ON i.identifier_id = p.profile_id
		)
		SELECT d.stage, coalesce(e.profile::text, f.profile::text, format('profile %s', f.profile_id)), d.expected,
			   d.found
		FROM expected e FULL JOIN found f USING (profile)
		CROSS JOIN LATERAL (VALUES
			('profile', e.summary, f.summary),
			('traits', e.traits::text, f.traits::text),
			-- a history as text only if there is a difference to show
			('timeline', CASE WHEN e.timeline IS DISTINCT FROM f.timeline THEN e.timeline::text END,
				CASE WHEN e.timeline IS DISTINCT FROM f.timeline THEN f.timeline::text END)
		) AS d (stage, expected, found)
		WHERE d.expected IS DISTINCT FROM d.found;
	RETURN QUERY
		SELECT 'profile', p.profile_id::text, format('no link inside later than trust %s, %s', p.last_trust, p.last_at),
			   format('trust %s, %s', l.trust, l.first_at)
		FROM cdp_data.profile p JOIN cdp_data.identifier x ON x.profile_id = p.profile_id JOIN (
			SELECT DISTINCT ON (k.a, k.b) k.a, k.b, s.trust, k.first_at
			FROM cdp_data.link k
			JOIN cdp_data.source s USING (source)
			ORDER BY k.a, k.b, s.trust DESC, k.first_at) l ON l.a = x.identifier_id
		JOIN cdp_data.identifier y ON y.identifier_id = l.b AND y.profile_id = p.profile_id
		WHERE p.last_at IS NOT NULL AND (-l.trust, l.first_at) > (-p.last_trust, p.last_at);
	RETURN QUERY
		SELECT 'timeline', format('profile %s', t.profile_id), CASE WHEN p.shared THEN 'shared' ELSE 'not shared' END,
			   CASE WHEN t.shared THEN 'shared' ELSE 'not shared' END
		FROM cdp_data.profile p
		JOIN cdp_data.profile_timeline t ON t.profile_id = p.profile_id
		WHERE t.shared <> p.shared;
	RETURN QUERY
		SELECT 'timeline', format('profile %s', t.profile_id), NULL,
			   cdp_internal.timeline_whole(t.timeline, t.level_1, t.level_2, t.level_3)::text
		FROM cdp_data.profile_timeline t
		WHERE NOT EXISTS (SELECT FROM cdp_data.profile p WHERE p.profile_id = t.profile_id);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_profiles(cdp.identifier[], boolean[], cdp.identifier[]) IS
	'Internal: returns the differences of cdp_data.profile and cdp_data.profile_timeline from the log.';

CREATE FUNCTION cdp.verify() RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE COST 1000000
	SET search_path = pg_catalog, cdp, pg_temp
	-- each statement runs once, so compiling it takes longer than it saves
	SET jit = off
	-- whole tables are joined to function results, which the planner takes for small
	SET enable_nestloop = off
AS $function$
#variable_conflict use_column
DECLARE
	ids cdp.identifier[];
	shared boolean[];
	links jsonb[];
	part integer[];
	profiles cdp.identifier[];
BEGIN
	PERFORM cdp_internal.check_tables();
	SELECT coalesce(array_agg(i.identifier ORDER BY i.identifier), '{}'),
		   coalesce(array_agg(i.shared ORDER BY i.identifier), '{}'),
		   coalesce(array_agg(i.links ORDER BY i.identifier), '{}')
	INTO ids, shared, links FROM cdp_internal.verify_identifiers() i;
	part := cdp_internal.verify_partition(ids, shared);
	profiles := ARRAY(
		SELECT first_value(u.identifier) OVER (PARTITION BY u.part ORDER BY n.priority, u.identifier)
		FROM unnest(ids, part) WITH ORDINALITY AS u (identifier, part, place)
		JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(u.identifier)
		ORDER BY u.place);
	RETURN QUERY SELECT * FROM cdp_internal.verify_missing();
	RETURN QUERY SELECT * FROM cdp_internal.verify_identifier(ids, shared, links, profiles);
	RETURN QUERY SELECT * FROM cdp_internal.verify_anchors(ids, shared);
	RETURN QUERY SELECT * FROM cdp_internal.verify_profiles(ids, shared, profiles);
	RETURN QUERY SELECT * FROM cdp_internal.verify_segments();
	RETURN QUERY SELECT * FROM cdp_internal.verify_accounts(ids, shared);
END
$function$;
COMMENT ON FUNCTION cdp.verify() IS
	'Compares the tables with what follows from the log, the rules and the verdicts, computed in the simplest way, and '
	'judges the segments. Returns the differences; no row means that all is well. stage: log (it lacks events), undone '
	'(left undone by cdp.refresh(), as the log lacked events), identifier, link, anchor, profile, traits, timeline, '
	'accounts or segment; item: the identifier, pair, event, person or segment; expected: what follows from the log; '
	'found: what the tables hold; NULL: nothing. A profile is named by its strongest identifier. It changes nothing, '
	'works on a hot standby, and reads the log several times.';

REVOKE ALL ON FUNCTION cdp_internal.verify_log(),
	cdp_internal.verify_summary(numeric, jsonb, boolean, boolean, bigint, timestamptz, timestamptz, timestamptz),
	cdp_internal.verify_evidence(), cdp_internal.verify_identifiers(),
	cdp_internal.verify_links(cdp.identifier[], boolean[]), cdp_internal.verify_partition(cdp.identifier[], boolean[]),
	cdp_internal.verify_forbidden(integer[], integer[], integer, integer),
	cdp_internal.verify_map(),
	cdp_internal.verify_identifier(cdp.identifier[], boolean[], jsonb[], cdp.identifier[]),
	cdp_internal.verify_anchors(cdp.identifier[], boolean[]), cdp_internal.verify_anchored(cdp.identifier[], boolean[]),
	cdp_internal.verify_said(jsonb, jsonb), cdp_internal.verify_folded(cdp.identifier[], boolean[], cdp.identifier[]),
	cdp_internal.verify_profiles(cdp.identifier[], boolean[], cdp.identifier[]), cdp.verify() FROM PUBLIC;
