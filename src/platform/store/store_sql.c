/*
 * store_sql.c
 *		The form that works on every table: statements over arrays.
 *
 * Values come as parameters, each an array, and rows are met by a nested loop over an index.  The
 * planner does not know how many keys there are, nor what columns of the project's own types hold, and
 * would read tables whole: all else that it could do is switched off while a statement is planned or
 * run.  Statements are prepared once in a session.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "compat.h"
#include "platform/store/store_internal.h"
#include "platform/store/store_statement.h"

/* rows that one statement takes, and from how many bytes on there are enough of them */
#define TOGETHER_ROWS 5000
#define TOGETHER_BYTES (32 * 1024 * 1024)

/* Some columns of some rows on their way into a statement. */
typedef struct Chunk
{
	const Store *store;
	int columns;
	const StoreColumn *column;
	const int *order; /* NULL: as they are */
	int first;
	int count;
} Chunk;

static inline int
chunk_row(const Chunk *chunk, int i)
{
	return chunk->order != NULL ? chunk->order[chunk->first + i] : chunk->first + i;
}

/* is_whole tells whether a value of variable length is as it is, if perhaps behind a short header. */
static inline bool
is_whole(Datum value)
{
	return !VARATT_IS_EXTERNAL(DatumGetPointer(value)) &&
		   !VARATT_IS_COMPRESSED(DatumGetPointer(value));
}

/* row_bytes gives the size of what a row holds of variable length. */
static Size
row_bytes(const Chunk *chunk, int row)
{
	Size bytes = 0;

	for (int i = 0; i < chunk->columns; i++)
		if (chunk->store->types[chunk->column[i].column].length == -1 &&
			!store_column_is_null(&chunk->column[i], row))
		{
			Datum value = chunk->column[i].values[row];

			bytes +=
				is_whole(value) ? VARSIZE_ANY(DatumGetPointer(value)) : toast_raw_datum_size(value);
		}
	return bytes;
}

/* next_chunk goes on to the next rows; false: there are none. */
static bool
next_chunk(Chunk *chunk, int rows)
{
	Size bytes = 0;

	chunk->first += chunk->count;
	chunk->count = 0;
	while (chunk->first + chunk->count < rows && chunk->count < TOGETHER_ROWS &&
		   bytes < TOGETHER_BYTES)
		bytes += row_bytes(chunk, chunk_row(chunk, chunk->count++));
	return chunk->count > 0;
}

/* text_of gives the text form of a value, as the type of an array's member. */
static Datum
text_of(Oid type, Datum value)
{
	Oid output;
	bool is_varlena;
	char *text;
	Datum result;

	getTypeOutputInfo(type, &output, &is_varlena);
	text = OidOutputFunctionCall(output, value);
	result = CStringGetTextDatum(text);
	pfree(text);
	return result;
}

/* align_end gives where the next member begins, and clears what is skipped. */
static char *
align_end(char *end, char align)
{
	char *next = (char *) att_align_nominal((uintptr_t) end, align);

	memset(end, 0, next - end);
	return next;
}

/*
 * make_varlena_array does what construct_md_array() does for values of variable length, which copies each value that
 * has a short header once more.
 */
static ArrayType *
make_varlena_array(Datum *values, const bool *nulls, int count, Oid type, char align)
{
	Size start = ARR_OVERHEAD_WITHNULLS(1, count);
	Size size = start;
	ArrayType *array;
	bits8 *bitmap;
	char *end;

	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			continue;
		if (!is_whole(values[i]))
			values[i] = PointerGetDatum(PG_DETOAST_DATUM(values[i]));
		size += VARHDRSZ + VARSIZE_ANY_EXHDR(DatumGetPointer(values[i]));
		size = att_align_nominal(size, align);
	}
	if (!AllocSizeIsValid(size))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the rows are too large for one statement"),
						errdetail("A column of them has %zu bytes.", size)));
	array = palloc(size);
	memset(array, 0, start);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = (int32) start;
	array->elemtype = type;
	ARR_DIMS(array)[0] = count;
	ARR_LBOUND(array)[0] = 1;
	bitmap = ARR_NULLBITMAP(array);
	end = (char *) array + start;
	for (int i = 0; i < count; i++)
	{
		const struct varlena *value = (const struct varlena *) DatumGetPointer(values[i]);
		Size length;

		if (nulls[i])
			continue;
		bitmap[i / 8] |= 1 << (i % 8);
		length = VARSIZE_ANY_EXHDR(value);
		SET_VARSIZE(end, VARHDRSZ + length);
		memcpy(VARDATA(end), VARDATA_ANY(value), length);
		end = align_end(end + VARHDRSZ + length, align);
	}
	Assert(end == (char *) array + size);
	return array;
}

