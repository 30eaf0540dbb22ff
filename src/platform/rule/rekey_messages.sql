-- The keys of the messages of a source, when its message ids become its own, or are of all again.

CREATE FUNCTION cdp_internal.check_rekey(source text, source_id integer, retracted bigint) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	problem text := CASE
		WHEN EXISTS (SELECT FROM cdp_data.base_row b WHERE b.source_id = check_rekey.source_id)
			THEN 'Events of it have left the log.'
		WHEN EXISTS (
			SELECT FROM cdp_data.statement s WHERE s.source_id = check_rekey.source_id AND s.event_id IS NULL)
			THEN 'Messages of it are deleted.'
		WHEN retracted > 0 AND EXISTS (SELECT FROM cdp_data.message m WHERE m.batch_id < 0)
			THEN 'Events were taken back for ever, which can be of it.' END;
BEGIN
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'own_message_ids of source "%" cannot change', source
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = problem || ' Which message ids these had is not known.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_rekey(text, integer, bigint) IS
	'Internal: raises an error if a source has messages that are in no event of the log, so that their keys cannot be '
	'made anew. retracted: how many of its events were taken back.';

-- The tables have the rule as it was.
CREATE FUNCTION cdp_internal.rekey_messages(source text, source_id integer, retracted bigint, own boolean)
	RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	taken bigint;
BEGIN
	PERFORM cdp_internal.check_rekey(rekey_messages.source, rekey_messages.source_id, rekey_messages.retracted);
	-- an event whose month is away has a key too
	PERFORM cdp_internal.check_log();
	PERFORM cdp_internal.batch_stage('batch_rekeyed', format($sql$
		SELECT m.message_key AS old_key,
			   CASE WHEN %L THEN cdp_internal.own_message_key(e.message_id, e.source)
				ELSE cdp_internal.message_key(e.message_id) END AS new_key,
			   m.batch_id, m.content_hash, m.hint
		FROM cdp_data.event e
		-- the key of another batch is that of another event
		JOIN cdp_data.message m ON m.message_key = CASE WHEN %L THEN cdp_internal.message_key(e.message_id)
				ELSE cdp_internal.own_message_key(e.message_id, e.source) END
			AND abs(m.batch_id) = e.batch_id
		WHERE e.source = %L
	$sql$, rekey_messages.own, rekey_messages.own, rekey_messages.source));
	taken := cdp_internal.batch_value($sql$
		SELECT count(*) FROM batch_rekeyed r JOIN cdp_data.message m ON m.message_key = r.new_key
	$sql$);
	IF taken > 0 THEN
		RAISE EXCEPTION 'own_message_ids of source "%" cannot change', rekey_messages.source
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('%s of its message ids are those of messages of other sources.', taken);
	END IF;
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.message m USING batch_rekeyed r WHERE m.message_key = r.old_key
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.message (message_key, batch_id, content_hash, hint)
		SELECT r.new_key, r.batch_id, r.content_hash, r.hint FROM batch_rekeyed r ORDER BY r.new_key
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.statement s SET message_key = r.new_key FROM batch_rekeyed r WHERE s.message_key = r.old_key
	$sql$);
	-- a connection that takes back what is no longer there goes through them in the order of keys
	UPDATE cdp_data.connected_table c SET swept_until = NULL
	WHERE c.source = rekey_messages.source AND c.swept_until IS NOT NULL;
END
$function$;
COMMENT ON FUNCTION cdp_internal.rekey_messages(text, integer, bigint, boolean) IS
	'Internal: gives the messages of a source the keys that they have if its message ids are its own, or are of all '
	'(own). Raises an error if that cannot be done for all of them.';

REVOKE ALL ON FUNCTION cdp_internal.check_rekey(text, integer, bigint),
	cdp_internal.rekey_messages(text, integer, bigint, boolean) FROM PUBLIC;
