/*
 * sequence_chain.c
 *		Matching a program whose events compare a number with that of the event before.
 */
#include "core/sequence/sequence_chain.h"

#include "core/sequence/step.h"

/* instead of a beginning: there is no chain */
#define NONE INT64_MIN

/* ---------------------------------------------------------------- the tree */

CdpkStatus
cdpk_chain_room(CdpkChainRoom *room, size_t count, const CdpkAllocator *allocator)
{
	size_t tree;
	size_t chains = count * sizeof(int64_t);

	for (room->size = 1; room->size < count;)
		room->size *= 2;
	tree = 2 * room->size * sizeof(int64_t);
	room->memory = cdpk_allocate(allocator, tree + 2 * chains + 2 * count * sizeof(CdpkTimed) +
												count * sizeof(uint32_t));
	if (room->memory == NULL)
		return CDPK_OUT_OF_MEMORY;
	room->tree = room->memory;
	room->former = room->tree + 2 * room->size;
	room->present = room->former + count;
	room->sorted = (CdpkTimed *) (room->present + count);
	room->leaf = (uint32_t *) (room->sorted + 2 * count);
	return CDPK_OK;
}

/* Set a leaf, and the nodes above it. */
static void
set_leaf(CdpkChainRoom *room, size_t leaf, int64_t beginning)
{
	size_t node = room->size + leaf;

	room->tree[node] = beginning;
	while (node > 1)
	{
		int64_t latest =
			room->tree[node] > room->tree[node ^ 1] ? room->tree[node] : room->tree[node ^ 1];

		node /= 2;
		if (room->tree[node] == latest)
			break;
		room->tree[node] = latest;
	}
}

/* Return the latest beginning of the leaves from "first" to before "end", or NONE. */
static int64_t
find_latest(const CdpkChainRoom *room, size_t first, size_t end)
{
	int64_t latest = NONE;

	for (first += room->size, end += room->size; first < end; first /= 2, end /= 2)
	{
		if (first % 2 == 1)
		{
			latest = room->tree[first] > latest ? room->tree[first] : latest;
			first++;
		}
		if (end % 2 == 1)
		{
			end--;
			latest = room->tree[end] > latest ? room->tree[end] : latest;
		}
	}
	return latest;
}

/* ---------------------------------------------------------------- numbers */

/* Return whether a step asks for a number that is less than that of the event before, or at most. */
static bool
asks_for_less(const CdpkSequenceStep *step)
{
	return step->previous == CDPK_STEP_LESS || step->previous == CDPK_STEP_AT_MOST;
}

/* Return the number of the event before that decides: what is less than some is less than the greatest. */
static uint32_t
key_of(const CdpkSequenceStep *step, const CdpkChainEvent *event)
{
	return asks_for_less(step) ? event->high : event->low;
}

static int
by_key(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	(void) context;
	return (a->at > b->at) - (a->at < b->at);
}

/* Give each event its leaf: in the order of the numbers, where the step compares them. */
static void
order_leaves(const CdpkSequenceStep *step, const CdpkChainEvent *events, size_t count,
			 CdpkChainRoom *room)
{
	for (size_t i = 0; i < count; i++)
	{
		room->sorted[i].at = step->previous != 0 ? (int64_t) key_of(step, &events[i]) : 0;
		room->sorted[i].value = (uint32_t) i;
	}
	if (step->previous != 0)
		cdpk_sort(room->sorted, count, room->sorted + count, by_key, NULL);
	for (size_t i = 0; i < count; i++)
		room->leaf[room->sorted[i].value] = (uint32_t) i;
}

