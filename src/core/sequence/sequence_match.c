/*
 * sequence_match.c
 *		The matcher of sequences.
 */
#include "core/sequence/sequence.h"

#include <string.h>

/* a ring begins with room for so many chains */
#define FIRST_ROOM 16

/* ---------------------------------------------------------------- bounds */

/* Compare the time from one event to a later one with a length. */
static int
compare_distance(CdpkTimeKind kind, int64_t from, int64_t to, int64_t length)
{
	uint64_t distance;

	if (kind == CDPK_TIME_DOUBLE)
	{
		double end = cdpk_double_of_key(from) + cdpk_double_of_key(length);
		double at = cdpk_double_of_key(to);

		return (at > end) - (at < end);
	}
	distance = (uint64_t) to - (uint64_t) from;
	return (distance > (uint64_t) length) - (distance < (uint64_t) length);
}

/* Return whether so much time lies between two events as a bound asks at least. */
static bool
long_enough(const CdpkProgram *program, const CdpkSequenceBound *least, int64_t from, int64_t to)
{
	int order;

	if (!least->given)
		return true;
	order = compare_distance(program->kind, from, to, least->length);
	return order > 0 || (order == 0 && !least->strict);
}

/* Return whether no more time lies between them than a bound allows. */
static bool
short_enough(const CdpkProgram *program, const CdpkSequenceBound *most, int64_t from, int64_t to)
{
	int order;

	if (!most->given)
		return true;
	order = compare_distance(program->kind, from, to, most->length);
	return order < 0 || (order == 0 && !most->strict);
}

/* ---------------------------------------------------------------- the chains of a step */

/* Append a chain to those that are too early for the next step. */
static CdpkStatus
add_early(CdpkChains *chains, const CdpkAllocator *allocator, const CdpkChain *chain)
{
	size_t last = (chains->start + chains->count + chains->room - 1);

	/* of one instant, the newest chain serves for all: they become due together */
	if (chains->count > 0 && chains->early[last % chains->room].at == chain->at)
	{
		chains->early[last % chains->room] = *chain;
		return CDPK_OK;
	}
	if (chains->count == chains->room)
	{
		size_t room = chains->room > 0 ? 2 * chains->room : FIRST_ROOM;
		CdpkChain *larger = cdpk_allocate(allocator, room * sizeof(CdpkChain));

		if (larger == NULL)
			return CDPK_OUT_OF_MEMORY;
		for (size_t i = 0; i < chains->count; i++)
			larger[i] = chains->early[(chains->start + i) % chains->room];
		cdpk_release(allocator, chains->early);
		chains->early = larger;
		chains->start = 0;
		chains->room = room;
	}
	chains->early[(chains->start + chains->count++) % chains->room] = *chain;
	return CDPK_OK;
}

/* Make the newest chain that is old enough by now the one to be continued. */
static void
promote_early(const CdpkProgram *program, const CdpkSequenceBound *least, CdpkChains *chains,
			  int64_t at)
{
	while (chains->count > 0 && long_enough(program, least, chains->early[chains->start].at, at))
	{
		chains->newest = chains->early[chains->start];
		chains->alive = true;
		chains->start = (chains->start + 1) % chains->room;
		chains->count--;
	}
}

/* End all chains of a step. */
static void
forget(CdpkChains *chains)
{
	chains->alive = false;
	chains->start = 0;
	chains->count = 0;
}

/* ---------------------------------------------------------------- the matcher */

/* Set up a matcher that has read nothing. */
void
cdpk_matcher_init(CdpkMatcher *matcher, const CdpkProgram *program, const CdpkAllocator *allocator)
{
	memset(matcher, 0, offsetof(CdpkMatcher, first));
	memset(matcher->chains, 0, program->count * sizeof(CdpkChains));
	matcher->program = program;
	matcher->allocator = allocator;
}

/* Forget all events. */
static void
reset(CdpkMatcher *matcher)
{
	for (unsigned i = 0; i < matcher->program->count; i++)
		forget(&matcher->chains[i]);
	matcher->waiting = false;
}

