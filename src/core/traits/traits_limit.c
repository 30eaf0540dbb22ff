/*
 * traits_limit.c
 *		What traits leave out where there is more than a value can hold.
 *
 * Of the keys the first stay, in their order.  The places for cells are shared out
 * equally among the keys that stay, and of a key that has more cells than its
 * share the best stay: of a union and of merged objects what is said of the whole
 * and the latest cells, else the first in the order of the cells.
 *
 * None of this depends on the order of merging, nor on the parts: a key that is
 * among the first of all was among the first of every part that had it.  A key
 * never goes away once it is there (a removal is a cell), so that shares only
 * shrink; and who is among the best in the end was among the best before, since a
 * cell can only become better, and a removal takes the worst away.
 */
#include "core/traits/traits_limit.h"

#include <stdlib.h>

#include "core/traits/traits_cell.h"
#include "core/traits/traits_order.h"
#include "core/traits/traits_page.h"
#include "core/traits/traits_view.h"

/*
 * Count the cells that a key of a rule may have among so many keys.  A
 * key that keeps what was outdone has less, since its values may be long.
 */
static uint32_t
share_of(const CdpkTraitsLimits *limits, unsigned rule, uint32_t keys)
{
	uint32_t share = ((rule & CDPK_RULE_KEEP) ? limits->keys : limits->cells) / keys;

	if (!cdpk_rule_many(rule) || share == 0)
		return 1;
	return share < limits->values ? share : limits->values;
}

/* ---- how much there is ---- */

CdpkTraitsExtent
cdpk_traits_extent(const CdpkTraitsView *view)
{
	CdpkTraitsExtent extent = {0};

	for (uint32_t first = 0, end; first < view->count; first = end)
	{
		CdpkTrait trait;

		end = cdpk_traits_end(view, first);
		extent.keys++;
		if (end - first < 2 && (!cell_read(view, first, &trait) || !cdpk_rule_many(trait.rule)))
			continue;
		if (cell_read(view, first, &trait) && (trait.rule & CDPK_RULE_KEEP))
			extent.sources = end - first > extent.sources ? end - first : extent.sources;
		else
			extent.values = end - first > extent.values ? end - first : extent.values;
	}
	return extent;
}

bool
cdpk_traits_fits(const CdpkTraitsExtent *extent)
{
	const CdpkTraitsLimits *limits = &cdpk_traits_limits;

	return extent->keys == 0 ||
		   (extent->keys <= limits->keys &&
			extent->sources <= share_of(limits, CDPK_RULE_KEEP, extent->keys) &&
			extent->values <= share_of(limits, CDPK_RULE_UNION, extent->keys));
}

bool
cdpk_traits_full(const CdpkTraitsExtent *extent)
{
	const CdpkTraitsLimits *limits = &cdpk_traits_limits;

	return extent->keys > 0 && (extent->keys >= limits->keys ||
								extent->sources >= share_of(limits, CDPK_RULE_KEEP, extent->keys) ||
								extent->values >= share_of(limits, CDPK_RULE_UNION, extent->keys));
}

/*
 * Return whether a new cell cannot break any limit: with so few cells even one
 * key with all of them has less than its share.
 */
static bool
is_far_below_limits(const CdpkTraitsState *state)
{
	uint64_t cells = (uint64_t) state->view.count + 1;

	return cells * cells <= state->limits->keys;
}

/* Count the keys if they are not counted yet. */
static void
count_keys(CdpkTraitsState *state)
{
	if (state->keys == 0)
		state->keys = cdpk_traits_extent(&state->view).keys;
}

/* ---- which cells of a key are the best ---- */

/* the claim of a cell of a union, or of a merged object, to stay: a later one has more, of equal ones the first in order */
typedef struct Claim
{
	int64_t at;
	uint32_t index;
} Claim;

/* Return what a cell at an index claims; what is said of the whole always stays. */
static Claim
claim_of(const CdpkTrait *trait, uint32_t index)
{
	Claim claim = {cdpk_trait_whole(trait) ? INT64_MAX : trait->at, index};

	return claim;
}

