-- Connections: tables of others whose rows are calls, read by each refresh and followed from then on.

CREATE FUNCTION cdp_internal.init_connection() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE SEQUENCE cdp_data.follow_number;
	COMMENT ON SEQUENCE cdp_data.follow_number IS
		'Numbers of what was read and written in connected tables: of two about one row, the later has the greater.';

	CREATE TABLE cdp_data.connected_table (
		name text COLLATE "C" PRIMARY KEY,
		owner regrole NOT NULL,
		relation regclass NOT NULL,
		relation_name text NOT NULL,
		source text COLLATE "C" NOT NULL,
		mapping jsonb NOT NULL,
		follow text NOT NULL CHECK (follow IN ('trigger', 'column')),
		cursor_column text CHECK ((cursor_column IS NOT NULL) = (follow = 'column')),
		margin interval CHECK (margin >= interval '0'),
		appends boolean NOT NULL,
		number bigint NOT NULL,
		is_first boolean NOT NULL DEFAULT true,
		read_parts oid[] NOT NULL DEFAULT '{}',
		part oid,
		part_file oid,
		place text,
		share_read numeric NOT NULL DEFAULT 0,
		pending text,
		pending_at timestamptz,
		pending_writers text[] NOT NULL DEFAULT '{}',
		pending_open text[] NOT NULL DEFAULT '{}',
		state text NOT NULL DEFAULT 'backfilling' CHECK (state IN ('backfilling', 'live', 'failing', 'too_slow')),
		error text,
		failing_since timestamptz,
		sent bigint NOT NULL DEFAULT 0,
		deletions bigint NOT NULL DEFAULT 0,
		failed bigint NOT NULL DEFAULT 0,
		sweep_number bigint,
		sweep_after bigint,
		swept_until uuid,
		truncated_at timestamptz,
		missed bigint NOT NULL DEFAULT 0,
		missed_error text,
		connected_at timestamptz NOT NULL DEFAULT clock_timestamp(),
		pulled_at timestamptz);
	COMMENT ON TABLE cdp_data.connected_table IS
		'Connections to tables: see cdp.connect(). Shown by the view cdp.connection.';
	COMMENT ON COLUMN cdp_data.connected_table.name IS 'Name of the connection.';
	COMMENT ON COLUMN cdp_data.connected_table.owner IS
		'The role as which the table is read and the expressions of the mapping are evaluated.';
	COMMENT ON COLUMN cdp_data.connected_table.relation IS 'The table.';
	COMMENT ON COLUMN cdp_data.connected_table.relation_name IS
		'Its name, with its schema, when it was last read: another relation may have it by now.';
	COMMENT ON COLUMN cdp_data.connected_table.source IS 'The source of its events.';
	COMMENT ON COLUMN cdp_data.connected_table.mapping IS 'The SQL expressions that make calls of its rows.';
	COMMENT ON COLUMN cdp_data.connected_table.follow IS
		'trigger: its rows are read once, and then triggers note what is written; column: what is later in '
		'cursor_column is read.';
	COMMENT ON COLUMN cdp_data.connected_table.cursor_column IS 'The column that grows; NULL: followed by triggers.';
	COMMENT ON COLUMN cdp_data.connected_table.margin IS
		'How long, from when a value of the column was seen, to wait for transactions that were open then before '
		'everything up to it is read.';
	COMMENT ON COLUMN cdp_data.connected_table.appends IS
		'Whether rows are only ever added, so that updates and deletes count for nothing.';
	COMMENT ON COLUMN cdp_data.connected_table.number IS
		'Number of the rows that are read: greater than all that was written before the table was connected.';
	COMMENT ON COLUMN cdp_data.connected_table.is_first IS
		'Whether what is read now was never read before, so that there is nothing of it to delete.';
	COMMENT ON COLUMN cdp_data.connected_table.read_parts IS
		'The table, or those of its partitions, that have been read from end to end.';
	COMMENT ON COLUMN cdp_data.connected_table.part IS 'What is being read: the table or a partition; NULL: nothing.';
	COMMENT ON COLUMN cdp_data.connected_table.part_file IS 'Its file, which a VACUUM FULL or the like replaces.';
	COMMENT ON COLUMN cdp_data.connected_table.place IS
		'How far it was read: the place of a row, or a value of cursor_column; NULL: not at all.';
	COMMENT ON COLUMN cdp_data.connected_table.share_read IS
		'The share of the bytes of the table that was read, from 0 to 1, when it was followed by triggers.';
	COMMENT ON COLUMN cdp_data.connected_table.pending IS
		'The greatest value of cursor_column that was seen, up to which is read next; NULL: none.';
	COMMENT ON COLUMN cdp_data.connected_table.pending_at IS 'When it was seen.';
	COMMENT ON COLUMN cdp_data.connected_table.pending_writers IS
		'The transactions that were writing to the table then, and may still add smaller values.';
	COMMENT ON COLUMN cdp_data.connected_table.pending_open IS
		'All transactions that were open then, and may begin to.';
	COMMENT ON COLUMN cdp_data.connected_table.state IS 'backfilling, live, failing or too_slow: see cdp.connection.';
	COMMENT ON COLUMN cdp_data.connected_table.error IS 'Why it is failing or too slow; NULL: it is not.';
	COMMENT ON COLUMN cdp_data.connected_table.failing_since IS 'Since when; NULL: it is not.';
	COMMENT ON COLUMN cdp_data.connected_table.sent IS 'Number of calls written to the inbox.';
	COMMENT ON COLUMN cdp_data.connected_table.deletions IS 'Number of deletions written to the inbox.';
	COMMENT ON COLUMN cdp_data.connected_table.failed IS 'Number of rows that an expression failed for.';
	COMMENT ON COLUMN cdp_data.connected_table.sweep_number IS
		'Calls of rows that were not sent since this number are taken back; NULL: none are looked for.';
	COMMENT ON COLUMN cdp_data.connected_table.sweep_after IS
		'The number up to which notes are to be read before; NULL: the table is not read to its end yet.';
	COMMENT ON COLUMN cdp_data.connected_table.swept_until IS
		'The key in cdp_data.statement up to which they were looked for; NULL: not at all.';
	COMMENT ON COLUMN cdp_data.connected_table.truncated_at IS
		'When the table was last truncated, as a trigger noted; NULL: never, or what its rows said is taken back.';
	COMMENT ON COLUMN cdp_data.connected_table.missed IS 'Number of statements that a trigger could not note.';
	COMMENT ON COLUMN cdp_data.connected_table.missed_error IS 'The error of the last of these.';
	COMMENT ON COLUMN cdp_data.connected_table.connected_at IS 'When it was connected.';
	COMMENT ON COLUMN cdp_data.connected_table.pulled_at IS 'When it was last read; kept to the minute if idle.';

	CREATE TABLE cdp_data.followed_row (
		connection text COLLATE "C",
		number bigint DEFAULT nextval('cdp_data.follow_number'),
		operation text NOT NULL CHECK (operation IN ('insert', 'update', 'delete', 'truncate', 'missed')),
		columns smallint[] NOT NULL DEFAULT '{}',
		rows integer NOT NULL DEFAULT 0,
		new_rows text,
		old_rows text,
		detail text,
		written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
		PRIMARY KEY (connection, number),
		-- a refresh has the rows of a note in one array, of less than 1 GB
		CONSTRAINT followed_row_size CHECK (coalesce(octet_length(new_rows)::bigint, 0)
			+ coalesce(octet_length(old_rows), 0) <= 1000000000));
	-- lz4, which not every server has, costs the writers less than storing what it saves; pglz costs more
	BEGIN
		ALTER TABLE cdp_data.followed_row ALTER COLUMN new_rows SET COMPRESSION lz4,
			ALTER COLUMN old_rows SET COMPRESSION lz4;
	EXCEPTION WHEN feature_not_supported THEN
		ALTER TABLE cdp_data.followed_row ALTER COLUMN new_rows SET STORAGE EXTERNAL,
			ALTER COLUMN old_rows SET STORAGE EXTERNAL;
	END;
	COMMENT ON TABLE cdp_data.followed_row IS
		'What triggers on connected tables noted, up to a thousand rows of a statement in each row. cdp.refresh() '
		'empties it.';
	COMMENT ON COLUMN cdp_data.followed_row.connection IS 'The connection for which it was noted.';
	COMMENT ON COLUMN cdp_data.followed_row.number IS 'Number of the note, in the order of writing to one row.';
	COMMENT ON COLUMN cdp_data.followed_row.operation IS
		'insert, update, delete or truncate; missed: a statement that could not be noted, see detail.';
	COMMENT ON COLUMN cdp_data.followed_row.columns IS 'The numbers of the columns that the rows have.';
	COMMENT ON COLUMN cdp_data.followed_row.rows IS 'How many rows there are.';
	COMMENT ON COLUMN cdp_data.followed_row.new_rows IS
		'The rows as they are now, as texts, one after the other; NULL: of a delete.';
	COMMENT ON COLUMN cdp_data.followed_row.old_rows IS 'The rows as they were, likewise; NULL: of an insert.';
	COMMENT ON COLUMN cdp_data.followed_row.detail IS 'The error, as SQLSTATE: message; NULL: there is none.';
	COMMENT ON COLUMN cdp_data.followed_row.written_at IS 'When it was written.';

	CREATE TABLE cdp_data.seen_call (
		connection text COLLATE "C",
		message_key uuid,
		PRIMARY KEY (connection, message_key));
	COMMENT ON TABLE cdp_data.seen_call IS
		'Calls and deletions that connected tables sent while calls of rows that are no longer there are looked '
		'for.';
	COMMENT ON COLUMN cdp_data.seen_call.connection IS 'The connection that sent it.';
	COMMENT ON COLUMN cdp_data.seen_call.message_key IS 'cdp_internal.message_key() of its message id.';

	PERFORM cdp_internal.init_connection_guard();
	PERFORM cdp_internal.init_follow_triggers();
	PERFORM cdp_internal.init_connection_view();
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_connection() IS
	'Internal: makes the tables of connections, and the functions of their triggers.';

