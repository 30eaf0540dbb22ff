/*
 * idmap.c
 *		A hash table from 64-bit keys to 32-bit numbers, which only grows.
 *
 * Open addressing, linear probing, at most two thirds full.
 */
#include "core/base/idmap.h"

#define FIRST_SLOTS 64

void
cdpk_idmap_init(CdpkIdMap *map, const CdpkAllocator *allocator)
{
	map->allocator = allocator;
	map->keys = NULL;
	map->numbers = NULL;
	map->slots = 0;
	map->used = 0;
}

/* Release two arrays, either of which may be NULL. */
static void
release(const CdpkAllocator *allocator, uint64_t *keys, uint32_t *numbers)
{
	if (allocator->release == NULL)
		return;
	if (keys != NULL)
		allocator->release(allocator->context, keys);
	if (numbers != NULL)
		allocator->release(allocator->context, numbers);
}

void
cdpk_idmap_free(CdpkIdMap *map)
{
	release(map->allocator, map->keys, map->numbers);
	cdpk_idmap_init(map, map->allocator);
}

/* Find the slot where the search for a key begins (the mixer is murmur3's). */
static size_t
first_slot(const CdpkIdMap *map, uint64_t key)
{
	uint64_t hash = key;

	hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (size_t) (hash ^ (hash >> 33)) & (map->slots - 1);
}

void
cdpk_idmap_prefetch(const CdpkIdMap *map, uint64_t key)
{
	if (map->slots == 0)
		return;
	__builtin_prefetch(&map->numbers[first_slot(map, key)]);
	__builtin_prefetch(&map->keys[first_slot(map, key)]);
}

/* Find the slot of a key, or the free one where it belongs. */
static size_t
place(const CdpkIdMap *map, uint64_t key)
{
	size_t slot = first_slot(map, key);

	while (map->numbers[slot] != CDPK_IDMAP_NONE && map->keys[slot] != key)
		slot = (slot + 1) & (map->slots - 1);
	return slot;
}

uint32_t
cdpk_idmap_get(const CdpkIdMap *map, uint64_t key)
{
	return map->slots == 0 ? CDPK_IDMAP_NONE : map->numbers[place(map, key)];
}

CdpkStatus
cdpk_idmap_reserve(CdpkIdMap *map, size_t more)
{
	const CdpkAllocator *allocator = map->allocator;
	CdpkIdMap old = *map;
	size_t slots = old.slots > 0 ? old.slots : FIRST_SLOTS;

	if (more > SIZE_MAX / sizeof(uint64_t) / 4 - map->used)
		return CDPK_OUT_OF_MEMORY;
	while (slots / 3 * 2 < map->used + more)
		slots *= 2;
	if (slots == old.slots)
		return CDPK_OK;
	map->keys = allocator->allocate(allocator->context, slots * sizeof(uint64_t));
	map->numbers = allocator->allocate(allocator->context, slots * sizeof(uint32_t));
	if (map->keys == NULL || map->numbers == NULL)
	{
		release(allocator, map->keys, map->numbers);
		*map = old;
		return CDPK_OUT_OF_MEMORY;
	}
	map->slots = slots;
	for (size_t slot = 0; slot < slots; slot++)
		map->numbers[slot] = CDPK_IDMAP_NONE;
	for (size_t slot = 0; slot < old.slots; slot++)
		if (old.numbers[slot] != CDPK_IDMAP_NONE)
		{
			size_t target = place(map, old.keys[slot]);

			map->keys[target] = old.keys[slot];
			map->numbers[target] = old.numbers[slot];
		}
	release(allocator, old.keys, old.numbers);
	return CDPK_OK;
}

CdpkStatus
cdpk_idmap_put(CdpkIdMap *map, uint64_t key, uint32_t number)
{
	size_t slot;

	if (map->used >= map->slots / 3 * 2)
	{
		CdpkStatus status = cdpk_idmap_reserve(map, 1);

		if (status != CDPK_OK)
			return status;
	}
	slot = place(map, key);
	if (map->numbers[slot] == CDPK_IDMAP_NONE)
		map->used++;
	map->keys[slot] = key;
	map->numbers[slot] = number;
	return CDPK_OK;
}
