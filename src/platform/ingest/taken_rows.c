/*
 * taken_rows.c
 *		cdp_internal.taken_rows: the rows of a batch, for statements.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "cdp.h"
#include "compat.h"
#include "platform/ingest/take.h"

/* the arguments of cdp_internal.taken_rows */
enum
{
	ARG_PLACES,
	ARG_LINE_PLACES,
	ARG_AS_OF,
	ARG_MAX_IDENTIFIERS,
	ARG_MAX_ROW_BYTES,
	ARG_TRAIT_RULES,
	ARG_CUT_ALL,
	ARG_FAILURES
};

/* its results: the columns of the inbox from OUT_COLUMNS on */
enum
{
	OUT_ROW_NO,
	OUT_LINE,
	OUT_COLUMNS,
	OUT_CUT = OUT_COLUMNS + INBOX_COLUMNS,
	OUT_SIZES,
	OUT_MESSAGE_KEY,
	OUT_CALL_TYPE,
	OUT_EVENT_NAME,
	OUT_AT,
	OUT_SOURCE,
	OUT_IDS,
	OUT_REPEATS,
	OUT_SEEN_AT,
	OUT_REASON,
	OUT_DETAIL,
	OUT_COUNT
};

CDP_FUNCTION(cdp_taken_rows);

/* place_argument returns the places in an argument of type tid[]. */
static const ItemPointerData *
place_argument(FunctionCallInfo fcinfo, int number, int64 *count)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(number);

	if (ARR_HASNULL(array))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("a place of a row must not be null")));
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return (const ItemPointerData *) ARR_DATA_PTR(array);
}

/* failure_argument returns the texts in an argument of type text[]; NULL if it is NULL. */
static const Datum *
failure_argument(FunctionCallInfo fcinfo, int number, int64 wanted)
{
	Datum *failures;
	bool *nulls;
	int count;

	if (PG_ARGISNULL(number))
		return NULL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(number), TEXTOID, -1, false, TYPALIGN_INT, &failures,
					  &nulls, &count);
	for (int i = 0; i < count; i++)
		if (nulls[i])
			wanted = -1;
	if (count != wanted)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there must be one failure for each place of a row")));
	return failures;
}

/* identifier_array makes an array of the identifiers of a row. */
static Datum
identifier_array(const TakenRow *row)
{
	Datum members[INGEST_IDENTIFIERS_MAX];

	for (int i = 0; i < row->identifier_count; i++)
		members[i] = PointerGetDatum(row->identifiers[i]);
	return PointerGetDatum(construct_array(members, row->identifier_count, identifier_type_oid(),
										   -1, false, TYPALIGN_INT));
}

/* set_event sets the results that only an event has. */
static void
set_event(const TakenRow *row, Datum *values, bool *nulls)
{
	values[OUT_CALL_TYPE] = CStringGetTextDatum(onboard_call_name(row->call_type));
	values[OUT_EVENT_NAME] = ingest_text_datum(row->event);
	values[OUT_AT] = TimestampTzGetDatum(row->at);
	values[OUT_IDS] = identifier_array(row);
	values[OUT_REPEATS] = Int32GetDatum(row->repeats);
	nulls[OUT_CALL_TYPE] = nulls[OUT_AT] = nulls[OUT_IDS] = nulls[OUT_REPEATS] = false;
	nulls[OUT_EVENT_NAME] = row->event.length == 0;
}

/* put_row puts a row to the results. */
static void
put_row(ReturnSetInfo *results, const TakenRow *row, int64 row_no)
{
	Datum values[OUT_COUNT];
	bool nulls[OUT_COUNT];

	memset(nulls, true, sizeof(nulls));
	memcpy(&values[OUT_COLUMNS], row->columns.values, sizeof(row->columns.values));
	memcpy(&nulls[OUT_COLUMNS], row->columns.nulls, sizeof(row->columns.nulls));
	values[OUT_ROW_NO] = Int64GetDatum(row_no);
	values[OUT_LINE] = PointerGetDatum(row->line);
	values[OUT_CUT] = BoolGetDatum(row->cut);
	values[OUT_SIZES] = PointerGetDatum(row->sizes);
	values[OUT_MESSAGE_KEY] = UUIDPGetDatum(&row->message_key);
	values[OUT_SOURCE] = ingest_text_datum(row->source);
	values[OUT_SEEN_AT] = TimestampTzGetDatum(row->seen_at);
	nulls[OUT_ROW_NO] = nulls[OUT_CUT] = nulls[OUT_SOURCE] = nulls[OUT_SEEN_AT] = false;
	nulls[OUT_LINE] = row->line == NULL;
	nulls[OUT_SIZES] = row->sizes == NULL;
	nulls[OUT_MESSAGE_KEY] = !row->has_key;
	if (row->reason == NULL)
		set_event(row, values, nulls);
	else
	{
		values[OUT_REASON] = CStringGetTextDatum(row->reason);
		values[OUT_DETAIL] = CStringGetTextDatum(row->detail);
		nulls[OUT_REASON] = nulls[OUT_DETAIL] = false;
	}
	tuplestore_putvalues(results->setResult, results->setDesc, values, nulls);
}

/* take takes the rows that the arguments say. */
static TakenRows *
take(FunctionCallInfo fcinfo)
{
	TakeOptions options;
	const ItemPointerData *places;
	const ItemPointerData *line_places;
	int64 count;
	int64 line_count;

	for (int i = 0; i < ARG_FAILURES; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("only the failures may be null")));
	places = place_argument(fcinfo, ARG_PLACES, &count);
	line_places = place_argument(fcinfo, ARG_LINE_PLACES, &line_count);
	options.onboard.as_of = PG_GETARG_TIMESTAMPTZ(ARG_AS_OF);
	options.onboard.max_identifiers = PG_GETARG_INT32(ARG_MAX_IDENTIFIERS);
	options.max_row_bytes = PG_GETARG_INT64(ARG_MAX_ROW_BYTES);
	options.trait_rules = PG_GETARG_JSONB_P(ARG_TRAIT_RULES);
	options.cut_all = PG_GETARG_BOOL(ARG_CUT_ALL);
	options.failures = failure_argument(fcinfo, ARG_FAILURES, count + line_count);
	return take_rows(places, count, line_places, line_count, &options);
}

/* cdp_taken_rows implements cdp_internal.taken_rows. */
Datum
cdp_taken_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *results = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "cdp taken row", ALLOCSET_DEFAULT_SIZES);
	TakenRows *taken;
	MemoryContext caller;

	InitMaterializedSRF(fcinfo, 0);
	taken = take(fcinfo);
	caller = MemoryContextSwitchTo(scratch);
	for (int64 i = 0; i < taken->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_row(results, &taken->rows[i], i + 1);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	MemoryContextDelete(taken->context);
	return (Datum) 0;
}
