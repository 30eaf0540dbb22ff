-- The certificate of an erasure: what was asked, what was done, and what is not done yet, without an identifier.

CREATE FUNCTION cdp_internal.not_done_yet() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN jsonb_strip_nulls(jsonb_build_object(
		'dead_rows', jsonb_build_object(
			'tables', (SELECT jsonb_agg(c.schemas[1] || '.' || c.name ORDER BY c.erase_order, c.name)
				FROM cdp_internal.catalogue() c WHERE c.erase_order IS NOT NULL),
			'until', 'VACUUM frees their space; VACUUM FULL, or later rows in it, overwrite it'),
		'write_ahead_log', jsonb_build_object(
			'up_to', CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_insert_lsn() END,
			'until', 'the segments are recycled, and archived ones are deleted'),
		'statistics', 'until the next ANALYZE of each table, of an empty one by hand',
		'replicas', (SELECT count(*) FROM pg_stat_replication),
		'replication_slots', (SELECT jsonb_agg(s.slot_name ORDER BY s.slot_name) FROM pg_replication_slots s
			WHERE s.database IS NULL OR s.database = current_database()),
		'publications', (SELECT jsonb_agg(p.pubname ORDER BY p.pubname) FROM pg_publication p),
		'backups', jsonb_build_object('older_than', to_jsonb(clock_timestamp()),
			'after_a_restore', 'cdp.reapply_erasures()'),
		'logs_of_the_server', 'statements that named the person, in its log and in pg_stat_statements',
		'consumers_to_be_told', (SELECT jsonb_agg(c.name ORDER BY c.name) FROM cdp_data.consumer c)));
END
$function$;
COMMENT ON FUNCTION cdp_internal.not_done_yet() IS
	'Internal: returns what an erasure leaves outside of the tables, and until when.';

CREATE FUNCTION cdp_internal.certify(erasure cdp_internal.erasure_order, subjects cdp_internal.subjects, done jsonb)
	RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN jsonb_strip_nulls(jsonb_build_object(
		'api_version', '2.0',
		'controller_id', current_database(),
		'subject_request_id', coalesce(erasure.request, erasure.erasure_id::text),
		'subject_request_type', 'erasure',
		'regulation', erasure.regulation,
		'received_time', erasure.received_at,
		'expected_completion_time', erasure.due_at,
		'completed_time', clock_timestamp(),
		'request_status', 'completed',
		'erasure_id', erasure.erasure_id,
		'mode', erasure.mode,
		'purpose', erasure.purpose,
		'since', erasure.since,
		'until', erasure.until,
		'people', jsonb_build_object('asked', cardinality(subjects.found),
			'by_identifier', (SELECT count(*) FROM unnest(subjects.by_hash) AS u (is_hash) WHERE NOT u.is_hash),
			'by_hash', (SELECT count(*) FROM unnest(subjects.by_hash) AS u (is_hash) WHERE u.is_hash),
			'found', (SELECT count(*) FROM unnest(subjects.found) AS u (is_found) WHERE u.is_found)),
		'identifiers', (
			SELECT jsonb_object_agg(n.namespace, n.identifiers)
			FROM (SELECT cdp.namespace(i.identifier) AS namespace, count(*) AS identifiers
				  FROM unnest(subjects.identifiers) AS i (identifier) GROUP BY 1) n),
		'done', done,
		'named_elsewhere', nullif(cdp_internal.named_elsewhere(erasure.erasure_id), '{}'),
		'not_done_yet', cdp_internal.not_done_yet()));
END
$function$;
COMMENT ON FUNCTION cdp_internal.certify(cdp_internal.erasure_order, cdp_internal.subjects, jsonb) IS
	'Internal: returns the certificate of an erasure.';

CREATE FUNCTION cdp_internal.certificate_hash(previous bytea, certificate jsonb) RETURNS bytea
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN sha256(coalesce(previous, '') || convert_to(certificate::text, 'UTF8'));
COMMENT ON FUNCTION cdp_internal.certificate_hash(bytea, jsonb) IS
	'Internal: returns the hash of a certificate, with that of the one before it.';

CREATE FUNCTION cdp.verify_certificates() RETURNS TABLE (erasure_id bigint, problem text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	RETURN QUERY
		SELECT c.erasure_id, c.problem
		FROM (
			SELECT e.erasure_id, CASE
				WHEN e.hash <> cdp_internal.certificate_hash(e.previous_hash, e.certificate) THEN 'certificate changed'
				WHEN e.previous_hash IS DISTINCT FROM lag(e.hash) OVER (ORDER BY e.completed_at, e.erasure_id)
					THEN 'another one was before it' END AS problem
			FROM cdp_data.erasure e
			WHERE e.state = 'completed') c
		WHERE c.problem IS NOT NULL
		ORDER BY c.erasure_id;
END
$function$;
COMMENT ON FUNCTION cdp.verify_certificates() IS
	'Compares the certificates of cdp.erasure with their hashes, each of which covers the one before it. Returns a row '
	'for each that was changed, or before which another is missing; none: all are as they were written.';

REVOKE ALL ON FUNCTION cdp_internal.not_done_yet(),
	cdp_internal.certify(cdp_internal.erasure_order, cdp_internal.subjects, jsonb),
	cdp_internal.certificate_hash(bytea, jsonb), cdp.verify_certificates() FROM PUBLIC;
