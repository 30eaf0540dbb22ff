/*
 * traits_view.c
 *		Reads the bytes of traits: opening, finding keys, the compact form.
 */
#include "core/traits/traits_view.h"

#include "core/traits/traits_cell.h"
#include "core/traits/traits_order.h"

CdpkStatus
cdpk_traits_open(CdpkTraitsView *view, const uint8_t *bytes, size_t size)
{
	if (size < TRAITS_HEADER || size > UINT32_MAX)
		return CDPK_CORRUPT;
	if (bytes[0] != CDPK_TRAITS_VERSION)
		return CDPK_UNKNOWN_VERSION;
	view->bytes = bytes;
	view->size = size;
	view->count = load_u16(bytes + 2);
	view->heap = load_u32(bytes + 4);
	view->dead = load_u32(bytes + 8);
	if (bytes[1] > TRAITS_LOOSE || view->heap > size || view->dead > view->heap ||
		slot_place(view->count) > size - view->heap)
		return CDPK_CORRUPT;
	if (bytes[1] != TRAITS_LOOSE &&
		(slot_place(view->count) != size - view->heap || view->dead > 0))
		return CDPK_CORRUPT;
	return CDPK_OK;
}

bool
cdpk_traits_get(const CdpkTraitsView *view, uint32_t index, CdpkTrait *trait)
{
	return index < view->count && cell_read(view, index, trait);
}

/*
 * Find the first slot from "from" on that is not before the key (or,
 * with above 1, that is after it), in steps that double.
 */
static uint32_t
find_bound(const CdpkTraitsView *view, uint32_t from, const WantedKey *wanted, int above,
		   bool *found)
{
	uint32_t low = from;
	uint32_t high = from;
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

#define FIND_NEAR 8 /* slots to look at one by one */

uint32_t
cdpk_traits_find(const CdpkTraitsView *view, uint32_t from, const uint8_t *key, size_t key_length,
				 bool *found)
{
	WantedKey wanted = wanted_key(key, key_length);
	uint32_t near = from + FIND_NEAR < view->count ? from + FIND_NEAR : view->count;

	*found = false;
	if (key_length > CDPK_TRAITS_KEY_MAX || from > view->count)
		return view->count;
	/* ascending keys are near each other, and most differ in what the slots have of them */
	while (from < near && slot_key(view->bytes + slot_place(from)) < wanted.prefix)
		from++;
	if (from < near && compare_key(view, from, &wanted) == 0)
	{
		*found = true;
		return from;
	}
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
		size_t length = cell_length(view, i);

		if (length == 0)
			return 0;
		size += length;
	}
	return size;
}

void
cdpk_traits_compact(const CdpkTraitsView *view, size_t size, uint8_t *result)
{
	size_t place = slot_place(view->count);

	if (cdpk_traits_is_compact(view))
	{
		memcpy(result, view->bytes, view->size);
		return;
	}
	store_header(result, 0, view->count, (uint32_t) (size - place), 0);
	for (uint32_t i = 0; i < view->count; i++)
	{
		const uint8_t *slot = view->bytes + slot_place(i);
		size_t length = cell_length(view, i);

		memcpy(result + slot_place(i), slot, SLOT_SIZE);
		store_u32(result + slot_place(i) + 4, (uint32_t) (size - place));
		memcpy(result + place, view->bytes + view->size - slot_from_end(slot), length);
		result[place + CELL_SLACK] = 0;
		place += length;
	}
}
