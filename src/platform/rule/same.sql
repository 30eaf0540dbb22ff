-- The verdict that two identifiers are one person, and what withdraws a verdict.

CREATE FUNCTION cdp_internal.hashed_others(identifier cdp.identifier) RETURNS TABLE (other cdp.identifier)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
AS $function$
	SELECT k.identifier FROM cdp_internal.hashed_partner(hashed_others.identifier) k
	UNION
	SELECT v.a
	FROM cdp_data.verdict v
	WHERE cdp_internal.has_hash(v.a)
		AND cdp_internal.hashed_key(v.a) OPERATOR(pg_catalog.=) cdp_internal.hashed_key(hashed_others.identifier)
		AND cdp.hashed(v.a) OPERATOR(cdp.=) cdp.hashed(hashed_others.identifier)
		AND v.a OPERATOR(cdp.<>) hashed_others.identifier
	UNION
	SELECT v.b
	FROM cdp_data.verdict v
	WHERE cdp_internal.has_hash(v.b)
		AND cdp_internal.hashed_key(v.b) OPERATOR(pg_catalog.=) cdp_internal.hashed_key(hashed_others.identifier)
		AND cdp.hashed(v.b) OPERATOR(cdp.=) cdp.hashed(hashed_others.identifier)
		AND v.b OPERATOR(cdp.<>) hashed_others.identifier
$function$;
COMMENT ON FUNCTION cdp_internal.hashed_others(cdp.identifier) IS
	'Internal: returns the hash of an identifier, or that whose hash it is, if it was ever seen or a verdict names it.';

CREATE FUNCTION cdp_internal.declared_same(identifier cdp.identifier) RETURNS SETOF cdp.identifier
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 5
	SET search_path = pg_catalog, cdp, pg_temp
	SET enable_seqscan = off
	SET jit = off
AS $function$
BEGIN
	RETURN QUERY
		WITH RECURSIVE declared AS (
			SELECT declared_same.identifier AS member
			UNION
			SELECT s.other
			FROM declared d
			-- the verdicts of each, through the indexes: without a call, since there may be many
			CROSS JOIN LATERAL (
				SELECT v.b AS other FROM cdp_data.verdict v WHERE v.a = d.member AND v.kind = 'same'
				UNION ALL
				SELECT v.a FROM cdp_data.verdict v WHERE v.b = d.member AND v.kind = 'same'
				UNION ALL
				SELECT h.other FROM cdp_internal.hashed_others(d.member) h
				OFFSET 0) s)
		SELECT d.member FROM declared d;
END
$function$;
COMMENT ON FUNCTION cdp_internal.declared_same(cdp.identifier) IS
	'Internal: returns the declared class of an identifier: itself, and all that verdicts of cdp.same(), and hashes, '
	'join with it, whether they have an effect or not.';

CREATE FUNCTION cdp_internal.name_hashed(a cdp.identifier, b cdp.identifier) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN format('"%s" is the SHA-256 of "%s"', cdp.hashed(a),
		CASE WHEN cdp.hashed(a) OPERATOR(cdp.=) a THEN b ELSE a END);
COMMENT ON FUNCTION cdp_internal.name_hashed(cdp.identifier, cdp.identifier) IS
	'Internal: returns, in words, which of two identifiers is the hash of the other.';

CREATE FUNCTION cdp_internal.declared_chain(a cdp.identifier, b cdp.identifier) RETURNS text
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	seen cdp.identifier[] := ARRAY[a];
	came_by bigint[] := ARRAY[0];
	layer cdp.identifier[] := ARRAY[a];
	verdicts bigint[];
	at cdp.identifier := b;
	chain text;
	used record;
