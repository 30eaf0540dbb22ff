/*
 * idmap.h
 *		A hash table from 64-bit keys to 32-bit numbers, which only grows.
 */
#ifndef CDPK_IDMAP_H
#define CDPK_IDMAP_H

#include "core/base/cdpk.h"

/* no key has this number */
#define CDPK_IDMAP_NONE UINT32_MAX

typedef struct CdpkIdMap
{
	const CdpkAllocator *allocator;
	uint64_t *keys;
	uint32_t *numbers; /* CDPK_IDMAP_NONE: the slot is free */
	size_t slots;      /* a power of two, or 0 */
	size_t used;
} CdpkIdMap;

/* Make an empty table; the allocator must live as long as it does. */
extern void cdpk_idmap_init(CdpkIdMap *map, const CdpkAllocator *allocator);

/* Release the memory. */
extern void cdpk_idmap_free(CdpkIdMap *map);

/* Make room for so many more keys. */
extern CdpkStatus cdpk_idmap_reserve(CdpkIdMap *map, size_t more);

/* Ask for the memory where the search for a key begins. */
extern void cdpk_idmap_prefetch(const CdpkIdMap *map, uint64_t key);

/* Return the number of a key, or CDPK_IDMAP_NONE. */
extern uint32_t cdpk_idmap_get(const CdpkIdMap *map, uint64_t key);

/* Give a key a number other than CDPK_IDMAP_NONE, in place of the one it had. */
extern CdpkStatus cdpk_idmap_put(CdpkIdMap *map, uint64_t key, uint32_t number);

#endif /* CDPK_IDMAP_H */
