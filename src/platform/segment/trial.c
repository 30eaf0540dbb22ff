/*
 * trial.c
 *		Evaluates a condition for a sample person, as the owner of the segment.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "cdp.h"
#include "platform/segment/restrict.h"

CDP_FUNCTION(cdp_judge_expression);

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
