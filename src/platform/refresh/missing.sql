-- A log that lacks events, because a month was detached or dropped, or rows were deleted.  Folding people from such a
-- log would lose the missing events: so verdicts and rules are refused, and changes that the evidence of a batch
-- requires are left undone (cdp_data.undone).

CREATE FUNCTION cdp_internal.has_month(month timestamptz) RETURNS boolean
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET timezone = 'UTC'
AS $function$
BEGIN
	RETURN EXISTS (
		SELECT
		FROM pg_inherits h
		JOIN pg_class c ON c.oid = h.inhrelid
		WHERE h.inhparent = 'cdp_data.event'::regclass AND NOT h.inhdetachpending
		  AND pg_get_expr(c.relpartbound, c.oid) LIKE format('FOR VALUES FROM (%L)%%', month));
END
$function$;
COMMENT ON FUNCTION cdp_internal.has_month(timestamptz) IS
	'Internal: returns whether the log has a partition for the month that begins at a time (UTC).';

CREATE FUNCTION cdp_internal.missing_months(profile_id bigint) RETURNS text[]
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET timezone = 'UTC'
AS $function$
#variable_conflict use_column
DECLARE
	asked bigint := missing_months.profile_id;
	found text[];
BEGIN
	found := ARRAY(
		WITH logged AS MATERIALIZED (
			SELECT e."timestamp" AS at, least(e."timestamp", e.received_at) AS said_at, e.event, e.type
			FROM cdp_data.identifier i
			JOIN cdp_data.event e ON e.identifier_id = i.identifier_id
			WHERE i.profile_id = asked
		), lacking AS (
			(SELECT t.at, t.event FROM cdp_data.profile s
			 CROSS JOIN LATERAL cdp.events(cdp_internal.timeline_whole(s.timeline, s.level_1, s.level_2, s.level_3)) t
			 WHERE s.profile_id = asked
			 EXCEPT ALL SELECT l.at, l.event FROM logged l WHERE l.event IS NOT NULL)
			UNION ALL
			SELECT s.at, NULL
			FROM cdp_data.profile p
			CROSS JOIN LATERAL (VALUES (p.first_seen), (p.last_seen)) AS s (at)
			WHERE p.profile_id = asked AND NOT EXISTS (SELECT FROM logged l WHERE l.at = s.at)
			  AND NOT EXISTS (SELECT FROM cdp_data.folded_month f WHERE f.month = date_trunc('month', s.at))
			UNION ALL
			SELECT v.at, NULL FROM cdp_data.profile p CROSS JOIN LATERAL cdp.provenance(p.traits) v
			WHERE p.profile_id = asked
			  AND NOT EXISTS (SELECT FROM logged l WHERE l.said_at = v.at AND l.type = 'identify')
		)
		-- what is folded is not there to be looked at
		SELECT DISTINCT to_char(l.at, 'YYYY-MM') FROM lacking l
		WHERE NOT EXISTS (SELECT FROM cdp_data.folded_month f WHERE f.month = date_trunc('month', l.at)) ORDER BY 1);
	IF found = '{}' THEN
		found := ARRAY(
			SELECT to_char(m.month, 'YYYY-MM')
			FROM cdp_data.profile p
			CROSS JOIN LATERAL
				generate_series(date_trunc('month', p.first_seen), p.last_seen, interval '1 month') AS m (month)
			WHERE p.profile_id = asked AND NOT cdp_internal.has_month(m.month)
			  AND NOT EXISTS (
				SELECT FROM cdp_data.folded_month f WHERE f.month = m.month AND f.dropped_at IS NOT NULL)
			ORDER BY 1);
	END IF;
	RETURN found;
END
$function$;
COMMENT ON FUNCTION cdp_internal.missing_months(bigint) IS
	'Internal: returns the months (UTC, YYYY-MM) in which the log lacks events of a profile, by its timeline, its '
	'first and last event and its traits; if these name none, the months between the two events without a partition.';

CREATE FUNCTION cdp_internal.refuse_missing(profile_id bigint, lacks bigint) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	asked bigint := refuse_missing.profile_id;
	months text := array_to_string(cdp_internal.missing_months(asked), ', ');
