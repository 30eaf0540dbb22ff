/*
 * funnel_test.c: the funnel against its definition, and the state that carries its rows
 *
 * The reference is the definition of toolkit/DEFINITIONS.md word by word: it reads the rows in
 * order and keeps every chain that there is.
 */
#include "core/sequence/funnel.h"
#include "unit.h"

/* ---------------------------------------------------------------- the reference */

#define ROWS_MAX 8
#define CHAINS_MAX 4000

typedef struct Chain
{
	unsigned depth;
	int64_t first;
	int64_t last;
	unsigned rows; /* which are in it */
} Chain;

typedef struct Reference
{
	unsigned modes;
	int64_t window;
	Chain chains[CHAINS_MAX];
	size_t count;
	bool full;
} Reference;

static bool
has_depth(const Reference *r, unsigned depth)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->chains[i].depth == depth)
			return true;
	return false;
}

static void
add_chain(Reference *r, Chain chain)
{
	if (r->count == CHAINS_MAX)
		r->full = true;
	else
		r->chains[r->count++] = chain;
}

/* A row read for a step begins a chain, or continues those that there are. */
static void
use_row(Reference *r, const CdpkTimed *rows, unsigned row, unsigned step, size_t before)
{
	if (step == 1)
	{
		Chain chain = {1, rows[row].at, rows[row].at, 1u << row};

		add_chain(r, chain);
		return;
	}
	for (size_t i = 0; i < before; i++)
	{
		Chain chain = r->chains[i];

		if (chain.depth != step - 1 || chain.first < rows[row].at - r->window)
			continue;
		if ((r->modes & CDPK_FUNNEL_STRICT_INCREASE) != 0 && chain.last >= rows[row].at)
			continue;
		if ((r->modes & CDPK_FUNNEL_STRICT_ONCE) != 0 && (chain.rows >> row & 1) != 0)
			continue;
		chain.depth = step;
		chain.last = rows[row].at;
		chain.rows |= 1u << row;
		add_chain(r, chain);
	}
}

/* Reads the rows of one instant for one step; false where reading ends. */
static bool
read_rows_of_step(Reference *r, const CdpkTimed *rows, unsigned from, unsigned to, unsigned step)
{
	unsigned satisfied = 0;
	size_t before = r->count;

	for (unsigned row = from; row < to; row++)
		satisfied += rows[row].value >> (step - 1) & 1;
	if (satisfied == 0)
		return true;
	if (step > 1 && (r->modes & CDPK_FUNNEL_STRICT_DEDUPLICATION) != 0 && has_depth(r, step))
		return false;
	if (step > 1 && (r->modes & CDPK_FUNNEL_STRICT_ORDER) != 0 && r->count > 0 &&
		!has_depth(r, step - 1))
		return (r->modes & CDPK_FUNNEL_ALLOW_REENTRY) != 0;
	for (unsigned row = from; row < to; row++)
		if (rows[row].value >> (step - 1) & 1)
			use_row(r, rows, row, step, before);
	return !(step > 1 && (r->modes & CDPK_FUNNEL_STRICT_DEDUPLICATION) != 0 && satisfied > 1 &&
			 has_depth(r, step));
}

/* Reads one instant; false where reading ends. */
static bool
read_instant(Reference *r, const CdpkTimed *rows, unsigned from, unsigned to, unsigned steps)
{
	for (unsigned row = from; row < to; row++)
		if (rows[row].value == 0 && (r->modes & CDPK_FUNNEL_STRICT_ORDER) != 0 && r->count > 0)
			return false;
	for (unsigned step = 1; step <= steps; step++)
		if (!read_rows_of_step(r, rows, from, to, step))
			return false;
	return true;
}

/* The answer for rows in the order of their times; UINT32_MAX where there are too many chains. */
static unsigned
reference(const CdpkTimed *rows, unsigned count, unsigned modes, unsigned steps, int64_t window)
{
	static Reference r;
	unsigned depth = 0;
	unsigned from = 0;
	bool more = true;

	r.modes = modes;
	r.window = window;
	r.count = 0;
	r.full = false;
	while (more && from < count)
	{
		unsigned to = from + 1;

		while (to < count && rows[to].at == rows[from].at)
			to++;
		more = read_instant(&r, rows, from, to, steps);
		from = to;
	}
	for (size_t i = 0; i < r.count; i++)
		depth = r.chains[i].depth > depth ? r.chains[i].depth : depth;
	return r.full ? UINT32_MAX : depth;
}

