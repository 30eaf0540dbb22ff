/* json_test.c: the scanner takes what a plain recursive reader of RFC 8259 takes, within its limits */
#include "core/text/json.h"
#include "core/text/utf8.h"
#include "unit.h"

/* ---------------------------------------------------------------- a reference: RFC 8259 read aloud */

static bool read_value(const char **at, int depth);

static void
pass_space(const char **at)
{
	*at += strspn(*at, " \t\n\r");
}

static bool
pass(const char **at, const char *word)
{
	if (strncmp(*at, word, strlen(word)) != 0)
		return false;
	*at += strlen(word);
	return true;
}

static int
hex4(const char *at)
{
	char digits[5] = {0};

	if (strspn(at, "0123456789abcdefABCDEF") < 4)
		return -1;
	memcpy(digits, at, 4);
	return (int) strtol(digits, NULL, 16);
}

static bool
read_string(const char **at)
{
	if (!pass(at, "\""))
		return false;
	while (**at != '"')
	{
		if ((unsigned char) **at < 0x20)
			return false;
		if (**at != '\\')
			(*at)++;
		else if ((*at)[1] == 'u')
		{
			int code = hex4(*at + 2);

			if (code <= 0 || (code >= 0xdc00 && code < 0xe000))
				return false;
			*at += 6;
			if (code >= 0xd800 && code < 0xdc00)
			{
				if ((*at)[0] != '\\' || (*at)[1] != 'u' || hex4(*at + 2) < 0xdc00 ||
					hex4(*at + 2) > 0xdfff)
					return false;
				*at += 6;
			}
		}
		else if ((*at)[1] != 0 && strchr("\"\\/bfnrt", (*at)[1]) != NULL)
			*at += 2;
		else
			return false;
	}
	(*at)++;
	return true;
}

static bool
read_number(const char **at)
{
	size_t digits;

	pass(at, "-");
	digits = strspn(*at, "0123456789");
	if (digits == 0 || (**at == '0' && digits > 1))
		return false;
	*at += digits;
	if (pass(at, "."))
	{
		digits = strspn(*at, "0123456789");
		if (digits == 0)
			return false;
		*at += digits;
	}
	if (pass(at, "e") || pass(at, "E"))
	{
		if (!pass(at, "-"))
			pass(at, "+");
		digits = strspn(*at, "0123456789");
		if (digits == 0 || atoi(*at) > CDPK_JSON_EXPONENT_MAX)
			return false;
		*at += digits;
	}
	return true;
}

static bool
read_members(const char **at, int depth, bool object, const char *close)
{
	pass_space(at);
	if (pass(at, close))
		return true;
	do
	{
		pass_space(at);
		if (object)
		{
			if (!read_string(at))
				return false;
			pass_space(at);
			if (!pass(at, ":"))
				return false;
		}
		if (!read_value(at, depth))
			return false;
		pass_space(at);
	} while (pass(at, ","));
	return pass(at, close);
}

static bool
read_value(const char **at, int depth)
{
	pass_space(at);
	if (**at == '"')
		return read_string(at);
	if (**at == '{' || **at == '[')
	{
		bool object = *(*at)++ == '{';

		return depth < CDPK_JSON_DEPTH_MAX &&
			   read_members(at, depth + 1, object, object ? "}" : "]");
	}
	return pass(at, "true") || pass(at, "false") || pass(at, "null") || read_number(at);
}

static bool
reference(const char *text)
{
	if (!read_value(&text, 0))
		return false;
	pass_space(&text);
	return *text == '\0';
}

/* ---------------------------------------------------------------- tests */

static CdpkStatus
check(const char *text)
{
	const char *problem = NULL;
	size_t position = 0;
	CdpkStatus status = cdpk_json_check(text, strlen(text), &problem, &position);

	CHECK(status == CDPK_OK || (problem != NULL && position >= 1 && position <= strlen(text) + 1));
	return status;
}

