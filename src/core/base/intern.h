/*
 * intern.h
 *		Distinct byte strings get dense numbers 0, 1, … in the order in which they
 *		are added; equal strings always get the same one.
 *
 * Made for looking up many millions of short strings, where cache misses are the
 * whole cost.  A slot of the table is 8 bytes, 32 bits of hash and a reference to
 * the record with the string's number and bytes, and eight slots are one cache
 * line, which is where a search almost always begins and ends; a string's line is
 * the top bits of its hash, so that growing is one pass in order.  Equal hashes
 * are verified by comparing the bytes.
 *
 * A caller with a batch of strings spreads each lookup over the batch:
 * cdpk_intern_hash and cdpk_intern_prefetch for all, then cdpk_intern_candidate
 * (which asks for the record) for all, then cdpk_intern_is, and only where that
 * says no, cdpk_intern_find.
 *
 * A string has 1 to 65535 bytes.
 *
 * Memory: at most 32 bytes of slots a string (while the table grows; 11 to 22
 * after that), 6 bytes and padding to a multiple of 8 with each string.
 */
#ifndef CDPK_INTERN_H
#define CDPK_INTERN_H

#include <string.h>

#include "core/base/cdpk.h"

#define CDPK_INTERN_NOTHING 0 /* no record has this reference */

/* records lie in blocks of this many units; a reference counts units */
#define CDPK_INTERN_UNIT 8
#define CDPK_INTERN_BLOCK_BITS 15

typedef struct CdpkInternRecord
{
	uint32_t number;
	uint16_t length; /* 0: nothing more in this block */
	uint8_t bytes[];
} CdpkInternRecord;

#define CDPK_INTERN_LINE_SLOTS 8

/* the slots of a line are taken from the first on; a full line goes on in the next one */
typedef struct CdpkInternLine
{
	uint32_t hash[CDPK_INTERN_LINE_SLOTS];
	uint32_t reference[CDPK_INTERN_LINE_SLOTS];
} CdpkInternLine;

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
	CdpkInternLine *lines;
	unsigned shift; /* a hash's line is hash >> shift */
	uint32_t count; /* of strings, and the next number */
	uint32_t limit; /* more lines at this count */
	uint8_t **blocks;
	uint32_t blocks_count;
	uint32_t blocks_capacity;
	uint64_t used; /* units, up to where the next record may start */
	CdpkInternExtent *extents;
	size_t allocated; /* bytes held now */
} CdpkIntern;

/* Make a table without strings.  A seed that others cannot guess keeps them from choosing collisions. */
extern CdpkStatus cdpk_intern_init(CdpkIntern *intern, const CdpkAllocator *allocator,
								   uint64_t seed);

/* Release all memory. */
extern void cdpk_intern_free(CdpkIntern *intern);

/* Release the lines alone: from now on the records can only be walked through. */
extern void cdpk_intern_seal(CdpkIntern *intern);

/* Return the record of a string, or CDPK_INTERN_NOTHING. */
extern uint32_t cdpk_intern_find(const CdpkIntern *intern, uint32_t hash, const uint8_t *bytes,
								 size_t length);

/*
 * Add a string that cdpk_intern_find did not find; its number is the old count.
 * CDPK_TOO_LONG: the records would pass 32 GB; nothing is changed.
 */
extern CdpkStatus cdpk_intern_add(CdpkIntern *intern, uint32_t hash, const uint8_t *bytes,
								  size_t length);

/*
 * Walk through the records in the order of their numbers: begin with *position
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

/* Mix two words: the halves of their product. */
static inline uint64_t
cdpk_intern_fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128) a * b;

	return (uint64_t) product ^ (uint64_t) (product >> 64);
}

static inline uint64_t
cdpk_intern_word(const uint8_t *at, size_t size)
{
	uint64_t word = 0;

	memcpy(&word, at, size);
	return word;
}

/*
 * Fold bytes into a state, 16 at a time; what is left is read again from the
 * end, so that nothing after it is touched.
 */
