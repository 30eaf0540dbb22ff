-- The rights of writers, analysts and stewards.

CREATE FUNCTION cdp_internal.writer_rights() RETURNS TABLE (privileges text, objects text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 4
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY VALUES
		('USAGE', 'SCHEMA cdp'),
		('EXECUTE', 'FUNCTION cdp.ingest(text, text), cdp.ingest(jsonb, text)');
	RETURN QUERY
		SELECT format('INSERT (%s)', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)),
			a.attrelid::regclass::text
		FROM pg_attribute a WHERE a.attrelid IN ('cdp.inbox'::regclass, 'cdp.inbox_raw'::regclass)
			AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'written_by' GROUP BY a.attrelid;
END
$function$;
COMMENT ON FUNCTION cdp_internal.writer_rights() IS
	'Internal: returns the privileges of a writer: INSERT on all columns of the inboxes except written_by.';

-- INSERT on a whole inbox would include the column written_by, so it is revoked first.  Rights granted by others stay;
-- with them the role cannot be bound.
CREATE FUNCTION cdp_internal.grant_writer(role name, sources text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	inbox regclass;
	given record;
BEGIN
	FOREACH inbox IN ARRAY ARRAY['cdp.inbox', 'cdp.inbox_raw']::regclass[] LOOP
		IF sources IS NOT NULL OR NOT has_table_privilege(role, inbox, 'INSERT WITH GRANT OPTION') THEN
			EXECUTE format('REVOKE INSERT ON %s FROM %I', inbox, role);
		END IF;
		IF sources IS NOT NULL AND has_column_privilege(role, inbox, 'written_by', 'INSERT') THEN
			RAISE EXCEPTION 'role "%" cannot be bound to sources', role USING ERRCODE = 'invalid_grant_operation',
				DETAIL = format('It may write to all columns of %s, so its rows can name any writer.', inbox),
				HINT = 'A superuser, the owner of the tables or a steward, or a member of one, cannot be bound; '
					'revoke other rights that give it INSERT on the table.';
		END IF;
	END LOOP;
	FOR given IN SELECT r.* FROM cdp_internal.writer_rights() r LOOP
		EXECUTE format('GRANT %s ON %s TO %I', given.privileges, given.objects, role);
	END LOOP;
	INSERT INTO cdp_data.writer AS w (role, sources)
	VALUES (grant_writer.role, cdp_internal.read_sources(grant_writer.sources))
	ON CONFLICT ON CONSTRAINT writer_pkey DO UPDATE SET sources = excluded.sources;
END
$function$;
COMMENT ON FUNCTION cdp_internal.grant_writer(name, text[]) IS
	'Internal: makes a role a writer of these sources; NULL: of any source.';

CREATE FUNCTION cdp_internal.read_sources(sources text[]) RETURNS text[]
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF cardinality(sources) = 0 THEN
		RAISE EXCEPTION 'sources must not be empty' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'NULL stands for any source.';
	END IF;
	PERFORM cdp_internal.check_source_name(cdp_internal.account_id(u.source)) FROM unnest(sources) AS u (source);
	RETURN ARRAY(SELECT DISTINCT cdp_internal.account_id(u.source) FROM unnest(sources) AS u (source) ORDER BY 1);
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_sources(text[]) IS
	'Internal: returns the argument sources of cdp.grant_access() as it is stored in cdp_data.writer; raises an error '
	'if it is not valid.';

-- Not ALL TABLES, because a view that its owner does not share would be an error.
CREATE FUNCTION cdp_internal.granted_segments() RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class c
		WHERE c.relnamespace = to_regnamespace('cdp_segment') AND c.relkind = 'v'
			AND has_table_privilege(c.oid, 'SELECT WITH GRANT OPTION'));
END
$function$;
COMMENT ON FUNCTION cdp_internal.granted_segments() IS
	'Internal: lists the views of segments that the caller may grant; NULL if there are none.';

