/*
 * evaluate_segment.c
 *		The verdicts of a segment as rows, for tests in SQL.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/segment/evaluate.h"
#include "platform/profile/visible.h"

CDP_FUNCTION(cdp_evaluate_segment);

/* put_verdict puts the verdict of a person as a row. */
static void
put_verdict(void *arg, int64 profile_id, const Verdict *verdict)
{
	ReturnSetInfo *result = arg;
	Datum values[] = {Int64GetDatum(profile_id), BoolGetDatum(verdict->holds),
					  BoolGetDatum(verdict->failing), TimestampTzGetDatum(verdict->until)};
	bool nulls[] = {false, !verdict->known, false, false};

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* read_ids reads an array of ids. */
static int64 *
read_ids(ArrayType *array, int64 *count)
{
	Datum *values;
	bool *nulls;
	int64 *ids;
	int given;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values,
					  &nulls, &given);
	ids = palloc(Max(given, 1) * sizeof(int64));
	*count = 0;
	for (int i = 0; i < given; i++)
		if (!nulls[i])
			ids[(*count)++] = DatumGetInt64(values[i]);
	return ids;
}

/* cdp_evaluate_segment returns the verdicts of a segment for these people, or for all, whom the caller may see. */
Datum
cdp_evaluate_segment(PG_FUNCTION_ARGS)
{
	int64 *ids = NULL;
	int64 count = 0;
	Segment segment;
	Judgement result;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		return (Datum) 0;
	if (!PG_ARGISNULL(1))
		ids = read_ids(PG_GETARG_ARRAYTYPE_P(1), &count);
	if (!visible_all(GetUserId()))
	{
		if (ids == NULL)
			ids = visible_list(&count);
		else
			count = visible_keep(ids, count);
	}
	definition_find(text_to_cstring(PG_GETARG_TEXT_PP(0)), DEFINITION_REQUIRED, &segment);
	evaluate_people(&segment, 1, ids, count, PG_GETARG_TIMESTAMPTZ(2), NULL, NULL, NULL,
					put_verdict, fcinfo->resultinfo, &result);
	definition_release(&segment);
	if (result.whole)
		ereport(ERROR,
				(errcode(result.sqlstate),
				 errmsg("the condition of segment \"%s\" cannot be judged", NameStr(segment.name)),
				 errdetail("%s", result.message)));
	return (Datum) 0;
}
