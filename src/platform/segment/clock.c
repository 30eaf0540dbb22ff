/*
 * clock.c
 *		The uses of the clock in a condition, and until when their answers stay.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "platform/segment/clock.h"
#include "platform/segment/in_segment.h"
#include "toolkit/predicate/predicate.h"
#include "toolkit/timeline/timeline_args.h"

struct ClockTerm
{
	int64 shift; /* of the instant */

	/* a call of a predicate */
	const Predicate *predicate; /* NULL: a comparison */
	FuncExpr *call;
	ExprState **arguments; /* NULL: it is constant */
	int required;
	bool is_constant; /* all arguments but for the timeline and as_of are */
	bool is_checked;  /* the constant arguments were found to be valid */
	FmgrInfo function;
	FunctionCallInfo info;

	/* a comparison of the instant, on the left, with another value */
	Expr *other;
	ExprState *other_state;
	bool answer[3]; /* where the instant is before the other, the same, after it */
};

typedef struct ClockWalk
{
	Clock *clock;
	List **terms;
} ClockWalk;

/* refuse raises the error for a use of the clock. */
static void
refuse(const Clock *clock, Node *node, const char *what)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a condition cannot use %s here", what),
		 errdetail("It must be known at which instant the answer changes."),
		 errhint(
			 "Compare a timestamptz with now(), plus or minus a constant interval, as in last_seen < now() - "
			 "interval '7 days', or use a predicate with within, as in cdp.did(timeline, 'view', within => '7 "
			 "days')."),
		 clock->pstate != NULL ? parser_errposition(clock->pstate, exprLocation(node)) : 0));
}

/* is_now tells whether a node is the present time. */
static bool
is_now(Node *node)
{
	if (IsA(node, FuncExpr))
		return ((FuncExpr *) node)->funcid == F_NOW ||
			   ((FuncExpr *) node)->funcid == F_TRANSACTION_TIMESTAMP;
	return IsA(node, SQLValueFunction) &&
		   ((SQLValueFunction *) node)->op == SVFOP_CURRENT_TIMESTAMP;
}

bool
clock_is_time(Oid type)
{
	return type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID || type == TIMEOID ||
		   type == TIMETZOID;
}

/* calls_user_function is a callback of check_functions_in_node. */
static bool
calls_user_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

static bool
has_user_function(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, calls_user_function, context))
		return true;
	return expression_tree_walker(node, has_user_function, context);
}

bool
clock_read_shift(Node *node, int64 *shift)
{
	const Interval *interval;

	if (exprType(node) != INTERVALOID || contain_var_clause(node) || has_user_function(node, NULL))
		return false;
	node = eval_const_expressions(NULL, node);
	if (!IsA(node, Const) || ((Const *) node)->constisnull)
		return false;
	interval = DatumGetIntervalP(((Const *) node)->constvalue);
	return interval->month == 0 && !pg_mul_s64_overflow(interval->day, USECS_PER_DAY, shift) &&
		   !pg_add_s64_overflow(*shift, interval->time, shift);
}

/* read_instant tells whether a node is now(), plus or minus constant intervals. */
static bool
read_instant(Node *node, int64 *shift)
{
	OpExpr *operator=(OpExpr *) node;
	Oid function;
	Node *left;
	Node *right;
	int64 by;

	*shift = 0;
	if (is_now(node))
		return true;
	if (!IsA(node, OpExpr) || list_length(operator->args) != 2)
		return false;
	function = get_opcode(operator->opno);
	left = linitial(operator->args);
	right = lsecond(operator->args);
	if (function == F_INTERVAL_PL_TIMESTAMPTZ)
		return read_instant(right, shift) && clock_read_shift(left, &by) &&
			   !pg_add_s64_overflow(*shift, by, shift);
	if (function == F_TIMESTAMPTZ_PL_INTERVAL)
		return read_instant(left, shift) && clock_read_shift(right, &by) &&
			   !pg_add_s64_overflow(*shift, by, shift);
	if (function == F_TIMESTAMPTZ_MI_INTERVAL)
		return read_instant(left, shift) && clock_read_shift(right, &by) &&
			   !pg_sub_s64_overflow(*shift, by, shift);
	return false;
}

