-- The tables of the inboxes, the log and the quarantine.

CREATE FUNCTION cdp_internal.init_log() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- no index, trigger or constraint, so that writing is as fast as to a bare heap
	CREATE TABLE cdp.inbox (
		message_id text,
		type text,
		event text,
		anonymous_id text,
		user_id text,
		group_id text,
		previous_id text,
		identifiers jsonb,
		properties jsonb,
		traits jsonb,
		context jsonb,
		"timestamp" timestamptz,
		sent_at timestamptz,
		original_timestamp timestamptz,
		received_at timestamptz DEFAULT now(),
		source text,
		written_by text NOT NULL DEFAULT current_user);
	-- otherwise a publication of all tables would make the DELETE of cdp.refresh() fail
	ALTER TABLE cdp.inbox REPLICA IDENTITY FULL;
	COMMENT ON TABLE cdp.inbox IS
		'Where events are written, in the columns of the Segment spec. All may be NULL. cdp.refresh() empties it.';
	COMMENT ON COLUMN cdp.inbox.message_id IS
		'Unique id of the message; a second row with it counts as a duplicate, or is quarantined if its content is '
		'another. NULL: a duplicate of none, unless by what it says, see cdp.set_sources().';
	COMMENT ON COLUMN cdp.inbox.type IS
		'identify, track, page, screen, group, alias or merge. NULL: inferred. An event makes it track, a previous_id '
		'alias, a group_id group, a name in the properties page, traits identify, in this order.';
	COMMENT ON COLUMN cdp.inbox.event IS
		'Name of the event of a track call. Of a page or screen call NULL: "page: " and the name in the properties.';
	COMMENT ON COLUMN cdp.inbox.anonymous_id IS 'Identifier of a browser or installation (namespace anonymous_id).';
	COMMENT ON COLUMN cdp.inbox.user_id IS 'Identifier of a known person (namespace user_id).';
	COMMENT ON COLUMN cdp.inbox.group_id IS 'The account of a group call.';
	COMMENT ON COLUMN cdp.inbox.previous_id IS 'The earlier anonymous_id or user_id of an alias call.';
	COMMENT ON COLUMN cdp.inbox.identifiers IS
		'More identifiers: an object of namespace to value or array of values; 7, 7.0 and 7.00 are one value.';
	COMMENT ON COLUMN cdp.inbox.properties IS 'Properties of the event, an object.';
	COMMENT ON COLUMN cdp.inbox.traits IS 'Traits of an identify or group call, an object.';
	COMMENT ON COLUMN cdp.inbox.context IS 'Context in the shape of the Segment spec, an object.';
	COMMENT ON COLUMN cdp.inbox."timestamp" IS
		'When it happened, by the client''s clock, which sent_at and received_at correct; or corrected already, if '
		'original_timestamp is given too.';
	COMMENT ON COLUMN cdp.inbox.sent_at IS 'When the client sent it, by the client''s clock.';
	COMMENT ON COLUMN cdp.inbox.original_timestamp IS 'When it happened, by the client''s clock.';
	COMMENT ON COLUMN cdp.inbox.received_at IS 'When it was received; now, if it is not given.';
	COMMENT ON COLUMN cdp.inbox.source IS 'Name of the source. NULL: default.';
	COMMENT ON COLUMN cdp.inbox.written_by IS
		'The role that wrote the row. A writer cannot set it, so INSERT and COPY must list their columns.';

	CREATE TABLE cdp.inbox_raw (
		line text,
		source text,
		received_at timestamptz DEFAULT now(),
		written_by text NOT NULL DEFAULT current_user);
	ALTER TABLE cdp.inbox_raw REPLICA IDENTITY FULL;
	-- a batch of calls is compressed and decompressed within minutes, which costs more than to store it
	ALTER TABLE cdp.inbox_raw ALTER COLUMN line SET STORAGE EXTERNAL;
	COMMENT ON TABLE cdp.inbox_raw IS
		'Where lines of any content are written: a JSON object each, or a batch of them, see cdp.ingest(). '
		'cdp.refresh() parses them; a line, or a call of a batch, that is not valid goes to quarantine.';
	COMMENT ON COLUMN cdp.inbox_raw.line IS 'The line.';
	COMMENT ON COLUMN cdp.inbox_raw.source IS 'Name of the source; NULL: as in the line, else default.';
	COMMENT ON COLUMN cdp.inbox_raw.received_at IS 'When it was received; now, if it is not given.';
	COMMENT ON COLUMN cdp.inbox_raw.written_by IS
		'The role that wrote the line. A writer cannot set it, so INSERT and COPY must list their columns.';

	CREATE TABLE cdp_data.writer (
		role text COLLATE "C" PRIMARY KEY,
		sources text[] COLLATE "C");
	COMMENT ON TABLE cdp_data.writer IS
		'Who may write to the inboxes, and for which sources; changed by cdp.grant_access(). A row counts for the role '
		'and all its members.';
	COMMENT ON COLUMN cdp_data.writer.role IS
		'Name of the role. A role that was renamed is not a writer until cdp.grant_access() is called for it again.';
	COMMENT ON COLUMN cdp_data.writer.sources IS 'The sources that its rows may name; NULL: any.';

	CREATE TABLE cdp_data.event (
		-- those of a fixed width first: behind the others each would be padded to a multiple of its width
		event_id bigint NOT NULL,
		identifier_id bigint NOT NULL,
		"timestamp" timestamptz NOT NULL,
		batch_id bigint NOT NULL,
		received_at timestamptz NOT NULL,
		sent_at timestamptz,
		original_timestamp timestamptz,
		context_hash bigint,
		message_id text,
		type text NOT NULL,
		event text,
		anonymous_id text,
		user_id text,
		group_id text,
		previous_id text,
		identifiers jsonb,
		properties jsonb,
		traits jsonb,
		context jsonb,
		source text NOT NULL,
		PRIMARY KEY (identifier_id, "timestamp", event_id)) PARTITION BY RANGE ("timestamp");
	CREATE INDEX event_batch_id ON cdp_data.event USING brin (batch_id, event_id) WITH (autosummarize);
	COMMENT ON TABLE cdp_data.event IS
		'The log: all accepted events, partitioned by month. Distribution key: identifier_id.';
	COMMENT ON COLUMN cdp_data.event.event_id IS 'Number of the event, in the order of the batches.';
	COMMENT ON COLUMN cdp_data.event.identifier_id IS
		'The anchor: the strongest identifier of the event; 0: all its identifiers are blocked.';
	COMMENT ON COLUMN cdp_data.event."timestamp" IS 'When it happened, corrected for the client''s clock.';
	COMMENT ON COLUMN cdp_data.event.batch_id IS 'The batch that accepted it.';
	COMMENT ON COLUMN cdp_data.event.message_id IS 'Unique id of the message, as received.';
	COMMENT ON COLUMN cdp_data.event.type IS 'identify, track, page, screen, group, alias or merge.';
	COMMENT ON COLUMN cdp_data.event.event IS 'Name of the event; NULL for identify, group and alias calls.';
	COMMENT ON COLUMN cdp_data.event.anonymous_id IS 'As received.';
	COMMENT ON COLUMN cdp_data.event.user_id IS 'As received.';
	COMMENT ON COLUMN cdp_data.event.group_id IS 'As received.';
	COMMENT ON COLUMN cdp_data.event.previous_id IS 'As received.';
	COMMENT ON COLUMN cdp_data.event.identifiers IS 'As received.';
	COMMENT ON COLUMN cdp_data.event.properties IS 'As received.';
	COMMENT ON COLUMN cdp_data.event.traits IS 'As received.';
	COMMENT ON COLUMN cdp_data.event.context IS
		'As received, without the members that context_hash stands for; NULL: all of them, or none was received. '
		'cdp.events shows it whole.';
	COMMENT ON COLUMN cdp_data.event.context_hash IS
		'The row of cdp_data.shared_context that has the other members of the context; NULL: context is whole.';
	COMMENT ON COLUMN cdp_data.event.sent_at IS 'When the client sent it, by the client''s clock.';
	COMMENT ON COLUMN cdp_data.event.original_timestamp IS 'When it happened, by the client''s clock.';
	COMMENT ON COLUMN cdp_data.event.received_at IS 'When it was received.';
	COMMENT ON COLUMN cdp_data.event.source IS 'The source that sent it.';

	CREATE TABLE cdp_data.shared_context (
		context_hash bigint PRIMARY KEY,
		events bigint NOT NULL,
		context jsonb NOT NULL);
	COMMENT ON TABLE cdp_data.shared_context IS
		'What the contexts of many events have in common (browser, app, campaign …), once.';
	COMMENT ON COLUMN cdp_data.shared_context.context_hash IS
		'Hash of it, by the key of the installation. 0: the row of the account, see events.';
	COMMENT ON COLUMN cdp_data.shared_context.events IS
		'Number of events of the log that name it; without any it is deleted. Of row 0: what events earned that name '
		'rows, or could, less what the rows cost; where it is too low, no row is added, and contexts stay in their '
		'events.';
	COMMENT ON COLUMN cdp_data.shared_context.context IS 'Members of the context, an object.';
	INSERT INTO cdp_data.shared_context VALUES (0, 0, '{}');

	CREATE TABLE cdp_data.message (
		message_key uuid PRIMARY KEY,
		batch_id bigint NOT NULL,
		content_hash bigint NOT NULL,
		hint bigint);
	COMMENT ON TABLE cdp_data.message IS
		'The key of each accepted message, by which duplicates are found, and messages whose id was used before. '
		'Distribution key: message_key.';
	COMMENT ON COLUMN cdp_data.message.message_key IS 'cdp_internal.event_message_key(message_id, source).';
	COMMENT ON COLUMN cdp_data.message.batch_id IS
		'The batch that accepted it, as a negative number if the key is kept for ever: see cdp.retract().';
	COMMENT ON COLUMN cdp_data.message.content_hash IS
		'Hash of its content, by the key of the installation: a message of another content is no duplicate. 0: the '
		'content is not known, and any is a duplicate.';
	COMMENT ON COLUMN cdp_data.message.hint IS
		'The hash, as in cdp_data.identifier_map, of the last identifier of its event, which mostly is the anchor: the '
		'event is looked for there first. 0: no identifier. NULL: it has no event, as it is a deletion, or was taken '
		'back for good.';

	CREATE TABLE cdp_data.quarantine (
		quarantine_id bigint PRIMARY KEY,
		batch_id bigint NOT NULL,
		quarantined_at timestamptz NOT NULL,
		source text,
		reason text NOT NULL,
		detail text,
		record jsonb,
		line text,
		received_at timestamptz,
		written_by text NOT NULL,
		cut boolean NOT NULL DEFAULT false,
		sizes jsonb,
		CHECK ((record IS NULL) <> (line IS NULL)));
	COMMENT ON TABLE cdp_data.quarantine IS
		'Rows that could not become events, as received (cut if too large), with the reason. Repair record or line in '
		'place, then call cdp.replay().';
	COMMENT ON COLUMN cdp_data.quarantine.quarantine_id IS 'Number of the row.';
	COMMENT ON COLUMN cdp_data.quarantine.batch_id IS 'The batch that quarantined it.';
	COMMENT ON COLUMN cdp_data.quarantine.quarantined_at IS 'Time of that batch.';
	COMMENT ON COLUMN cdp_data.quarantine.source IS 'The source, as received; NULL: none.';
	COMMENT ON COLUMN cdp_data.quarantine.reason IS 'Reason, as one word.';
	COMMENT ON COLUMN cdp_data.quarantine.detail IS
		'The field and what is wrong with it, never its value; if the reason is failed, the SQLSTATE and the message '
		'of the error.';
	COMMENT ON COLUMN cdp_data.quarantine.record IS
		'The row of cdp.inbox, as an object of its columns; NULL for a line.';
	COMMENT ON COLUMN cdp_data.quarantine.line IS
		'The line of cdp.inbox_raw, or a row of cdp.inbox that is too deep for jsonb; NULL for other rows.';
	COMMENT ON COLUMN cdp_data.quarantine.received_at IS 'When it was received; NULL: not known.';
	COMMENT ON COLUMN cdp_data.quarantine.written_by IS 'The role that wrote the row; cdp.replay() keeps it.';
	COMMENT ON COLUMN cdp_data.quarantine.cut IS
		'Whether the row is not whole: of a text over 4 kB the first 1,000 characters are kept, of a document over 4 '
		'kB nothing. cdp.replay() skips it.';
	COMMENT ON COLUMN cdp_data.quarantine.sizes IS
		'Size of each column of a row that is cut, in bytes, uncompressed; NULL: not cut.';

	CREATE TABLE cdp_data.quarantine_hour (
		hour timestamptz,
		source text COLLATE "C",
		reason text COLLATE "C",
		rows bigint NOT NULL,
		PRIMARY KEY (hour, source, reason));
	COMMENT ON TABLE cdp_data.quarantine_hour IS
		'How many rows went to quarantine, by the hour of their batch, for 400 days. See cdp.quarantine_rates.';
	COMMENT ON COLUMN cdp_data.quarantine_hour.hour IS 'Beginning of the hour.';
	COMMENT ON COLUMN cdp_data.quarantine_hour.source IS 'The source that they count for.';
	COMMENT ON COLUMN cdp_data.quarantine_hour.reason IS 'The reason.';
	COMMENT ON COLUMN cdp_data.quarantine_hour.rows IS 'Number of rows; a row that is replayed counts again.';

	CREATE TABLE cdp_data.source_hour (
		hour timestamptz,
		source text COLLATE "C",
		rows bigint NOT NULL,
		PRIMARY KEY (source, hour));
	COMMENT ON TABLE cdp_data.source_hour IS
		'How many rows each source had sent at the end of an hour, for 400 days; the last hour of each '
		'is not there yet.';
	COMMENT ON COLUMN cdp_data.source_hour.hour IS 'Beginning of the hour.';
	COMMENT ON COLUMN cdp_data.source_hour.source IS 'Name of the source.';
	COMMENT ON COLUMN cdp_data.source_hour.rows IS 'All rows of it up to the end of the hour, whatever became of them.';

	CREATE TABLE cdp_data.quarantine_retention (
		source text COLLATE "C" PRIMARY KEY,
		keep interval NOT NULL CHECK (keep > interval '0'),
		checked_at timestamptz NOT NULL DEFAULT '-infinity',
		expired bigint NOT NULL DEFAULT 0);
	COMMENT ON TABLE cdp_data.quarantine_retention IS
		'How long rows stay in quarantine. Written by cdp.set_quarantine_retention().';
	COMMENT ON COLUMN cdp_data.quarantine_retention.source IS
		'The source as its rows name it; empty: of all others.';
	COMMENT ON COLUMN cdp_data.quarantine_retention.keep IS 'How long, in hours.';
	COMMENT ON COLUMN cdp_data.quarantine_retention.checked_at IS 'When it was last seen to that no older row stays.';
	COMMENT ON COLUMN cdp_data.quarantine_retention.expired IS 'How many rows were deleted.';

	CREATE TABLE cdp_data.plan_violation (
		day date,
		source text COLLATE "C",
		type text COLLATE "C",
		event text COLLATE "C",
		version integer,
		field text COLLATE "C",
		kind text COLLATE "C",
		description text COLLATE "C",
		outcome text COLLATE "C",
		events bigint NOT NULL,
		example_message_id text,
		PRIMARY KEY (day, source, type, event, version, field, kind, description, outcome));
	COMMENT ON TABLE cdp_data.plan_violation IS
		'What rows broke of tracking plans when they came, counted. See cdp.plan_violations.';
	COMMENT ON COLUMN cdp_data.plan_violation.day IS 'Day of the event, in UTC.';
	COMMENT ON COLUMN cdp_data.plan_violation.source IS 'Name of the source.';
	COMMENT ON COLUMN cdp_data.plan_violation.type IS 'Type of the call; empty: of kind other.';
	COMMENT ON COLUMN cdp_data.plan_violation.event IS 'Name of the event, as plans have it; empty: none.';
	COMMENT ON COLUMN cdp_data.plan_violation.version IS 'Version of the schema; 0: none.';
	COMMENT ON COLUMN cdp_data.plan_violation.field IS 'Way to what is wrong, up to 200 bytes.';
	COMMENT ON COLUMN cdp_data.plan_violation.kind IS
		'The keyword of the schema that is broken; unplanned; or other: of a source and day, what is beyond 1,000 '
		'rows, or 100,000 of all.';
	COMMENT ON COLUMN cdp_data.plan_violation.description IS 'What is wrong, without a value.';
	COMMENT ON COLUMN cdp_data.plan_violation.outcome IS 'What was done: allowed, quarantined or dropped.';
	COMMENT ON COLUMN cdp_data.plan_violation.events IS
		'Number of events; a row that goes to quarantine counts each time that it comes.';
	COMMENT ON COLUMN cdp_data.plan_violation.example_message_id IS
		'Message id of an event of the log; NULL: none has one.';

	CREATE TABLE cdp_data.rejected_value (
		source text COLLATE "C" NOT NULL,
		namespace text COLLATE "C" NOT NULL,
		reason text COLLATE "C" NOT NULL,
		occurrences bigint NOT NULL,
		example text,
		first_batch_id bigint NOT NULL,
		last_batch_id bigint NOT NULL,
		folded bigint NOT NULL DEFAULT 0,
		PRIMARY KEY (source, namespace, reason));
	COMMENT ON TABLE cdp_data.rejected_value IS
		'Values of accepted rows that stand where an identifier does and cannot be one; the events keep them, and '
		'cdp.restitch() finds those that have become identifiers. At most 10,000 rows.';
	COMMENT ON COLUMN cdp_data.rejected_value.source IS 'The source that sent them.';
	COMMENT ON COLUMN cdp_data.rejected_value.namespace IS
		'The namespace, or the field of a line; empty: what stands there is no namespace.';
	COMMENT ON COLUMN cdp_data.rejected_value.reason IS 'What is wrong with them.';
	COMMENT ON COLUMN cdp_data.rejected_value.occurrences IS 'Number of such values.';
	COMMENT ON COLUMN cdp_data.rejected_value.example IS 'The beginning of one of them, up to 100 bytes.';
	COMMENT ON COLUMN cdp_data.rejected_value.first_batch_id IS 'The first batch that had one.';
	COMMENT ON COLUMN cdp_data.rejected_value.last_batch_id IS 'The last one.';
	COMMENT ON COLUMN cdp_data.rejected_value.folded IS
		'How many of them are of events that are folded into cdp_data.base, and are not looked at any more.';

	CREATE TABLE cdp_data.statement (
		message_key uuid PRIMARY KEY,
		event_id bigint,
		identifier_id bigint CHECK ((identifier_id IS NULL) = (event_id IS NULL)),
		"timestamp" timestamptz CHECK (("timestamp" IS NULL) = (event_id IS NULL)),
		content_hash bigint NOT NULL,
		source_id integer NOT NULL,
		folded boolean NOT NULL DEFAULT false,
		version jsonb CHECK (jsonb_typeof(version) IN ('number', 'string')));
	COMMENT ON TABLE cdp_data.statement IS
		'What holds of each message of mutable sources: an event of the log or one that is folded, or a deletion. '
		'Distribution key: message_key.';
	COMMENT ON COLUMN cdp_data.statement.message_key IS
		'As in cdp_data.message, which forgets no message that is here.';
	COMMENT ON COLUMN cdp_data.statement.event_id IS 'Number of the event; NULL: a deletion.';
	COMMENT ON COLUMN cdp_data.statement.identifier_id IS 'Its anchor.';
	COMMENT ON COLUMN cdp_data.statement."timestamp" IS 'Its time.';
	COMMENT ON COLUMN cdp_data.statement.content_hash IS 'As in cdp_data.message.';
	COMMENT ON COLUMN cdp_data.statement.source_id IS 'The number of the source, which alone corrects it.';
	COMMENT ON COLUMN cdp_data.statement.folded IS
		'Whether the event is folded into cdp_data.base, so that it cannot be corrected.';
	COMMENT ON COLUMN cdp_data.statement.version IS 'Its version; NULL: none.';

	CREATE TABLE cdp_data.correction (
		event_id bigint PRIMARY KEY,
		batch_id bigint NOT NULL,
		source text COLLATE "C" NOT NULL,
		message_id text COLLATE "C" NOT NULL,
		deleted boolean NOT NULL,
		event jsonb NOT NULL);
	CREATE INDEX correction_message_id ON cdp_data.correction (message_id);
	COMMENT ON TABLE cdp_data.correction IS
		'Events that other rows of mutable sources replaced or deleted, of sources with keep_corrections; but for '
		'messages that cdp.retract() took back.';
	COMMENT ON COLUMN cdp_data.correction.event_id IS 'Number that the event had.';
	COMMENT ON COLUMN cdp_data.correction.batch_id IS 'The batch that replaced it.';
	COMMENT ON COLUMN cdp_data.correction.source IS 'The source that sent it.';
	COMMENT ON COLUMN cdp_data.correction.message_id IS
		'Its message id, without blanks around it; the event that holds has the same.';
	COMMENT ON COLUMN cdp_data.correction.deleted IS 'Whether a deletion replaced it.';
	COMMENT ON COLUMN cdp_data.correction.event IS
		'The event, as an object of the columns of cdp_data.event, with its whole context.';

	CREATE TABLE cdp_data.retraction (
		retraction_id bigint PRIMARY KEY,
		asked jsonb NOT NULL,
		events bigint NOT NULL,
		forever boolean NOT NULL,
		reason text,
		decided_by name NOT NULL DEFAULT session_user,
		decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
		first_batch_id bigint NOT NULL,
		last_batch_id bigint NOT NULL);
	COMMENT ON TABLE cdp_data.retraction IS 'What cdp.retract() took back, and why.';
	COMMENT ON COLUMN cdp_data.retraction.retraction_id IS 'Number of the call.';
	COMMENT ON COLUMN cdp_data.retraction.asked IS
		'How the events were named: by source, since and until; or only how many messages, events or results of a '
		'query were given.';
	COMMENT ON COLUMN cdp_data.retraction.events IS 'Number of events that were taken back.';
	COMMENT ON COLUMN cdp_data.retraction.forever IS 'Whether their message ids stay used.';
	COMMENT ON COLUMN cdp_data.retraction.reason IS 'Reason that was given; NULL: none.';
	COMMENT ON COLUMN cdp_data.retraction.decided_by IS 'The role that decided.';
	COMMENT ON COLUMN cdp_data.retraction.decided_at IS 'Time of the decision.';
	COMMENT ON COLUMN cdp_data.retraction.first_batch_id IS 'The first batch that carried it out.';
	COMMENT ON COLUMN cdp_data.retraction.last_batch_id IS 'The last one.';

	CREATE TABLE cdp_data.source (
		source text COLLATE "C" PRIMARY KEY,
		source_id integer NOT NULL UNIQUE CHECK (source_id > 0),
		party text NOT NULL DEFAULT 'first' CHECK (party IN ('first', 'second', 'third')),
		trust integer NOT NULL DEFAULT 3 CHECK (trust BETWEEN -128 AND 127),
		aliases text NOT NULL DEFAULT 'link' CHECK (aliases IN ('link', 'same')),
		expires_after interval CHECK (expires_after > interval '0'),
		keep_events interval CHECK (keep_events > interval '0'),
		folded_until timestamptz NOT NULL DEFAULT '-infinity',
		folded_event_id bigint NOT NULL DEFAULT 0,
		licence text,
		mutable boolean NOT NULL DEFAULT false,
		keep_corrections boolean NOT NULL DEFAULT false,
		version text[] CHECK (version <> '{}' AND array_position(version, NULL) IS NULL),
		deleted text[] CHECK (deleted <> '{}' AND array_position(deleted, NULL) IS NULL),
		phone_region text COLLATE "C" CHECK (phone_region ~ '^[A-Z]{2}$'),
		folded_regions jsonb NOT NULL DEFAULT '{}',
		keep_unidentified boolean NOT NULL DEFAULT false,
		own_message_ids boolean NOT NULL DEFAULT false,
		same_content_within interval CHECK (same_content_within > interval '0'),
		accepted bigint NOT NULL DEFAULT 0,
		duplicate bigint NOT NULL DEFAULT 0,
		same_content bigint NOT NULL DEFAULT 0 CHECK (same_content BETWEEN 0 AND duplicate),
		quarantined bigint NOT NULL DEFAULT 0,
		retracted bigint NOT NULL DEFAULT 0,
		deletions bigint NOT NULL DEFAULT 0,
		suppressed bigint NOT NULL DEFAULT 0,
		first_batch_id bigint NOT NULL,
		last_batch_id bigint NOT NULL,
		last_at timestamptz NOT NULL DEFAULT '-infinity',
		CHECK (NOT (mutable AND same_content_within IS NOT NULL)));
	COMMENT ON TABLE cdp_data.source IS 'The sources, with the outcomes of their rows.';
	COMMENT ON COLUMN cdp_data.source.source IS 'Name of the source.';
	COMMENT ON COLUMN cdp_data.source.source_id IS
		'Number of the source, assigned once: see cdp_internal.add_source_names().';
	COMMENT ON COLUMN cdp_data.source.party IS 'first (our own), second (a partner''s own) or third (bought).';
	COMMENT ON COLUMN cdp_data.source.trust IS
		'Greater is more trusted. If a rule allows only one of several links, the most trusted source''s link wins; of '
		'several values of a trait, the most trusted source''s value wins, whatever the times. Default: first party 3, '
		'second 2, third 1.';
	COMMENT ON COLUMN cdp_data.source.aliases IS
		'What its aliases of an earlier user_id are: link (evidence like any other) or same (believed as if cdp.same() '
		'said so).';
	COMMENT ON COLUMN cdp_data.source.expires_after IS
		'How long the traits that the source sends count; expired ones disappear with the next refresh. In hours, '
		'since days differ in length. NULL: they do not expire.';
	COMMENT ON COLUMN cdp_data.source.keep_events IS
		'How long its events stay in the log, in hours: see cdp.drop_old_events(). NULL: until their month is dropped.';
	COMMENT ON COLUMN cdp_data.source.folded_until IS
		'Its events before this time, up to folded_event_id, have left the log.';
	COMMENT ON COLUMN cdp_data.source.folded_event_id IS
		'The last event when cdp.drop_old_events() was last through with those that came late.';
	COMMENT ON COLUMN cdp_data.source.licence IS 'A note on what its data may be used for; NULL: none.';
	COMMENT ON COLUMN cdp_data.source.mutable IS
		'Whether it corrects its rows: of those with one message id the greatest holds, and is no duplicate.';
	COMMENT ON COLUMN cdp_data.source.keep_corrections IS 'Whether events that are replaced go to cdp.correction.';
	COMMENT ON COLUMN cdp_data.source.version IS
		'Path in the properties, traits or context of the version by which its rows are compared; NULL: the later one '
		'is the greater.';
	COMMENT ON COLUMN cdp_data.source.deleted IS
		'Path in the properties, traits or context of what says that a row deletes; NULL: none does.';
	COMMENT ON COLUMN cdp_data.source.phone_region IS
		'Where phone numbers without a country code are, as a code of ISO 3166; NULL: they are no identifiers.';
	COMMENT ON COLUMN cdp_data.source.own_message_ids IS
		'Whether messages of other sources can have the same ids.';
	COMMENT ON COLUMN cdp_data.source.same_content_within IS
		'How far from an event a row that says the same is a duplicate of it, in hours; NULL: it is none.';
	COMMENT ON COLUMN cdp_data.source.folded_regions IS
		'How many of its events had left the log when phone_region was changed the last time, by the phone_region by '
		'which they were read (empty: none).';
	COMMENT ON COLUMN cdp_data.source.keep_unidentified IS
		'Whether its events without any identifier go to the log, instead of to quarantine.';
	COMMENT ON COLUMN cdp_data.source.accepted IS 'Number of rows that became events.';
	COMMENT ON COLUMN cdp_data.source.duplicate IS
		'Number of rows whose message was already in the log, or that said the same as an event.';
	COMMENT ON COLUMN cdp_data.source.same_content IS
		'How many of these said the same as an event with another message id, or with none.';
	COMMENT ON COLUMN cdp_data.source.quarantined IS
		'Number of rows that could not become events; a replayed row counts again.';
	COMMENT ON COLUMN cdp_data.source.retracted IS 'Number of its events that were taken back, see cdp.retract().';
	COMMENT ON COLUMN cdp_data.source.deletions IS 'Number of its rows that held as deletions.';
	COMMENT ON COLUMN cdp_data.source.suppressed IS
		'Number of rows that named none but people who were erased, and were dropped.';
	COMMENT ON COLUMN cdp_data.source.first_batch_id IS 'The batch that first saw it.';
	COMMENT ON COLUMN cdp_data.source.last_batch_id IS 'The last batch that took rows of it.';
	COMMENT ON COLUMN cdp_data.source.last_at IS 'Time of that batch; -infinity: none has.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_log() IS
	'Internal: makes the tables of the inboxes, the log, the quarantine and the sources.';

