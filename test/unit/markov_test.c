/* markov_test.c: moves from touchpoint to touchpoint, and the effect of each, against slow references */
#include "core/attribution/markov.h"
#include "unit.h"

#include <math.h>

#define NAMES 5
#define STEPS 400

/* Returns the effects, as parts of their sum. */
static void
find_parts(CdpkMarkov *markov, double *parts)
{
	double sum = 0;

	cdpk_markov_prepare(markov);
	for (uint32_t i = 0; i <= markov->count; i++)
		cdpk_markov_eliminate(markov, i);
	for (uint32_t i = 0; i < markov->count; i++)
		sum += parts[i] = cdpk_markov_effect(markov, i);
	for (uint32_t i = 0; i < markov->count; i++)
		parts[i] = sum > 0 ? parts[i] / sum : 0;
}

/* 1 -> 2 -> 3 converts, 1 leaves, 2 -> 3 leaves: without 1 half of the conversions, without 2 or 3 all are lost. */
static void
gives_known_parts(void)
{
	static const CdpkMove moves[] = {{CDPK_MOVE_START, 0, 2},
									 {CDPK_MOVE_START, 1, 1},
									 {0, 1, 1},
									 {0, CDPK_MOVE_LEFT, 1},
									 {1, 2, 2},
									 {2, CDPK_MOVE_CONVERTED, 1},
									 {2, CDPK_MOVE_LEFT, 1}};
	CdpkMarkov markov;
	double parts[3];

	CHECK(cdpk_markov_new(3, &unit_allocator, &markov) == CDPK_OK);
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		cdpk_markov_add(&markov, &moves[i]);
	find_parts(&markov, parts);
	CHECK(fabs(parts[0] - 0.2) < 1e-12 && fabs(parts[1] - 0.4) < 1e-12 &&
		  fabs(parts[2] - 0.4) < 1e-12);
	cdpk_markov_release(&markov, &unit_allocator);
}

/* The chance to convert, by following the chain for many steps; a move to "without" ends. */
static double
chance(double probability[NAMES + 1][NAMES + 2], int without)
{
	double at[NAMES + 1] = {1};
	double converted = 0;

	for (int step = 0; step < STEPS; step++)
	{
		double next[NAMES + 1] = {0};

		for (int i = 0; i <= NAMES; i++)
		{
			converted += at[i] * probability[i][NAMES + 1];
			for (int j = 1; j <= NAMES; j++)
				if (j != without)
					next[j] += at[i] * probability[i][j];
		}
		memcpy(at, next, sizeof(at));
	}
	return converted;
}

static void
effects_are_what_is_lost(void)
{
	uint64_t random = 5;

	for (int round = 0; round < 2000; round++)
	{
		double probability[NAMES + 1][NAMES + 2] = {{0}};
		double lost[NAMES];
		double sum = 0;
		double parts[NAMES];
		CdpkMarkov markov;

		CHECK(cdpk_markov_new(NAMES, &unit_allocator, &markov) == CDPK_OK);
		for (uint32_t from = 0; from <= NAMES; from++)
		{
			uint32_t start = from == 0 ? CDPK_MOVE_START : from - 1;
			int64_t left = 2 + (int64_t) (unit_random(&random) % 3);
			double moves = 0;

			for (uint32_t to = 1; to <= NAMES + 1; to++)
			{
				int64_t count = (int64_t) (unit_random(&random) % 4);

				if (to == from || count == 0)
					continue;
				cdpk_markov_add(
					&markov, &(CdpkMove){start, to > NAMES ? CDPK_MOVE_CONVERTED : to - 1, count});
				probability[from][to] = (double) count;
				moves += (double) count;
			}
			cdpk_markov_add(&markov, &(CdpkMove){start, CDPK_MOVE_LEFT, left});
			for (uint32_t to = 1; to <= NAMES + 1; to++)
				probability[from][to] /= moves + (double) left;
		}
		for (int i = 0; i < NAMES; i++)
			sum += lost[i] = chance(probability, -1) - chance(probability, i + 1);
		find_parts(&markov, parts);
		for (int i = 0; i < NAMES; i++)
			CHECK(sum < 1e-9 || fabs(parts[i] - lost[i] / sum) < 1e-9);
		cdpk_markov_release(&markov, &unit_allocator);
	}
}

