/*
 * utf8.c
 *		Reading UTF-8 that may be anything: decoding, checking, trimming.
 */
#include <string.h>

#include "core/text/utf8.h"

/* Read one character; the smallest one of each length excludes overlong forms. */
size_t
cdpk_utf8_decode(const char *at, const char *end, uint32_t *character)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t lead;
	size_t size;
	uint32_t value;

	if (at >= end)
		return 0;
	lead = (uint8_t) *at;
	if (lead < 0x80)
	{
		*character = lead;
		return 1;
	}
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if ((size_t) (end - at) < size)
		return 0;
	value = lead & (0x7fU >> size);
	for (size_t i = 1; i < size; i++)
	{
		uint8_t byte = (uint8_t) at[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (byte & 0x3f);
	}
	if (value < smallest[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return size;
}

/* Return where the first eight bytes are that have a null byte or one that is not ASCII, or the last seven. */
static const char *
skip_ascii(const char *text, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t highs = ones * 0x80;
	uint64_t bytes;

	for (; end - text >= 8; text += 8)
	{
		memcpy(&bytes, text, sizeof(bytes));
		if (((bytes - ones) | bytes) & highs)
			break;
	}
	return text;
}

/* Walk over the ASCII bytes and decode the rest. */
CdpkStatus
cdpk_utf8_check(const char *text, size_t length, bool *ascii)
{
	const char *end = text + length;

	*ascii = true;
	text = skip_ascii(text, end);
	while (text < end)
	{
		uint32_t character;
		size_t size = 1;

		if (*text == '\0')
			return CDPK_BAD_ENCODING;
		if ((uint8_t) *text >= 0x80)
		{
			size = cdpk_utf8_decode(text, end, &character);
			if (size == 0)
				return CDPK_BAD_ENCODING;
			*ascii = false;
		}
		text += size;
	}
	return CDPK_OK;
}

/* Look a character up among those that show nothing. */
bool
cdpk_is_blank(uint32_t character)
{
	if (character < 0x80)
		return character == ' ' || (character >= '\t' && character <= '\r');
	switch (character)
	{
		case 0x0085: /* next line */
		case 0x00a0: /* no-break space */
		case 0x00ad: /* soft hyphen */
		case 0x1680: /* ogham space */
		case 0x180e: /* mongolian vowel separator */
		case 0x2028: /* line separator */
		case 0x2029: /* paragraph separator */
		case 0x202f: /* narrow no-break space */
		case 0x205f: /* mathematical space */
		case 0x3000: /* ideographic space */
		case 0xfeff: /* byte order mark */
			return true;
		default:
			return (character >= 0x2000 && character <= 0x200f) || /* spaces, zero-width, marks */
				   (character >= 0x202a && character <= 0x202e) || /* direction embeddings */
				   (character >= 0x2060 && character <= 0x2069);   /* word joiner, isolates */
	}
}

/* Move both ends inwards over blank characters. */
void
cdpk_trim(const char **text, size_t *length)
{
	const char *start = *text;
	const char *end = start + *length;
	uint32_t character;
	size_t size;

	while ((size = cdpk_utf8_decode(start, end, &character)) > 0 && cdpk_is_blank(character))
		start += size;
	while (end > start)
	{
		const char *last = end - 1;

		while (last > start && ((uint8_t) *last & 0xc0) == 0x80)
			last--;
		if (cdpk_utf8_decode(last, end, &character) == 0 || !cdpk_is_blank(character))
			break;
		end = last;
	}
	*text = start;
	*length = (size_t) (end - start);
}
