/*
 * timeline_history.h
 *		Random events, time ranges, and the timelines of them: for the tests of what reads
 *		timelines.
 */
#ifndef TIMELINE_HISTORY_H
#define TIMELINE_HISTORY_H

#include "core/timeline/time_range.h"
#include "core/timeline/timeline_compact.h"
#include "unit.h"

#define EVENTS_MAX 24
#define EVENT_NAMES 4

typedef struct Event
{
	unsigned name;
	int64_t at;
	bool has; /* the number "total" */
	CdpkDecimal total;
} Event;

static const char *const event_names[EVENT_NAMES] = {"view", "cart", "order", "vie"};

/* Events at few different times, so that many are equal; "span" of these. */
static inline size_t
random_events(uint64_t *state, unsigned span, Event *events)
{
	static const int64_t units[] = {1, 1000, 1000000};
	size_t count = unit_random(state) % (EVENTS_MAX + 1);
	int64_t unit = units[unit_random(state) % 3];

	for (size_t i = 0; i < count; i++)
	{
		events[i].name = (unsigned) (unit_random(state) % EVENT_NAMES);
		events[i].at = (int64_t) (unit_random(state) % span) * unit;
		events[i].has = unit_random(state) % 3 > 0;
		events[i].total = cdpk_decimal((int64_t) (unit_random(state) % 2001) - 1000,
									   (unsigned) (unit_random(state) % 4));
	}
	return count;
}

/* The compact form of the events. */
static inline uint8_t *
timeline_of(const Event *events, size_t count, size_t *length)
{
	CdpkTimelineLog *log;
	uint8_t *bytes;

	CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
	for (size_t i = 0; i < count; i++)
	{
		const char *text = event_names[events[i].name];
		CdpkLogValue number = {
			0, {CDPK_NUMBER, events[i].total.scale, 0, 0, events[i].total.mantissa}};
		uint32_t name;

		CHECK(cdpk_log_name(&log, &unit_allocator, text, strlen(text), &name) == CDPK_OK);
		if (events[i].has)
			CHECK(cdpk_log_name(&log, &unit_allocator, "total", 5, &number.name) == CDPK_OK);
		CHECK(cdpk_log_event(&log, &unit_allocator, name, events[i].at, &number,
							 events[i].has ? 1 : 0) == CDPK_OK);
	}
	CHECK(cdpk_log_compact(log, &unit_allocator, 0, &bytes, length) == CDPK_OK);
	free(log);
	return bytes;
}

/* The time of an event, or one beside it. */
static inline int64_t
random_instant(uint64_t *state, const Event *events, size_t count)
{
	if (count == 0)
		return (int64_t) (unit_random(state) % 50);
	return events[unit_random(state) % count].at + (int64_t) (unit_random(state) % 3) - 1;
}

/* A time range with edges at events or beside them. */
static inline CdpkTimeRangeSpec
random_time_range(uint64_t *state, const Event *events, size_t count)
{
	CdpkTimeRangeSpec spec = {random_instant(state, events, count), 0, 0, INT64_MIN, INT64_MAX};

	for (int i = 0; i < 2; i++)
	{
		int64_t length = random_instant(state, events, count) / 2;

		if (length > 0 && unit_random(state) % 2 == 0)
			*(i == 0 ? &spec.within : &spec.older_than) = length;
	}
	if (unit_random(state) % 4 == 0)
		spec.since = random_instant(state, events, count);
	if (unit_random(state) % 4 == 0)
		spec.until = random_instant(state, events, count);
	return spec;
}

/* Whether an event at a time counts, by the words of the definition. */
static inline bool
counts_at(const CdpkTimeRangeSpec *spec, int64_t at)
{
	return at <= spec->as_of && (spec->within == 0 || at > spec->as_of - spec->within) &&
		   (spec->older_than == 0 || at <= spec->as_of - spec->older_than) && at >= spec->since &&
		   at < spec->until;
}

#endif /* TIMELINE_HISTORY_H */
