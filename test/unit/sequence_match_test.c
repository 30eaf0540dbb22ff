/*
 * sequence_match_test.c: the matcher of sequences against the definition of a match
 *
 * The reference tries every choice of events for the steps, and asks of each whether it is a match
 * as toolkit/DEFINITIONS.md says.
 */
#include "core/sequence/sequence.h"
#include "unit.h"

#define EVENTS_MAX 9
#define STEPS_MAX 4
#define CONDITIONS 4

/* ---------------------------------------------------------------- the reference */

typedef struct Choice
{
	unsigned places[STEPS_MAX];
} Choice;

static bool
holds_least(const CdpkSequenceBound *bound, int64_t distance)
{
	return !bound->given || distance > bound->length ||
		   (distance == bound->length && !bound->strict);
}

static bool
holds_most(const CdpkSequenceBound *bound, int64_t distance)
{
	return !bound->given || distance < bound->length ||
		   (distance == bound->length && !bound->strict);
}

/* Where the time of a step's "most" begins. */
static int64_t
since(const CdpkProgram *p, const CdpkTimed *events, const Choice *c, unsigned step)
{
	while (step > 0 && p->steps[step].joined)
		step--;
	return events[c->places[step > 0 ? step - 1 : 0]].at;
}

/* Whether the events chosen for the first "count" steps are a match of these steps. */
static bool
is_match(const CdpkProgram *p, unsigned count, const CdpkTimed *events, const Choice *c)
{
	for (unsigned i = 0; i < count; i++)
	{
		const CdpkSequenceStep *step = &p->steps[i];
		const CdpkTimed *event = &events[c->places[i]];

		if (step->any != 0 && (step->any & event->value) == 0)
			return false;
		if (!holds_most(&p->whole, event->at - events[c->places[0]].at))
			return false;
		if (i == 0)
			continue;
		if (c->places[i] <= c->places[i - 1] ||
			(step->adjacent && c->places[i] != c->places[i - 1] + 1))
			return false;
		if (!holds_least(&step->least, event->at - events[c->places[i - 1]].at) ||
			!holds_most(&step->most, event->at - since(p, events, c, i)))
			return false;
		for (unsigned j = c->places[i - 1] + 1; j < c->places[i]; j++)
			if ((events[j].value & step->absent) != 0)
				return false;
	}
	return true;
}

/* Moves to the next choice in the order of the places; false after the last. */
static bool
next_choice(Choice *c, unsigned count, unsigned from, unsigned events)
{
	for (unsigned i = count; i-- > 0;)
	{
		if (++c->places[i] < events)
			return true;
		c->places[i] = from;
	}
	return false;
}

/*
 * Finds the match of the first "count" steps, from an event on, that is the earliest in each step;
 * *best is the match with the latest beginning.
 */
static bool
find_match(const CdpkProgram *p, unsigned count, const CdpkTimed *events, unsigned n, unsigned from,
		   Choice *earliest, Choice *best)
{
	Choice c;
	bool found = false;

	if (from >= n)
		return false;
	for (unsigned i = 0; i < count; i++)
		c.places[i] = from;
	do
	{
		if (!is_match(p, count, events, &c))
			continue;
		if (!found)
			*earliest = *best = c;
		found = true;
		for (unsigned i = 0; i < count; i++)
			if (c.places[i] < earliest->places[i])
				earliest->places[i] = c.places[i];
		if (c.places[0] > best->places[0])
			*best = c;
	} while (next_choice(&c, count, from, n));
	/* the earliest events of all matches are one themselves */
	CHECK(!found || is_match(p, count, events, earliest));
	return found;
}

