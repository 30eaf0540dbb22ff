/*
 * sequence_columns.c
 *		Matching a sequence of different names, column by column.
 */
#include "core/sequence/sequence_columns.h"

/* links that need no memory of the caller */
#define LINKS 128

/* An event at the end of a chain, and the latest beginning of such a chain. */
typedef struct Link
{
	int64_t at;
	int64_t first;
} Link;

/* The events of one step at which chains end, newest first. */
typedef struct Links
{
	Link *links;
	size_t count;
	Link *allocated; /* or NULL */
	Link here[LINKS];
} Links;

bool
cdpk_asks_for_names(const CdpkAsked *asked)
{
	const CdpkSequence *sequence = asked->sequence;

	if (asked->wanted == CDPK_WANT_ALL || sequence->any_order ||
		sequence->alternatives != sequence->items || !cdpk_sequence_is_plain(sequence) ||
		(asked->modes & ~(unsigned) (CDPK_FUNNEL_STRICT_INCREASE | CDPK_FUNNEL_STRICT_ONCE)) != 0)
		return false;
	for (unsigned i = 0; i < sequence->items; i++)
	{
		const CdpkSequenceItem *item = &sequence->item[i];

		if (item->absent || item->optional || item->times > 1 || item->any != UINT32_C(1) << i)
			return false;
	}
	return true;
}

bool
cdpk_columns_serve(const CdpkAsked *asked)
{
	return cdpk_asks_for_names(asked) && !cdpk_sequence_is_correlated(asked->sequence);
}

/* Read the times of a column in a range, each as the beginning of a chain. */
static CdpkStatus
read_times(CdpkTimeRange range, const CdpkColumn *column, const CdpkAllocator *allocator,
		   Links *links)
{
	CdpkColumn events = *column; /* of our own: may be kept in registers */
	int64_t at;

	cdpk_release(allocator, links->allocated);
	links->allocated = NULL;
	links->links = links->here;
	links->count = 0;
	if (events.count > cdpk_left(&events.times))
		return CDPK_CORRUPT;
	if (events.count > LINKS)
	{
		links->links = links->allocated = cdpk_allocate(allocator, events.count * sizeof(Link));
		if (links->links == NULL)
			return CDPK_OUT_OF_MEMORY;
	}
	while (cdpk_column_next(&events, &at) && at >= range.first)
		if (at <= range.last)
		{
			links->links[links->count].at = at;
			links->links[links->count++].first = at;
		}
	return events.times.failed ? CDPK_CORRUPT : CDPK_OK;
}

/* Read the times of a name. */
static CdpkStatus
read_name(CdpkTimeline *timeline, const CdpkName *name, CdpkTimeRange range,
		  const CdpkAllocator *allocator, Links *links)
{
	CdpkColumn column;

	links->links = links->here;
	links->count = 0;
	if (!cdpk_timeline_find(timeline, name->text, name->length, &column))
		return cdpk_timeline_failed(timeline) ? CDPK_CORRUPT : CDPK_OK;
	return column.count > 0 ? read_times(range, &column, allocator, links) : CDPK_OK;
}

/* Keep of the first step's events those that begin an attempt that counts. */
static void
keep_attempts(const CdpkAsked *asked, Links *links)
{
	size_t last = links->count - 1;

	if (asked->attempts == CDPK_ATTEMPTS_ALL || links->count == 0)
		return;
	/* those of one time are alike */
	if (asked->attempts == CDPK_ATTEMPTS_FIRST)
		links->links += last;
	links->count = 1;
}

/* Return whether one time is later than another by more than a length; 0: any. */
static bool
is_over(int64_t from, int64_t to, int64_t length)
{
	return length != 0 && (uint64_t) to - (uint64_t) from > (uint64_t) length;
}

/*
 * Keep of the events of a step those that continue a chain: one that ends at least "after" before it.  The
 * latest of these has the latest beginning.
 */
static void
continue_chains(const Links *former, const CdpkSequenceItem *item, int64_t after, int64_t whole,
				Links *links)
{
	size_t ended = former->count;
	size_t kept = links->count;

	for (size_t i = links->count; i-- > 0;)
	{
		int64_t at = links->links[i].at;
		const Link *before;

		while (ended > 0 && former->links[ended - 1].at <= at &&
			   (uint64_t) at - (uint64_t) former->links[ended - 1].at >= (uint64_t) after)
			ended--;
		before = &former->links[ended];
		if (ended == former->count || is_over(before->at, at, item->within) ||
			is_over(before->first, at, whole))
			continue;
		kept--;
		links->links[kept].at = at;
		links->links[kept].first = before->first;
	}
	links->links += kept;
	links->count -= kept;
}

/* Note a step that chains reach. */
static void
note(CdpkMatches *matches, unsigned step, const Links *links)
{
	const Link *oldest = &links->links[links->count - 1];

	matches->depth = step + 1;
	if (matches->reach == NULL)
		return;
	matches->reach[step].reached = true;
	matches->reach[step].at = oldest->at;
	matches->reach[step].first = oldest->first;
}

CdpkStatus
cdpk_columns_match(const CdpkAsked *asked, const CdpkTimeline *timeline, CdpkTimeRange range,
				   const CdpkAllocator *allocator, CdpkMatches *matches)
{
	const CdpkSequence *sequence = asked->sequence;
	CdpkTimeline names = *timeline;
	Links both[2];
	int64_t least = (asked->modes & CDPK_FUNNEL_STRICT_INCREASE) != 0 ? 1 : 0;
	CdpkStatus status = CDPK_OK;

	both[0].allocated = both[1].allocated = NULL;
	for (unsigned i = 0; i < sequence->items; i++)
	{
		const CdpkSequenceItem *item = &sequence->item[i];
		CdpkTimeRange readable = range;
		Links *links = &both[i % 2];

		if (i == 0 && asked->bounded)
		{
			cdpk_time_range_since(&readable, asked->begins.first);
			if (asked->begins.last < readable.last)
				readable.last = asked->begins.last;
		}
		status =
			read_name(&names, &sequence->alternative[i].alone.name, readable, allocator, links);
		if (status != CDPK_OK)
			break;
		if (i == 0)
			keep_attempts(asked, links);
		else
			continue_chains(&both[(i + 1) % 2], item, item->after != 0 ? item->after : least,
							sequence->whole, links);
		if (links->count == 0)
			break;
		note(matches, i, links);
		/* older events than the oldest chain's end continue none */
		range.first = links->links[links->count - 1].at;
	}
	matches->matched = matches->depth == sequence->items;
	cdpk_release(allocator, both[0].allocated);
	cdpk_release(allocator, both[1].allocated);
	return status;
}
