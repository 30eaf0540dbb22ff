/* timestamp_test.c: every day of the calendar, every part of the form, and nothing else */
#include "core/text/timestamp.h"
#include "unit.h"

static CdpkStatus
parse(const char *text, int64_t *microseconds)
{
	*microseconds = -1;
	return cdpk_timestamp_parse(text, strlen(text), microseconds);
}

static const char *
print(int64_t microseconds)
{
	static char text[CDPK_TIMESTAMP_TEXT_MAX];
	size_t length = cdpk_timestamp_print(microseconds, text);

	CHECK(length == strlen(text));
	return text;
}

/* Walks the calendar day by day, with the rules of the calendar and no arithmetic of days. */
static void
every_day_of_ten_thousand_years(void)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t days = -730119; /* 0001-01-01: 2000 - 1 years of 365 days, and 484 leap days */
	char text[64];
	int64_t time;
	int wrong = 0;

	for (int year = 1; year <= 9999; year++)
		for (int month = 1; month <= 12; month++)
		{
			bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
			int length = lengths[month - 1] + (month == 2 && leap);

			for (int day = 1; day <= 32; day++)
			{
				snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month, day);
				if (day > length)
					wrong += parse(text, &time) != CDPK_INVALID;
				else
				{
					wrong += parse(text, &time) != CDPK_OK || time != days++ * CDPK_DAY;
					wrong += strncmp(print(time), text, 10) != 0;
				}
			}
		}
	CHECK(wrong == 0);
	CHECK(days == INT64_C(2921940)); /* 10000-01-01 */
}

static void
every_second_of_a_day(void)
{
	char text[64];
	int64_t time;
	int wrong = 0;

	for (int hour = 0; hour < 24; hour++)
		for (int minute = 0; minute < 60; minute++)
			for (int second = 0; second <= 60; second++)
			{
				snprintf(text, sizeof(text), "2000-01-01T%02d:%02d:%02dZ", hour, minute, second);
				wrong += parse(text, &time) != CDPK_OK ||
						 time != ((hour * 60 + minute) * 60 + second) * CDPK_SECOND;
				if (second < 60)
					wrong += strcmp(print(time), text) != 0;
			}
	CHECK(wrong == 0);
}

static void
forms(void)
{
	static const struct
	{
		const char *text;
		int64_t time;
	} cases[] = {
		{"2000-01-01", 0},
		{"2000-01-01T00:00", 0},
		{"2000-01-01 00:00:01", CDPK_SECOND},
		{"2000-01-01t00:00:01z", CDPK_SECOND},
		{"2000-01-01T00:00Z", 0},
		{"2000-01-01T00:00+01", -3600 * CDPK_SECOND},
		{"2000-01-01T00:00:00+0130", -5400 * CDPK_SECOND},
		{"2000-01-01T00:00:00.5-01:30", 5400 * CDPK_SECOND + 500000},
		{"2000-01-01T00:00:00-00:00", 0},
		{"2000-01-01T00:00:00+15:59", -(15 * 60 + 59) * 60 * CDPK_SECOND},
		{"2000-01-01T00:00:00.1", 100000},
		{"2000-01-01T00:00:00,12", 120000},
		{"2000-01-01T00:00:00.123456789Z", 123457},
		{"2000-01-01T00:00:00.9999994Z", 999999},
		{"2000-01-01T00:00:00.9999995Z", CDPK_SECOND},
		{"2000-01-01T00:00:00.0000005Z", 0},
		{"2000-01-01T00:00:00.0000015Z", 2},
		{"2000-01-01T00:00:00.00000050000000000000000000000000000001Z", 1},
		{"1999-12-31T23:59:60Z", 0},
		{"1999-12-31T23:59:60.25Z", 250000},
		{"1999-12-31T23:59:59.999999Z", -1},
		{"2026-01-01T10:00:03.000Z", INT64_C(820576803) * CDPK_SECOND},
	};
	int64_t time;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (parse(cases[i].text, &time) == CDPK_OK && time == cases[i].time)
			continue;
		printf("# %s gives %lld\n", cases[i].text, (long long) time);
		unit_failures++;
	}
}

