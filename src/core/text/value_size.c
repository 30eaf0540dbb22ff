/*
 * value_size.c
 *		How much room a JSON value takes where it is shown: as text, and as jsonb.
 */
#include "core/text/value_size.h"

#include "core/base/bytes.h"
#include "core/text/digits.h"

/* what jsonb has for each element, key and container beside their bytes */
#define JSONB_ENTRY 4
#define JSONB_HEAD 4

/* numbers of the server's numeric: header, short header, digits to a group, bytes of a group */
#define NUMERIC_HEAD 8
#define NUMERIC_SHORT_HEAD 6
#define NUMERIC_SHORT_WHOLE 256
#define NUMERIC_SHORT_FRACTION 63
#define NUMERIC_GROUP 4
#define NUMERIC_GROUP_SIZE 2

/* Round up to what jsonb aligns numbers and containers to. */
static size_t
aligned(size_t size)
{
	return (size + 3) & ~(size_t) 3;
}

/* Bound the bytes of a number in jsonb. */
static size_t
numeric_size(const uint8_t *text, size_t length)
{
	size_t whole;
	size_t fraction;
	size_t groups;

	cdpk_digits_count(text, length, &whole, &fraction);
	if (whole == 1 && text[length > 1 && text[0] == '-'] == '0')
		whole = 0;
	groups = (whole + NUMERIC_GROUP - 1) / NUMERIC_GROUP +
			 (fraction + NUMERIC_GROUP - 1) / NUMERIC_GROUP;
	return groups * NUMERIC_GROUP_SIZE +
		   (whole <= NUMERIC_SHORT_WHOLE && fraction <= NUMERIC_SHORT_FRACTION ? NUMERIC_SHORT_HEAD
																			   : NUMERIC_HEAD);
}

/* Pass over a quoted string, and count its bytes without escapes. */
static size_t
take_string(CdpkReader *reader)
{
	size_t length = 0;

	cdpk_read_u8(reader);
	for (; !reader->failed && cdpk_left(reader) > 0 && *reader->at != '"'; length++)
	{
		if (cdpk_read_u8(reader) == '\\' && cdpk_read_u8(reader) == 'u')
			cdpk_read_bytes(reader, 4);
	}
	cdpk_read_u8(reader);
	return length;
}

/* Pass over a number, and bound its bytes. */
static size_t
take_number(CdpkReader *reader)
{
	const uint8_t *start = reader->at;

	while (cdpk_left(reader) > 0 &&
		   (*reader->at == '-' || *reader->at == '.' || (*reader->at >= '0' && *reader->at <= '9')))
		reader->at++;
	return numeric_size(start, (size_t) (reader->at - start));
}

/* Pass over the next item of a container, and bound its bytes in jsonb. */
static size_t
take_item(CdpkReader *reader)
{
	uint8_t byte = *reader->at;

	switch (byte)
	{
		case '"':
			return JSONB_ENTRY + aligned(take_string(reader));
		case '[':
		case '{':
			reader->at++;
			return JSONB_ENTRY + JSONB_HEAD;
		case 'n':
		case 't':
		case 'f':
			while (cdpk_left(reader) > 0 && *reader->at >= 'a' && *reader->at <= 'z')
				reader->at++;
			return JSONB_ENTRY;
		default:
			if (byte == '-' || (byte >= '0' && byte <= '9'))
				return JSONB_ENTRY + aligned(take_number(reader));
			/* blanks, separators, what closes */
			reader->at++;
			return 0;
	}
}

/* Bound the bytes of an array or object in jsonb. */
static size_t
container_size(const uint8_t *text, size_t length)
{
	CdpkReader reader = cdpk_reader(text, length);
	size_t size = 0;

	while (!reader.failed && cdpk_left(&reader) > 0)
		size += take_item(&reader);
	return size;
}

/* Count the bytes of a string with its escapes. */
static size_t
string_size(const uint8_t *bytes, size_t length)
{
	size_t size = length;
	uint8_t escape[6];

	for (size_t i = 0; i < length; i++)
	{
		size_t escaped = cdpk_value_escape(bytes[i], escape);

		if (escaped > 0)
			size += escaped - 1;
	}
	return size;
}

size_t
cdpk_value_size(const CdpkValue *value)
{
	size_t size = value->length;

	switch (value->type)
	{
		case CDPK_VALUE_STRING:
			return string_size(value->bytes, value->length);
		case CDPK_VALUE_ARRAY:
		case CDPK_VALUE_OBJECT:
			size = container_size(value->bytes, value->length);
			return size > value->length ? size : value->length;
		default:
			return size;
	}
}
