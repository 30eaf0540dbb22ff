/*
 * horizon.c
 *		Until when an answer about a time range stays as it is.
 */
#include "core/timeline/horizon.h"

/* times that need no memory of the caller */
#define TIMES 128

/* Return whether no event can be in the time range at any time. */
static bool
never_counts(const CdpkTimeRangeSpec *spec)
{
	return spec->since >= spec->until || (spec->within > 0 && spec->older_than >= spec->within);
}

/* The parts of a column relative to as_of: events that may enter, events that are in. */
typedef struct View
{
	int64_t first; /* older events have left for good */
	int64_t in;    /* later events have not entered yet */
	int64_t until;
} View;

static View
view_of(const CdpkTimeRangeSpec *spec)
{
	CdpkTimeRangeSpec open = *spec;
	CdpkTimeRange range;
	View view;

	open.until = INT64_MAX;
	range = cdpk_time_range_of(&open);
	view.first = range.first;
	view.in = range.last;
	view.until = spec->until;
	return view;
}

/*
 * The events that are in the time range or may enter it, as as_of moves on: newest first, those from
 * "entered" to before "left" are in it, and so are "others", older ones that never leave.
 */
typedef struct Sweep
{
	const CdpkTimeRangeSpec *spec;
	int64_t *times;
	size_t count;
	size_t entered;
	size_t left;
	uint64_t others;
} Sweep;

/*
 * Read what of a column matters.  Where nothing leaves, one event that is in is
 * enough, the newest; the others are counted.
 */
static CdpkStatus
read_sweep(Sweep *sweep, const CdpkColumn *column)
{
	View view = view_of(sweep->spec);
	CdpkColumn events = *column;
	bool leaves = sweep->spec->within > 0;
	int64_t at;

	sweep->count = sweep->entered = 0;
	sweep->others = 0;
	while (cdpk_column_next(&events, &at) && at >= view.first)
	{
		if (at >= view.until)
			continue;
		if (!leaves && sweep->count > sweep->entered)
		{
			sweep->others++;
			if (view.first > INT64_MIN)
				continue;
			/* all that follow are in */
			sweep->others += events.left;
			break;
		}
		sweep->times[sweep->count++] = at;
		sweep->entered += at > view.in;
	}
	sweep->left = sweep->count;
	return events.times.failed ? CDPK_CORRUPT : CDPK_OK;
}

/* Move on to the next instant at which events enter or leave, and return it. */
static int64_t
next_change(Sweep *sweep)
{
	int64_t older_than = sweep->spec->older_than;
	int64_t within = sweep->spec->within;
	int64_t enters = CDPK_NEVER;
	int64_t leaves = CDPK_NEVER;
	int64_t now;

	if (sweep->entered > 0)
		enters = cdpk_later(sweep->times[sweep->entered - 1], older_than);
	if (within > 0 && sweep->left > sweep->entered)
		leaves = cdpk_later(sweep->times[sweep->left - 1], within);
	now = enters < leaves ? enters : leaves;
	if (now == CDPK_NEVER)
		return now;
	while (sweep->entered > 0 && cdpk_later(sweep->times[sweep->entered - 1], older_than) <= now)
		sweep->entered--;
	while (within > 0 && sweep->left > sweep->entered &&
		   cdpk_later(sweep->times[sweep->left - 1], within) <= now)
		sweep->left--;
	return now;
}

/* What the answer is at one instant: equal answers are equal structs. */
typedef struct Answer
{
	bool known;
	int64_t value;
} Answer;

/* Return the present answer. */
static Answer
answer_of(const Sweep *sweep, const CdpkQuestion *question)
{
	uint64_t in = sweep->left - sweep->entered + sweep->others;
	Answer answer = {true, 0};

	switch (question->answer)
	{
		case CDPK_ANSWER_COUNT:
			answer.value = in >= question->at_least && in <= question->at_most;
			break;
		case CDPK_ANSWER_TIMES:
			answer.value = (int64_t) in;
			break;
		case CDPK_ANSWER_FIRST:
			answer.known = in > 0;
			/* with others nothing leaves: the oldest that was read stands for the first */
			if (in > 0)
				answer.value = sweep->times[sweep->left - 1];
			break;
		case CDPK_ANSWER_LAST:
			answer.known = in > 0;
			if (in > 0)
				answer.value = sweep->times[sweep->entered];
			break;
	}
	return answer;
}

CdpkStatus
cdpk_horizon_exact(const CdpkTimeRangeSpec *spec, const CdpkQuestion *question,
				   const CdpkColumn *column, const CdpkAllocator *allocator, int64_t *horizon)
{
	int64_t here[TIMES];
	Sweep sweep = {spec, here, 0, 0, 0, 0};
	Answer before;
	Answer after;
	CdpkStatus status;

	*horizon = CDPK_NEVER;
	if (never_counts(spec))
		return CDPK_OK;
	if (column->count > cdpk_left(&column->times))
		return CDPK_CORRUPT;
	if (column->count > TIMES)
		sweep.times = cdpk_allocate(allocator, column->count * sizeof(int64_t));
	if (sweep.times == NULL)
		return CDPK_OUT_OF_MEMORY;
	status = read_sweep(&sweep, column);
	before = answer_of(&sweep, question);
	while (status == CDPK_OK && (*horizon = next_change(&sweep)) != CDPK_NEVER)
	{
		after = answer_of(&sweep, question);
		if (after.known != before.known || after.value != before.value)
			break;
	}
	if (sweep.times != here)
		cdpk_release(allocator, sweep.times);
	return status;
}

CdpkStatus
cdpk_horizon_bound(const CdpkTimeRangeSpec *spec, const CdpkColumn *column, int64_t *horizon)
{
	View view = view_of(spec);
	CdpkColumn events = *column;
	int64_t at;

	*horizon = CDPK_NEVER;
	if (never_counts(spec))
		return CDPK_OK;
	while (cdpk_column_next(&events, &at) && at >= view.first)
	{
		int64_t change;

		if (at >= view.until)
			continue;
		/* nothing leaves: then neither the events already in nor older ones matter */
		if (at <= view.in && spec->within == 0)
			break;
		change = cdpk_later(at, at > view.in ? spec->older_than : spec->within);
		*horizon = change < *horizon ? change : *horizon;
	}
	return events.times.failed ? CDPK_CORRUPT : CDPK_OK;
}

CdpkStatus
cdpk_horizon_bound_all(const CdpkTimeRangeSpec *spec, const CdpkTimeline *timeline,
					   int64_t *horizon)
{
	CdpkTimeline passage = *timeline;
	CdpkColumn column;

	*horizon = CDPK_NEVER;
	while (cdpk_timeline_next(&passage, &column))
	{
		int64_t change;
		CdpkStatus status = cdpk_horizon_bound(spec, &column, &change);

		if (status != CDPK_OK)
			return status;
		*horizon = change < *horizon ? change : *horizon;
	}
	return cdpk_timeline_failed(&passage) ? CDPK_CORRUPT : CDPK_OK;
}
