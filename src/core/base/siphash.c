/*
 * siphash.c
 *		SipHash-2-4: see the header.
 */
#include "core/base/siphash.h"

CdpkSipHashKey
cdpk_siphash_key(const uint8_t *bytes)
{
	CdpkSipHashKey key = {cdpk_siphash_read(bytes, 8), cdpk_siphash_read(bytes + 8, 8)};

	return key;
}

CdpkSipHashKey
cdpk_siphash_derive(const CdpkSipHashKey *key, const char *purpose)
{
	const uint8_t *bytes = (const uint8_t *) purpose;
	size_t length = strlen(purpose);
	CdpkSipHashKey derived;

	/* the name, and the name with its zero */
	derived.low = cdpk_siphash(key, bytes, length);
	derived.high = cdpk_siphash(key, bytes, length + 1);
	return derived;
}

/* hash_all hashes the whole words of bytes, and then the rest. */
static uint64_t
hash_all(CdpkSipHash *hash, const uint8_t *bytes, size_t length)
{
	size_t whole = length - length % 8;

	for (size_t i = 0; i < whole; i += 8)
		cdpk_siphash_word(hash, cdpk_siphash_read(bytes + i, 8));
	return cdpk_siphash_end(hash, bytes + whole, length - whole);
}

uint64_t
cdpk_siphash(const CdpkSipHashKey *key, const uint8_t *bytes, size_t length)
{
	CdpkSipHash hash = cdpk_siphash_begin(key);

	return hash_all(&hash, bytes, length);
}

/* write_word writes a number, the least significant byte first. */
static void
write_word(uint64_t word, uint8_t *bytes)
{
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t) (word >> (8 * i));
}

void
cdpk_siphash_128(const CdpkSipHashKey *key, const uint8_t *bytes, size_t length, uint8_t *hash)
{
	CdpkSipHash state = cdpk_siphash_begin(key);

	/* where it differs from that of 64 bits */
	state.v1 ^= 0xee;
	state.last = 0xee;
	write_word(hash_all(&state, bytes, length), hash);
	state.v1 ^= 0xdd;
	write_word(cdpk_siphash_finish(&state), hash + 8);
}
