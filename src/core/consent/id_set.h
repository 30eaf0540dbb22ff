/*
 * id_set.h
 *		Sets of ids in consent strings, as bits or as ranges: read where they stand, nothing is copied.
 */
#ifndef CDPK_ID_SET_H
#define CDPK_ID_SET_H

#include "core/consent/bits.h"

#define CDPK_ID_MAX 65535

/* How a set is written. */
typedef enum CdpkIdForm
{
	CDPK_IDS_FIXED,     /* the greatest id, a bit: 0: a bit for each id, 1: ranges of fixed width */
	CDPK_IDS_FIBONACCI, /* the same with ranges in Fibonacci coding */
	CDPK_IDS_FIBONACCI_FIRST, /* a bit: 0: how many bits, and these, 1: ranges in Fibonacci coding */
	CDPK_IDS_RANGES,          /* ranges of fixed width, the greatest id is not told */
	CDPK_IDS_FIBONACCI_RANGES /* the same in Fibonacci coding */
} CdpkIdForm;

typedef struct CdpkIdSet
{
	CdpkBits bits; /* at the first bit, or range */
	uint32_t count;
	uint32_t max; /* no range goes beyond it */
	bool as_bits;
	bool fibonacci;
} CdpkIdSet;

/* Read a set; ranges that are not of ids from 1 to the greatest, the first before the last, have failed. */
extern CdpkIdSet cdpk_read_id_set(CdpkBits *bits, CdpkIdForm form);

typedef struct CdpkIdWalk
{
	CdpkIdSet set;
	uint32_t place;  /* how many bits or ranges were read */
	uint32_t before; /* the last id that was read */
} CdpkIdWalk;

extern CdpkIdWalk cdpk_id_walk(const CdpkIdSet *set);

/* Return the next range, of bits the next run of them; false after the last.  Ranges may be in any order, and overlap. */
extern bool cdpk_id_next(CdpkIdWalk *walk, uint32_t *first, uint32_t *last);

/* Tell whether a set has an id. */
extern bool cdpk_id_set_has(const CdpkIdSet *set, uint32_t id);

/* Tell whether it has none. */
extern bool cdpk_id_set_is_empty(const CdpkIdSet *set);

#endif /* CDPK_ID_SET_H */
