-- Why two identifiers are one person, or why they are not.

CREATE FUNCTION cdp_internal.explain_path(first_id bigint, last_id bigint)
	RETURNS TABLE (step integer, from_id bigint, to_id bigint, refused boolean, reasons text[])
	LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
	AS 'MODULE_PATHNAME', 'cdp_explain_path';
COMMENT ON FUNCTION cdp_internal.explain_path(bigint, bigint) IS
	'Internal: finds the chain of links between two identifiers with the fewest refused links, and of those the '
	'shortest. If there is none: one row with step 0 and one reason, not connected, shared, blocked, or too far (over '
	'10,000 profiles searched).';

CREATE FUNCTION cdp_internal.explain_shared(first_id bigint, last_id bigint) RETURNS bigint[]
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	seen bigint[] := ARRAY[first_id];
	came_by bigint[] := ARRAY[0];
	layer bigint[] := ARRAY[first_id];
	parents bigint[];
	path bigint[] := ARRAY[last_id];
BEGIN
	WHILE cardinality(layer) > 0 AND cardinality(seen) <= 10000 AND NOT last_id = ANY (layer) LOOP
		SELECT array_agg(n.other_id), array_agg(n.parent_id) INTO layer, parents FROM (
			SELECT l.other_id, min(f.id) AS parent_id FROM unnest(layer) f (id)
			CROSS JOIN LATERAL (
				SELECT t.b AS other_id
				FROM cdp_data.link t
				WHERE t.a = f.id
				UNION ALL
				SELECT t.a
				FROM cdp_data.link t
				WHERE t.b = f.id
				UNION ALL
				SELECT k.identifier_id
				FROM cdp_data.identifier i
				CROSS JOIN LATERAL cdp_internal.same_verdicts(i.identifier) s
				CROSS JOIN LATERAL cdp_internal.known_identifier(s.other) k
				WHERE i.identifier_id = f.id) l
			-- aliases wait for an end that is in no profile
			JOIN cdp_data.identifier o ON o.identifier_id = l.other_id AND o.profile_id <> 0
			WHERE NOT EXISTS (SELECT FROM unnest(seen) s (id) WHERE s.id = l.other_id) GROUP BY l.other_id) n;
		seen := seen || layer;
		came_by := came_by || parents;
	END LOOP;
	IF NOT last_id = ANY (seen) THEN
		RETURN NULL;
	END IF;
	WHILE path[1] <> first_id LOOP
		path := came_by[array_position(seen, path[1])] || path;
	END LOOP;
	RETURN path;
END
$function$;
COMMENT ON FUNCTION cdp_internal.explain_shared(bigint, bigint) IS
	'Internal: finds the shortest path of links between two identifiers, links of shared identifiers included. NULL if '
	'there is none within 10,000 identifiers.';

-- A verdict comes before all evidence, and aliases that are believed before all other.
CREATE FUNCTION cdp_internal.explain_evidence(x cdp.identifier, y cdp.identifier, a bigint, b bigint)
	RETURNS TABLE (source text, message_id text, at timestamptz, kind text[])
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT NULL::text, NULL::text, v.decided_at,
			   ARRAY[format('same, by %s%s', v.decided_by, ': ' || v.reason)]
		FROM cdp_data.verdict v
		WHERE v.kind = 'same' AND v.a = CASE WHEN x < y THEN x ELSE y END AND v.b = CASE WHEN x < y THEN y ELSE x END;
	IF FOUND THEN
		RETURN;
	END IF;
	IF cdp_internal.is_hashed_pair(x, y) THEN
		RETURN QUERY SELECT NULL::text, NULL::text, NULL::timestamptz, ARRAY['same, by SHA-256'];
		RETURN;
	END IF;
	RETURN QUERY
		SELECT s.source, l.message_id, l.first_at, CASE WHEN l.believed THEN '{alias}'::text[] ELSE '{}' END
		FROM cdp_data.link l
		JOIN cdp_data.source s ON s.source_id = l.source_id
		WHERE l.a = explain_evidence.a AND l.b = explain_evidence.b
		ORDER BY CASE WHEN l.believed THEN 0 ELSE s.trust END DESC, l.first_at, s.source
		LIMIT 1;
END
$function$;
COMMENT ON FUNCTION cdp_internal.explain_evidence(cdp.identifier, cdp.identifier, bigint, bigint) IS
	'Internal: returns the best evidence of a link between two identifiers (x and y in any order, a < b their '
	'numbers). kind: whose verdict it is and why, that one is the hash of the other, or alias for aliases that are '
	'believed.';

CREATE FUNCTION cdp.explain(a cdp.identifier, b cdp.identifier)
	RETURNS TABLE (step integer, from_identifier text, to_identifier text, source text, message_id text, at timestamptz,
		refused boolean, reasons text[])
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000 ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	start_id bigint;
	end_id bigint;
	path bigint[];
