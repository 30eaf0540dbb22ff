/* value_test.c: canonical JSON values: their text, their two orders, the check of bytes */
#include "core/text/value_size.h"
#include "unit.h"

/* A value of that type with these bytes. */
static CdpkValue
value(CdpkValueType type, const char *bytes)
{
	CdpkValue made = {type, (const uint8_t *) bytes, strlen(bytes)};

	return made;
}

/* Writes a value's text as jsonb prints it, escape by escape. */
static size_t
print(const CdpkValue *printed, char *text)
{
	static const char *const words[] = {"null", "false", "true"};
	size_t length = 0;

	if (printed->type <= CDPK_VALUE_TRUE)
		return (size_t) sprintf(text, "%s", words[printed->type]);
	if (printed->type != CDPK_VALUE_STRING)
	{
		memcpy(text, printed->bytes, printed->length);
		return printed->length;
	}
	text[length++] = '"';
	for (size_t i = 0; i < printed->length; i++)
	{
		uint8_t byte = printed->bytes[i];

		switch (byte)
		{
			case '"':
				length += (size_t) sprintf(text + length, "\\\"");
				break;
			case '\\':
				length += (size_t) sprintf(text + length, "\\\\");
				break;
			case '\b':
				length += (size_t) sprintf(text + length, "\\b");
				break;
			case '\f':
				length += (size_t) sprintf(text + length, "\\f");
				break;
			case '\n':
				length += (size_t) sprintf(text + length, "\\n");
				break;
			case '\r':
				length += (size_t) sprintf(text + length, "\\r");
				break;
			case '\t':
				length += (size_t) sprintf(text + length, "\\t");
				break;
			default:
				if (byte < 0x20)
					length += (size_t) sprintf(text + length, "\\u%04x", byte);
				else
					text[length++] = (char) byte;
		}
	}
	text[length++] = '"';
	return length;
}

static void
escapes_are_those_of_jsonb(void)
{
	for (int byte = 1; byte < 256; byte++)
	{
		char bytes[2] = {(char) byte, 0};
		CdpkValue string = value(CDPK_VALUE_STRING, bytes);
		char text[16];
		uint8_t escape[6];
		size_t length = print(&string, text) - 2;
		size_t escape_length = cdpk_value_escape((uint8_t) byte, escape);

		if (escape_length == 0)
			CHECK(length == 1);
		else
			CHECK(escape_length == length && memcmp(escape, text + 1, length) == 0);
	}
}

