/*
 * store_change.c
 *		Updates and deletes rows where an index scan finds them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "catalog/pg_class.h"
#include "utils/partcache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* A call that changes rows. */
typedef struct Change
{
	Store *store;
	const StoreKey *key;
	const StoreColumn *arranged;
	StoreColumns set;
	CommandId command;
	StoreHeap *heap;        /* that the rest is of */
	TupleTableSlot *tuple;  /* the new version of a row */
	TupleTableSlot *latest; /* a version that another transaction committed meanwhile */
	bool *found;            /* which keys found a row; may be NULL */
	int64 changed;
} Change;

/* store_direct_can_set tells whether rows stay in their partition. */
bool
store_direct_can_set(const Store *store, StoreColumns set)
{
	if (store->relation->rd_rel->relkind == RELKIND_RELATION)
		return true;
	for (int i = 0; i < RelationGetPartitionKey(store->relation)->partnatts; i++)
		for (int j = 0; j < set.count; j++)
			if (set.column[j].column == store->route_columns[i])
				return false;
	return true;
}

/* column_attribute gives the attribute, in the heap at hand, of a column. */
static AttrNumber
column_attribute(const Change *change, int column)
{
	return change->heap->attributes[change->store->types[column].attribute - 1];
}

/* is_set tells whether an attribute of the heap at hand is among the columns that are set. */
static bool
is_set(const Change *change, AttrNumber attribute)
{
	for (int i = 0; i < change->set.count; i++)
		if (column_attribute(change, change->set.column[i].column) == attribute)
			return true;
	return false;
}

/* note_unchanged tells each index whether new versions of rows have the keys of the former. */
static void
note_unchanged(const Change *change)
{
	for (int i = 0; i < change->heap->index_count; i++)
	{
		StoreIndex *index = &change->heap->indexes[i];

		index->unchanged = true;
		for (int j = 0; j < index->attributes; j++)
			if (index->info->ii_IndexAttrNumbers[j] == 0 ||
				is_set(change, index->info->ii_IndexAttrNumbers[j]))
				index->unchanged = false;
	}
}

/* finish_heap fills the indexes of the heap at hand. */
static void
finish_heap(Change *change)
{
	StoreHeap *heap = change->heap;

	if (heap == NULL)
		return;
	store_fill_indexes(change->store, heap);
	for (int i = 0; i < heap->index_count; i++)
		heap->indexes[i].unchanged = false;
	if (change->tuple != NULL)
		ExecDropSingleTupleTableSlot(change->tuple);
	if (change->latest != NULL)
		ExecDropSingleTupleTableSlot(change->latest);
	change->tuple = NULL;
	change->latest = NULL;
	change->heap = NULL;
}

/* begin_heap makes another heap the one at hand. */
static void
begin_heap(Change *change, StoreHeap *heap, CmdType command)
{
	finish_heap(change);
	change->heap = heap;
	if (command != CMD_UPDATE)
		return;
	store_prepare_write(change->store, heap);
	change->tuple = MakeSingleTupleTableSlot(heap->descriptor, &TTSOpsHeapTuple);
	note_unchanged(change);
}

/* has_key tells whether a version of a row still has the key that it was found by. */
static bool
has_key(const Change *change, int key, TupleTableSlot *slot)
{
	for (int i = 0; i < change->key->count; i++)
	{
		bool isnull;
		Datum value =
			slot_getattr(slot, column_attribute(change, change->key->columns[i]), &isnull);

		if (isnull || DatumGetInt32(FunctionCall2Coll(
						  unconstify(FmgrInfo *, &change->key->compare[i]),
						  change->key->collation[i], value, change->arranged[i].values[key])) != 0)
			return false;
	}
	return true;
}

/*
 * lock_latest locks the latest version of a row that another transaction changed, as a statement does
 * at READ COMMITTED; NULL: the row is gone, or has another key now.
 */
static TupleTableSlot *
lock_latest(Change *change, int key, ItemPointer place, Snapshot snapshot)
{
	TM_FailureData failure;
	TM_Result result;

	if (IsolationUsesXactSnapshot())
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("could not serialize access due to concurrent update")));
	if (change->latest == NULL)
		change->latest = table_slot_create(change->heap->relation, NULL);
	result = table_tuple_lock(change->heap->relation, place, snapshot, change->latest,
							  change->command, LockTupleExclusive, LockWaitBlock,
							  TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
	if (result == TM_Ok)
		return has_key(change, key, change->latest) ? change->latest : NULL;
	if (result != TM_Deleted)
		elog(ERROR, "unexpected result %d of locking a row", result);
	return NULL;
}

/* is_gone tells whether a row was changed by another transaction; any other failure is an error. */
static bool
is_gone(const Change *change, TM_Result result)
{
	switch (result)
	{
		case TM_Ok:
			return false;
		case TM_Updated:
		case TM_Deleted:
			return true;
		default:
			elog(ERROR, "unexpected result %d of changing a row of table \"%s\"", result,
				 RelationGetRelationName(change->heap->relation));
	}
}

