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

#include "core/base/cdpk.h"

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

/* Return a pointer to the next "length" bytes, or NULL if there are fewer. */
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

/* Read an unsigned LEB128 number; only its shortest form is well formed. */
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

/*
 * Like cdpk_read_varint, but faster where most numbers take several bytes: looks at eight bytes
 * at once. The eight bytes before the reader's end must be readable, whether before or after
 * the reader's place.
 */
static inline uint64_t
cdpk_read_long_varint(CdpkReader *reader)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	size_t left = cdpk_left(reader);
	size_t beyond = left < sizeof(uint64_t) ? sizeof(uint64_t) - left : 0;
	uint64_t word;
	uint64_t ends; /* the highest bit of each byte that ends a number */
	unsigned last; /* where its last byte begins */

	if (reader->failed || left == 0)
		return cdpk_read_varint(reader);
	memcpy(&word, reader->at - beyond, sizeof(word));
	word >>= 8 * beyond; /* bytes beyond the end are zero */
	ends = ~word & UINT64_C(0x8080808080808080);
	last = ends != 0 ? (unsigned) __builtin_ctzll(ends) - 7 : 0;
	/* nine or ten bytes; or cut off, or not the shortest form: both end in a zero byte */
	if (ends == 0 || (last > 0 && (word >> last & 0xff) == 0))
		return cdpk_read_varint(reader);
	reader->at += last / 8 + 1;
	/* the groups of 7 bits up to the end, combined two by two */
	word &= (ends ^ (ends - 1)) & UINT64_C(0x7f7f7f7f7f7f7f7f);
	word = (word & UINT64_C(0x007f007f007f007f)) | (word & UINT64_C(0x7f007f007f007f00)) >> 1;
	word = (word & UINT64_C(0x00003fff00003fff)) | (word & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (word & UINT64_C(0x000000000fffffff)) | (word & UINT64_C(0x0fffffff00000000)) >> 4;
#else
	return cdpk_read_varint(reader);
#endif
}

/* Return whether two byte strings of equal length are equal; fast where they differ early. */
static inline bool
cdpk_same_bytes(const void *a, const void *b, size_t length)
{
	const uint8_t *left = (const uint8_t *) a;
	const uint8_t *right = (const uint8_t *) b;
	uint64_t words[2];

	if (length < sizeof(uint64_t))
		return memcmp(a, b, length) == 0;
	for (size_t i = 0; i + sizeof(uint64_t) < length; i += sizeof(uint64_t))
	{
		memcpy(&words[0], left + i, sizeof(uint64_t));
		memcpy(&words[1], right + i, sizeof(uint64_t));
		if (words[0] != words[1])
			return false;
	}
	memcpy(&words[0], left + length - sizeof(uint64_t), sizeof(uint64_t));
	memcpy(&words[1], right + length - sizeof(uint64_t), sizeof(uint64_t));
	return words[0] == words[1];
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

/* Compare byte strings: like memcmp, and a prefix comes before the longer string. */
static inline int
cdpk_compare_bytes(const void *a, size_t a_length, const void *b, size_t b_length)
{
	size_t common = a_length < b_length ? a_length : b_length;
	int order = common > 0 ? memcmp(a, b, common) : 0;

	return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

/* Write a varint and return the place after it; the caller has made room. */
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

/* Write an integer of 64 bits, little-endian, and return the place after it. */
static inline uint8_t *
cdpk_write_fixed(uint8_t *at, int64_t value)
{
	uint64_t rest = (uint64_t) value;

	for (size_t i = 0; i < sizeof(rest); i++, rest >>= 8)
		*at++ = (uint8_t) rest;
	return at;
}

/* Read one from 8 bytes that are there. */
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
