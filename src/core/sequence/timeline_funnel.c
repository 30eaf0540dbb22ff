/*
 * timeline_funnel.c
 *		How deep a timeline goes into a funnel.
 *
 * Where rows serve one step each, or as many as they can, a chain is a sequence of times that do
 * not descend: then the columns of two neighbouring steps at a time are enough, without bringing
 * all events into one order.  The other modes have the matcher that rows of a table have.
 */
#include "core/sequence/timeline_funnel.h"

/* links that need no memory of the caller */
#define LINKS 128

/* An event at the end of a chain, and the latest beginning of such a chain. */
typedef struct Link
{
	int64_t at;
	int64_t start;
} Link;

/* The events of one step at which chains end, newest first. */
typedef struct Links
{
	Link *links;
	size_t count;
	Link *allocated; /* or NULL */
	Link here[LINKS];
} Links;

/*
 * Read a step's times that are in the time range, and not before "first", each as the
 * beginning of a chain.
 */
static CdpkStatus
read_times(CdpkTimeRange range, const CdpkColumn *column, int64_t first,
		   const CdpkAllocator *allocator, Links *links)
{
	CdpkColumn events = *column; /* of our own: may be kept in registers */
	int64_t at;

	cdpk_release(allocator, links->allocated);
	links->allocated = NULL;
	links->links = links->here;
	links->count = 0;
	first = first > range.first ? first : range.first;
	if (events.count > cdpk_left(&events.times))
		return CDPK_CORRUPT;
	if (events.count > LINKS)
	{
		links->links = links->allocated = cdpk_allocate(allocator, events.count * sizeof(Link));
		if (links->links == NULL)
			return CDPK_OUT_OF_MEMORY;
	}
	while (cdpk_column_next(&events, &at) && at >= first)
		if (at <= range.last)
		{
			links->links[links->count].at = at;
			links->links[links->count++].start = at;
		}
	return events.times.failed ? CDPK_CORRUPT : CDPK_OK;
}

/*
 * Keep of the events of a step those that continue a chain: one that ends at the
 * same time or before, or only before where "increase" says so.  The latest of these has the
 * latest beginning.
 */
static void
continue_chains(const Links *former, int64_t window, bool increase, Links *links)
{
	size_t ended = former->count;
	size_t kept = links->count;

	for (size_t i = links->count; i-- > 0;)
	{
		int64_t at = links->links[i].at;

		while (ended > 0 &&
			   (increase ? former->links[ended - 1].at < at : former->links[ended - 1].at <= at))
			ended--;
		if (ended == former->count ||
			(uint64_t) at - (uint64_t) former->links[ended].start > (uint64_t) window)
			continue;
		kept--;
		links->links[kept].at = at;
		links->links[kept].start = former->links[ended].start;
	}
	links->links += kept;
	links->count -= kept;
}

/* Find the depth where only the order of times matters. */
static CdpkStatus
depth_by_columns(const CdpkTimelineFunnel *funnel, const CdpkTimeline *timeline,
				 const CdpkAllocator *allocator, unsigned *depth)
{
	CdpkTimeline steps = *timeline;
	Links both[2];
	bool increase = (funnel->modes & CDPK_FUNNEL_STRICT_INCREASE) != 0;
	int64_t first = INT64_MIN;
	CdpkStatus status = CDPK_OK;

	*depth = 0;
	both[0].allocated = both[1].allocated = NULL;
	/* step by step: most people have not taken the first ones */
	while (*depth < funnel->count)
	{
		const CdpkName *step = &funnel->steps[*depth];
		Links *links = &both[*depth % 2];
		const Links *former = &both[(*depth + 1) % 2];
		CdpkColumn column;

		if (!cdpk_timeline_find(&steps, step->text, step->length, &column))
		{
			status = cdpk_timeline_failed(&steps) ? CDPK_CORRUPT : CDPK_OK;
			break;
		}
		status = read_times(funnel->range, &column, first, allocator, links);
		if (status != CDPK_OK)
			break;
		if (*depth > 0)
			continue_chains(former, funnel->window, increase, links);
		if (links->count == 0)
			break;
		(*depth)++;
		/* older events than the oldest chain's end continue none */
		first = links->links[links->count - 1].at;
	}
	cdpk_release(allocator, both[0].allocated);
	cdpk_release(allocator, both[1].allocated);
	return status;
}

