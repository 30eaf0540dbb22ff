/*
 * store_defer.c
 *		Indexes of new partitions, and of empty tables, that are built once the rows are there.
 *
 * To fill a B-tree row by row costs more than to build it of all rows, and writes more WAL.  Indexes of a
 * partition that this transaction has made, and that has no rows yet, are marked as neither ready nor valid, as a
 * concurrent build marks them at first: writes pass them by, and no scan uses them.  What looks for rows meanwhile
 * reads the whole partition, so nothing is missed.  Others see neither the partition nor the marks.
 *
 * The primary key of a table that has no rows is put off likewise, and what stands in for it finds rows meanwhile, so the
 * table must be written by the store alone.  Others go on using the index, in which there is nothing for them.
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
#include "storage/lmgr.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
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

/* store_index_is_ready tells whether writes go into an index; also when there is none, as after a rollback. */
bool
store_index_is_ready(Oid index)
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
			if (!store_index_is_ready(lfirst_oid(cell)))
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("an index that was put off has not been built"),
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

/* mark marks an index as used, or as neither ready nor valid. */
static void
mark(Oid index, bool used)
{
	Relation catalog = table_open(IndexRelationId, RowExclusiveLock);
	HeapTuple tuple = SearchSysCacheCopy1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for index %u", index);
	form = (Form_pg_index) GETSTRUCT(tuple);
	form->indisready = used;
	form->indisvalid = used;
	CatalogTupleUpdate(catalog, &tuple->t_self, tuple);
	heap_freetuple(tuple);
	table_close(catalog, RowExclusiveLock);
}

/* put_off has writes pass an index by. */
static void
put_off(Oid index)
{
	follow_mark(index);
	mark(index, false);
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
				put_off(lfirst_oid(index));
			list_free(indexes);
			CacheInvalidateRelcache(partition);
		}
		table_close(partition, NoLock);
	}
	list_free(oids);
	CommandCounterIncrement();
}

void
store_defer_key(const StoreTable *table)
{
	Relation relation = open_table(table);
	List *indexes = RelationGetIndexList(relation);
	bool deferred = false;
	ListCell *cell;

	if (relation->rd_rel->relkind == RELKIND_RELATION && RelationGetNumberOfBlocks(relation) == 0 &&
		store_needs_sql(relation, STORE_WRITE) == NULL)
	{
		foreach (cell, indexes)
		{
			Relation index = index_open(lfirst_oid(cell), AccessShareLock);

			if (store_can_stand_in(index) && index->rd_index->indisready &&
				index->rd_index->indisvalid && !index->rd_index->indcheckxmin)
			{
				put_off(lfirst_oid(cell));
				store_begin_stand_in(index);
				deferred = true;
			}
			index_close(index, NoLock);
		}
		if (deferred)
			CacheInvalidateRelcache(relation);
	}
	list_free(indexes);
	table_close(relation, NoLock);
	CommandCounterIncrement();
}

int64
store_count_deferred(const StoreTable *table)
{
	Relation relation = open_table(table);
	List *indexes = RelationGetIndexList(relation);
	int64 count = 0;
	ListCell *cell;

	foreach (cell, indexes)
		count += store_count_stand_in(lfirst_oid(cell));
	list_free(indexes);
	table_close(relation, NoLock);
	return count;
}

/* list_marked adds the indexes of a table that this transaction has marked. */
static List *
list_marked(Oid table, List *marked)
{
	Relation relation = table_open(table, RowExclusiveLock);
	List *indexes = RelationGetIndexList(relation);
	ListCell *cell;

	foreach (cell, indexes)
	{
		if (list_member_oid(marks, lfirst_oid(cell)) && !store_index_is_ready(lfirst_oid(cell)))
			marked = lappend_oid(marked, lfirst_oid(cell));
	}
	list_free(indexes);
	table_close(relation, NoLock);
	return marked;
}

/* is_in_use tells whether this session is using an index. */
static bool
is_in_use(Oid oid)
{
	Relation index = index_open(oid, AccessShareLock);
	bool is_used = index->rd_refcnt > 1;

	index_close(index, NoLock);
	return is_used;
}

/*
 * can_build tells whether an index can be made anew at once: that locks out readers by it, for which this does not
 * wait.
 */
static bool
can_build(Oid table, Oid index)
{
	return !is_in_use(index) && ConditionalLockRelationOid(table, ShareLock) &&
		   ConditionalLockRelationOid(index, AccessExclusiveLock);
}

/*
 * build builds an index of a table that is not partitioned, or fills it.  Readers by one that was built anew wait for
 * the end of the transaction, so only the last work of it does that.
 */
static void
build(const StoreTable *table, Oid oid, Oid index, bool last)
{
	bool filled_before = store_note_filled(index);
	Store *store;

	store_end_stand_in(index);
	if (last && can_build(oid, index))
	{
		cdp_build_index(index);
		return;
	}
	mark(index, true);
	CacheInvalidateRelcacheByRelid(oid);
	CommandCounterIncrement();
	store = store_open(table, STORE_WRITE, STORE_DIRECT);
	PushActiveSnapshot(GetTransactionSnapshot());
	store_fill_index_whole(store, index, filled_before);
	PopActiveSnapshot();
	store_close(store);
}

void
store_build_indexes(const StoreTable *table, bool last)
{
	Relation relation = open_table(table);
	Oid oid = RelationGetRelid(relation);
	bool is_plain = relation->rd_rel->relkind == RELKIND_RELATION;
	List *oids = list_partitions(table);
	List *marked = NIL;
	ListCell *cell;

	table_close(relation, NoLock);
	if (is_plain)
		marked = list_marked(oid, NIL);
	foreach (cell, oids)
		marked = list_marked(lfirst_oid(cell), marked);
	foreach (cell, marked)
	{
		CHECK_FOR_INTERRUPTS();
		if (is_plain)
			build(table, oid, lfirst_oid(cell), last);
		else
			cdp_build_index(lfirst_oid(cell));
		CommandCounterIncrement();
	}
	list_free(marked);
	list_free(oids);
}
