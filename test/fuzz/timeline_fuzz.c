/*
 * timeline_fuzz.c: any bytes as a timeline: read as a predicate does, checked, through the text; and
 * two of them merged
 */
#include <stdlib.h>

#include "core/timeline/horizon.h"
#include "core/timeline/measure.h"
#include "core/timeline/sessions.h"
#include "core/sequence/step_events.h"
#include "core/timeline/timeline_check.h"
#include "core/timeline/timeline_compact.h"
#include "core/timeline/timeline_merge.h"
#include "core/timeline/timeline_text.h"

#include "ask_funnel.h"
#include "fuzz.h"

/* Reads everything without having checked it first. */
static void
read_all(const uint8_t *data, size_t size)
{
	CdpkTimeline timeline;
	CdpkProperties properties;
	CdpkColumn column;
	CdpkName *texts;

	if (cdpk_timeline_open(data, size, &timeline) != CDPK_OK ||
		cdpk_properties_open(&timeline, &properties) != CDPK_OK)
		return;
	if (cdpk_property_texts(&properties, &fuzz_allocator, &texts) == CDPK_OK)
		for (uint64_t i = 0; i < properties.text_count; i++)
		{
			uint32_t code;

			if (!cdpk_property_text_find(&properties, texts[i].text, texts[i].length, &code))
				abort();
		}
	free(texts);
	while (cdpk_timeline_next(&timeline, &column))
	{
		CdpkProperty *columns;
		unsigned count;
		int64_t at;

		if (cdpk_property_all(&properties, &column, &fuzz_allocator, &columns, &count) != CDPK_OK)
			count = 0;
		for (uint64_t event = 0; cdpk_column_next(&column, &at); event++)
			for (unsigned i = 0; i < count; i++)
			{
				CdpkPropertyValue value;
				unsigned values;

				if (cdpk_property_event(&columns[i], event, &values) != CDPK_OK)
					continue;
				for (; values > event % 2; values--)
					cdpk_property_value(&columns[i], &value);
			}
		free(columns);
	}
}

/* Whether a walk through all names gives this column. */
static bool
is_on_the_way(const uint8_t *data, size_t size, const CdpkName *name, const CdpkColumn *column)
{
	CdpkTimeline timeline;
	CdpkColumn other;

	if (cdpk_timeline_open(data, size, &timeline) != CDPK_OK)
		return false;
	while (cdpk_timeline_next(&timeline, &other))
		if (other.name_length == name->length && memcmp(other.name, name->text, name->length) == 0)
			return other.count == column->count && other.times.at == column->times.at &&
				   other.times.end == column->times.end && other.unit == column->unit &&
				   other.at == column->at && other.place == column->place &&
				   other.numbers.at == column->numbers.at;
	return column->count == 0 && !cdpk_timeline_failed(&timeline);
}

/* Looks for every name of a timeline, and for one that it may not have, in three ways. */
static void
find_each(const uint8_t *data, size_t size)
{
	CdpkTimeline passage;
	CdpkColumn column = {"view", 4, 0, 0, 0, 0, {data, data, false}, 0, {data, data, false}};

	if (cdpk_timeline_open(data, size, &passage) != CDPK_OK)
		return;
	do
	{
		CdpkName name = {column.name, column.name_length};
		CdpkTimeline timeline;
		CdpkColumn one;
		CdpkColumn another;
		CdpkColumn third;

		if (cdpk_timeline_find_in(data, size, &name, &one) != CDPK_OK)
			continue;
		if (!is_on_the_way(data, size, &name, &one) ||
			cdpk_timeline_open(data, size, &timeline) != CDPK_OK ||
			!cdpk_timeline_find_all(&timeline, &name, 1, &third) || third.count != one.count ||
			cdpk_timeline_find(&timeline, name.text, name.length, &another) != (one.count > 0) ||
			(one.count > 0 && (another.times.at != one.times.at || third.times.at != one.times.at)))
			abort();
	} while (cdpk_timeline_next(&passage, &column));
}

