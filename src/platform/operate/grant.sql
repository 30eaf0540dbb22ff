-- Who may touch what.

-- A writer may set every column of the inboxes but written_by; a right on a whole table would give that
-- too, so it is taken back first.  What others have given stays, and then the role cannot be bound.
CREATE FUNCTION cdp.grant_writer(role name, sources text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	inbox record;
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA cdp TO %I', role);
	EXECUTE format('GRANT EXECUTE ON FUNCTION cdp.ingest(text, text) TO %I', role);
	FOR inbox IN
		SELECT a.attrelid::regclass AS name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
		FROM pg_attribute a WHERE a.attrelid IN ('cdp.inbox'::regclass, 'cdp.inbox_raw'::regclass)
			AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'written_by' GROUP BY a.attrelid
	LOOP
		IF sources IS NOT NULL OR NOT has_table_privilege(role, inbox.name, 'INSERT WITH GRANT OPTION') THEN
			EXECUTE format('REVOKE INSERT ON %s FROM %I', inbox.name, role);
		END IF;
		EXECUTE format('GRANT INSERT (%s) ON %s TO %I', inbox.columns, inbox.name, role);
		IF sources IS NOT NULL AND has_column_privilege(role, inbox.name, 'written_by', 'INSERT') THEN
			RAISE EXCEPTION 'role "%" cannot be bound to sources', role USING ERRCODE = 'invalid_grant_operation',
				DETAIL = format('It may write to all columns of %s, so its rows can name any writer.', inbox.name),
				HINT = 'A superuser, the tables'' owner or a steward, or a member of one, is no writer to bind; '
					'revoke what else gives it INSERT on the table.';
		END IF;
	END LOOP;
	INSERT INTO cdp.writer AS w (role, sources) VALUES (grant_writer.role, cdp.read_sources(grant_writer.sources))
	ON CONFLICT ON CONSTRAINT writer_pkey DO UPDATE SET sources = excluded.sources;
END
$function$;
COMMENT ON FUNCTION cdp.grant_writer(name, text[]) IS 'Internal: makes a role a writer, of these sources, or with NULL of any.';

CREATE FUNCTION cdp.read_sources(sources text[]) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF cardinality(sources) = 0 THEN
		RAISE EXCEPTION 'sources must not be empty' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'NULL stands for any source.';
	END IF;
	PERFORM cdp.check_source(cdp.account_id(u.source), NULL, NULL) FROM unnest(sources) AS u (source);
	RETURN ARRAY(SELECT DISTINCT cdp.account_id(u.source) FROM unnest(sources) AS u (source) ORDER BY 1);
END
$function$;
COMMENT ON FUNCTION cdp.read_sources(text[]) IS
	'Internal: the argument sources of cdp.grant_access() as cdp.writer keeps it; an error where it makes no sense.';

-- not ALL TABLES: one that somebody keeps to themselves would be an error
CREATE FUNCTION cdp.grant_segments() RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN 'GRANT SELECT ON ' || replace(string_agg(c.oid::regclass::text, ', '), '%', '%%') || ' TO %1$I'
	FROM pg_class c WHERE c.relnamespace = to_regnamespace('cdp_segment') AND c.relkind = 'v'
		AND has_table_privilege(c.oid, 'SELECT WITH GRANT OPTION');
END
$function$;
COMMENT ON FUNCTION cdp.grant_segments() IS
	'Internal: the statement that gives role %1$I the views of segments which the caller may hand on; NULL where there are none.';

CREATE FUNCTION cdp.grant_access(role name, kind text, sources text[] DEFAULT NULL) RETURNS void
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
	IF sources IS NOT NULL AND kind IS DISTINCT FROM 'writer' THEN
		RAISE EXCEPTION 'sources are given to a writer only' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	CASE kind
		WHEN 'writer' THEN
			PERFORM cdp.grant_writer(role, sources);
			RETURN;
		WHEN 'analyst' THEN statements := ARRAY[
			'GRANT USAGE ON SCHEMA cdp TO %1$I',
			'GRANT SELECT ON cdp.profiles, cdp.events, cdp.identities, cdp.source, cdp.batch, cdp.namespace, cdp.state,
				cdp.profile_row, cdp.segment, cdp.identifier_map, cdp.identity, cdp.identity_history, cdp.anchor_history, cdp.link, cdp.verdict, cdp.profile, cdp.event,
				cdp.near_shared, cdp.shared_identifiers, cdp.seen_name, cdp.trait_rule, cdp.refused_traits, cdp.refused_links, cdp.outvoted, cdp.identity_periods, cdp.carried_number,
				cdp.case_event, cdp.open_cases, cdp.account, cdp.accounts, cdp.account_members, cdp.profile_view TO %1$I',
			'GRANT EXECUTE ON FUNCTION cdp.check_tables(), cdp.trait_rules(), cdp.profile_of(cdp.identifier), cdp.profile_of(bigint), cdp.resolve_profile(bigint),
				cdp.notice_unseen(text, text), cdp.nearest_name(text, text[]), cdp.person_id(text), cdp.profile_of(text), cdp.resolve_profile(text), cdp.person_identifier(text), cdp.explain(text, text),
				cdp.explain(bigint, bigint), cdp.profile_at(text, timestamptz), cdp.profile_at(bigint, timestamptz),
				cdp.lookup(cdp.identifier, text, integer), cdp.lookup(text, text, integer), cdp.lookup(bigint, text, integer),
				cdp.lookup_list(text),
				cdp.profile_view_problems(regclass), cdp.profile_view_column(text), cdp.profile_view_value(text, text), cdp.lookup_part(text), cdp.lookup_query(text[], boolean),
				cdp.members(text), cdp.is_member(text, bigint), cdp.explain(cdp.identifier, cdp.identifier), cdp.explain_path(bigint, bigint), cdp.explain_shared(bigint, bigint),
				cdp.profile_at(cdp.identifier, timestamptz), cdp.events_at(timestamptz), cdp.table_people(text, text, text, text), cdp.query_people(text, text),
				cdp.make_funnel_table(text[], interval, timestamptz, timestamptz, text, text, text, text, timestamptz, text),
				cdp.make_retention_table(text, text, text, text, timestamptz, timestamptz, integer, text, text, text, timestamptz, text),
				cdp.make_paths(text, text, integer, interval, timestamptz, timestamptz, boolean, integer, text, text, timestamptz, text),
				cdp.funnel_table(text[], interval, timestamptz, timestamptz, text, text, text, text, timestamptz),
				cdp.retention_table(text, text, text, text, timestamptz, timestamptz, integer, text, text, text, timestamptz),
				cdp.paths(text, text, integer, interval, timestamptz, timestamptz, boolean, integer, text, text, timestamptz) TO %1$I',
			'GRANT USAGE ON SCHEMA cdp_segment TO %1$I',
			cdp.grant_segments()];
		WHEN 'steward' THEN statements := ARRAY[
			'GRANT USAGE ON SCHEMA cdp TO %1$I WITH GRANT OPTION',
			'GRANT USAGE, CREATE ON SCHEMA cdp_segment TO %1$I WITH GRANT OPTION',
			-- not TRIGGER, which would run their code as whoever refreshes; not partitions, which need no rights of their own;
			-- what only ever grows cannot be rewritten, and the rows of state and inbox_mark neither made nor taken away
			(SELECT string_agg(format('GRANT %s ON %s TO %%1$I WITH GRANT OPTION', CASE
				WHEN c.relkind = 'v' THEN 'SELECT' WHEN c.relkind = 'S' OR c.relname IN ('state', 'inbox_mark')
					THEN 'SELECT, UPDATE'
				WHEN c.relname IN ('batch', 'message', 'identity_history', 'anchor_history') THEN 'SELECT, INSERT'
				ELSE 'SELECT, INSERT, UPDATE, DELETE' END, c.oid::regclass), '; ')
			 FROM pg_class c WHERE c.relnamespace = 'cdp'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
				AND NOT c.relispartition),
			cdp.grant_segments() || ' WITH GRANT OPTION',
			(SELECT format('GRANT EXECUTE ON FUNCTION %s TO %%1$I WITH GRANT OPTION',
				string_agg(p.oid::regprocedure::text, ', '))
			 FROM pg_proc p WHERE p.pronamespace = 'cdp'::regnamespace AND p.prokind = 'f' AND p.proname !~ '^init(_|$)')];
		ELSE
			RAISE EXCEPTION 'there is no kind of access "%"', kind USING ERRCODE = 'invalid_parameter_value',
				HINT = 'It is writer, analyst or steward.';
	END CASE;
	FOREACH statement IN ARRAY statements LOOP
		CONTINUE WHEN statement IS NULL;
		EXECUTE format(statement, role);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp.grant_access(name, text, text[]) IS
$comment$Gives a role what a kind of user needs. Nothing is open to PUBLIC.
writer: to insert into the inboxes, every column but written_by, which holds the role that wrote the row; so INSERT and COPY name the columns. sources: the feeds that rows of the role, and of its members, may name; NULL: any. A row that names another, or whose writer is gone, is quarantined as foreign_source; where it names none and there is one source only, it is of that one. Given again, sources replace the former ones. Rights of several roles add up. A role that is renamed, or may not insert any more, is no writer until it is given the rights again.
analyst: to read people, events and segments; neither the inboxes nor the quarantine.
steward: everything, refresh() and grant() included, but to make the tables.
Errors: no such role (42704), no such kind, sources that are empty or no names of sources, sources for another kind than writer (22023); a role that cannot be bound, as it may set written_by (0LP01).$comment$;

REVOKE ALL ON FUNCTION cdp.grant_writer(name, text[]), cdp.read_sources(text[]), cdp.grant_segments(),
	cdp.grant_access(name, text, text[]) FROM PUBLIC;
