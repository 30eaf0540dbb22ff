/*
 * lookup_query.c
 *		The queries of a look-up, planned once in a session.
 *
 * To start a statement takes time for each table and each expression in it, whether it is reached
 * or not.  So there are many small queries, and each runs only when it is needed.  They read as the
 * caller.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/parsenodes.h"
#include "nodes/params.h"
#include "utils/builtins.h"

#include "toolkit/identifier/identifier.h"
#include "platform/lookup/lookup_query.h"

static const char *const query_names[QUERY_COUNT] = {
	[QUERY_STRONGEST] = "strongest",
	[QUERY_IDENTIFIED] = "identified",
	[QUERY_NUMBERED] = "numbered",
	[QUERY_NUMBERS] = "numbers",
	[QUERY_IDENTIFIERS] = "identifiers",
	[QUERY_PROVENANCE] = "provenance",
	[QUERY_EVENTS] = "events",
	[QUERY_HAS_CASE_EVENT] = "has_case_event",
	[QUERY_CASES] = "cases",
	[QUERY_HAS_REFUSED_LINK] = "has_refused_link",
	[QUERY_REFUSED_LINKS] = "refused_links",
	[QUERY_ACCOUNTS] = "accounts",
};

#define PARAMETERS 3
static const Oid parameter_types[PARAMETERS] = {INT8OID, INT4OID, INT8ARRAYOID};

static SPIPlanPtr plans[QUERY_COUNT];
/* the identifier type for which the tables were checked and the plans made */
static Oid checked_type;

void
lookup_check_tables(void)
{
	if (checked_type == identifier_type_oid())
		return;
	for (int i = 0; i < QUERY_COUNT; i++)
	{
		SPIPlanPtr plan = plans[i];

		plans[i] = NULL;
		if (plan != NULL)
			SPI_freeplan(plan);
	}
	if (SPI_execute("SELECT cdp_internal.check_tables()", true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not check the tables");
	checked_type = identifier_type_oid();
}

/* read_query returns the text of a query. */
static char *
read_query(LookupQuery query)
{
	Oid type = TEXTOID;
	Datum name = CStringGetTextDatum(query_names[query]);

	if (SPI_execute_with_args("SELECT cdp_internal.lookup_query($1)", 1, &type, &name, NULL, true,
							  1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "there is no query \"%s\" for a lookup", query_names[query]);
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

/* find_plan returns the plan of a query, generic and kept for the session. */
static SPIPlanPtr
find_plan(LookupQuery query)
{
	SPIPlanPtr plan = plans[query];
	Oid types[PARAMETERS];

	if (plan != NULL)
		return plan;
	memcpy(types, parameter_types, sizeof(types));
	plan = SPI_prepare_cursor(read_query(query), PARAMETERS, types, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL || SPI_keepplan(plan) != 0)
		elog(ERROR, "could not prepare a lookup: %s", SPI_result_code_string(SPI_result));
	plans[query] = plan;
	return plan;
}

/* set_parameter sets a parameter. */
static void
set_parameter(ParamListInfo parameters, int i, Datum value, bool null)
{
	parameters->params[i].value = value;
	parameters->params[i].isnull = null;
	parameters->params[i].pflags = PARAM_FLAG_CONST;
	parameters->params[i].ptype = parameter_types[i];
}

void
lookup_pass_rows(LookupQuery query, const LookupArguments *arguments, DestReceiver *receiver)
{
	SPIExecuteOptions options = {
		.params = makeParamList(PARAMETERS), .read_only = true, .dest = receiver};

	set_parameter(options.params, 0, Int64GetDatum(arguments->number), false);
	set_parameter(options.params, 1, Int32GetDatum(arguments->last_events), false);
	set_parameter(options.params, 2, arguments->ids, arguments->ids == (Datum) 0);
	if (SPI_execute_plan_extended(find_plan(query), &options) != SPI_OK_SELECT)
		elog(ERROR, "a lookup failed");
	pfree(options.params);
}

SPITupleTable *
lookup_rows(LookupQuery query, const LookupArguments *arguments, uint64 *count)
{
	lookup_pass_rows(query, arguments, NULL);
	*count = SPI_processed;
	return SPI_tuptable;
}

bool
lookup_has(LookupQuery query, const LookupArguments *arguments)
{
	uint64 count;
	SPITupleTable *rows = lookup_rows(query, arguments, &count);
	bool null;
	bool has = count > 0 && DatumGetBool(SPI_getbinval(rows->vals[0], rows->tupdesc, 1, &null));

	SPI_freetuptable(rows);
	return has;
}
