/*
 * stitch.c
 *		One batch of changes.
 *
 * What a change does to a partition that is right without it:
 *	 F1 a new link inside a profile, or an earlier rank of one: nothing;
 *	 F2 a new link between profiles whose union breaks no rule: joins them;
 *	 F3 … whose union breaks one: refused, if what reaches its ends over lower
 *		ranks breaks one together, else both profiles are reworked;
 *	 F4 a link that is gone or has a later rank: nothing if it was refused, or if
 *		lower ranks join its ends; else its profile is reworked;
 *	 F5 a forbid inside a profile, a tighter limit, an identifier that becomes
 *		shared or is gone: the profile is reworked;
 *	 F6 an obstacle that is gone: the refused links it may have stopped are new;
 *	 F7 trust or priority: profiles with a refused link are reworked;
 *	 F8 a rework takes in a neighbour only if a refused link to it would be
 *		accepted at its place;
 *	 F9 a new same pair: stitch_same.c; one that is gone, or an ordinary link again: F4.
 */
#include "core/stitch/stitch.h"

#include <string.h>

#include "core/stitch/stitch_graph.h"
#include "core/stitch/stitch_insert.h"
#include "core/stitch/stitch_load.h"
#include "core/stitch/stitch_rank.h"
#include "core/stitch/stitch_result.h"
#include "core/stitch/stitch_rework.h"
#include "core/stitch/stitch_rules.h"
#include "core/stitch/stitch_same.h"
#include "core/stitch/stitch_search.h"
#include "core/stitch/stitch_state.h"

