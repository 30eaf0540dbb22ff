-- What a consumer reads.  Reads its rows, the feed and the state; writes nothing, so that it works on a standby.
--
-- Nothing is lost, whatever several readers of one consumer do.  What a reader is given is all that comes after the
-- position, in order, but for what cdp_data.consumer_waiting has; and each of those is acknowledged by itself.  So what
-- an acknowledgement passes over was given to who acknowledges, or acknowledged before, or waits.
--
-- Changes of a profile that must wait for an earlier one are noted as waiting when something is acknowledged or put
-- off.  One that was recorded after that is not noted yet: the reader stops there, and the next acknowledgement notes
-- it.

CREATE FUNCTION cdp_internal.waiting_heads(consumer_id integer) RETURNS bigint[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN ARRAY(
		WITH w AS MATERIALIZED (
			SELECT o.change_id, o.profile_id, o.other_profile_id, o.due_at
			FROM cdp_data.own_consumer_waiting o
			WHERE o.consumer_id = waiting_heads.consumer_id
		), first AS (
			SELECT p.profile_id, min(w.change_id) AS change_id
			FROM w
			CROSS JOIN LATERAL (VALUES (w.profile_id), (w.other_profile_id)) AS p (profile_id)
			GROUP BY p.profile_id)
		SELECT w.change_id
		FROM w
		JOIN first a ON a.profile_id = w.profile_id AND a.change_id = w.change_id
		LEFT JOIN first b ON b.profile_id = w.other_profile_id
		WHERE w.due_at <= clock_timestamp() AND coalesce(b.change_id, w.change_id) = w.change_id
		ORDER BY w.change_id);
END
$function$;
COMMENT ON FUNCTION cdp_internal.waiting_heads(integer) IS
	'Internal: returns what waits for a consumer and is due, and has no earlier change of its profiles before it, in '
	'order.';

CREATE FUNCTION cdp_internal.changes_to_hold(own cdp_internal.consumer_row, after bigint, but_for bigint DEFAULT NULL)
	RETURNS TABLE (change_id bigint, profile_id bigint, other_profile_id bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		WITH held AS MATERIALIZED (
			SELECT p.profile_id
			FROM cdp_data.own_consumer_waiting w
			CROSS JOIN LATERAL (VALUES (w.profile_id), (w.other_profile_id)) AS p (profile_id)
			WHERE w.consumer_id = own.consumer_id AND w.change_id IS DISTINCT FROM but_for AND p.profile_id IS NOT NULL)
		SELECT c.change_id, c.profile_id, c.other_profile_id
		FROM cdp_data.readable_change c
		WHERE c.change_id > greatest(after, own.held_until) AND (c.kind = 'erased' OR c.segment_id = ANY (own.segments))
			AND (c.profile_id IN (SELECT h.profile_id FROM held h)
				OR c.other_profile_id IN (SELECT h.profile_id FROM held h))
		ORDER BY c.change_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.changes_to_hold(cdp_internal.consumer_row, bigint, bigint) IS
	'Internal: returns the changes after this one that must wait for what waits, but_for one of these, and that are '
	'not noted as waiting, in order.';

-- By parameters, and each column by itself, so that the indexes serve through the view.
CREATE FUNCTION cdp_internal.changes_of(person bigint, segments integer[], after bigint)
	RETURNS TABLE (change_id bigint, profile_id bigint, other_profile_id bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT c.change_id, c.profile_id, c.other_profile_id
		FROM (
			SELECT r.change_id, r.profile_id, r.other_profile_id, r.kind, r.segment_id
			FROM cdp_data.readable_run r
			WHERE r.profile_id = person AND r.change_id > after
			UNION ALL
			SELECT o.change_id, o.profile_id, o.other_profile_id, o.kind, o.segment_id
			FROM cdp_data.readable_change o
			WHERE o.other_profile_id = person AND o.change_id > after) c
		WHERE c.kind = 'erased' OR c.segment_id = ANY (segments)
		ORDER BY c.change_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.changes_of(bigint, integer[], bigint) IS
	'Internal: returns the changes of a profile in these segments after this one, in order.';

CREATE TYPE cdp_internal.consumed AS (
	change_id bigint, kind text, profile_id bigint, segment text, other_profile_id bigint, trait text, value jsonb,
	at timestamptz, recorded_at timestamptz, cause text, event_id bigint, verdict_id bigint, attempts integer,
	group_id text);
COMMENT ON TYPE cdp_internal.consumed IS 'Internal: a row of cdp.next_changes().';

-- Ranges of numbers, because the order of a view with security_barrier does not reach an index.
CREATE FUNCTION cdp_internal.snapshot_rows(consumer cdp_internal.consumer_row, after bigint, until bigint,
	heads bigint[], max_rows bigint) RETURNS SETOF cdp_internal.consumed
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- the role may have lost the sight of someone since the snapshot was taken
	sees_all boolean := cdp_internal.sees_all('cdp_data.profile');
BEGIN
	RETURN QUERY
		SELECT n.number, CASE WHEN v.is_hidden THEN 'exited' ELSE 'snapshot' END,
			CASE WHEN n.group_id IS NULL THEN n.profile_id END, CASE WHEN s.value_type IS NULL THEN s.name END,
			NULL::bigint, CASE WHEN s.value_type IS NOT NULL THEN s.name END,
			CASE WHEN NOT v.is_hidden THEN n.value END, n.since, c.created_at,
			CASE WHEN v.is_hidden THEN 'consent' END, NULL::bigint, NULL::bigint, coalesce(w.attempts, 0), n.group_id
		FROM cdp_data.own_consumer_snapshot n
		CROSS JOIN LATERAL (
			SELECT NOT (sees_all OR EXISTS (
				SELECT FROM cdp_data.profile p WHERE p.profile_id = n.profile_id)) AS is_hidden) v
		JOIN cdp_data.own_consumer c ON c.consumer_id = n.consumer_id
		JOIN cdp_data.readable_segment s ON s.segment_id = n.segment_id
		LEFT JOIN cdp_data.own_consumer_waiting w ON w.consumer_id = n.consumer_id AND w.change_id = n.number
		WHERE n.consumer_id = consumer.consumer_id AND n.number > after AND n.number <= until
			AND (w.change_id IS NULL AND n.number > consumer.position OR n.number = ANY (heads))
		ORDER BY n.number
		LIMIT max_rows;
END
$function$;
COMMENT ON FUNCTION cdp_internal.snapshot_rows(cdp_internal.consumer_row, bigint, bigint, bigint[], bigint) IS
	'Internal: returns the rows of a snapshot in a range of numbers that do not wait, or that are due.';

CREATE FUNCTION cdp_internal.change_rows(consumer cdp_internal.consumer_row, after bigint, until bigint,
	heads bigint[], max_rows bigint) RETURNS SETOF cdp_internal.consumed
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		-- of one that is hidden from the role and was another profile, that one has left
		SELECT c.change_id, c.kind, CASE WHEN c.group_id IS NOT NULL THEN NULL
				WHEN c.kind = 'exited' THEN coalesce(c.other_profile_id, c.profile_id)
				ELSE c.profile_id END, CASE WHEN s.value_type IS NULL THEN s.name END,
			CASE WHEN c.kind <> 'exited' THEN c.other_profile_id END,
			CASE WHEN s.value_type IS NOT NULL THEN s.name END, c.value, c.at, c.recorded_at,
			CASE WHEN c.kind = 'exited' AND c.other_profile_id IS NOT NULL THEN 'consent' ELSE c.cause END, c.event_id,
			c.verdict_id, coalesce(w.attempts, 0), c.group_id
		FROM cdp_data.readable_change c
		LEFT JOIN cdp_data.readable_segment s ON s.segment_id = c.segment_id
		LEFT JOIN cdp_data.own_consumer_waiting w
			ON w.consumer_id = consumer.consumer_id AND w.change_id = c.change_id
		WHERE c.change_id > after AND c.change_id <= until
			AND (c.segment_id = ANY (consumer.segments) OR c.kind = 'erased')
			AND (w.change_id IS NULL AND c.change_id > consumer.position OR c.change_id = ANY (heads))
		ORDER BY c.change_id
		LIMIT max_rows;
END
$function$;
COMMENT ON FUNCTION cdp_internal.change_rows(cdp_internal.consumer_row, bigint, bigint, bigint[], bigint) IS
	'Internal: returns the changes for a consumer in a range of numbers that do not wait, or that are due.';

CREATE FUNCTION cdp_internal.check_whole(consumer text, own cdp_internal.consumer_row) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF EXISTS (
		SELECT
		FROM cdp_data.state s
		WHERE greatest(own.position, own.snapshot_change_id) < s.trimmed_change_id OR EXISTS (
			SELECT
			FROM cdp_data.own_consumer_waiting w
			WHERE w.consumer_id = own.consumer_id AND w.change_id BETWEEN 1 AND s.trimmed_change_id))
	THEN
		RAISE EXCEPTION 'changes that consumer "%" has not acknowledged have left the feed', consumer
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'Changes are kept as long as cdp.set_change_retention() says.',
			HINT = format('Take a new snapshot: SELECT cdp.create_consumer(%L, …, start => ''snapshot'', '
				'replace => true).', consumer);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_whole(text, cdp_internal.consumer_row) IS
	'Internal: raises an error if changes that a consumer has not acknowledged have left the feed.';

CREATE FUNCTION cdp_internal.progress_row(own cdp_internal.consumer_row, until bigint)
	RETURNS cdp_internal.consumed
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	mark cdp_internal.consumed;
	last record;
BEGIN
	SELECT s.change_id, s.as_of INTO STRICT last FROM cdp_data.state s;
	mark.change_id := until;
	LOOP
		-- before the first change, the last row of the snapshot: see cdp.acknowledge()
		IF own.position < 0 AND mark.change_id BETWEEN 0 AND own.snapshot_change_id THEN
			mark.change_id := -1;
		END IF;
		-- the number of what waits would acknowledge that
		EXIT WHEN NOT EXISTS (
			SELECT FROM cdp_data.own_consumer_waiting w
			WHERE w.consumer_id = own.consumer_id AND w.change_id = mark.change_id);
		mark.change_id := mark.change_id - 1;
	END LOOP;
	mark.kind := 'progress';
	IF until = last.change_id THEN
		mark.at := last.as_of;
		mark.recorded_at := last.as_of;
	END IF;
	mark.attempts := 0;
	RETURN mark;
END
$function$;
COMMENT ON FUNCTION cdp_internal.progress_row(cdp_internal.consumer_row, bigint) IS
	'Internal: returns the row of kind progress for a consumer that was given all changes up to this one.';

CREATE FUNCTION cdp.next_changes(consumer text, max_rows bigint DEFAULT 1000)
	RETURNS TABLE (change_id bigint, kind text, profile_id bigint, segment text, other_profile_id bigint,
		trait text, value jsonb, at timestamptz, recorded_at timestamptz, cause text, event_id bigint,
		verdict_id bigint, attempts integer, group_id text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	own cdp_internal.consumer_row;
	heads bigint[];
	stop bigint;
	after bigint;
	until bigint;
	width bigint;
	given bigint;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF max_rows IS NULL OR max_rows < 1 THEN
		RAISE EXCEPTION 'max_rows must be at least 1' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	width := least(max_rows, 1000000);
	SELECT c.consumer_id, c.segments, c.position, c.snapshot_change_id, c.held_until INTO own
	FROM cdp_data.own_consumer c WHERE c.name = consumer;
	IF NOT FOUND THEN
		PERFORM cdp_internal.raise_no_consumer(consumer);
	END IF;
	PERFORM cdp_internal.check_readable(own.segments);
	PERFORM cdp_internal.check_whole(consumer, own);
	heads := cdp_internal.waiting_heads(own.consumer_id);

	after := least(own.position, heads[1] - 1);
	WHILE max_rows > 0 AND after < -1 LOOP
		until := least(after + width, -1);
		RETURN QUERY SELECT r.* FROM cdp_internal.snapshot_rows(own, after, until, heads, max_rows) r;
		GET DIAGNOSTICS given = ROW_COUNT;
		max_rows := max_rows - given;
		after := until;
		width := width * 2;
	END LOOP;

	FOREACH until IN ARRAY heads LOOP
		CONTINUE WHEN until < 0 OR until > own.position OR max_rows = 0;
		RETURN QUERY SELECT r.* FROM cdp_internal.change_rows(own, until - 1, until, heads, 1) r;
		max_rows := max_rows - 1;
	END LOOP;

	after := greatest(own.position, own.snapshot_change_id);
	stop := (SELECT s.change_id FROM cdp_data.state s);
	stop := least(stop, (SELECT min(c.change_id) FROM cdp_internal.changes_to_hold(own, after) c) - 1);
	width := least(greatest(max_rows, 1000), 1000000);
	WHILE max_rows > 0 AND after < stop LOOP
		until := least(after + width, stop);
		RETURN QUERY SELECT r.* FROM cdp_internal.change_rows(own, after, until, heads, max_rows) r;
		GET DIAGNOSTICS given = ROW_COUNT;
		max_rows := max_rows - given;
		after := until;
		width := width * 2;
	END LOOP;
	IF max_rows > 0 THEN
		RETURN QUERY SELECT r.* FROM cdp_internal.progress_row(own, stop) r;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.next_changes(text, bigint) IS
$comment$Returns up to max_rows of what a consumer has not acknowledged, in the order of change_id, in which to handle
and acknowledge it. It acknowledges nothing, so it gives the same again until cdp.acknowledge() is called; it writes
nothing, and works on a standby. Kinds are those of cdp.change, of the consumer's segments and computed traits; merged,
split and renumbered once for each membership that profile_id has from other_profile_id, which stays in that segment if
split, and for each computed trait of which other_profile_id had a value, which it keeps if split; and snapshot: the
profile was in the segment, or had the value, when the consumer was made, since at. Their change_id is below 0.
Of accounts profile_id is NULL, and group_id the account. Of a change of a computed trait, trait is its name, and value
what profile_id, or the account, has after it; NULL: none.
erased: remove what you have of profile_id; what was recorded of it before is not given any more.
progress: the last row, if all there is was given. Acknowledge it too: so the consumer passes changes of other segments.
Its at: all changes recorded until then were given; NULL: some that must wait for others follow when this row is
acknowledged.
A role that is bound to a purpose (see cdp.grant_access) is given changes of people who may be used for it when it reads
them; when one may not be used any more, an exit with cause consent, and when one may be used again, entered.
Changes come at least once, and those of one profile, or account, in order. If several sessions read one consumer, each
gets the same. attempts: how often the change was put off by cdp.retry(): it is then acknowledged by its own number
only.
Errors: undefined_object: the consumer; insufficient_privilege: a segment of it; object_not_in_prerequisite_state:
changes that it has not acknowledged have left the feed; invalid_parameter_value.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.waiting_heads(integer),
	cdp_internal.changes_to_hold(cdp_internal.consumer_row, bigint, bigint),
	cdp_internal.changes_of(bigint, integer[], bigint),
	cdp_internal.snapshot_rows(cdp_internal.consumer_row, bigint, bigint, bigint[], bigint),
	cdp_internal.change_rows(cdp_internal.consumer_row, bigint, bigint, bigint[], bigint),
	cdp_internal.check_whole(text, cdp_internal.consumer_row),
	cdp_internal.progress_row(cdp_internal.consumer_row, bigint), cdp.next_changes(text, bigint) FROM PUBLIC;
