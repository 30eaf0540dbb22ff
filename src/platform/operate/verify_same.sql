-- Same pairs: which aliases are believed, and which verdicts of cdp.same() are refused.

CREATE FUNCTION cdp_internal.verify_believed(own bigint[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	bound integer := (
		SELECT cdp_internal.max_links_to(n.max_links, 'user_id')
		FROM cdp_data.namespace n
		WHERE n.namespace = 'user_id');
BEGIN
	RETURN QUERY
		WITH pair AS MATERIALIZED (
			-- all rows of pairs that have, or should have, what is said of pairs
			SELECT l.a, l.b, bool_or(l.believed) AS believed, bool_and(l.believed) AS all_believed,
				   bool_or(l.aliases > 0 AND s.aliases = 'same') AND bool_and(x.profile_id <> 0 AND y.profile_id <> 0)
				   AS is_source
			FROM cdp_data.link l
			JOIN cdp_data.source s ON s.source_id = l.source_id
			JOIN cdp_data.identifier x ON x.identifier_id = l.a
			JOIN cdp_data.identifier y ON y.identifier_id = l.b
			WHERE (l.a, l.b) IN (SELECT o.a, o.b FROM cdp_data.link o WHERE o.aliases > 0 OR o.believed)
			GROUP BY l.a, l.b
		), number AS (
			SELECT e.id, count(*) AS pairs
			FROM pair p
			CROSS JOIN LATERAL (VALUES (p.a), (p.b)) AS e (id)
			WHERE p.is_source
			GROUP BY e.id)
		SELECT 'link', concat(least(n.a COLLATE "C", n.b), ' - ', greatest(n.a COLLATE "C", n.b)),
			   CASE WHEN w.believed THEN 'aliases that are believed' ELSE 'no aliases that are believed' END,
			   CASE WHEN p.all_believed THEN 'believed' WHEN p.believed THEN 'believed in some rows'
				ELSE 'not believed' END
		FROM pair p
		LEFT JOIN number x ON x.id = p.a
		LEFT JOIN number y ON y.id = p.b
		CROSS JOIN LATERAL (
			SELECT p.is_source AND (bound IS NULL OR (x.pairs <= bound AND y.pairs <= bound)) AND NOT EXISTS (
				SELECT
				FROM cdp_data.identifier i
				JOIN cdp_data.identifier k ON k.identifier_id = p.b
				JOIN cdp_data.verdict v ON v.kind = 'forbid'
					AND (v.a = i.identifier AND v.b = k.identifier OR v.a = k.identifier AND v.b = i.identifier)
				WHERE i.identifier_id = p.a) AS believed) w
		CROSS JOIN LATERAL (
			SELECT cdp_internal.verify_name(p.a) AS a, cdp_internal.verify_name(p.b) AS b) n
		WHERE (own IS NULL OR p.a = ANY (own) OR p.b = ANY (own))
		  AND (w.believed <> p.believed OR p.believed <> p.all_believed);
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_believed(bigint[]) IS
	'Internal: returns the pairs of identifiers whose aliases are believed and should not be, or the other way round. '
	'own: the identifiers of one person; NULL: all.';

CREATE FUNCTION cdp_internal.verify_same(own bigint[])
	RETURNS TABLE (stage text, item text, expected text, found text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY SELECT b.* FROM cdp_internal.verify_believed(own) b;
	RETURN QUERY
		SELECT 'link', format('%s - %s, same', v.a, v.b), CASE WHEN w.refused THEN 'refused' ELSE 'not refused' END,
			   CASE WHEN v.refused THEN 'refused' ELSE 'not refused' END
		FROM cdp_data.verdict v
		LEFT JOIN LATERAL cdp_internal.known_identifier(v.a) x ON true
		LEFT JOIN LATERAL cdp_internal.known_identifier(v.b) y ON true
		CROSS JOIN LATERAL (
			SELECT coalesce(x.profile_id <> 0 AND y.profile_id <> 0 AND x.profile_id <> y.profile_id
				AND NOT x.shared AND NOT y.shared, false) AS refused) w
		WHERE v.kind = 'same' AND w.refused <> v.refused
		  AND (own IS NULL OR x.identifier_id = ANY (own) OR y.identifier_id = ANY (own));
END
$function$;
COMMENT ON FUNCTION cdp_internal.verify_same(bigint[]) IS
	'Internal: returns what is wrong with pairs that are the same: aliases that are believed, and whether verdicts of '
	'cdp.same() are refused. own: the identifiers of one person; NULL: all.';

REVOKE ALL ON FUNCTION cdp_internal.verify_believed(bigint[]), cdp_internal.verify_same(bigint[]) FROM PUBLIC;
