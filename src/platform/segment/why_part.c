/*
 * why_part.c
 *		The parts of a condition as rows, and the smallest change of its leaves that changes the answer.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/timestamp.h"

#include "platform/segment/in_segment.h"
#include "platform/segment/why.h"

/* a change that cannot be made */
#define NO_CHANGE 1000000

/* how many changes of leaves that occur several times are tried */
#define TRIES_MAX 200000

/* ---------------------------------------------------------------- the parts */

typedef struct PartList
{
	WhyPart *parts;
	int count;
	int allocated;
} PartList;

/* is_fixed tells whether an expression is the same for all people, at all times. */
static bool
is_fixed(Node *node)
{
	return !contain_var_clause(node) && !contain_mutable_functions(node);
}

/* add_part appends a part; returns its place. */
static int
add_part(PartList *list, int depth, Node *node)
{
	WhyPart *part;

	if (list->count == list->allocated)
	{
		list->allocated = Max(2 * list->allocated, 16);
		list->parts = list->parts == NULL
						  ? palloc(list->allocated * sizeof(WhyPart))
						  : repalloc(list->parts, list->allocated * sizeof(WhyPart));
	}
	part = &list->parts[list->count];
	*part = (WhyPart){.depth = depth, .node = node, .children = {1, 0}, .until = DT_NOEND};
	if (IsA(node, BoolExpr))
		part->kind = ((BoolExpr *) node)->boolop == AND_EXPR  ? PART_AND
					 : ((BoolExpr *) node)->boolop == OR_EXPR ? PART_OR
															  : PART_NOT;
	else if (IsA(node, BooleanTest))
	{
		part->kind = PART_TEST;
		part->test = ((BooleanTest *) node)->booltesttype;
	}
	else
	{
		part->kind = in_segment_is(node) ? PART_SEGMENT : PART_LEAF;
		part->is_fixed = is_fixed(node);
	}
	return list->count++;
}

/* list_part appends a part and those below it; returns its place. */
static int
list_part(PartList *list, int depth, Node *node)
{
	int place = add_part(list, depth, node);
	List *below = IsA(node, BoolExpr)      ? ((BoolExpr *) node)->args
				  : IsA(node, BooleanTest) ? list_make1(((BooleanTest *) node)->arg)
										   : NIL;
	int last = 0;
	ListCell *cell;

	check_stack_depth();
	foreach (cell, below)
	{
		int child = list_part(list, depth + 1, lfirst(cell));

		if (last == 0)
			list->parts[place].children[0] = child;
		else
			list->parts[last].next = child;
		last = list->parts[place].children[1] = child;
	}
	return place;
}

int
why_list(Node *condition, WhyPart **parts)
{
	PartList list = {0};

	list_part(&list, 0, condition);
	*parts = list.parts;
	return list.count;
}

/* is_leaf tells whether a part is a leaf. */
static bool
is_leaf(const WhyPart *part)
{
	return part->kind == PART_LEAF || part->kind == PART_SEGMENT;
}

/* first_child and next_child walk over the parts of an operator; -1: no more. */
static int
first_child(const WhyPart *part)
{
	return part->children[0] <= part->children[1] ? part->children[0] : -1;
}

static int
next_child(const WhyPart *parts, int child)
{
	return parts[child].next != 0 ? parts[child].next : -1;
}

/* ---------------------------------------------------------------- answers */

/* combine_parts finds the answer of AND (absorbing: false) or OR (true); a part that fails and is reached fails it. */
static PartAnswer
combine_parts(const WhyPart *parts, const WhyPart *part, PartAnswer absorbing)
{
	PartAnswer answer = absorbing == PART_FALSE ? PART_TRUE : PART_FALSE;

	for (int i = first_child(part); i >= 0; i = next_child(parts, i))
	{
		if (parts[i].answer == absorbing || parts[i].answer == PART_OPEN)
			return parts[i].answer;
		if (parts[i].answer == PART_UNKNOWN)
			answer = PART_UNKNOWN;
	}
	return answer;
}

/* combine_answer finds the answer of an operator from those of its parts. */
static PartAnswer
combine_answer(const WhyPart *parts, const WhyPart *part)
{
	PartAnswer below = parts[part->children[0]].answer;

	switch (part->kind)
	{
		case PART_AND:
			return combine_parts(parts, part, PART_FALSE);
		case PART_OR:
			return combine_parts(parts, part, PART_TRUE);
		case PART_NOT:
			return below == PART_TRUE ? PART_FALSE : below == PART_FALSE ? PART_TRUE : below;
		default:
			return below == PART_OPEN ? below : part_test(part->test, below);
	}
}

