-- cdp.retention_report(): what is kept how long, and why.

CREATE FUNCTION cdp_internal.fixed_retentions()
	RETURNS TABLE (what text, keep interval, becomes text, reason text)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	VALUES
		('identifiers', NULL::interval, 'kept', 'people are told apart by them; without events they are in no profile'),
		('history of profiles', NULL, 'kept', 'former profile ids are answered by it'),
		('verdicts', NULL, 'kept', 'decisions of people; withdraw them one by one'),
		('retractions', NULL, 'kept', 'what was taken back, without its content'),
		('consent', NULL, 'kept', 'proof of what people said, with the first and last event that said it'),
		('audit', NULL, 'kept', 'proof of what was done with whose data'),
		('counts by hour', interval '400 days', 'deleted', 'rows by source and reason, without content');
END;
COMMENT ON FUNCTION cdp_internal.fixed_retentions() IS
	'Internal: lists what has a time of its own that no setting changes.';

CREATE FUNCTION cdp.retention_report()
	RETURNS TABLE (what text, kind text, key text, keep interval, becomes text, reason text, forgotten bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 50
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM cdp_internal.check_schema();
	RETURN QUERY
		SELECT r.what, r.kind, r.key, r.keep, r.becomes, r.reason, r.forgotten
		FROM (
			SELECT 1 AS place, CASE t.kind WHEN 'trait' THEN 'trait' ELSE 'events' END AS what, t.kind, t.key, t.keep,
				'forgotten' AS becomes, 'cdp.set_retention()' AS reason, t.forgotten
			FROM cdp_data.retention t
			UNION ALL
			SELECT 2, 'events', 'source', s.source, s.keep_events, 'folded: what they said is kept',
				'keep_events of cdp.set_sources()', NULL
			FROM cdp_data.source s
			WHERE s.keep_events IS NOT NULL
			UNION ALL
			SELECT 3, 'traits', 'source', s.source, s.expires_after, 'hidden', 'expires_after of cdp.set_sources()',
				NULL
			FROM cdp_data.source s
			WHERE s.expires_after IS NOT NULL
			UNION ALL
			SELECT 4, 'events', 'source', s.source, NULL, 'kept',
				CASE WHEN m.months > 0
					THEN format('no time is set; what events said of %s months that left the log is folded', m.months)
					ELSE 'no time is set' END, NULL
			FROM cdp_data.source s
			CROSS JOIN (SELECT count(*) AS months FROM cdp_data.folded_month f WHERE f.gone > 0) m
			WHERE NOT EXISTS (SELECT FROM cdp_data.retention t WHERE t.kind = 'source' AND t.key = s.source)
				AND s.keep_events IS NULL
			UNION ALL
			SELECT 5, 'quarantine', 'source', nullif(q.source, ''), q.keep, 'deleted',
				CASE q.source WHEN '' THEN 'all other sources' ELSE 'cdp.set_retention()' END, q.expired
			FROM cdp_data.quarantine_retention q
			UNION ALL
			SELECT 5, 'quarantine', 'source', NULL, NULL, 'kept', 'no time is set', NULL
			WHERE NOT EXISTS (SELECT FROM cdp_data.quarantine_retention q WHERE q.source = '')
			UNION ALL
			SELECT 6, 'feed', NULL, NULL, s.change_retention, CASE WHEN s.change_retention IS NULL THEN 'kept'
				ELSE 'deleted' END, 'cdp.set_change_retention()', NULL
			FROM cdp_data.state s
			UNION ALL
			SELECT 7, 'keys of messages', NULL, NULL, s.message_memory, CASE WHEN s.message_memory IS NULL THEN 'kept'
				ELSE 'deleted' END, 'cdp.set_message_memory()', NULL
			FROM cdp_data.state s
			UNION ALL
			SELECT 8, 'consent', 'purpose', p.name, p.retention, 'kept',
				'for those who read cdp.purpose: nothing is forgotten by it', NULL
			FROM cdp_data.purpose p
			WHERE p.retention IS NOT NULL
			UNION ALL
			SELECT 9, f.what, NULL, NULL, f.keep, f.becomes, f.reason, NULL
			FROM cdp_internal.fixed_retentions() f) r
		ORDER BY r.place, r.what COLLATE "C", r.kind, r.key NULLS LAST;
END
$function$;
COMMENT ON FUNCTION cdp.retention_report() IS
$comment$Returns what is kept how long, and why: a row for each retention, each source, and each other kind of data.
what: events, traits, quarantine, feed …; kind and key: of what source, event, namespace or trait; NULL: of
all. keep: how long; NULL: for ever. becomes: what happens then: forgotten, as if it had never been said;
folded, out of the log, but what it said is kept; hidden; deleted; kept. reason: what sets it. forgotten: how
many events or rows have gone by it. Of events to which several rows apply the shortest time holds.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.fixed_retentions(), cdp.retention_report() FROM PUBLIC;
