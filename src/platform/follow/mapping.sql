-- What a connection runs: the query that reads a part of its table, and the one that makes calls of rows.

CREATE FUNCTION cdp_internal.check_expression(relation oid, expression text, needed oid, what text) RETURNS oid
	LANGUAGE C STABLE STRICT PARALLEL SAFE
	-- as cdp_internal.check_condition(): the same text means the same for every caller
	SET search_path = pg_catalog, cdp, pg_temp
	AS 'MODULE_PATHNAME', 'cdp_check_expression';
COMMENT ON FUNCTION cdp_internal.check_expression(oid, text, oid, text) IS
	'Internal: raises an error, with the position in the text, unless the text is one SQL expression over the columns '
	'of the table that can be cast to a type, without aggregates, window, set-returning and volatile functions, '
	'parameters, and functions that belong neither to the caller nor to a superuser. Returns its type. what: its name '
	'in messages.';

CREATE FUNCTION cdp_internal.read_rows(name text, relation oid, cursor_column text, part oid, after text, until text,
	max_rows bigint, latest boolean DEFAULT false) RETURNS TABLE (place text, "row" text, error text)
	LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10000
	AS 'MODULE_PATHNAME', 'cdp_read_rows';
COMMENT ON FUNCTION cdp_internal.read_rows(text, oid, text, oid, text, text, bigint, boolean) IS
	'Internal: reads rows of a connection, as its owner, or (name NULL) of a table, as the caller: as texts, each with '
	'its place, up to max_rows and 64 MB: those of the part behind a place; without part, those with a value of '
	'cursor_column after one and until another, in its order, all of the last value; without both, any. latest: just '
	'the greatest value. If it fails, returns one row with the error.';

CREATE FUNCTION cdp_internal.map_rows(name text, relation oid, mapping jsonb, columns smallint[], rows text[])
	RETURNS TABLE (n bigint, key text, message_id text, deleted boolean, version jsonb, type text, event text,
		anonymous_id text, user_id text, group_id text, previous_id text, identifiers jsonb, properties jsonb,
		traits jsonb, context jsonb, "timestamp" timestamptz, sent_at timestamptz, original_timestamp timestamptz,
		received_at timestamptz, error text, line text)
	LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10000
	AS 'MODULE_PATHNAME', 'cdp_map_rows';
COMMENT ON FUNCTION cdp_internal.map_rows(text, oid, jsonb, smallint[], text[]) IS
	'Internal: makes calls of rows, by the mapping of a connection, as its owner, or (name NULL) by a mapping, as the '
	'caller. columns: the numbers of the columns in the texts of the rows. A row that fails gives an error, and itself '
	'as a line; if the mapping fails as a whole, the last row has the error and no n.';

CREATE FUNCTION cdp_internal.split_rows(rows text) RETURNS SETOF text
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1000
	AS 'MODULE_PATHNAME', 'cdp_split_rows';
COMMENT ON FUNCTION cdp_internal.split_rows(text) IS
	'Internal: returns the texts of rows that stand one after the other; what is malformed at the end as it is.';

CREATE FUNCTION cdp_internal.live_columns(relation oid) RETURNS smallint[]
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN ARRAY(
		SELECT a.attnum FROM pg_attribute a
		WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum);
COMMENT ON FUNCTION cdp_internal.live_columns(oid) IS 'Internal: returns the numbers of the columns of a table.';

CREATE FUNCTION cdp_internal.column_list(relation oid) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	RETURN (
		SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
		FROM pg_attribute a
		WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped);
COMMENT ON FUNCTION cdp_internal.column_list(oid) IS
	'Internal: returns the names of the columns of a table, as a list in SQL.';

CREATE FUNCTION cdp_internal.page_query(relation oid, cursor_column text, part oid, has_after boolean,
	has_until boolean, max_rows bigint, latest boolean) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	-- a ROW of the columns by name: a partition may have them in another order
	texts text := format('concat(ROW(%s))', cdp_internal.column_list(relation));
	kind text := (
		SELECT format_type(a.atttypid, NULL) FROM pg_attribute a
		WHERE a.attrelid = relation AND a.attname = cursor_column AND a.attnum > 0 AND NOT a.attisdropped);