/* some values of every type, with those that differ little */
static const struct
{
	CdpkValueType type;
	const char *bytes;
} samples[] = {{CDPK_VALUE_NULL, ""},
			   {CDPK_VALUE_FALSE, ""},
			   {CDPK_VALUE_TRUE, ""},
			   {CDPK_VALUE_NUMBER, "0"},
			   {CDPK_VALUE_NUMBER, "0.0"},
			   {CDPK_VALUE_NUMBER, "-1"},
			   {CDPK_VALUE_NUMBER, "-1.00"},
			   {CDPK_VALUE_NUMBER, "1"},
			   {CDPK_VALUE_NUMBER, "1.0"},
			   {CDPK_VALUE_NUMBER, "1.00"},
			   {CDPK_VALUE_NUMBER, "9"},
			   {CDPK_VALUE_NUMBER, "10"},
			   {CDPK_VALUE_NUMBER, "10.5"},
			   {CDPK_VALUE_STRING, ""},
			   {CDPK_VALUE_STRING, " "},
			   {CDPK_VALUE_STRING, "!"},
			   {CDPK_VALUE_STRING, "\""},
			   {CDPK_VALUE_STRING, "#"},
			   {CDPK_VALUE_STRING, "\\"},
			   {CDPK_VALUE_STRING, "]"},
			   {CDPK_VALUE_STRING, "\n"},
			   {CDPK_VALUE_STRING, "\x01"},
			   {CDPK_VALUE_STRING, "\x02"},
			   {CDPK_VALUE_STRING, "\x1f"},
			   {CDPK_VALUE_STRING, "\b"},
			   {CDPK_VALUE_STRING, "a"},
			   {CDPK_VALUE_STRING, "a "},
			   {CDPK_VALUE_STRING, "a!"},
			   {CDPK_VALUE_STRING, "a\""},
			   {CDPK_VALUE_STRING, "ab"},
			   {CDPK_VALUE_STRING, "\xc3\xa9"},
			   {CDPK_VALUE_STRING, "\xc3\xa8"},
			   {CDPK_VALUE_STRING, "1"},
			   {CDPK_VALUE_ARRAY, "[]"},
			   {CDPK_VALUE_ARRAY, "[1]"},
			   {CDPK_VALUE_ARRAY, "[1.0]"},
			   {CDPK_VALUE_ARRAY, "[1, 2]"},
			   {CDPK_VALUE_ARRAY, "[1.0, 2]"},
			   {CDPK_VALUE_ARRAY, "[1.00, 3]"},
			   {CDPK_VALUE_ARRAY, "[9]"},
			   {CDPK_VALUE_ARRAY, "[10]"},
			   {CDPK_VALUE_ARRAY, "[\"1\"]"},
			   {CDPK_VALUE_ARRAY, "[\"1.0\"]"},
			   {CDPK_VALUE_ARRAY, "[\"\\\"1\", 1]"},
			   {CDPK_VALUE_ARRAY, "[\"\\\"1\", 1.0]"},
			   {CDPK_VALUE_ARRAY, "[\"\\\\\", 1]"},
			   {CDPK_VALUE_ARRAY, "[\"\\\\\", 1.0]"},
			   {CDPK_VALUE_ARRAY, "[null, true]"},
			   {CDPK_VALUE_OBJECT, "{}"},
			   {CDPK_VALUE_OBJECT, "{\"a\": 1}"},
			   {CDPK_VALUE_OBJECT, "{\"a\": 1.0}"},
			   {CDPK_VALUE_OBJECT, "{\"a\": -1}"},
			   {CDPK_VALUE_OBJECT, "{\"b\": 1, \"aa\": [{\"x\": -0.5}]}"}};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

static CdpkValue
sample(size_t i)
{
	return value(samples[i].type, samples[i].bytes);
}

static void
samples_are_canonical(void)
{
	for (size_t i = 0; i < SAMPLES; i++)
	{
		CdpkValue made = sample(i);

		CHECK(cdpk_value_check(&made) == CDPK_OK);
	}
}

static void
text_order_is_that_of_the_text(void)
{
	for (size_t i = 0; i < SAMPLES; i++)
	{
		for (size_t j = 0; j < SAMPLES; j++)
		{
			CdpkValue a = sample(i);
			CdpkValue b = sample(j);
			char a_text[128];
			char b_text[128];
			size_t a_length = print(&a, a_text);
			size_t b_length = print(&b, b_text);
			int order = memcmp(a_text, b_text, a_length < b_length ? a_length : b_length);
			int found = cdpk_value_compare_text(&a, &b);

			if (order == 0)
				order = (a_length > b_length) - (a_length < b_length);
			CHECK((found > 0) - (found < 0) == (order > 0) - (order < 0));
		}
	}
}

/* sign of the order by value of two samples */
static int
order_of(size_t i, size_t j)
{
	CdpkValue a = sample(i);
	CdpkValue b = sample(j);
	int order = cdpk_value_compare(&a, &b);

	return (order > 0) - (order < 0);
}

static void
value_order_is_an_order(void)
{
	for (size_t i = 0; i < SAMPLES; i++)
	{
		CHECK(order_of(i, i) == 0);
		for (size_t j = 0; j < SAMPLES; j++)
		{
			CHECK(order_of(i, j) == -order_of(j, i));
			for (size_t k = 0; k < SAMPLES; k++)
				CHECK(!(order_of(i, j) <= 0 && order_of(j, k) <= 0 && order_of(i, k) > 0));
		}
	}
}

static int
order_by_value(CdpkValueType type, const char *a, const char *b)
{
	CdpkValue left = value(type, a);
	CdpkValue right = value(type, b);

	return cdpk_value_compare(&left, &right);
}

