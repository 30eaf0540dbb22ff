/*
 * stitch_graph.c
 *		Identifiers, links, forbids and profiles in memory.
 */
#include "core/stitch/stitch_graph.h"

#include <string.h>

#include "core/identifier/identifier.h"
#include "core/stitch/stitch_class.h"
#include "core/stitch/stitch_rank.h"

/* an edge is twice a link's number, plus one */
#define LINKS_MAX (UINT32_MAX / 2 - 1)

void
stitch_graph_init(CdpkStitch *stitch)
{
	const CdpkAllocator *allocator = &stitch->memory.allocator;

	cdpk_unionfind_init(&stitch->joined, allocator);
	cdpk_idmap_init(&stitch->node_of_id, allocator);
	cdpk_idmap_init(&stitch->profile_of_id, allocator);
	cdpk_idmap_init(&stitch->link_of_pair, allocator);
	cdpk_idmap_init(&stitch->cell_of_pair, allocator);
	cdpk_idmap_init(&stitch->kin_of_node, allocator);
	cdpk_idmap_init(&stitch->asked_identifiers, allocator);
}

/* Release what is in it; it is as empty as at first then. */
void
stitch_graph_free(CdpkStitch *stitch)
{
	cdpk_unionfind_free(&stitch->joined);
	cdpk_idmap_free(&stitch->node_of_id);
	cdpk_idmap_free(&stitch->profile_of_id);
	cdpk_idmap_free(&stitch->link_of_pair);
	cdpk_idmap_free(&stitch->cell_of_pair);
	cdpk_idmap_free(&stitch->kin_of_node);
	cdpk_idmap_free(&stitch->asked_identifiers);
	stitch_release(&stitch->memory, stitch->kin.items);
	memset(&stitch->kin, 0, sizeof(stitch->kin));
	stitch_release(&stitch->memory, stitch->nodes.items);
	stitch_release(&stitch->memory, stitch->links.items);
	stitch_release(&stitch->memory, stitch->cells.items);
	stitch_release(&stitch->memory, stitch->profiles.items);
	stitch_release(&stitch->memory, stitch->profile_counts.items);
	memset(&stitch->nodes, 0, sizeof(stitch->nodes));
	memset(&stitch->links, 0, sizeof(stitch->links));
	memset(&stitch->cells, 0, sizeof(stitch->cells));
	memset(&stitch->profiles, 0, sizeof(stitch->profiles));
	memset(&stitch->profile_counts, 0, sizeof(stitch->profile_counts));
}

/* Return the node of an identifier, or NONE. */
uint32_t
stitch_find_node(const CdpkStitch *stitch, int64_t identifier_id)
{
	return cdpk_idmap_get(&stitch->node_of_id, (uint64_t) identifier_id);
}

/* Make one key of two nodes in either order. */
static uint64_t
pair_key(uint32_t a, uint32_t b)
{
	return a < b ? (uint64_t) a << 32 | b : (uint64_t) b << 32 | a;
}

/* ---------------------------------------------------------------- profiles */

/* Make a profile of which nothing is known. */
CdpkStatus
stitch_new_profile(CdpkStitch *stitch, int64_t stored_id, uint32_t *profile)
{
	uint32_t place = stitch->profiles.count;
	StitchProfile item;

	memset(&item, 0, sizeof(item));
	item.stored_id = stored_id;
	item.first_member = STITCH_NONE;
	item.next_part = STITCH_NONE;
	item.last_part = place;
	item.strongest = STITCH_NONE;
	item.first_forbid = STITCH_NONE;
	item.last_forbid = STITCH_NONE;
	item.place = STITCH_NONE;
	item.last.kind = STITCH_LAST_UNKNOWN;
	STITCH_TRY(STITCH_RESERVE(stitch, stitch->profile_counts, stitch->limited));
	STITCH_TRY(cdpk_unionfind_extend(&stitch->joined, place + 1));
	STITCH_PUSH(stitch, stitch->profiles, item);
	if (stitch->limited > 0)
		memset(stitch_counts(stitch, place), 0, stitch->limited * sizeof(uint32_t));
	stitch->profile_counts.count += stitch->limited;
	*profile = place;
	return CDPK_OK;
}

