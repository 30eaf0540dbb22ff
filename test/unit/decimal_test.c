/* decimal_test.c: reading, printing and comparing exact decimals */
#include "core/text/decimal.h"
#include "unit.h"

static CdpkStatus
parse(const char *text, CdpkDecimal *decimal)
{
	return cdpk_decimal_parse(text, strlen(text), decimal);
}

static bool
reads_as(const char *text, int64_t mantissa, unsigned scale)
{
	CdpkDecimal decimal;

	return parse(text, &decimal) == CDPK_OK && decimal.mantissa == mantissa &&
		   decimal.scale == scale;
}

static bool
prints_as(const char *text, const char *printed)
{
	CdpkDecimal decimal;
	char buffer[CDPK_DECIMAL_TEXT_MAX];

	return parse(text, &decimal) == CDPK_OK &&
		   cdpk_decimal_print(decimal, buffer) == strlen(printed) && strcmp(buffer, printed) == 0;
}

static void
reads_numbers(void)
{
	CHECK(reads_as("0", 0, 0) && reads_as("-0.00", 0, 0) && reads_as("0e99999999999", 0, 0));
	CHECK(reads_as("40.50", 405, 1) && reads_as("-40.05", -4005, 2) && reads_as("1200", 1200, 0));
	CHECK(reads_as("1.5e3", 1500, 0) && reads_as("1500e-5", 15, 3) && reads_as("1E+2", 100, 0));
	CHECK(reads_as("9223372036854775807", INT64_MAX, 0));
	CHECK(reads_as("-9223372036854775807", -INT64_MAX, 0));
	CHECK(reads_as("0.000000000000000001", 1, 18) && reads_as("100000e-23", 1, 18));
	CHECK(reads_as("1.000000000000000000000000000000", 1, 0));
}

static void
refuses_others(void)
{
	static const char *const invalid[] = {"",   "-",  ".5",    "5.",  "1e",  "1e+", "+1",
										  "1 ", " 1", "1.2.3", "0x1", "NaN", "--1", "1,5"};
	static const char *const out_of_range[] = {
		"9223372036854775808",   "1e19",  "1e99999999999",
		"0.0000000000000000001", "1e-19", "1.2345678901234567890123"};
	CdpkDecimal decimal;

	for (size_t i = 0; i < sizeof(invalid) / sizeof(*invalid); i++)
		CHECK(parse(invalid[i], &decimal) == CDPK_INVALID);
	for (size_t i = 0; i < sizeof(out_of_range) / sizeof(*out_of_range); i++)
		CHECK(parse(out_of_range[i], &decimal) == CDPK_OUT_OF_RANGE);
}

static void
prints(void)
{
	CHECK(prints_as("0", "0") && prints_as("-0.05", "-0.05") && prints_as("12.340", "12.34"));
	CHECK(prints_as("1e3", "1000") && prints_as("1e-18", "0.000000000000000001"));
	CHECK(prints_as("-9.223372036854775807", "-9.223372036854775807"));
}

static void
compares_by_value(void)
{
	/* ascending */
	static const char *const order[] = {"-9223372036854775807",
										"-100",
										"-1.5",
										"-1.25",
										"-0.000000000000000001",
										"0",
										"0.000000000000000001",
										"0.1",
										"0.11",
										"1",
										"1.000000000000000001",
										"9",
										"10",
										"9223372036854775807"};
	size_t count = sizeof(order) / sizeof(*order);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
		{
			CdpkDecimal a;
			CdpkDecimal b;

			CHECK(parse(order[i], &a) == CDPK_OK && parse(order[j], &b) == CDPK_OK);
			CHECK(cdpk_decimal_compare(a, b) == (i > j) - (i < j));
		}
}

static void
round_trips(void)
{
	uint64_t state = 7;

	for (int i = 0; i < 100000; i++)
	{
		int64_t mantissa = (int64_t) (unit_random(&state) >> (1 + unit_random(&state) % 62));
		CdpkDecimal decimal = cdpk_decimal(unit_random(&state) & 1 ? mantissa : -mantissa,
										   (unsigned) (unit_random(&state) % 19));
		CdpkDecimal again;
		char text[CDPK_DECIMAL_TEXT_MAX];
		size_t length = cdpk_decimal_print(decimal, text);

		CHECK(cdpk_decimal_parse(text, length, &again) == CDPK_OK);
		CHECK(again.mantissa == decimal.mantissa && again.scale == decimal.scale);
	}
}

int
main(void)
{
	TEST(reads_numbers);
	TEST(refuses_others);
	TEST(prints);
	TEST(compares_by_value);
	TEST(round_trips);
	UNIT_EXIT();
}
