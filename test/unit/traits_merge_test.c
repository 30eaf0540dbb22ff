/* traits_merge_test.c: merging traits against a slow, plain reference, and its laws */
#include "core/text/digits.h"
#include "traits_history.h"

/* ---- the reference: a pass over the whole history for each question ---- */

static int
source_order(const CdpkTrait *a, const CdpkTrait *b)
{
	char left[16] = {0};
	char right[16] = {0};

	memcpy(left, a->source, a->source_length);
	memcpy(right, b->source, b->source_length);
	return strcmp(left, right);
}

/* Whether a beats b under their rule, all else being as documented. */
static bool
beats(const CdpkTrait *a, const CdpkTrait *b)
{
	int order = cdpk_value_compare(&a->value, &b->value);

	if ((a->rule & CDPK_RULE_TRUSTED) && a->trust != b->trust)
		return a->trust > b->trust;
	if (base_of(a) == CDPK_RULE_FIRST && a->at != b->at)
		return a->at < b->at;
	if (base_of(a) == CDPK_RULE_MIN && order != 0)
		return order < 0;
	if (base_of(a) == CDPK_RULE_MAX && order != 0)
		return order > 0;
	if (a->at != b->at)
		return a->at > b->at;
	if (base_of(a) == CDPK_RULE_SUM)
		order = 0;
	else
		order = cdpk_value_compare_text(&a->value, &b->value);
	if (order != 0)
		return order > 0;
	return a->trust != b->trust ? a->trust > b->trust : source_order(a, b) > 0;
}

/* The place of the leaf of a path: behind the last ": " in front of which only brackets and strings stand. */
static size_t
leaf_of(const CdpkTrait *trait)
{
	static const char *const leaves[] = {"null", "\"}\"", "1}}", "1.0}}", "[{}", "3}"};
	char text[256] = {0};

	memcpy(text, trait->value.bytes, trait->value.length);
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		if (strstr(text, leaves[i]) != NULL && trait->value.type == CDPK_VALUE_OBJECT)
			return (size_t) (strstr(text, leaves[i]) - text);
	return 0;
}

/* Whether two values of the rule merge have one path. */
static bool
path_is(const CdpkTrait *a, const CdpkTrait *b)
{
	return leaf_of(a) == leaf_of(b) && memcmp(a->value.bytes, b->value.bytes, leaf_of(a)) == 0;
}

/* The order of two paths, by their bytes, the shorter of two that begin alike first. */
static int
path_order(const CdpkTrait *a, const CdpkTrait *b)
{
	size_t shorter = leaf_of(a) < leaf_of(b) ? leaf_of(a) : leaf_of(b);
	int order = memcmp(a->value.bytes, b->value.bytes, shorter);

	return order != 0 ? order : (int) leaf_of(a) - (int) leaf_of(b);
}

/* Whether two values of a key are merged into one cell. */
static bool
same_cell(const CdpkTrait *a, const CdpkTrait *b)
{
	if (!same_key(a, b))
		return false;
	if (a->rule & CDPK_RULE_KEEP)
		return source_order(a, b) == 0;
	if (base_of(a) == CDPK_RULE_MERGE)
		return path_is(a, b);
	if (base_of(a) == CDPK_RULE_UNION || base_of(a) == CDPK_RULE_MOST_FREQUENT)
		return cdpk_value_compare(&a->value, &b->value) == 0;
	return true;
}

/* Whether null is something to merge. */
static bool
takes_null(const CdpkTrait *trait)
{
	return base_of(trait) == CDPK_RULE_LAST || base_of(trait) == CDPK_RULE_UNION ||
		   base_of(trait) == CDPK_RULE_MERGE;
}

