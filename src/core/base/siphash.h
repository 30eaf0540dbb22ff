/*
 * siphash.h
 *		SipHash-2-4 of 64 bits: a hash of bytes that who does not know the key cannot predict.
 *
 * By the definition of J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF" (2012).
 */
#ifndef CDPK_SIPHASH_H
#define CDPK_SIPHASH_H

#include "core/base/cdpk.h"

#define CDPK_SIPHASH_KEY_LENGTH 16

/* A key, as two numbers. */
typedef struct CdpkSipHashKey
{
	uint64_t low;
	uint64_t high;
} CdpkSipHashKey;

/* Read a key of CDPK_SIPHASH_KEY_LENGTH bytes. */
extern CdpkSipHashKey cdpk_siphash_key(const uint8_t *bytes);

/* Return the hash of bytes, the same on every machine. */
extern uint64_t cdpk_siphash(const CdpkSipHashKey *key, const uint8_t *bytes, size_t length);

#endif /* CDPK_SIPHASH_H */
