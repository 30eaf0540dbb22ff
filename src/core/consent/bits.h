/*
 * bits.h
 *		Bounds-checked reading of bits, the highest first, out of text that is base64url without padding:
 *		how consent strings are written.
 *
 * A reader that meets the end, or a value that is not well formed, sets "failed" and from then on returns zeros.
 */
#ifndef CDPK_BITS_H
#define CDPK_BITS_H

#include "core/base/cdpk.h"

/* bits in a character */
#define CDPK_BITS_OF_CHARACTER 6

/* encoders fill up to whole bytes, or to as many as there are whole characters of */
#define CDPK_PADDING_MAX 23

typedef struct CdpkBits
{
	const char *text;
	uint64_t at; /* the bit that is read next */
	uint64_t end;
	bool failed;
} CdpkBits;

/* Return a reader of text, which has failed where a character is not of the alphabet, or there is none. */
extern CdpkBits cdpk_bits(const char *text, size_t length);

/* Read at most 64 bits as a number. */
extern uint64_t cdpk_read_bits(CdpkBits *bits, unsigned count);

/* Read at most 64 bits of ids from 1 on: the lowest bit of the result is that of 1. */
extern uint64_t cdpk_read_mask(CdpkBits *bits, unsigned count);

/* Read a number in Fibonacci coding: at least 1, and at most 65,535. */
extern uint32_t cdpk_read_fibonacci(CdpkBits *bits);

/* Read two letters, of 6 bits each. */
extern void cdpk_read_letters(CdpkBits *bits, char letters[2]);

/* Tell whether all was well, and nothing is left but padding: at most CDPK_PADDING_MAX zeros. */
extern bool cdpk_bits_are_read(CdpkBits bits);

#endif /* CDPK_BITS_H */
