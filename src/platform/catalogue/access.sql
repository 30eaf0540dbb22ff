-- The table of roles that see people for one purpose only.

CREATE FUNCTION cdp_internal.init_purpose_role() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.purpose_role (
		role name PRIMARY KEY,
		purpose_id smallint NOT NULL CHECK (purpose_id BETWEEN 0 AND 62),
		identifiers boolean NOT NULL,
		traits text[] NOT NULL DEFAULT '{}' CHECK (array_position(traits, NULL) IS NULL),
		CHECK (NOT identifiers OR traits = '{}'));
	COMMENT ON TABLE cdp_data.purpose_role IS
		'The roles that are bound to a purpose by cdp.grant_access(): each sees the people who may be used for it. The '
		'policies on the tables are made from it.';
	COMMENT ON COLUMN cdp_data.purpose_role.role IS 'The role.';
	COMMENT ON COLUMN cdp_data.purpose_role.purpose_id IS 'Number of the purpose.';
	COMMENT ON COLUMN cdp_data.purpose_role.identifiers IS
		'Whether it may read identifiers, and all else that is known of these people.';
	COMMENT ON COLUMN cdp_data.purpose_role.traits IS 'Without identifiers: the traits that it may read.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_purpose_role() IS
	'Internal: makes the table of roles that are bound to a purpose.';

REVOKE ALL ON FUNCTION cdp_internal.init_purpose_role() FROM PUBLIC;
