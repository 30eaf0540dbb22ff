/*
 * sequence_correlated_test.c: sequences with conditions, and with events that have something in common
 * or compare with the one before, are optional or come in any order, against their definition; and their
 * horizon, compared with the answers at all later instants
 */
#include "sequence_random.h"

/* ---------------------------------------------------------------- the comparison */

static int64_t
next_change(const CdpkSequence *s, const Event *events, unsigned count, int64_t within,
			int64_t as_of, Truth answer)
{
	for (int64_t at = as_of + 1; at < as_of + 25; at++)
		if (reference(s, events, count, within, at) != answer)
			return at;
	return CDPK_NEVER;
}

static Truth
truth_of(const CdpkSequenceAnswer *answer)
{
	return answer->unknown ? UNKNOWN : answer->matches ? YES : NO;
}

/* How often something was seen. */
typedef struct Seen
{
	unsigned answers[3];
	unsigned same[3];
	unsigned sessions[3];
	unsigned compared[3];
	unsigned any_order[3];
	unsigned optional[3];
	unsigned exact; /* horizons */
} Seen;

/* Print what went wrong. */
static void
show(const uint8_t *form, size_t form_length, int64_t within, int64_t as_of, Truth expected,
	 const CdpkSequenceAnswer *result)
{
	char *text;

	CHECK(cdpk_sequence_print(form, form_length, &unit_allocator, &text) == CDPK_OK);
	printf("# %s, within %lld, as of %lld: %d, not %d, horizon %lld\n", text, (long long) within,
		   (long long) as_of, expected, truth_of(result), (long long) result->horizon);
	free(text);
}

static void
compare_one(uint64_t *state, Seen *seen)
{
	CdpkSequence s;
	size_t form_length;
	uint8_t *form = random_sequence(state, &s, &form_length);
	Event events[EVENTS_MAX];
	unsigned count = random_events(state, events);
	int64_t as_of = (int64_t) (unit_random(state) % 16);
	int64_t within = unit_random(state) % 3 == 0 ? 2 + 2 * (int64_t) (unit_random(state) % 6) : 0;
	size_t length;
	uint8_t *bytes = make_timeline(events, count, &length);
	CdpkTimeline timeline;
	CdpkSequenceAnswer result;
	CdpkSequenceAnswer quick;
	Truth expected = reference(&s, events, count, within, as_of);
	/* finding the change takes most of the time */
	int64_t change = unit_random(state) % 2 == 0
						 ? next_change(&s, events, count, within, as_of, expected)
						 : CDPK_NEVER;

	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_sequence_evaluate(&s, &timeline, within, as_of, true, &unit_allocator, &result) ==
		  CDPK_OK);
	CHECK(cdpk_sequence_evaluate(&s, &timeline, within, as_of, false, &unit_allocator, &quick) ==
		  CDPK_OK);
	CHECK(truth_of(&result) == expected);
	CHECK(truth_of(&quick) == expected);
	CHECK(result.horizon > as_of && result.horizon <= change);
	if (unit_failures > 0)
	{
		show(form, form_length, within, as_of, expected, &result);
		print_events(events, count);
	}
	seen->exact += result.horizon != CDPK_NEVER && result.horizon == change;
	seen->answers[expected]++;
	seen->same[expected] += s.same.length > 0;
	seen->sessions[expected] += s.session != 0;
	seen->compared[expected] += s.compared.length > 0;
	seen->any_order[expected] += s.any_order;
	seen->optional[expected] += count_ways(&s) > 1;
	cdpk_sequence_free(&unit_allocator, &s);
	free(bytes);
	free(form);
}

static void
agrees_with_the_definition(void)
{
	Seen seen;
	uint64_t state = 71;

	memset(&seen, 0, sizeof(seen));
	for (int i = 0; i < 80000 && unit_failures == 0; i++)
		compare_one(&state, &seen);
	for (int i = 0; i < 3; i++)
	{
		CHECK(seen.answers[i] > 2000 && seen.same[i] > 800 && seen.sessions[i] > 400 &&
			  seen.compared[i] > 500 && seen.any_order[i] > 300 && seen.optional[i] > 300);
	}
	CHECK(seen.exact > 1000);
}

