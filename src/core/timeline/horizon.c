/*
 * horizon.c
 *		Until when an answer about a stretch of time stays as it is.
 */
#include "core/timeline/horizon.h"

/* times that need no memory of the caller */
#define TIMES 128

/* never_counts says whether no event can be in the stretch at any time. */
static bool
never_counts(const CdpkStretch *stretch)
{
	return stretch->since >= stretch->until ||
		   (stretch->within > 0 && stretch->older_than >= stretch->within);
}

/* The parts of a column as seen from as_of: what may enter, what is in. */
typedef struct View
{
	int64_t first; /* what is older is out for good */
	int64_t in;    /* what is later has not entered yet */
	int64_t until;
} View;

static View
view_of(const CdpkStretch *stretch)
{
	CdpkStretch open = *stretch;
	CdpkPeriod period;
	View view;

	open.until = INT64_MAX;
	period = cdpk_stretch_period(&open);
	view.first = period.first;
	view.in = period.last;
	view.until = stretch->until;
	return view;
}

/*
 * The events that are in the stretch or may enter it, as as_of moves on: newest first, those from
 * "entered" to before "left" are in it, and so are "others", older ones that never leave.
 */
typedef struct Sweep
{
	const CdpkStretch *stretch;
	int64_t *times;
	size_t count;
	size_t entered;
	size_t left;
	uint64_t others;
} Sweep;

/*
 * read_sweep reads what of a column matters.  Where nothing leaves, one event that is in is
 * enough, the newest; the others are counted.
 */
static CdpkStatus
read_sweep(Sweep *sweep, const CdpkColumn *column)
{
	View view = view_of(sweep->stretch);
	CdpkColumn events = *column;
	bool leaves = sweep->stretch->within > 0;
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

/* next_change moves on to the next instant at which events enter or leave, and returns it. */
static int64_t
next_change(Sweep *sweep)
{
	int64_t older_than = sweep->stretch->older_than;
	int64_t within = sweep->stretch->within;
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

/* answer gives the present answer. */
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
			/* where there are others nothing leaves: the oldest that was read stands for the first */
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

/* cdpk_horizon_exact: see the header. */
CdpkStatus
cdpk_horizon_exact(const CdpkStretch *stretch, const CdpkQuestion *question,
				   const CdpkColumn *column, const CdpkAllocator *allocator, int64_t *horizon)
{
	int64_t here[TIMES];
	Sweep sweep = {stretch, here, 0, 0, 0, 0};
	Answer before;
	Answer after;
	CdpkStatus status;

	*horizon = CDPK_NEVER;
	if (never_counts(stretch))
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

/* cdpk_horizon_bound: see the header. */
CdpkStatus
cdpk_horizon_bound(const CdpkStretch *stretch, const CdpkColumn *column, int64_t *horizon)
{
	View view = view_of(stretch);
	CdpkColumn events = *column;
	int64_t at;

	*horizon = CDPK_NEVER;
	if (never_counts(stretch))
		return CDPK_OK;
	while (cdpk_column_next(&events, &at) && at >= view.first)
	{
		int64_t change;

		if (at >= view.until)
			continue;
		/* nothing leaves: then what is in already does not matter, nor what is older */
		if (at <= view.in && stretch->within == 0)
			break;
		change = cdpk_later(at, at > view.in ? stretch->older_than : stretch->within);
		*horizon = change < *horizon ? change : *horizon;
	}
	return events.times.failed ? CDPK_CORRUPT : CDPK_OK;
}

/* cdpk_horizon_bound_all: see the header. */
CdpkStatus
cdpk_horizon_bound_all(const CdpkStretch *stretch, const CdpkTimeline *timeline, int64_t *horizon)
{
	CdpkTimeline passage = *timeline;
	CdpkColumn column;

	*horizon = CDPK_NEVER;
	while (cdpk_timeline_next(&passage, &column))
	{
		int64_t change;
		CdpkStatus status = cdpk_horizon_bound(stretch, &column, &change);

		if (status != CDPK_OK)
			return status;
		*horizon = change < *horizon ? change : *horizon;
	}
	return cdpk_timeline_failed(&passage) ? CDPK_CORRUPT : CDPK_OK;
}
