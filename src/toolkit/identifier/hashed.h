/*
 * hashed.h
 *		The hashes under which other systems know e-mail addresses and phone numbers.
 */
#ifndef CDP_IDENTIFIER_HASHED_H
#define CDP_IDENTIFIER_HASHED_H

#include "toolkit/identifier/identifier.h"

/* Return whether a namespace is one of hashes of another namespace's values: email_sha256, phone_sha256. */
extern bool identifier_is_of_hashes(const char *name_space, size_t length);

/* Return the namespace of the hashes of a namespace's values, or of the values of hashes; NULL: there is none. */
extern const char *identifier_hash_partner(const char *name_space, size_t length);

/*
 * Write the hash of an identifier's value, or the hash that it is, in CDPK_SHA256_DIGITS hexadecimal digits (hexid.h),
 * without an end; false: its namespace has no hashes.
 */
extern bool identifier_hash_digits(const uint8_t *payload, size_t length, char *digits);

/*
 * Return whether an identifier means nothing: cdpk_identifier_meaningless(), or the hash of a word that means nothing,
 * in lower case, in capitals or with one capital.
 */
extern bool identifier_meaningless(const uint8_t *payload, size_t length);

#endif /* CDP_IDENTIFIER_HASHED_H */
