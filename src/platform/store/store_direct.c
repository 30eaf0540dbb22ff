/*
 * store_direct.c
 *		Finds rows by index scans, in the order of the index.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* open_scanned opens the index of a heap that a key is looked up by; NULL: it cannot be used now. */
static Relation
open_scanned(const Store *store, const StoreKey *key, Relation heap)
{
	Oid oid = heap == store->relation ? key->index : index_get_partition(heap, key->index);
	Relation index;

	if (!OidIsValid(oid))
		return NULL;
	index = index_open(oid, AccessShareLock);
	/* of an index that was made while rows were being changed, older snapshots must not see a thing */
	if (index->rd_index->indisvalid &&
		(!index->rd_index->indcheckxmin ||
		 TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							   TransactionXmin)))
		return index;
	index_close(index, NoLock);
	return NULL;
}

/* store_direct_has opens the indexes of a key; false: one cannot be used. */
bool
store_direct_has(Store *store, StoreKey *key)
{
	if (key->stand_in != NULL)
		return store->sql_reason == NULL;
	for (int i = 0; i < store->heap_count; i++)
	{
		if (key->scanned[i] == NULL)
			key->scanned[i] = open_scanned(store, key, store->heaps[i].relation);
		if (key->scanned[i] == NULL)
			return false;
	}
	return true;
}

/* prepare_scan_keys makes the comparisons of a scan, without the values. */
static void
prepare_scan_keys(const StoreKey *key, Relation index, ScanKey scan_key)
{
	for (int i = 0; i < key->count; i++)
		ScanKeyEntryInitialize(&scan_key[i], 0, i + 1, BTEqualStrategyNumber,
							   index->rd_opcintype[i], key->collation[i], get_opcode(key->equal[i]),
							   (Datum) 0);
}

/* A look-up of keys in one heap. */
typedef struct StoreScan
{
	Store *store;
	StoreHeap *heap;
	int columns;
	const StoreColumn *arranged;
	IndexScanDesc scan;
	ScanKeyData keys[INDEX_MAX_KEYS];
	StoreLeaf leaf;
	Snapshot snapshot;
	TupleTableSlot *slot;
	StorePlaces *places;
	StoreScanFunction function;
	void *arg;
} StoreScan;

/* hand_over hands over the row in the slot. */
static void
hand_over(StoreScan *scan, int row)
{
	store_note_place(scan->places, scan->arranged[0].values[row], scan->slot);
	scan->function(scan->arg, scan->heap, row, scan->slot, scan->snapshot);
}

