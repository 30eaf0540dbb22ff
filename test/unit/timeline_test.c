/*
 * timeline_test.c: a timeline against a plain list of its events
 *
 * The reference is an array of events, sorted; the timeline is built from it in random order, in
 * parts that are merged, through its text, and must always be the same bytes.
 */
#include "core/timeline/timeline_check.h"
#include "core/timeline/timeline_compact.h"
#include "core/timeline/timeline_text.h"
#include "timeline_events.h"
#include "unit.h"

static int
compare_events(const void *left, const void *right)
{
	const Event *a = left;
	const Event *b = right;
	int order = strcmp(names[a->name], names[b->name]);

	if (order == 0)
		order = (a->at < b->at) - (a->at > b->at);
	/* the numbers in the order of their names: quantity, total, view */
	for (unsigned i = 0; order == 0 && i < NUMBERS; i++)
	{
		unsigned j = i == 0 ? 1 : i == 1 ? 0 : 2;

		order = (int) a->has[j] - (int) b->has[j];
		if (order == 0 && a->has[j])
			order = cdpk_decimal_compare(a->value[j], b->value[j]);
	}
	return order;
}

/* Reads a compact timeline back into events. */
static size_t
read_back(const uint8_t *bytes, size_t length, Event *events)
{
	CdpkTimeline timeline;
	CdpkColumn column;
	size_t count = 0;

	memset(events, 0, EVENTS_MAX * sizeof(*events));
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	while (cdpk_timeline_next(&timeline, &column))
	{
		CdpkNumberColumn columns[CDPK_NUMBERS_MAX];
		unsigned column_count;
		int64_t at;

		CHECK(cdpk_column_numbers(&column, columns, &column_count) == CDPK_OK);
		for (uint64_t i = 0; cdpk_column_next(&column, &at); i++, count++)
		{
			while (strlen(names[events[count].name]) != column.name_length ||
				   memcmp(names[events[count].name], column.name, column.name_length) != 0)
				events[count].name++;
			events[count].at = at;
			for (unsigned j = 0; j < column_count; j++)
			{
				size_t number_length;
				const char *number =
					cdpk_timeline_number_name(&timeline, columns[j].name, &number_length);
				unsigned k = 0;

				while (strlen(numbers[k]) != number_length ||
					   memcmp(numbers[k], number, number_length) != 0)
					k++;
				CHECK(cdpk_number_next(&columns[j], i, &events[count].has[k],
									   &events[count].value[k]) == CDPK_OK);
			}
		}
		CHECK(!column.times.failed && cdpk_left(&column.times) == 0);
	}
	CHECK(!cdpk_timeline_failed(&timeline));
	return count;
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
	CdpkNumber twice[2] = {{0, {1, 0}}, {0, {2, 0}}};
	CdpkNumber many[CDPK_NUMBERS_MAX + 1] = {{0, {1, 0}}};
	uint32_t name;

	CHECK(cdpk_log_name(&log, &unit_allocator, "", 0, &name) == CDPK_EMPTY);
	CHECK(cdpk_log_name(&log, &unit_allocator, "\xff", 1, &name) == CDPK_BAD_ENCODING);
	CHECK(cdpk_log_name(&log, &unit_allocator, "a\0b", 3, &name) == CDPK_BAD_ENCODING);
	CHECK(cdpk_log_name(&log, &unit_allocator, "a", 1, &name) == CDPK_OK && name == 0);
	CHECK(cdpk_log_event(&log, &unit_allocator, name, INT64_MAX, NULL, 0) == CDPK_OUT_OF_RANGE);
	CHECK(cdpk_log_event(&log, &unit_allocator, name, INT64_MIN, NULL, 0) == CDPK_OUT_OF_RANGE);
	CHECK(cdpk_log_event(&log, &unit_allocator, name, 0, twice, 2) == CDPK_INVALID);
	CHECK(cdpk_log_event(&log, &unit_allocator, name, 0, many, CDPK_NUMBERS_MAX + 1) ==
		  CDPK_TOO_LONG);
	CHECK(log->events == 0);
	free(log);
}

/* Events of one name may have more numbers together than each alone. */
static void
refuses_too_many_numbers_of_a_name(void)
{
	CdpkTimelineLog *log = log_of(NULL, 0);
	uint8_t *bytes = NULL;
	size_t length;

	for (uint32_t i = 0; i <= CDPK_NUMBERS_MAX; i++)
	{
		char text[16];
		CdpkNumber number = {0, {5, 1}};
		uint32_t name;

		snprintf(text, sizeof(text), "number %u", (unsigned) i);
		CHECK(cdpk_log_name(&log, &unit_allocator, "a", 1, &name) == CDPK_OK);
		CHECK(cdpk_log_name(&log, &unit_allocator, text, strlen(text), &number.name) == CDPK_OK);
		CHECK(cdpk_log_event(&log, &unit_allocator, name, i, &number, 1) == CDPK_OK);
		CHECK(cdpk_log_compact(log, &unit_allocator, 0, &bytes, &length) ==
			  (i < CDPK_NUMBERS_MAX ? CDPK_OK : CDPK_TOO_LONG));
		if (i < CDPK_NUMBERS_MAX)
			free(bytes);
	}
	free(log);
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
				CdpkNumber number = {total, {(int64_t) n, 0}};

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
		{"{\"a\": [[\"2026-01-01\", {\"n\": \"1\"}]]}", CDPK_INVALID, 29},
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
	TEST(refuses_too_many_numbers_of_a_name);
	TEST(grows);
	TEST(finds_every_name);
	TEST(checks_now_and_then);
	TEST(refuses_other_texts);
	TEST(prints_what_a_person_can_read);
	UNIT_EXIT();
}
