-- Rows of a query for the batches of a load.  The query runs as the role that calls load_open() and load_fetch(); what
-- takes its rows runs as the owner of the tables, and reads them from memory.

CREATE FUNCTION cdp_internal.load_open(query text, source text) RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_load_open' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.load_open(text, text) IS
	'Internal: opens a query whose columns are named as those of cdp.inbox, as the current role. source: of rows that '
	'give none.';

CREATE FUNCTION cdp_internal.load_fetch(max_rows bigint, max_bytes bigint, max_row_bytes bigint, cut_bytes bigint)
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'cdp_load_fetch' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.load_fetch(bigint, bigint, bigint, bigint) IS
	'Internal: lets the query run, for up to max_rows rows and about max_bytes (uncompressed) more, in the place of '
	'those fetched before, and returns their number; 0: there are no more. A row over max_row_bytes counts as '
	'cut_bytes. The query cannot write, nor change the role.';

CREATE FUNCTION cdp_internal.load_offer() RETURNS tid[]
	AS 'MODULE_PATHNAME', 'cdp_load_offer' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.load_offer() IS
	'Internal: returns places of the rows that were fetched; batches take rows at places of cdp.inbox from these until '
	'cdp_internal.load_withdraw().';

CREATE FUNCTION cdp_internal.load_withdraw() RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_load_withdraw' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.load_withdraw() IS
	'Internal: ends what cdp_internal.load_offer() began, so that the next rows can be fetched.';

CREATE FUNCTION cdp_internal.load_close() RETURNS void
	AS 'MODULE_PATHNAME', 'cdp_load_close' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.load_close() IS 'Internal: closes the query.';

REVOKE ALL ON FUNCTION cdp_internal.load_open(text, text), cdp_internal.load_fetch(bigint, bigint, bigint, bigint),
	cdp_internal.load_offer(), cdp_internal.load_withdraw(), cdp_internal.load_close() FROM PUBLIC;