BEGIN
	PERFORM cdp_internal.check_tables();
	a := cdp_internal.by_rules(a);
	b := cdp_internal.by_rules(b);
	-- reasons that need no chain; if one is true of both, a is named
	RETURN QUERY
		SELECT 0, o.mine::text, o.other::text, NULL::text, NULL::text, NULL::timestamptz, NULL::boolean,
			   ARRAY[o.reason]
		FROM (SELECT e.place, e.mine, e.other,
					 CASE
						WHEN e.mine = e.other THEN 'same'
						WHEN k.identifier_id IS NULL THEN 'unknown'
						WHEN k.profile_id = 0 THEN (
							SELECT cdp_internal.absence(n.blocked, n.batch_id, n.since_batch_id)
							FROM cdp_data.identifier n
							WHERE n.identifier_id = k.identifier_id)
						WHEN k.shared THEN 'shared'
					 END AS reason
			  FROM (VALUES (1, explain.a, explain.b), (2, explain.b, explain.a)) AS e (place, mine, other)
			  LEFT JOIN LATERAL cdp_internal.known_identifier(e.mine) k ON true) o
		WHERE o.reason IS NOT NULL ORDER BY o.place LIMIT 1;
	IF FOUND THEN
		RETURN;
	END IF;
	start_id := (SELECT k.identifier_id FROM cdp_internal.known_identifier(explain.a) k);
	end_id := (SELECT k.identifier_id FROM cdp_internal.known_identifier(explain.b) k);
	FOR step, from_identifier, to_identifier, source, message_id, at, refused, reasons IN
		SELECT p.step, x.identifier::text, y.identifier::text, e.source, e.message_id, e.at, p.refused,
			   e.kind || p.reasons
		FROM cdp_internal.explain_path(start_id, end_id) p
		JOIN cdp_data.identifier x ON x.identifier_id = p.from_id
		JOIN cdp_data.identifier y ON y.identifier_id = p.to_id
		LEFT JOIN LATERAL cdp_internal.explain_evidence(x.identifier, y.identifier, least(p.from_id, p.to_id),
			greatest(p.from_id, p.to_id)) e ON p.step > 0
		ORDER BY p.step
	LOOP
		IF reasons = ARRAY['not connected'] THEN
			path := cdp_internal.explain_shared(start_id, end_id);
		END IF;
		IF path IS NULL THEN
			RETURN NEXT;
		END IF;
	END LOOP;
	RETURN QUERY
		SELECT 0, i.identifier::text, explain.b::text, NULL::text, NULL::text, NULL::timestamptz, NULL::boolean,
			   ARRAY['shared']
		FROM unnest(path) WITH ORDINALITY u (identifier_id, place)
		JOIN cdp_data.identifier i ON i.identifier_id = u.identifier_id
		WHERE i.shared
		ORDER BY u.place;
END
$function$;
COMMENT ON FUNCTION cdp.explain(cdp.identifier, cdp.identifier) IS
$comment$Explains why two identifiers are one person, or why they are not. Works on a hot standby.
If a chain of links connects them: one row for each link of the chain from a to b with the fewest refused links, and of
those the shortest. step counts from 1; source, message_id and at are those of the link's best evidence (most trusted
source, then earliest). If they are one person, no row is refused. Otherwise reasons of the refused rows list the rules
that joining the two people of the link would break: forbid, limit and the namespace, cap. Of a verdict of cdp.same()
source and message_id are NULL, at is when it was given, and the first of reasons says by whom and why: same, by
steward: renamed. Of an e-mail address or phone number and its hash at is NULL too, and it is: same, by SHA-256. Of
aliases that are believed it is alias.
If not: one row with step 0 and one reason: same (a and b are one identifier), unknown (never seen), retracted (all its
events were taken back), blocked, shared
(its links do not count), not connected, or too far (no chain within 10,000 people); from_identifier is the identifier
that the reason is about. If only shared identifiers connect the two: a row with step 0 and the reason shared for each
of those on the shortest path (within 10,000 identifiers).$comment$;

CREATE FUNCTION cdp.explain(a text, b text)
	RETURNS TABLE (step integer, from_identifier text, to_identifier text, source text, message_id text, at timestamptz,
		refused boolean, reasons text[])
	LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000 ROWS 5
BEGIN ATOMIC
	SELECT e.* FROM cdp.explain(cdp_internal.person_identifier(explain.a), cdp_internal.person_identifier(explain.b)) e;
END;
COMMENT ON FUNCTION cdp.explain(text, text) IS
	'The same for texts: namespace:value, or the digits of a profile_id, which stands for the identifier of that '
	'number. Errors: text that is neither (22P02), a profile_id that was never assigned (42704).';

CREATE FUNCTION cdp.explain(a bigint, b bigint)
	RETURNS TABLE (step integer, from_identifier text, to_identifier text, source text, message_id text, at timestamptz,
		refused boolean, reasons text[])
	LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000 ROWS 5
BEGIN ATOMIC
	SELECT e.* FROM cdp.explain(explain.a::text, explain.b::text) e;
END;
COMMENT ON FUNCTION cdp.explain(bigint, bigint) IS 'The same for profile ids, present or former.';

REVOKE ALL ON FUNCTION cdp_internal.explain_evidence(cdp.identifier, cdp.identifier, bigint, bigint),
	cdp_internal.explain_path(bigint, bigint), cdp_internal.explain_shared(bigint, bigint),
	cdp.explain(cdp.identifier, cdp.identifier), cdp.explain(text, text), cdp.explain(bigint, bigint) FROM PUBLIC;
