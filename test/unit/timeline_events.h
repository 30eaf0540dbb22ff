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
#define PROPERTIES 5
#define TEXTS 8
#define VALUES 12 /* of an event */

/* A value; of a text, "text" is its place among the texts. */
typedef struct Value
{
	unsigned property;
	CdpkPropertyValue value;
} Value;

typedef struct Event
{
	unsigned name;
	int64_t at;
	unsigned count;
	Value values[VALUES];
} Event;

static const char *const names[NAMES] = {"Order Completed",  "view",        "v", "viewed",
										 "cart \"x\" \\ \n", "K\xc3\xa4ufe"};
/* in the order of their bytes, as the texts */
static const char *const properties[PROPERTIES] = {"category", "quantity", "sku", "total", "view"};
static const char *const texts[TEXTS] = {"",      "12.50",      "a\"\\\t", "hats",
										 "shoes", "shoes, red", "total",   "\xc3\xa4"};

static inline CdpkPropertyValue
random_number(uint64_t *state)
{
	static const unsigned scales[] = {0, 2, 2, 2, 18};
	CdpkPropertyValue value = {CDPK_NUMBER, 0, 0, 0, 0};
	CdpkDecimal number =
		cdpk_decimal((int64_t) (unit_random(state) >> (1 + unit_random(state) % 62)) *
						 (unit_random(state) % 4 == 0 ? -1 : 1),
					 scales[unit_random(state) % 5]);

	if (unit_random(state) % 2 == 0)
		number = cdpk_decimal((int64_t) (unit_random(state) % 3), 0);
	value.scale = number.scale;
	value.mantissa = number.mantissa;
	return value;
}

/* A value as a property mostly has it, or another. */
static inline CdpkPropertyValue
random_value(uint64_t *state, unsigned property, unsigned text_count)
{
	CdpkPropertyValue value = {CDPK_TEXT, 0, 0, 0, 0};

	value.text = (uint32_t) (unit_random(state) % text_count);
	if (unit_random(state) % 20 == 0)
		value.kind = (uint8_t) (unit_random(state) % 3);
	else if (unit_random(state) % 20 == 0 ? property % 2 == 0 : property % 2 == 1)
		value = random_number(state);
	return value;
}

/*
 * Give an event values: what "kinds" allows, 0 none, 1 one number or none of each of two properties, 2 texts,
 * too, 3 several, in elements or not.
 */
static inline void
random_values(uint64_t *state, unsigned kinds, unsigned text_count, Event *event)
{
	for (unsigned i = 0; i < PROPERTIES && kinds > 0; i++)
	{
		unsigned several = kinds == 3 && unit_random(state) % 3 == 0 ? unit_random(state) % 4 : 1;

		if (unit_random(state) % 2 == 0 || (kinds == 1 && i % 2 == 0))
			continue;
		for (unsigned j = 0; j < several && event->count < VALUES; j++)
		{
			Value *value = &event->values[event->count++];

			value->property = i;
			value->value = kinds == 1 ? random_number(state) : random_value(state, i, text_count);
			if (kinds == 3 && unit_random(state) % 2 == 0)
				value->value.element = (uint16_t) (1 + unit_random(state) % 5);
			/* a property is marked as a whole once */
			if (j > 0 && value->value.kind == CDPK_LEFT_OUT)
				value->value.element = (uint16_t) j;
		}
	}
}

/* Random events: many at equal times, of one unit or several, early and late ones. */
static inline size_t
random_events(uint64_t *state, Event *events)
{
	static const int64_t units[] = {1, 1000, 1000000, 86400000000};
	size_t count = unit_random(state) % EVENTS_MAX;
	unsigned name_count = 1 + (unsigned) (unit_random(state) % NAMES);
	int64_t unit = units[unit_random(state) % 4];
	unsigned kinds = (unsigned) (unit_random(state) % 5); /* 4: another for each event */
	unsigned text_count = 1 + (unsigned) (unit_random(state) % TEXTS);

	memset(events, 0, EVENTS_MAX * sizeof(*events));
	for (size_t i = 0; i < count; i++)
	{
		events[i].name = (unsigned) (unit_random(state) % name_count);
		events[i].at = (int64_t) (unit_random(state) % 40 - 20) * unit;
		if (unit_random(state) % 50 == 0)
			events[i].at += (int64_t) (unit_random(state) % 1000000);
		if (unit_random(state) % 100 == 0)
			events[i].at = unit_random(state) % 2 == 0 ? CDPK_TIME_MIN : CDPK_TIME_END - 1;
		random_values(state, kinds < 4 ? kinds : (unsigned) (unit_random(state) % 4), text_count,
					  &events[i]);
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

/* Append an event to a log, its values in the order that it has them in. */
static inline void
append_event(CdpkTimelineLog **log, const Event *event)
{
	CdpkLogValue values[VALUES];
	const char *text = names[event->name];
	uint32_t name;

	CHECK(cdpk_log_name(log, &unit_allocator, text, strlen(text), &name) == CDPK_OK);
	for (unsigned i = 0; i < event->count; i++)
	{
		const Value *value = &event->values[i];

		text = properties[value->property];
		CHECK(cdpk_log_name(log, &unit_allocator, text, strlen(text), &values[i].name) == CDPK_OK);
		values[i].value = value->value;
		text = texts[value->value.text];
		if (value->value.kind == CDPK_TEXT)
			CHECK(cdpk_log_text(log, &unit_allocator, text, strlen(text), &values[i].value.text) ==
				  CDPK_OK);
	}
	CHECK(cdpk_log_event(log, &unit_allocator, name, event->at, values, event->count) == CDPK_OK);
}

static inline CdpkTimelineLog *
log_of(const Event *events, size_t count)
{
	CdpkTimelineLog *log;

	CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
	for (size_t i = 0; i < count; i++)
		append_event(&log, &events[i]);
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