CREATE FUNCTION cdp_internal.row_text(given record) RETURNS text
	LANGUAGE C STABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'cdp_row_text';
COMMENT ON FUNCTION cdp_internal.row_text(record) IS
	'Internal: returns the text of a row, as its output function writes it, in less time.';

-- What a connection runs, and as whom, is written by roles that could act as its owner only; and by the owner of cdp's
-- tables, who refreshes.
CREATE FUNCTION cdp_internal.check_connection_owner(connection text, owner oid) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	role name := (SELECT r.rolname FROM pg_roles r WHERE r.oid = owner);
	keeper name := (
		SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = 'cdp_data.connected_table'::regclass);
BEGIN
	IF current_user = keeper OR pg_has_role(owner, 'USAGE') THEN
		RETURN;
	ELSIF role IS NULL THEN
		RAISE EXCEPTION 'the role that owns connection "%" does not exist any more', connection
			USING ERRCODE = 'insufficient_privilege',
				HINT = format('Role "%s", which owns the tables of cdp, can end it.', keeper);
	END IF;
	RAISE EXCEPTION 'must be a member of role "%"', role USING ERRCODE = 'insufficient_privilege',
		DETAIL = format('Role "%s" owns connection "%s", whose expressions are evaluated with its rights.', role,
			connection),
		HINT = format('Only roles with the rights of "%s" can change or end it, and "%s", which owns the tables of '
			'cdp.', role, keeper);