/* make_instant returns the parameter of a shifted as_of. */
static Node *
make_instant(Clock *clock, int64 shift)
{
	Param *parameter = makeNode(Param);
	int place = 0;

	while (place < clock->count && clock->shifts[place] != shift)
		place++;
	if (place == clock->count)
	{
		clock->shifts = clock->shifts == NULL
							? palloc(sizeof(int64))
							: repalloc(clock->shifts, (clock->count + 1) * sizeof(int64));
		clock->shifts[clock->count++] = shift;
	}
	parameter->paramkind = PARAM_EXTERN;
	parameter->paramid = place + 1;
	parameter->paramtype = TIMESTAMPTZOID;
	parameter->paramtypmod = -1;
	parameter->location = -1;
	return (Node *) parameter;
}

/* read_comparison notes what a comparison of timestamptz, or interval, answers for each order of its sides. */
static bool
read_comparison(const OpExpr *operator, bool swapped, bool answer[3])
{
	bool before;
	bool same;
	bool after;

	switch (get_opcode(operator->opno))
	{
		case F_TIMESTAMPTZ_LT:
		case F_INTERVAL_LT:
			before = true, same = false, after = false;
			break;
		case F_TIMESTAMPTZ_LE:
		case F_INTERVAL_LE:
			before = true, same = true, after = false;
			break;
		case F_TIMESTAMPTZ_EQ:
		case F_INTERVAL_EQ:
			before = false, same = true, after = false;
			break;
		case F_TIMESTAMPTZ_NE:
		case F_INTERVAL_NE:
			before = true, same = false, after = true;
			break;
		case F_TIMESTAMPTZ_GE:
		case F_INTERVAL_GE:
			before = false, same = true, after = true;
			break;
		case F_TIMESTAMPTZ_GT:
		case F_INTERVAL_GT:
			before = false, same = false, after = true;
			break;
		default:
			return false;
	}
	answer[0] = swapped ? after : before;
	answer[1] = same;
	answer[2] = swapped ? before : after;
	return true;
}

static Node *replace_node(Node *node, void *context);

/* replace_comparison replaces a comparison with an instant; returns NULL if a node is none. */
static Node *
replace_comparison(OpExpr *operator, ClockWalk * walk)
{
	ClockTerm *term = palloc0(sizeof(ClockTerm));
	bool swapped;
	Node *instant;
	Node *other;
	OpExpr *copy;

	if (list_length(operator->args) != 2 || exprType(linitial(operator->args)) != TIMESTAMPTZOID ||
		!read_comparison(operator, false, term->answer))
		return NULL;
	swapped = !read_instant(linitial(operator->args), &term->shift);
	if (swapped && !read_instant(lsecond(operator->args), &term->shift))
		return NULL;
	read_comparison(operator, swapped, term->answer);
	other = swapped ? linitial(operator->args) : lsecond(operator->args);
	other = replace_node(other, walk);
	instant = make_instant(walk->clock, term->shift);
	term->other = (Expr *) other;
	*walk->terms = lappend(*walk->terms, term);
	copy = makeNode(OpExpr);
	*copy = *operator;
	copy->args = swapped ? list_make2(other, instant) : list_make2(instant, other);
	return (Node *) copy;
}

/* read_difference tells whether a node is an instant minus another timestamptz, or (reversed) the other minus it. */
static bool
read_difference(Node *node, int64 *shift, bool *reversed)
{
	OpExpr *operator=(OpExpr *) node;

	if (!IsA(node, OpExpr) || list_length(operator->args) != 2 ||
		get_opcode(operator->opno) != F_TIMESTAMPTZ_MI)
		return false;
	*reversed = !read_instant(linitial(operator->args), shift);
	return !*reversed || read_instant(lsecond(operator->args), shift);
}

/*
 * replace_age replaces now() - last_seen > interval '7 days', which is now() - interval '7 days' > last_seen; returns
 * NULL if a node is none.
 */
