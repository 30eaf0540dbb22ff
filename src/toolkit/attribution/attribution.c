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
#include "core/attribution/attribution.h"
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

/* the shares of one touchpoint, or of none */
typedef struct Sum
{
	int64 shares; /* of 10^-9 */
	Numeric value;
} Sum;

/* Raise the error for a state that cannot grow. */
static void
check_status(CdpkStatus status)
{
	if (status == CDPK_TOO_LONG)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many rows in a group for an attribution"),
						errdetail("The rows of a group take at most 512 MB.")));
	if (status != CDPK_OK)
		cdp_report_bytes(status, "cdp_internal.attribution_state");
}

/* Read the model and the lookback. */
static CdpkAttributionSetup
get_setup(FunctionCallInfo fcinfo)
{
	CdpkAttributionSetup setup;
	CdpkStatus status;
	text *model;

	if (PG_ARGISNULL(ARG_MODEL))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("model must not be null")));
	model = PG_GETARG_TEXT_PP(ARG_MODEL);
	status = cdpk_attribution_model(VARDATA_ANY(model), VARSIZE_ANY_EXHDR(model), &setup);
	if (status != CDPK_OK)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid model \"%s\"", text_to_cstring(model)),
			 status == CDPK_OUT_OF_RANGE
				 ? errdetail("A half-life is at least a second and at most 36500 days; the two "
							 "percentages add up to 1 to 100.")
				 : 0,
			 errhint("Models are first, last, last_non_direct, linear, time_decay(7 days) with a "
					 "half-life in seconds, minutes, hours or days, and position_based(40, 40) "
					 "with the percentages of the first and the last touch.")));
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
		check_status(cdpk_attribution_new(&cdp_state_allocator, setup, 0, &state));
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
	check_status(cdpk_attribution_add(&state, &cdp_state_allocator, &row));
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

	check_status(cdpk_attribution_combine(&state, &cdp_state_allocator, other));
	return cdp_varlena(state, state->size);
}

/* Convert shares to a numeric. */
static Numeric
to_numeric(int64 shares)
{
	return int64_div_fast_to_numeric(shares, CDPK_SHARE_DIGITS);
}

/* Add a share of a conversion's value to a sum, which lives in "context". */
static void
give(Sum *sum, int64 share, Numeric value, MemoryContext context)
{
	Datum part = DirectFunctionCall2(numeric_mul, NumericGetDatum(to_numeric(share)),
									 NumericGetDatum(value));
	MemoryContext former;

	sum->shares += share;
	if (sum->value != NULL)
		part = DirectFunctionCall2(numeric_add, NumericGetDatum(sum->value), part);
	former = MemoryContextSwitchTo(context);
	if (sum->value != NULL)
		pfree(sum->value);
	sum->value = DatumGetNumericCopy(part);
	MemoryContextSwitchTo(former);
}

/* Add every conversion's shares to the sums; the last sum is of what no touchpoint gets. */
static void
give_all(CdpkJourneys *journeys, Sum *sums)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext each = AllocSetContextCreate(context, "conversion", ALLOCSET_DEFAULT_SIZES);

	for (size_t i = 0; i < journeys->conversion_count; i++)
	{
		const CdpkConversion *conversion = &journeys->conversions[i];
		Numeric value;
		uint32_t count;

		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(each);
		MemoryContextSwitchTo(each);
		value = DatumGetNumeric(DirectFunctionCall3(
			numeric_in, CStringGetDatum(pnstrdup(conversion->value, conversion->length)),
			ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
		count = cdpk_journeys_credit(journeys, conversion);
		for (uint32_t j = 0; j < count; j++)
			give(&sums[journeys->credits[j].name], journeys->credits[j].share, value, context);
		if (count == 0)
			give(&sums[journeys->name_count], CDPK_SHARE_ONE, value, context);
	}
	MemoryContextSwitchTo(context);
	MemoryContextDelete(each);
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
push_sum(JsonbParseState **state, const CdpkTouchpoint *touchpoint, const Sum *sum)
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
	push_number(state, "conversions", to_numeric(sum->shares));
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
	Sum *sums;

	check_status(cdpk_journeys_load(
		(const CdpkAttributionState *) PG_DETOAST_DATUM(PG_GETARG_DATUM(0)), &scratch, &journeys));
	if (journeys.name_count > RESULT_SIZE_MAX / TOUCHPOINT_SIZE_MIN)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("too many touchpoints in a group for an attribution"),
						errdetail("The result has at most 256 MB.")));
	sums = MemoryContextAllocExtended(CurrentMemoryContext,
									  ((Size) journeys.name_count + 1) * sizeof(Sum),
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	give_all(&journeys, sums);
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (uint32_t i = 0; i < journeys.name_count; i++)
		push_sum(&state, &journeys.names[i], &sums[i]);
	push_sum(&state, NULL, &sums[journeys.name_count]);
	array = pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(array));
}
