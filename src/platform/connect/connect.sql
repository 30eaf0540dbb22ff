-- Connecting tables of others.

CREATE FUNCTION cdp_internal.check_connectable(relation oid, owner oid, follow text, cursor_column text)
	RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	r record;
	kind regtype;
	types regtype[] := '{timestamptz,timestamp,date,smallint,integer,bigint,numeric}';
BEGIN
	SELECT c.relkind, c.relpersistence, n.nspname INTO r
	FROM pg_class c
	JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.oid = relation;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'the table does not exist' USING ERRCODE = 'undefined_table';
	ELSIF r.relkind NOT IN ('r', 'p', 'v', 'm', 'f') OR r.relpersistence = 't'
		OR r.nspname IN ('cdp', 'cdp_data', 'pg_catalog', 'information_schema') THEN
		RAISE EXCEPTION '% cannot be connected', relation::regclass USING ERRCODE = 'wrong_object_type',
			DETAIL = 'Tables, partitioned and foreign tables and views can, but for temporary ones, those of cdp and '
				'the catalogs.';
	ELSIF NOT has_table_privilege(owner, relation, 'SELECT') THEN
		RAISE EXCEPTION 'permission denied for table %', relation::regclass USING ERRCODE = 'insufficient_privilege',
			DETAIL = format('Role "%s", the owner of the connection, may not read all of its columns.',
				pg_get_userbyid(owner));
	END IF;
	IF follow = 'column' THEN
		SELECT a.atttypid INTO kind FROM pg_attribute a
		WHERE a.attrelid = relation AND a.attname = cursor_column AND a.attnum > 0 AND NOT a.attisdropped;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'table % has no column "%"', relation::regclass, cursor_column
				USING ERRCODE = 'undefined_column',
				HINT = cdp_internal.hint_at(cursor_column, ARRAY(
					SELECT a.attname::text FROM pg_attribute a
					WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum));
		ELSIF kind <> ALL (types) THEN
			RAISE EXCEPTION 'a table cannot be followed by a column of type %', kind
				USING ERRCODE = 'datatype_mismatch',
				DETAIL = format('The types that grow are %s.', array_to_string(types, ', '));
		END IF;
	ELSIF r.relkind NOT IN ('r', 'p') THEN
		RAISE EXCEPTION '% cannot be followed by trigger', relation::regclass USING ERRCODE = 'wrong_object_type',
			DETAIL = 'Views and foreign tables see no writes.',
			HINT = 'Name a column that grows with each write: cursor_column => ''updated_at''.';
	ELSIF NOT has_table_privilege(relation, 'TRIGGER') THEN
		RAISE EXCEPTION 'permission denied to create triggers on table %', relation::regclass
			USING ERRCODE = 'insufficient_privilege',
			HINT = format('GRANT TRIGGER ON %s TO %I, or follow it by a column: cursor_column => ''updated_at''.',
				relation::regclass, current_user);
	ELSIF cdp_internal.has_row_security(relation, owner) THEN
		RAISE EXCEPTION 'row security applies to role "%" on table %', pg_get_userbyid(owner), relation::regclass
			USING ERRCODE = 'insufficient_privilege',
			DETAIL = 'Triggers would note rows that it may not see.',
			HINT = 'Follow it by a column, or connect it as a role with BYPASSRLS.';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_connectable(oid, oid, text, text) IS
	'Internal: raises an error unless the caller can connect a table for an owner and follow it so.';

CREATE FUNCTION cdp_internal.tell_slow_column(relation oid, cursor_column text) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	kind text := (SELECT c.relkind FROM pg_class c WHERE c.oid = relation);
BEGIN
	IF kind IN ('r', 'p', 'm') AND NOT EXISTS (
		SELECT FROM pg_index i
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
		WHERE i.indrelid = relation AND i.indisvalid AND a.attname = cursor_column) THEN
		RAISE NOTICE 'table % has no index on column "%"', relation::regclass, cursor_column
			USING DETAIL = 'Each refresh reads all of it.',
				HINT = format('CREATE INDEX ON %s (%I);', relation::regclass, cursor_column);
	END IF;
	IF NOT (SELECT a.attnotnull FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = cursor_column) THEN
		RAISE NOTICE 'rows of % whose "%" is NULL are not read', relation::regclass, cursor_column;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.tell_slow_column(oid, text) IS
	'Internal: tells, by notices, what following a table by this column costs, and what it passes over.';

