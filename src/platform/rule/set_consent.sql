-- What a person said of a purpose, outside of events: a batch of its own, which acts at once.

CREATE FUNCTION cdp_internal.consenting_identifier(identifier cdp.identifier) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	name text := cdp.namespace(consenting_identifier.identifier);
	known record;
	number bigint;
BEGIN
	SELECT k.* INTO known FROM cdp_internal.known_identifier(consenting_identifier.identifier) k;
	IF known.profile_id <> 0 THEN
		RETURN known.identifier_id;
	END IF;
	-- an address where its hash is named, and the other way round
	number := (
		SELECT h.identifier_id FROM cdp_internal.hashed_partner(consenting_identifier.identifier) h
		WHERE h.profile_id <> 0);
	IF number IS NOT NULL OR known.identifier_id IS NOT NULL THEN
		RETURN coalesce(number, known.identifier_id);
	END IF;
	PERFORM cdp_internal.refuse_suppressed(consenting_identifier.identifier);
	INSERT INTO cdp_data.namespace (namespace, priority, max_links, batch_id)
	SELECT name, d.priority, cdp_internal.default_max_links(name), cdp_internal.batch_number()
	FROM cdp_internal.default_rule(name) d
	WHERE NOT EXISTS (SELECT FROM cdp_data.namespace n WHERE n.namespace = name);
	UPDATE cdp_data.state s SET identifier_id = s.identifier_id + 1 RETURNING s.identifier_id INTO number;
	INSERT INTO cdp_data.identifier_map (hash, identifier_id)
	VALUES (cdp_internal.map_hash(consenting_identifier.identifier), number);
	INSERT INTO cdp_data.identifier (identifier_id, profile_id, batch_id, since_batch_id, blocked, identifier)
	SELECT number, 0, cdp_internal.batch_number(), cdp_internal.batch_number(),
		cdp_internal.is_blocked(consenting_identifier.identifier, cdp_internal.blocked_rules()),
		consenting_identifier.identifier;
	RETURN number;
END
$function$;
COMMENT ON FUNCTION cdp_internal.consenting_identifier(cdp.identifier) IS
	'Internal: returns the number of an identifier that says something; one that was never seen gets a number, in no '
	'profile. The caller holds the lock.';

CREATE FUNCTION cdp.set_consent(identifier cdp.identifier, purpose text, answer text, evidence jsonb DEFAULT NULL,
	expires_at timestamptz DEFAULT NULL) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	words text[] := '{yes,no,reset}';
	asked smallint;
	own_id bigint;
	profile bigint;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF set_consent.identifier IS NULL OR set_consent.answer IS NULL THEN
		RAISE EXCEPTION 'the identifier or the answer is NULL' USING ERRCODE = 'null_value_not_allowed';
	ELSIF set_consent.answer <> ALL (words) THEN
		RAISE EXCEPTION 'there is no answer "%"', left(set_consent.answer, 64)
			USING ERRCODE = 'invalid_parameter_value', HINT = cdp_internal.hint_at(set_consent.answer, words);
	ELSIF set_consent.answer <> 'yes' AND set_consent.expires_at IS NOT NULL THEN
		RAISE EXCEPTION 'only a yes expires' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp_internal.start_batch();
	asked := cdp_internal.purpose_number(set_consent.purpose);
	own_id := cdp_internal.consenting_identifier(cdp_internal.by_rules(set_consent.identifier));
	INSERT INTO cdp_data.consent (identifier_id, purpose_id, consent_id, answer, first_time, last_time, expires_at,
		batch_id, evidence)
	SELECT own_id, asked, s.consent_id + 1, left(set_consent.answer, 1)::"char", cdp_internal.batch_as_of(),
		cdp_internal.batch_as_of(), nullif(set_consent.expires_at, 'infinity'), cdp_internal.batch_number(),
		set_consent.evidence
	FROM cdp_data.state s;
	UPDATE cdp_data.state s SET consent_id = s.consent_id + 1;
	profile := (SELECT nullif(i.profile_id, 0) FROM cdp_data.identifier i WHERE i.identifier_id = own_id);
	PERFORM cdp_internal.change_graph(consenting => array_remove(ARRAY[profile], NULL), cause => 'consent');
	RETURN (
		SELECT p.purposes >> asked & 1 = 1
		FROM cdp_data.profile p
		WHERE p.profile_id = profile);
END
$function$;
COMMENT ON FUNCTION cdp.set_consent(cdp.identifier, text, text, jsonb, timestamptz) IS
$comment$Records what a person said of a purpose now: answer is yes, no or reset (what was said before counts no more,
if none stronger has said it). identifier: who says so; one that was never seen is noted for the time when it is. Where
an e-mail address or phone number was seen, and its hash was not, each stands for the other; not of two that are seen
later. evidence: what proves it, such as a document. expires_at: when a yes ends. It acts at once, as a batch, and does
not wait for the inbox. Returns whether the person may be used for the purpose then, which cdp.consent_of() explains;
NULL: there is no such person yet.
READ COMMITTED only. Errors: NULL (22004), an unknown answer, or another than yes that expires (22023), there is no such
purpose (42704), the identifier is of a person who was erased (55000).$comment$;

CREATE FUNCTION cdp.set_consent(identifier text, purpose text, answer text, evidence jsonb DEFAULT NULL,
	expires_at timestamptz DEFAULT NULL) RETURNS boolean
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	RETURN cdp.set_consent(identifier::cdp.identifier, purpose, answer, evidence, expires_at);
COMMENT ON FUNCTION cdp.set_consent(text, text, text, jsonb, timestamptz) IS
	'The same with an identifier as text, namespace:value.';

REVOKE ALL ON FUNCTION cdp_internal.consenting_identifier(cdp.identifier),
	cdp.set_consent(cdp.identifier, text, text, jsonb, timestamptz),
	cdp.set_consent(text, text, text, jsonb, timestamptz) FROM PUBLIC;
