/*
 * part.c
 *		The parts of a condition: AND, OR, NOT and IS TRUE and the like, and the leaves that they combine.
 *
 * The logic has three values, as that of SQL.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "platform/segment/in_segment.h"
#include "platform/segment/members_in.h"
#include "platform/segment/part.h"
#include "toolkit/predicate/predicate.h"

/* make_part makes a part without parts. */
static Part *
make_part(PartKind kind)
{
	Part *part = palloc0(sizeof(Part));

	part->kind = kind;
	return part;
}

/* leaf_is_safe tells whether a leaf raises no error that depends on the person. */
static bool
leaf_is_safe(Node *leaf)
{
	ListCell *cell;

	if (!contain_leaked_vars(leaf))
		return true;
	/* errors in constants show when the condition is made */
	if (!IsA(leaf, FuncExpr) || predicate_of(((FuncExpr *) leaf)->funcid) == NULL)
		return false;
	foreach (cell, ((FuncExpr *) leaf)->args)
		if (!IsA(lfirst(cell), Var) && !IsA(lfirst(cell), Param) &&
			contain_var_clause(lfirst(cell)))
			return false;
	return true;
}

/* parts_are_safe tells whether all parts of an operator are. */
static bool
parts_are_safe(const Part *part)
{
	ListCell *cell;

	foreach (cell, part->parts)
		if (!((Part *) lfirst(cell))->is_safe)
			return false;
	return true;
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
	part->is_safe = parts_are_safe(part);
	return part;
}

/* make_leaf makes a part of an expression that is evaluated as a whole. */
static Part *
make_leaf(Clock *clock, Node *expression)
{
	Part *part = make_part(PART_LEAF);

	part->text = expression;
	part->leaf = (Expr *) clock_replace(clock, expression, &part->terms);
	part->is_safe = leaf_is_safe((Node *) part->leaf);
	part->counted = members_in_numbers(expression);
	part->same = part;
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
		part->is_safe = parts_are_safe(part);
		return part;
	}
	if (in_segment_is(condition))
	{
		part = make_part(PART_SEGMENT);
		part->text = condition;
		part->is_safe = true;
		return part;
	}
	return make_leaf(clock, condition);
}

Part *
part_make_value(Clock *clock, Node *expression)
{
	return getBaseType(exprType(expression)) == BOOLOID ? part_make(clock, expression)
														: make_leaf(clock, expression);
}

void
part_share(Part *part, List **leaves)
{
	ListCell *cell;

	foreach (cell, part->parts)
		part_share(lfirst(cell), leaves);
	if (part->kind != PART_LEAF)
		return;
	foreach (cell, *leaves)
		if (equal(((Part *) lfirst(cell))->leaf, part->leaf))
		{
			part->same = lfirst(cell);
			return;
		}
	*leaves = lappend(*leaves, part);
}

void
part_prepare(const Clock *clock, Part *part)
{
	ListCell *cell;

	foreach (cell, part->parts)
		part_prepare(clock, lfirst(cell));
	if (part->kind == PART_SEGMENT)
		part->segment_id = in_segment_number(part->text);
	if (part->kind != PART_LEAF || part->same != part)
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
combine(Part *part, PartAnswer decides, const PartPerson *person)
{
	PartAnswer answer = decides == PART_FALSE ? PART_TRUE : PART_FALSE;
	ListCell *cell;

	foreach (cell, part->parts)
	{
		PartAnswer one = part_evaluate(lfirst(cell), person);

		if (one == decides)
			return one;
		if (one == PART_UNKNOWN)
			answer = PART_UNKNOWN;
	}
	return answer;
}

PartAnswer
part_test(BoolTestType type, PartAnswer answer)
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
evaluate_leaf(Part *leaf, const PartPerson *person)
{
	bool isnull;
	Datum value;

	if (leaf->found_for == person->number)
		return leaf->found;
	value = ExecEvalExprSwitchContext(leaf->state, person->row, &isnull);
	leaf->found = isnull ? PART_UNKNOWN : DatumGetBool(value) ? PART_TRUE : PART_FALSE;
	leaf->found_for = person->number;
	return leaf->found;
}

/* look_up_segment tells whether the person is in another segment. */
static PartAnswer
look_up_segment(const Part *part, const PartPerson *person)
{
	if (person->kept_value == NULL)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("the condition uses another segment, which is not at hand")));
	return person->kept_value(person->memory, person->profile_id, part->segment_id) != NULL
			   ? PART_TRUE
			   : PART_FALSE;
}

/* find_answer evaluates a part whose answer is open. */
static PartAnswer
find_answer(Part *part, const PartPerson *person)
{
	PartAnswer below;

	switch (part->kind)
	{
		case PART_AND:
			return combine(part, PART_FALSE, person);
		case PART_OR:
			return combine(part, PART_TRUE, person);
		case PART_NOT:
			below = part_evaluate(linitial(part->parts), person);
			return below == PART_UNKNOWN ? below : below == PART_TRUE ? PART_FALSE : PART_TRUE;
		case PART_TEST:
			return part_test(part->test, part_evaluate(linitial(part->parts), person));
		case PART_SEGMENT:
			return look_up_segment(part, person);
		case PART_LEAF:
			return evaluate_leaf(part->same, person);
	}
	return PART_UNKNOWN;
}

PartAnswer
part_evaluate(Part *part, const PartPerson *person)
{
	forget_answers(part);
	part->answer = find_answer(part, person);
	return part->answer;
}

/* leaf_until returns the earliest instant at which a use of the clock, or a count of members, can be another. */
static TimestampTz
leaf_until(Part *leaf, const PartPerson *person)
{
	MemoryContext caller;
	ListCell *cell;

	if (leaf->terms == NIL && leaf->counted == NIL)
		return DT_NOEND;
	if (leaf->until_for == person->number)
		return leaf->until;
	caller = MemoryContextSwitchTo(person->row->ecxt_per_tuple_memory);
	leaf->until = DT_NOEND;
	foreach (cell, leaf->terms)
		leaf->until = Min(leaf->until, clock_until(lfirst(cell), person->as_of, person->row));
	foreach (cell, leaf->counted)
		if (person->members != NULL)
			person->members(person->memory, person->profile_id, lfirst_int(cell), person->as_of,
							&leaf->until);
	leaf->until_for = person->number;
	MemoryContextSwitchTo(caller);
	return leaf->until;
}

/*
 * decided_until returns until when a part decides its AND (it is false) or OR (it is true): until the last of those
 * that would.  Those that were not evaluated are if they cannot fail.
 */
static TimestampTz
decided_until(Part *part, const PartPerson *person, TimestampTz enough)
{
	TimestampTz until = DT_NOBEGIN;
	ListCell *cell;

	foreach (cell, part->parts)
	{
		Part *below = lfirst(cell);

		if (below->answer == PART_OPEN && below->is_safe)
			part_evaluate(below, person);
		if (below->answer == part->answer)
			until = Max(until, part_until(below, person, enough));
		if (until >= enough)
			break;
	}
	return until;
}

TimestampTz
part_until(Part *part, const PartPerson *person, TimestampTz enough)
{
	TimestampTz until = DT_NOEND;
	ListCell *cell;

	if (part->kind == PART_LEAF)
		return leaf_until(part->same, person);
	if ((part->kind == PART_AND && part->answer == PART_FALSE) ||
		(part->kind == PART_OR && part->answer == PART_TRUE))
		return decided_until(part, person, enough);
	/* else it stays until one of its parts changes */
	foreach (cell, part->parts)
		until = Min(until, part_until(lfirst(cell), person, Min(until, enough)));
	return until;
}
