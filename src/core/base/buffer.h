/*
 * buffer.h
 *		Bytes that grow at their end.
 *
 * The first error stays in "status", and nothing is written after it: a writer may write a whole
 * structure and look once.
 */
#ifndef CDPK_BUFFER_H
#define CDPK_BUFFER_H

#include "core/base/bytes.h"

typedef struct CdpkBuffer
{
	const CdpkAllocator *allocator;
	size_t max; /* bytes; more is CDPK_TOO_LONG */
	uint8_t *bytes;
	size_t used;
	size_t room;
	CdpkStatus status;
} CdpkBuffer;

/* Return an empty buffer, for which nothing is allocated yet. */
static inline CdpkBuffer
cdpk_buffer(const CdpkAllocator *allocator, size_t max)
{
	CdpkBuffer buffer = {allocator, max, NULL, 0, 0, CDPK_OK};

	return buffer;
}

/* Enlarge a buffer whose room does not suffice; false if that fails. */
extern bool cdpk_buffer_grow(CdpkBuffer *buffer, size_t more);

/* Make room for more bytes; false if there is none. */
static inline bool
cdpk_buffer_reserve(CdpkBuffer *buffer, size_t more)
{
	if (buffer->status == CDPK_OK && more <= buffer->room - buffer->used)
		return true;
	return cdpk_buffer_grow(buffer, more);
}

static inline void
cdpk_put_byte(CdpkBuffer *buffer, uint8_t byte)
{
	if (cdpk_buffer_reserve(buffer, 1))
		buffer->bytes[buffer->used++] = byte;
}

static inline void
cdpk_put_varint(CdpkBuffer *buffer, uint64_t value)
{
	if (cdpk_buffer_reserve(buffer, CDPK_VARINT_MAX))
		buffer->used =
			(size_t) (cdpk_write_varint(buffer->bytes + buffer->used, value) - buffer->bytes);
}

static inline void
cdpk_put_bytes(CdpkBuffer *buffer, const void *bytes, size_t length)
{
	if (length == 0 || !cdpk_buffer_reserve(buffer, length))
		return;
	memcpy(buffer->bytes + buffer->used, bytes, length);
	buffer->used += length;
}

/* Write so many zeros, and return where they begin; NULL if there is no room. */
static inline uint8_t *
cdpk_put_zeros(CdpkBuffer *buffer, size_t length)
{
	uint8_t *start;

	if (!cdpk_buffer_reserve(buffer, length))
		return NULL;
	start = buffer->bytes + buffer->used;
	if (length > 0)
		memset(start, 0, length);
	buffer->used += length;
	return start;
}

/* Write, before what was written from "start" on, how many bytes that is. */
static inline void
cdpk_put_size(CdpkBuffer *buffer, size_t start)
{
	uint64_t size = buffer->used - start;
	size_t width = cdpk_varint_size(size);

	if (!cdpk_buffer_reserve(buffer, width))
		return;
	memmove(buffer->bytes + start + width, buffer->bytes + start, size);
	cdpk_write_varint(buffer->bytes + start, size);
	buffer->used += width;
}

static inline void
cdpk_buffer_free(CdpkBuffer *buffer)
{
	cdpk_release(buffer->allocator, buffer->bytes);
	buffer->bytes = NULL;
	buffer->used = buffer->room = 0;
}

#endif /* CDPK_BUFFER_H */
