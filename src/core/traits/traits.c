/*
 * traits.c
 *		Reading traits: opening, finding keys, the compact form, the check of
 *		untrusted bytes.
 */
#include "core/traits/traits.h"

#include "core/text/digits.h"
#include "core/text/instant.h"
#include "core/traits/traits_cell.h"

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
cdpk_cell_read_long(const uint8_t *at, const uint8_t *end, CdpkTrait *trait)
{
	CdpkReader reader = cdpk_reader(at, (size_t) (end - at));

	trait->count = cell_has_count(trait->rule) ? cdpk_read_varint(&reader) : 1;
	trait->value.length = (size_t) cdpk_read_varint(&reader);
	trait->value.bytes = cdpk_read_bytes(&reader, trait->value.length);
	return !reader.failed && cdpk_left(&reader) >= trait->slack &&
		   trait->value.type <= CDPK_VALUE_OBJECT;
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
	uint32_t prefix;
} WantedKey;

/* wanted_key prepares a key. */
static WantedKey
wanted_key(const uint8_t *key, size_t length)
{
	WantedKey wanted = {key, length, key_prefix(key, length)};

	return wanted;
}

/* compare_key orders a slot's key against a wanted one. */
static inline int
compare_key(const CdpkTraitsView *view, uint32_t index, const WantedKey *wanted)
{
	const uint8_t *slot = view->bytes + slot_place(index);
	uint32_t key = slot_key(slot);
	uint32_t from_end = slot_from_end(slot);

	if (key != wanted->prefix)
		return key < wanted->prefix ? -1 : 1;
	if (wanted->length <= SLOT_KEY)
		return 0;
	if (from_end > view->heap || from_end < CELL_FIXED + wanted->length)
		return 1; /* corrupt; whoever reads the cell will see it */
	return memcmp(view->bytes + view->size - from_end + CELL_FIXED + SLOT_KEY,
				  wanted->key + SLOT_KEY, wanted->length - SLOT_KEY);
}

/*
 * find_bound finds the first slot from "from" on that is not before the key (or,
 * with above 1, that is behind it), in steps that double.
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
	if (!cdpk_instant_valid(trait->at))
		return false;
	if (trait->count < 1 || trait->count > INT64_MAX ||
		!cdpk_value_fits(&trait->value, cdpk_value_size_max(trait->rule)))
		return false;
	if ((trait->rule & CDPK_RULE_BASE) != CDPK_RULE_SUM)
		return true;
	if (trait->value.type != CDPK_VALUE_NUMBER)
		return false;
	cdpk_digits_count(trait->value.bytes, trait->value.length, &whole, &fraction);
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
