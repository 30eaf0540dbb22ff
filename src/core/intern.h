/*
 * intern.h
 *		Distinct byte strings get dense numbers 0, 1, … in the order in which they
 *		are added; equal strings always get the same one.
 *
 * Made for looking up many millions of short strings, where cache misses are the
 * whole cost.  A slot of the table is 8 bytes, 32 bits of hash and a reference to
 * the record with the string's number and bytes, so that eight slots share a
 * cache line; a slot's place is the top bits of its hash, so that growing is
 * one pass in order.  An equal hash is never believed: the bytes are compared.
 *
 * A caller with a batch of strings spreads each lookup over the batch:
 * cdpk_intern_hash and cdpk_intern_prefetch for all, then cdpk_intern_candidate
 * (which asks for the record) for all, then cdpk_intern_is, and only where that
 * says no, cdpk_intern_find.
 *
 * Memory: at most 32 bytes of slots a string (while the table grows; 11 to 22
 * after that), 6 bytes and padding to a multiple of 8 with each string.
 */
#ifndef CDPK_INTERN_H
#define CDPK_INTERN_H

#include <string.h>

#include "core/cdpk.h"

#define CDPK_INTERN_LENGTH_MAX 65535 /* bytes of a string; the shortest has one */
#define CDPK_INTERN_NOTHING 0        /* no record has this reference */

/* records lie in blocks of this many units; a reference counts units */
#define CDPK_INTERN_UNIT 8
#define CDPK_INTERN_BLOCK_BITS 15

typedef struct CdpkInternRecord
{
	uint32_t number;
	uint16_t length; /* 0: nothing more in this block */
	uint8_t bytes[];
} CdpkInternRecord;

typedef struct CdpkInternSlot
{
	uint32_t hash;
	uint32_t reference;
} CdpkInternSlot;

/* one allocation with several blocks */
typedef struct CdpkInternExtent
{
	struct CdpkInternExtent *next;
	uint8_t *blocks;
	uint32_t count;
} CdpkInternExtent;

typedef struct CdpkIntern
{
	const CdpkAllocator *allocator;
	uint64_t seed[2];
	CdpkInternSlot *slots;
	unsigned shift; /* a hash's place is hash >> shift */
	uint32_t count; /* of strings, and the next number */
	uint32_t limit; /* grow the slots at this count */
	uint8_t **blocks;
	uint32_t blocks_count;
	uint32_t blocks_capacity;
	uint64_t used; /* units, up to where the next record may start */
	CdpkInternExtent *extents;
	size_t allocated; /* bytes held now */
} CdpkIntern;

/* A table without strings.  A seed that others cannot guess keeps them from choosing collisions. */
extern CdpkStatus cdpk_intern_init(CdpkIntern *intern, const CdpkAllocator *allocator,
								   uint64_t seed);

/* Gives all memory back. */
extern void cdpk_intern_free(CdpkIntern *intern);

/* Gives back the slots alone: from now on the records can only be walked through. */
extern void cdpk_intern_seal(CdpkIntern *intern);

/*
 * The hash of a string, for the functions below: that of its rest, of 1 byte or
 * more, behind a head whose state is known, so that strings with a head in common
 * need not be put together to be hashed.  The same string must always be split
 * at the same place.
 */
extern uint64_t cdpk_intern_hash_head(const CdpkIntern *intern, const uint8_t *head, size_t length);
extern uint32_t cdpk_intern_hash(const CdpkIntern *intern, uint64_t head, const uint8_t *rest,
								 size_t length);

/* The record of a string, or CDPK_INTERN_NOTHING. */
extern uint32_t cdpk_intern_find(const CdpkIntern *intern, uint32_t hash, const uint8_t *bytes,
								 size_t length);

/*
 * Adds a string that cdpk_intern_find did not find; its number is the old count.
 * CDPK_TOO_LONG: the records would pass 32 GB; nothing is changed.
 */
extern CdpkStatus cdpk_intern_add(CdpkIntern *intern, uint32_t hash, const uint8_t *bytes,
								  size_t length);

/*
 * Walks through the records in the order of their numbers: begin with *position
 * 0; NULL at the end.
 */
extern const CdpkInternRecord *cdpk_intern_next(const CdpkIntern *intern, uint64_t *position);

static inline const CdpkInternRecord *
cdpk_intern_record(const CdpkIntern *intern, uint32_t reference)
{
	uint32_t within = reference & ((UINT32_C(1) << CDPK_INTERN_BLOCK_BITS) - 1);

	return (const CdpkInternRecord *) (intern->blocks[reference >> CDPK_INTERN_BLOCK_BITS] +
									   (size_t) within * CDPK_INTERN_UNIT);
}

/* Asks for the slot where the search for a hash begins. */
static inline void
cdpk_intern_prefetch(const CdpkIntern *intern, uint32_t hash)
{
	__builtin_prefetch(&intern->slots[hash >> intern->shift]);
}

/*
 * The first record whose string has this hash, almost always the right one if
 * there is one, or CDPK_INTERN_NOTHING; asks for the record up to that length.
 */
static inline uint32_t
cdpk_intern_candidate(const CdpkIntern *intern, uint32_t hash, size_t length)
{
	uint32_t mask = UINT32_MAX >> intern->shift;
	uint32_t place = hash >> intern->shift;

	while (intern->slots[place].reference != CDPK_INTERN_NOTHING)
	{
		if (intern->slots[place].hash == hash)
		{
			const CdpkInternRecord *record =
				cdpk_intern_record(intern, intern->slots[place].reference);

			__builtin_prefetch(record);
			__builtin_prefetch(record->bytes + length - 1);
			return intern->slots[place].reference;
		}
		place = (place + 1) & mask;
	}
	return CDPK_INTERN_NOTHING;
}

/* Whether a record holds this string. */
static inline bool
cdpk_intern_is(const CdpkIntern *intern, uint32_t reference, const uint8_t *bytes, size_t length)
{
	const CdpkInternRecord *record = cdpk_intern_record(intern, reference);

	return record->length == length && memcmp(record->bytes, bytes, length) == 0;
}

#endif /* CDPK_INTERN_H */