static void
random_texts_against_the_reference(void)
{
	static const char *const pieces[] = {
		"{",  "}",   "[",  "]",  "\"",      "\"a\"",   "\"a\":", ":",    ",",        "0",
		"1",  "-",   ".",  "e",  "E+",      "true",    "false",  "null", " ",        "\n",
		"\\", "\\u", "00", "d8", "\\ud83d", "\\ude00", "\\n",    "\x01", "\xc3\xa9", "x"};
	uint64_t state = 11;
	int valid = 0;
	char text[256];

	for (int i = 0; i < 400000; i++)
	{
		int count = 1 + (int) (unit_random(&state) % 9);
		int wrap = (int) (unit_random(&state) % 4);
		bool expected;

		strcpy(text, wrap == 1 ? "{\"k\":" : wrap == 2 ? "[" : wrap == 3 ? "\"" : "");
		while (count-- > 0)
			strcat(text, pieces[unit_random(&state) % (sizeof(pieces) / sizeof(pieces[0]))]);
		strcat(text, wrap == 1 ? "}" : wrap == 2 ? "]" : wrap == 3 ? "\"" : "");
		expected = reference(text);
		valid += expected;
		if ((check(text) == CDPK_OK) == expected)
			continue;
		printf("# %s: the reference says %d\n", text, expected);
		unit_failures++;
	}
	CHECK(valid > 5000);
}

static void
every_beginning_of_a_document_is_invalid(void)
{
	static const char text[] =
		" {\"a\" : [1, -2.5e+3, true, false, null, \"x\\u00e9\\ud83d\\ude00\\\"\", {}, [], [[{}]]], "
		"\"b\":{\"c\":\"\xc3\xa9\"}} ";
	size_t length = strlen(text);
	const char *problem;
	size_t position;

	CHECK(cdpk_json_check(text, length, &problem, &position) == CDPK_OK);
	CHECK(cdpk_json_check(text, length - 1, &problem, &position) == CDPK_OK);
	for (size_t i = 0; i < length - 1; i++)
	{
		char *exact = malloc(i ? i : 1); /* so that the sanitizer sees a read after the end */

		memcpy(exact, text, i);
		CHECK(cdpk_json_check(exact, i, &problem, &position) != CDPK_OK);
		CHECK(position >= 1 && position <= i + 1);
		free(exact);
	}
}

/* tokens writes the tokens of a text as one letter each. */
static const char *
tokens(const char *text)
{
	static char result[64];
	CdpkJson json = cdpk_json(text, strlen(text));
	char *at = result;

	for (;;)
	{
		CdpkJsonToken token = cdpk_json_next(&json);

		*at++ = ".!{}[]ksntf0"[token];
		*at = '\0';
		if (token == CDPK_JSON_END || token == CDPK_JSON_INVALID)
			return result;
	}
}

static void
tokens_in_order(void)
{
	CHECK(strcmp(tokens(" {\"a\":[1,true,{}],\"b\":{\"c\":[false,null,\"x\"]}} "),
				 "{k[nt{}]k{k[f0s]}}.") == 0);
	CHECK(strcmp(tokens("[]"), "[].") == 0);
	CHECK(strcmp(tokens("1"), "n.") == 0);
	CHECK(strcmp(tokens("[1 2]"), "[n!") == 0);
	CHECK(strcmp(tokens("{\"a\":1]"), "{kn!") == 0);
	CHECK(strcmp(tokens(""), "!") == 0);
}

static void
an_error_stays(void)
{
	CdpkJson json = cdpk_json("[x,1]", 5);
	CdpkSpan span;

	CHECK(cdpk_json_next(&json) == CDPK_JSON_ARRAY);
	CHECK(cdpk_json_next(&json) == CDPK_JSON_INVALID && json.at == json.start + 1);
	CHECK(cdpk_json_next(&json) == CDPK_JSON_INVALID);
	CHECK(cdpk_json_value(&json, &span) == CDPK_JSON_INVALID);
}

static bool
is(CdpkSpan span, const char *text)
{
	return span.length == strlen(text) && memcmp(span.text, text, span.length) == 0;
}

static void
values_as_spans(void)
{
	static const char text[] = "{ \"a\\n\" : [1, {\"b\":2}] , \"c\":\"\\\"d\", \"e\": -1.5e3 }";
	CdpkJson json = cdpk_json(text, strlen(text));
	CdpkSpan span;

	CHECK(cdpk_json_next(&json) == CDPK_JSON_OBJECT && !cdpk_json_in_array(&json));
	CHECK(cdpk_json_next(&json) == CDPK_JSON_KEY && is(json.string, "a\\n") && json.escaped);
	CHECK(cdpk_json_value(&json, &span) == CDPK_JSON_ARRAY && is(span, "[1, {\"b\":2}]"));
	CHECK(cdpk_json_next(&json) == CDPK_JSON_KEY && is(json.string, "c") && !json.escaped);
	CHECK(cdpk_json_value(&json, &span) == CDPK_JSON_STRING && is(span, "\"\\\"d\""));
	CHECK(is(json.string, "\\\"d"));
	CHECK(cdpk_json_next(&json) == CDPK_JSON_KEY);
	CHECK(cdpk_json_value(&json, &span) == CDPK_JSON_NUMBER && is(span, "-1.5e3"));
	CHECK(cdpk_json_value(&json, &span) == CDPK_JSON_INVALID); /* the end is no value */
	json = cdpk_json("{\"a\":1}", 7);
	CHECK(cdpk_json_next(&json) == CDPK_JSON_OBJECT);
	CHECK(cdpk_json_value(&json, &span) == CDPK_JSON_INVALID); /* nor is a key */
	json = cdpk_json("[[1]]", 5);
	CHECK(cdpk_json_next(&json) == CDPK_JSON_ARRAY && cdpk_json_in_array(&json));
	CHECK(cdpk_json_value(&json, &span) == CDPK_JSON_ARRAY && is(span, "[1]"));
	CHECK(cdpk_json_next(&json) == CDPK_JSON_ARRAY_END && cdpk_json_next(&json) == CDPK_JSON_END);
	CHECK(cdpk_json_value(&json, &span) == CDPK_JSON_INVALID);
}

