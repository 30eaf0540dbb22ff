-- The shape of the tables, how far the refreshes have come, and what each did.

CREATE FUNCTION cdp.tables_version() RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN 1;
COMMENT ON FUNCTION cdp.tables_version() IS 'The shape of the tables that this release works with.';

CREATE FUNCTION cdp_internal.check_tables() RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	found_version integer;
BEGIN
	IF to_regclass('cdp_data.state') IS NULL THEN
		RAISE EXCEPTION 'the tables of cdp are not there' USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'Make them once with SELECT cdp.init().';
	END IF;
	SELECT s.tables_version INTO STRICT found_version FROM cdp_data.state s;
	IF found_version <> cdp.tables_version() THEN
		RAISE EXCEPTION 'the tables of cdp have shape %, this release works with shape %', found_version, cdp.tables_version()
			USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = CASE WHEN found_version < cdp.tables_version() THEN 'Bring them along with SELECT cdp.migrate().'
						ELSE 'Install the release of cdp that made them, or a later one, and run ALTER EXTENSION cdp UPDATE.' END;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_tables() IS 'Internal: an error where the tables are missing or of another shape than this release works with.';

CREATE FUNCTION cdp_internal.init_state() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- left over, and ours, after a DROP EXTENSION ... CASCADE; of others it is an error
	IF NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 'cdp_data' AND pg_get_userbyid(n.nspowner) = current_user) THEN
		CREATE SCHEMA cdp_data;
	END IF;
	COMMENT ON SCHEMA cdp_data IS 'The tables of cdp. People read them through the views of schema cdp.';

	CREATE TABLE cdp_data.state (
		singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
		tables_version integer NOT NULL, normalizer_version text NOT NULL,
		cap integer DEFAULT 1000 CHECK (cap > 0), max_identifiers integer NOT NULL DEFAULT 32 CHECK (max_identifiers BETWEEN 1 AND 256), batch_id bigint NOT NULL DEFAULT 0, as_of timestamptz NOT NULL DEFAULT '-infinity',
		event_id bigint NOT NULL DEFAULT 0, identifier_id bigint NOT NULL DEFAULT 0, quarantine_id bigint NOT NULL DEFAULT 0,
		lost bigint NOT NULL DEFAULT 0);
	COMMENT ON TABLE cdp_data.state IS 'One row: the shape of the tables, and the last numbers handed out. Who writes identifiers, profiles or memberships locks this table.';
	COMMENT ON COLUMN cdp_data.state.singleton IS 'Always true: there is one row.';
	COMMENT ON COLUMN cdp_data.state.tables_version IS 'The shape of the tables.';
	COMMENT ON COLUMN cdp_data.state.batch_id IS 'Number of the last refresh, verdict or change of rules.';
	COMMENT ON COLUMN cdp_data.state.event_id IS 'The last number that an event was given.';
	COMMENT ON COLUMN cdp_data.state.lost IS
		'How many events the last restitch() found lacking in the log and went without.';
	COMMENT ON COLUMN cdp_data.state.identifier_id IS 'The last number that an identifier was given.';
	COMMENT ON COLUMN cdp_data.state.quarantine_id IS 'The last number that a quarantined row was given.';
	COMMENT ON COLUMN cdp_data.state.normalizer_version IS 'The normalisers that made the stored identifiers.';
	COMMENT ON COLUMN cdp_data.state.cap IS 'How many identifiers one person can have; NULL: any number.';
	COMMENT ON COLUMN cdp_data.state.max_identifiers IS 'How many identifiers one event can carry; one with more is quarantined.';
	COMMENT ON COLUMN cdp_data.state.as_of IS 'The instant of the last refresh; time never runs back.';

	CREATE TABLE cdp_data.batch (
		batch_id bigint PRIMARY KEY, as_of timestamptz NOT NULL, taken bigint NOT NULL, accepted bigint NOT NULL, duplicate bigint NOT NULL,
		quarantined bigint NOT NULL, identifiers bigint NOT NULL, links bigint NOT NULL, profiles_created bigint NOT NULL,
		profiles_merged bigint NOT NULL, profiles_split bigint NOT NULL, profiles_touched bigint NOT NULL, reworks bigint NOT NULL,
		identifiers_reworked bigint NOT NULL, events_reanchored bigint NOT NULL,
		largest_rework bigint NOT NULL, self_links bigint NOT NULL, elapsed interval NOT NULL);
	COMMENT ON TABLE cdp_data.batch IS 'What each refresh did, and the instant by which it is known.';

	COMMENT ON COLUMN cdp_data.batch.batch_id IS 'Number of the refresh, or of a verdict or change of rules.';
	COMMENT ON COLUMN cdp_data.batch.as_of IS 'The instant by which it is known.';
	COMMENT ON COLUMN cdp_data.batch.taken IS 'Rows taken from the inboxes.';
	COMMENT ON COLUMN cdp_data.batch.accepted IS '… that became events.';
	COMMENT ON COLUMN cdp_data.batch.duplicate IS '… whose message was in the log already.';
	COMMENT ON COLUMN cdp_data.batch.quarantined IS '… that could not become events.';
	COMMENT ON COLUMN cdp_data.batch.identifiers IS 'Identifiers seen for the first time.';
	COMMENT ON COLUMN cdp_data.batch.links IS 'Pairs of identifiers, by source, seen for the first time.';
	COMMENT ON COLUMN cdp_data.batch.profiles_created IS 'Profiles that came to be.';
	COMMENT ON COLUMN cdp_data.batch.profiles_merged IS 'Profiles that became part of others.';
	COMMENT ON COLUMN cdp_data.batch.profiles_split IS 'Profiles whose identifiers are in more than one now.';
	COMMENT ON COLUMN cdp_data.batch.profiles_touched IS 'Profiles that changed in any way.';
	COMMENT ON COLUMN cdp_data.batch.reworks IS 'Groups of profiles that were taken apart.';
	COMMENT ON COLUMN cdp_data.batch.identifiers_reworked IS 'Identifiers in them.';
	COMMENT ON COLUMN cdp_data.batch.events_reanchored IS 'Events in the log whose anchor is another now.';
	COMMENT ON COLUMN cdp_data.batch.largest_rework IS 'Identifiers in the largest group of profiles that was taken apart.';
	COMMENT ON COLUMN cdp_data.batch.self_links IS 'How often an event named an identifier again; such a link with itself is ignored.';
	COMMENT ON COLUMN cdp_data.batch.elapsed IS 'How long it took.';

	INSERT INTO cdp_data.state (tables_version, normalizer_version) VALUES (cdp.tables_version(), cdp.normalizer_version());

	-- a sequence, because what is noted here must outlive the transaction that is broken off
	CREATE SEQUENCE cdp_data.attempt MINVALUE -2251799813685248 START 9223372036854775807;
	COMMENT ON SEQUENCE cdp_data.attempt IS
		'How many rows the next refresh may take: the greatest number, unless the last one was broken off. Below 0: one; '
		'the number without its sign is, times 2^49, how often a row was broken off alone, plus the place of that row.';

	CREATE TABLE cdp_data.inbox_mark (
		inbox text COLLATE "C" PRIMARY KEY CHECK (inbox IN ('inbox', 'inbox_raw')),
		block bigint NOT NULL DEFAULT 0, passed_at timestamptz NOT NULL DEFAULT '-infinity',
		pass_until bigint NOT NULL DEFAULT 0, pass_cost interval NOT NULL DEFAULT '0');
	COMMENT ON TABLE cdp_data.inbox_mark IS 'How far the refreshes have come in each inbox.';
	COMMENT ON COLUMN cdp_data.inbox_mark.inbox IS 'inbox or inbox_raw.';
	COMMENT ON COLUMN cdp_data.inbox_mark.block IS 'The block of the last row that was taken; the next claim begins there.';
	COMMENT ON COLUMN cdp_data.inbox_mark.passed_at IS 'When a claim last began at block 0.';
	COMMENT ON COLUMN cdp_data.inbox_mark.pass_until IS 'The block that the next claim would have begun at then.';
	COMMENT ON COLUMN cdp_data.inbox_mark.pass_cost IS 'How long it took to come back to there.';
	INSERT INTO cdp_data.inbox_mark (inbox) VALUES ('inbox'), ('inbox_raw');
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_state() IS 'Internal: makes the tables of how far the refreshes have come.';

REVOKE ALL ON FUNCTION cdp_internal.check_tables(), cdp_internal.init_state() FROM PUBLIC;