static void
numbers_are_ordered_by_value(void)
{
	CHECK(order_by_value(CDPK_VALUE_NUMBER, "1.0", "1.00") == 0);
	CHECK(order_by_value(CDPK_VALUE_NUMBER, "9", "10") < 0);
	CHECK(order_by_value(CDPK_VALUE_ARRAY, "[1.0, 2]", "[1, 2.00]") == 0);
	CHECK(order_by_value(CDPK_VALUE_ARRAY, "[9]", "[10]") < 0);
	CHECK(order_by_value(CDPK_VALUE_ARRAY, "[\"9\"]", "[\"10\"]") > 0);
	CHECK(order_by_value(CDPK_VALUE_ARRAY, "[\"1.0\"]", "[\"1\"]") != 0);
	CHECK(order_by_value(CDPK_VALUE_OBJECT, "{\"1.0\": 1}", "{\"1.0\": 1.0}") == 0);
	CHECK(order_by_value(CDPK_VALUE_STRING, "1.0", "1") > 0);
}

static void
check_refuses_what_is_not_canonical(void)
{
	static const struct
	{
		CdpkValueType type;
		const char *bytes;
	} bad[] = {{CDPK_VALUE_NULL, "null"},
			   {CDPK_VALUE_TRUE, "true"},
			   {CDPK_VALUE_NUMBER, "01"},
			   {CDPK_VALUE_NUMBER, "1e5"},
			   {CDPK_VALUE_STRING, "\xff"},
			   {CDPK_VALUE_STRING, "\xc3"},
			   {CDPK_VALUE_STRING, "\xed\xa0\x80"},
			   {CDPK_VALUE_ARRAY, ""},
			   {CDPK_VALUE_ARRAY, "["},
			   {CDPK_VALUE_ARRAY, "[]]"},
			   {CDPK_VALUE_ARRAY, "[ ]"},
			   {CDPK_VALUE_ARRAY, "[1,2]"},
			   {CDPK_VALUE_ARRAY, "[1,  2]"},
			   {CDPK_VALUE_ARRAY, "[1, ]"},
			   {CDPK_VALUE_ARRAY, "[01]"},
			   {CDPK_VALUE_ARRAY, "[-0]"},
			   {CDPK_VALUE_ARRAY, "[nul]"},
			   {CDPK_VALUE_ARRAY, "[\"a]"},
			   {CDPK_VALUE_ARRAY, "[\"\\/\"]"},
			   {CDPK_VALUE_ARRAY, "[\"\\u0041\"]"},
			   {CDPK_VALUE_ARRAY, "[\"\\u000A\"]"},
			   {CDPK_VALUE_ARRAY, "[\"\\u0000\"]"},
			   {CDPK_VALUE_ARRAY, "[\"\\u00e9\"]"},
			   {CDPK_VALUE_ARRAY, "[\"\n\"]"},
			   {CDPK_VALUE_ARRAY, "[\"\xff\"]"},
			   {CDPK_VALUE_ARRAY, "{}"},
			   {CDPK_VALUE_ARRAY, "1"},
			   {CDPK_VALUE_OBJECT, "[]"},
			   {CDPK_VALUE_OBJECT, "{\"a\":1}"},
			   {CDPK_VALUE_OBJECT, "{\"a\" : 1}"},
			   {CDPK_VALUE_OBJECT, "{a: 1}"},
			   {CDPK_VALUE_OBJECT, "{\"a\": 1, \"a\": 2}"},
			   {CDPK_VALUE_OBJECT, "{\"b\": 1, \"a\": 2}"},
			   {CDPK_VALUE_OBJECT, "{\"aa\": 1, \"b\": 2}"},
			   {CDPK_VALUE_OBJECT, "{\"\\n\": 1, \"\\b\": 2}"},
			   {CDPK_VALUE_OBJECT, "{\"a\": }"},
			   {CDPK_VALUE_OBJECT, "{\"a\"}"}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		CdpkValue made = value(bad[i].type, bad[i].bytes);

		if (cdpk_value_check(&made) == CDPK_OK)
			printf("# taken: %s\n", bad[i].bytes);
		CHECK(cdpk_value_check(&made) == CDPK_CORRUPT);
	}
}

