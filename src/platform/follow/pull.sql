-- Pulling: each refresh first reads the connected tables, and what triggers noted of them, into the inboxes.

CREATE FUNCTION cdp_internal.has_row_security(relation oid, role oid) RETURNS boolean
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN EXISTS (
		SELECT
		FROM pg_class c
		CROSS JOIN pg_roles r
		WHERE c.oid = relation AND r.oid = role AND c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls
			AND (c.relforcerowsecurity OR NOT pg_has_role(r.oid, c.relowner, 'USAGE')));
COMMENT ON FUNCTION cdp_internal.has_row_security(oid, oid) IS
	'Internal: returns whether row security may hide rows of a table from a role.';

-- Statement triggers cost least, but see neither what is written to a partition directly or from above, nor what
-- logical replication brings.
CREATE FUNCTION cdp_internal.needs_row_trigger(relation oid) RETURNS boolean
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN EXISTS (SELECT FROM pg_class c WHERE c.oid = relation AND c.relkind = 'p')
		OR EXISTS (SELECT FROM pg_inherits i WHERE relation IN (i.inhrelid, i.inhparent))
		OR EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = relation);
COMMENT ON FUNCTION cdp_internal.needs_row_trigger(oid) IS
	'Internal: returns whether a table is followed row by row: it is a partition, or has some, or is written by a '
	'subscription.';

CREATE FUNCTION cdp_internal.trigger_problem(connection text, relation oid, appends boolean) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	by_row boolean := cdp_internal.needs_row_trigger(relation);
	replicated boolean := EXISTS (SELECT FROM pg_subscription_rel s WHERE s.srrelid = relation);
	-- bits of tgtype: row 1, insert 4, delete 8, update 16
	wanted integer := CASE WHEN appends THEN 4 ELSE 28 END;
	found integer := 0;
	g record;
BEGIN
	FOR g IN
		SELECT t.tgname, t.tgtype, t.tgenabled
		FROM pg_trigger t
		WHERE t.tgrelid = relation AND t.tgargs = convert_to(connection, 'UTF8') || '\x00'
			AND t.tgfoid = (CASE WHEN by_row THEN 'cdp_data.follow_row()'
			ELSE 'cdp_data.follow_statement()' END)::regprocedure
	LOOP
		IF g.tgenabled IN ('D', 'R') THEN
			RETURN format('trigger %s is disabled', g.tgname);
		ELSIF replicated AND g.tgenabled <> 'A' THEN
			RETURN format('a subscription writes to the table, and trigger %s is not ENABLE ALWAYS', g.tgname);
		END IF;
		found := found | (g.tgtype & 28);
	END LOOP;
	IF found & wanted = wanted THEN
		RETURN NULL;
	END IF;
	RETURN CASE WHEN by_row THEN 'the table is a partition, has partitions or children, or is written by a '
			'subscription, and has no row trigger of cdp' ELSE 'triggers of cdp on the table are missing' END;
END
$function$;
COMMENT ON FUNCTION cdp_internal.trigger_problem(text, oid, boolean) IS
	'Internal: returns why the triggers on a table do not see all that is written to it; NULL: they do.';

-- Not to_regclass(): the owner of cdp's tables may have no right on the schema.
CREATE FUNCTION cdp_internal.relation_named(name text) RETURNS oid
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN (
		SELECT c.oid
		FROM (SELECT parse_ident(name) AS parts) p
		JOIN pg_namespace n ON n.nspname = p.parts[1]
		JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.parts[2]);
COMMENT ON FUNCTION cdp_internal.relation_named(text) IS
	'Internal: returns the relation of this name, which has its schema; NULL: there is none.';

CREATE FUNCTION cdp_internal.connection_problem(connection text) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	c record;
	namesake oid;
