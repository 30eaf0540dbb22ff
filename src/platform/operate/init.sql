-- Making and migrating the tables of the platform.

CREATE FUNCTION cdp.init() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF to_regclass('cdp_data.state') IS NOT NULL THEN
		PERFORM cdp_internal.check_tables();
		RAISE NOTICE 'the tables of cdp are there already';
		RETURN;
	END IF;
	IF getdatabaseencoding() <> 'UTF8' THEN
		RAISE EXCEPTION 'cdp needs a database in encoding UTF8, this one is in %', getdatabaseencoding()
			USING ERRCODE = 'feature_not_supported',
			HINT = 'Make one with CREATE DATABASE … ENCODING ''UTF8'' TEMPLATE template0.';
	END IF;
	PERFORM cdp_internal.init_state();
	PERFORM cdp_internal.init_log();
	PERFORM cdp_internal.init_event_month();
	PERFORM cdp_internal.init_graph();
	PERFORM cdp_internal.init_profile_tables();
	PERFORM cdp_internal.init_trait_rule();
	PERFORM cdp_internal.init_profile();
	PERFORM cdp_internal.init_account();
	PERFORM cdp_internal.init_timeline();
	PERFORM cdp_internal.init_open_case();
	PERFORM cdp_internal.init_people();
	PERFORM cdp_internal.init_sources();
	PERFORM cdp_internal.init_segment();
	PERFORM cdp_internal.init_statistics();
	PERFORM cdp_internal.init_views();
	PERFORM cdp_data.add_event_month(now());
	PERFORM cdp_data.add_event_month(now() + interval '31 days');
END
$function$;
COMMENT ON FUNCTION cdp.init() IS
	'Makes the tables of the platform in schema cdp_data, and its inboxes and views in schema cdp, owned by the '
	'caller. If they exist, it changes nothing. Error: the encoding of the database is not UTF8 (0A000).';

CREATE FUNCTION cdp.migrate() RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.refresh_lock(true);
	IF (SELECT s.normalizer_version FROM cdp_data.state s) <> cdp.normalizer_version() THEN
		PERFORM cdp.restitch();
	END IF;
	RETURN cdp.tables_version();
END
$function$;
COMMENT ON FUNCTION cdp.migrate() IS
	'Migrates the tables to the version of this release, after ALTER EXTENSION cdp UPDATE. Returns that version. There '
	'is only one version so far. If the stored identifiers were made by another version of the normalisers, it calls '
	'cdp.restitch().';

REVOKE ALL ON FUNCTION cdp.init(), cdp.migrate() FROM PUBLIC;

