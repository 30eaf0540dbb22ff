/* traits_test.c: the bytes of traits: growing and resuming states, limits, the check of bytes */
#include "core/traits/traits_cell.h"
#include "traits_history.h"

/* A state goes on from compact bytes as it would have gone on itself. */
static void
states_resume(void)
{
	uint64_t random = 4;

	for (int i = 0; i < 5000; i++)
	{
		History history;
		CdpkTraitsState state;
		Compact expected;
		Compact value;
		uint8_t *start;
		size_t half;

		random_history(&random, &history);
		half = history.count / 2;
		expected = merged(&history);
		begin(&state);
		put_all(&state, &history, 0, half);
		value = compact(&state);
		free(state.bytes);
		start = value.bytes;
		CHECK(cdpk_traits_resume(&state, &unit_allocator, value.bytes, value.size) == CDPK_OK);
		put_all(&state, &history, half, history.count);
		value = compact(&state);
		CHECK(equal(&value, &expected));
		CHECK(state.moved == (state.bytes != start));
		if (state.moved)
			free(state.bytes);
		free(start);
		free(value.bytes);
		free(expected.bytes);
	}
}

static CdpkStatus
put_number(CdpkTraitsState *state, const char *number, uint8_t rule)
{
	CdpkTrait trait = {.key = (const uint8_t *) "n",
					   .key_length = 1,
					   .rule = rule,
					   .count = 1,
					   .value = {CDPK_VALUE_NUMBER, (const uint8_t *) number, strlen(number)}};
	uint32_t hint = 0;

	return cdpk_traits_put(state, &trait, &hint);
}

static void
sums_have_limits(void)
{
	char number[CDPK_TRAITS_DIGITS_MAX + CDPK_TRAITS_CARRY_MAX + 2];
	CdpkTraitsState state;
	CdpkTrait text = {.rule = CDPK_RULE_SUM, .count = 1, .value = values[10]};
	CdpkTrait sum;
	uint32_t hint = 0;

	begin(&state);
	CHECK(cdpk_traits_put(&state, &text, &hint) == CDPK_INVALID);
	memset(number, '9', sizeof(number));
	number[CDPK_TRAITS_DIGITS_MAX] = '\0';
	for (int i = 0; i < 11; i++)
		CHECK(put_number(&state, number, CDPK_RULE_SUM) == CDPK_OK);
	CHECK(cdpk_traits_get(&state.view, 0, &sum) && sum.value.length == CDPK_TRAITS_DIGITS_MAX + 2);
	number[CDPK_TRAITS_DIGITS_MAX] = '9';
	number[CDPK_TRAITS_DIGITS_MAX + CDPK_TRAITS_CARRY_MAX + 1] = '\0';
	CHECK(put_number(&state, number, CDPK_RULE_SUM) == CDPK_OUT_OF_RANGE);
	CHECK(put_number(&state, number, CDPK_RULE_LAST) == CDPK_OK); /* a lower code: dropped */
	CHECK(state.view.count == 1);
	free(state.bytes);
}

/* Puts a value with a key or an element made of a number. */
static CdpkStatus
put_numbered(CdpkTraitsState *state, int number, uint8_t rule, bool element, size_t padding)
{
	static char text[CDPK_TRAITS_VALUE_MAX + 2];
	CdpkTrait trait = {.key = (const uint8_t *) text, .rule = rule, .at = number / 2, .count = 1};
	uint32_t hint = 0;

	memset(text, 'x', sizeof(text));
	sprintf(text, "%06d", number);
	text[6] = 'x';
	trait.key_length = element ? 1 : 6;
	if (element)
		text[0] = 'e';
	trait.source = trait.key;
	trait.source_length = (rule & CDPK_RULE_KEEP) ? 6 : 0;
	trait.value.type = CDPK_VALUE_STRING;
	trait.value.bytes = (const uint8_t *) text;
	trait.value.length = padding + 6;
	return cdpk_traits_put(state, &trait, &hint);
}

