/*
 * stitch_search.c
 *		What reaches an identifier over links of a lower rank.
 */
#include "core/stitch/stitch_search.h"

#include <string.h>

#include "core/stitch/stitch_class.h"
#include "core/stitch/stitch_rank.h"

/* Add a node to the body, and check whether the search is over. */
static CdpkStatus
reach(CdpkStitch *stitch, StitchSearch *search, uint32_t node)
{
	StitchNode *item = stitch_node(stitch, node);
	uint32_t limit = stitch->limit_of[item->name_space];
	bool same = search->limit != NULL && stitch_is_same(&search->limit->evidence);

	item->reached = search->body.key;
	search->body.size++;
	if (limit < stitch->limited &&
		(stitch_is_counted(stitch, node) || CDPK_FAULT(stitch, CLASS_SEARCH)))
		stitch->reached_counts[search->side][limit]++;
	search->found |= node == search->target;
	search->broken |=
		search->other != NULL && stitch_breaks_limits(stitch, same, &search->body, search->other);
	STITCH_PUSH(stitch, stitch->queue, node);
	return CDPK_OK;
}

/* Go breadth first from "start"; the contents of its profile are here. */
CdpkStatus
stitch_search(CdpkStitch *stitch, StitchSearch *search)
{
	uint32_t root = stitch_profile_of(stitch, search->start);

	search->body.kind = STITCH_BODY_REACHED;
	search->body.key = ++stitch->searches;
	search->body.size = 0;
	search->body.counts = stitch->reached_counts[search->side];
	search->body.first_forbid = stitch->profiles.items[root].first_forbid;
	search->body.sets = NULL;
	memset(stitch->reached_counts[search->side], 0, stitch->limited * sizeof(uint32_t));
	stitch->queue.count = 0;
	search->found = false;
	search->broken = false;
	STITCH_TRY(reach(stitch, search, search->start));
	for (uint32_t at = 0; at < stitch->queue.count; at++)
	{
		uint32_t edge = stitch_node(stitch, stitch->queue.items[at])->first_edge;

		for (; edge != STITCH_NONE; edge = stitch->links.items[edge / 2].next_edge[edge % 2])
		{
			uint32_t far = stitch_far_end(stitch, edge);
			const StitchNode *node = stitch_node(stitch, far);

			stitch_tick(stitch);
			if (search->found || search->broken)
				return CDPK_OK;
			if (node->reached != search->body.key && stitch_links_count(node) &&
				node->profile != STITCH_NONE && stitch_root(stitch, node->profile) == root &&
				(search->limit == NULL ||
				 stitch_rank_compare(stitch, &stitch->links.items[edge / 2].rank, search->limit) <
					 0))
				STITCH_TRY(reach(stitch, search, far));
		}
	}
	return CDPK_OK;
}
