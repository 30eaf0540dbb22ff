-- The memory of messages: keys older than the policy says are deleted, a few at each refresh.
--
-- The table is not partitioned by time: a look-up of a key would have to ask every partition.  Its pages are gone
-- through instead, one after the other and round again, eight rows for each that a refresh takes: so an old key is gone
-- after another eighth of the memory at the latest, at a cost that follows the rows taken.

CREATE FUNCTION cdp_internal.forget_batches() RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	last cdp_data.state;
BEGIN
	SELECT s.* INTO STRICT last FROM cdp_data.state s;
	-- a message may have happened up to a day after it was accepted, by the clock of its sender
	UPDATE cdp_data.state s SET forgotten_batch_id = f.batch_id, forgotten_until = f.as_of
	FROM (
		SELECT n.batch_id, n.as_of
		FROM (
			SELECT b.batch_id, b.as_of
			FROM cdp_data.batch b
			WHERE b.batch_id > last.forgotten_batch_id
			ORDER BY b.batch_id
			LIMIT 10000) n
		WHERE n.as_of < last.as_of - last.message_memory - interval '24 hours'
		ORDER BY n.batch_id DESC
		LIMIT 1) f;
	RETURN (SELECT s.forgotten_batch_id FROM cdp_data.state s);
END
$function$;
COMMENT ON FUNCTION cdp_internal.forget_batches() IS
	'Internal: notes of which batches the keys of messages may be deleted by now, and returns the last of them; 0: of '
	'none. The caller holds the lock of cdp.refresh().';

CREATE FUNCTION cdp_internal.forget_messages(taken bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	blocks bigint := pg_relation_size('cdp_data.message') / current_setting('block_size')::bigint;
	first_block bigint;
	until_block bigint;
	last_batch_id bigint := cdp_internal.forget_batches();
	forgotten bigint;
BEGIN
	IF last_batch_id = 0 THEN
		RETURN 0;
	END IF;
	SELECT CASE WHEN s.message_block < blocks THEN s.message_block ELSE 0 END INTO STRICT first_block
	FROM cdp_data.state s;
	-- some 128 rows a block
	until_block := first_block + 1 + forget_messages.taken * 8 / 128;
	DELETE FROM cdp_data.message m
	WHERE m.ctid >= format('(%s,0)', first_block)::tid AND m.ctid < format('(%s,0)', until_block)::tid
	  -- negative: it is kept for ever
	  AND m.batch_id BETWEEN 1 AND last_batch_id
	  -- what can be corrected is remembered as long as it is there
	  AND NOT EXISTS (SELECT FROM cdp_data.statement s WHERE s.message_key = m.message_key);
	GET DIAGNOSTICS forgotten = ROW_COUNT;
	UPDATE cdp_data.state SET message_block = until_block;
	RETURN forgotten;
END
$function$;
COMMENT ON FUNCTION cdp_internal.forget_messages(bigint) IS
	'Internal: deletes keys of messages that the policy no longer keeps, of the next pages of the table; as many pages '
	'as so many rows taken call for. Returns how many. The caller holds the lock of cdp.refresh().';

REVOKE ALL ON FUNCTION cdp_internal.forget_batches(), cdp_internal.forget_messages(bigint) FROM PUBLIC;