/* Whether there is a match after whose end absence is kept up to as_of. */
static bool
is_true(const CdpkProgram *p, const CdpkTimed *events, unsigned n, int64_t as_of)
{
	Choice c = {{0}};

	if (n == 0)
		return false;
	do
	{
		bool kept = is_match(p, p->count, events, &c);
		unsigned last = c.places[p->count - 1];

		if (kept && p->absent_after != 0 && p->absent_for.given)
			kept = as_of - events[last].at >= p->absent_for.length;
		for (unsigned i = last + 1; kept && i < n; i++)
			if ((events[i].value & p->absent_after) != 0 &&
				holds_most(&p->absent_for, events[i].at - events[last].at))
				kept = false;
		if (kept)
			return true;
	} while (next_choice(&c, p->count, 0, n));
	return false;
}

/* The dictionary order of the lists of conditions, by making the lists. */
static int
list_order(uint32_t a, uint32_t b)
{
	char lists[2][CONDITIONS + 1] = {{0}};

	for (unsigned i = 0; i < CONDITIONS; i++)
	{
		if (a >> i & 1)
			lists[0][strlen(lists[0])] = (char) ('1' + i);
		if (b >> i & 1)
			lists[1][strlen(lists[1])] = (char) ('1' + i);
	}
	return strcmp(lists[0], lists[1]);
}

static bool
in_order(const CdpkTimed *events, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		if (events[i - 1].at > events[i].at ||
			(events[i - 1].at == events[i].at &&
			 list_order(events[i - 1].value, events[i].value) > 0))
			return false;
	return true;
}

/* ---------------------------------------------------------------- random programs and histories */

static CdpkSequenceBound
random_bound(uint64_t *state, unsigned one_in)
{
	CdpkSequenceBound bound = {false, false, 0};

	bound.given = unit_random(state) % one_in == 0;
	bound.length = (int64_t) (unit_random(state) % 6);
	bound.strict = bound.length > 0 && unit_random(state) % 3 == 0;
	return bound;
}

static void
random_program(uint64_t *state, bool pattern, CdpkProgram *p)
{
	memset(p, 0, sizeof(*p));
	p->kind = CDPK_TIME_INTEGER;
	p->count = 1 + (unsigned) (unit_random(state) % STEPS_MAX);
	for (unsigned i = 0; i < p->count; i++)
	{
		CdpkSequenceStep *step = &p->steps[i];

		step->any = UINT32_C(1) << unit_random(state) % CONDITIONS;
		if (unit_random(state) % 4 == 0)
			step->any = pattern ? 0 : 3;
		if (i == 0)
			continue;
		step->least = random_bound(state, 4);
		step->most = random_bound(state, 2);
		step->adjacent =
			pattern && !step->least.given && !step->most.given && unit_random(state) % 2 == 0;
		if (!step->adjacent && unit_random(state) % (pattern ? 6 : 3) == 0)
			step->absent = UINT32_C(1) << unit_random(state) % CONDITIONS;
		step->joined = !pattern && unit_random(state) % 3 == 0;
	}
	if (pattern)
		return;
	p->whole = random_bound(state, 3);
	if (unit_random(state) % 2 == 0)
		p->absent_after = UINT32_C(1) << unit_random(state) % CONDITIONS;
	p->absent_for = random_bound(state, 2);
	p->absent_for.strict = false;
}

static unsigned
random_events(uint64_t *state, CdpkTimed *events)
{
	unsigned n = (unsigned) (unit_random(state) % (EVENTS_MAX + 1));
	unsigned instants = 1 + (unsigned) (unit_random(state) % 12);
	bool several = unit_random(state) % 2 == 0;
	CdpkTimed scratch[EVENTS_MAX];

	memset(events, 0, EVENTS_MAX * sizeof(*events));
	for (unsigned i = 0; i < n; i++)
	{
		events[i].at = (int64_t) (unit_random(state) % instants) - 4;
		events[i].value = UINT32_C(1) << unit_random(state) % CONDITIONS;
		if (several && unit_random(state) % 2 == 0)
			events[i].value |= UINT32_C(1) << unit_random(state) % CONDITIONS;
	}
	cdpk_sort(events, n, scratch, cdpk_history_order, NULL);
	CHECK(in_order(events, n));
	return n;
}