/* Of too many keys the first stay, as large as their values may be. */
static void
keys_have_a_limit(void)
{
	CdpkTraitsState state;
	CdpkTrait found;
	CdpkTraitsExtent extent;
	Compact value;

	begin(&state);
	for (int i = 5000; i > 0; i--)
		CHECK(put_numbered(&state, i, CDPK_RULE_LAST, false, CDPK_TRAITS_VALUE_MAX - 6) == CDPK_OK);
	CHECK(put_numbered(&state, 4097, CDPK_RULE_LAST, false, 0) == CDPK_OK);
	CHECK(put_numbered(&state, 1, CDPK_RULE_LAST, false, CDPK_TRAITS_VALUE_MAX - 5) ==
		  CDPK_TOO_LONG);
	CHECK(state.view.count == CDPK_TRAITS_KEYS_MAX);
	value = compact(&state);
	CHECK(cdpk_traits_check(value.bytes, value.size) == CDPK_OK);
	CHECK(cdpk_traits_get(&state.view, 0, &found) && memcmp(found.key, "000001", 6) == 0);
	CHECK(cdpk_traits_get(&state.view, 4095, &found) && memcmp(found.key, "004096", 6) == 0);
	extent = cdpk_traits_extent(&state.view);
	CHECK(extent.keys == CDPK_TRAITS_KEYS_MAX && cdpk_traits_full(&extent));
	free(value.bytes);
	free(state.bytes);
}

/* Of too many values of a key the latest stay, or the first; and fewer of them beside other keys. */
static void
values_have_a_limit(void)
{
	static const uint8_t rules[] = {CDPK_RULE_UNION, CDPK_RULE_MOST_FREQUENT,
									CDPK_RULE_KEEP | CDPK_RULE_LAST};

	for (size_t r = 0; r < 3; r++)
	{
		bool aged = rules[r] == CDPK_RULE_UNION;
		CdpkTraitsState state;
		CdpkTrait found;
		CdpkTraitsExtent extent;
		Compact value;

		begin(&state);
		for (int i = 0; i < 2001; i++)
			CHECK(put_numbered(&state, i * 7 % 2001, rules[r], true, 0) == CDPK_OK);
		CHECK(state.view.count == CDPK_TRAITS_VALUES_MAX);
		CHECK(cdpk_traits_get(&state.view, 0, &found));
		/* of the two with the time 500 the first in order stays */
		CHECK(memcmp(found.value.bytes + 1, aged ? "01000" : "00000", 5) == 0);
		CHECK(!aged || (cdpk_traits_get(&state.view, 1, &found) &&
						memcmp(found.value.bytes + 1, "01002", 5) == 0));
		extent = cdpk_traits_extent(&state.view);
		CHECK(cdpk_traits_full(&extent) && cdpk_traits_fits(&extent));
		for (int i = 0; i < 99; i++)
			CHECK(put_numbered(&state, i, CDPK_RULE_LAST, false, 0) == CDPK_OK);
		extent = cdpk_traits_extent(&state.view);
		CHECK(extent.keys == 100 && (extent.values == 655 || extent.sources == 40));
		CHECK(state.view.count == 99 + extent.values + extent.sources);
		value = compact(&state);
		CHECK(cdpk_traits_check(value.bytes, value.size) == CDPK_OK);
		free(value.bytes);
		free(state.bytes);
	}
}

/* Whether a text is a value of the rule merge, with a path of so many bytes. */
static bool
is_path(const char *text, size_t length)
{
	CdpkValue value = {CDPK_VALUE_OBJECT, (const uint8_t *) text, strlen(text)};

	return cdpk_value_check(&value) == CDPK_OK && cdpk_path_valid(&value) &&
		   cdpk_path_length(&value) == length;
}

static bool
is_no_path(const char *text)
{
	CdpkValue value = {CDPK_VALUE_OBJECT, (const uint8_t *) text, strlen(text)};

	return cdpk_value_check(&value) == CDPK_OK && !cdpk_path_valid(&value);
}

