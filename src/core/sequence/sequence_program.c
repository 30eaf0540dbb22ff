/*
 * sequence_program.c
 *		The programs of a sequence.
 */
#include "core/sequence/sequence_program.h"

#include <string.h>

/* Make a bound from a length; 0 means none. */
static CdpkSequenceBound
bound(int64_t length)
{
	CdpkSequenceBound result = {length != 0, false, length};

	return result;
}

/* Add the steps of an item after an absence; "place" is that of its first event in the sequence. */
static void
add_steps(CdpkProgram *program, const CdpkSequenceItem *item, uint32_t absent, unsigned place)
{
	for (uint32_t i = 0; i < item->times; i++)
	{
		CdpkSequenceStep *step = &program->steps[program->count];

		program->place[program->count++] = (uint8_t) (place + i);
		step->any = item->any;
		step->strangers = step->adjacent = false;
		step->absent = i == 0 ? absent : 0;
		step->least = bound(i == 0 ? item->after : 0);
		step->most = bound(item->within);
		/* all of the repetition lies within, from the event before it or from its own first */
		step->joined = i > 0 && item->within != 0;
		step->previous = item->previous;
	}
}

/* Add the steps of the items that a way does not leave out. */
static void
add_items(const CdpkSequence *sequence, unsigned way, CdpkProgram *program)
{
	uint32_t absent = 0;
	unsigned place = 0;

	for (unsigned i = 0; i < sequence->items; i++)
	{
		const CdpkSequenceItem *item = &sequence->item[i];
		bool left_out = item->optional && (way & 1) != 0;

		if (item->optional)
			way /= 2;
		if (item->absent)
		{
			absent |= item->any;
			continue;
		}
		if (!left_out)
		{
			add_steps(program, item, absent, place);
			absent = 0;
		}
		place += item->times;
	}
	if (sequence->item[sequence->items - 1].absent)
	{
		program->absent_after = absent;
		program->absent_for = bound(sequence->item[sequence->items - 1].within);
	}
}

/* Add what the modes of a funnel ask for. */
static void
add_modes(unsigned modes, CdpkProgram *program)
{
	uint32_t taken = 0; /* alternatives of the steps so far, but for the first */

	for (unsigned i = 1; i < program->count; i++)
	{
		CdpkSequenceStep *step = &program->steps[i];

		taken |= step->any;
		if ((modes & CDPK_FUNNEL_STRICT_INCREASE) != 0 && !step->least.given)
			step->least = bound(1);
		if ((modes & CDPK_FUNNEL_STRICT_DEDUPLICATION) != 0)
			step->absent |= taken;
		if ((modes & CDPK_FUNNEL_ALLOW_REENTRY) != 0)
			step->strangers = true;
		else if ((modes & CDPK_FUNNEL_STRICT_ORDER) != 0)
			step->adjacent = true;
	}
}

void
cdpk_program_make(const CdpkAsked *asked, unsigned way, CdpkProgram *program)
{
	const CdpkSequence *sequence = asked->sequence;

	memset(program, 0, offsetof(CdpkProgram, place));
	program->kind = CDPK_TIME_INSTANT;
	program->any_order = sequence->any_order;
	program->whole = bound(sequence->whole);
	program->bounded = asked->bounded;
	program->begins = asked->begins;
	add_items(sequence, way, program);
	if (asked->modes != 0)
		add_modes(asked->modes, program);
}

unsigned
cdpk_sequence_ways(const CdpkSequence *sequence)
{
	unsigned ways = 1;

	for (unsigned i = 0; i < sequence->items; i++)
		ways *= sequence->item[i].optional ? 2 : 1;
	return ways;
}

CdpkAttempt
cdpk_attempt(const CdpkSequence *sequence)
{
	/* an absence does not come first */
	CdpkAttempt attempt = {sequence->item[0].any, false, 0};

	return attempt;
}

bool
cdpk_ask_for_attempt(CdpkAsked *asked, const CdpkAttempt *attempt)
{
	asked->bounded = true;
	asked->begins.first = asked->begins.last = attempt->at;
	return attempt->found;
}