typedef int64_t Table[NAMES + 3][NAMES + 3]; /* of names, the start, converted, left */

static int
place(uint32_t end)
{
	return end == CDPK_MOVE_START       ? NAMES
		   : end == CDPK_MOVE_CONVERTED ? NAMES + 1
		   : end == CDPK_MOVE_LEFT      ? NAMES + 2
										: (int) end;
}

/* Adds a move of a path, and goes to its end. */
static void
follow(Table table, int *at, int to)
{
	if (*at != to)
		table[*at][to]++;
	*at = to;
}

/* Counts the moves one by one. */
static void
count_moves(const CdpkJourneys *journeys, int64_t first, int64_t last, Table table)
{
	bool shared[64] = {false};
	int at = NAMES;

	memset(table, 0, sizeof(Table));
	for (size_t i = 0; i < journeys->conversion_count; i++)
	{
		int64_t until = journeys->conversions[i].at;

		at = NAMES;
		for (size_t j = 0; j < journeys->touch_count; j++)
			if (journeys->touches[j].at <= until &&
				(journeys->setup.lookback == 0 ||
				 journeys->touches[j].at > until - journeys->setup.lookback))
			{
				shared[j] = true;
				follow(table, &at, (int) journeys->touches[j].value);
			}
		if (at != NAMES)
			follow(table, &at, NAMES + 1);
	}
	at = NAMES;
	for (size_t j = 0; j < journeys->touch_count; j++)
		if (!shared[j] && journeys->touches[j].at >= first && journeys->touches[j].at <= last)
			follow(table, &at, (int) journeys->touches[j].value);
	if (at != NAMES)
		follow(table, &at, NAMES + 2);
}

static void
finds_the_moves(void)
{
	uint64_t random = 3;

	for (int round = 0; round < 20000; round++)
	{
		CdpkAttributionSetup setup = {CDPK_LINEAR, 0, 0, 0, (int64_t) (unit_random(&random) % 12)};
		int64_t first = (int64_t) (unit_random(&random) % 10);
		int64_t last = (int64_t) (unit_random(&random) % 30);
		unsigned rows = (unsigned) (unit_random(&random) % 20);
		CdpkAttributionState *state;
		CdpkJourneys journeys;
		CdpkMove *moves;
		size_t count;
		Table expected;
		Table found = {{0}};

		CHECK(cdpk_attribution_new(&unit_allocator, &setup, 0, &state) == CDPK_OK);
		for (unsigned i = 0; i < rows; i++)
		{
			static const char names[] = "abcde";
			bool converts = unit_random(&random) % 4 == 0;
			CdpkAttributionRow row = {(int64_t) (unit_random(&random) % 30),
									  names + unit_random(&random) % NAMES, converts ? 0 : 1, "1",
									  converts ? 1 : 0};

			CHECK(cdpk_attribution_add(&state, &unit_allocator, &row) == CDPK_OK);
		}
		CHECK(cdpk_journeys_load(state, &unit_allocator, &journeys) == CDPK_OK);
		CHECK(cdpk_journeys_moves(&journeys, first, last, &unit_allocator, &moves, &count) ==
			  CDPK_OK);
		for (size_t i = 0; i < count; i++)
		{
			CHECK(found[place(moves[i].from)][place(moves[i].to)] == 0);
			found[place(moves[i].from)][place(moves[i].to)] = moves[i].count;
		}
		count_moves(&journeys, first, last, expected);
		CHECK(memcmp(found, expected, sizeof(Table)) == 0);
		free(moves);
		cdpk_journeys_release(&journeys, &unit_allocator);
		free(state);
	}
}

int
main(void)
{
	TEST(gives_known_parts);
	TEST(effects_are_what_is_lost);
	TEST(finds_the_moves);
	UNIT_EXIT();
}