/* Find or make the profile with an id of the tables. */
CdpkStatus
stitch_stored_profile(CdpkStitch *stitch, int64_t stored_id, uint32_t *profile)
{
	*profile = cdpk_idmap_get(&stitch->profile_of_id, (uint64_t) stored_id);
	if (*profile != CDPK_IDMAP_NONE)
		return CDPK_OK;
	STITCH_TRY(stitch_new_profile(stitch, stored_id, profile));
	return cdpk_idmap_put(&stitch->profile_of_id, (uint64_t) stored_id, *profile);
}

/* Put a node into the list of a part. */
void
stitch_add_member(CdpkStitch *stitch, uint32_t profile, uint32_t node)
{
	StitchNode *item = stitch_node(stitch, node);

	item->profile = profile;
	item->next_member = stitch->profiles.items[profile].first_member;
	stitch->profiles.items[profile].first_member = node;
}

/* Append a chain of cells to a profile's list. */
void
stitch_append_forbids(CdpkStitch *stitch, StitchProfile *profile, uint32_t first, uint32_t last)
{
	if (first == STITCH_NONE)
		return;
	if (profile->first_forbid == STITCH_NONE)
		profile->first_forbid = first;
	else
		stitch->cells.items[profile->last_forbid].next_in_profile = first;
	profile->last_forbid = last;
}

/* Add one identifier to the summary of a profile. */
static void
count_member(CdpkStitch *stitch, uint32_t root, uint32_t node)
{
	StitchProfile *profile = &stitch->profiles.items[root];
	const StitchNode *item = stitch_node(stitch, node);
	uint32_t limit = stitch->limit_of[item->name_space];

	profile->size++;
	if (limit < stitch->limited && stitch_is_counted(stitch, node))
		stitch_counts(stitch, root)[limit]++;
	if (profile->strongest == STITCH_NONE || stitch_stronger(stitch, node, profile->strongest))
		profile->strongest = node;
	profile->has_forbid |= item->forbidden;
}

/*
 * Make the summary of a profile from its contents, whose classes are known. It is also right for a
 * single identifier that is shared.
 */
void
stitch_summarize(CdpkStitch *stitch, uint32_t root)
{
	StitchProfile *profile = &stitch->profiles.items[root];
	uint32_t alone = profile->next_part == STITCH_NONE ? profile->first_member : STITCH_NONE;
	/* write the last link if the tables do not have it */
	bool touched =
		profile->touched || (profile->known && profile->last.kind == STITCH_LAST_UNKNOWN);

	if (alone != STITCH_NONE && stitch_node(stitch, alone)->next_member != STITCH_NONE)
		alone = STITCH_NONE;
	profile->known = true;
	profile->size = 0;
	profile->strongest = STITCH_NONE;
	profile->has_forbid = false;
	profile->last.kind = STITCH_LAST_NO_LINK;
	if (stitch->limited > 0)
		memset(stitch_counts(stitch, root), 0, stitch->limited * sizeof(uint32_t));
	for (uint32_t part = root; part != STITCH_NONE; part = stitch->profiles.items[part].next_part)
		for (uint32_t node = stitch->profiles.items[part].first_member; node != STITCH_NONE;
			 node = stitch_node(stitch, node)->next_member)
		{
			stitch_tick(stitch);
			if (!stitch_links_count(stitch_node(stitch, node)) && node != alone)
				continue;
			count_member(stitch, root, node);
			/* each link is seen from its stronger end */
			for (uint32_t edge = stitch_node(stitch, node)->first_edge; edge != STITCH_NONE;
				 edge = stitch->links.items[edge / 2].next_edge[edge % 2])
			{
				const StitchNode *far = stitch_node(stitch, stitch_far_end(stitch, edge));

				if (edge % 2 == 0 && stitch_links_count(far) && far->profile != STITCH_NONE &&
					stitch_root(stitch, far->profile) == root)
					stitch_raise_last(stitch, root, &stitch->links.items[edge / 2].rank);
			}
		}
	stitch->profiles.items[root].touched = touched;
}

/* Raise the profile's last rank to that of a link inside it. */
void
stitch_raise_last(CdpkStitch *stitch, uint32_t root, const StitchRank *rank)
{
	StitchProfile *profile = &stitch->profiles.items[root];
	StitchLast old = profile->last;
	StitchLast link;

	link.kind = STITCH_LAST_KNOWN;
	link.rank = *rank;
	stitch_last_raise(stitch, &profile->last, &link);
	if (old.kind != profile->last.kind ||
		(old.kind == STITCH_LAST_KNOWN &&
		 stitch_evidence_earlier(&old.rank.evidence, &profile->last.rank.evidence)))
		profile->touched = true;
}

