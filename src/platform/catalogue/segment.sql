-- The table of segments, the schema of their views, and who is in them.

CREATE FUNCTION cdp_internal.init_segment() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- DROP EXTENSION ... CASCADE leaves the schema.  One that belongs to another role is an error.
	IF NOT EXISTS (
		SELECT
		FROM pg_namespace n
		WHERE n.nspname = 'cdp_segment' AND pg_get_userbyid(n.nspowner) = current_user) THEN
		CREATE SCHEMA cdp_segment;
	END IF;
	IF NOT EXISTS (
		SELECT
		FROM pg_namespace n
		WHERE n.nspname = 'cdp_condition' AND pg_get_userbyid(n.nspowner) = current_user) THEN
		CREATE SCHEMA cdp_condition;
	END IF;
	COMMENT ON SCHEMA cdp_condition IS
		'One view for each segment in cdp.segment, whose column "holds" is the condition.';
	COMMENT ON SCHEMA cdp_segment IS 'One view for each segment in cdp.segment, with the profiles that are in it now.';

	CREATE TABLE cdp_data.segment (
		name text COLLATE "C" PRIMARY KEY,
		segment_id integer NOT NULL UNIQUE CHECK (segment_id > 0),
		kind text NOT NULL DEFAULT 'live' CHECK (kind IN ('live', 'trait', 'list')),
		subject text NOT NULL DEFAULT 'person' CHECK (subject IN ('person', 'account')),
		value_type text CHECK ((kind = 'trait') = (value_type IS NOT NULL)),
		level integer NOT NULL DEFAULT 0 CHECK (level BETWEEN 0 AND 1000000),
		depends_on integer[] NOT NULL DEFAULT '{}' CHECK (array_position(depends_on, NULL) IS NULL),
		condition text NOT NULL,
		description text,
		purpose_id smallint,
		defined_at timestamptz NOT NULL DEFAULT now(),
		hold_out double precision NOT NULL DEFAULT 0 CHECK (hold_out BETWEEN 0 AND 1),
		priority_list text COLLATE "C",
		priority integer,
		members bigint NOT NULL DEFAULT 0,
		built_until bigint,
		state text NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'building', 'failing', 'too_slow')),
		failing_since timestamptz,
		error text,
		error_profile_id bigint,
		trial_profile_id bigint,
		checked_at timestamptz NOT NULL DEFAULT now(),
		CHECK ((priority_list IS NULL) = (priority IS NULL)),
		UNIQUE (priority_list, priority));
	COMMENT ON TABLE cdp_data.segment IS
		'Segments: conditions over cdp.profile_row, each kept as the view cdp_segment.<name>. Written by '
		'cdp.create_segment and cdp.drop_segment; their states also by cdp.refresh.';
	COMMENT ON COLUMN cdp_data.segment.name IS 'Name of the segment, and of its view in schema cdp_segment.';
	COMMENT ON COLUMN cdp_data.segment.segment_id IS
		'Number of the segment, which stays when it is renamed, and is never used again.';
	COMMENT ON COLUMN cdp_data.segment.kind IS
		'live: a condition; who is in it is judged when something changes, and when time passes; trait: a computed '
		'trait, whose members are those who have a value; list: those who have an identifier that a query returned.';
	COMMENT ON COLUMN cdp_data.segment.subject IS
		'What its members are: person, by the columns of cdp.profile_row; account, by those of cdp.account_row.';
	COMMENT ON COLUMN cdp_data.segment.value_type IS 'The type of the values of a computed trait; NULL: it is none.';
	COMMENT ON COLUMN cdp_data.segment.level IS
		'0: its condition names no other segment; else one more than the highest level of those.';
	COMMENT ON COLUMN cdp_data.segment.depends_on IS 'The segments that its condition names.';
	COMMENT ON COLUMN cdp_data.segment.condition IS
		'The boolean SQL expression, or that of a computed trait, or the query of a list, as written. The view '
		'decides, and follows when columns and functions are renamed.';
	COMMENT ON COLUMN cdp_data.segment.description IS 'What the segment is for; NULL: not given.';
	COMMENT ON COLUMN cdp_data.segment.purpose_id IS
		'The purpose that its members must be usable for, see cdp.set_segment_purpose(); NULL: none.';
	COMMENT ON COLUMN cdp_data.segment.defined_at IS 'When the present condition was given.';
	COMMENT ON COLUMN cdp_data.segment.hold_out IS
		'The share of those for whom the condition holds who are held out: cdp.held_out() lists them.';
	COMMENT ON COLUMN cdp_data.segment.priority_list IS
		'The priority list that it was made for by cdp.create_priority_list(); NULL: none.';
	COMMENT ON COLUMN cdp_data.segment.priority IS 'Its place in that, from 1.';
	COMMENT ON COLUMN cdp_data.segment.members IS 'Number of members when the last batch ended.';
	COMMENT ON COLUMN cdp_data.segment.built_until IS
		'The people up to this profile_id (accounts: account_id, also in the columns below) have been judged since it '
		'became building; NULL: all have been.';
	COMMENT ON COLUMN cdp_data.segment.state IS
		'live; building: new, changed or repaired, and not all people have been judged yet; failing: the condition '
		'raises an error for some people, or for all; too_slow: judging it takes longer than cdp.segment_timeout. '
		'People that it fails for, or all if it is too slow, are in it or not as last judged, until it recovers.';
	COMMENT ON COLUMN cdp_data.segment.failing_since IS 'When it stopped being live; NULL: it is live.';
	COMMENT ON COLUMN cdp_data.segment.error IS 'Why it is not live, as SQLSTATE: message; NULL: it is live.';
	COMMENT ON COLUMN cdp_data.segment.error_profile_id IS
		'A profile that the condition fails for; NULL: it is live, or fails as a whole.';
	COMMENT ON COLUMN cdp_data.segment.trial_profile_id IS
		'The profile that each refresh tries it with while it is failing, also as a whole: the first that it failed '
		'for; NULL: any.';
	COMMENT ON COLUMN cdp_data.segment.checked_at IS
		'When the state was last written. A segment that is too slow is judged again ten minutes later.';

	CREATE TABLE cdp_data.membership (
		profile_id bigint PRIMARY KEY,
		horizon timestamptz NOT NULL,
		segments integer[] NOT NULL,
		since timestamptz[] NOT NULL,
		computed text[]);
	CREATE INDEX membership_horizon ON cdp_data.membership (horizon) WHERE horizon < 'infinity';
	COMMENT ON TABLE cdp_data.membership IS
		'Who is in which segments, as last judged: a row for each profile that is in one, or whose answers can change '
		'as time passes. Written under the lock of cdp.refresh.';
	COMMENT ON COLUMN cdp_data.membership.profile_id IS 'Number of the person.';
	COMMENT ON COLUMN cdp_data.membership.horizon IS
		'What is kept holds before this instant, if nothing else happens; infinity: for ever.';
	COMMENT ON COLUMN cdp_data.membership.segments IS
		'Numbers of the segments that the person is in, ascending; negative: held out of it.';
	COMMENT ON COLUMN cdp_data.membership.since IS 'Since when, for each of them.';
	COMMENT ON COLUMN cdp_data.membership.computed IS
		'The value, as text, for each of them that is a computed trait, NULL for the others; NULL: none is.';
	PERFORM cdp_internal.init_account_membership();
	PERFORM cdp_internal.init_list();
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_segment() IS
	'Internal: makes the tables of segments and memberships, and the schema cdp_segment.';