static void
escapes(void)
{
	static const struct
	{
		const char *text;
		const char *plain;
	} cases[] = {
		{"", ""},
		{"abc", "abc"},
		{"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
		{"\\u0041\\u007f\\u0080\\u07FF\\u0800\\uffff",
		 "A\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
		{"\\ud800\\udc00x\\uDBFF\\uDFFF", "\xf0\x90\x80\x80x\xf4\x8f\xbf\xbf"},
		{"\xc3\xa9\\u00e9\xc3\xa9", "\xc3\xa9\xc3\xa9\xc3\xa9"},
	};
	char result[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CdpkSpan string = {cases[i].text, strlen(cases[i].text)};
		CdpkSpan plain = {result, cdpk_json_unescape(string, result)};

		CHECK(is(plain, cases[i].plain));
	}
	/* every character but the halves of pairs, by its escape */
	for (uint32_t code = 1; code < 0x10000; code++)
	{
		char escape[8];
		CdpkSpan string = {escape, 6};
		uint32_t decoded = 0;
		size_t length;

		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		snprintf(escape, sizeof(escape), "\\u%04x", (unsigned) code & 0xffff);
		length = cdpk_json_unescape(string, result);
		CHECK(cdpk_utf8_decode(result, result + length, &decoded) == length && decoded == code);
	}
}

static void
small_integers(void)
{
	static const struct
	{
		const char *text;
		bool small;
		int64_t value;
	} cases[] = {{"0", true, 0},
				 {"-0", true, 0},
				 {"17", true, 17},
				 {"-17", true, -17},
				 {"999999999999999999", true, INT64_C(999999999999999999)},
				 {"-999999999999999999", true, -INT64_C(999999999999999999)},
				 {"1000000000000000000", false, 0},
				 {"1.0", false, 0},
				 {"1e2", false, 0},
				 {"-", false, 0},
				 {"", false, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		CdpkSpan number = {cases[i].text, strlen(cases[i].text)};
		int64_t value = 0;

		CHECK(cdpk_json_small_integer(number, &value) == cases[i].small);
		CHECK(!cases[i].small || value == cases[i].value);
	}
}

/* repeated writes a text of n times one piece, n times another and something around the middle. */
static CdpkStatus
check_repeated(const char *before, int n, const char *middle, const char *after, int m)
{
	char *text =
		malloc(strlen(before) * (size_t) n + strlen(middle) + strlen(after) * (size_t) m + 1);
	char *at = text;
	CdpkStatus status;

	for (int i = 0; i < n; i++)
		at = stpcpy(at, before);
	at = stpcpy(at, middle);
	for (int i = 0; i < m; i++)
		at = stpcpy(at, after);
	*at = '\0';
	status = check(text);
	free(text);
	return status;
}

static void
limits(void)
{
	int half = CDPK_JSON_SIZE_MAX / 2;

	CHECK(check_repeated("[", CDPK_JSON_DEPTH_MAX, "", "]", CDPK_JSON_DEPTH_MAX) == CDPK_OK);
	CHECK(check_repeated("[", CDPK_JSON_DEPTH_MAX + 1, "", "]", CDPK_JSON_DEPTH_MAX + 1) ==
		  CDPK_INVALID);
	CHECK(check_repeated("{\"a\":", CDPK_JSON_DEPTH_MAX, "1", "}", CDPK_JSON_DEPTH_MAX) == CDPK_OK);
	CHECK(check_repeated("{\"a\":", CDPK_JSON_DEPTH_MAX + 1, "1", "}", CDPK_JSON_DEPTH_MAX + 1) ==
		  CDPK_INVALID);
	CHECK(check_repeated("9", CDPK_JSON_DIGITS_MAX, "", "", 0) == CDPK_OK);
	CHECK(check_repeated("9", CDPK_JSON_DIGITS_MAX + 1, "", "", 0) == CDPK_INVALID);
	CHECK(check_repeated("9", 500, ".", "9", 500) == CDPK_OK);
	CHECK(check_repeated("9", 500, ".", "9", 501) == CDPK_INVALID);
	CHECK(check("1e400") == CDPK_OK && check("1E-400") == CDPK_OK &&
		  check("1e+0000400") == CDPK_OK);
	CHECK(check("1e401") == CDPK_INVALID && check("1e-401") == CDPK_INVALID);
	CHECK(check("1e99999999999999999999999") == CDPK_INVALID);
	CHECK(check_repeated("[", 1, "", " ", CDPK_JSON_SIZE_MAX - 2) == CDPK_INVALID);
	CHECK(check_repeated(" ", half, "1", " ", CDPK_JSON_SIZE_MAX - half - 1) == CDPK_OK);
	CHECK(check_repeated(" ", half, "1", " ", CDPK_JSON_SIZE_MAX - half) == CDPK_TOO_LONG);
}

static void
what_is_not_utf8(void)
{
	static const struct
	{
		const char *text;
		size_t length;
		size_t position;
	} cases[] = {{"\"\xff\"", 3, 2},
				 {"\"ab\xc3\"", 5, 4},
				 {"\"\xc0\x80\"", 4, 2},
				 {"\"\xed\xa0\x80\"", 5, 2},
				 {"\"\xf4\x90\x80\x80\"", 6, 2},
				 {"{}\0", 3, 3},
				 {"\"a\0b\"", 5, 3},
				 {"\x80", 1, 1}};
	const char *problem;
	size_t position;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK(cdpk_json_check(cases[i].text, cases[i].length, &problem, &position) ==
				  CDPK_BAD_ENCODING &&
			  position == cases[i].position);
}

static void
ends_by_brackets_alone(void)
{
	static const struct
	{
		const char *text;
		int end; /* -1: none */
	} cases[] = {{"{\"a\":1},2", 7},  {"[1,[2]]", 7}, {"[1,[2}}", 7}, {"\"a,b\",c", 5},
				 {"\"a\\\",b\"]", 7}, {"tru,x", 3},   {"1 ]", 2},     {"\"\\ud800\\u0000\"}", 14},
				 {"12", 2},           {"", -1},       {",", -1},      {"]", -1},
				 {"{", -1},           {"[[]", -1},    {"\"abc", -1},  {"\"abc\\", -1},
				 {"[\"]", -1}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *text = cases[i].text;
		const char *end = cdpk_json_skip(text, text + strlen(text));

		if (cases[i].end < 0 ? end == NULL : end == text + cases[i].end)
			continue;
		printf("# %s ends elsewhere\n", text);
		unit_failures++;
	}
}

/* A valid value ends where the strict scanner says. */
static void
ends_as_the_scanner_says(void)
{
	static const char *const pieces[] = {
		"{", "}", "[", "]", "\"a\"", "\"b\":", ",", "1", "true", "\"\\\"\"", " "};
	uint64_t state = 11;
	int valid = 0;

	for (int i = 0; i < 200000; i++)
	{
		char text[64] = "";
		CdpkJson json;
		CdpkSpan value;

		for (uint64_t n = 1 + unit_random(&state) % 8; n > 0; n--)
			strcat(text, pieces[unit_random(&state) % (sizeof(pieces) / sizeof(pieces[0]))]);
		json = cdpk_json(text, strlen(text));
		if (cdpk_json_value(&json, &value) == CDPK_JSON_INVALID ||
			cdpk_json_next(&json) != CDPK_JSON_END)
			continue;
		valid++;
		{
			const char *end = cdpk_json_skip(value.text, text + strlen(text));

			CHECK(end != NULL && end >= value.text + value.length &&
				  cdpk_json_skip_space(value.text + value.length, end) == end);
		}
	}
	CHECK(valid > 5000);
}

int
main(void)
{
	TEST(ends_by_brackets_alone);
	TEST(ends_as_the_scanner_says);
	TEST(random_texts_against_the_reference);
	TEST(every_beginning_of_a_document_is_invalid);
	TEST(tokens_in_order);
	TEST(an_error_stays);
	TEST(values_as_spans);
	TEST(escapes);
	TEST(small_integers);
	TEST(limits);
	TEST(what_is_not_utf8);
	UNIT_EXIT();
}
