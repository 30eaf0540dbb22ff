/*
 * stitch_rank.c
 *		Which of two identifiers is stronger, and which of two links comes first.
 */
#include "core/stitch/stitch_rank.h"

#include <string.h>

#include "core/identifier/identifier.h"

static int
node_bytes_compare(const CdpkStitch *stitch, uint32_t x, uint32_t y)
{
	const StitchNode *a = &stitch->nodes.items[x];
	const StitchNode *b = &stitch->nodes.items[y];

	return x == y ? 0 : cdpk_identifier_compare(a->payload, a->length, b->payload, b->length);
}

static int
node_priority_compare(const CdpkStitch *stitch, uint32_t x, uint32_t y)
{
	const CdpkStitchNamespace *namespaces = stitch->rules->namespaces;
	int32_t a = namespaces[stitch->nodes.items[x].name_space].priority;
	int32_t b = namespaces[stitch->nodes.items[y].name_space].priority;

	return (a > b) - (a < b);
}

/* Compare by priority number, lower first, then by the bytes of namespace and value. */
bool
stitch_stronger(const CdpkStitch *stitch, uint32_t x, uint32_t y)
{
	int order = node_priority_compare(stitch, x, y);

	return order != 0 ? order < 0 : node_bytes_compare(stitch, x, y) < 0;
}

/* Order evidence: more trust comes earlier, then an earlier time. */
static int
evidence_compare(const CdpkEvidence *x, const CdpkEvidence *y)
{
	if (x->trust != y->trust)
		return x->trust > y->trust ? -1 : 1;
	return (x->first_at > y->first_at) - (x->first_at < y->first_at);
}

bool
stitch_evidence_earlier(const CdpkEvidence *x, const CdpkEvidence *y)
{
	return evidence_compare(x, y) < 0;
}

/* Order the ranks of two links: the lower one is taken first. */
int
stitch_rank_compare(const CdpkStitch *stitch, const StitchRank *x, const StitchRank *y)
{
	int order = evidence_compare(&x->evidence, &y->evidence);

	if (order == 0)
		order = node_priority_compare(stitch, x->strong, y->strong);
	if (order == 0)
		order = node_priority_compare(stitch, x->weak, y->weak);
	if (order == 0)
		order = node_bytes_compare(stitch, x->strong, y->strong);
	if (order == 0)
		order = node_bytes_compare(stitch, x->weak, y->weak);
	return order;
}

/* Return whether a link of this rank is certainly later than all that "last" bounds. */
bool
stitch_is_later(CdpkStitch *stitch, const StitchRank *rank, const StitchLast *last)
{
	int order;

	if (last->kind != STITCH_LAST_KNOWN)
		return last->kind == STITCH_LAST_NO_LINK;
	order = evidence_compare(&rank->evidence, &last->rank.evidence);
	if (order == 0 && last->rank.strong != STITCH_NONE)
		order = stitch_rank_compare(stitch, rank, &last->rank);
	return order > 0;
}

/* Make "last" a bound of what "other" bounds, too. */
void
stitch_last_raise(CdpkStitch *stitch, StitchLast *last, const StitchLast *other)
{
	int order;

	if (last->kind == STITCH_LAST_UNKNOWN || other->kind == STITCH_LAST_NO_LINK)
		return;
	if (last->kind == STITCH_LAST_NO_LINK || other->kind == STITCH_LAST_UNKNOWN)
	{
		*last = *other;
		return;
	}
	order = evidence_compare(&other->rank.evidence, &last->rank.evidence);
	if (order > 0)
		*last = *other;
	else if (order == 0 && last->rank.strong != STITCH_NONE &&
			 (other->rank.strong == STITCH_NONE ||
			  stitch_rank_compare(stitch, &other->rank, &last->rank) > 0))
		last->rank = other->rank;
}

/* Merge two neighbouring runs of sorted links. */
static void
merge_runs(CdpkStitch *stitch, const uint32_t *from, uint32_t *to, uint32_t start, uint32_t middle,
		   uint32_t end)
{
	const StitchLink *links = stitch->links.items;
	uint32_t left = start;
	uint32_t right = middle;

	for (uint32_t at = start; at < end; at++)
	{
		stitch_tick(stitch);
		if (left < middle && (right >= end || stitch_rank_compare(stitch, &links[from[left]].rank,
																  &links[from[right]].rank) <= 0))
			to[at] = from[left++];
		else
			to[at] = from[right++];
	}
}

/* Sort links by rank (a merge sort from the bottom up). */
CdpkStatus
stitch_sort_links(CdpkStitch *stitch, StitchNumbers *links)
{
	uint32_t count = links->count;
	uint32_t *other = stitch_allocate(&stitch->memory, (size_t) count + 1, sizeof(uint32_t));
	uint32_t *from = links->items;
	uint32_t *to = other;

	if (other == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint64_t run = 1; run < count; run *= 2)
	{
		uint32_t *swap = from;

		for (uint64_t start = 0; start < count; start += 2 * run)
		{
			uint64_t middle = start + run < count ? start + run : count;
			uint64_t end = start + 2 * run < count ? start + 2 * run : count;

			merge_runs(stitch, from, to, (uint32_t) start, (uint32_t) middle, (uint32_t) end);
		}
		from = to;
		to = swap;
	}
	if (from == other)
		memcpy(links->items, other, count * sizeof(uint32_t));
	stitch_release(&stitch->memory, other);
	return CDPK_OK;
}