END
$function$;
COMMENT ON FUNCTION cdp_internal.check_connection_owner(text, oid) IS
	'Internal: raises an error unless the caller has the rights of the owner of a connection, or owns cdp''s tables.';

CREATE FUNCTION cdp_internal.init_connection_guard() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE FUNCTION cdp_data.guard_connection() RETURNS trigger
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
		SET search_path = pg_catalog, pg_temp
	AS $body$
	BEGIN
		-- a source gives its messages other keys
		IF TG_OP = 'UPDATE' AND new.swept_until IS NULL THEN
			old.swept_until := NULL;
			IF old IS NOT DISTINCT FROM new THEN
				RETURN new;
			END IF;
		END IF;
		IF TG_OP <> 'INSERT' THEN
			PERFORM cdp_internal.check_connection_owner(old.name, old.owner);
		END IF;
		IF TG_OP = 'DELETE' THEN
			RETURN old;
		END IF;
		PERFORM cdp_internal.check_connection_owner(new.name, new.owner);
		RETURN new;
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.guard_connection() IS
		'Internal: refuses changes of a connection by roles that do not have the rights of its owner.';
	-- SECURITY DEFINER: only the owner of cdp's tables has rights on what is noted of the tables of others
	CREATE FUNCTION cdp_data.forget_notes() RETURNS trigger
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, pg_temp
	AS $body$
	BEGIN
		IF TG_OP = 'DELETE' OR new.relation <> old.relation OR new.name <> old.name THEN
			-- what was noted of another table has its columns
			DELETE FROM cdp_data.followed_row r WHERE r.connection = old.name;
		END IF;
		IF TG_OP = 'DELETE' OR new.sweep_number IS DISTINCT FROM old.sweep_number THEN
			DELETE FROM cdp_data.seen_call s WHERE s.connection = old.name;
		END IF;
		RETURN NULL;
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.forget_notes() IS
		'Internal: deletes what was noted for a connection that ends, or begins anew.';
	REVOKE ALL ON FUNCTION cdp_data.guard_connection(), cdp_data.forget_notes() FROM PUBLIC;
	CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON cdp_data.connected_table
		FOR EACH ROW EXECUTE FUNCTION cdp_data.guard_connection();
	CREATE TRIGGER forget AFTER UPDATE OR DELETE ON cdp_data.connected_table
		FOR EACH ROW EXECUTE FUNCTION cdp_data.forget_notes();
	ALTER TABLE cdp_data.connected_table ENABLE ALWAYS TRIGGER guard;
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_connection_guard() IS
	'Internal: makes the triggers that guard connections.';