/* Return how many leaves have a lesser number, or an equal one if "equal". */
static size_t
count_lesser(const CdpkTimed *sorted, size_t count, uint32_t number, bool equal)
{
	size_t low = 0;
	size_t high = count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (sorted[middle].at < number || (equal && sorted[middle].at == number))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Return the latest beginning among the events in the tree that an event may follow. */
static int64_t
find_former(const CdpkSequenceStep *step, const CdpkChainEvent *event, size_t count,
			const CdpkChainRoom *room)
{
	if (step->previous == 0)
		return find_latest(room, 0, count);
	if (event->low == 0)
		return NONE;
	if (asks_for_less(step))
		return find_latest(
			room, count_lesser(room->sorted, count, event->low, step->previous == CDPK_STEP_LESS),
			count);
	return find_latest(
		room, 0,
		count_lesser(room->sorted, count, event->high, step->previous == CDPK_STEP_AT_LEAST));
}

/* ---------------------------------------------------------------- steps */

/* Return whether one time is later than another by more than a length. */
static bool
is_over(int64_t from, int64_t to, int64_t length)
{
	return (uint64_t) to - (uint64_t) from > (uint64_t) length;
}

/* Return whether it is later by less than a length. */
static bool
is_under(int64_t from, int64_t to, int64_t length)
{
	return (uint64_t) to - (uint64_t) from < (uint64_t) length;
}

/* Find the chains that end with a further step; false if there are none. */
static bool
take_step(const CdpkProgram *program, unsigned i, const CdpkChainEvent *events, size_t count,
		  CdpkChainRoom *room)
{
	const CdpkSequenceStep *step = &program->steps[i];
	size_t barrier = 0; /* no chain goes on that ends before this event */
	size_t first = 0;   /* the events from here to before "next" are in the tree */
	size_t next = 0;
	bool any = false;

	for (size_t j = 0; j < 2 * room->size; j++)
		room->tree[j] = NONE;
	order_leaves(step, events, count, room);
	for (size_t j = 0; j < count; j++)
	{
		const CdpkChainEvent *event = &events[j];
		size_t from = step->adjacent && j > 0 ? j - 1 : barrier;

		for (; next < j &&
			   !(step->least.given && is_under(events[next].at, event->at, step->least.length));
			 next++)
			if (room->former[next] != NONE &&
				(step->previous == 0 || key_of(step, &events[next]) != 0))
				set_leaf(room, room->leaf[next], room->former[next]);
		for (; first < next &&
			   (first < from ||
				(step->most.given && is_over(events[first].at, event->at, step->most.length)));
			 first++)
			if (room->former[first] != NONE)
				set_leaf(room, room->leaf[first], NONE);
		room->present[j] =
			(event->set & step->any) != 0 ? find_former(step, event, count, room) : NONE;
		if (room->present[j] != NONE && program->whole.given &&
			is_over(room->present[j], event->at, program->whole.length))
			room->present[j] = NONE;
		any = any || room->present[j] != NONE;
		if ((event->set & step->absent) != 0 || (step->strangers && event->set == 0))
			barrier = j;
	}
	return any;
}

/* Begin a chain with each event that satisfies the first step; false if there are none. */
static bool
take_first(const CdpkProgram *program, const CdpkChainEvent *events, size_t count,
		   CdpkChainRoom *room)
{
	bool any = false;

	for (size_t j = 0; j < count; j++)
	{
		bool begins = (events[j].set & program->steps[0].any) != 0 &&
					  cdpk_program_begins(program, events[j].at);

		room->present[j] = begins ? events[j].at : NONE;
		any = any || begins;
	}
	return any;
}

/* Note when a step is reached first. */
static void
note_step(const CdpkProgram *program, unsigned step, const CdpkChainEvent *events, size_t count,
		  const int64_t *present, CdpkMatches *matches)
{
	size_t j = 0;

	while (j < count && present[j] == NONE)
		j++;
	/* others of this time may have begun later */
	for (int64_t at = j < count ? events[j].at : 0; j < count && events[j].at == at; j++)
		if (present[j] != NONE)
			cdpk_matches_reach(matches, program, step, at, present[j]);
}

/* ---------------------------------------------------------------- the end */

/* Note a chain of all steps, after which the first event that must be absent comes at "broken" (or NONE). */
static void
note_chain(const CdpkProgram *program, int64_t at, int64_t beginning, int64_t broken, int64_t as_of,
		   CdpkMatches *matches)
{
	const CdpkSequenceBound *wait = &program->absent_for;

	if (program->absent_after != 0 && broken != NONE &&
		!(wait->given && is_over(at, broken, wait->length)))
		return;
	if (program->absent_after != 0 && wait->given && is_under(at, as_of, wait->length))
	{
		cdpk_matches_wait(matches, at);
		return;
	}
	cdpk_matches_add(matches, beginning);
}

void
cdpk_chain_match(const CdpkProgram *program, const CdpkChainEvent *events, size_t count,
				 int64_t as_of, CdpkChainRoom *room, CdpkMatches *matches)
{
	int64_t broken = NONE;
	bool any = take_first(program, events, count, room);

	for (unsigned step = 0; any; step++)
	{
		int64_t *former = room->former;

		note_step(program, step, events, count, room->present, matches);
		if (step + 1 == program->count)
			break;
		room->former = room->present;
		room->present = former;
		any = take_step(program, step + 1, events, count, room);
	}
	for (size_t j = count; any && j-- > 0;)
	{
		if (room->present[j] != NONE)
			note_chain(program, events[j].at, room->present[j], broken, as_of, matches);
		if ((events[j].set & program->absent_after) != 0)
			broken = events[j].at;
	}
}