/* Release its memory. */
void
cdpk_matcher_free(CdpkMatcher *matcher)
{
	for (unsigned i = 0; i < matcher->program->count; i++)
		cdpk_release(matcher->allocator, matcher->chains[i].early);
}

/* Remember a match. */
static void
note_match(CdpkMatcher *matcher, const CdpkChain *chain)
{
	if (!matcher->matched || chain->first > matcher->latest)
		matcher->latest = chain->first;
	matcher->matched = true;
}

/* Return whether an event that satisfies step i ends a chain of i + 1 steps. */
static bool
continue_chain(CdpkMatcher *matcher, unsigned i, int64_t at, CdpkChain *chain)
{
	const CdpkProgram *program = matcher->program;
	const CdpkSequenceStep *step = &program->steps[i];
	const CdpkChains *former = i > 0 ? &matcher->chains[i - 1] : NULL;

	chain->at = at;
	chain->first = at;
	chain->since = at;
	chain->place = matcher->place;
	if (former == NULL)
		return cdpk_program_begins(program, at);
	if (!former->alive || (step->adjacent && former->newest.place + 1 != matcher->place))
		return false;
	chain->first = former->newest.first;
	chain->since = step->joined ? former->newest.since : former->newest.at;
	return short_enough(program, &step->most, chain->since, at) &&
		   short_enough(program, &program->whole, chain->first, at);
}

/* Keep a chain that ends with step i. */
static CdpkStatus
keep_chain(CdpkMatcher *matcher, unsigned i, const CdpkChain *chain)
{
	const CdpkProgram *program = matcher->program;

	if (i + 1 < program->count)
	{
		const CdpkSequenceBound *least = &program->steps[i + 1].least;

		if (least->given)
		{
			promote_early(program, least, &matcher->chains[i], chain->at);
			return add_early(&matcher->chains[i], matcher->allocator, chain);
		}
		matcher->chains[i].newest = *chain;
		matcher->chains[i].alive = true;
	}
	else if (program->absent_after == 0)
		note_match(matcher, chain);
	else if (!matcher->waiting)
	{
		/* the oldest is the first to have waited long enough; what ends it ends all */
		matcher->waits = *chain;
		matcher->waiting = true;
	}
	return CDPK_OK;
}

/* Look at what an event means for the chain that waits. */
static void
wait_for_absence(CdpkMatcher *matcher, const CdpkTimed *event)
{
	const CdpkProgram *program = matcher->program;

	if (!matcher->waiting)
		return;
	if (program->absent_for.given &&
		!short_enough(program, &program->absent_for, matcher->waits.at, event->at))
	{
		note_match(matcher, &matcher->waits);
		matcher->waiting = false;
	}
	else if ((event->value & program->absent_after) != 0)
		matcher->waiting = false;
}

/*
 * Take the steps from the last to the first, so that an event serves for one
 * step of a chain only.
 */
CdpkStatus
cdpk_matcher_feed(CdpkMatcher *matcher, const CdpkTimed *event, uint64_t *reached)
{
	const CdpkProgram *program = matcher->program;
	CdpkStatus status = CDPK_OK;

	*reached = 0;
	matcher->place++;
	wait_for_absence(matcher, event);
	for (unsigned i = program->count; i-- > 0 && status == CDPK_OK;)
	{
		const CdpkSequenceStep *step = &program->steps[i];
		bool breaks = (step->absent & event->value) != 0 || (step->strangers && event->value == 0);
		CdpkChain chain;

		if (step->any != 0 && (step->any & event->value) == 0 && !breaks)
			continue;
		if (step->least.given && i > 0)
			promote_early(program, &step->least, &matcher->chains[i - 1], event->at);
		if ((step->any == 0 || (step->any & event->value) != 0) &&
			continue_chain(matcher, i, event->at, &chain))
		{
			*reached |= UINT64_C(1) << i;
			matcher->first[i] = chain.first;
			status = keep_chain(matcher, i, &chain);
		}
		if (breaks && i > 0)
			forget(&matcher->chains[i - 1]);
	}
	return status;
}

