/*
 * sequence_timeline.c
 *		Whether a timeline has a sequence, and until when the answer stays.
 */
#include "core/sequence/sequence_correlated.h"
#include "core/sequence/sequence_form.h"
#include "core/sequence/step_set.h"

/* so many events are sorted without asking for memory */
#define FEW 64

/* The events of a timeline that a sequence reads. */
typedef struct History
{
	const CdpkSequence *sequence;
	CdpkTimeline timeline;
	bool plain;                                        /* the columns have been found */
	CdpkColumn column[CDPK_SEQUENCE_ALTERNATIVES_MAX]; /* of each name, where all are names */
	uint32_t present; /* alternatives whose name, or any, is there */
	uint64_t most;    /* events, in all columns that are named */
	CdpkTimeRange range;
	CdpkTimed *events;
	CdpkTimed few[2 * FEW];
	size_t count;
	int64_t due; /* the earliest event after the time range, or CDPK_NEVER */
	/* the newest event of which it is not known what it satisfies */
	bool unknown;
	int64_t unknown_at;
} History;

/* ---------------------------------------------------------------- what is there */

/* Note that a column has events of some alternatives. */
static CdpkStatus
note_column(History *history, const CdpkColumn *column, uint32_t named)
{
	/* every event takes a byte */
	if (column->count > cdpk_left(&column->times))
		return CDPK_CORRUPT;
	history->present |= named;
	history->most += column->count;
	return CDPK_OK;
}

/* Find the columns of names. */
static CdpkStatus
find_names(History *history)
{
	const CdpkSequence *sequence = history->sequence;
	CdpkName names[CDPK_SEQUENCE_ALTERNATIVES_MAX];
	CdpkStatus status = CDPK_OK;

	for (unsigned i = 0; i < sequence->alternatives; i++)
		names[i] = sequence->alternative[i].alone.name;
	if (!cdpk_timeline_find_all(&history->timeline, names, sequence->alternatives, history->column))
		return CDPK_CORRUPT;
	for (unsigned i = 0; i < sequence->alternatives && status == CDPK_OK; i++)
		if (history->column[i].count > 0)
			status = note_column(history, &history->column[i], UINT32_C(1) << i);
	return status;
}

/* Find which alternatives have a column, and how many events there are at most. */
static CdpkStatus
survey(History *history, const CdpkStepSet *set)
{
	CdpkTimeline passage = history->timeline;
	CdpkColumn column;
	CdpkStatus status = CDPK_OK;

	if (history->plain)
		return find_names(history);
	while (status == CDPK_OK && cdpk_timeline_next(&passage, &column))
	{
		uint32_t named = cdpk_step_set_named(set, column.name, column.name_length);

		if (named != 0)
			status = note_column(history, &column, named);
	}
	return status == CDPK_OK && cdpk_timeline_failed(&passage) ? CDPK_CORRUPT : status;
}

/* Return how many steps have one of their alternatives in the timeline, one after the other. */
static unsigned
steps_possible(const CdpkProgram *program, uint32_t present)
{
	unsigned steps = 0;

	while (steps < program->count && (program->steps[steps].any & present) != 0)
		steps++;
	return steps;
}

/* ---------------------------------------------------------------- reading */

/* Read the events of a column in the time range, and find the first one after it. */
static CdpkStatus
read_column(History *history, CdpkColumn *column, CdpkStepSet *set)
{
	CdpkStatus status = CDPK_OK;
	int64_t at;

	while (status == CDPK_OK && cdpk_column_next(column, &at) && at >= history->range.first)
	{
		uint32_t satisfied = set->always;
		bool unknown = false;

		if (set->maybe != 0)
			status =
				cdpk_step_set_event(set, column->count - column->left - 1, &satisfied, &unknown);
		if (satisfied == 0 && !unknown)
			continue;
		if (at > history->range.last)
		{
			history->due = at < history->due ? at : history->due;
			continue;
		}
		if (unknown && (!history->unknown || at > history->unknown_at))
			history->unknown_at = at;
		history->unknown |= unknown;
		history->events[history->count].at = at;
		history->events[history->count++].value = satisfied;
	}
	return column->times.failed ? CDPK_CORRUPT : status;
}

