-- After a restore: what was erased since the copy that was restored, again.

CREATE FUNCTION cdp_internal.again_subjects(erasure_id bigint) RETURNS cdp_internal.subjects
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	subjects cdp_internal.subjects;
BEGIN
	SELECT coalesce(array_agg(i.identifier_id ORDER BY i.identifier_id), '{}'),
		coalesce(array_agg(i.identifier ORDER BY i.identifier_id), '{}')
	INTO subjects.ids, subjects.identifiers
	FROM cdp_data.identifier i
	JOIN (
		SELECT s.key FROM cdp_data.suppressed s WHERE s.erasure_id = again_subjects.erasure_id
		UNION
		SELECT u.key FROM cdp_data.erasure e CROSS JOIN unnest(e.keys) AS u (key)
		WHERE e.erasure_id = again_subjects.erasure_id AND num_nonnulls(e.since, e.until) > 0) k
		ON k.key = cdp_internal.suppression_hash(i.identifier)
	WHERE NOT i.shared AND NOT i.blocked;
	subjects.asked := subjects.identifiers;
	subjects.profile_ids := ARRAY(
		SELECT i.profile_id FROM cdp_data.identifier i
		WHERE i.identifier_id = ANY (subjects.ids) AND i.profile_id = ANY (subjects.ids)
		UNION
		SELECT h.profile_id FROM cdp_data.identifier_history h
		WHERE h.identifier_id = ANY (subjects.ids) AND h.profile_id = ANY (subjects.ids)
		ORDER BY 1);
	subjects.by_hash := array_fill(false, ARRAY[cardinality(subjects.ids)]);
	subjects.found := array_fill(true, ARRAY[cardinality(subjects.ids)]);
	RETURN subjects;
END
$function$;
COMMENT ON FUNCTION cdp_internal.again_subjects(bigint) IS
	'Internal: returns what the tables have of the identifiers that an erasure erased.';

CREATE FUNCTION cdp_internal.reapply_erasures() RETURNS SETOF jsonb
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	former record;
	subjects cdp_internal.subjects;
	erasure cdp_internal.erasure_order;
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	IF NOT EXISTS (SELECT FROM cdp_data.suppressed) AND NOT EXISTS (SELECT FROM cdp_data.erasure) THEN
		RETURN;
	END IF;
	-- rows may have been copied from another state of the database
	UPDATE cdp_data.state s
	SET suppression_fingerprint = coalesce(s.suppression_fingerprint, cdp_internal.suppression_fingerprint()),
		suppression_version = hashtextextended(gen_random_uuid()::text, 0);
	PERFORM cdp_internal.check_suppression_key();
	FOR former IN
		SELECT u.erasure_id, e.request, e.mode, e.regulation, e.reason, e.purpose, e.since, e.until,
			coalesce(e.keep_properties, '{}') AS keep_properties
		FROM (
			SELECT s.erasure_id FROM cdp_data.suppressed s
			UNION
			SELECT e.erasure_id FROM cdp_data.erasure e WHERE e.state = 'completed') u
		LEFT JOIN cdp_data.erasure e ON e.erasure_id = u.erasure_id
		ORDER BY u.erasure_id
	LOOP
		subjects := cdp_internal.again_subjects(former.erasure_id);
		CONTINUE WHEN subjects.ids = '{}';
		erasure := ROW((SELECT coalesce(max(o.erasure_id), 0) + 1 FROM cdp_data.erasure o), former.request,
			coalesce(former.mode, 'erase'), coalesce(former.regulation, 'gdpr'),
			concat_ws('; ', former.reason, format('again after a restore: erasure %s', former.erasure_id)),
			former.purpose, former.since, former.until, former.keep_properties, clock_timestamp(),
			clock_timestamp() + interval '1 month');
		RETURN NEXT cdp_internal.carry_out(erasure, subjects);
		PERFORM cdp_data.record_audit('reapply_erasure', subjects.profile_ids,
			jsonb_build_object('erasure_id', former.erasure_id));
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.reapply_erasures() IS
	'Internal: what cdp.reapply_erasures() does, for the owner of the tables.';

REVOKE ALL ON FUNCTION cdp_internal.again_subjects(bigint), cdp_internal.reapply_erasures() FROM PUBLIC;
