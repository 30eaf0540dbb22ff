/*
 * audience_write.h
 *		Writes an audience, chunk by chunk in the order of their keys.
 *
 * Of each chunk the smallest container is written, however it is given, so that equal sets are
 * equal bytes.  The first error stays in the writer, and cdpk_audience_finish returns it.
 */
#ifndef CDPK_AUDIENCE_WRITE_H
#define CDPK_AUDIENCE_WRITE_H

#include "core/audience/audience.h"
#include "core/base/buffer.h"

typedef struct CdpkAudienceWriter
{
	CdpkBuffer bytes; /* what stands before the audience, the header, the containers */
	CdpkBuffer directory;
	size_t before;
	uint64_t size;
} CdpkAudienceWriter;

/*
 * Start an audience with "before" bytes in front of it, for which the caller has a use; "expected" is
 * a guess of its length.
 */
extern void cdpk_audience_begin(CdpkAudienceWriter *writer, const CdpkAllocator *allocator,
								size_t before, size_t expected);

/* Write a chunk: its ids ascending, or a bitmap, or runs as long as they can be, or a container as it is. */
extern void cdpk_audience_put_ids(CdpkAudienceWriter *writer, uint64_t key, const uint16_t *ids,
								  uint32_t count);
extern void cdpk_audience_put_bitmap(CdpkAudienceWriter *writer, uint64_t key,
									 const uint8_t *bitmap);
extern void cdpk_audience_put_runs(CdpkAudienceWriter *writer, uint64_t key, const CdpkRun *runs,
								   uint32_t number);
extern void cdpk_audience_put_container(CdpkAudienceWriter *writer, const CdpkContainer *container);

/* Return the bytes, "before" and the audience, of which length is the length without "before". */
extern CdpkStatus cdpk_audience_finish(CdpkAudienceWriter *writer, uint8_t **bytes, size_t *length);

/* Free what a writer holds that is not to be finished. */
extern void cdpk_audience_abandon(CdpkAudienceWriter *writer);

#endif /* CDPK_AUDIENCE_WRITE_H */
