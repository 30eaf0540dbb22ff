/*
 * sequence_random.h
 *		Random sequences, and timelines for them.
 */
#ifndef SEQUENCE_RANDOM_H
#define SEQUENCE_RANDOM_H

#include "core/timeline/timeline_compact.h"
#include "sequence_reference.h"

/* ---------------------------------------------------------------- random sequences */

static const char *
pick(uint64_t *state, const char *const *words, unsigned count)
{
	return words[unit_random(state) % count];
}

static inline char *
put_length(uint64_t *state, char *to, const char *word, unsigned one_in)
{
	if (unit_random(state) % one_in != 0)
		return to;
	return to + sprintf(to, " %s %d microseconds", word, 1 + (int) (unit_random(state) % 6));
}

static inline char *
put_item(uint64_t *state, char *to, bool first, bool last, bool any_order)
{
	static const char *const events[] = {
		"a",        "b",        "c",         "*",           "a",
		"a[n > 1]", "b[n = 1]", "c[n <> 1]", "*[n exists]", "b[n not exists]"};
	static const char *const compared[] = {"a[n < previous]", "b[n <= previous]", "c[n > previous]",
										   "*[n >= previous]", "a[n > 0, n < previous]"};
	bool absent = !first && !any_order && unit_random(state) % (last ? 2 : 4) == 0;

	if (!first)
		to += sprintf(to, any_order ? " & " : " -> ");
	if (absent)
		to += sprintf(to, "!");
	else if (unit_random(state) % 8 == 0)
		to += sprintf(to, "2 x ");
	if (!first && !absent && !any_order && unit_random(state) % 3 == 0)
		to += sprintf(to, "%s", pick(state, compared, 5));
	else if (unit_random(state) % 5 == 0)
		to += sprintf(to, "(%s | %s)", pick(state, events, 10), pick(state, events, 10));
	else
		to += sprintf(to, "%s", pick(state, events, 10));
	if (any_order)
		return to;
	if (!first && !absent && unit_random(state) % 6 == 0)
		to += sprintf(to, "?");
	to = put_length(state, to, "after", 6);
	return put_length(state, to, "within", absent ? 2 : 5);
}

/* Different names, which need no reading of events in their order. */
static inline char *
put_names(uint64_t *state, char *to, unsigned items)
{
	unsigned first = (unsigned) (unit_random(state) % 3);

	for (unsigned i = 0; i < items && i < 3; i++)
	{
		to += sprintf(to, "%s%c", i > 0 ? " -> " : "", "abc"[(first + i) % 3]);
		to = put_length(state, to, "after", 6);
		to = put_length(state, to, "within", 5);
	}
	return put_length(state, to, "in", 2);
}

/* A random sequence that goes together. */
static inline uint8_t *
random_sequence(uint64_t *state, CdpkSequence *sequence, size_t *length)
{
	CdpkTextProblem problem;
	char text[1000];
	uint8_t *bytes;

	for (;;)
	{
		unsigned items = 1 + (unsigned) (unit_random(state) % 4);
		bool any_order = items > 1 && unit_random(state) % 6 == 0;
		bool names = unit_random(state) % 6 == 0;
		char *to = text;

		if (names)
			to = put_names(state, to, items);
		for (unsigned i = 0; i < items && !names; i++)
			to = put_item(state, to, i == 0, i + 1 == items, any_order);
		if (!names)
			to = put_length(state, to, "in", 4);
		if (unit_random(state) % 2 == 0)
			to += sprintf(to, " same p");
		if (!names && unit_random(state) % 4 == 0)
			put_length(state, to + sprintf(to, " same session"), "gap", 1);
		if (cdpk_sequence_parse(text, strlen(text), &unit_allocator, 0, &bytes, length, &problem) !=
			CDPK_OK)
			continue;
		CHECK(cdpk_sequence_read(bytes, *length, &unit_allocator, sequence) == CDPK_OK);
		return bytes;
	}
}

/* ---------------------------------------------------------------- random events */

static inline Value
random_value(uint64_t *state, bool has_elements, unsigned left_out_in)
{
	Value value = {(Kind) (1 + unit_random(state) % 3), (int) (unit_random(state) % 3), 0};

	if (left_out_in > 0 && unit_random(state) % left_out_in == 0)
		value.kind = LEFT_OUT;
	if (value.kind == TEXT_NUMBER)
		value.number = 1 + (int) (unit_random(state) % 2);
	if (has_elements)
		value.element = (unsigned) (unit_random(state) % 3);
	return value;
}

