/*
 * store.c
 *		Opens and closes tables, and sends each call to the form that serves it.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "platform/store/store_internal.h"

/* the values of the setting cdp.store */
enum
{
	SETTING_AUTO,
	SETTING_SQL
};

static const struct config_enum_entry setting_values[] = {
	{"auto", SETTING_AUTO, false}, {"sql", SETTING_SQL, false}, {NULL, 0, false}};

static int store_setting = SETTING_AUTO;

void
store_define_settings(void)
{
	DefineCustomEnumVariable(
		"cdp.store", "How a refresh reads and writes the tables of cdp.",
		"auto: directly where a table allows it, and else by SQL statements; sql: by SQL statements.",
		&store_setting, SETTING_AUTO, setting_values, PGC_USERSET, 0, NULL, NULL, NULL);
}

/*
 * setting_is_sql reads the setting by its name: a module that carries these files for its tests has
 * another variable.
 */
static bool
setting_is_sql(void)
{
	const char *value = GetConfigOption("cdp.store", true, false);

	return value != NULL && strcmp(value, "sql") == 0;
}

/* find_attribute finds an attribute by its name; NULL: there is none. */
static const FormData_pg_attribute *
find_attribute(Relation relation, const char *name)
{
	TupleDesc descriptor = RelationGetDescr(relation);

	for (int i = 0; i < descriptor->natts; i++)
	{
		const FormData_pg_attribute *attribute = TupleDescAttr(descriptor, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
			return attribute;
	}
	return NULL;
}

/* describe_column looks up a column of the description. */
static void
describe_column(Store *store, int column)
{
	StoreType *type = &store->types[column];
	const char *name = store->table->columns[column];
	const FormData_pg_attribute *attribute = find_attribute(store->relation, name);

	if (attribute == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
						errmsg("column \"%s\" of table \"%s\" does not exist", name,
							   RelationGetRelationName(store->relation))));
	type->attribute = attribute->attnum;
	/* a domain has these of its base type */
	type->type = getBaseType(attribute->atttypid);
	type->length = attribute->attlen;
	type->by_value = attribute->attbyval;
	type->align = attribute->attalign;
	type->is_array = !OidIsValid(get_array_type(type->type));
}

Store *
store_open(const StoreTable *table, StoreAccess access, StoreForm form)
{
	LOCKMODE lock = access == STORE_WRITE ? RowExclusiveLock : AccessShareLock;
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "cdp store", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Store *store = palloc0(sizeof(Store));
	char kind;

	store->context = context;
	store->table = table;
	store->access = access;
	store->relation = table_openrv(
		makeRangeVar(unconstify(char *, table->schema), unconstify(char *, table->name), -1), lock);
	kind = store->relation->rd_rel->relkind;
	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is not a table", RelationGetRelationName(store->relation))));
	store->types = palloc0(sizeof(StoreType) * Max(table->column_count, 1));
	for (int i = 0; i < table->column_count; i++)
		describe_column(store, i);

	store->sql_reason =
		form == STORE_SQL ? "it is asked for" : store_needs_sql(store->relation, access);
	if (store->sql_reason == NULL)
		store->sql_reason = store_open_heaps(store);
	MemoryContextSwitchTo(caller);
	return store;
}

const char *
store_needs_sql(Relation relation, StoreAccess access)
{
	return setting_is_sql() ? "cdp.store says so" : store_unfit(relation, access);
}

const char *
store_sql_reason(const Store *store)
{
	return store->sql_reason;
}

void
store_close(Store *store)
{
	ListCell *cell;

	foreach (cell, store->keys)
	{
		StoreKey *key = lfirst(cell);

		for (int i = 0; i < store->heap_count; i++)
			if (key->scanned[i] != NULL)
				relation_close(key->scanned[i], NoLock);
	}
	for (int i = 0; i < store->heap_count; i++)
	{
		store_close_heap(&store->heaps[i]);
		if (store->heaps[i].relation != store->relation)
			table_close(store->heaps[i].relation, NoLock);
	}
	if (store->estate != NULL)
		FreeExecutorState(store->estate);
	table_close(store->relation, NoLock);
	MemoryContextDelete(store->context);
}

