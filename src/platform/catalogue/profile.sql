-- The tables of people and accounts, and of the rules by which traits are folded.

CREATE FUNCTION cdp_internal.init_profile_tables() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- In this order: what each event changes stands together, so that an update in the same page logs little more than
	-- that, and what a scan filters by comes before all that may be NULL.  A row stays whole as long as it fits on a
	-- page, so that a scan needs no second look-up.  (A smaller fillfactor saves 2 % of what an append writes, and
	-- makes scans 10 % slower.)
	CREATE TABLE cdp_data.profile (
		profile_id bigint PRIMARY KEY,
		purposes bigint NOT NULL DEFAULT 0,
		purposes_until timestamptz NOT NULL DEFAULT 'infinity',
		first_seen timestamptz,
		last_seen timestamptz,
		events bigint NOT NULL DEFAULT 0,
		identifier_count integer NOT NULL DEFAULT 0,
		shared boolean NOT NULL DEFAULT false,
		has_forbid boolean NOT NULL DEFAULT false,
		consents boolean NOT NULL DEFAULT false,
		timeline cdp.timeline NOT NULL DEFAULT '{}',
		last_at timestamptz,
		last_trust integer,
		traits cdp.traits,
		limited jsonb NOT NULL DEFAULT '{}',
		identifiers cdp.identifier[],
		identifier_ids bigint[],
		accounts text[] COLLATE "C",
		expires_at timestamptz,
		level_1 cdp.timeline,
		level_2 cdp.timeline,
		level_3 cdp.timeline)
		WITH (toast_tuple_target = 8160);
	CREATE INDEX profile_expires_at ON cdp_data.profile (expires_at) WHERE expires_at IS NOT NULL;
	CREATE INDEX profile_purposes_until ON cdp_data.profile (purposes_until) WHERE purposes_until < 'infinity';
	COMMENT ON TABLE cdp_data.profile IS
		'One row for each person, and for each shared identifier. What a person did is the union of timeline and the '
		'three levels: read it through cdp.profile_row. Distribution key: profile_id.';
	COMMENT ON COLUMN cdp_data.profile.profile_id IS 'The identifier_id of the strongest identifier.';
	COMMENT ON COLUMN cdp_data.profile.purposes IS
		'The stamp: bit purpose_id of cdp_data.purpose is set if the person may be used for the purpose, as the '
		'ledger of consent and the rules say. 0 of a shared identifier, and while there are no purposes.';
	COMMENT ON COLUMN cdp_data.profile.purposes_until IS
		'The stamp holds before this instant, at which the first yes expires that it rests on; infinity: for ever.';
	COMMENT ON COLUMN cdp_data.profile.first_seen IS 'Time of the earliest event; NULL: there is no event.';
	COMMENT ON COLUMN cdp_data.profile.last_seen IS 'Time of the latest event; NULL: there is no event.';
	COMMENT ON COLUMN cdp_data.profile.events IS 'Number of events in the log, of calls of all types.';
	COMMENT ON COLUMN cdp_data.profile.identifier_count IS 'Number of identifiers.';
	COMMENT ON COLUMN cdp_data.profile.shared IS 'Whether this is not a person, but a shared identifier alone.';
	COMMENT ON COLUMN cdp_data.profile.has_forbid IS 'Whether a forbid names one of the identifiers.';
	COMMENT ON COLUMN cdp_data.profile.consents IS
		'Whether an identifier of it has said something of a purpose, or is on an event that did.';
	COMMENT ON COLUMN cdp_data.profile.timeline IS 'All events that are not in a level.';
	COMMENT ON COLUMN cdp_data.profile.last_at IS
		'With last_trust, an upper bound on the rank of links inside this profile: time of the link; NULL: unknown.';
	COMMENT ON COLUMN cdp_data.profile.last_trust IS
		'With last_at, an upper bound on the rank of links inside this profile: trust of the source; NULL: unknown.';
	COMMENT ON COLUMN cdp_data.profile.traits IS 'Traits of the person; NULL: none.';
	COMMENT ON COLUMN cdp_data.profile.limited IS 'Number of identifiers of each namespace that has max_per_profile.';
	COMMENT ON COLUMN cdp_data.profile.identifiers IS
		'Its identifiers, sorted; NULL: there are more than cdp_internal.held_max(), see cdp_data.profile_identifier.';
	COMMENT ON COLUMN cdp_data.profile.identifier_ids IS
		'The identifier_id of each; NULL: that of the only one is the profile_id, or identifiers is NULL.';
	COMMENT ON COLUMN cdp_data.profile.accounts IS
		'The accounts that its identifiers are members of, sorted; NULL: none; empty: more than '
		'cdp_internal.held_max(), see cdp_data.account_member.';
	COMMENT ON COLUMN cdp_data.profile.expires_at IS
		'Time at which the first of the values behind the traits expires; NULL: none does.';
	COMMENT ON COLUMN cdp_data.profile.level_1 IS
		'Events of a very long history that were moved out of timeline last; NULL: none.';
	COMMENT ON COLUMN cdp_data.profile.level_2 IS 'Events that were moved before these; NULL: none.';
	COMMENT ON COLUMN cdp_data.profile.level_3 IS 'Events that were moved before these; NULL: none.';

	CREATE TABLE cdp_data.profile_identifier (
		profile_id bigint NOT NULL,
		slice integer NOT NULL,
		identifiers cdp.identifier[] NOT NULL,
		identifier_ids bigint[] NOT NULL,
		PRIMARY KEY (profile_id, slice));
	COMMENT ON TABLE cdp_data.profile_identifier IS
		'The identifiers of profiles that have more than cdp_internal.held_max(). Distribution key: profile_id.';
	COMMENT ON COLUMN cdp_data.profile_identifier.profile_id IS 'The profile.';
	COMMENT ON COLUMN cdp_data.profile_identifier.slice IS
		'From 0 on; each has cdp_internal.held_max() identifiers, but for the last.';
	COMMENT ON COLUMN cdp_data.profile_identifier.identifiers IS 'Identifiers, in any order.';
	COMMENT ON COLUMN cdp_data.profile_identifier.identifier_ids IS 'The identifier_id of each.';

	CREATE TABLE cdp_data.account (
		group_id text COLLATE "C" PRIMARY KEY,
		first_seen timestamptz NOT NULL,
		last_seen timestamptz NOT NULL,
		events bigint NOT NULL,
		traits cdp.traits,
		expires_at timestamptz,
		account_id bigserial UNIQUE);
	COMMENT ON SEQUENCE cdp_data.account_account_id_seq IS 'Numbers of accounts.';
	CREATE INDEX account_expires_at ON cdp_data.account (expires_at) WHERE expires_at IS NOT NULL;
	COMMENT ON TABLE cdp_data.account IS
		'One row for each account that a group call named. Distribution key: group_id.';
	COMMENT ON COLUMN cdp_data.account.group_id IS 'The group_id of its calls, without blanks around it.';
	COMMENT ON COLUMN cdp_data.account.first_seen IS 'Time of the earliest call.';
	COMMENT ON COLUMN cdp_data.account.last_seen IS 'Time of the latest call.';
	COMMENT ON COLUMN cdp_data.account.events IS 'Number of calls.';
	COMMENT ON COLUMN cdp_data.account.traits IS 'Traits of the calls, merged like those of people; NULL: none.';
	COMMENT ON COLUMN cdp_data.account.expires_at IS
		'Time at which the first of the values behind the traits expires; NULL: none does.';
	COMMENT ON COLUMN cdp_data.account.account_id IS
		'Number of the account. One that no call is left of, and that comes again, has another.';

	CREATE TABLE cdp_data.account_member (
		identifier_id bigint NOT NULL,
		group_id text COLLATE "C" NOT NULL,
		first_at timestamptz NOT NULL,
		last_at timestamptz NOT NULL,
		events bigint NOT NULL,
		left_at timestamptz,
		PRIMARY KEY (identifier_id, group_id));
	CREATE INDEX account_member_group_id ON cdp_data.account_member (group_id);
	CREATE INDEX account_member_left ON cdp_data.account_member (group_id) WHERE left_at IS NOT NULL;
	COMMENT ON TABLE cdp_data.account_member IS
		'The anchors of the group calls of each account. Distribution key: identifier_id.';
	COMMENT ON COLUMN cdp_data.account_member.identifier_id IS
		'The anchor; 0: none, all identifiers of the call are blocked.';
	COMMENT ON COLUMN cdp_data.account_member.group_id IS 'The account.';
	COMMENT ON COLUMN cdp_data.account_member.first_at IS 'Time of the earliest call.';
	COMMENT ON COLUMN cdp_data.account_member.last_at IS 'Time of the latest call.';
	COMMENT ON COLUMN cdp_data.account_member.events IS 'Number of calls.';
	COMMENT ON COLUMN cdp_data.account_member.left_at IS
		'Time of the latest call that says that the person leaves the account; NULL: none does. A person belongs to '
		'the account if a call that names one of its identifiers is later than all such calls.';

	CREATE TABLE cdp_data.case_event (
		event text COLLATE "C" PRIMARY KEY,
		kind text NOT NULL,
		opens boolean NOT NULL,
		property text NOT NULL);
	COMMENT ON TABLE cdp_data.case_event IS
		'The events that open and close the cases of a contact centre. Change the rows freely: add your own events, or '
		'delete all.';
	COMMENT ON COLUMN cdp_data.case_event.event IS 'Name of the event.';
	COMMENT ON COLUMN cdp_data.case_event.kind IS 'What it opens or closes: ticket, case, call, …';
	COMMENT ON COLUMN cdp_data.case_event.opens IS 'Whether it opens a case; if not, it closes it.';
	COMMENT ON COLUMN cdp_data.case_event.property IS
		'The property of the event that identifies the case. Events without it belong to one case without a name.';
	INSERT INTO cdp_data.case_event (kind, property, opens, event)
	SELECT k.kind, k.property, e.opens, format('%s %s', k.name, e.verb)
	FROM (VALUES
		('ticket', 'ticket_id', 'Ticket'),
		('case', 'case_id', 'Case'),
		('complaint', 'complaint_id', 'Complaint'),
		('callback', 'callback_id', 'Callback'),
		('call', 'call_id', 'Call'),
		('conversation', 'conversation_id', 'Live Chat Conversation')) AS k (kind, property, name)
	JOIN (VALUES
		(ARRAY['ticket', 'case', 'complaint'], true, 'Created'),
		(ARRAY['ticket', 'case', 'complaint'], true, 'Opened'),
		(ARRAY['ticket', 'case', 'complaint'], true, 'Reopened'),
		(ARRAY['ticket', 'case', 'complaint'], false, 'Solved'),
		(ARRAY['ticket', 'case', 'complaint'], false, 'Resolved'),
		(ARRAY['ticket', 'case', 'complaint'], false, 'Closed'),
		(ARRAY['callback'], true, 'Requested'),
		(ARRAY['callback'], false, 'Completed'),
		(ARRAY['callback'], false, 'Canceled'),
		(ARRAY['call', 'conversation'], true, 'Started'),
		(ARRAY['call', 'conversation'], false, 'Ended')) AS e (kinds, opens, verb) ON k.kind = ANY (e.kinds);

	CREATE TABLE cdp_data.undone (
		kind text COLLATE "C" NOT NULL CHECK (kind IN ('split', 'sharing', 'expiry')),
		profile_id bigint NOT NULL,
		a bigint NOT NULL DEFAULT 0,
		b bigint NOT NULL DEFAULT 0,
		group_id text COLLATE "C" NOT NULL DEFAULT '',
		lacks bigint NOT NULL,
		batch_id bigint NOT NULL,
		PRIMARY KEY (kind, profile_id, a, b, group_id));
	COMMENT ON TABLE cdp_data.undone IS
		'Changes that cdp.refresh() left undone, because the log lacks events of the people concerned; their profiles '
		'stay as they are. Once the log is complete, cdp.restitch() makes all these changes and empties the table.';
	COMMENT ON COLUMN cdp_data.undone.kind IS
		'split: a link that would split the person is refused; sharing: an identifier is not marked as shared; expiry: '
		'expired traits still show.';
	COMMENT ON COLUMN cdp_data.undone.profile_id IS 'The person whose events are missing; 0: an account.';
	COMMENT ON COLUMN cdp_data.undone.a IS
		'An identifier_id: one end of the link (split), or the identifier (sharing); 0: expiry.';
	COMMENT ON COLUMN cdp_data.undone.b IS 'The identifier_id of the other end of the link (split); 0: another kind.';
	COMMENT ON COLUMN cdp_data.undone.group_id IS 'The account whose calls are missing; empty: a person.';
	COMMENT ON COLUMN cdp_data.undone.lacks IS 'Number of events of the person or account that the log lacked.';
	COMMENT ON COLUMN cdp_data.undone.batch_id IS 'The batch that first left the change undone.';

	CREATE TABLE cdp_data.seen_name (
		kind text COLLATE "C" NOT NULL CHECK (kind IN ('event', 'trait')),
		name text COLLATE "C" NOT NULL,
		batch_id bigint NOT NULL,
		PRIMARY KEY (kind, name));
	COMMENT ON TABLE cdp_data.seen_name IS
		'Names of events, and of traits in identify and group calls, that were ever in the log: the first 10,000 of '
		'each kind.';
	COMMENT ON COLUMN cdp_data.seen_name.kind IS 'event or trait.';
	COMMENT ON COLUMN cdp_data.seen_name.name IS 'The name, at most 255 bytes.';
	COMMENT ON COLUMN cdp_data.seen_name.batch_id IS 'The batch that first saw it.';

	CREATE TABLE cdp_data.trait_rule (
		trait text COLLATE "C" PRIMARY KEY CHECK (trait <> '' AND octet_length(trait) <= 255),
		rule text NOT NULL CHECK (cdp_internal.is_trait_rule(rule)));
	COMMENT ON TABLE cdp_data.trait_rule IS
		'The rules by which the values of a trait are merged, changed by cdp.set_trait_rules(). A trait that is not '
		'listed has the rule of *; if that is not listed either, trusted_last.';
	COMMENT ON COLUMN cdp_data.trait_rule.trait IS 'Name of the trait; *: all traits that are not listed.';
	COMMENT ON COLUMN cdp_data.trait_rule.rule IS
		'last, first, min, max, sum, union, most_frequent or merge. Prefix trusted_: only values of the most trusted '
		'source count. Prefix keep_ (for last, first, min, max and their trusted_ forms): values that do not win stay '
		'visible in cdp.provenance().';

	CREATE TABLE cdp_data.carried_property (
		event text COLLATE "C" NOT NULL,
		name text COLLATE "C" NOT NULL,
		path text[] NOT NULL,
		left_out bigint NOT NULL DEFAULT 0,
		folded bigint NOT NULL DEFAULT 0,
		PRIMARY KEY (event, name),
		CHECK (event <> '' AND name NOT IN ('', '[]') AND path <> '{}' AND array_position(path, NULL) IS NULL));
	COMMENT ON TABLE cdp_data.carried_property IS
		'The properties of events that timelines carry, changed by cdp.carry_property() and cdp.drop_property().';
	COMMENT ON COLUMN cdp_data.carried_property.event IS
		'Name of the event; *: all events. A row for an event takes precedence over one for * with the same name.';
	COMMENT ON COLUMN cdp_data.carried_property.name IS 'Name of the property in timelines.';
	COMMENT ON COLUMN cdp_data.carried_property.path IS
		'Path of the property: keys, and positions in arrays from 0; []: all elements of an array. It leads into the '
		'properties of the event, or into its context if it begins with context.';
	COMMENT ON COLUMN cdp_data.carried_property.left_out IS
		'Number of events of which something there could not be carried.';
	COMMENT ON COLUMN cdp_data.carried_property.folded IS
		'Number of events that had left the log, see cdp.drop_events(), when the property began to be carried, or from '
		'another path: they lack it.';
	-- the e-commerce spec of Segment: money and amounts, what is looked at, campaigns, and the products of an order
	INSERT INTO cdp_data.carried_property (event, name, path)
	SELECT '*', n.name, ARRAY[n.name]
	FROM unnest('{price,quantity,revenue,total,value,product_id,sku,category,brand,coupon,currency,path}'::text[])
		AS n (name)
	UNION ALL
	SELECT '*', 'campaign_' || n.name, ARRAY['context', 'campaign', n.name]
	FROM unnest('{source,medium,name}'::text[]) AS n (name)
	UNION ALL
	SELECT e.event, n.name, ARRAY['products', '[]', n.name]
	FROM unnest('{Cart Viewed,Checkout Started,Order Updated,Order Completed,Order Refunded,Order Cancelled}'::text[])
		AS e (event)
	CROSS JOIN unnest('{product_id,sku,category,brand,price,quantity}'::text[]) AS n (name);

	CREATE TABLE cdp_data.profile_view (
		schema_name name,
		view_name name,
		columns text[] NOT NULL,
		defined_at timestamptz NOT NULL DEFAULT now(),
		subject text NOT NULL DEFAULT 'person' CHECK (subject IN ('person', 'account')),
		PRIMARY KEY (schema_name, view_name));
	COMMENT ON TABLE cdp_data.profile_view IS
		'Definitions of the views made by cdp.create_profile_view() and cdp.create_account_view(). Rows of dropped '
		'views are ignored, and deleted when the next view is made.';
	COMMENT ON COLUMN cdp_data.profile_view.schema_name IS 'Schema of the view.';
	COMMENT ON COLUMN cdp_data.profile_view.view_name IS 'Name of the view.';
	COMMENT ON COLUMN cdp_data.profile_view.columns IS 'The columns, as they were given.';
	COMMENT ON COLUMN cdp_data.profile_view.defined_at IS 'When it was made.';
	COMMENT ON COLUMN cdp_data.profile_view.subject IS 'What its rows are: person or account.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_profile_tables() IS
	'Internal: makes the tables of people, of accounts, and of what is folded into them.';

