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

uint64_t
cdpk_siphash(const CdpkSipHashKey *key, const uint8_t *bytes, size_t length)
{
	CdpkSipHash hash = cdpk_siphash_begin(key);
	size_t whole = length - length % 8;

	for (size_t i = 0; i < whole; i += 8)
		cdpk_siphash_word(&hash, cdpk_siphash_read(bytes + i, 8));
	return cdpk_siphash_end(&hash, bytes + whole, length - whole);
}
