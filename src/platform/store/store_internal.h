/*
 * store_internal.h
 *		What the files of the store share.
 */
#ifndef CDP_STORE_INTERNAL_H
#define CDP_STORE_INTERNAL_H

#include "access/attnum.h"
#include "access/nbtree.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "nodes/execnodes.h"
#include "pg_config_manual.h"
#include "utils/rel.h"

#include "platform/store/store.h"

/* A column that the caller deals in. */
typedef struct StoreType
{
	AttrNumber attribute; /* in the table */
	Oid type;             /* below a domain */
	int16 length;
	bool by_value;
	char align;
	bool is_array; /* arrays of it do not exist: statements take it as text */
} StoreType;

/* What stands in for an index that was put off. */
typedef struct StoreStandIn StoreStandIn;

/* How rows are found by some columns: those in the order of an index, and how it compares them. */
typedef struct StoreKey
{
	int count;
	int columns[INDEX_MAX_KEYS];
	Oid index;
	bool unique; /* they are all of a unique index, whose nulls are distinct */
	FmgrInfo compare[INDEX_MAX_KEYS];
	Oid collation[INDEX_MAX_KEYS];
	Oid equal[INDEX_MAX_KEYS]; /* operators */
	Relation *scanned;         /* the direct form's: the index of each heap, NULL: not open yet */
	StoreStandIn *stand_in;    /* looks rows up in place of the index, NULL: nothing does */
} StoreKey;

/* The leaf page of a B-tree on which a key was looked up, and the places of rows that may have it. */
typedef struct StoreLeaf
{
	Relation index; /* NULL: keys are not looked up so */
	Snapshot snapshot;
	BTScanInsert key;
	Buffer buffer;  /* pinned, or invalid */
	bool sees_dead; /* of items that are marked as dead, too */
	ItemPointerData *places;
	int count;
	int capacity;
} StoreLeaf;

/* The leaf page of a B-tree into which an entry was inserted. */
typedef struct StoreFilledLeaf
{
	Relation heap;
	Relation index; /* NULL: its access method inserts all */
	BTScanInsert key;
	Buffer buffer; /* pinned, or invalid */
} StoreFilledLeaf;

/* Rows that a unique index has another row for: which of those that were inserted, and where they are. */
typedef struct StoreRefused
{
	int count;
	int *row;
	ItemPointerData *places;
} StoreRefused;

/* What goes into one index, until all of it is inserted in the order of the index. */
typedef struct StoreIndex
{
	Relation relation;
	IndexInfo *info;
	MemoryContext context; /* of the rows below */
	int attributes;
	int16 lengths[INDEX_MAX_KEYS]; /* and how their values are stored */
	bool by_value[INDEX_MAX_KEYS];
	int count;
	int capacity;
	Datum *values; /* row by row */
	bool *nulls;
	ItemPointerData *places;
	int placed;     /* those that are known; of the others, the block is the number of their slot */
	bool unchanged; /* the rows that follow have the keys of earlier versions */
	StoreRefused *refused; /* takes rows whose key is there; NULL: they are an error */
} StoreIndex;

/* A plain table, or one partition. */
typedef struct StoreHeap
{
	Relation relation;
	AttrNumber *attributes; /* of each attribute of the store's table */
	ResultRelInfo *result;  /* this and all below: NULL until the first write */
	TupleDesc descriptor;
	int index_count;
	StoreIndex *indexes;
	StoreStandIn *stand_in; /* of its primary key, NULL: none */
	TupleTableSlot *row;    /* the values of one row, the caller's */
	TupleTableSlot **slots; /* tuples on their way into the heap */
	int slot_count;
} StoreHeap;

/* Where rows were that a find has met, by their keys in ascending order. */
typedef struct StorePlaces
{
	const StoreKey *key; /* NULL: none are noted */
	int count;
	int64 *keys;
	ItemPointerData *places;
} StorePlaces;

struct Store
{
	MemoryContext context;
	const StoreTable *table;
	StoreAccess access;
	Relation relation;
	StoreType *types;       /* of each column of the description */
	const char *sql_reason; /* why the SQL form; NULL: the direct form */
	List *keys;             /* of StoreKey */
	StorePlaces places;     /* of the last find that noted any */

	/* the direct form's */
	EState *estate;
	int heap_count;
	StoreHeap *heaps;
	struct PartitionDescData *partitions; /* as they were at open */
	int *route_columns;                   /* the columns that choose one */
	bool *default_known;                  /* of each attribute; NULL: of none yet */
	Datum *default_values;
	bool *default_nulls;
	bool *default_varies; /* it is not a constant */
};

/* What a find does with its rows. */
typedef struct StoreFind
{
	int count;
	const int *wanted;
	StoreRowFunction function;
	void *arg;
	MemoryContext caller;
	MemoryContext row;
	Datum *values;
	bool *nulls;
	int64 found;
} StoreFind;

/* Values to be sorted: the first row's, and how far it is to the next. */
typedef struct StoreSortColumn
{
	const Datum *values;
	const bool *nulls;
	int stride;
	FmgrInfo *compare;
	Oid collation;
} StoreSortColumn;

/* store_check.c */
extern const char *store_unfit(Relation relation, StoreAccess access);
extern const char *store_unfit_partition(Relation relation, StoreAccess access);
/* Tell whether Citus is there. */
extern bool store_may_be_distributed(void);
extern bool store_may(const Store *store, AclMode needed);

/* store_key.c */
extern StoreKey *store_get_key(Store *store, StoreColumns key, StoreColumn *arranged);
extern int *store_sort_keys(const StoreKey *key, int count, const StoreColumn *arranged);
extern void store_refuse_twice(Store *store, const StoreKey *key, int count,
							   const StoreColumn *arranged, const int *order);

