-- What a change of rules concerns, so that it acts on all history: queries for cdp_internal.change_graph(), each with
-- the name of its argument (kind).  They see the tables as before the change, except for the rules, which are the new
-- ones.  Queries of one kind are combined by UNION: each returns what its own rule concerns.

CREATE FUNCTION cdp_internal.refused_evidence()
	RETURNS TABLE (a bigint, b bigint, trust integer, first_at timestamptz, a_profile bigint, b_profile bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10000
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT DISTINCT ON (l.a, l.b) l.a, l.b, l.trust, l.first_at, l.a_profile, l.b_profile
		FROM (
			SELECT l.a, l.b, CASE WHEN l.believed THEN cdp_internal.alias_trust() ELSE s.trust END AS trust, l.first_at,
				   x.profile_id AS a_profile, y.profile_id AS b_profile
			FROM cdp_data.link l
			JOIN cdp_data.source s USING (source_id)
			JOIN cdp_data.identifier x ON x.identifier_id = l.a
			JOIN cdp_data.identifier y ON y.identifier_id = l.b
			WHERE l.refused
			UNION ALL
			SELECT p.a, p.b, cdp_internal.same_trust(), '2000-01-01 00:00Z'::timestamptz, p.a_profile, p.b_profile
			FROM cdp_internal.same_pairs() p
			WHERE p.refused) l
		ORDER BY l.a, l.b, l.trust DESC, l.first_at;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refused_evidence() IS
	'Internal: returns the refused links, and refused verdicts of cdp.same(), each with its best evidence and the '
	'profiles of its two identifiers.';

CREATE FUNCTION cdp_internal.concerned_by_limit(was integer, becomes integer, counted text)
	RETURNS TABLE (kind text, query text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 1
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF becomes IS NOT NULL AND (was IS NULL OR becomes < was) THEN
		RETURN QUERY SELECT 'checked',
			format('SELECT p.profile_id FROM cdp_data.profile p WHERE %s > %s', format(counted, 'p'), becomes);
	ELSIF was IS NOT NULL AND (becomes IS NULL OR becomes > was) THEN
		RETURN QUERY SELECT 'retry', format($sql$
			SELECT r.a, r.b, r.trust, r.first_at
			FROM cdp_internal.refused_evidence() r
			JOIN cdp_data.profile x ON x.profile_id = r.a_profile
			JOIN cdp_data.profile y ON y.profile_id = r.b_profile
			WHERE %s + %s > %s
		$sql$, format(counted, 'x'), format(counted, 'y'), was);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.concerned_by_limit(integer, integer, text) IS
	'Internal: returns what a changed limit concerns: the profiles above a tighter one, or the refused links that a '
	'looser one may allow. NULL: no limit. counted: the number that is limited, as an expression over %s, a row of '
	'cdp_data.profile.';

CREATE FUNCTION cdp_internal.concerned_by_priority(namespace text) RETURNS TABLE (kind text, query text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 2
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- profiles whose links may rank in another order, and those whose strongest identifier changes
	RETURN QUERY SELECT 'checked', format($sql$
		SELECT a_profile AS profile_id FROM cdp_internal.refused_evidence()
		UNION
		SELECT b_profile FROM cdp_internal.refused_evidence()
		UNION
		SELECT s.profile_id
		FROM (
			SELECT DISTINCT ON (i.profile_id) i.profile_id, i.identifier_id
			FROM cdp_data.identifier i
			JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(i.identifier)
			WHERE i.profile_id IN (
				SELECT o.profile_id
				FROM cdp_data.identifier o
				WHERE cdp.namespace(o.identifier) = %L)
			ORDER BY i.profile_id, n.priority, i.identifier) s
		WHERE s.profile_id NOT IN (0, s.identifier_id)
	$sql$, namespace);
	RETURN QUERY SELECT 'reanchored', format($sql$
		SELECT i.identifier_id
		FROM cdp_data.identifier i
		WHERE cdp.namespace(i.identifier) = %L AND NOT i.blocked
	$sql$, namespace);
END
$function$;
COMMENT ON FUNCTION cdp_internal.concerned_by_priority(text) IS
	'Internal: returns what a changed priority of a namespace concerns.';

CREATE FUNCTION cdp_internal.concerned_by_blocked(was jsonb, becomes jsonb) RETURNS TABLE (kind text, query text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 4
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- namespaces, with those of their hashes, or of what is hashed
	freed text[] := ARRAY(
		SELECT n.name
		FROM jsonb_each(was) w
		CROSS JOIN LATERAL cdp_internal.with_hash_partners(ARRAY[w.key]) AS p (names)
		CROSS JOIN LATERAL unnest(p.names) AS n (name)
		WHERE w.value <> 'null' AND NOT w.value <@ (becomes -> w.key)
		ORDER BY n.name COLLATE "C");
	-- also those that are in no profile, as only aliases name them
	blocked text := format($sql$
		SELECT i.identifier_id, i.profile_id
		FROM cdp_data.identifier i
		WHERE NOT i.blocked AND cdp_internal.is_blocked(i.identifier, %L)
	$sql$, becomes);
BEGIN
	RETURN QUERY SELECT 'blocked', format('SELECT i.identifier_id FROM (%s) i WHERE i.profile_id <> 0', blocked);
	RETURN QUERY SELECT 'unlinked', format($sql$
		SELECT l.a, l.b
		FROM (%1$s) i
		JOIN cdp_data.link l ON l.a = i.identifier_id
		UNION
		SELECT l.a, l.b
		FROM (%1$s) i
		JOIN cdp_data.link l ON l.b = i.identifier_id
	$sql$, blocked);
	IF freed = '{}' THEN
		RETURN;
	END IF;
	-- no table records which events carry a blocked value: the log is read
	RETURN QUERY SELECT 'reread', format($sql$
		SELECT e.event_id, e.identifier_id AS place, o.ids, e.source, least(e."timestamp", e.received_at) AS at,
			e.message_id, o.earlier
		FROM cdp_data.event e CROSS JOIN LATERAL cdp_internal.onboard(e.type, e.event, e.anonymous_id, e.user_id,
			e.group_id, e.previous_id, e.identifiers, e.properties, e.traits, e.context, e."timestamp", NULL, NULL,
			NULL, e.source, $2, is_logged => true) o
		WHERE EXISTS (SELECT FROM unnest(o.ids || o.earlier) AS u (identifier)
					  WHERE cdp_internal.is_blocked(u.identifier, %L) AND NOT cdp_internal.is_blocked(u.identifier, %L))
			AND %s
	$sql$, was, becomes, cdp_internal.is_logged_condition());
	RETURN QUERY SELECT 'based', format($sql$
		SELECT DISTINCT b.identifier_id
		FROM cdp_data.base_row b
		CROSS JOIN LATERAL unnest(b.ids || b.earlier_id) AS u (identifier_id)
		JOIN cdp_data.identifier i ON i.identifier_id = u.identifier_id
		WHERE cdp_internal.is_blocked(i.identifier, %L) AND NOT cdp_internal.is_blocked(i.identifier, %L)
	$sql$, was, becomes);
	RETURN QUERY SELECT 'judged', format($sql$
		SELECT i.identifier_id
		FROM cdp_data.identifier i
		JOIN cdp_data.verdict v ON v.a = i.identifier
		WHERE v.kind IN ('shared', 'not_shared') AND i.blocked AND cdp.namespace(i.identifier) = ANY (%L::text[])
	$sql$, freed);
END
$function$;
COMMENT ON FUNCTION cdp_internal.concerned_by_blocked(jsonb, jsonb) IS
	'Internal: returns what a change of blocked values concerns; was, becomes: the lists of all namespaces; null: no '
	'list.';

CREATE FUNCTION cdp_internal.concerned_by_max_links(namespace text, becomes jsonb)
	RETURNS TABLE (kind text, query text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 1
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY SELECT 'judged', format($sql$
		SELECT i.identifier_id
		FROM cdp_data.identifier i
		WHERE cdp.namespace(i.identifier) = %1$L AND NOT i.blocked
			AND i.shared <> EXISTS (
				SELECT
				FROM cdp_internal.read_link_counts(i.link_counts) l
				JOIN cdp_data.namespace k ON k.namespace_id = l.namespace_id
				WHERE k.namespace <> %1$L AND l.number > cdp_internal.max_links_to(%2$L, k.namespace))
	$sql$, namespace, becomes);
END
$function$;
COMMENT ON FUNCTION cdp_internal.concerned_by_max_links(text, jsonb) IS
	'Internal: returns what a changed max_links of a namespace concerns: the identifiers that may become shared, or '
	'stop being shared.';

-- An identifier that is in no profile is not in the batch that a change of blocked values makes.
CREATE FUNCTION cdp_internal.flag_blocked(namespaces text[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	UPDATE cdp_data.identifier i
	SET blocked = NOT i.blocked
	FROM (SELECT cdp_internal.blocked_rules() AS rules) k
	WHERE i.profile_id = 0 AND cdp.namespace(i.identifier) = ANY (cdp_internal.with_hash_partners(namespaces))
	  AND i.blocked <> cdp_internal.is_blocked(i.identifier, k.rules);
END
$function$;
COMMENT ON FUNCTION cdp_internal.flag_blocked(text[]) IS
	'Internal: says of the identifiers of namespaces, and of their hashes, that are in no profile whether the rules '
	'block them.';

CREATE FUNCTION cdp_internal.concerned_by_aliases(source_id integer) RETURNS TABLE (kind text, query text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 1
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY SELECT 'realiased', format($sql$
		SELECT e.identifier_id
		FROM cdp_data.link l
		CROSS JOIN LATERAL (VALUES (l.a), (l.b)) AS e (identifier_id)
		WHERE l.aliases > 0 AND %s IN (l.source_id, 0)
	$sql$, coalesce(source_id, 0));
END
$function$;
COMMENT ON FUNCTION cdp_internal.concerned_by_aliases(integer) IS
	'Internal: returns the identifiers that aliases of a source are about, by its number; NULL: of any source.';

CREATE FUNCTION cdp_internal.concerned_by_trust() RETURNS TABLE (kind text, query text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 1
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY SELECT 'checked', $sql$
		SELECT a_profile AS profile_id FROM cdp_internal.refused_evidence()
		UNION
		SELECT b_profile FROM cdp_internal.refused_evidence()
	$sql$;
END
$function$;
COMMENT ON FUNCTION cdp_internal.concerned_by_trust() IS
	'Internal: returns what a changed trust of a source concerns: the profiles whose links may rank in another order.';

REVOKE ALL ON FUNCTION cdp_internal.refused_evidence(), cdp_internal.concerned_by_limit(integer, integer, text),
	cdp_internal.concerned_by_priority(text), cdp_internal.concerned_by_blocked(jsonb, jsonb),
	cdp_internal.flag_blocked(text[]), cdp_internal.concerned_by_aliases(integer),
	cdp_internal.concerned_by_max_links(text, jsonb), cdp_internal.concerned_by_trust() FROM PUBLIC;
