-- The tables of purposes, of the signals that speak of them, and of what people said: the ledger of consent.

CREATE FUNCTION cdp_internal.init_consent() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.purpose (
		purpose_id smallint PRIMARY KEY CHECK (purpose_id BETWEEN 0 AND 62),
		name text COLLATE "C" NOT NULL UNIQUE CHECK (name <> ''),
		fallback text NOT NULL CHECK (fallback IN ('opt_in', 'opt_out', 'none')),
		by_region jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(by_region) = 'object'),
		lawful_basis text,
		retention interval,
		description text);
	COMMENT ON TABLE cdp_data.purpose IS
		'What people can be used for, if they have not said no, or have said yes: see cdp.create_purpose().';
	COMMENT ON COLUMN cdp_data.purpose.purpose_id IS
		'Number of the purpose: its bit in purposes of cdp_data.profile. That of a dropped purpose is given again only '
		'once no other number is left.';
	COMMENT ON COLUMN cdp_data.purpose.name IS 'Name of the purpose.';
	COMMENT ON COLUMN cdp_data.purpose.fallback IS
		'What holds of people who have said nothing: opt_in: no; opt_out: yes; none: yes, and a no does not count.';
	COMMENT ON COLUMN cdp_data.purpose.by_region IS
		'The same for people of countries and regions, in place of fallback: {"EU": "opt_in", "US-CA": "opt_out"}.';
	COMMENT ON COLUMN cdp_data.purpose.lawful_basis IS 'Why data may be used for it; NULL: not given.';
	COMMENT ON COLUMN cdp_data.purpose.retention IS 'How long data is kept for it; NULL: not given.';
	COMMENT ON COLUMN cdp_data.purpose.description IS 'What it is; NULL: not given.';

	CREATE TABLE cdp_data.signal (
		kind text COLLATE "C" NOT NULL,
		key text COLLATE "C" NOT NULL,
		purpose_id smallint NOT NULL,
		PRIMARY KEY (kind, key, purpose_id));
	COMMENT ON TABLE cdp_data.signal IS
		'Which signals of events speak of which purposes: see cdp.map_signal(). Read through cdp.signal.';
	COMMENT ON COLUMN cdp_data.signal.kind IS 'category, tcf, tcf_objection, gpp, google or gpc.';
	COMMENT ON COLUMN cdp_data.signal.key IS 'Which of its kind; empty for gpc.';
	COMMENT ON COLUMN cdp_data.signal.purpose_id IS 'The purpose that it speaks of.';

	-- the rows of one identifier together, so that the answer of a person is read from few pages
	CREATE TABLE cdp_data.consent (
		identifier_id bigint NOT NULL,
		purpose_id smallint NOT NULL,
		consent_id bigint NOT NULL,
		answer "char" NOT NULL CHECK (answer IN ('y', 'n', 'r')),
		source_id integer NOT NULL DEFAULT 0,
		first_time timestamptz NOT NULL,
		last_time timestamptz NOT NULL CHECK (last_time >= first_time),
		expires_at timestamptz CHECK (expires_at IS NULL OR answer = 'y'),
		first_event_id bigint NOT NULL DEFAULT 0,
		event_id bigint NOT NULL DEFAULT 0,
		batch_id bigint NOT NULL,
		ids bigint[] CHECK (cardinality(ids) > 1),
		evidence jsonb,
		PRIMARY KEY (identifier_id, purpose_id, consent_id));
	COMMENT ON TABLE cdp_data.consent IS
		'The ledger: what was said of purposes, once for each identifier that said it. Of a source that says the same '
		'of the same identifiers again, only the first and the last time are kept. Distribution key: identifier_id.';
	COMMENT ON COLUMN cdp_data.consent.identifier_id IS 'The identifier.';
	COMMENT ON COLUMN cdp_data.consent.purpose_id IS 'The purpose.';
	COMMENT ON COLUMN cdp_data.consent.consent_id IS
		'Number of the statement, the same in the rows of all its identifiers.';
	COMMENT ON COLUMN cdp_data.consent.answer IS
		'y: yes; n: no; r: reset, as if nothing had been said before, if none stronger has said it.';
	COMMENT ON COLUMN cdp_data.consent.source_id IS
		'Number of the source that sent the events; 0: cdp.set_consent() was called.';
	COMMENT ON COLUMN cdp_data.consent.first_time IS
		'When it was said first: least(timestamp, received_at) of the event.';
	COMMENT ON COLUMN cdp_data.consent.last_time IS 'When it was said last.';
	COMMENT ON COLUMN cdp_data.consent.expires_at IS 'When the yes ends; NULL: never.';
	COMMENT ON COLUMN cdp_data.consent.first_event_id IS 'The event that said it first; 0: none did.';
	COMMENT ON COLUMN cdp_data.consent.event_id IS 'The event that said it last; 0: none did.';
	COMMENT ON COLUMN cdp_data.consent.batch_id IS 'The batch that last changed the row.';
	COMMENT ON COLUMN cdp_data.consent.ids IS
		'Numbers of all identifiers of the event that were not blocked then, in order; NULL: it has one.';
	COMMENT ON COLUMN cdp_data.consent.evidence IS 'What was given with it as proof; NULL: nothing.';

	CREATE TABLE cdp_data.consent_proof (
		key bytea,
		purpose text COLLATE "C",
		consent_id bigint,
		answer "char" NOT NULL,
		source text COLLATE "C",
		first_time timestamptz NOT NULL,
		last_time timestamptz NOT NULL,
		expires_at timestamptz,
		erased_at timestamptz NOT NULL,
		PRIMARY KEY (key, purpose, consent_id));
	COMMENT ON TABLE cdp_data.consent_proof IS
		'What people who were erased had said of purposes, by a keyed hash of the identifier that said it, so that it '
		'can be proved to who names the identifier.';
	COMMENT ON COLUMN cdp_data.consent_proof.key IS 'The hash of the identifier.';
	COMMENT ON COLUMN cdp_data.consent_proof.purpose IS 'Name of the purpose.';
	COMMENT ON COLUMN cdp_data.consent_proof.consent_id IS 'Number of the statement.';
	COMMENT ON COLUMN cdp_data.consent_proof.answer IS 'y: yes; n: no; r: reset.';
	COMMENT ON COLUMN cdp_data.consent_proof.source IS 'The source that sent it; NULL: cdp.set_consent() was called.';
	COMMENT ON COLUMN cdp_data.consent_proof.first_time IS 'When it was said first.';
	COMMENT ON COLUMN cdp_data.consent_proof.last_time IS 'When it was said last.';
	COMMENT ON COLUMN cdp_data.consent_proof.expires_at IS 'When the yes ends; NULL: never.';
	COMMENT ON COLUMN cdp_data.consent_proof.erased_at IS 'When the person was erased.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_consent() IS
	'Internal: makes the tables of purposes, of signals, and of the ledger of consent.';

REVOKE ALL ON FUNCTION cdp_internal.init_consent() FROM PUBLIC;
