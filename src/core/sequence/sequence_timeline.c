/*
 * sequence_timeline.c
 *		Whether a timeline has a sequence, and until when the answer stays.
 */
#include "core/sequence/sequence_form.h"

/* so many events are sorted without asking for memory */
#define FEW 64

/* The columns that a sequence names, and the events to read from them. */
typedef struct Columns
{
	CdpkColumn column[CDPK_SEQUENCE_NAMES_MAX];
	uint32_t present; /* bit i: column[i] is there */
	uint64_t events;  /* in all of them */
	CdpkTimeRange range;
	int64_t due; /* the earliest event after the time range, or CDPK_NEVER */
} Columns;

/* Find the columns of the names. */
static CdpkStatus
find_columns(const CdpkSequence *sequence, const CdpkTimeline *timeline, Columns *columns)
{
	columns->present = 0;
	columns->events = 0;
	columns->due = CDPK_NEVER;
	if (timeline == NULL)
		return CDPK_OK;
	if (!cdpk_timeline_find_all(timeline, sequence->name, sequence->names, columns->column))
		return CDPK_CORRUPT;
	for (unsigned i = 0; i < sequence->names; i++)
	{
		const CdpkColumn *column = &columns->column[i];

		if (column->count == 0)
			continue;
		/* every event takes a byte */
		if (column->count > cdpk_left(&column->times))
			return CDPK_CORRUPT;
		columns->present |= UINT32_C(1) << i;
		columns->events += column->count;
	}
	return CDPK_OK;
}

/* Return whether each step has one of its names in the timeline. */
static bool
possible(const CdpkProgram *program, uint32_t present)
{
	for (unsigned i = 0; i < program->count; i++)
		if ((program->steps[i].any & present) == 0)
			return false;
	return true;
}

/* Read the events of the time range, and find the first one after it. */
static CdpkStatus
read_events(const CdpkSequence *sequence, Columns *columns, CdpkTimed *events, size_t *count)
{
	*count = 0;
	for (unsigned i = 0; i < sequence->names; i++)
	{
		CdpkColumn *column = &columns->column[i];
		int64_t at;

		if ((columns->present >> i & 1) == 0)
			continue;
		while (cdpk_column_next(column, &at) && at >= columns->range.first)
		{
			if (at > columns->range.last)
			{
				columns->due = at < columns->due ? at : columns->due;
				continue;
			}
			events[*count].at = at;
			events[(*count)++].value = UINT32_C(1) << i;
		}
		if (column->times.failed)
			return CDPK_CORRUPT;
	}
	return CDPK_OK;
}

/* Feed events to a matcher, as many as the answer needs. */
static CdpkStatus
run(CdpkMatcher *matcher, const CdpkTimed *events, size_t count, int64_t as_of, bool to_the_end)
{
	for (size_t i = 0; i < count && (to_the_end || !matcher->matched); i++)
	{
		uint64_t reached;
		CdpkStatus status = cdpk_matcher_feed(matcher, &events[i], &reached);

		if (status != CDPK_OK)
			return status;
	}
	cdpk_matcher_finish(matcher, as_of);
	return CDPK_OK;
}

/* Return the earliest of the instants at which the answer could change. */
static int64_t
find_horizon(const CdpkMatcher *matcher, int64_t due, int64_t within)
{
	int64_t change = CDPK_NEVER;

	/* as long as the match that begins latest is within, the answer is true */
	if (matcher->matched && within != 0)
		change = cdpk_later(matcher->latest, within);
	/* an event that leaves the window makes nothing true; the end of an absence does */
	if (!matcher->matched && matcher->waiting)
		change = cdpk_later(matcher->waits.at, matcher->program->absent_for.length);
	return change < due ? change : due;
}

/* Evaluate the sequence over the columns, for whose events there is room. */
static CdpkStatus
evaluate_columns(const CdpkSequence *sequence, const CdpkProgram *program, Columns *columns,
				 CdpkTimed *events, int64_t within, bool want_horizon,
				 const CdpkAllocator *allocator, CdpkSequenceAnswer *result)
{
	CdpkMatcher matcher;
	size_t count;
	CdpkStatus status = read_events(sequence, columns, events, &count);

	if (status != CDPK_OK)
		return status;
	cdpk_sort(events, count, events + columns->events, cdpk_history_order, NULL);
	cdpk_matcher_init(&matcher, program, allocator);
	status = run(&matcher, events, count, columns->range.last, want_horizon);
	result->matches = matcher.matched;
	if (want_horizon)
		result->horizon = find_horizon(&matcher, columns->due, within);
	cdpk_matcher_free(&matcher);
	return status;
}

CdpkStatus
cdpk_sequence_evaluate(const CdpkSequence *sequence, const CdpkTimeline *timeline, int64_t within,
					   int64_t as_of, bool want_horizon, const CdpkAllocator *allocator,
					   CdpkSequenceAnswer *result)
{
	CdpkProgram program;
	Columns columns;
	CdpkTimed few[2 * FEW];
	CdpkTimed *events = few;
	CdpkStatus status = find_columns(sequence, timeline, &columns);

	result->matches = false;
	result->horizon = want_horizon ? CDPK_NEVER : 0;
	if (status != CDPK_OK)
		return status;
	cdpk_sequence_compile(sequence, &program);
	if (columns.present == 0 || (!want_horizon && !possible(&program, columns.present)))
		return CDPK_OK;
	columns.range = cdpk_time_range_until_now(as_of);
	if (within != 0)
		cdpk_time_range_within(&columns.range, as_of, within);
	if (columns.events > FEW)
		events = cdpk_allocate(allocator, 2 * columns.events * sizeof(CdpkTimed));
	if (events == NULL)
		return CDPK_OUT_OF_MEMORY;
	status = evaluate_columns(sequence, &program, &columns, events, within, want_horizon, allocator,
							  result);
	if (events != few)
		cdpk_release(allocator, events);
	return status;
}