BEGIN
	IF cursor_column IS NOT NULL AND kind IS NULL THEN
		RAISE EXCEPTION 'table % has no column "%"', relation::regclass, cursor_column
			USING ERRCODE = 'undefined_column';
	END IF;
	CASE
		WHEN latest THEN
			RETURN format('SELECT max(t.%1$I)::text, '''' FROM %2$s t', cursor_column, relation::regclass);
		WHEN part IS NOT NULL AND part <> relation
			AND NOT EXISTS (SELECT FROM pg_partition_tree(relation) p WHERE p.relid = part) THEN
			RETURN NULL;
		WHEN part IS NOT NULL THEN
			RETURN format('SELECT t.ctid::text, %s FROM ONLY %s t WHERE t.ctid > coalesce($1, ''(0,0)'')::tid '
				'AND $2 IS NULL LIMIT %s', texts, part::regclass, max_rows);
		WHEN has_until THEN
			RETURN format('SELECT t.%1$I::text, %2$s FROM %3$s t WHERE %4$s AND t.%1$I <= $2::%5$s ORDER BY t.%1$I '
				'FETCH FIRST %6$s ROWS WITH TIES', cursor_column, texts, relation::regclass,
				CASE WHEN has_after THEN format('t.%I > $1::%s', cursor_column, kind) ELSE '$1 IS NULL' END, kind,
				max_rows);
		ELSE
			RETURN format('SELECT '''', %s FROM %s t WHERE $1 IS NULL AND $2 IS NULL LIMIT %s', texts,
				relation::regclass, max_rows);
	END CASE;
END
$function$;
COMMENT ON FUNCTION cdp_internal.page_query(oid, text, oid, boolean, boolean, bigint, boolean) IS
	'Internal: returns the query of cdp_internal.read_rows(), with the parameters $1 (after) and $2 (until).';

CREATE FUNCTION cdp_internal.object_query(relation oid, given jsonb) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	-- a function takes a hundred arguments
	RETURN (
		SELECT string_agg(g.part, ' || ')
		FROM (
			SELECT format('jsonb_build_object(%s)',
				string_agg(format(E'%L, (%s\n)', m.name, m.expression), ', ')) AS part
			FROM (
				SELECT v.name, v.expression, (row_number() OVER (ORDER BY v.place) - 1) / 45 AS chunk
				FROM cdp_internal.object_members(relation, given) WITH ORDINALITY AS v (name, expression, place)) m
			GROUP BY m.chunk ORDER BY m.chunk) g);
END
$function$;
COMMENT ON FUNCTION cdp_internal.object_query(oid, jsonb) IS
	'Internal: returns an expression that makes an object of the members that a mapping names; NULL: of none.';

