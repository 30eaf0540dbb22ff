/* measure_test.c: sums, extremes and conditions against plain loops over the events */
#include "core/timeline/timeline_compact.h"
#include "core/timeline/measure.h"
#include "timeline_history.h"

/* thousandths, in which every random number is whole */
static int64_t
thousandths(CdpkDecimal decimal)
{
	int64_t value;

	CHECK(cdpk_decimal_rescale(decimal, 3, &value));
	return value;
}

static int64_t
sum_in_thousandths(const CdpkSum *sum)
{
	static const int64_t factors[] = {1000, 100, 10, 1};
	int64_t total = 0;

	for (unsigned scale = 0; scale <= CDPK_SCALE_MAX; scale++)
	{
		if ((sum->scales >> scale & 1) == 0)
			continue;
		CHECK(scale <= 3);
		total += (sum->high[scale] * (INT64_C(1) << 32) + sum->low[scale]) * factors[scale];
	}
	return total;
}

/* Opens the number of the events named "view"; false where there is none. */
static bool
open_views(const uint8_t *bytes, size_t length, CdpkTimeRange range, CdpkMeasured *measured)
{
	CdpkTimeline timeline;
	CdpkProperties properties;
	bool found;

	memset(measured, 0, sizeof(*measured));
	measured->range = range;
	CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
	CHECK(cdpk_properties_open(&timeline, &properties) == CDPK_OK);
	if (!cdpk_timeline_find(&timeline, "view", 4, &measured->column))
		return false;
	CHECK(cdpk_property_find(&properties, &measured->column, "tot", 3, &measured->property,
							 &found) == CDPK_OK &&
		  !found);
	CHECK(cdpk_property_find(&properties, &measured->column, "total", 5, &measured->property,
							 &found) == CDPK_OK);
	return found;
}

static void
agree_with_plain_loops(void)
{
	uint64_t state = 31;
	int answers = 0;

	for (int i = 0; i < 30000; i++)
	{
		Event events[EVENTS_MAX];
		size_t count = random_events(&state, 12, events);
		CdpkTimeRangeSpec spec = random_time_range(&state, events, count);
		CdpkTimeRange range = cdpk_time_range_of(&spec);
		CdpkMeasured measured;
		CdpkDecimal extreme;
		CdpkBuffer values = cdpk_buffer(&unit_allocator, SIZE_MAX);
		CdpkSum sum = {0};
		uint64_t expected = 0;
		int64_t total = 0;
		int64_t largest = INT64_MIN;
		int64_t smallest = INT64_MAX;
		bool any = false;
		bool found;
		size_t length;
		uint8_t *bytes = timeline_of(events, count, &length);

		for (size_t j = 0; j < count; j++)
		{
			int64_t value = thousandths(events[j].total);

			if (events[j].name != 0 || !events[j].has)
				continue;
			any = true;
			if (!counts_at(&spec, events[j].at))
				continue;
			expected++;
			total += value;
			largest = value > largest ? value : largest;
			smallest = value < smallest ? value : smallest;
		}
		CHECK(open_views(bytes, length, range, &measured) == any);
		if (any)
		{
			answers += expected > 1;
			CHECK(cdpk_measure_sum(&measured, &sum) == CDPK_OK);
			CHECK(sum.count == expected && sum_in_thousandths(&sum) == total);
			open_views(bytes, length, range, &measured);
			found = false;
			CHECK(cdpk_measure_extreme(&measured, true, &found, &extreme) == CDPK_OK);
			CHECK(found == (expected > 0) && (!found || thousandths(extreme) == largest));
			open_views(bytes, length, range, &measured);
			found = false;
			CHECK(cdpk_measure_extreme(&measured, false, &found, &extreme) == CDPK_OK);
			CHECK(found == (expected > 0) && (!found || thousandths(extreme) == smallest));
			open_views(bytes, length, range, &measured);
			CHECK(cdpk_measure_values(&measured, &values) == CDPK_OK);
			CHECK(values.used == expected * sizeof(CdpkDecimal));
			for (size_t j = 0; j < expected; j++)
				total -= thousandths(((CdpkDecimal *) values.bytes)[j]);
			CHECK(total == 0);
			cdpk_buffer_free(&values);
		}
		free(bytes);
	}
	CHECK(answers > 3000);
}

