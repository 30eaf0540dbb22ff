-- cdp.erase() and what belongs to it, for any steward, as the owner of the tables; see platform/refresh/as_owner.sql.

CREATE FUNCTION cdp_internal.init_erase_functions() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE FUNCTION cdp_data.erase(people text[], mode text, purpose text, since timestamptz, until timestamptz,
		reason text, request text, regulation text, received_at timestamptz, keep_properties text[]) RETURNS jsonb
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	#variable_conflict use_variable
	BEGIN
		RETURN cdp_internal.erase(people, ROW(NULL, request, mode, regulation, reason, purpose, since, until,
			keep_properties, received_at, NULL));
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.erase(text[], text, text, timestamptz, timestamptz, text, text, text, timestamptz,
		text[]) IS 'Internal: cdp.erase(), as the owner of the tables.';

	CREATE FUNCTION cdp_data.allow_again(identifiers cdp.identifier[]) RETURNS bigint
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN cdp_internal.allow_again(identifiers);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.allow_again(cdp.identifier[]) IS
		'Internal: cdp.allow_again(), as the owner of the tables.';

	CREATE FUNCTION cdp_data.hold(identifier cdp.identifier, reason text, until timestamptz) RETURNS bigint
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN cdp_internal.hold(identifier, reason, until);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.hold(cdp.identifier, text, timestamptz) IS
		'Internal: cdp.hold(), as the owner of the tables.';

	CREATE FUNCTION cdp_data.end_hold(identifier cdp.identifier) RETURNS bigint
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN cdp_internal.end_hold(identifier);
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.end_hold(cdp.identifier) IS
		'Internal: cdp.end_hold(), as the owner of the tables.';

	CREATE FUNCTION cdp_data.carry_out_held() RETURNS SETOF jsonb
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 10
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN QUERY SELECT c.* FROM cdp_internal.carry_out_held() c;
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.carry_out_held() IS
		'Internal: cdp.carry_out_erasures(), as the owner of the tables.';

	CREATE FUNCTION cdp_data.reapply_erasures() RETURNS SETOF jsonb
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER ROWS 10
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	BEGIN
		RETURN QUERY SELECT c.* FROM cdp_internal.reapply_erasures() c;
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.reapply_erasures() IS
		'Internal: cdp.reapply_erasures(), as the owner of the tables.';

	REVOKE ALL ON FUNCTION cdp_data.erase(text[], text, text, timestamptz, timestamptz, text, text, text, timestamptz,
			text[]), cdp_data.allow_again(cdp.identifier[]), cdp_data.hold(cdp.identifier, text, timestamptz),
		cdp_data.end_hold(cdp.identifier), cdp_data.carry_out_held(), cdp_data.reapply_erasures() FROM PUBLIC;
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_erase_functions() IS
	'Internal: makes the functions that erase people as the owner of the tables.';

REVOKE ALL ON FUNCTION cdp_internal.init_erase_functions() FROM PUBLIC;
