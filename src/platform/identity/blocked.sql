-- Values that a namespace's rule blocks.

CREATE FUNCTION cdp_internal.is_blocked(identifier cdp.identifier, rules jsonb) RETURNS boolean
	AS 'MODULE_PATHNAME', 'cdp_is_blocked' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cdp_internal.is_blocked(cdp.identifier, jsonb) IS
	'Internal: returns whether the rules block an identifier: its value is listed for its namespace, ignoring case, or '
	'matches a listed regular expression (one that begins with ^); or cdp.hashed() of it is blocked so, or it is '
	'cdp.hashed() of a listed e-mail address or phone number. rules: an object of namespace to list; it is read once a '
	'statement.';

CREATE FUNCTION cdp_internal.respell_blocked(namespace text, blocked text[], mailbox text) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF mailbox IS NULL OR blocked = '{}' THEN
		RETURN to_jsonb(blocked);
	END IF;
	RETURN (
		SELECT jsonb_agg(CASE WHEN b.entry LIKE '^%' THEN b.entry
			ELSE coalesce(cdp.value(cdp_internal.mailbox(cdp.try_identifier(respell_blocked.namespace, b.entry),
				respell_blocked.mailbox)), b.entry) END ORDER BY b.place)
		FROM unnest(blocked) WITH ORDINALITY AS b (entry, place));
END
$function$;
COMMENT ON FUNCTION cdp_internal.respell_blocked(text, text[], text) IS
	'Internal: returns the blocked values of a namespace as identifiers are written by its rule mailbox.';

CREATE FUNCTION cdp_internal.blocked_rules() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT coalesce(jsonb_object_agg(n.namespace,
			cdp_internal.respell_blocked(n.namespace, n.blocked, n.mailbox)), '{}')
		FROM cdp_data.namespace n
		WHERE n.blocked IS NOT NULL);
END
$function$;
COMMENT ON FUNCTION cdp_internal.blocked_rules() IS
	'Internal: returns the blocked values of all namespaces, as cdp_internal.is_blocked() takes them.';

CREATE FUNCTION cdp_internal.with_hash_partners(namespaces text[]) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN namespaces || ARRAY(
		SELECT partner.name
		FROM (VALUES ('email', 'email_sha256'), ('phone', 'phone_sha256')) AS h (plain, hashed)
		CROSS JOIN LATERAL (VALUES (h.plain, h.hashed), (h.hashed, h.plain)) AS partner (of_name, name)
		WHERE partner.of_name = ANY (namespaces) AND partner.name <> ALL (namespaces));
COMMENT ON FUNCTION cdp_internal.with_hash_partners(text[]) IS
	'Internal: returns namespaces, and those of the hashes of their values, or of the values of their hashes.';

REVOKE ALL ON FUNCTION cdp_internal.is_blocked(cdp.identifier, jsonb),
	cdp_internal.respell_blocked(text, text[], text), cdp_internal.blocked_rules(),
	cdp_internal.with_hash_partners(text[]) FROM PUBLIC;
