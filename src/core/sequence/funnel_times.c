/*
 * funnel_times.c
 *		How long a person took to the steps of a funnel.
 *
 * For each step there is the list of its events that end a chain, in the order of time, each with
 * the beginning of the chain that began last.  A later event of the list never has an earlier
 * beginning, so one pass over the events of a step and the list of the step before makes its list.
 */
#include "core/sequence/funnel_times.h"

/* The events of one step that end a chain. */
typedef struct Reached
{
	size_t count;
	int64_t *at;
	int64_t *start;
} Reached;

/* Release what a list holds. */
static void
release_list(const CdpkAllocator *allocator, const Reached *list)
{
	cdpk_release(allocator, list->at);
	cdpk_release(allocator, list->start);
}

/*
 * Return all events of a step from since to as_of, in the order of time, each as a
 * chain of its own.  None where the timeline has none.
 */
static CdpkStatus
read_events(CdpkColumn column, const CdpkFunnelBounds *bounds, const CdpkAllocator *allocator,
			Reached *list)
{
	int64_t at;
	size_t last;

	/* an event takes a byte at least */
	if (column.count == 0 || column.count > cdpk_left(&column.times))
		return CDPK_CORRUPT;
	last = (size_t) column.count;
	list->at = cdpk_allocate(allocator, last * sizeof(int64_t));
	list->start = cdpk_allocate(allocator, last * sizeof(int64_t));
	if (list->at == NULL || list->start == NULL)
		return CDPK_OUT_OF_MEMORY;
	while (cdpk_column_next(&column, &at) && at >= bounds->since)
		if (at <= bounds->as_of)
			list->at[--last] = at;
	if (column.times.failed)
		return CDPK_CORRUPT;
	list->count = (size_t) column.count - last;
	memmove(list->at, list->at + last, list->count * sizeof(int64_t));
	memcpy(list->start, list->at, list->count * sizeof(int64_t));
	return CDPK_OK;
}

/* Return the events of a step, as read_events does. */
static CdpkStatus
read_step(const CdpkTimeline *timeline, const CdpkStep *step, const CdpkFunnelBounds *bounds,
		  const CdpkAllocator *allocator, Reached *list, bool *unknown)
{
	CdpkTimeRange range = {bounds->since, bounds->as_of};
	CdpkColumn column;
	bool uncertain;
	void *memory;
	CdpkStatus status =
		cdpk_step_column(step, timeline, range, allocator, &column, &uncertain, &memory);

	*list = (Reached){0, NULL, NULL};
	*unknown |= uncertain;
	if (status == CDPK_OK && column.count > 0)
		status = read_events(column, bounds, allocator, list);
	cdpk_release(allocator, memory);
	return status;
}

/* Keep the events with which a chain may begin. */
static void
keep_first(Reached *list, int64_t until)
{
	while (list->count > 0 && list->at[list->count - 1] >= until)
		list->count--;
}

/* Keep the events that continue a chain of the step before, with its beginning. */
static void
keep_reached(Reached *list, const Reached *before, bool later, int64_t window)
{
	size_t behind = 0; /* how many of the step before the event may follow */
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
	{
		int64_t at = list->at[i];

		while (behind < before->count &&
			   (later ? before->at[behind] < at : before->at[behind] <= at))
			behind++;
		/* the distance of two int64_t fits into a uint64_t */
		if (behind == 0 || (uint64_t) at - (uint64_t) before->start[behind - 1] > (uint64_t) window)
			continue;
		list->at[kept] = at;
		list->start[kept++] = before->start[behind - 1];
	}
	list->count = kept;
}

/* Return whether an event of a step may be one of a step before it. */
static bool
repeats(const CdpkStep *steps, unsigned step)
{
	for (unsigned i = 0; i < step; i++)
		if (cdpk_steps_meet(&steps[i], &steps[step]))
			return true;
	return false;
}

CdpkStatus
cdpk_funnel_times(const CdpkTimeline *timeline, const CdpkStep *steps, unsigned count,
				  const CdpkFunnelBounds *bounds, const CdpkAllocator *allocator,
				  int64_t took[CDPK_FUNNEL_STEPS_MAX], unsigned *depth, bool *unknown)
{
	Reached before = {0, NULL, NULL};
	CdpkStatus status = CDPK_OK;

	*depth = 0;
	*unknown = false;
	for (unsigned i = 0; i < count; i++)
	{
		Reached list;

		status = read_step(timeline, &steps[i], bounds, allocator, &list, unknown);
		if (status == CDPK_OK && i == 0)
			keep_first(&list, bounds->until);
		else if (status == CDPK_OK)
			keep_reached(&list, &before, repeats(steps, i), bounds->window);
		release_list(allocator, &before);
		before = list;
		if (status != CDPK_OK || list.count == 0)
			break;
		took[(*depth)++] = list.at[0] - list.start[0];
	}
	release_list(allocator, &before);
	return status;
}
