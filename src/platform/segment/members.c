/*
 * members.c
 *		The SQL functions that judge segments.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/segment/definition.h"
#include "platform/segment/evaluate.h"
#include "platform/segment/restrict.h"

CDP_FUNCTION(cdp_members);
CDP_FUNCTION(cdp_is_member);
CDP_FUNCTION(cdp_judge_segment);
CDP_FUNCTION(cdp_judge_expression);

/* fetch_number runs a cached query with one parameter; returns false if the result is empty or NULL. */
static bool
fetch_number(SPIPlanPtr *plan, const char *query, Oid type, Datum value, int64 *number)
{
	bool isnull = true;
	Datum found = (Datum) 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (*plan == NULL)
	{
		SPIPlanPtr made;

		if (SPI_execute("SELECT cdp_internal.check_tables()", true, 1) != SPI_OK_SELECT)
			elog(ERROR, "could not check the tables");
		made = SPI_prepare(query, 1, &type);
		if (made == NULL || SPI_keepplan(made) != 0)
			elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
		*plan = made;
	}
	if (SPI_execute_plan(*plan, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not run a query");
	if (SPI_processed > 0)
		found = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	*number = DatumGetInt64(found);
	SPI_finish();
	return !isnull;
}

/* find_segment finds and locks a segment in cdp_data.segment, or raises an error. */
static void
find_segment(text *name, Segment *segment)
{
	static SPIPlanPtr plan = NULL;
	char *given = text_to_cstring(name);
	int64 listed;

	if (!fetch_number(
			&plan,
			"SELECT 1::bigint FROM cdp_data.segment s WHERE s.name OPERATOR(pg_catalog.=) $1",
			TEXTOID, PointerGetDatum(name), &listed))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("segment \"%s\" does not exist", given),
				 errhint("cdp.segment lists the segments.")));
	definition_find(given, DEFINITION_REQUIRED, segment);
}

/* raise_failing raises the error of a segment that cannot be judged. */
static void
raise_failing(const Segment *segment, const Judgement *result)
{
	ereport(ERROR,
			(errcode(result->sqlstate),
			 errmsg("the condition of segment \"%s\" cannot be judged", NameStr(segment->name)),
			 errdetail("%s", result->message),
			 result->failing == 0
				 ? 0
				 : errhint("It fails for %lld people, profile %lld among them.",
						   (long long) result->failing, (long long) result->profile_id)));
}

/* people who are in a segment */
typedef struct Members
{
	int64 *ids;
	int64 count;
	int64 allocated;
} Members;

/* take_member is a callback that notes who is in. */
static void
take_member(void *arg, int64 profile_id, const Verdict *verdict)
{
	Members *members = arg;

	if (!verdict->holds)
		return;
	if (members->count == members->allocated)
	{
		members->allocated = members->allocated ? 2 * members->allocated : 1024;
		members->ids = members->ids != NULL
						   ? repalloc_huge(members->ids, members->allocated * sizeof(int64))
						   : palloc(members->allocated * sizeof(int64));
	}
	members->ids[members->count++] = profile_id;
}

/* take_nothing is a callback for where only the result matters. */
static void
take_nothing(void *arg, int64 profile_id, const Verdict *verdict)
{
}

