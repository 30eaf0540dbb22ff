/*
 * content_hash.c
 *		The content hash of a message: see the header.
 */
#include "core/text/content_hash.h"

/* digits in a word, and their bits */
#define DIGITS 4
#define DIGIT_BITS 16

void
cdpk_content_add_number(CdpkContentHash *content, bool negative, int weight, const int16_t *digits,
						size_t count)
{
	cdpk_content_add(content, negative ? CDPK_CONTENT_NEGATIVE : CDPK_CONTENT_POSITIVE, count);
	cdpk_siphash_word(&content->hash, (uint64_t) (int64_t) weight);
	for (size_t i = 0; i < count; i += DIGITS)
	{
		uint64_t word = 0;

		for (size_t k = 0; k < DIGITS && i + k < count; k++)
			word |= (uint64_t) digits[i + k] << (DIGIT_BITS * k);
		cdpk_siphash_word(&content->hash, word);
	}
}
