-- Erasing a person from the feed: what it says of them goes, and consumers are told to remove what they have.

CREATE FUNCTION cdp_internal.erase_changes(profile_ids bigint[], in_batch boolean DEFAULT true) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	erased bigint;
	at timestamptz := CASE WHEN in_batch THEN cdp_internal.batch_as_of() ELSE clock_timestamp() END;
BEGIN
	-- another person that was split off is in the segment, or has the value, by itself
	UPDATE cdp_data.change c
	SET kind = CASE WHEN c.trait IS NULL THEN 'entered' ELSE 'trait_changed' END, other_profile_id = NULL,
		other_since = NULL
	WHERE c.other_profile_id = ANY (erase_changes.profile_ids) AND c.profile_id <> ALL (erase_changes.profile_ids)
		AND c.segment_id IS NOT NULL;
	DELETE FROM cdp_data.change c
	WHERE c.change_id IN (
		SELECT n.change_id
		FROM cdp_data.change r
		CROSS JOIN LATERAL generate_series(r.change_id, r.change_id + r.run - 1) AS n (change_id)
		WHERE r.profile_id = ANY (erase_changes.profile_ids) AND r.run IS NOT NULL
		UNION ALL
		SELECT o.change_id FROM cdp_data.change o WHERE o.other_profile_id = ANY (erase_changes.profile_ids));
	GET DIAGNOSTICS erased = ROW_COUNT;
	DELETE FROM cdp_data.consumer_snapshot n WHERE n.profile_id = ANY (erase_changes.profile_ids);
	UPDATE cdp_data.consumer_waiting w SET other_profile_id = NULL
	WHERE w.other_profile_id = ANY (erase_changes.profile_ids) AND w.profile_id <> ALL (erase_changes.profile_ids);
	DELETE FROM cdp_data.consumer_waiting w
	WHERE w.profile_id = ANY (erase_changes.profile_ids) OR NOT EXISTS (
		SELECT FROM cdp_data.change c WHERE c.change_id = w.change_id)
		AND w.change_id > (SELECT s.trimmed_change_id FROM cdp_data.state s);
	PERFORM cdp_internal.record_changes(array_fill('erased'::text, ARRAY[cardinality(profile_ids)]), profile_ids, NULL,
		NULL, array_fill(at, ARRAY[cardinality(profile_ids)]),
		array_fill('erasure'::text, ARRAY[cardinality(profile_ids)]), NULL, in_batch => erase_changes.in_batch);
	RETURN erased;
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_changes(bigint[], boolean) IS
	'Internal: deletes what the feed, and the snapshots of consumers, say of a person, by their present and all former '
	'profile ids, and records a change of kind erased for each. Returns how many changes were deleted. The caller '
	'holds the lock of cdp.refresh().';

REVOKE ALL ON FUNCTION cdp_internal.erase_changes(bigint[], boolean) FROM PUBLIC;
