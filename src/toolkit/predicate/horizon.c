/*
 * horizon.c
 *		The table of predicates and the horizon of a call, for tests in SQL.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "toolkit/predicate/predicate.h"
#include "toolkit/timeline/timeline_args.h"
#include "cdp.h"

CDP_FUNCTION(cdp_horizon);
CDP_FUNCTION(cdp_predicates);
CDP_FUNCTION(cdp_predicate_arguments);

/* Return the function of a predicate. */
static Oid
find_function(const Predicate *predicate)
{
	CatCList *functions = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(predicate->name));
	Oid schema = get_namespace_oid("cdp", false);
	Oid found = InvalidOid;

	for (int i = 0; i < functions->n_members; i++)
	{
		const FormData_pg_proc *function =
			(const FormData_pg_proc *) GETSTRUCT(&functions->members[i]->tuple);

		if (function->pronamespace == schema)
			found = function->oid;
	}
	ReleaseSysCacheList(functions);
	if (!OidIsValid(found))
		elog(ERROR, "function cdp.%s is not declared", predicate->name);
	return found;
}

/* Read an argument from its value as text. */
static Datum
read_argument(Oid type, char *value)
{
	Oid input;
	Oid element;

	getTypeInputInfo(type, &input, &element);
	return OidInputFunctionCall(input, value, element, -1);
}

/* Fill the arguments of a call in: those not given are NULL, but as_of, which is the present time. */
static void
fill_arguments(FunctionCallInfo call, const Predicate *predicate, const Oid *types, Jsonb *given)
{
	JsonbIterator *iterator = JsonbIteratorInit(&given->root);
	JsonbIteratorToken token;
	JsonbValue key;
	int place = -1;

	for (int i = 1; i < call->nargs; i++)
		call->args[i].isnull = true;
	call->args[call->nargs - 1].value = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	call->args[call->nargs - 1].isnull = false;
	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		char *text;

		if (token == WJB_KEY)
		{
			text = pnstrdup(key.val.string.val, key.val.string.len);
			place = predicate_argument(predicate, text);
			if (place < 0)
				ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
								errmsg("cdp.%s has no argument \"%s\"", predicate->name, text)));
		}
		if (token != WJB_VALUE || place < 0)
			continue;
		call->args[place].isnull = key.type == jbvNull;
		if (key.type == jbvString)
			text = pnstrdup(key.val.string.val, key.val.string.len);
		else
			text = JsonbToCString(NULL, &JsonbValueToJsonb(&key)->root, 0);
		if (key.type != jbvNull)
			call->args[place].value = read_argument(types[place], text);
	}
}

/* horizon(predicate, timeline, arguments): until when the answer stays the same. */
Datum
cdp_horizon(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(call, FUNC_MAX_ARGS);
	const Predicate *predicate;
	char *name;
	FmgrInfo function;
	Oid *types;
	int count;
	int64 horizon;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	predicate = predicate_named(name);
	if (predicate == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there is no predicate \"%s\"", name)));
	fmgr_info(find_function(predicate), &function);
	(void) get_func_signature(function.fn_oid, &types, &count);
	InitFunctionCallInfoData(*call, &function, count, PG_GET_COLLATION(), NULL, NULL);
	call->args[ARG_TIMELINE].isnull = PG_ARGISNULL(1);
	call->args[ARG_TIMELINE].value = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
	fill_arguments(call, predicate, types, PG_GETARG_JSONB_P(2));
	if (!predicate_horizon(predicate, call, &horizon))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(horizon);
}

/* predicates(): return the table as rows. */
Datum
cdp_predicates(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < predicate_count; i++)
	{
		const Predicate *predicate = &predicate_table[i];
		Datum values[] = {CStringGetTextDatum(predicate->name),
						  CStringGetTextDatum(predicate->arguments),
						  CStringGetTextDatum(predicate->answer), BoolGetDatum(predicate->exact),
						  CStringGetTextDatum(predicate->definition)};
		bool nulls[] = {false, false, false, false, predicate->definition[0] == '\0'};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* predicate_arguments(): return the arguments as rows. */
Datum
cdp_predicate_arguments(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < predicate_argument_count; i++)
	{
		const PredicateArgument *argument = &predicate_arguments[i];
		Datum values[] = {CStringGetTextDatum(argument->name), CStringGetTextDatum(argument->type),
						  CStringGetTextDatum(argument->sample)};
		bool nulls[] = {false, false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
