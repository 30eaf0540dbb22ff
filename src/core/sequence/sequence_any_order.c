/*
 * sequence_any_order.c
 *		Matching a program whose events may come in any order.
 */
#include "core/sequence/sequence_any_order.h"

#include <string.h>

/* instead of a step: the event that is added */
#define ADDED 255

void
cdpk_any_order_init(CdpkAnyOrder *matcher, const CdpkProgram *program)
{
	memset(matcher, 0, sizeof(*matcher));
	matcher->program = program;
}

/* Return the steps that an event satisfies. */
static uint64_t
steps_of(const CdpkProgram *program, uint32_t set)
{
	uint64_t steps = 0;

	for (unsigned i = 0; i < program->count; i++)
		if ((program->steps[i].any & set) != 0)
			steps |= UINT64_C(1) << i;
	return steps;
}

/*
 * Find the step that an event takes in the end, where other events move to other steps for it: a free one, or
 * that of the oldest event that it can replace.  former[step]: the step whose event moves there.
 */
static unsigned
find_step(const CdpkAnyOrder *matcher, uint64_t serves, uint8_t *former)
{
	uint8_t queue[CDPK_SEQUENCE_STEPS_MAX];
	unsigned queued = 0;
	uint64_t seen = 0;
	unsigned oldest = ADDED;

	for (unsigned next = 0, from = ADDED;; from = queue[next++], serves = matcher->serves[from])
	{
		for (unsigned i = 0; i < matcher->program->count; i++)
		{
			if ((serves & ~seen) >> i == 0)
				break;
			if (((serves & ~seen) >> i & 1) == 0)
				continue;
			seen |= UINT64_C(1) << i;
			former[i] = (uint8_t) from;
			if ((matcher->matched >> i & 1) == 0)
				return i;
			if (oldest == ADDED || matcher->at[i] < matcher->at[oldest])
				oldest = i;
			queue[queued++] = (uint8_t) i;
		}
		if (next == queued)
			return oldest;
	}
}

/* Add an event to the set. */
static void
add(CdpkAnyOrder *matcher, int64_t at, uint64_t serves)
{
	uint8_t former[CDPK_SEQUENCE_STEPS_MAX];
	unsigned step = find_step(matcher, serves, former);

	if ((matcher->matched >> step & 1) == 0)
		matcher->count++;
	matcher->matched |= UINT64_C(1) << step;
	for (; former[step] != ADDED; step = former[step])
	{
		matcher->at[step] = matcher->at[former[step]];
		matcher->serves[step] = matcher->serves[former[step]];
	}
	matcher->at[step] = at;
	matcher->serves[step] = serves;
}

/* Put the times of the set's events into order, latest first. */
static void
sort_times(const CdpkAnyOrder *matcher, int64_t *times)
{
	unsigned count = 0;

	for (unsigned i = 0; i < matcher->program->count; i++)
	{
		unsigned place = count;

		if ((matcher->matched >> i & 1) == 0)
			continue;
		for (; place > 0 && times[place - 1] < matcher->at[i]; place--)
			times[place] = times[place - 1];
		times[place] = matcher->at[i];
		count++;
	}
}

/* Note how many steps have a match that ends at a time. */
static void
note(const CdpkAnyOrder *matcher, int64_t at, CdpkMatches *matches)
{
	const CdpkProgram *program = matcher->program;
	int64_t times[CDPK_SEQUENCE_STEPS_MAX];

	sort_times(matcher, times);
	for (unsigned i = 0; i < matcher->count; i++)
	{
		int64_t first = times[i];

		/* an event before it can begin a match of as many steps: some other one is left out for it */
		if (!cdpk_program_begins(program, first))
		{
			if (!matcher->begun)
				return;
			first = matcher->begins;
		}
		if (program->whole.given &&
			(uint64_t) at - (uint64_t) first > (uint64_t) program->whole.length)
			return;
		cdpk_matches_reach(matches, program, i, at, first);
		if (i + 1 == program->count)
			cdpk_matches_add(matches, first);
	}
}

void
cdpk_any_order_feed(CdpkAnyOrder *matcher, const CdpkTimed *event, CdpkMatches *matches)
{
	uint64_t serves = steps_of(matcher->program, event->value);

	if (serves == 0)
		return;
	if (cdpk_program_begins(matcher->program, event->at))
	{
		matcher->begun = true;
		matcher->begins = event->at;
	}
	add(matcher, event->at, serves);
	note(matcher, event->at, matches);
}
