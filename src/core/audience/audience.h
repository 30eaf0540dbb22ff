/*
 * audience.h
 *		A set of ids of 64 bits as compressed bytes (FORMAT.md): read, searched, counted.
 *
 * The ids are cut in chunks of 65536, and of each chunk that has any is kept the smallest of three
 * containers (container.h).  Equal sets are equal bytes.
 */
#ifndef CDPK_AUDIENCE_H
#define CDPK_AUDIENCE_H

#include "core/audience/container.h"

#define CDPK_AUDIENCE_VERSION 1
/* version, number of chunks, number of ids */
#define CDPK_AUDIENCE_HEADER 13
/* bytes in the directory for a chunk */
#define CDPK_AUDIENCE_ENTRY 12
/* bytes of an audience at most */
#define CDPK_AUDIENCE_MAX (UINT32_C(1) << 28)

typedef struct CdpkAudience
{
	const uint8_t *data; /* the containers */
	size_t data_length;
	const uint8_t *directory;
	uint32_t chunks;
	uint64_t size; /* number of ids */
} CdpkAudience;

/* gives a cancelled query a chance between chunks; may be NULL */
typedef void (*CdpkPause)(void);

/* keys ascend as the ids do, from the most negative on */
static inline uint64_t
cdpk_id_key(int64_t id)
{
	return ((uint64_t) id ^ UINT64_C(1) << 63) >> 16;
}

static inline int64_t
cdpk_id(uint64_t key, uint16_t low)
{
	return (int64_t) ((key << 16 | low) ^ UINT64_C(1) << 63);
}

/* Read the number of ids from the header, all that "bytes" needs to have. */
extern CdpkStatus cdpk_audience_size(const uint8_t *bytes, size_t length, uint64_t *size);

/* Start reading; the containers are not looked at. */
extern CdpkStatus cdpk_audience_open(const uint8_t *bytes, size_t length, CdpkAudience *audience);

/* Read the key of a chunk, or the chunk; false if it is corrupt. */
extern uint64_t cdpk_audience_key(const CdpkAudience *audience, uint32_t chunk);
extern bool cdpk_audience_chunk(const CdpkAudience *audience, uint32_t chunk,
								CdpkContainer *container);

/* Check every byte: a writer would have made the same. */
extern CdpkStatus cdpk_audience_check(const uint8_t *bytes, size_t length);

extern CdpkStatus cdpk_audience_has(const CdpkAudience *audience, int64_t id, bool *has);

/* Count the ids that both have. */
extern CdpkStatus cdpk_audience_common(const CdpkAudience *a, const CdpkAudience *b,
									   CdpkPause pause, uint64_t *common);

/*
 * Count the ids that each two of several audiences have: common[i * number + j] for i < j; the rest
 * of it is left.
 */
extern CdpkStatus cdpk_audience_overlaps(const CdpkAudience *audiences, uint32_t number,
										 const CdpkAllocator *scratch, CdpkPause pause,
										 uint64_t *common);

/* a walk over the runs of an audience, which end with their chunk */
typedef struct CdpkAudienceWalk
{
	const CdpkAudience *audience;
	uint32_t chunk; /* the next one */
	CdpkContainer container;
	CdpkRunWalk runs;
	CdpkStatus status;
} CdpkAudienceWalk;

/* Start a walk; neither the walk nor the audience may be moved. */
extern void cdpk_audience_walk(const CdpkAudience *audience, CdpkAudienceWalk *walk);

/* Read the next run of ids; false after the last, or where status says so. */
extern bool cdpk_audience_next(CdpkAudienceWalk *walk, int64_t *first, int64_t *last);

#endif /* CDPK_AUDIENCE_H */
