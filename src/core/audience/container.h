/*
 * container.h
 *		The ids of one chunk of an audience: those that share all but their lowest 16 bits.
 *
 * A container is read where it stands, in the bytes of an audience (FORMAT.md), which need no
 * alignment and may be corrupt: what is read from them is bounded, right or wrong.
 */
#ifndef CDPK_CONTAINER_H
#define CDPK_CONTAINER_H

#include <string.h>

#include "core/base/cdpk.h"

/* ids of a chunk, and the bytes of the container that has a bit for each */
#define CDPK_CHUNK_IDS 65536
#define CDPK_BITMAP_SIZE 8192
#define CDPK_BITMAP_WORDS 1024
/* an array of more is larger than a bitmap */
#define CDPK_ARRAY_MAX 4095
/* runs of more are larger than a bitmap */
#define CDPK_RUNS_MAX 2047

typedef enum CdpkContainerKind
{
	CDPK_CONTAINER_ARRAY,  /* the low halves of the ids, ascending, 2 bytes each */
	CDPK_CONTAINER_BITMAP, /* a bit for each possible id */
	CDPK_CONTAINER_RUNS    /* first and last of each run of ids, 2 bytes each */
} CdpkContainerKind;

typedef struct CdpkContainer
{
	uint64_t key; /* what the ids share: cdpk_id_key */
	CdpkContainerKind kind;
	uint32_t count; /* of ids, 1 to 65536 */
	uint32_t items; /* of the array, or runs */
	const uint8_t *bytes;
} CdpkContainer;

/* ids of one run */
typedef struct CdpkRun
{
	uint16_t first;
	uint16_t last;
} CdpkRun;

/* a walk over the runs of a container */
typedef struct CdpkRunWalk
{
	const CdpkContainer *container;
	uint32_t next; /* place in the array, run, or bit */
} CdpkRunWalk;

static inline uint16_t
cdpk_le16(const uint8_t *bytes)
{
	uint16_t value;

	memcpy(&value, bytes, sizeof(value));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap16(value);
#endif
	return value;
}

static inline void
cdpk_put_le16(uint8_t *bytes, uint16_t value)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap16(value);
#endif
	memcpy(bytes, &value, sizeof(value));
}

static inline uint64_t
cdpk_le64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	return value;
}

static inline uint16_t
cdpk_array_value(const uint8_t *array, uint32_t i)
{
	return cdpk_le16(array + 2 * (size_t) i);
}

static inline CdpkRun
cdpk_run(const uint8_t *runs, uint32_t i)
{
	CdpkRun run = {cdpk_le16(runs + 4 * (size_t) i), cdpk_le16(runs + 4 * (size_t) i + 2)};

	return run;
}

static inline bool
cdpk_bit(const uint8_t *bitmap, uint16_t low)
{
	return (bitmap[low >> 3] >> (low & 7)) & 1;
}

static inline void
cdpk_set_bit(uint8_t *bitmap, uint16_t low)
{
	bitmap[low >> 3] = (uint8_t) (bitmap[low >> 3] | 1U << (low & 7));
}

static inline CdpkRunWalk
cdpk_run_walk(const CdpkContainer *container)
{
	CdpkRunWalk walk = {container, 0};

	return walk;
}

/* Read the next run that is as long as it can be; false after the last. */
extern bool cdpk_run_next(CdpkRunWalk *walk, CdpkRun *run);

extern bool cdpk_container_has(const CdpkContainer *container, uint16_t low);

/* Set the bits of a run, or of the ids of a container, and leave the others. */
extern void cdpk_set_run(uint8_t *bitmap, CdpkRun run);
extern void cdpk_set_container(uint8_t *bitmap, const CdpkContainer *container);

/* Count the ids of a bitmap, and their runs. */
extern void cdpk_bitmap_measure(const uint8_t *bitmap, uint32_t *count, uint32_t *runs);

/* Count the ids that two containers have in common. */
extern uint32_t cdpk_container_common(const CdpkContainer *a, const CdpkContainer *b);

/* Check that a container is as a writer makes it. */
extern bool cdpk_container_valid(const CdpkContainer *container);

/* Return the kind that takes the fewest bytes for so many ids in so many runs. */
static inline CdpkContainerKind
cdpk_container_kind(uint32_t count, uint32_t runs)
{
	size_t array = count <= CDPK_ARRAY_MAX ? 2 * (size_t) count : CDPK_BITMAP_SIZE;

	if (4 * (size_t) runs < array)
		return CDPK_CONTAINER_RUNS;
	return count <= CDPK_ARRAY_MAX ? CDPK_CONTAINER_ARRAY : CDPK_CONTAINER_BITMAP;
}

#endif /* CDPK_CONTAINER_H */