/* store_column_is_null tells whether a column has no value in a row. */
bool
store_column_is_null(const StoreColumn *column, int row)
{
	return column->nulls != NULL && column->nulls[row];
}

/* store_key_has_null tells whether a key finds nothing because a part of it is null. */
bool
store_key_has_null(const StoreKey *key, const StoreColumn *arranged, int row)
{
	for (int i = 0; i < key->count; i++)
		if (store_column_is_null(&arranged[i], row))
			return true;
	return false;
}

/* require_write refuses to write by a store that was opened to read. */
static void
require_write(const Store *store)
{
	if (store->access != STORE_WRITE)
		elog(ERROR, "table \"%s\" was opened to read", RelationGetRelationName(store->relation));
}

/* require_unique refuses a key that more than one row may have. */
static void
require_unique(const Store *store, const StoreKey *by)
{
	if (!by->unique)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no unique index of the columns of this key",
						RelationGetRelationName(store->relation)),
				 errhint("Create one, whose nulls are distinct and which is not deferrable.")));
}

/* store_deliver hands a row that was found to the caller. */
void
store_deliver(StoreFind *find, int key, TupleTableSlot *slot, const AttrNumber *attributes)
{
	bool fetched = false;

	for (int i = 0; i < find->count; i++)
	{
		Datum value = slot_getattr(slot, attributes[i], &find->nulls[i]);

		if (!find->nulls[i] &&
			TupleDescAttr(slot->tts_tupleDescriptor, attributes[i] - 1)->attlen == -1 &&
			VARATT_IS_EXTERNAL(DatumGetPointer(value)))
		{
			MemoryContext former = MemoryContextSwitchTo(find->row);

			value =
				PointerGetDatum(detoast_external_attr((struct varlena *) DatumGetPointer(value)));
			MemoryContextSwitchTo(former);
			fetched = true;
		}
		find->values[i] = value;
	}
	find->found++;
	if (find->function != NULL)
	{
		MemoryContext former = MemoryContextSwitchTo(find->caller);

		find->function(find->arg, key, find->values, find->nulls);
		MemoryContextSwitchTo(former);
	}
	if (fetched)
		MemoryContextReset(find->row);
}

/* enter_work switches to a context for what a call needs while it runs, below the caller's. */
static MemoryContext
enter_work(void)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "cdp store work", ALLOCSET_DEFAULT_SIZES);

	return MemoryContextSwitchTo(work);
}

/* leave_work frees it, and switches back to the caller's. */
static void
leave_work(MemoryContext caller)
{
	MemoryContext work = MemoryContextSwitchTo(caller);

	MemoryContextDelete(work);
}

/* begin_find makes ready what takes rows that are found, and enters work. */
static StoreFind
begin_find(int wanted_count, const int *wanted, StoreRowFunction function, void *arg)
{
	StoreFind find = {wanted_count, wanted, function, arg};

	find.caller = enter_work();
	find.row = AllocSetContextCreate(CurrentMemoryContext, "cdp store row", ALLOCSET_DEFAULT_SIZES);
	find.values = palloc(sizeof(Datum) * Max(wanted_count, 1));
	find.nulls = palloc(sizeof(bool) * Max(wanted_count, 1));
	return find;
}

int64
store_find(Store *store, int keys, StoreColumns key, int wanted_count, const int *wanted,
		   StoreRowFunction function, void *arg)
{
	StoreColumn arranged[INDEX_MAX_KEYS];
	StoreKey *by = store_get_key(store, key, arranged);
	StoreFind find = begin_find(wanted_count, wanted, function, arg);
	int *order;

	order = store_sort_keys(by, keys, arranged);
	if (store_may(store, ACL_SELECT) && store_direct_has(store, by))
		store_direct_find(store, by, keys, arranged, order, &find);
	else
		store_sql_find(store, by, keys, arranged, order, &find);
	leave_work(find.caller);
	return find.found;
}

