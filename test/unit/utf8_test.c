/* utf8_test.c: decoding against an encoder, every malformed kind, trimming */
#include "core/text/utf8.h"
#include "unit.h"

/* encode writes a character the way the standard's table says. */
static size_t
encode(uint32_t character, char *result)
{
	if (character < 0x80)
	{
		result[0] = (char) character;
		return 1;
	}
	if (character < 0x800)
	{
		result[0] = (char) (0xc0 | character >> 6);
		result[1] = (char) (0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000)
	{
		result[0] = (char) (0xe0 | character >> 12);
		result[1] = (char) (0x80 | (character >> 6 & 0x3f));
		result[2] = (char) (0x80 | (character & 0x3f));
		return 3;
	}
	result[0] = (char) (0xf0 | character >> 18);
	result[1] = (char) (0x80 | (character >> 12 & 0x3f));
	result[2] = (char) (0x80 | (character >> 6 & 0x3f));
	result[3] = (char) (0x80 | (character & 0x3f));
	return 4;
}

static void
every_character_decodes(void)
{
	bool ascii;

	for (uint32_t character = 1; character <= 0x10ffff; character++)
	{
		bool surrogate = character >= 0xd800 && character <= 0xdfff;
		char text[4];
		size_t size = encode(character, text);
		uint32_t decoded = 0;

		if (surrogate)
		{
			CHECK(cdpk_utf8_decode(text, text + size, &decoded) == 0);
			CHECK(cdpk_utf8_check(text, size, &ascii) == CDPK_BAD_ENCODING);
			continue;
		}
		CHECK(cdpk_utf8_decode(text, text + size, &decoded) == size && decoded == character);
		CHECK(cdpk_utf8_decode(text, text + size - 1, &decoded) == 0);
		CHECK(cdpk_utf8_check(text, size, &ascii) == CDPK_OK && ascii == (character < 0x80));
		CHECK(size == 1 || cdpk_utf8_check(text, size - 1, &ascii) == CDPK_BAD_ENCODING);
	}
}

static void
malformed_is_refused(void)
{
	static const char *const malformed[] = {
		"\x80",             /* a continuation byte alone */
		"\xc0\x80",         /* overlong NUL */
		"\xc1\xbf",         /* overlong, two bytes */
		"\xe0\x9f\xbf",     /* overlong, three bytes */
		"\xf0\x8f\xbf\xbf", /* overlong, four bytes */
		"\xed\xa0\x80",     /* the first surrogate */
		"\xf4\x90\x80\x80", /* after U+10FFFF */
		"\xf8\x88\x80\x80", /* a lead byte of five */
		"\xff",
		"\xc3(",          /* the second byte is no continuation */
		"\xe2\x82(",      /* the third */
		"\xf0\x9f\x98(",  /* the fourth */
		"ab\xe2\x82",     /* cut off */
		"caf\xe9 au lait" /* Latin 1 */
	};
	bool ascii;

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
		CHECK(cdpk_utf8_check(malformed[i], strlen(malformed[i]), &ascii) == CDPK_BAD_ENCODING);
	CHECK(cdpk_utf8_check("a\0b", 3, &ascii) == CDPK_BAD_ENCODING);
	CHECK(cdpk_utf8_check("", 0, &ascii) == CDPK_OK && ascii);
}

static bool
trims_to(const char *text, const char *expected)
{
	size_t length = strlen(text);

	cdpk_trim(&text, &length);
	return length == strlen(expected) && memcmp(text, expected, length) == 0;
}

static void
trim_takes_blanks_off(void)
{
	CHECK(trims_to("a", "a"));
	CHECK(trims_to("", ""));
	CHECK(trims_to(" \t\r\n\v\f", ""));
	CHECK(trims_to("  a b \n", "a b"));
	CHECK(trims_to("\xc2\xa0\xe2\x80\xaf"
				   "a\xe3\x80\x80",
				   "a")); /* no-break spaces, ideographic */
	CHECK(trims_to("\xef\xbb\xbf"
				   "a\xe2\x80\x8b",
				   "a"));                                  /* byte order mark, zero width */
	CHECK(trims_to("\xe2\x80\xaa+44\xe2\x80\xac", "+44")); /* direction marks */
	CHECK(trims_to("\xe2\x80\x8b", ""));
	CHECK(trims_to("\x01"
				   "a ",
				   "\x01"
				   "a")); /* other control characters are not blank */
	CHECK(trims_to("\xc3\xa9", "\xc3\xa9"));
}

static void
control_characters(void)
{
	for (uint32_t character = 0; character < 0x3000; character++)
		CHECK(cdpk_is_control(character) ==
			  (character <= 0x1f || (character >= 0x7f && character <= 0x9f)));
}

int
main(void)
{
	TEST(every_character_decodes);
	TEST(malformed_is_refused);
	TEST(trim_takes_blanks_off);
	TEST(control_characters);
	UNIT_EXIT();
}
