/*
 * measures.c
 *		Measures of the events in a time range: sum, average, smallest and largest of a
 *		number that events carry, its quantiles, the most frequent event.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "toolkit/timeline/step_args.h"
#include "cdp.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/measures.h"

CDP_FUNCTION(cdp_sum);
CDP_FUNCTION(cdp_avg);
CDP_FUNCTION(cdp_min);
CDP_FUNCTION(cdp_max);
CDP_FUNCTION(cdp_median);
CDP_FUNCTION(cdp_quantile);
CDP_FUNCTION(cdp_most_frequent_event);

/* after the step */
#define ARG_NUMBER 2
#define ARG_FRACTION 3

/* The arguments of a call. */
typedef struct MeasureCall
{
	ArgumentCache cache;
	CdpkTimeRange range;
	CdpkStep step;
	CdpkName number;
} MeasureCall;

/* The events of a step whose numbers are measured, column by column. */
typedef struct Measure
{
	MeasureCall own;
	const MeasureCall *call;
	CdpkStepEvents events;
	CdpkMeasured measured;
	bool unknown; /* whether an event's values were left out that the step asks for */
} Measure;

/* Return whether an event of the column satisfies the step. */
static CdpkStatus
selects(void *context, uint64_t event, bool *selected)
{
	Measure *measure = context;
	CdpkTruth truth;
	CdpkStatus status = cdpk_step_filter_event(&measure->events.filter, event, &truth);

	measure->unknown |= truth == CDPK_UNKNOWN;
	*selected = truth == CDPK_YES;
	return status;
}

/* Read the arguments; false if there are no events. */
static bool
start_measure(FunctionCallInfo fcinfo, Measure *measure)
{
	MeasureCall *call =
		(MeasureCall *) argument_cache_get(fcinfo, &measure->own.cache, sizeof(measure->own));
	CdpkTimeline timeline;

	if (!argument_cache_is_valid(fcinfo, &call->cache))
	{
		const text *number = PG_GETARG_TEXT_PP(ARG_NUMBER);

		call->range = timeline_arg_range(fcinfo);
		step_arg_read(fcinfo, &call->cache, &call->step);
		timeline_check_name(number, "number");
		call->number.text = VARDATA_ANY(number);
		call->number.length = VARSIZE_ANY_EXHDR(number);
		argument_cache_fill(fcinfo, &call->cache);
	}
	measure->call = call;
	measure->measured.range = call->range;
	measure->unknown = false;
	if (!timeline_arg_open(fcinfo, &timeline))
		return false;
	cdpk_step_events(&call->step, &timeline, call->range, &cdp_palloc_allocator, &measure->events);
	return true;
}

/* Move to the next column whose events have the number; false after the last. */
static bool
next_column(Measure *measure)
{
	CdpkStepEvents *events = &measure->events;
	CdpkMeasured *measured = &measure->measured;
	CdpkStatus status;
	bool found = false;

	while (!found && cdpk_step_next_column(events) && cdpk_step_open_filter(events))
	{
		status =
			cdpk_property_find(&events->properties, &events->column, measure->call->number.text,
							   measure->call->number.length, &measured->property, &found);
		if (status == CDPK_OK && found && measured->property.form != CDPK_FORM_NUMBERS &&
			events->texts == NULL)
			status =
				cdpk_property_texts(&events->properties, &cdp_palloc_allocator, &events->texts);
		timeline_check(status);
	}
	if (!found)
	{
		timeline_check(cdpk_step_close(events));
		return false;
	}
	measured->column = events->column;
	measured->texts = events->texts;
	measured->left = 0;
	measured->selects = events->filter.all ? NULL : selects;
	measured->context = measure;
	return true;
}

/* Return mantissa / 10^scale without superfluous zeros. */
static Numeric
decimal_numeric(int64 mantissa, unsigned scale)
{
	CdpkDecimal decimal = cdpk_decimal(mantissa, scale);

	return int64_div_fast_to_numeric(decimal.mantissa, decimal.scale);
}

