/*
 * store_index.c
 *		Fills indexes after the heap, each in an order of its own.
 *
 * Sorted keys meet the pages of a B-tree one after another, each once.  Every kind of index is filled
 * by its access method, and unique indexes check as in any INSERT.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/nbtree.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* rows that are inserted between two times that memory is freed */
#define FREE_EVERY 1000

/* rows of a table that are sorted together for an index */
#define SORTED_TOGETHER 1000000

/*
 * describe_values notes the types of what is indexed, which an index may store as others: those of the
 * columns, or of the expressions.
 */
static void
describe_values(StoreIndex *index, TupleDesc descriptor)
{
	ListCell *expression = list_head(index->info->ii_Expressions);

	for (int i = 0; i < index->attributes; i++)
	{
		AttrNumber attribute = index->info->ii_IndexAttrNumbers[i];
		Oid type;

		if (attribute > 0)
			type = TupleDescAttr(descriptor, attribute - 1)->atttypid;
		else
		{
			type = exprType(lfirst(expression));
			expression = lnext(index->info->ii_Expressions, expression);
		}
		get_typlenbyval(type, &index->lengths[i], &index->by_value[i]);
	}
}

/* open_indexes opens the indexes of a heap to fill them. */
static void
open_indexes(StoreHeap *heap)
{
	List *list = RelationGetIndexList(heap->relation);
	ListCell *cell;

	heap->indexes = palloc0(sizeof(StoreIndex) * Max(list_length(list), 1));
	foreach (cell, list)
	{
		StoreIndex *index = &heap->indexes[heap->index_count];

		index->relation = index_open(lfirst_oid(cell), RowExclusiveLock);
		index->info = BuildIndexInfo(index->relation);
		if (!index->info->ii_ReadyForInserts)
		{
			if (heap->stand_in == NULL)
				heap->stand_in = store_get_stand_in(lfirst_oid(cell));
			index_close(index->relation, NoLock);
			continue;
		}
		index->attributes = index->info->ii_NumIndexAttrs;
		describe_values(index, RelationGetDescr(heap->relation));
		index->context =
			AllocSetContextCreate(CurrentMemoryContext, "cdp store index", ALLOCSET_DEFAULT_SIZES);
		heap->index_count++;
	}
	list_free(list);
}

/* store_prepare_write makes ready what checks and indexes the rows of a heap. */
void
store_prepare_write(Store *store, StoreHeap *heap)
{
	MemoryContext caller;

	if (heap->result != NULL)
		return;
	caller = MemoryContextSwitchTo(store->context);
	if (store->estate == NULL)
		store->estate = CreateExecutorState();
	/* one that holds no reference, as there may be a thousand slots of it */
	heap->descriptor = CreateTupleDescCopyConstr(RelationGetDescr(heap->relation));
	heap->row = MakeSingleTupleTableSlot(heap->descriptor, &TTSOpsVirtual);
	open_indexes(heap);
	heap->result = makeNode(ResultRelInfo);
	InitResultRelInfo(heap->result, heap->relation, 0, NULL, 0);
	MemoryContextSwitchTo(caller);
}

/* grow_index makes room for more rows. */
static void
grow_index(StoreIndex *index)
{
	MemoryContext caller = MemoryContextSwitchTo(index->context);
	Size cells;

	if (index->capacity == 0)
	{
		index->capacity = 64;
		cells = (Size) index->capacity * index->attributes;
		index->values = palloc(sizeof(Datum) * cells);
		index->nulls = palloc(sizeof(bool) * cells);
		index->places = palloc(sizeof(ItemPointerData) * index->capacity);
	}
	else
	{
		index->capacity *= 2;
		cells = (Size) index->capacity * index->attributes;
		index->values = repalloc_huge(index->values, sizeof(Datum) * cells);
		index->nulls = repalloc_huge(index->nulls, sizeof(bool) * cells);
		index->places = repalloc_huge(index->places, sizeof(ItemPointerData) * index->capacity);
	}
	MemoryContextSwitchTo(caller);
}

/* keep_values copies what will not last: results of expressions, and what is not the caller's. */
static void
keep_values(StoreIndex *index, Datum *values, const bool *nulls, bool keep)
{
	MemoryContext caller = MemoryContextSwitchTo(index->context);

	for (int i = 0; i < index->attributes; i++)
		if (!nulls[i] && !index->by_value[i] && (keep || index->info->ii_IndexAttrNumbers[i] == 0))
			values[i] = datumCopy(values[i], false, index->lengths[i]);
	MemoryContextSwitchTo(caller);
}

