/*
 * attribution.c
 *		The aggregate cdp.attribution: which share of the conversions of a group each touchpoint is
 *		given.
 *
 * Arguments of the transition function: the state, the model, the lookback, the time, the
 * touchpoint, the conversion.  The state is changed in place; where it must grow, the larger copy is
 * made in the per-row memory context, and the executor takes it over and frees the former one.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "compat.h"
#include "toolkit/attribution/attribution_sum.h"
#include "toolkit/bridge/huge.h"
#include "toolkit/bridge/status.h"
#include "toolkit/bridge/window.h"

CDP_FUNCTION(cdp_attribution_trans);
CDP_FUNCTION(cdp_attribution_combine);
CDP_FUNCTION(cdp_attribution_final);

/* places of the arguments */
enum
{
	ARG_STATE,
	ARG_MODEL,
	ARG_LOOKBACK,
	ARG_AT,
	ARG_TOUCHPOINT,
	ARG_CONVERSION
};

/* Read the model and the lookback. */
static CdpkAttributionSetup
get_setup(FunctionCallInfo fcinfo)
{
	CdpkAttributionSetup setup;

	if (PG_ARGISNULL(ARG_MODEL))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("model must not be null")));
	attribution_read_model(PG_GETARG_TEXT_PP(ARG_MODEL), &setup);
	if (!PG_ARGISNULL(ARG_LOOKBACK))
		setup.lookback = cdp_window_microseconds(PG_GETARG_INTERVAL_P(ARG_LOOKBACK), "lookback", 1);
	return setup;
}

/* Return the state, argument 0, or a new one for the set-up. */
static CdpkAttributionState *
get_state(FunctionCallInfo fcinfo, const CdpkAttributionSetup *setup)
{
	CdpkAttributionState *state;
	CdpkAttributionSetup former;
	CdpkReader rows;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "transition function of cdp.attribution called outside of an aggregate");
	if (PG_ARGISNULL(ARG_STATE))
	{
		attribution_check(cdpk_attribution_new(&cdp_state_allocator, setup, 0, &state));
		return state;
	}
	state = (CdpkAttributionState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(ARG_STATE));
	former = cdpk_attribution_open(state, &rows);
	if (!cdpk_attribution_same(&former, setup))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be the same for all rows of a group",
							   former.lookback != setup->lookback ? "lookback" : "model")));
	return state;
}

/* Read the touchpoint of a row, if it has one. */
static void
get_touchpoint(FunctionCallInfo fcinfo, CdpkAttributionRow *row)
{
	text *touchpoint;

	if (PG_ARGISNULL(ARG_TOUCHPOINT))
		return;
	touchpoint = PG_GETARG_TEXT_PP(ARG_TOUCHPOINT);
	row->touchpoint = VARDATA_ANY(touchpoint);
	row->touchpoint_length = VARSIZE_ANY_EXHDR(touchpoint);
	if (row->touchpoint_length == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("touchpoint must not be empty"),
				 errhint("Give NULL for a row that is not a touch.")));
}

/* Read the value of a row's conversion, if it is one. */
static void
get_conversion(FunctionCallInfo fcinfo, CdpkAttributionRow *row)
{
	Numeric value;

	if (PG_ARGISNULL(ARG_CONVERSION))
		return;
	value = PG_GETARG_NUMERIC(ARG_CONVERSION);
	if (numeric_is_nan(value) || numeric_is_inf(value))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("conversion must be a finite number")));
	row->value = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value)));
	row->value_length = strlen(row->value);
}