/* make_array makes the array of a column's values. */
static Datum
make_array(const Chunk *chunk, const StoreColumn *column)
{
	const StoreType *type = &chunk->store->types[column->column];
	Datum *values = palloc(sizeof(Datum) * chunk->count);
	bool *nulls = palloc(sizeof(bool) * chunk->count);
	int dimension = chunk->count;
	int lower = 1;
	ArrayType *array;

	for (int i = 0; i < chunk->count; i++)
	{
		int row = chunk_row(chunk, i);

		nulls[i] = store_column_is_null(column, row);
		values[i] = column->values[row];
		if (type->is_array && !nulls[i])
			values[i] = text_of(type->type, values[i]);
	}
	if (type->is_array)
		array = make_varlena_array(values, nulls, chunk->count, TEXTOID, TYPALIGN_INT);
	else if (type->length == -1)
		array = make_varlena_array(values, nulls, chunk->count, type->type, type->align);
	else
		array = construct_md_array(values, nulls, 1, &dimension, &lower, type->type, type->length,
								   type->by_value, type->align);
	pfree(values);
	pfree(nulls);
	return PointerGetDatum(array);
}

/* run_chunk runs a statement over a chunk, and returns how many rows it touched. */
static uint64
run_chunk(const Chunk *chunk, const char *statement, DestReceiver *receiver)
{
	Oid *types = palloc(sizeof(Oid) * Max(chunk->columns, 1));
	ParamListInfo parameters = makeParamList(chunk->columns);
	SPIExecuteOptions options = {0};

	for (int i = 0; i < chunk->columns; i++)
	{
		const StoreType *type = &chunk->store->types[chunk->column[i].column];

		types[i] = type->is_array ? TEXTARRAYOID : get_array_type(type->type);
		parameters->params[i].ptype = types[i];
		parameters->params[i].pflags = PARAM_FLAG_CONST;
		parameters->params[i].isnull = false;
		parameters->params[i].value = make_array(chunk, &chunk->column[i]);
	}
	options.params = parameters;
	options.read_only = chunk->store->access == STORE_READ;
	options.dest = receiver;
	return store_statement_run(statement, chunk->columns, types, &options);
}

/* run_chunks runs a statement over all rows, some at a time. */
static uint64
run_chunks(Chunk *chunk, int rows, const char *statement, DestReceiver *receiver)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "cdp store chunk", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	uint64 touched = 0;

	while (next_chunk(chunk, rows))
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(work);
		touched += run_chunk(chunk, statement, receiver);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(work);
	}
	MemoryContextDelete(work);
	return touched;
}

/* append_table appends the table's name. */
static void
append_table(StringInfo text, const Store *store)
{
	appendStringInfoString(text,
						   quote_qualified_identifier(store->table->schema, store->table->name));
}

/* append_columns appends names of columns, each after a prefix. */
static void
append_columns(StringInfo text, const Store *store, const char *prefix, int count,
			   const StoreColumn *column)
{
	for (int i = 0; i < count; i++)
		appendStringInfo(text, "%s%s%s", i > 0 ? ", " : "", prefix,
						 quote_identifier(store->table->columns[column[i].column]));
}

/* append_cast appends the cast of a value that is handed as text. */
static void
append_cast(StringInfo text, const Store *store, int column)
{
	if (store->types[column].is_array)
		appendStringInfo(text, "::%s", format_type_be_qualified(store->types[column].type));
}