/* What collects rows. */
typedef struct Collect
{
	StoreRows *rows;
	const Store *store;
	int count;
	const int *wanted;
} Collect;

/* grow_rows makes room for as many rows again. */
static void
grow_rows(StoreRows *rows, int columns)
{
	rows->capacity *= 2;
	rows->key = repalloc_huge(rows->key, sizeof(int) * rows->capacity);
	for (int i = 0; i < columns; i++)
	{
		rows->values[i] = repalloc_huge(rows->values[i], sizeof(Datum) * rows->capacity);
		rows->nulls[i] = repalloc_huge(rows->nulls[i], sizeof(bool) * rows->capacity);
	}
}

/* collect_row is the StoreRowFunction of store_find_rows. */
static void
collect_row(void *arg, int key, const Datum *values, const bool *nulls)
{
	Collect *collect = arg;
	StoreRows *rows = collect->rows;

	if (rows->count == rows->capacity)
		grow_rows(rows, collect->count);
	rows->key[rows->count] = key;
	for (int i = 0; i < collect->count; i++)
	{
		const StoreType *type = &collect->store->types[collect->wanted[i]];

		rows->nulls[i][rows->count] = nulls[i];
		rows->values[i][rows->count] =
			nulls[i] || type->by_value ? values[i] : datumCopy(values[i], false, type->length);
	}
	rows->count++;
}

StoreRows *
store_find_rows(Store *store, int keys, StoreColumns key, int wanted_count, const int *wanted)
{
	StoreRows *rows = palloc0(sizeof(StoreRows));
	Collect collect = {rows, store, wanted_count, wanted};

	rows->capacity = Max(keys, 16);
	rows->key = palloc_extended(sizeof(int) * rows->capacity, MCXT_ALLOC_HUGE);
	rows->values = palloc(sizeof(Datum *) * Max(wanted_count, 1));
	rows->nulls = palloc(sizeof(bool *) * Max(wanted_count, 1));
	for (int i = 0; i < wanted_count; i++)
	{
		rows->values[i] = palloc_extended(sizeof(Datum) * rows->capacity, MCXT_ALLOC_HUGE);
		rows->nulls[i] = palloc_extended(sizeof(bool) * rows->capacity, MCXT_ALLOC_HUGE);
	}
	store_find(store, keys, key, wanted_count, wanted, collect_row, &collect);
	return rows;
}

void
store_insert(Store *store, int rows, StoreColumns columns)
{
	MemoryContext caller;

	require_write(store);
	if (rows == 0)
		return;
	caller = enter_work();
	if (store_may(store, ACL_INSERT) &&
		store_direct_can_insert(store, columns.count, columns.column))
		store_direct_insert(store, NULL, rows, columns.count, columns.column);
	else
		store_sql_insert(store, NULL, rows, columns);
	leave_work(caller);
}

int64
store_update(Store *store, int keys, StoreColumns key, StoreColumns set)
{
	StoreColumn arranged[INDEX_MAX_KEYS];
	StoreKey *by = store_get_key(store, key, arranged);
	MemoryContext caller;
	int *order;
	int64 updated;

	require_write(store);
	if (set.count == 0)
		elog(ERROR, "an update that sets no column");
	caller = enter_work();
	order = store_sort_keys(by, keys, arranged);
	store_refuse_twice(store, by, keys, arranged, order);
	if (store_may(store, ACL_SELECT | ACL_UPDATE) && store_direct_has(store, by) &&
		store_direct_can_set(store, set))
		updated = store_direct_update(store, by, keys, arranged, order, set, NULL);
	else
		updated = store_sql_update(store, by, keys, arranged, order, set);
	leave_work(caller);
	return updated;
}

