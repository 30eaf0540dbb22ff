-- What works as the owner of the tables: refresh, restitch and verify, for any steward, whatever row security hides.
--
-- These functions are SECURITY DEFINER, because a batch computed from a part of the rows would be wrong for good.  They
-- are made here, and not in the extension's script, so that they run as the owner of the tables and never as the
-- superuser who installed the extension.  Each only calls the function of cdp_internal that does the work; that refuses
-- to work for a role that does not own all tables.  Nothing of the caller's session runs with these rights: names are
-- looked up in pg_catalog and cdp, in pg_temp last, where no function is ever found; the arguments are numbers, or text
-- that is read as an identifier; conditions of segments run as the owners of their views.

CREATE FUNCTION cdp_internal.init_as_owner() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE FUNCTION cdp_data.refresh(max_rows bigint, wait boolean, OUT taken bigint, OUT waiting bigint,
		OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint, OUT identifiers bigint,
		OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint,
		OUT profiles_touched bigint, OUT reworks bigint, OUT identifiers_reworked bigint,
		OUT events_reanchored bigint, OUT elapsed interval) RETURNS SETOF record
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 1
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN QUERY SELECT * FROM cdp_internal.refresh_inboxes(max_rows, wait);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.refresh(bigint, boolean) IS
		'Internal: cdp.refresh(), as the owner of the tables.';

	CREATE FUNCTION cdp_data.restitch(incomplete boolean, OUT identifiers bigint, OUT links bigint,
		OUT identifiers_moved bigint, OUT profiles_created bigint, OUT profiles_merged bigint,
		OUT profiles_split bigint, OUT events_reanchored bigint, OUT elapsed interval) RETURNS SETOF record
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 1
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN QUERY SELECT * FROM cdp_internal.restitch_log(incomplete);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.restitch(boolean) IS
		'Internal: cdp.restitch(), as the owner of the tables.';

	CREATE FUNCTION cdp_data.verify(profile_id bigint, identifier text)
		RETURNS TABLE (stage text, item text, expected text, found text)
		LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER COST 1000000
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN QUERY SELECT * FROM cdp_internal.verify_tables(profile_id, identifier);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.verify(bigint, text) IS
		'Internal: cdp.verify(), as the owner of the tables, for one person or for all (both arguments NULL).';

	REVOKE ALL ON FUNCTION cdp_data.refresh(bigint, boolean), cdp_data.restitch(boolean),
		cdp_data.verify(bigint, text) FROM PUBLIC;
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_as_owner() IS
	'Internal: makes the functions that work as the owner of the tables, owned by that role.';

REVOKE ALL ON FUNCTION cdp_internal.init_as_owner() FROM PUBLIC;