/* append_value appends how a statement names a value of the arrays. */
static void
append_value(StringInfo text, const Store *store, int place, int column)
{
	appendStringInfo(text, "k.c%d", place);
	append_cast(text, store, column);
}

/* append_arrays appends the arrays as a relation k with columns c0, c1, …, and with places n. */
static void
append_arrays(StringInfo text, int count, bool places)
{
	appendStringInfoString(text, "ROWS FROM (");
	for (int i = 0; i < count; i++)
		appendStringInfo(text, "%spg_catalog.unnest($%d)", i > 0 ? ", " : "", i + 1);
	appendStringInfo(text, ")%s AS k (", places ? " WITH ORDINALITY" : "");
	for (int i = 0; i < count; i++)
		appendStringInfo(text, "%sc%d", i > 0 ? ", " : "", i);
	appendStringInfoString(text, places ? ", n)" : ")");
}

/* append_operator appends the equality of a key's column. */
static void
append_operator(StringInfo text, Oid operator)
{
	HeapTuple tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "operator %u is gone", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	appendStringInfo(text, " OPERATOR(%s.%s) ",
					 quote_identifier(get_namespace_name(form->oprnamespace)),
					 NameStr(form->oprname));
	ReleaseSysCache(tuple);
}

/* append_match appends that a row t has the key of a row k. */
static void
append_match(StringInfo text, const Store *store, const StoreKey *key)
{
	for (int i = 0; i < key->count; i++)
	{
		appendStringInfo(text, "%st.%s", i > 0 ? " AND " : "",
						 quote_identifier(store->table->columns[key->columns[i]]));
		append_operator(text, key->equal[i]);
		append_value(text, store, i, key->columns[i]);
	}
}

/* What receives the rows of a find. */
typedef struct Receiver
{
	DestReceiver receiver;
	const Chunk *chunk;
	StoreFind *find;
	AttrNumber *attributes; /* in the result, where the place comes first */
} Receiver;

/* receive_row hands a row over. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	Receiver *receiver = (Receiver *) self;
	bool isnull;
	int64 place = DatumGetInt64(slot_getattr(slot, 1, &isnull));

	store_deliver(receiver->find, chunk_row(receiver->chunk, (int) place - 1), slot,
				  receiver->attributes);
	return true;
}

static void
receive_start(DestReceiver *self, int operation, TupleDesc descriptor)
{
}

static void
receive_end(DestReceiver *self)
{
}

void
store_sql_find(Store *store, const StoreKey *key, int keys, const StoreColumn *arranged,
			   const int *order, StoreFind *find)
{
	Chunk chunk = {store, key->count, arranged, order};
	Receiver receiver = {{receive_row, receive_start, receive_end, receive_end, DestNone}};
	StringInfoData text;

	receiver.chunk = &chunk;
	receiver.find = find;
	receiver.attributes = palloc(sizeof(AttrNumber) * Max(find->count, 1));
	initStringInfo(&text);
	appendStringInfoString(&text, "SELECT k.n");
	for (int i = 0; i < find->count; i++)
	{
		appendStringInfo(&text, ", t.%s", quote_identifier(store->table->columns[find->wanted[i]]));
		receiver.attributes[i] = i + 2;
	}
	appendStringInfoString(&text, " FROM ");
	append_arrays(&text, key->count, true);
	appendStringInfoString(&text, " JOIN ");
	append_table(&text, store);
	appendStringInfoString(&text, " AS t ON ");
	append_match(&text, store, key);
	run_chunks(&chunk, keys, text.data, &receiver.receiver);
}

/* append_insert appends an INSERT of the arrays, which are read in step and kept nowhere. */
static void
append_insert(StringInfo text, const Store *store, int count, const StoreColumn *column)
{
	appendStringInfoString(text, "INSERT INTO ");
	append_table(text, store);
	appendStringInfoString(text, " AS t (");
	append_columns(text, store, "", count, column);
	appendStringInfoString(text, ") SELECT ");
	for (int i = 0; i < count; i++)
	{
		appendStringInfo(text, "%spg_catalog.unnest($%d)", i > 0 ? ", " : "", i + 1);
		append_cast(text, store, column[i].column);
	}
}