static Node *
replace_age(OpExpr *operator, ClockWalk * walk)
{
	ClockTerm *term = palloc0(sizeof(ClockTerm));
	OpExpr *copy = makeNode(OpExpr);
	OpExpr *difference;
	bool swapped;
	bool reversed;
	int64 age;
	int64 shift;

	if (list_length(operator->args) != 2 || exprType(linitial(operator->args)) != INTERVALOID ||
		!read_comparison(operator, false, term->answer))
		return NULL;
	swapped = !read_difference(linitial(operator->args), &shift, &reversed);
	if ((swapped && !read_difference(lsecond(operator->args), &shift, &reversed)) ||
		!clock_read_shift(swapped ? linitial(operator->args) : lsecond(operator->args), &age) ||
		(reversed ? pg_add_s64_overflow(shift, age, &term->shift)
				  : pg_sub_s64_overflow(shift, age, &term->shift)))
		return NULL;
	/* the instant, moved by the age, is compared with the other */
	read_comparison(operator, swapped != reversed, term->answer);
	difference = makeNode(OpExpr);
	*difference = *(OpExpr *) (swapped ? lsecond(operator->args) : linitial(operator->args));
	term->other = (Expr *) replace_node(
		reversed ? linitial(difference->args) : lsecond(difference->args), walk);
	difference->args = reversed ? list_make2(term->other, make_instant(walk->clock, shift))
								: list_make2(make_instant(walk->clock, shift), term->other);
	*walk->terms = lappend(*walk->terms, term);
	*copy = *operator;
	copy->args = swapped ? list_make2(linitial(operator->args), difference)
						 : list_make2(difference, lsecond(operator->args));
	return (Node *) copy;
}

/* replace_call replaces a call of a predicate whose as_of is an instant; returns NULL if a node is none. */
static Node *
replace_call(FuncExpr *call, ClockWalk *walk)
{
	const Predicate *predicate = predicate_of(call->funcid);
	FuncExpr *copy;
	ClockTerm *term;
	HeapTuple tuple;
	int64 shift;

	if (predicate == NULL)
		return NULL;
	copy = makeNode(FuncExpr);
	*copy = *call;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(call->funcid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", call->funcid);
	copy->args = expand_function_arguments(call->args, false, call->funcresulttype, tuple);
	ReleaseSysCache(tuple);
	if (!read_instant(llast(copy->args), &shift))
		return NULL;
	copy->args = list_copy(copy->args);
	for (int i = 0; i < list_length(copy->args) - 1; i++)
		lfirst(list_nth_cell(copy->args, i)) = replace_node(list_nth(copy->args, i), walk);
	llast(copy->args) = make_instant(walk->clock, shift);
	term = palloc0(sizeof(ClockTerm));
	term->shift = shift;
	term->predicate = predicate;
	term->call = copy;
	*walk->terms = lappend(*walk->terms, term);
	return (Node *) copy;
}

/* replace_node is a callback of expression_tree_mutator. */
static Node *
replace_node(Node *node, void *context)
{
	ClockWalk *walk = context;
	Node *replaced = NULL;

	if (node == NULL)
		return NULL;
	if (IsA(node, OpExpr))
	{
		replaced = replace_comparison((OpExpr *) node, walk);
		if (replaced == NULL)
			replaced = replace_age((OpExpr *) node, walk);
	}
	else if (IsA(node, FuncExpr))
		replaced = replace_call((FuncExpr *) node, walk);
	if (replaced != NULL)
		return replaced;
	if (in_segment_is(node))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("cdp.in_segment can only be combined by AND, OR, NOT and IS"),
						errhint("It is true or false, and never NULL."),
						walk->clock->pstate != NULL
							? parser_errposition(walk->clock->pstate, exprLocation(node))
							: 0));
	if (is_now(node) || (IsA(node, SQLValueFunction) && clock_is_time(exprType(node))))
		refuse(walk->clock, node, "the clock");
	return expression_tree_mutator(node, replace_node, context);
}

Node *
clock_replace(Clock *clock, Node *expression, List **terms)
{
	ClockWalk walk = {clock, terms};

	return replace_node(expression, &walk);
}

void
clock_start(Clock *clock)
{
	clock->instants = makeParamList(clock->count);
	for (int i = 0; i < clock->count; i++)
		clock->instants->params[i] = (ParamExternData){.isnull = true, .ptype = TIMESTAMPTZOID};
}

