-- Who is who: the tables of identifiers, of the links between them, and of the rules.

CREATE FUNCTION cdp_internal.init_graph() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.namespace (
		namespace text COLLATE "C" PRIMARY KEY, priority integer NOT NULL, max_per_profile integer CHECK (max_per_profile > 0),
		max_links jsonb, blocked text[], batch_id bigint);
	COMMENT ON TABLE cdp_data.namespace IS 'The kinds of identifiers and their rules, changed by cdp.set_rules(). A kind not listed is added, with the default rules, when it is first seen.';
	COMMENT ON COLUMN cdp_data.namespace.namespace IS 'What stands before the colon of an identifier.';
	COMMENT ON COLUMN cdp_data.namespace.priority IS 'Smaller is stronger: the strongest identifier of an event anchors it, that of a profile gives its id.';
	COMMENT ON COLUMN cdp_data.namespace.max_per_profile IS 'How many identifiers of this kind one person can have; NULL: any number.';
	COMMENT ON COLUMN cdp_data.namespace.max_links IS 'An identifier of this kind that is linked to more than so many of another kind is shared, and links no more: kind to number, * for all others, null for any number. NULL: never shared.';
	COMMENT ON COLUMN cdp_data.namespace.blocked IS 'Values that mean nothing: exact, in any case, or regular expressions if they begin with ^.';
	COMMENT ON COLUMN cdp_data.namespace.batch_id IS 'The refresh that first saw it; NULL: it was listed before, by cdp.init() or cdp.set_rules().';
	INSERT INTO cdp_data.namespace (namespace, priority, max_per_profile, max_links)
	SELECT d.namespace, d.priority, d.max_per_profile, cdp_internal.default_max_links(d.namespace) FROM cdp_internal.known_namespaces() d;

	CREATE TABLE cdp_data.identifier_map (identifier cdp.identifier PRIMARY KEY, identifier_id bigint NOT NULL);
	COMMENT ON TABLE cdp_data.identifier_map IS 'Identifier to its number. Distribution key: identifier.';
	COMMENT ON COLUMN cdp_data.identifier_map.identifier IS 'An identifier, normalised.';
	COMMENT ON COLUMN cdp_data.identifier_map.identifier_id IS 'Its number.';

	CREATE TABLE cdp_data.identifier (
		identifier_id bigint PRIMARY KEY, identifier cdp.identifier NOT NULL, profile_id bigint NOT NULL,
		shared boolean NOT NULL DEFAULT false, blocked boolean NOT NULL DEFAULT false, link_counts jsonb NOT NULL DEFAULT '{}',
		batch_id bigint NOT NULL, since_batch_id bigint NOT NULL);
	CREATE INDEX identifier_profile_id ON cdp_data.identifier (profile_id);
	-- for the view cdp.identifiers, whose identifiers are text
	CREATE INDEX identifier_identifier_text ON cdp_data.identifier ((identifier::text) COLLATE "C");
	COMMENT ON TABLE cdp_data.identifier IS 'One row for each identifier ever seen, with the profile it is in now. Distribution key: identifier_id.';
	COMMENT ON COLUMN cdp_data.identifier.identifier IS 'The identifier.';
	COMMENT ON COLUMN cdp_data.identifier.blocked IS 'Whether its value is one of those that mean nothing now.';
	COMMENT ON COLUMN cdp_data.identifier.identifier_id IS 'Handed out once, in the order of arrival, and never changed.';
	COMMENT ON COLUMN cdp_data.identifier.profile_id IS 'The identifier_id of the strongest identifier of the profile; 0: none, it is blocked.';
	COMMENT ON COLUMN cdp_data.identifier.shared IS 'Whether it is linked to too many others to say who a person is.';
	COMMENT ON COLUMN cdp_data.identifier.link_counts IS 'Number of distinct identifiers that it is linked to, for each namespace.';
	COMMENT ON COLUMN cdp_data.identifier.batch_id IS 'The refresh that first saw the identifier.';
	COMMENT ON COLUMN cdp_data.identifier.since_batch_id IS 'The refresh that put it into its present profile.';

	CREATE TABLE cdp_data.identifier_history (
		identifier_id bigint NOT NULL, from_batch_id bigint NOT NULL, until_batch_id bigint NOT NULL, profile_id bigint NOT NULL,
		PRIMARY KEY (identifier_id, from_batch_id));
	COMMENT ON TABLE cdp_data.identifier_history IS 'Profiles that an identifier was in before, by batch: from inclusive, until exclusive. Distribution key: identifier_id.';
	COMMENT ON COLUMN cdp_data.identifier_history.identifier_id IS 'Number of the identifier.';
	COMMENT ON COLUMN cdp_data.identifier_history.from_batch_id IS 'The batch that put it there.';
	COMMENT ON COLUMN cdp_data.identifier_history.until_batch_id IS 'The batch that took it away.';
	COMMENT ON COLUMN cdp_data.identifier_history.profile_id IS 'The profile; 0: none, it was blocked.';

	CREATE TABLE cdp_data.anchor_history (
		event_id bigint NOT NULL, until_batch_id bigint NOT NULL, identifier_id bigint NOT NULL, PRIMARY KEY (event_id, until_batch_id));
	COMMENT ON TABLE cdp_data.anchor_history IS 'Identifiers that an event was anchored to before, by batch. Distribution key: event_id.';
	COMMENT ON COLUMN cdp_data.anchor_history.event_id IS 'Number of the event.';
	COMMENT ON COLUMN cdp_data.anchor_history.until_batch_id IS 'The batch that anchored it elsewhere.';
	COMMENT ON COLUMN cdp_data.anchor_history.identifier_id IS 'The anchor that it had before that; 0: none.';

	CREATE TABLE cdp_data.link (
		a bigint NOT NULL, b bigint NOT NULL, source text COLLATE "C" NOT NULL,
		first_at timestamptz NOT NULL, last_at timestamptz NOT NULL, events bigint NOT NULL, message_id text,
		batch_id bigint NOT NULL, last_batch_id bigint NOT NULL, refused boolean NOT NULL DEFAULT false,
		PRIMARY KEY (a, b, source), CHECK (a < b));
	CREATE INDEX link_b ON cdp_data.link (b, a);
	CREATE INDEX link_refused ON cdp_data.link (a, b) WHERE refused;
	COMMENT ON TABLE cdp_data.link IS 'The evidence: two identifiers that stood on one event, for each source. Distribution key: a.';
	COMMENT ON COLUMN cdp_data.link.a IS 'The smaller identifier.';
	COMMENT ON COLUMN cdp_data.link.b IS 'The greater identifier.';
	COMMENT ON COLUMN cdp_data.link.source IS 'The feed that brought the evidence.';
	COMMENT ON COLUMN cdp_data.link.last_at IS 'Latest least(timestamp, received_at) of its events.';
	COMMENT ON COLUMN cdp_data.link.events IS 'Number of its events.';
	COMMENT ON COLUMN cdp_data.link.batch_id IS 'The refresh that first saw it.';
	COMMENT ON COLUMN cdp_data.link.last_batch_id IS 'The last refresh that saw it.';
	COMMENT ON COLUMN cdp_data.link.first_at IS 'Earliest least(timestamp, received_at) of its events.';
	COMMENT ON COLUMN cdp_data.link.message_id IS 'Message of the earliest event (the smallest, where several are).';
	COMMENT ON COLUMN cdp_data.link.refused IS 'Whether a rule keeps its ends, neither of them shared, in two profiles.';

	CREATE TABLE cdp_data.verdict (
		verdict_id bigint PRIMARY KEY, kind text COLLATE "C" NOT NULL CHECK (kind IN ('forbid', 'unlink', 'shared', 'not_shared')),
		a cdp.identifier NOT NULL, b cdp.identifier, until_at timestamptz, reason text,
		decided_by name NOT NULL DEFAULT session_user, decided_at timestamptz NOT NULL DEFAULT clock_timestamp(), batch_id bigint NOT NULL,
		CHECK ((b IS NOT NULL) = (kind IN ('forbid', 'unlink'))), CHECK ((until_at IS NOT NULL) = (kind = 'unlink')));
	CREATE UNIQUE INDEX verdict_a ON cdp_data.verdict (a, kind, b) NULLS NOT DISTINCT;
	CREATE INDEX verdict_b ON cdp_data.verdict (b) WHERE b IS NOT NULL;
	COMMENT ON TABLE cdp_data.verdict IS 'What a person decided about identifiers, in force now: forbid (a and b are two people), unlink (evidence for a and b up to until_at is void), shared and not_shared.';
	COMMENT ON COLUMN cdp_data.verdict.verdict_id IS 'Number of the verdict.';
	COMMENT ON COLUMN cdp_data.verdict.kind IS 'forbid, unlink, shared or not_shared.';
	COMMENT ON COLUMN cdp_data.verdict.a IS 'The identifier it is about; of two the smaller.';
	COMMENT ON COLUMN cdp_data.verdict.b IS 'The greater of two; NULL where it is about one.';
	COMMENT ON COLUMN cdp_data.verdict.until_at IS 'Of unlink: evidence up to this time is void.';
	COMMENT ON COLUMN cdp_data.verdict.reason IS 'Why, in words.';
	COMMENT ON COLUMN cdp_data.verdict.decided_by IS 'Who decided.';
	COMMENT ON COLUMN cdp_data.verdict.decided_at IS 'When.';
	COMMENT ON COLUMN cdp_data.verdict.batch_id IS 'The batch that carried it out.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_graph() IS 'Internal: makes the tables of the room identity.';