/* ---------------------------------------------------------------- comparisons */

static uint64_t
count_by_reference(const CdpkProgram *p, const CdpkTimed *events, unsigned n)
{
	uint64_t count = 0;
	unsigned from = 0;
	Choice earliest;
	Choice best;

	while (find_match(p, p->count, events, n, from, &earliest, &best))
	{
		count++;
		from = earliest.places[p->count - 1] + 1;
	}
	return count;
}

static void
compare_events(const CdpkProgram *p, const CdpkTimed *events, unsigned n, unsigned *depths)
{
	size_t places[CDPK_SEQUENCE_STEPS_MAX];
	unsigned depth;
	unsigned expected = p->count;
	Choice earliest;
	Choice best;

	while (expected > 0 && !find_match(p, expected, events, n, 0, &earliest, &best))
		expected--;
	CHECK(cdpk_sequence_events(p, &unit_allocator, events, n, places, &depth) == CDPK_OK);
	CHECK(depth == expected);
	for (unsigned i = 0; i < depth && depth == expected; i++)
		CHECK(places[i] == earliest.places[i]);
	depths[depth]++;
}

/* Patterns: how many matches, and which events. */
static void
patterns_agree_with_the_definition(void)
{
	uint64_t state = 51;
	unsigned depths[STEPS_MAX + 1] = {0};
	unsigned several = 0;

	for (int i = 0; i < 30000; i++)
	{
		CdpkTimed events[EVENTS_MAX];
		CdpkProgram p;
		CdpkMatcher matcher;
		unsigned n = random_events(&state, events);
		uint64_t count = 0;
		uint64_t expected;

		random_program(&state, true, &p);
		expected = count_by_reference(&p, events, n);
		cdpk_matcher_init(&matcher, &p, &unit_allocator);
		CHECK(cdpk_sequence_count(&matcher, events, n, UINT64_MAX, &count) == CDPK_OK);
		cdpk_matcher_free(&matcher);
		CHECK(count == expected);
		compare_events(&p, events, n, depths);
		several += count > 1;
	}
	for (int i = 0; i <= STEPS_MAX; i++)
	{
		if (depths[i] <= 200)
			printf("# depth %d: %u\n", i, depths[i]);
		CHECK(depths[i] > 200);
	}
	CHECK(several > 3000);
}

/* All that a program can say: whether there is a match, and which begins latest. */
static void
programs_agree_with_the_definition(void)
{
	uint64_t state = 52;
	unsigned matched[2] = {0};
	unsigned absent[2] = {0};

	for (int i = 0; i < 60000; i++)
	{
		CdpkTimed events[EVENTS_MAX];
		CdpkProgram p;
		CdpkMatcher matcher;
		unsigned n = random_events(&state, events);
		int64_t as_of = n > 0 ? events[n - 1].at + (int64_t) (unit_random(&state) % 5) : 0;
		uint64_t reached;
		Choice earliest;
		Choice best;
		bool expected;

		random_program(&state, false, &p);
		expected = is_true(&p, events, n, as_of);
		cdpk_matcher_init(&matcher, &p, &unit_allocator);
		for (unsigned j = 0; j < n; j++)
			CHECK(cdpk_matcher_feed(&matcher, &events[j], &reached) == CDPK_OK);
		cdpk_matcher_finish(&matcher, as_of);
		CHECK(matcher.matched == expected);
		(p.absent_after != 0 ? absent : matched)[expected]++;
		if (matcher.matched && p.absent_after == 0 &&
			find_match(&p, p.count, events, n, 0, &earliest, &best))
			CHECK(matcher.latest == events[best.places[0]].at);
		cdpk_matcher_free(&matcher);
	}
	CHECK(matched[0] > 5000 && matched[1] > 5000 && absent[0] > 5000 && absent[1] > 3000);
}