/* Whether the rules ignore a value, or it is outranked by others of its key. */
static bool
counts(const History *history, const CdpkTrait *trait)
{
	bool null = trait->value.type == CDPK_VALUE_NULL;

	if (null && !takes_null(trait))
		return false;
	for (size_t i = 0; i < history->count; i++)
	{
		const CdpkTrait *other = &history->traits[i];
		int base = base_of(other);

		if (!same_key(trait, other) || (other->value.type == CDPK_VALUE_NULL && !takes_null(other)))
			continue;
		if (other->rule > trait->rule)
			return false;
		if (other->rule != trait->rule)
			continue;
		if ((trait->rule & CDPK_RULE_TRUSTED) && !(trait->rule & CDPK_RULE_KEEP) &&
			other->trust > trait->trust)
			return false;
		if (base == CDPK_RULE_UNION && !null && other->value.type == CDPK_VALUE_NULL &&
			other->at >= trait->at &&
			(!(trait->rule & CDPK_RULE_TRUSTED) || other->trust == trait->trust))
			return false;
		/* what is said of the whole object comes before what was said of its parts until then */
		if (base == CDPK_RULE_MERGE && trait->value.type == CDPK_VALUE_OBJECT &&
			other->value.type != CDPK_VALUE_OBJECT && other->at >= trait->at &&
			(!(trait->rule & CDPK_RULE_TRUSTED) || other->trust == trait->trust))
			return false;
	}
	return true;
}

/* Thousandths of a number with at most three digits after the point. */
static long long
thousandths(const CdpkValue *number)
{
	char text[32] = {0};

	memcpy(text, number->bytes, number->length);
	return (long long) (strtod(text, NULL) * 1000);
}

/* What the cell that this value went to must say; checks the cell against it. */
static bool
cell_is_right(const History *history, const CdpkTrait *cell)
{
	const CdpkTrait *best = NULL;
	uint64_t count = 0;
	long long sum = 0;
	size_t fraction = 0;

	for (size_t i = 0; i < history->count; i++)
	{
		const CdpkTrait *trait = &history->traits[i];
		size_t whole;
		size_t digits;

		if (!counts(history, trait) || !same_cell(cell, trait))
			continue;
		count++;
		if (base_of(cell) == CDPK_RULE_SUM)
		{
			sum += thousandths(&trait->value);
			cdpk_digits_count(trait->value.bytes, trait->value.length, &whole, &digits);
			fraction = digits > fraction ? digits : fraction;
		}
		if (best == NULL || beats(trait, best))
			best = trait;
	}
	if (best == NULL || cell->rule != best->rule || cell->at != best->at ||
		cell->trust != best->trust || cell->source_length != best->source_length ||
		memcmp(cell->source, best->source, cell->source_length) != 0)
		return false;
	if (base_of(cell) == CDPK_RULE_MOST_FREQUENT && cell->count != count)
		return false;
	if (base_of(cell) == CDPK_RULE_SUM)
	{
		size_t whole;
		size_t digits;

		cdpk_digits_count(cell->value.bytes, cell->value.length, &whole, &digits);
		return thousandths(&cell->value) == sum && digits == fraction;
	}
	return cdpk_value_compare_text(&cell->value, &best->value) == 0;
}

/* How many cells the history must have made. */
static size_t
cells_expected(const History *history)
{
	size_t cells = 0;

	for (size_t i = 0; i < history->count; i++)
	{
		bool again = !counts(history, &history->traits[i]);

		for (size_t j = 0; j < i && !again; j++)
			again = counts(history, &history->traits[j]) &&
					same_cell(&history->traits[i], &history->traits[j]);
		cells += !again;
	}
	return cells;
}

static bool
idempotent(const History *history)
{
	for (size_t i = 0; i < history->count; i++)
	{
		if (base_of(&history->traits[i]) == CDPK_RULE_SUM ||
			base_of(&history->traits[i]) == CDPK_RULE_MOST_FREQUENT)
			return false;
	}
	return true;
}

/* ---- tests ---- */

static void
merging_is_what_the_reference_says(void)
{
	uint64_t random = 1;

	for (int i = 0; i < 8000; i++)
	{
		History history;
		Compact value;
		CdpkTraitsView view;
		CdpkTrait cell;

		value = random_value(&random, &history);
		view = open_compact(&value);
		CHECK(cdpk_traits_is_compact(&view));
		CHECK(cdpk_traits_check(value.bytes, value.size) == CDPK_OK);
		CHECK(view.count == cells_expected(&history));
		for (uint32_t c = 0; c < view.count; c++)
			CHECK(cdpk_traits_get(&view, c, &cell) && cell_is_right(&history, &cell));
		free(value.bytes);
	}
}

