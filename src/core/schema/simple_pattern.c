/*
 * simple_pattern.c
 *		Patterns that one walk through a text decides.
 */
#include "core/schema/simple_pattern.h"

#include <string.h>

#include "core/text/utf8.h"

#define ASCII_MAX 127
#define CHARACTER_MAX 0x10ffff
#define REPEAT_OPEN UINT32_MAX

typedef struct Reading
{
	const char *at;
	const char *end;
} Reading;

/* ---------------------------------------------------------------- sets */

/* Add a range to a set; false where it has too many. */
static bool
add(CdpkSimpleItem *item, uint32_t first, uint32_t last)
{
	for (uint32_t character = first; character <= last && character <= ASCII_MAX; character++)
		item->ascii[character / 64] |= UINT64_C(1) << character % 64;
	if (last <= ASCII_MAX)
		return true;
	if (item->ranges == CDPK_SIMPLE_RANGES_MAX)
		return false;
	item->beyond[item->ranges].first = first > ASCII_MAX ? first : ASCII_MAX + 1;
	item->beyond[item->ranges++].last = last;
	return true;
}

/* Replace a set, whose ranges ascend, by all that is not in it. */
static bool
complement(CdpkSimpleItem *item)
{
	CdpkSimpleItem other = {{~item->ascii[0], ~item->ascii[1]}, {{0, 0}}, 0, 0, 0};
	uint32_t from = ASCII_MAX + 1;

	for (uint32_t i = 0; i < item->ranges; i++)
	{
		if (item->beyond[i].first < from)
			return false;
		if (item->beyond[i].first > from && !add(&other, from, item->beyond[i].first - 1))
			return false;
		from = item->beyond[i].last + 1;
	}
	if (from <= CHARACTER_MAX && !add(&other, from, CHARACTER_MAX))
		return false;
	*item = other;
	return true;
}

/* Return whether two sets have a character in common. */
static bool
overlap(const CdpkSimpleItem *a, const CdpkSimpleItem *b)
{
	if ((a->ascii[0] & b->ascii[0]) != 0 || (a->ascii[1] & b->ascii[1]) != 0)
		return true;
	for (uint32_t i = 0; i < a->ranges; i++)
		for (uint32_t j = 0; j < b->ranges; j++)
			if (a->beyond[i].first <= b->beyond[j].last && b->beyond[j].first <= a->beyond[i].last)
				return true;
	return false;
}

/* Return whether a set has a character. */
static inline bool
has(const CdpkSimpleItem *item, uint32_t character)
{
	if (character <= ASCII_MAX)
		return (item->ascii[character / 64] >> character % 64 & 1) != 0;
	for (uint32_t i = 0; i < item->ranges; i++)
		if (character >= item->beyond[i].first && character <= item->beyond[i].last)
			return true;
	return false;
}

/* ---------------------------------------------------------------- reading */

/* Read hexadecimal digits of an escape. */
static bool
read_hexadecimal(Reading *reading, int digits, uint32_t *character)
{
	*character = 0;
	if (reading->end - reading->at < digits)
		return false;
	for (int i = 0; i < digits; i++)
	{
		char digit = *reading->at++;

		if (!cdpk_is_ascii_digit(digit) && (digit < 'a' || digit > 'f'))
			return false;
		*character = *character * 16 + (uint32_t) (digit <= '9' ? digit - '0' : digit - 'a' + 10);
	}
	return true;
}

/* Read a character that stands for itself, as put_character of ecma_regex.c writes it. */
static bool
read_character(Reading *reading, uint32_t *character)
{
	char byte = reading->at < reading->end ? *reading->at++ : '.';

	*character = (uint32_t) (uint8_t) byte;
	if (byte != '\\')
		return cdpk_is_ascii_letter(byte) || cdpk_is_ascii_digit(byte) || byte == '_';
	if (reading->at == reading->end)
		return false;
	byte = *reading->at++;
	*character = (uint32_t) (uint8_t) byte;
	if (byte == 'u' || byte == 'U')
		return read_hexadecimal(reading, byte == 'u' ? 4 : 8, character);
	/* \y and \Y are no characters */
	return !cdpk_is_ascii_letter(byte);
}