-- The triggers on connected tables.  Their functions run as the owner of cdp's tables, since those who write to a
-- connected table need no right on these; they turn rows into texts by the output functions of types, and never by a
-- cast, which the owner of a table could make.  They raise no error: what they cannot note is noted as missed.
CREATE FUNCTION cdp_internal.init_follow_triggers() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE FUNCTION cdp_data.follow_statement() RETURNS trigger
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, pg_temp
		SET datestyle = 'ISO, MDY' SET timezone = 'UTC' SET intervalstyle = 'postgres' SET extra_float_digits = 1
		SET bytea_output = 'hex' SET lc_monetary = 'C'
	AS $body$
	DECLARE
		max_rows constant integer := 1000;
		shape smallint[] := ARRAY(SELECT a.attnum FROM pg_attribute a
			WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum);
		written bigint;
	BEGIN
		CASE TG_OP
			WHEN 'INSERT' THEN
				SELECT count(*) INTO written FROM new_rows;
				IF written BETWEEN 1 AND max_rows THEN
					INSERT INTO cdp_data.followed_row (connection, operation, columns, rows, new_rows)
					SELECT TG_ARGV[0], 'insert', shape, written, string_agg(cdp_internal.row_text("cdp row"), '')
					FROM new_rows "cdp row";
				ELSIF written > 0 THEN
					INSERT INTO cdp_data.followed_row (connection, operation, columns, rows, new_rows)
					SELECT TG_ARGV[0], 'insert', shape, count(*), string_agg(r.text, '')
					FROM (
						SELECT cdp_internal.row_text("cdp row") AS text, (row_number() OVER () - 1) / max_rows AS part
						FROM new_rows "cdp row") r
					GROUP BY r.part;
				END IF;
			WHEN 'UPDATE' THEN
				INSERT INTO cdp_data.followed_row (connection, operation, columns, rows, new_rows, old_rows)
				SELECT TG_ARGV[0], 'update', shape, p.written, p.texts, q.texts
				FROM (SELECT r.part, count(*) AS written, string_agg(r.text, '') AS texts
					FROM (
						SELECT cdp_internal.row_text("cdp row") AS text, (row_number() OVER () - 1) / max_rows AS part
						FROM new_rows "cdp row") r
					GROUP BY r.part) p
				JOIN (SELECT r.part, count(*) AS written, string_agg(r.text, '') AS texts
					FROM (
						SELECT cdp_internal.row_text("cdp row") AS text, (row_number() OVER () - 1) / max_rows AS part
						FROM old_rows "cdp row") r
					GROUP BY r.part) q USING (part);
			WHEN 'DELETE' THEN
				INSERT INTO cdp_data.followed_row (connection, operation, columns, rows, old_rows)
				SELECT TG_ARGV[0], 'delete', shape, count(*), string_agg(r.text, '')
				FROM (
					SELECT cdp_internal.row_text("cdp row") AS text, (row_number() OVER () - 1) / max_rows AS part
					FROM old_rows "cdp row") r
				GROUP BY r.part;
			ELSE
				INSERT INTO cdp_data.followed_row (connection, operation) VALUES (TG_ARGV[0], 'truncate');
		END CASE;
		RETURN NULL;
	EXCEPTION WHEN OTHERS THEN
		BEGIN
			INSERT INTO cdp_data.followed_row (connection, operation, detail)
			VALUES (TG_ARGV[0], 'missed', SQLSTATE || ': ' || left(SQLERRM, 500));
		EXCEPTION WHEN OTHERS THEN
			RAISE WARNING 'what was written to table % is not followed: %', TG_RELID::regclass, SQLERRM;
		END;
		RETURN NULL;
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.follow_statement() IS
		'Internal: notes, for the connection that its argument names, what a statement wrote to a table. The trigger '
		'has transition tables new_rows and old_rows.';

	CREATE FUNCTION cdp_data.follow_row() RETURNS trigger
		LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER
		SET search_path = pg_catalog, pg_temp
		SET datestyle = 'ISO, MDY' SET timezone = 'UTC' SET intervalstyle = 'postgres' SET extra_float_digits = 1
		SET bytea_output = 'hex' SET lc_monetary = 'C'
	AS $body$
	DECLARE
		-- a transaction with an old snapshot does not see a connection that was made since
		connected oid := coalesce(
			(SELECT c.relation FROM cdp_data.connected_table c WHERE c.name = TG_ARGV[0]),
			pg_partition_root(TG_RELID), TG_RELID);
	BEGIN
		INSERT INTO cdp_data.followed_row (connection, operation, columns, rows, new_rows, old_rows)
		SELECT TG_ARGV[0], lower(TG_OP),
			-- the columns of a partition, by name, have the numbers of the table that is connected
			array_agg(w.attnum ORDER BY a.attnum), 1, CASE WHEN TG_OP <> 'DELETE' THEN cdp_internal.row_text(new) END,
			CASE WHEN TG_OP <> 'INSERT' THEN cdp_internal.row_text(old) END
		FROM pg_attribute a
		JOIN pg_attribute w ON w.attrelid = connected AND w.attname = a.attname AND NOT w.attisdropped
		WHERE a.attrelid = TG_RELID AND a.attnum > 0 AND NOT a.attisdropped;
		RETURN NULL;
	EXCEPTION WHEN OTHERS THEN
		BEGIN
			INSERT INTO cdp_data.followed_row (connection, operation, detail)
			VALUES (TG_ARGV[0], 'missed', SQLSTATE || ': ' || left(SQLERRM, 500));
		EXCEPTION WHEN OTHERS THEN
			RAISE WARNING 'what was written to table % is not followed: %', TG_RELID::regclass, SQLERRM;
		END;
		RETURN NULL;
	END
	$body$;
	COMMENT ON FUNCTION cdp_data.follow_row() IS
		'Internal: notes, for the connection that its argument names, a row written to a table or to a partition of '
		'it, by whatever way.';
	REVOKE ALL ON FUNCTION cdp_data.follow_statement(), cdp_data.follow_row() FROM PUBLIC;
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_follow_triggers() IS
	'Internal: makes the functions of the triggers on connected tables.';

