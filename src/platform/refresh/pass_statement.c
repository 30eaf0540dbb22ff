/*
 * pass_statement.c
 *		Statements of a pass, for what is rare or small.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "platform/batch/batch.h"
#include "platform/batch/same_rows.h"
#include "platform/refresh/pass.h"
#include "toolkit/bridge/status.h"

#define ARGUMENTS_MAX 12

void
pass_check(CdpkStatus status)
{
	resolver_check(status);
}

/* execute runs a statement over the open connection; without arguments it must be a constant. */
static void
execute(Pass *pass, const char *statement, int argument_count, const Oid *types,
		const Datum *arguments)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid all_types[2 + ARGUMENTS_MAX] = {INT8OID, TIMESTAMPTZOID};
	Datum values[2 + ARGUMENTS_MAX] = {Int64GetDatum(pass->batch_id),
									   TimestampTzGetDatum(pass->as_of)};
	int result;

	if (argument_count > ARGUMENTS_MAX)
		elog(ERROR, "a statement with %d arguments", argument_count);
	if (argument_count == 0)
	{
		result = SPI_execute_plan(batch_plan(statement), values, NULL, false, 0);
		if (result < 0)
			elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
		MemoryContextSwitchTo(caller);
		return;
	}
	for (int i = 0; i < argument_count; i++)
	{
		all_types[2 + i] = types[i];
		values[2 + i] = arguments[i];
	}
	result =
		SPI_execute_with_args(statement, 2 + argument_count, all_types, values, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
	MemoryContextSwitchTo(caller);
}

SPITupleTable *
pass_query(Pass *pass, const char *query, int argument_count, const Oid *types,
		   const Datum *arguments, uint64 *count)
{
	execute(pass, query, argument_count, types, arguments);
	if (SPI_tuptable == NULL)
		elog(ERROR, "a query without rows");
	*count = SPI_processed;
	return SPI_tuptable;
}

SPITupleTable *
pass_query_by_keys(Pass *pass, const char *query, int argument_count, const Oid *types,
				   const Datum *arguments, uint64 *count)
{
	int nest_level = batch_enter_keys();
	SPITupleTable *rows = pass_query(pass, query, argument_count, types, arguments, count);

	AtEOXact_GUC(true, nest_level);
	return rows;
}

uint64
pass_run(Pass *pass, const char *statement, int argument_count, const Oid *types,
		 const Datum *arguments)
{
	execute(pass, statement, argument_count, types, arguments);
	if (SPI_tuptable != NULL)
		SPI_freetuptable(SPI_tuptable);
	return SPI_processed;
}

/* pass_check_gone raises an error unless all events have left their places that had to, so that nothing is there twice. */
void
pass_check_gone(int64 gone, int64 expected)
{
	if (gone != expected)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the log kept events that were to be taken out of it"),
				 errdetail("Of " INT64_FORMAT " rows, " INT64_FORMAT " went.", expected, gone),
				 errhint("A trigger of cdp_data.event or of a partition may keep them.")));
}

/* ask_value runs a query of one row and one column of a type of fixed length, and returns its value. */
static Datum
ask_value(Pass *pass, const char *query)
{
	uint64 count;
	SPITupleTable *rows = pass_query(pass, query, 0, NULL, NULL, &count);
	bool isnull = true;
	Datum value = 0;

	if (count == 1)
		value = SPI_getbinval(rows->vals[0], rows->tupdesc, 1, &isnull);
	if (isnull)
		elog(ERROR, "a query that does not give one value");
	SPI_freetuptable(rows);
	return value;
}

bool
pass_ask(Pass *pass, const char *query)
{
	return DatumGetBool(ask_value(pass, query));
}

/* ask_jsonb runs a query of one jsonb, which lasts as long as the pass. */
static Jsonb *
ask_jsonb(Pass *pass, const char *query)
{
	MemoryContext caller = CurrentMemoryContext;
	uint64 count;
	SPITupleTable *rows = pass_query(pass, query, 0, NULL, NULL, &count);
	Jsonb *answer;

	if (count != 1 || resolver_isnull(rows, 0, 1) || SPI_gettypeid(rows->tupdesc, 1) != JSONBOID)
		elog(ERROR, "a query that does not give one jsonb");
	MemoryContextSwitchTo(pass->context);
	{
		bool isnull;

		answer = DatumGetJsonbPCopy(SPI_getbinval(rows->vals[0], rows->tupdesc, 1, &isnull));
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(rows);
	return answer;
}

/* A document made of one table, and the rows of which it was made. */
typedef struct KeptDocument
{
	const char *query;
	SameRows rows;
	Jsonb *document;
} KeptDocument;

/* find_kept gives what is kept of a query, or a place for it. */
static KeptDocument *
find_kept(const char *query)
{
	static List *all = NIL; /* of KeptDocument */
	KeptDocument *kept;
	MemoryContext caller;
	ListCell *cell;

	foreach (cell, all)
	{
		kept = lfirst(cell);
		if (kept->query == query)
			return kept;
	}
	caller = MemoryContextSwitchTo(TopMemoryContext);
	kept = palloc0(sizeof(KeptDocument));
	kept->query = query;
	all = lappend(all, kept);
	MemoryContextSwitchTo(caller);
	return kept;
}

Jsonb *
pass_ask_kept(Pass *pass, const char *query, const char *table)
{
	KeptDocument *kept = find_kept(query);

	if (!same_rows(&kept->rows, table))
	{
		Jsonb *document = ask_jsonb(pass, query);

		if (kept->document != NULL)
			pfree(kept->document);
		kept->document = NULL;
		kept->document = MemoryContextAlloc(TopMemoryContext, VARSIZE(document));
		memcpy(kept->document, document, VARSIZE(document));
		kept->rows.valid = true;
	}
	return kept->document;
}

Datum
pass_id_array(const int64 *ids, int count)
{
	Datum *values = pass_array(count, sizeof(Datum));
	ArrayType *array;

	for (int i = 0; i < count; i++)
		values[i] = Int64GetDatum(ids[i]);
	array =
		construct_array(values, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
	pfree(values);
	return PointerGetDatum(array);
}

Datum
pass_value_array(Datum *values, int count, Oid type)
{
	return PointerGetDatum(construct_array(values, count, type, -1, false, TYPALIGN_INT));
}

PassPath
pass_make_path(ArrayType *array)
{
	PassPath path = {0};
	Datum *names;
	bool *nulls;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &path.count);
	path.names = palloc(sizeof(CdpkSpan) * Max(path.count, 1));
	for (int i = 0; i < path.count; i++)
		path.names[i] = nulls[i] ? ingest_span("") : ingest_text(names[i]);
	return path;
}

PassPath
pass_read_path(SPITupleTable *rows, uint64 row, int column)
{
	PassPath none = {0};
	bool isnull;
	Datum path = SPI_getbinval(rows->vals[row], rows->tupdesc, column, &isnull);

	return isnull ? none : pass_make_path(DatumGetArrayTypePCopy(path));
}
