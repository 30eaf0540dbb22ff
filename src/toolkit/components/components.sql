CREATE FUNCTION cdp.components(query text) RETURNS TABLE (identifier cdp.identifier, component bigint)
	AS 'MODULE_PATHNAME', 'cdp_components' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000 ROWS 100000;
COMMENT ON FUNCTION cdp.components(text) IS
	'Returns the distinct identifiers in the rows of a query, each with the number of its connected component: the '
	'identifiers of one row are linked, and so are those that a chain of rows links. Components are numbered from 1 '
	'in the order in which the query first returns them. query: one SELECT that neither changes nor locks rows. It '
	'runs as the caller, also in parallel and on a standby. The name of a column is the namespace of its values, '
	'which are normalised accordingly; values of type cdp.identifier have their own namespace. Columns hold strings, '
	'numbers, enums, UUIDs, network addresses or cdp.identifier, or arrays of these, whose elements count as further '
	'values of the row. A numeric loses the zeros at the end of its fraction: 7.00 is 7, like an integer, and 7.50 is '
	'7.5; text stays as it is. A value that is no identifier (NULL, blank, invalid, too long, meaningless) counts as '
	'NULL. Memory grows with the number of distinct identifiers, not of rows. Errors: 22023 for no or several '
	'statements or no column, 0A000 for a statement that is not such a SELECT, or for a phone number that is not '
	'E.164 if the module cdp_phone is not installed, 42804 for a column of another type, 42602 for a column whose '
	'name is not a namespace; and the errors of the query.';
