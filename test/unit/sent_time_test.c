/* sent_time_test.c: every form of ISO 8601, numbers since 1970, and nothing else */
#include "core/text/sent_time.h"
#include "core/text/timestamp.h"
#include "unit.h"

static CdpkStatus
parse(const char *text, int64_t *microseconds)
{
	*microseconds = -1;
	return cdpk_sent_time_parse(text, strlen(text), microseconds);
}

/* Each form gives what the strict form beside it gives. */
static void
forms(void)
{
	static const struct
	{
		const char *text;
		const char *strict;
	} cases[] = {
		{"2026-11-01T10:00:03.5Z", "2026-11-01T10:00:03.5Z"},
		{"2026", "2026-01-01"},
		{"2026-11", "2026-11-01"},
		{"20261101", "2026-11-01"},
		{"2026-305", "2026-11-01"},
		{"2026305", "2026-11-01"},
		{"2024-366", "2024-12-31"},
		{"2026-W44", "2026-10-26"},
		{"2026-W44-7", "2026-11-01"},
		{"2026W447", "2026-11-01"},
		{"2026w44", "2026-10-26"},
		{"2026-W01-1", "2025-12-29"},
		{"2020-W53-7", "2021-01-03"},
		{"1999-W52-6", "2000-01-01"},
		{"+002026-11-01T10:00:00Z", "2026-11-01T10:00:00Z"},
		{"20261101T100003Z", "2026-11-01T10:00:03Z"},
		{"20261101T1000", "2026-11-01T10:00"},
		{"20261101T10", "2026-11-01T10:00"},
		{"2026-11-01T10", "2026-11-01T10:00"},
		{"2026-11-01T10.5", "2026-11-01T10:30"},
		{"2026-11-01T10:30,25", "2026-11-01T10:30:15"},
		{"20261101T100003.25+0130", "2026-11-01T10:00:03.25+01:30"},
		{"2026-11-01T24:00:00Z", "2026-11-02T00:00:00Z"},
		{"2026-11-01 10:00:03 +0100", "2026-11-01T10:00:03+01:00"},
		{"2026-11-01 10:00:03 UTC", "2026-11-01T10:00:03Z"},
		{"2026-11-01 10:00:03 GMT", "2026-11-01T10:00:03Z"},
		{"2026-11-01T10:00:03 Z", "2026-11-01T10:00:03Z"},
		{"1793527203", "2026-11-01T10:00:03Z"},
		{"1793527203.25", "2026-11-01T10:00:03.25Z"},
		{"1793527203250", "2026-11-01T10:00:03.25Z"},
		{"1793527203250000", "2026-11-01T10:00:03.25Z"},
		{"1793527203250000999", "2026-11-01T10:00:03.25Z"},
		{"100000000", "1973-03-03T09:46:40Z"},
	};
	int64_t time;
	int64_t strict;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (parse(cases[i].text, &time) == CDPK_OK &&
			cdpk_timestamp_parse(cases[i].strict, strlen(cases[i].strict), &strict) == CDPK_OK &&
			time == strict)
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
		"26",
		"202",
		"20261",
		"202611",
		"0000",
		"2026-13",
		"20261301",
		"20260230",
		"2026-366",
		"2026-000",
		"2024-367",
		"2026-W00",
		"2026-W54",
		"2025-W53",
		"2026-W44-0",
		"2026-W44-8",
		"2026-W4",
		"2026W4400",
		"+2026-11-01",
		"-002026-11-01",
		"+012026-11-01",
		"2026-11-01T",
		"2026-11-01T1",
		"2026-11-01T25",
		"2026-11-01T24:01",
		"2026-11-01T24:00:00.1",
		"2026-11-01T10:60",
		"2026-11-01T10:00:61",
		"2026-11-01T10:00:",
		"2026-11-01T1000:00",
		"2026-11-01T10:00.",
		"2026-11-01T10:00:00 ",
		"2026-11-01T10:00:00  Z",
		"2026-11-01T10:00:00ZZ",
		"2026-11-01T10:00:00+1",
		"2026-11-01T10:00:00+16",
		"2026-11-01T10:00:00+01:60",
		"2026-11-01T10:00:00 CET",
		"2026-11-01 10:00:00 PM",
		"11/01/2026",
		"1 Nov 2026",
		"1793527203Z",
		"1793527203.",
		"1793527203e3",
		"-1793527203",
		"12345678901234567890",
		"now",
		"infinity",
		"1793527203.5.5",
	};
	int64_t time;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		if (parse(cases[i], &time) == CDPK_INVALID && time == -1)
			continue;
		printf("# \"%s\" is taken as %lld\n", cases[i], (long long) time);
		unit_failures++;
	}
	CHECK(cdpk_sent_time_parse("2026\0", 5, &time) == CDPK_INVALID);
}

