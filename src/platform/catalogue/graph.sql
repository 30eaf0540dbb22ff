-- The tables of identifiers, of the links between them, and of their rules and verdicts.

CREATE FUNCTION cdp_internal.init_graph() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE TABLE cdp_data.namespace (
		namespace text COLLATE "C" PRIMARY KEY,
		priority integer NOT NULL,
		max_per_profile integer CHECK (max_per_profile > 0),
		max_links jsonb,
		blocked text[],
		batch_id bigint);
	COMMENT ON TABLE cdp_data.namespace IS
		'The namespaces of identifiers and their rules, changed by cdp.set_rules(). An unknown namespace is added with '
		'the default rules when it is first seen.';
	COMMENT ON COLUMN cdp_data.namespace.namespace IS 'The part of an identifier before the colon.';
	COMMENT ON COLUMN cdp_data.namespace.priority IS
		'Strength of its identifiers, smaller is stronger: the strongest identifier of an event is its anchor, the '
		'strongest of a profile gives the profile_id.';
	COMMENT ON COLUMN cdp_data.namespace.max_per_profile IS
		'How many identifiers of this namespace one person can have; NULL: any number.';
	COMMENT ON COLUMN cdp_data.namespace.max_links IS
		'An identifier of this namespace that has more links than this to identifiers of another namespace is shared: '
		'an object of namespace to number, * for all others, null for any number. NULL: never shared.';
	COMMENT ON COLUMN cdp_data.namespace.blocked IS
		'Values that mean nothing: compared whole, ignoring case, or as regular expressions if they begin with ^. '
		'NULL: none.';
	COMMENT ON COLUMN cdp_data.namespace.batch_id IS
		'The batch that first saw it; NULL: cdp.init() or cdp.set_rules() added it before.';
	INSERT INTO cdp_data.namespace (namespace, priority, max_per_profile, max_links)
	SELECT d.namespace, d.priority, d.max_per_profile, cdp_internal.default_max_links(d.namespace)
	FROM cdp_internal.known_namespaces() d;

	CREATE TABLE cdp_data.identifier_key (
		singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
		key bytea NOT NULL CHECK (octet_length(key) = 16));
	COMMENT ON TABLE cdp_data.identifier_key IS
		'One row: the key of the hashes in cdp_data.identifier_map and cdp_data.message. Writers cannot read it, so '
		'they cannot choose identifiers or contents whose hashes are equal. It never changes.';
	COMMENT ON COLUMN cdp_data.identifier_key.singleton IS 'Always true, so that there is one row.';
	COMMENT ON COLUMN cdp_data.identifier_key.key IS '16 random bytes.';
	-- a UUID has 122 random bits
	INSERT INTO cdp_data.identifier_key (key)
	VALUES (substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) FROM 1 FOR 16));

	CREATE TABLE cdp_data.identifier_map (
		hash bigint,
		identifier_id bigint,
		PRIMARY KEY (hash, identifier_id));
	COMMENT ON TABLE cdp_data.identifier_map IS
		'Hash of an identifier to its number. Two identifiers can have one hash, so who reads it compares '
		'cdp_data.identifier.identifier. Distribution key: hash.';
	COMMENT ON COLUMN cdp_data.identifier_map.hash IS
		'Hash of the identifier, by the key of the installation: see cdp_internal.map_hash().';
	COMMENT ON COLUMN cdp_data.identifier_map.identifier_id IS 'Number of the identifier.';

	CREATE TABLE cdp_data.identifier (
		identifier_id bigint PRIMARY KEY,
		identifier cdp.identifier NOT NULL,
		profile_id bigint NOT NULL,
		shared boolean NOT NULL DEFAULT false,
		blocked boolean NOT NULL DEFAULT false,
		link_counts jsonb NOT NULL DEFAULT '{}',
		batch_id bigint NOT NULL,
		since_batch_id bigint NOT NULL);
	CREATE INDEX identifier_profile_id ON cdp_data.identifier (profile_id);
	COMMENT ON TABLE cdp_data.identifier IS
		'One row for each identifier ever seen, with the profile it is in now. Distribution key: identifier_id.';
	COMMENT ON COLUMN cdp_data.identifier.identifier_id IS
		'Number of the identifier, assigned once in the order of arrival, and never changed.';
	COMMENT ON COLUMN cdp_data.identifier.identifier IS
		'The identifier, normalised. No two rows have the same: there is one writer at a time, and it looks first.';
	COMMENT ON COLUMN cdp_data.identifier.profile_id IS
		'The identifier_id of the strongest identifier of its profile; 0: it is blocked and in no profile.';
	COMMENT ON COLUMN cdp_data.identifier.shared IS
		'Whether it has so many links that it does not say who a person is, or a verdict says so.';
	COMMENT ON COLUMN cdp_data.identifier.blocked IS 'Whether the rules block its value now.';
	COMMENT ON COLUMN cdp_data.identifier.link_counts IS
		'Link counts: the number of distinct identifiers that it is linked to, by namespace.';
	COMMENT ON COLUMN cdp_data.identifier.batch_id IS 'The batch that first saw the identifier.';
	COMMENT ON COLUMN cdp_data.identifier.since_batch_id IS 'The batch that put it into its present profile.';

	CREATE TABLE cdp_data.identifier_history (
		identifier_id bigint NOT NULL,
		from_batch_id bigint NOT NULL,
		until_batch_id bigint NOT NULL,
		profile_id bigint NOT NULL,
		PRIMARY KEY (identifier_id, from_batch_id));
	COMMENT ON TABLE cdp_data.identifier_history IS
		'Former profiles of identifiers, by batch: from inclusive, until exclusive. Distribution key: identifier_id.';
	COMMENT ON COLUMN cdp_data.identifier_history.identifier_id IS 'Number of the identifier.';
	COMMENT ON COLUMN cdp_data.identifier_history.from_batch_id IS 'The batch that put it into the profile.';
	COMMENT ON COLUMN cdp_data.identifier_history.until_batch_id IS 'The batch that moved it out of the profile.';
	COMMENT ON COLUMN cdp_data.identifier_history.profile_id IS 'The profile; 0: none, it was blocked.';

	CREATE TABLE cdp_data.anchor_history (
		event_id bigint NOT NULL,
		until_batch_id bigint NOT NULL,
		identifier_id bigint NOT NULL,
		PRIMARY KEY (event_id, until_batch_id));
	COMMENT ON TABLE cdp_data.anchor_history IS 'Former anchors of events, by batch. Distribution key: event_id.';
	COMMENT ON COLUMN cdp_data.anchor_history.event_id IS 'Number of the event.';
	COMMENT ON COLUMN cdp_data.anchor_history.until_batch_id IS 'The batch that changed the anchor.';
	COMMENT ON COLUMN cdp_data.anchor_history.identifier_id IS 'The anchor until then; 0: none.';

	CREATE TABLE cdp_data.link (
		a bigint NOT NULL,
		b bigint NOT NULL,
		first_at timestamptz NOT NULL,
		last_at timestamptz NOT NULL,
		events bigint NOT NULL,
		batch_id bigint NOT NULL,
		last_batch_id bigint NOT NULL,
		source_id integer NOT NULL,
		refused boolean NOT NULL DEFAULT false,
		message_id text,
		PRIMARY KEY (a, b, source_id),
		CHECK (a < b));
	CREATE INDEX link_b ON cdp_data.link (b, a);
	CREATE INDEX link_refused ON cdp_data.link (a, b) WHERE refused;
	COMMENT ON TABLE cdp_data.link IS
		'The evidence: pairs of identifiers that stood on one event, by source. Distribution key: a.';
	COMMENT ON COLUMN cdp_data.link.a IS 'The smaller identifier_id.';
	COMMENT ON COLUMN cdp_data.link.b IS 'The greater identifier_id.';
	COMMENT ON COLUMN cdp_data.link.source_id IS 'Number of the source that sent the events.';
	COMMENT ON COLUMN cdp_data.link.first_at IS 'Earliest least(timestamp, received_at) of its events.';
	COMMENT ON COLUMN cdp_data.link.last_at IS 'Latest least(timestamp, received_at) of its events.';
	COMMENT ON COLUMN cdp_data.link.events IS 'Number of its events.';
	COMMENT ON COLUMN cdp_data.link.message_id IS
		'message_id of the earliest event (the smallest, if there are several); NULL: it has none.';
	COMMENT ON COLUMN cdp_data.link.batch_id IS 'The batch that first saw it.';
	COMMENT ON COLUMN cdp_data.link.last_batch_id IS 'The last batch that saw it.';
	COMMENT ON COLUMN cdp_data.link.refused IS
		'Whether a rule keeps the two identifiers in different profiles, and neither of them is shared.';

	CREATE TABLE cdp_data.verdict (
		verdict_id bigint PRIMARY KEY,
		kind text COLLATE "C" NOT NULL CHECK (kind IN ('forbid', 'unlink', 'shared', 'not_shared')),
		a cdp.identifier NOT NULL,
		b cdp.identifier,
		until_at timestamptz,
		reason text,
		decided_by name NOT NULL DEFAULT session_user,
		decided_at timestamptz NOT NULL DEFAULT clock_timestamp(),
		batch_id bigint NOT NULL,
		CHECK ((b IS NOT NULL) = (kind IN ('forbid', 'unlink'))),
		CHECK ((until_at IS NOT NULL) = (kind = 'unlink')));
	CREATE UNIQUE INDEX verdict_a ON cdp_data.verdict (a, kind, b) NULLS NOT DISTINCT;
	CREATE INDEX verdict_b ON cdp_data.verdict (b) WHERE b IS NOT NULL;
	COMMENT ON TABLE cdp_data.verdict IS
		'What people decided about identifiers, as far as it is in force: forbid (a and b are two people), unlink '
		'(evidence for a and b up to until_at is void), shared and not_shared.';
	COMMENT ON COLUMN cdp_data.verdict.verdict_id IS 'Number of the verdict.';
	COMMENT ON COLUMN cdp_data.verdict.kind IS 'forbid, unlink, shared or not_shared.';
	COMMENT ON COLUMN cdp_data.verdict.a IS 'The identifier; the smaller of two.';
	COMMENT ON COLUMN cdp_data.verdict.b IS 'The greater of two identifiers; NULL for shared and not_shared.';
	COMMENT ON COLUMN cdp_data.verdict.until_at IS 'Evidence up to this time is void; NULL unless kind is unlink.';
	COMMENT ON COLUMN cdp_data.verdict.reason IS 'Reason that was given; NULL: none.';
	COMMENT ON COLUMN cdp_data.verdict.decided_by IS 'The role that decided.';
	COMMENT ON COLUMN cdp_data.verdict.decided_at IS 'Time of the decision.';
	COMMENT ON COLUMN cdp_data.verdict.batch_id IS 'The batch that carried it out.';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_graph() IS 'Internal: makes the tables of identifiers, links and verdicts.';