/* ---------------------------------------------------------------- the comparison */

static unsigned
depth_of(const CdpkTimed *rows, unsigned count, unsigned modes, unsigned steps, int64_t window,
		 CdpkTimeKind kind)
{
	CdpkStepsSetup setup = {CDPK_STEPS_FUNNEL, kind, steps, modes, window, "", 0};
	CdpkStepsState *state;
	unsigned depth;

	if (kind == CDPK_TIME_DOUBLE)
		setup.window = cdpk_double_key((double) window / 4);
	CHECK(cdpk_steps_state_new(&unit_allocator, &setup, 0, &state) == CDPK_OK);
	for (unsigned i = 0; i < count; i++)
		CHECK(cdpk_steps_state_add(
				  &state, &unit_allocator,
				  kind == CDPK_TIME_DOUBLE ? cdpk_double_key((double) rows[i].at / 4) : rows[i].at,
				  rows[i].value) == CDPK_OK);
	CHECK(cdpk_funnel_of_state(state, &unit_allocator, &depth) == CDPK_OK);
	free(state);
	return depth;
}

/*
 * Random rows: few instants, so that many are equal; some satisfy several steps, some none; in a
 * third of the cases they climb from step to step.
 */
static unsigned
random_rows(uint64_t *state, CdpkTimed *rows, unsigned steps, bool single)
{
	unsigned count = (unsigned) (unit_random(state) % (ROWS_MAX + 1));
	uint64_t instants = 1 + unit_random(state) % 8;
	bool climb = unit_random(state) % 3 == 0;

	memset(rows, 0, ROWS_MAX * sizeof(*rows));
	for (unsigned i = 0; i < count; i++)
	{
		rows[i].at = (int64_t) (unit_random(state) % instants) - 3;
		rows[i].value = (uint32_t) 1 << unit_random(state) % steps;
		if (!single && unit_random(state) % 2 == 0)
			rows[i].value = (uint32_t) (unit_random(state) % (UINT64_C(1) << steps));
		if (climb && unit_random(state) % 8 > 0)
		{
			rows[i].at = (int64_t) (i * instants / count) - 3;
			rows[i].value |= (uint32_t) 1 << i * steps / count;
		}
		if (unit_random(state) % 12 == 0)
			rows[i].value = 0;
	}
	return count;
}

static void
shuffle(uint64_t *state, CdpkTimed *rows, unsigned count)
{
	for (unsigned i = count; i > 1; i--)
	{
		unsigned j = (unsigned) (unit_random(state) % i);
		CdpkTimed row = rows[i - 1];

		rows[i - 1] = rows[j];
		rows[j] = row;
	}
}

static void
agrees_with_the_definition(void)
{
	uint64_t state = 31;
	unsigned compared = 0;
	unsigned depths[6] = {0};

	for (int i = 0; i < 60000; i++)
	{
		CdpkTimed rows[ROWS_MAX];
		CdpkTimed scratch[ROWS_MAX];
		unsigned steps = 1 + (unsigned) (unit_random(&state) % 5);
		unsigned count = random_rows(&state, rows, steps, i % 2 == 0);
		int64_t window = (int64_t) (unit_random(&state) % 8);
		unsigned modes = (unsigned) (unit_random(&state) % (CDPK_FUNNEL_MODES_MAX + 1));
		CdpkTimeKind kind = (CdpkTimeKind) (unit_random(&state) % 3);
		unsigned expected;
		unsigned depth;

		if (!cdpk_funnel_modes_valid(modes))
			modes |= CDPK_FUNNEL_STRICT_ORDER;
		cdpk_sort(rows, count, scratch, cdpk_oldest_first, NULL);
		expected = reference(rows, count, modes, steps, window);
		if (expected == UINT32_MAX)
			continue;
		shuffle(&state, rows, count);
		depth = depth_of(rows, count, modes, steps, window, kind);
		if (depth != expected)
		{
			printf("# modes %u, window %d, expected %u, got %u:", modes, (int) window, expected,
				   depth);
			for (unsigned j = 0; j < count; j++)
				printf(" %d@%u", (int) rows[j].at, rows[j].value);
			printf("\n");
		}
		CHECK(depth == expected);
		compared++;
		depths[depth]++;
	}
	CHECK(compared > 50000);
	for (int i = 0; i < 6; i++)
		CHECK(depths[i] > 300);
}

