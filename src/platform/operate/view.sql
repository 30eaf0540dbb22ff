-- Tables that people read, and stewards repair, as views of schema cdp.

CREATE FUNCTION cdp_internal.init_views() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	shown name;
	described record;
BEGIN
	FOR shown IN SELECT c.name FROM cdp_internal.catalogue() c WHERE c.schemas = '{cdp_data,cdp}' LOOP
		EXECUTE format('CREATE VIEW cdp.%1$I AS SELECT * FROM cdp_data.%1$I', shown);
		EXECUTE format('COMMENT ON VIEW cdp.%I IS %L',
			shown, obj_description(format('cdp_data.%I', shown)::regclass, 'pg_class'));
		FOR described IN
			SELECT a.attname, col_description(a.attrelid, a.attnum) AS comment FROM pg_attribute a
			WHERE a.attrelid = format('cdp_data.%I', shown)::regclass AND a.attnum > 0 AND NOT a.attisdropped
		LOOP
			EXECUTE format('COMMENT ON COLUMN cdp.%I.%I IS %L', shown, described.attname, described.comment);
		END LOOP;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_views() IS
	'Internal: makes a view in schema cdp of each table that the catalogue shows there, with the comments of the '
	'table.';

REVOKE ALL ON FUNCTION cdp_internal.init_views() FROM PUBLIC;
