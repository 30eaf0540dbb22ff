/*
 * bits.c
 *		Bounds-checked reading of bits out of base64url.
 */
#include "core/consent/bits.h"

#include "core/text/utf8.h"

/* more is no number that any format has */
#define NUMBER_MAX 65535

/* Return the value of a character; -1: it is not of the alphabet. */
static int
character_value(char character)
{
	if (character >= 'A' && character <= 'Z')
		return character - 'A';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 26;
	if (cdpk_is_ascii_digit(character))
		return character - '0' + 52;
	return character == '-' ? 62 : character == '_' ? 63 : -1;
}

CdpkBits
cdpk_bits(const char *text, size_t length)
{
	CdpkBits bits = {text, 0, (uint64_t) length * CDPK_BITS_OF_CHARACTER, length == 0};

	for (size_t i = 0; i < length && !bits.failed; i++)
		bits.failed = character_value(text[i]) < 0;
	return bits;
}

uint64_t
cdpk_read_bits(CdpkBits *bits, unsigned count)
{
	uint64_t value = 0;

	if (bits->failed || bits->end - bits->at < count)
	{
		bits->failed = true;
		return 0;
	}
	while (count > 0)
	{
		unsigned left = CDPK_BITS_OF_CHARACTER - (unsigned) (bits->at % CDPK_BITS_OF_CHARACTER);
		unsigned taken = count < left ? count : left;
		unsigned character =
			(unsigned) character_value(bits->text[bits->at / CDPK_BITS_OF_CHARACTER]);

		value = value << taken | (character >> (left - taken) & ((1U << taken) - 1));
		bits->at += taken;
		count -= taken;
	}
	return value;
}

uint64_t
cdpk_read_mask(CdpkBits *bits, unsigned count)
{
	uint64_t value = cdpk_read_bits(bits, count);
	uint64_t mask = 0;

	for (unsigned i = 0; i < count; i++, value >>= 1)
		mask = mask << 1 | (value & 1);
	return mask;
}

/* Take the bits of 1, 2, 3, 5, 8 … up to two ones in a row; the second of them ends the number. */
uint32_t
cdpk_read_fibonacci(CdpkBits *bits)
{
	uint32_t value = 0;
	uint32_t term = 1;
	uint32_t next = 2;
	bool before = false;

	while (!bits->failed)
	{
		bool bit = cdpk_read_bits(bits, 1) != 0;

		if (bit && before)
			return value;
		if (term > NUMBER_MAX || (bit && value + term > NUMBER_MAX))
			bits->failed = true;
		if (bit)
			value += term;
		next += term;
		term = next - term;
		before = bit;
	}
	return 0;
}

void
cdpk_read_letters(CdpkBits *bits, char letters[2])
{
	for (int i = 0; i < 2; i++)
	{
		unsigned letter = (unsigned) cdpk_read_bits(bits, CDPK_BITS_OF_CHARACTER);

		if (letter >= 26)
			bits->failed = true;
		letters[i] = (char) ('A' + letter % 26);
	}
}

bool
cdpk_bits_are_read(CdpkBits bits)
{
	uint64_t left = bits.end - bits.at;

	return !bits.failed && left <= CDPK_PADDING_MAX && cdpk_read_bits(&bits, (unsigned) left) == 0;
}
