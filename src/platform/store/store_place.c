/*
 * store_place.c
 *		Where rows were that a find has met, for the call after it.
 *
 * Rows are mostly found to be changed: their index need not be gone through twice.  A place is a hint: whether the row
 * is there that has the key, and the caller's snapshot sees it, is asked again, and where it is not, the index is.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/rel.h"

#include "platform/store/store_internal.h"

/* store_begin_places starts to note places, of rows found by a key; not if another call may not use them. */
void
store_begin_places(const Store *store, const StoreKey *key, int keys, StorePlaces *places)
{
	memset(places, 0, sizeof(*places));
	if (store->access != STORE_WRITE || store->relation->rd_rel->relkind != RELKIND_RELATION ||
		key->count != 1 || !key->unique || store->types[key->columns[0]].type != INT8OID ||
		keys == 0)
		return;
	places->key = key;
	places->keys = MemoryContextAllocHuge(store->context, sizeof(int64) * keys);
	places->places = MemoryContextAllocHuge(store->context, sizeof(ItemPointerData) * keys);
}

/* store_note_place notes where the row that has a value as key was found, if places are noted; values ascend. */
void
store_note_place(StorePlaces *places, Datum value, const TupleTableSlot *slot)
{
	int64 key;

	if (places == NULL || places->key == NULL)
		return;
	key = DatumGetInt64(value);
	if (places->count > 0 && places->keys[places->count - 1] >= key)
		return;
	places->keys[places->count] = key;
	places->places[places->count++] = slot->tts_tid;
}

/* store_keep_places keeps the places for the next calls, instead of those before. */
void
store_keep_places(Store *store, StorePlaces *places)
{
	if (store->places.key != NULL)
	{
		pfree(store->places.keys);
		pfree(store->places.places);
	}
	store->places = *places;
}

/*
 * store_fetch_known fetches the row that has a value as key from where it was; false: look for it.  *at: so far a caller
 * has come through the places with values that ascend; they may be others since, if a find ran meanwhile.
 */
bool
store_fetch_known(const Store *store, const StoreKey *key, Datum value, int *at, Snapshot snapshot,
				  TupleTableSlot *slot)
{
	const StorePlaces *places = &store->places;
	const StoreHeap *heap = &store->heaps[0];
	int64 sought;
	Datum found;
	bool isnull;

	if (places->key != key)
		return false;
	sought = DatumGetInt64(value);
	while (*at < places->count && places->keys[*at] < sought)
		(*at)++;
	if (*at >= places->count || places->keys[*at] != sought)
		return false;
	if (table_tuple_fetch_row_version(heap->relation, &places->places[*at], snapshot, slot))
	{
		found = slot_getattr(slot, heap->attributes[store->types[key->columns[0]].attribute - 1],
							 &isnull);
		if (!isnull && DatumGetInt64(found) == sought)
			return true;
	}
	ExecClearTuple(slot);
	return false;
}
