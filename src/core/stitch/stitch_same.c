/*
 * stitch_same.c
 *		New same pairs.
 *
 * A same pair between two profiles joins them if that breaks no rule, its two classes counted as one.
 * Else it is refused where the parts of the two classes that lower same pairs reach break a forbid or
 * the cap together, and is an early conflict where they do not: both profiles are reworked.
 *
 * A class that grows is counted less: links that a limit refused may be accepted now.  Those inside
 * the profile are; those at its border are inserted again.
 */
#include "core/stitch/stitch_same.h"

#include <string.h>

#include "core/stitch/stitch_class.h"
#include "core/stitch/stitch_graph.h"
#include "core/stitch/stitch_insert.h"
#include "core/stitch/stitch_load.h"
#include "core/stitch/stitch_rank.h"
#include "core/stitch/stitch_rules.h"

/* Load the contents of the profiles at the ends of the pairs: their classes and their borders. */
static CdpkStatus
load_ends(CdpkStitch *stitch)
{
	StitchNumbers ends = {NULL, 0, 0};

	for (uint32_t i = 0; i < stitch->same.count; i++)
	{
		const StitchRank *rank = &stitch->links.items[stitch->same.items[i]].rank;

		STITCH_TRY(stitch_list_profile(stitch, &ends, stitch_profile_of(stitch, rank->strong)));
		STITCH_TRY(stitch_list_profile(stitch, &ends, stitch_profile_of(stitch, rank->weak)));
	}
	STITCH_TRY(stitch_load_contents(stitch, &ends));
	stitch_release(&stitch->memory, ends.items);
	return CDPK_OK;
}

/* Return whether two profiles break a rule together when the classes of a pair are one. */
static bool
breaks_as_one(CdpkStitch *stitch, const StitchRank *rank, uint32_t *common)
{
	StitchBody x = stitch_body_of_profile(stitch, stitch_profile_of(stitch, rank->strong));
	StitchBody y = stitch_body_of_profile(stitch, stitch_profile_of(stitch, rank->weak));

	if (stitch_breaks(stitch, true, &x, &y))
		return true;
	if (CDPK_FAULT(stitch, SAME_NO_LIMIT))
		return false;
	stitch_count_common(stitch, rank->strong, rank->weak, common);
	for (uint32_t place = 0; place < stitch->limited; place++)
		if ((uint64_t) x.counts[place] + y.counts[place] - common[place] > stitch->limits[place])
			return true;
	return false;
}

/* Insert one same pair, and list the profile whose class it makes grow. */
static CdpkStatus
take_pair(CdpkStitch *stitch, StitchLink *link, uint32_t *common, StitchNumbers *grown)
{
	StitchRank rank = link->rank;
	uint32_t x = stitch_profile_of(stitch, rank.strong);
	uint32_t y = stitch_profile_of(stitch, rank.weak);

	if (x != y && breaks_as_one(stitch, &rank, common))
	{
		/* the rework of a profile looks at its links again */
		if (!stitch->profiles.items[x].late && !stitch->profiles.items[y].late &&
			!CDPK_FAULT(stitch, SAME_NO_SEARCH))
			return stitch_conflict(stitch, link);
		stitch_refuse(link);
		stitch->result.statistics.refused_at_once++;
		return CDPK_OK;
	}
	link->refused = false;
	link->pending = false;
	if (x != y)
	{
		stitch_join(stitch, x, y);
		stitch->result.statistics.joined++;
	}
	x = stitch_root(stitch, x);
	STITCH_TRY(stitch_join_classes(stitch, rank.strong, rank.weak));
	stitch_raise_last(stitch, x, &rank);
	stitch->profiles.items[x].touched = true;
	return stitch_list_profile(stitch, grown, x);
}

/* Count the identifiers of each namespace with a limit; return whether classes make them fewer. */
static bool
count_identifiers(CdpkStitch *stitch, uint32_t root, uint32_t *identifiers)
{
	memset(identifiers, 0, stitch->limited * sizeof(uint32_t));
	for (uint32_t part = root; part != STITCH_NONE; part = stitch->profiles.items[part].next_part)
		for (uint32_t node = stitch->profiles.items[part].first_member; node != STITCH_NONE;
			 node = stitch_node(stitch, node)->next_member)
		{
			uint32_t limit = stitch->limit_of[stitch_node(stitch, node)->name_space];

			stitch_tick(stitch);
			if (limit < stitch->limited)
				identifiers[limit]++;
		}
	for (uint32_t place = 0; place < stitch->limited; place++)
		if (identifiers[place] > stitch_counts(stitch, root)[place])
			return true;
	return false;
}

