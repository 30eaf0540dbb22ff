/*
 * value.c
 *		Canonical JSON values: their two orders, and the check of untrusted bytes.
 */
#include "core/text/value.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/text/digits.h"
#include "core/text/utf8.h"

/* bytes whose escape is a letter, and the letters */
static const char escaped[] = "\"\\\b\f\n\r\t";
static const char letters[] = "\"\\bfnrt";

size_t
cdpk_value_escape(uint8_t byte, uint8_t escape[6])
{
	static const char hex[] = "0123456789abcdef";
	const char *found;

	if (byte >= 0x20 && byte != '"' && byte != '\\')
		return 0;
	escape[0] = '\\';
	found = byte ? strchr(escaped, byte) : NULL;
	if (found)
	{
		escape[1] = (uint8_t) letters[found - escaped];
		return 2;
	}
	memcpy(escape + 1, "u00", 3);
	escape[4] = (uint8_t) hex[byte >> 4];
	escape[5] = (uint8_t) hex[byte & 15];
	return 6;
}

static bool
is_number_byte(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || byte == '-' || byte == '.';
}

/* Measure the number at the start of the text; 0 if there is none. */
static size_t
number_length(const uint8_t *text, size_t length)
{
	size_t n = 0;

	while (n < length && is_number_byte(text[n]))
		n++;
	return n;
}

/*
 * Order two canonical texts by their bytes, except that two
 * numbers at the same place are compared by value.
 */
static int
compare_containers(const CdpkValue *a, const CdpkValue *b)
{
	size_t i = 0;
	size_t j = 0;
	bool in_string = false;
	bool escaped = false;

	while (i < a->length && j < b->length)
	{
		uint8_t byte = a->bytes[i];
		size_t n = in_string ? 0 : number_length(a->bytes + i, a->length - i);
		size_t m = n == 0 ? 0 : number_length(b->bytes + j, b->length - j);

		if (m > 0)
		{
			int order = cdpk_digits_compare(a->bytes + i, n, b->bytes + j, m);

			if (order != 0)
				return order;
			i += n;
			j += m;
			continue;
		}
		if (byte != b->bytes[j])
			return byte < b->bytes[j] ? -1 : 1;
		if (byte == '"' && !escaped)
			in_string = !in_string;
		escaped = in_string && byte == '\\' && !escaped;
		i++;
		j++;
	}
	return i < a->length ? 1 : (j < b->length ? -1 : 0);
}

int
cdpk_value_compare(const CdpkValue *a, const CdpkValue *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	switch (a->type)
	{
		case CDPK_VALUE_NUMBER:
			return cdpk_digits_compare(a->bytes, a->length, b->bytes, b->length);
		case CDPK_VALUE_STRING:
			return cdpk_compare_bytes(a->bytes, a->length, b->bytes, b->length);
		case CDPK_VALUE_ARRAY:
		case CDPK_VALUE_OBJECT:
			return compare_containers(a, b);
		default:
			return 0;
	}
}

/* Find the byte that a value's text begins with; no two types share one. */
static uint8_t
first_byte(const CdpkValue *value)
{
	static const uint8_t first[] = {'n', 'f', 't', '0', '"', '[', '{'};

	return value->type == CDPK_VALUE_NUMBER && value->length > 0 ? value->bytes[0]
																 : first[value->type];
}

/*
 * Write how the string's text goes on at a place: an escape, the byte,
 * or the closing quote.
 */
static size_t
printed_at(const CdpkValue *string, size_t place, uint8_t printed[6])
{
	size_t length = 1;

	if (place == string->length)
		printed[0] = '"';
	else if ((length = cdpk_value_escape(string->bytes[place], printed)) == 0)
	{
		printed[0] = string->bytes[place];
		length = 1;
	}
	return length;
}