/*
 * combine_until finds until when the answer of an operator stays: where parts decide it, until the last of them
 * changes; else until the first of all.
 */
static TimestampTz
combine_until(const WhyPart *parts, const WhyPart *part)
{
	PartAnswer absorbing = part->kind == PART_AND  ? PART_FALSE
						   : part->kind == PART_OR ? PART_TRUE
												   : PART_OPEN;
	bool decided = absorbing != PART_OPEN && part->answer == absorbing;
	TimestampTz until = decided ? DT_NOBEGIN : DT_NOEND;

	for (int i = first_child(part); i >= 0; i = next_child(parts, i))
	{
		if (!decided)
			until = Min(until, parts[i].until);
		else if (parts[i].answer == absorbing)
			until = Max(until, parts[i].until);
	}
	return until;
}

/* combine_from finds the answers of a part and those below it. */
static void
combine_from(WhyPart *parts, int place)
{
	WhyPart *part = &parts[place];

	if (is_leaf(part))
		return;
	for (int i = first_child(part); i >= 0; i = next_child(parts, i))
		combine_from(parts, i);
	part->answer = combine_answer(parts, part);
	part->until = combine_until(parts, part);
}

void
why_combine(WhyPart *parts)
{
	combine_from(parts, 0);
}

/* ---------------------------------------------------------------- the smallest change, leaf by leaf */

static int mark_cost(WhyPart *parts, int place, PartAnswer wanted, bool mark);

/* cost_of_leaf returns how many leaves must change for a leaf to answer so. */
static int
cost_of_leaf(WhyPart *part, PartAnswer wanted, bool mark)
{
	if (part->answer == wanted)
		return 0;
	if (part->is_fixed || wanted == PART_UNKNOWN)
		return NO_CHANGE;
	part->change |= mark;
	return 1;
}

/* cost_of_all returns the cost of all parts answering so. */
static int
cost_of_all(WhyPart *parts, const WhyPart *part, PartAnswer wanted, bool mark)
{
	int cost = 0;

	for (int i = first_child(part); i >= 0; i = next_child(parts, i))
		cost = Min(cost + mark_cost(parts, i, wanted, mark), NO_CHANGE);
	return cost;
}

/* cost_of_any returns the cost of the cheapest part answering so. */
static int
cost_of_any(WhyPart *parts, const WhyPart *part, PartAnswer wanted, bool mark)
{
	int best = NO_CHANGE;
	int place = -1;

	for (int i = first_child(part); i >= 0; i = next_child(parts, i))
	{
		int cost = mark_cost(parts, i, wanted, false);

		if (cost < best)
		{
			best = cost;
			place = i;
		}
	}
	if (mark && place >= 0)
		mark_cost(parts, place, wanted, true);
	return best;
}

/* cost_of_unknown returns the cost of one part being unknown, and no part deciding. */
static int
cost_of_unknown(WhyPart *parts, const WhyPart *part, PartAnswer neutral, bool mark)
{
	int best = NO_CHANGE;
	int place = -1;
	int cost = 0;

	for (int i = first_child(part); i >= 0; i = next_child(parts, i))
	{
		int is_neutral = mark_cost(parts, i, neutral, false);
		int unknown = mark_cost(parts, i, PART_UNKNOWN, false);
		int cheaper = Min(is_neutral, unknown);

		cost = Min(cost + cheaper, NO_CHANGE);
		if (unknown < NO_CHANGE && unknown - cheaper < best)
		{
			best = unknown - cheaper;
			place = i;
		}
	}
	for (int i = first_child(part); mark && i >= 0; i = next_child(parts, i))
	{
		int is_neutral = mark_cost(parts, i, neutral, false);
		int unknown = mark_cost(parts, i, PART_UNKNOWN, false);

		mark_cost(parts, i, i == place || unknown < is_neutral ? PART_UNKNOWN : neutral, true);
	}
	return Min(cost + best, NO_CHANGE);
}

/* cost_of_test returns the cost of IS TRUE and the like answering so. */
static int
cost_of_test(WhyPart *parts, const WhyPart *part, PartAnswer wanted, bool mark)
{
	int best = NO_CHANGE;
	PartAnswer choice = PART_OPEN;

	if (wanted == PART_UNKNOWN)
		return NO_CHANGE;
	for (PartAnswer below = PART_FALSE; below <= PART_TRUE; below++)
	{
		int cost = part_test(part->test, below) == wanted
					   ? mark_cost(parts, part->children[0], below, false)
					   : NO_CHANGE;

		if (cost < best)
		{
			best = cost;
			choice = below;
		}
	}
	if (mark && choice != PART_OPEN)
		mark_cost(parts, part->children[0], choice, true);
	return best;
}

