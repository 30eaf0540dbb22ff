-- What may be wrong with segments.

CREATE FUNCTION cdp_internal.lint_states() RETURNS TABLE (segment text, severity text, finding text, detail text,
	hint text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		SELECT s.name, CASE s.state WHEN 'building' THEN 'info' ELSE 'error' END, s.state,
			   CASE s.state WHEN 'building' THEN 'Not all people have been judged yet.'
				ELSE format('Since %s: %s%s.', s.failing_since, rtrim(s.error, '.'),
					CASE s.subject WHEN 'account' THEN ' (account ' ELSE ' (profile ' END
						|| s.error_profile_id || ')') END,
			   CASE s.state WHEN 'building' THEN 'CALL cdp.build_segments() judges all.'
				WHEN 'failing' THEN CASE s.kind WHEN 'list' THEN 'Replace the query by one that does not fail.'
					ELSE 'Replace the condition by one that does not fail; '
						'cdp.try_integer() and the like give NULL for what is no number.' END
				ELSE 'Make the condition simpler, or raise cdp.segment_timeout.' END
		FROM cdp_data.segment s
		JOIN cdp_data.readable_segment r USING (segment_id)
		WHERE s.state <> 'live' AND s.kind <> 'trait';
END
$function$;
COMMENT ON FUNCTION cdp_internal.lint_states() IS 'Internal: the findings of cdp.lint_segments() about states.';

CREATE FUNCTION cdp_internal.lint_members() RETURNS TABLE (segment text, severity text, finding text, detail text,
	hint text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- whose people are exact
	names text[] := ARRAY(
		SELECT s.name
		FROM cdp_data.segment s
		JOIN cdp_data.readable_segment r USING (segment_id)
		WHERE s.state = 'live' AND s.kind <> 'trait' AND s.subject = 'person'
		ORDER BY s.name);
	people bigint := (SELECT count(*) FROM cdp.profile_row);
BEGIN
	IF people = 0 THEN
		RETURN;
	END IF;
	RETURN QUERY
		WITH pair AS MATERIALIZED (
			SELECT o.* FROM cdp.segment_overlaps(names) o
		), sized AS (
			SELECT p.name, p.size FROM pair p
			UNION
			SELECT p.other_name, p.other_size FROM pair p
			UNION
			SELECT n.name, cdp.size(cdp.segment_audience(n.name))
			FROM unnest(names) AS n (name)
			WHERE cardinality(names) = 1
		), inside AS (
			SELECT p.name, p.other_name, p.size, p.other_size FROM pair p WHERE p.intersection_size = p.size
			UNION
			SELECT p.other_name, p.name, p.other_size, p.size FROM pair p WHERE p.intersection_size = p.other_size
		)
		SELECT s.name, 'warning', CASE s.size WHEN 0 THEN 'never_true' ELSE 'always_true' END,
			   format('On the data of now: %s of %s people.', CASE s.size WHEN 0 THEN 'none' ELSE 'all' END, people),
			   format('cdp.why(%L, …) shows which part of the condition decides.', s.name)
		FROM sized s
		WHERE s.size IN (0, people)
		UNION ALL
		SELECT i.name, CASE i.size WHEN i.other_size THEN 'warning' ELSE 'info' END,
			   CASE i.size WHEN i.other_size THEN 'same_as' ELSE 'subset_of' END,
			   format('On the data of now: its members (%s) are %s of segment "%s".', i.size,
				CASE i.size WHEN i.other_size THEN 'those' ELSE format('among those (%s)', i.other_size) END,
				i.other_name),
			   CASE i.size WHEN i.other_size THEN 'If it is meant to be the same, drop one of them.'
				ELSE 'If it is meant to be, nothing needs to be done.' END
		FROM inside i
		WHERE i.size > 0 AND i.other_size < people AND NOT EXISTS (
			-- it says so itself
			SELECT
			FROM cdp_data.segment s
			JOIN cdp_data.segment o ON o.segment_id = ANY (s.depends_on)
			WHERE s.name = i.name AND o.name = i.other_name AND i.size < i.other_size);
END
$function$;
COMMENT ON FUNCTION cdp_internal.lint_members() IS
	'Internal: the findings of cdp.lint_segments() about who is in segments.';

CREATE FUNCTION cdp_internal.segment_names() RETURNS TABLE (segment text, kind text, name text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	listed record;
BEGIN
	FOR listed IN
		SELECT s.name, s.condition, s.subject
		FROM cdp_data.segment s
		JOIN cdp_data.readable_segment r USING (segment_id)
		WHERE s.kind = 'live'
		ORDER BY s.name
	LOOP
		BEGIN
			RETURN QUERY
				SELECT DISTINCT listed.name, n.kind, n.name
				FROM cdp_internal.condition_names(listed.condition, listed.subject) n
				WHERE n.kind IN ('event', 'trait') AND n.name NOT IN ('', '*');
		EXCEPTION WHEN syntax_error_or_access_rule_violation THEN
			-- the text names what the caller may not use, or what has another name since
			NULL;
		END;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.segment_names() IS
	'Internal: returns the events and traits that the conditions name, as far as the caller may use what they use.';

CREATE FUNCTION cdp_internal.lint_names(at timestamptz) RETURNS TABLE (segment text, severity text, finding text,
	detail text, hint text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		WITH named AS MATERIALIZED (
			SELECT n.segment, n.kind, n.name FROM cdp_internal.segment_names() n
		), event AS MATERIALIZED (
			SELECT e.name, cdp.quote_step(e.name) AS step
			FROM (SELECT DISTINCT n.name FROM named n WHERE n.kind = 'event') e
		), old_event AS MATERIALIZED (
			SELECT e.name, e.step
			FROM event e
			WHERE NOT EXISTS (
				SELECT
				FROM cdp.profile_row p
				WHERE cdp.did(p.timeline, e.step, within => '720 hours', as_of => lint_names.at))
		), old_trait AS MATERIALIZED (
			SELECT t.name
			FROM (SELECT DISTINCT n.name FROM named n WHERE n.kind = 'trait') t
			WHERE NOT EXISTS (
				SELECT
				FROM cdp.profile_row p
				CROSS JOIN LATERAL (
					SELECT * FROM cdp.provenance(p.traits) UNION ALL SELECT * FROM cdp.provenance(p.account_traits)) v
				WHERE v.key = t.name AND v.at > lint_names.at - interval '720 hours')
		), seen AS (
			SELECT 'event' AS kind, o.name, max(cdp.last_time(p.timeline, o.step, as_of => lint_names.at)) AS at
			FROM old_event o
			LEFT JOIN cdp.profile_row p ON true
			GROUP BY o.name
			UNION ALL
			SELECT 'trait', o.name, max(v.at)
			FROM old_trait o
			LEFT JOIN (
				SELECT v.key, v.at
				FROM cdp.profile_row p
				CROSS JOIN LATERAL (
					SELECT * FROM cdp.provenance(p.traits) UNION ALL SELECT * FROM cdp.provenance(p.account_traits)) v
				WHERE EXISTS (SELECT FROM old_trait)) v ON v.key = o.name
			GROUP BY o.name
		)
		SELECT n.segment, 'warning', 'unseen_' || s.kind,
			   CASE WHEN s.at IS NULL THEN format('%s "%s" has never been seen.', initcap(s.kind), s.name)
				ELSE format('%s "%s" was last seen on %s.', initcap(s.kind), s.name,
					(s.at AT TIME ZONE 'UTC')::date) END,
			   CASE WHEN s.at IS NULL THEN 'It may be mistyped, or its source has not been connected.'
				ELSE 'Its source may have stopped sending it, or sends it by another name.' END
		FROM named n
		JOIN seen s ON (s.kind, s.name) = (n.kind, n.name);
END
$function$;
COMMENT ON FUNCTION cdp_internal.lint_names(timestamptz) IS
	'Internal: the findings of cdp.lint_segments() about events and traits that were not sent in the 30 days before an '
	'instant.';

CREATE FUNCTION cdp_internal.lint_costs(at timestamptz) RETURNS TABLE (segment text, severity text, finding text,
	detail text, hint text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	people bigint := (SELECT count(*) FROM cdp.profile_row);
	sample bigint[] := ARRAY(SELECT p.profile_id FROM cdp.profile_row p LIMIT 1000);
	most double precision := extract(epoch FROM current_setting('cdp.segment_timeout')::interval);
	listed record;
	began timestamptz;
	spent double precision;
	is_slow boolean;
BEGIN
	IF people = 0 THEN
		RETURN;
	END IF;
	FOR listed IN
		SELECT s.name
		FROM cdp_data.segment s
		JOIN cdp_data.readable_segment r USING (segment_id)
		-- one that uses others cannot be judged by itself
		WHERE s.state IN ('live', 'building') AND s.kind = 'live' AND s.subject = 'person'
			AND s.depends_on = '{}'
		ORDER BY s.name
	LOOP
		began := clock_timestamp();
		PERFORM FROM cdp_internal.evaluate_segment(listed.name, sample, at);
		spent := extract(epoch FROM clock_timestamp() - began) / cardinality(sample);
		-- of few people most of it is the start
		is_slow := most > 0 AND cardinality(sample) >= 1000 AND spent * 100000 > most / 2;
		RETURN QUERY
			SELECT listed.name, CASE WHEN is_slow THEN 'warning' ELSE 'info' END, 'cost',
				   format('Judging all %s people takes about %s s, as measured on %s of them.', people,
					round((spent * people)::numeric, 3), cardinality(sample)),
				   CASE WHEN is_slow
						THEN 'That is more than half of what cdp.segment_timeout allows: make the condition simpler.'
					ELSE 'A refresh judges only those whose answer can have changed.' END;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.lint_costs(timestamptz) IS
	'Internal: the findings of cdp.lint_segments() about cost: each segment is measured on up to 1000 people.';

CREATE FUNCTION cdp.lint_segments() RETURNS TABLE (segment text, severity text, finding text, detail text, hint text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	at timestamptz;
BEGIN
	PERFORM cdp_internal.check_tables();
	at := (SELECT greatest(now(), s.as_of) FROM cdp_data.state s);
	RETURN QUERY
		SELECT f.*
		FROM (
			SELECT * FROM cdp_internal.lint_states()
			UNION ALL
			SELECT * FROM cdp_internal.lint_members()
			UNION ALL
			SELECT * FROM cdp_internal.lint_names(at)
			UNION ALL
			SELECT * FROM cdp_internal.lint_costs(at)) f
		ORDER BY array_position('{error,warning,info}', f.severity), f.segment COLLATE "C", f.finding COLLATE "C",
			f.detail COLLATE "C";
END
$function$;
COMMENT ON FUNCTION cdp.lint_segments() IS
$comment$Returns what may be wrong with the segments that the caller may read, a row for each finding, worst first.
severity: error, warning or info. finding: failing, too_slow, building (its state); never_true, always_true, same_as,
subset_of another (found on the people of now, not proven of the condition; live segments only, empty ones are no
subsets); unseen_event, unseen_trait (the condition names one that has not been sent for 30 days, or ever);
cost (of judging all people, measured on up to 1000 of them, for segments that use no others; a warning above half of
cdp.segment_timeout).
detail, hint: in words. Reads all people, and once more for each event and trait that was not seen: not for
every minute.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.lint_states(), cdp_internal.lint_members(), cdp_internal.segment_names(),
	cdp_internal.lint_names(timestamptz), cdp_internal.lint_costs(timestamptz), cdp.lint_segments() FROM PUBLIC;
