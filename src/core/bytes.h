/*
 * bytes.h
 *		Bounds-checked reading of untrusted bytes; every decoder goes through it.
 *
 * A reader that meets the end, or a value that is not well formed, sets
 * "failed" and from then on returns zeros: a decoder may read a whole header
 * and look at the flag once.
 */
#ifndef CDPK_BYTES_H
#define CDPK_BYTES_H

#include <string.h>

#include "core/cdpk.h"

typedef struct CdpkReader
{
	const uint8_t *at;
	const uint8_t *end;
	bool failed;
} CdpkReader;

/* the longest varint: ten groups of seven bits */
#define CDPK_VARINT_MAX 10

static inline CdpkReader
cdpk_reader(const void *bytes, size_t length)
{
	CdpkReader reader;

	reader.at = (const uint8_t *) bytes;
	reader.end = reader.at + length;
	reader.failed = false;
	return reader;
}

static inline size_t
cdpk_left(const CdpkReader *reader)
{
	return (size_t) (reader->end - reader->at);
}

static inline uint8_t
cdpk_read_u8(CdpkReader *reader)
{
	if (reader->failed || reader->at == reader->end)
	{
		reader->failed = true;
		return 0;
	}
	return *reader->at++;
}

/* Returns a pointer to the next "length" bytes, or NULL where there are fewer. */
static inline const uint8_t *
cdpk_read_bytes(CdpkReader *reader, size_t length)
{
	const uint8_t *start = reader->at;

	if (reader->failed || cdpk_left(reader) < length)
	{
		reader->failed = true;
		return NULL;
	}
	reader->at += length;
	return start;
}

/* Reads an unsigned LEB128 number; only its shortest form is well formed. */
static inline uint64_t
cdpk_read_varint(CdpkReader *reader)
{
	const uint8_t *at = reader->at;
	const uint8_t *end = reader->failed ? at : reader->end;
	uint64_t value = 0;

	for (unsigned shift = 0; at < end && shift < 64; shift += 7)
	{
		uint8_t byte = *at++;

		value |= (uint64_t) (byte & 0x7f) << shift;
		if (byte < 0x80)
		{
			if ((shift == 63 && byte > 1) || (byte == 0 && shift > 0))
				break;
			reader->at = at;
			return value;
		}
	}
	reader->failed = true;
	return 0;
}

static inline size_t
cdpk_varint_size(uint64_t value)
{
	size_t size = 1;

	while (value >= 0x80)
	{
		value >>= 7;
		size++;
	}
	return size;
}

/* Writes a varint and returns the place behind it; the caller has made room. */
static inline uint8_t *
cdpk_write_varint(uint8_t *at, uint64_t value)
{
	while (value >= 0x80)
	{
		*at++ = (uint8_t) (value | 0x80);
		value >>= 7;
	}
	*at++ = (uint8_t) value;
	return at;
}

/* Writes an integer of 64 bits, little-endian, and returns the place behind it. */
static inline uint8_t *
cdpk_write_fixed(uint8_t *at, int64_t value)
{
	uint64_t rest = (uint64_t) value;

	for (size_t i = 0; i < sizeof(rest); i++, rest >>= 8)
		*at++ = (uint8_t) rest;
	return at;
}

/* Reads one from 8 bytes that are there. */
static inline int64_t
cdpk_read_fixed(const uint8_t *at)
{
	uint64_t value = 0;

	for (size_t i = sizeof(value); i-- > 0;)
		value = value << 8 | at[i];
	return (int64_t) value;
}

static inline uint64_t
cdpk_zigzag(int64_t value)
{
	return ((uint64_t) value << 1) ^ (uint64_t) (value < 0 ? -1 : 0);
}

static inline int64_t
cdpk_unzigzag(uint64_t value)
{
	return (int64_t) (value >> 1) ^ -(int64_t) (value & 1);
}

#endif /* CDPK_BYTES_H */
