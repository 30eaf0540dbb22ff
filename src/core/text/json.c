/*
 * json.c
 *		A strict scanner for JSON (RFC 8259) that may be anything.
 */
#include <string.h>

#include "core/text/json.h"
#include "core/text/utf8.h"

/* what may come next */
enum
{
	EXPECT_VALUE,
	EXPECT_FIRST_ELEMENT, /* or the end of the array */
	EXPECT_FIRST_KEY,     /* or the end of the object */
	EXPECT_COMMA,         /* or the end of the container */
	EXPECT_END
};

/* Report what is wrong at the current place. */
static CdpkJsonToken
invalid(CdpkJson *json, const char *problem)
{
	json->problem = problem;
	return CDPK_JSON_INVALID;
}

/* Return whether the next byte is "byte". */
static bool
is_next(const CdpkJson *json, char byte)
{
	return json->at < json->end && *json->at == byte;
}

/* JSON has four kinds of white space. */
const char *
cdpk_json_skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* Pass white space. */
static void
skip_space(CdpkJson *json)
{
	json->at = cdpk_json_skip_space(json->at, json->end);
}

/* Return where the first byte is that is a quote, a backslash or a control character, or the end. */
static const char *
skip_plain(const char *at, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t highs = ones * 0x80;

	/* eight bytes at a time: the difference borrows from the high bit of a byte that is less */
	for (; end - at >= 8; at += 8)
	{
		uint64_t bytes;
		uint64_t quotes;
		uint64_t backslashes;

		memcpy(&bytes, at, sizeof(bytes));
		quotes = bytes ^ (ones * '"');
		backslashes = bytes ^ (ones * '\\');
		if ((((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes) |
			 ((bytes - ones * 0x20) & ~bytes)) &
			highs)
			break;
	}
	while (at < end && *at != '"' && *at != '\\' && (unsigned char) *at >= 0x20)
		at++;
	return at;
}

/* Pass decimal digits and return how many there were. */
static size_t
skip_digits(CdpkJson *json)
{
	const char *start = json->at;

	while (json->at < json->end && cdpk_is_ascii_digit(*json->at))
		json->at++;
	return (size_t) (json->at - start);
}

/* Return whether the innermost open container is an object. */
static bool
in_object(const CdpkJson *json)
{
	return (json->objects >> (json->depth - 1)) & 1;
}

/* Return a token that completes a value. */
static CdpkJsonToken
value_read(CdpkJson *json, CdpkJsonToken token)
{
	json->expected = json->depth > 0 ? EXPECT_COMMA : EXPECT_END;
	return token;
}

/* Pass the bracket that opens an object or array. */
static CdpkJsonToken
open_container(CdpkJson *json, bool object)
{
	uint64_t bit;

	if (json->depth == CDPK_JSON_DEPTH_MAX)
		return invalid(json, "nested too deeply");
	bit = UINT64_C(1) << json->depth++;
	json->objects = object ? json->objects | bit : json->objects & ~bit;
	json->expected = object ? EXPECT_FIRST_KEY : EXPECT_FIRST_ELEMENT;
	json->at++;
	return object ? CDPK_JSON_OBJECT : CDPK_JSON_ARRAY;
}

/* Pass the bracket that closes the innermost container. */
static CdpkJsonToken
close_container(CdpkJson *json)
{
	CdpkJsonToken token = in_object(json) ? CDPK_JSON_OBJECT_END : CDPK_JSON_ARRAY_END;

	json->depth--;
	json->at++;
	return value_read(json, token);
}

/* Read the four digits of a \u escape at "at"; false if there are not four. */
static bool
read_hex(const char *at, const char *end, uint32_t *code)
{
	*code = 0;
	if (end - at < 4)
		return false;
	for (int i = 0; i < 4; i++)
	{
		char byte = cdpk_ascii_lower(at[i]);

		if (cdpk_is_ascii_digit(byte))
			*code = *code * 16 + (uint32_t) (byte - '0');
		else if (byte >= 'a' && byte <= 'f')
			*code = *code * 16 + (uint32_t) (byte - 'a' + 10);
		else
			return false;
	}
	return true;
}

/*
 * Read what follows "\u", a second escape for the other half of a pair
 * included.  Move *at after it and return NULL, or the problem.
 */
static const char *
read_unicode_escape(const char **at, const char *end, uint32_t *code)
{
	uint32_t low;

	if (!read_hex(*at, end, code))
		return "an escape \\u without four hexadecimal digits";
	*at += 4;
	if (*code == 0)
		return "the escape \\u0000, which text cannot hold";
	if (*code < 0xd800 || *code > 0xdfff)
		return NULL;
	if (*code >= 0xdc00 || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u' ||
		!read_hex(*at + 2, end, &low) || low < 0xdc00 || low > 0xdfff)
		return "half of a surrogate pair";
	*at += 6;
	*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
	return NULL;
}

/*
 * Read an escape whose backslash is at *at; move *at after it, give the character
 * and return NULL, or the problem.
 */
static const char *
read_escape(const char **at, const char *end, uint32_t *code)
{
	static const char names[] = "\"\\/bfnrt";
	static const char characters[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (end - *at < 2)
		return "a string without an end";
	if ((*at)[1] == 'u')
	{
		*at += 2;
		return read_unicode_escape(at, end, code);
	}
	name = (*at)[1] != '\0' ? strchr(names, (*at)[1]) : NULL;
	if (name == NULL)
		return "an escape that JSON does not have";
	*at += 2;
	*code = (uint32_t) characters[name - names];
	return NULL;
}

/* Pass a string from its opening to its closing quote; false if it has none. */
static bool
read_string(CdpkJson *json)
{
	const char *at;
	uint32_t code;

	json->escaped = false;
	json->string.text = ++json->at;
	for (json->at = skip_plain(json->at, json->end); !is_next(json, '"');
		 json->at = skip_plain(at, json->end))
	{
		at = json->at;
		if (at == json->end)
			json->problem = "a string without an end";
		else if (*at != '\\')
			json->problem = "a control character in a string";
		else
		{
			json->escaped = true;
			json->problem = read_escape(&at, json->end, &code);
		}
		if (json->problem != NULL)
			return false;
	}
	json->string.length = (size_t) (json->at - json->string.text);
	json->at++;
	return true;
}

/* Pass the part of a number after its "e"; returns the problem or NULL. */
static const char *
read_exponent(CdpkJson *json)
{
	int exponent = 0;

	if (is_next(json, '+') || is_next(json, '-'))
		json->at++;
	if (json->at == json->end || !cdpk_is_ascii_digit(*json->at))
		return "a number without digits in its exponent";
	for (; json->at < json->end && cdpk_is_ascii_digit(*json->at); json->at++)
	{
		exponent = exponent * 10 + (*json->at - '0');
		if (exponent > CDPK_JSON_EXPONENT_MAX)
			return "a number with too large an exponent";
	}
	return NULL;
}

/* Pass a number; what may follow it is for the next token to see. */
static CdpkJsonToken
read_number(CdpkJson *json)
{
	size_t digits;
	size_t decimals;

	if (is_next(json, '-'))
		json->at++;
	if (is_next(json, '0'))
	{
		json->at++;
		digits = 1;
	}
	else
		digits = skip_digits(json);
	if (digits == 0)
		return invalid(json, "a minus sign without a number");
	if (is_next(json, '.'))
	{
		json->at++;
		decimals = skip_digits(json);
		if (decimals == 0)
			return invalid(json, "a number without digits after its point");
		digits += decimals;
	}
	if (is_next(json, 'e') || is_next(json, 'E'))
	{
		json->at++;
		json->problem = read_exponent(json);
		if (json->problem != NULL)
			return CDPK_JSON_INVALID;
	}
	if (digits > CDPK_JSON_DIGITS_MAX)
		return invalid(json, "a number with too many digits");
	return value_read(json, CDPK_JSON_NUMBER);
}

/* Pass true, false or null. */
static CdpkJsonToken
read_word(CdpkJson *json)
{
	static const struct
	{
		const char *word;
		size_t length;
		CdpkJsonToken token;
	} words[] = {
		{"true", 4, CDPK_JSON_TRUE}, {"false", 5, CDPK_JSON_FALSE}, {"null", 4, CDPK_JSON_NULL}};

	for (int i = 0; i < 3; i++)
		if ((size_t) (json->end - json->at) >= words[i].length &&
			memcmp(json->at, words[i].word, words[i].length) == 0)
		{
			json->at += words[i].length;
			return value_read(json, words[i].token);
		}
	return invalid(json, "no value where one is expected");
}

/* Pass a scalar, or the bracket that opens a container. */
static CdpkJsonToken
read_value(CdpkJson *json)
{
	char byte = *json->at;

	if (byte == '{' || byte == '[')
		return open_container(json, byte == '{');
	if (byte == '"')
		return read_string(json) ? value_read(json, CDPK_JSON_STRING) : CDPK_JSON_INVALID;
	if (byte == '-' || cdpk_is_ascii_digit(byte))
		return read_number(json);
	return read_word(json);
}

/* Pass a key and its colon. */
static CdpkJsonToken
read_key(CdpkJson *json)
{
	if (!is_next(json, '"'))
		return invalid(json, "no key where one is expected");
	if (!read_string(json))
		return CDPK_JSON_INVALID;
	skip_space(json);
	if (!is_next(json, ':'))
		return invalid(json, "no colon after a key");
	json->at++;
	json->expected = EXPECT_VALUE;
	return CDPK_JSON_KEY;
}

/* Pass a comma and what follows it, or the end of the container. */
static CdpkJsonToken
read_next_member(CdpkJson *json)
{
	if (is_next(json, in_object(json) ? '}' : ']'))
		return close_container(json);
	if (!is_next(json, ','))
		return invalid(json, in_object(json) ? "neither a comma nor the end of the object"
											 : "neither a comma nor the end of the array");
	json->at++;
	skip_space(json);
	json->token = json->at;
	if (json->at == json->end)
		return invalid(json, "the text ends within a document");
	return in_object(json) ? read_key(json) : read_value(json);
}

CdpkJson
cdpk_json(const char *text, size_t length)
{
	CdpkJson json = {0};

	json.start = json.at = json.token = text;
	json.end = text + length;
	json.expected = EXPECT_VALUE;
	return json;
}

CdpkJsonToken
cdpk_json_next(CdpkJson *json)
{
	if (json->problem != NULL)
		return CDPK_JSON_INVALID;
	skip_space(json);
	json->token = json->at;
	if (json->expected == EXPECT_END)
		return json->at == json->end ? CDPK_JSON_END
									 : invalid(json, "text after the end of the document");
	if (json->at == json->end)
		return invalid(json, "the text ends within a document");
	switch (json->expected)
	{
		case EXPECT_FIRST_KEY:
			return is_next(json, '}') ? close_container(json) : read_key(json);
		case EXPECT_FIRST_ELEMENT:
			return is_next(json, ']') ? close_container(json) : read_value(json);
		case EXPECT_COMMA:
			return read_next_member(json);
		default:
			return read_value(json);
	}
}

/* Pass over a value: a container is complete when the scanner is as deep again as before it. */
CdpkJsonToken
cdpk_json_value(CdpkJson *json, CdpkSpan *value)
{
	unsigned depth = json->depth;
	CdpkJsonToken first = cdpk_json_next(json);
	CdpkJsonToken token = first;

	if (first == CDPK_JSON_KEY || first == CDPK_JSON_END || json->depth < depth)
		return invalid(json, "no value where one is expected");
	value->text = json->token;
	while (token != CDPK_JSON_INVALID && json->depth > depth)
		token = cdpk_json_next(json);
	value->length = (size_t) (json->at - value->text);
	return token == CDPK_JSON_INVALID ? token : first;
}

/* Write a character that is neither 0 nor a surrogate. */
static char *
write_utf8(char *at, uint32_t code)
{
	if (code < 0x80)
		*at++ = (char) code;
	else if (code < 0x800)
		*at++ = (char) (0xc0 | (code >> 6));
	else if (code < 0x10000)
	{
		*at++ = (char) (0xe0 | (code >> 12));
		*at++ = (char) (0x80 | ((code >> 6) & 0x3f));
	}
	else
	{
		*at++ = (char) (0xf0 | (code >> 18));
		*at++ = (char) (0x80 | ((code >> 12) & 0x3f));
		*at++ = (char) (0x80 | ((code >> 6) & 0x3f));
	}
	if (code >= 0x80)
		*at++ = (char) (0x80 | (code & 0x3f));
	return at;
}

/* Replace the escapes: one of 2 or 6 bytes gives 1 or up to 3, a pair of 12 gives 4. */
size_t
cdpk_json_unescape(CdpkSpan string, char *result)
{
	const char *at = string.text;
	const char *end = string.text + string.length;
	char *out = result;
	uint32_t code;

	while (at < end)
	{
		if (*at != '\\')
			*out++ = *at++;
		else if (read_escape(&at, end, &code) == NULL)
			out = write_utf8(out, code);
		else
			break; /* not of a valid document */
	}
	return (size_t) (out - result);
}

/* Read an integer of up to eighteen digits, which always fit. */
bool
cdpk_json_small_integer(CdpkSpan number, int64_t *value)
{
	bool negative = number.length > 0 && number.text[0] == '-';
	size_t first = negative ? 1 : 0;

	if (number.length == first || number.length - first > 18)
		return false;
	*value = 0;
	for (size_t i = first; i < number.length; i++)
	{
		if (!cdpk_is_ascii_digit(number.text[i]))
			return false;
		*value = *value * 10 + (number.text[i] - '0');
	}
	if (negative)
		*value = -*value;
	return true;
}

/* Find the first byte that is not UTF-8, or a NUL. */
static CdpkStatus
check_encoding(const char *text, size_t length, size_t *position)
{
	const char *at = text;
	const char *end = text + length;
	uint32_t character;
	bool ascii;

	if (cdpk_utf8_check(text, length, &ascii) == CDPK_OK)
		return CDPK_OK;
	while (at < end && *at != '\0')
	{
		size_t bytes = cdpk_utf8_decode(at, end, &character);

		if (bytes == 0)
			break;
		at += bytes;
	}
	*position = (size_t) (at - text) + 1;
	return CDPK_BAD_ENCODING;
}

CdpkStatus
cdpk_json_check(const char *text, size_t length, const char **problem, size_t *position)
{
	CdpkJson json = cdpk_json(text, length);
	CdpkJsonToken token;

	if (length > CDPK_JSON_SIZE_MAX)
	{
		*problem = "too long";
		*position = CDPK_JSON_SIZE_MAX + 1;
		return CDPK_TOO_LONG;
	}
	*problem = "not UTF-8";
	if (check_encoding(text, length, position) != CDPK_OK)
		return CDPK_BAD_ENCODING;
	do
		token = cdpk_json_next(&json);
	while (token != CDPK_JSON_END && token != CDPK_JSON_INVALID);
	*problem = json.problem;
	*position = (size_t) (json.at - json.start) + 1;
	return token == CDPK_JSON_END ? CDPK_OK : CDPK_INVALID;
}

/* Return what follows the closing quote of the string at "at"; NULL: it has none. */
static const char *
skip_quoted(const char *at, const char *end)
{
	for (at = skip_plain(at + 1, end); at < end && *at != '"'; at = skip_plain(at + 1, end))
		if (*at == '\\' && ++at == end)
			return NULL;
	return at < end ? at + 1 : NULL;
}

const char *
cdpk_json_skip(const char *at, const char *end)
{
	const char *start = at;
	size_t depth = 0;

	while (at != NULL && at < end)
	{
		char byte = *at;

		if (byte == '"')
			at = skip_quoted(at, end);
		else if (depth == 0 && (byte == ',' || byte == ':' || byte == '}' || byte == ']'))
			return at == start ? NULL : at;
		else
		{
			if (byte == '{' || byte == '[')
				depth++;
			else if (byte == '}' || byte == ']')
				depth--;
			at++;
		}
		if (depth == 0 && at != NULL && (byte == '"' || byte == '}' || byte == ']'))
			return at;
	}
	return at == NULL || depth > 0 || at == start ? NULL : at;
}