/* Read a class, from after its bracket on. */
static bool
read_class(Reading *reading, CdpkSimpleItem *item)
{
	bool negated = reading->at < reading->end && *reading->at == '^';

	reading->at += negated;
	while (reading->at < reading->end && *reading->at != ']')
	{
		uint32_t first;
		uint32_t last;

		if (!read_character(reading, &first))
			return false;
		last = first;
		if (reading->at < reading->end && *reading->at == '-')
		{
			reading->at++;
			if (!read_character(reading, &last))
				return false;
		}
		if (!add(item, first, last))
			return false;
	}
	if (reading->at == reading->end)
		return false;
	reading->at++;
	return !negated || complement(item);
}

/* Read a number of a quantifier; *number stays as it is where there is none. */
static bool
read_number(Reading *reading, uint32_t *number)
{
	const char *start = reading->at;
	uint32_t value = 0;

	while (reading->at < reading->end && cdpk_is_ascii_digit(*reading->at) &&
		   reading->at - start < 6)
		value = value * 10 + (uint32_t) (*reading->at++ - '0');
	if (reading->at > start)
		*number = value;
	return reading->at > start;
}

/* Read a quantifier, where there is one. */
static bool
read_quantifier(Reading *reading, CdpkSimpleItem *item)
{
	char byte = reading->at < reading->end ? *reading->at : '\0';

	item->least = item->most = 1;
	if (byte == '*' || byte == '+')
	{
		reading->at++;
		item->least = byte == '+';
		item->most = REPEAT_OPEN;
	}
	if (byte != '{')
		return true;
	reading->at++;
	if (!read_number(reading, &item->least) || reading->at == reading->end)
		return false;
	item->most = item->least;
	if (*reading->at == ',')
	{
		reading->at++;
		item->most = REPEAT_OPEN;
		read_number(reading, &item->most);
	}
	return reading->at < reading->end && *reading->at++ == '}';
}

/* Return whether what an item may go on to take, none of those that may come next does. */
static bool
one_way(const CdpkSimplePattern *simple, uint32_t i)
{
	const CdpkSimpleItem *item = &simple->item[i];

	if (item->least == item->most)
		return true;
	while (++i < simple->items)
	{
		if (overlap(item, &simple->item[i]))
			return false;
		if (simple->item[i].least > 0)
			break;
	}
	return true;
}

bool
cdpk_simple_pattern_read(const char *pattern, size_t length, CdpkSimplePattern *simple)
{
	Reading reading;

	simple->items = 0;
	simple->whole = false;
	if (length == 0 || *pattern != '^')
		return false;
	reading = (Reading){pattern + 1, pattern + length};
	while (reading.at < reading.end && !simple->whole)
	{
		CdpkSimpleItem *item = &simple->item[simple->items];
		uint32_t character;

		if (*reading.at == '$')
		{
			reading.at++;
			simple->whole = true;
			continue;
		}
		if (simple->items == CDPK_SIMPLE_ITEMS_MAX)
			return false;
		memset(item, 0, sizeof(*item));
		if (*reading.at == '[')
		{
			reading.at++;
			if (!read_class(&reading, item))
				return false;
		}
		else if (!read_character(&reading, &character) || !add(item, character, character))
			return false;
		if (!read_quantifier(&reading, item))
			return false;
		simple->items++;
	}
	for (uint32_t i = 0; i < simple->items; i++)
		if (!one_way(simple, i))
			return false;
	return reading.at == reading.end;
}

/* ---------------------------------------------------------------- matching */

bool
cdpk_simple_pattern_matches(const CdpkSimplePattern *simple, const char *text, size_t length)
{
	const char *at = text;
	const char *end = text + length;

	for (uint32_t i = 0; i < simple->items; i++)
	{
		const CdpkSimpleItem *item = &simple->item[i];
		uint32_t count = 0;

		while (count < item->most && at < end)
		{
			uint32_t character = (uint8_t) *at;
			size_t size = character <= ASCII_MAX ? 1 : cdpk_utf8_decode(at, end, &character);

			if (!has(item, character))
				break;
			at += size;
			count++;
		}
		if (count < item->least)
			return false;
	}
	return !simple->whole || at == end;
}
