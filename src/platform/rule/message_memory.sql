-- How long the keys of messages are kept.

CREATE FUNCTION cdp.set_message_memory(memory interval, refuse_older boolean DEFAULT true) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF refuse_older IS NULL THEN
		RAISE EXCEPTION 'refuse_older must not be NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	memory := cdp_internal.in_hours(memory, 'the memory of messages', 'NULL: keys are kept for ever.');
	PERFORM cdp_internal.refresh_lock(wait => true);
	UPDATE cdp_data.state SET message_memory = memory, refuses_older = refuse_older;
END
$function$;
COMMENT ON FUNCTION cdp.set_message_memory(interval, boolean) IS
$comment$Sets how long the key of an accepted message is kept at least, by which its repetitions are found; NULL, as at
first: for ever. A day is 24 hours. Refreshes delete older keys, a few for each row that they take, within another day
and an eighth of that time, but not of messages of mutable sources, or taken back for ever by cdp.retract(); their
events stay.
A message that comes again after that cannot be recognised. So one with a message_id that happened before now - memory
(or before what was forgotten already) goes to quarantine as older_than_memory, unless its key is still known; with
refuse_older => false it is accepted, and an event may be counted twice. To take in old data that was never there, allow
it so, refresh (after cdp.replay('older_than_memory')), and forbid it again. A message without a time of its sender's
happened when it was received: let its source give one, or received_at.
Errors: the time has months or years, is not positive, or more than 100 years (22023); refuse_older is NULL (22004).
READ COMMITTED only.$comment$;

REVOKE ALL ON FUNCTION cdp.set_message_memory(interval, boolean) FROM PUBLIC;
