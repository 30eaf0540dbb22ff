/*
 * hexid.h
 *		Identifiers written in hexadecimal digits: UUIDs and hashes.
 */
#ifndef CDPK_HEXID_H
#define CDPK_HEXID_H

#include "core/base/cdpk.h"

/* The kinds of namespaces that hold such identifiers. */
typedef enum CdpkHexKind
{
	CDPK_HEX_NONE, /* the namespace holds something else */
	CDPK_HEX_UUID, /* advertising identifiers and their like */
	CDPK_HEX_HASH, /* namespaces that end in the name of a hash function */
	CDPK_HEX_SHA256 /* email_sha256 and phone_sha256, whose values are compared with hashes of ours */
} CdpkHexKind;

/* Return the kind of a namespace in lower case. */
extern CdpkHexKind cdpk_hex_kind(const char *name_space, size_t length);

/* the hexadecimal digits of a SHA-256 */
#define CDPK_SHA256_DIGITS 64

/*
 * Write the canonical form of a value of such a namespace into a buffer of its length and 4 bytes more, and of at
 * least CDPK_SHA256_DIGITS bytes, and set *result_length.  It is its own canonical form.
 *
 * CDPK_HEX_UUID: a UUID, with or without hyphens, braces or "urn:uuid:", becomes 8-4-4-4-12 in lower case.  All
 * kinds: hexadecimal digits as many as a hash has become lower case.  CDPK_HEX_SHA256: so does its base64, of the
 * standard alphabet or that of URLs, with or without the sign of padding; all else is CDPK_INVALID.  Of the other
 * kinds anything else stays as it is.
 */
extern CdpkStatus cdpk_hex_normalize(CdpkHexKind kind, const char *value, size_t length,
									 char *result, size_t *result_length);

#endif /* CDPK_HEXID_H */
