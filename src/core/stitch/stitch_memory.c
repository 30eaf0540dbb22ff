/*
 * stitch_memory.c
 *		Blocks that are released together, and arrays that grow.
 */
#include "core/stitch/stitch_memory.h"

#include <string.h>

#define FIRST_CAPACITY 16
#define CHUNK_SIZE 65536

struct StitchBlock
{
	StitchBlock *next;
	StitchBlock **link; /* what points here */
};

/* a block's header, rounded up so that what follows is aligned for anything */
#define HEADER_SIZE                                                              \
	((sizeof(StitchBlock) + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * \
	 _Alignof(max_align_t))

static void *
allocate(void *context, size_t size)
{
	StitchMemory *memory = context;
	StitchBlock *block;

	if (size > SIZE_MAX - HEADER_SIZE)
		return NULL;
	block = memory->outer->allocate(memory->outer->context, HEADER_SIZE + size);
	if (block == NULL)
		return NULL;
	block->next = memory->blocks;
	block->link = &memory->blocks;
	if (block->next != NULL)
		block->next->link = &block->next;
	memory->blocks = block;
	return (uint8_t *) block + HEADER_SIZE;
}

static void
release(void *context, void *pointer)
{
	StitchMemory *memory = context;
	StitchBlock *block = (StitchBlock *) ((uint8_t *) pointer - HEADER_SIZE);

	*block->link = block->next;
	if (block->next != NULL)
		block->next->link = block->link;
	if (memory->outer->release != NULL)
		memory->outer->release(memory->outer->context, block);
}

/* Set up the memory, which must not be moved afterwards. */
void
stitch_memory_init(StitchMemory *memory, const CdpkAllocator *outer)
{
	memory->outer = outer;
	memory->allocator.allocate = allocate;
	memory->allocator.release = release;
	memory->allocator.context = memory;
	memory->blocks = NULL;
	memory->chunk = NULL;
	memory->chunk_left = 0;
}

void
stitch_memory_release_all(StitchMemory *memory)
{
	while (memory->blocks != NULL)
		release(memory, (uint8_t *) memory->blocks + HEADER_SIZE);
}

/* Return a block of count * size bytes, or NULL. */
void *
stitch_allocate(StitchMemory *memory, size_t count, size_t size)
{
	if (count > SIZE_MAX / size)
		return NULL;
	return allocate(memory, count * size);
}

void
stitch_release(StitchMemory *memory, void *block)
{
	if (block != NULL)
		release(memory, block);
}

/* Copy a few bytes that are released with all the rest. */
uint8_t *
stitch_copy_bytes(StitchMemory *memory, const uint8_t *bytes, size_t length)
{
	uint8_t *copy;

	if (length > memory->chunk_left)
	{
		size_t size = length > CHUNK_SIZE ? length : CHUNK_SIZE;

		memory->chunk = allocate(memory, size);
		memory->chunk_left = memory->chunk != NULL ? size : 0;
		if (memory->chunk == NULL)
			return NULL;
	}
	copy = memory->chunk;
	if (length > 0)
		memcpy(copy, bytes, length);
	memory->chunk += length;
	memory->chunk_left -= length;
	return copy;
}

/*
 * Return an array with room for "more" items after the first "count", or NULL: the first time
 * with just that, later with twice as much as before at least.
 */
void *
stitch_grow(StitchMemory *memory, void *items, uint32_t count, uint32_t *capacity, size_t more,
			size_t size)
{
	uint64_t need = (uint64_t) count + more;
	uint64_t larger = *capacity > 0 ? 2 * (uint64_t) *capacity : FIRST_CAPACITY;
	void *copy;

	if (need <= *capacity && items != NULL)
		return items;
	if (larger < need)
		larger = need;
	if (larger >= STITCH_NONE || more > STITCH_NONE)
		return NULL;
	copy = stitch_allocate(memory, (size_t) larger, size);
	if (copy == NULL)
		return NULL;
	if (count > 0)
		memcpy(copy, items, count * size);
	stitch_release(memory, items);
	*capacity = (uint32_t) larger;
	return copy;
}