static inline uint64_t
cdpk_intern_fold_bytes(uint64_t secret, uint64_t state, const uint8_t *bytes, size_t length)
{
	const uint8_t *end = bytes + length;
	uint64_t a;
	uint64_t b;

	state ^= length;
	if (length >= 16)
	{
		for (; end - bytes > 16; bytes += 16)
			state = cdpk_intern_fold(cdpk_intern_word(bytes, 8) ^ secret,
									 cdpk_intern_word(bytes + 8, 8) ^ state);
		a = cdpk_intern_word(end - 16, 8);
		b = cdpk_intern_word(end - 8, 8);
	}
	else if (length >= 8)
	{
		a = cdpk_intern_word(bytes, 8);
		b = cdpk_intern_word(end - 8, 8);
	}
	else if (length >= 4)
	{
		a = cdpk_intern_word(bytes, 4);
		b = cdpk_intern_word(end - 4, 4);
	}
	else
	{
		a = bytes[0];
		b = (uint64_t) bytes[length / 2] << 8 | end[-1];
	}
	return cdpk_intern_fold(a ^ secret, b ^ state);
}

/* Derive the secrets of a hash from a seed. */
static inline void
cdpk_intern_secrets(uint64_t seed, uint64_t *secrets)
{
	secrets[0] =
		cdpk_intern_fold(seed ^ UINT64_C(0x243f6a8885a308d3), UINT64_C(0x9e3779b97f4a7c15));
	secrets[1] =
		cdpk_intern_fold(seed ^ UINT64_C(0x13198a2e03707344), UINT64_C(0xc2b2ae3d27d4eb4f));
}

/* Return the hash of bytes, of 1 or more, after the state of what stands before them, or the first secret. */
static inline uint32_t
cdpk_intern_hash_bytes(const uint64_t *secrets, uint64_t state, const uint8_t *bytes, size_t length)
{
	state = cdpk_intern_fold_bytes(secrets[1], state, bytes, length);
	return (uint32_t) (cdpk_intern_fold(state ^ secrets[0], UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

/*
 * Return the hash of a string, for the functions below: that of its rest, of 1 byte or
 * more, after a head whose state is known, so that strings with a head in common
 * need not be put together to be hashed.  What the head is, is the caller's choice;
 * the same string must always be hashed in the same way.
 */
static inline uint64_t
cdpk_intern_hash_head(const CdpkIntern *intern, const uint8_t *head, size_t length)
{
	if (length == 0)
		return intern->seed[0];
	return cdpk_intern_fold_bytes(intern->seed[1], intern->seed[0], head, length);
}

static inline uint32_t
cdpk_intern_hash(const CdpkIntern *intern, uint64_t head, const uint8_t *rest, size_t length)
{
	return cdpk_intern_hash_bytes(intern->seed, head, rest, length);
}

/* Ask for the line where the search for a hash begins. */
static inline void
cdpk_intern_prefetch(const CdpkIntern *intern, uint32_t hash)
{
	__builtin_prefetch(&intern->lines[hash >> intern->shift]);
}

/*
 * Return a record whose string has this hash, almost always the right one if there is
 * one, or CDPK_INTERN_NOTHING; asks for the record up to that length.  Looks only
 * at the line where the search begins, without a branch that depends on where in
 * it the hash stands: such branches are guessed wrong half of the time.
 */
static inline uint32_t
cdpk_intern_candidate(const CdpkIntern *intern, uint32_t hash, size_t length)
{
	const CdpkInternLine *line = &intern->lines[hash >> intern->shift];
	uint32_t reference = CDPK_INTERN_NOTHING;

	reference = line->hash[7] == hash ? line->reference[7] : reference;
	reference = line->hash[6] == hash ? line->reference[6] : reference;
	reference = line->hash[5] == hash ? line->reference[5] : reference;
	reference = line->hash[4] == hash ? line->reference[4] : reference;
	reference = line->hash[3] == hash ? line->reference[3] : reference;
	reference = line->hash[2] == hash ? line->reference[2] : reference;
	reference = line->hash[1] == hash ? line->reference[1] : reference;
	reference = line->hash[0] == hash ? line->reference[0] : reference;
	if (reference != CDPK_INTERN_NOTHING)
	{
		const CdpkInternRecord *record = cdpk_intern_record(intern, reference);

		__builtin_prefetch(record);
		__builtin_prefetch(record->bytes + length - 1);
	}
	return reference;
}

/* Return whether a record holds this string. */
static inline bool
cdpk_intern_is(const CdpkIntern *intern, uint32_t reference, const uint8_t *bytes, size_t length)
{
	const CdpkInternRecord *record = cdpk_intern_record(intern, reference);

	return record->length == length && memcmp(record->bytes, bytes, length) == 0;
}

#endif /* CDPK_INTERN_H */