CREATE FUNCTION cdp_internal.init_connection_view() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CREATE VIEW cdp.connection AS
		SELECT c.name, c.owner::text AS owner, c.relation_name AS table_name, c.source, c.follow, c.cursor_column,
			c.state, c.error, c.failing_since,
			cdp_internal.connection_warning(c.truncated_at, c.sweep_number IS NOT NULL AND NOT c.mapping ? 'version',
				c.missed, c.missed_error) AS warning,
			c.sweep_number IS NOT NULL AS taking_back,
			CASE WHEN c.follow = 'trigger' THEN c.share_read END AS share_read,
			CASE WHEN c.follow = 'column' THEN c.place END AS read_until,
			CASE WHEN c.follow = 'trigger' THEN (
				SELECT coalesce(sum(r.rows), 0)::bigint
				FROM cdp_data.followed_row r
				WHERE r.connection = c.name) END AS waiting,
			CASE WHEN c.follow = 'trigger' THEN (
				SELECT min(r.written_at) FROM cdp_data.followed_row r WHERE r.connection = c.name)
				ELSE c.pending_at END AS waiting_since,
			c.sent, c.deletions, c.failed, c.connected_at, c.pulled_at, c.mapping
		FROM cdp_data.connected_table c;
	COMMENT ON VIEW cdp.connection IS 'Connections to tables, what became of their rows, and how they are.';
	COMMENT ON COLUMN cdp.connection.name IS 'Name of the connection.';
	COMMENT ON COLUMN cdp.connection.owner IS
		'The role as which the table is read and its expressions are evaluated; a number: it does not exist any more.';
	COMMENT ON COLUMN cdp.connection.table_name IS 'The table, with its schema.';
	COMMENT ON COLUMN cdp.connection.source IS 'The source of its events.';
	COMMENT ON COLUMN cdp.connection.follow IS 'How it is followed: by trigger or column.';
	COMMENT ON COLUMN cdp.connection.cursor_column IS 'The column that it is followed by; NULL: by trigger.';
	COMMENT ON COLUMN cdp.connection.state IS
		'backfilling: what was there before is being read; live: it is read, and followed; failing: nothing is read, '
		'see error; too_slow: a part takes longer than cdp.connection_timeout, tried again ten minutes later. Each '
		'refresh tries a failing one again.';
	COMMENT ON COLUMN cdp.connection.error IS 'Why it is failing or too slow; NULL: it is not.';
	COMMENT ON COLUMN cdp.connection.failing_since IS 'Since when; NULL: it is not.';
	COMMENT ON COLUMN cdp.connection.warning IS
		'What could not be followed: a TRUNCATE, or statements that the trigger could not note; NULL: nothing. '
		'cdp.reconnect() reads the table anew.';
	COMMENT ON COLUMN cdp.connection.taking_back IS
		'Whether calls of rows that are no longer there are taken back, once what is there was read: after a TRUNCATE '
		'or cdp.reconnect().';
	COMMENT ON COLUMN cdp.connection.share_read IS
		'The share of the table''s bytes that has been read, from 0 to 1; NULL: followed by a column.';
	COMMENT ON COLUMN cdp.connection.read_until IS
		'The value of the column up to which everything is read; NULL: followed by trigger, or nothing is read.';
	COMMENT ON COLUMN cdp.connection.waiting IS
		'Number of rows that triggers noted and no refresh has taken yet; NULL: followed by a column.';
	COMMENT ON COLUMN cdp.connection.waiting_since IS
		'Since when the oldest of them waits, or a value of the column that is not read yet; NULL: nothing waits.';
	COMMENT ON COLUMN cdp.connection.sent IS 'Number of calls written to the inbox, again and again for corrections.';
	COMMENT ON COLUMN cdp.connection.deletions IS 'Number of deletions written to the inbox.';
	COMMENT ON COLUMN cdp.connection.failed IS
		'Number of rows that an expression failed for; they are in quarantine as failed.';
	COMMENT ON COLUMN cdp.connection.connected_at IS 'When it was connected.';
	COMMENT ON COLUMN cdp.connection.pulled_at IS 'When it was last read, to the minute if nothing was there.';
	COMMENT ON COLUMN cdp.connection.mapping IS 'The SQL expressions that make calls of its rows, see cdp.connect().';