/* Numbers at the ends of their range, some of them with a scale of their own each. */
static void
sums_do_not_overflow(void)
{
	Event events[6];
	CdpkTimeRange range = {INT64_MIN, INT64_MAX};
	CdpkMeasured measured;
	CdpkSum sum = {0};
	size_t length;
	uint8_t *bytes;

	for (unsigned i = 0; i < 6; i++)
	{
		events[i].name = 0;
		events[i].at = i;
		events[i].has = true;
		events[i].total = cdpk_decimal(i == 4 ? -INT64_MAX : INT64_MAX, i == 5 ? 18 : 0);
	}
	bytes = timeline_of(events, 6, &length);
	CHECK(open_views(bytes, length, range, &measured));
	CHECK(cdpk_measure_sum(&measured, &sum) == CDPK_OK);
	CHECK(sum.count == 6 && sum.scales == (1u | 1u << 18));
	/* 3 * (2^63 - 1) and 2^63 - 1 */
	CHECK(sum.high[0] + (sum.low[0] >> 32) == 3 * (INT64_C(1) << 31) - 1);
	CHECK((sum.low[0] & INT64_C(0xffffffff)) == INT64_C(0xfffffffd));
	CHECK(sum.high[18] == INT32_MAX && sum.low[18] == INT64_C(0xffffffff));
	free(bytes);
}

/* What a condition leaves is the timeline of the events that satisfy it. */
static void
conditions_select_events(void)
{
	static const char *const signs[] = {"=", "<>", "!=", "<", "<=", ">", ">="};
	uint64_t state = 32;
	CdpkComparison comparison;

	for (int i = 0; i < 30000; i++)
	{
		Event events[EVENTS_MAX];
		size_t count = random_events(&state, 12, events);
		CdpkNumberCondition condition = {"total", 5, CDPK_EQUAL,
										 cdpk_decimal((int64_t) (unit_random(&state) % 400) - 200,
													  (unsigned) (unit_random(&state) % 4))};
		unsigned sign = (unsigned) (unit_random(&state) % 7);
		CdpkTimelineLog *log;
		CdpkLogSource source;
		CdpkTimeline timeline;
		CdpkColumn column;
		Event left[EVENTS_MAX];
		size_t kept = 0;
		size_t length;
		size_t expected_length;
		uint8_t *bytes = timeline_of(events, count, &length);
		uint8_t *result;
		uint8_t *expected;

		if (unit_random(&state) % 4 == 0 && count > 0)
			condition.value = events[0].total;
		CHECK(cdpk_comparison_parse(signs[sign], strlen(signs[sign]), &condition.comparison));
		for (size_t j = 0; j < count; j++)
		{
			int64_t value = thousandths(events[j].total);
			int64_t other = thousandths(condition.value);
			bool holds[] = {value == other, value != other, value != other,
							value<other, value <= other, value> other, value >= other};

			if (events[j].name == 0 && events[j].has && holds[sign])
				left[kept++] = events[j];
		}
		CHECK(cdpk_log_new(&unit_allocator, &log) == CDPK_OK);
		CHECK(cdpk_timeline_open(bytes, length, &timeline) == CDPK_OK);
		CHECK(cdpk_log_source_open(&source, &timeline, &unit_allocator) == CDPK_OK);
		if (cdpk_timeline_find(&timeline, "view", 4, &column))
			CHECK(cdpk_log_column_where(&log, &source, &column, &condition) == CDPK_OK);
		cdpk_log_source_close(&source);
		CHECK(cdpk_log_compact(log, &unit_allocator, 0, &result, &length) == CDPK_OK);
		expected = timeline_of(left, kept, &expected_length);
		CHECK(length == expected_length && memcmp(result, expected, length) == 0);
		free(expected);
		free(result);
		free(bytes);
		free(log);
	}
	CHECK(!cdpk_comparison_parse("", 0, &comparison) &&
		  !cdpk_comparison_parse("==", 2, &comparison));
	CHECK(!cdpk_comparison_parse("<", 0, &comparison) &&
		  !cdpk_comparison_parse("=>", 2, &comparison));
}

int
main(void)
{
	TEST(agree_with_plain_loops);
	TEST(sums_do_not_overflow);
	TEST(conditions_select_events);
	UNIT_EXIT();
}