BEGIN
	RAISE EXCEPTION 'the log lacks % of the % events of "%"', lacks,
			(SELECT p.events FROM cdp_data.profile p WHERE p.profile_id = asked),
			(SELECT i.identifier FROM cdp_data.identifier i WHERE i.identifier_id = asked)
		USING ERRCODE = 'object_not_in_prerequisite_state',
		DETAIL = CASE WHEN months = '' THEN 'What they said would be forgotten.'
					  ELSE format('Events of %s are missing; what they said would be forgotten.', months) END,
		HINT = 'Attach the month to cdp_data.event again, or insert its rows, and repeat this.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.refuse_missing(bigint, bigint) IS
	'Internal: raises the error for a person whose events the log lacks.';

CREATE FUNCTION cdp_internal.count_absent() RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	-- a condition that looks costly, and mostly is one comparison, is not worth compiling
	SET jit = off
AS $function$
DECLARE
	absent bigint;
BEGIN
	EXECUTE format($sql$
		SELECT greatest(s.event_id - s.retracted - coalesce((SELECT sum(b.events) FROM cdp_data.base_row b), 0)::bigint
			- (SELECT count(*) FROM cdp_data.event e WHERE %s), 0)
		FROM cdp_data.state s
	$sql$, cdp_internal.is_logged_condition()) INTO STRICT absent;
	RETURN absent;
END
$function$;
COMMENT ON FUNCTION cdp_internal.count_absent() IS
	'Internal: returns how many accepted events the log and the base lack, with those given up by '
	'cdp.restitch(incomplete => true).';

CREATE FUNCTION cdp_internal.count_missing() RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (SELECT greatest(cdp_internal.count_absent() - s.lost, 0) FROM cdp_data.state s);
END
$function$;
COMMENT ON FUNCTION cdp_internal.count_missing() IS
	'Internal: returns how many accepted events the log lacks, without those given up by cdp.restitch(incomplete => '
	'true).';

-- For changes of all history: only the log shows which people they concern.
CREATE FUNCTION cdp_internal.check_log() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	missing bigint := cdp_internal.count_missing();
	person record;
BEGIN
	IF missing = 0 THEN
		RETURN;
	END IF;
	EXECUTE format($sql$
		SELECT p.profile_id, p.events - coalesce(l.events, 0) AS lacks
		FROM cdp_data.profile p LEFT JOIN (
			SELECT i.profile_id, sum(e.events)::bigint AS events
			FROM (
				SELECT e.identifier_id, 1 AS events FROM cdp_data.event e WHERE %s
				UNION ALL
				SELECT b.identifier_id, b.events FROM cdp_data.base_row b) e
			JOIN cdp_data.identifier i USING (identifier_id)
			GROUP BY i.profile_id) l USING (profile_id)
		WHERE coalesce(l.events, 0) < p.events ORDER BY p.profile_id LIMIT 1
	$sql$, cdp_internal.is_logged_condition()) INTO person;
	IF person IS NOT NULL THEN
		PERFORM cdp_internal.refuse_missing(person.profile_id, person.lacks);
	END IF;
	RAISE EXCEPTION 'the log lacks % of the events that were accepted', missing
		USING ERRCODE = 'object_not_in_prerequisite_state',
		DETAIL = 'They belong to no person, as all their identifiers are blocked.',
		HINT = 'Attach the month to cdp_data.event again, or insert its rows, and repeat this.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_log() IS
	'Internal: raises an error if the log lacks events, with one person and the months.';

CREATE FUNCTION cdp_internal.start_whole_change() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_log();
	PERFORM cdp_internal.progress_begin('change', s.event_id - s.retracted - s.lost) FROM cdp_data.state s;
END
$function$;
COMMENT ON FUNCTION cdp_internal.start_whole_change() IS
	'Internal: begins the progress of a change that reads the whole log, or raises the error of '
	'cdp_internal.check_log().';

CREATE FUNCTION cdp_internal.other_regions(regions jsonb, present text) RETURNS bigint
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (
		SELECT coalesce(sum(r.value::bigint), 0)::bigint
		FROM jsonb_each_text(regions) r
		WHERE r.key <> coalesce(present, ''));
COMMENT ON FUNCTION cdp_internal.other_regions(jsonb, text) IS
	'Internal: returns how many events that have left the log were read by another phone_region than the present one. '
	'regions: folded_regions of cdp_data.source.';