END
$function$;
COMMENT ON FUNCTION cdp_internal.init_connection_view() IS 'Internal: makes the view of connections.';

CREATE FUNCTION cdp_internal.connection_warning(truncated_at timestamptz, is_swept boolean, missed bigint,
	missed_error text) RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN nullif(concat_ws(' ',
		CASE WHEN missed > 0
			THEN format('%s statement(s) could not be noted, the last by %s.', missed, missed_error) END,
		CASE WHEN truncated_at IS NOT NULL
			THEN format('The table was truncated at %s; what its rows said %s.', truncated_at,
				CASE WHEN is_swept THEN 'is being taken back' ELSE 'stays' END) END), '');
COMMENT ON FUNCTION cdp_internal.connection_warning(timestamptz, boolean, bigint, text) IS
	'Internal: returns what of a connected table could not be followed; NULL: nothing.';

CREATE FUNCTION cdp_internal.table_parts(relation oid) RETURNS TABLE (part oid, bytes bigint)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 10
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN QUERY
		SELECT c.oid, coalesce(pg_relation_size(c.oid), 0)
		FROM pg_class c
		WHERE c.oid = relation AND c.relkind <> 'p'
		UNION ALL
		SELECT t.relid::oid, coalesce(pg_relation_size(t.relid), 0)
		FROM pg_class c
		CROSS JOIN LATERAL pg_partition_tree(c.oid) t
		WHERE c.oid = relation AND c.relkind = 'p' AND t.isleaf
		ORDER BY 1;