/* index_row notes what goes into one index for a row. */
static void
index_row(Store *store, StoreIndex *index, TupleTableSlot *slot, bool keep)
{
	ExprContext *context = GetPerTupleExprContext(store->estate);
	Datum *values;
	bool *nulls;

	if (index->count == index->capacity)
		grow_index(index);
	if (index->info->ii_Predicate != NIL)
	{
		if (index->info->ii_PredicateState == NULL)
		{
			MemoryContext caller = MemoryContextSwitchTo(store->estate->es_query_cxt);

			index->info->ii_PredicateState =
				ExecPrepareQual(index->info->ii_Predicate, store->estate);
			MemoryContextSwitchTo(caller);
		}
		if (!ExecQual(index->info->ii_PredicateState, context))
			return;
	}
	values = index->values + (Size) index->count * index->attributes;
	nulls = index->nulls + (Size) index->count * index->attributes;
	FormIndexDatum(index->info, slot, store->estate, values, nulls);
	keep_values(index, values, nulls, keep);
	index->places[index->count++] = slot->tts_tid;
}

/*
 * store_index_row notes what goes into the indexes for a row, whose place is known or the number of its
 * slot.  The row's values are copied if they are to be kept, else they last until the indexes are filled.
 */
void
store_index_row(Store *store, StoreHeap *heap, TupleTableSlot *slot, bool keep, bool only_summaries)
{
	GetPerTupleExprContext(store->estate)->ecxt_scantuple = slot;
	for (int i = 0; i < heap->index_count; i++)
		if (!only_summaries || cdp_index_summarizes(heap->indexes[i].info))
			index_row(store, &heap->indexes[i], slot, keep);
	ResetPerTupleExprContext(store->estate);
}

/* store_place_rows notes the places of rows that have come into the heap since they were noted. */
void
store_place_rows(StoreHeap *heap)
{
	for (int i = 0; i < heap->index_count; i++)
	{
		StoreIndex *index = &heap->indexes[i];

		for (; index->placed < index->count; index->placed++)
		{
			ItemPointerData *place = &index->places[index->placed];

			*place = heap->slots[ItemPointerGetBlockNumberNoCheck(place)]->tts_tid;
		}
	}
}

/* sort_index gives the rows in the order of a B-tree; NULL: as they are, for others. */
static int *
sort_index(const StoreIndex *index)
{
	StoreSortColumn column[INDEX_MAX_KEYS];
	int columns = index->info->ii_NumIndexKeyAttrs;

	if (index->relation->rd_rel->relam != BTREE_AM_OID)
		return NULL;
	for (int i = 0; i < columns; i++)
	{
		column[i].values = index->values + i;
		column[i].nulls = index->nulls + i;
		column[i].stride = index->attributes;
		column[i].compare = index_getprocinfo(index->relation, i + 1, BTORDER_PROC);
		column[i].collation = index->relation->rd_indcollation[i];
	}
	return store_sort(index->count, columns, column);
}

/* note_refused notes a row whose key another row has. */
static void
note_refused(StoreIndex *index, int row)
{
	StoreRefused *refused = index->refused;

	refused->row[refused->count] = row;
	refused->places[refused->count++] = index->places[row];
}

/* choose_check tells what an index does with a row whose key another row has. */
static IndexUniqueCheck
choose_check(const StoreIndex *index)
{
	if (!index->info->ii_Unique)
		return UNIQUE_CHECK_NO;
	return index->refused != NULL ? UNIQUE_CHECK_PARTIAL : UNIQUE_CHECK_YES;
}

/* insert_rows inserts what was noted for an index, row by row; "work" is the current memory context. */
static void
insert_rows(StoreHeap *heap, StoreIndex *index, StoreFilledLeaf *leaf, const int *order,
			MemoryContext work)
{
	IndexUniqueCheck check = choose_check(index);

	for (int i = 0; i < index->count; i++)
	{
		int row = order != NULL ? order[i] : i;
		Datum *values = index->values + (Size) row * index->attributes;
		bool *nulls = index->nulls + (Size) row * index->attributes;

		CHECK_FOR_INTERRUPTS();
		if (!store_fill_leaf(leaf, values, nulls, &index->places[row]) &&
			!index_insert(index->relation, values, nulls, &index->places[row], heap->relation,
						  check, index->unchanged, index->info) &&
			check == UNIQUE_CHECK_PARTIAL)
			note_refused(index, row);
		if (i % FREE_EVERY == FREE_EVERY - 1 && index->info->ii_AmCache == NULL)
			MemoryContextReset(work);
	}
}

