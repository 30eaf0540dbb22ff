-- Verdicts: what a person decides about identifiers.  A verdict is a batch of its own: it passes through the stages of
-- cdp.refresh() without rows of the inbox.

-- The caller has started the batch, and has written the rules or verdicts that the changes follow from.
CREATE FUNCTION cdp_internal.change_graph(unlinked text DEFAULT NULL, blocked text DEFAULT NULL,
	retry text DEFAULT NULL, checked text DEFAULT NULL, forbids text DEFAULT NULL, judged text DEFAULT NULL,
	reread text DEFAULT NULL, reanchored text DEFAULT NULL, refolded text DEFAULT NULL,
	traits_changed text DEFAULT NULL, same text DEFAULT NULL, realiased text DEFAULT NULL, based text DEFAULT NULL,
	cause text DEFAULT 'verdict', consenting bigint[] DEFAULT '{}')
	RETURNS cdp_internal.batch_counts
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	done cdp_internal.batch_counts;
BEGIN
	PERFORM cdp_internal.progress_set('take', 0, 0);
	PERFORM cdp_internal.stage_graph_changes(unlinked => unlinked, blocked => blocked, retry => retry,
		checked => checked, forbids => forbids, judged => judged, reread => reread, reanchored => reanchored,
		refolded => refolded, traits_changed => traits_changed, same => same, realiased => realiased,
		based => based);
	done := cdp_internal.process_batch(cause => cause, consenting => consenting);
	PERFORM cdp_internal.batch_end();
	PERFORM cdp_internal.progress_end();
	RETURN done;
END
$function$;
COMMENT ON FUNCTION cdp_internal.change_graph(text, text, text, text, text, text, text, text, text, text, text, text,
	text, text, bigint[]) IS
	'Internal: takes changes of the graph through all stages of a batch, without rows of the inboxes, and ends the '
	'batch. The arguments are those of cdp_internal.stage_graph_changes(). cause: of the changes '
	'of memberships; consenting: people who are to be stamped besides those whom it touches; NULL: all.';

-- What a call would write of a person who was erased would stay, unlike what comes with events.
CREATE FUNCTION cdp_internal.refuse_suppressed(identifier cdp.identifier) RETURNS void
	LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF NOT EXISTS (SELECT FROM cdp_data.suppressed)
		OR EXISTS (SELECT FROM cdp_internal.known_identifier(refuse_suppressed.identifier))
	THEN
		RETURN;
	END IF;
	PERFORM cdp_internal.check_suppression_key();
	IF EXISTS (
		SELECT FROM cdp_data.suppressed s WHERE s.key = cdp_internal.suppression_hash(refuse_suppressed.identifier))
	THEN
		RAISE EXCEPTION 'an identifier is of a person who was erased'
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('It is of namespace %s.', cdp.namespace(refuse_suppressed.identifier)),
			HINT = 'cdp.allow_again() lets it come again.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refuse_suppressed(cdp.identifier) IS
	'Internal: raises an error if an identifier is suppressed, and no one has it.';

