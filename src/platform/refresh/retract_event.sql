-- Which events of the log cdp.retract() names.

CREATE FUNCTION cdp_internal.asked_source(asked text, source text) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
AS $function$
	SELECT CASE WHEN asked_source.asked IS NULL
		THEN NOT EXISTS (
			SELECT
			FROM cdp_data.source o
			WHERE o.source OPERATOR(pg_catalog.=) asked_source.source AND o.own_message_ids)
		ELSE asked_source.asked OPERATOR(pg_catalog.=) asked_source.source END
$function$;
COMMENT ON FUNCTION cdp_internal.asked_source(text, text) IS
	'Internal: returns whether an event is of the source that is asked for; NULL: of one that has no message ids of '
	'its own.';

-- The log has no index by message.  One is looked for at the identifier of its hint and some that are linked to it, of
-- which its anchor mostly is one; or among all that its batch accepted, through the ranges of pages that have them, if
-- many of its batch are asked for, or it is not found so.
CREATE FUNCTION cdp_internal.retract_messages(message_ids text[])
	RETURNS TABLE (event_id bigint, identifier_id bigint, "timestamp" timestamptz, absent text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
AS $function$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		WITH asked AS MATERIALIZED (
			-- a message key is the hash of the id without blanks around it
			SELECT u.message_id, s.source, row_number() OVER () AS ask
			FROM (
				SELECT DISTINCT cdp_internal.account_id(i.message_id) AS message_id
				FROM unnest($1) AS i (message_id)) u
			-- once for the sources whose message ids are of all, and for each that has its own
			CROSS JOIN LATERAL (
				SELECT NULL AS source
				UNION ALL
				SELECT o.source FROM cdp_data.source o WHERE o.own_message_ids) s
			WHERE cdp_internal.message_key(u.message_id) IS NOT NULL
		), remembered AS MATERIALIZED (
			-- negative: the key is kept for ever
			SELECT a.*, abs(m.batch_id) AS batch_id, s.identifier_id AS place, m.hint,
				   100 * count(*) OVER (PARTITION BY abs(m.batch_id)) >= b.accepted AS many
			FROM asked a
			JOIN cdp_data.message m ON m.message_key = CASE
				WHEN a.source IS NULL THEN cdp_internal.message_key(a.message_id)
				ELSE cdp_internal.own_message_key(a.message_id, a.source) END
			LEFT JOIN cdp_data.statement s USING (message_key)
			LEFT JOIN cdp_data.batch b ON b.batch_id = abs(m.batch_id)
		), known AS MATERIALIZED (
			-- others have no event
			SELECT r.* FROM remembered r WHERE r.place IS NOT NULL OR r.hint IS NOT NULL
		), near AS MATERIALIZED (
			-- a batch has accepted one with the id: once it is found, the other places are left alone, which may have
			-- very many events
			SELECT k.ask, e.*
			FROM known k
			CROSS JOIN LATERAL (
				SELECT e.*
				FROM (
					SELECT k.place AS at WHERE k.place IS NOT NULL
					UNION ALL
					SELECT 0 WHERE k.place IS NULL AND k.hint = 0
					UNION ALL
					SELECT h.at
					FROM (
						SELECT m.identifier_id AS at
						FROM cdp_data.identifier_map m
						WHERE k.place IS NULL AND m.hash = k.hint) m
					CROSS JOIN LATERAL (
						SELECT m.at
						UNION ALL
						(SELECT l.b FROM cdp_data.link l WHERE l.a = m.at LIMIT 20)
						UNION ALL
						(SELECT l.a FROM cdp_data.link l WHERE l.b = m.at LIMIT 20)) AS h (at)
					OFFSET 0) p
				CROSS JOIN LATERAL (
					SELECT e.event_id, e.identifier_id, e."timestamp"
					FROM cdp_data.event e
					WHERE e.identifier_id = p.at AND e.batch_id = k.batch_id
						AND cdp_internal.account_id(e.message_id) = k.message_id
						AND cdp_internal.asked_source(k.source, e.source) AND %1$s
					OFFSET 0) e
				LIMIT 1) e
			WHERE k.many IS NOT TRUE
		), sought AS MATERIALIZED (
			SELECT k.* FROM known k WHERE NOT EXISTS (SELECT FROM near n WHERE n.ask = k.ask)
		), far AS MATERIALIZED (
			SELECT s.ask, e.*
			FROM (SELECT DISTINCT s.batch_id FROM sought s) b
			CROSS JOIN LATERAL (
				SELECT cdp_internal.account_id(e.message_id) AS message_id, b.batch_id, e.event_id, e.identifier_id,
					   e."timestamp", e.source
				FROM cdp_data.event e
				WHERE e.batch_id = b.batch_id AND %1$s
				OFFSET 0) e
			JOIN sought s ON s.message_id = e.message_id AND s.batch_id = e.batch_id
				AND cdp_internal.asked_source(s.source, e.source)
		), forgotten AS MATERIALIZED (
			-- one may have come again since
			SELECT a.message_id, e.event_id, e.identifier_id, e."timestamp", %1$s AS logged
			FROM cdp_data.event e
			JOIN asked a ON a.message_id = cdp_internal.account_id(e.message_id)
				AND cdp_internal.asked_source(a.source, e.source)
			WHERE $2 > 0 AND e.batch_id <= $2 AND NOT EXISTS (
				SELECT FROM known k WHERE k.ask = a.ask AND k.batch_id = e.batch_id)
		)
		SELECT n.event_id, n.identifier_id, n."timestamp", NULL FROM near n
		UNION ALL
		SELECT f.event_id, f.identifier_id, f."timestamp", NULL FROM far f
		UNION ALL
		SELECT f.event_id, f.identifier_id, f."timestamp", CASE WHEN NOT f.logged THEN 'event' END FROM forgotten f
		UNION ALL
		SELECT NULL, NULL, NULL, 'event' FROM sought s
		WHERE NOT EXISTS (SELECT FROM far f WHERE f.ask = s.ask)
		UNION ALL
		SELECT NULL, NULL, NULL, 'key' FROM asked a
		WHERE a.source IS NULL AND $2 > 0 AND NOT EXISTS (SELECT FROM remembered r WHERE r.message_id = a.message_id)
			AND NOT EXISTS (SELECT FROM forgotten f WHERE f.message_id = a.message_id)
	$sql$, cdp_internal.is_logged_condition())
	USING message_ids, (SELECT s.forgotten_batch_id FROM cdp_data.state s);
