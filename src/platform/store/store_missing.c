/*
 * store_missing.c
 *		Finds rows by a unique key, and inserts those that are not there.
 *
 * Where the direct form serves a plain table, keys are taken some at a time, in the order of the index, so that the
 * pages in which they are looked for are in the cache of the processor when they are written there.  While few keys
 * are there, none is looked for: rows are inserted, and those are taken back for which the index has another.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "platform/store/store_internal.h"

/* keys that are taken together */
#define KEYS_TOGETHER 256

/* few of them are there: fewer than one in so many */
#define FEW 16

typedef struct Missing
{
	Store *store;
	StoreKey *key;
	const StoreColumn *arranged;
	StoreColumns columns;
	StoreFind *find;
	bool direct;
	bool *found; /* of each key */
	StoreRowFunction function;
	void *arg;
} Missing;

/* note_found is the StoreRowFunction that notes which keys are there, and hands rows on. */
static void
note_found(void *arg, int key, const Datum *values, const bool *nulls)
{
	Missing *missing = arg;

	missing->found[key] = true;
	missing->function(missing->arg, key, values, nulls);
}

/* try_insert inserts rows, and leaves and counts those that another row has the key of. */
static int
try_insert(Missing *missing, int *order, int count)
{
	Store *store = missing->store;
	StoreHeap *heap = &store->heaps[0];
	int rows[KEYS_TOGETHER];
	ItemPointerData places[KEYS_TOGETHER];
	StoreRefused refused = {0, rows, places};

	store_prepare_write(store, heap);
	for (int i = 0; i < heap->index_count; i++)
		if (RelationGetRelid(heap->indexes[i].relation) == missing->key->index)
			heap->indexes[i].refused = &refused;
	store_direct_insert(store, order, count, missing->columns.count, missing->columns.column);
	for (int i = 0; i < heap->index_count; i++)
		heap->indexes[i].refused = NULL;
	store_direct_delete_places(store, heap, refused.count, places);
	/* they were refused in the order of the index, which is that of the keys */
	for (int i = 0; i < refused.count; i++)
		order[i] = order[rows[i]];
	return refused.count;
}

/* find finds rows, and leaves and counts the keys that have none. */
static int
find(Missing *missing, int *order, int count)
{
	int left = 0;

	if (missing->direct)
		store_direct_find(missing->store, missing->key, count, missing->arranged, order,
						  missing->find);
	else
		store_sql_find(missing->store, missing->key, count, missing->arranged, order,
					   missing->find);
	for (int i = 0; i < count; i++)
		if (!missing->found[order[i]])
			order[left++] = order[i];
	return left;
}

/* insert inserts rows. */
static void
insert(Missing *missing, int *order, int count)
{
	if (missing->direct)
		store_direct_insert(missing->store, order, count, missing->columns.count,
							missing->columns.column);
	else
		store_sql_insert(missing->store, order, count, missing->columns);
}

/*
 * store_insert_missing finds the rows that have each key, and inserts those that are missing.  The order of the keys
 * is used up.
 */
void
store_insert_missing(Store *store, StoreKey *key, int keys, const StoreColumn *arranged, int *order,
					 StoreColumns columns, StoreFind *find_by, bool direct)
{
	Missing missing = {store, key, arranged, columns, find_by, direct};
	bool may_try =
		direct && store->relation->rd_rel->relkind == RELKIND_RELATION && key->stand_in == NULL;
	int together = may_try ? KEYS_TOGETHER : Max(keys, 1);
	bool few = false;

	missing.found = palloc_extended(Max(keys, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	missing.function = find_by->function;
	missing.arg = find_by->arg;
	find_by->function = note_found;
	find_by->arg = &missing;
	for (int from = 0; from < keys; from += together)
	{
		int count = Min(keys - from, together);
		int64 before = find_by->found;
		int left = few ? try_insert(&missing, order + from, count) : count;

		if (left > 0)
			left = find(&missing, order + from, left);
		if (left > 0)
			insert(&missing, order + from, left);
		few = may_try && (find_by->found - before) * FEW < count;
	}
	pfree(missing.found);
}
