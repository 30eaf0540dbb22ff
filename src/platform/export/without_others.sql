-- What is handed to a person names no other person: identifiers that are known to be of others are taken out, wherever
-- they stand.
--
-- Which texts these are is found once, by reading the lists: a text is of another person if it is, in any spelling, an
-- identifier that belongs to another profile.  Identifiers that are shared or blocked are of no one, and stay.

CREATE FUNCTION cdp_internal.is_of_other(said text, namespace text, own cdp.identifier[]) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	meant cdp.identifier := cdp_internal.by_rules(cdp.try_identifier(namespace, said));
BEGIN
	RETURN meant IS NOT NULL AND meant <> ALL (own) AND EXISTS (
		SELECT FROM cdp_internal.known_identifier(meant) k WHERE NOT k.shared AND NOT k.blocked);
END
$function$;
COMMENT ON FUNCTION cdp_internal.is_of_other(text, text, cdp.identifier[]) IS
	'Internal: returns whether a text is a known identifier of this namespace that is not among those given, nor '
	'shared, nor blocked.';

CREATE FUNCTION cdp_internal.other_namespaces(ids bigint[], own cdp.identifier[]) RETURNS text[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN '{email,phone}'::text[] || ARRAY(
		SELECT DISTINCT cdp.namespace(n.identifier)
		FROM (
			SELECT o.identifier
			FROM cdp_data.link l
			JOIN cdp_data.identifier o ON o.identifier_id = l.b
			WHERE l.a = ANY (ids)
			UNION ALL
			SELECT o.identifier
			FROM cdp_data.link l
			JOIN cdp_data.identifier o ON o.identifier_id = l.a
			WHERE l.b = ANY (ids)
			-- an unlink has voided the link, and the events have both
			UNION ALL
			SELECT u.id
			FROM cdp_data.verdict v
			CROSS JOIN LATERAL unnest(ARRAY[v.a, v.b]) AS u (id)
			WHERE v.kind = 'unlink' AND (v.a = ANY (own) OR v.b = ANY (own))) n
		WHERE n.identifier <> ALL (own) AND cdp.namespace(n.identifier) <> ALL ('{email,phone}'));
END
$function$;
COMMENT ON FUNCTION cdp_internal.other_namespaces(bigint[], cdp.identifier[]) IS
	'Internal: returns the namespaces of identifiers of others that can stand in what a person has said: any e-mail '
	'address and phone number, and what stood on one event with an identifier of the person.';

CREATE FUNCTION cdp_internal.said_by_list(list text, person bigint, ids bigint[], own cdp.identifier[],
	former bigint[], quarantined bigint[]) RETURNS SETOF text
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
	SET jit = off
AS $function$
BEGIN
	RETURN QUERY EXECUTE format($sql$
		SELECT DISTINCT v.said
		FROM (%s) q
		-- numbers and times of the log, which no source has sent
		CROSS JOIN LATERAL (
			SELECT to_jsonb(q) - '{event_id,quarantine_id,timestamp,received_at,quarantined_at}'::text[] AS document) d
		CROSS JOIN LATERAL (
			SELECT j #>> '{}' AS said
			FROM jsonb_path_query(d.document, '$.** ? (@.type() == "string" || @.type() == "number")') AS j
			UNION ALL
			SELECT j #>> '{}'
			FROM jsonb_path_query(d.document, '$.** ? (@.type() == "object").keyvalue().key') AS j) v
	$sql$, cdp_internal.export_query(list)) USING person, ids, own, former, quarantined;
END
$function$;
COMMENT ON FUNCTION cdp_internal.said_by_list(text, bigint, bigint[], cdp.identifier[], bigint[], bigint[]) IS
	'Internal: returns the distinct texts, numbers and keys in a list of cdp.export_person().';

CREATE FUNCTION cdp_internal.said_of_others(said text[], namespaces text[], own cdp.identifier[]) RETURNS text[]
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN ARRAY(
		SELECT DISTINCT t.token
		FROM unnest(said) AS u (said)
		CROSS JOIN LATERAL (
			SELECT u.said AS token
			UNION ALL
			-- addresses within longer texts
			SELECT rtrim(m.parts[1], '.')
			FROM regexp_matches(u.said, '[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+', 'g') AS m (parts)
			WHERE u.said LIKE '%@%') t
		WHERE EXISTS (
			SELECT
			FROM unnest(namespaces) AS n (namespace)
			WHERE CASE n.namespace WHEN 'email' THEN t.token LIKE '%@%'
					WHEN 'phone' THEN t.token ~ '^\s*\+?[0-9(][0-9 ()./-]{5,}$' ELSE length(t.token) <= 512 END
				AND cdp_internal.is_of_other(t.token, n.namespace, own)));
END
$function$;
COMMENT ON FUNCTION cdp_internal.said_of_others(text[], text[], cdp.identifier[]) IS
	'Internal: returns those of the texts, and addresses within them, that are identifiers of others.';

CREATE FUNCTION cdp_internal.without_texts(document jsonb, texts text[]) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'cdp_without_texts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION cdp_internal.without_texts(jsonb, text[]) IS
	'Internal: returns a row of a list of cdp.export_person() with "[of another person]" in the place of these texts, '
	'be they values or keys; those that are addresses also within longer texts. Numbers, values below 3 bytes and '
	'numbers below 7 digits stay where no identifier stands, since they mean something else there.';

REVOKE ALL ON FUNCTION cdp_internal.is_of_other(text, text, cdp.identifier[]),
	cdp_internal.other_namespaces(bigint[], cdp.identifier[]),
	cdp_internal.said_by_list(text, bigint, bigint[], cdp.identifier[], bigint[], bigint[]),
	cdp_internal.said_of_others(text[], text[], cdp.identifier[]),
	cdp_internal.without_texts(jsonb, text[]) FROM PUBLIC;