-- The only list of the namespaces that have rules of their own by default.
CREATE FUNCTION cdp_internal.known_namespaces()
	RETURNS TABLE (namespace text, priority integer, max_per_profile integer)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 17
BEGIN ATOMIC
	VALUES ('user_id', 10, 1), ('customer_no', 20, NULL), ('customer_id', 20, NULL), ('crm_id', 20, NULL),
		('external_id', 20, NULL), ('email', 30, 5), ('email_sha256', 32, 5), ('phone', 40, 5), ('phone_sha256', 42, 5),
		('device_id', 60, NULL), ('idfv', 60, NULL), ('idfa', 62, NULL), ('gaid', 62, NULL),
		('advertising_id', 62, NULL), ('push_token', 65, NULL), ('anonymous_id', 70, NULL), ('ga_client_id', 75, NULL);
END;
COMMENT ON FUNCTION cdp_internal.known_namespaces() IS
	'Internal: lists the namespaces that cdp.init() adds, with their default rules.';

CREATE FUNCTION cdp_internal.default_rule(namespace text, OUT priority integer, OUT max_per_profile integer)
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT coalesce(k.priority, 50), k.max_per_profile
	FROM (SELECT default_rule.namespace) AS d LEFT JOIN cdp_internal.known_namespaces() k ON k.namespace = d.namespace;
