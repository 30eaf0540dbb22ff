/*
 * suppression_key.h
 *		The hashes that are made by the setting cdp.suppression_key.
 */
#ifndef CDP_SUPPRESSION_KEY_H
#define CDP_SUPPRESSION_KEY_H

#include "core/base/siphash.h"
#include "toolkit/identifier/identifier.h"

/* bytes of cdp_data.state.suppression_fingerprint */
#define SUPPRESSION_FINGERPRINT_LENGTH 8

extern bool suppression_key_is_set(void);

/* Puts what tells the key from another; raises an error if there is none. */
extern void suppression_fingerprint(uint8_t *fingerprint);

/* Returns the key by which identifiers are compared as they come; raises an error if there is none. */
extern CdpkSipHashKey suppression_tag_key(void);

/* Returns the hash by which an identifier is compared, by this key. */
extern uint64 suppression_tag(const CdpkSipHashKey *key, const Identifier *identifier);

#endif /* CDP_SUPPRESSION_KEY_H */