/* Merges a history in random parts, in random order, through compact values and states. */
static Compact
merged_in_parts(uint64_t *random, History *history)
{
	CdpkTraitsState states[4];
	size_t parts = 1 + unit_random(random) % 4;
	size_t from = 0;
	Compact made;

	shuffle(random, history);
	for (size_t part = 0; part < parts; part++)
	{
		size_t left = history->count - from;
		size_t to = part + 1 == parts ? history->count : from + unit_random(random) % (left + 1);

		begin(&states[part]);
		put_all(&states[part], history, from, to);
		from = to;
	}
	while (parts > 1)
	{
		size_t into = unit_random(random) % (parts - 1);
		CdpkTraitsState *last = &states[--parts];

		if (unit_random(random) % 2)
		{
			Compact value = compact(last);
			CdpkTraitsView view = open_compact(&value);

			merge_view(&states[into], &view);
			free(value.bytes);
		}
		else
			merge_view(&states[into], &last->view);
		free(last->bytes);
	}
	made = compact(&states[0]);
	free(states[0].bytes);
	return made;
}

static void
merging_is_commutative_and_associative(void)
{
	uint64_t random = 2;

	for (int i = 0; i < 8000; i++)
	{
		History history;
		Compact expected;

		random_history(&random, &history);
		expected = merged(&history);
		for (int again = 0; again < 3; again++)
		{
			Compact value = merged_in_parts(&random, &history);

			CHECK(equal(&value, &expected));
			free(value.bytes);
		}
		free(expected.bytes);
	}
}

/* ---- limits, so small that random histories reach them ---- */

static const CdpkTraitsLimits small_limits[] = {
	{3, 7, 4}, {1, 1, 1}, {5, 10, 2}, {4, 9, 9}, {30, 30, 6}};

#define SMALL_LIMITS (sizeof(small_limits) / sizeof(small_limits[0]))

/* Whether a cell of a key is better than another, which then is left out first. */
static bool
stays_before(const CdpkTrait *a, const CdpkTrait *b)
{
	bool merge = base_of(a) == CDPK_RULE_MERGE;
	bool by_time = merge || base_of(a) == CDPK_RULE_UNION;
	bool whole_a = merge ? a->value.type != CDPK_VALUE_OBJECT : a->value.type == CDPK_VALUE_NULL;
	bool whole_b = merge ? b->value.type != CDPK_VALUE_OBJECT : b->value.type == CDPK_VALUE_NULL;

	if (a->rule & CDPK_RULE_KEEP)
		return source_order(a, b) < 0;
	if (by_time && whole_a != whole_b)
		return whole_a;
	if (by_time && a->at != b->at)
		return a->at > b->at;
	if (merge)
		return path_order(a, b) < 0;
	return cdpk_value_compare(&a->value, &b->value) < 0;
}

/* Whether a cell of a value made without limits stays, as is documented. */
static bool
stays(const CdpkTraitsView *view, uint32_t index, const CdpkTraitsLimits *limits)
{
	CdpkTrait trait;
	CdpkTrait previous = {0};
	uint32_t keys = 0;
	uint32_t keys_before = 0;
	uint32_t better = 0;
	uint32_t share;

	CHECK(cdpk_traits_get(view, index, &trait));
	for (uint32_t i = 0; i < view->count; i++)
	{
		CdpkTrait other;

		CHECK(cdpk_traits_get(view, i, &other));
		keys += i == 0 || !same_key(&other, &previous);
		if (same_key(&other, &trait))
			better += i != index && stays_before(&other, &trait);
		else if (i < index && (i == 0 || !same_key(&other, &previous)))
			keys_before++;
		previous = other;
	}
	keys = keys < limits->keys ? keys : limits->keys;
	share = ((trait.rule & CDPK_RULE_KEEP) ? limits->keys : limits->cells) / keys;
	share = share < limits->values ? share : limits->values;
	return keys_before < keys && better < (share > 1 ? share : 1);
}

