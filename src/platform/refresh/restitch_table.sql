-- The tables in which cdp.restitch() builds the graph anew.  They are there only while it runs, and in its transaction
-- alone: others never see them, and nothing is left of them after an error.  They are not logged, so a crash leaves
-- nothing of them but empty files.

CREATE FUNCTION cdp_internal.init_restitch() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- SECURITY DEFINER because only the owner of the schema may make tables in it, and restitch() runs as any steward.
	-- Made here, like cdp_data.add_event_month(), so that it runs as that owner.
	CREATE FUNCTION cdp_data.restitch_tables(make boolean) RETURNS void
		LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
		SET client_min_messages = warning
	AS $body$
	DECLARE
		steward record;
	BEGIN
		-- whoever restitches holds it
		LOCK TABLE cdp_data.state IN SHARE ROW EXCLUSIVE MODE NOWAIT;
		DROP TABLE IF EXISTS cdp_data.restitch_identifier, cdp_data.restitch_link, cdp_data.restitch_profile,
			cdp_data.restitch_event;
		IF NOT make THEN
			RETURN;
		END IF;
		CREATE UNLOGGED TABLE cdp_data.restitch_identifier (LIKE cdp_data.identifier
			INCLUDING DEFAULTS INCLUDING INDEXES);
		CREATE UNLOGGED TABLE cdp_data.restitch_link (LIKE cdp_data.link INCLUDING DEFAULTS INCLUDING INDEXES);
		-- the summary of each profile; what is folded stays empty
		CREATE UNLOGGED TABLE cdp_data.restitch_profile (LIKE cdp_data.profile INCLUDING DEFAULTS,
			PRIMARY KEY (profile_id));
		-- the events that may have wrong anchors
		CREATE UNLOGGED TABLE cdp_data.restitch_event (
			event_id bigint NOT NULL, identifier_id bigint NOT NULL, "timestamp" timestamptz NOT NULL);
		FOR steward IN
			SELECT DISTINCT a.grantee::regrole AS name
			FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
			WHERE c.oid = 'cdp_data.identifier'::regclass AND a.privilege_type = 'DELETE'
				AND a.grantee NOT IN (0, c.relowner)
		LOOP
			EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON
				cdp_data.restitch_identifier, cdp_data.restitch_link, cdp_data.restitch_profile, cdp_data.restitch_event
				TO %s', steward.name);
		END LOOP;
	END
	$body$;
	REVOKE ALL ON FUNCTION cdp_data.restitch_tables(boolean) FROM PUBLIC;
	COMMENT ON FUNCTION cdp_data.restitch_tables(boolean) IS
		'Internal: makes the tables in which cdp.restitch() builds the graph anew, and grants them to whoever may '
		'write identifiers; false: drops them. It takes the lock of cdp.refresh(), or fails (55P03).';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_restitch() IS
	'Internal: makes the function that makes the tables of cdp.restitch(), owned by the owner of the tables.';

REVOKE ALL ON FUNCTION cdp_internal.init_restitch() FROM PUBLIC;