END
$function$;
COMMENT ON FUNCTION cdp_internal.table_parts(oid) IS
	'Internal: returns the parts of a table that have rows: itself, or its partitions; none if it does not exist.';

CREATE FUNCTION cdp_internal.share_read(relation oid, read_parts oid[], part oid, place text) RETURNS numeric
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN (
		SELECT round(coalesce(sum(CASE WHEN p.part = ANY (read_parts) THEN p.bytes
				WHEN p.part = share_read.part AND place IS NOT NULL
					THEN least(split_part(ltrim(place, '('), ',', 1)::bigint * current_setting('block_size')::bigint,
						p.bytes)
				ELSE 0 END) / nullif(sum(p.bytes), 0),
			CASE WHEN bool_and(p.part = ANY (read_parts)) THEN 1 ELSE 0 END), 3)
		FROM cdp_internal.table_parts(relation) p);
END
$function$;
COMMENT ON FUNCTION cdp_internal.share_read(oid, oid[], oid, text) IS
	'Internal: returns the share of the bytes of a connected table that has been read.';

REVOKE ALL ON FUNCTION cdp_internal.row_text(record), cdp_internal.init_connection(),
	cdp_internal.check_connection_owner(text, oid),
	cdp_internal.init_connection_guard(),
	cdp_internal.init_follow_triggers(), cdp_internal.init_connection_view(),
	cdp_internal.connection_warning(timestamptz, boolean, bigint, text), cdp_internal.table_parts(oid),
	cdp_internal.share_read(oid, oid[], oid, text) FROM PUBLIC;
