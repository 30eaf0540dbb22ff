/*
 * timeline_test.c: a timeline against a plain list of its events
 *
 * The reference is an array of events, sorted; the timeline is built from it in random order, in
 * parts that are merged, through its text, and must always be the same bytes.
 */
#include "core/timeline/timeline_check.h"
#include "core/timeline/timeline_compact.h"
#include "core/timeline/timeline_merge.h"
#include "core/timeline/timeline_text.h"
#include "timeline_events.h"
#include "unit.h"

static int
compare_values(const void *left, const void *right)
{
	const Value *a = left;
	const Value *b = right;
	int keys[3];

	keys[0] = (int) a->property - (int) b->property;
	keys[1] = (int) a->value.element - (int) b->value.element;
	keys[2] = (int) a->value.kind - (int) b->value.kind;
	for (unsigned i = 0; i < 3; i++)
		if (keys[i] != 0)
			return keys[i];
	if (a->value.kind == CDPK_NUMBER)
		return cdpk_decimal_compare(cdpk_property_number(&a->value),
									cdpk_property_number(&b->value));
	return a->value.kind == CDPK_TEXT ? strcmp(texts[a->value.text], texts[b->value.text]) : 0;
}

static void
sort_values(Event *event)
{
	qsort(event->values, event->count, sizeof(Value), compare_values);
}

/* The values of one property, which stand together. */
static unsigned
values_of(const Event *event, unsigned property, const Value **first)
{
	unsigned count = 0;

	for (unsigned i = 0; i < event->count; i++)
		if (event->values[i].property == property)
		{
			if (count++ == 0)
				*first = &event->values[i];
		}
	return count;
}

/* Events with sorted values: property by property, none first. */
static int
compare_events(const void *left, const void *right)
{
	const Event *a = left;
	const Event *b = right;
	int order = strcmp(names[a->name], names[b->name]);

	if (order == 0)
		order = (a->at < b->at) - (a->at > b->at);
	for (unsigned property = 0; order == 0 && property < PROPERTIES; property++)
	{
		const Value *a_values = NULL;
		const Value *b_values = NULL;
		unsigned a_count = values_of(a, property, &a_values);
		unsigned b_count = values_of(b, property, &b_values);

		for (unsigned i = 0; order == 0 && i < a_count && i < b_count; i++)
			order = compare_values(&a_values[i], &b_values[i]);
		if (order == 0)
			order = (int) a_count - (int) b_count;
	}
	return order;
}

/* The place of a string in a list. */
static unsigned
place_of(const CdpkName *name, const char *const *list, unsigned count)
{
	unsigned i = 0;

	while (i < count && (strlen(list[i]) != name->length ||
						 (name->length > 0 && memcmp(list[i], name->text, name->length) != 0)))
		i++;
	CHECK(i < count);
	return i;
}

/* Reads the values of one event. */
static void
read_values(CdpkProperties *carried, CdpkProperty *columns, unsigned count, uint64_t place,
			Event *event)
{
	CdpkName *text_list;
	CdpkName *name_list;

	CHECK(cdpk_property_texts(carried, &unit_allocator, &text_list) == CDPK_OK);
	CHECK(cdpk_property_names(carried, &unit_allocator, &name_list) == CDPK_OK);
	for (unsigned i = 0; i < count; i++)
	{
		unsigned values;

		CHECK(cdpk_property_event(&columns[i], place, &values) == CDPK_OK);
		for (; values > 0; values--)
		{
			Value *value = &event->values[event->count++];

			value->property = place_of(&name_list[columns[i].name], properties, PROPERTIES);
			CHECK(cdpk_property_value(&columns[i], &value->value) == CDPK_OK);
			if (value->value.kind == CDPK_TEXT)
				value->value.text = place_of(&text_list[value->value.text], texts, TEXTS);
		}
	}
	free(text_list);
	free(name_list);
}

