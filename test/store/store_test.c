/*
 * store_test.c
 *		Calls the store from SQL, for its tests and benchmarks.
 */
#include "postgres.h"

#include <sys/resource.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "cdp.h"
#include "platform/store/store.h"

/* as in CDP_FUNCTION: the first declaration decides a symbol's visibility */
extern CDP_EXPORT const Pg_magic_struct *PG_MAGIC_FUNCTION_NAME(void);

PG_MODULE_MAGIC;

CDP_FUNCTION(store_test_reason);
CDP_FUNCTION(store_test_insert);
CDP_FUNCTION(store_test_update);
CDP_FUNCTION(store_test_upsert);
CDP_FUNCTION(store_test_delete);
CDP_FUNCTION(store_test_find);
CDP_FUNCTION(store_test_find_or_insert);
CDP_FUNCTION(store_test_count);
CDP_FUNCTION(store_test_find_stable);
CDP_FUNCTION(store_test_nested);
CDP_FUNCTION(store_test_find_then_update);
CDP_FUNCTION(store_test_cpu);

/* What a test asks for. */
typedef struct Call
{
	StoreTable table;
	StoreForm form;
	Oid *types; /* of each column */
	int first;  /* of the columns that arrays are given for */
	int arrays;
	StoreColumn *column; /* those */
	int rows;
} Call;

/* append_names appends names to the columns of a call. */
static void
append_names(Call *call, ArrayType *names)
{
	Datum *name;
	int count;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &name, NULL, &count);
	for (int i = 0; i < count; i++)
		((const char **) call->table.columns)[call->table.column_count++] =
			TextDatumGetCString(name[i]);
}

/* name_table takes "schema.table". */
static void
name_table(Call *call, char *name)
{
	char *dot = strchr(name, '.');

	if (dot == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_NAME), errmsg("\"%s\" has no schema", name)));
	*dot = '\0';
	call->table.schema = name;
	call->table.name = dot + 1;
}

/* value_of makes a column's value of one of another type. */
static Datum
value_of(Oid type, Oid from, Datum value)
{
	Oid input;
	Oid output;
	Oid parameter;
	bool is_varlena;

	getTypeOutputInfo(from, &output, &is_varlena);
	getTypeInputInfo(type, &input, &parameter);
	return OidInputFunctionCall(input, OidOutputFunctionCall(output, value), parameter, -1);
}

/* take_array takes the values of a column. */
static void
take_array(Call *call, int i, ArrayType *array)
{
	StoreColumn *column = &call->column[i];
	Oid element = ARR_ELEMTYPE(array);
	Oid relation =
		get_relname_relid(call->table.name, get_namespace_oid(call->table.schema, false));
	Oid type;
	int16 length;
	bool by_value;
	char align;
	Datum *values;
	bool *nulls;
	int count;
	AttrNumber attribute;

	column->column = i;
	attribute = get_attnum(relation, call->table.columns[i]);
	type = attribute > 0 ? getBaseType(get_atttype(relation, attribute)) : element;
	get_typlenbyvalalign(element, &length, &by_value, &align);
	deconstruct_array(array, element, length, by_value, align, &values, &nulls, &count);
	if (i > 0 && count != call->rows)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("arrays differ in length")));
	call->rows = count;
	for (int j = 0; j < count && element != type; j++)
		if (!nulls[j])
			values[j] = value_of(type, element, values[j]);
	column->values = values;
	column->nulls = nulls;
}