-- One place for what a namespace without rules of its own gets.
CREATE FUNCTION cdp_internal.known_namespaces() RETURNS TABLE (namespace text, priority integer, max_per_profile integer)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 17
BEGIN ATOMIC
	VALUES ('user_id', 10, 1), ('customer_no', 20, NULL), ('customer_id', 20, NULL), ('crm_id', 20, NULL), ('external_id', 20, NULL),
		('email', 30, 5), ('email_sha256', 32, 5), ('phone', 40, 5), ('phone_sha256', 42, 5), ('device_id', 60, NULL), ('idfv', 60, NULL),
		('idfa', 62, NULL), ('gaid', 62, NULL), ('advertising_id', 62, NULL), ('push_token', 65, NULL), ('anonymous_id', 70, NULL),
		('ga_client_id', 75, NULL);
END;
COMMENT ON FUNCTION cdp_internal.known_namespaces() IS 'Internal: the namespaces that cdp.init() lists, with their default rules.';

CREATE FUNCTION cdp_internal.default_rule(namespace text, OUT priority integer, OUT max_per_profile integer)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(k.priority, 50), k.max_per_profile
	FROM (SELECT default_rule.namespace) AS d LEFT JOIN cdp_internal.known_namespaces() k ON k.namespace = d.namespace;
