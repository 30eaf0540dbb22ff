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

/* Read a step's times from the timeline. */
static CdpkStatus
read_step(const CdpkTimelineFunnel *funnel, const CdpkStep *step, CdpkTimeline *timeline,
		  int64_t first, const CdpkAllocator *allocator, Links *links, bool *unknown)
{
	CdpkColumn column;
	void *memory = NULL;
	bool uncertain = false;
	CdpkStatus status = CDPK_OK;

	links->count = 0;
	column.count = 0;
	if (!step->plain)
		status = cdpk_step_column(step, timeline, funnel->range, allocator, &column, &uncertain,
								  &memory);
	else if (!cdpk_timeline_find(timeline, step->alone.name.text, step->alone.name.length, &column))
	{
		column.count = 0;
		status = cdpk_timeline_failed(timeline) ? CDPK_CORRUPT : CDPK_OK;
	}
	*unknown |= uncertain;
	if (status == CDPK_OK && column.count > 0)
		status = read_times(funnel->range, &column, first, allocator, links);
	cdpk_release(allocator, memory);
	return status;
}

/* Find the depth where only the order of times matters. */
static CdpkStatus
depth_by_columns(const CdpkTimelineFunnel *funnel, const CdpkTimeline *timeline,
				 const CdpkAllocator *allocator, unsigned *depth, bool *unknown)
{
	CdpkTimeline steps = *timeline;
	Links both[2];
	bool increase = (funnel->modes & CDPK_FUNNEL_STRICT_INCREASE) != 0;
	int64_t first = INT64_MIN;
	CdpkStatus status = CDPK_OK;

	both[0].allocated = both[1].allocated = NULL;
	/* step by step: most people have not taken the first ones */
	while (*depth < funnel->count)
	{
		Links *links = &both[*depth % 2];
		const Links *former = &both[(*depth + 1) % 2];

		status =
			read_step(funnel, &funnel->steps[*depth], &steps, first, allocator, links, unknown);
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

/* ---------------------------------------------------------------- by rows */

/* Which steps the events of a column satisfy. */
typedef struct Satisfied
{
	const CdpkAllocator *allocator;
	CdpkProperties properties;
	CdpkName *texts;
	CdpkStepFilter *filters; /* for each step, where one has conditions; or NULL */
	uint32_t always;         /* steps that each event of the column satisfies */
	uint32_t maybe;          /* steps whose filters say */
} Satisfied;

/* Find which steps the events of a column satisfy. */
static CdpkStatus
open_column(const CdpkTimelineFunnel *funnel, const CdpkColumn *column, Satisfied *satisfied)
{
	CdpkStatus status = CDPK_OK;

	satisfied->always = satisfied->maybe = 0;
	for (unsigned i = 0; i < funnel->count && status == CDPK_OK; i++)
	{
		const CdpkStep *step = &funnel->steps[i];
		CdpkStepFilter *filter = satisfied->filters != NULL ? &satisfied->filters[i] : NULL;

		if (!cdpk_step_names(step, column->name, column->name_length))
			continue;
		if (step->plain)
		{
			satisfied->always |= UINT32_C(1) << i;
			continue;
		}
		status = cdpk_step_filter(step, &satisfied->properties, column, satisfied->allocator,
								  &satisfied->texts, filter);
		*(filter->all ? &satisfied->always : &satisfied->maybe) |= UINT32_C(1) << i;
	}
	return status;
}

/* Release what open_column took. */
static void
close_column(const CdpkTimelineFunnel *funnel, Satisfied *satisfied)
{
	for (unsigned i = 0; satisfied->filters != NULL && i < funnel->count; i++)
		cdpk_step_filter_free(&satisfied->filters[i]);
}

/* Find which steps an event satisfies. */
static CdpkStatus
steps_of(Satisfied *satisfied, uint64_t event, uint32_t *steps, bool *unknown)
{
	*steps = satisfied->always;
	for (unsigned i = 0; satisfied->maybe >> i != 0; i++)
	{
		CdpkTruth truth;
		CdpkStatus status;

		if ((satisfied->maybe >> i & 1) == 0)
			continue;
		status = cdpk_step_filter_event(&satisfied->filters[i], event, &truth);
		if (status != CDPK_OK)
			return status;
		*steps |= (uint32_t) (truth == CDPK_YES) << i;
		*unknown |= truth == CDPK_UNKNOWN;
	}
	return CDPK_OK;
}

/* Read the events of a column that matter as rows, for which there is room. */
static CdpkStatus
read_column(const CdpkTimelineFunnel *funnel, CdpkColumn *column, Satisfied *satisfied,
			CdpkTimed *rows, size_t *count, bool *unknown)
{
	bool all = (funnel->modes & CDPK_FUNNEL_STRICT_ORDER) != 0;
	CdpkStatus status = CDPK_OK;
	int64_t at;

	while (status == CDPK_OK && cdpk_column_next(column, &at) && at >= funnel->range.first)
	{
		uint32_t steps;

		if (at > funnel->range.last)
			continue;
		status = steps_of(satisfied, column->count - column->left - 1, &steps, unknown);
		if (steps == 0 && !all)
			continue;
		rows[*count].at = at;
		rows[(*count)++].value = steps;
	}
	return column->times.failed ? CDPK_CORRUPT : status;
}

/* Read the events that matter as rows, or count them at most where "rows" is NULL. */
static CdpkStatus
read_rows(const CdpkTimelineFunnel *funnel, CdpkTimeline timeline, Satisfied *satisfied,
		  CdpkTimed *rows, size_t *count, bool *unknown)
{
	CdpkColumn column;
	CdpkStatus status = CDPK_OK;

	*count = 0;
	while (status == CDPK_OK && cdpk_timeline_next(&timeline, &column))
	{
		status = open_column(funnel, &column, satisfied);
		if (status == CDPK_OK && (satisfied->always | satisfied->maybe) == 0 &&
			(funnel->modes & CDPK_FUNNEL_STRICT_ORDER) == 0)
			continue;
		if (column.count > cdpk_left(&column.times))
			status = CDPK_CORRUPT;
		if (rows == NULL)
			*count += column.count;
		else if (status == CDPK_OK)
			status = read_column(funnel, &column, satisfied, rows, count, unknown);
		close_column(funnel, satisfied);
	}
	return status == CDPK_OK && cdpk_timeline_failed(&timeline) ? CDPK_CORRUPT : status;
}

/* Find the depth over rows, for which there is room. */
static CdpkStatus
depth_of_rows(const CdpkTimelineFunnel *funnel, const CdpkTimeline *timeline, Satisfied *satisfied,
			  CdpkTimed *rows, unsigned *depth, bool *unknown)
{
	CdpkFunnel matcher;
	size_t count;
	CdpkStatus status = read_rows(funnel, *timeline, satisfied, rows, &count, unknown);

	if (status != CDPK_OK)
		return status;
	cdpk_sort(rows, count, rows + count, cdpk_oldest_first, NULL);
	cdpk_funnel_init(&matcher, CDPK_TIME_INSTANT, funnel->modes, funnel->count, funnel->window);
	cdpk_funnel_feed_all(&matcher, rows, count);
	*depth = matcher.depth;
	return CDPK_OK;
}

/* Make room for the filters, if a step has conditions. */
static CdpkStatus
open_filters(const CdpkTimelineFunnel *funnel, const CdpkTimeline *timeline, Satisfied *satisfied)
{
	bool plain = true;

	for (unsigned i = 0; i < funnel->count; i++)
		plain = plain && funnel->steps[i].plain;
	if (plain)
		return CDPK_OK;
	satisfied->filters =
		cdpk_allocate(satisfied->allocator, funnel->count * sizeof(CdpkStepFilter));
	if (satisfied->filters == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (unsigned i = 0; i < funnel->count; i++)
		satisfied->filters[i].property_count = 0;
	return cdpk_properties_open(timeline, &satisfied->properties);
}

/* Find the depth in any mode. */
static CdpkStatus
depth_by_rows(const CdpkTimelineFunnel *funnel, const CdpkTimeline *timeline,
			  const CdpkAllocator *allocator, unsigned *depth, bool *unknown)
{
	Satisfied satisfied = {.allocator = allocator};
	CdpkTimed *rows = NULL;
	size_t count = 0;
	CdpkStatus status = open_filters(funnel, timeline, &satisfied);

	if (status == CDPK_OK)
		status = read_rows(funnel, *timeline, &satisfied, NULL, &count, unknown);
	if (status == CDPK_OK && count > 0)
	{
		rows = cdpk_allocate(allocator, 2 * count * sizeof(CdpkTimed));
		status = rows == NULL ? CDPK_OUT_OF_MEMORY
							  : depth_of_rows(funnel, timeline, &satisfied, rows, depth, unknown);
	}
	cdpk_release(allocator, rows);
	cdpk_release(allocator, satisfied.texts);
	cdpk_release(allocator, satisfied.filters);
	return status;
}

/* Return whether an event may satisfy several steps. */
static bool
overlaps(const CdpkTimelineFunnel *funnel)
{
	for (unsigned i = 1; i < funnel->count; i++)
		for (unsigned j = 0; j < i; j++)
			if (cdpk_steps_meet(&funnel->steps[i], &funnel->steps[j]))
				return true;
	return false;
}

CdpkStatus
cdpk_timeline_funnel(const CdpkTimelineFunnel *funnel, const CdpkTimeline *timeline,
					 const CdpkAllocator *allocator, unsigned *depth, bool *unknown)
{
	*depth = 0;
	*unknown = false;
	if ((funnel->modes & (CDPK_FUNNEL_STRICT_ORDER | CDPK_FUNNEL_STRICT_DEDUPLICATION)) != 0 ||
		((funnel->modes & CDPK_FUNNEL_STRICT_ONCE) != 0 && overlaps(funnel)))
		return depth_by_rows(funnel, timeline, allocator, depth, unknown);
	return depth_by_columns(funnel, timeline, allocator, depth, unknown);
}
