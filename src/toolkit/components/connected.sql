CREATE FUNCTION cdp_internal.connected(a bigint[], b bigint[]) RETURNS TABLE (node bigint, component bigint)
AS 'MODULE_PATHNAME', 'cdp_connected'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 1000;
COMMENT ON FUNCTION cdp_internal.connected(bigint[], bigint[]) IS
'Internal: the connected components of the graph whose pairs are a[i] - b[i]. One row for each node, in ascending order, with the smallest node of its component. Where one element of a pair is NULL, the other is a node without a link. Raises array_subscript_error where the arrays differ in length.';

