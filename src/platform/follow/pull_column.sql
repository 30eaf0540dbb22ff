-- Pulling what is new in a connected table by a column that grows.

-- The transactions that hold a lock for writing on a table: what they draw from a sequence or a clock, and have not
-- committed, may be less than what is seen.
CREATE FUNCTION cdp_internal.table_writers(relation oid) RETURNS text[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN ARRAY(
		SELECT DISTINCT l.virtualtransaction
		FROM pg_locks l
		WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
			AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
			AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
			AND (l.relation = table_writers.relation
				OR l.relation IN (SELECT t.relid FROM pg_partition_tree(table_writers.relation) t))
		ORDER BY 1);
END
$function$;
COMMENT ON FUNCTION cdp_internal.table_writers(oid) IS
	'Internal: returns the transactions of other sessions that may be writing to a table.';

CREATE FUNCTION cdp_internal.open_transactions() RETURNS text[]
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	RETURN ARRAY(
		SELECT l.virtualtransaction
		FROM pg_locks l
		JOIN pg_stat_activity a USING (pid)
		WHERE l.locktype = 'virtualxid' AND l.granted AND l.virtualxid = l.virtualtransaction
			AND l.pid <> pg_backend_pid() AND a.datname = current_database()
			AND a.backend_type <> 'autovacuum worker'
		ORDER BY 1);
END
$function$;
COMMENT ON FUNCTION cdp_internal.open_transactions() IS
	'Internal: returns the transactions of other sessions in this database.';

-- All up to a value that was seen is read once no transaction is open any more that was writing to the table then; and
-- none that was open at all, as it may have drawn its now() before and write later: for these it waits a margin long.
-- So each row is read once, and none that was being written is passed over, however long its transaction takes.  Of
-- views and foreign tables no transactions are known, and the margin passes in any case.
CREATE FUNCTION cdp_internal.next_bound(connection text, OUT bound text, OUT error text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	c record;
	latest record;
BEGIN
	SELECT t.relation::oid AS relation, t.margin, t.place, t.pending, t.pending_at, t.pending_writers, t.pending_open,
		(SELECT r.relkind IN ('r', 'p') FROM pg_class r WHERE r.oid = t.relation) AS is_local INTO STRICT c
	FROM cdp_data.connected_table t WHERE t.name = connection;
	IF c.pending IS NULL THEN
		SELECT r.place, r.error INTO latest
		FROM cdp_internal.read_rows(connection, NULL, NULL, NULL, NULL, NULL, 1, latest => true) r;
		error := latest.error;
		IF latest.place IS NULL OR latest.place = c.place THEN
			RETURN;
		END IF;
		-- after the value
		c.pending_writers := cdp_internal.table_writers(c.relation);
		c.pending_open := cdp_internal.open_transactions();
		UPDATE cdp_data.connected_table t
		SET pending = latest.place, pending_at = clock_timestamp(), pending_writers = c.pending_writers,
			pending_open = c.pending_open
		WHERE t.name = connection;
		c.pending := latest.place;
		c.pending_at := clock_timestamp();
	END IF;
	IF (clock_timestamp() - c.pending_at >= c.margin
			OR c.is_local AND NOT c.pending_open && cdp_internal.open_transactions())
		AND NOT c.pending_writers && cdp_internal.table_writers(c.relation) THEN
		bound := c.pending;
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.next_bound(text) IS
	'Internal: returns the value of the column up to which a connected table can be read; NULL: up to none that was '
	'not read yet.';

CREATE FUNCTION cdp_internal.pull_column(connection text, max_rows bigint, OUT taken bigint, OUT sent bigint,
	OUT deletions bigint, OUT line_places tid[], OUT failures text[], OUT error text)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
#variable_conflict use_column
DECLARE
	c record;
	next record;
	page record;
	done record;
	number bigint;
BEGIN
	taken := 0; sent := 0; deletions := 0; line_places := '{}'; failures := '{}';
	SELECT b.bound, b.error INTO next FROM cdp_internal.next_bound(connection) b;
	WHILE taken < max_rows AND next.bound IS NOT NULL LOOP
		SELECT t.relation::oid AS relation, t.place, t.is_first INTO STRICT c
		FROM cdp_data.connected_table t WHERE t.name = connection;
		number := nextval('cdp_data.follow_number');
		SELECT array_agg(r."row" ORDER BY r.n) AS texts, (array_agg(r.place ORDER BY r.n DESC))[1] AS last,
			min(r.error) AS error INTO page
		FROM cdp_internal.read_rows(connection, NULL, NULL, NULL, c.place, next.bound, least(max_rows - taken, 10000))
			WITH ORDINALITY AS r (place, "row", error, n);
		IF page.error IS NOT NULL THEN
			error := page.error;
			RETURN;
		END IF;
		IF page.texts IS NULL THEN
			UPDATE cdp_data.connected_table t
			SET place = next.bound, is_first = false, pending = NULL, pending_at = NULL, pending_writers = '{}',
				pending_open = '{}'
			WHERE t.name = connection;
			SELECT b.bound, b.error INTO next FROM cdp_internal.next_bound(connection) b;
			PERFORM cdp_internal.begin_sweep(connection);
			CONTINUE;
		END IF;
		SELECT s.* INTO done
		FROM cdp_internal.send_rows(connection, cdp_internal.live_columns(c.relation), page.texts,
			array_fill(number, ARRAY[cardinality(page.texts)]),
			array_fill(CASE WHEN c.is_first THEN 'insert' ELSE 'read' END, ARRAY[cardinality(page.texts)])) s;
		IF done.error IS NOT NULL THEN
			error := done.error;
			RETURN;
		END IF;
		UPDATE cdp_data.connected_table t SET place = page.last WHERE t.name = connection;
		sent := sent + done.sent;
		deletions := deletions + done.deletions;
		line_places := line_places || done.line_places;
		failures := failures || done.failures;
		taken := taken + cardinality(page.texts);
		PERFORM cdp_internal.progress_set('read', taken, max_rows);
	END LOOP;
	error := next.error;
	IF next.bound IS NULL AND error IS NULL
			AND (SELECT t.pending IS NULL FROM cdp_data.connected_table t WHERE t.name = connection) THEN
		PERFORM cdp_internal.begin_sweep(connection);
	END IF;
END
$function$;
COMMENT ON FUNCTION cdp_internal.pull_column(text, bigint) IS
	'Internal: reads on in a connected table that is followed by a column, up to max_rows rows and all of the last '
	'value, and writes them to the inbox. error: why it does not go on; NULL: no error.';

REVOKE ALL ON FUNCTION cdp_internal.table_writers(oid), cdp_internal.open_transactions(),
	cdp_internal.next_bound(text), cdp_internal.pull_column(text, bigint) FROM PUBLIC;
