/* step_filter_test.c: what a step selects in a timeline, against plain loops over the events */
#include "core/sequence/step_events.h"
#include "timeline_history.h"

#define VIEW 0
#define CART 1
#define ORDER 2

/* thousandths, in which every random number is whole */
static int64_t
thousandths(const Event *event)
{
	int64_t value;

	CHECK(cdpk_decimal_rescale(event->total, 3, &value));
	return value;
}

#define TOTAL(event, condition) ((event)->has && thousandths(event) condition)

static bool
is_view(const Event *event)
{
	return event->name == VIEW;
}

static bool
is_any(const Event *event)
{
	return event != NULL;
}

static bool
is_view_or_cart(const Event *event)
{
	return event->name == VIEW || event->name == CART;
}

static bool
is_none(const Event *event)
{
	return event == NULL;
}

static bool
is_dear_view(const Event *event)
{
	return event->name == VIEW && TOTAL(event, > 10);
}

static bool
is_between(const Event *event)
{
	return event->name == ORDER && TOTAL(event, >= -20) && TOTAL(event, < 30);
}

static bool
is_listed(const Event *event)
{
	return TOTAL(event, == 0) || TOTAL(event, == 1000) || TOTAL(event, == -2000);
}

static bool
is_not_listed(const Event *event)
{
	return event->has && !is_listed(event);
}

static bool
has_none(const Event *event)
{
	return event->name == CART && !event->has;
}

static bool
has_one(const Event *event)
{
	return event->name == CART && event->has;
}

static bool
is_zero(const Event *event)
{
	return event->name == VIEW && TOTAL(event, == 0);
}

/* an event that satisfies several alternatives counts once */
static bool
is_one_of_several(const Event *event)
{
	return (event->name == VIEW && (TOTAL(event, > 0) || TOTAL(event, < 10))) ||
		   event->name == CART || (event->name == ORDER && !event->has);
}

static bool
is_dear_or_view(const Event *event)
{
	return TOTAL(event, > 0) || event->name == VIEW;
}

static const struct
{
	const char *text;
	bool (*selects)(const Event *event);
} steps[] = {
	{"view", is_view},
	{"*", is_any},
	{"view | cart", is_view_or_cart},
	{"view|cart|view|none", is_view_or_cart},
	{"none", is_none},
	{"none | \"no one\"", is_none},
	{"view[total > 0.01]", is_dear_view},
	{"order[total >= -0.02, total < 0.03]", is_between},
	{"*[total in (0, 1, -2, \"0\", true)]", is_listed},
	{"*[total not in (0, 1, \"1.5\", -2)]", is_not_listed},
	{"cart[total not exists]", has_none},
	{"cart[total exists, tot not exists]", has_one},
	{"cart[total <> \"text\", total <> true]", has_one},
	{"view[total = 0]", is_zero},
	{"view[total = \"0\"]", is_none},
	{"view[total > \"0\"]", is_none},
	{"view[total like \"%\"] | view[total contains \"\"]", is_none},
	{"view[tot = 1] | view[tot <> 1] | view[tot not in (1)]", is_none},
	{"view[total > 0] | view[total < 0.01] | cart | order[total not exists]", is_one_of_several},
	{"*[total > 0] | view", is_dear_or_view},
};

#define STEPS (sizeof(steps) / sizeof(*steps))

static CdpkStep
step_of(const char *text, uint8_t **bytes)
{
	CdpkTextProblem problem;
	CdpkStep step;
	size_t length;

	CHECK(cdpk_step_parse(text, strlen(text), &unit_allocator, 0, bytes, &length, &problem) ==
		  CDPK_OK);
	CHECK(cdpk_step_read(*bytes, length, &unit_allocator, &step) == CDPK_OK);
	return step;
}

static int
compare_times(const void *a, const void *b)
{
	int64_t left = *(const int64_t *) a;
	int64_t right = *(const int64_t *) b;

	return (left < right) - (left > right);
}

