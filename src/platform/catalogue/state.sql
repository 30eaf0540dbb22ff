-- The version of the tables, how far the refreshes have come, and what each refresh did.

CREATE FUNCTION cdp.tables_version() RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1;
COMMENT ON FUNCTION cdp.tables_version() IS 'Returns the version of the tables that this release works with.';

CREATE FUNCTION cdp_internal.check_schema() RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_check_schema' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.check_schema() IS
	'Internal: raises an error if the tables are missing, or if the owner of their schema may not create objects in '
	'schema cdp, so that cdp.init() did not make it. Each function that reads tables calls it, or '
	'cdp_internal.check_tables(), first.';

CREATE FUNCTION cdp_internal.tables_are_whole() RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_tables_are_whole' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.tables_are_whole() IS
	'Internal: returns whether the tables have the columns of the types that the extension makes.';

CREATE FUNCTION cdp_internal.check_columns() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_schema();
	IF NOT cdp_internal.tables_are_whole() THEN
		RAISE EXCEPTION 'the tables of cdp are incomplete' USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'DROP EXTENSION ... CASCADE dropped views, and columns of tables. The log and the inboxes are '
				'whole.',
			HINT = 'Restore a dump. Or begin again from the log: DROP EXTENSION cdp; '
				'ALTER SCHEMA cdp RENAME TO cdp_lost; ALTER SCHEMA cdp_data RENAME TO cdp_lost_data; '
				'CREATE EXTENSION cdp; SELECT cdp.init(); then insert the rows of cdp_lost_data.event '
				'(the context of each with that of cdp_lost_data.shared_context), cdp_lost.inbox and '
				'cdp_lost.inbox_raw into the new inboxes.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_columns() IS
	'Internal: raises an error if the tables are missing or incomplete, or are not those that cdp.init() made. Reads '
	'no table.';

CREATE FUNCTION cdp_internal.check_tables() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	found_version integer;
BEGIN
	PERFORM cdp_internal.check_columns();
	SELECT s.tables_version INTO STRICT found_version FROM cdp_data.state s;
	IF found_version <> cdp.tables_version() THEN
		RAISE EXCEPTION 'the tables of cdp have version %, this release works with version %',
				found_version, cdp.tables_version()
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = CASE WHEN found_version < cdp.tables_version() THEN 'Migrate them with SELECT cdp.migrate().'
						ELSE 'Install the release of cdp that made them, or a later one, '
							'and run ALTER EXTENSION cdp UPDATE.' END;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_tables() IS
	'Internal: raises an error if the tables are missing or incomplete, are not those that cdp.init() made, or are of '
	'another version than this release works with.';

CREATE FUNCTION cdp_internal.check_owner(tables text[]) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_check_owner' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.check_owner(text[]) IS
	'Internal: raises an error if one of the tables, or of their partitions, does not belong to the current role, or '
	'if row security applies to it. Each function that works as the owner of the tables calls it first.';

-- Open to all, as views that their owners share ask it for all roles that read them.
CREATE FUNCTION cdp_internal.sees_all(relation regclass) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_sees_all' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.sees_all(regclass) IS
	'Internal: returns whether the current role sees all rows of a table: row security does not apply to it, or a '
	'policy admits it without a condition.';

