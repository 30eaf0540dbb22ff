/*
 * where_number.c
 *		A condition on a number that events carry, as a function from timelines to timelines.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "behavior/stretch.h"
#include "cdp.h"
#include "mb/pg_wchar.h"
#include "util/status.h"

CDP_FUNCTION(cdp_where_number);

/* places of the arguments behind the event */
#define ARG_NUMBER 2
#define ARG_COMPARISON 3
#define ARG_VALUE 4

/* get_comparison reads the comparison's sign. */
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

/* get_value reads the value that numbers are compared with. */
static CdpkDecimal
get_value(FunctionCallInfo fcinfo)
{
	Numeric value = PG_GETARG_NUMERIC(ARG_VALUE);
	CdpkDecimal decimal;
	char *digits;

	if (numeric_is_nan(value) || numeric_is_inf(value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("value must be finite")));
	digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value)));
	if (cdpk_decimal_parse(digits, strlen(digits), &decimal) != CDPK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("value is out of range"),
				 errdetail("Events carry numbers of at most 18 digits, and at most %d "
						   "behind the point.",
						   CDPK_SCALE_MAX)));
	return decimal;
}

/* where_number(timeline, event, number, comparison, value); strict */
Datum
cdp_where_number(PG_FUNCTION_ARGS)
{
	const text *number = PG_GETARG_TEXT_PP(ARG_NUMBER);
	CdpkNumberCondition condition = {VARDATA_ANY(number), VARSIZE_ANY_EXHDR(number),
									 get_comparison(fcinfo), get_value(fcinfo)};
	CdpkTimeline timeline;
	CdpkColumn column;
	CdpkTimelineLog *log;
	CdpkStatus status = CDPK_OK;

	stretch_check_name(number, "number");
	cdpk_log_new(&cdp_palloc_allocator, &log);
	if (stretch_find_event(fcinfo, &timeline, &column))
		status = cdpk_log_column_where(&log, &cdp_palloc_allocator, &timeline, &column, &condition);
	if (status != CDPK_OK)
		timeline_corrupt(status);
	PG_RETURN_POINTER(timeline_from_log(log));
}
