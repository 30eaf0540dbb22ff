-- Who must not come again: the identifiers of people who were erased, as hashes.

-- An address and its hash are one; the rule for mailboxes may change.
CREATE FUNCTION cdp_internal.suppressed_forms(identifier cdp.identifier)
	RETURNS TABLE (form cdp.identifier, derived boolean)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
	SELECT f.form, bool_and(f.derived)
	FROM (
		SELECT identifier AS form, false AS derived
		UNION ALL
		SELECT cdp_internal.mailbox(identifier, r.rule), true
		FROM unnest('{gmail,plus}'::text[]) AS r (rule)
		WHERE cdp.namespace(identifier) = 'email'
		UNION ALL
		SELECT cdp.identifier(cdp.namespace(identifier) || '_sha256',
			encode(sha256(convert_to(cdp.value(identifier), 'UTF8')), 'hex')), true
		WHERE cdp.namespace(identifier) IN ('email', 'phone')) f
	GROUP BY f.form
$function$;
COMMENT ON FUNCTION cdp_internal.suppressed_forms(cdp.identifier) IS
	'Internal: returns the forms in which an identifier may come again: itself; of an e-mail address also other forms '
	'of its mailbox, and its hash; of a phone number its hash.';

CREATE FUNCTION cdp_internal.suppress(identifiers cdp.identifier[], erasure_id bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	added bigint;
BEGIN
	INSERT INTO cdp_data.suppressed AS s (key, tag, namespace, derived, erasure_id)
	SELECT DISTINCT ON (f.form) cdp_internal.suppression_hash(f.form), cdp_internal.suppression_tag(f.form),
		cdp.namespace(f.form), f.derived, suppress.erasure_id
	FROM unnest(identifiers) AS u (identifier)
	CROSS JOIN LATERAL cdp_internal.suppressed_forms(u.identifier) f
	ORDER BY f.form, f.derived
	ON CONFLICT (key) DO UPDATE SET derived = s.derived AND excluded.derived, erasure_id = excluded.erasure_id;
	GET DIAGNOSTICS added = ROW_COUNT;
	UPDATE cdp_data.state s
	SET suppression_fingerprint = cdp_internal.suppression_fingerprint(),
		suppression_version = hashtextextended(gen_random_uuid()::text, 0);
	RETURN added;
END
$function$;
COMMENT ON FUNCTION cdp_internal.suppress(cdp.identifier[], bigint) IS
	'Internal: has identifiers be taken out of rows as they come. Returns how many hashes were written.';

CREATE FUNCTION cdp_internal.allow_again(identifiers cdp.identifier[]) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	removed bigint;
BEGIN
	PERFORM cdp_internal.check_owner(cdp_internal.catalogue_tables());
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.check_suppression_key();
	DELETE FROM cdp_data.suppressed s
	USING unnest(identifiers) AS u (identifier)
	CROSS JOIN LATERAL cdp_internal.suppressed_forms(cdp_internal.by_rules(u.identifier)) f
	WHERE s.key = cdp_internal.suppression_hash(f.form);
	GET DIAGNOSTICS removed = ROW_COUNT;
	UPDATE cdp_data.state s SET suppression_version = hashtextextended(gen_random_uuid()::text, 0);
	-- without the identifier, which must not stand here if it does not come again
	PERFORM cdp_data.record_audit('allow_again', detail => jsonb_build_object('keys', removed));
	RETURN removed;
END
$function$;
COMMENT ON FUNCTION cdp_internal.allow_again(cdp.identifier[]) IS
	'Internal: what cdp.allow_again() does, for the owner of the tables.';

CREATE FUNCTION cdp.allow_again(identifier cdp.identifier) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.check_tables();
	IF identifier IS NULL THEN
		RAISE EXCEPTION 'an identifier is NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	RETURN cdp_data.allow_again(ARRAY[identifier]) > 0;
END
$function$;
COMMENT ON FUNCTION cdp.allow_again(cdp.identifier) IS
	'Lets an identifier come again whose person was erased by cdp.erase(), as when the person becomes a customer anew: '
	'rows that name it are taken from now on. What was erased stays erased, and so do other identifiers of the person. '
	'Returns whether it was suppressed. Errors: NULL (22004), no or another cdp.suppression_key (55000).';

REVOKE ALL ON FUNCTION cdp_internal.suppressed_forms(cdp.identifier),
	cdp_internal.suppress(cdp.identifier[], bigint), cdp_internal.allow_again(cdp.identifier[]),
	cdp.allow_again(cdp.identifier) FROM PUBLIC;
