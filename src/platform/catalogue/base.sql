-- The base: what events said that have left the log, and which months did.

CREATE TYPE cdp_internal.base_content AS (
	source_id integer, events bigint, first_at timestamptz, last_at timestamptz, first_said_at timestamptz,
	last_said_at timestamptz, after timestamptz, traits_at timestamptz, earlier_id bigint, ids bigint[],
	message_id text);
COMMENT ON TYPE cdp_internal.base_content IS
	'Internal: what "packed" of cdp_data.base holds; for the columns see the view cdp_data.base_row.';

CREATE FUNCTION cdp_internal.unpack_base(identifier_id bigint, packed bytea) RETURNS cdp_internal.base_content
	AS 'MODULE_PATHNAME', 'cdp_unpack_base' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.unpack_base(bigint, bytea) IS
	'Internal: returns what a row of cdp_data.base holds, of its columns identifier_id and packed.';

CREATE FUNCTION cdp_internal.pack_base(identifier_id bigint, content cdp_internal.base_content) RETURNS bytea
	AS 'MODULE_PATHNAME', 'cdp_pack_base' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.pack_base(bigint, cdp_internal.base_content) IS
	'Internal: returns "packed" of a row of cdp_data.base. The message of a row with one identifier is left out.';

CREATE FUNCTION cdp_internal.init_base() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- without a key: it would take more than what it finds
	CREATE TABLE cdp_data.base (
		identifier_id bigint NOT NULL,
		packed bytea NOT NULL,
		group_id text COLLATE "C",
		traits cdp.traits,
		timeline cdp.timeline,
		left_at timestamptz);
	CREATE INDEX base_identifier_id_idx ON cdp_data.base (identifier_id);
	-- where this database is a publisher, deletes need it
	ALTER TABLE cdp_data.base REPLICA IDENTITY FULL;
	COMMENT ON TABLE cdp_data.base IS
		'What events said that have left the log: one row for those with the same identifiers, source and account, and '
		'between the same unlinks. It counts as an event does, with two times and a number. The view cdp_data.base_row '
		'shows all of it. The rows of one identifier are written anew together. Distribution key: identifier_id.';
	COMMENT ON COLUMN cdp_data.base.identifier_id IS
		'The anchor: the strongest identifier of the events; 0: all of them are blocked.';
	COMMENT ON COLUMN cdp_data.base.packed IS
		'Source, number, times, identifiers and message of the events, see cdp_data.base_row.';
	COMMENT ON COLUMN cdp_data.base.group_id IS 'The account of group calls; NULL: other calls, or none.';
	COMMENT ON COLUMN cdp_data.base.traits IS
		'Traits of the person, or of the account if there is one; NULL: none.';
	COMMENT ON COLUMN cdp_data.base.timeline IS
		'What they did, with the properties that were carried; NULL: nothing, or they have no identifiers.';

	COMMENT ON COLUMN cdp_data.base.left_at IS
		'Time of the latest group call by which the person leaves the account; NULL: none does.';

	-- no function in FROM: each column that is asked for is computed, and no other
	CREATE VIEW cdp_data.base_row AS
		SELECT u.identifier_id, (u.content).source_id, (u.content).events, (u.content).first_at, (u.content).last_at,
			(u.content).first_said_at, (u.content).last_said_at, (u.content).after, (u.content).traits_at,
			(u.content).earlier_id, (u.content).ids, (u.content).message_id, u.group_id, u.traits, u.timeline,
			u.left_at
		FROM (
			SELECT b.*, cdp_internal.unpack_base(b.identifier_id, b.packed) AS content FROM cdp_data.base b) u;
	COMMENT ON VIEW cdp_data.base_row IS 'The rows of cdp_data.base with all that they hold.';
	COMMENT ON COLUMN cdp_data.base_row.identifier_id IS
		'The anchor: the strongest identifier of the events; 0: all of them are blocked.';
	COMMENT ON COLUMN cdp_data.base_row.source_id IS 'The source that sent the events.';
	COMMENT ON COLUMN cdp_data.base_row.events IS 'Number of events.';
	COMMENT ON COLUMN cdp_data.base_row.first_at IS 'Time of the earliest.';
	COMMENT ON COLUMN cdp_data.base_row.last_at IS 'Time of the latest.';
	COMMENT ON COLUMN cdp_data.base_row.first_said_at IS
		'Time of the earliest as evidence: an event is none before it was received.';
	COMMENT ON COLUMN cdp_data.base_row.last_said_at IS 'Time of the latest as evidence.';
	COMMENT ON COLUMN cdp_data.base_row.after IS
		'The latest unlink of two of the identifiers that the events came after, of those in force when they were '
		'folded; -infinity: none.';
	COMMENT ON COLUMN cdp_data.base_row.traits_at IS
		'Time of the earliest traits that had not expired when they were folded; NULL: there are no traits.';
	COMMENT ON COLUMN cdp_data.base_row.earlier_id IS
		'Number of the earlier user_id of aliases, whose user_id is the first of ids; NULL: they are none.';
	COMMENT ON COLUMN cdp_data.base_row.ids IS 'Numbers of all their identifiers, in order, blocked ones too.';
	COMMENT ON COLUMN cdp_data.base_row.message_id IS
		'Message of the earliest as evidence; NULL: it had none, or there is one identifier, and no link to name it.';
	COMMENT ON COLUMN cdp_data.base_row.group_id IS 'The account of group calls; NULL: other calls, or none.';
	COMMENT ON COLUMN cdp_data.base_row.traits IS
		'Traits of the person, or of the account if there is one; NULL: none.';
	COMMENT ON COLUMN cdp_data.base_row.timeline IS
		'What they did, with the properties that were carried; NULL: nothing, or they have no identifiers.';

	COMMENT ON COLUMN cdp_data.base_row.left_at IS
		'Time of the latest group call by which the person leaves the account; NULL: none does.';

	CREATE TABLE cdp_data.folded_month (
		month timestamptz PRIMARY KEY,
		event_id bigint NOT NULL,
		last_event_id bigint NOT NULL,
		events bigint NOT NULL,
		gone bigint NOT NULL DEFAULT 0,
		folded_by xid8 NOT NULL,
		folded_at timestamptz NOT NULL,
		dropped_at timestamptz);
	COMMENT ON TABLE cdp_data.folded_month IS
		'The months (UTC) of which cdp.drop_events() or cdp.drop_old_events() has folded events into cdp_data.base.';
	COMMENT ON COLUMN cdp_data.folded_month.month IS 'When the month begins.';
	COMMENT ON COLUMN cdp_data.folded_month.event_id IS
		'Events of the month up to this number are in the base, also while they are in the log; later ones are in only '
		'one of both. 0: the month itself is not folded.';
	COMMENT ON COLUMN cdp_data.folded_month.last_event_id IS
		'No event of the month with a greater number is in the base.';
	COMMENT ON COLUMN cdp_data.folded_month.events IS 'Number of events of the month that are in the base.';
	COMMENT ON COLUMN cdp_data.folded_month.gone IS 'How many of these have left the log.';
	COMMENT ON COLUMN cdp_data.folded_month.folded_by IS
		'The last transaction that folded events of it: snapshots from before do not see them in the base.';
	COMMENT ON COLUMN cdp_data.folded_month.folded_at IS 'When that was.';
	COMMENT ON COLUMN cdp_data.folded_month.dropped_at IS
		'When its partition was dropped for the last time; NULL: never. A late event makes a new one.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_base() IS 'Internal: makes the tables of the base.';

-- A condition and not a view, so that it is planned with the query and needs no rights of its own.  Most events are
-- later than all months that are folded, and cost a comparison.
CREATE FUNCTION cdp_internal.is_logged_condition() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN '(e."timestamp" >= (SELECT coalesce(max(n.month) AT TIME ZONE ''UTC'' + interval ''1 month'', '
		'''-infinity'') AT TIME ZONE ''UTC'' FROM cdp_data.folded_month n WHERE n.event_id > 0) OR NOT EXISTS (SELECT '
		'FROM cdp_data.folded_month f WHERE f.month = date_trunc(''month'', e."timestamp", ''UTC'') '
		'AND f.event_id >= e.event_id))';
COMMENT ON FUNCTION cdp_internal.is_logged_condition() IS
	'Internal: returns a condition on cdp_data.event e: the event is not folded into cdp_data.base.';

REVOKE ALL ON FUNCTION cdp_internal.unpack_base(bigint, bytea),
	cdp_internal.pack_base(bigint, cdp_internal.base_content), cdp_internal.init_base(),
	cdp_internal.is_logged_condition() FROM PUBLIC;
