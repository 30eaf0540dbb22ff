/*
 * textcache.c
 *		A cache of short byte strings, each with a number.
 */
#include "core/base/textcache.h"

#include <string.h>

CdpkStatus
cdpk_textcache_init(CdpkTextCache *cache, const CdpkAllocator *allocator, unsigned bits)
{
	size_t size = sizeof(CdpkTextCacheEntry) << bits;

	cache->allocator = allocator;
	cache->shift = 32 - bits;
	cache->entries = allocator->allocate(allocator->context, size);
	if (cache->entries == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(cache->entries, 0, size);
	return CDPK_OK;
}

void
cdpk_textcache_free(CdpkTextCache *cache)
{
	if (cache->entries != NULL && cache->allocator->release != NULL)
		cache->allocator->release(cache->allocator->context, cache->entries);
	cache->entries = NULL;
}

bool
cdpk_textcache_get(const CdpkTextCache *cache, uint32_t hash, const uint8_t *bytes, size_t length,
				   uint32_t *number)
{
	const CdpkTextCacheEntry *entry = &cache->entries[hash >> cache->shift];

	if (length == 0 || entry->length != length || memcmp(entry->bytes, bytes, length) != 0)
		return false;
	*number = entry->number;
	return true;
}

void
cdpk_textcache_put(CdpkTextCache *cache, uint32_t hash, const uint8_t *bytes, size_t length,
				   uint32_t number)
{
	CdpkTextCacheEntry *entry = &cache->entries[hash >> cache->shift];

	if (length == 0 || length > CDPK_TEXTCACHE_LENGTH_MAX)
		return;
	entry->number = number;
	entry->length = (uint16_t) length;
	memcpy(entry->bytes, bytes, length);
}
