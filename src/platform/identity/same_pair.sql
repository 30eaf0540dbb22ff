-- Pairs of identifiers that are the same: people declared it, or one is the hash of the other.

-- Trust that no source has: same pairs come before all other links.  These are CDPK_TRUST_SAME and CDPK_TRUST_ALIAS.
CREATE FUNCTION cdp_internal.same_trust() RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN 2147483647;
COMMENT ON FUNCTION cdp_internal.same_trust() IS 'Internal: the trust of pairs that are the same.';

CREATE FUNCTION cdp_internal.alias_trust() RETURNS integer
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN 2147483646;
COMMENT ON FUNCTION cdp_internal.alias_trust() IS 'Internal: the trust of aliases that are believed.';

CREATE FUNCTION cdp_internal.same_pairs(own bigint DEFAULT NULL)
	RETURNS TABLE (a bigint, b bigint, a_profile bigint, b_profile bigint, shared boolean, refused boolean)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT least(x.identifier_id, y.identifier_id), greatest(x.identifier_id, y.identifier_id),
			   CASE WHEN x.identifier_id < y.identifier_id THEN x.profile_id ELSE y.profile_id END,
			   CASE WHEN x.identifier_id < y.identifier_id THEN y.profile_id ELSE x.profile_id END,
			   x.shared OR y.shared, v.refused
		FROM cdp_data.verdict v
		CROSS JOIN LATERAL cdp_internal.known_identifier(v.a) x
		CROSS JOIN LATERAL cdp_internal.known_identifier(v.b) y
		WHERE v.kind = 'same' AND x.profile_id <> 0 AND y.profile_id <> 0
			AND (same_pairs.own IN (x.profile_id, y.profile_id) OR same_pairs.own IS NULL)
		UNION ALL
		SELECT h.* FROM cdp_internal.hashed_pairs(same_pairs.own) h;
END
$function$;
COMMENT ON FUNCTION cdp_internal.same_pairs(bigint) IS
	'Internal: returns the verdicts of cdp.same(), and the pairs of an identifier and its hash, of which both ends are '
	'in profiles (a < b), with these profiles, and whether an end is shared. A pair can come twice. own: only those '
	'with an end in this profile; NULL: all.';

-- The index of each end serves one branch.
CREATE FUNCTION cdp_internal.same_verdicts(identifier cdp.identifier)
	RETURNS TABLE (other cdp.identifier, verdict_id bigint)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 2
	SET search_path = pg_catalog, cdp, pg_temp
	-- without statistics of these columns many verdicts would seem worth workers, for a few rows
	SET max_parallel_workers_per_gather = 0
AS $function$
BEGIN
	RETURN QUERY
		SELECT v.b, v.verdict_id FROM cdp_data.verdict v WHERE v.a = same_verdicts.identifier AND v.kind = 'same'
		UNION ALL
		SELECT v.a, v.verdict_id FROM cdp_data.verdict v WHERE v.b = same_verdicts.identifier AND v.kind = 'same'
		UNION ALL
		SELECT k.identifier, NULL
		FROM cdp_internal.hashed_partner(same_verdicts.identifier) k
		WHERE cdp_internal.has_hashed();
END
$function$;
COMMENT ON FUNCTION cdp_internal.same_verdicts(cdp.identifier) IS
	'Internal: returns what an identifier is the same as: by verdicts, with their numbers, and known hashes of it, or '
	'what it is the hash of (verdict_id NULL).';

REVOKE ALL ON FUNCTION cdp_internal.same_verdicts(cdp.identifier), cdp_internal.same_pairs(bigint),
	cdp_internal.same_trust(), cdp_internal.alias_trust() FROM PUBLIC;