/* Reads a compact timeline back into events. */
static size_t
read_back(const uint8_t *bytes, size_t length, Event *events)
{
	CdpkTimeline timeline;
	CdpkProperties carried;
	CdpkColumn column;
	size_t count = 0;

	memset(events, 0, EVENTS_MAX * sizeof(*events));
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_properties_open(&timeline, &carried) == CDPK_OK);
	while (cdpk_timeline_next(&timeline, &column))
	{
		CdpkName name = {column.name, column.name_length};
		CdpkProperty *columns;
		unsigned column_count;
		int64_t at;

		CHECK(cdpk_property_all(&carried, &column, &unit_allocator, &columns, &column_count) ==
			  CDPK_OK);
		for (uint64_t i = 0; cdpk_column_next(&column, &at); i++, count++)
		{
			events[count].name = place_of(&name, names, NAMES);
			events[count].at = at;
			read_values(&carried, columns, column_count, i, &events[count]);
		}
		CHECK(!column.times.failed && cdpk_left(&column.times) == 0);
		free(columns);
	}
	CHECK(!cdpk_timeline_failed(&timeline));
	return count;
}

/* Reading one property gives what reading all gives; an event may be passed over. */
static void
reads_one_property(void)
{
	uint64_t state = 10;
	Event events[EVENTS_MAX];
	Event all[EVENTS_MAX];
	int found_values = 0;

	for (int i = 0; i < 3000; i++)
	{
		size_t count;
		size_t length;
		uint8_t *bytes = random_timeline(&state, events, &count, &length);
		unsigned property = (unsigned) (unit_random(&state) % PROPERTIES);
		unsigned name = (unsigned) (unit_random(&state) % NAMES);
		CdpkTimeline timeline;
		CdpkProperties carried;
		CdpkProperty reader;
		CdpkColumn column;
		bool found = false;
		size_t first = 0;

		read_back(bytes, length, all);
		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		CHECK(cdpk_properties_open(&timeline, &carried) == CDPK_OK);
		if (cdpk_timeline_find(&timeline, names[name], strlen(names[name]), &column))
		{
			while (all[first].name != name)
				first++;
			CHECK(cdpk_property_find(&carried, &column, properties[property],
									 strlen(properties[property]), &reader, &found) == CDPK_OK);
			for (size_t j = 0; j < column.count; j++)
			{
				const Value *expected = NULL;
				unsigned expected_count = values_of(&all[first + j], property, &expected);
				unsigned values = 0;
				CdpkPropertyValue value;

				CHECK(found || expected_count == 0);
				if (!found)
					continue;
				CHECK(cdpk_property_event(&reader, j, &values) == CDPK_OK);
				CHECK(values == expected_count);
				found_values += values > 0;
				/* not all values are read, now and then */
				for (unsigned k = 0; k < values && unit_random(&state) % 5 > 0; k++)
				{
					uint32_t code;
					const CdpkPropertyValue *other = &expected[k].value;

					CHECK(cdpk_property_value(&reader, &value) == CDPK_OK);
					CHECK(value.kind == other->kind && value.element == other->element);
					if (value.kind == CDPK_TEXT)
						CHECK(cdpk_property_text_find(&carried, texts[other->text],
													  strlen(texts[other->text]), &code) &&
							  code == value.text);
				}
			}
		}
		free(bytes);
	}
	CHECK(found_values > 3000);
}

static void
holds_what_was_put_in(void)
{
	uint64_t state = 11;
	Event events[EVENTS_MAX];
	Event read[EVENTS_MAX];

	for (int i = 0; i < 3000; i++)
	{
		size_t count;
		size_t length;
		uint8_t *bytes = random_timeline(&state, events, &count, &length);
		bool same = read_back(bytes, length, read) == count;

		for (size_t j = 0; j < count; j++)
			sort_values(&events[j]);
		qsort(events, count, sizeof(Event), compare_events);
		for (size_t j = 0; same && j < count; j++)
			same = events[j].name == read[j].name && compare_events(&events[j], &read[j]) == 0;
		CHECK(same);
		CHECK(cdpk_timeline_check(bytes, length, &unit_allocator) == CDPK_OK);
		free(bytes);
	}
}

