/*
 * stitch_rework.c
 *		Profiles that are taken apart and put together again.
 *
 * All their identifiers are put apart, and the links that have an end among them
 * are taken in order of rank.  A neighbouring profile is left alone unless a
 * refused link to it would be accepted at its place: then it is taken in, and the
 * work starts again for the profiles that hang together with it.
 *
 * One round works on everything that is left.  What cannot be decided (the
 * neighbour is to be taken in, or its contents must be loaded first) taints the
 * set of identifiers where it arose, and all that links connect to that set
 * later; the other sets go on, so that one round finds much of what has to be
 * loaded.  Groups of profiles without a taint are done at the end of a round.
 */
#include "core/stitch/stitch_rework.h"

#include <string.h>

#include "core/stitch/stitch_class.h"
#include "core/stitch/stitch_graph.h"
#include "core/stitch/stitch_load.h"
#include "core/stitch/stitch_rank.h"
#include "core/stitch/stitch_search.h"

typedef struct Rework
{
	/* of this round */
	StitchNumbers profiles; /* roots that are taken apart; places are places here */
	StitchNumbers nodes;    /* their identifiers; places are places here */
	StitchNumbers alone;    /* those that are shared or gone */
	StitchNumbers links;    /* with an end among the nodes, by rank */
	StitchNumbers near;     /* neighbouring profiles, to be known */
	CdpkUnionFind groups;   /* of profiles, joined by any link */
	bool *tainted_groups;
	/* the sets that identifiers form */
	CdpkUnionFind sets;
	bool *tainted;
	uint32_t *size;
	uint32_t *counts;
	uint32_t *first_forbid;
	uint32_t *last_forbid;
	uint32_t *made; /* set → the profile made of it, or NONE */
	/* for the next round */
	StitchNumbers left;   /* roots of tainted groups */
	StitchNumbers grown;  /* neighbours to be taken in; one may be here twice */
	StitchNumbers wanted; /* profiles to be loaded */
} Rework;

/* ---------------------------------------------------------------- what is to be done */

/* List the identifiers of the profiles and return all of them places. */
static CdpkStatus
gather_nodes(CdpkStitch *stitch, Rework *rework)
{
	rework->nodes.count = 0;
	rework->alone.count = 0;
	STITCH_TRY(cdpk_unionfind_extend(&rework->groups, rework->profiles.count));
	for (uint32_t i = 0; i < rework->profiles.count; i++)
	{
		uint32_t part = rework->profiles.items[i];

		stitch->profiles.items[part].place = i;
		for (; part != STITCH_NONE; part = stitch->profiles.items[part].next_part)
			for (uint32_t node = stitch->profiles.items[part].first_member; node != STITCH_NONE;
				 node = stitch_node(stitch, node)->next_member)
			{
				if (stitch_links_count(stitch_node(stitch, node)))
				{
					stitch_node(stitch, node)->place = rework->nodes.count;
					STITCH_PUSH(stitch, rework->nodes, node);
				}
				else
					STITCH_PUSH(stitch, rework->alone, node);
			}
	}
	return CDPK_OK;
}

/* Take a link into the round, unless it has no effect. */
static CdpkStatus
gather_link(CdpkStitch *stitch, Rework *rework, uint32_t node, uint32_t edge)
{
	uint32_t far = stitch_far_end(stitch, edge);
	uint32_t mine = stitch_profile_of(stitch, node);
	uint32_t other;

	if (stitch->links.items[edge / 2].pending || !stitch_links_count(stitch_node(stitch, far)))
		return CDPK_OK;
	if (stitch_node(stitch, far)->profile == STITCH_NONE)
		return CDPK_CORRUPT;
	other = stitch_profile_of(stitch, far);
	if (stitch_node(stitch, far)->place == STITCH_NONE)
	{
		STITCH_PUSH(stitch, rework->links, edge / 2);
		return stitch_list_profile(stitch, &rework->near, other);
	}
	/* found from both ends: taken from the stronger one */
	if (edge % 2 == 0)
		STITCH_PUSH(stitch, rework->links, edge / 2);
	cdpk_unionfind_join(&rework->groups, stitch->profiles.items[mine].place,
						stitch->profiles.items[other].place);
	return CDPK_OK;
}

