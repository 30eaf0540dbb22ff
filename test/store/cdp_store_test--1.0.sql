-- form: direct or sql; tab: schema.table; arrays: one for each column that is named, of its type, or of text where
-- arrays of it do not exist.

CREATE FUNCTION reason(tab text, access text DEFAULT 'write') RETURNS text
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_test_reason';
COMMENT ON FUNCTION reason(text, text) IS 'Returns why the SQL form serves a table; NULL: the direct form does.';

CREATE FUNCTION insert(form text, tab text, columns text[], VARIADIC arrays "any") RETURNS void
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_test_insert';
CREATE FUNCTION update(form text, tab text, keys text[], columns text[], VARIADIC arrays "any") RETURNS bigint
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_test_update';
CREATE FUNCTION upsert(form text, tab text, keys text[], columns text[], VARIADIC arrays "any") RETURNS void
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_test_upsert';
CREATE FUNCTION delete(form text, tab text, keys text[], VARIADIC arrays "any") RETURNS bigint
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_test_delete';
CREATE FUNCTION find(form text, tab text, keys text[], columns text[], VARIADIC arrays "any")
	RETURNS TABLE (key integer, found text[])
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_test_find';
COMMENT ON FUNCTION find(text, text, text[], text[], "any") IS
	'Returns the place of each key, from 1, and the columns of a row that has it.';
CREATE FUNCTION find_or_insert(form text, tab text, keys text[], columns text[], VARIADIC arrays "any")
	RETURNS TABLE (key integer, found text[])
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_test_find_or_insert';
COMMENT ON FUNCTION find_or_insert(text, text, text[], text[], "any") IS
	'Returns the place of each key that was there, from 1, and the columns of its row.';
CREATE FUNCTION count(form text, tab text, keys text[], columns text[], VARIADIC arrays "any") RETURNS bigint
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_test_count';
CREATE FUNCTION find_stable(form text, tab text, keys text[], columns text[], VARIADIC arrays "any") RETURNS bigint
	LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'store_test_find_stable';
COMMENT ON FUNCTION find_stable(text, text, text[], text[], "any") IS
	'Counts as count() does, by a store that is opened to read.';
CREATE FUNCTION nested(form text, tab text, keys text[], columns text[], VARIADIC arrays "any") RETURNS bigint
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_test_nested';
COMMENT ON FUNCTION nested(text, text, text[], text[], "any") IS
	'For each row that is found, finds all the keys again, and counts these.';
CREATE FUNCTION find_then_update(form text, tab text, keys text[], columns text[], VARIADIC arrays "any") RETURNS text
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'store_test_find_then_update';
COMMENT ON FUNCTION find_then_update(text, text, text[], text[], "any") IS
	'Finds the keys twice, and sets the columns of their rows, by one store; before the second find and before the update '
	'it runs the statement of the setting store_test.between. Returns how many rows were found, found again and updated.';
CREATE FUNCTION cpu() RETURNS float8 LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'store_test_cpu';
COMMENT ON FUNCTION cpu() IS 'Returns the microseconds of processor time that this backend has used.';