-- There is one writer at a time.
CREATE FUNCTION cdp_internal.add_source_names(names text[], batch_id bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	INSERT INTO cdp_data.source (source, source_id, first_batch_id, last_batch_id)
	SELECT n.name, (SELECT coalesce(max(s.source_id), 0) FROM cdp_data.source s) + row_number() OVER (ORDER BY n.name),
		   add_source_names.batch_id, add_source_names.batch_id
	FROM (SELECT DISTINCT u.name COLLATE "C" AS name FROM unnest(names) AS u (name)) n
	WHERE NOT EXISTS (SELECT FROM cdp_data.source s WHERE s.source = n.name);
END
$function$;
COMMENT ON FUNCTION cdp_internal.add_source_names(text[], bigint) IS
	'Internal: adds the sources of these names that are not known yet, each with the next number.';

CREATE FUNCTION cdp_internal.init_event_month() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- SECURITY DEFINER because only the owner of a partitioned table may add a partition, and
	-- verdicts run as any steward.  Made here, not in the extension's script, so that it runs
	-- as the owner of the tables and never as the superuser who installed the extension.
	CREATE FUNCTION cdp_data.add_event_month(month timestamptz) RETURNS void
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, cdp, pg_temp
		SET timezone = 'UTC'
		-- where the tables are, and not where a caller says
		SET default_tablespace FROM CURRENT
		SET default_table_access_method FROM CURRENT
	AS $body$
	DECLARE
		first_day timestamptz := date_trunc('month', month);
		base text := to_char(first_day, '"event_"YYYY_MM');
		partition text := base;
		hidden name;
	BEGIN
		PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
		-- refresh() asks for months of events that cdp_internal.onboard() accepts, and for the next month; callers
		-- must not fill the catalogs with others.  A year ahead, as the clock may have been wrong before.
		IF (month BETWEEN '1970-01-01' AND clock_timestamp() + interval '1 year') IS NOT TRUE THEN
			RAISE EXCEPTION 'there is no month of events for %', coalesce(month::text, 'NULL')
				USING ERRCODE = 'datetime_field_overflow',
				DETAIL = 'Events lie from 1970 on, and not ahead.';
		END IF;
		IF EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
				   WHERE i.inhparent = 'cdp_data.event'::regclass
					 AND NOT i.inhdetachpending
					 AND (c.relname = base OR c.relname LIKE base || '\_%')) THEN
			RETURN;
		END IF;
		-- a detached month may still have the name
		WHILE to_regclass('cdp_data.' || partition) IS NOT NULL LOOP
			partition := base || '_' || (coalesce(nullif(substr(partition, length(base) + 2), ''), '0')::integer + 1);
		END LOOP;
		-- ATTACH, unlike CREATE … PARTITION OF, does not wait for readers or writers
		EXECUTE format('CREATE TABLE cdp_data.%I (LIKE cdp_data.event INCLUDING ALL)', partition);
		-- LIKE does not copy the statistics target of columns
		FOR hidden IN
			SELECT a.attname FROM pg_attribute a
			WHERE a.attrelid = 'cdp_data.event'::regclass AND a.attnum > 0 AND a.attstattarget = 0
		LOOP
			EXECUTE format('ALTER TABLE cdp_data.%I ALTER COLUMN %I SET STATISTICS 0', partition, hidden);
		END LOOP;
		IF (SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = 'cdp_data.event'::regclass) THEN
			EXECUTE format('ALTER TABLE cdp_data.%I ENABLE ROW LEVEL SECURITY', partition);
		END IF;
		EXECUTE format('ALTER TABLE cdp_data.event ATTACH PARTITION cdp_data.%I FOR VALUES FROM (%L) TO (%L)',
					   partition, first_day, first_day + interval '1 month');
	END
	$body$;
	REVOKE ALL ON FUNCTION cdp_data.add_event_month(timestamptz) FROM PUBLIC;
	COMMENT ON FUNCTION cdp_data.add_event_month(timestamptz) IS
		'Internal: makes the partition of cdp_data.event for a month (UTC), if it is missing.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_event_month() IS
	'Internal: makes the function that adds partitions, owned by the owner of the tables.';

REVOKE ALL ON FUNCTION cdp_internal.init_log(), cdp_internal.add_source_names(text[], bigint),
	cdp_internal.init_event_month() FROM PUBLIC;
