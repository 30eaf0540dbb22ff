/*
 * measures.c
 *		Measures of the events in a time range: sum, average, smallest and largest of a
 *		number that events carry, the most frequent event.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "toolkit/timeline/measures.h"
#include "cdp.h"
#include "core/timeline/measure.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_sum);
CDP_FUNCTION(cdp_avg);
CDP_FUNCTION(cdp_min);
CDP_FUNCTION(cdp_max);
CDP_FUNCTION(cdp_most_frequent_event);

/* Find the number of the events that are asked for; false if there is none. */
static bool
find_number(FunctionCallInfo fcinfo, CdpkMeasured *measured)
{
	const text *name = PG_GETARG_TEXT_PP(MEASURE_NUMBER);
	CdpkTimeline timeline;
	CdpkProperties properties;
	CdpkName *texts = NULL;
	CdpkStatus status;
	bool found;

	measured->left = 0;
	timeline_check_name(name, "number");
	if (!timeline_arg_find_event(fcinfo, &timeline, &measured->column))
		return false;
	status = cdpk_properties_open(&timeline, &properties);
	if (status == CDPK_OK)
		status = cdpk_property_find(&properties, &measured->column, VARDATA_ANY(name),
									VARSIZE_ANY_EXHDR(name), &measured->property, &found);
	if (status == CDPK_OK && found && measured->property.form != CDPK_FORM_NUMBERS)
		status = cdpk_property_texts(&properties, &cdp_palloc_allocator, &texts);
	timeline_check(status);
	measured->texts = texts;
	return found;
}

/* Return mantissa / 10^scale without superfluous zeros. */
static Numeric
decimal_numeric(int64 mantissa, unsigned scale)
{
	CdpkDecimal decimal = cdpk_decimal(mantissa, scale);

	return int64_div_fast_to_numeric(decimal.mantissa, decimal.scale);
}

static Numeric
add(Numeric a, Numeric b)
{
	return DatumGetNumeric(
		DirectFunctionCall2(numeric_add, NumericGetDatum(a), NumericGetDatum(b)));
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
	return add(DatumGetNumeric(
				   DirectFunctionCall2(numeric_mul, NumericGetDatum(decimal_numeric(high, scale)),
									   NumericGetDatum(int64_to_numeric(INT64CONST(1) << 32)))),
			   decimal_numeric(low, scale));
}

/* Return a sum without superfluous zeros. */
static Numeric
sum_numeric(const CdpkSum *sum)
{
	Numeric result = NULL;

	for (unsigned scale = 0; scale <= CDPK_SCALE_MAX; scale++)
	{
		Numeric part;

		if ((sum->scales >> scale & 1) == 0)
			continue;
		part = part_numeric(sum, scale);
		result = result == NULL ? part : add(result, part);
	}
	return DatumGetNumeric(DirectFunctionCall1(numeric_trim_scale, NumericGetDatum(result)));
}

/* Sum up the number over the time range; false if no event has it. */
static bool
sum_events(FunctionCallInfo fcinfo, CdpkSum *sum)
{
	CdpkMeasured measured;
	CdpkStatus status;

	measured.range = time_range_get(fcinfo, MEASURE_TIME_RANGE);
	if (!find_number(fcinfo, &measured))
		return false;
	status = cdpk_measure_sum(&measured, sum);
	timeline_check(status);
	return sum->count > 0;
}

/* sum(timeline, event, number, within, older_than, since, until, as_of) */
Datum
cdp_sum(PG_FUNCTION_ARGS)
{
	CdpkSum sum;

	if (MEASURE_UNKNOWN || !sum_events(fcinfo, &sum))
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(sum_numeric(&sum));
}

/* avg(...) is the sum divided by the number of events that carry the number. */
Datum
cdp_avg(PG_FUNCTION_ARGS)
{
	CdpkSum sum;

	if (MEASURE_UNKNOWN || !sum_events(fcinfo, &sum))
		PG_RETURN_NULL();
	return DirectFunctionCall2(numeric_div, NumericGetDatum(sum_numeric(&sum)),
							   NumericGetDatum(int64_to_numeric((int64) sum.count)));
}

/* Find the largest or the smallest value. */
static Datum
extreme(FunctionCallInfo fcinfo, bool largest)
{
	CdpkMeasured measured;
	CdpkDecimal value;
	CdpkStatus status;
	bool found;

	if (MEASURE_UNKNOWN)
		PG_RETURN_NULL();
	measured.range = time_range_get(fcinfo, MEASURE_TIME_RANGE);
	if (!find_number(fcinfo, &measured))
		PG_RETURN_NULL();
	status = cdpk_measure_extreme(&measured, largest, &found, &value);
	timeline_check(status);
	if (!found)
		PG_RETURN_NULL();
	PG_RETURN_NUMERIC(decimal_numeric(value.mantissa, value.scale));
}

/* min(timeline, event, number, within, older_than, since, until, as_of) */
Datum
cdp_min(PG_FUNCTION_ARGS)
{
	return extreme(fcinfo, false);
}

/* max(timeline, event, number, within, older_than, since, until, as_of) */
Datum
cdp_max(PG_FUNCTION_ARGS)
{
	return extreme(fcinfo, true);
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

	if (PG_ARGISNULL(FREQUENT_TIME_RANGE + TIME_RANGE_AS_OF))
		PG_RETURN_NULL();
	range = time_range_get(fcinfo, FREQUENT_TIME_RANGE);
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
