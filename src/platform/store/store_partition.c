/*
 * store_partition.c
 *		The heaps of a table, and which of them a row belongs to.
 *
 * A partitioned table is served if it is partitioned by the range of plain columns, and its
 * partitions are not partitioned again.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_class.h"
#include "nodes/makefuncs.h"
#include "nodes/nodes.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* find_column gives the column of the description that is an attribute; -1: none is. */
static int
find_column(const Store *store, AttrNumber attribute)
{
	for (int i = 0; i < store->table->column_count; i++)
		if (store->types[i].attribute == attribute)
			return i;
	return -1;
}

/* prepare_route notes by which columns rows are routed; false: they cannot be. */
static bool
prepare_route(Store *store)
{
	PartitionKey key = RelationGetPartitionKey(store->relation);

	if (key->strategy != PARTITION_STRATEGY_RANGE)
		return false;
	store->route_columns = palloc(sizeof(int) * key->partnatts);
	for (int i = 0; i < key->partnatts; i++)
	{
		if (key->partattrs[i] == 0)
			return false;
		/* columns that are not described are not given with any row, which then cannot be routed */
		store->route_columns[i] = find_column(store, key->partattrs[i]);
	}
	return true;
}

/* map_attributes finds the attributes of the store's table in one of its heaps. */
static AttrNumber *
map_attributes(const Store *store, Relation heap)
{
	TupleDesc descriptor = RelationGetDescr(store->relation);
	AttrNumber *attributes = palloc0(sizeof(AttrNumber) * Max(descriptor->natts, 1));

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (attribute->attisdropped)
			continue;
		attributes[i] = heap == store->relation
							? attribute->attnum
							: get_attnum(RelationGetRelid(heap), NameStr(attribute->attname));
		if (attributes[i] <= 0)
			elog(ERROR, "partition \"%s\" lacks column \"%s\"", RelationGetRelationName(heap),
				 NameStr(attribute->attname));
	}
	return attributes;
}

/* store_open_heaps opens the table's heaps, or tells why the direct form cannot serve them. */
const char *
store_open_heaps(Store *store)
{
	bool plain = store->relation->rd_rel->relkind == RELKIND_RELATION;
	LOCKMODE lock = store->access == STORE_WRITE ? RowExclusiveLock : AccessShareLock;
	int count = 1;
	const char *reason = NULL;

	if (!plain && !prepare_route(store))
		return "it is not partitioned by the range of columns";
	if (!plain)
	{
		store->partitions = RelationGetPartitionDesc(store->relation, true);
		count = store->partitions->nparts;
	}
	store->heaps = palloc0(sizeof(StoreHeap) * Max(count, 1));
	/* what is open when a reason is found is closed with the store */
	for (int i = 0; i < count && reason == NULL; i++)
	{
		Relation heap = plain ? store->relation : table_open(store->partitions->oids[i], lock);

		store->heaps[i].relation = heap;
		store->heap_count++;
		if (!plain)
			reason = store_unfit_partition(heap, store->access);
		if (reason == NULL)
			store->heaps[i].attributes = map_attributes(store, heap);
	}
	return reason;
}

/* given_column finds a column among those that are given. */
static const StoreColumn *
given_column(int count, const StoreColumn *columns, int column)
{
	for (int i = 0; i < count; i++)
		if (columns[i].column == column)
			return &columns[i];
	return NULL;
}

/* store_routes_by tells whether the columns that choose a partition are among those that are given. */
bool
store_routes_by(const Store *store, int count, const StoreColumn *columns)
{
	if (store->relation->rd_rel->relkind == RELKIND_RELATION)
		return true;
	for (int i = 0; i < RelationGetPartitionKey(store->relation)->partnatts; i++)
		if (given_column(count, columns, store->route_columns[i]) == NULL)
			return false;
	return true;
}

/* find_partition gives the partition whose range has these values, or -1. */
static int
find_partition(PartitionKey key, PartitionBoundInfo bounds, Datum *values)
{
	bool equal;

	return bounds->indexes[partition_range_datum_bsearch(key->partsupfunc, key->partcollation,
														 bounds, key->partnatts, values, &equal) +
						   1];
}

bool
store_has_range(const StoreTable *table, Datum value)
{
	Relation relation = table_openrv(
		makeRangeVar(unconstify(char *, table->schema), unconstify(char *, table->name), -1),
		RowExclusiveLock);
	bool found = false;

	if (relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
	{
		PartitionKey key = RelationGetPartitionKey(relation);
		PartitionBoundInfo bounds = RelationGetPartitionDesc(relation, true)->boundinfo;

		found = bounds != NULL && key->strategy == PARTITION_STRATEGY_RANGE &&
				key->partnatts == 1 && find_partition(key, bounds, &value) >= 0;
	}
	table_close(relation, NoLock);
	return found;
}

/* store_route gives the heap of a row; -1: there is none for it. */
int
store_route(const Store *store, int count, const StoreColumn *columns, int row)
{
	PartitionKey key;
	PartitionBoundInfo bounds;
	Datum values[PARTITION_MAX_KEYS];
	bool has_null = false;
	int partition = -1;

	if (store->relation->rd_rel->relkind == RELKIND_RELATION)
		return 0;
	key = RelationGetPartitionKey(store->relation);
	bounds = store->partitions->boundinfo;
	if (bounds == NULL)
		return -1;
	for (int i = 0; i < key->partnatts; i++)
	{
		const StoreColumn *column = given_column(count, columns, store->route_columns[i]);

		values[i] = column->values[row];
		has_null |= store_column_is_null(column, row);
	}
	if (!has_null)
		partition = find_partition(key, bounds, values);
	return partition >= 0 ? partition : bounds->default_index;
}