END;
COMMENT ON FUNCTION cdp_internal.default_rule(text) IS 'Internal: the default rules of a namespace, but for max_links; NULL: any number.';

-- A browser that forgets its anonymous id every
-- week makes 52 a year, the busiest customer of a wholesaler 250 orders a year; a person has at most 1,000
-- identifiers (cdp_data.state.cap), so what is linked to more of one kind is a placeholder or a test account.
CREATE FUNCTION cdp_internal.default_max_links(namespace text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE
		WHEN namespace IN ('device_id', 'idfv', 'idfa', 'gaid', 'advertising_id', 'push_token', 'anonymous_id', 'ga_client_id')
		THEN '{"user_id": 3, "*": 10, "device_id": 100, "idfv": 100, "idfa": 100, "gaid": 100, "advertising_id": 100, "push_token": 100, "anonymous_id": 100, "ga_client_id": 100}'::jsonb
		ELSE '{"*": 20, "device_id": 1000, "idfv": 1000, "idfa": 1000, "gaid": 1000, "advertising_id": 1000, "push_token": 1000,
			   "anonymous_id": 1000, "ga_client_id": 1000}'::jsonb
			 || CASE WHEN namespace = 'user_id' THEN '{}'::jsonb ELSE '{"user_id": 5}'::jsonb END
	END;
COMMENT ON FUNCTION cdp_internal.default_max_links(text) IS 'Internal: from how many links on an identifier of this namespace counts as shared, where no rule is set.';

CREATE FUNCTION cdp_internal.max_links_to(max_links jsonb, namespace text) RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN max_links ? namespace THEN max_links ->> namespace ELSE max_links ->> '*' END::integer;
COMMENT ON FUNCTION cdp_internal.max_links_to(jsonb, text) IS 'Internal: from how many links on to a namespace one is shared, by a value of cdp.namespace.max_links; NULL: any number.';

REVOKE ALL ON FUNCTION cdp_internal.init_graph(), cdp_internal.known_namespaces(), cdp_internal.default_rule(text), cdp_internal.default_max_links(text) FROM PUBLIC;