/* Whatever the order and the grouping, and through either form, the bytes are the same. */
static void
merges_in_any_order(void)
{
	uint64_t state = 12;
	Event events[EVENTS_MAX];

	for (int i = 0; i < 3000; i++)
	{
		size_t count;
		size_t length;
		size_t part_length;
		size_t merged_length;
		uint8_t *bytes = random_timeline(&state, events, &count, &length);
		CdpkTimelineLog *merged = log_of(NULL, 0);
		uint8_t *merged_bytes;

		shuffle(&state, events, count);
		for (size_t start = 0; start < count;)
		{
			size_t part = 1 + unit_random(&state) % (count - start);
			CdpkTimelineLog *log = log_of(events + start, part);

			if (unit_random(&state) % 2 == 0)
			{
				CHECK(cdpk_log_open_form(&merged, &unit_allocator, log) == CDPK_OK);
				free(log);
			}
			else
			{
				uint8_t *part_bytes = compact(log, &part_length);

				CHECK(cdpk_log_compact_form(&merged, &unit_allocator, part_bytes, part_length) ==
					  CDPK_OK);
				free(part_bytes);
			}
			start += part;
		}
		merged_bytes = compact(merged, &merged_length);
		CHECK(merged_length == length && memcmp(merged_bytes, bytes, length) == 0);
		free(merged_bytes);
		free(bytes);
	}
}

static void
round_trips_as_text(void)
{
	uint64_t state = 13;
	Event events[EVENTS_MAX];

	for (int i = 0; i < 3000; i++)
	{
		size_t count;
		size_t length;
		size_t text_length;
		size_t again_length;
		uint8_t *bytes = random_timeline(&state, events, &count, &length);
		uint8_t *again;
		CdpkTimelineLog *log = log_of(NULL, 0);
		CdpkTextProblem problem;
		char *text;

		CHECK(cdpk_timeline_print(bytes, length, &unit_allocator, &text, &text_length) == CDPK_OK);
		CHECK(cdpk_timeline_parse(text, text_length, &unit_allocator, &log, &problem) == CDPK_OK);
		again = compact(log, &again_length);
		CHECK(again_length == length && memcmp(again, bytes, length) == 0);
		free(again);
		free(text);
		free(bytes);
	}
}

/* A changed byte is found, or gives another timeline that is right in itself. */
static void
check_finds_changed_bytes(void)
{
	uint64_t state = 14;
	Event events[EVENTS_MAX];
	int found = 0;

	for (int i = 0; i < 20000; i++)
	{
		size_t count;
		size_t length;
		uint8_t *bytes = random_timeline(&state, events, &count, &length);
		CdpkStatus status;

		bytes[unit_random(&state) % length] ^= (uint8_t) (1 << unit_random(&state) % 8);
		if (unit_random(&state) % 3 == 0)
			length = unit_random(&state) % length;
		status = cdpk_timeline_check(bytes, length, &unit_allocator);
		CHECK(status == CDPK_OK || status == CDPK_CORRUPT || status == CDPK_UNKNOWN_VERSION);
		found += status != CDPK_OK;
		free(bytes);
	}
	CHECK(found > 10000);
}

static void
refuses_what_it_cannot_hold(void)
{
	CdpkTimelineLog *log = log_of(NULL, 0);
	CdpkLogValue many[CDPK_PROPERTY_VALUES_MAX + 2];
	uint32_t name;

	CHECK(cdpk_log_name(&log, &unit_allocator, "", 0, &name) == CDPK_EMPTY);
	CHECK(cdpk_log_name(&log, &unit_allocator, "\xff", 1, &name) == CDPK_BAD_ENCODING);
	CHECK(cdpk_log_name(&log, &unit_allocator, "a\0b", 3, &name) == CDPK_BAD_ENCODING);
	CHECK(cdpk_log_name(&log, &unit_allocator, "a", 1, &name) == CDPK_OK && name == 0);
	CHECK(cdpk_log_event(&log, &unit_allocator, name, INT64_MAX, NULL, 0) == CDPK_OUT_OF_RANGE);
	CHECK(cdpk_log_event(&log, &unit_allocator, name, INT64_MIN, NULL, 0) == CDPK_OUT_OF_RANGE);
	memset(many, 0, sizeof(many));
	CHECK(cdpk_log_event(&log, &unit_allocator, name, 0, many, 2) == CDPK_INVALID);
	for (unsigned i = 1; i < CDPK_PROPERTY_VALUES_MAX + 2; i++)
		many[i].value.kind = CDPK_TRUE;
	CHECK(cdpk_log_event(&log, &unit_allocator, name, 0, many, CDPK_PROPERTY_VALUES_MAX + 2) ==
		  CDPK_TOO_LONG);
	CHECK(log->events == 0);
	CHECK(cdpk_log_event(&log, &unit_allocator, name, 0, many, CDPK_PROPERTY_VALUES_MAX + 1) ==
		  CDPK_OK);
	for (uint32_t i = 0; i <= CDPK_PROPERTIES_MAX; i++)
		many[i].name = i;
	CHECK(cdpk_log_event(&log, &unit_allocator, name, 0, many, CDPK_PROPERTIES_MAX + 1) ==
		  CDPK_TOO_LONG);
	free(log);
}

