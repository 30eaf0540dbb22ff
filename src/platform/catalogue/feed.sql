-- The feed: what changed of people and of segments, in order.

CREATE FUNCTION cdp_internal.init_change() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.change (
		change_id bigint PRIMARY KEY CHECK (change_id > 0),
		kind text COLLATE "C" NOT NULL CHECK (kind IN ('entered', 'exited', 'trait_changed', 'merged', 'split',
			'renumbered', 'erased', 'purposes_changed')),
		profile_id bigint NOT NULL,
		segment_id integer,
		run integer CHECK (run > 0),
		other_profile_id bigint,
		trait text COLLATE "C",
		value jsonb,
		at timestamptz NOT NULL,
		recorded_at timestamptz NOT NULL,
		batch_id bigint NOT NULL,
		cause text COLLATE "C" NOT NULL CHECK (cause IN ('event', 'clock', 'merge', 'split', 'retraction', 'definition',
			'hold_out', 'consent', 'erasure', 'verdict', 'rule', 'list')),
		event_id bigint,
		verdict_id bigint,
		since timestamptz,
		other_since timestamptz,
		group_id text COLLATE "C",
		CHECK (kind NOT IN ('entered', 'exited') OR segment_id IS NOT NULL),
		CHECK (kind <> 'trait_changed' OR trait IS NOT NULL),
		CHECK (kind NOT IN ('merged', 'split', 'renumbered') OR other_profile_id IS NOT NULL),
		CHECK ((group_id IS NOT NULL) = (profile_id < 0)),
		CHECK (kind <> 'erased' OR num_nonnulls(segment_id, other_profile_id, trait, value) = 0));
	-- the changes of one person: what waits for another change of theirs, and what an erasure removes; one entry a run
	CREATE INDEX change_profile_id_idx ON cdp_data.change (profile_id, change_id) WHERE run IS NOT NULL;
	CREATE INDEX change_other_profile_id_idx ON cdp_data.change (other_profile_id, change_id)
		WHERE other_profile_id IS NOT NULL;
	COMMENT ON TABLE cdp_data.change IS
		'What changed of people and of segments, in the order in which it was recorded. One batch at a time writes it, '
		'so the numbers follow the order of commits. Read through cdp.change, or by consumers.';
	COMMENT ON COLUMN cdp_data.change.change_id IS
		'Number of the change. Numbers ascend with commits; erased people leave gaps.';
	COMMENT ON COLUMN cdp_data.change.kind IS
		'entered, exited: a profile is, or is no longer, in the segment; trait_changed: a computed trait has another '
		'value; merged: all of other_profile_id is in profile_id now; split: identifiers of other_profile_id are '
		'in profile_id now; renumbered: other_profile_id is profile_id now, a stronger identifier having come; erased: '
		'the person was erased, and earlier changes of theirs are gone. merged, split and renumbered stand there once '
		'without a segment, and then once for each segment whose membership profile_id has from other_profile_id, and '
		'each computed trait of which other_profile_id had a value. '
		'purposes_changed: a person may be used for other purposes, to which roles are bound; it stands there once '
		'without a segment, and then once for each segment that the person is in.';
	COMMENT ON COLUMN cdp_data.change.profile_id IS
		'The profile that changed; of merged, the one that is left; of an account, its account_id below 0.';
	COMMENT ON COLUMN cdp_data.change.group_id IS 'The account that changed; NULL: it is a change of a profile.';
	COMMENT ON COLUMN cdp_data.change.segment_id IS 'Number of the segment; NULL: the change is of no segment.';
	COMMENT ON COLUMN cdp_data.change.run IS
		'How many changes of profile_id there are from this one on, without a gap between their numbers but for erased '
		'ones; NULL: an earlier one counts it. So all changes of a profile are those of its runs.';
	COMMENT ON COLUMN cdp_data.change.other_profile_id IS
		'Of merged, split and renumbered: the former profile; otherwise NULL.';
	COMMENT ON COLUMN cdp_data.change.trait IS 'The computed trait that the change is of; NULL: it is of none.';
	COMMENT ON COLUMN cdp_data.change.value IS
		'The value that profile_id has of it after the change; NULL: none, or the change is of no trait. Of '
		'purposes_changed: the stamp of cdp_data.profile before and after it.';
	COMMENT ON COLUMN cdp_data.change.at IS
		'When it became true: for a change by the clock that instant, otherwise the time of the batch.';
	COMMENT ON COLUMN cdp_data.change.recorded_at IS 'When it was recorded. It never decreases with change_id.';
	COMMENT ON COLUMN cdp_data.change.batch_id IS 'The batch that recorded it; outside of one, the last before it.';
	COMMENT ON COLUMN cdp_data.change.cause IS
		'Why: erasure, consent, hold_out, definition, list (its query returned other identifiers), verdict, rule, '
		'retraction, split, merge, event or clock; the first of these if there are several: privacy before definitions '
		'and verdicts, then who is who, then what was done, then time.';
	COMMENT ON COLUMN cdp_data.change.event_id IS
		'Of cause event: the last event that touched the profile; it may have left the log. Otherwise NULL.';
	COMMENT ON COLUMN cdp_data.change.verdict_id IS
		'Of cause verdict: the verdict, unless it was withdrawn; otherwise NULL.';
	COMMENT ON COLUMN cdp_data.change.since IS
		'Since when profile_id had been in the segment before the change; NULL: it was not, or the change is of none, '
		'or of a computed trait.';
	COMMENT ON COLUMN cdp_data.change.other_since IS
		'The same of other_profile_id. So the state before a change is known from the change.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_change() IS 'Internal: makes the table of the feed.';