/* Make one profile of two whose union breaks no rule. */
void
stitch_join(CdpkStitch *stitch, uint32_t x, uint32_t y)
{
	uint32_t root = x < y ? x : y;
	uint32_t other = x < y ? y : x;
	StitchProfile *to = &stitch->profiles.items[root];
	StitchProfile *from = &stitch->profiles.items[other];
	uint32_t *to_counts = stitch_counts(stitch, root);
	const uint32_t *from_counts = stitch_counts(stitch, other);

	/* the root of a union is its smallest item */
	cdpk_unionfind_join(&stitch->joined, x, y);
	to->size += from->size;
	for (uint32_t place = 0; place < stitch->limited; place++)
		to_counts[place] += from_counts[place];
	if (stitch_stronger(stitch, from->strongest, to->strongest))
		to->strongest = from->strongest;
	to->has_forbid |= from->has_forbid;
	to->late |= from->late;
	to->frozen |= from->frozen;
	to->touched = true;
	stitch_last_raise(stitch, &to->last, &from->last);
	stitch_append_forbids(stitch, to, from->first_forbid, from->last_forbid);
	stitch->profiles.items[to->last_part].next_part = other;
	to->last_part = from->last_part;
}

/* ---------------------------------------------------------------- rows */

/* Add a node, and put it into the profile that the tables say; lasting: its payload need not be copied. */
CdpkStatus
stitch_add_identifier(CdpkStitch *stitch, const CdpkStitchIdentifier *row, bool lasting)
{
	uint32_t place = stitch->nodes.count;
	uint32_t profile = STITCH_NONE;
	StitchNode node;

	if (row->identifier_id <= 0 || row->profile_id < 0 ||
		row->name_space >= stitch->rules->namespace_count || row->length < CDPK_IDENTIFIER_HEADER ||
		row->length > CDPK_IDENTIFIER_PAYLOAD_MAX)
		return CDPK_CORRUPT;
	if (stitch_find_node(stitch, row->identifier_id) != STITCH_NONE)
		return CDPK_OK;
	node.identifier_id = row->identifier_id;
	node.payload =
		lasting ? row->payload : stitch_copy_bytes(&stitch->memory, row->payload, row->length);
	if (node.payload == NULL)
		return CDPK_OUT_OF_MEMORY;
	node.length = (uint32_t) row->length;
	node.name_space = row->name_space;
	node.stored_profile = STITCH_NONE;
	node.profile = STITCH_NONE;
	node.next_member = STITCH_NONE;
	node.first_edge = STITCH_NONE;
	node.first_forbid = STITCH_NONE;
	node.reached = 0;
	node.place = STITCH_NONE;
	node.present = row->present;
	node.was_shared = row->shared;
	node.shared = row->shared && row->present;
	node.forbidden = row->forbidden;
	if (row->profile_id != 0)
	{
		STITCH_TRY(stitch_stored_profile(stitch, row->profile_id, &profile));
		/* its identifiers all came with its contents */
		if (stitch->profiles.items[profile].contents)
			return CDPK_CORRUPT;
		node.stored_profile = profile;
	}
	else if (row->present)
		STITCH_TRY(stitch_new_profile(stitch, 0, &profile));
	STITCH_PUSH(stitch, stitch->nodes, node);
	STITCH_TRY(cdpk_idmap_put(&stitch->node_of_id, (uint64_t) row->identifier_id, place));
	if (row->class_id != 0)
		STITCH_TRY(stitch_add_kin(stitch, place, row->class_id));
	if (profile == STITCH_NONE)
		return CDPK_OK;
	stitch_add_member(stitch, profile, place);
	if (row->profile_id == 0)
	{
		stitch->profiles.items[profile].contents = true;
		stitch->profiles.items[profile].touched = true;
		stitch_summarize(stitch, profile);
	}
	return CDPK_OK;
}