/* What exceeds a limit of an event is left out, and marked once for each property. */
static void
leaves_out_what_exceeds_a_limit(void)
{
	CdpkEventValues values = cdpk_values(&unit_allocator);
	CdpkDecimal one = {1, 0};
	char text[CDPK_PROPERTY_TEXT_MAX + 1];

	memset(text, 'x', sizeof(text));
	for (unsigned round = 0; round < 2; round++)
	{
		cdpk_values_begin(&values);
		CHECK(cdpk_values_text(&values, 1, 0, text, sizeof(text) - 1) == CDPK_OK);
		CHECK(values.left_out == 0 && values.items[0].value.kind == CDPK_TEXT);
		CHECK(cdpk_values_text(&values, 1, 0, text, sizeof(text)) == CDPK_OK);
		CHECK(cdpk_values_text(&values, 1, 0, "\xff", 1) == CDPK_OK);
		CHECK(values.left_out == 2 && values.count == 2);
		CHECK(values.items[1].value.kind == CDPK_LEFT_OUT && values.items[1].value.element == 0);
		/* in an element it is that element's */
		CHECK(cdpk_values_text(&values, 1, 7, text, sizeof(text)) == CDPK_OK);
		CHECK(values.count == 3 && values.items[2].value.element == 7);
		CHECK(cdpk_values_number(&values, 2, CDPK_PROPERTY_ELEMENTS_MAX, one) == CDPK_OK);
		CHECK(cdpk_values_number(&values, 2, CDPK_PROPERTY_ELEMENTS_MAX + 1, one) == CDPK_OK);
		CHECK(values.count == 5 && values.items[4].value.kind == CDPK_LEFT_OUT &&
			  values.items[4].value.element == 0);
		for (unsigned i = 0; i < 2 * CDPK_PROPERTY_VALUES_MAX; i++)
			CHECK(cdpk_values_boolean(&values, 3, i % 3, i % 2 == 0) == CDPK_OK);
		CHECK(values.count == 5 + CDPK_PROPERTY_VALUES_MAX + 1);
		for (uint32_t i = 4; i <= CDPK_PROPERTIES_MAX; i++)
			CHECK(cdpk_values_number(&values, i, 0, one) == CDPK_OK);
		CHECK(cdpk_values_number(&values, 0, 0, one) == CDPK_TOO_LONG);
		CHECK(cdpk_values_number(&values, 1, 0, one) == CDPK_OK);
	}
	cdpk_values_free(&values);
}

/* Events of one name may have more properties together than each alone. */
static void
has_no_limit_for_a_person(void)
{
	CdpkTimelineLog *log = log_of(NULL, 0);
	CdpkTimeline timeline;
	CdpkProperties carried;
	CdpkColumn column;
	CdpkProperty *columns;
	unsigned count;
	uint8_t *bytes = NULL;
	size_t length;

	for (uint32_t i = 0; i < 1000; i++)
	{
		char text[16];
		CdpkLogValue value = {0, {CDPK_TEXT, 0, 0, 0, 0}};
		uint32_t name;

		snprintf(text, sizeof(text), "number %u", (unsigned) i);
		CHECK(cdpk_log_name(&log, &unit_allocator, "a", 1, &name) == CDPK_OK);
		CHECK(cdpk_log_name(&log, &unit_allocator, text, strlen(text), &value.name) == CDPK_OK);
		value.value.text = value.name;
		CHECK(cdpk_log_event(&log, &unit_allocator, name, i, &value, 1) == CDPK_OK);
	}
	bytes = compact(log, &length);
	CHECK(cdpk_timeline_check(bytes, length, &unit_allocator) == CDPK_OK);
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_properties_open(&timeline, &carried) == CDPK_OK);
	CHECK(carried.text_count == 1000 && carried.name_count == 1000);
	CHECK(cdpk_timeline_next(&timeline, &column));
	CHECK(cdpk_property_all(&carried, &column, &unit_allocator, &columns, &count) == CDPK_OK &&
		  count == 1000);
	free(columns);
	free(bytes);
}

