/*
 * sequence_next_test.c: the event after a chain, against its definition, and the state that
 * carries the rows
 */
#include "core/sequence/sequence_next.h"
#include "unit.h"

#define ROWS_MAX 8

/* ---------------------------------------------------------------- the reference */

/* A row before another: by time, name, list of conditions, and what can be a base first. */
static bool
is_before(const CdpkNextRow *a, const CdpkNextRow *b)
{
	char lists[2][5] = {{0}};
	int order = strcmp(a->name, b->name);

	if (a->at != b->at)
		return a->at < b->at;
	for (unsigned i = 0; i < 4; i++)
	{
		if (a->steps >> i & 1)
			lists[0][strlen(lists[0])] = (char) ('1' + i);
		if (b->steps >> i & 1)
			lists[1][strlen(lists[1])] = (char) ('1' + i);
	}
	if (order == 0)
		order = strcmp(lists[0], lists[1]);
	return order != 0 ? order < 0 : a->can_be_base && !b->can_be_base;
}

/* The name of the row after the chain, or NULL; rows are in order. */
static const char *
reference(const CdpkNextSetup *setup, const CdpkNextRow *rows, int count)
{
	int step = setup->direction == CDPK_NEXT_FORWARD ? 1 : -1;
	int base = -1;

	for (int i = 0; i < count; i++)
	{
		bool matches = rows[i].can_be_base && (rows[i].steps & 1) != 0;

		if ((setup->base == CDPK_NEXT_HEAD && i == 0 && rows[i].can_be_base) ||
			(setup->base == CDPK_NEXT_TAIL && i == count - 1 && rows[i].can_be_base) ||
			(setup->base == CDPK_NEXT_FIRST_MATCH && matches && base < 0) ||
			(setup->base == CDPK_NEXT_LAST_MATCH && matches))
			base = i;
	}
	if (base < 0)
		return NULL;
	for (unsigned i = 0; i < setup->steps; i++, base += step)
		if (base < 0 || base >= count || (rows[base].steps >> i & 1) == 0)
			return NULL;
	return base >= 0 && base < count ? rows[base].name : NULL;
}

/* ---------------------------------------------------------------- the comparison */

static int
random_rows(uint64_t *state, CdpkNextRow *rows, unsigned steps)
{
	static const char *const names[] = {"a", "ab", "b", ""};
	int count = (int) (unit_random(state) % (ROWS_MAX + 1));
	uint64_t instants = 1 + unit_random(state) % 8;

	for (int i = 0; i < count; i++)
	{
		CdpkNextRow row = {0};
		int place = i;

		row.at = (int64_t) (unit_random(state) % instants) - 2;
		row.can_be_base = unit_random(state) % 3 > 0;
		row.steps = (uint32_t) ((unit_random(state) | unit_random(state)) % (1u << steps));
		row.name = names[unit_random(state) % 4];
		row.length = strlen(row.name);
		for (; place > 0 && is_before(&row, &rows[place - 1]); place--)
			rows[place] = rows[place - 1];
		rows[place] = row;
	}
	return count;
}

/* Puts the rows into two states, sends one over the wire, and combines them. */
static CdpkNextState *
make_state(uint64_t *random, const CdpkNextSetup *setup, const CdpkNextRow *rows, int count)
{
	CdpkNextState *states[2];
	CdpkNextState *read;
	uint8_t *bytes;
	int step = count % 5 == 0 ? 3 : 5; /* prime to the count: goes through all rows */

	for (int i = 0; i < 2; i++)
		CHECK(cdpk_next_new(&unit_allocator, setup, &states[i]) == CDPK_OK);
	for (int i = 0; i < count; i++)
		CHECK(cdpk_next_add(&states[unit_random(random) % 2], &unit_allocator,
							&rows[(i * step + 2) % count]) == CDPK_OK);
	bytes = malloc(cdpk_next_wire_size(states[1]));
	cdpk_next_write(states[1], bytes);
	CHECK(cdpk_next_read(bytes, cdpk_next_wire_size(states[1]), &unit_allocator, &read) == CDPK_OK);
	CHECK(cdpk_next_fits(read, setup) && read->rows == states[1]->rows);
	CHECK(cdpk_next_combine(&states[0], &unit_allocator, read) == CDPK_OK);
	free(bytes);
	free(read);
	free(states[1]);
	return states[0];
}

