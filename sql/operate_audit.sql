-- The audit: the role, the login and the time are what the server says; a steward adds rows by the function alone, and
-- changes none.
SELECT current_database() AS origin \gset
CREATE DATABASE cdp_audit ENCODING 'UTF8' TEMPLATE template0;
\c cdp_audit
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE EXTENSION cdp;
CREATE ROLE regress_cdp_audit_owner;
SELECT cdp.init('regress_cdp_audit_owner');
CREATE ROLE regress_cdp_audit_steward;
CREATE ROLE regress_cdp_audit_analyst;
SELECT cdp.grant_access('regress_cdp_audit_steward', 'steward'), cdp.grant_access('regress_cdp_audit_analyst', 'analyst');
CREATE VIEW public.seen AS SELECT audit_id, at BETWEEN now() AND clock_timestamp() AS now, role, login = session_user AS login, action, subjects, detail FROM cdp.audit WHERE action <> 'grant_access';
GRANT SELECT ON public.seen TO PUBLIC;

SET ROLE regress_cdp_audit_steward;
BEGIN;
SELECT cdp_data.record_audit('export_person', '{3,4}', '{"format": "json"}');
SELECT cdp_data.record_audit('hold');
SELECT cdp_data.record_audit('hold', NULL, NULL);
SELECT * FROM public.seen ORDER BY audit_id;
COMMIT;
-- a role is not what a function, or a setting, makes of it
RESET ROLE;
CREATE FUNCTION public.as_owner() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN cdp_data.record_audit('through'); END $$;
CREATE FUNCTION public.with_settings() RETURNS bigint LANGUAGE plpgsql SET search_path = public SET log_min_messages = fatal AS
	$$ BEGIN RETURN cdp_data.record_audit('under_settings'); END $$;
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT timestamptz ''2001-01-01''';
CREATE FUNCTION public.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT 'another' $$;
GRANT CREATE ON SCHEMA public TO regress_cdp_audit_steward;
SET ROLE regress_cdp_audit_steward;
SET search_path = public, pg_catalog;
SELECT public.as_owner() > 0, cdp_data.record_audit('under_a_path') > 0;
SELECT public.with_settings();
RESET search_path;
SET role = 'regress_cdp_audit_owner';
SELECT set_config('role', 'no_such_role', false);
RESET ROLE;
SELECT cdp_data.record_audit('as_the_login') > 0;
SELECT action, CASE role WHEN session_user THEN 'the login' ELSE role END AS role, login = session_user AS login, at > '2026-01-01' AS clock FROM cdp.audit WHERE audit_id > 5 ORDER BY audit_id;

-- no other way
SET ROLE regress_cdp_audit_steward;
INSERT INTO cdp_data.audit (at, role, login, action, subjects, detail) VALUES (now(), 'x', 'x', 'x', '{}', '{}');
INSERT INTO cdp.audit (at, role, login, action, subjects, detail) VALUES (now(), 'x', 'x', 'x', '{}', '{}');
UPDATE cdp_data.audit SET role = 'another';
UPDATE cdp.audit SET role = 'another';
DELETE FROM cdp_data.audit;
DELETE FROM cdp.audit;
TRUNCATE cdp_data.audit;
MERGE INTO cdp_data.audit a USING (SELECT 1) s ON a.audit_id = 1 WHEN MATCHED THEN DELETE;
SELECT * FROM cdp.audit FOR UPDATE;
BEGIN;
LOCK TABLE cdp_data.audit IN ACCESS EXCLUSIVE MODE;
ROLLBACK;
CREATE TRIGGER t BEFORE INSERT ON cdp_data.audit FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
ALTER TABLE cdp_data.audit DISABLE TRIGGER ALL;
DROP FUNCTION cdp_data.record_audit(text, bigint[], jsonb);
SELECT setval('cdp_data.audit_audit_id_seq', 1);
SELECT nextval('cdp_data.audit_audit_id_seq');
-- nor by granting it
GRANT UPDATE ON cdp_data.audit TO regress_cdp_audit_analyst;
-- bad calls
SELECT cdp_data.record_audit(NULL);
SELECT cdp_data.record_audit(E'hold\nLOG:  audit 1: hold by role "x"');
SELECT cdp_data.record_audit('hold', '{1,NULL}');
SELECT cdp_data.record_audit('hold', '{1}', '[]');
SET ROLE regress_cdp_audit_analyst;
SELECT * FROM cdp.audit;
SELECT cdp_data.record_audit('hold');
RESET ROLE;
SELECT count(*) FROM cdp.audit;
-- who had to do with a person
SELECT audit_id, action FROM cdp.audit WHERE subjects @> '{4}';
-- stewards are not left with rights to it
SELECT cdp.revoke_access('regress_cdp_audit_steward', 'steward');
SELECT has_table_privilege('regress_cdp_audit_steward', 'cdp_data.audit', 'SELECT'), has_function_privilege('regress_cdp_audit_steward', 'cdp_data.record_audit(text, bigint[], jsonb)', 'EXECUTE');

\c :origin
DROP DATABASE cdp_audit;
DROP ROLE regress_cdp_audit_owner, regress_cdp_audit_steward, regress_cdp_audit_analyst;
