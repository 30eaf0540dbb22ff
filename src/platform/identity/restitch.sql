-- What cdp.restitch() mends before it reads the log: how identifiers are written, and their numbers.

CREATE FUNCTION cdp_internal.restitch_normalize() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- of several identifiers that have become one, the first keeps its number; no event has the others
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.identifier i SET identifier = n.becomes
		FROM (SELECT DISTINCT ON (o.becomes) o.identifier_id, o.becomes
			  FROM (
				SELECT identifier_id, identifier,
					   cdp_internal.respelled(identifier) AS becomes
				FROM cdp_data.identifier) o
			  WHERE o.becomes <> o.identifier
				AND NOT EXISTS (SELECT FROM cdp_data.identifier e WHERE e.identifier = o.becomes)
			  ORDER BY o.becomes, o.identifier_id) n
		WHERE i.identifier_id = n.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		WITH spelled AS (
			SELECT v.verdict_id, coalesce(cdp_internal.respelled(v.a), v.a) AS a,
				   coalesce(cdp_internal.respelled(v.b), v.b) AS b
			FROM cdp_data.verdict v
		), gone AS (
			DELETE FROM cdp_data.verdict v
			USING spelled s
			WHERE v.verdict_id = s.verdict_id AND (v.a, v.b) IS DISTINCT FROM (s.a, s.b)
			RETURNING v.verdict_id, v.kind, s.a, s.b, v.until_at, v.reason, v.decided_by, v.decided_at, v.batch_id
		)
		INSERT INTO cdp_data.verdict (verdict_id, kind, a, b, until_at, reason, decided_by, decided_at, batch_id)
		SELECT verdict_id, kind, CASE WHEN b < a THEN b ELSE a END, CASE WHEN b < a THEN a ELSE b END, until_at, reason,
			   decided_by, decided_at, batch_id
		FROM gone WHERE a IS DISTINCT FROM b ON CONFLICT DO NOTHING
	$sql$);
	-- rows of the base name identifiers by number: of several that have become one, by that of the one
	PERFORM cdp_internal.batch_stage('batch_renumbered', $sql$
		SELECT o.identifier_id AS old_id, n.identifier_id AS new_id
		FROM cdp_data.identifier o
		CROSS JOIN LATERAL (
			SELECT cdp_internal.respelled(o.identifier) AS identifier) b
		JOIN cdp_data.identifier n ON n.identifier = b.identifier
		WHERE b.identifier <> o.identifier AND EXISTS (SELECT FROM cdp_data.base)
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.base b
		SET packed = (
			SELECT cdp_internal.pack_base(b.identifier_id, row(c.source_id, c.events, c.first_at, c.last_at,
				c.first_said_at, c.last_said_at, c.after, c.traits_at,
				coalesce((SELECT r.new_id FROM batch_renumbered r WHERE r.old_id = c.earlier_id), c.earlier_id),
				ARRAY(
					SELECT coalesce(r.new_id, u.id)
					FROM unnest(c.ids) WITH ORDINALITY AS u (id, place)
					LEFT JOIN batch_renumbered r ON r.old_id = u.id
					GROUP BY 1
					ORDER BY CASE WHEN c.earlier_id IS NOT NULL AND min(u.place) = 1 THEN 0 ELSE 1 END, 1),
				c.message_id)::cdp_internal.base_content)
			FROM cdp_internal.unpack_base(b.identifier_id, b.packed) c)
		WHERE EXISTS (
			SELECT
			FROM cdp_internal.unpack_base(b.identifier_id, b.packed) c
			JOIN batch_renumbered r ON r.old_id = ANY (c.ids || c.earlier_id))
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		UPDATE cdp_data.state SET normalizer_version = cdp.normalizer_version()
		WHERE normalizer_version <> cdp.normalizer_version()
	$sql$);
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_normalize() IS
	'Internal: writes the identifiers in cdp_data.identifier and cdp_data.verdict in the form of the present '
	'normalisers and rules.';