BEGIN
	SELECT t.owner::oid AS owner, t.relation::oid AS relation, t.relation_name, t.follow, t.cursor_column,
		t.appends, t.error INTO STRICT c
	FROM cdp_data.connected_table t WHERE t.name = connection;
	namesake := cdp_internal.relation_named(c.relation_name);
	IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = c.owner) THEN
		RETURN '42704: the role that owns the connection does not exist any more';
	ELSIF NOT EXISTS (SELECT FROM pg_class r WHERE r.oid = c.relation) THEN
		RETURN format(CASE WHEN namesake IS NULL THEN '42P01: table %s does not exist any more'
			ELSE '42P01: table %s was dropped, and another one has its name: reconnect to take that' END,
			c.relation_name);
	ELSIF namesake <> c.relation THEN
		RETURN format('42P01: table %s is named %s now, and another one has its name: reconnect to take that',
			c.relation_name, c.relation::regclass);
	ELSIF NOT has_table_privilege(c.owner, c.relation, 'SELECT') THEN
		RETURN format('42501: role %s may not read table %s', c.owner::regrole, c.relation_name);
	ELSIF c.follow = 'column' AND NOT EXISTS (
		SELECT
		FROM pg_attribute a
		WHERE a.attrelid = c.relation AND a.attname = c.cursor_column AND a.attnum > 0 AND NOT a.attisdropped) THEN
		RETURN format('42703: column "%s", which the table is followed by, does not exist', c.cursor_column);
	ELSIF c.follow = 'trigger' AND cdp_internal.has_row_security(c.relation, c.owner) THEN
		RETURN format('42501: row security hides rows of table %s from role %s, and triggers note them all',
			c.relation_name, c.owner::regrole);
	ELSIF c.error LIKE '55000: %' THEN
		-- what was written while a trigger did not see it is read after reconnecting only
		RETURN c.error;
	ELSIF c.follow = 'trigger' THEN
		RETURN '55000: ' || cdp_internal.trigger_problem(connection, c.relation, c.appends)
			|| ': reconnect to mend that';
	END IF;
	RETURN NULL;
END
$function$;
COMMENT ON FUNCTION cdp_internal.connection_problem(text) IS
	'Internal: returns why a connection cannot be read, as SQLSTATE: message; NULL: it can.';

