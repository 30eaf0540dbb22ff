/*
 * simple_pattern.h
 *		Patterns that one walk through a text decides, such as ^[A-Z]{3}-\d+$: an engine for all patterns takes longer to
 *		start than most texts to read.
 *
 * It is a row of sets of characters, each repeated from so many to so many times, from the beginning of the text on.
 * What a set that may be repeated more often takes, no set that may come next does, so there is one way to go.
 */
#ifndef CDPK_SIMPLE_PATTERN_H
#define CDPK_SIMPLE_PATTERN_H

#include "core/base/cdpk.h"

#define CDPK_SIMPLE_ITEMS_MAX 32
#define CDPK_SIMPLE_RANGES_MAX 12 /* of a set, beyond ASCII */

/* Characters from one to another. */
typedef struct CdpkRange
{
	uint32_t first;
	uint32_t last;
} CdpkRange;

typedef struct CdpkSimpleItem
{
	uint64_t ascii[2]; /* the set's characters below 128 */
	CdpkRange beyond[CDPK_SIMPLE_RANGES_MAX];
	uint32_t ranges;
	uint32_t least;
	uint32_t most; /* UINT32_MAX: any number */
} CdpkSimpleItem;

typedef struct CdpkSimplePattern
{
	uint32_t items;
	bool whole; /* the text ends where the last item does */
	CdpkSimpleItem item[CDPK_SIMPLE_ITEMS_MAX];
} CdpkSimplePattern;

/* Read a pattern as cdpk_ecma_regex writes it; false where it is not simple. */
extern bool cdpk_simple_pattern_read(const char *pattern, size_t length, CdpkSimplePattern *simple);

/* Return whether a text, which is UTF-8, has a match. */
extern bool cdpk_simple_pattern_matches(const CdpkSimplePattern *simple, const char *text,
										size_t length);

#endif /* CDPK_SIMPLE_PATTERN_H */
