/*
 * record.c
 *		Adding changes to the feed.
 *
 * Changes of one profile that follow each other are a run.  The first of a run has its length, and it alone is in the
 * index of profiles.  A change that has another profile, too, is a run of its own: it may be deleted without those
 * around it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "cdp.h"
#include "platform/feed/record.h"
#include "platform/store/store.h"

CDP_FUNCTION(cdp_record_changes);

/* in the order of FeedColumn */
static const char *const column_names[FEED_COLUMNS] = {
	"kind",     "profile_id", "segment_id", "other_profile_id", "at",      "cause",
	"event_id", "trait",      "value",      "verdict_id",       "since",   "other_since",
	"group_id", "change_id",  "run",        "recorded_at",      "batch_id"};
static const StoreTable change_table = {"cdp_data", "change", FEED_COLUMNS, column_names};

/* What is common to the changes of a call. */
typedef struct Numbers
{
	int64 before;
	Datum recorded_at;
	Datum batch_id;
	Datum verdict_id;
	bool has_verdict;
} Numbers;

FeedRows
feed_make_rows(int count)
{
	FeedRows rows = {count};

	for (int i = 0; i < FEED_COLUMNS; i++)
	{
		rows.values[i] = palloc_extended(Max(count, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
		rows.nulls[i] = palloc_extended(Max(count, 1) * sizeof(bool), MCXT_ALLOC_HUGE);
		memset(rows.nulls[i], true, count);
	}
	return rows;
}

void
feed_set(FeedRows *rows, FeedColumn column, int row, Datum value)
{
	rows->values[column][row] = value;
	rows->nulls[column][row] = false;
}

/* is_verdict tells whether the cause of a change is a verdict that is not known yet. */
static bool
is_verdict(const FeedRows *rows, int row)
{
	static const char word[] = "verdict";
	const void *cause;

	if (rows->nulls[FEED_CAUSE][row] || !rows->nulls[FEED_VERDICT_ID][row])
		return false;
	cause = DatumGetPointer(rows->values[FEED_CAUSE][row]);
	return VARSIZE_ANY_EXHDR(cause) == sizeof(word) - 1 &&
		   memcmp(VARDATA_ANY(cause), word, sizeof(word) - 1) == 0;
}

/* take_numbers takes the numbers of changes. */
static Numbers
take_numbers(int count, bool in_batch, bool has_verdict)
{
	Oid types[] = {INT8OID, BOOLOID, BOOLOID};
	Datum values[] = {Int64GetDatum(count), BoolGetDatum(in_batch), BoolGetDatum(has_verdict)};
	Numbers numbers;
	HeapTuple row;
	TupleDesc descriptor;
	bool isnull;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("SELECT n.before, n.recorded, n.of_batch, n.decided "
							  "FROM cdp_internal.number_changes($1, $2, $3) n",
							  lengthof(types), types, values, NULL, false, 0) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "could not number changes");
	row = SPI_tuptable->vals[0];
	descriptor = SPI_tuptable->tupdesc;
	numbers.before = DatumGetInt64(SPI_getbinval(row, descriptor, 1, &isnull));
	numbers.recorded_at = SPI_getbinval(row, descriptor, 2, &isnull);
	numbers.batch_id = SPI_getbinval(row, descriptor, 3, &isnull);
	numbers.verdict_id = SPI_getbinval(row, descriptor, 4, &isnull);
	numbers.has_verdict = !isnull;
	SPI_finish();
	return numbers;
}

/* continues_run tells whether a change is of the profile of the one before it, and both of no other profile. */
static bool
continues_run(const FeedRows *rows, int row)
{
	return row > 0 && rows->nulls[FEED_OTHER_PROFILE_ID][row] &&
		   rows->nulls[FEED_OTHER_PROFILE_ID][row - 1] && !rows->nulls[FEED_PROFILE_ID][row] &&
		   !rows->nulls[FEED_PROFILE_ID][row - 1] &&
		   DatumGetInt64(rows->values[FEED_PROFILE_ID][row]) ==
			   DatumGetInt64(rows->values[FEED_PROFILE_ID][row - 1]);
}

/* note_runs gives the first change of each run its length. */
static void
note_runs(FeedRows *rows)
{
	int first = 0;

	for (int i = 0; i < rows->count; i++)
	{
		if (!continues_run(rows, i))
			first = i;
		feed_set(rows, FEED_RUN, first, Int32GetDatum(i - first + 1));
	}
}

int64
feed_record(FeedRows *rows, bool in_batch)
{
	StoreColumn columns[FEED_COLUMNS];
	bool has_verdict = false;
	Numbers numbers;
	Store *store;

	for (int i = 0; i < rows->count && !has_verdict; i++)
		has_verdict = is_verdict(rows, i);
	numbers = take_numbers(rows->count, in_batch, has_verdict);
	if (rows->count == 0)
		return numbers.before;
	for (int i = 0; i < rows->count; i++)
	{
		feed_set(rows, FEED_CHANGE_ID, i, Int64GetDatum(numbers.before + 1 + i));
		feed_set(rows, FEED_RECORDED_AT, i, numbers.recorded_at);
		feed_set(rows, FEED_BATCH_ID, i, numbers.batch_id);
		if (numbers.has_verdict && is_verdict(rows, i))
			feed_set(rows, FEED_VERDICT_ID, i, numbers.verdict_id);
	}
	note_runs(rows);
	for (int i = 0; i < FEED_COLUMNS; i++)
		columns[i] = (StoreColumn){i, rows->values[i], rows->nulls[i]};
	store = store_open(&change_table, STORE_WRITE, STORE_DIRECT);
	store_insert(store, rows->count, (StoreColumns){FEED_COLUMNS, columns});
	store_close(store);
	return numbers.before + rows->count;
}

/* read_column takes an argument of cdp_internal.record_changes(), which is an array or NULL. */
static void
read_column(FunctionCallInfo fcinfo, int argument, FeedRows *rows, FeedColumn column)
{
	ArrayType *array;
	int16 length;
	bool by_value;
	char align;
	int count;

	if (PG_ARGISNULL(argument))
		return;
	array = PG_GETARG_ARRAYTYPE_P(argument);
	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &align);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, align, &rows->values[column],
					  &rows->nulls[column], &count);
	if (count != rows->count)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("the arrays must have the same length")));
}

/* cdp_record_changes implements cdp_internal.record_changes. */
Datum
cdp_record_changes(PG_FUNCTION_ARGS)
{
	static const FeedColumn columns[] = {
		FEED_KIND,     FEED_PROFILE_ID, FEED_SEGMENT_ID, FEED_OTHER_PROFILE_ID, FEED_AT, FEED_CAUSE,
		FEED_EVENT_ID, FEED_TRAIT,      FEED_VALUE,      FEED_VERDICT_ID};
	static const int in_batch = lengthof(columns);
	ArrayType *kinds = PG_ARGISNULL(0) ? NULL : PG_GETARG_ARRAYTYPE_P(0);
	FeedRows rows =
		feed_make_rows(kinds != NULL ? ArrayGetNItems(ARR_NDIM(kinds), ARR_DIMS(kinds)) : 0);

	for (int i = 0; i < (int) lengthof(columns) && rows.count > 0; i++)
		read_column(fcinfo, i, &rows, columns[i]);
	read_column(fcinfo, in_batch + 1, &rows, FEED_SINCE);
	read_column(fcinfo, in_batch + 2, &rows, FEED_OTHER_SINCE);
	read_column(fcinfo, in_batch + 3, &rows, FEED_GROUP_ID);
	PG_RETURN_INT64(feed_record(&rows, PG_GETARG_BOOL(in_batch)));
}