/* Order two strings as their quoted and escaped texts. */
static int
compare_strings(const CdpkValue *a, const CdpkValue *b)
{
	size_t common = a->length < b->length ? a->length : b->length;
	size_t i = 0;
	uint8_t left[6];
	uint8_t right[6];
	size_t left_length;
	size_t right_length;

	while (i < common && a->bytes[i] == b->bytes[i])
		i++;
	if (i == a->length && i == b->length)
		return 0;
	left_length = printed_at(a, i, left);
	right_length = printed_at(b, i, right);
	return cdpk_compare_bytes(left, left_length, right, right_length);
}

int
cdpk_value_compare_text(const CdpkValue *a, const CdpkValue *b)
{
	uint8_t left = first_byte(a);
	uint8_t right = first_byte(b);

	if (left != right)
		return left < right ? -1 : 1;
	if (a->type == CDPK_VALUE_STRING)
		return compare_strings(a, b);
	return cdpk_compare_bytes(a->bytes, a->length, b->bytes, b->length);
}

size_t
cdpk_value_depth(const uint8_t *text, size_t length)
{
	size_t depth = 0;
	size_t deepest = 0;
	bool in_string = false;

	for (size_t i = 0; i < length; i++)
	{
		uint8_t byte = text[i];

		if (in_string && byte == '\\')
			i++;
		else if (byte == '"')
			in_string = !in_string;
		else if (!in_string && (byte == '[' || byte == '{'))
		{
			depth++;
			deepest = depth > deepest ? depth : deepest;
		}
		else if (!in_string && (byte == ']' || byte == '}'))
			depth--;
	}
	return deepest;
}

bool
cdpk_value_text_valid(const uint8_t *bytes, size_t length)
{
	bool ascii;

	return cdpk_utf8_check((const char *) bytes, length, &ascii) == CDPK_OK;
}

/* a string inside a text: where it stands, and how many bytes it has without escapes */
typedef struct QuotedString
{
	const uint8_t *start;
	const uint8_t *end;
	size_t length;
} QuotedString;

/* Read a lower-case hexadecimal digit. */
static uint8_t
take_hex(CdpkReader *reader)
{
	uint8_t digit = cdpk_read_u8(reader);

	if (digit >= '0' && digit <= '9')
		return (uint8_t) (digit - '0');
	if (digit < 'a' || digit > 'f')
		reader->failed = true;
	return (uint8_t) (digit - 'a' + 10);
}

/* Read one byte of a quoted string, taking back its escape; fails where it has none. */
static uint8_t
take_byte(CdpkReader *reader)
{
	const uint8_t *start = reader->at;
	uint8_t byte = cdpk_read_u8(reader);
	uint8_t letter;
	uint8_t escape[6];
	const char *found;

	if (reader->failed || byte != '\\')
	{
		reader->failed |= byte < 0x20;
		return byte;
	}
	letter = cdpk_read_u8(reader);
	found = letter ? strchr(letters, letter) : NULL;
	if (found)
		return (uint8_t) escaped[found - letters];
	/* the one other escape that is canonical is \u00.. of a control character without a letter */
	cdpk_read_bytes(reader, 2);
	byte = (uint8_t) (take_hex(reader) << 4);
	byte |= take_hex(reader);
	if (reader->failed || byte == 0 || cdpk_value_escape(byte, escape) != 6 ||
		memcmp(start, escape, 6) != 0)
		reader->failed = true;
	return byte;
}

/* Read a quoted string. */
static QuotedString
check_string(CdpkReader *reader)
{
	QuotedString string = {0};

	if (cdpk_read_u8(reader) != '"')
		reader->failed = true;
	string.start = reader->at;
	while (!reader->failed && !(cdpk_left(reader) > 0 && *reader->at == '"'))
	{
		take_byte(reader);
		string.length++;
	}
	string.end = reader->at;
	cdpk_read_u8(reader);
	if (!reader->failed &&
		!cdpk_value_text_valid(string.start, (size_t) (string.end - string.start)))
		reader->failed = true;
	return string;
}

