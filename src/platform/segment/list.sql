-- Lists: segments whose members have an identifier that a query returned.  The query is read again now and then; in
-- between the identifiers stay, and are followed through merges as those of all people.

CREATE FUNCTION cdp_internal.check_list_query(query text, owner oid) RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	AS 'MODULE_PATHNAME', 'cdp_check_list_query';
COMMENT ON FUNCTION cdp_internal.check_list_query(text, oid) IS
	'Internal: returns the text of the query of a list of this owner, without a semicolon; raises an error unless it '
	'is one SELECT of one column of identifiers, or text, and calls no functions of others.';

CREATE FUNCTION cdp_internal.read_list_query(name text, people bigint) RETURNS SETOF text
	AS 'MODULE_PATHNAME', 'cdp_read_list_query' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE ROWS 10000;
COMMENT ON FUNCTION cdp_internal.read_list_query(text, bigint) IS
	'Internal: reads the query of a list, as its owner in a restricted context, for at most cdp.segment_timeout for '
	'each 100,000 people, and returns its rows; raises its error.';

CREATE FUNCTION cdp_internal.keep_list(segment_id integer, profile_ids bigint[]) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_keep_list' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.keep_list(integer, bigint[]) IS
	'Internal: judges these people in a list and, if that changes, in the segments that use it; writes their '
	'memberships, and tells the feed, with the cause list.';

CREATE FUNCTION cdp_internal.list_identifier(listed text) RETURNS cdp.identifier
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN CASE WHEN strpos(listed, ':') > 0 THEN cdp_internal.by_rules(cdp.try_identifier(
		split_part(listed, ':', 1), substr(listed, strpos(listed, ':') + 1))) END;
COMMENT ON FUNCTION cdp_internal.list_identifier(text) IS
	'Internal: returns the identifier that a row of a list is, by the rules; NULL: it is none.';