/* make_version makes the new version of a row, which lasts as long as the old one. */
static void
make_version(Change *change, int key, TupleTableSlot *old)
{
	TupleTableSlot *made = ExecClearTuple(change->heap->row);
	int attributes = change->heap->descriptor->natts;

	slot_getallattrs(old);
	memcpy(made->tts_values, old->tts_values, sizeof(Datum) * attributes);
	memcpy(made->tts_isnull, old->tts_isnull, sizeof(bool) * attributes);
	for (int i = 0; i < change->set.count; i++)
	{
		const StoreColumn *column = &change->set.column[i];
		int to = column_attribute(change, column->column) - 1;

		made->tts_isnull[to] = store_column_is_null(column, key);
		made->tts_values[to] = column->values[key];
	}
	ExecStoreVirtualTuple(made);
	if (change->heap->descriptor->constr != NULL)
	{
		ExecConstraints(change->heap->result, made, change->store->estate);
		ResetPerTupleExprContext(change->store->estate);
	}
	ExecStoreHeapTuple(
		heap_form_tuple(change->heap->descriptor, made->tts_values, made->tts_isnull),
		change->tuple, true);
}

/* update_row is the StoreScanFunction of an update. */
static void
update_row(void *arg, StoreHeap *heap, int key, TupleTableSlot *slot, Snapshot snapshot)
{
	Change *change = arg;

	if (change->heap != heap)
		begin_heap(change, heap, CMD_UPDATE);
	while (slot != NULL)
	{
		TM_FailureData failure;
		LockTupleMode lock;
		CdpUpdateIndexes update;
		ItemPointerData place = slot->tts_tid;

		make_version(change, key, slot);
		if (!is_gone(change,
					 table_tuple_update(heap->relation, &place, change->tuple, change->command,
										snapshot, InvalidSnapshot, true, &failure, &lock, &update)))
		{
			heap->row->tts_tid = change->tuple->tts_tid;
			if (heap->stand_in != NULL)
				store_stand_in_row(heap->stand_in, heap->row);
			if (CDP_UPDATES_INDEXES(update))
				store_index_row(change->store, heap, heap->row, true,
								CDP_UPDATES_SUMMARIES(update));
			break;
		}
		slot = lock_latest(change, key, &place, snapshot);
	}
	if (slot == NULL)
		return;
	change->changed++;
	if (change->found != NULL)
		change->found[key] = true;
}

/* check_published raises the server's error if what is published of a change could not say which row it was. */
static void
check_published(const Store *store, CmdType command)
{
	for (int i = 0; i < store->heap_count; i++)
		CheckCmdReplicaIdentity(store->heaps[i].relation, command);
}

/* note_row is that of an upsert that sets nothing. */
static void
note_row(void *arg, StoreHeap *heap, int key, TupleTableSlot *slot, Snapshot snapshot)
{
	((Change *) arg)->found[key] = true;
}

/* store_direct_update sets columns of the rows that have each key, and notes which keys found one. */
int64
store_direct_update(Store *store, StoreKey *key, int keys, const StoreColumn *arranged,
					const int *order, StoreColumns set, bool *found)
{
	Change change = {store, key, arranged, set};

	change.found = found;
	if (set.count > 0)
		check_published(store, CMD_UPDATE);
	CommandCounterIncrement();
	change.command = GetCurrentCommandId(true);
	store_direct_scan(store, key, keys, arranged, order, NULL,
					  set.count == 0 && found != NULL ? note_row : update_row, &change);
	PushActiveSnapshot(GetTransactionSnapshot());
	finish_heap(&change);
	PopActiveSnapshot();
	CommandCounterIncrement();
	return change.changed;
}

/* delete_row is the StoreScanFunction of a delete. */
static void
delete_row(void *arg, StoreHeap *heap, int key, TupleTableSlot *slot, Snapshot snapshot)
{
	Change *change = arg;

	if (change->heap != heap)
		begin_heap(change, heap, CMD_DELETE);
	while (slot != NULL)
	{
		TM_FailureData failure;
		ItemPointerData place = slot->tts_tid;
		TM_Result result = table_tuple_delete(heap->relation, &place, change->command, snapshot,
											  InvalidSnapshot, true, &failure, false);

		/* by a key that is given twice */
		if (result == TM_SelfModified)
			return;
		if (!is_gone(change, result))
			break;
		slot = lock_latest(change, key, &place, snapshot);
	}
	if (slot != NULL)
		change->changed++;
}

/* store_direct_delete deletes the rows that have each key. */
int64
store_direct_delete(Store *store, StoreKey *key, int keys, const StoreColumn *arranged,
					const int *order)
{
	Change change = {store, key, arranged};

	check_published(store, CMD_DELETE);
	CommandCounterIncrement();
	change.command = GetCurrentCommandId(true);
	store_direct_scan(store, key, keys, arranged, order, NULL, delete_row, &change);
	finish_heap(&change);
	CommandCounterIncrement();
	return change.changed;
}

/* store_direct_delete_places deletes rows that this transaction inserted, by their places. */
void
store_direct_delete_places(Store *store, StoreHeap *heap, int count, const ItemPointerData *places)
{
	CommandId command;

	if (count == 0)
		return;
	check_published(store, CMD_DELETE);
	command = GetCurrentCommandId(true);
	PushActiveSnapshot(GetTransactionSnapshot());
	for (int i = 0; i < count; i++)
	{
		TM_FailureData failure;
		ItemPointerData place = places[i];
		TM_Result result;

		CHECK_FOR_INTERRUPTS();
		result = table_tuple_delete(heap->relation, &place, command, GetActiveSnapshot(),
									InvalidSnapshot, true, &failure, false);
		if (result != TM_Ok)
			elog(ERROR, "unexpected result %d of taking back a row of table \"%s\"", result,
				 RelationGetRelationName(heap->relation));
	}
	PopActiveSnapshot();
	CommandCounterIncrement();
}
