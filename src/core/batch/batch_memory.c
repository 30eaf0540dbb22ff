/*
 * batch_memory.c
 *		Memory for many small values: handed out in order, given back all at once.
 */
#include "core/batch/batch_state.h"

#define FIRST_PIECE 65536
#define LAST_PIECE ((size_t) 1 << 26)
#define ALIGNMENT 8
#define PIECE_SHARE 4 /* a piece that is kept is a quarter of those before it */

static void *
arena_allocate(void *context, size_t size)
{
	BatchArena *arena = context;
	uint8_t *result;

	if (size > SIZE_MAX / 4)
		return NULL;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (arena->piece == NULL || size > arena->size - arena->used)
	{
		size_t larger = arena->used_again ? 2 * arena->size : arena->held / PIECE_SHARE;
		uint8_t *piece;

		/* neither too many pieces, nor much that is not used */
		if (larger < FIRST_PIECE)
			larger = FIRST_PIECE;
		if (larger > LAST_PIECE)
			larger = LAST_PIECE;
		if (larger < size)
			larger = size;
		if (arena->used_again && arena->piece != NULL)
		{
			uint8_t **former = stitch_grow(arena->memory, arena->former.items, arena->former.count,
										   &arena->former.capacity, 1, sizeof(uint8_t *));

			if (former == NULL)
				return NULL;
			arena->former.items = former;
			arena->former.items[arena->former.count++] = arena->piece;
			arena->piece = NULL;
		}
		piece = stitch_allocate(arena->memory, larger, 1);
		if (piece == NULL)
			return NULL;
		arena->piece = piece;
		arena->size = larger;
		arena->held += larger;
		arena->used = 0;
	}
	result = arena->piece + arena->used;
	arena->used += size;
	return result;
}

static void
arena_release(void *context, void *pointer)
{
	(void) context;
	(void) pointer;
}

/* Set up an arena, which must not be moved afterwards. */
void
batch_arena_init(BatchArena *arena, StitchMemory *memory, bool used_again)
{
	memset(arena, 0, sizeof(*arena));
	arena->memory = memory;
	arena->used_again = used_again;
	arena->allocator.allocate = arena_allocate;
	arena->allocator.release = arena_release;
	arena->allocator.context = arena;
}

/* Give back all that was handed out. */
void
batch_arena_reset(BatchArena *arena)
{
	for (uint32_t i = 0; i < arena->former.count; i++)
		stitch_release(arena->memory, arena->former.items[i]);
	arena->former.count = 0;
	arena->used = 0;
}