/* Compares what a step selects with what the plain condition says. */
static void
check_step(size_t i, const Event *events, size_t count, const CdpkTimeRangeSpec *spec,
		   const CdpkTimeline *timeline, int *selected)
{
	CdpkTimeRange range = cdpk_time_range_of(spec);
	int64_t times[EVENTS_MAX];
	size_t all = 0;
	uint64_t expected = 0;
	CdpkStepCount found_count;
	CdpkStepExtremes extremes;
	CdpkTimeRange ever = {INT64_MIN, INT64_MAX};
	bool unknown;
	int64_t first = INT64_MAX;
	int64_t last = INT64_MIN;
	int64_t at;
	CdpkColumn column;
	void *memory;
	uint8_t *bytes;
	CdpkStep step = step_of(steps[i].text, &bytes);

	for (size_t j = 0; j < count; j++)
	{
		if (!steps[i].selects(&events[j]))
			continue;
		times[all++] = events[j].at;
		if (!counts_at(spec, events[j].at))
			continue;
		expected++;
		first = events[j].at < first ? events[j].at : first;
		last = events[j].at > last ? events[j].at : last;
	}
	*selected += expected > 0;
	CHECK(cdpk_step_count(&step, timeline, range, 0, UINT64_MAX, &unit_allocator, &found_count) ==
		  CDPK_OK);
	CHECK(found_count.least == expected && found_count.most == expected);
	CHECK(cdpk_step_count(&step, timeline, range, 0, 2, &unit_allocator, &found_count) == CDPK_OK);
	CHECK(found_count.least == (expected < 2 ? expected : 2));
	for (uint64_t needed = 1; needed < 5; needed++)
	{
		CHECK(cdpk_step_count(&step, timeline, range, needed, UINT64_MAX, &unit_allocator,
							  &found_count) == CDPK_OK);
		CHECK(expected < needed ? found_count.most < needed : found_count.most == expected);
		CHECK(found_count.least <= expected && found_count.least <= found_count.most);
	}
	CHECK(cdpk_step_extremes(&step, timeline, range, &unit_allocator, &extremes) == CDPK_OK);
	CHECK(extremes.found == (expected > 0) && !extremes.unknown);
	CHECK(!extremes.found || (extremes.oldest == first && extremes.newest == last));
	CHECK(cdpk_step_column(&step, timeline, ever, &unit_allocator, &column, &unknown, &memory) ==
		  CDPK_OK);
	CHECK(column.count == all && !unknown);
	qsort(times, all, sizeof(*times), compare_times);
	for (size_t j = 0; j < all; j++)
		CHECK(cdpk_column_next(&column, &at) && at == times[j]);
	CHECK(!cdpk_column_next(&column, &at) && !column.times.failed);
	cdpk_step_free(&unit_allocator, &step);
	free(memory);
	free(bytes);
}

static void
agree_with_plain_loops(void)
{
	uint64_t state = 41;
	int selected[STEPS] = {0};

	for (int i = 0; i < 4000; i++)
	{
		Event events[EVENTS_MAX];
		size_t count = random_events(&state, 12, events);
		CdpkTimeRangeSpec spec = random_time_range(&state, events, count);
		CdpkTimeline timeline;
		size_t length;
		uint8_t *bytes;

		for (size_t j = 0; j < count; j++)
			if (unit_random(&state) % 3 == 0)
				events[j].total = cdpk_decimal((int64_t) (unit_random(&state) % 4) - 2, 0);
		bytes = timeline_of(events, count, &length);
		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		for (size_t j = 0; j < STEPS; j++)
			check_step(j, events, count, &spec, &timeline, &selected[j]);
		free(bytes);
	}
	for (size_t j = 0; j < STEPS; j++)
		CHECK((selected[j] > 100) == (steps[j].selects != is_none));
}

int
main(void)
{
	TEST(agree_with_plain_loops);
	UNIT_EXIT();
}
