/*
 * stitch_class.c
 *		Classes: what same pairs have joined inside a profile.
 */
#include "core/stitch/stitch_class.h"

#include <string.h>

#include "core/stitch/stitch_rank.h"

CdpkStatus
stitch_add_kin(CdpkStitch *stitch, uint32_t node, int64_t class_id)
{
	uint32_t place = stitch->kin.count;
	StitchKin kin = {node, place, place, true, class_id};

	if (stitch_kin(stitch, node) != STITCH_NONE)
		return CDPK_OK;
	STITCH_PUSH(stitch, stitch->kin, kin);
	return cdpk_idmap_put(&stitch->kin_of_node, node, place);
}

/* Make one ring of two classes. */
static void
join_rings(CdpkStitch *stitch, uint32_t x, uint32_t y)
{
	StitchKin *kin = stitch->kin.items;
	uint32_t from = kin[x].ring < kin[y].ring ? y : x;
	uint32_t to = kin[from == x ? y : x].ring;
	uint32_t at = from;
	uint32_t next = kin[x].next;

	do
	{
		kin[at].ring = to;
		at = kin[at].next;
	} while (at != from);
	kin[x].next = kin[y].next;
	kin[y].next = next;
}

/* List the identifiers of a profile that same pairs name, each alone. */
static CdpkStatus
list_kin(CdpkStitch *stitch, uint32_t root, StitchNumbers *list)
{
	for (uint32_t part = root; part != STITCH_NONE; part = stitch->profiles.items[part].next_part)
		for (uint32_t node = stitch->profiles.items[part].first_member; node != STITCH_NONE;
			 node = stitch_node(stitch, node)->next_member)
		{
			uint32_t place = stitch_kin(stitch, node);

			stitch_tick(stitch);
			if (place == STITCH_NONE)
				continue;
			stitch->kin.items[place].ring = place;
			stitch->kin.items[place].next = place;
			stitch->kin.items[place].counted = true;
			STITCH_PUSH(stitch, *list, place);
		}
	return CDPK_OK;
}

/* Join what same pairs inside a profile connect to an identifier. */
static void
follow_same(CdpkStitch *stitch, uint32_t root, uint32_t place)
{
	uint32_t node = stitch->kin.items[place].node;
	uint32_t edge = stitch_node(stitch, node)->first_edge;

	for (; edge != STITCH_NONE; edge = stitch->links.items[edge / 2].next_edge[edge % 2])
	{
		const StitchNode *far = stitch_node(stitch, stitch_far_end(stitch, edge));
		uint32_t other;

		stitch_tick(stitch);
		/* each link is seen from its stronger end */
		if (edge % 2 != 0 || !stitch_is_same(&stitch->links.items[edge / 2].rank.evidence) ||
			!stitch_links_count(far) || far->profile == STITCH_NONE ||
			stitch_root(stitch, far->profile) != root)
			continue;
		other = stitch_kin(stitch, stitch_far_end(stitch, edge));
		if (stitch->kin.items[place].ring != stitch->kin.items[other].ring)
			join_rings(stitch, place, other);
	}
}

CdpkStatus
stitch_find_classes(CdpkStitch *stitch, uint32_t root)
{
	StitchNumbers list = {NULL, 0, 0};
	CdpkIdMap taken;

	if (stitch->kin.count == 0)
		return CDPK_OK;
	STITCH_TRY(list_kin(stitch, root, &list));
	for (uint32_t i = 0; i < list.count; i++)
		if (stitch_links_count(stitch_node(stitch, stitch->kin.items[list.items[i]].node)))
			follow_same(stitch, root, list.items[i]);
	cdpk_idmap_init(&taken, &stitch->memory.allocator);
	for (uint32_t i = 0; i < list.count; i++)
	{
		StitchKin *kin = &stitch->kin.items[list.items[i]];
		uint64_t key = (uint64_t) kin->ring << 32 | stitch_node(stitch, kin->node)->name_space;

		kin->counted = cdpk_idmap_get(&taken, key) == CDPK_IDMAP_NONE;
		STITCH_TRY(cdpk_idmap_put(&taken, key, 0));
	}
	cdpk_idmap_free(&taken);
	stitch_release(&stitch->memory, list.items);
	return CDPK_OK;
}

/* Set the namespaces with a limit that the class of an identifier has identifiers of. */
static void
mark_limits(CdpkStitch *stitch, uint32_t place, uint32_t mark, uint32_t *marks)
{
	uint32_t at = place;

	do
	{
		uint32_t node = stitch->kin.items[at].node;
		uint32_t limit = stitch->limit_of[stitch_node(stitch, node)->name_space];

		if (limit < stitch->limited)
			marks[limit] |= mark;
		at = stitch->kin.items[at].next;
	} while (at != place);
}

bool
stitch_count_common(CdpkStitch *stitch, uint32_t a, uint32_t b, uint32_t *common)
{
	uint32_t x = stitch_kin(stitch, a);
	uint32_t y = stitch_kin(stitch, b);

	memset(common, 0, stitch->limited * sizeof(uint32_t));
	if (stitch->kin.items[x].ring == stitch->kin.items[y].ring)
		return false;
	mark_limits(stitch, x, 1, common);
	mark_limits(stitch, y, 2, common);
	for (uint32_t place = 0; place < stitch->limited; place++)
		common[place] = common[place] == 3;
	return true;
}

CdpkStatus
stitch_join_classes(CdpkStitch *stitch, uint32_t a, uint32_t b)
{
	uint32_t x = stitch_kin(stitch, a);
	uint32_t y = stitch_kin(stitch, b);
	uint32_t root = stitch_profile_of(stitch, a);
	uint32_t *common =
		stitch_allocate(&stitch->memory, (size_t) stitch->limited + 1, sizeof(uint32_t));
	uint32_t at = y;

	if (common == NULL)
		return CDPK_OUT_OF_MEMORY;
	if (!stitch_count_common(stitch, a, b, common))
	{
		stitch_release(&stitch->memory, common);
		return CDPK_OK;
	}
	for (uint32_t place = 0; place < stitch->limited; place++)
		stitch_counts(stitch, root)[place] -= common[place];
	do
	{
		StitchKin *kin = &stitch->kin.items[at];
		uint32_t limit = stitch->limit_of[stitch_node(stitch, kin->node)->name_space];

		if (limit < stitch->limited && common[limit] > 0)
			kin->counted = false;
		at = kin->next;
	} while (at != y);
	stitch_release(&stitch->memory, common);
	join_rings(stitch, x, y);
	return CDPK_OK;
}

int64_t
stitch_class_id(const CdpkStitch *stitch, uint32_t kin)
{
	const StitchKin *items = stitch->kin.items;
	int64_t smallest = stitch->nodes.items[items[kin].node].identifier_id;

	if (items[kin].next == kin)
		return 0;
	for (uint32_t at = items[kin].next; at != kin; at = items[at].next)
		if (stitch->nodes.items[items[at].node].identifier_id < smallest)
			smallest = stitch->nodes.items[items[at].node].identifier_id;
	return smallest;
}
