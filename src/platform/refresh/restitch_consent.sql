-- The ledger of consent as it follows from the log, where identifiers have become others.

CREATE FUNCTION cdp_internal.restitch_consent() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	kinds text[];
	keys text[];
	purposes smallint[];
BEGIN
	SELECT array_agg(s.kind::text), array_agg(s.key::text), array_agg(s.purpose_id)
	INTO kinds, keys, purposes
	FROM cdp_data.signal s;
	IF kinds IS NULL OR NOT EXISTS (SELECT FROM cdp_data.consent c WHERE c.event_id > 0) THEN
		RETURN;
	END IF;
	EXECUTE format($sql$
		WITH said AS MATERIALIZED (
			SELECT e.event_id, least(e."timestamp", e.received_at) AS at, s.source_id, p.purpose_id, p.no,
				ARRAY(
					SELECT cdp_internal.identifier_number(u.identifier)
					FROM unnest(o.ids) AS u (identifier)
					WHERE NOT cdp_internal.is_blocked(u.identifier, $4)
					ORDER BY 1) AS ids
			FROM cdp_data.event e
			JOIN cdp_data.source s ON s.source = e.source
			LEFT JOIN cdp_data.shared_context c ON c.context_hash = e.context_hash
			CROSS JOIN LATERAL cdp_internal.signal_answers($1, $2, cdp_internal.whole_context(e.context, c.context),
				e.properties, e.event) AS a (answers)
			CROSS JOIN LATERAL (
				SELECT u.purpose_id, bool_or(u.no) AS no
				FROM unnest($3, a.answers) AS u (purpose_id, no)
				WHERE a.answers IS NOT NULL AND u.no IS NOT NULL
				GROUP BY u.purpose_id) p
			CROSS JOIN LATERAL cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id, e.group_id,
				e.previous_id, e.identifiers, e.properties, e.traits, e.context, e."timestamp", NULL, NULL, NULL,
				e.source, now(), is_logged => true) o
			WHERE %s
		), held AS MATERIALIZED (
			SELECT DISTINCT c.consent_id, coalesce(c.ids, ARRAY[c.identifier_id]) AS ids, c.purpose_id, c.source_id,
				c.answer = 'n' AS no, c.first_time, c.last_time, c.first_event_id, c.event_id
			FROM cdp_data.consent c
			WHERE c.event_id > 0
		), point AS (
			SELECT s.ids, s.purpose_id, s.source_id, s.no, s.at, s.event_id
			FROM said s
			WHERE s.ids <> '{}'
			UNION
			-- of events that the log lacks, or whose signals speak of nothing any more, nothing says better
			SELECT h.ids, h.purpose_id, h.source_id, h.no, p.at, p.event_id
			FROM held h
			CROSS JOIN LATERAL (VALUES (h.first_time, h.first_event_id), (h.last_time, h.event_id)) AS p (at, event_id)
			WHERE NOT EXISTS (
				SELECT FROM said s WHERE s.event_id = p.event_id AND s.purpose_id = h.purpose_id)
		), run AS MATERIALIZED (
			SELECT n.ids, n.purpose_id, n.source_id, n.no, min(n.at) AS first_time, max(n.at) AS last_time,
				(array_agg(n.event_id ORDER BY n.at, n.event_id))[1] AS first_event_id,
				(array_agg(n.event_id ORDER BY n.at DESC, n.event_id DESC))[1] AS event_id
			FROM (
				SELECT p.*, row_number() OVER (PARTITION BY p.ids, p.purpose_id, p.source_id
						ORDER BY p.at, p.no, p.event_id)
					- row_number() OVER (PARTITION BY p.ids, p.purpose_id, p.source_id, p.no
						ORDER BY p.at, p.event_id) AS number
				FROM point p) n
			GROUP BY n.ids, n.purpose_id, n.source_id, n.no, n.number
		), gone AS (
			DELETE FROM cdp_data.consent c
			USING held h
			WHERE c.identifier_id = ANY (h.ids) AND c.purpose_id = h.purpose_id AND c.consent_id = h.consent_id
				AND NOT EXISTS (
					SELECT FROM run r
					WHERE (r.ids, r.purpose_id, r.source_id, r.no, r.first_time, r.last_time, r.first_event_id,
						r.event_id) = (h.ids, h.purpose_id, h.source_id, h.no, h.first_time, h.last_time,
						h.first_event_id, h.event_id)))
		INSERT INTO cdp_data.consent (identifier_id, purpose_id, consent_id, answer, source_id, first_time, last_time,
			first_event_id, event_id, batch_id, ids)
		SELECT i.identifier_id, m.purpose_id, m.consent_id, CASE WHEN m.no THEN 'n' ELSE 'y' END, m.source_id,
			m.first_time, m.last_time, m.first_event_id, m.event_id, cdp_internal.batch_number(),
			CASE WHEN cardinality(m.ids) > 1 THEN m.ids END
		FROM (
			SELECT r.*, t.consent_id + row_number() OVER (ORDER BY r.first_event_id, r.purpose_id) AS consent_id
			FROM run r
			CROSS JOIN cdp_data.state t
			WHERE NOT EXISTS (
				SELECT FROM held h
				WHERE (r.ids, r.purpose_id, r.source_id, r.no, r.first_time, r.last_time, r.first_event_id,
					r.event_id) = (h.ids, h.purpose_id, h.source_id, h.no, h.first_time, h.last_time,
					h.first_event_id, h.event_id))) m
		CROSS JOIN LATERAL unnest(m.ids) AS i (identifier_id)
	$sql$, cdp_internal.is_logged_condition()) USING kinds, keys, purposes, cdp_internal.blocked_rules();
	UPDATE cdp_data.state s
	SET consent_id = greatest(s.consent_id, (SELECT max(c.consent_id) FROM cdp_data.consent c));
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_consent() IS
	'Internal: makes the statements of events anew from the log, by the signals that speak of purposes now. The caller '
	'holds the lock.';

REVOKE ALL ON FUNCTION cdp_internal.restitch_consent() FROM PUBLIC;