/* What is left out is what the documentation says, in whatever order and parts it came. */
static void
limits_do_not_depend_on_the_order(void)
{
	uint64_t random = 6;
	size_t cut = 0;

	for (int i = 0; i < 8000; i++)
	{
		const CdpkTraitsLimits *limits = &small_limits[unit_random(&random) % SMALL_LIMITS];
		CdpkTraitsState state;
		CdpkTraitsView view;
		History history;
		Compact whole;
		Compact expected;

		random_history(&random, &history);
		whole = merged(&history);
		view = open_compact(&whole);
		begin(&state);
		for (uint32_t c = 0; c < view.count; c++)
		{
			if (stays(&view, c, limits))
				CHECK(cdpk_traits_merge(&state, &view, c, c + 1) == CDPK_OK);
		}
		cut += state.view.count < view.count;
		expected = compact(&state);
		free(state.bytes);
		history_limits = limits;
		for (int again = 0; again < 3; again++)
		{
			Compact value = merged_in_parts(&random, &history);

			CHECK(equal(&value, &expected));
			free(value.bytes);
		}
		history_limits = &cdpk_traits_limits;
		free(expected.bytes);
		free(whole.bytes);
	}
	CHECK(cut > 4000);
}

static void
merging_again_changes_nothing(void)
{
	uint64_t random = 3;
	int tried = 0;

	for (int i = 0; i < 8000; i++)
	{
		History history;
		CdpkTraitsState state;
		Compact expected;
		Compact value;
		CdpkTraitsView view;

		random_history(&random, &history);
		if (!idempotent(&history))
			continue;
		tried++;
		expected = merged(&history);
		view = open_compact(&expected);
		begin(&state);
		merge_view(&state, &view);
		put_all(&state, &history, 0, history.count);
		merge_view(&state, &view);
		value = compact(&state);
		CHECK(equal(&value, &expected));
		free(value.bytes);
		free(expected.bytes);
		free(state.bytes);
	}
	CHECK(tried > 400);
}

/* What a key shows, found by its key, is the best of the history. */
static void
reading_a_key(void)
{
	uint64_t random = 5;

	for (int i = 0; i < 5000; i++)
	{
		History history;
		Compact value;
		CdpkTraitsView view;

		value = random_value(&random, &history);
		view = open_compact(&value);
		for (size_t k = 0; k < KEYS; k++)
		{
			CdpkTrait wanted = {.key = (const uint8_t *) keys[k],
								.key_length = (uint8_t) strlen(keys[k])};
			CdpkTrait current;
			bool found;
			bool expected = false;
			uint32_t first = cdpk_traits_find(&view, 0, wanted.key, wanted.key_length, &found);

			for (size_t t = 0; t < history.count; t++)
				expected |=
					same_key(&history.traits[t], &wanted) && counts(&history, &history.traits[t]);
			CHECK(found == expected);
			if (!found)
				continue;
			CHECK(cdpk_traits_current(&view, first, cdpk_traits_end(&view, first), &current));
			CHECK(same_key(&current, &wanted));
			for (size_t t = 0; t < history.count; t++)
			{
				const CdpkTrait *other = &history.traits[t];

				if (same_key(other, &wanted) && counts(&history, other) &&
					base_of(other) != CDPK_RULE_SUM && base_of(other) != CDPK_RULE_MOST_FREQUENT)
					CHECK(!beats(other, &current));
			}
		}
		free(value.bytes);
	}
}

int
main(void)
{
	TEST(merging_is_what_the_reference_says);
	TEST(merging_is_commutative_and_associative);
	TEST(limits_do_not_depend_on_the_order);
	TEST(merging_again_changes_nothing);
	TEST(reading_a_key);
	unit_use_all();
	UNIT_EXIT();
}