/* Timelines with numbers as they were written before there were other properties. */
static void
reads_the_old_version(void)
{
	static const struct
	{
		const char *bytes;
		const char *text;
	} cases[] = {
		{"010380d6c38e0602010801016e61090100010002011e",
		 "{\"a\": [[\"2026-01-01T00:00:00Z\", {\"n\": 1.5}]]}"},
		{"010780d08a910606011c0105010803016d016e017a611b0d80d8e1aa098c928418f4ddae3a0200032001050105"
		 "21051ea006620880bda301630901000102020602",
		 "{\"a\": [[\"2026-01-03T00:00:00Z\", {\"m\": -3, \"n\": 1.5}], "
		 "\"2026-01-02T10:00:00.500000Z\", [\"2026-01-01T00:00:00Z\", {\"n\": 40}]], "
		 "\"b\": [\"2026-01-01T00:00:00Z\"], \"c\": [[\"2026-02-01T00:00:00Z\", "
		 "{\"z\": 0.000001}]]}"},
		{"010380e2d88e0602041701016e7669657711040080a30501000e1f00feffffffffffffffff011202",
		 "{\"view\": [[\"2026-01-03T00:00:00Z\", {\"n\": 9223372036854775807}], "
		 "[\"2026-01-02T00:00:00Z\", {\"n\": 0.000000000000000001}]]}"},
		{"010380e2d88e0602041202016d016e76696577210400000000020003200802010420060204",
		 "{\"view\": [\"2026-01-03T00:00:00Z\", [\"2026-01-03T00:00:00Z\", {\"n\": 1}], "
		 "[\"2026-01-03T00:00:00Z\", {\"n\": 2}], [\"2026-01-03T00:00:00Z\", {\"m\": 1}]]}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		uint8_t bytes[128];
		size_t length = strlen(cases[i].bytes) / 2;
		size_t printed_length;
		size_t sizes[2];
		uint8_t *rewritten[2];
		uint8_t *merged[2];
		size_t merged_sizes[2];
		CdpkTimelineLog *log = log_of(NULL, 0);
		CdpkTextProblem problem;
		char *printed;

		for (size_t j = 0; j < length; j++)
		{
			unsigned byte;

			sscanf(cases[i].bytes + 2 * j, "%2x", &byte);
			bytes[j] = (uint8_t) byte;
		}
		CHECK(cdpk_timeline_is_old(bytes, length));
		CHECK(cdpk_timeline_check(bytes, length, &unit_allocator) == CDPK_OK);
		CHECK(cdpk_timeline_print(bytes, length, &unit_allocator, &printed, &printed_length) ==
			  CDPK_OK);
		CHECK(strcmp(printed, cases[i].text) == 0);
		/* rewritten, and from the text; and merged with itself in all ways */
		CHECK(cdpk_timeline_rewrite(bytes, length, &unit_allocator, &unit_allocator, 0,
									&rewritten[0], &sizes[0]) == CDPK_OK);
		CHECK(cdpk_timeline_parse(printed, printed_length, &unit_allocator, &log, &problem) ==
			  CDPK_OK);
		rewritten[1] = compact(log, &sizes[1]);
		CHECK(!cdpk_timeline_is_old(rewritten[0], sizes[0]));
		CHECK(sizes[0] == sizes[1] && memcmp(rewritten[0], rewritten[1], sizes[0]) == 0);
		CHECK(cdpk_timeline_merge(bytes, length, rewritten[0], sizes[0], &unit_allocator,
								  &unit_allocator, 0, &merged[0], &merged_sizes[0]) == CDPK_OK);
		CHECK(cdpk_timeline_merge(rewritten[0], sizes[0], rewritten[1], sizes[1], &unit_allocator,
								  &unit_allocator, 0, &merged[1], &merged_sizes[1]) == CDPK_OK);
		CHECK(merged_sizes[0] == merged_sizes[1] &&
			  memcmp(merged[0], merged[1], merged_sizes[0]) == 0);
		for (unsigned j = 0; j < 2; j++)
		{
			free(rewritten[j]);
			free(merged[j]);
		}
		free(printed);
	}
}

/* Many names and many events: the block grows in each of its parts. */
static void
grows(void)
{
	CdpkTimelineLog *log = log_of(NULL, 0);
	CdpkTimeline timeline;
	CdpkColumn column;
	uint8_t *bytes;
	size_t length;
	unsigned columns = 0;

	for (unsigned i = 0; i < 200000; i++)
	{
		char text[16];
		uint32_t name;

		snprintf(text, sizeof(text), "%u", i % 5000);
		CHECK(cdpk_log_name(&log, &unit_allocator, text, strlen(text), &name) == CDPK_OK);
		CHECK(name == i % 5000);
		CHECK(cdpk_log_event(&log, &unit_allocator, name, i * 1000, NULL, 0) == CDPK_OK);
	}
	bytes = compact(log, &length);
	CHECK(length < 200000 * 5);
	CHECK(cdpk_timeline_check(bytes, length, &unit_allocator) == CDPK_OK);
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	while (cdpk_timeline_next(&timeline, &column))
	{
		CHECK(column.count == 40);
		columns++;
	}
	CHECK(columns == 5000);
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_timeline_find(&timeline, "4999", 4, &column) && column.count == 40);
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(!cdpk_timeline_find(&timeline, "5000", 4, &column) && !cdpk_timeline_failed(&timeline));
	free(bytes);
}

