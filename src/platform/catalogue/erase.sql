-- The tables of erasure: what was asked and done, who must not come again, and what holds an erasure up.

CREATE FUNCTION cdp_internal.init_erase() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.erasure (
		erasure_id bigint PRIMARY KEY,
		request text,
		mode text COLLATE "C" NOT NULL CHECK (mode IN ('erase', 'anonymise')),
		state text COLLATE "C" NOT NULL CHECK (state IN ('held', 'completed')),
		regulation text NOT NULL,
		reason text,
		purpose text COLLATE "C",
		since timestamptz,
		until timestamptz,
		keep_properties text[] COLLATE "C" NOT NULL DEFAULT '{}',
		received_at timestamptz NOT NULL,
		due_at timestamptz NOT NULL,
		completed_at timestamptz CHECK ((completed_at IS NULL) = (state <> 'completed')),
		asked_by name NOT NULL DEFAULT session_user,
		identifiers cdp.identifier[] CHECK ((identifiers IS NULL) = (state = 'completed')),
		keys bytea[] NOT NULL DEFAULT '{}',
		profile_ids bigint[] NOT NULL DEFAULT '{}',
		certificate jsonb CHECK ((certificate IS NULL) = (state <> 'completed')),
		previous_hash bytea,
		hash bytea CHECK ((hash IS NULL) = (state <> 'completed')));
	COMMENT ON TABLE cdp_data.erasure IS
		'The erasures that cdp.erase() was asked for. The row of one that is completed holds no identifier.';
	COMMENT ON COLUMN cdp_data.erasure.erasure_id IS 'Number of the erasure.';
	COMMENT ON COLUMN cdp_data.erasure.request IS 'Id of the request, as it was given; NULL: none was.';
	COMMENT ON COLUMN cdp_data.erasure.mode IS
		'erase: events of the person are deleted; anonymise: those of the person stay, without what names it.';
	COMMENT ON COLUMN cdp_data.erasure.state IS 'held (until the holds on the person end) or completed.';
	COMMENT ON COLUMN cdp_data.erasure.regulation IS 'The law under which it was asked for.';
	COMMENT ON COLUMN cdp_data.erasure.reason IS 'Reason that was given; NULL: none.';
	COMMENT ON COLUMN cdp_data.erasure.purpose IS 'The purpose whose data were erased alone; NULL: all.';
	COMMENT ON COLUMN cdp_data.erasure.since IS 'Events before were left; NULL: none.';
	COMMENT ON COLUMN cdp_data.erasure.until IS 'Events from then on were left; NULL: none.';
	COMMENT ON COLUMN cdp_data.erasure.keep_properties IS 'Properties that events keep which are anonymised.';
	COMMENT ON COLUMN cdp_data.erasure.received_at IS 'When it was asked for.';
	COMMENT ON COLUMN cdp_data.erasure.due_at IS 'When it must be completed.';
	COMMENT ON COLUMN cdp_data.erasure.completed_at IS 'When it was; NULL: it is held.';
	COMMENT ON COLUMN cdp_data.erasure.asked_by IS 'The role that asked for it.';
	COMMENT ON COLUMN cdp_data.erasure.identifiers IS
		'By which the person was asked for, while it is held; NULL: it is completed.';
	COMMENT ON COLUMN cdp_data.erasure.keys IS
		'Hashes of the identifiers of the person, by cdp.suppression_key: see cdp.reapply_erasures().';
	COMMENT ON COLUMN cdp_data.erasure.profile_ids IS
		'Numbers of the profiles that were erased: cdp.resolve_profile() says so of them to stewards.';
	COMMENT ON COLUMN cdp_data.erasure.certificate IS 'What was done, and what is not done yet; NULL: it is held.';
	COMMENT ON COLUMN cdp_data.erasure.previous_hash IS 'The hash of the certificate before it; NULL: it is the first.';
	COMMENT ON COLUMN cdp_data.erasure.hash IS 'SHA-256 of previous_hash and the certificate; NULL: it is held.';

	CREATE TABLE cdp_data.suppressed (
		key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
		tag bigint NOT NULL,
		namespace text COLLATE "C" NOT NULL,
		derived boolean NOT NULL DEFAULT false,
		since timestamptz NOT NULL DEFAULT clock_timestamp(),
		erasure_id bigint NOT NULL);
	CREATE INDEX suppressed_erasure_id ON cdp_data.suppressed (erasure_id);
	COMMENT ON TABLE cdp_data.suppressed IS
		'Identifiers that are taken out of rows as they come, since their person was erased: as hashes by '
		'cdp.suppression_key. cdp.allow_again() lets one come again.';
	COMMENT ON COLUMN cdp_data.suppressed.key IS 'cdp_internal.suppression_hash(identifier).';
	COMMENT ON COLUMN cdp_data.suppressed.tag IS
		'cdp_internal.suppression_tag(identifier), by which rows are compared.';
	COMMENT ON COLUMN cdp_data.suppressed.namespace IS 'Its namespace.';
	COMMENT ON COLUMN cdp_data.suppressed.derived IS
		'Whether the person did not have it: it is the hash of one that it had, or another form of its mailbox.';
	COMMENT ON COLUMN cdp_data.suppressed.since IS 'Since when.';
	COMMENT ON COLUMN cdp_data.suppressed.erasure_id IS 'The last erasure that suppressed it.';

	CREATE TABLE cdp_data.hold (
		hold_id bigint PRIMARY KEY,
		identifier cdp.identifier NOT NULL,
		reason text NOT NULL,
		until timestamptz,
		decided_by name NOT NULL DEFAULT session_user,
		decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
		ended_by name,
		ended_at timestamptz CHECK ((ended_at IS NULL) = (ended_by IS NULL)));
	COMMENT ON TABLE cdp_data.hold IS
		'Who must not be erased for now, and why: see cdp.hold(). A hold that has ended stays until its person is '
		'erased.';
	COMMENT ON COLUMN cdp_data.hold.hold_id IS 'Number of the hold.';
	COMMENT ON COLUMN cdp_data.hold.identifier IS 'An identifier of the person.';
	COMMENT ON COLUMN cdp_data.hold.reason IS 'Reason that was given.';
	COMMENT ON COLUMN cdp_data.hold.until IS 'When it ends by itself; NULL: when cdp.end_hold() is called.';
	COMMENT ON COLUMN cdp_data.hold.decided_by IS 'The role that decided.';
	COMMENT ON COLUMN cdp_data.hold.decided_at IS 'Time of the decision.';
	COMMENT ON COLUMN cdp_data.hold.ended_by IS 'The role that ended it; NULL: none did.';
	COMMENT ON COLUMN cdp_data.hold.ended_at IS 'When that was.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_erase() IS 'Internal: makes the tables of erasure.';

REVOKE ALL ON FUNCTION cdp_internal.init_erase() FROM PUBLIC;