/* fill_index inserts all that was noted for an index. */
static void
fill_index(StoreHeap *heap, StoreIndex *index)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "cdp store fill", ALLOCSET_DEFAULT_SIZES);
	int *order = sort_index(index);
	StoreFilledLeaf leaf;
	MemoryContext caller;

	store_begin_filled_leaf(&leaf, heap->relation, index->relation);
	caller = MemoryContextSwitchTo(work);
	if (!store_fill_summary(heap, index))
		insert_rows(heap, index, &leaf, order, work);
	store_end_filled_leaf(&leaf);
	cdp_index_insert_cleanup(index->relation, index->info);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
	if (order != NULL)
		pfree(order);
	index->count = 0;
	index->placed = 0;
	index->capacity = 0;
	MemoryContextReset(index->context);
}

/* store_fill_indexes inserts all that was noted for the indexes of a heap. */
void
store_fill_indexes(Store *store, StoreHeap *heap)
{
	for (int i = 0; i < heap->index_count; i++)
		if (heap->indexes[i].count > 0)
			fill_index(heap, &heap->indexes[i]);
}

/* has_entry tells whether an index has an entry for the row in a slot; "scan" is one of the whole key. */
static bool
has_entry(const StoreIndex *index, IndexScanDesc scan, ScanKey keys, TupleTableSlot *slot)
{
	ItemPointer place;
	bool isnull;

	for (int i = 0; i < scan->numberOfKeys; i++)
		keys[i].sk_argument = slot_getattr(slot, index->info->ii_IndexAttrNumbers[i], &isnull);
	index_rescan(scan, keys, scan->numberOfKeys, NULL, 0);
	while ((place = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
		if (ItemPointerEquals(place, &slot->tts_tid))
			return true;
	return false;
}

/* begin_entries begins to look for entries of the index of a primary key, whatever rows they are of. */
static IndexScanDesc
begin_entries(const StoreHeap *heap, const StoreIndex *index, ScanKey keys)
{
	Relation relation = index->relation;
	int columns = index->info->ii_NumIndexKeyAttrs;

	for (int i = 0; i < columns; i++)
	{
		Oid type = relation->rd_opcintype[i];
		Oid equal =
			get_opfamily_member(relation->rd_opfamily[i], type, type, BTEqualStrategyNumber);

		ScanKeyEntryInitialize(&keys[i], 0, i + 1, BTEqualStrategyNumber, type,
							   relation->rd_indcollation[i], get_opcode(equal), (Datum) 0);
	}
	return cdp_index_beginscan(heap->relation, relation, GetActiveSnapshot(), columns);
}

/*
 * store_fill_index_whole inserts all rows of a plain table into the index of its primary key.  It has some of them if it
 * was filled before by what was rolled back; else none.
 */
void
store_fill_index_whole(Store *store, Oid index, bool has_some)
{
	StoreHeap *heap = &store->heaps[0];
	StoreIndex *filled = NULL;
	IndexScanDesc entries = NULL;
	ScanKeyData keys[INDEX_MAX_KEYS];
	TableScanDesc scan;
	TupleTableSlot *slot = table_slot_create(heap->relation, NULL);

	store_prepare_write(store, heap);
	for (int i = 0; i < heap->index_count; i++)
		if (RelationGetRelid(heap->indexes[i].relation) == index)
			filled = &heap->indexes[i];
	if (filled == NULL)
		elog(ERROR, "index %u cannot be filled", index);
	if (has_some)
		entries = begin_entries(heap, filled, keys);
	scan = table_beginscan(heap->relation, GetActiveSnapshot(), 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (entries != NULL && has_entry(filled, entries, keys, slot))
			continue;
		GetPerTupleExprContext(store->estate)->ecxt_scantuple = slot;
		index_row(store, filled, slot, true);
		if (filled->count == SORTED_TOGETHER)
			fill_index(heap, filled);
	}
	fill_index(heap, filled);
	if (entries != NULL)
		index_endscan(entries);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/* store_close_heap closes what writes to a heap have opened. */
void
store_close_heap(StoreHeap *heap)
{
	for (int i = 0; i < heap->index_count; i++)
		index_close(heap->indexes[i].relation, NoLock);
	if (heap->row != NULL)
		ExecDropSingleTupleTableSlot(heap->row);
	for (int i = 0; i < heap->slot_count; i++)
		ExecDropSingleTupleTableSlot(heap->slots[i]);
}