CREATE FUNCTION cdp_internal.analyst_rights() RETURNS TABLE (privileges text, objects text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY VALUES
		('USAGE', 'SCHEMA cdp, cdp_internal, cdp_data'),
		('SELECT', 'cdp.profiles, cdp.events, cdp.messages, cdp.identifiers, cdp.sources, cdp.profile_row,
			cdp.near_shared, cdp.shared_identifiers, cdp.refused_traits, cdp.refused_links, cdp.outvoted,
			cdp.identifier_periods,
			cdp.open_cases, cdp.accounts, cdp.account_row, cdp.account_membership, cdp.account_trait,
			cdp.account_members, cdp.membership, cdp.computed_trait, cdp.progress,
			cdp.change, cdp.change_outbox, cdp.consent, cdp.signal, cdp.people, cdp.people_events'),
		('EXECUTE', 'FUNCTION
			cdp.attribution_table(cdp.step, text, text[], cdp.step, interval, text[], timestamptz, timestamptz, text,
				text[], integer, text, text, timestamptz),
			cdp.events_at(timestamptz), cdp.explain(bigint, bigint),
			cdp.explain(cdp.identifier, cdp.identifier), cdp.explain(text, text), cdp.find_identifier(text),
			cdp.funnel_table(cdp.sequence, timestamptz, timestamptz, text, text, cdp.funnel_mode, text, interval[],
				interval, text[], integer, text, text, timestamptz),
			cdp.why(text, bigint), cdp.why(text, cdp.identifier), cdp.why(text, text),
			cdp_internal.why(text, bigint, text), cdp.why_account(text, text), cdp.lookup_account(text),
			cdp.accounts_in(text), cdp.is_account_in(text, text), cdp.account_trait_values(text),
			cdp_internal.account_memberships(text[]), cdp_internal.account_id(text),
			cdp_internal.account_people_max(), cdp_internal.account_calls_max(), cdp_internal.check_people(text[]),
			cdp.is_member(text, bigint), cdp.is_member(text, cdp.identifier), cdp.is_member(text, text),
			cdp_internal.memberships(), cdp.trait_values(text), cdp_internal.computed_json(text, text),
			cdp.lookup(bigint, text, integer),
			cdp.lookup(cdp.identifier, text, integer), cdp.lookup(text, text, integer), cdp.members(text),
			cdp.members(text, timestamptz), cdp.held_out(text), cdp.backtest_segment(text, timestamptz),
			cdp_internal.backtest(text, timestamptz, bigint), cdp_internal.backtest_limits(bigint),
			cdp_internal.profile_row_at(bigint), cdp_internal.said_traits(jsonb, jsonb),
			cdp_internal.carried(text, jsonb, jsonb, jsonb), cdp_internal.whole_context(jsonb, jsonb),
			cdp_internal.account_id(text), cdp_internal.carried_rules(), cdp_internal.leaves_account(jsonb),
			cdp.segment_history(text, text, text, timestamptz, timestamptz), cdp.segment_audience(text),
			cdp.segment_overlaps(text[]), cdp.lint_segments(), cdp_internal.lint_states(), cdp_internal.lint_members(),
			cdp_internal.segment_names(), cdp_internal.lint_names(timestamptz), cdp_internal.lint_costs(timestamptz),
			cdp_internal.condition_names(text, text), cdp_internal.evaluate_segment(text, bigint[], timestamptz),
			cdp.lifecycle_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer, text, text,
				timestamptz),
			cdp.path_edges(cdp.step, cdp.step, integer, interval, timestamptz, timestamptz, boolean, integer, cdp.step,
				text[], integer, text, text, timestamptz),
			cdp.paths(cdp.step, cdp.step, integer, interval, timestamptz, timestamptz, boolean, integer, cdp.step,
				text[], integer, text, text, timestamptz),
			cdp.profile_at(bigint, timestamptz), cdp.profile_at(cdp.identifier, timestamptz),
			cdp.profile_at(text, timestamptz), cdp.profile_of(bigint), cdp.profile_of(cdp.identifier),
			cdp.profile_of(text), cdp.profile_view_problems(regclass), cdp.resolve_profile(bigint),
			cdp.resolve_profile(text),
			cdp.retention_table(cdp.step, cdp.step, text, text, timestamptz, timestamptz, integer, text, integer[],
				boolean, boolean, text, text[], integer, text, text, timestamptz),
			cdp.rfm_table(cdp.step, text, integer, timestamptz, timestamptz, text[], text, text, timestamptz),
			cdp.rules(),
			cdp.stickiness_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer, text, text,
				timestamptz),
			cdp.trait_rules(),
			cdp.trend_table(cdp.step, text, text, timestamptz, timestamptz, text, integer, interval, text[], integer,
				text,
				text, timestamptz),
			cdp_internal.bound_purposes(), cdp_internal.readable_traits(),
			cdp_internal.listed_traits(cdp.traits, text[]),
			cdp_internal.absence(boolean, bigint, bigint),
			cdp_internal.attribution_credits(cdp.timeline, cdp.step, text, cdp.step, text[], text[], interval,
				timestamptz, timestamptz, timestamptz),
			cdp_internal.markov_shares(text[], text[], boolean[], bigint[]),
			cdp_internal.check_attribution(cdp.step, text, text[], cdp.step, interval, text[], timestamptz, timestamptz,
				text, text[], timestamptz),
			cdp_internal.make_attribution_table(cdp.step, text, text[], cdp.step, interval, text[], timestamptz,
				timestamptz, text, text[], integer, text, text, timestamptz, text),
			cdp_internal.query_spend(text, text), cdp_internal.breakdown_expression(text[], text),
			cdp_internal.breakdown_properties(text[]), cdp_internal.carried(text, jsonb, jsonb, jsonb),
			cdp_internal.check_columns(), cdp_internal.check_schema(),
			cdp_internal.check_tables(), cdp_internal.click_namespaces(boolean), cdp_internal.default_max_links(text),
			cdp_internal.device_namespaces(), cdp_internal.with_max_links(jsonb, text[], integer),
			cdp_internal.default_trait_rule(text), cdp_internal.explain_path(bigint, bigint),
			cdp_internal.explain_evidence(cdp.identifier, cdp.identifier, bigint, bigint),
			cdp_internal.explain_shared(bigint, bigint), cdp_internal.known_identifier(cdp.identifier),
			cdp_internal.lookup_query(text),
			cdp_internal.check_paths(cdp.step, integer, interval, boolean, integer, text[], timestamptz),
			cdp_internal.check_retention(text, boolean, boolean, text, timestamptz, timestamptz, timestamptz),
			cdp_internal.tell_left(), cdp_internal.logged_people(cdp.step[], cdp.step[], text[]),
			cdp_internal.funnel_buckets(interval[]),
			cdp_internal.funnel_spans(text, text, timestamptz, timestamptz, interval, timestamptz),
			cdp_internal.funnel_needs(cdp.sequence, cdp.funnel_mode),
			cdp_internal.funnel_reached(text, text, text[], text),
			cdp_internal.make_funnel_table(cdp.sequence, timestamptz, timestamptz, text, text, cdp.funnel_mode, text,
				interval[], interval, text[], integer, text, text, timestamptz, text),
			cdp_internal.sequence_common(cdp.sequence), cdp_internal.sequence_events(cdp.sequence),
			cdp_internal.make_lifecycle_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer, text,
				text,
				timestamptz, text),
			cdp_internal.make_path_edges(cdp.step, cdp.step, cdp.step, integer, interval, timestamptz, timestamptz,
				boolean, integer, text[], integer, text, text, timestamptz, text),
			cdp_internal.make_paths(cdp.step, cdp.step, cdp.step, integer, interval, timestamptz, timestamptz, boolean,
				integer, text[], integer, text, text, timestamptz, text),
			cdp_internal.make_retention_table(cdp.step, cdp.step, text, text, timestamptz, timestamptz, integer, text,
				integer[], boolean, boolean, text, text[], integer, text, text, timestamptz, text),
			cdp_internal.make_rfm_table(cdp.step, text, integer, timestamptz, timestamptz, text[], text, text,
				timestamptz,
				text),
			cdp_internal.make_stickiness_table(cdp.step, text, text, timestamptz, timestamptz, text[], integer, text,
				text,
				timestamptz, text),
			cdp_internal.make_trend_table(cdp.step, text, text, timestamptz, timestamptz, text, integer, interval,
				text[],
				integer, text, text, timestamptz, text),
			cdp.consent_of(text, text, timestamptz), cdp_internal.answer_name("char"),
			cdp_internal.consent_claims(bigint, timestamptz), cdp_internal.said_of(bigint, timestamptz, smallint),
			cdp_internal.purpose_fallback(text, jsonb, text), cdp_internal.purpose_number(text),
			cdp_internal.region_code(text), cdp_internal.regions_of(text),
			cdp_internal.by_rules(cdp.identifier), cdp_internal.mailbox(cdp.identifier, text),
			cdp_internal.identifier_number(cdp.identifier),
			cdp_internal.is_member(timestamptz, timestamptz), cdp_internal.map_hash(cdp.identifier),
			cdp_internal.nearest_name(text, text[]),
			cdp_internal.needed_properties(cdp.step[], cdp.step[], text[]), cdp_internal.notice_unseen(text, text),
			cdp_internal.notice_unseen_property(text, text),
			cdp_internal.paths_query(text, text), cdp_internal.period_length(text),
			cdp_internal.period_start(timestamptz, text, text),
			cdp_internal.periods(text, text, timestamptz, timestamptz, timestamptz, boolean),
			cdp_internal.person_id(text), cdp_internal.person_identifier(text),
			cdp_internal.profile_view_column(text), cdp_internal.profile_view_value(text, text),
			cdp_internal.progress_words(bigint),
			cdp_internal.query_people(text, text, boolean), cdp_internal.read_breakdown(text[]),
			cdp_internal.read_link_counts(bytea),
			cdp_internal.refusal_reasons(bigint, bigint, boolean), cdp_internal.same_pairs(bigint),
			cdp_internal.hashed_pairs(bigint), cdp_internal.has_hashed(),
			cdp_internal.hashed_partner(cdp.identifier), cdp_internal.is_hashed_pair(cdp.identifier, cdp.identifier),
			cdp_internal.same_verdicts(cdp.identifier),
			cdp_internal.retention_began(text, text), cdp_internal.retention_offsets(integer, integer[]),
			cdp_internal.sent_message(text, text, text, text, text, text, text, jsonb, jsonb, jsonb, jsonb, timestamptz,
				timestamptz, timestamptz), cdp_internal.sent_time(timestamptz),
			cdp_internal.show_max_links(text, jsonb), cdp_internal.show_sources(),
			cdp_internal.step_events(cdp.timeline, cdp.step, cdp.step, cdp.step), cdp_internal.step_parts(cdp.step),
			cdp_internal.step_periods(cdp.timeline, cdp.step, timestamptz[], timestamptz, text[], text, timestamptz),
			cdp_internal.table_people(text, text, text, text[], cdp.step[], cdp.step[], text[]),
			cdp_internal.tables_are_whole(), cdp_internal.top_rows(text, integer),
			cdp.personal_data(text, timestamptz, timestamptz, bigint),
			cdp_internal.estimate_events(timestamptz, timestamptz), cdp_internal.personal_category(text),
			cdp_internal.personal_values(jsonb, boolean),
			cdp.quarantine_rates(text, timestamptz, timestamptz, text),
			cdp.retention_report(), cdp_internal.fixed_retentions(),
			cdp.preview_plan(text, jsonb, timestamptz, timestamptz),
			cdp_internal.check_planned(text, text, jsonb, jsonb), cdp_internal.check_source_name(text),
			cdp_internal.hint_at(text, text[]),
			cdp_internal.logged_violations(text, jsonb, timestamptz, timestamptz),
			cdp.acknowledge(text, bigint), cdp.create_consumer(text, text[], text, boolean, text[]),
			cdp.drop_consumer(text), cdp.next_changes(text, bigint), cdp.retry(text, bigint, interval),
			cdp_internal.add_waiting(integer, bigint, bigint, bigint),
			cdp_internal.change_rows(cdp_internal.consumer_row, bigint, bigint, bigint[], bigint),
			cdp_internal.change_to_retry(cdp_internal.consumer_row, bigint),
			cdp_internal.changes_of(bigint, integer[], bigint),
			cdp_internal.changes_to_hold(cdp_internal.consumer_row, bigint, bigint),
			cdp_internal.check_readable(integer[]),
			cdp_internal.check_whole(text, cdp_internal.consumer_row), cdp_internal.segment_numbers(text[], boolean),
			cdp_internal.forget_consumer(integer),
			cdp_internal.hold_back(cdp_internal.consumer_row, bigint[], bigint), cdp_internal.lock_consumer(text),
			cdp_internal.progress_row(cdp_internal.consumer_row, bigint), cdp_internal.raise_no_consumer(text),
			cdp_internal.snapshot_rows(cdp_internal.consumer_row, bigint, bigint, bigint[], bigint),
			cdp_internal.take_snapshot(integer, integer[]), cdp_internal.waiting_heads(integer),
			cdp_internal.plan_parts(jsonb), cdp_internal.planned_name(text, text),
			cdp_internal.put_back_dropped(jsonb, jsonb), cdp_internal.read_plan(jsonb),
			cdp_internal.read_planned_schema(text, jsonb),
			cdp_internal.read_whole_number(jsonb, text, integer, integer, boolean),
			cdp.plan_violations(text, timestamptz, timestamptz), cdp.plan_coverage(text, timestamptz, timestamptz),
			cdp.infer_plan(text, timestamptz, timestamptz),
			cdp_internal.planned_message(text, text, text, text, text, text, jsonb, jsonb, jsonb),
			cdp_internal.seen_types(jsonb), cdp_internal.seen_schema(text[])'),
		('USAGE', 'SCHEMA cdp_segment'),
		('SELECT', cdp_internal.granted_segments());
	RETURN QUERY SELECT c.privileges, c.objects FROM cdp_internal.consumer_rights() c;
	RETURN QUERY
		SELECT CASE WHEN c.hidden = '{}' THEN 'SELECT' ELSE (
				SELECT format('SELECT (%s)', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum))
				FROM pg_attribute a
				WHERE a.attrelid = to_regclass(format('%I.%I', s.schema_name, c.name)) AND a.attnum > 0
					AND NOT a.attisdropped AND a.attname <> ALL (c.hidden)) END,
			format('%I.%I', s.schema_name, c.name)
		FROM cdp_internal.catalogue() c
		CROSS JOIN LATERAL unnest(c.schemas) AS s (schema_name)
		WHERE 'analyst' = ANY (c.readers);
