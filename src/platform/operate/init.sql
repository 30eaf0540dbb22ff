-- The tables of the platform, their version, and who may touch them.

CREATE FUNCTION cdp.init() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF to_regclass('cdp.state') IS NOT NULL THEN
		PERFORM cdp.check_tables();
		RAISE NOTICE 'the tables of cdp are there already';
		RETURN;
	END IF;
	IF getdatabaseencoding() <> 'UTF8' THEN
		RAISE EXCEPTION 'cdp needs a database in encoding UTF8, this one is in %', getdatabaseencoding()
			USING ERRCODE = 'feature_not_supported',
			HINT = 'Make one with CREATE DATABASE … ENCODING ''UTF8'' TEMPLATE template0.';
	END IF;
	PERFORM cdp.init_state();
	PERFORM cdp.init_log();
	PERFORM cdp.init_event_month();
	PERFORM cdp.init_graph();
	PERFORM cdp.init_profile_tables();
	PERFORM cdp.init_trait_rule();
	PERFORM cdp.init_profile();
	PERFORM cdp.init_account();
	PERFORM cdp.init_timeline();
	PERFORM cdp.init_open_case();
	PERFORM cdp.init_people();
	PERFORM cdp.init_sources();
	PERFORM cdp.init_segment();
	PERFORM cdp.init_statistics();
	PERFORM cdp.add_event_month(now());
	PERFORM cdp.add_event_month(now() + interval '31 days');
END
$function$;
COMMENT ON FUNCTION cdp.init() IS
	'Makes the platform''s tables and views in schema cdp, owned by the caller. Called again, it changes nothing. Refuses a database that is not UTF8.';

CREATE FUNCTION cdp.migrate() RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp.refresh_lock(true);
	IF (SELECT s.normalizer_version FROM cdp.state s) <> cdp.normalizer_version() THEN
		PERFORM cdp.restitch();
	END IF;
	RETURN cdp.tables_version();
END
$function$;
COMMENT ON FUNCTION cdp.migrate() IS
	'Brings the tables to the shape of this release, after ALTER EXTENSION cdp UPDATE, and returns that shape''s number. There is one shape so far, so it only checks; but where the libraries that normalise identifiers are of another release than those that made the stored ones, it calls cdp.restitch().';

REVOKE ALL ON FUNCTION cdp.init(), cdp.migrate() FROM PUBLIC;