/* Times that are doubles: quarters of the integers, with the same answers. */
static void
doubles_agree_with_integers(void)
{
	uint64_t state = 53;

	for (int i = 0; i < 20000; i++)
	{
		CdpkTimed events[EVENTS_MAX];
		CdpkProgram p[2];
		uint64_t count[2] = {0, 0};
		unsigned n = random_events(&state, events);

		random_program(&state, true, &p[0]);
		p[1] = p[0];
		p[1].kind = CDPK_TIME_DOUBLE;
		for (unsigned j = 0; j < p[1].count; j++)
		{
			p[1].steps[j].least.length = cdpk_double_key((double) p[0].steps[j].least.length / 4);
			p[1].steps[j].most.length = cdpk_double_key((double) p[0].steps[j].most.length / 4);
		}
		for (int kind = 0; kind < 2; kind++)
		{
			CdpkMatcher matcher;

			cdpk_matcher_init(&matcher, &p[kind], &unit_allocator);
			CHECK(cdpk_sequence_count(&matcher, events, n, UINT64_MAX, &count[kind]) == CDPK_OK);
			cdpk_matcher_free(&matcher);
			for (unsigned j = 0; j < n; j++)
				events[j].at = cdpk_double_key((double) events[j].at / 4);
		}
		CHECK(count[0] == count[1]);
	}
}

/* ---------------------------------------------------------------- patterns as text */

/* Writes a program so that it can be compared: a step is <way>[conditions]. */
static void
print_program(const CdpkProgram *p, char *text)
{
	*text = '\0';
	for (unsigned i = 0; i < p->count; i++)
	{
		const CdpkSequenceStep *s = &p->steps[i];

		if (s->adjacent)
			strcat(text, "!");
		if (s->least.given)
			sprintf(text + strlen(text), ">%s%d ", s->least.strict ? "" : "=",
					(int) s->least.length);
		if (s->most.given)
			sprintf(text + strlen(text), "<%s%d ", s->most.strict ? "" : "=", (int) s->most.length);
		sprintf(text + strlen(text), "%x;", (unsigned) s->any);
	}
}