/* Take the summary of a profile, unless it is known already. */
CdpkStatus
stitch_add_profile(CdpkStitch *stitch, const CdpkStitchProfile *row)
{
	uint32_t place;
	StitchProfile *profile;

	if (row->profile_id <= 0 || row->identifiers == 0)
		return CDPK_CORRUPT;
	STITCH_TRY(stitch_stored_profile(stitch, row->profile_id, &place));
	profile = &stitch->profiles.items[place];
	if (profile->known || profile->dissolved)
		return CDPK_OK;
	profile->known = true;
	profile->size = row->identifiers;
	for (size_t i = 0; i < row->count_length; i++)
	{
		uint32_t limit;

		if (row->counts[i].name_space >= stitch->rules->namespace_count)
			return CDPK_CORRUPT;
		limit = stitch->limit_of[row->counts[i].name_space];
		if (limit < stitch->limited)
			stitch_counts(stitch, place)[limit] = row->counts[i].count;
	}
	profile->has_forbid = row->has_forbid;
	if (row->identifiers == 1)
		profile->last.kind = STITCH_LAST_NO_LINK;
	else if (row->last_known)
	{
		profile->last.kind = STITCH_LAST_KNOWN;
		profile->last.rank.evidence = row->last;
		profile->last.rank.strong = STITCH_NONE;
		profile->last.rank.weak = STITCH_NONE;
	}
	return CDPK_OK;
}

/*
 * Find or make the link of two nodes; of several rows of one
 * pair the best evidence counts.
 */
CdpkStatus
stitch_put_link(CdpkStitch *stitch, uint32_t a, uint32_t b, const CdpkEvidence *evidence,
				bool refused, uint32_t *link)
{
	uint64_t key = pair_key(a, b);
	StitchLink item;

	if (a == b)
		return CDPK_CORRUPT;
	if (stitch_is_same(evidence))
	{
		STITCH_TRY(stitch_add_kin(stitch, a, 0));
		STITCH_TRY(stitch_add_kin(stitch, b, 0));
	}
	*link = cdpk_idmap_get(&stitch->link_of_pair, key);
	if (*link != CDPK_IDMAP_NONE)
	{
		StitchRank *rank = &stitch->links.items[*link].rank;

		if (stitch_evidence_earlier(evidence, &rank->evidence))
			rank->evidence = *evidence;
		return CDPK_OK;
	}
	*link = stitch->links.count;
	if (*link >= LINKS_MAX)
		return CDPK_OUT_OF_MEMORY;
	item.rank.evidence = *evidence;
	item.rank.strong = stitch_stronger(stitch, a, b) ? a : b;
	item.rank.weak = item.rank.strong == a ? b : a;
	item.next_edge[0] = stitch_node(stitch, item.rank.strong)->first_edge;
	item.next_edge[1] = stitch_node(stitch, item.rank.weak)->first_edge;
	item.refused = refused;
	item.was_refused = refused;
	item.pending = false;
	item.declined = false;
	STITCH_PUSH(stitch, stitch->links, item);
	STITCH_TRY(cdpk_idmap_put(&stitch->link_of_pair, key, *link));
	stitch_node(stitch, item.rank.strong)->first_edge = 2 * *link;
	stitch_node(stitch, item.rank.weak)->first_edge = 2 * *link + 1;
	return CDPK_OK;
}

/* Put a forbid into the lists of one of its ends. */
static CdpkStatus
put_cell(CdpkStitch *stitch, uint32_t node, uint32_t other)
{
	StitchNode *item = stitch_node(stitch, node);
	uint32_t place = stitch->cells.count;
	StitchCell cell;

	cell.nodes[0] = node;
	cell.nodes[1] = other;
	cell.next_in_node = item->first_forbid;
	cell.next_in_profile = STITCH_NONE;
	cell.next_in_set = STITCH_NONE;
	STITCH_PUSH(stitch, stitch->cells, cell);
	item->first_forbid = place;
	if (item->profile != STITCH_NONE)
		stitch_append_forbids(stitch, &stitch->profiles.items[stitch_root(stitch, item->profile)],
							  place, place);
	return CDPK_OK;
}

/* Note that two identifiers may not be in one profile. */
CdpkStatus
stitch_put_forbid(CdpkStitch *stitch, uint32_t a, uint32_t b)
{
	uint64_t key = pair_key(a, b);

	if (a == b)
		return CDPK_CORRUPT;
	if (cdpk_idmap_get(&stitch->cell_of_pair, key) != CDPK_IDMAP_NONE)
		return CDPK_OK;
	STITCH_TRY(cdpk_idmap_put(&stitch->cell_of_pair, key, stitch->cells.count));
	STITCH_TRY(put_cell(stitch, a, b));
	return put_cell(stitch, b, a);
}
