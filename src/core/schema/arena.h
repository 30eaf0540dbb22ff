/*
 * arena.h
 *		Memory that is released all at once.
 */
#ifndef CDPK_ARENA_H
#define CDPK_ARENA_H

#include <string.h>

#include "core/base/cdpk.h"

typedef struct CdpkArenaPiece
{
	struct CdpkArenaPiece *next;
	max_align_t memory[];
} CdpkArenaPiece;

typedef struct CdpkArena
{
	const CdpkAllocator *allocator;
	CdpkArenaPiece *pieces;
} CdpkArena;

/* Return memory that goes with the arena, or NULL. */
static inline void *
cdpk_arena_allocate(CdpkArena *arena, size_t size)
{
	CdpkArenaPiece *piece = cdpk_allocate(arena->allocator, sizeof(CdpkArenaPiece) + size);

	if (piece == NULL)
		return NULL;
	piece->next = arena->pieces;
	arena->pieces = piece;
	return piece->memory;
}

/*
 * Return an array, whose "count" items fill it where the count is a power of two, with room for one more; NULL where
 * there is no memory.
 */
static inline void *
cdpk_arena_grow(CdpkArena *arena, void *array, uint32_t count, size_t item)
{
	void *result;

	if (count > 0 && (count & (count - 1)) != 0)
		return array;
	result = cdpk_arena_allocate(arena, 2 * ((size_t) count + 1) * item);
	if (result != NULL && count > 0)
		memcpy(result, array, count * item);
	return result;
}

/* Release all of it. */
static inline void
cdpk_arena_free(CdpkArena *arena)
{
	while (arena->pieces != NULL)
	{
		CdpkArenaPiece *next = arena->pieces->next;

		cdpk_release(arena->allocator, arena->pieces);
		arena->pieces = next;
	}
}

#endif /* CDPK_ARENA_H */