static Numeric
call_numeric(PGFunction function, Numeric a, Numeric b)
{
	return DatumGetNumeric(DirectFunctionCall2(function, NumericGetDatum(a), NumericGetDatum(b)));
}

/* Return what a sum has of one scale. */
static Numeric
part_numeric(const CdpkSum *sum, unsigned scale)
{
	int64 high = sum->high[scale];
	int64 low = sum->low[scale];

	/* low is not negative, and less than 2^62 */
	if (high > -(INT64CONST(1) << 30) && high < (INT64CONST(1) << 30))
		return decimal_numeric(high * (INT64CONST(1) << 32) + low, scale);
	return call_numeric(numeric_add,
						call_numeric(numeric_mul, decimal_numeric(high, scale),
									 int64_to_numeric(INT64CONST(1) << 32)),
						decimal_numeric(low, scale));
}

Numeric
sum_numeric(const CdpkSum *sum)
{
	Numeric result = NULL;

	for (unsigned scale = 0; scale <= CDPK_SCALE_MAX; scale++)
	{
		Numeric part;

		if ((sum->scales >> scale & 1) == 0)
			continue;
		part = part_numeric(sum, scale);
		result = result == NULL ? part : call_numeric(numeric_add, result, part);
	}
	return DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(result)));
}

/* Sum up the number over the time range; false if no event has it, or the sum is not known. */
static bool
sum_events(FunctionCallInfo fcinfo, CdpkSum *sum)
{
	Measure measure;

	memset(sum, 0, sizeof(*sum));
	if (!start_measure(fcinfo, &measure))
		return false;
	while (next_column(&measure))
		timeline_check(cdpk_measure_sum(&measure.measured, sum));
	return sum->count > 0 && !measure.unknown;
}

/* sum(timeline, step, number, within, older_than, since, until, as_of) */
Datum
cdp_sum(PG_FUNCTION_ARGS)
{
	CdpkSum sum;

	if (timeline_args_unknown(fcinfo, ARG_NUMBER) || !sum_events(fcinfo, &sum))
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(sum_numeric(&sum));
}

/* avg(...) is the sum divided by the number of events that carry the number. */
Datum
cdp_avg(PG_FUNCTION_ARGS)
{
	CdpkSum sum;

	if (timeline_args_unknown(fcinfo, ARG_NUMBER) || !sum_events(fcinfo, &sum))
		PG_RETURN_NULL();
	return DirectFunctionCall2(numeric_div, NumericGetDatum(sum_numeric(&sum)),
							   NumericGetDatum(int64_to_numeric((int64) sum.count)));
}

/* Find the largest or the smallest value. */
static Datum
extreme(FunctionCallInfo fcinfo, bool largest)
{
	Measure measure;
	CdpkDecimal value;
	bool found = false;

	if (timeline_args_unknown(fcinfo, ARG_NUMBER) || !start_measure(fcinfo, &measure))
		PG_RETURN_NULL();
	while (next_column(&measure))
		timeline_check(cdpk_measure_extreme(&measure.measured, largest, &found, &value));
	if (!found || measure.unknown)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(decimal_numeric(value.mantissa, value.scale));
}

/* min(timeline, step, number, within, older_than, since, until, as_of) */
Datum
cdp_min(PG_FUNCTION_ARGS)
{
	return extreme(fcinfo, false);
}

/* max(timeline, step, number, within, older_than, since, until, as_of) */
Datum
cdp_max(PG_FUNCTION_ARGS)
{
	return extreme(fcinfo, true);
}

/* Compare two values, for qsort. */
static int
compare_values(const void *a, const void *b)
{
	CHECK_FOR_INTERRUPTS();
	return cdpk_decimal_compare(*(const CdpkDecimal *) a, *(const CdpkDecimal *) b);
}

