/*
 * buffer.c
 *		Bytes that grow at their end.
 */
#include "core/base/buffer.h"

bool
cdpk_buffer_grow(CdpkBuffer *buffer, size_t more)
{
	size_t room = 2 * buffer->room;
	uint8_t *bytes;

	if (buffer->status != CDPK_OK)
		return false;
	if (more > buffer->max || buffer->used > buffer->max - more)
	{
		buffer->status = CDPK_TOO_LONG;
		return false;
	}
	if (room < buffer->used + more)
		room = buffer->used + more;
	if (room > buffer->max)
		room = buffer->max;
	bytes = cdpk_allocate(buffer->allocator, room);
	if (bytes == NULL)
	{
		buffer->status = CDPK_OUT_OF_MEMORY;
		return false;
	}
	if (buffer->used > 0)
		memcpy(bytes, buffer->bytes, buffer->used);
	cdpk_release(buffer->allocator, buffer->bytes);
	buffer->bytes = bytes;
	buffer->room = room;
	return true;
}