CREATE FUNCTION cdp_internal.send_rows(connection text, columns smallint[], rows text[], numbers bigint[],
	kinds text[], OUT sent bigint, OUT deletions bigint, OUT line_places tid[], OUT failures text[], OUT error text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	c record;
BEGIN
	SELECT t.source, t.appends, pg_get_userbyid(t.owner::oid) AS owner, t.sweep_number,
		t.mapping ? 'version' AS has_version, t.mapping ?& '{event,traits}' AS is_split INTO STRICT c
	FROM cdp_data.connected_table t WHERE t.name = connection;
	WITH mapped AS MATERIALIZED (
		SELECT m.*, g.number, g.kind, coalesce(m.message_id, connection || ':' || m.key) AS id
		FROM cdp_internal.map_rows(connection, NULL, NULL, columns, rows) m
		LEFT JOIN unnest(numbers, kinds) WITH ORDINALITY AS g (number, kind, n) USING (n)
	), whole AS (
		SELECT m.error FROM mapped m WHERE m.n IS NULL LIMIT 1
	), kept AS (
		-- a row that was updated under its key is not deleted
		SELECT m.*, m.deleted OR m.kind IN ('was', 'delete') AS gone,
			coalesce(m.version, to_jsonb(2 * m.number + (m.kind <> 'was')::integer)) AS own_version
		FROM mapped m
		LEFT JOIN (SELECT DISTINCT u.number, u.id FROM mapped u WHERE u.kind = 'update') u
			ON m.kind = 'was' AND u.number = m.number AND u.id = m.id
		WHERE m.error IS NULL AND u.id IS NULL AND NOT EXISTS (SELECT FROM whole)
			-- what was no call takes none along
			AND NOT (m.deleted AND m.kind IN ('was', 'delete'))
	), calls AS (
		SELECT k.n, k.number, k.id AS message_id, k.gone OR (c.is_split AND k.event IS NULL) AS gone, k.kind,
			k.own_version,
			k.type, k.event, k.anonymous_id, k.user_id, k.group_id, k.previous_id, k.identifiers, k.properties,
			CASE WHEN NOT c.is_split THEN k.traits END AS traits, k.context, k."timestamp", k.sent_at,
			k.original_timestamp, k.received_at
		FROM kept k
		UNION ALL
		SELECT k.n, k.number, k.id || ':traits', k.gone OR k.traits IS NULL, k.kind, k.own_version,
			CASE WHEN k.group_id IS NULL THEN 'identify' ELSE 'group' END, NULL, k.anonymous_id, k.user_id, k.group_id,
			NULL, k.identifiers, NULL, k.traits, k.context, k."timestamp", k.sent_at, k.original_timestamp,
			k.received_at
		FROM kept k
		WHERE c.is_split
	), written AS (
		INSERT INTO cdp.inbox (message_id, type, event, anonymous_id, user_id, group_id, previous_id, identifiers,
			properties, traits, context, "timestamp", sent_at, original_timestamp, received_at, source, written_by)
		SELECT w.message_id, w.type, w.event, w.anonymous_id, w.user_id, w.group_id, w.previous_id, w.identifiers,
			w.properties, w.traits, w.context, w."timestamp", w.sent_at, w.original_timestamp,
			coalesce(w.received_at, now()), c.source, c.owner
		FROM calls w
		WHERE c.appends AND NOT c.has_version AND NOT w.gone
		UNION ALL
		SELECT w.message_id, w.type, w.event, w.anonymous_id, w.user_id, w.group_id, w.previous_id, w.identifiers,
			w.properties, w.traits, coalesce(w.context, '{}') || jsonb_build_object('_version', w.own_version),
			w."timestamp", w.sent_at, w.original_timestamp, coalesce(w.received_at, now()), c.source, c.owner
		FROM calls w
		WHERE (NOT c.appends OR c.has_version) AND NOT w.gone
		UNION ALL
		SELECT w.message_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
			jsonb_build_object('_version', w.own_version, '_deleted', true), NULL, NULL, NULL, now(), c.source, c.owner
		FROM calls w
		WHERE NOT c.appends AND w.gone AND w.kind <> 'insert'
		RETURNING context -> '_deleted' IS NULL AS is_call
	), seen AS (
		INSERT INTO cdp_data.seen_call (connection, message_key)
		SELECT connection, cdp_internal.message_key(w.message_id)
		FROM calls w
		WHERE w.number >= c.sweep_number AND NOT (w.gone AND w.kind = 'insert')
		ON CONFLICT DO NOTHING
	), lines AS (
		INSERT INTO cdp.inbox_raw (line, source, written_by)
		SELECT m.line, c.source, c.owner
		FROM mapped m
		WHERE m.error IS NOT NULL AND m.n IS NOT NULL AND NOT EXISTS (SELECT FROM whole)
		ORDER BY m.n
		RETURNING ctid AS line_place
	)
	SELECT count(*) FILTER (WHERE w.is_call), count(*) FILTER (WHERE NOT w.is_call),
		ARRAY(SELECT l.line_place FROM lines l),
		ARRAY(SELECT m.error FROM mapped m WHERE m.error IS NOT NULL AND m.n IS NOT NULL ORDER BY m.n),
		(SELECT h.error FROM whole h)
	INTO sent, deletions, line_places, failures, error
	FROM written w;
END
$function$;
COMMENT ON FUNCTION cdp_internal.send_rows(text, smallint[], text[], bigint[], text[]) IS
	'Internal: writes what a connection makes of rows to the inbox: calls, and deletions of those that are gone; a row '
	'with event and traits makes two calls. numbers: in the order of which rows hold; kinds: insert, update, was (as '
	'it was before an update), delete, or read. Rows that fail are lines at line_places, with failures. With an error '
	'of the whole, nothing is written.';

CREATE FUNCTION cdp_internal.pull_noted(connection text, max_rows bigint, OUT taken bigint, OUT sent bigint,
	OUT deletions bigint, OUT line_places tid[], OUT failures text[], OUT error text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	chosen bigint[];
	shape smallint[];
	given record;
	done record;
BEGIN
	taken := 0; sent := 0; deletions := 0; line_places := '{}'; failures := '{}';
	WHILE taken < max_rows LOOP
		-- the next notes of rows with the same columns, up to ten thousand rows, and 64 MB or one that is larger
		SELECT array_agg(w.number), w.shape INTO chosen, shape
		FROM (
			SELECT r.number, r.columns, r.bytes, first_value(r.columns) OVER by_number AS shape,
				sum(r.rows) OVER by_number - r.rows AS before, sum(r.bytes) OVER by_number AS bytes_until
			FROM (
				SELECT q.number, q.columns, q.rows,
					coalesce(octet_length(q.new_rows)::bigint, 0) + coalesce(octet_length(q.old_rows), 0) AS bytes
				FROM cdp_data.followed_row q
				WHERE q.connection = pull_noted.connection
				ORDER BY q.number LIMIT 10000) r
			WINDOW by_number AS (ORDER BY r.number)) w
		WHERE w.columns = w.shape AND w.before < least(max_rows - taken, 10000)
			AND (w.bytes_until <= 64 * 1024 * 1024 OR w.bytes_until = w.bytes)
		GROUP BY w.shape;
		EXIT WHEN chosen IS NULL;
		SELECT array_agg(u.text) AS texts, array_agg(u.number) AS numbers, array_agg(u.kind) AS kinds INTO given
		FROM (
			SELECT n.text, q.number, q.operation AS kind
			FROM cdp_data.followed_row q
			CROSS JOIN LATERAL cdp_internal.split_rows(q.new_rows) AS n (text)
			WHERE q.connection = pull_noted.connection AND q.number = ANY (chosen)
			UNION ALL
			SELECT o.text, q.number, CASE q.operation WHEN 'update' THEN 'was' ELSE q.operation END
			FROM cdp_data.followed_row q
			CROSS JOIN LATERAL cdp_internal.split_rows(q.old_rows) AS o (text)
			WHERE q.connection = pull_noted.connection AND q.number = ANY (chosen)) u;
		IF given.texts IS NOT NULL THEN
			SELECT s.* INTO done
			FROM cdp_internal.send_rows(connection, shape, given.texts, given.numbers, given.kinds) s;
			IF done.error IS NOT NULL THEN
				error := done.error;
				RETURN;
			END IF;
			sent := sent + done.sent;
			deletions := deletions + done.deletions;
			line_places := line_places || done.line_places;
			failures := failures || done.failures;
		END IF;
		PERFORM cdp_internal.note_lost(connection, chosen);
		DELETE FROM cdp_data.followed_row q
		WHERE q.connection = pull_noted.connection AND q.number = ANY (chosen);
		taken := taken + greatest(coalesce(cardinality(given.texts), 0), 1);
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.pull_noted(text, bigint) IS
	'Internal: writes what triggers noted of a connected table to the inbox, up to max_rows rows and some. error: why '
	'the rest waits; NULL: no error.';

CREATE FUNCTION cdp_internal.note_lost(connection text, numbers bigint[]) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	lost record;
BEGIN
	SELECT max(q.written_at) FILTER (WHERE q.operation = 'truncate') AS truncated_at,
		max(q.number) FILTER (WHERE q.operation = 'truncate') AS truncated,
		count(*) FILTER (WHERE q.operation = 'missed') AS missed,
		(max(ARRAY[to_char(q.number, 'FM0000000000000000000'), q.detail]) FILTER (WHERE q.operation = 'missed'))[2]
			AS detail
	INTO lost
	FROM cdp_data.followed_row q
	WHERE q.connection = note_lost.connection AND q.number = ANY (numbers)
		AND q.operation IN ('truncate', 'missed');
	UPDATE cdp_data.connected_table c
	-- one that was before the table is read anew shows in what is read
	SET truncated_at = CASE WHEN lost.truncated > c.number THEN lost.truncated_at ELSE c.truncated_at END,
		missed = c.missed + lost.missed,
		missed_error = coalesce(lost.detail, c.missed_error)
	WHERE c.name = note_lost.connection AND (lost.truncated_at IS NOT NULL OR lost.missed > 0);
	-- a greater version than that of the row is not known, so that one that comes again as it was could not win
	IF lost.truncated IS NOT NULL AND cdp_internal.can_sweep(connection) THEN
		UPDATE cdp_data.connected_table c
		SET sweep_number = lost.truncated, sweep_after = lost.truncated, swept_until = NULL
		WHERE c.name = note_lost.connection AND NOT c.mapping ? 'version'
			AND lost.truncated > greatest(c.sweep_number, c.number);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.note_lost(text, bigint[]) IS
	'Internal: takes note of what triggers on a connected table could not follow.';

-- The table, or its partitions, from end to end, each once.  What is written meanwhile the triggers note, so it does
-- not matter whether the reading sees it; a row that moves in the file is noted too.
CREATE FUNCTION cdp_internal.pull_parts(connection text, max_rows bigint, OUT taken bigint, OUT sent bigint,
	OUT deletions bigint, OUT line_places tid[], OUT failures text[], OUT error text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	c record;
	page record;
	done record;
BEGIN
	taken := 0; sent := 0; deletions := 0; line_places := '{}'; failures := '{}';
	WHILE taken < max_rows LOOP
		PERFORM cdp_internal.choose_part(connection);
		SELECT t.relation::oid AS relation, t.part, t.place, t.number, t.is_first INTO STRICT c
		FROM cdp_data.connected_table t WHERE t.name = connection;
		IF c.part IS NULL THEN
			PERFORM cdp_internal.begin_sweep(connection);
			EXIT;
		END IF;
		SELECT array_agg(r."row") AS texts, max(r.place::tid)::text AS last, min(r.error) AS error INTO page
		FROM cdp_internal.read_rows(connection, NULL, NULL, c.part, c.place, NULL, least(max_rows - taken, 10000)) r;
		IF page.error IS NOT NULL THEN
			error := page.error;
			RETURN;
		END IF;
		IF page.texts IS NOT NULL THEN
			SELECT s.* INTO done
			FROM cdp_internal.send_rows(connection, cdp_internal.live_columns(c.relation), page.texts,
				array_fill(c.number, ARRAY[cardinality(page.texts)]),
				array_fill(CASE WHEN c.is_first THEN 'insert' ELSE 'read' END, ARRAY[cardinality(page.texts)])) s;
			IF done.error IS NOT NULL THEN
				error := done.error;
				RETURN;
			END IF;
			sent := sent + done.sent;
			deletions := deletions + done.deletions;
			line_places := line_places || done.line_places;
			failures := failures || done.failures;
			taken := taken + cardinality(page.texts);
			PERFORM cdp_internal.progress_set('read', taken, max_rows);
		END IF;
		UPDATE cdp_data.connected_table t
		SET place = coalesce(page.last, t.place),
			read_parts = CASE WHEN page.texts IS NULL THEN t.read_parts || t.part ELSE t.read_parts END,
			part = CASE WHEN page.texts IS NOT NULL THEN t.part END
		WHERE t.name = connection;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.pull_parts(text, bigint) IS
	'Internal: reads on in a connected table that is followed by triggers, up to max_rows rows, and writes them to the '
	'inbox. error: why it does not go on; NULL: no error.';

CREATE FUNCTION cdp_internal.choose_part(connection text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	c record;
	next_part oid;
BEGIN
	SELECT t.relation::oid AS relation, t.part, t.part_file, t.read_parts INTO STRICT c
	FROM cdp_data.connected_table t WHERE t.name = connection;
	SELECT p.part INTO next_part
	FROM cdp_internal.table_parts(c.relation) p
	WHERE p.part <> ALL (c.read_parts)
	ORDER BY p.part IS DISTINCT FROM c.part, p.part LIMIT 1;
	IF next_part IS DISTINCT FROM c.part OR pg_relation_filenode(next_part) IS DISTINCT FROM c.part_file THEN
		UPDATE cdp_data.connected_table t
		SET part = next_part, part_file = pg_relation_filenode(next_part), place = NULL
		WHERE t.name = connection;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.choose_part(text) IS
	'Internal: chooses what of a connected table is read next, from its beginning if its file is another one by now; '
	'NULL: all is read.';

CREATE FUNCTION cdp_internal.pull_connection(connection text, max_rows bigint, OUT taken bigint, OUT sent bigint,
	OUT line_places tid[], OUT failures text[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
	-- a table that is locked keeps the others waiting no longer
	SET lock_timeout = '2s'
AS $function$
DECLARE
	c record;
	done record;
	also record;
	problem text := cdp_internal.connection_problem(connection);
BEGIN
	taken := 0; sent := 0; line_places := '{}'; failures := '{}';
	SELECT t.relation::oid AS relation, t.follow INTO STRICT c
	FROM cdp_data.connected_table t WHERE t.name = connection;
	IF problem IS NULL THEN
		-- what is wrong with the mapping shows without rows too
		SELECT m.error INTO problem
		FROM cdp_internal.map_rows(connection, NULL, NULL, cdp_internal.live_columns(c.relation), '{}') m;
	END IF;
	IF problem IS NOT NULL THEN
		PERFORM cdp_internal.record_pull(connection, 0, 0, 0, 0, problem);
		RETURN;
	END IF;
	IF c.follow = 'column' THEN
		SELECT p.* INTO done FROM cdp_internal.pull_column(connection, max_rows) p;
	ELSE
		-- first what was noted: what is read next is not older
		SELECT p.* INTO done FROM cdp_internal.pull_noted(connection, max_rows) p;
		IF done.error IS NULL THEN
			SELECT p.* INTO also FROM cdp_internal.pull_parts(connection, max_rows - done.taken) p;
			UPDATE cdp_data.connected_table t
			SET share_read = cdp_internal.share_read(t.relation, t.read_parts, t.part, t.place)
			WHERE t.name = connection AND t.state <> 'live';
			done.taken := done.taken + also.taken;
			done.sent := done.sent + also.sent;
			done.deletions := done.deletions + also.deletions;
			done.line_places := done.line_places || also.line_places;
			done.failures := done.failures || also.failures;
			done.error := also.error;
		END IF;
	END IF;
	IF done.error IS NULL THEN
		SELECT done.deletions + w.deletions, done.taken + w.taken INTO done.deletions, done.taken
		FROM cdp_internal.sweep(connection, max_rows - done.taken) w;
	END IF;
	PERFORM cdp_internal.record_pull(connection, done.taken, done.sent, done.deletions,
		cardinality(done.failures), done.error);
	taken := done.taken;
	sent := done.sent + done.deletions;
	line_places := done.line_places;
	failures := done.failures;
END
$function$;
COMMENT ON FUNCTION cdp_internal.pull_connection(text, bigint) IS
	'Internal: reads on in a connected table, up to max_rows rows and some. Returns how many rows it wrote to '
	'cdp.inbox, the lines of rows that failed, and their errors.';

CREATE FUNCTION cdp_internal.record_pull(connection text, taken bigint, sent bigint, deletions bigint, failed bigint,
	error text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	UPDATE cdp_data.connected_table c
	SET sent = c.sent + record_pull.sent, deletions = c.deletions + record_pull.deletions,
		failed = c.failed + record_pull.failed, error = record_pull.error, state = n.state,
		failing_since = CASE WHEN record_pull.error IS NOT NULL
			THEN coalesce(c.failing_since, clock_timestamp()) END,
		relation_name = n.relation_name, pulled_at = clock_timestamp()
	FROM (
		SELECT CASE WHEN record_pull.error LIKE '57014:%' THEN 'too_slow'
				WHEN record_pull.error IS NOT NULL THEN 'failing'
				WHEN t.follow = 'column' THEN
					CASE WHEN t.is_first AND t.pending IS NOT NULL THEN 'backfilling' ELSE 'live' END
				WHEN EXISTS (SELECT FROM cdp_internal.table_parts(t.relation) p WHERE p.part <> ALL (t.read_parts))
					THEN 'backfilling' ELSE 'live' END AS state,
			CASE WHEN record_pull.error IS NULL THEN (
				SELECT format('%I.%I', s.nspname, r.relname)
				FROM pg_class r
				JOIN pg_namespace s ON s.oid = r.relnamespace
				WHERE r.oid = t.relation) ELSE t.relation_name END AS relation_name
		FROM cdp_data.connected_table t
		WHERE t.name = connection) n
	-- an idle one is not written anew by each refresh
	WHERE c.name = connection AND (record_pull.taken > 0 OR record_pull.error IS DISTINCT FROM c.error
		OR n.state <> c.state OR n.relation_name <> c.relation_name
		OR coalesce(c.pulled_at, '-infinity') < clock_timestamp() - interval '1 minute');
END
$function$;
COMMENT ON FUNCTION cdp_internal.record_pull(text, bigint, bigint, bigint, bigint, text) IS
	'Internal: records what was read of a connected table, and how it is.';

CREATE FUNCTION cdp_internal.pull_connections(max_rows bigint, OUT sent bigint, OUT line_places tid[],
	OUT failures text[])
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	connection text;
	rest bigint := max_rows;
	done record;
BEGIN
	sent := 0; line_places := '{}'; failures := '{}';
	-- of connections that are no more, whose triggers only the owner of the table could drop
	DELETE FROM cdp_data.followed_row r
	WHERE NOT EXISTS (SELECT FROM cdp_data.connected_table c WHERE c.name = r.connection);
	PERFORM cdp_internal.progress_begin('pull', max_rows);
	PERFORM cdp_internal.progress_set('read', 0, max_rows);
	FOR connection IN
		SELECT c.name
		FROM cdp_data.connected_table c
		WHERE c.state <> 'too_slow' OR c.pulled_at < clock_timestamp() - interval '10 minutes'
		ORDER BY c.pulled_at NULLS FIRST, c.name
	LOOP
		BEGIN
			SELECT p.* INTO done FROM cdp_internal.pull_connection(connection, rest) p;
		EXCEPTION WHEN syntax_error_or_access_rule_violation OR lock_not_available OR program_limit_exceeded THEN
			-- the table was changed just now, or is locked, or its rows are larger than the server takes
			PERFORM cdp_internal.record_pull(connection, 0, 0, 0, 0, SQLSTATE || ': ' || SQLERRM);
			CONTINUE;
		END;
		sent := sent + done.sent;
		line_places := line_places || done.line_places;
		failures := failures || done.failures;
		rest := greatest(rest - done.taken, 0);
	END LOOP;
	PERFORM cdp_internal.progress_end();
END
$function$;
COMMENT ON FUNCTION cdp_internal.pull_connections(bigint) IS
	'Internal: writes what connected tables say to the inboxes, up to max_rows rows and some; those that were read '
	'longest ago come first. Returns how many rows it wrote to cdp.inbox, the lines of rows that failed, and their '
	'errors. The caller holds the lock of cdp.refresh().';

REVOKE ALL ON FUNCTION cdp_internal.has_row_security(oid, oid), cdp_internal.needs_row_trigger(oid),
	cdp_internal.trigger_problem(text, oid, boolean), cdp_internal.relation_named(text),
	cdp_internal.connection_problem(text),
	cdp_internal.send_rows(text, smallint[], text[], bigint[], text[]), cdp_internal.pull_noted(text, bigint),
	cdp_internal.note_lost(text, bigint[]), cdp_internal.pull_parts(text, bigint), cdp_internal.choose_part(text),
	cdp_internal.pull_connection(text, bigint),
	cdp_internal.record_pull(text, bigint, bigint, bigint, bigint, text),
	cdp_internal.pull_connections(bigint) FROM PUBLIC;
