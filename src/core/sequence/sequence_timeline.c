/*
 * sequence_timeline.c
 *		Whether a timeline has a sequence, until when the answer stays, and how far it goes into it.
 */
#include "core/sequence/sequence_timeline.h"

#include <string.h>

#include "core/sequence/sequence_columns.h"
#include "core/sequence/sequence_correlated.h"
#include "core/sequence/sequence_run.h"
#include "core/sequence/sequence_same.h"

/* so many events are sorted without asking for memory */
#define FEW 64

/* so many events of which it is not known what they satisfy can leave the answer known */
#define UNKNOWN_MAX 32

/* The events of a timeline that a sequence reads. */
typedef struct History
{
	const CdpkAsked *asked;
	CdpkSurvey survey;
	CdpkTimeRange range;
	CdpkTimed *events;
	CdpkTimed few[2 * FEW];
	size_t count;
	int64_t due; /* the earliest event after the time range, or CDPK_NEVER */
	/* the newest event of which it is not known what it satisfies, and the oldest */
	bool unknown;
	int64_t unknown_at;
	int64_t unknown_first;
	/* how such events are read: as what speaks for a match, or against it */
	bool hopeful;
	uint32_t absent;     /* alternatives of which one must not be there ... */
	uint32_t ambivalent; /* ... and those that stand for both */
	uint32_t unknown_set;
	int64_t unknown_times[UNKNOWN_MAX];
	size_t unknown_count;
	bool bounds; /* whether the two ways to read them bound the answer */
} History;


/* ---------------------------------------------------------------- reading */

/* Note an event of which it is not known whether it satisfies some alternatives. */
static void
note_unknown(History *history, int64_t at, uint32_t unknown)
{
	if (history->unknown_count < UNKNOWN_MAX)
		history->unknown_times[history->unknown_count] = at;
	if (history->unknown_count == 0 || at > history->unknown_at)
		history->unknown_at = at;
	if (history->unknown_count++ == 0 || at < history->unknown_first)
		history->unknown_first = at;
	history->unknown_set |= unknown;
	history->unknown = true;
}

/* Read the events of a column in the time range, and find the first one after it. */
static CdpkStatus
read_column(History *history, CdpkColumn *column, CdpkStepSet *set)
{
	CdpkStatus status = CDPK_OK;
	int64_t at;

	while (status == CDPK_OK && cdpk_column_next(column, &at) && at >= history->range.first)
	{
		uint32_t satisfied = set->always;
		uint32_t unknown = 0;

		if (set->maybe != 0)
			status =
				cdpk_step_set_event(set, column->count - column->left - 1, &satisfied, &unknown);
		if (satisfied == 0 && unknown == 0 && !cdpk_asks_for_strangers(history->asked))
			continue;
		if (at > history->range.last)
		{
			history->due = at < history->due ? at : history->due;
			continue;
		}
		if (unknown != 0)
			note_unknown(history, at, unknown);
		history->events[history->count].at = at;
		history->events[history->count++].value =
			satisfied | (unknown & (history->hopeful ? ~history->absent : history->absent));
	}
	return column->times.failed ? CDPK_CORRUPT : status;
}

/* Read the events, for which there is room. */
static CdpkStatus
read_events(History *history, CdpkStepSet *set)
{
	CdpkSurveyPassage passage;
	CdpkColumn column;
	CdpkStatus status = CDPK_OK;

	cdpk_survey_start(&history->survey, &passage);
	while (status == CDPK_OK && cdpk_survey_next(&history->survey, &passage, set, &column))
	{
		status = cdpk_step_set_column(set, &column);
		if (status == CDPK_OK)
			status = read_column(history, &column, set);
		cdpk_step_set_close_column(set);
	}
	return status == CDPK_OK && cdpk_survey_failed(&passage) ? CDPK_CORRUPT : status;
}

/* ---------------------------------------------------------------- what is not known */