CREATE FUNCTION cdp_internal.init_consumer() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- the number is never used again, so what is left of a consumer is of no later one of its name
	CREATE TABLE cdp_data.consumer (
		consumer_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		name text COLLATE "C" NOT NULL UNIQUE,
		role name NOT NULL,
		segments integer[] NOT NULL,
		position bigint NOT NULL,
		snapshot_change_id bigint NOT NULL CHECK (snapshot_change_id >= 0),
		held_until bigint NOT NULL DEFAULT 0,
		created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
		acknowledged_at timestamptz);
	COMMENT ON TABLE cdp_data.consumer IS
		'Who reads the feed, and how far they have come. Written by cdp.create_consumer(), cdp.acknowledge(), '
		'cdp.retry() and cdp.drop_consumer() through cdp_data.own_consumer.';
	COMMENT ON COLUMN cdp_data.consumer.consumer_id IS 'Number of the consumer, never used again.';
	COMMENT ON COLUMN cdp_data.consumer.name IS 'Its name.';
	COMMENT ON COLUMN cdp_data.consumer.role IS
		'The role that owns it; members of that role use it too. No one does when the role is renamed.';
	COMMENT ON COLUMN cdp_data.consumer.segments IS
		'Numbers of the segments and computed traits whose changes it reads.';
	COMMENT ON COLUMN cdp_data.consumer.position IS
		'Everything up to here is acknowledged, but for what cdp_data.consumer_waiting has: a change_id, or below 0 '
		'the number of a row of its snapshot.';
	COMMENT ON COLUMN cdp_data.consumer.snapshot_change_id IS
		'The last change when the consumer was made; those after it follow.';
	COMMENT ON COLUMN cdp_data.consumer.held_until IS
		'Changes up to this one that must wait for others are in cdp_data.consumer_waiting.';
	COMMENT ON COLUMN cdp_data.consumer.created_at IS 'When it was made.';
	COMMENT ON COLUMN cdp_data.consumer.acknowledged_at IS 'When it last acknowledged a change; NULL: never.';

	CREATE TABLE cdp_data.consumer_snapshot (
		consumer_id integer,
		number bigint CHECK (number < 0),
		profile_id bigint NOT NULL,
		segment_id integer NOT NULL,
		since timestamptz NOT NULL,
		value jsonb,
		group_id text COLLATE "C",
		PRIMARY KEY (consumer_id, number));
	COMMENT ON TABLE cdp_data.consumer_snapshot IS
		'Who was in the segments of a consumer, and had which values of its computed traits, when it was made from a '
		'snapshot: what it has not yet acknowledged.';
	COMMENT ON COLUMN cdp_data.consumer_snapshot.consumer_id IS 'The consumer.';
	COMMENT ON COLUMN cdp_data.consumer_snapshot.number IS
		'Number of the row, in the order of profile_id and segment_id, -1 being the last: it stands for a change_id.';
	COMMENT ON COLUMN cdp_data.consumer_snapshot.profile_id IS
		'The profile; of an account, its account_id below 0.';
	COMMENT ON COLUMN cdp_data.consumer_snapshot.group_id IS 'The account; NULL: it is a profile.';
	COMMENT ON COLUMN cdp_data.consumer_snapshot.segment_id IS
		'Number of the segment that it was in, or of the computed trait.';
	COMMENT ON COLUMN cdp_data.consumer_snapshot.since IS 'Since when.';
	COMMENT ON COLUMN cdp_data.consumer_snapshot.value IS 'The value of the computed trait; NULL: it is a segment.';

	CREATE TABLE cdp_data.consumer_waiting (
		consumer_id integer,
		change_id bigint,
		profile_id bigint NOT NULL,
		other_profile_id bigint,
		due_at timestamptz NOT NULL,
		attempts integer NOT NULL,
		PRIMARY KEY (consumer_id, change_id));
	COMMENT ON TABLE cdp_data.consumer_waiting IS
		'Changes that a consumer put off with cdp.retry(), and the later changes of these profiles, which wait for '
		'them. Each is acknowledged by itself.';
	COMMENT ON COLUMN cdp_data.consumer_waiting.consumer_id IS 'The consumer.';
	COMMENT ON COLUMN cdp_data.consumer_waiting.change_id IS 'The change, or the number of a row of the snapshot.';
	COMMENT ON COLUMN cdp_data.consumer_waiting.profile_id IS 'The profile that changed.';
	COMMENT ON COLUMN cdp_data.consumer_waiting.other_profile_id IS 'The former profile; NULL: there is none.';
	COMMENT ON COLUMN cdp_data.consumer_waiting.due_at IS
		'When it is given again at the earliest, once no earlier change of the profile waits.';
	COMMENT ON COLUMN cdp_data.consumer_waiting.attempts IS 'How often it was put off; 0: it waits for another.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_consumer() IS 'Internal: makes the tables of the consumers of the feed.';

REVOKE ALL ON FUNCTION cdp_internal.init_change(), cdp_internal.init_consumer() FROM PUBLIC;
