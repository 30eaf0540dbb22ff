/*
 * stitch_insert.c
 *		New links between two profiles.
 *
 * Most of them join profiles whose union breaks no rule, and no other link's fate
 * depends on that.  So the profiles that new links connect are looked at as a
 * group first; only where the union of a whole group breaks a rule are its links
 * taken one by one.
 */
#include "core/stitch/stitch_insert.h"

#include <string.h>

#include "core/stitch/stitch_graph.h"
#include "core/stitch/stitch_load.h"
#include "core/stitch/stitch_rank.h"
#include "core/stitch/stitch_search.h"

/* The profiles that pending links connect; places are places in "roots". */
typedef struct Groups
{
	StitchNumbers roots;
	CdpkUnionFind joined;
	uint64_t *size;
	uint64_t *counts; /* "limited" a group */
	bool *broken;     /* the union breaks a rule */
	bool *waiting;    /* … and the next link cannot be decided before a profile is loaded */
} Groups;

static uint32_t
group_of(CdpkStitch *stitch, Groups *groups, uint32_t profile)
{
	return cdpk_unionfind_find(&groups->joined, stitch->profiles.items[profile].place);
}

/* Give a profile its place in the groups. */
static CdpkStatus
place_root(CdpkStitch *stitch, Groups *groups, uint32_t root)
{
	StitchProfile *profile = &stitch->profiles.items[root];

	if (profile->place != STITCH_NONE)
		return CDPK_OK;
	profile->place = groups->roots.count;
	STITCH_TRY(cdpk_unionfind_extend(&groups->joined, groups->roots.count + 1));
	STITCH_PUSH(stitch, groups->roots, root);
	return CDPK_OK;
}