CdpkStatus
cdpk_stitch_new(const CdpkStitchRules *rules, const CdpkStitchStore *store,
				const CdpkAllocator *allocator, CdpkStitch **stitch)
{
	CdpkStitch *made = allocator->allocate(allocator->context, sizeof(CdpkStitch));
	CdpkStatus status;

	if (made == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(made, 0, sizeof(*made));
	made->rules = rules;
	made->store = store;
	stitch_memory_init(&made->memory, allocator);
	stitch_graph_init(made);
	status = stitch_rules_prepare(made);
	if (status != CDPK_OK)
	{
		cdpk_stitch_free(made);
		return status;
	}
	*stitch = made;
	return CDPK_OK;
}

void
cdpk_stitch_free(CdpkStitch *stitch)
{
	const CdpkAllocator *allocator = stitch->memory.outer;

	stitch_memory_release_all(&stitch->memory);
	if (allocator->release != NULL)
		allocator->release(allocator->context, stitch);
}

/* ---------------------------------------------------------------- what follows from what was handed in */

static CdpkStatus
want_pair(CdpkStitch *stitch, int64_t a, int64_t b)
{
	if (a == b)
		return CDPK_INVALID;
	STITCH_TRY(stitch_want_identifier(stitch, a));
	return stitch_want_identifier(stitch, b);
}

/* Load every identifier that a change names. */
static CdpkStatus
resolve(CdpkStitch *stitch)
{
	for (uint32_t i = 0; i < stitch->changes.count; i++)
		STITCH_TRY(want_pair(stitch, stitch->changes.items[i].a, stitch->changes.items[i].b));
	for (uint32_t i = 0; i < stitch->retries.count; i++)
		STITCH_TRY(want_pair(stitch, stitch->retries.items[i].a, stitch->retries.items[i].b));
	for (uint32_t i = 0; i < stitch->forbidden.count; i++)
		STITCH_TRY(want_pair(stitch, stitch->forbidden.items[i].a, stitch->forbidden.items[i].b));
	for (uint32_t i = 0; i < stitch->allowed.count; i++)
		STITCH_TRY(want_pair(stitch, stitch->allowed.items[i].a, stitch->allowed.items[i].b));
	return stitch_take_rows(stitch);
}

/* Mark the profiles that are not to be taken apart. */
static CdpkStatus
freeze(CdpkStitch *stitch)
{
	for (uint32_t i = 0; i < stitch->frozen.count; i++)
	{
		uint32_t profile;

		if (stitch->frozen.items[i] == 0)
			return CDPK_INVALID;
		STITCH_TRY(stitch_stored_profile(stitch, stitch->frozen.items[i], &profile));
		stitch->profiles.items[profile].frozen = true;
	}
	return CDPK_OK;
}

/* Mark a profile dirty: the first rework takes it apart. */
static CdpkStatus
mark_dirty(CdpkStitch *stitch, uint32_t profile)
{
	if (stitch->profiles.items[profile].dirty)
		return CDPK_OK;
	stitch->profiles.items[profile].dirty = true;
	STITCH_PUSH(stitch, stitch->dirty, profile);
	return CDPK_OK;
}

/* Propose the links of an identifier that is not shared any more. */
static CdpkStatus
propose_links_of(CdpkStitch *stitch, uint32_t node)
{
	for (uint32_t edge = stitch_node(stitch, node)->first_edge; edge != STITCH_NONE;
		 edge = stitch->links.items[edge / 2].next_edge[edge % 2])
		if (stitch_links_count(stitch_node(stitch, stitch_far_end(stitch, edge))))
			STITCH_TRY(stitch_propose(stitch, edge / 2));
	return CDPK_OK;
}

/*
 * List for rework the profiles of identifiers that are gone or became shared, and
 * propose the links of those that are no longer shared.
 */
static CdpkStatus
process_identifiers(CdpkStitch *stitch)
{
	StitchNumbers ceased = {NULL, 0, 0};

	for (uint32_t i = 0; i < stitch->nodes.count; i++)
	{
		const StitchNode *node = stitch_node(stitch, i);

		if (node->stored_profile != STITCH_NONE &&
			(!node->present || (node->shared && !node->was_shared)))
			STITCH_TRY(mark_dirty(stitch, node->stored_profile));
		else if (node->present && !node->shared && node->was_shared)
		{
			/* its profile is marked as shared in the tables */
			stitch->profiles.items[node->profile].touched = true;
			STITCH_PUSH(stitch, ceased, i);
		}
	}
	if (!CDPK_FAULT(stitch, NO_RETRY_SHARING))
	{
		STITCH_TRY(stitch_load_links(stitch, &ceased));
		for (uint32_t i = 0; i < ceased.count; i++)
			STITCH_TRY(propose_links_of(stitch, ceased.items[i]));
	}
	stitch_release(&stitch->memory, ceased.items);
	return CDPK_OK;
}

/* Return the action that a change of a pair's evidence needs. */
static CdpkStatus
process_change(CdpkStitch *stitch, const CdpkStitchChange *change)
{
	uint32_t a = stitch_find_node(stitch, change->a);
	uint32_t b = stitch_find_node(stitch, change->b);
	bool together = stitch_node(stitch, a)->profile == stitch_node(stitch, b)->profile;
	uint32_t link = STITCH_NONE;
	StitchWeakened weakened;

	if (!stitch_links_count(stitch_node(stitch, a)) || !stitch_links_count(stitch_node(stitch, b)))
		return CDPK_OK;
	if (change->exists)
	{
		STITCH_TRY(stitch_put_link(stitch, a, b, &change->now, change->refused, &link));
		if (!change->existed)
			return stitch_propose(stitch, link);
		if (!stitch_evidence_earlier(&change->before, &change->now))
		{
			bool earlier = stitch_evidence_earlier(&change->now, &change->before);

			/* what becomes a same pair makes a class grow */
			if (stitch_is_same(&change->now) && !stitch_is_same(&change->before) &&
				(change->refused || !CDPK_FAULT(stitch, SAME_INSIDE)))
				return stitch_propose(stitch, link);
			if (earlier && change->refused && !CDPK_FAULT(stitch, EARLIER_IGNORED))
				return stitch_propose(stitch, link);
			return CDPK_OK;
		}
		if (CDPK_FAULT(stitch, LATER_IGNORED))
			return CDPK_OK;
	}
	/* gone, or later */
	if (!change->existed || change->refused || !together)
		return CDPK_OK;
	weakened.before.evidence = change->before;
	weakened.before.strong = stitch_stronger(stitch, a, b) ? a : b;
	weakened.before.weak = weakened.before.strong == a ? b : a;
	weakened.link = link;
	STITCH_PUSH(stitch, stitch->weakened, weakened);
	return CDPK_OK;
}

/* Propose a refused link. */
static CdpkStatus
process_retry(CdpkStitch *stitch, const CdpkStitchLink *row)
{
	uint32_t a = stitch_find_node(stitch, row->a);
	uint32_t b = stitch_find_node(stitch, row->b);
	uint32_t link;

	if (!stitch_links_count(stitch_node(stitch, a)) || !stitch_links_count(stitch_node(stitch, b)))
		return CDPK_OK;
	STITCH_TRY(stitch_put_link(stitch, a, b, &row->evidence, row->refused, &link));
	return stitch_propose(stitch, link);
}

/*
 * List the contents of both ends' profiles for loading: from then
 * on it is known of each whether forbids name it.
 */
static CdpkStatus
touch_forbids(CdpkStitch *stitch, const CdpkStitchForbid *pair, StitchNumbers *contents)
{
	uint32_t nodes[2];

	nodes[0] = stitch_find_node(stitch, pair->a);
	nodes[1] = stitch_find_node(stitch, pair->b);
	for (int end = 0; end < 2; end++)
	{
		const StitchNode *node = stitch_node(stitch, nodes[end]);

		if (node->profile == STITCH_NONE)
			continue;
		stitch->profiles.items[node->profile].touched = true;
		stitch->profiles.items[node->profile].has_forbid |= node->forbidden;
		STITCH_TRY(stitch_list_profile(stitch, contents, node->profile));
	}
	return CDPK_OK;
}

/* List for rework the profiles that have a new forbid inside. */
static CdpkStatus
process_verdicts(CdpkStitch *stitch, StitchNumbers *contents)
{
	for (uint32_t i = 0; i < stitch->forbidden.count; i++)
	{
		const CdpkStitchForbid *pair = &stitch->forbidden.items[i];
		StitchNode *a = stitch_node(stitch, stitch_find_node(stitch, pair->a));
		StitchNode *b = stitch_node(stitch, stitch_find_node(stitch, pair->b));

		a->forbidden = true;
		b->forbidden = true;
		STITCH_TRY(touch_forbids(stitch, pair, contents));
		if (a->profile != STITCH_NONE && a->profile == b->profile)
			STITCH_TRY(mark_dirty(stitch, a->profile));
	}
	for (uint32_t i = 0; i < stitch->allowed.count; i++)
		STITCH_TRY(touch_forbids(stitch, &stitch->allowed.items[i], contents));
	return CDPK_OK;
}

/* Propose the links between the profiles of a pair that is allowed again. */
static CdpkStatus
propose_between(CdpkStitch *stitch, const CdpkStitchForbid *pair)
{
	uint32_t x = stitch_node(stitch, stitch_find_node(stitch, pair->a))->profile;
	uint32_t y = stitch_node(stitch, stitch_find_node(stitch, pair->b))->profile;

	if (x == STITCH_NONE || y == STITCH_NONE || x == y || CDPK_FAULT(stitch, NO_RETRY_ALLOW))
		return CDPK_OK;
	for (uint32_t node = stitch->profiles.items[x].first_member; node != STITCH_NONE;
		 node = stitch_node(stitch, node)->next_member)
		for (uint32_t edge = stitch_node(stitch, node)->first_edge; edge != STITCH_NONE;
			 edge = stitch->links.items[edge / 2].next_edge[edge % 2])
		{
			const StitchNode *far = stitch_node(stitch, stitch_far_end(stitch, edge));

			stitch_tick(stitch);
			if (far->profile == y && stitch_links_count(far) &&
				stitch_links_count(stitch_node(stitch, node)))
				STITCH_TRY(stitch_propose(stitch, edge / 2));
		}
	return CDPK_OK;
}

/* Load the contents of the profiles to be searched or taken apart. */
static CdpkStatus
load_changed_profiles(CdpkStitch *stitch)
{
	StitchNumbers contents = {NULL, 0, 0};

	for (uint32_t i = 0; i < stitch->checked.count; i++)
	{
		uint32_t profile;

		if (stitch->checked.items[i] == 0)
			return CDPK_INVALID;
		STITCH_TRY(stitch_stored_profile(stitch, stitch->checked.items[i], &profile));
		STITCH_TRY(mark_dirty(stitch, profile));
	}
	STITCH_TRY(process_verdicts(stitch, &contents));
	for (uint32_t i = 0; i < stitch->weakened.count; i++)
		STITCH_TRY(stitch_list_profile(
			stitch, &contents, stitch_profile_of(stitch, stitch->weakened.items[i].before.strong)));
	for (uint32_t i = 0; i < stitch->dirty.count; i++)
		STITCH_TRY(stitch_list_profile(stitch, &contents, stitch->dirty.items[i]));
	STITCH_TRY(stitch_load_contents(stitch, &contents));
	stitch_release(&stitch->memory, contents.items);
	for (uint32_t i = 0; i < stitch->allowed.count; i++)
		STITCH_TRY(propose_between(stitch, &stitch->allowed.items[i]));
	return CDPK_OK;
}

/*
 * Note that a link inside a profile is new, or has another rank.  Contents that were
 * loaded include it already; the summary in the tables does not.
 */
static void
note_inside(CdpkStitch *stitch, uint32_t root, const StitchRank *rank)
{
	StitchProfile *profile = &stitch->profiles.items[root];

	stitch_raise_last(stitch, root, rank);
	if (profile->last.kind == STITCH_LAST_KNOWN &&
		!stitch_evidence_earlier(&rank->evidence, &profile->last.rank.evidence))
		profile->touched = true;
}

/*
 * Make the profiles at the ends of pending links known, and
 * settle the links that lie inside one (F1).
 */
static CdpkStatus
settle_pending(CdpkStitch *stitch)
{
	StitchNumbers ends = {NULL, 0, 0};
	uint32_t left = 0;

	for (uint32_t i = 0; i < stitch->pending.count; i++)
	{
		const StitchRank *rank = &stitch->links.items[stitch->pending.items[i]].rank;

		STITCH_TRY(stitch_list_profile(stitch, &ends, stitch_profile_of(stitch, rank->strong)));
		STITCH_TRY(stitch_list_profile(stitch, &ends, stitch_profile_of(stitch, rank->weak)));
	}
	for (uint32_t i = 0; i < ends.count; i++)
		if (stitch->profiles.items[ends.items[i]].known)
			STITCH_TRY(stitch_want_forbids(stitch, ends.items[i]));
	STITCH_TRY(stitch_load_summaries(stitch, &ends));
	stitch_release(&stitch->memory, ends.items);
	for (uint32_t i = 0; i < stitch->pending.count; i++)
	{
		StitchLink *link = &stitch->links.items[stitch->pending.items[i]];
		uint32_t root = stitch_profile_of(stitch, link->rank.strong);

		stitch_tick(stitch);
		/* it was listed as a link of an identifier that is shared no more, by what the tables have */
		if (stitch_is_same(&link->rank.evidence))
			STITCH_PUSH(stitch, stitch->same, stitch->pending.items[i]);
		else if (root != stitch_profile_of(stitch, link->rank.weak))
			stitch->pending.items[left++] = stitch->pending.items[i];
		else
		{
			note_inside(stitch, root, &link->rank);
			link->pending = false;
			link->refused = false;
		}
	}
	stitch->pending.count = left;
	for (uint32_t i = 0; i < stitch->same.count; i++)
	{
		StitchLink *link = &stitch->links.items[stitch->same.items[i]];

		/* it stays in the list for the sake of its class */
		if (stitch_profile_of(stitch, link->rank.strong) ==
			stitch_profile_of(stitch, link->rank.weak))
			link->pending = false;
	}
	return CDPK_OK;
}

/* List a profile for rework unless lower ranks join the ends of a weakened link (F4). */
static CdpkStatus
check_weakened(CdpkStitch *stitch)
{
	for (uint32_t i = 0; i < stitch->weakened.count; i++)
	{
		const StitchWeakened *weakened = &stitch->weakened.items[i];
		const StitchRank *before = &weakened->before;
		StitchSearch search = {before->strong, before, before->weak, NULL, 0, {0}, false, false};
		uint32_t profile = stitch_profile_of(stitch, before->strong);

		if (stitch->profiles.items[profile].dirty)
			continue;
		if (CDPK_FAULT(stitch, REMOVAL_CONNECTED))
			search.limit = NULL;
		STITCH_TRY(stitch_search(stitch, &search));
		if (!search.found)
			STITCH_TRY(mark_dirty(stitch, profile));
		else if (weakened->link != STITCH_NONE)
			note_inside(stitch, profile, &stitch->links.items[weakened->link].rank);
	}
	stitch->weakened.count = 0;
	return CDPK_OK;
}

/*
 * Remove profiles that joined a frozen profile from the list of the second rework: the links
 * that put them there are refused already.
 */
static void
drop_frozen(CdpkStitch *stitch)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < stitch->late.count; i++)
		if (!stitch->profiles.items[stitch_root(stitch, stitch->late.items[i])].frozen)
			stitch->late.items[left++] = stitch->late.items[i];
	stitch->late.count = left;
}

