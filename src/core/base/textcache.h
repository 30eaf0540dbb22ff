/*
 * textcache.h
 *		A cache of short byte strings, each with a number: what was put in may be
 *		forgotten, but is never wrong.
 *
 * Every string has one place, by its hash; a newer one takes it over.  An entry is
 * one cache line with the whole string in it.
 */
#ifndef CDPK_TEXTCACHE_H
#define CDPK_TEXTCACHE_H

#include "core/base/cdpk.h"

/* bytes of a string that can be kept */
#define CDPK_TEXTCACHE_LENGTH_MAX 58

typedef struct CdpkTextCacheEntry
{
	uint32_t number;
	uint16_t length; /* 0: the place is free */
	uint8_t bytes[CDPK_TEXTCACHE_LENGTH_MAX];
} CdpkTextCacheEntry;

typedef struct CdpkTextCache
{
	const CdpkAllocator *allocator;
	CdpkTextCacheEntry *entries;
	unsigned shift; /* a hash's place is hash >> shift */
} CdpkTextCache;

/* Make a cache of 2^bits places, 64 bytes each; bits from 1 to 31. */
extern CdpkStatus cdpk_textcache_init(CdpkTextCache *cache, const CdpkAllocator *allocator,
									  unsigned bits);

/* Release the memory. */
extern void cdpk_textcache_free(CdpkTextCache *cache);

/* Return how many places there are. */
static inline uint64_t
cdpk_textcache_places(const CdpkTextCache *cache)
{
	return UINT64_C(1) << (32 - cache->shift);
}

/* Ask for the place of a hash. */
static inline void
cdpk_textcache_prefetch(const CdpkTextCache *cache, uint32_t hash)
{
	__builtin_prefetch(&cache->entries[hash >> cache->shift]);
}

/* Return whether the cache knows the string, and then its number.  The hash must be one of the bytes. */
extern bool cdpk_textcache_get(const CdpkTextCache *cache, uint32_t hash, const uint8_t *bytes,
							   size_t length, uint32_t *number);

/* Put a string in; does nothing if it is empty or too long. */
extern void cdpk_textcache_put(CdpkTextCache *cache, uint32_t hash, const uint8_t *bytes,
							   size_t length, uint32_t number);

#endif /* CDPK_TEXTCACHE_H */
