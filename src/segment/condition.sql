-- The operators of cdp's types lie in schema cdp, and a condition is written without
-- "OPERATOR(cdp.->>)": so wherever a condition is analysed (here and in cdp.create_segment), cdp is on
-- the path; pg_catalog stands before it, and what else the caller has on the path does not
-- count, so that a condition means the same whoever creates it.  Functions of other schemas
-- are written with their schema.
CREATE FUNCTION cdp.check_condition(condition text) RETURNS void
LANGUAGE c STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, cdp, pg_temp
AS 'MODULE_PATHNAME', 'cdp_check_condition';
REVOKE EXECUTE ON FUNCTION cdp.check_condition FROM PUBLIC;
COMMENT ON FUNCTION cdp.check_condition IS
'Internal: returns if the text is one boolean expression over the columns of cdp.profile_row, without subqueries, aggregates, window, set-returning and volatile functions and parameters; else an error with the position in the text.';
