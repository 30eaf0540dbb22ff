/*
 * map_hash.h
 *		The hash by which cdp_data.identifier_map finds identifiers.
 */
#ifndef CDP_MAP_HASH_H
#define CDP_MAP_HASH_H

#include "core/base/siphash.h"

/* Returns the hash of an identifier's payload, by the key for HASH_IDENTIFIER. */
static inline int64
map_hash(const CdpkSipHashKey *key, const uint8_t *payload, size_t length)
{
	return (int64) cdpk_siphash(key, payload, length);
}

#endif /* CDP_MAP_HASH_H */