/* Order claims, the best first. */
static int
compare_claims(const void *left, const void *right)
{
	const Claim *a = left;
	const Claim *b = right;

	if (a->at != b->at)
		return a->at > b->at ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* Return whether it is by their time that cells of a rule stay. */
static bool
keeps_latest(unsigned rule)
{
	return (rule & CDPK_RULE_BASE) == CDPK_RULE_UNION || (rule & CDPK_RULE_BASE) == CDPK_RULE_MERGE;
}

/* Find the cell with the least claim among first .. end - 1. */
static CdpkStatus
find_worst(const CdpkTraitsState *state, uint32_t first, uint32_t end, Claim *worst)
{
	*worst = (Claim){INT64_MAX, first};
	for (uint32_t i = first; i < end; i++)
	{
		CdpkTrait trait;
		Claim claim;

		if (!cell_read(&state->view, i, &trait))
			return CDPK_CORRUPT;
		claim = claim_of(&trait, i);
		if (compare_claims(&claim, worst) > 0)
			*worst = claim;
	}
	return CDPK_OK;
}

/* Leave the "keep" cells with the best claims among first .. end - 1. */
static CdpkStatus
keep_latest(CdpkTraitsState *state, uint32_t first, uint32_t end, uint32_t keep)
{
	const CdpkAllocator *allocator = state->allocator;
	Claim *claims = allocator->allocate(allocator->context, (end - first) * sizeof(Claim));
	uint32_t kept = first;
	uint32_t dead = 0;
	Claim last;

	if (claims == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = first; i < end; i++)
	{
		CdpkTrait trait = {0};

		cell_read(&state->view, i, &trait);
		claims[i - first] = claim_of(&trait, i);
	}
	qsort(claims, end - first, sizeof(Claim), compare_claims);
	last = claims[keep - 1];
	if (allocator->release)
		allocator->release(allocator->context, claims);
	for (uint32_t i = first; i < end; i++)
	{
		CdpkTrait trait;
		Claim claim;

		if (!cell_read(&state->view, i, &trait))
			return CDPK_CORRUPT;
		claim = claim_of(&trait, i);
		if (compare_claims(&claim, &last) <= 0)
			memmove(state->bytes + slot_place(kept++), state->bytes + slot_place(i), SLOT_SIZE);
		else
			dead += cell_extent(&trait);
	}
	cdpk_page_drop(state, kept, end, dead);
	return CDPK_OK;
}

/* ---- new cells ---- */

/* Take out all cells of the last key. */
static CdpkStatus
drop_last_key(CdpkTraitsState *state)
{
	CdpkTrait last;
	uint32_t first;
	bool found;

	if (!cell_read(&state->view, state->view.count - 1, &last))
		return CDPK_CORRUPT;
	first = cdpk_traits_find(&state->view, 0, last.key, last.key_length, &found);
	if (!found)
		return CDPK_CORRUPT;
	state->keys--;
	return cdpk_page_remove(state, first, state->view.count);
}

/* Take out what keys have beyond their shares, which a new key has made smaller. */
static CdpkStatus
cut_shares(CdpkTraitsState *state)
{
	uint32_t most = state->view.count - state->keys + 1;

	/* the others have one cell each */
	if (most <= share_of(state->limits, CDPK_RULE_KEEP, state->keys) &&
		most <= share_of(state->limits, CDPK_RULE_UNION, state->keys))
		return CDPK_OK;
	for (uint32_t first = 0, end; first < state->view.count; first = end)
	{
		CdpkStatus status = CDPK_OK;
		CdpkTrait trait;
		uint32_t share;

		if (!cell_read(&state->view, first, &trait))
			return CDPK_CORRUPT;
		end = cdpk_traits_end(&state->view, first);
		share = share_of(state->limits, trait.rule, state->keys);
		if (end - first <= share)
			continue;
		if (keeps_latest(trait.rule))
			status = keep_latest(state, first, end, share);
		else
			status = cdpk_page_remove(state, first + share, end);
		if (status != CDPK_OK)
			return status;
		end = first + share;
	}
	return CDPK_OK;
}

CdpkStatus
cdpk_traits_insert_key(CdpkTraitsState *state, uint32_t index, const CdpkTrait *trait)
{
	CdpkStatus status = CDPK_OK;

	if (is_far_below_limits(state))
	{
		state->keys += state->keys > 0;
		return cdpk_page_insert(state, index, trait);
	}
	count_keys(state);
	if (state->keys >= state->limits->keys)
	{
		if (index == state->view.count)
			return CDPK_OK;
		status = drop_last_key(state);
	}
	if (status == CDPK_OK)
		status = cdpk_page_insert(state, index, trait);
	if (status != CDPK_OK)
		return status;
	state->keys++;
	return cut_shares(state);
}

CdpkStatus
cdpk_traits_insert_value(CdpkTraitsState *state, uint32_t first, uint32_t end, uint32_t index,
						 const CdpkTrait *trait)
{
	Claim claim = claim_of(trait, index);
	Claim worst = {INT64_MIN, end - 1};
	CdpkStatus status = CDPK_OK;

	if (is_far_below_limits(state))
		return cdpk_page_insert(state, index, trait);
	count_keys(state);
	if (end - first < share_of(state->limits, trait->rule, state->keys))
		return cdpk_page_insert(state, index, trait);
	if (keeps_latest(trait->rule))
		status = find_worst(state, first, end, &worst);
	else
		claim.at = worst.at;
	if (status != CDPK_OK || compare_claims(&claim, &worst) > 0)
		return status;
	status = cdpk_page_remove(state, worst.index, worst.index + 1);
	if (status != CDPK_OK)
		return status;
	return cdpk_page_insert(state, worst.index < index ? index - 1 : index, trait);
}
