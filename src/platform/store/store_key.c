/*
 * store_key.c
 *		By which index rows are found, and in which order keys are looked up.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/relation.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* find_key_column gives the place among the keys of an attribute of the table; -1: it is none. */
static int
find_key_column(const Store *store, StoreColumns key, AttrNumber attribute)
{
	for (int i = 0; i < key.count; i++)
		if (store->types[key.column[i].column].attribute == attribute)
			return i;
	return -1;
}

/* compares_plainly tells whether a column of an index finds what is equal in the column of the table. */
static bool
compares_plainly(const Store *store, Relation index, int i)
{
	AttrNumber attribute = index->rd_index->indkey.values[i];

	return index->rd_indcollation[i] ==
		   TupleDescAttr(RelationGetDescr(store->relation), attribute - 1)->attcollation;
}

/* serves tells whether the leading columns of an index are those of a key. */
static bool
serves(const Store *store, Relation index, StoreColumns key)
{
	const FormData_pg_index *form = index->rd_index;

	if (index->rd_rel->relam != BTREE_AM_OID ||
		(!form->indisvalid && store_get_stand_in(RelationGetRelid(index)) == NULL) ||
		form->indnkeyatts < key.count || RelationGetIndexPredicate(index) != NIL)
		return false;
	for (int i = 0; i < key.count; i++)
		if (find_key_column(store, key, form->indkey.values[i]) < 0 ||
			!compares_plainly(store, index, i))
			return false;
	return true;
}

/* is_unique_key tells whether a key of an index that serves it finds one row at most. */
static bool
is_unique_key(Relation index, StoreColumns key)
{
#if PG_VERSION_NUM >= 150000
	if (index->rd_index->indnullsnotdistinct)
		return false;
#endif
	return index->rd_index->indisunique && index->rd_index->indimmediate &&
		   index->rd_index->indnkeyatts == key.count;
}

/* refuse_key raises that no index serves a key. */
static void
refuse_key(const Store *store, StoreColumns key)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < key.count; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
						 store->table->columns[key.column[i].column]);
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("table \"%s\" has no index to find rows by (%s)",
						   RelationGetRelationName(store->relation), names.data),
					errhint("Create a B-tree index that begins with these columns, or REINDEX one "
							"that is not valid.")));
}

/* choose_index opens the index of the fewest columns that serves a key, a unique one if it can. */
static Relation
choose_index(const Store *store, StoreColumns key)
{
	List *list = RelationGetIndexList(store->relation);
	Relation chosen = NULL;
	ListCell *cell;

	foreach (cell, list)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);

		if (serves(store, index, key) &&
			(chosen == NULL || (!is_unique_key(chosen, key) &&
								(is_unique_key(index, key) ||
								 index->rd_index->indnkeyatts < chosen->rd_index->indnkeyatts))))
		{
			Relation former = chosen;

			chosen = index;
			index = former;
		}
		if (index != NULL)
			index_close(index, NoLock);
	}
	list_free(list);
	if (chosen == NULL)
		refuse_key(store, key);
	return chosen;
}

/* make_key describes how rows are found by some columns. */
static StoreKey *
make_key(Store *store, StoreColumns key)
{
	Relation index = choose_index(store, key);
	MemoryContext caller = MemoryContextSwitchTo(store->context);
	StoreKey *made = palloc0(sizeof(StoreKey));

	made->count = key.count;
	made->index = RelationGetRelid(index);
	made->unique = is_unique_key(index, key);
	for (int i = 0; i < key.count; i++)
	{
		Oid family = index->rd_opfamily[i];
		Oid type = index->rd_opcintype[i];
		int place = find_key_column(store, key, index->rd_index->indkey.values[i]);

		made->columns[i] = key.column[place].column;
		made->collation[i] = index->rd_indcollation[i];
		made->equal[i] = get_opfamily_member(family, type, type, BTEqualStrategyNumber);
		if (!OidIsValid(made->equal[i]))
			elog(ERROR, "no equality in operator family %u", family);
		fmgr_info_copy(&made->compare[i], index_getprocinfo(index, i + 1, BTORDER_PROC),
					   store->context);
	}
	made->stand_in = store_get_stand_in(made->index);
	made->scanned = palloc0(sizeof(Relation) * Max(store->heap_count, 1));
	index_close(index, NoLock);
	store->keys = lappend(store->keys, made);
	MemoryContextSwitchTo(caller);
	return made;
}

/* arrange puts a caller's columns in the order of a key; false where they are others. */
static bool
arrange(const StoreKey *key, StoreColumns given, StoreColumn *arranged)
{
	if (key->count != given.count)
		return false;
	for (int i = 0; i < key->count; i++)
	{
		int place = 0;

		while (place < given.count && given.column[place].column != key->columns[i])
			place++;
		if (place == given.count)
			return false;
		arranged[i] = given.column[place];
	}
	return true;
}

/* store_get_key tells how rows are found by some columns, and arranges these so. */
StoreKey *
store_get_key(Store *store, StoreColumns key, StoreColumn *arranged)
{
	ListCell *cell;
	StoreKey *made;

	if (key.count < 1 || key.count > INDEX_MAX_KEYS)
		elog(ERROR, "a key of %d columns", key.count);
	foreach (cell, store->keys)
	{
		if (arrange(lfirst(cell), key, arranged))
			return lfirst(cell);
	}
	made = make_key(store, key);
	if (!arrange(made, key, arranged))
		elog(ERROR, "a column is twice in a key");
	return made;
}

/* make_sort_columns describes keys to the sort. */
static void
make_sort_columns(const StoreKey *key, const StoreColumn *arranged, StoreSortColumn *column)
{
	for (int i = 0; i < key->count; i++)
	{
		column[i].values = arranged[i].values;
		column[i].nulls = arranged[i].nulls;
		column[i].stride = 1;
		column[i].compare = unconstify(FmgrInfo *, &key->compare[i]);
		column[i].collation = key->collation[i];
	}
}

/* store_sort_keys gives the places of keys in the order of their index, those with a null last. */
int *
store_sort_keys(const StoreKey *key, int count, const StoreColumn *arranged)
{
	StoreSortColumn column[INDEX_MAX_KEYS];

	make_sort_columns(key, arranged, column);
	return store_sort(count, key->count, column);
}

/* store_refuse_twice raises an error if a key is given twice; one with a null may be. */
void
store_refuse_twice(Store *store, const StoreKey *key, int count, const StoreColumn *arranged,
				   const int *order)
{
	StoreSortColumn column[INDEX_MAX_KEYS];

	make_sort_columns(key, arranged, column);
	for (int i = 1; i < count; i++)
		if (store_compare(key->count, column, order[i - 1], order[i]) == 0 &&
			!store_key_has_null(key, arranged, order[i]))
			ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
							errmsg("one row of table \"%s\" would be changed twice",
								   RelationGetRelationName(store->relation)),
							errdetail("A key is given twice.")));
}
