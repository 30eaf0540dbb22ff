-- What a change of rules would do.  The change is made by cdp.set_rules() itself, described, and rolled back.

CREATE FUNCTION cdp_internal.segment_sizes() RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN coalesce((
		SELECT jsonb_object_agg(s.name, CASE WHEN s.built_until IS NULL THEN s.members END)
		FROM cdp_data.segment s
		WHERE s.kind <> 'trait'), '{}');
END
$function$;
COMMENT ON FUNCTION cdp_internal.segment_sizes() IS
	'Internal: returns the number of members of each segment, as an object; null: it is being built.';

CREATE FUNCTION cdp_internal.profile_changes(since bigint)
	RETURNS TABLE (change text, number bigint, profile_id bigint, becomes bigint, identifiers text[])
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000
	SET search_path = pg_catalog, cdp, pg_temp
	-- the statistics are older than the move, so the planner would expect few rows
	SET enable_nestloop = off
	SET jit = off
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		WITH before AS (
			SELECT DISTINCT ON (h.identifier_id) h.identifier_id, h.profile_id
			FROM cdp_data.identifier_history h
			WHERE h.until_batch_id > since
			ORDER BY h.identifier_id, h.until_batch_id
		), moved AS MATERIALIZED (
			SELECT i.identifier_id, i.identifier, coalesce(b.profile_id, 0) AS was, i.profile_id AS becomes
			FROM cdp_data.identifier i
			LEFT JOIN before b USING (identifier_id)
			WHERE i.since_batch_id > since AND coalesce(b.profile_id, 0) <> i.profile_id
		), part AS (
			SELECT m.was, m.becomes, count(*) AS number,
				(array_agg(m.identifier::text ORDER BY n.priority, m.identifier))[:10] AS identifiers
			FROM moved m
			JOIN cdp_data.namespace n ON n.namespace = cdp.namespace(m.identifier)
			GROUP BY m.was, m.becomes
		), stayed AS (
			SELECT DISTINCT i.profile_id
			FROM cdp_data.identifier i
			LEFT JOIN moved m USING (identifier_id)
			WHERE m.identifier_id IS NULL
		), fate AS (
			-- into how many profiles a profile's identifiers went; those that stayed count as one
			SELECT o.was, o.places + (s.profile_id IS NOT NULL)::integer AS places
			FROM (
				SELECT was, count(*) FILTER (WHERE becomes <> 0) AS places
				FROM part
				WHERE was <> 0
				GROUP BY was) o
			LEFT JOIN stayed s ON s.profile_id = o.was
		), origin AS (
			-- from how many profiles a profile's identifiers came
			SELECT o.becomes, o.parts + (s.profile_id IS NOT NULL)::integer AS parts
			FROM (
				SELECT becomes, count(*) AS parts
				FROM part
				WHERE becomes <> 0
				GROUP BY becomes) o
			LEFT JOIN stayed s ON s.profile_id = o.becomes
		)
		SELECT CASE WHEN p.becomes = 0 THEN 'block' WHEN p.was = 0 THEN 'unblock' WHEN f.places > 1 THEN 'split'
				WHEN o.parts > 1 THEN 'merge' ELSE 'relabel' END,
			p.number, nullif(p.was, 0), nullif(p.becomes, 0), p.identifiers
		FROM part p
		LEFT JOIN fate f USING (was)
		LEFT JOIN origin o USING (becomes);
END
$function$;
COMMENT ON FUNCTION cdp_internal.profile_changes(bigint) IS
	'Internal: returns the parts of profiles that moved since a batch, by its number: one row for each former profile '
	'and profile it moved to. change: block (to no profile), unblock (from none), split (other parts of the profile '
	'are elsewhere), merge (the whole profile joined others), relabel (the whole profile has another profile_id). '
	'number: number of identifiers; identifiers: the ten strongest of them.';

CREATE FUNCTION cdp_internal.profile_counts() RETURNS TABLE (change text, number bigint)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 2
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		SELECT CASE WHEN s.shared THEN 'shared' ELSE 'people' END, count(p.shared)
		FROM (VALUES (false), (true)) AS s (shared)
		LEFT JOIN cdp_data.profile p ON p.shared = s.shared
		GROUP BY s.shared;
END
$function$;
COMMENT ON FUNCTION cdp_internal.profile_counts() IS
	'Internal: returns the number of people and the number of shared identifiers.';

