/*
 * store_defer.c
 *		Indexes of new partitions that are built once the rows are there.
 *
 * To fill a B-tree row by row costs more than to build it of all rows, and writes more WAL.  Indexes of a
 * partition that this transaction has made, and that has no rows yet, are marked as neither ready nor valid, as a
 * concurrent build marks them at first: writes pass them by, and no scan uses them.  What looks for rows meanwhile
 * reads the whole partition, so nothing is missed.  Others see neither the partition nor the marks.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "partitioning/partdesc.h"
#include "storage/bufmgr.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* open_table opens a table by its description. */
static Relation
open_table(const StoreTable *table)
{
	return table_openrv(
		makeRangeVar(unconstify(char *, table->schema), unconstify(char *, table->name), -1),
		RowExclusiveLock);
}

/* the indexes that this transaction has marked, or a list of none; in TopTransactionContext */
static List *marks = NIL;

/* is_ready tells whether writes go into an index; also when there is none, as after a rollback. */
static bool
is_ready(Oid index)
{
	HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	bool ready = true;

	if (HeapTupleIsValid(tuple))
	{
		ready = ((Form_pg_index) GETSTRUCT(tuple))->indisready;
		ReleaseSysCache(tuple);
	}
	return ready;
}

/* check_marks refuses to commit an index that was not built: what built it may have been rolled back. */
static void
check_marks(XactEvent event, void *arg)
{
	ListCell *cell;

	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
	{
		foreach (cell, marks)
			if (!is_ready(lfirst_oid(cell)))
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("an index of a new partition has not been built"),
						 errhint("The functions of a load serve cdp.load(); call that instead.")));
	}
	else if (event != XACT_EVENT_PARALLEL_PRE_COMMIT)
		marks = NIL;
}

/* follow_mark keeps a mark in mind until the transaction ends. */
static void
follow_mark(Oid index)
{
	static bool following = false;
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);

	if (!following)
		RegisterXactCallback(check_marks, NULL);
	following = true;
	marks = lappend_oid(marks, index);
	MemoryContextSwitchTo(caller);
}

/* mark marks an index as neither ready nor valid. */
static void
mark(Oid index)
{
	Relation catalog = table_open(IndexRelationId, RowExclusiveLock);
	HeapTuple tuple = SearchSysCacheCopy1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for index %u", index);
	follow_mark(index);
	form = (Form_pg_index) GETSTRUCT(tuple);
	form->indisready = false;
	form->indisvalid = false;
	CatalogTupleUpdate(catalog, &tuple->t_self, tuple);
	heap_freetuple(tuple);
	table_close(catalog, RowExclusiveLock);
}

/* is_new tells whether this transaction has made a table, which has no rows yet. */
static bool
is_new(Relation relation)
{
	return relation->rd_rel->relkind == RELKIND_RELATION &&
		   relation->rd_createSubid != InvalidSubTransactionId &&
		   RelationGetNumberOfBlocks(relation) == 0;
}

/* list_partitions lists the partitions of a table; none of one that is not partitioned. */
static List *
list_partitions(const StoreTable *table)
{
	Relation relation = open_table(table);
	List *oids = NIL;

	if (relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
	{
		PartitionDesc partitions = RelationGetPartitionDesc(relation, true);

		for (int i = 0; i < partitions->nparts; i++)
			oids = lappend_oid(oids, partitions->oids[i]);
	}
	table_close(relation, NoLock);
	return oids;
}

void
store_defer_indexes(const StoreTable *table)
{
	/* the rows of a distributed table are elsewhere */
	List *oids = store_may_be_distributed() ? NIL : list_partitions(table);
	ListCell *cell;

	foreach (cell, oids)
	{
		Relation partition = table_open(lfirst_oid(cell), RowExclusiveLock);

		if (is_new(partition))
		{
			List *indexes = RelationGetIndexList(partition);
			ListCell *index;

			foreach (index, indexes)
				mark(lfirst_oid(index));
			list_free(indexes);
			CacheInvalidateRelcache(partition);
		}
		table_close(partition, NoLock);
	}
	list_free(oids);
	CommandCounterIncrement();
}

/* list_marked adds the indexes of a table that this transaction has made, and that are marked. */
static List *
list_marked(Oid table, List *marked)
{
	Relation relation = table_open(table, RowExclusiveLock);
	List *indexes =
		relation->rd_createSubid != InvalidSubTransactionId ? RelationGetIndexList(relation) : NIL;
	ListCell *cell;

	foreach (cell, indexes)
	{
		if (!is_ready(lfirst_oid(cell)))
			marked = lappend_oid(marked, lfirst_oid(cell));
	}
	list_free(indexes);
	table_close(relation, NoLock);
	return marked;
}

void
store_build_indexes(const StoreTable *table)
{
	List *oids = list_partitions(table);
	List *marked = NIL;
	ListCell *cell;

	foreach (cell, oids)
		marked = list_marked(lfirst_oid(cell), marked);
	foreach (cell, marked)
	{
		CHECK_FOR_INTERRUPTS();
		cdp_build_index(lfirst_oid(cell));
		CommandCounterIncrement();
	}
	list_free(marked);
	list_free(oids);
}