/* Values of a property, of which one at most was left out. */
static inline unsigned
random_values(uint64_t *state, bool has_elements, unsigned left_out_in, Value *values)
{
	unsigned count = (unsigned) (unit_random(state) % 8 + 2) / 3;
	bool left_out = false;

	for (unsigned i = 0; i < count; i++)
	{
		values[i] = random_value(state, has_elements, left_out ? 0 : left_out_in);
		left_out = left_out || values[i].kind == LEFT_OUT;
	}
	return count;
}

/* Of each property at most one value, all of one kind: numbers or texts, which a timeline writes in fewer bytes. */
static inline void
random_single_values(uint64_t *state, Event *events, unsigned count)
{
	bool numbers = unit_random(state) % 2 == 0;

	for (unsigned i = 0; i < count; i++)
	{
		Event *event = &events[i];

		event->p_count = unit_random(state) % 8 != 0;
		event->p[0] = random_value(state, false, 0);
		event->p[0].kind = numbers ? NUMBER : event->p[0].kind == NUMBER ? TEXT : event->p[0].kind;
		event->n_count = 0;
	}
}

static inline unsigned
random_events(uint64_t *state, Event *events)
{
	unsigned count = (unsigned) (unit_random(state) % (EVENTS_MAX + 1));
	uint64_t instants = 1 + unit_random(state) % 14;
	unsigned left_out_in = unit_random(state) % 4 == 0 ? 8 : 0;
	bool single = unit_random(state) % 4 == 0;

	for (unsigned i = 0; i < count; i++)
	{
		Event *event = &events[i];
		bool has_elements = unit_random(state) % 3 == 0;

		event->at = (int64_t) (unit_random(state) % instants);
		event->name = "aabbccd"[unit_random(state) % 7];
		event->p_count = random_values(state, has_elements, left_out_in, event->p);
		event->n_count = random_values(state, has_elements, left_out_in, event->n);
		for (unsigned j = 0; j < event->n_count; j++)
			event->n[j].kind = event->n[j].kind == TEXT ? NUMBER : event->n[j].kind;
	}
	if (single)
		random_single_values(state, events, count);
	return count;
}

static inline CdpkLogValue
log_value(CdpkTimelineLog **log, const char *property, const Value *value)
{
	CdpkLogValue result;
	const char *text = value->kind == TEXT  ? (value->number == 0   ? "x"
											   : value->number == 1 ? "y"
																	: "z")
					   : value->number == 1 ? "1"
											: "2.0";

	memset(&result, 0, sizeof(result));
	CHECK(cdpk_log_name(log, &unit_allocator, property, 1, &result.name) == CDPK_OK);
	result.value.element = (uint16_t) value->element;
	result.value.kind = value->kind == LEFT_OUT ? CDPK_LEFT_OUT
						: value->kind == NUMBER ? CDPK_NUMBER
												: CDPK_TEXT;
	if (value->kind == NUMBER)
		result.value.mantissa = value->number;
	else if (value->kind != LEFT_OUT)
		CHECK(cdpk_log_text(log, &unit_allocator, text, strlen(text), &result.value.text) ==
			  CDPK_OK);
	return result;
}

static inline uint8_t *
make_timeline(const Event *events, unsigned count, size_t *length)
{
	CdpkTimelineLog *log;
	uint8_t *bytes;

	CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
	for (unsigned i = 0; i < count; i++)
	{
		const Event *event = &events[i];
		CdpkLogValue values[2 * VALUES_MAX];
		unsigned value_count = 0;
		uint32_t name;

		for (unsigned j = 0; j < event->p_count; j++)
			values[value_count++] = log_value(&log, "p", &event->p[j]);
		for (unsigned j = 0; j < event->n_count; j++)
			values[value_count++] = log_value(&log, "n", &event->n[j]);
		CHECK(cdpk_log_name(&log, &unit_allocator, &event->name, 1, &name) == CDPK_OK);
		CHECK(cdpk_log_event(&log, &unit_allocator, name, event->at, values, value_count) ==
			  CDPK_OK);
	}
	CHECK(cdpk_log_compact(log, &unit_allocator, 0, &bytes, length) == CDPK_OK);
	free(log);
	return bytes;
}

static inline void
print_values(const char *name, const Value *values, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		printf(" %s%u:%c%d", name, values[i].element, "?nsx"[values[i].kind], values[i].number);
}

static inline void
print_events(const Event *events, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
	{
		printf("# %lld %c", (long long) events[i].at, events[i].name);
		print_values("p", events[i].p, events[i].p_count);
		print_values("n", events[i].n, events[i].n_count);
		printf("\n");
	}
}

#endif /* SEQUENCE_RANDOM_H */
