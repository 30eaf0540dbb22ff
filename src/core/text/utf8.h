/*
 * utf8.h
 *		Reading UTF-8 that may be anything: decoding, checking, trimming.
 */
#ifndef CDPK_UTF8_H
#define CDPK_UTF8_H

#include "core/base/cdpk.h"

/*
 * Decode the character at "at" (before "end") and return its bytes, or 0 if
 * there is no well-formed one: cut off, overlong, a surrogate, over U+10FFFF.
 */
extern size_t cdpk_utf8_decode(const char *at, const char *end, uint32_t *character);

/*
 * CDPK_OK: well-formed UTF-8 without a NUL; *ascii says whether it is ASCII only.
 * CDPK_BAD_ENCODING otherwise.
 */
extern CdpkStatus cdpk_utf8_check(const char *text, size_t length, bool *ascii);

/*
 * Return whether a character shows nothing: Unicode's white space, and the zero-width
 * and direction marks that come along when text is copied out of a web page.
 */
extern bool cdpk_is_blank(uint32_t character);

/* Return whether a character is a control character (C0, DEL, C1). */
static inline bool
cdpk_is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/* Take the blank characters off both ends of well-formed UTF-8. */
extern void cdpk_trim(const char **text, size_t *length);

/* Return the lower-case form of an ASCII letter, and any other byte as it is. */
static inline char
cdpk_ascii_lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char) (byte + ('a' - 'A')) : byte;
}

/* Return the capital form of an ASCII letter, and any other byte as it is. */
static inline char
cdpk_ascii_upper(char byte)
{
	return byte >= 'a' && byte <= 'z' ? (char) (byte - ('a' - 'A')) : byte;
}

static inline bool
cdpk_is_ascii_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static inline bool
cdpk_is_ascii_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

#endif /* CDPK_UTF8_H */