static CdpkStatus
gather_links(CdpkStitch *stitch, Rework *rework)
{
	rework->links.count = 0;
	for (uint32_t i = 0; i < rework->nodes.count; i++)
	{
		uint32_t node = rework->nodes.items[i];

		for (uint32_t edge = stitch_node(stitch, node)->first_edge; edge != STITCH_NONE;
			 edge = stitch->links.items[edge / 2].next_edge[edge % 2])
		{
			stitch_tick(stitch);
			STITCH_TRY(gather_link(stitch, rework, node, edge));
		}
	}
	STITCH_TRY(stitch_load_summaries(stitch, &rework->near));
	return stitch_sort_links(stitch, &rework->links);
}

/* Put every identifier into a set of its own. */
static CdpkStatus
make_sets(CdpkStitch *stitch, Rework *rework)
{
	StitchMemory *memory = &stitch->memory;
	uint32_t count = rework->nodes.count;
	uint32_t limited = stitch->limited;

	STITCH_TRY(cdpk_unionfind_extend(&rework->sets, count));
	rework->tainted = stitch_allocate(memory, (size_t) count + 1, sizeof(bool));
	rework->tainted_groups =
		stitch_allocate(memory, (size_t) rework->profiles.count + 1, sizeof(bool));
	rework->size = stitch_allocate(memory, (size_t) count + 1, sizeof(uint32_t));
	rework->counts = stitch_allocate(memory, (size_t) count * limited + 1, sizeof(uint32_t));
	rework->first_forbid = stitch_allocate(memory, (size_t) count + 1, sizeof(uint32_t));
	rework->last_forbid = stitch_allocate(memory, (size_t) count + 1, sizeof(uint32_t));
	rework->made = stitch_allocate(memory, (size_t) count + 1, sizeof(uint32_t));
	if (rework->tainted == NULL || rework->tainted_groups == NULL || rework->size == NULL ||
		rework->counts == NULL || rework->first_forbid == NULL || rework->last_forbid == NULL ||
		rework->made == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(rework->tainted, 0, count * sizeof(bool));
	memset(rework->tainted_groups, 0, rework->profiles.count * sizeof(bool));
	for (uint32_t place = 0; place < count; place++)
	{
		StitchBody body = stitch_body_of_node(stitch, rework->nodes.items[place]);

		rework->size[place] = 1;
		rework->made[place] = STITCH_NONE;
		memcpy(rework->counts + (size_t) place * limited, body.counts, limited * sizeof(uint32_t));
		rework->first_forbid[place] = body.first_forbid;
		rework->last_forbid[place] = STITCH_NONE;
		for (uint32_t at = body.first_forbid; at != STITCH_NONE;
			 at = stitch->cells.items[at].next_in_node)
		{
			stitch->cells.items[at].next_in_set = stitch->cells.items[at].next_in_node;
			rework->last_forbid[place] = at;
		}
	}
	return CDPK_OK;
}

/* Release the places and the memory of a round. */
static void
end_round(CdpkStitch *stitch, Rework *rework)
{
	StitchMemory *memory = &stitch->memory;

	for (uint32_t i = 0; i < rework->nodes.count; i++)
		stitch_node(stitch, rework->nodes.items[i])->place = STITCH_NONE;
	for (uint32_t i = 0; i < rework->profiles.count; i++)
		stitch->profiles.items[rework->profiles.items[i]].place = STITCH_NONE;
	rework->profiles.count = 0;
	cdpk_unionfind_free(&rework->groups);
	cdpk_unionfind_free(&rework->sets);
	stitch_release(memory, rework->tainted);
	stitch_release(memory, rework->tainted_groups);
	stitch_release(memory, rework->size);
	stitch_release(memory, rework->counts);
	stitch_release(memory, rework->first_forbid);
	stitch_release(memory, rework->last_forbid);
	stitch_release(memory, rework->made);
}

/* ---------------------------------------------------------------- the links in order */

static StitchBody
body_of_set(CdpkStitch *stitch, Rework *rework, uint32_t set)
{
	StitchBody body;

	body.kind = STITCH_BODY_SET;
	body.key = set;
	body.size = rework->size[set];
	body.counts = rework->counts + (size_t) set * stitch->limited;
	body.first_forbid = rework->first_forbid[set];
	body.sets = &rework->sets;
	return body;
}

/* Join two sets. */
static void
unite(CdpkStitch *stitch, Rework *rework, uint32_t x, uint32_t y)
{
	uint32_t root = x < y ? x : y;
	uint32_t other = x < y ? y : x;

	cdpk_unionfind_join(&rework->sets, x, y);
	rework->size[root] += rework->size[other];
	for (uint32_t place = 0; place < stitch->limited; place++)
		rework->counts[(size_t) root * stitch->limited + place] +=
			rework->counts[(size_t) other * stitch->limited + place];
	rework->tainted[root] |= rework->tainted[other];
	if (rework->first_forbid[other] == STITCH_NONE)
		return;
	if (rework->first_forbid[root] == STITCH_NONE)
		rework->first_forbid[root] = rework->first_forbid[other];
	else
		stitch->cells.items[rework->last_forbid[root]].next_in_set = rework->first_forbid[other];
	rework->last_forbid[root] = rework->last_forbid[other];
}

/* Take a link between two identifiers of the round. */
static void
inner_link(CdpkStitch *stitch, Rework *rework, bool same, uint32_t strong, uint32_t weak)
{
	uint32_t x = cdpk_unionfind_find(&rework->sets, stitch_node(stitch, strong)->place);
	uint32_t y = cdpk_unionfind_find(&rework->sets, stitch_node(stitch, weak)->place);
	StitchBody a = body_of_set(stitch, rework, x);
	StitchBody b = body_of_set(stitch, rework, y);

	if (x == y)
		return;
	/* the content of a tainted set is unknown, so the other set is undecided too */
	if (rework->tainted[x] || rework->tainted[y] || !stitch_breaks(stitch, same, &a, &b))
		unite(stitch, rework, x, y);
}

/*
 * Look at a link to a neighbouring profile: refused, unless what
 * reaches the far end over lower ranks could join the set of the near end.
 * Sets *load where that profile must be loaded first, *grow where it is to be
 * taken in.
 */
static CdpkStatus
outer_link(CdpkStitch *stitch, Rework *rework, uint32_t set, const StitchRank *rank, uint32_t far,
		   bool *load, bool *grow)
{
	uint32_t root = stitch_profile_of(stitch, far);
	StitchBody near_body = body_of_set(stitch, rework, set);
	StitchBody far_node = stitch_body_of_node(stitch, far);
	StitchBody far_profile = stitch_body_of_profile(stitch, root);
	StitchSearch search = {far, rank, STITCH_NONE, &near_body, 0, {0}, false, false};
	bool same = stitch_is_same(&rank->evidence);

	*load = false;
	*grow = false;
	if (CDPK_FAULT(stitch, NO_GROWTH) || stitch_breaks(stitch, same, &near_body, &far_node))
		return CDPK_OK;
	if (!stitch_breaks(stitch, same, &near_body, &far_profile))
	{
		*grow = true;
		return CDPK_OK;
	}
	if (stitch_is_later(stitch, rank, &stitch->profiles.items[root].last))
		return CDPK_OK;
	*load = !stitch_has_contents(stitch, root);
	if (*load)
		return CDPK_OK;
	STITCH_TRY(stitch_search(stitch, &search));
	*grow = !search.broken && !stitch_breaks_forbid(stitch, &near_body, &search.body);
	return CDPK_OK;
}

/* Mark a set that can be decided only in the next round. */
static void
taint(CdpkStitch *stitch, Rework *rework, uint32_t set, uint32_t node)
{
	uint32_t profile = stitch_profile_of(stitch, node);

	rework->tainted[set] = true;
	rework->tainted_groups[cdpk_unionfind_find(&rework->groups,
											   stitch->profiles.items[profile].place)] = true;
}

/* Count the sets that same pairs have made, each of which is a class, as one. */
static void
count_classes(CdpkStitch *stitch, Rework *rework)
{
	uint32_t limited = stitch->limited;

	memset(rework->counts, 0, (size_t) rework->nodes.count * limited * sizeof(uint32_t));
	for (uint32_t place = 0; place < rework->nodes.count; place++)
	{
		uint32_t set = cdpk_unionfind_find(&rework->sets, place);
		uint32_t limit =
			stitch->limit_of[stitch_node(stitch, rework->nodes.items[place])->name_space];

		if (limit < limited)
			rework->counts[(size_t) set * limited + limit] = 1;
	}
}

/* Take the links of the round in order of rank. */
static CdpkStatus
take_links(CdpkStitch *stitch, Rework *rework)
{
	bool among_same = false;

	for (uint32_t i = 0; i < rework->links.count; i++)
	{
		StitchRank rank = stitch->links.items[rework->links.items[i]].rank;
		bool strong_here = stitch_node(stitch, rank.strong)->place != STITCH_NONE;
		bool weak_here = stitch_node(stitch, rank.weak)->place != STITCH_NONE;
		uint32_t near_node = strong_here ? rank.strong : rank.weak;
		uint32_t far_node = strong_here ? rank.weak : rank.strong;
		uint32_t set = cdpk_unionfind_find(&rework->sets, stitch_node(stitch, near_node)->place);
		bool same = stitch_is_same(&rank.evidence);
		bool load;
		bool grow;

		stitch_tick(stitch);
		if (among_same && !same && !CDPK_FAULT(stitch, CLASS_COUNTED_ONCE_EACH))
			count_classes(stitch, rework);
		among_same = same;
		if (strong_here && weak_here)
		{
			inner_link(stitch, rework, same, rank.strong, rank.weak);
			continue;
		}
		if (rework->tainted[set])
			continue;
		STITCH_TRY(outer_link(stitch, rework, set, &rank, far_node, &load, &grow));
		if (grow && stitch->profiles.items[stitch_profile_of(stitch, far_node)].frozen)
		{
			stitch->links.items[rework->links.items[i]].declined = true;
			continue;
		}
		if (load || grow)
			taint(stitch, rework, set, near_node);
		if (load)
			STITCH_TRY(
				stitch_list_profile(stitch, &rework->wanted, stitch_profile_of(stitch, far_node)));
		if (grow)
			STITCH_PUSH(stitch, rework->grown, stitch_profile_of(stitch, far_node));
	}
	return CDPK_OK;
}

/* ---------------------------------------------------------------- what comes of it */

static bool
is_tainted(CdpkStitch *stitch, Rework *rework, uint32_t root)
{
	return rework
		->tainted_groups[cdpk_unionfind_find(&rework->groups, stitch->profiles.items[root].place)];
}

/* Mark a profile whose identifiers move to others. */
static void
dissolve(CdpkStitch *stitch, uint32_t root)
{
	for (uint32_t part = root; part != STITCH_NONE; part = stitch->profiles.items[part].next_part)
		stitch->profiles.items[part].dissolved = true;
}

/* Make an empty profile of which everything is here. */
static CdpkStatus
new_profile(CdpkStitch *stitch, uint32_t *place)
{
	StitchProfile *profile;

	STITCH_TRY(stitch_new_profile(stitch, 0, place));
	profile = &stitch->profiles.items[*place];
	profile->contents = true;
	profile->forbids = true;
	profile->touched = true;
	return CDPK_OK;
}

/* Put a node, and its forbids, into a new profile. */
static void
move(CdpkStitch *stitch, uint32_t node, uint32_t profile)
{
	stitch_add_member(stitch, profile, node);
	for (uint32_t at = stitch_node(stitch, node)->first_forbid; at != STITCH_NONE;
		 at = stitch->cells.items[at].next_in_node)
	{
		stitch->cells.items[at].next_in_profile = STITCH_NONE;
		stitch_append_forbids(stitch, &stitch->profiles.items[profile], at, at);
	}
}

/* Give each shared identifier a profile of its own, and remove the gone from theirs. */
static CdpkStatus
write_alone(CdpkStitch *stitch, Rework *rework)
{
	for (uint32_t i = 0; i < rework->alone.count; i++)
	{
		uint32_t node = rework->alone.items[i];
		uint32_t profile;

		if (is_tainted(stitch, rework, stitch_profile_of(stitch, node)))
			continue;
		for (uint32_t edge = stitch_node(stitch, node)->first_edge; edge != STITCH_NONE;
			 edge = stitch->links.items[edge / 2].next_edge[edge % 2])
			stitch->links.items[edge / 2].refused = false;
		if (!stitch_node(stitch, node)->present)
		{
			stitch_node(stitch, node)->profile = STITCH_NONE;
			continue;
		}
		STITCH_TRY(new_profile(stitch, &profile));
		move(stitch, node, profile);
		STITCH_TRY(stitch_find_classes(stitch, profile));
		stitch_summarize(stitch, profile);
	}
	return CDPK_OK;
}

/* Refuse the links of the round whose ends are apart. */
static void
write_links(CdpkStitch *stitch, Rework *rework)
{
	for (uint32_t i = 0; i < rework->links.count; i++)
	{
		StitchLink *link = &stitch->links.items[rework->links.items[i]];
		bool strong_here = stitch_node(stitch, link->rank.strong)->place != STITCH_NONE;
		uint32_t near_node = strong_here ? link->rank.strong : link->rank.weak;

		uint32_t set = cdpk_unionfind_find(&rework->sets, stitch_node(stitch, near_node)->place);

		if (rework->made[set] != STITCH_NONE)
			link->refused = stitch_profile_of(stitch, link->rank.strong) !=
							stitch_profile_of(stitch, link->rank.weak);
	}
}

/* Make profiles of the sets, in groups without a taint. */
static CdpkStatus
write_sets(CdpkStitch *stitch, Rework *rework)
{
	uint32_t first = stitch->profiles.count;

	STITCH_TRY(write_alone(stitch, rework));
	for (uint32_t place = 0; place < rework->nodes.count; place++)
	{
		uint32_t node = rework->nodes.items[place];
		uint32_t set = cdpk_unionfind_find(&rework->sets, place);

		if (is_tainted(stitch, rework, stitch_profile_of(stitch, node)))
			continue;
		if (rework->made[set] == STITCH_NONE)
			STITCH_TRY(new_profile(stitch, &rework->made[set]));
		move(stitch, node, rework->made[set]);
	}
	for (uint32_t profile = first; profile < stitch->profiles.count; profile++)
	{
		STITCH_TRY(stitch_find_classes(stitch, profile));
		stitch_summarize(stitch, profile);
	}
	write_links(stitch, rework);
	return CDPK_OK;
}

/* Add the groups that are done to the statistics. */
static CdpkStatus
count_groups(CdpkStitch *stitch, Rework *rework)
{
	CdpkStitchStatistics *statistics = &stitch->result.statistics;
	uint32_t *sizes =
		stitch_allocate(&stitch->memory, (size_t) rework->profiles.count + 1, sizeof(uint32_t));

	if (sizes == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(sizes, 0, rework->profiles.count * sizeof(uint32_t));
	for (uint32_t i = 0; i < rework->nodes.count; i++)
	{
		uint32_t profile = stitch_profile_of(stitch, rework->nodes.items[i]);

		sizes[cdpk_unionfind_find(&rework->groups, stitch->profiles.items[profile].place)]++;
	}
	for (uint32_t i = 0; i < rework->profiles.count; i++)
	{
		if (rework->tainted_groups[cdpk_unionfind_find(&rework->groups, i)] ||
			cdpk_unionfind_find(&rework->groups, i) != i)
			continue;
		statistics->reworks++;
		statistics->identifiers_reworked += sizes[i];
		if (sizes[i] > statistics->largest_rework)
			statistics->largest_rework = sizes[i];
	}
	stitch_release(&stitch->memory, sizes);
	return CDPK_OK;
}

/* Put a profile, once, among those of the next round. */
static CdpkStatus
take_apart(CdpkStitch *stitch, Rework *rework, uint32_t root)
{
	StitchProfile *profile = &stitch->profiles.items[root];

	if (profile->place != STITCH_NONE)
		return CDPK_OK;
	profile->place = rework->profiles.count;
	STITCH_PUSH(stitch, rework->profiles, root);
	return stitch_list_profile(stitch, &rework->wanted, root);
}

/*
 * Store what is decided, and leave the profiles of tainted groups and those to be taken in for
 * the next round.
 */
static CdpkStatus
finish_round(CdpkStitch *stitch, Rework *rework)
{
	STITCH_TRY(count_groups(stitch, rework));
	STITCH_TRY(write_sets(stitch, rework));
	for (uint32_t i = 0; i < rework->profiles.count; i++)
	{
		uint32_t root = rework->profiles.items[i];

		if (is_tainted(stitch, rework, root))
			STITCH_PUSH(stitch, rework->left, root);
		else
			dissolve(stitch, root);
	}
	end_round(stitch, rework);
	for (uint32_t i = 0; i < rework->left.count; i++)
		STITCH_TRY(take_apart(stitch, rework, rework->left.items[i]));
	for (uint32_t i = 0; i < rework->grown.count; i++)
		STITCH_TRY(take_apart(stitch, rework, rework->grown.items[i]));
	stitch->result.statistics.profiles_grown += rework->profiles.count - rework->left.count;
	rework->left.count = 0;
	rework->grown.count = 0;
	return CDPK_OK;
}

/* Take profiles apart and put their identifiers together again. */
CdpkStatus
stitch_rework(CdpkStitch *stitch, StitchNumbers *profiles)
{
	Rework rework;

	memset(&rework, 0, sizeof(rework));
	cdpk_unionfind_init(&rework.groups, &stitch->memory.allocator);
	cdpk_unionfind_init(&rework.sets, &stitch->memory.allocator);
	for (uint32_t i = 0; i < profiles->count; i++)
		STITCH_TRY(take_apart(stitch, &rework, stitch_root(stitch, profiles->items[i])));
	profiles->count = 0;
	while (rework.profiles.count > 0)
	{
		STITCH_TRY(stitch_load_contents(stitch, &rework.wanted));
		STITCH_TRY(gather_nodes(stitch, &rework));
		STITCH_TRY(gather_links(stitch, &rework));
		STITCH_TRY(make_sets(stitch, &rework));
		STITCH_TRY(take_links(stitch, &rework));
		STITCH_TRY(finish_round(stitch, &rework));
	}
	stitch_release(&stitch->memory, rework.profiles.items);
	stitch_release(&stitch->memory, rework.nodes.items);
	stitch_release(&stitch->memory, rework.alone.items);
	stitch_release(&stitch->memory, rework.links.items);
	stitch_release(&stitch->memory, rework.near.items);
	stitch_release(&stitch->memory, rework.left.items);
	stitch_release(&stitch->memory, rework.grown.items);
	stitch_release(&stitch->memory, rework.wanted.items);
	return CDPK_OK;
}