/* Read the events, for which there is room. */
static CdpkStatus
read_events(History *history, CdpkStepSet *set)
{
	CdpkTimeline passage = history->timeline;
	CdpkColumn column;
	CdpkStatus status = CDPK_OK;

	set->always = set->maybe = 0;
	for (unsigned i = 0; history->plain && i < set->count && status == CDPK_OK; i++)
	{
		if ((history->present >> i & 1) == 0)
			continue;
		set->always = UINT32_C(1) << i;
		status = read_column(history, &history->column[i], set);
	}
	while (!history->plain && status == CDPK_OK && cdpk_timeline_next(&passage, &column))
	{
		status = cdpk_step_set_column(set, &column);
		if (status == CDPK_OK && (set->always | set->maybe) != 0)
			status = read_column(history, &column, set);
		cdpk_step_set_close_column(set);
	}
	return status == CDPK_OK && cdpk_timeline_failed(&passage) ? CDPK_CORRUPT : status;
}

/* ---------------------------------------------------------------- the answer */

/* Feed events to a matcher, as many as the answer needs; *depth: the steps that some chain reaches. */
static CdpkStatus
run(CdpkMatcher *matcher, const History *history, CdpkWanted wanted, unsigned *depth)
{
	unsigned steps = matcher->program->count;

	*depth = 0;
	for (size_t i = 0; i < history->count; i++)
	{
		uint64_t reached;
		CdpkStatus status;

		if ((wanted == CDPK_WANT_MATCH && matcher->matched) ||
			(wanted == CDPK_WANT_DEPTH && *depth == steps))
			break;
		status = cdpk_matcher_feed(matcher, &history->events[i], &reached);
		if (status != CDPK_OK)
			return status;
		while (*depth < steps && reached >> *depth != 0)
			++*depth;
	}
	cdpk_matcher_finish(matcher, history->range.last);
	return CDPK_OK;
}

/* Return the earliest of the instants at which the answer could change, where it is known. */
static int64_t
find_horizon(const CdpkProgram *program, const CdpkChainResult *result, int64_t due, int64_t within)
{
	int64_t change = CDPK_NEVER;

	/* as long as the match that begins latest is within, the answer is true */
	if (result->matched && within != 0)
		change = cdpk_later(result->latest, within);
	/* an event that leaves the window makes nothing true; the end of an absence does */
	if (!result->matched && result->waiting)
		change = cdpk_later(result->waits, program->absent_for.length);
	return change < due ? change : due;
}

/* Match the events that were read. */
static CdpkStatus
match(const CdpkProgram *program, History *history, CdpkWanted wanted,
	  const CdpkAllocator *allocator, CdpkChainResult *result)
{
	CdpkMatcher matcher;
	CdpkStatus status;

	cdpk_sort(history->events, history->count, history->events + history->most, cdpk_history_order,
			  NULL);
	cdpk_matcher_init(&matcher, program, allocator);
	status = run(&matcher, history, wanted, &result->depth);
	result->matched = matcher.matched;
	result->latest = matcher.latest;
	result->waiting = matcher.waiting;
	result->waits = matcher.waits.at;
	cdpk_matcher_free(&matcher);
	return status;
}

/* Read the events and match them, where they have nothing in common. */
static CdpkStatus
match_events(const CdpkProgram *program, History *history, CdpkStepSet *set, CdpkWanted wanted,
			 const CdpkAllocator *allocator, CdpkCorrelation *found)
{
	CdpkStatus status;

	history->events = history->few;
	if (history->most > FEW)
		history->events = cdpk_allocate(allocator, 2 * history->most * sizeof(CdpkTimed));
	if (history->events == NULL)
		return CDPK_OUT_OF_MEMORY;
	status = read_events(history, set);
	if (status == CDPK_OK)
		status = match(program, history, wanted, allocator, &found->result);
	found->due = history->due;
	found->unknown = history->unknown;
	found->unknown_at = history->unknown_at;
	if (history->events != history->few)
		cdpk_release(allocator, history->events);
	return status;
}

