/*
 * store_stand_in.c
 *		What stands in for an index that was put off: where rows are, by hashes of their keys, in memory.
 *
 * It is a table of places, found by the first four bytes of a key, which must be a hash itself: a uuid or a bigint.
 * In that order the table goes on as the keys do, so that sorted keys pass through it.  A place is a hint: whether the
 * row is there that has the key, and the caller's snapshot sees it, is asked of the row.  So rows of what was rolled
 * back need not be taken out.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/uuid.h"

#include "platform/store/store_internal.h"
#include "toolkit/bridge/huge.h"

/* slots of a new table, and how many of them are in use at most: 3 of 4 */
#define FIRST_BITS 17
#define MAX_BITS 30

/* rows ahead whose slots are asked for */
#define AHEAD 12

struct StoreStandIn
{
	Oid index;
	int nest_level; /* of the subtransaction that began it */
	bool filled;    /* rows were inserted into the index, by what may have been rolled back */
	MemoryContext context;
	CdpkAllocator allocator;
	AttrNumber attribute; /* of the heap, that is the first of the index */
	bool is_uuid;
	int bits;
	int64 count;
	uint32 *hashes; /* 0: the slot is free */
	ItemPointerData *places;
	int found_capacity;
	ItemPointerData *found;
};

/* those of this transaction */
static List *stand_ins = NIL;

/* forget_all runs when the memory of the transaction is freed. */
static void
forget_all(void *arg)
{
	stand_ins = NIL;
}

/* make_slots makes as many slots as there are bits for. */
static void
make_slots(StoreStandIn *made, int bits)
{
	size_t slots = (size_t) 1 << bits;
	uint32 *hashes;

	if (bits > MAX_BITS)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many rows without an index")));
	hashes = made->allocator.allocate(made->allocator.context, slots * sizeof(uint32));
	/* where memory runs out, the slots that were there stay as they are */
	made->places =
		made->allocator.allocate(made->allocator.context, slots * sizeof(ItemPointerData));
	made->hashes = hashes;
	made->bits = bits;
	memset(hashes, 0, slots * sizeof(uint32));
}

/* store_can_stand_in tells whether an index is one that a table in memory can stand in for. */
bool
store_can_stand_in(Relation index)
{
	Oid type = index->rd_opcintype[0];

	return index->rd_index->indisprimary && index->rd_index->indkey.values[0] > 0 &&
		   (type == INT8OID || type == UUIDOID);
}

/* store_begin_stand_in has a table in memory stand in for an index that has no rows. */
void
store_begin_stand_in(Relation index)
{
	MemoryContext context =
		AllocSetContextCreate(TopTransactionContext, "cdp store stand-in", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	StoreStandIn *made = MemoryContextAllocZero(context, sizeof(StoreStandIn));
	ListCell *cell;

	if (stand_ins == NIL)
	{
		MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));

		callback->func = forget_all;
		MemoryContextRegisterResetCallback(TopTransactionContext, callback);
	}
	foreach (cell, stand_ins)
	{
		StoreStandIn *former = lfirst(cell);

		if (former->index != RelationGetRelid(index))
			continue;
		/* of a load that was rolled back */
		stand_ins = foreach_delete_current(stand_ins, cell);
		MemoryContextDelete(former->context);
	}
	made->index = RelationGetRelid(index);
	made->nest_level = GetCurrentTransactionNestLevel();
	made->context = context;
	made->allocator = cdp_huge_scratch(context);
	made->attribute = index->rd_index->indkey.values[0];
	made->is_uuid = index->rd_opcintype[0] == UUIDOID;
	make_slots(made, FIRST_BITS);
	stand_ins = lappend(stand_ins, made);
	MemoryContextSwitchTo(caller);
}

/* store_get_stand_in returns what stands in for an index; NULL: nothing does, it is used. */
StoreStandIn *
store_get_stand_in(Oid index)
{
	ListCell *cell;

	foreach (cell, stand_ins)
	{
		StoreStandIn *stand_in = lfirst(cell);

		if (stand_in->index == index)
			return store_index_is_ready(index) ? NULL : stand_in;
	}
	return NULL;
}

/* store_note_filled notes that rows are about to be inserted into an index, and tells whether they were before. */
bool
store_note_filled(Oid index)
{
	StoreStandIn *stand_in = store_get_stand_in(index);
	bool before = stand_in != NULL && stand_in->filled;

	if (stand_in != NULL)
		stand_in->filled = true;
	return before;
}

/*
 * store_end_stand_in frees what stands in for an index that is about to be built; not in a subtransaction of the one that
 * began it, as the index is put off again if that is rolled back.
 */
void
store_end_stand_in(Oid index)
{
	ListCell *cell;

	foreach (cell, stand_ins)
	{
		StoreStandIn *stand_in = lfirst(cell);

		if (stand_in->index != index || GetCurrentTransactionNestLevel() > stand_in->nest_level)
			continue;
		stand_ins = foreach_delete_current(stand_ins, cell);
		MemoryContextDelete(stand_in->context);
	}
}

/* store_count_stand_in tells how many rows what stands in for an index has; 0: nothing does. */
int64
store_count_stand_in(Oid index)
{
	const StoreStandIn *stand_in = store_get_stand_in(index);

	return stand_in != NULL ? stand_in->count : 0;
}

