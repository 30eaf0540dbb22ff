-- E-mail addresses and phone numbers, and their hashes: both ends of such a pair are the same without a verdict.

-- Whether there can be pairs.  The planner replaces a call by the query.
CREATE FUNCTION cdp_internal.has_hashed() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
AS $function$
	SELECT EXISTS (
		SELECT
		FROM cdp_data.namespace n
		WHERE n.namespace OPERATOR(pg_catalog.=) ANY ('{email_sha256,phone_sha256}'::pg_catalog.text[])
			AND n.batch_id IS NOT NULL)
$function$;
COMMENT ON FUNCTION cdp_internal.has_hashed() IS 'Internal: returns whether a hash was ever an identifier.';

-- An address has one hash, and a hash one address.  The inner LIMIT has the planner find one row by the index.
CREATE FUNCTION cdp_internal.hashed_partner(identifier cdp.identifier)
	RETURNS TABLE (identifier_id bigint, identifier cdp.identifier, profile_id bigint, shared boolean)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
AS $function$
	SELECT i.identifier_id, i.identifier, i.profile_id, i.shared
	FROM cdp_data.identifier i
	WHERE cdp_internal.has_hash(i.identifier)
		AND cdp.hashed(i.identifier) OPERATOR(cdp.=) cdp.hashed(hashed_partner.identifier)
		AND i.identifier OPERATOR(cdp.<>) hashed_partner.identifier
	LIMIT 1
$function$;
COMMENT ON FUNCTION cdp_internal.hashed_partner(cdp.identifier) IS
	'Internal: returns the row of the hash of an e-mail address or phone number, or that of the address or number '
	'whose hash the identifier is; none if it was never seen.';

CREATE FUNCTION cdp_internal.is_hashed_pair(a cdp.identifier, b cdp.identifier) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN coalesce(cdp.hashed(a) OPERATOR(cdp.=) cdp.hashed(b) AND a OPERATOR(cdp.<>) b, false);
COMMENT ON FUNCTION cdp_internal.is_hashed_pair(cdp.identifier, cdp.identifier) IS
	'Internal: returns whether one of two identifiers is the hash of the other.';

CREATE FUNCTION cdp_internal.hashed_pairs(own bigint DEFAULT NULL)
	RETURNS TABLE (a bigint, b bigint, a_profile bigint, b_profile bigint, shared boolean, refused boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	IF NOT cdp_internal.has_hashed() THEN
		RETURN;
	END IF;
	RETURN QUERY
		SELECT least(i.identifier_id, k.identifier_id), greatest(i.identifier_id, k.identifier_id),
			   CASE WHEN i.identifier_id < k.identifier_id THEN i.profile_id ELSE k.profile_id END,
			   CASE WHEN i.identifier_id < k.identifier_id THEN k.profile_id ELSE i.profile_id END,
			   i.shared OR k.shared, i.profile_id <> k.profile_id AND NOT i.shared AND NOT k.shared
		FROM cdp_data.identifier i
		CROSS JOIN LATERAL cdp_internal.hashed_partner(i.identifier) k
		WHERE i.profile_id <> 0 AND k.profile_id <> 0
			AND (i.profile_id = hashed_pairs.own OR hashed_pairs.own IS NULL)
			-- of a pair within this selection from one end alone
			AND (cdp.namespace(i.identifier) IN ('email_sha256', 'phone_sha256')
				OR hashed_pairs.own IS NOT NULL AND k.profile_id <> hashed_pairs.own);
END
$function$;
COMMENT ON FUNCTION cdp_internal.hashed_pairs(bigint) IS
	'Internal: returns the pairs of an e-mail address or phone number and its hash that are both in profiles (a < b), '
	'with these profiles, whether an end is shared, and whether the pair is refused. own: only those with an end in '
	'this profile; NULL: all.';

REVOKE ALL ON FUNCTION cdp_internal.has_hashed(), cdp_internal.hashed_partner(cdp.identifier),
	cdp_internal.is_hashed_pair(cdp.identifier, cdp.identifier), cdp_internal.hashed_pairs(bigint) FROM PUBLIC;