CREATE FUNCTION cdp_internal.replace_list(number integer, name text, OUT people bigint[], OUT identifiers bigint,
	OUT left_out bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	WITH listed AS MATERIALIZED (
		SELECT cdp_internal.list_identifier(r.listed) AS identifier
		FROM cdp_internal.read_list_query(name,
			(SELECT greatest(c.reltuples, 0)::bigint FROM pg_class c WHERE c.oid = 'cdp_data.profile'::regclass))
			AS r (listed)
	), found_now AS MATERIALIZED (
		SELECT d.identifier, cdp_internal.map_hash(d.identifier) AS hash
		FROM (SELECT DISTINCT l.identifier FROM listed l WHERE l.identifier IS NOT NULL) d
		-- not those of people who were erased
		WHERE NOT CASE WHEN EXISTS (SELECT FROM cdp_data.suppressed)
			THEN cdp_internal.suppression_tag(d.identifier) IN (SELECT p.tag FROM cdp_data.suppressed p)
			ELSE false END
	), gone AS (
		DELETE FROM cdp_data.list_identifier l
		WHERE l.segment_id = replace_list.number AND NOT EXISTS (
			SELECT FROM found_now f WHERE f.hash = l.hash AND f.identifier = l.identifier)
		RETURNING l.identifier
	), came AS (
		INSERT INTO cdp_data.list_identifier AS l (segment_id, hash, identifier)
		SELECT replace_list.number, f.hash, f.identifier FROM found_now f
		ON CONFLICT DO NOTHING
		RETURNING l.identifier
	), changed AS (
		SELECT g.identifier FROM gone g UNION ALL SELECT c.identifier FROM came c)
	SELECT coalesce((
			SELECT array_agg(DISTINCT k.profile_id)
			FROM changed c
			CROSS JOIN LATERAL cdp_internal.known_identifier(c.identifier) k
			WHERE k.profile_id <> 0), '{}'),
		(SELECT count(*) FROM found_now), (SELECT count(*) FROM listed l WHERE l.identifier IS NULL)
	INTO people, identifiers, left_out;
END
$function$;
COMMENT ON FUNCTION cdp_internal.replace_list(integer, text) IS
	'Internal: reads the query of a list, and keeps what it returns in place of what it returned before. Returns who '
	'has an identifier that came or went, how many identifiers there are, and how many rows are none.';

CREATE FUNCTION cdp_internal.note_list(number integer, failed text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	UPDATE cdp_data.segment s
	SET state = CASE WHEN failed IS NOT NULL THEN 'failing' WHEN s.built_until IS NULL THEN 'live' ELSE 'building' END,
		error = failed,
		failing_since = CASE WHEN failed IS NOT NULL THEN coalesce(s.failing_since, clock_timestamp()) END,
		checked_at = clock_timestamp()
	WHERE s.segment_id = number AND (failed IS NOT NULL OR s.state = 'failing');
END
$function$;
COMMENT ON FUNCTION cdp_internal.note_list(integer, text) IS
	'Internal: writes the state of a list that was read, or why it could not be.';

CREATE FUNCTION cdp_internal.read_due_list(number integer, name text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	as_of timestamptz := cdp_internal.batch_as_of();
	now_listed record;
	failed text;
BEGIN
	BEGIN
		SELECT r.people, r.identifiers, r.left_out INTO STRICT now_listed
		FROM cdp_internal.replace_list(number, name) r;
		UPDATE cdp_data.list l
		SET read_at = as_of, identifiers = now_listed.identifiers, left_out = now_listed.left_out
		WHERE l.segment_id = number;
	EXCEPTION WHEN OTHERS THEN
		failed := format('%s: %s', SQLSTATE, SQLERRM);
	END;
	UPDATE cdp_data.list l SET next_read_at = coalesce(as_of + l.every, 'infinity') WHERE l.segment_id = number;
	PERFORM cdp_internal.note_list(number, failed);
	IF failed IS NOT NULL THEN
		RETURN;
	ELSIF cardinality(now_listed.people) > cdp_internal.slice_people() THEN
		UPDATE cdp_data.segment s SET built_until = 0, state = 'building' WHERE s.segment_id = number;
	ELSE
		PERFORM cdp_internal.keep_list(number, now_listed.people);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_due_list(integer, text) IS
	'Internal: reads a list in a batch, and judges whom it gained and lost, or has all people judged in slices if '
	'these are many. If its query fails, its members stay, and it is failing.';

CREATE FUNCTION cdp_internal.read_due_lists() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	due record;
BEGIN
	FOR due IN
		SELECT l.segment_id, s.name
		FROM cdp_data.list l
		JOIN cdp_data.segment s ON s.segment_id = l.segment_id AND s.kind = 'list'
		WHERE l.next_read_at <= cdp_internal.batch_as_of()
		ORDER BY l.segment_id
	LOOP
		PERFORM cdp_internal.read_due_list(due.segment_id, due.name);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.read_due_lists() IS 'Internal: reads the lists that are due, in a batch.';

CREATE FUNCTION cdp_internal.define_list(name text, query text, every interval, description text, replace boolean)
	RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	number integer;
	-- a view that is replaced keeps its owner, as whom the query is read
	owner oid := coalesce((
		SELECT c.relowner
		FROM pg_class c
		WHERE define_list.replace AND c.relname = define_list.name
			AND c.relnamespace = to_regnamespace('cdp_condition')), current_user::regrole);
	checked text := cdp_internal.check_list_query(coalesce(define_list.query, ''), owner);
BEGIN
	PERFORM cdp_internal.check_kind(define_list.name, 'list');
	INSERT INTO cdp_data.segment AS s (name, segment_id, kind, condition, description, state, built_until)
	SELECT define_list.name, t.segment_id + 1, 'list', define_list.query, define_list.description, 'building', 0
	FROM cdp_data.state t
	ON CONFLICT (name) DO UPDATE
	SET condition = excluded.condition, description = excluded.description, defined_at = excluded.defined_at,
		state = 'building', built_until = 0, error = NULL, failing_since = NULL
	WHERE define_list.replace
	RETURNING s.segment_id INTO number;
	IF NOT FOUND THEN
		PERFORM cdp_internal.raise_defined(define_list.name, 'list', 'segment');
	END IF;
	UPDATE cdp_data.state SET segment_id = number WHERE segment_id < number;
	INSERT INTO cdp_data.list AS l (segment_id, every) VALUES (number, define_list.every)
	ON CONFLICT (segment_id) DO UPDATE SET every = excluded.every, next_read_at = '-infinity';

	-- safe to paste: it is one query, read with the rights of the role that gives it
	EXECUTE format(
		E'%s VIEW cdp_condition.%I AS SELECT q.identifier::pg_catalog.text FROM (%s\n) q (identifier)',
		CASE WHEN define_list.replace THEN 'CREATE OR REPLACE' ELSE 'CREATE' END, define_list.name, checked);
	PERFORM cdp_internal.make_segment_view(define_list.name, define_list.replace);
	PERFORM cdp_internal.describe_segment(define_list.name, 'The query of a list; a refresh reads it.');
	RETURN number;
END
$function$;
COMMENT ON FUNCTION cdp_internal.define_list(text, text, interval, text, boolean) IS
	'Internal: makes or replaces a list that was not read yet, and returns its number. The caller holds the lock of '
	'cdp.refresh().';

REVOKE ALL ON FUNCTION cdp_internal.check_list_query(text, oid), cdp_internal.read_list_query(text, bigint),
	cdp_internal.keep_list(integer, bigint[]), cdp_internal.list_identifier(text),
	cdp_internal.replace_list(integer, text), cdp_internal.note_list(integer, text),
	cdp_internal.read_due_list(integer, text), cdp_internal.read_due_lists(),
	cdp_internal.define_list(text, text, interval, text, boolean) FROM PUBLIC;