END;
COMMENT ON FUNCTION cdp_internal.default_rule(text) IS
	'Internal: returns the default rules of a namespace, except max_links; max_per_profile NULL: any number.';

-- A browser that forgets its anonymous id every week makes 52 a year, and the busiest customer of a wholesaler has 250
-- orders a year.  A person has at most 1,000 identifiers (cdp_data.state.cap), so an identifier with more links than
-- that to one namespace is a placeholder or a test account.
CREATE FUNCTION cdp_internal.default_max_links(namespace text) RETURNS jsonb
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN CASE
		WHEN namespace IN ('device_id', 'idfv', 'idfa', 'gaid', 'advertising_id', 'push_token', 'anonymous_id',
						   'ga_client_id')
		THEN '{"user_id": 3, "*": 10,
			   "device_id": 100, "idfv": 100, "idfa": 100, "gaid": 100, "advertising_id": 100, "push_token": 100,
			   "anonymous_id": 100, "ga_client_id": 100}'::jsonb
		ELSE '{"*": 20,
			   "device_id": 1000, "idfv": 1000, "idfa": 1000, "gaid": 1000, "advertising_id": 1000, "push_token": 1000,
			   "anonymous_id": 1000, "ga_client_id": 1000}'::jsonb
			 || CASE WHEN namespace = 'user_id' THEN '{}'::jsonb ELSE '{"user_id": 5}'::jsonb END
	END;
COMMENT ON FUNCTION cdp_internal.default_max_links(text) IS
	'Internal: returns the default max_links of a namespace, as in cdp.namespace.max_links.';

CREATE FUNCTION cdp_internal.max_links_to(max_links jsonb, namespace text) RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN max_links ? namespace THEN max_links ->> namespace ELSE max_links ->> '*' END::integer;
COMMENT ON FUNCTION cdp_internal.max_links_to(jsonb, text) IS
	'Internal: returns how many links to identifiers of a namespace an identifier can have before it is shared, from a '
	'value of cdp.namespace.max_links; NULL: any number.';

REVOKE ALL ON FUNCTION cdp_internal.init_graph(), cdp_internal.known_namespaces(), cdp_internal.default_rule(text),
	cdp_internal.default_max_links(text) FROM PUBLIC;
