-- Who is who: the stored profiles against the links, the rules and the forbids.

CREATE FUNCTION cdp_internal.verify_partition(person bigint)
	RETURNS TABLE (kind text, id bigint, other bigint, trust integer, at timestamptz)
	LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000
	SET search_path = pg_catalog, cdp, pg_temp
	-- each statement reads a slice, whatever the planner thinks
	SET enable_hashjoin = off
	SET enable_mergejoin = off
	SET enable_seqscan = off
	AS 'MODULE_PATHNAME', 'cdp_verify_partition';
COMMENT ON FUNCTION cdp_internal.verify_partition(bigint) IS
	'Internal: checks the profiles by their links, and returns what is wrong. kind: apart (no link inside the profile '
	'connects identifier id with other, its strongest), breaks (profile id breaks a rule), strongest (profile id has '
	'the strongest identifier other), refused (nothing refuses the link of identifiers id and other, which are in two '
	'profiles), last (profile id has a link inside with trust and at, later than its summary says), class (identifier '
	'id should have the class_id other). person: a profile_id; NULL: all.';

CREATE FUNCTION cdp_internal.verify_partitions(person bigint)
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT CASE WHEN w.kind IN ('apart', 'class') THEN 'identifier' WHEN w.kind = 'refused' THEN 'link'
				ELSE 'profile' END,
			   CASE WHEN w.kind = 'refused'
				THEN concat(least(n.id COLLATE "C", n.other), ' - ', greatest(n.id COLLATE "C", n.other)) ELSE n.id END,
			   CASE w.kind
				WHEN 'apart' THEN format('connected with %s by links inside its profile', n.other)
				WHEN 'breaks' THEN 'within the limits, the cap and the forbids'
				WHEN 'strongest' THEN format('number %s, that of %s, the strongest', w.other, n.other)
				WHEN 'refused' THEN 'one profile, as no rule refuses the link'
				WHEN 'class' THEN CASE WHEN w.other = 0 THEN 'the same as no other' ELSE format('class %s', w.other) END
				ELSE format('no link inside later than trust %s, %s', p.last_trust, p.last_at) END,
			   CASE w.kind
				WHEN 'apart' THEN 'not connected'
				WHEN 'breaks' THEN 'a rule is broken'
				WHEN 'strongest' THEN format('number %s', w.id)
				WHEN 'refused' THEN 'two profiles'
				WHEN 'class' THEN (SELECT format('class %s', i.class_id) FROM cdp_data.identifier i
								   WHERE i.identifier_id = w.id)
				ELSE format('trust %s, %s', w.trust, w.at) END
		FROM cdp_internal.verify_partition(person) w
		CROSS JOIN LATERAL (
			SELECT cdp_internal.verify_name(w.id) AS id,
				   CASE WHEN w.kind <> 'class' THEN cdp_internal.verify_name(w.other) END AS other) n
		LEFT JOIN cdp_data.profile p ON w.kind = 'last' AND p.profile_id = w.id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_partitions(bigint) IS
	'Internal: returns what cdp_internal.verify_partition() found, in words.';

REVOKE ALL ON FUNCTION cdp_internal.verify_partition(bigint), cdp_internal.verify_partitions(bigint) FROM PUBLIC;
