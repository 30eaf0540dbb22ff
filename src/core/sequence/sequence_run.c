/*
 * sequence_run.c
 *		Feeding the events of one history to the matcher that a program needs.
 */
#include "core/sequence/sequence_run.h"

void
cdpk_matches_reach(CdpkMatches *matches, const CdpkProgram *program, unsigned step, int64_t at,
				   int64_t first)
{
	unsigned place = program->place[step];
	CdpkReach *reach = matches->reach != NULL ? &matches->reach[place] : NULL;

	if (place >= matches->depth)
		matches->depth = place + 1;
	if (reach == NULL ||
		(reach->reached && (at > reach->at || (at == reach->at && first <= reach->first))))
		return;
	reach->reached = true;
	reach->at = at;
	reach->first = first;
}

void
cdpk_run_init(CdpkRun *run, const CdpkProgram *program, CdpkWanted wanted,
			  const CdpkAllocator *allocator, CdpkMatches *matches)
{
	run->program = program;
	run->wanted = wanted;
	run->matches = matches;
	if (program->any_order)
		cdpk_any_order_init(&run->any_order, program);
	else
		cdpk_matcher_init(&run->matcher, program, allocator);
}

/* Note the steps that chains reach with an event, or where times are not wanted, the deepest. */
static void
note_reached(const CdpkRun *run, int64_t at, uint64_t reached)
{
	for (unsigned step = run->program->count; step-- > 0;)
	{
		if ((reached >> step & 1) == 0)
			continue;
		cdpk_matches_reach(run->matches, run->program, step, at, run->matcher.first[step]);
		if (run->wanted != CDPK_WANT_TIMES)
			break;
	}
}

CdpkStatus
cdpk_run_feed(CdpkRun *run, const CdpkTimed *event, bool *over)
{
	unsigned last = run->program->place[run->program->count - 1];
	uint64_t reached = 0;
	CdpkStatus status = CDPK_OK;

	if (run->program->any_order)
		cdpk_any_order_feed(&run->any_order, event, run->matches);
	else
		status = cdpk_matcher_feed(&run->matcher, event, &reached);
	if (reached != 0 && run->wanted >= CDPK_WANT_DEPTH)
		note_reached(run, event->at, reached);
	*over = (run->wanted == CDPK_WANT_MATCH &&
			 (run->matches->matched || (!run->program->any_order && run->matcher.matched))) ||
			(run->wanted == CDPK_WANT_DEPTH && run->matches->depth > last);
	return status;
}

void
cdpk_run_end(CdpkRun *run, int64_t as_of)
{
	if (run->program->any_order)
		return;
	cdpk_matcher_finish(&run->matcher, as_of);
	if (run->matcher.matched)
		cdpk_matches_add(run->matches, run->matcher.latest);
	if (run->matcher.waiting)
		cdpk_matches_wait(run->matches, run->matcher.waits.at);
	cdpk_matcher_free(&run->matcher);
}

unsigned
cdpk_program_possible(const CdpkProgram *program, uint32_t present)
{
	unsigned steps = 0;

	if (program->any_order)
	{
		for (unsigned i = 0; i < program->count; i++)
			steps += (program->steps[i].any & present) != 0;
		return steps;
	}
	while (steps < program->count && (program->steps[steps].any & present) != 0)
		steps++;
	return steps > 0 ? program->place[steps - 1] + 1U : 0;
}
