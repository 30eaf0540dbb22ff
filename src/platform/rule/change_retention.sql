-- How long changes stay in the feed.

CREATE FUNCTION cdp.set_change_retention(keep interval) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	keep := cdp_internal.in_hours(keep, 'the time in the feed', 'NULL: changes are kept for ever.');
	PERFORM cdp_internal.refresh_lock(wait => true);
	UPDATE cdp_data.state SET change_retention = keep;
END
$function$;
COMMENT ON FUNCTION cdp.set_change_retention(interval) IS
$comment$Sets how long changes stay in the feed at least; as at first, 30 days; NULL: for ever. A day is 24 hours.
Refreshes delete older ones within an hour, up to 10,000 and twice as many as they add at a time, whether consumers
have acknowledged them or not.
A consumer that has not must take a new snapshot: cdp.consumer shows which, and how far each is behind.
Errors: the time has months or years, is not positive, or more than 100 years (22023). READ COMMITTED only.$comment$;

REVOKE ALL ON FUNCTION cdp.set_change_retention(interval) FROM PUBLIC;