/* cdp_members returns the profiles in a segment, without those that its condition fails for. */
Datum
cdp_members(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Members members = {0};
	Segment segment;
	Judgement judgement;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	find_segment(PG_GETARG_TEXT_PP(0), &segment);
	evaluate_people(&segment, 1, NULL, 0, GetCurrentTransactionStartTimestamp(), NULL, take_member,
					&members, &judgement);
	definition_release(&segment);
	if (judgement.whole)
		raise_failing(&segment, &judgement);
	for (int64 i = 0; i < members.count; i++)
	{
		Datum value = Int64GetDatum(members.ids[i]);
		bool isnull = false;

		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
	return (Datum) 0;
}

/* cdp_is_member returns whether a present or former profile id is in a segment. */
Datum
cdp_is_member(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr plan = NULL;
	Segment segment;
	Judgement judgement = {0};
	int64 profile_id;

	find_segment(PG_GETARG_TEXT_PP(0), &segment);
	if (fetch_number(&plan, "SELECT cdp.profile_of($1)", INT8OID, PG_GETARG_DATUM(1), &profile_id))
		evaluate_people(&segment, 1, &profile_id, 1, GetCurrentTransactionStartTimestamp(), NULL,
						take_nothing, NULL, &judgement);
	definition_release(&segment);
	/* failing for this person: not a member; failing as a whole: an error */
	if (judgement.whole && judgement.profile_id == 0)
		raise_failing(&segment, &judgement);
	PG_RETURN_BOOL(judgement.members > 0);
}

/* state_of returns the state of a judged segment. */
static const char *
state_of(const Judgement *judgement)
{
	if (judgement->message == NULL)
		return "live";
	return judgement->too_slow ? "too_slow" : "failing";
}

/* judge_listed judges a segment for the ids in an array, or for all people if it is NULL. */
static void
judge_listed(const Segment *segment, ArrayType *ids, Judgement *judgement)
{
	TimestampTz as_of = GetCurrentTransactionStartTimestamp();
	Datum *values;
	int64 *numbers;
	bool *nulls;
	int count;
	int known = 0;

	if (ids == NULL)
	{
		evaluate_people(segment, 1, NULL, 0, as_of, NULL, take_nothing, NULL, judgement);
		return;
	}
	deconstruct_array(ids, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values,
					  &nulls, &count);
	numbers = palloc_extended(Max(count, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			numbers[known++] = DatumGetInt64(values[i]);
	evaluate_people(segment, 1, numbers, known, as_of, NULL, take_nothing, NULL, judgement);
}

/*
 * cdp_judge_segment judges a segment for some people or for all, and returns the result; it does not
 * fail if the condition does.
 */
Datum
cdp_judge_segment(PG_FUNCTION_ARGS)
{
	ArrayType *ids = PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1);
	Judgement judgement = {0};
	Segment segment;
	TupleDesc row;
	char *name;
	Datum values[4] = {0};
	bool nulls[4] = {false};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("name and wait must not be null")));
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (definition_find(name, PG_GETARG_BOOL(2) ? DEFINITION_REQUIRED : DEFINITION_NOWAIT,
						&segment))
	{
		judge_listed(&segment, ids, &judgement);
		definition_release(&segment);
	}
	else if (definition_exists(name))
		PG_RETURN_NULL();
	else
	{
		judgement.whole = true;
		judgement.sqlstate = ERRCODE_UNDEFINED_OBJECT;
		judgement.message = "its view does not exist";
	}

	values[0] = Int64GetDatum(judgement.members);
	nulls[0] = judgement.whole;
	values[1] = CStringGetTextDatum(state_of(&judgement));
	nulls[2] = judgement.message == NULL;
	if (judgement.message != NULL)
		values[2] = CStringGetTextDatum(
			psprintf("%s: %s", unpack_sql_state(judgement.sqlstate), judgement.message));
	values[3] = Int64GetDatum(judgement.profile_id);
	nulls[3] = judgement.profile_id == 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(row, values, nulls)));
}

/* a query that is evaluated for a sample person */
typedef struct Trial
{
	char *query;
	Datum person;
} Trial;

/* run_trial runs a trial; called in the restricted context. */
static void
run_trial(void *arg)
{
	Trial *trial = arg;
	Oid type = JSONBOID;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(trial->query, 1, &type, &trial->person, NULL, true, 1) !=
		SPI_OK_SELECT)
		elog(ERROR, "could not try a condition");
	SPI_finish();
}

/* check_can_act_as raises an error unless the caller has the privileges of a role. */
static void
check_can_act_as(Oid role)
{
	if (!has_privs_of_role(GetUserId(), role))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("must be a member of role \"%s\"", GetUserNameFromId(role, false))));
}

/*
 * cdp_judge_expression runs a query as a segment's owner, whose privileges the caller must have.
 * Raises the query's error, unless that is only that it takes too long.
 */
Datum
cdp_judge_expression(PG_FUNCTION_ARGS)
{
	Trial trial = {text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_DATUM(1)};
	Oid owner = PG_GETARG_OID(2);
	bool too_slow;
	ErrorData *error;

	check_can_act_as(owner);
	error = restrict_run(owner, "pg_catalog, cdp, pg_temp", restrict_limit(1), run_trial, &trial,
						 &too_slow);
	if (error != NULL && !too_slow)
		ReThrowError(error);
	PG_RETURN_VOID();
}
