/*
 * audience_build.h
 *		Builds an audience from ids in any order.
 */
#ifndef CDPK_AUDIENCE_BUILD_H
#define CDPK_AUDIENCE_BUILD_H

#include "core/audience/audience.h"

/* ids of one chunk: a list in any order, where an id may be there twice, or a bitmap */
typedef struct CdpkBuiltChunk
{
	uint64_t key;
	uint8_t *ids;  /* NULL in a free slot */
	uint32_t used; /* of the list */
	uint32_t room; /* 0 for a bitmap */
} CdpkBuiltChunk;

typedef struct CdpkAudienceBuilder
{
	const CdpkAllocator *allocator;
	CdpkBuiltChunk *slots; /* by the hash of the key */
	size_t room;           /* a power of two */
	size_t chunks;
	size_t last; /* the slot used last; ids mostly come in some order */
} CdpkAudienceBuilder;

/* The allocator may be asked for more than 1 GB. */
extern CdpkStatus cdpk_audience_build_begin(CdpkAudienceBuilder *builder,
											const CdpkAllocator *allocator);

/* Add an id, the ids of an audience, or those of another builder. */
extern CdpkStatus cdpk_audience_add_id(CdpkAudienceBuilder *builder, int64_t id);
extern CdpkStatus cdpk_audience_add(CdpkAudienceBuilder *builder, const CdpkAudience *audience);
extern CdpkStatus cdpk_audience_add_builder(CdpkAudienceBuilder *builder,
											CdpkAudienceBuilder *other);

/*
 * Make the audience of the ids that were added, with "before" bytes in front of it; length is without
 * them.  More may be added afterwards.
 */
extern CdpkStatus cdpk_audience_build_finish(CdpkAudienceBuilder *builder,
											 const CdpkAllocator *allocator, size_t before,
											 uint8_t **bytes, size_t *length);

extern void cdpk_audience_build_free(CdpkAudienceBuilder *builder);

#endif /* CDPK_AUDIENCE_BUILD_H */
