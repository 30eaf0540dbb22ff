/*
 * filter_events.c
 *		A condition on a number that events carry, as a function from timelines to timelines.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "toolkit/timeline/timeline_args.h"
#include "cdp.h"
#include "mb/pg_wchar.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_filter_events);

/* places of the arguments after the timeline */
#define ARG_EVENT 1
#define ARG_NUMBER 2
#define ARG_COMPARISON 3
#define ARG_VALUE 4

/* Find the events of the name that is asked for; false if there are none. */
static bool
find_events(FunctionCallInfo fcinfo, CdpkTimeline *timeline, CdpkColumn *column)
{
	const text *event = PG_GETARG_TEXT_PP(ARG_EVENT);

	timeline_check_name(event, "event");
	if (!timeline_arg_open(fcinfo, timeline))
		return false;
	if (cdpk_timeline_find(timeline, VARDATA_ANY(event), VARSIZE_ANY_EXHDR(event), column))
		return true;
	timeline_check_reader(timeline);
	return false;
}

/* Read the comparison's sign. */
static CdpkComparison
get_comparison(FunctionCallInfo fcinfo)
{
	const text *sign = PG_GETARG_TEXT_PP(ARG_COMPARISON);
	CdpkComparison comparison;

	if (!cdpk_comparison_parse(VARDATA_ANY(sign), VARSIZE_ANY_EXHDR(sign), &comparison))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid comparison \"%.*s\"",
							   pg_mbcliplen(VARDATA_ANY(sign), (int) VARSIZE_ANY_EXHDR(sign), 64),
							   VARDATA_ANY(sign)),
						errhint("Comparisons are =, <>, !=, <, <=, > and >=.")));
	return comparison;
}

/* Read the value that numbers are compared with. */
static char *
get_digits(FunctionCallInfo fcinfo)
{
	Numeric value = PG_GETARG_NUMERIC(ARG_VALUE);

	if (numeric_is_nan(value) || numeric_is_inf(value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("value must be finite")));
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value)));
}

/* Return the largest decimal below unsigned digits that are not a decimal themselves. */
static CdpkDecimal
cut(const char *digits)
{
	size_t whole = strcspn(digits, ".");
	size_t behind_point = strlen(digits + whole);
	CdpkDecimal largest = {0, 0};
	CdpkDecimal decimal;

	for (int scale = Min((int) behind_point - 1, CDPK_SCALE_MAX); scale > 0; scale--)
	{
		if (cdpk_decimal_parse(digits, whole + 1 + (size_t) scale, &decimal) == CDPK_OK)
			return cdpk_decimal_compare(largest, decimal) > 0 ? largest : decimal;
		/* all decimals with so many digits after the point are below */
		largest = cdpk_decimal(PG_INT64_MAX, (unsigned) scale);
	}
	if (cdpk_decimal_parse(digits, whole, &decimal) == CDPK_OK)
		return cdpk_decimal_compare(largest, decimal) > 0 ? largest : decimal;
	return cdpk_decimal(PG_INT64_MAX, 0);
}

/*
 * Read the comparison and the value.  A value with more digits than
 * decimals have lies between two of them, and so does the comparison with it.
 */
static void
get_condition(FunctionCallInfo fcinfo, CdpkNumberCondition *condition)
{
	const char *digits = get_digits(fcinfo);
	bool negative = digits[0] == '-';

	condition->comparison = get_comparison(fcinfo);
	if (cdpk_decimal_parse(digits, strlen(digits), &condition->value) == CDPK_OK)
		return;
	condition->value = cut(digits + negative);
	if (negative)
		condition->value.mantissa = -condition->value.mantissa;
	switch (condition->comparison)
	{
		case CDPK_EQUAL: /* never */
			condition->value = cdpk_decimal(-PG_INT64_MAX, 0);
			condition->comparison = CDPK_LESS;
			break;
		case CDPK_NOT_EQUAL: /* always */
			condition->value = cdpk_decimal(-PG_INT64_MAX, 0);
			condition->comparison = CDPK_AT_LEAST;
			break;
		case CDPK_LESS:
		case CDPK_AT_MOST:
			condition->comparison = negative ? CDPK_LESS : CDPK_AT_MOST;
			break;
		case CDPK_GREATER:
		case CDPK_AT_LEAST:
			condition->comparison = negative ? CDPK_AT_LEAST : CDPK_GREATER;
			break;
	}
}

/* filter_events(timeline, event, number, comparison, value); strict */
Datum
cdp_filter_events(PG_FUNCTION_ARGS)
{
	const text *number = PG_GETARG_TEXT_PP(ARG_NUMBER);
	CdpkNumberCondition condition = {
		VARDATA_ANY(number), VARSIZE_ANY_EXHDR(number), CDPK_EQUAL, {0, 0}};
	CdpkTimeline timeline;
	CdpkColumn column;
	CdpkLogSource source;
	CdpkTimelineLog *log;
	CdpkStatus status = CDPK_OK;

	timeline_check_name(number, "number");
	get_condition(fcinfo, &condition);
	cdpk_log_new(&cdp_palloc_allocator, &log);
	if (find_events(fcinfo, &timeline, &column))
	{
		status = cdpk_log_source_open(&source, &timeline, &cdp_palloc_allocator);
		if (status == CDPK_OK)
			status = cdpk_log_column_where(&log, &source, &column, &condition);
	}
	timeline_check(status);
	PG_RETURN_POINTER(timeline_from_log(log));
}