/* looks_for says what a look for a name gives: the events that it has, in all ways the same. */
static uint64_t
looks_for(const uint8_t *bytes, size_t length, const char *text, size_t text_length)
{
	CdpkName name = {text, text_length};
	CdpkTimeline timeline;
	CdpkColumn one;
	CdpkColumn another;
	CdpkColumn third;

	CHECK(cdpk_timeline_find_in(bytes, length, &name, &one) == CDPK_OK);
	CHECK(one.left == one.count && !one.times.failed);
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_timeline_find(&timeline, text, text_length, &another) == (one.count > 0));
	CHECK(!cdpk_timeline_failed(&timeline));
	CHECK(cdpk_timeline_find_all(&timeline, &name, 1, &third) && third.count == one.count);
	if (one.count > 0)
		CHECK(another.times.at == one.times.at && third.times.at == one.times.at &&
			  one.name_length == text_length && memcmp(one.name, text, text_length) == 0);
	return one.count;
}

/*
 * Names of all lengths, with and without numbers, and so many events of each that the sizes in the
 * directory have one byte or more.
 */
static void
finds_every_name(void)
{
	static const size_t most[] = {1, 30, 126, 127, 128, 300};

	for (size_t m = 0; m < sizeof(most) / sizeof(most[0]); m++)
		for (unsigned numbers = 0; numbers < 2; numbers++)
		{
			char text[302];
			CdpkTimelineLog *log = log_of(NULL, 0);
			uint8_t *bytes;
			size_t length;
			uint32_t name;
			uint32_t total = 0;

			CHECK(cdpk_log_name(&log, &unit_allocator, "total", 5, &total) == CDPK_OK);
			memset(text, 'x', sizeof(text));
			for (size_t n = 1; n <= most[m]; n++)
			{
				CdpkLogValue number = {total, {CDPK_NUMBER, 0, 0, 0, (int64_t) n}};

				CHECK(cdpk_log_name(&log, &unit_allocator, text, n, &name) == CDPK_OK);
				for (size_t i = 0; i < n; i++)
					CHECK(cdpk_log_event(&log, &unit_allocator, name, (int64_t) (i * 1000000 * n),
										 &number, numbers) == CDPK_OK);
			}
			bytes = compact(log, &length);
			for (size_t n = 1; n <= most[m]; n++)
				CHECK(looks_for(bytes, length, text, n) == n);
			CHECK(looks_for(bytes, length, text, most[m] + 1) == 0);
			text[0] = 'y';
			CHECK(looks_for(bytes, length, text, 1) == 0);
			CHECK(looks_for(bytes, length, text, most[m]) == 0);
			/* what is cut off is not found, or found to be cut off */
			for (size_t n = 0; n < length; n += 1 + length / 500)
			{
				CdpkColumn column;
				CdpkName last = {"x", 1};

				cdpk_timeline_find_in(bytes, n, &last, &column);
			}
			free(bytes);
		}
}

