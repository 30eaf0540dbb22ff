/*
 * traits_check.c
 *		Whether bytes from anywhere are traits.
 */
#include "core/traits/traits_check.h"

#include "core/text/digits.h"
#include "core/text/instant.h"
#include "core/text/value_size.h"
#include "core/traits/traits_cell.h"
#include "core/traits/traits_limit.h"
#include "core/traits/traits_order.h"
#include "core/traits/traits_path.h"
#include "core/traits/traits_view.h"

/* Return whether a cell is one that merging could have made, seen alone. */
static bool
cell_valid(const CdpkTrait *trait)
{
	size_t whole;
	size_t fraction;

	if (!cdpk_rule_valid(trait->rule) || !cdpk_value_text_valid(trait->key, trait->key_length) ||
		!cdpk_value_text_valid(trait->source, trait->source_length) ||
		cdpk_value_check(&trait->value) != CDPK_OK)
		return false;
	if (trait->value.type == CDPK_VALUE_NULL && !cdpk_rule_removes(trait->rule))
		return false;
	if (!cdpk_instant_valid(trait->at))
		return false;
	if (trait->count < 1 || trait->count > INT64_MAX ||
		!cdpk_value_fits(&trait->value, cdpk_value_size_max(trait->rule)))
		return false;
	if ((trait->rule & CDPK_RULE_BASE) == CDPK_RULE_MERGE)
		return cdpk_path_valid(&trait->value);
	if ((trait->rule & CDPK_RULE_BASE) != CDPK_RULE_SUM)
		return true;
	if (trait->value.type != CDPK_VALUE_NUMBER)
		return false;
	cdpk_digits_count(trait->value.bytes, trait->value.length, &whole, &fraction);
	return whole <= CDPK_TRAITS_DIGITS_MAX + CDPK_TRAITS_CARRY_MAX &&
		   fraction <= CDPK_TRAITS_DIGITS_MAX;
}

/*
 * Return whether two cells of one key may follow each other; first is
 * the key's first.
 */
static bool
same_key_valid(const CdpkTrait *first, const CdpkTrait *previous, const CdpkTrait *next)
{
	if (next->rule != first->rule || !cdpk_rule_many(next->rule) ||
		cdpk_trait_compare_place(previous, next) >= 0)
		return false;
	if (next->rule & CDPK_RULE_KEEP)
		return true;
	if ((next->rule & CDPK_RULE_TRUSTED) && next->trust != first->trust)
		return false;
	return !cdpk_trait_whole(first) || next->at > first->at;
}

CdpkStatus
cdpk_traits_check(const uint8_t *bytes, size_t size)
{
	CdpkTraitsView view;
	CdpkTrait first = {0};
	CdpkTrait previous = {0};
	CdpkStatus status = cdpk_traits_open(&view, bytes, size);
	CdpkTraitsExtent extent;
	uint32_t expected;

	if (status != CDPK_OK)
		return status;
	if (size > CDPK_TRAITS_SIZE_MAX || !cdpk_traits_is_compact(&view))
		return CDPK_CORRUPT;
	expected = view.heap;
	for (uint32_t i = 0; i < view.count; i++)
	{
		const uint8_t *slot = bytes + slot_place(i);
		uint8_t right_slot[SLOT_SIZE];
		CdpkTrait trait;
		WantedKey wanted;
		int order;

		if (!cell_read(&view, i, &trait) || trait.slack != 0 || !cell_valid(&trait))
			return CDPK_CORRUPT;
		store_slot(right_slot, trait.key, trait.key_length, expected);
		if (memcmp(slot, right_slot, SLOT_SIZE) != 0)
			return CDPK_CORRUPT;
		expected -= (uint32_t) cell_size(&trait);
		wanted = wanted_key(trait.key, trait.key_length);
		order = i == 0 ? -1 : compare_key(&view, i - 1, &wanted);
		if (order > 0 || (order == 0 && !same_key_valid(&first, &previous, &trait)))
			return CDPK_CORRUPT;
		if (order < 0)
			first = trait;
		previous = trait;
	}
	extent = cdpk_traits_extent(&view);
	return expected == 0 && cdpk_traits_fits(&extent) ? CDPK_OK : CDPK_CORRUPT;
}
