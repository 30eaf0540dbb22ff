/*
 * hash_key.h
 *		The key of the installation, in cdp_data.identifier_key, by which identifiers, messages and contents are hashed.
 */
#ifndef CDP_HASH_KEY_H
#define CDP_HASH_KEY_H

#include "core/base/siphash.h"

/* What is hashed; by keys of their own, so that a hash of one tells nothing of another. */
typedef enum HashPurpose
{
	HASH_IDENTIFIER,    /* cdp_data.identifier_map.hash */
	HASH_CONTENT,       /* cdp_data.message.content_hash */
	HASH_MESSAGE,       /* cdp_data.message.message_key */
	HASH_SHARED_CONTEXT /* cdp_data.shared_context.context_hash */
} HashPurpose;

/* Returns the key for a purpose; the caller must have the right to read the table. */
extern CdpkSipHashKey hash_key(HashPurpose purpose);

/* Returns the key for a purpose of an installation whose key is this bytea; raises an error for another length. */
extern CdpkSipHashKey hash_key_of(Datum key, HashPurpose purpose);

#endif /* CDP_HASH_KEY_H */
