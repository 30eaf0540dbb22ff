CREATE FUNCTION cdp.components(query text) RETURNS TABLE (identifier cdp.identifier, component bigint)
AS 'MODULE_PATHNAME', 'cdp_components'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000 ROWS 100000;
COMMENT ON FUNCTION cdp.components(text) IS 'x';

