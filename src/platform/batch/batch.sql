-- A batch in the hands of cdp.refresh(): its intermediate results are named relations that live
-- as long as the call, in memory or a temporary file, and never touch the catalogs.

CREATE FUNCTION cdp_internal.batch_begin(batch_id bigint, as_of timestamptz, claim tid[] DEFAULT '{}', second_claim tid[] DEFAULT '{}') RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_batch_begin' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_begin(bigint, timestamptz, tid[], tid[]) IS
	'Internal: starts a batch; its statements see batch_id as $1, as_of as $2, and the places of the rows that it '
	'takes from two tables as $3 and $4.';

CREATE FUNCTION cdp_internal.batch_stage(name text, query text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_batch_stage' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_stage(text, text) IS
	'Internal: keeps the rows of a query under a name, for the statements that follow in the batch, in place of what '
	'was kept under it. Returns their number.';

CREATE FUNCTION cdp_internal.batch_run(statement text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_batch_run' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_run(text) IS
	'Internal: runs a statement that may name what batch_stage kept, planned for the sizes of this batch. Returns the number of rows processed.';

CREATE FUNCTION cdp_internal.batch_value(query text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_batch_value' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_value(text) IS 'Internal: the bigint that a query of one row and column gives; NULL where it gives no row.';

CREATE FUNCTION cdp_internal.batch_array(query text) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'cdp_batch_array' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_array(text) IS 'Internal: the bigints that a query of one column gives.';

CREATE FUNCTION cdp_internal.batch_end() RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_batch_end' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_end() IS 'Internal: ends the batch and frees what it kept.';

REVOKE ALL ON FUNCTION cdp_internal.batch_begin(bigint, timestamptz, tid[], tid[]), cdp_internal.batch_stage(text, text), cdp_internal.batch_run(text), cdp_internal.batch_value(text), cdp_internal.batch_array(text), cdp_internal.batch_end() FROM PUBLIC;

