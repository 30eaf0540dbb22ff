/*
 * same_rows.c
 *		Whether a small table still has the rows that it had.
 *
 * Reading the few rows of a table of rules costs much less than a query that makes something of them.
 * The answer is exact for changes by any session, rolled back or not: a version of a row never changes,
 * and each has its place and its transaction.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "storage/bufmgr.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "platform/batch/same_rows.h"

/* a larger table is not read */
#define BLOCKS_MAX 8

/* is_readable tells whether all rows of a table are there to be read here. */
static bool
is_readable(Relation relation)
{
	Oid oid = RelationGetRelid(relation);

	return relation->rd_rel->relkind == RELKIND_RELATION &&
		   relation->rd_rel->relam == HEAP_TABLE_AM_OID &&
		   pg_class_aclcheck(oid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
		   check_enable_rls(oid, InvalidOid, true) != RLS_ENABLED &&
		   RelationGetNumberOfBlocks(relation) <= BLOCKS_MAX;
}

/* add_row appends the version of a row, but for what hints and locks change; false: part of it is elsewhere. */
static bool
add_row(StringInfo rows, HeapTuple tuple)
{
	TransactionId xmin = HeapTupleHeaderGetRawXmin(tuple->t_data);

	if (HeapTupleHasExternal(tuple))
		return false;
	appendBinaryStringInfo(rows, (const char *) &tuple->t_self, sizeof(tuple->t_self));
	appendBinaryStringInfo(rows, (const char *) &xmin, sizeof(xmin));
	appendBinaryStringInfo(rows, (const char *) &tuple->t_len, sizeof(tuple->t_len));
	appendBinaryStringInfo(rows, (const char *) tuple->t_data + SizeofHeapTupleHeader,
						   (int) (tuple->t_len - SizeofHeapTupleHeader));
	return true;
}

/* read_rows reads all rows of a table; false: they cannot be compared. */
static bool
read_rows(const char *table, StringInfo rows)
{
	Relation relation =
		table_openrv(makeRangeVar("cdp_data", unconstify(char *, table), -1), AccessShareLock);
	Oid oid = RelationGetRelid(relation);
	bool complete = is_readable(relation);

	appendBinaryStringInfo(rows, (const char *) &oid, sizeof(oid));
	if (complete)
	{
		TupleTableSlot *slot = table_slot_create(relation, NULL);
		TableScanDesc scan = table_beginscan(relation, GetActiveSnapshot(), 0, NULL);

		while (complete && table_scan_getnextslot(scan, ForwardScanDirection, slot))
			complete = add_row(rows, ExecFetchSlotHeapTuple(slot, false, NULL));
		table_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
	}
	table_close(relation, NoLock);
	return complete;
}

bool
same_rows(SameRows *last, const char *table)
{
	StringInfoData rows;
	bool complete;
	bool same;

	initStringInfo(&rows);
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	complete = read_rows(table, &rows);
	PopActiveSnapshot();
	same = complete && last->complete && last->valid && last->rows->len == rows.len &&
		   memcmp(last->rows->data, rows.data, rows.len) == 0;
	if (!same)
	{
		last->valid = false;
		last->complete = complete;
		if (last->rows == NULL)
		{
			MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

			last->rows = makeStringInfo();
			MemoryContextSwitchTo(caller);
		}
		resetStringInfo(last->rows);
		appendBinaryStringInfo(last->rows, rows.data, rows.len);
	}
	pfree(rows.data);
	return same;
}