static void
refused(void)
{
	static const char *const cases[] = {
		"",
		" ",
		"2026",
		"2026-01",
		"2026-1-1",
		"20260101",
		"20260101T000000Z",
		"26-01-01",
		"0000-01-01",
		"+2026-01-01",
		"-2026-01-01",
		"12026-01-01",
		"2026-00-01",
		"2026-13-01",
		"2026-01-00",
		"2026-01-32",
		"2026-02-29",
		"2100-02-29",
		"2026-01-01T",
		"2026-01-01 ",
		" 2026-01-01",
		"2026-01-01T10",
		"2026-01-01T1:00",
		"2026-01-01T24:00",
		"2026-01-01T10:60",
		"2026-01-01T10:00:61",
		"2026-01-01T10:00:",
		"2026-01-01T10:00:0",
		"2026-01-01T10:00:00.",
		"2026-01-01T10:00:00.Z",
		"2026-01-01T10:00.5",
		"2026-01-01T10:00:00 Z",
		"2026-01-01T10:00:00ZZ",
		"2026-01-01T10:00:00Z ",
		"2026-01-01T10:00:00+",
		"2026-01-01T10:00:00+1",
		"2026-01-01T10:00:00+1:00",
		"2026-01-01T10:00:00+01:",
		"2026-01-01T10:00:00+01:0",
		"2026-01-01T10:00:00+01:000",
		"2026-01-01T10:00:00+010",
		"2026-01-01T10:00:00+16:00",
		"2026-01-01T10:00:00+00:60",
		"2026-01-01T10:00:00 Europe/Berlin",
		"2026-01-01T10:00:00 UTC",
		"2026-01-01 10:00:00 PM",
		"2026-01-01X10:00:00",
		"2026-W01-1",
		"2026-001",
		"01/02/2026",
		"1767225600",
		"now",
		"infinity",
		"\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa6-01-01",
	};
	int64_t time;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (parse(cases[i], &time) == CDPK_INVALID && time == -1)
			continue;
		printf("# \"%s\" is taken as %lld\n", cases[i], (long long) time);
		unit_failures++;
	}
	CHECK(cdpk_timestamp_parse("2026-01-01\0", 11, &time) == CDPK_INVALID);
	CHECK(cdpk_timestamp_parse("2026-01-01T10:00:00Z", 19, &time) == CDPK_OK);
}

static void
what_is_printed_reads_back(void)
{
	uint64_t state = 7;
	int64_t first;
	int64_t last;

	CHECK(parse("0001-01-01", &first) == CDPK_OK &&
		  parse("9999-12-31T23:59:59.999999", &last) == CDPK_OK);
	for (int i = 0; i < 200000; i++)
	{
		int64_t time = first + (int64_t) (unit_random(&state) % (uint64_t) (last - first + 1));
		int64_t again;

		if (i % 3 == 0)
			time -= time % CDPK_SECOND;
		CHECK(parse(print(time), &again) == CDPK_OK && again == time);
	}
}

static void
times_of_any_size_are_printed(void)
{
	CHECK(strcmp(print(0), "2000-01-01T00:00:00Z") == 0);
	CHECK(strcmp(print(-1), "1999-12-31T23:59:59.999999Z") == 0);
	CHECK(strcmp(print(INT64_MAX), "+294277-01-09T04:00:54.775807Z") == 0);
	CHECK(strcmp(print(INT64_MIN), "-290278-12-22T19:59:05.224192Z") == 0);
	CHECK(strcmp(print(-730119 * CDPK_DAY), "0001-01-01T00:00:00Z") == 0);
	CHECK(strcmp(print(-730120 * CDPK_DAY), "0000-12-31T00:00:00Z") == 0);
	CHECK(strcmp(print((-730119 - 366) * CDPK_DAY), "0000-01-01T00:00:00Z") == 0);
	CHECK(strcmp(print((-730119 - 367) * CDPK_DAY), "-0001-12-31T00:00:00Z") == 0);
}

int
main(void)
{
	TEST(every_day_of_ten_thousand_years);
	TEST(every_second_of_a_day);
	TEST(forms);
	TEST(refused);
	TEST(what_is_printed_reads_back);
	TEST(times_of_any_size_are_printed);
	UNIT_EXIT();
}
