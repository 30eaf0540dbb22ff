/*
 * traits_merge.c
 *		Merging traits: one value into a state by its key's rule, and with it all
 *		of another value.
 *
 * What a state holds is a function of the multiset of values put into it, whatever
 * their order and however they were grouped into partial states: each rule below
 * is commutative and associative, and all but sum and most_frequent are idempotent.
 */
#include "core/traits/traits_merge.h"

#include "core/text/digits.h"
#include "core/text/value_size.h"
#include "core/traits/traits_cell.h"
#include "core/traits/traits_limit.h"
#include "core/traits/traits_order.h"
#include "core/traits/traits_page.h"
#include "core/traits/traits_path.h"
#include "core/traits/traits_view.h"

/* one value on its way into the cells first .. end - 1 of its key */
typedef struct Merge
{
	CdpkTraitsState *state;
	const CdpkTrait *trait;
	uint32_t first;
	uint32_t end;
} Merge;

/*
 * Find the trait's own cell among the key's, or where it is to be
 * made; false if the bytes are corrupt.
 */
static bool
find_place(const Merge *merge, uint32_t *place, bool *found, CdpkTrait *present)
{
	uint32_t low = merge->first;
	uint32_t high = merge->end;

	*found = false;
	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;
		CdpkTrait trait;
		int order;

		if (!cell_read(&merge->state->view, middle, &trait))
			return false;
		order = cdpk_trait_compare_place(&trait, merge->trait);
		if (order == 0)
		{
			*found = true;
			*present = trait;
			*place = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*place = low;
	return true;
}

/* Merge into the trait's own cell the one of the two that is preferred. */
static CdpkStatus
put_preferred(const Merge *merge)
{
	CdpkTrait present;
	uint32_t place;
	bool found;

	if (!find_place(merge, &place, &found, &present))
		return CDPK_CORRUPT;
	if (!found)
		return cdpk_traits_insert_value(merge->state, merge->first, merge->end, place,
										merge->trait);
	if (cdpk_trait_prefer(merge->trait, &present) <= 0)
		return CDPK_OK;
	return cdpk_page_replace(merge->state, place, &present, merge->trait);
}

/* Add up how often the value came; time and source are those of the latest. */
static CdpkStatus
put_counted(const Merge *merge)
{
	CdpkTrait present;
	CdpkTrait merged;
	uint32_t place;
	bool found;

	if (!find_place(merge, &place, &found, &present))
		return CDPK_CORRUPT;
	if (!found)
		return cdpk_traits_insert_value(merge->state, merge->first, merge->end, place,
										merge->trait);
	merged = cdpk_trait_compare_latest(merge->trait, &present) > 0 ? *merge->trait : present;
	merged.count = merge->trait->count > INT64_MAX - present.count
					   ? INT64_MAX
					   : merge->trait->count + present.count;
	return cdpk_page_replace_with_parts(merge->state, place, &present, &merged);
}

/* Return whether a number is one that sums are made of. */
static bool
sum_fits(const CdpkValue *value)
{
	size_t whole;
	size_t fraction;

	cdpk_digits_count(value->bytes, value->length, &whole, &fraction);
	return whole <= CDPK_TRAITS_DIGITS_MAX + CDPK_TRAITS_CARRY_MAX &&
		   fraction <= CDPK_TRAITS_DIGITS_MAX;
}

/* Add the value; time and source are those of the latest. */
static CdpkStatus
put_summed(const Merge *merge, const CdpkTrait *present)
{
	uint8_t sum[2 * (2 * CDPK_TRAITS_DIGITS_MAX + CDPK_TRAITS_CARRY_MAX + 2) + 3];
	CdpkTrait merged =
		cdpk_trait_compare_origins(merge->trait, present) > 0 ? *merge->trait : *present;

	merged.value.bytes = sum;
	merged.value.length = cdpk_digits_add(merge->trait->value.bytes, merge->trait->value.length,
										  present->value.bytes, present->value.length, sum);
	if (!sum_fits(&merged.value))
		return CDPK_OUT_OF_RANGE;
	return cdpk_page_replace_with_parts(merge->state, merge->first, present, &merged);
}

/* Take out the cells of a key that are not later than what was said of the whole. */
static CdpkStatus
sweep_elements(CdpkTraitsState *state, uint32_t first, uint32_t end, int64_t removed_at)
{
	uint32_t kept = first;
	uint32_t dead = 0;

	for (uint32_t i = first; i < end; i++)
	{
		CdpkTrait trait;

		if (!cell_read(&state->view, i, &trait))
			return CDPK_CORRUPT;
		if (trait.at > removed_at)
			memmove(state->bytes + slot_place(kept++), state->bytes + slot_place(i), SLOT_SIZE);
		else
			dead += cell_extent(&trait);
	}
	cdpk_page_drop(state, kept, end, dead);
	return CDPK_OK;
}

/* Merge one element of a union, or one path of an object, or what is said of the whole, which is the first cell. */
static CdpkStatus
put_united(const Merge *merge, const CdpkTrait *present)
{
	uint32_t before = merge->state->view.count;
	CdpkStatus status;

	if (cdpk_trait_whole(present) && merge->trait->at <= present->at &&
		!cdpk_trait_whole(merge->trait))
		return CDPK_OK;
	status = put_preferred(merge);
	if (status != CDPK_OK || !cdpk_trait_whole(merge->trait))
		return status;
	return sweep_elements(merge->state, merge->first + 1,
						  merge->end + (merge->state->view.count - before), merge->trait->at);
}

/* Compare which side takes the key as a whole: 1 the new value, -1 what is there, 0 neither. */
static int
compare_precedence(const CdpkTrait *present, const CdpkTrait *trait)
{
	bool whole = (trait->rule & CDPK_RULE_TRUSTED) && !(trait->rule & CDPK_RULE_KEEP);

	if (present->rule != trait->rule)
		return present->rule < trait->rule ? 1 : -1;
	if (whole && present->trust != trait->trust)
		return present->trust < trait->trust ? 1 : -1;
	return 0;
}

/* Merge a value into a key that is there; present is its first cell. */
static CdpkStatus
put_found(CdpkTraitsState *state, uint32_t first, const CdpkTrait *present, const CdpkTrait *trait)
{
	Merge merge = {state, trait, first, first + 1};
	int outranked = compare_precedence(present, trait);
	CdpkStatus status;

	if (cdpk_rule_many(present->rule))
		merge.end = cdpk_traits_end(&state->view, first);
	if (outranked < 0)
		return CDPK_OK;
	if (outranked > 0)
	{
		status = cdpk_page_remove(state, first, merge.end);
		return status == CDPK_OK ? cdpk_page_insert(state, first, trait) : status;
	}
	if (trait->rule & CDPK_RULE_KEEP)
		return put_preferred(&merge);
	switch (trait->rule & CDPK_RULE_BASE)
	{
		case CDPK_RULE_SUM:
			return put_summed(&merge, present);
		case CDPK_RULE_UNION:
		case CDPK_RULE_MERGE:
			return put_united(&merge, present);
		case CDPK_RULE_MOST_FREQUENT:
			return put_counted(&merge);
		default:
			if (cdpk_trait_prefer(trait, present) <= 0)
				return CDPK_OK;
			return cdpk_page_replace(state, first, present, trait);
	}
}

/* Return why a value cannot be merged by its rule; CDPK_OK where it can. */
static CdpkStatus
refuses(const CdpkTrait *trait)
{
	if (!cdpk_value_fits(&trait->value, cdpk_value_size_max(trait->rule)))
		return CDPK_TOO_LONG;
	if ((trait->rule & CDPK_RULE_BASE) == CDPK_RULE_MERGE)
		return cdpk_path_valid(&trait->value) ? CDPK_OK : CDPK_INVALID;
	if ((trait->rule & CDPK_RULE_BASE) != CDPK_RULE_SUM)
		return CDPK_OK;
	if (trait->value.type != CDPK_VALUE_NUMBER)
		return CDPK_INVALID;
	return sum_fits(&trait->value) ? CDPK_OK : CDPK_OUT_OF_RANGE;
}

CdpkStatus
cdpk_traits_put_at(CdpkTraitsState *state, const CdpkTrait *trait, uint32_t index,
				   const CdpkTrait *present)
{
	CdpkStatus status;

	/* by far the most frequent: a later value of the rule "last" */
	if (trait->rule == CDPK_RULE_LAST && present && present->rule == CDPK_RULE_LAST &&
		trait->at > present->at && cdpk_value_fits(&trait->value, CDPK_TRAITS_VALUE_MAX))
		return cdpk_page_replace(state, index, present, trait);
	if (trait->value.type == CDPK_VALUE_NULL && !cdpk_rule_removes(trait->rule))
		return CDPK_OK;
	status = refuses(trait);
	if (status != CDPK_OK)
		return status;
	return present ? put_found(state, index, present, trait)
				   : cdpk_traits_insert_key(state, index, trait);
}

CdpkStatus
cdpk_traits_put(CdpkTraitsState *state, const CdpkTrait *trait, uint32_t *hint)
{
	CdpkTrait present;
	CdpkStatus status;
	bool found;

	*hint = cdpk_traits_find(&state->view, *hint, trait->key, trait->key_length, &found);
	if (found && !cell_read(&state->view, *hint, &present))
		return CDPK_CORRUPT;
	status = cdpk_traits_put_at(state, trait, *hint, found ? &present : NULL);
	*hint = cdpk_traits_hint(state, *hint);
	return status;
}

CdpkStatus
cdpk_traits_merge(CdpkTraitsState *state, const CdpkTraitsView *other, uint32_t first, uint32_t end)
{
	uint32_t hint = 0;

	for (uint32_t i = first; i < end && i < other->count; i++)
	{
		CdpkTrait trait;
		CdpkStatus status = CDPK_CORRUPT;

		if (cell_read(other, i, &trait))
			status = cdpk_traits_put(state, &trait, &hint);
		if (status != CDPK_OK)
			return status;
	}
	return CDPK_OK;
}
