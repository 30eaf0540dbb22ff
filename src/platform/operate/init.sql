-- Making and migrating the tables of the platform.

CREATE FUNCTION cdp_internal.grant_owner(owner name) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	segments text := cdp_internal.granted_segments();
BEGIN
	EXECUTE format('GRANT CREATE ON DATABASE %I TO %I', current_database(), owner);
	EXECUTE format('GRANT USAGE, CREATE ON SCHEMA cdp TO %I WITH GRANT OPTION', owner);
	EXECUTE format('GRANT USAGE ON SCHEMA cdp_internal TO %I WITH GRANT OPTION', owner);
	EXECUTE format('GRANT EXECUTE ON ALL ROUTINES IN SCHEMA cdp, cdp_internal TO %I WITH GRANT OPTION', owner);
	-- of other owners, which it must read to judge them
	IF segments IS NOT NULL THEN
		EXECUTE format('GRANT SELECT ON %s TO %I WITH GRANT OPTION', segments, owner);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.grant_owner(name) IS
	'Internal: gives a role what it needs to make the tables and to grant access to them.';

CREATE FUNCTION cdp_internal.init_tables() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.init_state();
	PERFORM cdp_internal.init_progress();
	PERFORM cdp_internal.init_log();
	PERFORM cdp_internal.init_event_month();
	PERFORM cdp_internal.init_base();
	PERFORM cdp_internal.init_graph();
	PERFORM cdp_internal.init_profile_tables();
	PERFORM cdp_internal.init_consent();
	PERFORM cdp_internal.init_signal();
	PERFORM cdp_internal.init_trait_rule();
	PERFORM cdp_internal.init_timeline();
	PERFORM cdp_internal.init_profile();
	PERFORM cdp_internal.init_account();
	PERFORM cdp_internal.init_shown_people();
	PERFORM cdp_internal.init_account_row();
	PERFORM cdp_internal.init_open_case();
	PERFORM cdp_internal.init_people();
	PERFORM cdp_internal.init_sources();
	PERFORM cdp_internal.init_segment();
	PERFORM cdp_internal.init_membership_view();
	PERFORM cdp_internal.init_account_membership_views();
	PERFORM cdp_internal.init_computed_view();
	PERFORM cdp_internal.init_change();
	PERFORM cdp_internal.init_consumer();
	PERFORM cdp_internal.init_erase();
	PERFORM cdp_internal.init_audit();
	PERFORM cdp_internal.init_purpose_role();
	PERFORM cdp_internal.init_retention();
	PERFORM cdp_internal.init_enforce_retention();
	PERFORM cdp_internal.init_retract_source();
	PERFORM cdp_internal.init_plan();
	PERFORM cdp_internal.init_connection();
	PERFORM cdp_internal.init_worker();
	PERFORM cdp_internal.init_statistics();
	PERFORM cdp_internal.init_views();
	PERFORM cdp_internal.init_consent_views();
	PERFORM cdp_internal.init_change_views();
	PERFORM cdp_internal.init_consumer_views();
	PERFORM cdp_internal.init_refresh();
	PERFORM cdp_internal.init_erase_functions();
	PERFORM cdp_internal.init_verify();
	PERFORM cdp_internal.init_row_security();
	PERFORM cdp_data.add_event_month(now());
	PERFORM cdp_data.add_event_month(now() + interval '31 days');
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_tables() IS 'Internal: makes all tables and views, owned by the current role.';

CREATE FUNCTION cdp.init(owner name DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	role_before text := current_setting('role');
	found_owner name := (SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace n WHERE n.nspname = 'cdp_data');
BEGIN
	IF to_regclass('cdp_data.state') IS NOT NULL THEN
		IF owner <> found_owner THEN
			RAISE EXCEPTION 'the tables of cdp are there already and belong to role "%"', found_owner
				USING ERRCODE = 'object_not_in_prerequisite_state';
		ELSIF owner <> current_user THEN
			PERFORM cdp_internal.grant_owner(owner);
		END IF;
		PERFORM cdp_internal.check_tables();
		RAISE NOTICE 'the tables of cdp are there already';
		RETURN;
	END IF;
	IF getdatabaseencoding() <> 'UTF8' THEN
		RAISE EXCEPTION 'cdp needs a database in encoding UTF8, this one is in %', getdatabaseencoding()
			USING ERRCODE = 'feature_not_supported',
			HINT = 'Make one with CREATE DATABASE … ENCODING ''UTF8'' TEMPLATE template0.';
	END IF;
	IF owner IS NULL OR owner = current_user THEN
		PERFORM cdp_internal.init_tables();
		RETURN;
	END IF;
	PERFORM cdp_internal.grant_owner(owner);
	PERFORM set_config('role', owner, true);
	PERFORM cdp_internal.init_tables();
	PERFORM set_config('role', role_before, true);
END
$function$;
COMMENT ON FUNCTION cdp.init(name) IS
$comment$Makes the tables of the platform in schema cdp_data, and its inboxes and views in schema cdp. They belong to
owner, by default to the caller. The owner need not be a superuser: it is granted what it needs to make them and to
grant access to them. If they exist, it only grants that to their owner, if named; needed after they were given to
another role, and after ALTER EXTENSION UPDATE.
Errors: the database is not in UTF8 (0A000); no such role (42704); the caller may not grant, or not act as owner
(42501); the tables exist and belong to another role than the one named (55000), or are not those that cdp.init() made
(42P17).$comment$;

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

REVOKE ALL ON FUNCTION cdp_internal.grant_owner(name), cdp_internal.init_tables(), cdp.init(name),
	cdp.migrate() FROM PUBLIC;