END
$function$;
COMMENT ON FUNCTION cdp_internal.analyst_rights() IS
	'Internal: returns the privileges of an analyst. objects is NULL if there are none.';

CREATE FUNCTION cdp_internal.steward_rights() RETURNS TABLE (privileges text, objects text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 50
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY VALUES
		('USAGE', 'SCHEMA cdp, cdp_internal, cdp_data'),
		('USAGE, CREATE', 'SCHEMA cdp_segment, cdp_condition'),
		('USAGE', 'SEQUENCE cdp_data.account_account_id_seq'),
		('SELECT', cdp_internal.granted_segments());
	RETURN QUERY SELECT c.privileges, c.objects FROM cdp_internal.consumer_rights() c;
	-- not TRIGGER, which would run their code as the role that refreshes; no rights on partitions are needed
	RETURN QUERY
		SELECT CASE c.stewards WHEN 'read' THEN 'SELECT' WHEN 'append' THEN 'SELECT, INSERT'
							   WHEN 'update' THEN 'SELECT, UPDATE'
							   ELSE 'SELECT, INSERT, UPDATE, DELETE' END, format('%I.%I', s.schema_name, c.name)
		FROM cdp_internal.catalogue() c CROSS JOIN LATERAL unnest(c.schemas) AS s (schema_name)
		WHERE c.stewards <> 'none'
		UNION ALL
		SELECT CASE c.relkind WHEN 'v' THEN 'SELECT' ELSE 'SELECT, UPDATE' END, c.oid::regclass::text
		FROM pg_class c
		WHERE c.relnamespace = ANY ('{cdp,cdp_data}'::regnamespace[]) AND c.relkind IN ('v', 'S')
			AND (c.relnamespace::regnamespace::text, c.relname) NOT IN (
				SELECT s.schema_name, t.name
				FROM cdp_internal.catalogue() t
				CROSS JOIN LATERAL unnest(t.schemas) AS s (schema_name))
			-- the number of an identity column needs no right to its sequence
			AND NOT EXISTS (SELECT FROM pg_depend d
							WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i'
								AND c.relkind = 'S');
	RETURN QUERY
		SELECT 'EXECUTE', 'ROUTINE ' || string_agg(p.oid::regprocedure::text, ', ')
		FROM pg_proc p
		WHERE p.pronamespace = ANY ('{cdp,cdp_internal,cdp_data}'::regnamespace[]) AND p.prokind IN ('f', 'p')
				AND p.proname !~ '^init(_|$)|^grant_owner$';
END
$function$;
COMMENT ON FUNCTION cdp_internal.steward_rights() IS
	'Internal: returns the privileges of a steward, which are granted with grant option. objects is NULL if there are '
	'none.';

CREATE FUNCTION cdp_internal.check_access(role name, kind text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role) THEN
		RAISE EXCEPTION 'role "%" does not exist', role USING ERRCODE = 'undefined_object';
	END IF;
	IF kind IS NULL OR kind NOT IN ('writer', 'analyst', 'steward') THEN
		RAISE EXCEPTION 'there is no kind of access "%"', kind USING ERRCODE = 'invalid_parameter_value',
			HINT = 'It is writer, analyst or steward.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_access(name, text) IS
	'Internal: raises an error if the role or the kind of access does not exist.';

CREATE FUNCTION cdp.grant_access(role name, kind text, sources text[] DEFAULT NULL, purpose text DEFAULT NULL,
	identifiers boolean DEFAULT NULL, traits text[] DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	given record;
BEGIN
	PERFORM cdp_internal.check_access(role, kind);
	IF sources IS NOT NULL AND kind <> 'writer' THEN
		RAISE EXCEPTION 'sources are given to a writer only' USING ERRCODE = 'invalid_parameter_value';
	ELSIF purpose IS NOT NULL AND kind <> 'analyst' THEN
		RAISE EXCEPTION 'a purpose is given to an analyst only' USING ERRCODE = 'invalid_parameter_value';
	ELSIF purpose IS NULL AND (identifiers IS NOT NULL OR traits IS NOT NULL) THEN
		RAISE EXCEPTION 'identifiers and traits are given with a purpose only'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp_data.record_audit('grant_access', detail => jsonb_strip_nulls(jsonb_build_object('role', role,
		'kind', kind, 'sources', sources, 'purpose', purpose, 'identifiers', identifiers, 'traits', traits)));
	PERFORM cdp_internal.follow_renamed_roles();
	IF purpose IS NOT NULL THEN
		PERFORM cdp_internal.grant_purpose(role, purpose, coalesce(identifiers, false), traits);
		RETURN;
	ELSIF kind <> 'writer' THEN
		PERFORM cdp_internal.check_unbound(role, kind);
	END IF;
	CASE kind
		WHEN 'writer' THEN
			PERFORM cdp_internal.grant_writer(role, sources);
		WHEN 'analyst' THEN
			FOR given IN SELECT r.* FROM cdp_internal.analyst_rights() r WHERE r.objects IS NOT NULL LOOP
				EXECUTE format('GRANT %s ON %s TO %I', given.privileges, given.objects, role);
			END LOOP;
		WHEN 'steward' THEN
			FOR given IN SELECT r.* FROM cdp_internal.steward_rights() r WHERE r.objects IS NOT NULL LOOP
				EXECUTE format('GRANT %s ON %s TO %I WITH GRANT OPTION', given.privileges, given.objects, role);
			END LOOP;
	END CASE;
	IF kind <> 'writer' AND cdp_internal.has_policies() THEN
		PERFORM cdp_data.set_policies();
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.grant_access(name, text, text[], text, boolean, text[]) IS
$comment$Grants a role what a kind of user needs; cdp.revoke_access() revokes it. PUBLIC has no rights.
writer: may insert into the inboxes, into all columns except written_by, which holds the role that wrote the row; so
INSERT and COPY must list their columns. sources: the sources that rows of the role and of its members may name; NULL:
any. A row with another source, or whose writer no longer exists, is quarantined as foreign_source. A row without a
source gets that of the writer, if there is only one. Calling it again replaces the sources. Rights of several roles
add up. A role that was renamed, or lost INSERT, is not a writer until it is granted again.
analyst: may read people, events, segments and rules, but not the inboxes and the quarantine.
With a purpose (cdp.purpose) an analyst sees only people who may be used for it now, in every query, through views,
functions and segments. identifiers => true: all that is known of these; false, the default: no column with identifiers:
cdp.people with the traits listed (none by default) and timelines with the properties that they carry,
cdp.people_events, segments, reports, and computed traits that are listed. Calling it again replaces both. A role has
one purpose: use a login for each.
steward: may do everything, including refresh() and grant_access(), except make the tables.
The first purpose puts the tables under row security; it stays on. It then hides all from roles that have rights on
tables of cdp, but no access that was granted here.
Errors: the role or the purpose does not exist (42704); an unknown kind, sources that are empty or not valid names,
sources for another kind than writer, a purpose for another than analyst (22023); a role that cannot be bound to
sources, as it may set written_by, or to a purpose, as it sees people by other ways (0LP01); a purpose before PostgreSQL
15, where views cannot have the rights of who reads them (0A000).$comment$;

CREATE FUNCTION cdp_internal.access_grantors(role name, kind text) RETURNS name[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT array_agg(DISTINCT g.rolname ORDER BY g.rolname)
		FROM cdp_internal.access_grants() a
		JOIN pg_roles r ON r.oid = a.role
		JOIN pg_roles g ON g.oid = a.grantor
		WHERE r.rolname = access_grantors.role AND a.kind = access_grantors.kind);
END
$function$;
COMMENT ON FUNCTION cdp_internal.access_grantors(name, text) IS
	'Internal: returns the roles that granted a role this kind of access; NULL: it has none. A steward has all rights '
	'of an analyst.';

CREATE FUNCTION cdp_internal.revoke_rights(role name, kind text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	is_steward boolean := cdp_internal.access_grantors(role, 'steward') IS NOT NULL;
	is_analyst boolean := cdp_internal.access_grantors(role, 'analyst') IS NOT NULL;
	was record;
	given record;
BEGIN
	SELECT w.* INTO was FROM cdp_data.writer w WHERE w.role = revoke_rights.role;
	IF kind = 'writer' THEN
		DELETE FROM cdp_data.writer w WHERE w.role = revoke_rights.role;
	END IF;
	FOR given IN
		SELECT r.*
		FROM cdp_internal.writer_rights() r
		WHERE kind = 'writer' AND (r.privileges LIKE 'INSERT%' OR NOT is_steward)
			AND (r.objects <> 'SCHEMA cdp' OR NOT is_analyst)
		UNION ALL
		SELECT r.* FROM cdp_internal.analyst_rights() r WHERE kind = 'analyst'
		UNION ALL
		SELECT r.* FROM cdp_internal.steward_rights() r WHERE kind = 'steward'
	LOOP
		CONTINUE WHEN given.objects IS NULL;
		EXECUTE format('REVOKE %s ON %s FROM %I', given.privileges, given.objects, role);
	END LOOP;
	-- rights that a writer has too
	IF kind <> 'writer' AND was.role IS NOT NULL THEN
		PERFORM cdp_internal.grant_writer(role, was.sources);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.revoke_rights(name, text) IS
	'Internal: revokes from a role the rights of a kind of access that its other kinds do not include.';

CREATE FUNCTION cdp.revoke_access(role name, kind text) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	held boolean;
	grantors name[];
BEGIN
	PERFORM cdp_internal.check_access(role, kind);
	IF EXISTS (SELECT FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
			   WHERE c.oid = 'cdp_data.state'::regclass AND r.rolname = role) THEN
		RAISE EXCEPTION 'role "%" owns the tables', role USING ERRCODE = 'invalid_parameter_value',
			DETAIL = 'The owner has all rights without a grant.';
	END IF;
	held := cdp_internal.access_grantors(role, kind) IS NOT NULL;
	IF kind = 'writer' THEN
		held := held OR EXISTS (SELECT FROM cdp_data.writer w WHERE w.role = revoke_access.role);
	ELSIF kind = 'analyst' THEN
		held := held AND cdp_internal.access_grantors(role, 'steward') IS NULL;
	END IF;
	IF NOT held THEN
		RETURN false;
	END IF;
	BEGIN
		PERFORM cdp_internal.revoke_rights(role, kind);
	EXCEPTION WHEN dependent_objects_still_exist THEN
		RAISE EXCEPTION 'role "%" has granted to others what it would lose', role
			USING ERRCODE = 'dependent_objects_still_exist',
			HINT = format('First revoke, as that role, the access that it granted: SET ROLE %I.', role);
	END;
	grantors := cdp_internal.access_grantors(role, kind);
	IF grantors IS NOT NULL THEN
		RAISE EXCEPTION 'access of role "%" was granted by another role', role USING ERRCODE = 'insufficient_privilege',
			DETAIL = format('Granted by: %s.', array_to_string(grantors, ', ')), HINT = 'Only that role can revoke it.';
	END IF;
	PERFORM cdp_data.record_audit('revoke_access', detail => jsonb_build_object('role', role, 'kind', kind));
	PERFORM cdp_internal.follow_renamed_roles();
	DELETE FROM cdp_data.purpose_role b WHERE b.role = revoke_access.role AND revoke_access.kind = 'analyst';
	IF kind <> 'writer' AND cdp_internal.has_policies() THEN
		PERFORM cdp_data.set_policies();
	END IF;
	RETURN true;
END
$function$;
COMMENT ON FUNCTION cdp.revoke_access(name, text) IS
$comment$Revokes from a role what cdp.grant_access() granted for a kind (writer, analyst, steward). Returns true; false
if the role itself did not have that access. Rights that another kind of the role includes stay. A steward has all
rights of an analyst, so nothing is revoked from a steward as an analyst, and a former steward is not an analyst until
that is granted again. Views of segments that a steward made stay its own. Rows that a former writer left in the
inboxes are quarantined as foreign_source.
Errors: the role does not exist (42704); an unknown kind, or the owner of the tables (22023); a steward that has
granted rights to others (2BP01); access that another role granted, which only that role can revoke (42501). After an
error nothing is changed.$comment$;

REVOKE ALL ON FUNCTION cdp_internal.writer_rights(), cdp_internal.grant_writer(name, text[]),
	cdp_internal.read_sources(text[]), cdp_internal.granted_segments(), cdp_internal.analyst_rights(),
	cdp_internal.steward_rights(), cdp_internal.check_access(name, text),
	cdp.grant_access(name, text, text[], text, boolean, text[]),
	cdp_internal.access_grantors(name, text), cdp_internal.revoke_rights(name, text),
	cdp.revoke_access(name, text) FROM PUBLIC;