/* Without an event to come, a horizon is exact unless an absence is at the end. */
static void
horizons_are_exact_where_only_time_passes(void)
{
	uint64_t state = 72;
	unsigned changes[2] = {0};

	for (int i = 0; i < 40000 && unit_failures == 0; i++)
	{
		CdpkSequence s;
		size_t length;
		uint8_t *form = random_sequence(&state, &s, &length);
		Event events[EVENTS_MAX];
		unsigned count = random_events(&state, events);
		int64_t as_of = 14 + (int64_t) (unit_random(&state) % 4);
		int64_t within = 4 + (int64_t) (unit_random(&state) % 14);
		uint8_t *bytes = make_timeline(events, count, &length);
		Truth answer = reference(&s, events, count, within, as_of);
		CdpkTimeline timeline;
		CdpkSequenceAnswer result;

		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		CHECK(cdpk_sequence_evaluate(&s, &timeline, within, as_of, true, &unit_allocator,
									 &result) == CDPK_OK);
		if (!s.item[s.items - 1].absent)
		{
			CHECK(result.horizon == next_change(&s, events, count, within, as_of, answer));
			changes[s.compared.length > 0] += answer == YES;
		}
		cdpk_sequence_free(&unit_allocator, &s);
		free(bytes);
		free(form);
	}
	CHECK(changes[0] > 1000 && changes[1] > 100);
}

/* Leaves out a number of every other event, and lets no two be at one time. */
static unsigned
random_unknown_events(uint64_t *state, Event *events)
{
	unsigned count = random_events(state, events);

	for (unsigned i = 0; i < count; i++)
	{
		Event *event = &events[i];

		event->at = 3 * (int64_t) i + (int64_t) (unit_random(state) % 3);
		for (unsigned j = 0; j < event->n_count; j++)
			if (event->n[j].kind == LEFT_OUT)
				event->n[j] = (Value){NUMBER, 1, event->n[j].element};
		if (event->n_count > 0 && unit_random(state) % 2 == 0)
			event->n[0] = (Value){LEFT_OUT, 0, event->n[0].element};
	}
	return count;
}

/* What is the same whether unknown events satisfy what they may, or not, is known. */
static void
unknown_events_count_where_they_decide(void)
{
	uint64_t state = 73;
	unsigned answers[3] = {0};

	trial.decided = 0;
	for (int i = 0; i < 100000 && unit_failures == 0; i++)
	{
		CdpkSequence s;
		size_t length;
		uint8_t *form = random_sequence(&state, &s, &length);
		Event events[EVENTS_MAX];
		unsigned count = random_unknown_events(&state, events);
		uint8_t *bytes = make_timeline(events, count, &length);
		int64_t as_of = 3 * (int64_t) count + (int64_t) (unit_random(&state) % 10);
		Truth expected = reference(&s, events, count, 0, as_of);
		CdpkTimeline timeline;
		CdpkSequenceAnswer result;

		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		CHECK(cdpk_sequence_evaluate(&s, &timeline, 0, as_of, false, &unit_allocator, &result) ==
			  CDPK_OK);
		CHECK(truth_of(&result) == expected);
		answers[expected]++;
		cdpk_sequence_free(&unit_allocator, &s);
		free(bytes);
		free(form);
	}
	CHECK(trial.decided > 2000 && answers[YES] > 5000 && answers[UNKNOWN] > 5000);
}

/* What different names have in common is matched column by column; here there is much of it. */
static void
names_have_a_value_in_common(void)
{
	uint64_t state = 74;
	unsigned answers[2] = {0};

	for (int i = 0; i < 60000 && unit_failures == 0; i++)
	{
		CdpkSequence s;
		size_t length;
		char text[80];
		CdpkTextProblem problem;
		uint8_t *form;
		Event events[EVENTS_MAX];
		unsigned count = random_events(&state, events);
		uint8_t *bytes;
		CdpkTimeline timeline;
		CdpkSequenceAnswer result;
		Truth expected;

		sprintf(text, "a -> b -> c in %d microseconds same p", 1 + (int) (unit_random(&state) % 6));
		CHECK(cdpk_sequence_parse(text, strlen(text), &unit_allocator, 0, &form, &length,
								  &problem) == CDPK_OK);
		CHECK(cdpk_sequence_read(form, length, &unit_allocator, &s) == CDPK_OK);
		random_single_values(&state, events, count);
		bytes = make_timeline(events, count, &length);
		expected = reference(&s, events, count, 0, 16);
		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		CHECK(cdpk_sequence_evaluate(&s, &timeline, 0, 16, false, &unit_allocator, &result) ==
			  CDPK_OK);
		CHECK(truth_of(&result) == expected);
		answers[expected == YES]++;
		cdpk_sequence_free(&unit_allocator, &s);
		free(bytes);
		free(form);
	}
	CHECK(answers[0] > 5000 && answers[1] > 1000);
}

int
main(void)
{
	TEST(agrees_with_the_definition);
	TEST(horizons_are_exact_where_only_time_passes);
	TEST(unknown_events_count_where_they_decide);
	TEST(names_have_a_value_in_common);
	UNIT_EXIT();
}