static void
paths(void)
{
	CdpkValue a = {CDPK_VALUE_OBJECT, (const uint8_t *) "{\"a\": 1}", 8};
	CdpkValue ab = {CDPK_VALUE_OBJECT, (const uint8_t *) "{\"a\": {\"b\": 1}}", 15};
	CdpkValue ax = {CDPK_VALUE_OBJECT, (const uint8_t *) "{\"ab\": 1}", 9};
	CdpkValue whole = {CDPK_VALUE_NUMBER, (const uint8_t *) "1", 1};

	CHECK(is_path("{\"a\": 1}", 6) && is_path("{\"a\": {\"b\": null}}", 12));
	CHECK(is_path("{\"\": [{\"x\": 1, \"y\": {}}]}", 5));
	CHECK(is_path("{\"{\\\"\": \"}, {\"}", 8));
	CHECK(is_no_path("{}") && is_no_path("{\"a\": {}}") && is_no_path("{\"a\": 1, \"b\": 2}"));
	CHECK(is_no_path("{\"a\": {\"b\": 1, \"c\": 2}}") &&
		  is_no_path("{\"a\": {\"b\": 1}, \"c\": 2}"));
	CHECK(cdpk_path_leads_on(&a, &ab) && cdpk_path_leads_on(&a, &a) &&
		  cdpk_path_leads_on(&whole, &a));
	CHECK(!cdpk_path_leads_on(&ab, &a) && !cdpk_path_leads_on(&a, &ax));
	CHECK(cdpk_path_compare(&a, &ab) < 0 && cdpk_path_compare(&whole, &a) < 0);
	CHECK(cdpk_path_compare(&ab, &ax) != 0 && cdpk_path_compare(&a, &a) == 0);
}

static void
memory_that_ends_leaves_the_state(void)
{
	CdpkTraitsState state;
	CdpkTraitsState before;
	CdpkTrait trait = {.key = (const uint8_t *) "k", .key_length = 1, .count = 1};
	uint8_t *large = malloc(CDPK_TRAITS_SIZE_MAX);
	uint32_t hint = 0;

	begin(&state);
	CHECK(put_number(&state, "1", CDPK_RULE_LAST) == CDPK_OK);
	before = state;
	memset(large, 'x', CDPK_TRAITS_SIZE_MAX);
	trait.value.type = CDPK_VALUE_STRING;
	trait.value.bytes = large;
	trait.value.length = CDPK_TRAITS_SIZE_MAX;
	CHECK(cdpk_traits_put(&state, &trait, &hint) == CDPK_TOO_LONG);
	CHECK(state.bytes == before.bytes && state.view.count == 1);
	free(large);
	free(state.bytes);
}

/* Whether the heap is made of the cells, their slack and what the header calls dead. */
static bool
heap_is_accounted_for(const CdpkTraitsState *state)
{
	size_t heap = state->view.dead;

	for (uint32_t i = 0; i < state->view.count; i++)
	{
		CdpkTrait trait;

		CHECK(cdpk_traits_get(&state->view, i, &trait));
		heap += cell_size(&trait) + trait.slack;
	}
	return heap == state->view.heap;
}

/* A state stays about as large as what it holds, however often values of all lengths change. */
static void
states_stay_small(void)
{
	CdpkTraitsState state;
	uint64_t random = 6;
	char value[1000];

	begin(&state);
	memset(value, 'v', sizeof(value));
	for (int64_t at = 0; at < 20000; at++)
	{
		size_t key = unit_random(&random) % KEYS;
		CdpkTrait trait = {.key = (const uint8_t *) keys[key],
						   .key_length = (uint8_t) strlen(keys[key]),
						   .at = at,
						   .count = 1,
						   .value = {CDPK_VALUE_STRING, (const uint8_t *) value,
									 unit_random(&random) % sizeof(value)}};
		uint32_t hint = 0;

		CHECK(cdpk_traits_put(&state, &trait, &hint) == CDPK_OK);
		CHECK(heap_is_accounted_for(&state));
	}
	CHECK(state.view.size < 32768);
	CHECK(((state.view.size + CDPK_TRAITS_FRONT) & (state.view.size + CDPK_TRAITS_FRONT - 1)) == 0);
	free(state.bytes);
}

/* The same for every rule. */
static void
dead_bytes_are_counted(void)
{
	uint64_t random = 9;

	for (int i = 0; i < 2000; i++)
	{
		History history;
		CdpkTraitsState state;

		random_history(&random, &history);
		begin(&state);
		for (size_t t = 0; t < history.count; t++)
		{
			put_all(&state, &history, t, t + 1);
			CHECK(heap_is_accounted_for(&state));
		}
		free(state.bytes);
	}
}

