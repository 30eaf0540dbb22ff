-- Refresh, load, restitch, retraction, letting go and the definition of segments, for any steward, as the owner of the
-- tables, from whom row security hides nothing.
--
-- These functions are SECURITY DEFINER, because a batch computed from a part of the rows would be wrong for good.  They
-- are made by cdp.init(), and not in the extension's script, so that they run as the owner of the tables and never as
-- the superuser who installed the extension.  Each only calls the function of cdp_internal that does the work; that
-- refuses to work for a role that does not own all tables.  Nothing of the caller's session runs with these rights:
-- names are looked up in pg_catalog and cdp, in pg_temp last, where no function is ever found; arguments are values,
-- and never part of a statement; conditions of segments run as the owners of their views.

CREATE FUNCTION cdp_internal.init_refresh() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE FUNCTION cdp_data.refresh(max_rows bigint, wait boolean, OUT taken bigint, OUT waiting bigint,
		OUT accepted bigint, OUT duplicate bigint, OUT quarantined bigint, OUT deletions bigint, OUT suppressed bigint,
		OUT identifiers bigint, OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint,
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

	CREATE FUNCTION cdp_data.load_begin(rows bigint) RETURNS bigint
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN cdp_internal.load_begin(rows);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.load_begin(bigint) IS
		'Internal: cdp.load() before its first batch, as the owner of the tables.';

	CREATE FUNCTION cdp_data.load_part() RETURNS void
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		PERFORM cdp_internal.load_part();
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.load_part() IS
		'Internal: a batch of cdp.load(), of the rows that its query gave last, as the owner of the tables.';

	CREATE FUNCTION cdp_data.load_end(after_batch_id bigint, OUT batches bigint, OUT taken bigint, OUT accepted bigint,
		OUT duplicate bigint, OUT quarantined bigint, OUT deletions bigint,
		OUT suppressed bigint, OUT identifiers bigint,
		OUT profiles_created bigint, OUT profiles_merged bigint, OUT profiles_split bigint) RETURNS SETOF record
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 1
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN QUERY SELECT * FROM cdp_internal.load_end(after_batch_id);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.load_end(bigint) IS
		'Internal: cdp.load() after its last batch, as the owner of the tables.';

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

	CREATE FUNCTION cdp_data.retract(message_ids text[], event_ids bigint[], source text, since timestamptz,
		until timestamptz, asked jsonb, reason text, forever boolean, dry_run boolean, OUT events bigint,
		OUT identifiers bigint, OUT people bigint) RETURNS SETOF record
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 1
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	#variable_conflict use_variable
	BEGIN
		RETURN QUERY SELECT * FROM cdp_internal.retract(message_ids, event_ids, source, since, until, asked, reason,
			forever, dry_run);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.retract(text[], bigint[], text, timestamptz, timestamptz, jsonb, text, boolean,
		boolean) IS 'Internal: cdp.retract() of events that the caller has named, as the owner of the tables.';

	CREATE FUNCTION cdp_data.drop_events(before timestamptz, max_months integer, dry_run boolean)
		RETURNS TABLE (month timestamptz, state text, events bigint)
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 30
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN QUERY SELECT * FROM cdp_internal.drop_months(before, max_months, dry_run);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.drop_events(timestamptz, integer, boolean) IS
		'Internal: cdp.drop_events(), as the owner of the tables.';

	CREATE FUNCTION cdp_data.drop_old_events(max_rows bigint, dry_run boolean)
		RETURNS TABLE (source text, before timestamptz, state text, events bigint)
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 10
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN QUERY SELECT * FROM cdp_internal.drop_old_events(max_rows, dry_run);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.drop_old_events(bigint, boolean) IS
		'Internal: cdp.drop_old_events(), as the owner of the tables.';

	CREATE FUNCTION cdp_data.begin_definition() RETURNS void
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		PERFORM cdp_internal.begin_definition();
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.begin_definition() IS
		'Internal: begins the batch in which a segment is made, changed or dropped, as the owner of the tables.';

	CREATE FUNCTION cdp_data.end_definition(changed integer, trait text) RETURNS void
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		PERFORM cdp_internal.end_definition(changed, trait);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.end_definition(integer, text) IS
		'Internal: ends the batch in which a segment is made, changed or dropped, as the owner of the tables.';

	CREATE FUNCTION cdp_data.build_slice() RETURNS boolean
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN cdp_internal.build_slice();
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.build_slice() IS
		'Internal: a batch of cdp.build_segments(), as the owner of the tables.';

	REVOKE ALL ON FUNCTION cdp_data.begin_definition(), cdp_data.end_definition(integer, text), cdp_data.build_slice(),
		cdp_data.refresh(bigint, boolean), cdp_data.load_begin(bigint), cdp_data.load_part(),
		cdp_data.load_end(bigint), cdp_data.restitch(boolean),
		cdp_data.drop_events(timestamptz, integer, boolean), cdp_data.drop_old_events(bigint, boolean),
		cdp_data.retract(text[], bigint[], text, timestamptz, timestamptz, jsonb, text, boolean, boolean) FROM PUBLIC;
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_refresh() IS
	'Internal: makes the functions of refresh, load, restitch, retraction, letting go and the definition of segments '
	'that work as the owner of the tables, owned by that role.';

REVOKE ALL ON FUNCTION cdp_internal.init_refresh() FROM PUBLIC;