/* List the links of a node to other profiles, and accept those inside its own. */
static CdpkStatus
look_round(CdpkStitch *stitch, uint32_t root, uint32_t node, StitchNumbers *border,
		   StitchNumbers *near)
{
	for (uint32_t edge = stitch_node(stitch, node)->first_edge; edge != STITCH_NONE;
		 edge = stitch->links.items[edge / 2].next_edge[edge % 2])
	{
		StitchLink *link = &stitch->links.items[edge / 2];
		const StitchNode *far = stitch_node(stitch, stitch_far_end(stitch, edge));
		uint32_t other;

		stitch_tick(stitch);
		if (link->pending || !stitch_links_count(far))
			continue;
		if (far->profile == STITCH_NONE)
			return CDPK_CORRUPT;
		other = stitch_root(stitch, far->profile);
		if (other != root && !stitch_is_same(&link->rank.evidence))
		{
			STITCH_PUSH(stitch, *border, edge);
			STITCH_TRY(stitch_list_profile(stitch, near, other));
		}
		else if (other == root && link->refused && !CDPK_FAULT(stitch, SAME_STALE_REFUSAL))
		{
			link->refused = false;
			stitch_raise_last(stitch, root, &link->rank);
		}
	}
	return CDPK_OK;
}

/* Propose the links at the border of a profile that a limit of a grown class may have refused. */
static CdpkStatus
retry_border(CdpkStitch *stitch, uint32_t root, uint32_t *identifiers)
{
	StitchNumbers border = {NULL, 0, 0};
	StitchNumbers near = {NULL, 0, 0};

	if (!count_identifiers(stitch, root, identifiers))
		return CDPK_OK;
	for (uint32_t part = root; part != STITCH_NONE; part = stitch->profiles.items[part].next_part)
		for (uint32_t node = stitch->profiles.items[part].first_member; node != STITCH_NONE;
			 node = stitch_node(stitch, node)->next_member)
			if (stitch_links_count(stitch_node(stitch, node)))
				STITCH_TRY(look_round(stitch, root, node, &border, &near));
	STITCH_TRY(stitch_load_summaries(stitch, &near));
	for (uint32_t i = 0; i < border.count; i++)
	{
		uint32_t other = stitch_profile_of(stitch, stitch_far_end(stitch, border.items[i]));
		bool limited = false;

		stitch_tick(stitch);
		for (uint32_t place = 0; place < stitch->limited; place++)
			limited |= identifiers[place] > stitch_counts(stitch, root)[place] &&
					   (uint64_t) identifiers[place] + stitch_counts(stitch, other)[place] >
						   stitch->limits[place];
		if (limited && !CDPK_FAULT(stitch, SAME_NO_RETRY))
			STITCH_TRY(stitch_propose(stitch, border.items[i] / 2));
	}
	stitch_release(&stitch->memory, border.items);
	stitch_release(&stitch->memory, near.items);
	return CDPK_OK;
}

CdpkStatus
stitch_insert_same(CdpkStitch *stitch)
{
	uint32_t *numbers =
		stitch_allocate(&stitch->memory, (size_t) stitch->limited + 1, sizeof(uint32_t));
	StitchNumbers grown = {NULL, 0, 0};

	if (numbers == NULL)
		return CDPK_OUT_OF_MEMORY;
	stitch->result.statistics.inserted += stitch->same.count;
	STITCH_TRY(load_ends(stitch));
	STITCH_TRY(stitch_sort_links(stitch, &stitch->same));
	for (uint32_t i = 0; i < stitch->same.count; i++)
	{
		stitch_tick(stitch);
		STITCH_TRY(take_pair(stitch, &stitch->links.items[stitch->same.items[i]], numbers, &grown));
	}
	stitch->same.count = 0;
	for (uint32_t i = 0; i < grown.count; i++)
		stitch->profiles.items[grown.items[i]].listed = false;
	for (uint32_t i = 0; i < grown.count; i++)
		/* what was joined to another is looked at with that */
		if (stitch_root(stitch, grown.items[i]) == grown.items[i])
			STITCH_TRY(retry_border(stitch, grown.items[i], numbers));
	stitch_release(&stitch->memory, grown.items);
	stitch_release(&stitch->memory, numbers);
	return CDPK_OK;
}