/* Read the values in ascending order; none where they are not known. */
static size_t
sorted_values(FunctionCallInfo fcinfo, CdpkDecimal **values)
{
	CdpkBuffer buffer = cdpk_buffer(&cdp_huge_palloc_allocator, SIZE_MAX / 2);
	Measure measure;
	size_t count;

	if (!start_measure(fcinfo, &measure))
		return 0;
	while (next_column(&measure))
		timeline_check(cdpk_measure_values(&measure.measured, &buffer));
	*values = (CdpkDecimal *) buffer.bytes;
	count = measure.unknown ? 0 : buffer.used / sizeof(CdpkDecimal);
	qsort(*values, count, sizeof(CdpkDecimal), compare_values);
	return count;
}

/* Return the value at a fraction of the way from the smallest to the largest, or NULL. */
static Datum
quantile(FunctionCallInfo fcinfo, Numeric fraction)
{
	CdpkDecimal *values;
	size_t count = sorted_values(fcinfo, &values);
	Numeric place;
	Numeric whole;
	Numeric result;
	int64 below;

	if (count == 0)
		PG_RETURN_NULL();
	place = call_numeric(numeric_mul, fraction, int64_to_numeric((int64) count - 1));
	whole = DatumGetNumeric(DirectFunctionCall1(numeric_floor, NumericGetDatum(place)));
	below = DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(whole)));
	result = decimal_numeric(values[below].mantissa, values[below].scale);
	if (below + 1 < (int64) count)
	{
		Numeric next = decimal_numeric(values[below + 1].mantissa, values[below + 1].scale);
		Numeric way = call_numeric(numeric_sub, place, whole);

		next = call_numeric(numeric_mul, call_numeric(numeric_sub, next, result), way);
		result = call_numeric(numeric_add, result, next);
	}
	return DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(result));
}

/* median(timeline, step, number, within, older_than, since, until, as_of) */
Datum
cdp_median(PG_FUNCTION_ARGS)
{
	if (timeline_args_unknown(fcinfo, ARG_NUMBER))
		PG_RETURN_NULL();
	return quantile(fcinfo, int64_div_fast_to_numeric(5, 1));
}

/* quantile(timeline, step, number, fraction, within, older_than, since, until, as_of) */
Datum
cdp_quantile(PG_FUNCTION_ARGS)
{
	Numeric fraction;

	if (timeline_args_unknown(fcinfo, ARG_FRACTION))
		PG_RETURN_NULL();
	fraction = PG_GETARG_NUMERIC(ARG_FRACTION);
	/* NaN is larger than all others */
	if (DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(fraction),
										  NumericGetDatum(int64_to_numeric(0)))) < 0 ||
		DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(fraction),
										  NumericGetDatum(int64_to_numeric(1)))) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("fraction must be from 0 to 1")));
	return quantile(fcinfo, fraction);
}

/* most_frequent_event(timeline, within, older_than, since, until, as_of) */
Datum
cdp_most_frequent_event(PG_FUNCTION_ARGS)
{
	CdpkTimeRange range;
	CdpkTimeline timeline;
	CdpkColumn column;
	CdpkColumn best;
	uint64 most = 0;

	if (timeline_args_unknown(fcinfo, ARG_TIMELINE))
		PG_RETURN_NULL();
	range = timeline_arg_range(fcinfo);
	if (!timeline_arg_open(fcinfo, &timeline))
		PG_RETURN_NULL();
	/* names ascend, so the first of several as frequent is the smallest */
	while (cdpk_timeline_next(&timeline, &column))
	{
		uint64 count;

		if (column.count <= most)
			continue;
		count = cdpk_time_range_count(range, &column, PG_UINT64_MAX);
		timeline_check_column(&column);
		if (count > most)
		{
			most = count;
			best = column;
		}
	}
	timeline_check_reader(&timeline);
	if (most == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(best.name, (int) best.name_length));
}