static void
patterns_compile(void)
{
	static const struct
	{
		const char *pattern;
		const char *program;
	} cases[] = {{"(?1)", "1;"},
				 {"(?1)(?2)", "1;!2;"},
				 {"(?1).*(?4)", "1;8;"},
				 {"(?1).(?2)", "1;!0;!2;"},
				 {".*(?1).*.*(?2).*", "1;2;"},
				 {"", "0;"},
				 {".", "0;"},
				 {".*", "0;"},
				 {"..", "0;!0;"},
				 {"(?1)(?t<=10)(?2)", "1;<=10 2;"},
				 {"(?1).*(?t<10).*(?2)", "1;<10 2;"},
				 {"(?1)(?t>10)(?2)", "1;>10 2;"},
				 {"(?1)(?t>=0)(?2)", "1;>=0 2;"},
				 {"(?1)(?t==7)(?2)", "1;>=7 <=7 2;"},
				 {"(?1)(?t>=5)(?t<=10)(?2)", "1;>=5 <=10 2;"},
				 {"(?1)(?t<=5)(?t<=10)(?t<=7)(?2)", "1;<=5 2;"},
				 {"(?1)(?t<5)(?t<=5)(?2)", "1;<5 2;"},
				 {"(?1)(?t<=5)(?t<5)(?2)", "1;<5 2;"},
				 {"(?1)(?t>=5)(?t>5)(?t>=4)(?2)", "1;>5 2;"},
				 {"(?1)(?t<=007)(?02)", "1;<=7 2;"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		CdpkProgram p;
		CdpkTextProblem problem = {"", 0};
		char text[500];

		CHECK(cdpk_pattern_compile(cases[i].pattern, strlen(cases[i].pattern), CDPK_TIME_INTEGER, 4,
								   &p, &problem) == CDPK_OK);
		print_program(&p, text);
		if (strcmp(text, cases[i].program) != 0)
			printf("# %s: %s, not %s\n", cases[i].pattern, text, cases[i].program);
		CHECK(strcmp(text, cases[i].program) == 0);
	}
}

static void
patterns_are_refused_at_a_place(void)
{
	static const struct
	{
		const char *pattern;
		size_t position;
		CdpkStatus status;
	} cases[] = {{"(", 1, CDPK_INVALID},
				 {"(?", 3, CDPK_INVALID},
				 {"(?)", 3, CDPK_INVALID},
				 {"(?1", 4, CDPK_INVALID},
				 {"(?1)x", 5, CDPK_INVALID},
				 {"(?1) (?2)", 5, CDPK_INVALID},
				 {"(?1)*", 5, CDPK_INVALID},
				 {"(?0)", 3, CDPK_OUT_OF_RANGE},
				 {"(?5)", 3, CDPK_OUT_OF_RANGE},
				 {"(?99999999999)", 3, CDPK_INVALID},
				 {"(?-1)", 3, CDPK_INVALID},
				 {"(?t<=5)(?1)", 1, CDPK_INVALID},
				 {".*(?t<=5)(?1)", 3, CDPK_INVALID},
				 {"(?1)(?t<=5)", 5, CDPK_INVALID},
				 {"(?1)(?t<=5).*", 5, CDPK_INVALID},
				 {"(?1)(?t5)(?2)", 8, CDPK_INVALID},
				 {"(?1)(?t=5)(?2)", 8, CDPK_INVALID},
				 {"(?1)(?t<=)(?2)", 10, CDPK_INVALID},
				 {"(?1)(?t<= 5)(?2)", 10, CDPK_INVALID},
				 {"(?1)(?t<=5(?2)", 11, CDPK_INVALID},
				 {"(?1)(?t<0)(?2)", 5, CDPK_INVALID},
				 {"(?1)(?t<=9223372036854775808)(?2)", 10, CDPK_INVALID},
				 {"(?1)(?t<=-1)(?2)", 10, CDPK_INVALID}};
	CdpkProgram p;
	CdpkTextProblem problem;
	char dots[66];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		size_t length = strlen(cases[i].pattern);
		char *exact = malloc(length + 1);

		memcpy(exact, cases[i].pattern, length);
		problem.position = 0;
		CHECK(cdpk_pattern_compile(exact, length, CDPK_TIME_INTEGER, 4, &p, &problem) ==
			  cases[i].status);
		if (problem.position != cases[i].position)
			printf("# %s: at %zu\n", cases[i].pattern, problem.position);
		CHECK(problem.position == cases[i].position);
		free(exact);
	}
	memset(dots, '.', sizeof(dots));
	CHECK(cdpk_pattern_compile(dots, 64, CDPK_TIME_INTEGER, 4, &p, &problem) == CDPK_OK);
	CHECK(cdpk_pattern_compile(dots, 65, CDPK_TIME_INTEGER, 4, &p, &problem) == CDPK_TOO_LONG);
	CHECK(problem.position == 65);
	/* seconds become microseconds, if they can */
	CHECK(cdpk_pattern_compile("(?1)(?t>3)(?1)", 14, CDPK_TIME_INSTANT, 1, &p, &problem) ==
			  CDPK_OK &&
		  p.steps[1].least.length == 3000000);
	CHECK(cdpk_pattern_compile("(?1)(?t>9223372036855)(?1)", 26, CDPK_TIME_INSTANT, 1, &p,
							   &problem) == CDPK_INVALID);
}

/* ---------------------------------------------------------------- a million events */