BEGIN
	-- also if neither was ever seen
	IF cdp_internal.is_hashed_pair(a, b) THEN
		RETURN cdp_internal.name_hashed(a, b);
	END IF;
	WHILE cardinality(layer) > 0 AND NOT b = ANY (layer) LOOP
		SELECT array_agg(n.other), array_agg(n.verdict_id) INTO layer, verdicts
		FROM (
			SELECT s.other, min(s.verdict_id) AS verdict_id
			FROM unnest(layer) AS l (member)
			CROSS JOIN LATERAL (
				SELECT v.* FROM cdp_internal.same_verdicts(l.member) v WHERE v.verdict_id IS NOT NULL
				UNION ALL
				SELECT h.other, NULL FROM cdp_internal.hashed_others(l.member) h) s
			WHERE s.other <> ALL (seen)
			GROUP BY s.other) n;
		seen := seen || layer;
		came_by := came_by || verdicts;
	END LOOP;
	IF NOT b = ANY (seen) THEN
		RETURN NULL;
	END IF;
	WHILE at <> a LOOP
		IF came_by[array_position(seen, at)] IS NULL THEN
			SELECT concat_ws(', ', cdp_internal.name_hashed(s.member, at), chain), s.member
			INTO chain, at
			FROM unnest(seen) AS s (member)
			WHERE cdp_internal.is_hashed_pair(s.member, at);
			CONTINUE;
		END IF;
		SELECT v.* INTO STRICT used FROM cdp_data.verdict v
		WHERE v.verdict_id = came_by[array_position(seen, at)];
		at := CASE WHEN used.a = at THEN used.b ELSE used.a END;
		chain := concat_ws(', ', format('same("%s", "%s") by %s%s', used.a, used.b, used.decided_by,
			': ' || used.reason), chain);
	END LOOP;
	RETURN chain;
END
$function$;
COMMENT ON FUNCTION cdp_internal.declared_chain(cdp.identifier, cdp.identifier) IS
	'Internal: returns the shortest chain of verdicts of cdp.same(), and of hashes, between two identifiers, in words; '
	'NULL: there is none.';

