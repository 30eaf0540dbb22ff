/*
 * store.h
 *		Reads and writes of many rows of a table at once, by keys, with columns as arrays.
 *
 * There are two forms with the same meaning.  The SQL form runs statements, and works on every
 * table.  The direct form scans indexes and writes heaps itself, and serves plain tables; what it
 * cannot serve, it leaves to the SQL form.  No form ever reads a table whole.
 *
 * In the order of use: store_open(), then any of store_find(), store_insert(), store_update(),
 * store_upsert(), store_find_or_insert() and store_delete(), then store_close().  Open and close a store in the same
 * subtransaction.  While it is open, this session cannot alter the table or add partitions to it.
 *
 * Everything runs with the rights of the current user, and each call sees what earlier calls wrote.
 * Names of tables and columns are the caller's constants; values never become part of a statement.
 */
#ifndef CDP_STORE_H
#define CDP_STORE_H

#include "nodes/pg_list.h"
#include "utils/relcache.h"

typedef struct Store Store;

/* STORE_READ: only finds, under the caller's snapshot, so that they see what its statement sees. */
typedef enum StoreAccess
{
	STORE_READ,
	STORE_WRITE
} StoreAccess;

/* STORE_DIRECT: the direct form where the table allows it, and the setting cdp.store does. */
typedef enum StoreForm
{
	STORE_DIRECT,
	STORE_SQL
} StoreForm;

/* A table, and the columns that the caller deals in; below, a column is its place in that list. */
typedef struct StoreTable
{
	const char *schema;
	const char *name;
	int column_count;
	const char *const *columns;
} StoreTable;

/* The values of one column, one for each row. */
typedef struct StoreColumn
{
	int column;
	const Datum *values;
	const bool *nulls; /* NULL: none is null */
} StoreColumn;

/* Some columns.  Rows are found by the leading columns of a B-tree index, in any order. */
typedef struct StoreColumns
{
	int count;
	const StoreColumn *column;
} StoreColumns;

/*
 * Takes a row that was found: the place of the key that it answers, and the values that were asked
 * for.  These last until it returns, and are not stored out of line.  It must not write to the table.
 */
typedef void (*StoreRowFunction)(void *arg, int key, const Datum *values, const bool *nulls);

/* Rows that were found, as arrays: the place of the key that each answers, and its values. */
typedef struct StoreRows
{
	int count;
	int capacity;
	int *key;
	Datum **values; /* of each column that was asked for */
	bool **nulls;
} StoreRows;

/* Defines the setting cdp.store. */
extern void store_define_settings(void);

/* Opens a table.  The description must last as long as the store, which lies in CurrentMemoryContext. */
extern Store *store_open(const StoreTable *table, StoreAccess access, StoreForm form);

/*
 * Tells whether a table that is partitioned by the range of one column has a partition, other than the
 * default one, for a value.  Needs no open store: one that is open does not know a partition added since.
 */
extern bool store_has_range(const StoreTable *table, Datum value);

/*
 * Puts the indexes of partitions off that this transaction has made, and that have no rows: rows that are written do not
 * go into them until store_build_indexes() builds them all.  The table must not be open meanwhile, nor when they are
 * built; and they must be built before the transaction ends.
 */
extern void store_defer_indexes(const StoreTable *table);
extern void store_build_indexes(const StoreTable *table, bool last);

/*
 * Puts the primary key of a plain table off that has no rows, until store_build_indexes(), if it can be.  Its first
 * column must be a hash, bigint or uuid.  Until then the store finds rows by what it keeps in memory, 13 to 27
 * bytes a row, and the table must be written by the store alone; see there for what else holds.  "last" says that
 * building is the last work of the transaction: the index is built anew then unless another transaction is using it,
 * and readers by it wait for the end.  Else rows are inserted into it, for which neither waits for the other.
 */
extern void store_defer_key(const StoreTable *table);

/* How many rows are kept in memory for that. */
extern int64 store_count_deferred(const StoreTable *table);

/*
 * Why statements must serve a table: its shape, or the setting.  NULL: it may be read or written directly by
 * those who have the rights, unless row security applies to them.
 */
extern const char *store_needs_sql(Relation relation, StoreAccess access);

/* Why the store uses the SQL form; NULL: it does not, unless the user lacks rights. */
extern const char *store_sql_reason(const Store *store);

/*
 * Finds the rows that have each key, in no order, and returns how many.  A key with a null finds
 * none; a key that is given twice is answered twice.
 */
extern int64 store_find(Store *store, int keys, StoreColumns key, int wanted_count,
						const int *wanted, StoreRowFunction function, void *arg);

/* The same, as arrays in CurrentMemoryContext. */
extern StoreRows *store_find_rows(Store *store, int keys, StoreColumns key, int wanted_count,
								  const int *wanted);

/* Inserts rows; columns that are not given get their default. */
extern void store_insert(Store *store, int rows, StoreColumns columns);

/*
 * Sets columns of the rows that have each key, and returns how many these were.  No key may be given
 * twice, and columns that are unique should not be set.
 */
extern int64 store_update(Store *store, int keys, StoreColumns key, StoreColumns set);

/*
 * Sets columns of the row that has each key, or inserts it where there is none; with no columns to set,
 * only inserts.  The key is all columns of a unique index, and none may be given twice.  While others write to the table, the
 * direct form may meet their new row and raise unique_violation.
 */
extern void store_upsert(Store *store, int keys, StoreColumns key, StoreColumns set);

/*
 * Finds the rows that have each key, as store_find() does, and inserts a row where there is none, as store_insert()
 * does.  The key is all columns of a unique index, and none may be given twice.  Costs least while few keys are there.
 */
extern int64 store_find_or_insert(Store *store, int keys, StoreColumns key, StoreColumns set,
								  int wanted_count, const int *wanted, StoreRowFunction function,
								  void *arg);

/* Deletes the rows that have each key, and returns how many these were. */
extern int64 store_delete(Store *store, int keys, StoreColumns key);

extern void store_close(Store *store);

#endif /* CDP_STORE_H */