-- Exactly one number for each identifier, one identifier for each number, and a row of the map for each; an identifier
-- that has lost its row is still found by its hash.
CREATE FUNCTION cdp_internal.restitch_map(INOUT identifier_id bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- no installation hands out so many numbers
	greatest_id CONSTANT bigint := 2::numeric ^ 62;
BEGIN
	PERFORM cdp_internal.batch_run(format($sql$
		DELETE FROM cdp_data.identifier_map WHERE identifier_id NOT BETWEEN 1 AND %s
	$sql$, greatest_id));
	PERFORM cdp_internal.batch_run(format($sql$
		DELETE FROM cdp_data.identifier WHERE identifier_id NOT BETWEEN 1 AND %s
	$sql$, greatest_id));
	PERFORM cdp_internal.batch_stage('batch_map', $sql$
		SELECT i.identifier_id AS numbered, i.hash, m.identifier_id AS mapped, m.hash AS mapped_hash
		FROM (SELECT i.identifier_id, cdp_internal.map_hash(i.identifier, k.key) AS hash
			  FROM cdp_data.identifier i CROSS JOIN cdp_data.identifier_key k) i
		FULL JOIN cdp_data.identifier_map m ON m.hash = i.hash AND m.identifier_id = i.identifier_id
		WHERE i.identifier_id IS NULL OR m.identifier_id IS NULL
	$sql$);
	-- of two rows with the same identifier, the one that the map knows stays
	PERFORM cdp_internal.batch_stage('batch_twice', $sql$
		SELECT r.identifier_id, r.hash
		FROM (
			SELECT i.identifier_id, h.hash,
				   row_number() OVER (PARTITION BY i.identifier ORDER BY NOT h.mapped, i.identifier_id) AS place
			FROM (
				SELECT e.hash, e.identifier_id, e.mapped, count(*) OVER (PARTITION BY e.hash) AS number
				FROM (
					SELECT m.hash, m.identifier_id, true AS mapped
					FROM cdp_data.identifier_map m
					WHERE m.hash IN (
						SELECT a.hash
						FROM (SELECT hash FROM cdp_data.identifier_map
							  UNION ALL
							  SELECT hash FROM batch_map WHERE mapped IS NULL) a
						GROUP BY a.hash HAVING count(*) > 1)
					UNION ALL
					SELECT b.hash, b.numbered, false FROM batch_map b WHERE b.mapped IS NULL) e) h
			CROSS JOIN cdp_data.identifier_key k
			JOIN cdp_data.identifier i ON i.identifier_id = h.identifier_id
				AND cdp_internal.map_hash(i.identifier, k.key) = h.hash
			WHERE h.number > 1) r
		WHERE r.place > 1
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.identifier i USING batch_twice t WHERE i.identifier_id = t.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		DELETE FROM cdp_data.identifier_map m
		USING (SELECT hash, identifier_id FROM batch_twice
			   UNION
			   SELECT b.mapped_hash, b.mapped FROM batch_map b
			   JOIN cdp_data.identifier i ON i.identifier_id = b.mapped
			   WHERE b.numbered IS NULL) w
		WHERE m.hash = w.hash AND m.identifier_id = w.identifier_id
	$sql$);
	PERFORM cdp_internal.batch_run($sql$
		INSERT INTO cdp_data.identifier_map (hash, identifier_id)
		SELECT b.hash, b.numbered
		FROM batch_map b
		WHERE b.mapped IS NULL AND NOT EXISTS (SELECT FROM batch_twice t WHERE t.identifier_id = b.numbered)
		ORDER BY b.hash
	$sql$);
	identifier_id := cdp_internal.batch_value(format($sql$
		SELECT coalesce(greatest(%s, (SELECT max(i.identifier_id) FROM cdp_data.identifier i),
			(SELECT max(b.mapped) FROM batch_map b)), 0)
	$sql$, CASE WHEN identifier_id BETWEEN 0 AND greatest_id THEN identifier_id::text ELSE 'NULL::bigint' END));
END
$function$;
COMMENT ON FUNCTION cdp_internal.restitch_map(bigint) IS
	'Internal: mends cdp_data.identifier_map, but for rows whose identifiers have lost theirs (batch_map), and deletes '
	'identifiers that are there twice. Takes the last number assigned, and returns the greatest there is.';

REVOKE ALL ON FUNCTION cdp_internal.restitch_normalize(), cdp_internal.restitch_map(bigint) FROM PUBLIC;
