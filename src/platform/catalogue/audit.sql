-- The audit: who did what with whose data.  Rows are written by a function alone, so the roles that are audited can
-- add rows under their own names, and change none.

CREATE FUNCTION cdp_internal.init_audit() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.audit (
		audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		at timestamptz NOT NULL,
		role name NOT NULL,
		login name NOT NULL,
		action text COLLATE "C" NOT NULL CHECK (action ~ '^[a-z][a-z_]{0,62}$'),
		subjects bigint[] NOT NULL CHECK (array_position(subjects, NULL) IS NULL),
		detail jsonb NOT NULL CHECK (jsonb_typeof(detail) = 'object'));
	-- what was done with a person
	CREATE INDEX audit_subjects_idx ON cdp_data.audit USING gin (subjects);
	COMMENT ON TABLE cdp_data.audit IS
		'Who did what with whose data: each call that exports, erases, holds or grants. Written by '
		'cdp_data.record_audit() alone: stewards read it, and only the owner of the tables could change it.';
	COMMENT ON COLUMN cdp_data.audit.audit_id IS
		'Number of the row. Calls that were rolled back leave gaps; the server log has them.';
	COMMENT ON COLUMN cdp_data.audit.at IS 'When, by the clock of the server.';
	COMMENT ON COLUMN cdp_data.audit.role IS
		'The role of the session: the one of SET ROLE, else that of the login; not that of a function with SECURITY '
		'DEFINER.';
	COMMENT ON COLUMN cdp_data.audit.login IS 'The role that logged in (session_user).';
	COMMENT ON COLUMN cdp_data.audit.action IS 'What was done, by the name of the function.';
	COMMENT ON COLUMN cdp_data.audit.subjects IS
		'profile_id of the people concerned, as they were numbered then; empty: none, or not of single people.';
	COMMENT ON COLUMN cdp_data.audit.detail IS 'What else there is to say: arguments and counts, no identifiers.';

	-- SECURITY DEFINER, because no role that is audited may write the table.  Made here, so that it runs as the owner
	-- of the tables.  Who calls, and when, is what the server says, not an argument.
	CREATE FUNCTION cdp_data.record_audit(action text, subjects bigint[] DEFAULT '{}', detail jsonb DEFAULT '{}')
		RETURNS bigint
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
	AS $body$
	DECLARE
		acting name := coalesce(nullif(current_setting('role'), 'none'), session_user);
		recorded bigint;
	BEGIN
		IF action IS NULL OR action !~ '^[a-z][a-z_]{0,62}$' THEN
			RAISE EXCEPTION '"%" cannot be the name of an action', coalesce(action, '')
				USING ERRCODE = 'invalid_parameter_value',
				HINT = 'It is up to 63 lower-case letters and underscores.';
		ELSIF array_position(subjects, NULL) IS NOT NULL THEN
			RAISE EXCEPTION 'subjects must not hold NULL' USING ERRCODE = 'null_value_not_allowed';
		ELSIF jsonb_typeof(detail) <> 'object' THEN
			RAISE EXCEPTION 'detail must be an object' USING ERRCODE = 'invalid_parameter_value';
		END IF;
		INSERT INTO cdp_data.audit AS a (at, role, login, action, subjects, detail)
		VALUES (clock_timestamp(), acting, session_user, record_audit.action,
			coalesce(record_audit.subjects, '{}'), coalesce(record_audit.detail, '{}'))
		RETURNING a.audit_id INTO STRICT recorded;
		-- a copy where the owner of the tables cannot change it, and where a rollback does not take it back
		RAISE LOG 'audit %: % by role "%", login "%"', recorded, action, acting, session_user
			USING DETAIL = format('Profiles: %s.', coalesce(nullif(array_to_string(subjects, ', '), ''), 'none'));
		RETURN recorded;
	END
	$body$;
	REVOKE ALL ON FUNCTION cdp_data.record_audit(text, bigint[], jsonb) FROM PUBLIC;
	COMMENT ON FUNCTION cdp_data.record_audit(text, bigint[], jsonb) IS
		'Internal: adds a row to cdp_data.audit, with the role, the login and the time that the server knows, and a '
		'message to the server log, which a rollback does not take back. Returns audit_id. Errors: an action that is '
		'no lower-case name, a detail that is no object (22023); a NULL among the subjects (22004).';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_audit() IS 'Internal: makes the table of the audit, and what writes it.';

REVOKE ALL ON FUNCTION cdp_internal.init_audit() FROM PUBLIC;
