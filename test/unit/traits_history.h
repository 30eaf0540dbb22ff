/*
 * traits_history.h
 *		Random histories of traits, and values made of them: for the tests of
 *		traits*.c.
 */
#ifndef TRAITS_HISTORY_H
#define TRAITS_HISTORY_H

#include "core/traits/traits_check.h"
#include "core/traits/traits_limit.h"
#include "core/traits/traits_merge.h"
#include "core/traits/traits_page.h"
#include "core/traits/traits_path.h"
#include "core/traits/traits_view.h"
#include "unit.h"

/* ---- values and a random history ---- */

#define VALUE(type, bytes)                                              \
	{                                                                   \
		CDPK_VALUE_##type, (const uint8_t *) (bytes), sizeof(bytes) - 1 \
	}

static const CdpkValue values[] = {
	VALUE(NULL, ""),
	VALUE(FALSE, ""),
	VALUE(TRUE, ""),
	VALUE(NUMBER, "1"),
	VALUE(NUMBER, "1.0"),
	VALUE(NUMBER, "1.00"),
	VALUE(NUMBER, "2.5"),
	VALUE(NUMBER, "-3"),
	VALUE(NUMBER, "1000000"),
	VALUE(STRING, ""),
	VALUE(STRING, "a"),
	VALUE(STRING, "\n"),
	VALUE(STRING, "a much longer string that does not fit where the short one stood"),
	VALUE(ARRAY, "[1, 2]"),
	VALUE(ARRAY, "[1.0, 2]"),
	VALUE(OBJECT, "{\"a\": null}"),
	VALUE(OBJECT, "{\"a\": \"}\"}"),
	VALUE(OBJECT, "{\"a\": {\"b\": 1}}"),
	VALUE(OBJECT, "{\"a\": {\"b\": 1.0}}"),
	VALUE(OBJECT, "{\"a\": {\"b\": {\"c \\\"\": [{}, {\"d\": 1}]}}}"),
	VALUE(OBJECT, "{\"ab\": 3}"),
	VALUE(STRING, "a string of more than 127 bytes, the length of which takes two bytes instead of "
				  "one, and so moves everything that stands after it in the cell by a byte")};

#define VALUES (sizeof(values) / sizeof(values[0]))
#define FIRST_NUMBER 3
#define NUMBERS 6

static const char *const keys[] = {"",       "k",          "ab",         "plan",
								   "planet", "first_name", "first_nbme", "a key of more bytes"};
static const char *const sources[] = {"", "crm", "web", "webshop"};

#define KEYS (sizeof(keys) / sizeof(keys[0]))
#define SOURCES (sizeof(sources) / sizeof(sources[0]))
#define HISTORY_MAX 40

typedef struct History
{
	CdpkTrait traits[HISTORY_MAX];
	size_t count;
} History;

/* A rule; keys of a history have one each, mostly. */
static inline uint8_t
random_rule(uint64_t *state)
{
	uint8_t rule;

	do
		rule = (uint8_t) (unit_random(state) % (CDPK_RULE_CODE_MAX + 1));
	while (!cdpk_rule_valid(rule));
	return rule;
}

static inline CdpkTrait
random_trait(uint64_t *state, const uint8_t *rules)
{
	CdpkTrait trait = {0};
	size_t key = unit_random(state) % KEYS;
	const char *source = sources[unit_random(state) % SOURCES];

	trait.key = (const uint8_t *) keys[key];
	trait.key_length = (uint8_t) strlen(keys[key]);
	trait.rule = unit_random(state) % 20 == 0 ? random_rule(state) : rules[key];
	trait.trust = (int8_t) ((int) (unit_random(state) % 3) - 1);
	trait.at = (int64_t) (unit_random(state) % 6) - 2;
	trait.source = (const uint8_t *) source;
	trait.source_length = (uint8_t) strlen(source);
	trait.count = 1;
	trait.value = values[unit_random(state) % VALUES];
	if ((trait.rule & CDPK_RULE_BASE) == CDPK_RULE_SUM)
		trait.value = values[FIRST_NUMBER + unit_random(state) % NUMBERS];
	return trait;
}

static inline void
random_history(uint64_t *state, History *history)
{
	uint8_t rules[KEYS];

	for (size_t i = 0; i < KEYS; i++)
		rules[i] = unit_random(state) % 3 == 0 ? 0 : random_rule(state);
	history->count = unit_random(state) % (HISTORY_MAX + 1);
	for (size_t i = 0; i < history->count; i++)
		history->traits[i] = random_trait(state, rules);
}

static inline void
shuffle(uint64_t *state, History *history)
{
	for (size_t i = history->count; i > 1; i--)
	{
		size_t j = unit_random(state) % i;
		CdpkTrait swap = history->traits[i - 1];

		history->traits[i - 1] = history->traits[j];
		history->traits[j] = swap;
	}
}

static inline int
base_of(const CdpkTrait *trait)
{
	return trait->rule & CDPK_RULE_BASE;
}

static inline bool
same_key(const CdpkTrait *a, const CdpkTrait *b)
{
	return a->key_length == b->key_length && memcmp(a->key, b->key, a->key_length) == 0;
}

/* ---- states ---- */

/* A compact value in memory of its own. */
typedef struct Compact
{
	uint8_t *bytes;
	size_t size;
} Compact;

static inline Compact
compact(CdpkTraitsState *state)
{
	Compact made;

	made.size = cdpk_traits_compact_size(&state->view);
	made.bytes = malloc(made.size);
	cdpk_traits_compact(&state->view, made.size, made.bytes);
	return made;
}

/* how much the states take that are begun from now on */
static const CdpkTraitsLimits *history_limits = &cdpk_traits_limits;

static inline void
begin(CdpkTraitsState *state)
{
	CHECK(cdpk_traits_begin(state, &unit_allocator, 0, 0) == CDPK_OK);
	state->limits = history_limits;
}

static inline void
put_all(CdpkTraitsState *state, const History *history, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
	{
		uint32_t hint = 0;

		CHECK(cdpk_traits_put(state, &history->traits[i], &hint) == CDPK_OK);
	}
}

static inline Compact
merged(const History *history)
{
	CdpkTraitsState state;
	Compact made;

	begin(&state);
	put_all(&state, history, 0, history->count);
	made = compact(&state);
	free(state.bytes);
	return made;
}

/* Make a random history and its value. */
static inline Compact
random_value(uint64_t *state, History *history)
{
	random_history(state, history);
	return merged(history);
}

static inline void
merge_view(CdpkTraitsState *state, const CdpkTraitsView *other)
{
	CHECK(cdpk_traits_merge(state, other, 0, other->count) == CDPK_OK);
}

static inline CdpkTraitsView
open_compact(const Compact *value)
{
	CdpkTraitsView view = {0};

	CHECK(cdpk_traits_open(&view, value->bytes, value->size) == CDPK_OK);
	return view;
}

static inline bool
equal(const Compact *a, const Compact *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

#endif /* TRAITS_HISTORY_H */