/* scan_index hands over the rows that have a key, or only tells the index which of them are dead. */
static void
scan_index(StoreScan *scan, int row, bool only_dead)
{
	for (int i = 0; i < scan->columns; i++)
		scan->keys[i].sk_argument = scan->arranged[i].values[row];
	index_rescan(scan->scan, scan->keys, scan->columns, NULL, 0);
	while (index_getnext_slot(scan->scan, ForwardScanDirection, scan->slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (scan->scan->xs_recheck)
			elog(ERROR, "a scan of a B-tree index asks to recheck its rows");
		if (!only_dead)
			hand_over(scan, row);
	}
}

/* look_up hands over the rows that have a key. */
static void
look_up(StoreScan *scan, int row)
{
	StoreLeaf *leaf = &scan->leaf;
	bool any_dead = false;

	if (!store_look_up(leaf, scan->arranged, row))
	{
		scan_index(scan, row, false);
		return;
	}
	for (int i = 0; i < leaf->count; i++)
	{
		ItemPointerData place = leaf->places[i];
		bool again = false;
		bool dead = false;

		if (table_index_fetch_tuple(scan->scan->xs_heapfetch, &place, scan->snapshot, scan->slot,
									&again, &dead))
		{
			pgstat_count_heap_fetch(leaf->index);
			hand_over(scan, row);
		}
		any_dead |= dead;
	}
	/* which the server does not take note of while it recovers */
	if (any_dead && !scan->scan->xactStartedInRecovery)
		scan_index(scan, row, true);
	else
	{
		pgstat_count_index_scan(leaf->index);
		pgstat_count_index_tuples(leaf->index, leaf->count);
	}
}

/* scan_heap looks keys up in one heap: all of them, or those that are routed to it. */
static void
scan_heap(Store *store, StoreKey *key, int heap, int keys, const StoreColumn *arranged,
		  const int *order, const int *route, Snapshot snapshot, StorePlaces *places,
		  StoreScanFunction function, void *arg)
{
	Relation relation = store->heaps[heap].relation;
	Relation index = key->scanned[heap];
	StoreScan scan = {store, &store->heaps[heap], key->count, arranged};
	int known = 0;

	scan.scan = cdp_index_beginscan(relation, index, snapshot, key->count);
	prepare_scan_keys(key, index, scan.keys);
	store_begin_leaf(&scan.leaf, index, key->count, snapshot);
	scan.snapshot = snapshot;
	scan.slot = table_slot_create(relation, NULL);
	scan.places = places;
	scan.function = function;
	scan.arg = arg;
	for (int i = 0; i < keys; i++)
	{
		int row = order[i];

		CHECK_FOR_INTERRUPTS();
		if ((route != NULL && route[row] != heap) || store_key_has_null(key, arranged, row))
			continue;
		if (store_fetch_known(store, key, arranged[0].values[row], &known, snapshot, scan.slot))
			hand_over(&scan, row);
		else
			look_up(&scan, row);
	}
	store_end_leaf(&scan.leaf);
	index_endscan(scan.scan);
	ExecDropSingleTupleTableSlot(scan.slot);
}

/* take_snapshot makes current what the calls before wrote, or takes the caller's snapshot. */
static Snapshot
take_snapshot(const Store *store)
{
	if (store->access == STORE_WRITE)
	{
		CommandCounterIncrement();
		PushActiveSnapshot(GetTransactionSnapshot());
	}
	else
		PushActiveSnapshot(GetActiveSnapshot());
	return GetActiveSnapshot();
}

/* route_keys gives the heap of each key; NULL: keys do not tell. */
static int *
route_keys(const Store *store, const StoreKey *key, int keys, const StoreColumn *arranged)
{
	int *route;

	if (store->heap_count < 2 || !store_routes_by(store, key->count, arranged))
		return NULL;
	route = palloc_extended(sizeof(int) * keys, MCXT_ALLOC_HUGE);
	for (int i = 0; i < keys; i++)
		route[i] = store_route(store, key->count, arranged, i);
	return route;
}

/* store_direct_scan calls a function for each row that has one of the keys, and notes its place if asked to. */
void
store_direct_scan(Store *store, StoreKey *key, int keys, const StoreColumn *arranged,
				  const int *order, StorePlaces *places, StoreScanFunction function, void *arg)
{
	Snapshot snapshot = take_snapshot(store);
	int *route = keys > 0 ? route_keys(store, key, keys, arranged) : NULL;

	if (key->stand_in != NULL)
		store_scan_stand_in(store, key, keys, arranged, order, snapshot, function, arg);
	for (int i = 0; i < store->heap_count && keys > 0 && key->stand_in == NULL; i++)
		scan_heap(store, key, i, keys, arranged, order, route, snapshot, places, function, arg);
	if (route != NULL)
		pfree(route);
	PopActiveSnapshot();
}

/* What direct_find needs to hand a row over. */
typedef struct DirectFind
{
	const Store *store;
	StoreFind *find;
	const StoreHeap *heap; /* that the attributes are of */
	AttrNumber *attributes;
} DirectFind;

/* find_row is the StoreScanFunction of a find. */
static void
find_row(void *arg, StoreHeap *heap, int key, TupleTableSlot *slot, Snapshot snapshot)
{
	DirectFind *direct = arg;

	if (direct->heap != heap)
	{
		direct->heap = heap;
		for (int i = 0; i < direct->find->count; i++)
		{
			int column = direct->find->wanted[i];

			direct->attributes[i] = heap->attributes[direct->store->types[column].attribute - 1];
		}
	}
	store_deliver(direct->find, key, slot, direct->attributes);
}

void
store_direct_find(Store *store, StoreKey *key, int keys, const StoreColumn *arranged,
				  const int *order, StoreFind *find)
{
	DirectFind direct = {store, find, NULL, palloc(sizeof(AttrNumber) * Max(find->count, 1))};
	StorePlaces places;

	store_begin_places(store, key, keys, &places);
	store_direct_scan(store, key, keys, arranged, order, &places, find_row, &direct);
	if (places.key != NULL)
		store_keep_places(store, &places);
	pfree(direct.attributes);
}