void
clock_set(Clock *clock, TimestampTz as_of)
{
	for (int i = 0; i < clock->count; i++)
	{
		int64 instant;

		if (pg_add_s64_overflow(as_of, clock->shifts[i], &instant) || !IS_VALID_TIMESTAMP(instant))
			ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
							errmsg("timestamp out of range")));
		clock->instants->params[i].value = TimestampTzGetDatum(instant);
		clock->instants->params[i].isnull = false;
	}
}

/* prepare_call prepares a call of a predicate. */
static void
prepare_call(const Clock *clock, ClockTerm *term)
{
	int count = list_length(term->call->args);
	FuncExpr *call = makeNode(FuncExpr);
	ListCell *cell;

	/* what the function caches depends on which arguments are constant */
	*call = *term->call;
	call->args = NIL;
	foreach (cell, term->call->args)
		call->args = lappend(call->args, eval_const_expressions(NULL, lfirst(cell)));
	fmgr_info(call->funcid, &term->function);
	fmgr_info_set_expr((Node *) call, &term->function);
	term->info = palloc0(SizeForFunctionCallInfo(count));
	InitFunctionCallInfoData(*term->info, &term->function, count, term->call->inputcollid, NULL,
							 NULL);
	term->arguments = palloc0(count * sizeof(ExprState *));
	term->required = predicate_required(term->predicate);
	term->is_constant = true;
	for (int i = 0; i < count; i++)
	{
		Node *argument = list_nth(call->args, i);

		if (IsA(argument, Const))
		{
			term->info->args[i].value = ((Const *) argument)->constvalue;
			term->info->args[i].isnull = ((Const *) argument)->constisnull;
			continue;
		}
		term->arguments[i] = ExecInitExprWithParams((Expr *) argument, clock->instants);
		term->is_constant = term->is_constant && (i == ARG_TIMELINE || i == count - 1);
	}
}

void
clock_prepare_term(const Clock *clock, ClockTerm *term)
{
	if (term->predicate != NULL)
		prepare_call(clock, term);
	else
		term->other_state = ExecInitExprWithParams(
			(Expr *) eval_const_expressions(NULL, (Node *) term->other), clock->instants);
}

/* call_until returns until when the answer of a call of a predicate stays. */
static TimestampTz
call_until(ClockTerm *term, ExprContext *row)
{
	FunctionCallInfo fcinfo = term->info;
	int64 until;

	for (int i = 0; i < fcinfo->nargs; i++)
		if (term->arguments[i] != NULL)
			fcinfo->args[i].value = ExecEvalExpr(term->arguments[i], row, &fcinfo->args[i].isnull);
	fcinfo->isnull = false;
	if (!term->is_checked)
	{
		if (!predicate_horizon(term->predicate, fcinfo, &until))
			return DT_NOEND;
		term->is_checked = term->is_constant;
		return until;
	}
	if (timeline_args_unknown(fcinfo, term->required))
		return DT_NOEND;
	return DatumGetTimestampTz(term->predicate->horizon(fcinfo));
}

/* comparison_until returns the instant until which the answer of a comparison stays. */
static TimestampTz
comparison_until(ClockTerm *term, TimestampTz instant, ExprContext *row)
{
	bool isnull;
	TimestampTz other = DatumGetTimestampTz(ExecEvalExpr(term->other_state, row, &isnull));

	if (isnull || TIMESTAMP_NOT_FINITE(other) || instant > other)
		return DT_NOEND;
	if (instant < other && term->answer[0] != term->answer[1])
		return other;
	return term->answer[instant < other ? 0 : 1] != term->answer[2] ? other + 1 : DT_NOEND;
}

TimestampTz
clock_until(ClockTerm *term, TimestampTz as_of, ExprContext *row)
{
	TimestampTz until = term->predicate != NULL ? call_until(term, row)
												: comparison_until(term, as_of + term->shift, row);

	if (TIMESTAMP_NOT_FINITE(until) || pg_sub_s64_overflow(until, term->shift, &until) ||
		!IS_VALID_TIMESTAMP(until))
		return DT_NOEND;
	return until;
}