/* ---------------------------------------------------------------- large instants */

/* Whether steps lo..hi can be matched to different rows, by trying all (Hall's theorem). */
static bool
matchable(const CdpkTimed *rows, unsigned count, unsigned steps)
{
	for (unsigned subset = 1; subset < 1u << steps; subset++)
	{
		unsigned wanted = 0;
		unsigned rows_for = 0;

		for (unsigned i = 0; i < steps; i++)
			wanted += subset >> i & 1;
		for (unsigned i = 0; i < count; i++)
			rows_for += (rows[i].value & subset) != 0;
		if (rows_for < wanted)
			return false;
	}
	return true;
}

/* Rows of one instant that serve once: as deep as the first steps can have rows of their own. */
static void
rows_that_serve_once_are_matched(void)
{
	uint64_t state = 32;

	for (int i = 0; i < 3000; i++)
	{
		CdpkTimed rows[40];
		unsigned steps = 1 + (unsigned) (unit_random(&state) % 10);
		unsigned count = (unsigned) (unit_random(&state) % 40);
		unsigned expected = 0;

		memset(rows, 0, sizeof(rows));
		for (unsigned j = 0; j < count; j++)
			rows[j].value = (uint32_t) (unit_random(&state) & unit_random(&state) &
										((UINT64_C(1) << steps) - 1));
		while (expected < steps && matchable(rows, count, expected + 1))
			expected++;
		CHECK(depth_of(rows, count, CDPK_FUNNEL_STRICT_ONCE, steps, 0, CDPK_TIME_INSTANT) ==
			  expected);
	}
}

/* 32 steps, and 100,000 rows of one instant that satisfy all or one. */
static void
takes_32_steps_and_many_rows(void)
{
	CdpkStepsSetup setup = {
		CDPK_STEPS_FUNNEL, CDPK_TIME_INTEGER, CDPK_STEPS_MAX, CDPK_FUNNEL_STRICT_ONCE, 0, "", 0};
	CdpkStepsState *state;
	unsigned depth;

	CHECK(cdpk_steps_state_new(&unit_allocator, &setup, 0, &state) == CDPK_OK);
	for (int i = 0; i < 31; i++)
		CHECK(cdpk_steps_state_add(&state, &unit_allocator, 7, UINT32_MAX) == CDPK_OK);
	CHECK(cdpk_funnel_of_state(state, &unit_allocator, &depth) == CDPK_OK && depth == 31);
	for (int i = 0; i < 100000; i++)
		CHECK(cdpk_steps_state_add(&state, &unit_allocator, 7, 1) == CDPK_OK);
	CHECK(cdpk_funnel_of_state(state, &unit_allocator, &depth) == CDPK_OK && depth == 32);
	free(state);
}

static void
windows_reach_over_all_time(void)
{
	CdpkTimed rows[2] = {{INT64_MIN + 1, 1}, {INT64_MAX - 1, 2}};

	CHECK(depth_of(rows, 2, 0, 2, INT64_MAX, CDPK_TIME_INTEGER) == 1);
	rows[0].at = -1;
	CHECK(depth_of(rows, 2, 0, 2, INT64_MAX, CDPK_TIME_INTEGER) == 2);
	CHECK(depth_of(rows, 2, 0, 2, INT64_MAX - 1, CDPK_TIME_INTEGER) == 1);
}