CREATE FUNCTION cdp_internal.default_connection_name(relation oid) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN (
		SELECT btrim(left(regexp_replace(regexp_replace(lower(c.relname), '[^a-z0-9]+', '_', 'g'), '^[^a-z]+', ''), 40),
			'_')
		FROM pg_class c
		WHERE c.oid = relation);
COMMENT ON FUNCTION cdp_internal.default_connection_name(oid) IS
	'Internal: returns the name of a table as the name of a connection.';

-- A statement trigger has transition tables of one kind of write only.  One that stands is replaced, which its owner
-- must allow no more than making it.
CREATE FUNCTION cdp_internal.create_follow_triggers(connection text, relation oid, appends boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	by_row boolean := cdp_internal.needs_row_trigger(relation);
	owns_table boolean := (SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = relation);
	made record;
BEGIN
	FOR made IN
		SELECT v.kind, v.event, v.tables
		FROM (VALUES
			('row', CASE WHEN appends THEN 'INSERT' ELSE 'INSERT OR UPDATE OR DELETE' END, NULL),
			('insert', 'INSERT', 'REFERENCING NEW TABLE AS new_rows'),
			('update', 'UPDATE', 'REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows'),
			('delete', 'DELETE', 'REFERENCING OLD TABLE AS old_rows'),
			('truncate', 'TRUNCATE', NULL)) AS v (kind, event, tables)
		WHERE CASE v.kind WHEN 'row' THEN by_row WHEN 'truncate' THEN true ELSE NOT by_row END
			AND NOT (appends AND v.kind IN ('update', 'delete'))
	LOOP
		EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER %s ON %s %s FOR EACH %s EXECUTE FUNCTION %s(%L)',
			format('cdp_follow_%s_%s', connection, made.kind), made.event, relation::regclass, made.tables,
			CASE made.kind WHEN 'row' THEN 'ROW' ELSE 'STATEMENT' END,
			CASE made.kind WHEN 'row' THEN 'cdp_data.follow_row' ELSE 'cdp_data.follow_statement' END, connection);
		-- else writes by replication, and with session_replication_role, would pass by it
		IF owns_table THEN
			EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', relation::regclass,
				format('cdp_follow_%s_%s', connection, made.kind));
		END IF;
	END LOOP;
END
$function$;
COMMENT ON FUNCTION cdp_internal.create_follow_triggers(text, oid, boolean) IS
	'Internal: makes the triggers on a table that note for a connection what is written, as the caller.';