CREATE FUNCTION cdp_internal.check_not_declared(a cdp.identifier, b cdp.identifier, problem text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	chain text := cdp_internal.declared_chain(a, b);
BEGIN
	IF cdp_internal.is_hashed_pair(a, b) THEN
		RAISE EXCEPTION '%', problem USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = chain || '.';
	ELSIF chain IS NOT NULL THEN
		RAISE EXCEPTION '%', problem USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('The verdicts that say so are %s.', chain),
			HINT = 'cdp.allow() with the two identifiers of a verdict withdraws it.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_not_declared(cdp.identifier, cdp.identifier, text) IS
	'Internal: raises an error, with this message, if verdicts of cdp.same() join two identifiers.';

CREATE FUNCTION cdp_internal.check_may_be_same(a cdp.identifier, b cdp.identifier) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	members cdp.identifier[] := ARRAY(
		SELECT cdp_internal.declared_same(a)
		UNION
		SELECT cdp_internal.declared_same(b));
	cap integer := (SELECT s.cap FROM cdp_data.state s);
	forbid record;
BEGIN
	SELECT v.* INTO forbid
	FROM unnest(members) AS m (member)
	-- through the index of one end
	CROSS JOIN LATERAL (
		SELECT f.* FROM cdp_data.verdict f WHERE f.kind = 'forbid' AND f.a = m.member OFFSET 0) v
	WHERE v.b = ANY (members)
	ORDER BY v.verdict_id
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION '"%" and "%" cannot be the same', a, b USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('The verdict forbid("%s", "%s") by %s%s would be broken.', forbid.a, forbid.b,
				forbid.decided_by, ': ' || forbid.reason),
			HINT = 'cdp.allow() with the two identifiers of the verdict withdraws it.';
	END IF;
	IF cardinality(members) > cap THEN
		RAISE EXCEPTION '"%" and "%" cannot be the same', a, b USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = format('With all that they are declared the same as, they are %s identifiers; the cap is %s.',
				cardinality(members), cap),
			HINT = 'cdp.set_rules() changes the cap.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_may_be_same(cdp.identifier, cdp.identifier) IS
	'Internal: raises an error if a forbid, or the cap, keeps two identifiers from being declared the same.';

-- Why a verdict that two identifiers are the same does nothing now.
CREATE FUNCTION cdp_internal.notice_same(a cdp.identifier, b cdp.identifier) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	problem record;
BEGIN
	FOR problem IN
		SELECT e.identifier,
			   CASE
				WHEN k.blocked THEN 'is blocked'
				WHEN k.shared THEN 'is shared'
				ELSE 'is on no event'
			   END AS reason
		FROM (VALUES (1, a), (2, b)) AS e (place, identifier)
		LEFT JOIN LATERAL cdp_internal.known_identifier(e.identifier) k ON true
		WHERE k.profile_id IS NULL OR k.profile_id = 0 OR k.shared
		ORDER BY e.place
	LOOP
		RAISE NOTICE 'the verdict does nothing now: "%" %', problem.identifier, problem.reason
			USING DETAIL = 'It acts by itself once that changes.';
	END LOOP;
	IF EXISTS (SELECT FROM cdp_data.verdict v
			   WHERE v.kind = 'same' AND v.a = notice_same.a AND v.b = notice_same.b AND v.refused) THEN
		RAISE NOTICE 'the verdict does nothing now: it is refused'
			USING DETAIL = 'cdp.explain() with the two identifiers says why. It acts by itself once that changes.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.notice_same(cdp.identifier, cdp.identifier) IS
	'Internal: says which end of a verdict of cdp.same() keeps it from having an effect, or that it is refused.';

CREATE FUNCTION cdp.same(a cdp.identifier, b cdp.identifier, reason text DEFAULT NULL, dry_run boolean DEFAULT false)
	RETURNS TABLE (change text, number bigint, profile_id bigint, becomes bigint, identifiers text[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 2
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	pair record;
	is_new boolean;
	since bigint;
	found jsonb;
BEGIN
	IF same.dry_run IS NULL THEN
		RAISE EXCEPTION 'dry_run is NULL' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	PERFORM cdp_internal.refresh_lock(true);
	since := (SELECT s.batch_id FROM cdp_data.state s);
	BEGIN
		PERFORM cdp_internal.start_batch();
		SELECT * INTO STRICT pair FROM cdp_internal.identifiers_of_pair(same.a, same.b);
		PERFORM cdp_internal.check_may_be_same(pair.a, pair.b);
		-- what one is the hash of it is the same as in any case
		is_new := NOT cdp_internal.is_hashed_pair(pair.a, pair.b) AND NOT EXISTS (
			SELECT FROM cdp_data.verdict v WHERE v.kind = 'same' AND v.a = pair.a AND v.b = pair.b);
		PERFORM cdp_internal.write_verdict('same', pair.a, pair.b, NULL, same.reason);
		PERFORM cdp_internal.change_graph(same => CASE WHEN is_new AND pair.a_id IS NOT NULL AND pair.b_id IS NOT NULL
			THEN format('SELECT %s::bigint AS a, %s::bigint AS b, true AS in_force', pair.a_id, pair.b_id) END);
		PERFORM cdp_internal.notice_same(pair.a, pair.b);
		found := (SELECT jsonb_agg(to_jsonb(c)) FROM cdp_internal.profile_changes(since) c);
		IF same.dry_run THEN
			-- roll the subtransaction back; the variable keeps its value
			RAISE EXCEPTION 'dry run is complete' USING ERRCODE = 'CDP00';
		END IF;
	EXCEPTION WHEN SQLSTATE 'CDP00' THEN
		NULL;
	END;
	RETURN QUERY
		SELECT c.*
		FROM jsonb_to_recordset(found) AS c (change text, number bigint, profile_id bigint, becomes bigint,
			identifiers text[])
		ORDER BY c.change, c.profile_id, c.becomes;
END
$function$;
COMMENT ON FUNCTION cdp.same(cdp.identifier, cdp.identifier, text, boolean) IS
$comment$Declares that two identifiers are one person, such as the old and the new number of a customer. They are joined
before all evidence, so links that this leaves no room for are refused; and all that is declared the same counts as one
towards max_per_profile, but not towards the cap and max_links. A forbid, or the cap, between their profiles refuses it,
and cdp.explain() says so. It outlives evidence; cdp.allow(a, b) withdraws it, and each gets its own profile_id back.
The order of the two does not matter; they need not have been seen yet. Given again, it replaces the reason. A notice
says if it does nothing now, as one of the two is shared, blocked, or on no event. An e-mail address or phone number and
its hash, see cdp.hashed(), are the same without it.
Returns what changes, as cdp.preview_rules() does: one row for each part of a profile that moves: change (merge, split,
relabel), the number of identifiers, profile_id, the profile_id that it gets (becomes), and the ten strongest
identifiers. dry_run: nothing is done, but what would change is returned; it takes as long, and holds the lock of
cdp.refresh() meanwhile.
Errors: NULL (22004), twice the same identifier (22023), a forbid, or the cap, among all that the two are declared the
same as (55000, the detail names it), one of them is of a person who was erased (55000).$comment$;

CREATE FUNCTION cdp.allow(a cdp.identifier, b cdp.identifier) RETURNS boolean
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	pair record;
	withdrawn text[];
	changes text;
BEGIN
	PERFORM cdp_internal.start_batch();
	SELECT * INTO STRICT pair FROM cdp_internal.identifiers_of_pair(a, b);
	WITH gone AS (
		DELETE FROM cdp_data.verdict v
		WHERE v.kind IN ('forbid', 'same', 'unlink') AND v.a = pair.a AND v.b = pair.b
		RETURNING v.kind)
	SELECT array_agg(g.kind) INTO withdrawn FROM gone g;
	IF withdrawn IS NULL THEN
		PERFORM cdp_internal.check_not_declared(pair.a, pair.b,
			format('there is no verdict about "%s" and "%s" themselves', a, b));
		PERFORM cdp_internal.batch_end();
		RETURN false;
	END IF;
	IF 'forbid' = ANY (withdrawn) THEN
		PERFORM cdp_internal.note_forbids(pair.a_id, pair.b_id);
	END IF;
	IF pair.a_id IS NOT NULL AND pair.b_id IS NOT NULL THEN
		changes := format('SELECT %s::bigint AS a, %s::bigint AS b, false AS in_force', pair.a_id, pair.b_id);
		-- what a blocked one stood on is read when it is blocked no more
		IF 'unlink' = ANY (withdrawn) AND NOT EXISTS (
			SELECT FROM cdp_data.identifier i WHERE i.identifier_id IN (pair.a_id, pair.b_id) AND i.blocked)
		THEN
			PERFORM cdp_internal.batch_stage('batch_relinked', format('SELECT %s::bigint AS a, %s::bigint AS b',
				least(pair.a_id, pair.b_id), greatest(pair.a_id, pair.b_id)));
		END IF;
	END IF;
	PERFORM cdp_internal.change_graph(forbids => CASE WHEN 'forbid' = ANY (withdrawn) THEN changes END,
		same => CASE WHEN 'same' = ANY (withdrawn) AND NOT cdp_internal.is_hashed_pair(pair.a, pair.b)
			THEN changes END);
	RETURN true;
END
$function$;
COMMENT ON FUNCTION cdp.allow(cdp.identifier, cdp.identifier) IS
	'Withdraws the verdicts of cdp.forbid(), cdp.same() and cdp.unlink() on exactly these two identifiers: the '
	'evidence decides again, that which the unlink voided too. Returns false if there was none. Errors: '
	'NULL (22004), twice the same identifier (22023), there is none, but a chain of verdicts of cdp.same() joins the '
	'two (55000, the detail lists them).';

-- The same functions for drivers that bind parameters as text.
CREATE FUNCTION cdp.same(a text, b text, reason text DEFAULT NULL, dry_run boolean DEFAULT false)
	RETURNS TABLE (change text, number bigint, profile_id bigint, becomes bigint, identifiers text[])
	LANGUAGE sql VOLATILE PARALLEL UNSAFE ROWS 2
BEGIN ATOMIC
	SELECT s.* FROM cdp.same(same.a::cdp.identifier, same.b::cdp.identifier, same.reason, same.dry_run) s;
END;
COMMENT ON FUNCTION cdp.same(text, text, text, boolean) IS 'The same with identifiers as text, namespace:value.';

CREATE FUNCTION cdp.allow(a text, b text) RETURNS boolean
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
	RETURN cdp.allow(a::cdp.identifier, b::cdp.identifier);
COMMENT ON FUNCTION cdp.allow(text, text) IS 'The same with identifiers as text, namespace:value.';

REVOKE ALL ON FUNCTION cdp_internal.hashed_others(cdp.identifier), cdp_internal.declared_same(cdp.identifier),
	cdp_internal.name_hashed(cdp.identifier, cdp.identifier),
	cdp_internal.declared_chain(cdp.identifier, cdp.identifier),
	cdp_internal.check_not_declared(cdp.identifier, cdp.identifier, text),
	cdp_internal.check_may_be_same(cdp.identifier, cdp.identifier),
	cdp_internal.notice_same(cdp.identifier, cdp.identifier),
	cdp.same(cdp.identifier, cdp.identifier, text, boolean), cdp.allow(cdp.identifier, cdp.identifier),
	cdp.same(text, text, text, boolean), cdp.allow(text, text) FROM PUBLIC;
