/*
 * selectivity.c
 *		What part of a table the planner expects a predicate on timelines to hold for.
 *
 * There are no statistics about the events inside timelines, so these are rules of thumb.  They
 * keep apart what is rare and what is common, which is what the order of joins depends on.
 */
#include "postgres.h"

#include <math.h>

#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"

#include "toolkit/timeline/did.h"
#include "cdp.h"

CDP_FUNCTION(cdp_predicate_support);

/* share of people who ever do an ordinary thing, and the time in which half of them do it */
#define EVER 0.5
#define HALF_TIME (30.0 * USECS_PER_DAY)
/* of a predicate that is neither did nor did_not */
#define OTHER 0.1

/* Return the value that an argument will have, as far as is known while planning. */
static bool
get_constant(SupportRequestSelectivity *request, int argument, Datum *value)
{
	Node *node = estimate_expression_value(request->root, list_nth(request->args, argument));

	if (!IsA(node, Const) || ((Const *) node)->constisnull)
		return false;
	*value = ((Const *) node)->constvalue;
	return true;
}

/* Read an argument that is an instant. */
static double
get_time(SupportRequestSelectivity *request, int argument, double otherwise)
{
	Datum value;

	return get_constant(request, argument, &value) ? (double) DatumGetTimestampTz(value)
												   : otherwise;
}

/* Read an argument that is an interval. */
static double
get_length(SupportRequestSelectivity *request, int argument, double otherwise)
{
	Datum value;

	if (!get_constant(request, argument, &value))
		return otherwise;
	/* did raises an error for these: any estimate will do */
	return (double) DatumGetIntervalP(value)->time +
		   (double) DatumGetIntervalP(value)->day * USECS_PER_DAY;
}

/* Read at_least or at_most. */
static double
get_count(SupportRequestSelectivity *request, int argument, double otherwise)
{
	Datum value;

	return get_constant(request, argument, &value) ? (double) DatumGetInt64(value) : otherwise;
}

/* Return how long the time range is, in microseconds. */
static double
range_length(SupportRequestSelectivity *request)
{
	double as_of = get_time(request, DID_TIME_RANGE + TIME_RANGE_AS_OF, 0);
	double ever = -get_float8_infinity();
	double first =
		as_of - get_length(request, DID_TIME_RANGE + TIME_RANGE_WITHIN, get_float8_infinity());
	double last = as_of - get_length(request, DID_TIME_RANGE + TIME_RANGE_OLDER_THAN, 0);

	first = Max(first, get_time(request, DID_TIME_RANGE + TIME_RANGE_SINCE, ever));
	last = Min(last, get_time(request, DID_TIME_RANGE + TIME_RANGE_UNTIL, last));
	return Max(last - first, 0);
}

/* Estimate the share of profiles that do something so often in a time range. */
static double
at_least_selectivity(double count, double length)
{
	double once = isinf(length) ? EVER : EVER * length / (length + HALF_TIME);

	return count < 1 ? 1 : once * 2 / (count + 1);
}

/* Estimate the share of profiles for which did holds. */
static double
did_selectivity(SupportRequestSelectivity *request)
{
	double length = range_length(request);
	double at_least = get_count(request, DID_AT_LEAST, 1);
	double at_most = get_count(request, DID_AT_MOST, get_float8_infinity());
	double result = at_least_selectivity(at_least, length);

	if (!isinf(at_most))
		result -= at_least_selectivity(at_most + 1, length);
	return result;
}

/* predicate_support(internal): answer SupportRequestSelectivity, and nothing else. */
Datum
cdp_predicate_support(PG_FUNCTION_ARGS)
{
	Node *node = (Node *) PG_GETARG_POINTER(0);
	SupportRequestSelectivity *request = (SupportRequestSelectivity *) node;
	const char *name;

	if (!IsA(node, SupportRequestSelectivity))
		PG_RETURN_POINTER(NULL);
	name = get_func_name(request->funcid);
	if (name != NULL && strcmp(name, "did") == 0)
		request->selectivity = did_selectivity(request);
	else if (name != NULL && strcmp(name, "did_not") == 0)
		request->selectivity = 1 - did_selectivity(request);
	else
		request->selectivity = OTHER;
	CLAMP_PROBABILITY(request->selectivity);
	PG_RETURN_POINTER(request);
}