static void
escaped_keys_are_ordered_as_they_are_meant(void)
{
	/* one byte before two, however long the escape; and \b before \n as bytes */
	CdpkValue good =
		value(CDPK_VALUE_OBJECT, "{\"\\b\": 1, \"\\n\": 2, \"\\u001f\": 3, \"a\": 4, \"aa\": 5}");

	CHECK(cdpk_value_check(&good) == CDPK_OK);
}

/* Nested arrays up to the limit are taken, one more is not. */
static void
depth_is_limited(void)
{
	char text[2 * CDPK_VALUE_DEPTH_MAX + 3];

	for (int depth = CDPK_VALUE_DEPTH_MAX - 1; depth <= CDPK_VALUE_DEPTH_MAX + 1; depth++)
	{
		CdpkValue made = {CDPK_VALUE_ARRAY, (uint8_t *) text, (size_t) depth * 2};

		memset(text, '[', (size_t) depth);
		memset(text + depth, ']', (size_t) depth);
		CHECK(cdpk_value_depth(made.bytes, made.length) == (size_t) depth);
		CHECK((cdpk_value_check(&made) == CDPK_OK) == (depth <= CDPK_VALUE_DEPTH_MAX));
	}
}

static void
brackets_in_strings_are_no_depth(void)
{
	CdpkValue made = value(CDPK_VALUE_ARRAY, "[\"[[\\\"[\", {\"{\": []}]");

	CHECK(cdpk_value_depth(made.bytes, made.length) == 3);
}

/* Sizes as pg_column_size says of the jsonb, less its header of four bytes but with the entry of the whole. */
static void
size_is_that_of_text_or_jsonb(void)
{
	static const struct
	{
		CdpkValueType type;
		const char *bytes;
		size_t size;
	} samples[] = {
		{CDPK_VALUE_NULL, "", 0},
		{CDPK_VALUE_NUMBER, "12.50", 5},
		{CDPK_VALUE_STRING, "plain", 5},
		{CDPK_VALUE_STRING, "\"\\\n\001", 12},
		{CDPK_VALUE_ARRAY, "[]", 8},
		{CDPK_VALUE_ARRAY, "[0]", 20},
		{CDPK_VALUE_ARRAY, "[1, 10000, 100000000]", 8 + 12 + 16 + 16},
		{CDPK_VALUE_ARRAY, "[0.5, -0.50001]", 8 + 12 + 16},
		{CDPK_VALUE_ARRAY, "[[], {}, null]", 8 + 8 + 8 + 4},
		{CDPK_VALUE_ARRAY, "[\"abcde\", true]", 8 + 4 + 8 + 4},
		{CDPK_VALUE_ARRAY, "[\"\\u0001\\u0002\\u0003\\u0004\\u0005\"]", 34},
		{CDPK_VALUE_OBJECT, "{\"a\": 1, \"b\\n\": \"x\"}", 8 + 8 + 12 + 8 + 8},
	};

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
	{
		CdpkValue made = value(samples[i].type, samples[i].bytes);

		if (cdpk_value_size(&made) != samples[i].size)
			printf("# %s: %zu\n", samples[i].bytes, cdpk_value_size(&made));
		CHECK(cdpk_value_size(&made) == samples[i].size);
		CHECK(cdpk_value_fits(&made, 100) &&
			  (samples[i].size <= 20 || !cdpk_value_fits(&made, samples[i].size - 1)));
	}
}

int
main(void)
{
	TEST(escapes_are_those_of_jsonb);
	TEST(samples_are_canonical);
	TEST(text_order_is_that_of_the_text);
	TEST(value_order_is_an_order);
	TEST(numbers_are_ordered_by_value);
	TEST(check_refuses_what_is_not_canonical);
	TEST(escaped_keys_are_ordered_as_they_are_meant);
	TEST(depth_is_limited);
	TEST(brackets_in_strings_are_no_depth);
	TEST(size_is_that_of_text_or_jsonb);
	unit_use_all();
	UNIT_EXIT();
}
