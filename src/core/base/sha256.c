/*
 * sha256.c
 *		SHA-256: see the header.
 */
#include "core/base/sha256.h"

#include <string.h>

#define BLOCK 64  /* bytes */
#define ROUNDS 64 /* of a block */
#define WORDS 8   /* of the state */

/* the first 32 bits of the fractional parts of the cube roots of the first 64 primes */
static const uint32_t constants[ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t
rotate(uint32_t word, unsigned bits)
{
	return word >> bits | word << (32 - bits);
}

/* Read a word, the most significant byte first. */
static inline uint32_t
read_word(const uint8_t *bytes)
{
	return (uint32_t) bytes[0] << 24 | (uint32_t) bytes[1] << 16 | (uint32_t) bytes[2] << 8 |
		   (uint32_t) bytes[3];
}

/* Write a number of so many bytes, the most significant first. */
static void
write_number(uint8_t *bytes, int count, uint64_t number)
{
	for (int i = count - 1; i >= 0; i--, number >>= 8)
		bytes[i] = (uint8_t) number;
}

/* Make the 64 words of a block. */
static void
expand(const uint8_t *block, uint32_t word[ROUNDS])
{
	for (int i = 0; i < 16; i++)
		word[i] = read_word(block + 4 * i);
	for (int i = 16; i < ROUNDS; i++)
	{
		uint32_t x = word[i - 15];
		uint32_t y = word[i - 2];

		word[i] = word[i - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + word[i - 7] +
				  (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
	}
}

/* One round; what the letters stand for moves on by one from round to round. */
#define ROUND(a, b, c, d, e, f, g, h, i)                                         \
	do                                                                           \
	{                                                                            \
		uint32_t mixed_ = (h) + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + \
						  ((g) ^ ((e) & ((f) ^ (g)))) + constants[i] + word[i];  \
                                                                                 \
		(d) += mixed_;                                                           \
		(h) = mixed_ + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +          \
			  (((a) & (b)) | ((c) & ((a) | (b))));                               \
	} while (0)

/* Add a block to the state. */
static void
add_block(uint32_t state[WORDS], const uint8_t *block)
{
	uint32_t word[ROUNDS];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	expand(block, word);
	for (int i = 0; i < ROUNDS; i += WORDS)
	{
		ROUND(a, b, c, d, e, f, g, h, i);
		ROUND(h, a, b, c, d, e, f, g, i + 1);
		ROUND(g, h, a, b, c, d, e, f, i + 2);
		ROUND(f, g, h, a, b, c, d, e, i + 3);
		ROUND(e, f, g, h, a, b, c, d, i + 4);
		ROUND(d, e, f, g, h, a, b, c, i + 5);
		ROUND(c, d, e, f, g, h, a, b, i + 6);
		ROUND(b, c, d, e, f, g, h, a, i + 7);
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

void
cdpk_sha256(const uint8_t *bytes, size_t length, uint8_t digest[CDPK_SHA256_LENGTH])
{
	/* the first 32 bits of the fractional parts of the square roots of the first 8 primes */
	uint32_t state[WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
							 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	uint8_t last[2 * BLOCK] = {0};
	size_t rest = length % BLOCK;
	size_t end = rest < BLOCK - sizeof(uint64_t) ? BLOCK : 2 * BLOCK;

	for (size_t at = 0; at + BLOCK <= length; at += BLOCK)
		add_block(state, bytes + at);
	/* a bit, zeros, and the length in bits */
	if (rest > 0)
		memcpy(last, bytes + length - rest, rest);
	last[rest] = 0x80;
	write_number(last + end - sizeof(uint64_t), sizeof(uint64_t), (uint64_t) length * 8);
	for (size_t at = 0; at < end; at += BLOCK)
		add_block(state, last + at);
	for (int i = 0; i < WORDS; i++)
		write_number(digest + 4 * i, 4, state[i]);
}
