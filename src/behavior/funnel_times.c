/*
 * funnel_times.c
 *		The function cdp.funnel_times: how long a person took to the steps of a funnel.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "behavior/timeline.h"
#include "cdp.h"
#include "core/funnel_times.h"
#include "util/huge.h"
#include "util/window.h"

CDP_FUNCTION(cdp_funnel_times);

/* places of the arguments */
enum
{
	ARG_TIMELINE,
	ARG_EVENTS,
	ARG_WINDOW,
	ARG_SINCE,
	ARG_UNTIL,
	ARG_AS_OF
};

/* get_steps reads the names of the steps; they point into the argument. */
static unsigned
get_steps(ArrayType *array, CdpkFunnelStep steps[CDPK_FUNNEL_TIMES_MAX])
{
	Datum *names;
	bool *nulls;
	int count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
	if (count < 1 || count > CDPK_FUNNEL_TIMES_MAX)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("events must be from 1 to %d", CDPK_FUNNEL_TIMES_MAX),
						errdetail("Given are %d.", count)));
	for (int i = 0; i < count; i++)
	{
		text *name;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("events must not contain null"), errdetail("Step %d is null.", i + 1)));
		name = DatumGetTextPP(names[i]);
		steps[i].name = VARDATA_ANY(name);
		steps[i].length = VARSIZE_ANY_EXHDR(name);
		if (steps[i].length == 0)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("events must not contain an empty name"),
							errdetail("Step %d is empty.", i + 1)));
	}
	return (unsigned) count;
}

/* get_bounds reads where chains may begin, and how long they may take. */
static CdpkFunnelBounds
get_bounds(FunctionCallInfo fcinfo)
{
	CdpkFunnelBounds bounds = {PG_INT64_MIN, PG_INT64_MAX, PG_GETARG_TIMESTAMPTZ(ARG_AS_OF), 0};

	if (TIMESTAMP_NOT_FINITE(bounds.as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("as_of must be finite")));
	if (!PG_ARGISNULL(ARG_SINCE))
		bounds.since = PG_GETARG_TIMESTAMPTZ(ARG_SINCE);
	if (!PG_ARGISNULL(ARG_UNTIL))
		bounds.until = PG_GETARG_TIMESTAMPTZ(ARG_UNTIL);
	bounds.window = cdp_window_microseconds(PG_GETARG_INTERVAL_P(ARG_WINDOW), "window", 0);
	return bounds;
}

/* intervals makes the array of the times that it took to each step. */
static ArrayType *
intervals(const int64_t *took, unsigned depth)
{
	Interval *lengths = palloc0((depth + 1) * sizeof(Interval));
	Datum *elements = palloc((depth + 1) * sizeof(Datum));

	for (unsigned i = 0; i < depth; i++)
	{
		lengths[i].time = took[i];
		elements[i] = IntervalPGetDatum(&lengths[i]);
	}
	return construct_array(elements, (int) depth, INTERVALOID, sizeof(Interval), false,
						   TYPALIGN_DOUBLE);
}

/* funnel_times(timeline, events, window, since, until, as_of) */
Datum
cdp_funnel_times(PG_FUNCTION_ARGS)
{
	CdpkAllocator huge = cdp_huge_allocator(CurrentMemoryContext);
	CdpkFunnelStep steps[CDPK_FUNNEL_TIMES_MAX];
	int64_t took[CDPK_FUNNEL_TIMES_MAX];
	CdpkFunnelBounds bounds;
	CdpkTimeline timeline;
	CdpkStatus status;
	unsigned count;
	unsigned depth;

	if (PG_ARGISNULL(ARG_EVENTS) || PG_ARGISNULL(ARG_WINDOW) || PG_ARGISNULL(ARG_AS_OF))
		PG_RETURN_NULL();
	count = get_steps(PG_GETARG_ARRAYTYPE_P(ARG_EVENTS), steps);
	bounds = get_bounds(fcinfo);
	if (PG_ARGISNULL(ARG_TIMELINE))
		PG_RETURN_ARRAYTYPE_P(intervals(took, 0));
	timeline_open(PG_GETARG_TIMELINE_PP(ARG_TIMELINE), &timeline);
	status = cdpk_funnel_times(&timeline, steps, count, &bounds, &huge, took, &depth);
	if (status != CDPK_OK)
		timeline_corrupt(status);
	PG_RETURN_ARRAYTYPE_P(intervals(took, depth));
}
