-- Whom an erasure is about: the people whom identifiers, or hashes of them, name.

CREATE FUNCTION cdp_internal.has_value_hash(identifier cdp.identifier, hashes bytea[]) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_has_value_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.has_value_hash(cdp.identifier, bytea[]) IS
	'Internal: returns whether one of the hashes is the SHA-256, SHA-1 or MD5 of the value of an identifier: as it is, '
	'of an e-mail address also as the mailbox that it names, of a phone number also without the plus; or is the '
	'SHA-256 that the identifier is.';

CREATE FUNCTION cdp_internal.is_value_hash(text text) RETURNS boolean
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN text ~ '^([0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})$';
COMMENT ON FUNCTION cdp_internal.is_value_hash(text) IS
	'Internal: returns whether a text has the form of a SHA-256, SHA-1 or MD5, and so is no identifier.';

CREATE FUNCTION cdp_internal.erase_asked(people text[])
	RETURNS TABLE (person bigint, identifier cdp.identifier, by_hash boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	hashes bytea[] := ARRAY(
		SELECT DISTINCT decode(u.asked, 'hex')
		FROM unnest(people) AS u (asked)
		WHERE cdp_internal.is_value_hash(u.asked));
BEGIN
	RETURN QUERY
		SELECT u.person, cdp_internal.by_rules(u.asked::cdp.identifier), false
		FROM unnest(people) WITH ORDINALITY AS u (asked, person)
		WHERE NOT cdp_internal.is_value_hash(u.asked);
	IF hashes <> '{}' THEN
		RETURN QUERY
			SELECT u.person, f.identifier, true
			FROM (
				SELECT i.identifier
				FROM cdp_data.identifier i
				WHERE cdp_internal.has_value_hash(i.identifier, hashes)
				OFFSET 0) f
			JOIN unnest(people) WITH ORDINALITY AS u (asked, person) ON cdp_internal.is_value_hash(u.asked)
			WHERE cdp_internal.has_value_hash(f.identifier, ARRAY[decode(u.asked, 'hex')]);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_asked(text[]) IS
	'Internal: returns the identifiers that people were asked for by, in normal form, with the place of each person; '
	'of a hash those that have it, all of cdp_data.identifier being hashed.';

CREATE TYPE cdp_internal.subjects AS (
	asked cdp.identifier[], identifiers cdp.identifier[], ids bigint[], profile_ids bigint[], by_hash boolean[],
	found boolean[]);
COMMENT ON TYPE cdp_internal.subjects IS
$comment$Internal: whom an erasure is about. asked: the identifiers that were asked for, with those that have the
hashes; identifiers: all of the people; ids: their numbers; profile_ids: their profiles, also former ones; by_hash,
found: of each person that was asked for, how, and whether it is known.$comment$;

CREATE TYPE cdp_internal.erasure_order AS (
	erasure_id bigint, request text, mode text, regulation text, reason text, purpose text, since timestamptz,
	until timestamptz, keep_properties text[], received_at timestamptz, due_at timestamptz);
COMMENT ON TYPE cdp_internal.erasure_order IS
	'Internal: what an erasure is to do, as in cdp_data.erasure.';

CREATE FUNCTION cdp_internal.refuse_subject(identifier cdp.identifier) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	known record;
BEGIN
	SELECT k.shared, k.blocked INTO known FROM cdp_internal.known_identifier(identifier) k;
	IF known.shared OR known.blocked THEN
		RAISE EXCEPTION 'an identifier that is % names no one person',
				CASE WHEN known.shared THEN 'shared' ELSE 'blocked' END
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('It is of namespace %s.', cdp.namespace(identifier)),
			HINT = 'Give another identifier of the person.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refuse_subject(cdp.identifier) IS
	'Internal: raises an error if an identifier is shared or blocked.';

CREATE FUNCTION cdp_internal.erase_subjects(people text[]) RETURNS cdp_internal.subjects
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	subjects cdp_internal.subjects;
	places bigint[];
	known bigint[];
BEGIN
	SELECT array_agg(a.person ORDER BY a.person, a.identifier), array_agg(a.identifier ORDER BY a.person, a.identifier)
	INTO places, subjects.asked FROM cdp_internal.erase_asked(people) a;
	subjects.asked := coalesce(subjects.asked, '{}');
	PERFORM cdp_internal.refuse_subject(u.identifier) FROM unnest(subjects.asked) AS u (identifier);
	known := ARRAY(
		SELECT k.identifier_id
		FROM unnest(subjects.asked) AS u (identifier)
		CROSS JOIN LATERAL cdp_internal.known_identifier(u.identifier) k);
	subjects.ids := ARRAY(
		SELECT o.identifier_id FROM unnest(known) AS o (identifier_id)
		UNION
		SELECT i.identifier_id
		FROM cdp_data.identifier o
		JOIN cdp_data.identifier i ON i.profile_id = o.profile_id
		WHERE o.identifier_id = ANY (known) AND o.profile_id <> 0
		ORDER BY 1);
	subjects.identifiers := ARRAY(
		SELECT u.identifier FROM unnest(subjects.asked) AS u (identifier)
		UNION
		SELECT i.identifier FROM cdp_data.identifier i WHERE i.identifier_id = ANY (subjects.ids)
		ORDER BY 1);
	subjects.profile_ids := ARRAY(
		SELECT i.profile_id FROM cdp_data.identifier i WHERE i.identifier_id = ANY (subjects.ids) AND i.profile_id <> 0
		UNION
		-- a former id of a person is the number of an identifier of it
		SELECT h.profile_id FROM cdp_data.identifier_history h
		WHERE h.identifier_id = ANY (subjects.ids) AND h.profile_id = ANY (subjects.ids)
		ORDER BY 1);
	subjects.by_hash := ARRAY(
		SELECT cdp_internal.is_value_hash(u.asked) FROM unnest(people) WITH ORDINALITY AS u (asked, place)
		ORDER BY u.place);
	subjects.found := ARRAY(
		SELECT EXISTS (
			SELECT FROM unnest(places, subjects.asked) AS a (person, identifier)
			CROSS JOIN LATERAL cdp_internal.known_identifier(a.identifier) k
			WHERE a.person = u.place)
		FROM unnest(people) WITH ORDINALITY AS u (asked, place)
		ORDER BY u.place);
	RETURN subjects;
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_subjects(text[]) IS
	'Internal: returns whom identifiers, and hashes of identifiers, name: all that is in their profiles. Raises an '
	'error if one is shared or blocked (55000).';

-- Events that name a person, and are not anchored at an identifier of it.
CREATE FUNCTION cdp_internal.erase_named(subjects cdp_internal.subjects, beside bigint[])
	RETURNS TABLE (event_id bigint, place bigint, at timestamptz, folded boolean, context_hash bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
AS $function$
BEGIN
	IF beside = '{}' THEN
		RETURN;
	END IF;
	RETURN QUERY EXECUTE format($sql$
		SELECT e.event_id, e.identifier_id, e."timestamp", NOT %s, e.context_hash
		FROM cdp_data.event e
		CROSS JOIN LATERAL cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id,
			e.group_id, e.previous_id, e.identifiers, e.properties, e.traits,
			e.context, e."timestamp", NULL, NULL, NULL, e.source, $2, is_logged => true) o
		WHERE e.identifier_id = ANY ($1) AND o.ids || o.earlier && $3
	$sql$, cdp_internal.is_logged_condition())
	USING beside, clock_timestamp(), subjects.identifiers;
END
$function$;
COMMENT ON FUNCTION cdp_internal.erase_named(cdp_internal.subjects, bigint[]) IS
	'Internal: returns the events of the log that are anchored at some identifiers (beside) and name people who are '
	'erased; folded: they are in the base, too.';

REVOKE ALL ON FUNCTION cdp_internal.has_value_hash(cdp.identifier, bytea[]), cdp_internal.is_value_hash(text),
	cdp_internal.erase_asked(text[]), cdp_internal.refuse_subject(cdp.identifier),
	cdp_internal.erase_subjects(text[]), cdp_internal.erase_named(cdp_internal.subjects, bigint[]) FROM PUBLIC;