CREATE FUNCTION cdp_internal.preview_rows(since bigint, counts jsonb, sizes jsonb, details integer)
	RETURNS TABLE (change text, number bigint, profile_id bigint, becomes bigint, identifiers text[], segment text,
		before bigint, after bigint)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		WITH changed AS MATERIALIZED (
			SELECT c.*, row_number() OVER (
				PARTITION BY c.change ORDER BY c.number DESC, c.profile_id, c.becomes) AS place
			FROM cdp_internal.profile_changes(since) c
		), touched AS (
			SELECT c.profile_id
			FROM changed c
			WHERE c.profile_id IS NOT NULL
			UNION
			-- profiles that gained identifiers and existed before: then their profile_id was one of their identifiers
			SELECT i.identifier_id
			FROM changed c
			JOIN cdp_data.identifier i ON i.identifier_id = c.becomes
			WHERE coalesce((
					SELECT h.profile_id
					FROM cdp_data.identifier_history h
					WHERE h.identifier_id = i.identifier_id AND h.until_batch_id > since
					ORDER BY h.until_batch_id
					LIMIT 1),
				CASE WHEN i.since_batch_id <= since THEN i.profile_id END) = c.becomes
		), summary AS (
			SELECT 2 AS place, c.change, NULL::bigint AS number, (counts ->> c.change)::bigint AS before,
				c.number AS after
			FROM cdp_internal.profile_counts() c
			UNION ALL
			SELECT 1, 'stay', (SELECT sum(b.value::bigint) FROM jsonb_each_text(counts) b)::bigint
				- (SELECT count(*) FROM touched t), NULL, NULL
			UNION ALL
			SELECT k.place, k.change, CASE WHEN k.change IN ('block', 'unblock')
				THEN coalesce(sum(c.number), 0)::bigint ELSE count(DISTINCT c.profile_id) END, NULL, NULL
			FROM (VALUES (3, 'merge'), (4, 'split'), (5, 'relabel'), (6, 'block'), (7, 'unblock')) AS k (place, change)
			LEFT JOIN changed c USING (change)
			GROUP BY k.place, k.change
		)
		SELECT r.change, r.number, r.profile_id, r.becomes, r.identifiers, r.segment, r.before, r.after
		FROM (
			SELECT s.place, 0::bigint AS row, s.change, s.number, NULL::bigint AS profile_id, NULL::bigint AS becomes,
				NULL::text[] AS identifiers, NULL::text AS segment, s.before, s.after
			FROM summary s
			UNION ALL
			SELECT 8, row_number() OVER (ORDER BY n.key), 'segment', NULL, NULL, NULL, NULL, n.key,
				(sizes ->> n.key)::bigint, n.value::bigint
			FROM jsonb_each_text(cdp_internal.segment_sizes()) n
			WHERE n.value::bigint <> (sizes ->> n.key)::bigint
			UNION ALL
			SELECT 9, c.place, c.change, c.number, c.profile_id, c.becomes, c.identifiers, NULL, NULL, NULL
			FROM changed c
			WHERE c.place <= details) r
		ORDER BY r.place, r.change, r.row;
END
$function$;
COMMENT ON FUNCTION cdp_internal.preview_rows(bigint, jsonb, jsonb, integer) IS
	'Internal: returns the rows of cdp.preview_rules() for what changed since a batch, by its number. counts, sizes: '
	'cdp_internal.profile_counts() and cdp_internal.segment_sizes() as they were then.';

CREATE FUNCTION cdp.preview_rules(rules jsonb, details integer DEFAULT 100)
	RETURNS TABLE (change text, number bigint, profile_id bigint, becomes bigint, identifiers text[], segment text,
		before bigint, after bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE ROWS 100
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	since bigint;
	counts jsonb;
	sizes jsonb;
	found jsonb;
BEGIN
	IF preview_rules.details IS NULL OR preview_rules.details < 0 THEN
		RAISE EXCEPTION 'details must be at least 0' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	PERFORM cdp_internal.check_rules(preview_rules.rules);
	IF preview_rules.rules = '{}' THEN
		RAISE EXCEPTION 'rules must not be empty' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Write a document for cdp.set_rules(), such as {"email": {"max_per_profile": 2}}.';
	END IF;
	PERFORM cdp_internal.refresh_lock(true);
	BEGIN
		-- who enters and leaves a segment as time passes is no change that the rules make
		PERFORM cdp_internal.start_batch();
		PERFORM cdp_internal.process_batch();
		PERFORM cdp_internal.batch_end();
		since := (SELECT s.batch_id FROM cdp_data.state s);
		counts := (SELECT jsonb_object_agg(c.change, c.number) FROM cdp_internal.profile_counts() c);
		sizes := cdp_internal.segment_sizes();
		PERFORM cdp.set_rules(preview_rules.rules);
		found := (
			SELECT jsonb_agg(to_jsonb(r))
			FROM cdp_internal.preview_rows(since, counts, sizes, preview_rules.details) r);
		-- roll the subtransaction back; the variable keeps its value
		RAISE EXCEPTION 'preview is complete' USING ERRCODE = 'CDP00';
	EXCEPTION WHEN SQLSTATE 'CDP00' THEN
		NULL;
	END;
	RETURN QUERY
		SELECT r.*
		FROM jsonb_to_recordset(found) AS r (change text, number bigint, profile_id bigint, becomes bigint,
			identifiers text[], segment text, before bigint, after bigint);
END
$function$;
COMMENT ON FUNCTION cdp.preview_rules(jsonb, integer) IS
$comment$Returns what cdp.set_rules() would do with a document, without doing it; sources included:
{"*": {"sources": {"list": {"trust": 1}}}}.
Carries out the change and rolls it back. So it takes as long as the change, and holds the lock of the refresh
meanwhile: a refresh waits, inserts into the inboxes and readers do not.
The first rows are a summary; their profile_id and segment are NULL. change is stay (number of profiles that do not
change); people and shared (number of people and of shared identifiers, before and after); merge, split and relabel
(number of profiles that become part of others, whose identifiers go to different profiles, and that only get another
profile_id); block and unblock (number of identifiers that leave or enter the profiles).
Then the segments whose size changes: segment, before, after.
Then the details, at most this number for each kind of change, those with most identifiers first: one row for each
part of a profile that moves, with its profile_id, the profile_id that it gets (becomes; NULL: no profile), the number
of identifiers, and the ten strongest of them. Parts that keep their profile_id are not listed.
Errors: those of cdp.set_rules(); no rule, or details below 0 (22023).$comment$;

REVOKE ALL ON FUNCTION cdp_internal.segment_sizes(), cdp_internal.profile_changes(bigint),
	cdp_internal.profile_counts(), cdp_internal.preview_rows(bigint, jsonb, jsonb, integer),
	cdp.preview_rules(jsonb, integer) FROM PUBLIC;