/* Return the set of steps that events of a name satisfy. */
static uint32_t
steps_of(const CdpkTimelineFunnel *funnel, const CdpkColumn *column)
{
	uint32_t steps = 0;

	for (unsigned i = 0; i < funnel->count; i++)
		if (funnel->steps[i].length == column->name_length &&
			memcmp(funnel->steps[i].text, column->name, column->name_length) == 0)
			steps |= UINT32_C(1) << i;
	return steps;
}

/* Read the events that matter as rows, or count them at most where "rows" is NULL. */
static CdpkStatus
read_rows(const CdpkTimelineFunnel *funnel, CdpkTimeline timeline, CdpkTimed *rows, size_t *count)
{
	CdpkColumn column;

	*count = 0;
	while (cdpk_timeline_next(&timeline, &column))
	{
		uint32_t steps = steps_of(funnel, &column);
		int64_t at;

		if (steps == 0 && (funnel->modes & CDPK_FUNNEL_STRICT_ORDER) == 0)
			continue;
		if (column.count > cdpk_left(&column.times))
			return CDPK_CORRUPT;
		if (rows == NULL)
		{
			*count += column.count;
			continue;
		}
		while (cdpk_column_next(&column, &at) && at >= funnel->range.first)
			if (at <= funnel->range.last)
			{
				rows[*count].at = at;
				rows[(*count)++].value = steps;
			}
		if (column.times.failed)
			return CDPK_CORRUPT;
	}
	return cdpk_timeline_failed(&timeline) ? CDPK_CORRUPT : CDPK_OK;
}

/* Find the depth in any mode. */
static CdpkStatus
depth_by_rows(const CdpkTimelineFunnel *funnel, const CdpkTimeline *timeline,
			  const CdpkAllocator *allocator, unsigned *depth)
{
	CdpkFunnel matcher;
	CdpkTimed *rows;
	size_t count;
	CdpkStatus status = read_rows(funnel, *timeline, NULL, &count);

	*depth = 0;
	if (status != CDPK_OK || count == 0)
		return status;
	rows = cdpk_allocate(allocator, 2 * count * sizeof(CdpkTimed));
	if (rows == NULL)
		return CDPK_OUT_OF_MEMORY;
	status = read_rows(funnel, *timeline, rows, &count);
	if (status == CDPK_OK)
	{
		cdpk_sort(rows, count, rows + count, cdpk_oldest_first, NULL);
		cdpk_funnel_init(&matcher, CDPK_TIME_INSTANT, funnel->modes, funnel->count, funnel->window);
		cdpk_funnel_feed_all(&matcher, rows, count);
		*depth = matcher.depth;
	}
	cdpk_release(allocator, rows);
	return status;
}

/* Return whether a name stands for several steps. */
static bool
repeats(const CdpkTimelineFunnel *funnel)
{
	for (unsigned i = 1; i < funnel->count; i++)
		for (unsigned j = 0; j < i; j++)
			if (funnel->steps[i].length == funnel->steps[j].length &&
				memcmp(funnel->steps[i].text, funnel->steps[j].text, funnel->steps[i].length) == 0)
				return true;
	return false;
}

CdpkStatus
cdpk_timeline_funnel(const CdpkTimelineFunnel *funnel, const CdpkTimeline *timeline,
					 const CdpkAllocator *allocator, unsigned *depth)
{
	if ((funnel->modes & (CDPK_FUNNEL_STRICT_ORDER | CDPK_FUNNEL_STRICT_DEDUPLICATION)) != 0 ||
		((funnel->modes & CDPK_FUNNEL_STRICT_ONCE) != 0 && repeats(funnel)))
		return depth_by_rows(funnel, timeline, allocator, depth);
	return depth_by_columns(funnel, timeline, allocator, depth);
}