CREATE FUNCTION cdp_internal.verify_missing(person bigint)
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
	SET timezone = 'UTC'
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT 'log', 'events', 'all that were accepted',
			   format('%s fewer%s', m.missing, '; no partition for ' || nullif(a.months, ''))
		FROM (SELECT cdp_internal.count_missing() AS missing) m CROSS JOIN LATERAL (
			SELECT string_agg(to_char(o.month, 'YYYY-MM'), ', ' ORDER BY o.month) AS months
			FROM (SELECT DISTINCT date_trunc('month', s.at) AS month
				  FROM cdp_data.profile p
				  CROSS JOIN LATERAL (VALUES (p.first_seen), (p.last_seen)) AS s (at)
				  WHERE m.missing > 0) o
			WHERE NOT cdp_internal.has_month(o.month)
			  AND NOT EXISTS (
				SELECT FROM cdp_data.folded_month f WHERE f.month = o.month AND f.dropped_at IS NOT NULL)) a
		WHERE person IS NULL AND m.missing > 0;
	RETURN QUERY EXECUTE format($sql$
		SELECT 'log', 'events of ' || i.identifier::text, concat(p.events, ' that were accepted'),
			   concat(l.lacks, ' fewer',
				', of ' || nullif(array_to_string(cdp_internal.missing_months(p.profile_id), ', '), ''))
		FROM (%s) l
		JOIN cdp_data.profile p USING (profile_id)
		JOIN cdp_data.identifier i ON i.identifier_id = p.profile_id
		WHERE cdp_internal.count_missing() > 0
	$sql$, cdp_internal.lacking_people('SELECT $1 AS profile_id')) USING person;
	RETURN QUERY
		SELECT 'base', 'events', format('%s, as in cdp.folded_month', f.events), b.events::text
		FROM (SELECT coalesce(sum(f.events), 0) AS events FROM cdp_data.folded_month f) f
		CROSS JOIN (SELECT coalesce(sum(b.events), 0) AS events FROM cdp_data.base_row b) b
		WHERE person IS NULL AND f.events <> b.events;
	RETURN QUERY
		SELECT 'base', format('property "%s" of %s', c.name, CASE c.event WHEN '*' THEN 'all events'
				ELSE format('event "%s"', c.event) END), 'carried with every event',
			   format('lacking with %s event(s) that had left the log', c.folded)
		FROM cdp_data.carried_property c
		WHERE person IS NULL AND c.folded > 0
		ORDER BY c.event, c.name;
	RETURN QUERY
		SELECT 'base', format('phone_region of source "%s"', s.source),
			   format('%s for every event', coalesce(s.phone_region, 'none')),
			   (SELECT string_agg(format('%s for %s event(s) that had left the log',
					coalesce(nullif(r.key, ''), 'none'), r.value), ', ' ORDER BY r.key COLLATE "C")
				FROM jsonb_each_text(s.folded_regions) r
				WHERE r.key <> coalesce(s.phone_region, ''))
		FROM cdp_data.source s
		WHERE person IS NULL AND cdp_internal.other_regions(s.folded_regions, s.phone_region) > 0
		ORDER BY s.source;
	RETURN QUERY
		SELECT 'undone', coalesce(nullif(u.group_id, ''), i.identifier::text, format('profile %s', u.profile_id)),
			   CASE u.kind WHEN 'split' THEN format('the link %s - %s is considered', a.identifier, b.identifier)
						   WHEN 'sharing' THEN format('%s is shared', a.identifier)
						   ELSE 'what has lapsed does not show' END,
			   format('left undone since batch %s: %s event(s) were lacking%s', u.batch_id, u.lacks,
					  ', of ' || nullif(array_to_string(cdp_internal.missing_months(u.profile_id), ', '), ''))
		FROM cdp_data.undone u LEFT JOIN cdp_data.identifier i ON i.identifier_id = u.profile_id
		LEFT JOIN cdp_data.identifier a ON a.identifier_id = u.a
		LEFT JOIN cdp_data.identifier b ON b.identifier_id = u.b
		WHERE person IS NULL OR u.profile_id = person
		ORDER BY u.batch_id, u.kind, u.profile_id, u.a, u.b, u.group_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_missing(bigint) IS
	'Internal: returns whether the log lacks events, and what was left undone because of that. person: a profile_id; '
	'NULL: all.';

REVOKE ALL ON FUNCTION cdp_internal.has_month(timestamptz), cdp_internal.missing_months(bigint),
	cdp_internal.refuse_missing(bigint, bigint), cdp_internal.count_absent(), cdp_internal.count_missing(),
	cdp_internal.check_log(), cdp_internal.start_whole_change(), cdp_internal.other_regions(jsonb, text),
	cdp_internal.verify_missing(bigint) FROM PUBLIC;
