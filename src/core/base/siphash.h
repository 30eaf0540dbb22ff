/*
 * siphash.h
 *		SipHash-2-4 of 64 or 128 bits: a hash of bytes that who does not know the key cannot predict.
 *
 * By the definition of J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF" (2012).
 */
#ifndef CDPK_SIPHASH_H
#define CDPK_SIPHASH_H

#include <string.h>

#include "core/base/cdpk.h"

#define CDPK_SIPHASH_KEY_LENGTH 16

/* bytes of a hash of 128 bits */
#define CDPK_SIPHASH_128_LENGTH 16

/* A key, as two numbers. */
typedef struct CdpkSipHashKey
{
	uint64_t low;
	uint64_t high;
} CdpkSipHashKey;

/* Read a key of CDPK_SIPHASH_KEY_LENGTH bytes. */
extern CdpkSipHashKey cdpk_siphash_key(const uint8_t *bytes);

/*
 * Make a key for another purpose of a key: who sees hashes by the one learns nothing of the other.  No two
 * purposes have the same name, and no bytes that are hashed by the first key begin with its first byte.
 */
extern CdpkSipHashKey cdpk_siphash_derive(const CdpkSipHashKey *key, const char *purpose);

/* Return the hash of bytes, the same on every machine. */
extern uint64_t cdpk_siphash(const CdpkSipHashKey *key, const uint8_t *bytes, size_t length);

/* Put the CDPK_SIPHASH_128_LENGTH bytes of the hash of bytes, the same on every machine. */
extern void cdpk_siphash_128(const CdpkSipHashKey *key, const uint8_t *bytes, size_t length,
							 uint8_t *hash);

/* ---------------------------------------------------------------- word by word */

/* What was hashed so far, in words of eight bytes, the least significant first. */
typedef struct CdpkSipHash
{
	uint64_t v0;
	uint64_t v1;
	uint64_t v2;
	uint64_t v3;
	uint64_t length; /* in bytes */
	uint64_t last;   /* what the last rounds begin with */
} CdpkSipHash;

static inline CdpkSipHash
cdpk_siphash_begin(const CdpkSipHashKey *key)
{
	CdpkSipHash hash = {
		key->low ^ UINT64_C(0x736f6d6570736575),
		key->high ^ UINT64_C(0x646f72616e646f6d),
		key->low ^ UINT64_C(0x6c7967656e657261),
		key->high ^ UINT64_C(0x7465646279746573),
		0,
		0xff,
	};

	return hash;
}

/* Read up to 8 bytes as a word; zeros follow them. */
static inline uint64_t
cdpk_siphash_read(const uint8_t *bytes, size_t length)
{
	uint64_t word = 0;

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (length == 8)
	{
		memcpy(&word, bytes, 8);
		return word;
	}
#endif
	for (size_t i = 0; i < length; i++)
		word |= (uint64_t) bytes[i] << (8 * i);
	return word;
}

static inline uint64_t
cdpk_siphash_rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

/* Mix the state: SipRound. */
static inline void
cdpk_siphash_mix(CdpkSipHash *hash)
{
	hash->v0 += hash->v1;
	hash->v1 = cdpk_siphash_rotate(hash->v1, 13) ^ hash->v0;
	hash->v0 = cdpk_siphash_rotate(hash->v0, 32);
	hash->v2 += hash->v3;
	hash->v3 = cdpk_siphash_rotate(hash->v3, 16) ^ hash->v2;
	hash->v0 += hash->v3;
	hash->v3 = cdpk_siphash_rotate(hash->v3, 21) ^ hash->v0;
	hash->v2 += hash->v1;
	hash->v1 = cdpk_siphash_rotate(hash->v1, 17) ^ hash->v2;
	hash->v2 = cdpk_siphash_rotate(hash->v2, 32);
}

/* Hash one word: two rounds. */
static inline void
cdpk_siphash_word(CdpkSipHash *hash, uint64_t word)
{
	hash->v3 ^= word;
	cdpk_siphash_mix(hash);
	cdpk_siphash_mix(hash);
	hash->v0 ^= word;
	hash->length += 8;
}

/* Return what the state gives after the last rounds. */
static inline uint64_t
cdpk_siphash_finish(CdpkSipHash *hash)
{
	for (int i = 0; i < 4; i++)
		cdpk_siphash_mix(hash);
	return hash->v0 ^ hash->v1 ^ hash->v2 ^ hash->v3;
}

/* Hash the last bytes, fewer than eight, and return the hash of all. */
static inline uint64_t
cdpk_siphash_end(CdpkSipHash *hash, const uint8_t *bytes, size_t length)
{
	uint64_t all = hash->length + length;

	cdpk_siphash_word(hash, all << 56 | cdpk_siphash_read(bytes, length));
	hash->v2 ^= hash->last;
	return cdpk_siphash_finish(hash);
}

#endif /* CDPK_SIPHASH_H */
