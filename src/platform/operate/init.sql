-- The tables of the platform, their version, and who may touch them.

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
	'Makes the platform''s tables, in schema cdp_data, and its inboxes and views, in schema cdp, owned by the caller. '
	'Called again, it changes nothing. Refuses a database that is not UTF8.';

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
	'Brings the tables to the shape of this release, after ALTER EXTENSION cdp UPDATE, and returns that shape''s '
	'number. There is one shape so far, so it only checks; but where the libraries that normalise identifiers are of '
	'another release than those that made the stored ones, it calls cdp.restitch().';

REVOKE ALL ON FUNCTION cdp.init(), cdp.migrate() FROM PUBLIC;