static void
doubles_keep_their_order(void)
{
	static const double order[] = {-1e308, -2.5, -1, -1e-308, 0, 5e-324, 1, 1.5, 1e308};

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
	{
		CHECK(cdpk_double_of_key(cdpk_double_key(order[i])) == order[i]);
		for (size_t j = 0; j < i; j++)
			CHECK(cdpk_double_key(order[j]) < cdpk_double_key(order[i]));
	}
	CHECK(cdpk_double_key(-0.0) == cdpk_double_key(0.0));
}

/* ---------------------------------------------------------------- states and modes */

/* Parts combined in any grouping, through the wire, give the answer of the whole. */
static void
states_combine(void)
{
	uint64_t random = 33;

	for (int i = 0; i < 5000; i++)
	{
		CdpkTimed rows[ROWS_MAX];
		unsigned steps = 1 + (unsigned) (unit_random(&random) % 12);
		unsigned count = random_rows(&random, rows, steps, false);
		unsigned modes = (unsigned) (unit_random(&random) % 16);
		CdpkStepsSetup setup = {CDPK_STEPS_FUNNEL, CDPK_TIME_INTEGER, steps, modes, 3, "", 0};
		CdpkStepsState *whole;
		unsigned depth;

		CHECK(cdpk_steps_state_new(&unit_allocator, &setup, 0, &whole) == CDPK_OK);
		for (unsigned start = 0; start < count;)
		{
			unsigned end = start + 1 + (unsigned) (unit_random(&random) % (count - start));
			CdpkStepsState *part;
			CdpkStepsState *read;
			uint8_t *bytes;

			CHECK(cdpk_steps_state_new(&unit_allocator, &setup, 0, &part) == CDPK_OK);
			for (; start < end; start++)
				CHECK(cdpk_steps_state_add(&part, &unit_allocator, rows[start].at,
										   rows[start].value) == CDPK_OK);
			bytes = malloc(cdpk_steps_state_wire_size(part));
			cdpk_steps_state_write(part, bytes);
			CHECK(cdpk_steps_state_read(bytes, cdpk_steps_state_wire_size(part), &unit_allocator,
										&read) == CDPK_OK);
			CHECK(cdpk_steps_state_fits(read, &setup));
			CHECK(cdpk_steps_state_combine(&whole, &unit_allocator, read) == CDPK_OK);
			free(bytes);
			free(part);
			free(read);
		}
		CHECK(cdpk_funnel_of_state(whole, &unit_allocator, &depth) == CDPK_OK);
		CHECK(depth == depth_of(rows, count, modes, steps, 3, CDPK_TIME_INTEGER));
		free(whole);
	}
}

/* Rows of one pattern are not rows of another. */
static void
states_fit_their_pattern_only(void)
{
	CdpkStepsSetup setup = {CDPK_STEPS_SEQUENCE, CDPK_TIME_INTEGER, 2, 0, 0, "(?1)(?2)", 8};
	CdpkStepsSetup other = setup;
	CdpkStepsState *state;

	CHECK(cdpk_steps_state_new(&unit_allocator, &setup, 0, &state) == CDPK_OK);
	for (int i = 0; i < 100; i++)
		CHECK(cdpk_steps_state_add(&state, &unit_allocator, i, 1) == CDPK_OK);
	CHECK(cdpk_steps_state_fits(state, &setup));
	other.pattern = "(?2)(?1)";
	CHECK(!cdpk_steps_state_fits(state, &other));
	other = cdpk_steps_state_setup(state);
	CHECK(other.pattern_length == 8 && memcmp(other.pattern, "(?1)(?2)", 8) == 0);
	other.use = CDPK_STEPS_FUNNEL;
	CHECK(!cdpk_steps_state_fits(state, &other));
	free(state);
}

