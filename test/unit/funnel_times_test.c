/* funnel_times_test.c: how long a person took, against a search over all chains */
#include "core/sequence/funnel_times.h"
#include "core/timeline/timeline_compact.h"
#include "unit.h"

#define EVENTS_MAX 12
#define STEPS_MAX 4

typedef struct History
{
	size_t count;
	char name[EVENTS_MAX]; /* a letter each */
	int64_t at[EVENTS_MAX];
	char steps[STEPS_MAX];
	unsigned step_count;
	CdpkFunnelBounds bounds;
} History;

static History
random_history(uint64_t *state)
{
	static const int64_t windows[] = {0, 1, 3, 8, INT64_MAX};
	History history = {0};

	history.count = unit_random(state) % (EVENTS_MAX + 1);
	for (size_t i = 0; i < history.count; i++)
	{
		history.name[i] = (char) ('a' + unit_random(state) % 3);
		history.at[i] = (int64_t) (unit_random(state) % 10);
	}
	history.step_count = 1 + (unsigned) (unit_random(state) % STEPS_MAX);
	for (unsigned i = 0; i < history.step_count; i++)
		history.steps[i] = (char) ('a' + unit_random(state) % 3);
	history.bounds.since =
		unit_random(state) % 3 == 0 ? (int64_t) (unit_random(state) % 5) : INT64_MIN;
	history.bounds.until =
		unit_random(state) % 3 == 0 ? (int64_t) (unit_random(state) % 10) : INT64_MAX;
	history.bounds.as_of =
		unit_random(state) % 3 == 0 ? (int64_t) (unit_random(state) % 10) : INT64_MAX;
	history.bounds.window = windows[unit_random(state) % 5];
	return history;
}

/* whether a step's name stands among the steps before */
static bool
again(const History *history, unsigned step)
{
	return memchr(history->steps, history->steps[step], step) != NULL;
}

/* Follows every chain of "step" events so far; keeps for each step the first end, and of these the last start. */
static void
follow(const History *history, unsigned step, int64_t start, int64_t last, int64_t *end,
	   int64_t *from)
{
	for (size_t i = 0; step < history->step_count && i < history->count; i++)
	{
		int64_t at = history->at[i];

		if (history->name[i] != history->steps[step] || at > history->bounds.as_of)
			continue;
		if (step == 0 && (at < history->bounds.since || at >= history->bounds.until))
			continue;
		if (step > 0 && (at < last || (again(history, step) && at == last) ||
						 at - start > history->bounds.window))
			continue;
		if (at < end[step] || (at == end[step] && (step == 0 ? at : start) > from[step]))
		{
			end[step] = at;
			from[step] = step == 0 ? at : start;
		}
		follow(history, step + 1, step == 0 ? at : start, at, end, from);
	}
}

/* The compact form of a history; never empty, so that there is something to read. */
static uint8_t *
write_history(const History *history, size_t *length)
{
	CdpkTimelineLog *log;
	uint8_t *bytes;
	uint32_t name;

	CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
	CHECK(cdpk_log_name(&log, &unit_allocator, "z", 1, &name) == CDPK_OK);
	CHECK(cdpk_log_event(&log, &unit_allocator, name, 0, NULL, 0) == CDPK_OK);
	for (size_t i = 0; i < history->count; i++)
	{
		CHECK(cdpk_log_name(&log, &unit_allocator, &history->name[i], 1, &name) == CDPK_OK);
		CHECK(cdpk_log_event(&log, &unit_allocator, name, history->at[i], NULL, 0) == CDPK_OK);
	}
	CHECK(cdpk_log_compact(log, &unit_allocator, 0, &bytes, length) == CDPK_OK);
	free(log);
	return bytes;
}

static CdpkStatus
ask(const History *history, const uint8_t *bytes, size_t length, int64_t *took, unsigned *depth)
{
	CdpkStep steps[STEPS_MAX];
	bool unknown;
	CdpkTimeline timeline;
	CdpkStatus status = cdpk_timeline_open(bytes, length, &timeline);

	for (unsigned i = 0; i < history->step_count; i++)
		steps[i] = cdpk_plain_step(&history->steps[i], 1);
	if (status != CDPK_OK)
		return status;
	return cdpk_funnel_times(&timeline, steps, history->step_count, &history->bounds,
							 &unit_allocator, took, depth, &unknown);
}

static void
agrees_with_all_chains(void)
{
	uint64_t state = 5;
	unsigned deep = 0;

	for (int i = 0; i < 100000; i++)
	{
		History history = random_history(&state);
		int64_t end[STEPS_MAX] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
		int64_t from[STEPS_MAX];
		int64_t took[CDPK_FUNNEL_STEPS_MAX];
		unsigned depth;
		size_t length;
		uint8_t *bytes = write_history(&history, &length);

		for (unsigned step = 0; step < STEPS_MAX; step++)
			from[step] = INT64_MIN;
		CHECK(ask(&history, bytes, length, took, &depth) == CDPK_OK);
		follow(&history, 0, 0, 0, end, from);
		for (unsigned step = 0; step < STEPS_MAX; step++)
		{
			CHECK((end[step] < INT64_MAX) == (step < depth));
			CHECK(step >= depth || took[step] == end[step] - from[step]);
		}
		deep += depth > 2;
		free(bytes);
	}
	CHECK(deep > 5000);
}

/* Whatever a byte is changed to, it is an answer or an error. */
static void
survives_damage(void)
{
	uint64_t state = 6;
	unsigned refused = 0;

	for (int i = 0; i < 20000; i++)
	{
		History history = random_history(&state);
		int64_t took[CDPK_FUNNEL_STEPS_MAX];
		unsigned depth;
		size_t length;
		uint8_t *bytes = write_history(&history, &length);
		CdpkStatus status;

		bytes[unit_random(&state) % length] = (uint8_t) unit_random(&state);
		status = ask(&history, bytes, unit_random(&state) % (length + 1), took, &depth);
		CHECK(status == CDPK_OK || status == CDPK_CORRUPT || status == CDPK_UNKNOWN_VERSION);
		refused += status != CDPK_OK;
		free(bytes);
	}
	CHECK(refused > 5000);
}

int
main(void)
{
	TEST(agrees_with_all_chains);
	TEST(survives_damage);
	UNIT_EXIT();
}
