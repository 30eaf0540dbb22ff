CREATE FUNCTION cdp.components(query text) RETURNS TABLE (identifier cdp.identifier, component bigint)
AS 'MODULE_PATHNAME', 'cdp_components'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000 ROWS 100000;
COMMENT ON FUNCTION cdp.components(text) IS
'The identifiers in the rows of a query, each once, with the number of its component: identifiers that stand in one row belong together, and so do those that a chain of rows links. Components are numbered from 1 on in the order in which the query first shows them.
query: one SELECT that neither changes nor locks rows; it runs as the caller, also in parallel and on a standby. A column''s name is the namespace of its values, which are normalised accordingly; a column of type cdp.identifier has its namespaces in its values. Columns hold strings, numbers, enums, UUIDs, network addresses or cdp.identifier, or are arrays of these, whose elements count as further values of the row. A numeric is written without the zeros that end its fraction: 7.00 is 7, as an integer is, and 7.50 is 7.5; text stays as it is. What is no identifier (NULL, blank, invalid, too long, meaningless) counts as NULL.
Memory follows the number of distinct identifiers, not of rows. Errors: 22023 for no or several statements or no column, 0A000 for a statement that is no such SELECT (and for a phone number that is not E.164 where the module cdp_phone is not installed), 42804 for a column of another type, 42602 for a column whose name is no namespace; what the query itself raises.';