CREATE FUNCTION cdp_internal.object_members(relation oid, given jsonb) RETURNS TABLE (name text, expression text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 20
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
BEGIN
	CASE jsonb_typeof(given)
		WHEN 'object' THEN
			RETURN QUERY
				SELECT e.key, e.value #>> '{}' FROM jsonb_each(given) e WHERE jsonb_typeof(e.value) = 'string'
				UNION ALL
				SELECT a.attname::text, quote_ident(a.attname)
				FROM pg_attribute a
				WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
					AND jsonb_typeof(given -> '*') = 'array' AND NOT given ? a.attname
					AND a.attname NOT LIKE ALL (ARRAY(SELECT jsonb_array_elements_text(given -> '*')));
		WHEN 'array' THEN
			RETURN QUERY SELECT e.value, quote_ident(e.value) FROM jsonb_array_elements_text(given) e;
		WHEN 'string' THEN
			RETURN QUERY
				SELECT a.attname::text, quote_ident(a.attname) FROM pg_attribute a
				WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND given = '"*"' ORDER BY a.attnum;
		ELSE
	END CASE;
END
$function$;
COMMENT ON FUNCTION cdp_internal.object_members(oid, jsonb) IS
	'Internal: returns the members of an object in a mapping, which is an object of expressions, a list of columns, '
	'or * for all columns; in an object, the member * is for all columns but those of a list of patterns.';

-- The expressions are the owner's own code: pasted, each in parentheses, behind a line end for comments in it.
CREATE FUNCTION cdp_internal.map_query(relation oid, mapping jsonb) RETURNS text
	LANGUAGE plpgsql STABLE PARALLEL SAFE
	SET search_path = pg_catalog, cdp, pg_temp
AS $function$
DECLARE
	others jsonb := nullif(((mapping -> 'identifiers') - '{user_id,anonymous_id}'::text[])
		|| coalesce(mapping -> 'identifier_lists', '{}'), '{}');
	table_name text := (SELECT c.relname FROM pg_class c WHERE c.oid = relation);
BEGIN
	RETURN (
		SELECT format('SELECT "cdp row number", %s FROM pg_catalog.unnest($1) WITH ORDINALITY AS %I (%s, '
				'"cdp row number")', string_agg(c.expression, ', ' ORDER BY c.place), table_name,
				cdp_internal.column_list(relation))
		FROM (
			SELECT format(E'(%s\n)::%s', coalesce(v.expression, 'NULL'), v.type), v.place
			FROM (VALUES
				(1, mapping ->> 'key', 'text'),
				(2, mapping ->> 'message_id', 'text'),
				(3, CASE WHEN mapping ?| '{deleted,condition}' THEN
						concat_ws(' OR ', 'coalesce((' || (mapping ->> 'deleted') || E'\n)::boolean, false)',
							'NOT coalesce((' || (mapping ->> 'condition') || E'\n)::boolean, false)')
					ELSE 'false' END, 'boolean'),
				(4, 'to_jsonb(' || (mapping ->> 'version') || E'\n)', 'jsonb'),
				(5, CASE WHEN mapping ->> 'type' ~ '^[a-z]+$' THEN quote_literal(mapping ->> 'type')
					ELSE mapping ->> 'type' END, 'text'),
				(6, mapping ->> 'event', 'text'),
				(7, mapping #>> '{identifiers,anonymous_id}', 'text'),
				(8, mapping #>> '{identifiers,user_id}', 'text'),
				(9, mapping ->> 'group_id', 'text'),
				(10, mapping ->> 'previous_id', 'text'),
				(11, cdp_internal.object_query(relation, others), 'jsonb'),
				(12, cdp_internal.object_query(relation, mapping -> 'properties'), 'jsonb'),
				(13, cdp_internal.object_query(relation, mapping -> 'traits'), 'jsonb'),
				(14, cdp_internal.object_query(relation, mapping -> 'context'), 'jsonb'),
				(15, mapping ->> 'at', 'timestamptz'),
				(16, mapping ->> 'sent_at', 'timestamptz'),
				(17, mapping ->> 'original_timestamp', 'timestamptz'),
				(18, mapping ->> 'received_at', 'timestamptz')) AS v (place, expression, type)) AS c (expression, place)
		WHERE table_name IS NOT NULL);
END
$function$;
COMMENT ON FUNCTION cdp_internal.map_query(oid, jsonb) IS
	'Internal: returns the query of cdp_internal.map_rows(), with the rows as the parameter $1; NULL: the table does '
	'not exist.';

REVOKE ALL ON FUNCTION cdp_internal.check_expression(oid, text, oid, text),
	cdp_internal.read_rows(text, oid, text, oid, text, text, bigint, boolean),
	cdp_internal.map_rows(text, oid, jsonb, smallint[], text[]), cdp_internal.split_rows(text),
	cdp_internal.live_columns(oid),
	cdp_internal.column_list(oid),
	cdp_internal.page_query(oid, text, oid, boolean, boolean, bigint, boolean),
	cdp_internal.object_query(oid, jsonb), cdp_internal.object_members(oid, jsonb),
	cdp_internal.map_query(oid, jsonb) FROM PUBLIC;
