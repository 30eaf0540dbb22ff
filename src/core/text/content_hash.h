/*
 * content_hash.h
 *		The content hash of a message: equal for equal contents, however they were written.
 *
 * The caller gives the values of a message one after the other; FORMAT.md says which, and what is hashed.
 * A container is followed by what is in it: an array by its elements, an object by each key, as a text,
 * and its value, in an order that depends on the keys alone.
 */
#ifndef CDPK_CONTENT_HASH_H
#define CDPK_CONTENT_HASH_H

#include "core/base/siphash.h"

/* What a value is; the numbers are part of what is hashed. */
typedef enum CdpkContentKind
{
	CDPK_CONTENT_ABSENT = 1,
	CDPK_CONTENT_TEXT,
	CDPK_CONTENT_TIME,
	CDPK_CONTENT_OBJECT,
	CDPK_CONTENT_ARRAY,
	CDPK_CONTENT_POSITIVE,
	CDPK_CONTENT_NEGATIVE,
	CDPK_CONTENT_FALSE,
	CDPK_CONTENT_TRUE,
	CDPK_CONTENT_NULL
} CdpkContentKind;

typedef struct CdpkContentHash
{
	CdpkSipHash hash;
} CdpkContentHash;

static inline CdpkContentHash
cdpk_content_begin(const CdpkSipHashKey *key)
{
	CdpkContentHash content = {cdpk_siphash_begin(key)};

	return content;
}

/* Add a value that is its kind alone, or a container of so many elements or members. */
static inline void
cdpk_content_add(CdpkContentHash *content, CdpkContentKind kind, uint64_t count)
{
	cdpk_siphash_word(&content->hash, (uint64_t) kind | count << 8);
}

/* Add a text, which may be empty. */
static inline void
cdpk_content_add_text(CdpkContentHash *content, const void *text, size_t length)
{
	const uint8_t *bytes = (const uint8_t *) text;
	size_t whole = length - length % 8;

	cdpk_content_add(content, CDPK_CONTENT_TEXT, length);
	for (size_t i = 0; i < whole; i += 8)
		cdpk_siphash_word(&content->hash, cdpk_siphash_read(bytes + i, 8));
	if (whole < length)
		cdpk_siphash_word(&content->hash, cdpk_siphash_read(bytes + whole, length - whole));
}

/* Add a time, in microseconds since 2000-01-01 00:00:00 UTC. */
static inline void
cdpk_content_add_time(CdpkContentHash *content, int64_t at)
{
	cdpk_content_add(content, CDPK_CONTENT_TIME, 0);
	cdpk_siphash_word(&content->hash, (uint64_t) at);
}

/*
 * Add a number: the sum of digits[i] x 10000^(weight - i).  The first and the last digit are not zero;
 * zero has none, weight 0, and is not negative.
 */
extern void cdpk_content_add_number(CdpkContentHash *content, bool negative, int weight,
									const int16_t *digits, size_t count);

/* Return the hash of all values, which is not 0. */
static inline uint64_t
cdpk_content_end(CdpkContentHash *content)
{
	uint64_t hash = cdpk_siphash_end(&content->hash, NULL, 0);

	return hash != 0 ? hash : 1;
}

#endif /* CDPK_CONTENT_HASH_H */
