-- Statistics of the tables for the planner: gathered after a first load, and never of personal data.

-- Statistics show values to all roles that may read the column, long after the row is deleted.
CREATE FUNCTION cdp_internal.hide_statistics() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	hidden record;
BEGIN
	FOR hidden IN
		SELECT c.schemas[1] AS schema_name, c.name, p.key AS col
		FROM cdp_internal.catalogue() c CROSS JOIN LATERAL jsonb_object_keys(c.personal) AS p (key)
	LOOP
		EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN %I SET STATISTICS 0',
			hidden.schema_name, hidden.name, hidden.col);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.hide_statistics() IS 'Internal: keeps personal data out of pg_stats.';

CREATE FUNCTION cdp_internal.init_statistics() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.hide_statistics();
	-- SECURITY DEFINER because only the owner of a table may analyze it, and verdicts run as any steward.  Made here,
	-- like cdp_data.add_event_month(), so that it runs as that owner.  It takes no arguments.
	CREATE FUNCTION cdp_data.gather_statistics() RETURNS void
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	DECLARE
		grown regclass;
	BEGIN
		PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
		-- tables never analyzed, or ten times as large as then; not small ones
		FOR grown IN
			SELECT c.oid FROM pg_class c JOIN pg_class o ON o.oid = 'cdp_data.state'::regclass
			WHERE c.relnamespace = 'cdp_data'::regnamespace AND c.relkind = 'r' AND c.relowner = o.relowner
			  AND pg_relation_size(c.oid) >= current_setting('block_size')::bigint
				* CASE WHEN c.reltuples < 0 THEN 8 ELSE 10 * greatest(c.relpages, 1) END
		LOOP
			-- do not wait for a lock
			EXECUTE format('ANALYZE (SKIP_LOCKED) %s', grown);
		END LOOP;
		-- the partitioned table, which samples all months
		IF EXISTS (SELECT FROM pg_class p WHERE p.oid = 'cdp_data.event'::regclass
				   AND 10 * greatest(p.reltuples, 1) < (
						SELECT sum(c.reltuples) FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
						WHERE h.inhparent = p.oid)) THEN
			ANALYZE (SKIP_LOCKED) cdp_data.event;
		END IF;
	END
	$body$;
	REVOKE ALL ON FUNCTION cdp_data.gather_statistics() FROM PUBLIC;
	COMMENT ON FUNCTION cdp_data.gather_statistics() IS
		'Internal: analyzes the tables that were never analyzed, or are ten times as large as then.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_statistics() IS
	'Internal: hides personal data from statistics, and makes the function that gathers them, owned by the owner of '
	'the tables.';

REVOKE ALL ON FUNCTION cdp_internal.hide_statistics(), cdp_internal.init_statistics() FROM PUBLIC;
