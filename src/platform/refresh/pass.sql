-- One pass of a batch through the tables, in C.

CREATE FUNCTION cdp_internal.refresh_pass(INOUT event_id bigint, INOUT identifier_id bigint, INOUT quarantine_id bigint,
	leave_undone boolean, OUT done cdp_internal.batch_counts, OUT touched bigint[])
	AS 'MODULE_PATHNAME', 'cdp_refresh_pass' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.refresh_pass(bigint, bigint, bigint, boolean) IS
	'Internal: takes the rows of the batch (batch_row), and what cdp_internal.stage_graph_changes() kept, through every '
	'stage up to the profiles, and returns the last numbers handed out, what was done, and the profiles that were '
	'touched. leave_undone: what would take people apart of whom the log lacks events is left undone, and no error.';

REVOKE ALL ON FUNCTION cdp_internal.refresh_pass(bigint, bigint, bigint, boolean) FROM PUBLIC;
