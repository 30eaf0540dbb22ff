-- Who may touch what.

CREATE FUNCTION cdp.grant(role name, kind text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	statement text;
	statements text[];
BEGIN
	PERFORM cdp.check_tables();
	IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
		RAISE EXCEPTION 'role "%" does not exist', role USING ERRCODE = 'undefined_object';
	END IF;
	CASE kind
		WHEN 'writer' THEN statements := ARRAY[
			'GRANT USAGE ON SCHEMA cdp TO %1$I',
			'GRANT INSERT ON cdp.inbox, cdp.inbox_raw TO %1$I',
			'GRANT EXECUTE ON FUNCTION cdp.ingest(text, text) TO %1$I'];
		WHEN 'analyst' THEN statements := ARRAY[
			'GRANT USAGE ON SCHEMA cdp TO %1$I',
			'GRANT SELECT ON cdp.profiles, cdp.events, cdp.identities, cdp.quarantine, cdp.source, cdp.batch, cdp.namespace, cdp.state,
				cdp.profile_row, cdp.segment, cdp.identifier_map, cdp.identity, cdp.identity_history, cdp.anchor_history, cdp.link, cdp.verdict, cdp.profile, cdp.event,
				cdp.near_shared, cdp.trait_rule, cdp.refused_traits, cdp.refused_links, cdp.outvoted, cdp.identity_periods, cdp.carried_number,
				cdp.matter_event, cdp.open_matters, cdp.account, cdp.account_member, cdp.accounts, cdp.account_members, cdp.profile_view TO %1$I',
			'GRANT EXECUTE ON FUNCTION cdp.check_tables(), cdp.trait_rules(), cdp.profile_of(cdp.identifier), cdp.profile_of(bigint), cdp.resolve_profile(bigint),
				cdp.lookup(cdp.identifier, text, integer), cdp.lookup(text, text, integer), cdp.lookup(bigint, text, integer),
				cdp.lookup_list(text),
				cdp.profile_view_problems(regclass), cdp.profile_view_column(text), cdp.profile_view_value(text, text), cdp.lookup_segments(), cdp.lookup_part(text, text[]), cdp.lookup_query(text[], boolean, text[]),
				cdp.segment_view(text), cdp.members(text), cdp.is_member(text, bigint), cdp.explain(cdp.identifier, cdp.identifier), cdp.explain_path(bigint, bigint), cdp.explain_shared(bigint, bigint),
				cdp.profile_at(cdp.identifier, timestamptz), cdp.events_at(timestamptz), cdp.table_people(text, text, text),
				cdp.funnel_table(text[], interval, timestamptz, timestamptz, text, text, text, text, timestamptz),
				cdp.retention_table(text, text, text, text, timestamptz, timestamptz, integer, text, text, text, timestamptz),
				cdp.paths(text, text, integer, interval, timestamptz, timestamptz, boolean, integer, text, text, timestamptz) TO %1$I',
			'GRANT USAGE ON SCHEMA cdp_segment TO %1$I',
			'GRANT SELECT ON ALL TABLES IN SCHEMA cdp_segment TO %1$I'];
		WHEN 'steward' THEN statements := ARRAY[
			'GRANT USAGE ON SCHEMA cdp TO %1$I WITH GRANT OPTION',
			'GRANT USAGE, CREATE ON SCHEMA cdp_segment TO %1$I WITH GRANT OPTION',
			-- not TRIGGER, which would run their code as whoever refreshes; not partitions, which need no rights of their own
			(SELECT format('GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON %s TO %%1$I WITH GRANT OPTION', string_agg(c.oid::regclass::text, ', '))
			 FROM pg_class c WHERE c.relnamespace = 'cdp'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition),
			'GRANT SELECT ON ALL TABLES IN SCHEMA cdp_segment TO %1$I WITH GRANT OPTION',
			'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA cdp TO %1$I WITH GRANT OPTION'];
		ELSE
			RAISE EXCEPTION 'there is no kind of access "%"', kind USING ERRCODE = 'invalid_parameter_value',
				HINT = 'It is writer, analyst or steward.';
	END CASE;
	FOREACH statement IN ARRAY statements LOOP
		EXECUTE format(statement, role);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp.grant(name, text) IS
	'Gives a role what a kind of user needs. writer: insert into the inboxes, nothing else. analyst: read people, events and segments. steward: everything, refresh() and grant() included. Nothing is open to PUBLIC.';

REVOKE ALL ON FUNCTION cdp.grant(name, text) FROM PUBLIC;

