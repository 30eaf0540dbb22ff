/* traits_fuzz.c: any bytes as traits: read without a check, merged, and checked */
#include <stdlib.h>
#include <string.h>

#include "core/text/instant.h"
#include "core/traits/traits_check.h"
#include "core/traits/traits_limit.h"
#include "core/traits/traits_merge.h"
#include "core/traits/traits_page.h"
#include "core/traits/traits_view.h"

#include "fuzz.h"

/* Touches every byte that a cell points to. */
static unsigned
touch(const CdpkTrait *trait)
{
	unsigned sum = 0;

	for (size_t i = 0; i < trait->key_length; i++)
		sum += trait->key[i];
	for (size_t i = 0; i < trait->source_length; i++)
		sum += trait->source[i];
	for (size_t i = 0; i < trait->value.length; i++)
		sum += trait->value.bytes[i];
	return sum;
}

/* Reads everything as the operators do, without having checked it first. */
static void
read_all(const CdpkTraitsView *view)
{
	volatile unsigned sum = 0;

	for (uint32_t first = 0, end; first < view->count; first = end)
	{
		CdpkTrait trait;
		bool found;

		end = cdpk_traits_end(view, first);
		if (end <= first)
			abort();
		if (!cdpk_traits_get(view, first, &trait))
			continue;
		sum += touch(&trait);
		cdpk_traits_find(view, 0, trait.key, trait.key_length, &found);
		if (cdpk_rule_valid(trait.rule) && cdpk_traits_current(view, first, end, &trait))
			sum += touch(&trait);
	}
}

/*
 * Merges all cells that have a valid rule and value into a state; the state is one
 * that goes on from these bytes, or an empty one.
 */
static CdpkStatus
merge_all(CdpkTraitsState *state, const CdpkTraitsView *view)
{
	for (uint32_t i = 0; i < view->count; i++)
	{
		CdpkTrait trait;
		uint32_t hint = 0;
		CdpkStatus status;

		if (!cdpk_traits_get(view, i, &trait))
			return CDPK_CORRUPT;
		if (!cdpk_rule_valid(trait.rule) || cdpk_value_check(&trait.value) != CDPK_OK)
			continue;
		status = cdpk_traits_put(state, &trait, &hint);
		if (status == CDPK_CORRUPT)
			return status;
	}
	return CDPK_OK;
}

/* Every time that the check has taken has a text that reads back. */
static void
times_have_text(const CdpkTraitsView *view)
{
	for (uint32_t i = 0; i < view->count; i++)
	{
		char text[CDPK_TIMESTAMP_TEXT_MAX];
		CdpkTrait trait;
		int64_t again;

		if (!cdpk_traits_get(view, i, &trait))
			abort();
		cdpk_instant_print(trait.at, text);
		if (cdpk_instant_parse(text, strlen(text), &again) != CDPK_OK || again != trait.at)
			abort();
	}
}

/* What the check has taken is what merging makes of it. */
static void
merge_again(const CdpkTraitsView *view)
{
	CdpkTraitsState state;
	uint8_t *compact;
	size_t size;

	if (cdpk_traits_begin(&state, &fuzz_allocator, 0, 0) != CDPK_OK ||
		merge_all(&state, view) != CDPK_OK)
		abort();
	size = cdpk_traits_compact_size(&state.view);
	compact = malloc(size);
	cdpk_traits_compact(&state.view, size, compact);
	if (size != view->size || memcmp(compact, view->bytes, size) != 0)
		abort();
	free(compact);
	free(state.bytes);
}

/* Merges a valid value into a state that goes on from these bytes, which need not be. */
static void
resume(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size);
	CdpkTraitsState state;
	CdpkTraitsState other;
	static const uint8_t text[] = "a value of some bytes";
	CdpkTrait trait = {.key = text, .count = 1, .value = {CDPK_VALUE_STRING, text, sizeof(text)}};
	uint32_t hint = 0;

	memcpy(copy, data, size);
	if (cdpk_traits_begin(&other, &fuzz_allocator, 0, 0) != CDPK_OK)
		abort();
	for (trait.key_length = 0; trait.key_length < 10; trait.key_length++)
	{
		for (trait.rule = 0; trait.rule <= CDPK_RULE_CODE_MAX; trait.rule++)
		{
			if (cdpk_rule_valid(trait.rule))
				cdpk_traits_put(&other, &trait, &hint);
		}
	}
	if (cdpk_traits_resume(&state, &fuzz_allocator, copy, size) == CDPK_OK)
	{
		cdpk_traits_merge(&state, &other.view, 0, other.view.count);
		read_all(&state.view);
		if (state.moved)
			free(state.bytes);
	}
	free(other.bytes);
	free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkTraitsView view;

	resume(data, size);
	if (cdpk_traits_open(&view, data, size) != CDPK_OK)
		return 0;
	read_all(&view);
	cdpk_traits_compact_size(&view);
	if (cdpk_traits_check(data, size) == CDPK_OK)
	{
		times_have_text(&view);
		merge_again(&view);
	}
	return 0;
}
