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
	CDPK_HEX_HASH  /* namespaces that end in the name of a hash function */
} CdpkHexKind;

/* Return the kind of a namespace in lower case. */
extern CdpkHexKind cdpk_hex_kind(const char *name_space, size_t length);

/*
 * Write the canonical form of a value of such a namespace into a buffer of its
 * length and 4 bytes more, and set *result_length.  It is its own canonical form.
 *
 * CDPK_HEX_UUID: a UUID, with or without hyphens, braces or "urn:uuid:", becomes
 * 8-4-4-4-12 in lower case.  Both kinds: hexadecimal digits as many as a hash
 * has become lower case.  Anything else, base64 above all, stays as it is.
 */
extern void cdpk_hex_normalize(CdpkHexKind kind, const char *value, size_t length, char *result,
							   size_t *result_length);

#endif /* CDPK_HEXID_H */