CREATE FUNCTION cdp_internal.drop_follow_triggers(connection text, relation oid, others_only boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	g record;
	left_over text[] := '{}';
	kept text := CASE WHEN cdp_internal.needs_row_trigger(relation) THEN 'row' ELSE 'statement' END;
BEGIN
	FOR g IN
		SELECT t.tgname, t.tgfoid = 'cdp_data.follow_row()'::regprocedure AS by_row,
			pg_has_role(c.relowner, 'USAGE') AS may_drop
		FROM pg_trigger t
		JOIN pg_class c ON c.oid = t.tgrelid
		WHERE t.tgrelid = relation AND t.tgargs = convert_to(connection, 'UTF8') || '\x00' AND t.tgparentid = 0
			AND t.tgfoid IN ('cdp_data.follow_row()'::regprocedure, 'cdp_data.follow_statement()'::regprocedure)
			AND NOT (others_only AND (t.tgfoid = 'cdp_data.follow_row()'::regprocedure) = (kept = 'row'))
			AND NOT (others_only AND t.tgname LIKE '%truncate')
	LOOP
		IF g.may_drop THEN
			EXECUTE format('DROP TRIGGER %I ON %s', g.tgname, relation::regclass);
		ELSE
			left_over := left_over || format('DROP TRIGGER %I ON %s;', g.tgname, relation::regclass);
		END IF;
	END LOOP;
	IF left_over <> '{}' THEN
		RAISE WARNING 'only the owner of table % can drop the triggers of connection "%"', relation::regclass,
			connection
			USING DETAIL = 'They go on noting what is written, and each refresh throws that away.',
				HINT = array_to_string(left_over, ' ');
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.drop_follow_triggers(text, oid, boolean) IS
	'Internal: drops the triggers of a connection, or (others_only) those of the kind that it needs no longer.';

CREATE FUNCTION cdp_internal.set_connection_source(source text, appends boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	rules record;
BEGIN
	SELECT s.mutable, s.version, s.deleted INTO rules
	FROM cdp_data.source s WHERE s.source = set_connection_source.source;
	IF appends THEN
		IF NOT FOUND THEN
			PERFORM cdp.set_sources(jsonb_build_object(source, '{"party": "first"}'::jsonb));
		END IF;
		RETURN;
	ELSIF rules.mutable AND (rules.version <> '{_version}' OR rules.deleted <> '{_deleted}') THEN
		RAISE EXCEPTION 'source "%" corrects its rows by other versions', source
			USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'Corrections of connected tables have their version in the context, as _version.',
			HINT = 'Give the connection a source of its own: source => ''…''.';
	ELSIF (rules.mutable AND rules.version = '{_version}' AND rules.deleted = '{_deleted}') IS NOT TRUE THEN
		PERFORM cdp.set_sources(jsonb_build_object(source, jsonb_build_object('mutable', true,
			'version', '{_version}'::text[], 'deleted', '{_deleted}'::text[])
			|| CASE WHEN rules.mutable IS NULL THEN '{"party": "first"}'::jsonb ELSE '{}' END));
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.set_connection_source(text, boolean) IS
	'Internal: makes the source of a connection one that corrects its rows, unless they are only ever added.';

CREATE FUNCTION cdp_internal.refuse_connection(connection text, problem text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'connection "%" cannot be read', connection USING ERRCODE = split_part(problem, ': ', 1),
			DETAIL = substr(problem, 8);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.refuse_connection(text, text) IS
	'Internal: raises the error that a connection has a problem, as SQLSTATE: message; NULL: it has none.';

CREATE FUNCTION cdp_internal.start_connection(connection text, take_back boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	c record;
	begun bigint;
BEGIN
	SELECT t.relation::oid AS relation, t.follow, t.appends INTO STRICT c
	FROM cdp_data.connected_table t WHERE t.name = connection;
	-- first: what is done with the table from here on could run code of its owner
	PERFORM cdp_internal.refuse_connection(connection, (
		SELECT r.error FROM cdp_internal.read_rows(connection, NULL, NULL, NULL, NULL, NULL, 1) r));
	IF c.follow = 'trigger' THEN
		PERFORM cdp_internal.drop_follow_triggers(connection, c.relation, true);
		-- waits for the transactions that write to the table, and keeps others waiting until this one ends
		PERFORM cdp_internal.create_follow_triggers(connection, c.relation, c.appends);
	END IF;
	begun := nextval('cdp_data.follow_number');
	UPDATE cdp_data.connected_table t
	SET number = begun, is_first = (t.number = 0), read_parts = '{}', part = NULL, part_file = NULL, place = NULL,
		share_read = 0, pending = NULL, pending_at = NULL, pending_writers = '{}', pending_open = '{}',
		sweep_number = CASE WHEN take_back AND t.number > 0 AND cdp_internal.can_sweep(connection) THEN begun END,
		sweep_after = NULL, swept_until = NULL, state = 'backfilling', error = NULL, failing_since = NULL,
		truncated_at = NULL, missed = 0, missed_error = NULL, pulled_at = NULL
	WHERE t.name = connection;
END
$function$;
COMMENT ON FUNCTION cdp_internal.start_connection(text, boolean) IS
	'Internal: begins to follow a connected table, and to read it from its beginning; take_back: to take back what '
	'rows said that are no longer there.';

CREATE FUNCTION cdp.connect(table_name regclass, event text DEFAULT NULL, at text DEFAULT NULL,
	identifiers jsonb DEFAULT NULL, properties jsonb DEFAULT NULL, traits jsonb DEFAULT NULL, key text DEFAULT NULL,
	version text DEFAULT NULL, deleted text DEFAULT NULL, condition text DEFAULT NULL, mapping jsonb DEFAULT NULL,
	source text DEFAULT NULL, name text DEFAULT NULL, follow text DEFAULT NULL, cursor_column text DEFAULT NULL,
	margin interval DEFAULT NULL, append_only boolean DEFAULT false, time_zone text DEFAULT NULL,
	replace boolean DEFAULT false) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	whole jsonb := coalesce(mapping, '{}') || jsonb_strip_nulls(jsonb_build_object('event', event, 'at', at, 'key', key,
		'version', version, 'deleted', deleted, 'condition', condition, 'time_zone', time_zone))
		|| CASE WHEN identifiers IS NULL THEN '{}' ELSE jsonb_build_object('identifiers', identifiers) END
		|| CASE WHEN properties IS NULL THEN '{}' ELSE jsonb_build_object('properties', properties) END
		|| CASE WHEN traits IS NULL THEN '{}' ELSE jsonb_build_object('traits', traits) END;
	way text := coalesce(follow, CASE WHEN cursor_column IS NULL THEN 'trigger' ELSE 'column' END);
	called text := coalesce(name, cdp_internal.default_connection_name(table_name));
	feed text;
	is_local boolean := (SELECT c.relkind IN ('r', 'p') FROM pg_class c WHERE c.oid = table_name);
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.check_connection_arguments(called, way, cursor_column, margin);
	PERFORM cdp_internal.check_connectable(table_name, current_user::regrole, way, cursor_column);
	whole := cdp_internal.read_mapping(table_name, whole);
	feed := coalesce(source, called);
	PERFORM cdp_internal.check_source_name(feed);
	-- before the table is locked: a refresh may take a while
	PERFORM cdp_internal.refresh_lock(wait => true);
	PERFORM cdp_internal.set_connection_source(feed, append_only);
	INSERT INTO cdp_data.connected_table AS c (name, owner, relation, relation_name, source, mapping, follow,
		cursor_column, margin, appends, number)
	SELECT called, current_user::regrole, table_name, format('%I.%I', n.nspname, r.relname), feed, whole, way,
		cursor_column, CASE WHEN way = 'column'
			THEN coalesce(margin, CASE WHEN is_local THEN interval '10 minutes' ELSE interval '1 minute' END) END,
		append_only, 0
	FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace
	WHERE r.oid = table_name
	ON CONFLICT ON CONSTRAINT connected_table_pkey DO UPDATE
	SET owner = excluded.owner, relation = excluded.relation, relation_name = excluded.relation_name,
		source = excluded.source, mapping = excluded.mapping, follow = excluded.follow,
		cursor_column = excluded.cursor_column, margin = excluded.margin, appends = excluded.appends
	WHERE replace AND c.relation = excluded.relation AND c.source = excluded.source AND pg_has_role(c.owner, 'USAGE');
	IF NOT FOUND THEN
		RAISE EXCEPTION 'connection "%" already exists', called USING ERRCODE = 'duplicate_object',
			DETAIL = CASE WHEN replace THEN 'It is of another table, source or owner.'
				ELSE 'Its mapping is in cdp.connection.' END,
			HINT = 'Give another name, replace its mapping with replace => true, or end it with cdp.disconnect().';
	END IF;
	IF way = 'column' THEN
		PERFORM cdp_internal.tell_slow_column(table_name, cursor_column);
	END IF;
	PERFORM cdp_internal.start_connection(called, true);
	PERFORM cdp_internal.check_connection(called);
	RETURN called;
END
$function$;
COMMENT ON FUNCTION cdp.connect(regclass, text, text, jsonb, jsonb, jsonb, text, text, text, text, jsonb, text, text,
	text, text, interval, boolean, text, boolean) IS
$comment$Connects a table: each of its rows becomes a call, those that are there and those that are written from now on.
cdp.refresh() reads it from its beginning, up to max_rows rows at a time, and then follows it. Returns the name of the
connection; the view cdp.connection shows how it is.
event, at, key, version, deleted, condition are SQL expressions over the columns of the table: event => $$ 'Order ' ||
status $$, at => 'created_at', condition => 'NOT is_test'. identifiers: {"user_id": "customer_id", "email": "email"}, an
object of namespace to expression. properties, traits: an object of name to expression, a list of columns, or "*" for
all columns; what is NULL is left out. A row with an event is a track call, one with traits an identify call, one with
both makes both. mapping: the same, and more, as a document: type, group_id, previous_id, context, message_id, sent_at,
original_timestamp, received_at (cdp.connection_template() has ready ones).
key: what is another one for each row, by default the primary key: the message id is the name of the connection and it.
version: what grows with each change of a row; by default what was written later holds. deleted: says that the row
counts as deleted; so does one for which condition is not true.
follow: trigger (the default): triggers note what is written, updates correct the call of a row and deletes take it
back (the source is mutable, see cdp.set_sources()). They cost the writers a little, and never fail. column:
cursor_column grows with each write (updated_at, a sequence), and what is later is read; deletes do not show. Of a
table of this database, all up to a value is read once no transaction is open any more that was writing to the table
when the value was seen, however long that takes; for others that were open then it waits for margin (by default 10
minutes). Of views and foreign tables transactions are not known: values are read when they are as old as margin (by
default 1 minute), and rows of a transaction that takes longer are passed over. A sequence must have no CACHE.
append_only: rows are never changed, so the source need not be mutable. time_zone: of times without one; by default UTC.
replace: true: replaces the mapping of a connection of this table, and reads it anew, see cdp.reconnect(): calls that
the new mapping does not make are taken back.
A TRUNCATE, noted by its trigger, takes back what was there, unless the connection is append_only or its mapping has a
version or a message_id.
The caller owns the connection: it needs SELECT on the table, and TRIGGER for triggers; the expressions are evaluated as
that role, read only, in a security-restricted context, for at most cdp.connection_timeout for each 10,000 rows. Rows
that an expression fails for go to quarantine as failed. Errors of the expressions have their position.
Errors: a missing or unknown column (42703), an expression that is none, volatile, or of a wrong type (42601, 0A000,
42804), functions of others (42501), missing rights (42501), no key, event or identifier, an unknown key of the mapping
(22023), a view or foreign table without cursor_column (42809), a name that is taken (42710).$comment$;

CREATE FUNCTION cdp_internal.check_connection_arguments(name text, follow text, cursor_column text, margin interval)
	RETURNS void
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	IF coalesce(name, '') !~ '^[a-z][a-z0-9_]{0,39}$' THEN
		RAISE EXCEPTION '"%" cannot be the name of a connection', left(name, 64) USING ERRCODE = 'invalid_name',
			HINT = 'A name is a lower-case letter followed by up to 39 lower-case letters, digits or underscores.';
	ELSIF follow NOT IN ('trigger', 'column') THEN
		RAISE EXCEPTION 'a table is not followed by "%"', left(follow, 64) USING ERRCODE = 'invalid_parameter_value',
			HINT = 'follow is trigger or column.';
	ELSIF follow = 'column' AND cursor_column IS NULL THEN
		RAISE EXCEPTION 'cursor_column is missing' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Name a column that grows with each write: cursor_column => ''updated_at''.';
	ELSIF follow = 'trigger' AND (cursor_column IS NOT NULL OR margin IS NOT NULL) THEN
		RAISE EXCEPTION 'cursor_column and margin are for following by a column'
			USING ERRCODE = 'invalid_parameter_value';
	ELSIF margin < interval '0' THEN
		RAISE EXCEPTION 'margin must not be negative' USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_connection_arguments(text, text, text, interval) IS
	'Internal: raises an error if cdp.connect() cannot have these arguments.';

CREATE FUNCTION cdp_internal.check_connection(connection text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	PERFORM cdp_internal.refuse_connection(connection, coalesce(cdp_internal.connection_problem(connection), (
		SELECT m.error
		FROM cdp_data.connected_table c
		CROSS JOIN LATERAL cdp_internal.map_rows(c.name, NULL, NULL, cdp_internal.live_columns(c.relation), '{}') m
		WHERE c.name = connection)));
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_connection(text) IS
	'Internal: raises an error if a connection would fail at once.';

CREATE FUNCTION cdp_internal.lock_connection(connection text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	owner oid;
BEGIN
	PERFORM cdp_internal.check_tables();
	PERFORM cdp_internal.refresh_lock(wait => true);
	SELECT c.owner INTO owner FROM cdp_data.connected_table c WHERE c.name = connection;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'connection "%" does not exist', connection USING ERRCODE = 'undefined_object',
			HINT = 'cdp.connection lists the connections.';
	END IF;
	PERFORM cdp_internal.check_connection_owner(connection, owner);
END
$function$;
COMMENT ON FUNCTION cdp_internal.lock_connection(text) IS
	'Internal: waits for a refresh that runs; raises an error if there is no such connection, or the caller may not '
	'change it.';

CREATE FUNCTION cdp.reconnect(name text, take_back boolean DEFAULT true) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
DECLARE
	c record;
	found_table oid;
BEGIN
	PERFORM cdp_internal.lock_connection(name);
	SELECT t.owner::oid AS owner, t.relation::oid AS relation, t.relation_name, t.follow, t.cursor_column INTO STRICT c
	FROM cdp_data.connected_table t WHERE t.name = name;
	found_table := coalesce(cdp_internal.relation_named(c.relation_name), c.relation);
	PERFORM cdp_internal.check_connectable(found_table, c.owner, c.follow, c.cursor_column);
	IF found_table <> c.relation THEN
		PERFORM cdp_internal.drop_follow_triggers(name, c.relation, false)
		FROM pg_class o WHERE o.oid = c.relation;
		UPDATE cdp_data.connected_table t SET relation = found_table WHERE t.name = name;
	END IF;
	IF take_back AND NOT cdp_internal.can_sweep(name) THEN
		RAISE NOTICE 'what rows of connection "%" said that are no longer there stays', name
			USING DETAIL = 'The rows of an append_only connection are never taken back, and those of a mapping with '
				'a message_id cannot be told from others of their source.';
	END IF;
	PERFORM cdp_internal.start_connection(name, take_back);
	PERFORM cdp_internal.check_connection(name);
END
$function$;
COMMENT ON FUNCTION cdp.reconnect(text, boolean) IS
$comment$Reads a connected table from its beginning again, and makes its triggers anew: after what could not be
followed, as the view cdp.connection shows; where another table has its name now, that one. Rows that did not change are
duplicates then. When all is read, take_back: the calls of rows that are no longer there are taken back, as deletions;
in parts, as refreshes go on, see cdp.connection.taking_back. Not of an append_only connection, nor of one whose mapping
has a message_id, as its messages cannot be told from others of the source; nor of events that have left the log. With a
version in the mapping, a row that was taken back so and comes again needs a greater one. Only for roles with the rights
of the owner of the connection, and the owner of cdp's tables.
Errors: no such connection (42704), missing rights (42501), and those of cdp.connect().$comment$;

CREATE FUNCTION cdp.disconnect(name text) RETURNS void
	LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_variable
BEGIN
	PERFORM cdp_internal.lock_connection(name);
	PERFORM cdp_internal.drop_follow_triggers(name, r.oid, false)
	FROM cdp_data.connected_table c
	JOIN pg_class r ON r.oid = c.relation
	WHERE c.name = name;
	DELETE FROM cdp_data.connected_table c WHERE c.name = name;
END
$function$;
COMMENT ON FUNCTION cdp.disconnect(text) IS
$comment$Ends a connection, and drops its triggers. What its rows said stays; cdp.retract(source => …) takes it back.
Rows that wait are forgotten. Triggers that only the owner of the table can drop are a warning. Only for roles with the
rights of the owner of the connection, and the owner of cdp's tables.
Errors: no such connection (42704), missing rights (42501).$comment$;

CREATE FUNCTION cdp.preview_connection(name text DEFAULT NULL, table_name regclass DEFAULT NULL,
	mapping jsonb DEFAULT NULL, max_rows integer DEFAULT 10) RETURNS TABLE (message_id text, type text, event text,
	anonymous_id text, user_id text, group_id text, previous_id text, identifiers jsonb, properties jsonb,
	traits jsonb, context jsonb, "timestamp" timestamptz, deleted boolean, error text, "row" text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	relation oid := table_name;
	given jsonb;
	texts text[];
	problem text;
BEGIN
	PERFORM cdp_internal.check_tables();
	IF (preview_connection.name IS NULL) = (table_name IS NULL OR preview_connection.mapping IS NULL) THEN
		RAISE EXCEPTION 'give the name of a connection, or table_name and mapping'
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF preview_connection.name IS NULL THEN
		given := cdp_internal.read_mapping(relation, preview_connection.mapping);
	ELSE
		SELECT c.relation::oid INTO relation FROM cdp_data.connected_table c WHERE c.name = preview_connection.name;
	END IF;
	SELECT array_agg(r."row") FILTER (WHERE r.error IS NULL), min(r.error) INTO texts, problem
	FROM cdp_internal.read_rows(preview_connection.name, relation, NULL, NULL, NULL, NULL, max_rows) r;
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION 'table % cannot be read', relation::regclass USING ERRCODE = split_part(problem, ': ', 1),
			DETAIL = substr(problem, 8);
	END IF;
	RETURN QUERY
		SELECT coalesce(m.message_id, coalesce(preview_connection.name,
				cdp_internal.default_connection_name(relation)) || ':' || m.key),
			m.type, m.event, m.anonymous_id, m.user_id, m.group_id, m.previous_id, m.identifiers, m.properties,
			m.traits, m.context, m."timestamp", m.deleted, m.error, m.line
		FROM cdp_internal.map_rows(preview_connection.name, relation, given, cdp_internal.live_columns(relation),
			coalesce(texts, '{}')) m
		ORDER BY m.n;
END
$function$;
COMMENT ON FUNCTION cdp.preview_connection(text, regclass, jsonb, integer) IS
$comment$Shows what becomes of some rows of a table, up to max_rows: of a connection, by its name, or, before
connecting, of table_name by mapping (the arguments of cdp.connect(), as a document). error: why a row would go to
quarantine, with the row. Only for roles that can act as the owner of the connection.
Errors: those of cdp.connect().$comment$;

REVOKE ALL ON FUNCTION cdp_internal.check_connectable(oid, oid, text, text),
	cdp_internal.tell_slow_column(oid, text), cdp_internal.default_connection_name(oid),
	cdp_internal.create_follow_triggers(text, oid, boolean), cdp_internal.drop_follow_triggers(text, oid, boolean),
	cdp_internal.set_connection_source(text, boolean), cdp_internal.refuse_connection(text, text),
	cdp_internal.start_connection(text, boolean),
	cdp.connect(regclass, text, text, jsonb, jsonb, jsonb, text, text, text, text, jsonb, text, text, text, text,
		interval, boolean, text, boolean), cdp_internal.check_connection_arguments(text, text, text, interval),
	cdp_internal.check_connection(text), cdp_internal.lock_connection(text), cdp.reconnect(text, boolean),
	cdp.disconnect(text),
	cdp.preview_connection(text, regclass, jsonb, integer) FROM PUBLIC;