/* Looks for a name and does not care for what it finds. */
static void
find_unchecked(const uint8_t *data, size_t size)
{
	static const CdpkName names[] = {{"view", 4}, {"cart", 4}, {"a", 1}};
	CdpkColumn column;
	int64_t at;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (cdpk_timeline_find_in(data, size, &names[i], &column) == CDPK_OK)
			while (cdpk_column_next(&column, &at))
				continue;
}

/* Merges the two parts of the input, and where both are timelines compares with the open form. */
static void
merge_parts(const uint8_t *data, size_t size)
{
	size_t cut = size > 0 ? (size_t) data[size - 1] * size / 256 : 0;
	CdpkTimelineLog *log;
	uint8_t *merged;
	uint8_t *expected;
	size_t length;
	size_t expected_length;

	if (cdpk_timeline_merge(data, cut, data + cut, size - cut, &fuzz_allocator, &fuzz_allocator, 0,
							&merged, &length) != CDPK_OK)
		return;
	/* old bytes are not checked for their order */
	if (!cdpk_timeline_is_old(data, cut) && !cdpk_timeline_is_old(data + cut, size - cut) &&
		cdpk_timeline_check(data, cut, &fuzz_allocator) == CDPK_OK &&
		cdpk_timeline_check(data + cut, size - cut, &fuzz_allocator) == CDPK_OK)
	{
		if (cdpk_log_new(&fuzz_allocator, &log) != CDPK_OK ||
			cdpk_log_compact_form(&log, &fuzz_allocator, data, cut) != CDPK_OK ||
			cdpk_log_compact_form(&log, &fuzz_allocator, data + cut, size - cut) != CDPK_OK ||
			cdpk_log_compact(log, &fuzz_allocator, 0, &expected, &expected_length) != CDPK_OK ||
			expected_length != length || memcmp(expected, merged, length) != 0)
			abort();
		free(expected);
		free(log);
	}
	free(merged);
}

/* Asks for one name after another, without having checked the bytes first. */
static void
ask_names(const CdpkTimeline *timeline, const CdpkName *names, const CdpkTimeRangeSpec *spec)
{
	CdpkSequence sequence;

	cdpk_sequence_init(&sequence);
	sequence.alternatives = sequence.items = 2;
	for (unsigned i = 0; i < 2; i++)
	{
		memset(&sequence.item[i], 0, sizeof(sequence.item[i]));
		sequence.item[i].any = UINT32_C(1) << i;
		sequence.item[i].times = 1;
		sequence.alternative[i] = cdpk_plain_step(names[i].text, names[i].length);
	}
	ask_funnel(&sequence, timeline, cdpk_time_range_of(spec));
}