/* store_sort.c */
extern int *store_sort(int rows, int columns, const StoreSortColumn *column);
extern int store_compare(int columns, const StoreSortColumn *column, int a, int b);

/* store.c */
extern void store_deliver(StoreFind *find, int key, TupleTableSlot *slot,
						  const AttrNumber *attributes);
extern bool store_column_is_null(const StoreColumn *column, int row);
extern StoreColumn *store_join_columns(const StoreKey *by, const StoreColumn *arranged,
									   StoreColumns set);
extern bool store_key_has_null(const StoreKey *key, const StoreColumn *arranged, int row);

/* store_sql.c */
extern void store_sql_find(Store *store, const StoreKey *key, int keys, const StoreColumn *arranged,
						   const int *order, StoreFind *find);
extern void store_sql_insert(Store *store, const int *row, int rows, StoreColumns columns);
extern int64 store_sql_update(Store *store, const StoreKey *key, int keys,
							  const StoreColumn *arranged, const int *order, StoreColumns set);
extern void store_sql_upsert(Store *store, const StoreKey *key, int keys,
							 const StoreColumn *arranged, const int *order, StoreColumns set);
extern int64 store_sql_delete(Store *store, const StoreKey *key, int keys,
							  const StoreColumn *arranged, const int *order);

/* store_partition.c */
extern const char *store_open_heaps(Store *store);
extern bool store_routes_by(const Store *store, int count, const StoreColumn *columns);
extern int store_route(const Store *store, int count, const StoreColumn *columns, int row);

/* store_direct.c */
typedef void (*StoreScanFunction)(void *arg, StoreHeap *heap, int key, TupleTableSlot *slot,
								  Snapshot snapshot);
extern bool store_direct_has(Store *store, StoreKey *key);
extern void store_direct_scan(Store *store, StoreKey *key, int keys, const StoreColumn *arranged,
							  const int *order, StorePlaces *places, StoreScanFunction function,
							  void *arg);
extern void store_direct_find(Store *store, StoreKey *key, int keys, const StoreColumn *arranged,
							  const int *order, StoreFind *find);

/* store_leaf.c */
extern void store_begin_leaf(StoreLeaf *leaf, Relation index, int columns, Snapshot snapshot);
extern void store_end_leaf(StoreLeaf *leaf);
extern bool store_look_up(StoreLeaf *leaf, const StoreColumn *arranged, int row);
extern bool store_lies_within(Relation index, BTScanInsert key, Buffer buffer);

/* store_filled_leaf.c */
extern void store_begin_filled_leaf(StoreFilledLeaf *leaf, Relation heap, Relation index);
extern void store_end_filled_leaf(StoreFilledLeaf *leaf);
extern bool store_fill_leaf(StoreFilledLeaf *leaf, const Datum *values, const bool *nulls,
							ItemPointer place);

/* store_stand_in.c */
extern bool store_can_stand_in(Relation index);
extern void store_begin_stand_in(Relation index);
extern StoreStandIn *store_get_stand_in(Oid index);
extern bool store_note_filled(Oid index);
extern void store_end_stand_in(Oid index);
extern int64 store_count_stand_in(Oid index);
extern void store_reserve_stand_in(StoreStandIn *stand_in, int64 rows);
extern void store_stand_in_row(StoreStandIn *stand_in, TupleTableSlot *slot);
extern void store_scan_stand_in(Store *store, StoreKey *key, int keys, const StoreColumn *arranged,
								const int *order, Snapshot snapshot, StoreScanFunction function,
								void *arg);

/* store_defer.c */
extern bool store_index_is_ready(Oid index);

/* store_place.c */
extern void store_begin_places(const Store *store, const StoreKey *key, int keys,
							   StorePlaces *places);
extern void store_note_place(StorePlaces *places, Datum value, const TupleTableSlot *slot);
extern void store_keep_places(Store *store, StorePlaces *places);
extern bool store_fetch_known(const Store *store, const StoreKey *key, Datum value, int *at,
							  Snapshot snapshot, TupleTableSlot *slot);

/* store_insert.c */
extern bool store_direct_can_insert(Store *store, int count, const StoreColumn *columns);
extern void store_direct_insert(Store *store, const int *row, int rows, int count,
								const StoreColumn *columns);

/* store_missing.c */
extern void store_insert_missing(Store *store, StoreKey *key, int keys, const StoreColumn *arranged,
								 int *order, StoreColumns columns, StoreFind *find_by, bool direct);

/* store_change.c */
extern int64 store_direct_update(Store *store, StoreKey *key, int keys, const StoreColumn *arranged,
								 const int *order, StoreColumns set, bool *found);
extern int64 store_direct_delete(Store *store, StoreKey *key, int keys, const StoreColumn *arranged,
								 const int *order);
extern void store_direct_delete_places(Store *store, StoreHeap *heap, int count,
									   const ItemPointerData *places);
extern bool store_direct_can_set(const Store *store, StoreColumns set);

/* store_index.c */
extern void store_prepare_write(Store *store, StoreHeap *heap);
extern void store_index_row(Store *store, StoreHeap *heap, TupleTableSlot *slot, bool keep,
							bool only_summaries);
extern void store_place_rows(StoreHeap *heap);
extern void store_fill_indexes(Store *store, StoreHeap *heap);
extern void store_fill_index_whole(Store *store, Oid index, bool has_some);
extern void store_close_heap(StoreHeap *heap);

/* store_summary.c */
extern bool store_fill_summary(StoreHeap *heap, StoreIndex *index);

#endif /* CDP_STORE_INTERNAL_H */
