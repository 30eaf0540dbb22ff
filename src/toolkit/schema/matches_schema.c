/*
 * matches_schema.c
 *		Whether a document follows a JSON Schema, and what it breaks.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "cdp.h"
#include "compat.h"
#include "toolkit/schema/json_schema.h"

CDP_FUNCTION(cdp_matches_schema);
CDP_FUNCTION(cdp_schema_violations);

enum
{
	ARG_DOCUMENT,
	ARG_SCHEMA
};

enum
{
	COLUMN_PATH,
	COLUMN_FIELD,
	COLUMN_TYPE,
	COLUMN_DESCRIPTION,
	COLUMNS
};

/* What is kept from call to call of an expression. */
typedef struct Kept
{
	JsonSchema *schema;
	bool
		is_constant; /* no call has another: unlike a parameter, which PL/pgSQL changes from call to call */
} Kept;

/* Return whether the schema is a constant of the expression. */
static bool
is_constant(const Node *call)
{
	const List *args = NIL;

	if (call != NULL && IsA(call, FuncExpr))
		args = ((const FuncExpr *) call)->args;
	return list_length(args) > ARG_SCHEMA && IsA(list_nth(args, ARG_SCHEMA), Const);
}

/* Return the schema, made ready: that of the last call of this expression where it is the same. */
static JsonSchema *
get_schema(FunctionCallInfo fcinfo)
{
	Kept *kept = fcinfo->flinfo->fn_extra;
	const struct varlena *value;

	if (kept == NULL)
	{
		kept = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Kept));
		kept->is_constant = is_constant(fcinfo->flinfo->fn_expr);
		fcinfo->flinfo->fn_extra = kept;
	}
	if (kept->schema != NULL && kept->is_constant)
		return kept->schema;
	value = PG_GETARG_VARLENA_PP(ARG_SCHEMA);
	if (kept->schema != NULL &&
		!json_schema_is(kept->schema, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)))
	{
		JsonSchema *other = kept->schema;

		kept->schema = NULL;
		json_schema_close(other);
	}
	if (kept->schema == NULL)
		kept->schema =
			json_schema_open(fcinfo->flinfo->fn_mcxt, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	if (value != (const struct varlena *) DatumGetPointer(PG_GETARG_DATUM(ARG_SCHEMA)))
		pfree((void *) value);
	return kept->schema;
}

/* matches_schema(document, schema) */
Datum
cdp_matches_schema(PG_FUNCTION_ARGS)
{
	Jsonb *document = PG_GETARG_JSONB_P(ARG_DOCUMENT);
	bool result = json_schema_matches(get_schema(fcinfo), document);

	PG_FREE_IF_COPY(document, ARG_DOCUMENT);
	PG_RETURN_BOOL(result);
}

/* ---------------------------------------------------------------- violations */

typedef struct Rows
{
	ReturnSetInfo *result;
	MemoryContext each; /* of one row */
} Rows;

/* Find the way to what is wrong, as an array. */
static Datum
find_path(const JsonViolation *found)
{
	ArrayBuildState *path = initArrayResult(TEXTOID, CurrentMemoryContext, false);
	const CdpkViolation *violation = found->violation;
	char number[12];
	text *step;
	int count;
	const uint32 *way = json_schema_way(found, &count);

	for (int i = 0; i < count; i++)
	{
		const CdpkNode *node = &found->document[way[i]];

		if (node->key != NULL)
			step = cstring_to_text_with_len(node->key, (int) node->key_length);
		else
			step = cstring_to_text_with_len(
				number, snprintf(number, sizeof(number), "%u", found->ways[way[i]].place));
		path = accumArrayResult(path, PointerGetDatum(step), false, TEXTOID, CurrentMemoryContext);
	}
	if (violation->key != NULL)
	{
		step = cstring_to_text_with_len(violation->key, (int) violation->key_length);
		path = accumArrayResult(path, PointerGetDatum(step), false, TEXTOID, CurrentMemoryContext);
	}
	return makeArrayResult(path, CurrentMemoryContext);
}

/* Put the row of a violation. */
static void
put_row(void *context, const JsonViolation *found)
{
	Rows *rows = context;
	MemoryContext caller = MemoryContextSwitchTo(rows->each);
	StringInfoData field;
	char description[CDPK_VIOLATION_TEXT_MAX];
	Datum values[COLUMNS];
	bool nulls[COLUMNS] = {false};

	initStringInfo(&field);
	json_schema_append_field(&field, found);
	cdpk_violation_describe(found->schema, found->violation, description);
	values[COLUMN_PATH] = find_path(found);
	values[COLUMN_FIELD] = PointerGetDatum(cstring_to_text_with_len(field.data, field.len));
	values[COLUMN_TYPE] = CStringGetTextDatum(cdpk_keyword_name(found->violation->keyword));
	values[COLUMN_DESCRIPTION] = CStringGetTextDatum(description);
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc, values, nulls);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(rows->each);
}

/* schema_violations(document, schema) */
Datum
cdp_schema_violations(PG_FUNCTION_ARGS)
{
	Rows rows;
	Jsonb *document = PG_GETARG_JSONB_P(ARG_DOCUMENT);

	InitMaterializedSRF(fcinfo, 0);
	rows.result = (ReturnSetInfo *) fcinfo->resultinfo;
	rows.each =
		AllocSetContextCreate(CurrentMemoryContext, "row of violations", ALLOCSET_DEFAULT_SIZES);
	json_schema_violations(get_schema(fcinfo), document, put_row, &rows);
	MemoryContextDelete(rows.each);
	return (Datum) 0;
}
