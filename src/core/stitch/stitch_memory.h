/*
 * stitch_memory.h
 *		Blocks that are released together, and arrays that grow.
 */
#ifndef CDPK_STITCH_MEMORY_H
#define CDPK_STITCH_MEMORY_H

#include "core/base/cdpk.h"

/* no place in an array */
#define STITCH_NONE UINT32_MAX

#define STITCH_TRY(call)                 \
	do                                   \
	{                                    \
		CdpkStatus try_status_ = (call); \
		if (try_status_ != CDPK_OK)      \
			return try_status_;          \
	} while (0)

typedef struct StitchBlock StitchBlock;

typedef struct StitchMemory
{
	const CdpkAllocator *outer;
	CdpkAllocator allocator; /* hands out blocks of this memory */
	StitchBlock *blocks;
	uint8_t *chunk; /* where the next bytes are copied to */
	size_t chunk_left;
} StitchMemory;

extern void stitch_memory_init(StitchMemory *memory, const CdpkAllocator *outer);
extern void stitch_memory_release_all(StitchMemory *memory);
extern void *stitch_allocate(StitchMemory *memory, size_t count, size_t size);
extern void stitch_release(StitchMemory *memory, void *block);
extern uint8_t *stitch_copy_bytes(StitchMemory *memory, const uint8_t *bytes, size_t length);
extern void *stitch_grow(StitchMemory *memory, void *items, uint32_t count, uint32_t *capacity,
						 size_t more, size_t size);

#define STITCH_ARRAY(type) \
	struct                 \
	{                      \
		type *items;       \
		uint32_t count;    \
		uint32_t capacity; \
	}

/* Makes room for "more" items after those that are there. */
#define STITCH_RESERVE(stitch, array, more)                                                   \
	(((array).items = stitch_grow(&(stitch)->memory, (array).items, (array).count,            \
								  &(array).capacity, (more), sizeof(*(array).items))) != NULL \
		 ? CDPK_OK                                                                            \
		 : CDPK_OUT_OF_MEMORY)

#define STITCH_PUSH(stitch, array, ...)                   \
	do                                                    \
	{                                                     \
		if ((array).count == (array).capacity)            \
			STITCH_TRY(STITCH_RESERVE(stitch, array, 1)); \
		(array).items[(array).count++] = __VA_ARGS__;     \
	} while (0)

/* Puts so many items on an array. */
#define STITCH_PUSH_ALL(stitch, array, from, number)         \
	do                                                       \
	{                                                        \
		for (size_t pushed = 0; pushed < (number); pushed++) \
			STITCH_PUSH(stitch, array, (from)[pushed]);      \
	} while (0)

typedef STITCH_ARRAY(uint32_t) StitchNumbers;
typedef STITCH_ARRAY(int64_t) StitchIds;

#endif /* CDPK_STITCH_MEMORY_H */