CREATE FUNCTION cdp_internal.held_max() RETURNS integer
	AS 'MODULE_PATHNAME', 'cdp_held_max' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.held_max() IS
	'Internal: returns how many identifiers, and how many accounts, a row of cdp_data.profile holds at most; a profile '
	'that has more holds none of them in its row.';

CREATE FUNCTION cdp_internal.default_trait_rule(trait text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN trait = '*' THEN 'trusted_last' END;
COMMENT ON FUNCTION cdp_internal.default_trait_rule(text) IS
	'Internal: returns the default rule of a trait, or of *; NULL: that of *.';

CREATE FUNCTION cdp.trait_rules() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_schema();
	RETURN (
		SELECT jsonb_build_object('*', cdp_internal.default_trait_rule('*'))
			|| coalesce(jsonb_object_agg(r.trait, r.rule), '{}')
		FROM cdp_data.trait_rule r);
END
$function$;
COMMENT ON FUNCTION cdp.trait_rules() IS
	'Returns the trait rules in force, as the document that cdp.set_trait_rules() takes: trait to rule, * for all '
	'traits that have no rule of their own.';

REVOKE ALL ON FUNCTION cdp_internal.init_profile_tables(), cdp_internal.held_max(),
	cdp_internal.default_trait_rule(text), cdp.trait_rules() FROM PUBLIC;