/* Return whether two keys stand in jsonb's order: by length, then by bytes. */
static bool
keys_ascend(const QuotedString *a, const QuotedString *b)
{
	CdpkReader left = cdpk_reader(a->start, (size_t) (a->end - a->start));
	CdpkReader right = cdpk_reader(b->start, (size_t) (b->end - b->start));

	if (a->length != b->length)
		return a->length < b->length;
	while (cdpk_left(&left) > 0)
	{
		uint8_t x = take_byte(&left);
		uint8_t y = take_byte(&right);

		if (x != y)
			return x < y;
	}
	return false;
}

static void check_value(CdpkReader *reader, size_t depth);

/* Read exactly these characters. */
static void
take_literal(CdpkReader *reader, const char *literal)
{
	const uint8_t *bytes = cdpk_read_bytes(reader, strlen(literal));

	if (bytes == NULL || memcmp(bytes, literal, strlen(literal)) != 0)
		reader->failed = true;
}

/* Read what follows an element: ", " (true) or the closing bracket (false). */
static bool
take_separator(CdpkReader *reader, uint8_t close)
{
	uint8_t byte = cdpk_read_u8(reader);

	if (byte == ',')
	{
		take_literal(reader, " ");
		return !reader->failed;
	}
	if (byte != close)
		reader->failed = true;
	return false;
}

/* Read an array; the bracket has been read. */
static void
check_array(CdpkReader *reader, size_t depth)
{
	if (cdpk_left(reader) > 0 && *reader->at == ']')
	{
		reader->at++;
		return;
	}
	do
		check_value(reader, depth);
	while (!reader->failed && take_separator(reader, ']'));
}

/* Read an object, whose keys ascend; the brace has been read. */
static void
check_object(CdpkReader *reader, size_t depth)
{
	QuotedString previous = {0};

	if (cdpk_left(reader) > 0 && *reader->at == '}')
	{
		reader->at++;
		return;
	}
	do
	{
		QuotedString key = check_string(reader);

		if (reader->failed || (previous.start && !keys_ascend(&previous, &key)))
			reader->failed = true;
		take_literal(reader, ": ");
		check_value(reader, depth);
		previous = key;
	} while (!reader->failed && take_separator(reader, '}'));
}

/* Read any value; depth is how many containers may still open. */
static void
check_value(CdpkReader *reader, size_t depth)
{
	uint8_t byte = cdpk_left(reader) > 0 && !reader->failed ? *reader->at : 0;
	size_t length;

	switch (byte)
	{
		case 'n':
			take_literal(reader, "null");
			break;
		case 'f':
			take_literal(reader, "false");
			break;
		case 't':
			take_literal(reader, "true");
			break;
		case '"':
			check_string(reader);
			break;
		case '[':
		case '{':
			reader->at++;
			if (depth == 0)
				reader->failed = true;
			else if (byte == '[')
				check_array(reader, depth - 1);
			else
				check_object(reader, depth - 1);
			break;
		default:
			length = reader->failed ? 0 : number_length(reader->at, cdpk_left(reader));
			if (!cdpk_digits_valid(reader->at, length))
				reader->failed = true;
			else
				reader->at += length;
	}
}

CdpkStatus
cdpk_value_check(const CdpkValue *value)
{
	CdpkReader reader = cdpk_reader(value->bytes, value->length);
	bool good = false;

	switch (value->type)
	{
		case CDPK_VALUE_NULL:
		case CDPK_VALUE_FALSE:
		case CDPK_VALUE_TRUE:
			good = value->length == 0;
			break;
		case CDPK_VALUE_NUMBER:
			good = cdpk_digits_valid(value->bytes, value->length);
			break;
		case CDPK_VALUE_STRING:
			good = cdpk_value_text_valid(value->bytes, value->length);
			break;
		case CDPK_VALUE_ARRAY:
		case CDPK_VALUE_OBJECT:
			check_value(&reader, CDPK_VALUE_DEPTH_MAX);
			good = !reader.failed && cdpk_left(&reader) == 0 &&
				   value->bytes[0] == (value->type == CDPK_VALUE_ARRAY ? '[' : '{');
			break;
	}
	return good ? CDPK_OK : CDPK_CORRUPT;
}