/* Start to read the events. */
static void
begin_events(History *history, bool hopeful)
{
	history->hopeful = hopeful;
	history->count = history->unknown_count = 0;
	history->unknown = history->bounds = false;
	history->unknown_set = 0;
	history->due = CDPK_NEVER;
}

/* Find the alternatives of which one must not be there. */
static void
find_absent(History *history)
{
	const CdpkSequence *sequence = history->asked->sequence;
	uint32_t there = 0;

	history->absent = 0;
	for (unsigned i = 0; i < sequence->items; i++)
		*(sequence->item[i].absent ? &history->absent : &there) |= sequence->item[i].any;
	history->ambivalent = history->absent & there;
}

/*
 * Return whether the two ways to read unknown events bound the answer: more events that satisfy what must be
 * there make more matches, more of the others fewer.  Not so where an alternative stands for both, nor
 * among events of one time, which are read in the order of what they satisfy.  The events are in order.
 */
static bool
find_bounds(const History *history)
{
	if (history->unknown_count > UNKNOWN_MAX || (history->unknown_set & history->ambivalent) != 0)
		return false;
	for (size_t i = 1; i < history->count; i++)
		for (size_t j = 0;
			 history->events[i].at == history->events[i - 1].at && j < history->unknown_count; j++)
			if (history->unknown_times[j] == history->events[i].at)
				return false;
	return true;
}

/* ---------------------------------------------------------------- matching */

/* Feed the events to a matcher, as many as are needed. */
static CdpkStatus
run_program(const CdpkProgram *program, const History *history, const CdpkAllocator *allocator,
			CdpkMatches *matches)
{
	CdpkRun run;
	bool over = false;
	CdpkStatus status = CDPK_OK;

	cdpk_run_init(&run, program, history->asked->wanted, allocator, matches);
	for (size_t i = 0; i < history->count && status == CDPK_OK && !over; i++)
		status = cdpk_run_feed(&run, &history->events[i], &over);
	cdpk_run_end(&run, history->range.last);
	return status;
}

/* Match the events that were read, in each way. */
static CdpkStatus
match(History *history, const CdpkAllocator *allocator, CdpkMatches *matches)
{
	CdpkAsked asked = *history->asked;
	unsigned ways = cdpk_sequence_ways(asked.sequence);
	CdpkStatus status = CDPK_OK;

	cdpk_sort(history->events, history->count, history->events + history->survey.most,
			  cdpk_history_order, NULL);
	history->bounds = history->unknown && find_bounds(history);
	if (asked.attempts != CDPK_ATTEMPTS_ALL)
	{
		CdpkAttempt attempt = cdpk_attempt(asked.sequence);

		for (size_t i = 0; i < history->count; i++)
			cdpk_attempt_note(&attempt, &asked, history->events[i].at, history->events[i].value);
		if (!cdpk_ask_for_attempt(&asked, &attempt))
			return CDPK_OK;
	}
	for (unsigned way = 0; way < ways && status == CDPK_OK; way++)
	{
		CdpkProgram program;

		cdpk_program_make(&asked, way, &program);
		status = run_program(&program, history, allocator, matches);
	}
	return status;
}

/* Read the events and match them, where they have nothing in common. */
static CdpkStatus
match_events(History *history, CdpkStepSet *set, const CdpkAllocator *allocator,
			 CdpkCorrelation *found)
{
	CdpkStatus status;

	history->events = history->few;
	if (history->survey.most > FEW)
		history->events = cdpk_allocate(allocator, 2 * history->survey.most * sizeof(CdpkTimed));
	if (history->events == NULL)
		return CDPK_OUT_OF_MEMORY;
	status = read_events(history, set);
	if (status == CDPK_OK)
		status = match(history, allocator, &found->matches);
	found->due = history->due;
	found->unknown = history->unknown;
	found->unknown_at = history->unknown_at;
	if (history->events != history->few)
		cdpk_release(allocator, history->events);
	return status;
}

