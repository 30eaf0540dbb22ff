-- A batch of cdp.refresh(): its intermediate results are named relations that live as long as the call, in memory or
-- a temporary file, and never touch the catalogs.

CREATE FUNCTION cdp_internal.batch_begin(batch_id bigint, as_of timestamptz, claim tid[] DEFAULT '{}',
	second_claim tid[] DEFAULT '{}') RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_batch_begin' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_begin(bigint, timestamptz, tid[], tid[]) IS
	'Internal: begins a batch. In its statements $1 is batch_id, $2 is as_of, and $3 and $4 are the places of the rows '
	'that it takes from two tables.';

CREATE FUNCTION cdp_internal.batch_number() RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_batch_number' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_number() IS 'Internal: returns the number of the current batch.';

CREATE FUNCTION cdp_internal.batch_as_of() RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'cdp_batch_as_of' LANGUAGE C STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_as_of() IS 'Internal: returns the time of the current batch.';

CREATE FUNCTION cdp_internal.batch_stage(name text, query text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_batch_stage' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_stage(text, text) IS
	'Internal: stores the rows of a query under a name, for the statements of the batch that follow, and replaces rows '
	'stored under it before. Returns the number of rows.';

CREATE FUNCTION cdp_internal.batch_run(statement text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_batch_run' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_run(text) IS
	'Internal: runs a statement that may name relations of batch_stage(), planned for their present sizes. Returns the '
	'number of rows processed.';

CREATE FUNCTION cdp_internal.batch_value(query text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_batch_value' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_value(text) IS
	'Internal: returns the bigint of a query of one row and one column; NULL if it has no row.';

CREATE FUNCTION cdp_internal.batch_end() RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_batch_end' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.batch_end() IS 'Internal: ends the batch and frees its relations.';

REVOKE ALL ON FUNCTION cdp_internal.batch_begin(bigint, timestamptz, tid[], tid[]),
	cdp_internal.batch_number(), cdp_internal.batch_as_of(),
	cdp_internal.batch_stage(text, text), cdp_internal.batch_run(text), cdp_internal.batch_value(text),
	cdp_internal.batch_end() FROM PUBLIC;