/* hash_of gives the first bytes of a key, in the order of the index. */
static uint32
hash_of(const StoreStandIn *stand_in, Datum key)
{
	uint32 hash;

	if (stand_in->is_uuid)
	{
		memcpy(&hash, DatumGetUUIDP(key)->data, sizeof(hash));
		hash = pg_ntoh32(hash);
	}
	else
		hash = (uint32) (((uint64) DatumGetInt64(key) ^ (UINT64CONST(1) << 63)) >> 32);
	return Max(hash, 1);
}

/* put adds a place, unless it is there with the same hash. */
static void
put(StoreStandIn *stand_in, uint32 hash, ItemPointerData place)
{
	uint32 mask = ((uint32) 1 << stand_in->bits) - 1;
	uint32 at = hash >> (32 - stand_in->bits);

	for (; stand_in->hashes[at] != 0; at = (at + 1) & mask)
		if (stand_in->hashes[at] == hash && ItemPointerEquals(&stand_in->places[at], &place))
			return;
	stand_in->hashes[at] = hash;
	stand_in->places[at] = place;
	stand_in->count++;
}

/* grow makes twice as many slots. */
static void
grow(StoreStandIn *stand_in)
{
	uint32 slots = (uint32) 1 << stand_in->bits;
	uint32 *hashes = stand_in->hashes;
	ItemPointerData *places = stand_in->places;

	make_slots(stand_in, stand_in->bits + 1);
	stand_in->count = 0;
	for (uint32 i = 0; i < slots; i++)
		if (hashes[i] != 0)
			put(stand_in, hashes[i], places[i]);
	stand_in->allocator.release(stand_in->allocator.context, hashes);
	stand_in->allocator.release(stand_in->allocator.context, places);
}

/*
 * store_reserve_stand_in makes room for so many rows before they come: sorted keys would else fill the slots of the first
 * of them.
 */
void
store_reserve_stand_in(StoreStandIn *stand_in, int64 rows)
{
	while (stand_in->count + rows > ((int64) 3 << stand_in->bits) / 4)
		grow(stand_in);
}

/* store_stand_in_row notes where a row is, of which all attributes are at hand. */
void
store_stand_in_row(StoreStandIn *stand_in, TupleTableSlot *slot)
{
	bool isnull;
	Datum key = slot_getattr(slot, stand_in->attribute, &isnull);

	if (isnull)
		return;
	store_reserve_stand_in(stand_in, 1);
	put(stand_in, hash_of(stand_in, key), slot->tts_tid);
}

/* prefetch asks for the memory of the slot of a key. */
static void
prefetch(const StoreStandIn *stand_in, Datum key)
{
	uint32 at = hash_of(stand_in, key) >> (32 - stand_in->bits);

	__builtin_prefetch(&stand_in->hashes[at]);
}

/* find notes the places that may have a key, and returns how many. */
static int
find(StoreStandIn *stand_in, Datum key)
{
	uint32 hash = hash_of(stand_in, key);
	uint32 mask = ((uint32) 1 << stand_in->bits) - 1;
	int count = 0;

	for (uint32 at = hash >> (32 - stand_in->bits); stand_in->hashes[at] != 0; at = (at + 1) & mask)
	{
		if (stand_in->hashes[at] != hash)
			continue;
		if (count == stand_in->found_capacity)
		{
			int capacity = Max(16, count * 2);

			stand_in->found =
				stand_in->found == NULL
					? MemoryContextAlloc(stand_in->context, sizeof(ItemPointerData) * capacity)
					: repalloc_huge(stand_in->found, sizeof(ItemPointerData) * capacity);
			stand_in->found_capacity = capacity;
		}
		stand_in->found[count++] = stand_in->places[at];
	}
	return count;
}

/* has_key tells whether a row has a key. */
static bool
has_key(const Store *store, const StoreKey *key, const StoreColumn *arranged, int row,
		TupleTableSlot *slot)
{
	for (int i = 0; i < key->count; i++)
	{
		bool isnull;
		Datum value = slot_getattr(slot, store->types[key->columns[i]].attribute, &isnull);

		if (isnull || DatumGetInt32(FunctionCall2Coll(unconstify(FmgrInfo *, &key->compare[i]),
													  key->collation[i], value,
													  arranged[i].values[row])) != 0)
			return false;
	}
	return true;
}

/* store_scan_stand_in calls a function for each row that has one of the keys, as store_direct_scan() does. */
void
store_scan_stand_in(Store *store, StoreKey *key, int keys, const StoreColumn *arranged,
					const int *order, Snapshot snapshot, StoreScanFunction function, void *arg)
{
	StoreStandIn *stand_in = key->stand_in;
	StoreHeap *heap = &store->heaps[0];
	TupleTableSlot *slot = table_slot_create(heap->relation, NULL);

	for (int i = 0; i < keys; i++)
	{
		int row = order[i];
		int count;

		CHECK_FOR_INTERRUPTS();
		if (i + AHEAD < keys && !store_column_is_null(&arranged[0], order[i + AHEAD]))
			prefetch(stand_in, arranged[0].values[order[i + AHEAD]]);
		if (store_key_has_null(key, arranged, row))
			continue;
		count = find(stand_in, arranged[0].values[row]);
		for (int j = 0; j < count; j++)
			if (table_tuple_fetch_row_version(heap->relation, &stand_in->found[j], snapshot, slot))
			{
				if (has_key(store, key, arranged, row, slot))
					function(arg, heap, row, slot, snapshot);
				ExecClearTuple(slot);
			}
	}
	ExecDropSingleTupleTableSlot(slot);
}