/* Read the events and match them. */
static CdpkStatus
find(History *history, CdpkStepSet *set, const CdpkAllocator *allocator, CdpkCorrelation *found)
{
	bool served;
	CdpkStatus status;

	if (!cdpk_sequence_is_correlated(history->asked->sequence))
		return match_events(history, set, allocator, found);
	found->due = CDPK_NEVER;
	found->unknown = false;
	status = cdpk_same_match(history->asked, &history->survey, history->range, allocator,
							 &found->matches, &served);
	if (status != CDPK_OK || served)
		return status;
	return cdpk_sequence_correlate(history->asked, &history->survey, history->range, set, allocator,
								   found);
}

/* Start to read a timeline, and find out what is there. */
static CdpkStatus
open_history(History *history, const CdpkAsked *asked, const CdpkTimeline *timeline,
			 CdpkTimeRange range, const CdpkAllocator *allocator, CdpkStepSet *set)
{
	const CdpkSequence *sequence = asked->sequence;
	CdpkStatus status;

	history->asked = asked;
	history->range = range;
	begin_events(history, false);
	find_absent(history);
	history->survey.present = 0;
	status =
		cdpk_step_set_open(set, sequence->alternative, sequence->alternatives, timeline, allocator);
	return status == CDPK_OK ? cdpk_survey(asked, timeline, set, &history->survey) : status;
}

/* ---------------------------------------------------------------- whether it matches */

/* Return the earliest of the instants at which the answer could change, where it is known. */
static int64_t
find_horizon(const CdpkSequence *sequence, const CdpkMatches *matches, int64_t due, int64_t within)
{
	int64_t change = CDPK_NEVER;

	/* as long as the match that begins latest is within, the answer is true */
	if (matches->matched && within != 0)
		change = cdpk_later(matches->latest, within);
	/* an event that leaves the window makes nothing true; the end of an absence does */
	if (!matches->matched && matches->waiting)
		change = cdpk_later(matches->waits, sequence->item[sequence->items - 1].within);
	return change < due ? change : due;
}

/* Return whether each event that must be there has its name in the timeline. */
static bool
can_match(const History *history)
{
	CdpkProgram program;

	/* all optional events are left out */
	cdpk_program_make(history->asked, cdpk_sequence_ways(history->asked->sequence) - 1, &program);
	return cdpk_program_possible(&program, history->survey.present) ==
		   program.place[program.count - 1] + 1U;
}

/* Return until when an answer that is not known stays so. */
static int64_t
find_unknown_horizon(const History *history, const CdpkCorrelation *found, int64_t within)
{
	/* without one of them the answer may be known; where events have something in common, without all */
	int64_t at = cdpk_sequence_is_correlated(history->asked->sequence) ? found->unknown_at
																	   : history->unknown_first;
	int64_t horizon = within != 0 ? cdpk_later(at, within) : CDPK_NEVER;

	return found->due < horizon ? found->due : horizon;
}

/* Answer where some events are unknown, which were read as what speaks against a match ("least"). */
static CdpkStatus
answer_by_bounds(History *history, CdpkStepSet *set, int64_t within, const CdpkAllocator *allocator,
				 const CdpkCorrelation *least, CdpkSequenceAnswer *answer)
{
	const CdpkSequence *sequence = history->asked->sequence;
	CdpkCorrelation most;
	CdpkStatus status;

	memset(&most.matches, 0, sizeof(most.matches));
	begin_events(history, true);
	status = find(history, set, allocator, &most);
	if (status != CDPK_OK)
		return status;
	answer->matches = least->matches.matched;
	answer->unknown = most.matches.matched != least->matches.matched;
	if (history->asked->wanted == CDPK_WANT_ALL)
	{
		int64_t horizon = find_horizon(sequence, &most.matches, most.due, within);

		answer->horizon = find_horizon(sequence, &least->matches, least->due, within);
		answer->horizon = horizon < answer->horizon ? horizon : answer->horizon;
	}
	return CDPK_OK;
}

