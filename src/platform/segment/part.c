/*
 * part.c
 *		The parts of a condition: AND, OR, NOT and IS TRUE and the like, and the leaves that they combine.
 *
 * The logic has three values, as that of SQL.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/timestamp.h"

#include "platform/segment/part.h"

/* make_part makes a part without parts. */
static Part *
make_part(PartKind kind)
{
	Part *part = palloc0(sizeof(Part));

	part->kind = kind;
	return part;
}

/* make_combination makes a part that combines others. */
static Part *
make_combination(Clock *clock, const BoolExpr *expression)
{
	Part *part = make_part(expression->boolop == AND_EXPR  ? PART_AND
						   : expression->boolop == OR_EXPR ? PART_OR
														   : PART_NOT);
	ListCell *cell;

	foreach (cell, expression->args)
		part->parts = lappend(part->parts, part_make(clock, lfirst(cell)));
	return part;
}

Part *
part_make(Clock *clock, Node *condition)
{
	Part *part;

	check_stack_depth();
	if (IsA(condition, BoolExpr))
		return make_combination(clock, (BoolExpr *) condition);
	if (IsA(condition, BooleanTest))
	{
		part = make_part(PART_TEST);
		part->test = ((BooleanTest *) condition)->booltesttype;
		part->parts = list_make1(part_make(clock, (Node *) ((BooleanTest *) condition)->arg));
		return part;
	}
	part = make_part(PART_LEAF);
	part->leaf = (Expr *) clock_replace(clock, condition, &part->terms);
	return part;
}

void
part_prepare(const Clock *clock, Part *part)
{
	ListCell *cell;

	foreach (cell, part->parts)
		part_prepare(clock, lfirst(cell));
	if (part->kind != PART_LEAF)
		return;
	part->state = ExecInitExprWithParams((Expr *) eval_const_expressions(NULL, (Node *) part->leaf),
										 clock->instants);
	foreach (cell, part->terms)
		clock_prepare_term(clock, lfirst(cell));
}

/* forget_answers marks a part, and those below it, as not evaluated. */
static void
forget_answers(Part *part)
{
	ListCell *cell;

	if (part->answer == PART_OPEN)
		return;
	part->answer = PART_OPEN;
	foreach (cell, part->parts)
		forget_answers(lfirst(cell));
}

/* combine evaluates the parts of AND (until one is false) or OR (until one is true). */
static PartAnswer
combine(Part *part, PartAnswer decides, ExprContext *row)
{
	PartAnswer answer = decides == PART_FALSE ? PART_TRUE : PART_FALSE;
	ListCell *cell;

	foreach (cell, part->parts)
	{
		PartAnswer one = part_evaluate(lfirst(cell), row);

		if (one == decides)
			return one;
		if (one == PART_UNKNOWN)
			answer = PART_UNKNOWN;
	}
	return answer;
}

/* test returns what IS TRUE and the like make of an answer. */
static PartAnswer
test(BoolTestType type, PartAnswer answer)
{
	bool holds = false;

	switch (type)
	{
		case IS_TRUE:
			holds = answer == PART_TRUE;
			break;
		case IS_NOT_TRUE:
			holds = answer != PART_TRUE;
			break;
		case IS_FALSE:
			holds = answer == PART_FALSE;
			break;
		case IS_NOT_FALSE:
			holds = answer != PART_FALSE;
			break;
		case IS_UNKNOWN:
			holds = answer == PART_UNKNOWN;
			break;
		case IS_NOT_UNKNOWN:
			holds = answer != PART_UNKNOWN;
			break;
	}
	return holds ? PART_TRUE : PART_FALSE;
}

/* evaluate_leaf evaluates a leaf. */
static PartAnswer
evaluate_leaf(const Part *part, ExprContext *row)
{
	bool isnull;
	Datum value = ExecEvalExprSwitchContext(part->state, row, &isnull);

	if (isnull)
		return PART_UNKNOWN;
	return DatumGetBool(value) ? PART_TRUE : PART_FALSE;
}

/* find_answer evaluates a part whose answer is open. */
static PartAnswer
find_answer(Part *part, ExprContext *row)
{
	PartAnswer below;

	switch (part->kind)
	{
		case PART_AND:
			return combine(part, PART_FALSE, row);
		case PART_OR:
			return combine(part, PART_TRUE, row);
		case PART_NOT:
			below = part_evaluate(linitial(part->parts), row);
			return below == PART_UNKNOWN ? below : below == PART_TRUE ? PART_FALSE : PART_TRUE;
		case PART_TEST:
			return test(part->test, part_evaluate(linitial(part->parts), row));
		case PART_LEAF:
			return evaluate_leaf(part, row);
	}
	return PART_UNKNOWN;
}

PartAnswer
part_evaluate(Part *part, ExprContext *row)
{
	forget_answers(part);
	part->answer = find_answer(part, row);
	return part->answer;
}

/* leaf_until returns the earliest instant at which a use of the clock in a leaf can answer otherwise. */
static TimestampTz
leaf_until(const Part *part, TimestampTz as_of, ExprContext *row)
{
	TimestampTz until = DT_NOEND;
	MemoryContext caller = MemoryContextSwitchTo(row->ecxt_per_tuple_memory);
	ListCell *cell;

	foreach (cell, part->terms)
		until = Min(until, clock_until(lfirst(cell), as_of, row));
	MemoryContextSwitchTo(caller);
	return until;
}

/*
 * A part that decides its AND (it is false) or OR (it is true) does so until it changes.  Where none does, the
 * answer stays until one of the parts changes.  Of the parts that could decide only the first was evaluated.
 */
TimestampTz
part_until(const Part *part, TimestampTz as_of, ExprContext *row)
{
	PartAnswer decides = part->kind == PART_AND  ? PART_FALSE
						 : part->kind == PART_OR ? PART_TRUE
												 : PART_OPEN;
	TimestampTz until = DT_NOEND;
	ListCell *cell;

	if (part->kind == PART_LEAF)
		return leaf_until(part, as_of, row);
	foreach (cell, part->parts)
	{
		const Part *below = lfirst(cell);

		if (part->answer == decides && below->answer != decides)
			continue;
		until = Min(until, part_until(below, as_of, row));
	}
	return until;
}
