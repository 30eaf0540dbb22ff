/*
 * estimate.c
 *		What the planner expects of a predicate: for what part of a table it holds, and what a call
 *		costs.
 *
 * There are no statistics about the events inside timelines, so these are rules of thumb.  They
 * keep apart what is rare and what is common, and what is long and what is short, which is what
 * the order of joins and of conditions depends on.
 */
#include "postgres.h"

#include <math.h>

#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/timestamp.h"

#include "toolkit/predicate/predicate.h"
#include "toolkit/timeline/timeline_args.h"
#include "cdp.h"

CDP_FUNCTION(cdp_predicate_support);

/* share of people who ever do an ordinary thing, and the time in which half of them do it */
#define EVER 0.5
#define HALF_TIME (30.0 * USECS_PER_DAY)
/* of what is asked for by a sequence */
#define RARE 0.1

/* bytes of a timeline that are read in the time of an operator, where all are read */
#define BYTES_READ 16.0

/* ---------------------------------------------------------------- selectivity */

/* Return the value that an argument will have, as far as is known while planning. */
static bool
get_constant(const Predicate *predicate, SupportRequestSelectivity *request, const char *name,
			 Datum *value)
{
	int place = predicate_argument(predicate, name);
	Node *node;

	if (place < 0 || place >= list_length(request->args))
		return false;
	node = estimate_expression_value(request->root, list_nth(request->args, place));
	if (!IsA(node, Const) || ((Const *) node)->constisnull)
		return false;
	*value = ((Const *) node)->constvalue;
	return true;
}

/* Read an argument that is an instant. */
static double
get_time(const Predicate *predicate, SupportRequestSelectivity *request, const char *name,
		 double otherwise)
{
	Datum value;

	return get_constant(predicate, request, name, &value) ? (double) DatumGetTimestampTz(value)
														  : otherwise;
}

/* Read an argument that is an interval. */
static double
get_length(const Predicate *predicate, SupportRequestSelectivity *request, const char *name,
		   double otherwise)
{
	Datum value;

	if (!get_constant(predicate, request, name, &value))
		return otherwise;
	/* the call raises an error for these: any estimate will do */
	return (double) DatumGetIntervalP(value)->time +
		   (double) DatumGetIntervalP(value)->day * USECS_PER_DAY;
}

/* Read at_least or at_most. */
static double
get_count(const Predicate *predicate, SupportRequestSelectivity *request, const char *name,
		  double otherwise)
{
	Datum value;

	return get_constant(predicate, request, name, &value) ? (double) DatumGetInt64(value)
														  : otherwise;
}

/* Return how long the time range is, in microseconds. */
static double
range_length(const Predicate *predicate, SupportRequestSelectivity *request)
{
	double as_of = get_time(predicate, request, "as_of", 0);
	double ever = -get_float8_infinity();
	double first = as_of - get_length(predicate, request, "within", get_float8_infinity());
	double last = as_of - get_length(predicate, request, "older_than", 0);

	first = Max(first, get_time(predicate, request, "since", ever));
	last = Min(last, get_time(predicate, request, "until", last));
	return Max(last - first, 0);
}

/* Estimate the share of profiles that do something so often in a time range. */
static double
at_least_selectivity(double count, double length)
{
	double once = isinf(length) ? EVER : EVER * length / (length + HALF_TIME);

	return count < 1 ? 1 : once * 2 / (count + 1);
}

double
estimate_did(const Predicate *predicate, SupportRequestSelectivity *request)
{
	double length = range_length(predicate, request);
	double at_least = get_count(predicate, request, "at_least", 1);
	double at_most = get_count(predicate, request, "at_most", get_float8_infinity());
	double result = at_least_selectivity(at_least, length);

	if (!isinf(at_most))
		result -= at_least_selectivity(at_most + 1, length);
	return result;
}

double
estimate_did_not(const Predicate *predicate, SupportRequestSelectivity *request)
{
	return 1 - estimate_did(predicate, request);
}

double
estimate_rare(const Predicate *predicate, SupportRequestSelectivity *request)
{
	return RARE;
}

/* ---------------------------------------------------------------- cost */

/* Return the average width of the columns that an expression is made of; 0 where it is not known. */
static double
column_width(PlannerInfo *root, Node *expression)
{
	double width = 0;
	List *columns;
	ListCell *cell;

	if (root == NULL || root->parse == NULL)
		return 0;
	columns = pull_var_clause(expression, PVC_RECURSE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
											  PVC_RECURSE_PLACEHOLDERS);
	foreach (cell, columns)
	{
		const Var *column = lfirst_node(Var, cell);
		const RangeTblEntry *table;

		if (column->varlevelsup > 0 || column->varattno <= 0 ||
			column->varno > list_length(root->parse->rtable))
			continue;
		table = rt_fetch(column->varno, root->parse->rtable);
		if (table->rtekind == RTE_RELATION)
			width += get_attavgwidth(table->relid, column->varattno);
	}
	list_free(columns);
	return width;
}

/* Estimate the cost of a call: that of its declaration, and what a long timeline adds. */
static void
estimate_cost(const Predicate *predicate, SupportRequestCost *request)
{
	double width = 0;
	double operators = predicate->cost;

	if (request->node != NULL && IsA(request->node, FuncExpr) &&
		((FuncExpr *) request->node)->args != NIL)
		width = column_width(request->root, linitial(((FuncExpr *) request->node)->args));
	if (predicate->reads_all)
		operators += width / BYTES_READ;
	request->startup = 0;
	request->per_tuple = operators * cpu_operator_cost;
}

/* predicate_support(internal): answer what the planner asks of selectivity and cost. */
Datum
cdp_predicate_support(PG_FUNCTION_ARGS)
{
	Node *node = (Node *) PG_GETARG_POINTER(0);
	const Predicate *predicate;

	if (IsA(node, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *request = (SupportRequestSelectivity *) node;

		predicate = predicate_of(request->funcid);
		if (predicate == NULL || predicate->selectivity == NULL)
			PG_RETURN_POINTER(NULL);
		request->selectivity = predicate->selectivity(predicate, request);
		CLAMP_PROBABILITY(request->selectivity);
		PG_RETURN_POINTER(request);
	}
	if (IsA(node, SupportRequestCost))
	{
		predicate = predicate_of(((SupportRequestCost *) node)->funcid);
		if (predicate == NULL)
			PG_RETURN_POINTER(NULL);
		estimate_cost(predicate, (SupportRequestCost *) node);
		PG_RETURN_POINTER(node);
	}
	PG_RETURN_POINTER(NULL);
}