/* Patterns that make a backtracking matcher try without end. */
static void
a_million_events_take_linear_time(void)
{
	/* and the room that the events of the longest wait take */
	static const size_t rooms[] = {0, 16, 0, 524288, 0};
	static const char *const patterns[] = {
		"(?1).*(?2).*(?3)", "(?1)(?t>=10)(?1)(?t>=10)(?1)(?t>=10)(?1)(?t<=1)(?2).*(?3)",
		"(?1).*(?1).*(?1).*(?1).*(?1).*(?1).*(?1).*(?1).*(?1).*(?3)",
		"(?1)(?t==500000)(?1)(?t<=3)(?2)(?t>400000)(?1)(?t==7)(?3)",
		"(?1)(?1)(?1)(?1)(?1)(?1)(?1)(?1).(?1)(?t<5)(?3)"};
	size_t n = 1000000;
	CdpkTimed *events = malloc(n * sizeof(*events));
	CdpkProgram p;
	CdpkTextProblem problem;
	size_t places[CDPK_SEQUENCE_STEPS_MAX];
	unsigned depth;

	for (size_t i = 0; i < n; i++)
	{
		events[i].at = (int64_t) i;
		events[i].value = i % 1000 == 999 ? 2 : 1;
	}
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
	{
		CdpkMatcher matcher;
		uint64_t matches = 0;

		CHECK(cdpk_pattern_compile(patterns[i], strlen(patterns[i]), CDPK_TIME_INTEGER, 3, &p,
								   &problem) == CDPK_OK);
		cdpk_matcher_init(&matcher, &p, &unit_allocator);
		CHECK(cdpk_sequence_count(&matcher, events, n, UINT64_MAX, &matches) == CDPK_OK);
		CHECK(matches == 0);
		for (unsigned j = 0; j < p.count; j++)
			CHECK(matcher.chains[j].room <= rooms[i]);
		cdpk_matcher_free(&matcher);
		CHECK(cdpk_sequence_events(&p, &unit_allocator, events, n, places, &depth) == CDPK_OK);
		CHECK(depth == p.count - 1);
	}
	events[n - 1].value = 4;
	CHECK(cdpk_pattern_compile(patterns[0], strlen(patterns[0]), CDPK_TIME_INTEGER, 3, &p,
							   &problem) == CDPK_OK);
	CHECK(cdpk_sequence_events(&p, &unit_allocator, events, n, places, &depth) == CDPK_OK);
	CHECK(depth == 3 && places[0] == 0 && places[1] == 999 && places[2] == n - 1);
	free(events);
}

/* Chains that end at one instant come of age together: the newest is enough. */
static void
an_instant_takes_the_room_of_one_event(void)
{
	CdpkProgram p;
	CdpkTextProblem problem;
	CdpkMatcher matcher;
	CdpkTimed event = {5, 1};
	uint64_t reached;

	CHECK(cdpk_pattern_compile("(?1)(?t>0)(?2)", 14, CDPK_TIME_INTEGER, 2, &p, &problem) ==
		  CDPK_OK);
	cdpk_matcher_init(&matcher, &p, &unit_allocator);
	for (int i = 0; i < 1000; i++)
		CHECK(cdpk_matcher_feed(&matcher, &event, &reached) == CDPK_OK && reached == 1);
	CHECK(matcher.chains[0].count == 1);
	event.value = 2;
	CHECK(cdpk_matcher_feed(&matcher, &event, &reached) == CDPK_OK && reached == 0);
	event.at = 6;
	CHECK(cdpk_matcher_feed(&matcher, &event, &reached) == CDPK_OK && reached == 2);
	cdpk_matcher_free(&matcher);
}

int
main(void)
{
	TEST(patterns_agree_with_the_definition);
	TEST(programs_agree_with_the_definition);
	TEST(doubles_agree_with_integers);
	TEST(patterns_compile);
	TEST(patterns_are_refused_at_a_place);
	TEST(an_instant_takes_the_room_of_one_event);
	TEST(a_million_events_take_linear_time);
	UNIT_EXIT();
}
