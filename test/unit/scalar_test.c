/* scalar_test.c: values as they are written, against what the C library makes of them */
#include "core/text/scalar.h"
#include "core/text/timestamp.h"
#include "unit.h"

typedef struct Integer
{
	const char *text;
	bool valid;
	int64_t value;
} Integer;

static void
integers(void)
{
	static const Integer cases[] = {
		{"0", true, 0},
		{"-0", true, 0},
		{"+7", true, 7},
		{" \t42\n", true, 42},
		{"007", true, 7},
		{"-3.000", true, -3},
		{"9223372036854775807", true, INT64_MAX},
		{"-9223372036854775808", true, INT64_MIN},
		{"-9223372036854775808.0", true, INT64_MIN},
		{"00000000000000000000000000000012", true, 12},
		{"9223372036854775808", false, 0},
		{"-9223372036854775809", false, 0},
		{"99999999999999999999999999", false, 0},
		{"18446744073709551616", false, 0},
		{"", false, 0},
		{"  ", false, 0},
		{"+", false, 0},
		{"-", false, 0},
		{"--1", false, 0},
		{"1.", false, 0},
		{".0", false, 0},
		{"1.5", false, 0},
		{"1.05", false, 0},
		{"1e3", false, 0},
		{"1,000", false, 0},
		{"1 000", false, 0},
		{"12x", false, 0},
		{"0x1F", false, 0},
		{"twelve", false, 0},
		{"\xd9\xa1", false, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int64_t value = 0;
		bool valid = cdpk_scalar_integer(cases[i].text, strlen(cases[i].text), &value);

		CHECK(valid == cases[i].valid && (!valid || value == cases[i].value));
		if (valid != cases[i].valid || (valid && value != cases[i].value))
			printf("# \"%s\"\n", cases[i].text);
	}
}

static void
every_integer_near_the_limits(void)
{
	char text[40];
	int wrong = 0;

	for (int i = -2000; i <= 2000; i++)
	{
		static const int64_t places[] = {0, INT32_MAX, INT32_MIN, INT64_MAX - 2000,
										 INT64_MIN + 2000};

		for (int j = 0; j < 5; j++)
		{
			int64_t value;

			snprintf(text, sizeof(text), "%lld", (long long) (places[j] + i));
			wrong += !cdpk_scalar_integer(text, strlen(text), &value) || value != places[j] + i;
		}
	}
	CHECK(wrong == 0);
}

static bool
is_number(const char *text)
{
	const char *number;
	size_t length;

	return cdpk_scalar_number(text, strlen(text), &number, &length);
}

static void
numbers(void)
{
	static const char *const valid[] = {"0",    "-1.5", "+1.5", ".5",   "5.",     " 12 ",
										"1e10", "1E-9", "1e+9", "1.e1", "1e1000", "-0.0"};
	static const char *const invalid[] = {
		"",     ".",     "-",   "e1",  "1e",       "1e+", "1e1001", "1e99999999999999999999",
		"1..2", "1.2.3", "1,5", "NaN", "Infinity", "inf", "0x10",   "1 2",
		"$1",   "1f"};
	char text[CDPK_SCALAR_NUMBER_MAX + 2];
	const char *number;
	size_t length;

	for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
		CHECK(is_number(valid[i]));
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
		CHECK(!is_number(invalid[i]));
	CHECK(cdpk_scalar_number("\n -12e3\t", 8, &number, &length) && length == 5 &&
		  strncmp(number, "-12e3", 5) == 0);
	memset(text, '9', sizeof(text));
	CHECK(cdpk_scalar_number(text, CDPK_SCALAR_NUMBER_MAX, &number, &length));
	CHECK(!cdpk_scalar_number(text, CDPK_SCALAR_NUMBER_MAX + 1, &number, &length));
}

/* Of any text, what is a number here strtod takes too, and takes whole. */
static void
random_numbers(void)
{
	static const char alphabet[] = "0123456789..-+eE x";
	uint64_t state = 1;
	int taken = 0;

	for (int i = 0; i < 200000; i++)
	{
		char text[12] = {0};
		size_t length = unit_random(&state) % 8;
		char *end;

		for (size_t j = 0; j < length; j++)
			text[j] = alphabet[unit_random(&state) % (sizeof(alphabet) - 1)];
		if (!is_number(text))
			continue;
		taken++;
		strtod(text, &end);
		while (*end == ' ')
			end++;
		CHECK(*end == '\0' && end > text);
	}
	CHECK(taken > 10000);
}

static void
times(void)
{
	int64_t time;
	int32_t days;

	CHECK(cdpk_scalar_time(" 2000-01-02T00:00:01Z ", 22, &time) && time == CDPK_DAY + CDPK_SECOND);
	CHECK(!cdpk_scalar_time("yesterday", 9, &time) && !cdpk_scalar_time("", 0, &time));
	CHECK(cdpk_scalar_date(" 2000-03-01\n", 12, &days) && days == 60);
	/* the day that is written, not that of Greenwich */
	CHECK(cdpk_scalar_date("2000-01-01T23:30:00-05:00", 25, &days) && days == 0);
	CHECK(cdpk_scalar_date("1999-12-31T00:30:00+05:00", 25, &days) && days == -1);
	CHECK(!cdpk_scalar_date("2000-02-30", 10, &days) &&
		  !cdpk_scalar_date("2000-01-01T25:00", 16, &days));
	CHECK(!cdpk_scalar_date("01/02/2000", 10, &days) && !cdpk_scalar_date("20000102", 8, &days));
}

static void
epochs(void)
{
	static const int64_t start = INT64_C(946684800) * CDPK_SECOND; /* 2000 */
	static const char *const equal[] = {"1700000000.123456", "1700000000123.456",
										"1700000000123456", " 1.700000000123456e9",
										"1700000000123456.9"};
	static const char *const none[] = {
		"0", "-1700000000", "99999999", "20240229", "100000000000000000", "1e30",
		"",  "soon",        "1.5"};
	int64_t time;

	for (size_t i = 0; i < sizeof(equal) / sizeof(equal[0]); i++)
		CHECK(cdpk_scalar_epoch(equal[i], strlen(equal[i]), &time) &&
			  time + start == INT64_C(1700000000123456));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK(!cdpk_scalar_epoch(none[i], strlen(none[i]), &time));
	/* each unit begins and ends at the same instants */
	CHECK(cdpk_scalar_epoch("100000000", 9, &time) && time + start == INT64_C(100000000000000));
	CHECK(cdpk_scalar_epoch("100000000000", 12, &time) && time + start == INT64_C(100000000000000));
	CHECK(cdpk_scalar_epoch("100000000000000", 15, &time) &&
		  time + start == INT64_C(100000000000000));
	CHECK(cdpk_scalar_epoch("99999999999", 11, &time) &&
		  time + start == INT64_C(99999999999000000));
	CHECK(cdpk_scalar_epoch("99999999999.999999", 18, &time) &&
		  time + start == INT64_C(99999999999999999));
	CHECK(cdpk_scalar_epoch("99999999999999", 14, &time) &&
		  time + start == INT64_C(99999999999999000));
	CHECK(cdpk_scalar_epoch("99999999999999999", 17, &time) &&
		  time + start == INT64_C(99999999999999999));
}

int
main(void)
{
	TEST(integers);
	TEST(every_integer_near_the_limits);
	TEST(numbers);
	TEST(random_numbers);
	TEST(times);
	TEST(epochs);
	UNIT_EXIT();
}
