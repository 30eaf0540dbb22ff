/* digits_test.c: numbers as text against arithmetic on integers, and the form itself */
#include <inttypes.h>

#include "core/text/digits.h"
#include "unit.h"

#define BYTES(text) (const uint8_t *) (text), strlen(text)

/* Writes mantissa / 10^scale as the server's numeric prints it. */
static size_t
print(int64_t mantissa, int scale, char *text)
{
	int64_t power = 1;

	for (int i = 0; i < scale; i++)
		power *= 10;
	if (scale == 0)
		return (size_t) sprintf(text, "%" PRId64, mantissa);
	return (size_t) sprintf(text, "%s%" PRId64 ".%0*" PRId64, mantissa < 0 ? "-" : "",
							(mantissa < 0 ? -mantissa : mantissa) / power, scale,
							(mantissa < 0 ? -mantissa : mantissa) % power);
}

static void
valid_forms(void)
{
	static const char *const good[] = {"0", "7", "10", "-1", "0.0", "0.10", "-0.01", "123.450"};
	static const char *const bad[] = {"",      "-",     ".",    "1.",    ".5",  "01",    "-0",
									  "-0.00", "1e5",   "+1",   "1.2.3", "1-2", " 1",    "1 ",
									  "--1",   "NaN",   "0x10", "1,5",   "00",  "-01.5", "-.5",
									  "1.-",   "1.2e1", "/",    ":"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK(cdpk_digits_valid(BYTES(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!cdpk_digits_valid(BYTES(bad[i])));
}

/* Numbers with at most as many digits as numeric holds are valid; one more is not. */
static void
limits_of_numeric(void)
{
	size_t size = CDPK_DIGITS_WHOLE_MAX + CDPK_DIGITS_FRACTION_MAX + 3;
	uint8_t *text = malloc(size);

	memset(text, '9', size);
	CHECK(cdpk_digits_valid(text, CDPK_DIGITS_WHOLE_MAX));
	CHECK(!cdpk_digits_valid(text, CDPK_DIGITS_WHOLE_MAX + 1));
	text[1] = '.';
	CHECK(cdpk_digits_valid(text, 2 + CDPK_DIGITS_FRACTION_MAX));
	CHECK(!cdpk_digits_valid(text, 3 + CDPK_DIGITS_FRACTION_MAX));
	free(text);
}

/* A random number with its value in thousandths. */
static size_t
random_number(uint64_t *state, char *text, int64_t *thousandths, int *scale)
{
	static const int64_t power[] = {1000, 100, 10, 1};
	int64_t mantissa = (int64_t) (unit_random(state) % 2000001) - 1000000;

	*scale = (int) (unit_random(state) % 4);
	mantissa >>= unit_random(state) % 20;
	*thousandths = mantissa * power[*scale];
	return print(mantissa, *scale, text);
}

static void
order_and_sum_of_small_numbers(void)
{
	static const int64_t power[] = {1000, 100, 10, 1};
	uint64_t state = 7;

	for (int i = 0; i < 200000; i++)
	{
		char a[32];
		char b[32];
		char expected[32];
		uint8_t sum[80];
		int64_t x;
		int64_t y;
		int a_scale;
		int b_scale;
		size_t a_length = random_number(&state, a, &x, &a_scale);
		size_t b_length = random_number(&state, b, &y, &b_scale);
		int scale = a_scale > b_scale ? a_scale : b_scale;
		int order = cdpk_digits_compare((uint8_t *) a, a_length, (uint8_t *) b, b_length);
		size_t length;
		size_t sum_length;

		CHECK(cdpk_digits_valid((uint8_t *) a, a_length));
		CHECK((order > 0) - (order < 0) == (x > y) - (x < y));
		length = print((x + y) / power[scale], scale, expected);
		sum_length = cdpk_digits_add((uint8_t *) a, a_length, (uint8_t *) b, b_length, sum);
		CHECK(sum_length == length && memcmp(sum, expected, length) == 0);
		CHECK(sum_length <= a_length + b_length + 3);
	}
}

/* A random number of up to 60 digits. */
static size_t
long_number(uint64_t *state, char *text)
{
	size_t whole = 1 + unit_random(state) % 30;
	size_t fraction = unit_random(state) % 30;
	size_t length = 0;

	if (unit_random(state) % 2)
		text[length++] = '-';
	for (size_t i = 0; i < whole; i++)
		text[length++] =
			(char) ('0' + (i == 0 ? 1 + unit_random(state) % 9 : unit_random(state) % 10));
	if (fraction > 0)
		text[length++] = '.';
	for (size_t i = 0; i < fraction; i++)
		text[length++] = (char) ('0' + unit_random(state) % 10);
	return length;
}

/* Sums of long numbers do not depend on order or grouping, and taking away gives back. */
static void
sums_of_long_numbers(void)
{
	uint64_t state = 8;

	for (int i = 0; i < 20000; i++)
	{
		char number[3][64];
		size_t length[3];
		uint8_t left[200];
		uint8_t right[400];
		uint8_t other[200];
		uint8_t total[400];
		size_t left_length;
		size_t right_length;
		size_t total_length;

		for (int n = 0; n < 3; n++)
			length[n] = long_number(&state, number[n]);
		left_length = cdpk_digits_add((uint8_t *) number[0], length[0], (uint8_t *) number[1],
									  length[1], left);
		total_length = cdpk_digits_add(left, left_length, (uint8_t *) number[2], length[2], total);
		right_length = cdpk_digits_add((uint8_t *) number[2], length[2], (uint8_t *) number[1],
									   length[1], other);
		right_length =
			cdpk_digits_add((uint8_t *) number[0], length[0], other, right_length, right);
		CHECK(cdpk_digits_valid(total, total_length));
		CHECK(total_length == right_length && memcmp(total, right, total_length) == 0);
		/* a + b - a is b */
		if (number[0][0] == '-')
			total_length =
				cdpk_digits_add(left, left_length, (uint8_t *) number[0] + 1, length[0] - 1, total);
		else
		{
			memmove(number[0] + 1, number[0], length[0]);
			number[0][0] = '-';
			total_length =
				cdpk_digits_add(left, left_length, (uint8_t *) number[0], length[0] + 1, total);
		}
		CHECK(cdpk_digits_compare(total, total_length, (uint8_t *) number[1], length[1]) == 0);
	}
}

static void
counting_digits(void)
{
	size_t whole;
	size_t fraction;

	cdpk_digits_count(BYTES("-120.0450"), &whole, &fraction);
	CHECK(whole == 3 && fraction == 4);
	cdpk_digits_count(BYTES("0"), &whole, &fraction);
	CHECK(whole == 1 && fraction == 0);
}

int
main(void)
{
	TEST(valid_forms);
	TEST(limits_of_numeric);
	TEST(order_and_sum_of_small_numbers);
	TEST(sums_of_long_numbers);
	TEST(counting_digits);
	unit_use_all();
	UNIT_EXIT();
}