static void
agrees_with_the_definition(void)
{
	uint64_t random = 71;
	unsigned found_ones = 0;

	for (int i = 0; i < 40000; i++)
	{
		CdpkNextRow rows[ROWS_MAX];
		CdpkNextRow row;
		CdpkNextSetup setup;
		CdpkNextState *state;
		const char *expected;
		int count;
		bool found;

		setup.direction = (CdpkNextDirection) (unit_random(&random) % 2);
		setup.base = (CdpkNextBase) (unit_random(&random) % 4);
		setup.kind = CDPK_TIME_INTEGER;
		setup.steps = 1 + (unsigned) (unit_random(&random) % 3);
		count = random_rows(&random, rows, setup.steps);
		expected = reference(&setup, rows, count);
		state = make_state(&random, &setup, rows, count);
		CHECK(cdpk_next_find(state, &unit_allocator, &found, &row) == CDPK_OK);
		CHECK(found == (expected != NULL));
		if (found && expected != NULL)
			CHECK(row.length == strlen(expected) && memcmp(row.name, expected, row.length) == 0);
		found_ones += found;
		free(state);
	}
	CHECK(found_ones > 5000);
}

static void
refuses_other_bytes(void)
{
	static const struct
	{
		uint8_t bytes[24];
		size_t length;
		CdpkStatus status;
	} cases[] = {{{1, 0, 0, 1, 3}, 5, CDPK_OK},
				 {{1, 1, 3, 1, 32}, 5, CDPK_OK},
				 {{1, 0, 0, 1, 3, 5, 0, 0, 0, 0, 0, 0, 0, 1, 7, 2, 'a', 'b'}, 18, CDPK_OK},
				 {{1, 0, 0, 1, 3, 5, 0, 0, 0, 0, 0, 0, 0, 1, 7, 0}, 16, CDPK_OK},
				 {{1, 0, 0, 1, 3, 5, 0, 0, 0, 0, 0, 0, 0, 2, 7, 0}, 16, CDPK_CORRUPT},
				 {{1, 0, 0, 1, 3, 5, 0, 0, 0, 0, 0, 0, 0, 1, 8, 0}, 16, CDPK_CORRUPT},
				 {{1, 0, 0, 1, 3, 5, 0, 0, 0, 0, 0, 0, 0, 1, 7, 3, 'a', 'b'}, 18, CDPK_CORRUPT},
				 {{1, 0, 0, 1, 3, 5, 0, 0, 0, 0, 0, 0, 0, 1, 7, 1, 'a', 'b'}, 18, CDPK_CORRUPT},
				 {{1, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f, 1, 7, 0}, 16, CDPK_CORRUPT},
				 {{1, 0, 0, 1}, 4, CDPK_CORRUPT},
				 {{0}, 0, CDPK_CORRUPT},
				 {{2, 0, 0, 1, 3}, 5, CDPK_UNKNOWN_VERSION},
				 {{1, 2, 0, 1, 3}, 5, CDPK_CORRUPT},
				 {{1, 0, 4, 1, 3}, 5, CDPK_CORRUPT},
				 {{1, 0, 0, 3, 3}, 5, CDPK_CORRUPT},
				 {{1, 0, 0, 1, 0}, 5, CDPK_CORRUPT},
				 {{1, 0, 0, 1, 33}, 5, CDPK_CORRUPT}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		CdpkNextState *state;
		CdpkStatus status =
			cdpk_next_read(cases[i].bytes, cases[i].length, &unit_allocator, &state);

		CHECK(status == cases[i].status);
		if (status == CDPK_OK)
			free(state);
	}
}

static void
words_have_numbers(void)
{
	CdpkNextDirection direction;
	CdpkNextBase base;

	CHECK(cdpk_next_direction("forward", 7, &direction) && direction == CDPK_NEXT_FORWARD);
	CHECK(cdpk_next_direction("backward", 8, &direction) && direction == CDPK_NEXT_BACKWARD);
	CHECK(!cdpk_next_direction("back", 4, &direction) && !cdpk_next_direction("", 0, &direction));
	CHECK(cdpk_next_base("head", 4, &base) && base == CDPK_NEXT_HEAD);
	CHECK(cdpk_next_base("tail", 4, &base) && base == CDPK_NEXT_TAIL);
	CHECK(cdpk_next_base("first_match", 11, &base) && base == CDPK_NEXT_FIRST_MATCH);
	CHECK(cdpk_next_base("last_match", 10, &base) && base == CDPK_NEXT_LAST_MATCH);
	CHECK(!cdpk_next_base("Head", 4, &base));
}

int
main(void)
{
	TEST(agrees_with_the_definition);
	TEST(refuses_other_bytes);
	TEST(words_have_numbers);
	UNIT_EXIT();
}