/* attribution_trans(state, model, lookback, at, touchpoint, conversion): add a row. */
Datum
cdp_attribution_trans(PG_FUNCTION_ARGS)
{
	CdpkAttributionRow row = {0};
	CdpkAttributionState *state;
	CdpkAttributionSetup setup;

	if (PG_ARGISNULL(ARG_AT) || (PG_ARGISNULL(ARG_TOUCHPOINT) && PG_ARGISNULL(ARG_CONVERSION)))
	{
		if (PG_ARGISNULL(ARG_STATE))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(ARG_STATE));
	}
	row.at = PG_GETARG_TIMESTAMPTZ(ARG_AT);
	if (TIMESTAMP_NOT_FINITE(row.at))
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("at must be finite"),
						errhint("Leave out such rows with FILTER (WHERE ...).")));
	get_touchpoint(fcinfo, &row);
	get_conversion(fcinfo, &row);
	setup = get_setup(fcinfo);
	state = get_state(fcinfo, &setup);
	attribution_check(cdpk_attribution_add(&state, &cdp_state_allocator, &row));
	return cdp_varlena(state, state->size);
}

/* attribution_combine(state, state): add the rows of the second to the first; strict. */
Datum
cdp_attribution_combine(PG_FUNCTION_ARGS)
{
	CdpkAttributionState *other = (CdpkAttributionState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(1));
	CdpkReader rows;
	CdpkAttributionSetup setup = cdpk_attribution_open(other, &rows);
	CdpkAttributionState *state = get_state(fcinfo, &setup);

	attribution_check(cdpk_attribution_combine(&state, &cdp_state_allocator, other));
	return cdp_varlena(state, state->size);
}

/* Add a member to the object that is being made. */
static void
push_number(JsonbParseState **state, const char *key, Numeric number)
{
	JsonbValue item = {.type = jbvString};

	item.val.string.val = unconstify(char *, key);
	item.val.string.len = (int) strlen(key);
	pushJsonbValue(state, WJB_KEY, &item);
	item.type = jbvNumeric;
	item.val.numeric =
		DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(number)));
	pushJsonbValue(state, WJB_VALUE, &item);
}

/* Add the object of one touchpoint, or of what none got, if there is any. */
static void
push_sum(JsonbParseState **state, const CdpkTouchpoint *touchpoint, const AttributionSum *sum)
{
	JsonbValue item = {.type = jbvString};

	if (sum->value == NULL)
		return;
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	item.val.string.val = "touchpoint";
	item.val.string.len = (int) strlen("touchpoint");
	pushJsonbValue(state, WJB_KEY, &item);
	if (touchpoint != NULL)
	{
		/* a state from the wire may hold any bytes */
		pg_verifymbstr(touchpoint->name, (int) touchpoint->length, false);
		item.val.string.val = unconstify(char *, touchpoint->name);
		item.val.string.len = (int) touchpoint->length;
	}
	else
		item.type = jbvNull;
	pushJsonbValue(state, WJB_VALUE, &item);
	push_number(state, "conversions", attribution_shares(sum->shares));
	push_number(state, "value", sum->value);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

/* bytes that the object of a touchpoint takes in the result at least, and what a jsonb has at most */
#define TOUCHPOINT_SIZE_MIN 64
#define RESULT_SIZE_MAX JENTRY_OFFLENMASK

/* attribution_final(state): what each touchpoint was given, as a JSON array; strict. */
Datum
cdp_attribution_final(PG_FUNCTION_ARGS)
{
	CdpkAllocator scratch = cdp_huge_scratch(CurrentMemoryContext);
	JsonbParseState *state = NULL;
	CdpkJourneys journeys;
	JsonbValue *array;
	AttributionSum *sums;

	attribution_check(cdpk_journeys_load(
		(const CdpkAttributionState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0)), &scratch, &journeys));
	if (journeys.name_count > RESULT_SIZE_MAX / TOUCHPOINT_SIZE_MIN)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many touchpoints in a group for an attribution"),
						errdetail("The result has at most 256 MB.")));
	sums = attribution_sums(&journeys);
	attribution_give(&journeys, sums);
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (uint32_t i = 0; i < journeys.name_count; i++)
		push_sum(&state, &journeys.names[i], &sums[i]);
	push_sum(&state, NULL, &sums[journeys.name_count]);
	array = pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(array));
}
