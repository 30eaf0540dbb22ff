/*
 * traits.c
 *		Reading traits: opening, finding keys, the compact form, the check of
 *		untrusted bytes.
 */
#include "core/traits.h"

#include "core/number.h"
#include "core/traits_cell.h"

CdpkStatus
cdpk_traits_open(CdpkTraitsView *view, const uint8_t *bytes, size_t size)
{
	if (size < TRAITS_HEADER || size > UINT32_MAX)
		return CDPK_CORRUPT;
	if (bytes[0] != CDPK_TRAITS_VERSION)
		return CDPK_UNKNOWN_VERSION;
	view->bytes = bytes;
	view->size = size;
	view->count = load_u32(bytes + 4);
	view->heap = load_u32(bytes + 8);
	if (bytes[1] > TRAITS_LOOSE || bytes[2] != 0 || bytes[3] != 0 ||
		view->count > CDPK_TRAITS_CELLS_MAX || view->heap > size ||
		slot_place(view->count) > size - view->heap)
		return CDPK_CORRUPT;
	if (bytes[1] != TRAITS_LOOSE && slot_place(view->count) != size - view->heap)
		return CDPK_CORRUPT;
	return CDPK_OK;
}

bool
cdpk_traits_get(const CdpkTraitsView *view, uint32_t index, CdpkTrait *trait)
{
	return index < view->count && cell_read(view, index, trait);
}

/* a key to look for, with its beginning as a slot has it */
typedef struct WantedKey
{
	const uint8_t *key;
	size_t length;
	uint32_t slot;
} WantedKey;

/* wanted_key prepares a key. */
static WantedKey
wanted_key(const uint8_t *key, size_t length)
{
	WantedKey wanted = {key, length, 0};
	uint8_t slot[SLOT_SIZE];

	store_slot(slot, key, (uint8_t) length, 0);
	wanted.slot = slot_key(slot);
	return wanted;
}

/* compare_key orders a slot's key against a wanted one. */
static int
compare_key(const CdpkTraitsView *view, uint32_t index, const WantedKey *wanted)
{
	const uint8_t *slot = view->bytes + slot_place(index);
	uint32_t key = slot_key(slot);
	uint32_t from_end = slot_from_end(slot);

	if (key != wanted->slot)
		return key < wanted->slot ? -1 : 1;
	if (wanted->length <= SLOT_KEY)
		return 0;
	if (from_end > view->heap || from_end < CELL_FIXED + wanted->length)
		return 1; /* corrupt; whoever reads the cell will see it */
	return memcmp(view->bytes + view->size - from_end + CELL_FIXED + SLOT_KEY,
				  wanted->key + SLOT_KEY, wanted->length - SLOT_KEY);
}

/*
 * find_bound finds the first slot from "from" on that is not before the key (or,
 * with above 1, that is behind it).  It looks near "from" first, in steps that
 * double, so that ascending keys are found in turn.
 */
static uint32_t
find_bound(const CdpkTraitsView *view, uint32_t from, const WantedKey *wanted, int above,
		   bool *found)
{
	uint32_t low = from < view->count ? from : view->count;
	uint32_t high = low;
	uint32_t step = 1;

	*found = false;
	while (high < view->count)
	{
		int order = compare_key(view, high, wanted);

		if (order >= above)
		{
			*found = order == 0;
			break;
		}
		low = high + 1;
		high += step;
		step *= 2;
	}
	if (high > view->count)
		high = view->count;
	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;
		int order = compare_key(view, middle, wanted);

		if (order >= above)
		{
			high = middle;
			*found = order == 0;
		}
		else
			low = middle + 1;
	}
	return low;
}

uint32_t
cdpk_traits_find(const CdpkTraitsView *view, uint32_t from, const uint8_t *key, size_t key_length,
				 bool *found)
{
	WantedKey wanted;

	*found = false;
	if (key_length > CDPK_TRAITS_KEY_MAX)
		return view->count;
	wanted = wanted_key(key, key_length);
	return find_bound(view, from, &wanted, 0, found);
}

uint32_t
cdpk_traits_end(const CdpkTraitsView *view, uint32_t first)
{
	CdpkTrait trait;
	WantedKey wanted;
	bool found;

	if (!cdpk_traits_get(view, first, &trait) || !cdpk_rule_many(trait.rule))
		return first < view->count ? first + 1 : view->count;
	wanted = wanted_key(trait.key, trait.key_length);
	return find_bound(view, first + 1, &wanted, 1, &found);
}

bool
cdpk_traits_current(const CdpkTraitsView *view, uint32_t first, uint32_t end, CdpkTrait *current)
{
	if (!cdpk_traits_get(view, first, current))
		return false;
	for (uint32_t i = first + 1; i < end; i++)
	{
		CdpkTrait trait;

		if (!cdpk_traits_get(view, i, &trait))
			return false;
		if (cdpk_trait_prefer(&trait, current) > 0)
			*current = trait;
	}
	return true;
}

bool
cdpk_traits_is_compact(const CdpkTraitsView *view)
{
	return view->bytes[1] != TRAITS_LOOSE;
}

size_t
cdpk_traits_compact_size(const CdpkTraitsView *view)
{
	size_t size = slot_place(view->count);

	if (cdpk_traits_is_compact(view))
		return view->size;
	for (uint32_t i = 0; i < view->count; i++)
	{
		CdpkTrait trait;

		if (!cell_read(view, i, &trait))
			return 0;
		size += cell_size(&trait);
	}
	return size;
}

void
cdpk_traits_compact(const CdpkTraitsView *view, uint8_t *result)
{
	size_t size = cdpk_traits_compact_size(view);
	size_t place = slot_place(view->count);

	if (cdpk_traits_is_compact(view))
	{
		memcpy(result, view->bytes, view->size);
		return;
	}
	memset(result, 0, TRAITS_HEADER);
	result[0] = CDPK_TRAITS_VERSION;
	store_u32(result + 4, view->count);
	store_u32(result + 8, (uint32_t) (size - place));
	for (uint32_t i = 0; i < view->count; i++)
	{
		CdpkTrait trait;

		cell_read(view, i, &trait);
		store_slot(result + slot_place(i), trait.key, trait.key_length, (uint32_t) (size - place));
		cell_write(result + place, &trait);
		place += cell_size(&trait);
	}
}

/* cell_valid says whether a cell is one that merging could have made, seen alone. */
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
	if (trait->count < 1 || trait->count > INT64_MAX)
		return false;
	if ((trait->rule & CDPK_RULE_BASE) != CDPK_RULE_SUM)
		return true;
	if (trait->value.type != CDPK_VALUE_NUMBER)
		return false;
	cdpk_number_digits(trait->value.bytes, trait->value.length, &whole, &fraction);
	return whole <= CDPK_TRAITS_DIGITS_MAX + CDPK_TRAITS_CARRY_MAX &&
		   fraction <= CDPK_TRAITS_DIGITS_MAX;
}

/*
 * same_key_valid says whether two cells of one key may follow each other; first is
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
	return first->value.type != CDPK_VALUE_NULL || next->at > first->at;
}

CdpkStatus
cdpk_traits_check(const uint8_t *bytes, size_t size)
{
	CdpkTraitsView view;
	CdpkTrait first = {0};
	CdpkTrait previous = {0};
	CdpkStatus status = cdpk_traits_open(&view, bytes, size);
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

		if (!cell_read(&view, i, &trait) || !cell_valid(&trait))
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
	return expected == 0 ? CDPK_OK : CDPK_CORRUPT;
}