CREATE FUNCTION cdp_internal.write_verdict(kind text, a cdp.identifier, b cdp.identifier DEFAULT NULL,
	until_at timestamptz DEFAULT NULL, reason text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	PERFORM cdp_internal.refuse_suppressed(u.identifier)
	FROM unnest(ARRAY[write_verdict.a, write_verdict.b]) AS u (identifier);
	INSERT INTO cdp_data.verdict AS v (verdict_id, kind, a, b, until_at, reason, batch_id, refused)
	SELECT coalesce((SELECT max(o.verdict_id) FROM cdp_data.verdict o), 0) + 1, write_verdict.kind,
		write_verdict.a, write_verdict.b, write_verdict.until_at, write_verdict.reason, s.batch_id + 1,
		-- like the links of the pair
		write_verdict.kind = 'same' AND EXISTS (
			SELECT
			FROM cdp_internal.known_identifier(write_verdict.a) x
			CROSS JOIN cdp_internal.known_identifier(write_verdict.b) y
			LEFT JOIN cdp_data.link l ON l.a = least(x.identifier_id, y.identifier_id)
				AND l.b = greatest(x.identifier_id, y.identifier_id)
			WHERE l.refused OR x.profile_id <> y.profile_id AND x.profile_id <> 0 AND y.profile_id <> 0
				AND NOT x.shared AND NOT y.shared AND cdp_internal.is_hashed_pair(write_verdict.a, write_verdict.b))
	FROM cdp_data.state s
	ON CONFLICT (a, kind, b) DO UPDATE
	SET until_at = excluded.until_at, reason = excluded.reason, decided_by = excluded.decided_by,
		decided_at = excluded.decided_at, batch_id = excluded.batch_id;
END
$function$;
COMMENT ON FUNCTION cdp_internal.write_verdict(text, cdp.identifier, cdp.identifier, timestamptz, text) IS
	'Internal: writes a verdict; replaces one of the same kind about the same identifiers. Raises an error if one is '
	'of a person who was erased.';

CREATE FUNCTION cdp_internal.identifiers_of_pair(INOUT a cdp.identifier, INOUT b cdp.identifier, OUT a_id bigint,
	OUT b_id bigint)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF a IS NULL OR b IS NULL THEN
		RAISE EXCEPTION 'an identifier is NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	a := cdp_internal.by_rules(a);
	b := cdp_internal.by_rules(b);
	IF a = b THEN
		RAISE EXCEPTION 'the two identifiers are the same: "%"', a
			USING ERRCODE = 'invalid_parameter_value', DETAIL = 'They are compared in normalised form.';
	END IF;
	SELECT least(identifiers_of_pair.a, identifiers_of_pair.b), greatest(identifiers_of_pair.a, identifiers_of_pair.b)
	INTO a, b;
	a_id := (SELECT k.identifier_id FROM cdp_internal.known_identifier(identifiers_of_pair.a) k);
	b_id := (SELECT k.identifier_id FROM cdp_internal.known_identifier(identifiers_of_pair.b) k);
END
$function$;
COMMENT ON FUNCTION cdp_internal.identifiers_of_pair(cdp.identifier, cdp.identifier) IS
	'Internal: returns two identifiers in the order of cdp_data.link, with their numbers (NULL: never seen). Raises an '
	'error if one is NULL, or both are the same.';

-- The row in cdp_data.verdict is already written or deleted.
CREATE FUNCTION cdp_internal.note_forbids(a_id bigint, b_id bigint) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- also if only one identifier was seen: its profile must be checked when the other arrives
	UPDATE cdp_data.profile p
	SET has_forbid = n.has_forbid
	FROM (
		SELECT o.profile_id, EXISTS (
			SELECT
			FROM cdp_data.identifier i
			WHERE i.profile_id = o.profile_id AND (
				EXISTS (SELECT FROM cdp_data.verdict v WHERE v.kind = 'forbid' AND v.a = i.identifier)
				OR EXISTS (SELECT FROM cdp_data.verdict v WHERE v.kind = 'forbid' AND v.b = i.identifier))
			) AS has_forbid
		FROM cdp_data.identifier o
		WHERE o.identifier_id IN (a_id, b_id) AND o.profile_id <> 0) n
	WHERE p.profile_id = n.profile_id AND p.has_forbid <> n.has_forbid;
END
$function$;
COMMENT ON FUNCTION cdp_internal.note_forbids(bigint, bigint) IS
	'Internal: brings the profiles of two identifiers up to date with the forbids.';

CREATE FUNCTION cdp.forbid(a cdp.identifier, b cdp.identifier, reason text DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	pair record;
BEGIN
	PERFORM cdp_internal.start_batch();
	SELECT * INTO STRICT pair FROM cdp_internal.identifiers_of_pair(a, b);
	PERFORM cdp_internal.check_not_declared(pair.a, pair.b, format('"%s" and "%s" are declared the same', a, b));
	PERFORM cdp_internal.write_verdict('forbid', pair.a, pair.b, NULL, reason);
	PERFORM cdp_internal.note_forbids(pair.a_id, pair.b_id);
	PERFORM cdp_internal.change_graph(forbids => CASE WHEN pair.a_id IS NOT NULL AND pair.b_id IS NOT NULL
		THEN format('SELECT %s::bigint AS a, %s::bigint AS b, true AS in_force', pair.a_id, pair.b_id) END);
END
$function$;
COMMENT ON FUNCTION cdp.forbid(cdp.identifier, cdp.identifier, text) IS
	'Rules that two identifiers belong to two people: they are never in one profile, whatever the evidence. On each '
	'path between them the lowest-ranked link is refused. The order of the two does not matter; they need not have '
	'been seen yet. Given again, it replaces the reason. cdp.allow() withdraws it. Errors: NULL (22004), twice the '
	'same identifier (22023), verdicts of cdp.same() join the two, or one is the hash of the other (55000, the '
	'detail says so), one is of a person who was erased (55000).';

CREATE FUNCTION cdp.mark_shared(identifier cdp.identifier, shared boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF identifier IS NULL THEN
		RAISE EXCEPTION 'an identifier is NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM cdp_internal.start_batch();
	identifier := cdp_internal.by_rules(identifier);
	DELETE FROM cdp_data.verdict v WHERE v.kind IN ('shared', 'not_shared') AND v.a = mark_shared.identifier;
	IF shared IS NOT NULL THEN
		PERFORM cdp_internal.write_verdict(CASE WHEN shared THEN 'shared' ELSE 'not_shared' END, identifier);
	END IF;
	PERFORM cdp_internal.change_graph(judged => format(
		'SELECT k.identifier_id FROM cdp_internal.known_identifier(%L::cdp.identifier) k', identifier));
END
$function$;
COMMENT ON FUNCTION cdp.mark_shared(cdp.identifier, boolean) IS
	'Rules that an identifier is shared by many people (true: its links do not count, and it is a profile of its own), '
	'or that it is not, whatever its link counts (false). NULL withdraws the verdict: the link counts decide again. '
	'The identifier need not have been seen yet. Errors: NULL in place of the identifier (22004), it is of a person '
	'who was erased (55000).';

CREATE FUNCTION cdp_internal.void_evidence(identifier_id bigint, other_id bigint) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	pairs text := format($sql$
		SELECT l.a, l.b, max(l.last_at) AS until_at
		FROM (
			SELECT * FROM cdp_data.link WHERE a = %1$s
			UNION ALL
			SELECT * FROM cdp_data.link WHERE b = %1$s) l
		WHERE %2$L::bigint IS NULL OR %2$L::bigint IN (l.a, l.b)
		GROUP BY l.a, l.b
	$sql$, identifier_id, other_id);
	pair record;
	voided bigint := 0;
BEGIN
	FOR pair IN EXECUTE format($sql$
		SELECT x.identifier AS x, y.identifier AS y, p.until_at
		FROM (%s) p
		JOIN cdp_data.identifier x ON x.identifier_id = p.a
		JOIN cdp_data.identifier y ON y.identifier_id = p.b
	$sql$, pairs)
	LOOP
		PERFORM cdp_internal.write_verdict('unlink', least(pair.x, pair.y), greatest(pair.x, pair.y), pair.until_at);
		voided := voided + 1;
	END LOOP;
	IF voided > 0 THEN
		PERFORM cdp_internal.change_graph(unlinked => format('SELECT a, b FROM (%s) p', pairs));
	END IF;
	RETURN voided;
END
$function$;
COMMENT ON FUNCTION cdp_internal.void_evidence(bigint, bigint) IS
	'Internal: voids the present evidence of a pair of identifiers, or of all pairs of the first (other_id NULL), up '
	'to the latest. Returns the number of pairs.';

CREATE FUNCTION cdp.unlink(a cdp.identifier, b cdp.identifier)
	RETURNS TABLE (step integer, from_identifier text, to_identifier text, source text, message_id text, at timestamptz,
		refused boolean, reasons text[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	pair record;
BEGIN
	PERFORM cdp_internal.start_batch();
	SELECT * INTO STRICT pair FROM cdp_internal.identifiers_of_pair(unlink.a, unlink.b);
	PERFORM cdp_internal.check_not_declared(pair.a, pair.b, format('"%s" and "%s" are declared the same', unlink.a,
		unlink.b));
	IF pair.a_id IS NULL OR pair.b_id IS NULL OR cdp_internal.void_evidence(pair.a_id, pair.b_id) = 0 THEN
		RAISE EXCEPTION 'no evidence joins "%" and "%" directly', unlink.a, unlink.b
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = (
					SELECT CASE
						WHEN bool_and(e.step = 0) THEN CASE
							WHEN min(e.reasons[1]) IN ('unknown', 'blocked', 'shared')
								THEN format('They are apart: "%s" is %s.', min(e.from_identifier), min(e.reasons[1]))
							ELSE format('They are apart: %s.', min(e.reasons[1])) END
						WHEN bool_or(e.refused)
							THEN format('They are apart; between them are %s.', string_agg(
								format('%s - %s (%s)', e.from_identifier, e.to_identifier,
									CASE WHEN e.refused THEN array_to_string(e.reasons, ', ') ELSE e.source END),
								', ' ORDER BY e.step))
						ELSE format('The chain that joins them is %s.', string_agg(
							format('%s - %s', e.from_identifier, e.to_identifier), ', ' ORDER BY e.step)) END
					FROM cdp.explain(unlink.a, unlink.b) e),
				HINT = 'cdp.forbid() keeps two identifiers apart whatever the evidence.';
	END IF;
	IF cdp.profile_of(unlink.a) = cdp.profile_of(unlink.b) THEN
		RETURN QUERY SELECT * FROM cdp.explain(unlink.a, unlink.b);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp.unlink(cdp.identifier, cdp.identifier) IS
	'Voids the evidence that joins two identifiers directly, up to the latest that there is now: it does not count, '
	'even if it arrives again; later evidence counts. Returns the chain that still joins them, as cdp.explain() does; '
	'no rows if nothing does. Errors: no direct evidence (22023, the detail shows the chain), NULL (22004), twice the '
	'same identifier (22023), verdicts of cdp.same() join the two (55000, the detail names them).';

CREATE FUNCTION cdp.unlink(identifier cdp.identifier)
	RETURNS TABLE (step integer, from_identifier text, to_identifier text, source text, message_id text, at timestamptz,
		refused boolean, reasons text[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	own_id bigint;
	others bigint[];
BEGIN
	IF unlink.identifier IS NULL THEN
		RAISE EXCEPTION 'an identifier is NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM cdp_internal.start_batch();
	identifier := cdp_internal.by_rules(identifier);
	own_id := (SELECT k.identifier_id FROM cdp_internal.known_identifier(unlink.identifier) k);
	others := ARRAY(
		SELECT l.b FROM cdp_data.link l WHERE l.a = own_id
		UNION
		SELECT l.a FROM cdp_data.link l WHERE l.b = own_id
		UNION
		SELECT k.identifier_id
		FROM cdp_internal.declared_same(unlink.identifier) d (identifier)
		CROSS JOIN LATERAL cdp_internal.known_identifier(d.identifier) k
		WHERE d.identifier <> unlink.identifier);
	IF own_id IS NULL OR cdp_internal.void_evidence(own_id, NULL) = 0 THEN
		RAISE EXCEPTION 'no evidence joins "%" to any other identifier', unlink.identifier
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN QUERY
		SELECT e.*
		FROM cdp_data.identifier own
		JOIN cdp_data.identifier o ON o.profile_id = own.profile_id AND o.identifier_id = ANY (others)
		CROSS JOIN LATERAL cdp.explain(own.identifier, o.identifier) e
		WHERE own.identifier_id = own_id AND own.profile_id <> 0;
END
$function$;
COMMENT ON FUNCTION cdp.unlink(cdp.identifier) IS
	'Voids, like cdp.unlink(a, b), the evidence of every pair that the identifier is in. Returns the chains that still '
	'join it to identifiers that it was linked to or is declared the same as: verdicts of cdp.same() stay. Errors: no '
	'evidence joins it to another identifier (22023), NULL (22004).';

-- The same functions for drivers that bind parameters as text.
CREATE FUNCTION cdp.forbid(a text, b text, reason text DEFAULT NULL) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	RETURN cdp.forbid(a::cdp.identifier, b::cdp.identifier, reason);
COMMENT ON FUNCTION cdp.forbid(text, text, text) IS 'The same with identifiers as text, namespace:value.';

CREATE FUNCTION cdp.mark_shared(identifier text, shared boolean) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	RETURN cdp.mark_shared(identifier::cdp.identifier, shared);
COMMENT ON FUNCTION cdp.mark_shared(text, boolean) IS 'The same with an identifier as text, namespace:value.';

CREATE FUNCTION cdp.unlink(a text, b text)
	RETURNS TABLE (step integer, from_identifier text, to_identifier text, source text, message_id text, at timestamptz,
		refused boolean, reasons text[])
	LANGUAGE sql VOLATILE PARALLEL UNSAFE ROWS 5
BEGIN ATOMIC
	SELECT u.* FROM cdp.unlink(unlink.a::cdp.identifier, unlink.b::cdp.identifier) u;
END;
COMMENT ON FUNCTION cdp.unlink(text, text) IS 'The same with identifiers as text, namespace:value.';

CREATE FUNCTION cdp.unlink(identifier text)
	RETURNS TABLE (step integer, from_identifier text, to_identifier text, source text, message_id text, at timestamptz,
		refused boolean, reasons text[])
	LANGUAGE sql VOLATILE PARALLEL UNSAFE ROWS 5
BEGIN ATOMIC
	SELECT u.* FROM cdp.unlink(unlink.identifier::cdp.identifier) u;
END;
COMMENT ON FUNCTION cdp.unlink(text) IS 'The same with an identifier as text, namespace:value.';

REVOKE ALL ON FUNCTION cdp_internal.refuse_suppressed(cdp.identifier),
	cdp_internal.change_graph(text, text, text, text, text, text, text, text, text, text, text, text,
	text, text, bigint[]),
	cdp_internal.write_verdict(text, cdp.identifier, cdp.identifier, timestamptz, text),
	cdp_internal.identifiers_of_pair(cdp.identifier, cdp.identifier),
	cdp_internal.note_forbids(bigint, bigint), cdp.forbid(cdp.identifier, cdp.identifier, text),
	cdp.mark_shared(cdp.identifier, boolean),
	cdp_internal.void_evidence(bigint, bigint), cdp.unlink(cdp.identifier, cdp.identifier),
	cdp.unlink(cdp.identifier), cdp.forbid(text, text, text), cdp.mark_shared(text, boolean),
	cdp.unlink(text, text), cdp.unlink(text) FROM PUBLIC;
