-- One pass of a batch through the tables, in C.

CREATE FUNCTION cdp_internal.refresh_pass(INOUT event_id bigint, INOUT identifier_id bigint, INOUT quarantine_id bigint,
	leave_undone boolean DEFAULT false, failures text[] DEFAULT NULL, cut_all boolean DEFAULT false,
	OUT done cdp_internal.batch_counts, OUT touched cdp_internal.touched)
	AS 'MODULE_PATHNAME', 'cdp_refresh_pass' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION cdp_internal.refresh_pass(bigint, bigint, bigint, boolean, text[], boolean) IS
	'Internal: takes the rows of the batch from the inboxes, and the changes of cdp_internal.stage_graph_changes(), '
	'through all stages up to the profiles. Takes the last numbers assigned, and returns the new ones, the counts of '
	'the batch, and whom it touched. leave_undone: if the log lacks events, changes by evidence are left undone. '
	'failures: an error for each row, those of cdp.inbox first; the rows are quarantined with these errors, and '
	'nothing else is done. cut_all: cut all rows, whatever their size.';

REVOKE ALL ON FUNCTION cdp_internal.refresh_pass(bigint, bigint, bigint, boolean, text[], boolean) FROM PUBLIC;