CREATE FUNCTION cdp_internal.init_state() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- the schema may be left from before a DROP EXTENSION ... CASCADE; that of another owner is an error
	IF NOT EXISTS (SELECT FROM pg_namespace n
				   WHERE n.nspname = 'cdp_data' AND pg_get_userbyid(n.nspowner) = current_user) THEN
		CREATE SCHEMA cdp_data;
	END IF;
	COMMENT ON SCHEMA cdp_data IS 'The tables of cdp. People read them through the views of schema cdp.';

	CREATE TABLE cdp_data.state (
		singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
		tables_version integer NOT NULL,
		normalizer_version text NOT NULL,
		cap integer DEFAULT 1000 CHECK (cap > 0),
		max_identifiers integer NOT NULL DEFAULT 32 CHECK (max_identifiers BETWEEN 1 AND 256),
		batch_id bigint NOT NULL DEFAULT 0,
		as_of timestamptz NOT NULL DEFAULT '-infinity',
		event_id bigint NOT NULL DEFAULT 0,
		identifier_id bigint NOT NULL DEFAULT 0,
		quarantine_id bigint NOT NULL DEFAULT 0,
		change_id bigint NOT NULL DEFAULT 0,
		trimmed_change_id bigint NOT NULL DEFAULT 0,
		trimmed_at timestamptz NOT NULL DEFAULT '-infinity',
		hold_out_salt bigint NOT NULL DEFAULT hashtextextended(gen_random_uuid()::text, 0),
		change_retention interval DEFAULT interval '30 days' CHECK (change_retention > interval '0'),
		segment_id integer NOT NULL DEFAULT 0,
		consent_id bigint NOT NULL DEFAULT 0,
		purpose_id smallint NOT NULL DEFAULT -1,
		region_trait text NOT NULL DEFAULT 'country',
		retracted bigint NOT NULL DEFAULT 0,
		lost bigint NOT NULL DEFAULT 0,
		suppression_fingerprint bytea CHECK (octet_length(suppression_fingerprint) = 8),
		suppression_version bigint NOT NULL DEFAULT 0,
		message_memory interval CHECK (message_memory > interval '0'),
		refuses_older boolean NOT NULL DEFAULT true,
		forgotten_batch_id bigint NOT NULL DEFAULT 0,
		forgotten_until timestamptz NOT NULL DEFAULT '-infinity',
		message_block bigint NOT NULL DEFAULT 0);
	COMMENT ON TABLE cdp_data.state IS
		'One row: the version of the tables, the rules that concern all namespaces, and the last numbers assigned. A '
		'session that writes identifiers or profiles locks this table first.';
	COMMENT ON COLUMN cdp_data.state.singleton IS 'Always true, so that there is one row.';
	COMMENT ON COLUMN cdp_data.state.tables_version IS 'Version of the tables, see cdp.tables_version().';
	COMMENT ON COLUMN cdp_data.state.normalizer_version IS
		'Version of the normalisers that made the stored identifiers, see cdp.normalizer_version().';
	COMMENT ON COLUMN cdp_data.state.cap IS 'How many identifiers one person can have; NULL: any number.';
	COMMENT ON COLUMN cdp_data.state.max_identifiers IS
		'How many identifiers one event can have; an event with more is quarantined.';
	COMMENT ON COLUMN cdp_data.state.batch_id IS
		'Number of the last batch: a refresh, a verdict, a change of rules or of segments.';
	COMMENT ON COLUMN cdp_data.state.as_of IS 'Time of the last batch. It never decreases.';
	COMMENT ON COLUMN cdp_data.state.event_id IS 'The last event_id assigned.';
	COMMENT ON COLUMN cdp_data.state.identifier_id IS 'The last identifier_id assigned.';
	COMMENT ON COLUMN cdp_data.state.quarantine_id IS 'The last quarantine_id assigned.';
	COMMENT ON COLUMN cdp_data.state.change_id IS 'The last change_id assigned.';
	COMMENT ON COLUMN cdp_data.state.trimmed_change_id IS 'Changes up to this one have left the feed; 0: none has.';
	COMMENT ON COLUMN cdp_data.state.hold_out_salt IS
		'What makes the draws of hold-outs differ from those of other installations.';
	COMMENT ON COLUMN cdp_data.state.trimmed_at IS
		'When the last of them was recorded: what was known before is not kept. -infinity: none has left.';
	COMMENT ON COLUMN cdp_data.state.change_retention IS
		'How long changes stay in the feed at least, in hours; NULL: for ever.';
	COMMENT ON COLUMN cdp_data.state.segment_id IS 'The last segment_id assigned.';
	COMMENT ON COLUMN cdp_data.state.consent_id IS 'The last consent_id assigned.';
	COMMENT ON COLUMN cdp_data.state.purpose_id IS 'The greatest purpose_id ever assigned; -1: none was.';
	COMMENT ON COLUMN cdp_data.state.region_trait IS
		'The trait that says in which country or region a person is, see cdp.set_region_trait().';
	COMMENT ON COLUMN cdp_data.state.retracted IS 'Number of accepted events that were taken back, see cdp.retract().';
	COMMENT ON COLUMN cdp_data.state.lost IS
		'Number of accepted events that the log lacked at the last cdp.restitch(), which went on without them.';
	COMMENT ON COLUMN cdp_data.state.suppression_fingerprint IS
		'What tells the key by which people who were erased are hashed from another: see cdp.suppression_key. NULL: '
		'none was erased.';
	COMMENT ON COLUMN cdp_data.state.suppression_version IS
		'A random number, another after each change of cdp_data.suppressed.';
	COMMENT ON COLUMN cdp_data.state.message_memory IS
		'How long the keys of messages are kept at least, in hours; NULL: for ever.';
	COMMENT ON COLUMN cdp_data.state.refuses_older IS
		'Whether a message that happened before what the keys remember is quarantined.';
	COMMENT ON COLUMN cdp_data.state.forgotten_batch_id IS
		'The keys of messages that this batch or one before it accepted may be gone; 0: of none.';
	COMMENT ON COLUMN cdp_data.state.forgotten_until IS 'Time of that batch.';
	COMMENT ON COLUMN cdp_data.state.message_block IS
		'Block of cdp_data.message from which on keys are to be forgotten next.';

	CREATE TABLE cdp_data.batch (
		batch_id bigint PRIMARY KEY,
		as_of timestamptz NOT NULL,
		taken bigint NOT NULL,
		accepted bigint NOT NULL,
		duplicate bigint NOT NULL,
		quarantined bigint NOT NULL,
		identifiers bigint NOT NULL,
		links bigint NOT NULL,
		profiles_created bigint NOT NULL,
		profiles_merged bigint NOT NULL,
		profiles_split bigint NOT NULL,
		profiles_touched bigint NOT NULL,
		reworks bigint NOT NULL,
		identifiers_reworked bigint NOT NULL,
		events_reanchored bigint NOT NULL,
		largest_rework bigint NOT NULL,
		self_links bigint NOT NULL,
		retracted bigint NOT NULL,
		identifiers_left bigint NOT NULL,
		deletions bigint NOT NULL,
		suppressed bigint NOT NULL,
		elapsed interval NOT NULL);
	COMMENT ON TABLE cdp_data.batch IS 'What each batch did, and its time.';
	COMMENT ON COLUMN cdp_data.batch.batch_id IS 'Number of the batch: a refresh, a verdict or a change of rules.';
	COMMENT ON COLUMN cdp_data.batch.as_of IS 'Time of the batch: what it says is known from then on.';
	COMMENT ON COLUMN cdp_data.batch.taken IS
		'Number of rows taken from the inboxes: accepted + duplicate + quarantined + deletions + suppressed.';
	COMMENT ON COLUMN cdp_data.batch.accepted IS 'Number of rows that became events.';
	COMMENT ON COLUMN cdp_data.batch.duplicate IS
		'Number of rows whose message was already in the log, or that said the same as an event.';
	COMMENT ON COLUMN cdp_data.batch.quarantined IS 'Number of rows that could not become events.';
	COMMENT ON COLUMN cdp_data.batch.identifiers IS 'Number of identifiers seen for the first time.';
	COMMENT ON COLUMN cdp_data.batch.links IS 'Number of links, by source, seen for the first time.';
	COMMENT ON COLUMN cdp_data.batch.profiles_created IS 'Number of new profiles.';
	COMMENT ON COLUMN cdp_data.batch.profiles_merged IS 'Number of profiles merged into others.';
	COMMENT ON COLUMN cdp_data.batch.profiles_split IS
		'Number of profiles whose identifiers are now in several profiles.';
	COMMENT ON COLUMN cdp_data.batch.profiles_touched IS 'Number of profiles that changed in any way.';
	COMMENT ON COLUMN cdp_data.batch.reworks IS 'Number of sets of profiles that were taken apart and stitched again.';
	COMMENT ON COLUMN cdp_data.batch.identifiers_reworked IS 'Number of identifiers in these sets.';
	COMMENT ON COLUMN cdp_data.batch.events_reanchored IS 'Number of events in the log whose anchor changed.';
	COMMENT ON COLUMN cdp_data.batch.largest_rework IS 'Number of identifiers in the largest of these sets.';
	COMMENT ON COLUMN cdp_data.batch.self_links IS
		'Number of times that an event named an identifier again. Such a link of an identifier with itself is ignored.';
	COMMENT ON COLUMN cdp_data.batch.retracted IS 'Number of events that were taken back, see cdp.retract().';
	COMMENT ON COLUMN cdp_data.batch.identifiers_left IS
		'Number of identifiers that no event carries any more.';
	COMMENT ON COLUMN cdp_data.batch.deletions IS
		'Number of rows of mutable sources that held as deletions: see cdp.set_sources().';
	COMMENT ON COLUMN cdp_data.batch.suppressed IS
		'Number of rows that named none but people who were erased, and were dropped: see cdp.erase().';
	COMMENT ON COLUMN cdp_data.batch.elapsed IS 'How long the batch took.';

	INSERT INTO cdp_data.state (tables_version, normalizer_version)
	VALUES (cdp.tables_version(), cdp.normalizer_version());

	-- a sequence, because its value must survive the rollback of the transaction
	CREATE SEQUENCE cdp_data.attempt MINVALUE -2251799813685248 START 9223372036854775807;
	COMMENT ON SEQUENCE cdp_data.attempt IS
		'How many rows the next refresh may take: the maximum, unless the last refresh was cancelled or ran out of a '
		'resource. A negative number means one row; its absolute value is 2^49 times the number of attempts in which '
		'that row failed alone, plus the place of the row.';

	CREATE TABLE cdp_data.inbox_mark (
		inbox text COLLATE "C" PRIMARY KEY CHECK (inbox IN ('inbox', 'inbox_raw')),
		block bigint NOT NULL DEFAULT 0,
		passed_at timestamptz NOT NULL DEFAULT '-infinity',
		pass_until bigint NOT NULL DEFAULT 0,
		pass_cost interval NOT NULL DEFAULT '0');
	COMMENT ON TABLE cdp_data.inbox_mark IS 'How far the refreshes have come in each inbox.';
	COMMENT ON COLUMN cdp_data.inbox_mark.inbox IS 'inbox or inbox_raw.';
	COMMENT ON COLUMN cdp_data.inbox_mark.block IS 'Block of the last row taken; the next claim starts there.';
	COMMENT ON COLUMN cdp_data.inbox_mark.passed_at IS 'When a claim last started at block 0 (a pass).';
	COMMENT ON COLUMN cdp_data.inbox_mark.pass_until IS 'Block at which that claim would have started otherwise.';
	COMMENT ON COLUMN cdp_data.inbox_mark.pass_cost IS 'How long it took to reach that block again.';
	INSERT INTO cdp_data.inbox_mark (inbox) VALUES ('inbox'), ('inbox_raw');
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_state() IS
	'Internal: makes the tables of the state, of the batches, and of the progress in the inboxes.';

REVOKE ALL ON FUNCTION cdp_internal.check_schema(), cdp_internal.tables_are_whole(), cdp_internal.check_columns(),
	cdp_internal.check_tables(), cdp_internal.check_owner(text[]), cdp_internal.init_state() FROM PUBLIC;