END
$function$;
COMMENT ON FUNCTION cdp_internal.retract_messages(text[]) IS
	'Internal: returns the events of the log that have these message ids, of whatever sources; and a row for '
	'each message that is absent: event, its event is folded, or the log lacks it; key, it may be forgotten, and is '
	'not in the log.';

-- The ranges of pages of the log are known by number, too.
CREATE FUNCTION cdp_internal.retract_numbers(event_ids bigint[])
	RETURNS TABLE (event_id bigint, identifier_id bigint, "timestamp" timestamptz, absent text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
AS $function$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		WITH asked AS MATERIALIZED (
			SELECT DISTINCT u.event_id
			FROM unnest($1) AS u (event_id)
			WHERE u.event_id BETWEEN 1 AND (SELECT s.event_id FROM cdp_data.state s)
		), span AS (
			SELECT min(n.event_id) AS first, max(n.event_id) AS last
			FROM (
				SELECT b.event_id, count(*) FILTER (WHERE b.begins) OVER (ORDER BY b.event_id) AS number
				FROM (
					SELECT a.event_id, a.event_id - lag(a.event_id) OVER (ORDER BY a.event_id) > 1000 AS begins
					FROM asked a) b) n
			GROUP BY n.number
		), found AS MATERIALIZED (
			SELECT e.*
			FROM span s
			CROSS JOIN LATERAL (
				SELECT e.event_id, e.identifier_id, e."timestamp", %s AS logged
				FROM cdp_data.event e
				WHERE e.event_id BETWEEN s.first AND s.last
				OFFSET 0) e
			JOIN asked a ON a.event_id = e.event_id
		)
		SELECT f.event_id, f.identifier_id, f."timestamp", CASE WHEN NOT f.logged THEN 'event' END FROM found f
		UNION ALL
		SELECT a.event_id, NULL, NULL, CASE WHEN a.event_id <= (
				SELECT max(f.last_event_id) FROM cdp_data.folded_month f) THEN 'event' ELSE 'number' END
		FROM asked a
		WHERE NOT EXISTS (SELECT FROM found f WHERE f.event_id = a.event_id)
	$sql$, cdp_internal.is_logged_condition())
	USING event_ids;