static CdpkStatus
parse_status(const char *text, size_t *position)
{
	CdpkTimelineLog *log = log_of(NULL, 0);
	CdpkTextProblem problem;
	CdpkStatus status = cdpk_timeline_parse(text, strlen(text), &unit_allocator, &log, &problem);

	CHECK((problem.words != NULL) == (status != CDPK_OK && status != CDPK_BAD_ENCODING));
	*position = problem.position;
	free(log);
	return status;
}

static void
refuses_other_texts(void)
{
	static const struct
	{
		const char *text;
		CdpkStatus status;
		size_t position;
	} cases[] = {
		{"", CDPK_INVALID, 1},
		{"[]", CDPK_INVALID, 1},
		{"{\"a\": 1}", CDPK_INVALID, 7},
		{"{\"a\": [1]}", CDPK_INVALID, 8},
		{"{\"a\": [\"yesterday\"]}", CDPK_INVALID, 8},
		{"{\"a\": [\"\"]}", CDPK_INVALID, 8},
		{"{\"\": []}", CDPK_EMPTY, 2},
		{"{\"a\": []", CDPK_INVALID, 9},
		{"{\"a\": []} {}", CDPK_INVALID, 11},
		{"{\"a\": [[]]}", CDPK_INVALID, 9},
		{"{\"a\": [[\"2026-01-01\"]]}", CDPK_INVALID, 21},
		{"{\"a\": [[\"2026-01-01\", {}]]}", CDPK_INVALID, 24},
		{"{\"a\": [[\"2026-01-01\", {\"n\": \"1\"}]]}", CDPK_OK, 0},
		{"{\"a\": [[\"2026-01-01\", {\"n\": null}]]}", CDPK_INVALID, 29},
		{"{\"a\": [[\"2026-01-01\", {\"n\": [[]]}]]}", CDPK_INVALID, 30},
		{"{\"a\": [[\"2026-01-01\", {\"n\": []}]]}", CDPK_INVALID, 31},
		{"{\"a\": [[\"2026-01-01\", {\"n\": {\"m\": 1}}]]}", CDPK_INVALID, 30},
		{"{\"a\": [[\"2026-01-01\", {\"n\": {}, \"b\": [true, 1, \"x\"]}]]}", CDPK_OK, 0},
		{"{\"a\": [[\"2026-01-01\", {\"[]\": [{\"n\": 1}, {}, {\"n\": [2, 3]}]}]]}", CDPK_OK, 0},
		{"{\"a\": [[\"2026-01-01\", {\"[]\": [{\"n\": 1, \"n\": 2}]}]]}", CDPK_INVALID, 40},
		{"{\"a\": [[\"2026-01-01\", {\"[]\": [{\"[]\": []}]}]]}", CDPK_INVALID, 32},
		{"{\"a\": [[\"2026-01-01\", {\"[]\": [1]}]]}", CDPK_INVALID, 31},
		{"{\"a\": [[\"2026-01-01\", {\"[]\": 1}]]}", CDPK_INVALID, 30},
		{"{\"a\": [[\"2026-01-01\", {\"n\": 1, \"n\": 2}]]}", CDPK_INVALID, 32},
		{"{\"a\": [[\"2026-01-01\", {\"n\": 1e30}]]}", CDPK_OUT_OF_RANGE, 29},
		{"{\"a\": [[\"2026-01-01\", {\"n\": 1}, 2]]}", CDPK_INVALID, 33},
		{"{\"a\": [\"+294277-01-01T00:00:00Z\"]}", CDPK_OUT_OF_RANGE, 8},
		{"{\"a\": [\"-4714-01-01T00:00:00Z\"]}", CDPK_OUT_OF_RANGE, 8},
		{"{\"a\": [\"-4713-11-23T00:00:00Z\"]}", CDPK_OUT_OF_RANGE, 8},
		{"{\"a\": [\"+1-01-01T00:00:00Z\"]}", CDPK_INVALID, 8},
		{"{\"a\": [\"+2026-13-01T00:00:00Z\"]}", CDPK_INVALID, 8},
		{"{\"a\": [\"infinity\"]}", CDPK_OUT_OF_RANGE, 8},
		{"{\"\xff\": []}", CDPK_BAD_ENCODING, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
	{
		size_t position;
		CdpkStatus status = parse_status(cases[i].text, &position);

		if (status != cases[i].status || position != cases[i].position)
			printf("# %s: status %d at %zu\n", cases[i].text, status, position);
		CHECK(status == cases[i].status && position == cases[i].position);
	}
}

static void
prints_what_a_person_can_read(void)
{
	static const char text[] =
		" {\"b\":[\"2026-01-01 12:00:00+02\" , [\"2026-02-01\",{\"total\":40.50}]],"
		"\"\\u0061\":[\"2026-03-01T00:00:00.25Z\"],\"b\":[\"-0043-03-15T12:00:00Z\","
		"\"+12026-01-01T00:00:00Z\"],\"c\":[]} ";
	CdpkTimelineLog *log = log_of(NULL, 0);
	CdpkTextProblem problem;
	uint8_t *bytes;
	char *printed;
	size_t length;
	size_t printed_length;

	CHECK(cdpk_timeline_parse(text, strlen(text), &unit_allocator, &log, &problem) == CDPK_OK);
	bytes = compact(log, &length);
	CHECK(cdpk_timeline_print(bytes, length, &unit_allocator, &printed, &printed_length) ==
		  CDPK_OK);
	CHECK(strcmp(printed,
				 "{\"a\": [\"2026-03-01T00:00:00.250000Z\"], \"b\": [\"+12026-01-01T00:00:00Z\", "
				 "[\"2026-02-01T00:00:00Z\", {\"total\": 40.5}], \"2026-01-01T10:00:00Z\", "
				 "\"-0043-03-15T12:00:00Z\"]}") == 0);
	free(printed);
	free(bytes);
}

static unsigned checks;

static void
count_checks(void)
{
	checks++;
}

/* The caller can interrupt the compaction of a long log. */
static void
checks_now_and_then(void)
{
	CdpkTimelineLog *log;
	uint8_t *bytes;
	size_t length;
	uint64_t state = 5;
	uint32_t name;

	CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
	CHECK(cdpk_log_name(&log, &unit_allocator, "view", 4, &name) == CDPK_OK);
	for (unsigned i = 0; i < 200000; i++)
		CHECK(cdpk_log_event(&log, &unit_allocator, name, (int64_t) (unit_random(&state) >> 20),
							 NULL, 0) == CDPK_OK);
	CHECK(cdpk_log_compact_checking(log, &unit_allocator, &unit_allocator, count_checks, 0, &bytes,
									&length) == CDPK_OK);
	/* at least once for each 65,536 comparisons */
	CHECK(checks > 20);
	free(bytes);
	free(log);
}

int
main(void)
{
	TEST(holds_what_was_put_in);
	TEST(merges_in_any_order);
	TEST(round_trips_as_text);
	TEST(check_finds_changed_bytes);
	TEST(refuses_what_it_cannot_hold);
	TEST(leaves_out_what_exceeds_a_limit);
	TEST(has_no_limit_for_a_person);
	TEST(reads_one_property);
	TEST(reads_the_old_version);
	TEST(grows);
	TEST(finds_every_name);
	TEST(checks_now_and_then);
	TEST(refuses_other_texts);
	TEST(prints_what_a_person_can_read);
	UNIT_EXIT();
}