/* Say that nothing comes up to an instant. */
void
cdpk_matcher_finish(CdpkMatcher *matcher, int64_t as_of)
{
	const CdpkSequenceBound *wait = &matcher->program->absent_for;

	if (matcher->waiting &&
		(!wait->given || long_enough(matcher->program, wait, matcher->waits.at, as_of)))
	{
		note_match(matcher, &matcher->waits);
		matcher->waiting = false;
	}
}

/* ---------------------------------------------------------------- over sorted events */

int
cdpk_history_order(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	uint32_t differ = a->value ^ b->value;
	uint32_t lowest = differ & (~differ + 1);
	const CdpkTimed *has = (a->value & lowest) != 0 ? a : b;
	const CdpkTimed *lacks = has == a ? b : a;

	(void) context;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (differ == 0)
		return 0;
	/* the lists differ first at "lowest": the other one ends there or goes on with a later one */
	if (lacks->value < lowest)
		return lacks == a ? -1 : 1;
	return has == a ? -1 : 1;
}

CdpkStatus
cdpk_sequence_count(CdpkMatcher *matcher, const CdpkTimed *events, size_t count, uint64_t enough,
					uint64_t *matches)
{
	uint64_t whole = UINT64_C(1) << (matcher->program->count - 1);
	uint64_t reached;

	for (size_t i = 0; i < count && *matches < enough; i++)
	{
		CdpkStatus status = cdpk_matcher_feed(matcher, &events[i], &reached);

		if (status != CDPK_OK)
			return status;
		if ((reached & whole) == 0)
			continue;
		++*matches;
		reset(matcher);
	}
	return CDPK_OK;
}

/* Note for each event which steps it reaches, until all are, and which is the last. */
static CdpkStatus
read_steps(CdpkMatcher *matcher, const CdpkTimed *events, size_t count, uint64_t *reached,
		   size_t places[CDPK_SEQUENCE_STEPS_MAX], unsigned *depth)
{
	*depth = 0;
	for (size_t i = 0; i < count && *depth < matcher->program->count; i++)
	{
		CdpkStatus status = cdpk_matcher_feed(matcher, &events[i], &reached[i]);

		if (status != CDPK_OK)
			return status;
		while (*depth < matcher->program->count && reached[i] >> *depth != 0)
			places[(*depth)++] = i;
	}
	return CDPK_OK;
}

/*
 * Find the earliest event for step i - 1 from which "place" can be reached in one
 * step.
 */
static size_t
find_former(const CdpkProgram *program, const CdpkTimed *events, const uint64_t *reached,
			unsigned i, size_t place)
{
	const CdpkSequenceStep *step = &program->steps[i];
	size_t found = place;

	for (size_t j = place; j-- > 0;)
	{
		if (!short_enough(program, &step->most, events[j].at, events[place].at))
			break;
		if ((reached[j] >> (i - 1) & 1) != 0 &&
			long_enough(program, &step->least, events[j].at, events[place].at))
			found = j;
		if (step->adjacent || (events[j].value & step->absent) != 0)
			break;
	}
	return found;
}

/* Go forward to the first end, and from there back to the earliest events. */
CdpkStatus
cdpk_sequence_events(const CdpkProgram *program, const CdpkAllocator *allocator,
					 const CdpkTimed *events, size_t count, size_t places[CDPK_SEQUENCE_STEPS_MAX],
					 unsigned *depth)
{
	uint64_t *reached = cdpk_allocate(allocator, (count + 1) * sizeof(*reached));
	CdpkMatcher matcher;
	CdpkStatus status;

	*depth = 0;
	if (reached == NULL)
		return CDPK_OUT_OF_MEMORY;
	cdpk_matcher_init(&matcher, program, allocator);
	status = read_steps(&matcher, events, count, reached, places, depth);
	cdpk_matcher_free(&matcher);
	for (unsigned i = *depth; status == CDPK_OK && i-- > 1;)
		places[i - 1] = find_former(program, events, reached, i, places[i]);
	cdpk_release(allocator, reached);
	return status;
}