/* Read the events and match them. */
static CdpkStatus
find(const CdpkProgram *program, History *history, CdpkStepSet *set, CdpkWanted wanted,
	 const CdpkAllocator *allocator, CdpkCorrelation *found)
{
	if (cdpk_sequence_is_correlated(history->sequence))
		return cdpk_sequence_correlate(history->sequence, program, &history->timeline,
									   history->range, set, wanted, allocator, found);
	return match_events(program, history, set, wanted, allocator, found);
}

/* Start to read a timeline, and find out what is there. */
static CdpkStatus
open_history(History *history, const CdpkSequence *sequence, const CdpkTimeline *timeline,
			 CdpkTimeRange range, const CdpkAllocator *allocator, CdpkStepSet *set)
{
	CdpkStatus status;

	history->sequence = sequence;
	history->timeline = *timeline;
	history->plain = cdpk_sequence_is_plain(sequence) && !cdpk_sequence_is_correlated(sequence);
	history->present = 0;
	history->most = history->count = 0;
	history->range = range;
	history->due = CDPK_NEVER;
	history->unknown = false;
	status =
		cdpk_step_set_open(set, sequence->alternative, sequence->alternatives, timeline, allocator);
	return status == CDPK_OK ? survey(history, set) : status;
}

/* Evaluate a sequence over a timeline, of which it is known what is there. */
static CdpkStatus
evaluate(History *history, CdpkStepSet *set, int64_t within, bool want_horizon,
		 const CdpkAllocator *allocator, CdpkSequenceAnswer *answer)
{
	CdpkProgram program;
	CdpkCorrelation found;
	bool can_match;
	CdpkStatus status;

	cdpk_sequence_compile(history->sequence, &program);
	can_match = steps_possible(&program, history->present) == program.count;
	if (history->present == 0 || (!want_horizon && !can_match))
		return CDPK_OK;
	status = find(&program, history, set, want_horizon ? CDPK_WANT_ALL : CDPK_WANT_MATCH, allocator,
				  &found);
	if (status != CDPK_OK)
		return status;
	/* without an event for each step there is no match, whatever is unknown */
	answer->unknown = found.unknown && can_match;
	answer->matches = found.result.matched && !answer->unknown;
	if (want_horizon && !answer->unknown)
		answer->horizon = find_horizon(&program, &found.result, found.due, within);
	else if (want_horizon)
	{
		/* it stays unknown at least until then */
		answer->horizon = within != 0 ? cdpk_later(found.unknown_at, within) : CDPK_NEVER;
		answer->horizon = found.due < answer->horizon ? found.due : answer->horizon;
	}
	return CDPK_OK;
}

CdpkStatus
cdpk_sequence_evaluate(const CdpkSequence *sequence, const CdpkTimeline *timeline, int64_t within,
					   int64_t as_of, bool want_horizon, const CdpkAllocator *allocator,
					   CdpkSequenceAnswer *answer)
{
	CdpkTimeRange range = cdpk_time_range_until_now(as_of);
	CdpkStepSet set;
	History history;
	CdpkStatus status;

	answer->matches = answer->unknown = false;
	answer->horizon = want_horizon ? CDPK_NEVER : 0;
	if (timeline == NULL)
		return CDPK_OK;
	if (within != 0)
		cdpk_time_range_within(&range, as_of, within);
	status = open_history(&history, sequence, timeline, range, allocator, &set);
	if (status == CDPK_OK)
		status = evaluate(&history, &set, within, want_horizon, allocator, answer);
	cdpk_step_set_close(&set);
	return status;
}

CdpkStatus
cdpk_sequence_depth(const CdpkSequence *sequence, const CdpkTimeline *timeline, CdpkTimeRange range,
					const CdpkAllocator *allocator, unsigned *depth, bool *unknown)
{
	CdpkProgram program;
	CdpkCorrelation found;
	CdpkStepSet set;
	History history;
	CdpkStatus status = open_history(&history, sequence, timeline, range, allocator, &set);

	*depth = 0;
	*unknown = false;
	cdpk_sequence_compile(sequence, &program);
	if (status == CDPK_OK && steps_possible(&program, history.present) > 0)
	{
		status = find(&program, &history, &set, CDPK_WANT_DEPTH, allocator, &found);
		*unknown = status == CDPK_OK && found.unknown;
		*depth = status == CDPK_OK && !*unknown ? found.result.depth : 0;
	}
	cdpk_step_set_close(&set);
	return status;
}
