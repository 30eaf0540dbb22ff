/*
 * timeline_events.h
 *		Random events, and timelines of them, for the tests of timelines.
 */
#ifndef TIMELINE_EVENTS_H
#define TIMELINE_EVENTS_H

#include "core/timeline/timeline_compact.h"
#include "unit.h"

#define EVENTS_MAX 60
#define NAMES 6
#define NUMBERS 3

typedef struct Event
{
	unsigned name;
	int64_t at;
	bool has[NUMBERS];
	CdpkDecimal value[NUMBERS];
} Event;

static const char *const names[NAMES] = {"Order Completed",  "view",        "v", "viewed",
										 "cart \"x\" \\ \n", "K\xc3\xa4ufe"};
static const char *const numbers[NUMBERS] = {"total", "quantity", "view"};

static inline void
random_number(uint64_t *state, Event *event, unsigned i)
{
	static const unsigned scales[] = {0, 2, 2, 2, 18};

	event->has[i] = unit_random(state) % 2 == 0;
	event->value[i] = cdpk_decimal((int64_t) (unit_random(state) >> (1 + unit_random(state) % 62)) *
									   (unit_random(state) % 4 == 0 ? -1 : 1),
								   scales[unit_random(state) % 5]);
	if (unit_random(state) % 2 == 0)
		event->value[i] = cdpk_decimal((int64_t) (unit_random(state) % 3), 0);
}

/* Random events: many at equal times, of one unit or several, early and late ones. */
static inline size_t
random_events(uint64_t *state, Event *events)
{
	static const int64_t units[] = {1, 1000, 1000000, 86400000000};
	size_t count = unit_random(state) % EVENTS_MAX;
	unsigned name_count = 1 + (unsigned) (unit_random(state) % NAMES);
	int64_t unit = units[unit_random(state) % 4];
	bool with_numbers = unit_random(state) % 3 == 0;

	memset(events, 0, EVENTS_MAX * sizeof(*events));
	for (size_t i = 0; i < count; i++)
	{
		events[i].name = (unsigned) (unit_random(state) % name_count);
		events[i].at = (int64_t) (unit_random(state) % 40 - 20) * unit;
		if (unit_random(state) % 50 == 0)
			events[i].at += (int64_t) (unit_random(state) % 1000000);
		if (unit_random(state) % 100 == 0)
			events[i].at = unit_random(state) % 2 == 0 ? CDPK_TIME_MIN : CDPK_TIME_END - 1;
		for (unsigned j = 0; with_numbers && j < NUMBERS; j++)
			random_number(state, &events[i], j);
	}
	return count;
}

static inline void
shuffle(uint64_t *state, Event *events, size_t count)
{
	for (size_t i = count; i > 1; i--)
	{
		size_t j = unit_random(state) % i;
		Event event = events[i - 1];

		events[i - 1] = events[j];
		events[j] = event;
	}
}

static inline CdpkTimelineLog *
log_of(const Event *events, size_t count)
{
	CdpkTimelineLog *log;

	CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
	for (size_t i = 0; i < count; i++)
	{
		CdpkNumber list[NUMBERS];
		unsigned length = 0;
		uint32_t name;

		CHECK(cdpk_log_name(&log, &unit_allocator, names[events[i].name],
							strlen(names[events[i].name]), &name) == CDPK_OK);
		for (unsigned j = 0; j < NUMBERS; j++)
			if (events[i].has[j])
			{
				CHECK(cdpk_log_name(&log, &unit_allocator, numbers[j], strlen(numbers[j]),
									&list[length].name) == CDPK_OK);
				list[length++].value = events[i].value[j];
			}
		CHECK(cdpk_log_event(&log, &unit_allocator, name, events[i].at, list, length) == CDPK_OK);
	}
	return log;
}

static inline uint8_t *
compact(CdpkTimelineLog *log, size_t *length)
{
	uint8_t *bytes;

	CHECK(cdpk_log_compact(log, &unit_allocator, 0, &bytes, length) == CDPK_OK);
	free(log);
	return bytes;
}

/* Make a timeline of random events. */
static inline uint8_t *
random_timeline(uint64_t *state, Event *events, size_t *count, size_t *length)
{
	*count = random_events(state, events);
	return compact(log_of(events, *count), length);
}

#endif /* TIMELINE_EVENTS_H */