/* take_call takes form, table, so many lists of columns, and the arrays of the first or of all columns. */
static Call *
take_call(FunctionCallInfo fcinfo, int lists)
{
	Call *call = palloc0(sizeof(Call));
	char *form = text_to_cstring(PG_GETARG_TEXT_PP(0));

	call->form = strcmp(form, "direct") == 0 ? STORE_DIRECT : STORE_SQL;
	name_table(call, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	call->table.columns = palloc(sizeof(char *) * 100);
	for (int i = 0; i < lists; i++)
	{
		append_names(call, PG_GETARG_ARRAYTYPE_P(2 + i));
		if (i == 0)
			call->first = call->table.column_count;
	}
	call->arrays = PG_NARGS() - 2 - lists;
	call->column = palloc0(sizeof(StoreColumn) * Max(call->arrays, 1));
	for (int i = 0; i < call->arrays; i++)
		take_array(call, i, PG_GETARG_ARRAYTYPE_P(2 + lists + i));
	return call;
}

/* keys_of gives the columns of the first list. */
static StoreColumns
keys_of(const Call *call)
{
	StoreColumns keys = {call->first, call->column};

	return keys;
}

/* set_of gives those of the second. */
static StoreColumns
set_of(const Call *call)
{
	StoreColumns set = {call->arrays - call->first, call->column + call->first};

	return set;
}

/* open_as opens the table in the form that is asked for. */
static Store *
open_as(const Call *call)
{
	return store_open(&call->table, STORE_WRITE, call->form);
}

Datum
store_test_reason(PG_FUNCTION_ARGS)
{
	Call *call = palloc0(sizeof(Call));
	char *access = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Store *store;
	const char *reason;

	name_table(call, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	store = store_open(&call->table, strcmp(access, "read") == 0 ? STORE_READ : STORE_WRITE,
					   STORE_DIRECT);
	reason = store_sql_reason(store);
	store_close(store);
	if (reason == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(reason));
}

Datum
store_test_insert(PG_FUNCTION_ARGS)
{
	Call *call = take_call(fcinfo, 1);
	Store *store = open_as(call);

	store_insert(store, call->rows, keys_of(call));
	store_close(store);
	PG_RETURN_VOID();
}

Datum
store_test_update(PG_FUNCTION_ARGS)
{
	Call *call = take_call(fcinfo, 2);
	Store *store = open_as(call);
	int64 updated = store_update(store, call->rows, keys_of(call), set_of(call));

	store_close(store);
	PG_RETURN_INT64(updated);
}

Datum
store_test_upsert(PG_FUNCTION_ARGS)
{
	Call *call = take_call(fcinfo, 2);
	Store *store = open_as(call);

	store_upsert(store, call->rows, keys_of(call), set_of(call));
	store_close(store);
	PG_RETURN_VOID();
}

Datum
store_test_delete(PG_FUNCTION_ARGS)
{
	Call *call = take_call(fcinfo, 1);
	Store *store = open_as(call);
	int64 deleted = store_delete(store, call->rows, keys_of(call));

	store_close(store);
	PG_RETURN_INT64(deleted);
}

/* wanted_of gives the columns of the second list. */
static int *
wanted_of(const Call *call, int *count)
{
	int *wanted;

	*count = call->table.column_count - call->first;
	wanted = palloc(sizeof(int) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
		wanted[i] = call->first + i;
	return wanted;
}

/* begin_rows begins the result of a function that returns rows. */
static void
begin_rows(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
	TupleDesc descriptor;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "the function does not return rows");
	result->returnMode = SFRM_Materialize;
	result->setDesc = CreateTupleDescCopy(descriptor);
	result->setResult = tuplestore_begin_heap(true, false, work_mem);
	MemoryContextSwitchTo(caller);
}

/* put_row puts a row that was found into the result. */
static void
put_row(const Call *call, ReturnSetInfo *result, const StoreRows *rows, int columns, int row)
{
	Datum *texts = palloc(sizeof(Datum) * Max(columns, 1));
	bool *nulls = palloc(sizeof(bool) * Max(columns, 1));
	int dimension = columns;
	int lower = 1;
	Datum values[2];
	bool none[2] = {false, false};

	for (int i = 0; i < columns; i++)
	{
		const char *name = call->table.columns[call->first + i];
		Oid relation =
			get_relname_relid(call->table.name, get_namespace_oid(call->table.schema, false));
		Oid output;
		bool varlena;

		getTypeOutputInfo(get_atttype(relation, get_attnum(relation, name)), &output, &varlena);
		nulls[i] = rows->nulls[i][row];
		if (!nulls[i])
			texts[i] = CStringGetTextDatum(OidOutputFunctionCall(output, rows->values[i][row]));
	}
	values[0] = Int32GetDatum(rows->key[row] + 1);
	values[1] = PointerGetDatum(
		construct_md_array(texts, nulls, 1, &dimension, &lower, TEXTOID, -1, false, TYPALIGN_INT));
	tuplestore_putvalues(result->setResult, result->setDesc, values, none);
}

Datum
store_test_find(PG_FUNCTION_ARGS)
{
	Call *call = take_call(fcinfo, 2);
	Store *store = open_as(call);
	int count;
	int *wanted = wanted_of(call, &count);
	StoreRows *rows = store_find_rows(store, call->rows, keys_of(call), count, wanted);

	store_close(store);
	begin_rows(fcinfo);
	for (int i = 0; i < rows->count; i++)
		put_row(call, (ReturnSetInfo *) fcinfo->resultinfo, rows, count, i);
	return (Datum) 0;
}

/* What puts rows into the result as they are found. */
typedef struct Put
{
	const Call *call;
	ReturnSetInfo *result;
	int columns;
} Put;

/* put_found is the StoreRowFunction that does so. */
static void
put_found(void *arg, int key, const Datum *values, const bool *nulls)
{
	const Put *put = arg;
	Datum **value = palloc(sizeof(Datum *) * Max(put->columns, 1));
	bool **null = palloc(sizeof(bool *) * Max(put->columns, 1));
	StoreRows rows = {1, 1, &key, value, null};

	for (int i = 0; i < put->columns; i++)
	{
		value[i] = unconstify(Datum *, &values[i]);
		null[i] = unconstify(bool *, &nulls[i]);
	}
	put_row(put->call, put->result, &rows, put->columns, 0);
}

Datum
store_test_find_or_insert(PG_FUNCTION_ARGS)
{
	Call *call = take_call(fcinfo, 2);
	Store *store = open_as(call);
	Put put = {call, (ReturnSetInfo *) fcinfo->resultinfo};
	int *wanted = wanted_of(call, &put.columns);

	begin_rows(fcinfo);
	store_find_or_insert(store, call->rows, keys_of(call), set_of(call), put.columns, wanted,
						 put_found, &put);
	store_close(store);
	return (Datum) 0;
}

/* count_found finds and counts. */
static int64
count_found(const Call *call, StoreAccess access)
{
	Store *store = store_open(&call->table, access, call->form);
	int count;
	int *wanted = wanted_of(call, &count);
	int64 found = store_find(store, call->rows, keys_of(call), count, wanted, NULL, NULL);

	store_close(store);
	return found;
}

Datum
store_test_count(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(count_found(take_call(fcinfo, 2), STORE_WRITE));
}

Datum
store_test_find_stable(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(count_found(take_call(fcinfo, 2), STORE_READ));
}

/* A find within a find. */
typedef struct Nested
{
	const Call *call;
	Store *store;
	int64 found;
} Nested;

/* find_again is the StoreRowFunction that finds all keys again. */
static void
find_again(void *arg, int key, const Datum *values, const bool *nulls)
{
	Nested *nested = arg;
	int count;
	int *wanted = wanted_of(nested->call, &count);

	nested->found += store_find(nested->store, nested->call->rows, keys_of(nested->call), count,
								wanted, NULL, NULL);
}

Datum
store_test_nested(PG_FUNCTION_ARGS)
{
	Call *call = take_call(fcinfo, 2);
	Nested nested = {call, open_as(call), 0};
	int count;
	int *wanted = wanted_of(call, &count);

	store_find(nested.store, call->rows, keys_of(call), count, wanted, find_again, &nested);
	store_close(nested.store);
	PG_RETURN_INT64(nested.found);
}

/* run_between runs the statement of the setting store_test.between. */
static void
run_between(void)
{
	const char *statement = GetConfigOption("store_test.between", true, false);

	if (statement == NULL || statement[0] == '\0')
		return;
	if (SPI_connect() != SPI_OK_CONNECT || SPI_execute(statement, false, 0) < 0)
		elog(ERROR, "could not run \"%s\"", statement);
	SPI_finish();
}

Datum
store_test_find_then_update(PG_FUNCTION_ARGS)
{
	Call *call = take_call(fcinfo, 2);
	Store *store = open_as(call);
	int64 found = store_find(store, call->rows, keys_of(call), 0, NULL, NULL, NULL);
	int64 again;
	int64 updated;

	run_between();
	again = store_find(store, call->rows, keys_of(call), 0, NULL, NULL, NULL);
	run_between();
	updated = store_update(store, call->rows, keys_of(call), set_of(call));
	store_close(store);
	PG_RETURN_TEXT_P(cstring_to_text(
		psprintf(INT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT, found, again, updated)));
}

Datum
store_test_cpu(PG_FUNCTION_ARGS)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	PG_RETURN_FLOAT8((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
					 usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}