/* mark_cost returns how many leaves must change for a part to answer so, and marks them. */
static int
mark_cost(WhyPart *parts, int place, PartAnswer wanted, bool mark)
{
	WhyPart *part = &parts[place];
	PartAnswer absorbing = part->kind == PART_AND ? PART_FALSE : PART_TRUE;
	PartAnswer neutral = part->kind == PART_AND ? PART_TRUE : PART_FALSE;

	check_stack_depth();
	switch (part->kind)
	{
		case PART_AND:
		case PART_OR:
			if (wanted == absorbing)
				return cost_of_any(parts, part, wanted, mark);
			if (wanted == neutral)
				return cost_of_all(parts, part, wanted, mark);
			return cost_of_unknown(parts, part, neutral, mark);
		case PART_NOT:
			return mark_cost(parts, part->children[0],
							 wanted == PART_TRUE    ? PART_FALSE
							 : wanted == PART_FALSE ? PART_TRUE
													: wanted,
							 mark);
		case PART_TEST:
			return cost_of_test(parts, part, wanted, mark);
		default:
			return cost_of_leaf(part, wanted, mark);
	}
}

/* mark_leaf_by_leaf marks the smallest change, where no leaf occurs several times. */
static bool
mark_leaf_by_leaf(WhyPart *parts)
{
	PartAnswer wanted = PART_TRUE;

	if (parts[0].answer == PART_TRUE)
		wanted = mark_cost(parts, 0, PART_UNKNOWN, false) < mark_cost(parts, 0, PART_FALSE, false)
					 ? PART_UNKNOWN
					 : PART_FALSE;
	if (mark_cost(parts, 0, wanted, false) >= NO_CHANGE)
		return false;
	mark_cost(parts, 0, wanted, true);
	return true;
}

/* ---------------------------------------------------------------- where leaves occur several times */

typedef struct Search
{
	WhyPart *parts;
	int count;
	int *same; /* of a leaf, the place of the first that is equal */
	bool is_in;
	int tries;
} Search;

/* set_leaves sets the answers of a leaf and of those that are equal. */
static void
set_leaves(Search *search, int place, PartAnswer answer)
{
	for (int i = place; i < search->count; i++)
		if (is_leaf(&search->parts[i]) && search->same[i] == place)
			search->parts[i].answer = answer;
}

/* try_changes tries to change so many of the leaves from a place on; returns whether the person comes in or goes out. */
static bool
try_changes(Search *search, int place, int changes)
{
	if (changes == 0)
	{
		search->tries++;
		why_combine(search->parts);
		return (search->parts[0].answer == PART_TRUE) != search->is_in;
	}
	for (int i = place; i < search->count && search->tries < TRIES_MAX; i++)
	{
		WhyPart *part = &search->parts[i];
		PartAnswer before = part->answer;

		if (!is_leaf(part) || search->same[i] != i || part->is_fixed)
			continue;
		for (PartAnswer answer = PART_FALSE; answer <= PART_TRUE; answer++)
		{
			bool found;

			if (answer == PART_UNKNOWN || answer == before)
				continue;
			set_leaves(search, i, answer);
			found = try_changes(search, i + 1, changes - 1);
			set_leaves(search, i, before);
			if (found)
			{
				part->change = true;
				return true;
			}
		}
	}
	return false;
}

/* note_same notes which leaves are equal; returns how many differ, or 0 if all do. */
static int
note_same(Search *search)
{
	bool several = false;
	int different = 0;

	for (int i = 0; i < search->count; i++)
	{
		search->same[i] = i;
		if (!is_leaf(&search->parts[i]))
			continue;
		for (int j = 0; j < i && search->same[i] == i; j++)
			if (is_leaf(&search->parts[j]) && equal(search->parts[i].node, search->parts[j].node))
				search->same[i] = j;
		several |= search->same[i] != i;
		different += search->same[i] == i;
	}
	return several ? different : 0;
}

bool
why_mark_change(WhyPart *parts, int count)
{
	Search search = {palloc(count * sizeof(WhyPart)), count, palloc(count * sizeof(int)),
					 parts[0].answer == PART_TRUE};
	bool found = false;
	int different;

	memcpy(search.parts, parts, count * sizeof(WhyPart));
	different = note_same(&search);
	if (different == 0)
		return mark_leaf_by_leaf(parts);
	for (int changes = 1; changes <= different && !found && search.tries < TRIES_MAX; changes++)
		found = try_changes(&search, 0, changes);
	for (int i = 0; i < count && found; i++)
		parts[i].change = is_leaf(&parts[i]) && search.parts[search.same[i]].change;
	return found;
}