/* Asks for sequences, likewise. */
static void
ask_sequences(const CdpkTimeline *timeline, const CdpkTimeRangeSpec *spec)
{
	static const char *const texts[] = {
		"* -> * in 1 day same session",
		"* -> cart? -> !view -> *[total > 1, category not in (\"shoes\")] same category",
		"view & *[total exists] & *"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
	{
		CdpkSequence sequence;
		CdpkTextProblem problem;
		uint8_t *form;
		size_t length;

		if (cdpk_sequence_parse(texts[i], strlen(texts[i]), &fuzz_allocator, 0, &form, &length,
								&problem) != CDPK_OK ||
			cdpk_sequence_read(form, length, &fuzz_allocator, &sequence) != CDPK_OK)
			abort();
		ask_funnel(&sequence, timeline, cdpk_time_range_of(spec));
		cdpk_sequence_free(&fuzz_allocator, &sequence);
		free(form);
	}
}

/* Asks for a step with conditions, likewise. */
static void
ask_step(const CdpkTimeline *timeline, const CdpkTimeRangeSpec *spec)
{
	static const char text[] = "*[total > 1, category not in (\"shoes\")]";
	CdpkTimeRange range = cdpk_time_range_of(spec);
	CdpkStep step;
	CdpkTextProblem problem;
	CdpkStepCount count;
	CdpkStepExtremes extremes;
	uint8_t *form;
	size_t length;

	if (cdpk_step_parse(text, sizeof(text) - 1, &fuzz_allocator, 0, &form, &length, &problem) !=
			CDPK_OK ||
		cdpk_step_read(form, length, &fuzz_allocator, &step) != CDPK_OK)
		abort();
	if (cdpk_step_count(&step, timeline, range, 0, UINT64_MAX, &fuzz_allocator, &count) ==
			CDPK_OK &&
		count.least > count.most)
		abort();
	cdpk_step_extremes(&step, timeline, range, &fuzz_allocator, &extremes);
	cdpk_step_free(&fuzz_allocator, &step);
	free(form);
}

/* Asks everything of the first two names without having checked the bytes first. */
static void
ask_all(const uint8_t *data, size_t size)
{
	CdpkTimeRangeSpec spec = {INT64_C(800000000000000), INT64_C(8000000000000), 1000000, INT64_MIN,
							  INT64_MAX};
	CdpkTimeRange range = cdpk_time_range_of(&spec);
	CdpkName names[2] = {{"view", 4}, {"cart", 4}};
	CdpkQuestion question = {CDPK_ANSWER_TIMES, 0, 0};
	CdpkTimeline timeline;
	CdpkTimeline passage;
	CdpkProperties properties;
	CdpkName *texts = NULL;
	CdpkColumn column;
	CdpkSessions sessions;
	CdpkSum sum;
	int64_t horizon;

	if (cdpk_timeline_open(data, size, &timeline) != CDPK_OK)
		return;
	passage = timeline;
	if (cdpk_properties_open(&timeline, &properties) != CDPK_OK ||
		cdpk_property_texts(&properties, &fuzz_allocator, &texts) != CDPK_OK)
	{
		free(texts);
		texts = NULL;
	}
	for (unsigned i = 0; i < 2 && cdpk_timeline_next(&passage, &column); i++)
	{
		CdpkMeasured measured = {column, {0}, texts, range, 0, 0, NULL, NULL};
		bool found;

		names[i].text = column.name;
		names[i].length = column.name_length;
		cdpk_horizon_bound(&spec, &column, &horizon);
		cdpk_horizon_exact(&spec, &question, &column, &fuzz_allocator, &horizon);
		if (texts != NULL &&
			cdpk_property_find(&properties, &column, "total", 5, &measured.property, &found) ==
				CDPK_OK &&
			found)
			cdpk_measure_sum(&measured, &sum);
	}
	free(texts);
	ask_names(&timeline, names, &spec);
	ask_sequences(&timeline, &spec);
	ask_step(&timeline, &spec);
	cdpk_timeline_sessions(&timeline, range, 1000000, &fuzz_allocator, &sessions);
	cdpk_horizon_bound_all(&spec, &timeline, &horizon);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CdpkTimelineLog *log;
	CdpkTextProblem problem;
	uint8_t *again;
	char *text;
	size_t length;

	read_all(data, size);
	if (cdpk_timeline_check(data, size, &fuzz_allocator) == CDPK_OK)
		find_each(data, size);
	else
		find_unchecked(data, size);
	merge_parts(data, size);
	/* with itself every column is there twice, at the same times */
	if (cdpk_timeline_merge(data, size, data, size, &fuzz_allocator, &fuzz_allocator, 0, &again,
							&length) == CDPK_OK)
		free(again);
	ask_all(data, size);
	if (cdpk_timeline_is_old(data, size) ||
		cdpk_timeline_check(data, size, &fuzz_allocator) != CDPK_OK)
		return 0;
	if (cdpk_timeline_print(data, size, &fuzz_allocator, &text, &length) != CDPK_OK ||
		cdpk_log_new(&fuzz_allocator, &log) != CDPK_OK ||
		cdpk_timeline_parse(text, length, &fuzz_allocator, &log, &problem) != CDPK_OK ||
		cdpk_log_compact(log, &fuzz_allocator, 0, &again, &length) != CDPK_OK || length != size ||
		memcmp(again, data, size) != 0)
		abort();
	free(again);
	free(log);
	free(text);
	return 0;
}