static void
refuses_other_bytes(void)
{
	static const struct
	{
		uint8_t bytes[36];
		size_t length;
		CdpkStatus status;
	} cases[] = {
		{{1, 0, 0, 0, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0}, 14, CDPK_OK},
		{{1, 0, 0, 0, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7}, 23, CDPK_OK},
		{{1, 0, 0, 2, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0}, 23, CDPK_OK},
		{{1, 0, 0, 0, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0}, 23, CDPK_CORRUPT},
		{{1, 0, 0, 0, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 8}, 23, CDPK_CORRUPT},
		{{1, 0, 0, 0, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0}, 22, CDPK_CORRUPT},
		{{1, 0, 0, 0, 3, 9, 0, 0, 0, 0, 0, 0}, 12, CDPK_CORRUPT},
		{{2, 0, 0, 0, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0}, 14, CDPK_UNKNOWN_VERSION},
		{{1, 0, 3, 0, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0}, 14, CDPK_CORRUPT},
		{{1, 0, 0, 16, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0}, 14, CDPK_CORRUPT},
		{{1, 0, 0, 32, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0}, 14, CDPK_CORRUPT},
		{{1, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0}, 14, CDPK_CORRUPT},
		{{1, 0, 0, 0, 33, 9, 0, 0, 0, 0, 0, 0, 0, 0}, 14, CDPK_CORRUPT},
		{{1, 0, 0, 0, 3, 9, 0, 0, 0, 0, 0, 0, 0x80, 0}, 14, CDPK_CORRUPT},
		{{1, 0, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0}, 14, CDPK_CORRUPT}, /* infinity */
		/* a sequence: the pattern (?1) */
		{{1, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4, '(', '?', '1', ')'}, 18, CDPK_OK},
		{{1, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4, '(', '?', '1', ')', 5, 0, 0, 0, 0, 0, 0, 0, 7},
		 27,
		 CDPK_OK},
		{{1, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4, '(', '?', '4', ')'}, 18, CDPK_CORRUPT},
		{{1, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4, '(', '?', '1', '('}, 18, CDPK_CORRUPT},
		{{1, 1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 5, '(', '?', '1', ')'}, 18, CDPK_CORRUPT},
		{{1, 1, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4, '(', '?', '1', ')'}, 18, CDPK_CORRUPT},
		{{1, 1, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 4, '(', '?', '1', ')'}, 18, CDPK_CORRUPT},
		{{1, 0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 4, '(', '?', '1', ')'}, 18, CDPK_CORRUPT},
		{{1, 2, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 14, CDPK_CORRUPT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		CdpkStepsState *state;
		CdpkStatus status =
			cdpk_steps_state_read(cases[i].bytes, cases[i].length, &unit_allocator, &state);

		CHECK(status == cases[i].status);
		if (status == CDPK_OK)
			free(state);
	}
}

static void
modes_have_names(void)
{
	unsigned modes;
	const char *word;
	size_t length;

	for (unsigned i = 0; i <= CDPK_FUNNEL_MODES_MAX; i++)
	{
		char text[CDPK_FUNNEL_MODES_TEXT_MAX];
		CdpkStatus status;

		length = cdpk_funnel_modes_print(i, text);
		CHECK(length == strlen(text));
		status = cdpk_funnel_modes_parse(text, strlen(text), &modes, &word, &length);
		CHECK(status == (cdpk_funnel_modes_valid(i) ? CDPK_OK : CDPK_UNSUPPORTED) && modes == i);
	}
	CHECK(cdpk_funnel_modes_parse(" strict_once , strict_order\n", 28, &modes, &word, &length) ==
			  CDPK_OK &&
		  modes == (CDPK_FUNNEL_STRICT_ONCE | CDPK_FUNNEL_STRICT_ORDER));
	CHECK(cdpk_funnel_modes_parse("strict_once,strict", 18, &modes, &word, &length) ==
			  CDPK_INVALID &&
		  length == 6 && memcmp(word, "strict", 6) == 0);
	CHECK(cdpk_funnel_modes_parse(" , ", 3, &modes, &word, &length) == CDPK_INVALID);
	CHECK(cdpk_funnel_modes_parse("", 0, &modes, &word, &length) == CDPK_INVALID);
}

int
main(void)
{
	TEST(agrees_with_the_definition);
	TEST(rows_that_serve_once_are_matched);
	TEST(takes_32_steps_and_many_rows);
	TEST(windows_reach_over_all_time);
	TEST(doubles_keep_their_order);
	TEST(states_combine);
	TEST(states_fit_their_pattern_only);
	TEST(refuses_other_bytes);
	TEST(modes_have_names);
	UNIT_EXIT();
}
