CREATE FUNCTION cdp_internal.connected(a bigint[], b bigint[]) RETURNS TABLE (node bigint, component bigint)
	AS 'MODULE_PATHNAME', 'cdp_connected' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION cdp_internal.connected(bigint[], bigint[]) IS
	'Internal: finds the connected components of the graph with the edges a[i] - b[i]. Returns one row for each node, '
	'in ascending order, with the smallest node of its component. If one element of a pair is NULL, the other is a '
	'node without an edge. Error 2202E if the arrays differ in length.';
