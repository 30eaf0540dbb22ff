/*
 * hashed.h
 *		The hashes under which other systems know e-mail addresses and phone numbers.
 */
#ifndef CDP_IDENTIFIER_HASHED_H
#define CDP_IDENTIFIER_HASHED_H

#include "toolkit/identifier/identifier.h"

/* Return whether a namespace is one of hashes of another namespace's values: email_sha256, phone_sha256. */
extern bool identifier_is_of_hashes(const char *name_space, size_t length);

#endif /* CDP_IDENTIFIER_HASHED_H */