/* Evaluate a sequence over a timeline, of which it is known what is there. */
static CdpkStatus
evaluate(History *history, CdpkStepSet *set, int64_t within, const CdpkAllocator *allocator,
		 CdpkSequenceAnswer *answer)
{
	bool want_horizon = history->asked->wanted == CDPK_WANT_ALL;
	bool possible = can_match(history);
	CdpkCorrelation found;
	CdpkStatus status;

	if (history->survey.present == 0 || (!want_horizon && !possible))
		return CDPK_OK;
	memset(&found.matches, 0, sizeof(found.matches));
	status = find(history, set, allocator, &found);
	if (status != CDPK_OK)
		return status;
	/* without an event for each step there is no match, whatever is unknown */
	answer->unknown = found.unknown && possible;
	if (answer->unknown && history->bounds)
		return answer_by_bounds(history, set, within, allocator, &found, answer);
	answer->matches = found.matches.matched && !answer->unknown;
	if (want_horizon)
		answer->horizon = answer->unknown ? find_unknown_horizon(history, &found, within)
										  : find_horizon(history->asked->sequence, &found.matches,
														 found.due, within);
	return CDPK_OK;
}

/* Find out without reading anything but the columns of names. */
static CdpkStatus
match_columns(const CdpkAsked *asked, const CdpkTimeline *timeline, CdpkTimeRange range,
			  const CdpkAllocator *allocator, CdpkSequenceAnswer *answer)
{
	CdpkMatches matches;
	CdpkStatus status;

	memset(&matches, 0, sizeof(matches));
	status = cdpk_columns_match(asked, timeline, range, allocator, &matches);
	answer->matches = status == CDPK_OK && matches.matched;
	return status;
}

CdpkStatus
cdpk_sequence_evaluate(const CdpkSequence *sequence, const CdpkTimeline *timeline, int64_t within,
					   int64_t as_of, bool want_horizon, const CdpkAllocator *allocator,
					   CdpkSequenceAnswer *answer)
{
	CdpkAsked asked = {.sequence = sequence,
					   .wanted = want_horizon ? CDPK_WANT_ALL : CDPK_WANT_MATCH};
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
	if (cdpk_columns_serve(&asked))
		return match_columns(&asked, timeline, range, allocator, answer);
	status = open_history(&history, &asked, timeline, range, allocator, &set);
	if (status == CDPK_OK)
		status = evaluate(&history, &set, within, allocator, answer);
	cdpk_step_set_close(&set);
	return status;
}

/* ---------------------------------------------------------------- how far it goes */

/* Find how far it goes by reading what the sequence names. */
static CdpkStatus
find_depth(const CdpkAsked *asked, const CdpkTimeline *timeline, CdpkTimeRange range,
		   const CdpkAllocator *allocator, CdpkCorrelation *found)
{
	uint32_t first = asked->sequence->any_order ? UINT32_MAX : asked->sequence->item[0].any;
	CdpkStepSet set;
	History history;
	CdpkStatus status = open_history(&history, asked, timeline, range, allocator, &set);

	if (status == CDPK_OK && (history.survey.present & first) != 0)
		status = find(&history, &set, allocator, found);
	cdpk_step_set_close(&set);
	return status;
}

CdpkStatus
cdpk_sequence_funnel(const CdpkAsked *asked, const CdpkTimeline *timeline, CdpkTimeRange range,
					 const CdpkAllocator *allocator, CdpkFunnelAnswer *answer)
{
	CdpkCorrelation found;
	CdpkStatus status;

	memset(&found.matches, 0, sizeof(found.matches));
	found.unknown = false;
	if (asked->wanted == CDPK_WANT_TIMES)
	{
		memset(answer->reach, 0, sizeof(answer->reach));
		found.matches.reach = answer->reach;
	}
	status = cdpk_columns_serve(asked)
				 ? cdpk_columns_match(asked, timeline, range, allocator, &found.matches)
				 : find_depth(asked, timeline, range, allocator, &found);
	answer->unknown = status == CDPK_OK && found.unknown;
	answer->depth = status == CDPK_OK && !answer->unknown ? found.matches.depth : 0;
	return status;
}