/* store_join_columns puts the columns of a key and those to be set into one list. */
StoreColumn *
store_join_columns(const StoreKey *by, const StoreColumn *arranged, StoreColumns set)
{
	StoreColumn *columns = palloc(sizeof(StoreColumn) * (by->count + set.count));

	memcpy(columns, arranged, sizeof(StoreColumn) * by->count);
	if (set.count > 0)
		memcpy(columns + by->count, set.column, sizeof(StoreColumn) * set.count);
	return columns;
}

/* upsert_directly updates what is found, and inserts the rest in the order given. */
static void
upsert_directly(Store *store, StoreKey *by, int keys, const StoreColumn *arranged, const int *order,
				StoreColumns set)
{
	bool *found = palloc0(sizeof(bool) * keys);
	int *missing = palloc_extended(sizeof(int) * keys, MCXT_ALLOC_HUGE);
	int missing_count = 0;

	store_direct_update(store, by, keys, arranged, order, set, found);
	for (int i = 0; i < keys; i++)
		if (!found[i])
			missing[missing_count++] = i;
	if (missing_count > 0)
		store_direct_insert(store, missing, missing_count, by->count + set.count,
							store_join_columns(by, arranged, set));
}

/* can_upsert_directly tells whether both parts of an upsert can be done directly. */
static bool
can_upsert_directly(Store *store, StoreKey *by, const StoreColumn *arranged, StoreColumns set)
{
	return store_may(store, ACL_SELECT | ACL_INSERT | ACL_UPDATE) && store_direct_has(store, by) &&
		   store_direct_can_set(store, set) &&
		   store_direct_can_insert(store, by->count + set.count,
								   store_join_columns(by, arranged, set));
}

void
store_upsert(Store *store, int keys, StoreColumns key, StoreColumns set)
{
	StoreColumn arranged[INDEX_MAX_KEYS];
	StoreKey *by = store_get_key(store, key, arranged);
	MemoryContext caller;
	int *order;

	require_write(store);
	require_unique(store, by);
	if (keys == 0)
		return;
	caller = enter_work();
	order = store_sort_keys(by, keys, arranged);
	store_refuse_twice(store, by, keys, arranged, order);
	if (can_upsert_directly(store, by, arranged, set))
		upsert_directly(store, by, keys, arranged, order, set);
	else
		store_sql_upsert(store, by, keys, arranged, order, set);
	leave_work(caller);
}

int64
store_find_or_insert(Store *store, int keys, StoreColumns key, StoreColumns set, int wanted_count,
					 const int *wanted, StoreRowFunction function, void *arg)
{
	StoreColumn arranged[INDEX_MAX_KEYS];
	StoreKey *by = store_get_key(store, key, arranged);
	StoreColumns columns = {by->count + set.count};
	StoreFind find;
	int *order;

	require_write(store);
	require_unique(store, by);
	find = begin_find(wanted_count, wanted, function, arg);
	order = store_sort_keys(by, keys, arranged);
	store_refuse_twice(store, by, keys, arranged, order);
	columns.column = store_join_columns(by, arranged, set);
	store_insert_missing(store, by, keys, arranged, order, columns, &find,
						 store_may(store, ACL_SELECT | ACL_INSERT) && store_direct_has(store, by) &&
							 store_direct_can_insert(store, columns.count, columns.column));
	leave_work(find.caller);
	return find.found;
}

int64
store_delete(Store *store, int keys, StoreColumns key)
{
	StoreColumn arranged[INDEX_MAX_KEYS];
	StoreKey *by = store_get_key(store, key, arranged);
	MemoryContext caller;
	int *order;
	int64 deleted;

	require_write(store);
	caller = enter_work();
	order = store_sort_keys(by, keys, arranged);
	if (store_may(store, ACL_SELECT | ACL_DELETE) && store_direct_has(store, by))
		deleted = store_direct_delete(store, by, keys, arranged, order);
	else
		deleted = store_sql_delete(store, by, keys, arranged, order);
	leave_work(caller);
	return deleted;
}