/* Make the other profiles known whose summary changes. */
static CdpkStatus
load_touched(CdpkStitch *stitch)
{
	StitchNumbers touched = {NULL, 0, 0};

	for (uint32_t i = 0; i < stitch->profiles.count; i++)
		if (stitch->profiles.items[i].touched && !stitch->profiles.items[i].known)
			STITCH_TRY(stitch_list_profile(stitch, &touched, i));
	STITCH_TRY(stitch_load_summaries(stitch, &touched));
	stitch_release(&stitch->memory, touched.items);
	return CDPK_OK;
}

CdpkStatus
cdpk_stitch_run(CdpkStitch *stitch)
{
	STITCH_TRY(resolve(stitch));
	STITCH_TRY(freeze(stitch));
	STITCH_TRY(process_identifiers(stitch));
	for (uint32_t i = 0; i < stitch->changes.count; i++)
		STITCH_TRY(process_change(stitch, &stitch->changes.items[i]));
	for (uint32_t i = 0; i < stitch->retries.count; i++)
		STITCH_TRY(process_retry(stitch, &stitch->retries.items[i]));
	STITCH_TRY(load_changed_profiles(stitch));
	STITCH_TRY(load_touched(stitch));
	STITCH_TRY(settle_pending(stitch));
	STITCH_TRY(check_weakened(stitch));
	STITCH_TRY(stitch_rework(stitch, &stitch->dirty));
	if (stitch->same.count > 0)
	{
		STITCH_TRY(stitch_insert_same(stitch));
		STITCH_TRY(settle_pending(stitch));
	}
	STITCH_TRY(stitch_insert(stitch));
	drop_frozen(stitch);
	STITCH_TRY(stitch_rework(stitch, &stitch->late));
	return stitch_make_result(stitch);
}

void
cdpk_stitch_finish(CdpkStitch *stitch)
{
	stitch_graph_free(stitch);
	stitch_release(&stitch->memory, stitch->link_rows.items);
	stitch_release(&stitch->memory, stitch->forbid_rows.items);
	stitch_release(&stitch->memory, stitch->changes.items);
	stitch_release(&stitch->memory, stitch->retries.items);
	stitch_release(&stitch->memory, stitch->pending.items);
	memset(&stitch->link_rows, 0, sizeof(stitch->link_rows));
	memset(&stitch->forbid_rows, 0, sizeof(stitch->forbid_rows));
	memset(&stitch->changes, 0, sizeof(stitch->changes));
	memset(&stitch->retries, 0, sizeof(stitch->retries));
	memset(&stitch->pending, 0, sizeof(stitch->pending));
}

const CdpkStitchResult *
cdpk_stitch_result(const CdpkStitch *stitch)
{
	return &stitch->result;
}
