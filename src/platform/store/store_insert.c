/*
 * store_insert.c
 *		Inserts rows into heaps by the page, and then into their indexes.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* rows that go into a heap together, and from how many bytes on there are enough of them */
#define TOGETHER_ROWS 1000
#define TOGETHER_BYTES (1024 * 1024)

/* know_default works out, once, what a column gets that is not given. */
static void
know_default(Store *store, int i)
{
	TupleDesc descriptor = RelationGetDescr(store->relation);
	Node *expression;
	Const *constant;

	if (store->default_known[i])
		return;
	store->default_known[i] = true;
	if (TupleDescAttr(descriptor, i)->attisdropped)
		return;
	expression = build_column_default(store->relation, i + 1);
	if (expression == NULL)
		return;
	constant = (Const *) expression_planner((Expr *) expression);
	if (!IsA(constant, Const))
	{
		store->default_varies[i] = true;
		return;
	}
	store->default_nulls[i] = constant->constisnull;
	if (!constant->constisnull)
		store->default_values[i] =
			datumCopy(constant->constvalue, constant->constbyval, constant->constlen);
}

/* gives tells whether an attribute of the table is among the columns given. */
static bool
gives(const Store *store, int count, const StoreColumn *columns, AttrNumber attribute)
{
	for (int i = 0; i < count; i++)
		if (store->types[columns[i].column].attribute == attribute)
			return true;
	return false;
}

/* know_defaults works out the defaults of the columns that are not given. */
static void
know_defaults(Store *store, int count, const StoreColumn *columns)
{
	int attributes = RelationGetDescr(store->relation)->natts;
	MemoryContext caller = MemoryContextSwitchTo(store->context);

	if (store->default_values == NULL)
	{
		store->default_known = palloc0(sizeof(bool) * Max(attributes, 1));
		store->default_varies = palloc0(sizeof(bool) * Max(attributes, 1));
		store->default_nulls = palloc(sizeof(bool) * Max(attributes, 1));
		memset(store->default_nulls, true, attributes);
		store->default_values = palloc0(sizeof(Datum) * Max(attributes, 1));
	}
	for (int i = 0; i < attributes; i++)
		if (!gives(store, count, columns, i + 1))
			know_default(store, i);
	MemoryContextSwitchTo(caller);
}

/* store_direct_can_insert tells whether rows of these columns can be routed and completed. */
bool
store_direct_can_insert(Store *store, int count, const StoreColumn *columns)
{
	know_defaults(store, count, columns);
	for (int i = 0; i < RelationGetDescr(store->relation)->natts; i++)
		if (store->default_varies[i] && !gives(store, count, columns, i + 1))
			return false;
	return store_routes_by(store, count, columns);
}

/* Rows on their way into a heap. */
typedef struct Load
{
	Store *store;
	StoreHeap *heap;
	CommandId command;
	BulkInsertState bulk;
	MemoryContext work; /* of the tuples of one page or some */
	int count;
	Size bytes;
	Datum *default_values; /* of each attribute of the heap */
	bool *default_nulls;
} Load;

/* map_defaults puts the defaults in the order of the heap. */
static void
map_defaults(Load *load)
{
	Store *store = load->store;
	int attributes = load->heap->descriptor->natts;

	load->default_values = palloc0(sizeof(Datum) * Max(attributes, 1));
	load->default_nulls = palloc(sizeof(bool) * Max(attributes, 1));
	memset(load->default_nulls, true, attributes);
	for (int i = 0; i < RelationGetDescr(store->relation)->natts; i++)
	{
		AttrNumber attribute = load->heap->attributes[i];

		if (attribute <= 0)
			continue;
		load->default_values[attribute - 1] = store->default_values[i];
		load->default_nulls[attribute - 1] = store->default_nulls[i];
	}
}

/* next_slot gives an empty slot for the next tuple. */
static TupleTableSlot *
next_slot(Load *load)
{
	StoreHeap *heap = load->heap;

	if (heap->slots == NULL)
		heap->slots =
			MemoryContextAlloc(load->store->context, sizeof(TupleTableSlot *) * TOGETHER_ROWS);
	if (load->count == heap->slot_count)
	{
		MemoryContext caller = MemoryContextSwitchTo(load->store->context);

		heap->slots[heap->slot_count++] =
			MakeSingleTupleTableSlot(heap->descriptor, &TTSOpsHeapTuple);
		MemoryContextSwitchTo(caller);
	}
	return heap->slots[load->count];
}

/* make_row makes a row of the values given and of defaults. */
static void
make_row(Load *load, int count, const StoreColumn *columns, int from)
{
	TupleTableSlot *row = ExecClearTuple(load->heap->row);
	int attributes = load->heap->descriptor->natts;

	memcpy(row->tts_values, load->default_values, sizeof(Datum) * attributes);
	memcpy(row->tts_isnull, load->default_nulls, sizeof(bool) * attributes);
	for (int i = 0; i < count; i++)
	{
		AttrNumber attribute = load->store->types[columns[i].column].attribute;
		int to = load->heap->attributes[attribute - 1] - 1;

		row->tts_isnull[to] = store_column_is_null(&columns[i], from);
		row->tts_values[to] = columns[i].values[from];
	}
	ExecStoreVirtualTuple(row);
}