/* Bytes with a few of them changed are refused, or are a value that merging could have made. */
static void
check_takes_only_what_merging_makes(void)
{
	uint64_t random = 7;
	int taken = 0;

	for (int i = 0; i < 20000; i++)
	{
		History history;
		Compact value;

		value = random_value(&random, &history);
		for (size_t n = 1 + unit_random(&random) % 3; n > 0; n--)
			value.bytes[unit_random(&random) % value.size] ^=
				(uint8_t) (1u << unit_random(&random) % 8);
		if (cdpk_traits_check(value.bytes, value.size) == CDPK_OK)
		{
			CdpkTraitsState state;
			CdpkTraitsView view = open_compact(&value);
			Compact again;

			begin(&state);
			merge_view(&state, &view);
			again = compact(&state);
			CHECK(equal(&again, &value));
			taken++;
			free(again.bytes);
			free(state.bytes);
		}
		free(value.bytes);
	}
	CHECK(taken > 400);
}

static void
check_refuses_cut_and_lengthened_bytes(void)
{
	uint64_t random = 8;

	for (int i = 0; i < 300; i++)
	{
		History history;
		Compact value;

		value = random_value(&random, &history);
		for (size_t size = 0; size < value.size; size++)
			CHECK(cdpk_traits_check(value.bytes, size) != CDPK_OK);
		value.bytes = realloc(value.bytes, value.size + 1);
		value.bytes[value.size] = 0;
		CHECK(cdpk_traits_check(value.bytes, value.size + 1) == CDPK_CORRUPT);
		value.bytes[0]++;
		CHECK(cdpk_traits_check(value.bytes, value.size) == CDPK_UNKNOWN_VERSION);
		free(value.bytes);
	}
}

/* Two cells of a key stand in order, and are not the same. */
static void
check_refuses_cells_out_of_place(void)
{
	static const uint8_t rules[] = {CDPK_RULE_UNION, CDPK_RULE_MOST_FREQUENT,
									CDPK_RULE_LAST | CDPK_RULE_KEEP};
	static const char *const pairs[] = {"ab", "aa", "ba"};

	for (size_t i = 0; i < sizeof(rules); i++)
	{
		for (size_t p = 0; p < 3; p++)
		{
			History history = {.count = 2};
			Compact value;

			for (size_t t = 0; t < 2; t++)
			{
				/* values and sources of one letter; made in order, then overwritten */
				history.traits[t] = (CdpkTrait){.rule = rules[i], .count = 1};
				history.traits[t].source = (const uint8_t *) (t == 0 ? "x" : "y");
				history.traits[t].source_length = 1;
				history.traits[t].value =
					(CdpkValue){CDPK_VALUE_STRING, history.traits[t].source, 1};
			}
			value = merged(&history);
			for (size_t at = 12 + 2 * 8; at < value.size; at++)
			{
				if (value.bytes[at] == 'x')
					value.bytes[at] = (uint8_t) pairs[p][0];
				else if (value.bytes[at] == 'y')
					value.bytes[at] = (uint8_t) pairs[p][1];
			}
			CHECK(cdpk_traits_check(value.bytes, value.size) == (p == 0 ? CDPK_OK : CDPK_CORRUPT));
			free(value.bytes);
		}
	}
}

/* A state's own bytes are no value for the wire: they have an open end. */
static void
check_refuses_states(void)
{
	CdpkTraitsState state;

	begin(&state);
	CHECK(put_number(&state, "1", CDPK_RULE_LAST) == CDPK_OK);
	CHECK(cdpk_traits_check(state.bytes, state.view.size) == CDPK_CORRUPT);
	free(state.bytes);
}

int
main(void)
{
	TEST(states_resume);
	TEST(sums_have_limits);
	TEST(keys_have_a_limit);
	TEST(values_have_a_limit);
	TEST(paths);
	TEST(memory_that_ends_leaves_the_state);
	TEST(states_stay_small);
	TEST(dead_bytes_are_counted);
	TEST(check_takes_only_what_merging_makes);
	TEST(check_refuses_cut_and_lengthened_bytes);
	TEST(check_refuses_cells_out_of_place);
	TEST(check_refuses_states);
	unit_use_all();
	UNIT_EXIT();
}