CREATE FUNCTION cdp_internal.init_account_membership() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.account_membership (
		account_id bigint PRIMARY KEY,
		group_id text COLLATE "C" NOT NULL,
		horizon timestamptz NOT NULL,
		segments integer[] NOT NULL,
		since timestamptz[] NOT NULL,
		computed text[]);
	CREATE INDEX account_membership_horizon ON cdp_data.account_membership (horizon) WHERE horizon < 'infinity';
	-- of an account that is gone the number is found here
	CREATE INDEX account_membership_group_id ON cdp_data.account_membership (group_id);
	COMMENT ON TABLE cdp_data.account_membership IS
		'Which accounts are in which segments of accounts, as last judged: cdp_data.membership, for accounts.';
	COMMENT ON COLUMN cdp_data.account_membership.account_id IS 'Number of the account.';
	COMMENT ON COLUMN cdp_data.account_membership.group_id IS 'The account.';
	COMMENT ON COLUMN cdp_data.account_membership.horizon IS
		'What is kept holds before this instant, if nothing else happens; infinity: for ever.';
	COMMENT ON COLUMN cdp_data.account_membership.segments IS
		'Numbers of the segments that the account is in, ascending.';
	COMMENT ON COLUMN cdp_data.account_membership.since IS 'Since when, for each of them.';
	COMMENT ON COLUMN cdp_data.account_membership.computed IS
		'The value, as text, for each of them that is a computed trait, NULL for the others; NULL: none is.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_account_membership() IS
	'Internal: makes the table of the memberships of accounts.';

CREATE FUNCTION cdp_internal.init_list() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.list (
		segment_id integer PRIMARY KEY,
		every interval CHECK (every >= interval '1 second'),
		read_at timestamptz,
		next_read_at timestamptz NOT NULL DEFAULT '-infinity',
		identifiers bigint NOT NULL DEFAULT 0,
		left_out bigint NOT NULL DEFAULT 0);
	COMMENT ON TABLE cdp_data.list IS
		'Lists: segments of kind list, whose members have an identifier that a query returned when it was last read. '
		'The query is the view cdp_condition.<name>. Made by cdp.create_segment_from_query().';
	COMMENT ON COLUMN cdp_data.list.segment_id IS 'Number of the segment.';
	COMMENT ON COLUMN cdp_data.list.every IS
		'A batch reads it again when so much time has passed; NULL: only cdp.read_list() does.';
	COMMENT ON COLUMN cdp_data.list.read_at IS 'Time of the batch that last read it; NULL: it was not read yet.';
	COMMENT ON COLUMN cdp_data.list.next_read_at IS 'From when on a batch reads it again; infinity: none does.';
	COMMENT ON COLUMN cdp_data.list.identifiers IS 'How many identifiers the query returned when it was last read.';
	COMMENT ON COLUMN cdp_data.list.left_out IS 'How many rows it then returned that are no identifiers.';

	CREATE TABLE cdp_data.list_identifier (
		segment_id integer,
		hash bigint,
		identifier cdp.identifier,
		PRIMARY KEY (segment_id, hash, identifier));
	COMMENT ON TABLE cdp_data.list_identifier IS
		'The identifiers of lists, as last read, whether a person has them or not.';
	COMMENT ON COLUMN cdp_data.list_identifier.segment_id IS 'Number of the list.';
	COMMENT ON COLUMN cdp_data.list_identifier.hash IS
		'Hash of the identifier, as in cdp_data.identifier_map: see cdp_internal.map_hash().';
	COMMENT ON COLUMN cdp_data.list_identifier.identifier IS 'The identifier, by the rules of when it was read.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_list() IS 'Internal: makes the tables of lists.';

REVOKE ALL ON FUNCTION cdp_internal.init_segment(), cdp_internal.init_account_membership(),
	cdp_internal.init_list() FROM PUBLIC;
