/*
 * keep_accounts.c
 *		What a batch does to the kept memberships of the accounts it touched, once those of people are kept.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/segment/keep.h"

CDP_FUNCTION(cdp_keep_accounts);

/* the accounts that are touched, by number */
typedef struct TouchedAccounts
{
	int count;
	int64 *ids;
	char **causes;
	int64 *event_ids; /* 0: none */
} TouchedAccounts;

/* read_ids returns the elements of a bigint[]; NULL: 0. */
static int64 *
read_ids(ArrayType *array, int expected)
{
	Datum *values;
	bool *nulls;
	int count;
	int64 *ids;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values,
					  &nulls, &count);
	if (count != expected)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("the arrays must have the same length")));
	ids = palloc_extended(Max(count, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		ids[i] = nulls[i] ? 0 : DatumGetInt64(values[i]);
	return ids;
}

/* read_touched reads the arguments. */
static TouchedAccounts
read_touched(FunctionCallInfo fcinfo)
{
	ArrayType *ids = PG_GETARG_ARRAYTYPE_P(0);
	TouchedAccounts touched = {ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids))};
	Datum *words;
	bool *nulls;
	int count;

	touched.ids = read_ids(ids, touched.count);
	touched.event_ids = read_ids(PG_GETARG_ARRAYTYPE_P(2), touched.count);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &words, &nulls,
					  &count);
	if (count != touched.count)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("the arrays must have the same length")));
	touched.causes = palloc(Max(count, 1) * sizeof(char *));
	for (int i = 0; i < count; i++)
		touched.causes[i] = nulls[i] ? "event" : TextDatumGetCString(words[i]);
	return touched;
}

/* judge_part judges some accounts, and those that segments that fail are tried with. */
static void
judge_part(KeepRun *run, const TouchedAccounts *touched, int first, int count)
{
	int64 *ids = palloc((count + run->segments->count + 1) * sizeof(int64));
	int64 number = count;
	Kept *kept;
	int *accounts;
	int64 *event_ids;

	memcpy(ids, touched->ids + first, count * sizeof(int64));
	if (first == 0)
		number += keep_add_trial(run->segments, ids + count);
	kept = kept_read(run->segments, ids, number, STORE_WRITE);
	accounts = palloc((kept->count + 1) * sizeof(int));
	event_ids = palloc0((kept->count + 1) * sizeof(int64));
	run->causes = palloc((kept->count + 1) * sizeof(char *));
	for (int i = 0; i < kept->count; i++)
	{
		accounts[i] = i;
		run->causes[i] = run->cause;
	}
	for (int i = first; strcmp(run->cause, "event") == 0 && i < first + count; i++)
	{
		int account = kept_find(kept, touched->ids[i]);

		run->causes[account] = touched->causes[i];
		event_ids[account] = touched->event_ids[i];
	}
	run->event_ids = event_ids;
	kept_judge(kept, accounts, kept->count, batch_as_of(), false, keep_note_flip, run);
	kept_write(kept, batch_as_of());
}

/* cdp_keep_accounts implements cdp_internal.keep_accounts(): judges the accounts that the batch touched. */
Datum
cdp_keep_accounts(PG_FUNCTION_ARGS)
{
	TouchedAccounts touched = read_touched(fcinfo);
	int first = 0;
	KeepRun run;
	MemoryContext part;
	MemoryContext caller;

	keep_begin(&run, SUBJECT_ACCOUNT, text_to_cstring(PG_GETARG_TEXT_PP(3)));
	keep_leave_failing(run.segments);
	part = AllocSetContextCreate(CurrentMemoryContext, "cdp accounts", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(part);
	do
	{
		judge_part(&run, &touched, first, Min(touched.count - first, KEEP_ACCOUNTS));
		MemoryContextReset(part);
		first += KEEP_ACCOUNTS;
	} while (first < touched.count);
	MemoryContextSwitchTo(caller);
	run.causes = NULL;
	run.event_ids = NULL;
	keep_end(&run, true);
	PG_RETURN_VOID();
}