/* Numbers of JSON: the unit is told by the size. */
static void
numbers(void)
{
	static const struct
	{
		const char *text;
		int64_t since_1970;
	} cases[] = {
		{"0", 0},
		{"-1", -CDPK_SECOND},
		{"-0.5", -CDPK_SECOND / 2},
		{"1.0000019", 1000001},
		{"99999999999", INT64_C(99999999999) * CDPK_SECOND},
		{"100000000000", INT64_C(100000000000) * 1000},
		{"99999999999999", INT64_C(99999999999999) * 1000},
		{"100000000000000", INT64_C(100000000000000)},
		{"99999999999999999", INT64_C(99999999999999999)},
		{"100000000000000000", INT64_C(100000000000000)},
		{"999999999999999999", INT64_C(999999999999999)},
		{"1793527203250.5", INT64_C(1793527203250500)},
	};
	int64_t time;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK(cdpk_epoch_parse(cases[i].text, strlen(cases[i].text), &time) == CDPK_OK &&
			  time == CDPK_TIME_1970 + cases[i].since_1970);
	CHECK(cdpk_epoch_parse("1e9", 3, &time) == CDPK_INVALID);
	CHECK(cdpk_epoch_parse("", 0, &time) == CDPK_INVALID);
	CHECK(cdpk_epoch_parse("-", 1, &time) == CDPK_INVALID);
	CHECK(cdpk_epoch_parse("10000000000000000000", 20, &time) == CDPK_INVALID);
}

/* What is printed reads back, with three digits of a fraction where these are enough. */
static void
printed(void)
{
	char text[CDPK_SENT_TIME_TEXT_MAX];
	uint64_t state = 3;
	int64_t time;

	CHECK(cdpk_sent_time_print(0, text) == 24 && strcmp(text, "2000-01-01T00:00:00.000Z") == 0);
	CHECK(cdpk_sent_time_print(-1000, text) == 24 && strcmp(text, "1999-12-31T23:59:59.999Z") == 0);
	CHECK(cdpk_sent_time_print(120000, text) == 24 &&
		  strcmp(text, "2000-01-01T00:00:00.120Z") == 0);
	CHECK(cdpk_sent_time_print(120001, text) == 27 &&
		  strcmp(text, "2000-01-01T00:00:00.120001Z") == 0);
	for (int i = 0; i < 100000; i++)
	{
		int64_t at =
			(int64_t) (unit_random(&state) % UINT64_C(2000000000000000)) - 1000000000000000;
		size_t length;

		at -= i % 3 == 0 ? at % 1000 : i % 3 == 1 ? at % CDPK_SECOND : 0;
		length = cdpk_sent_time_print(at, text);
		if (cdpk_sent_time_parse(text, length, &time) == CDPK_OK && time == at)
			continue;
		printf("# %s\n", text);
		unit_failures++;
	}
}

/* Random bytes of the right kind are read within their bounds. */
static void
anything(void)
{
	static const char bytes[] = "0123456789-:TWZ+., ";
	uint64_t state = 5;
	int64_t time;

	for (int i = 0; i < 300000; i++)
	{
		size_t length = unit_random(&state) % 20;
		char *text = malloc(length + 1);

		for (size_t k = 0; k < length; k++)
			text[k] = bytes[unit_random(&state) % (sizeof(bytes) - 1)];
		if (cdpk_sent_time_parse(text, length, &time) == CDPK_OK)
			CHECK(time >= INT64_C(-63083000000000000) && time < INT64_C(252500000000000000));
		free(text);
	}
}

int
main(void)
{
	TEST(forms);
	TEST(refused);
	TEST(numbers);
	TEST(printed);
	TEST(anything);
	UNIT_EXIT();
}
