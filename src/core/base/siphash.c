/*
 * siphash.c
 *		SipHash-2-4: see the header.
 */
#include "core/base/siphash.h"

typedef struct State
{
	uint64_t v0;
	uint64_t v1;
	uint64_t v2;
	uint64_t v3;
} State;

static inline uint64_t
rotate_left(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

/* mix is SipRound. */
static inline void
mix(State *state)
{
	state->v0 += state->v1;
	state->v1 = rotate_left(state->v1, 13) ^ state->v0;
	state->v0 = rotate_left(state->v0, 32);
	state->v2 += state->v3;
	state->v3 = rotate_left(state->v3, 16) ^ state->v2;
	state->v0 += state->v3;
	state->v3 = rotate_left(state->v3, 21) ^ state->v0;
	state->v2 += state->v1;
	state->v1 = rotate_left(state->v1, 17) ^ state->v2;
	state->v2 = rotate_left(state->v2, 32);
}

/* take_word hashes one word: two rounds. */
static inline void
take_word(State *state, uint64_t word)
{
	state->v3 ^= word;
	mix(state);
	mix(state);
	state->v0 ^= word;
}

/* read_word reads up to 8 bytes, the least significant first. */
static inline uint64_t
read_word(const uint8_t *bytes, size_t length)
{
	uint64_t word = 0;

	for (size_t i = 0; i < length; i++)
		word |= (uint64_t) bytes[i] << (8 * i);
	return word;
}

CdpkSipHashKey
cdpk_siphash_key(const uint8_t *bytes)
{
	CdpkSipHashKey key = {read_word(bytes, 8), read_word(bytes + 8, 8)};

	return key;
}

uint64_t
cdpk_siphash(const CdpkSipHashKey *key, const uint8_t *bytes, size_t length)
{
	State state = {
		key->low ^ UINT64_C(0x736f6d6570736575),
		key->high ^ UINT64_C(0x646f72616e646f6d),
		key->low ^ UINT64_C(0x6c7967656e657261),
		key->high ^ UINT64_C(0x7465646279746573),
	};
	size_t whole = length - length % 8;

	for (size_t i = 0; i < whole; i += 8)
		take_word(&state, read_word(bytes + i, 8));
	take_word(&state, (uint64_t) length << 56 | read_word(bytes + whole, length - whole));
	state.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		mix(&state);
	return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}