/* Add up what the profiles of each group hold. */
static CdpkStatus
sum_groups(CdpkStitch *stitch, Groups *groups)
{
	size_t count = (size_t) groups->roots.count + 1;
	uint32_t limited = stitch->limited;

	groups->size = stitch_allocate(&stitch->memory, count, sizeof(uint64_t));
	groups->counts = stitch_allocate(&stitch->memory, count * limited + 1, sizeof(uint64_t));
	groups->broken = stitch_allocate(&stitch->memory, count, sizeof(bool));
	groups->waiting = stitch_allocate(&stitch->memory, count, sizeof(bool));
	if (groups->size == NULL || groups->counts == NULL || groups->broken == NULL ||
		groups->waiting == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(groups->size, 0, count * sizeof(uint64_t));
	memset(groups->counts, 0, count * limited * sizeof(uint64_t));
	memset(groups->broken, 0, count * sizeof(bool));
	memset(groups->waiting, 0, count * sizeof(bool));
	for (uint32_t i = 0; i < groups->roots.count; i++)
	{
		uint32_t root = groups->roots.items[i];
		uint32_t group = cdpk_unionfind_find(&groups->joined, i);
		const uint32_t *counts = stitch_counts(stitch, root);

		groups->size[group] += stitch->profiles.items[root].size;
		for (uint32_t place = 0; place < limited; place++)
			groups->counts[(size_t) group * limited + place] += counts[place];
	}
	return CDPK_OK;
}

/* Find the groups whose union breaks a rule. */
static void
check_groups(CdpkStitch *stitch, Groups *groups)
{
	uint32_t limited = stitch->limited;

	for (uint32_t i = 0; i < groups->roots.count; i++)
	{
		uint32_t group = cdpk_unionfind_find(&groups->joined, i);
		uint32_t at = stitch->profiles.items[groups->roots.items[i]].first_forbid;

		if (stitch->rules->cap != CDPK_UNLIMITED && groups->size[group] > stitch->rules->cap)
			groups->broken[group] = true;
		for (uint32_t place = 0; place < limited; place++)
			if (groups->counts[(size_t) group * limited + place] > stitch->limits[place])
				groups->broken[group] = true;
		for (; at != STITCH_NONE; at = stitch->cells.items[at].next_in_profile)
		{
			const StitchNode *far = stitch_node(stitch, stitch->cells.items[at].nodes[1]);
			uint32_t root =
				far->profile != STITCH_NONE ? stitch_root(stitch, far->profile) : STITCH_NONE;

			stitch_tick(stitch);
			if (root != STITCH_NONE && root != groups->roots.items[i] &&
				stitch->profiles.items[root].place != STITCH_NONE &&
				group_of(stitch, groups, root) == group)
				groups->broken[group] = true;
		}
	}
}

/* Find the profiles that pending links connect, and what they would be together. */
static CdpkStatus
make_groups(CdpkStitch *stitch, Groups *groups)
{
	memset(groups, 0, sizeof(*groups));
	cdpk_unionfind_init(&groups->joined, &stitch->memory.allocator);
	for (uint32_t i = 0; i < stitch->pending.count; i++)
	{
		const StitchRank *rank = &stitch->links.items[stitch->pending.items[i]].rank;
		uint32_t x = stitch_profile_of(stitch, rank->strong);
		uint32_t y = stitch_profile_of(stitch, rank->weak);

		stitch_tick(stitch);
		STITCH_TRY(place_root(stitch, groups, x));
		STITCH_TRY(place_root(stitch, groups, y));
		cdpk_unionfind_join(&groups->joined, stitch->profiles.items[x].place,
							stitch->profiles.items[y].place);
	}
	STITCH_TRY(sum_groups(stitch, groups));
	check_groups(stitch, groups);
	return CDPK_OK;
}

static void
release_groups(CdpkStitch *stitch, Groups *groups)
{
	for (uint32_t i = 0; i < groups->roots.count; i++)
		stitch->profiles.items[groups->roots.items[i]].place = STITCH_NONE;
	cdpk_unionfind_free(&groups->joined);
	stitch_release(&stitch->memory, groups->roots.items);
	stitch_release(&stitch->memory, groups->size);
	stitch_release(&stitch->memory, groups->counts);
	stitch_release(&stitch->memory, groups->broken);
	stitch_release(&stitch->memory, groups->waiting);
}

/* Accept a link: it joins its ends, or lies inside one profile already. */
static void
accept(CdpkStitch *stitch, StitchLink *link)
{
	uint32_t x = stitch_profile_of(stitch, link->rank.strong);
	uint32_t y = stitch_profile_of(stitch, link->rank.weak);

	if (x != y)
	{
		stitch_join(stitch, x, y);
		stitch->result.statistics.joined++;
	}
	stitch_raise_last(stitch, stitch_root(stitch, x), &link->rank);
	link->refused = false;
	link->pending = false;
}

void
stitch_refuse(StitchLink *link)
{
	link->refused = true;
	link->pending = false;
}

/*
 * Return whether a link between two profiles whose union breaks a rule can only be decided by
 * their contents. A link later than all links inside both is refused without a search; so is
 * one at a profile that is to be reworked, which looks at it again.
 */
static bool
must_search(CdpkStitch *stitch, const StitchRank *rank, uint32_t x, uint32_t y)
{
	const StitchProfile *a = &stitch->profiles.items[x];
	const StitchProfile *b = &stitch->profiles.items[y];

	if (CDPK_FAULT(stitch, NO_SEARCH) || a->late || b->late)
		return false;
	if (!stitch_is_later(stitch, rank, &a->last))
		return true;
	return !CDPK_FAULT(stitch, LAST_ONE_SIDE) && !stitch_is_later(stitch, rank, &b->last);
}

/*
 * Find what reaches an end of a link over lower ranks: the whole
 * profile where all of it does.  *broken: with "other" it breaks a limit.
 */
static CdpkStatus
body_at(CdpkStitch *stitch, const StitchRank *rank, uint32_t node, const StitchBody *other,
		int side, StitchBody *body, bool *broken)
{
	uint32_t root = stitch_profile_of(stitch, node);
	StitchSearch search = {node, rank, STITCH_NONE, other, side, {0}, false, false};

	if (stitch_is_later(stitch, rank, &stitch->profiles.items[root].last))
	{
		*body = stitch_body_of_profile(stitch, root);
		*broken = stitch_breaks_limits(stitch, stitch_is_same(&rank->evidence), body, other);
		return CDPK_OK;
	}
	STITCH_TRY(stitch_search(stitch, &search));
	*body = search.body;
	*broken = search.broken;
	return CDPK_OK;
}

/*
 * Decide a link between two profiles whose union breaks a rule. If what reaches its ends over
 * lower ranks breaks a rule, it is refused; else both profiles are to be reworked, unless one
 * of them is frozen.
 */
CdpkStatus
stitch_conflict(CdpkStitch *stitch, StitchLink *link)
{
	StitchRank rank = link->rank;
	uint32_t x = stitch_profile_of(stitch, rank.strong);
	uint32_t y = stitch_profile_of(stitch, rank.weak);
	StitchBody weak = stitch_body_of_node(stitch, rank.weak);
	StitchBody strong;
	bool broken;

	STITCH_TRY(body_at(stitch, &rank, rank.strong, &weak, 0, &strong, &broken));
	if (!broken)
		STITCH_TRY(body_at(stitch, &rank, rank.weak, &strong, 1, &weak, &broken));
	stitch_refuse(link);
	if (broken || stitch_breaks_forbid(stitch, &strong, &weak))
	{
		stitch->result.statistics.refused_after_search++;
		return CDPK_OK;
	}
	stitch->result.statistics.early_conflicts++;
	link->declined = true;
	if (stitch->profiles.items[x].frozen || stitch->profiles.items[y].frozen)
		return CDPK_OK;
	stitch->profiles.items[x].late = true;
	stitch->profiles.items[y].late = true;
	STITCH_PUSH(stitch, stitch->late, x);
	STITCH_PUSH(stitch, stitch->late, y);
	return CDPK_OK;
}

/* List a profile for loading if a search at this link goes through it. */
static CdpkStatus
want_contents(CdpkStitch *stitch, const StitchRank *rank, uint32_t root, StitchNumbers *wanted)
{
	if (stitch_is_later(stitch, rank, &stitch->profiles.items[root].last) ||
		stitch_has_contents(stitch, root))
		return CDPK_OK;
	return stitch_list_profile(stitch, wanted, root);
}

/*
 * Decide one link, or list the profiles that it must search (*undecided). The links of a group
 * that waits are looked at only to list more: what a link must search as things stand, it must
 * search later, too.
 */
static CdpkStatus
try_link(CdpkStitch *stitch, StitchLink *link, bool waiting, StitchNumbers *wanted, bool *undecided)
{
	uint32_t x = stitch_profile_of(stitch, link->rank.strong);
	uint32_t y = stitch_profile_of(stitch, link->rank.weak);
	StitchBody strong = stitch_body_of_profile(stitch, x);
	StitchBody weak = stitch_body_of_profile(stitch, y);

	*undecided = waiting;
	if (x == y || !stitch_breaks(stitch, false, &strong, &weak))
	{
		if (!waiting)
			accept(stitch, link);
		return CDPK_OK;
	}
	if (!must_search(stitch, &link->rank, x, y))
	{
		if (!waiting)
		{
			stitch_refuse(link);
			stitch->result.statistics.refused_at_once++;
		}
		return CDPK_OK;
	}
	STITCH_TRY(want_contents(stitch, &link->rank, x, wanted));
	STITCH_TRY(want_contents(stitch, &link->rank, y, wanted));
	*undecided = waiting || stitch->profiles.items[x].listed || stitch->profiles.items[y].listed;
	return *undecided ? CDPK_OK : stitch_conflict(stitch, link);
}

/*
 * Take the links of broken groups in order of rank.  A group
 * waits at a link that needs contents of a profile, while the others go on; what
 * all of them need is loaded in one go.
 */
static CdpkStatus
insert_one_by_one(CdpkStitch *stitch, Groups *groups, StitchNumbers *links)
{
	StitchNumbers wanted = {NULL, 0, 0};

	STITCH_TRY(stitch_sort_links(stitch, links));
	while (links->count > 0)
	{
		uint32_t kept = 0;

		for (uint32_t i = 0; i < links->count; i++)
		{
			StitchLink *link = &stitch->links.items[links->items[i]];
			uint32_t group = group_of(stitch, groups, stitch_profile_of(stitch, link->rank.strong));
			bool undecided;

			stitch_tick(stitch);
			STITCH_TRY(try_link(stitch, link, groups->waiting[group], &wanted, &undecided));
			groups->waiting[group] = undecided;
			if (undecided)
				links->items[kept++] = links->items[i];
		}
		links->count = kept;
		for (uint32_t i = 0; i < groups->roots.count && kept > 0; i++)
			groups->waiting[i] = false;
		STITCH_TRY(stitch_load_contents(stitch, &wanted));
	}
	stitch_release(&stitch->memory, wanted.items);
	return CDPK_OK;
}

/* List a link for insertion. */
CdpkStatus
stitch_propose(CdpkStitch *stitch, uint32_t link)
{
	if (stitch->links.items[link].pending)
		return CDPK_OK;
	stitch->links.items[link].pending = true;
	if (stitch_is_same(&stitch->links.items[link].rank.evidence))
		STITCH_PUSH(stitch, stitch->same, link);
	else
		STITCH_PUSH(stitch, stitch->pending, link);
	return CDPK_OK;
}

/* Insert the pending links, all of which run between known profiles. */
CdpkStatus
stitch_insert(CdpkStitch *stitch)
{
	StitchNumbers single = {NULL, 0, 0};
	Groups groups;

	stitch->result.statistics.inserted += stitch->pending.count;
	STITCH_TRY(make_groups(stitch, &groups));
	for (uint32_t i = 0; i < stitch->pending.count; i++)
	{
		StitchLink *link = &stitch->links.items[stitch->pending.items[i]];

		stitch_tick(stitch);
		if (groups.broken[group_of(stitch, &groups, stitch_profile_of(stitch, link->rank.strong))])
			STITCH_PUSH(stitch, single, stitch->pending.items[i]);
		else
			accept(stitch, link);
	}
	STITCH_TRY(insert_one_by_one(stitch, &groups, &single));
	release_groups(stitch, &groups);
	stitch_release(&stitch->memory, single.items);
	stitch->pending.count = 0;
	return CDPK_OK;
}
