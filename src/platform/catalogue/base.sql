-- The base: what events said that have left the log, and which months did.

CREATE FUNCTION cdp_internal.init_base() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.base (
		base_id bigint NOT NULL,
		identifier_id bigint NOT NULL,
		events bigint NOT NULL CHECK (events > 0),
		first_at timestamptz NOT NULL,
		last_at timestamptz NOT NULL,
		first_said_at timestamptz NOT NULL,
		last_said_at timestamptz NOT NULL,
		after timestamptz NOT NULL,
		traits_at timestamptz,
		earlier_id bigint,
		source_id integer NOT NULL,
		ids bigint[] NOT NULL,
		group_id text COLLATE "C",
		message_id text,
		traits cdp.traits,
		timeline cdp.timeline,
		PRIMARY KEY (identifier_id, base_id));
	COMMENT ON TABLE cdp_data.base IS
		'What events said that have left the log: one row for those with the same identifiers, source and account, and '
		'between the same unlinks. It counts as an event does, with two times and a number. Distribution key: '
		'identifier_id.';
	COMMENT ON COLUMN cdp_data.base.base_id IS 'Number of the row, assigned once.';
	COMMENT ON COLUMN cdp_data.base.identifier_id IS
		'The anchor: the strongest identifier of the events; 0: all of them are blocked.';
	COMMENT ON COLUMN cdp_data.base.events IS 'Number of events.';
	COMMENT ON COLUMN cdp_data.base.first_at IS 'Time of the earliest.';
	COMMENT ON COLUMN cdp_data.base.last_at IS 'Time of the latest.';
	COMMENT ON COLUMN cdp_data.base.first_said_at IS
		'Time of the earliest as evidence: an event is none before it was received.';
	COMMENT ON COLUMN cdp_data.base.last_said_at IS 'Time of the latest as evidence.';
	COMMENT ON COLUMN cdp_data.base.after IS
		'The latest unlink of two of the identifiers that the events came after, of those in force when they were '
		'folded; -infinity: none.';
	COMMENT ON COLUMN cdp_data.base.traits_at IS
		'Time of the earliest traits that had not expired when they were folded; NULL: there are no traits.';
	COMMENT ON COLUMN cdp_data.base.earlier_id IS
		'Number of the earlier user_id of aliases, whose user_id is the first of ids; NULL: they are none.';
	COMMENT ON COLUMN cdp_data.base.source_id IS 'The source that sent them.';
	COMMENT ON COLUMN cdp_data.base.ids IS 'Numbers of all their identifiers, in order, blocked ones too.';
	COMMENT ON COLUMN cdp_data.base.group_id IS 'The account of group calls; NULL: other calls, or none.';
	COMMENT ON COLUMN cdp_data.base.message_id IS 'Message of the earliest as evidence; NULL: it had none.';
	COMMENT ON COLUMN cdp_data.base.traits IS
		'Traits of the person, or of the account if there is one; NULL: none.';
	COMMENT ON COLUMN cdp_data.base.timeline IS 'What they did, with the properties that were carried; NULL: nothing.';

	CREATE TABLE cdp_data.folded_month (
		month timestamptz PRIMARY KEY,
		event_id bigint NOT NULL,
		events bigint NOT NULL,
		gone bigint NOT NULL DEFAULT 0,
		folded_by xid8 NOT NULL,
		folded_at timestamptz NOT NULL,
		dropped_at timestamptz);
	COMMENT ON TABLE cdp_data.folded_month IS
		'The months of the log (UTC) that cdp.drop_events() has folded into cdp_data.base.';
	COMMENT ON COLUMN cdp_data.folded_month.month IS 'When the month begins.';
	COMMENT ON COLUMN cdp_data.folded_month.event_id IS
		'Events of the month up to this number are in the base, also while they are in the log; later ones are not.';
	COMMENT ON COLUMN cdp_data.folded_month.events IS 'Number of events of the month that are in the base.';
	COMMENT ON COLUMN cdp_data.folded_month.gone IS 'How many of these have left the log with a partition.';
	COMMENT ON COLUMN cdp_data.folded_month.folded_by IS
		'The transaction that folded it last: snapshots from before do not see it.';
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
	RETURN '(e."timestamp" >= (SELECT coalesce(max(n.month) + interval ''32 days'', ''-infinity'') '
		'FROM cdp_data.folded_month n) OR NOT EXISTS (SELECT FROM cdp_data.folded_month f WHERE f.month = '
		'date_trunc(''month'', e."timestamp", ''UTC'') AND f.event_id >= e.event_id))';
COMMENT ON FUNCTION cdp_internal.is_logged_condition() IS
	'Internal: returns a condition on cdp_data.event e: the event is not folded into cdp_data.base.';

CREATE FUNCTION cdp_internal.is_folded(event_id bigint, at timestamptz) RETURNS boolean
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN EXISTS (
		SELECT FROM cdp_data.folded_month f
		WHERE f.month = date_trunc('month', at, 'UTC') AND f.event_id >= is_folded.event_id);
END
$function$;
COMMENT ON FUNCTION cdp_internal.is_folded(bigint, timestamptz) IS
	'Internal: returns whether an event of some time is folded into cdp_data.base; for many events see '
	'cdp_internal.is_logged_condition().';

REVOKE ALL ON FUNCTION cdp_internal.init_base(), cdp_internal.is_logged_condition(),
	cdp_internal.is_folded(bigint, timestamptz) FROM PUBLIC;