END
$function$;
COMMENT ON FUNCTION cdp_internal.retract_numbers(bigint[]) IS
	'Internal: returns the events of the log of these numbers; and a row for each number that is absent: event, it is '
	'folded, or was taken back before a month was; number, it was taken back, or the log lacks it.';

-- What the base has of a message is not known, nor which of its numbers were taken back before.
CREATE FUNCTION cdp_internal.refuse_absent(events bigint, numbers bigint, keys bigint, what text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	folded boolean := EXISTS (SELECT FROM cdp_data.folded_month);
	missing bigint;
BEGIN
	-- mostly
	IF events + numbers + keys = 0 THEN
		RETURN;
	END IF;
	missing := cdp_internal.count_missing();
	IF events > 0 AND folded THEN
		RAISE EXCEPTION 'events that are folded cannot be taken back'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = format('They are %s of the %s, which have left the log, or are about to%s.', events, what,
					CASE WHEN missing > 0 THEN format('; or among the %s events that the log lacks', missing) END),
				HINT = 'Leave them out; cdp.folded_month shows of which months events have left the log.';
	END IF;
	IF events > 0 AND missing > 0 THEN
		RAISE EXCEPTION 'the log lacks events that are to be taken back'
			USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('They are %s of the %s.', events, what),
				HINT = 'Attach the month to cdp_data.event again, or insert its rows, and repeat this.';
	END IF;
	IF numbers > 0 AND missing > 0 THEN
		RAISE NOTICE 'the log has no events of % of the numbers', numbers
			USING DETAIL = format('They were taken back before, or are among the %s events that the log lacks.',
				missing);
	END IF;
	IF keys > 0 AND (folded OR missing > 0) THEN
		RAISE NOTICE 'the log has no events of % of the messages', keys
			USING DETAIL = 'They never came, or were taken back before; or they are forgotten, see '
				'cdp.set_message_memory(), and were of a month that has left the log.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refuse_absent(bigint, bigint, bigint, text) IS
	'Internal: raises an error if so many events that cdp.retract() names are absent, as cdp_internal.'
	'retract_messages() and cdp_internal.retract_numbers() say; and notices of numbers and keys. what: how they are '
	'named.';

CREATE FUNCTION cdp_internal.refuse_folded(source text, since timestamptz, until timestamptz) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	events bigint;
	last_at timestamptz;
	missing bigint;
BEGIN
	SELECT sum(b.events), max(b.last_at) INTO events, last_at
	FROM cdp_data.base_row b
	JOIN cdp_data.source s USING (source_id)
	WHERE s.source = refuse_folded.source AND (since IS NULL OR b.last_at >= since)
		AND (until IS NULL OR b.first_at < until);
	IF events > 0 THEN
		RAISE EXCEPTION 'events that are folded cannot be taken back'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				DETAIL = format('They are up to %s events of source "%s", which have left the log, or are about to.',
					events, source),
				HINT = format('The latest of them happened at %s: give a later since.', last_at);
	END IF;
	missing := cdp_internal.count_missing();
	IF missing > 0 THEN
		RAISE NOTICE 'the log lacks % of the events that were accepted', missing
			USING DETAIL = format('Those that source "%s" sent are not taken back.', source);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refuse_folded(text, timestamptz, timestamptz) IS
	'Internal: raises an error if events of a source that cdp.retract() names may be folded into the base; a notice '
	'says if the log lacks events.';

REVOKE ALL ON FUNCTION cdp_internal.asked_source(text, text), cdp_internal.retract_messages(text[]),
	cdp_internal.retract_numbers(bigint[]),
	cdp_internal.refuse_absent(bigint, bigint, bigint, text),
	cdp_internal.refuse_folded(text, timestamptz, timestamptz) FROM PUBLIC;
