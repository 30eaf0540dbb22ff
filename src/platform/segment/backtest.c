/*
 * backtest.c
 *		Judges people as they were at an instant of the past by a condition that is no segment.
 *
 * The rows are those of cdp_internal.profile_row_at(), which are made for it; the evaluator is that of segments.  The
 * condition is the caller's, and so is the role as which it is judged.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/segment/condition.h"
#include "platform/segment/scan.h"

CDP_FUNCTION(cdp_backtest);

/* take_member adds who is in to the result. */
static void
take_member(void *arg, int64 profile_id, const Verdict *verdicts)
{
	ReturnSetInfo *result = arg;
	Datum value = Int64GetDatum(profile_id);
	bool isnull = false;

	if (verdicts->known && verdicts->holds)
		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
}

/* raise_failure raises the error of a scan, and says for whom the condition fails. */
static void
raise_failure(const PersonScan *scan, ErrorData *error)
{
	if (scan->stage != SCAN_CONDITION)
		ReThrowError(error);
	ereport(ERROR,
			(errcode(error->sqlerrcode), errmsg_internal("%s", error->message),
			 errdetail("The condition fails for profile " INT64_FORMAT ".", scan->profile_id)));
}

/* cdp_backtest returns those of cdp_internal.profile_row_at() for whom a condition holds at an instant. */
Datum
cdp_backtest(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char *condition = text_to_cstring(PG_GETARG_TEXT_PP(0));
	List *numbers = NIL;
	Segment segment = {.owner = GetUserId(), .type = BOOLOID};
	PersonScan scan = {.segments = &segment,
					   .count = 1,
					   .owner = GetUserId(),
					   .as_of = PG_GETARG_TIMESTAMPTZ(1),
					   .limit = PG_INT64_MAX,
					   .after = PG_INT64_MIN,
					   .take = take_member,
					   .arg = result};
	ErrorData *error;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	scan.condition = condition_read(condition, GetUserId(), false, SUBJECT_PERSON, &numbers);
	if (numbers != NIL)
		ereport(
			ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a backtest cannot use other segments or computed traits"),
			 errdetail(
				 "What they would have had is not known where their own definition has changed."),
			 errhint("Write their conditions in their place.")));
	scan.relation = psprintf("cdp_internal.profile_row_at(" INT64_FORMAT ")", PG_GETARG_INT64(2));
	error = scan_run(&scan, 0);
	if (error != NULL)
		raise_failure(&scan, error);
	return (Datum) 0;
}