/* add_row checks the row at hand, and notes what of it goes into the heap and the indexes. */
static void
add_row(Load *load)
{
	StoreHeap *heap = load->heap;
	TupleTableSlot *row = heap->row;
	TupleTableSlot *slot = next_slot(load);
	MemoryContext caller;
	HeapTuple tuple;

	if (heap->descriptor->constr != NULL)
	{
		ExecConstraints(heap->result, row, load->store->estate);
		ResetPerTupleExprContext(load->store->estate);
	}
	caller = MemoryContextSwitchTo(load->work);
	tuple = heap_form_tuple(heap->descriptor, row->tts_values, row->tts_isnull);
	load->bytes += tuple->t_len;
	ExecStoreHeapTuple(tuple, slot, true);
	MemoryContextSwitchTo(caller);
	ItemPointerSet(&row->tts_tid, load->count, FirstOffsetNumber);
	store_index_row(load->store, heap, row, false, false);
	load->count++;
}

/* flush writes the tuples to the heap. */
static void
flush(Load *load)
{
	StoreHeap *heap = load->heap;
	MemoryContext caller = MemoryContextSwitchTo(load->work);

	if (load->count > 0)
		table_multi_insert(heap->relation, heap->slots, load->count, load->command, 0, load->bulk);
	store_place_rows(heap);
	for (int i = 0; i < load->count; i++)
	{
		if (heap->stand_in != NULL)
			store_stand_in_row(heap->stand_in, heap->slots[i]);
		ExecClearTuple(heap->slots[i]);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(load->work);
	load->count = 0;
	load->bytes = 0;
}

/* load_heap inserts rows into one heap: all of them, or those listed. */
static void
load_heap(Store *store, StoreHeap *heap, const int *row, int rows, int count,
		  const StoreColumn *columns, CommandId command)
{
	Load load = {store, heap, command};

	store_prepare_write(store, heap);
	if (heap->stand_in != NULL)
		store_reserve_stand_in(heap->stand_in, rows);
	map_defaults(&load);
	load.bulk = GetBulkInsertState();
	load.work =
		AllocSetContextCreate(CurrentMemoryContext, "cdp store load", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		make_row(&load, count, columns, row != NULL ? row[i] : i);
		add_row(&load);
		if (load.count == TOGETHER_ROWS || load.bytes >= TOGETHER_BYTES)
			flush(&load);
	}
	flush(&load);
	FreeBulkInsertState(load.bulk);
	table_finish_bulk_insert(heap->relation, 0);
	store_fill_indexes(store, heap);
	MemoryContextDelete(load.work);
	pfree(load.default_values);
	pfree(load.default_nulls);
}

/* refuse_row raises the server's error for a row that no partition is for. */
static void
refuse_row(const Store *store)
{
	ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
					errmsg("no partition of relation \"%s\" found for row",
						   RelationGetRelationName(store->relation)),
					errtable(store->relation)));
}

/* load_partitions inserts the rows of each partition, in the order given. */
static void
load_partitions(Store *store, const int *row, int rows, int count, const StoreColumn *columns,
				CommandId command)
{
	int *heap = palloc_extended(sizeof(int) * rows, MCXT_ALLOC_HUGE);
	int *part = palloc_extended(sizeof(int) * rows, MCXT_ALLOC_HUGE);

	for (int i = 0; i < rows; i++)
	{
		heap[i] = store_route(store, count, columns, row != NULL ? row[i] : i);
		if (heap[i] < 0)
			refuse_row(store);
	}
	for (int i = 0; i < store->heap_count; i++)
	{
		int part_rows = 0;

		for (int j = 0; j < rows; j++)
			if (heap[j] == i)
				part[part_rows++] = row != NULL ? row[j] : j;
		if (part_rows > 0)
			load_heap(store, &store->heaps[i], part, part_rows, count, columns, command);
	}
	pfree(heap);
	pfree(part);
}

/* store_direct_insert inserts rows: those listed, or if there is no list all. */
void
store_direct_insert(Store *store, const int *row, int rows, int count, const StoreColumn *columns)
{
	CommandId command;

	CommandCounterIncrement();
	command = GetCurrentCommandId(true);
	/* expressions in checks and indexes may need one */
	PushActiveSnapshot(GetTransactionSnapshot());
	if (store->relation->rd_rel->relkind == RELKIND_RELATION)
		load_heap(store, &store->heaps[0], row, rows, count, columns, command);
	else
		load_partitions(store, row, rows, count, columns, command);
	PopActiveSnapshot();
	CommandCounterIncrement();
}