/* refuse_blind refuses to write a table some of whose rows are found by memory, of which a statement knows nothing. */
static void
refuse_blind(const Store *store)
{
	List *indexes = RelationGetIndexList(store->relation);
	ListCell *cell;

	foreach (cell, indexes)
		if (store_get_stand_in(lfirst_oid(cell)) != NULL)
			ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							errmsg("table \"%s.%s\" cannot be written by statements before its "
								   "index is built",
								   store->table->schema, store->table->name),
							errhint("cdp.store must not change during a load.")));
	list_free(indexes);
}

void
store_sql_insert(Store *store, const int *row, int rows, StoreColumns columns)
{
	Chunk chunk = {store, columns.count, columns.column, row};
	StringInfoData text;

	refuse_blind(store);
	initStringInfo(&text);
	append_insert(&text, store, columns.count, columns.column);
	if (run_chunks(&chunk, rows, text.data, NULL) != (uint64) rows)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("table \"%s.%s\" does not take all rows", store->table->schema,
							   store->table->name),
						errhint("A trigger or rule of the table may keep rows out.")));
}

int64
store_sql_update(Store *store, const StoreKey *key, int keys, const StoreColumn *arranged,
				 const int *order, StoreColumns set)
{
	StoreColumn *columns = store_join_columns(key, arranged, set);
	Chunk chunk = {store, key->count + set.count, columns, order};
	StringInfoData text;

	refuse_blind(store);
	initStringInfo(&text);
	appendStringInfoString(&text, "UPDATE ");
	append_table(&text, store);
	appendStringInfoString(&text, " AS t SET ");
	for (int i = 0; i < set.count; i++)
	{
		appendStringInfoString(&text, i > 0 ? ", " : "");
		append_columns(&text, store, "", 1, &set.column[i]);
		appendStringInfoString(&text, " = ");
		append_value(&text, store, key->count + i, set.column[i].column);
	}
	appendStringInfoString(&text, " FROM ");
	append_arrays(&text, chunk.columns, false);
	appendStringInfoString(&text, " WHERE ");
	append_match(&text, store, key);
	return (int64) run_chunks(&chunk, keys, text.data, NULL);
}

void
store_sql_upsert(Store *store, const StoreKey *key, int keys, const StoreColumn *arranged,
				 const int *order, StoreColumns set)
{
	StoreColumn *columns = store_join_columns(key, arranged, set);
	Chunk chunk = {store, key->count + set.count, columns, order};
	StringInfoData text;

	refuse_blind(store);
	initStringInfo(&text);
	append_insert(&text, store, chunk.columns, columns);
	appendStringInfoString(&text, " ON CONFLICT (");
	append_columns(&text, store, "", key->count, arranged);
	appendStringInfoString(&text, set.count > 0 ? ") DO UPDATE SET " : ") DO NOTHING");
	for (int i = 0; i < set.count; i++)
	{
		appendStringInfoString(&text, i > 0 ? ", " : "");
		append_columns(&text, store, "", 1, &set.column[i]);
		appendStringInfoString(&text, " = ");
		append_columns(&text, store, "excluded.", 1, &set.column[i]);
	}
	run_chunks(&chunk, keys, text.data, NULL);
}

int64
store_sql_delete(Store *store, const StoreKey *key, int keys, const StoreColumn *arranged,
				 const int *order)
{
	Chunk chunk = {store, key->count, arranged, order};
	StringInfoData text;

	refuse_blind(store);
	initStringInfo(&text);
	appendStringInfoString(&text, "DELETE FROM ");
	append_table(&text, store);
	appendStringInfoString(&text, " AS t USING ");
	append_arrays(&text, key->count, false);
	appendStringInfoString(&text, " WHERE ");
	append_match(&text, store, key);
	return (int64) run_chunks(&chunk, keys, text.data, NULL);
}
