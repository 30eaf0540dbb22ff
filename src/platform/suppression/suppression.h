/*
 * suppression.h
 *		The identifiers of people who were erased: as hashes, by a key that the tables do not hold.
 *
 * cdp_data.suppressed keeps two hashes of each: HMAC-SHA-256, which names it in proofs, and a SipHash, by which rows are
 * compared as they come.  Who has the tables and not the key cannot find out whether a person is among them.
 */
#ifndef CDP_SUPPRESSION_H
#define CDP_SUPPRESSION_H

#include "core/base/siphash.h"
#include "core/text/json.h"
#include "toolkit/identifier/identifier.h"

/* bytes of a hash that names an identifier */
#define SUPPRESSION_HASH_LENGTH 32

/* What is suppressed. */
typedef struct Suppressed Suppressed;

extern void suppression_define_settings(void);

/*
 * Returns what is suppressed; NULL: nothing is.  Raises an error if the key is missing, or is not the one by which the
 * tables were written.  The result lasts until the next call in the session.  SPI must be connected.
 */
extern const Suppressed *suppressed_read(void);

/* Returns what an erasure suppressed, in the current memory context.  SPI must be connected. */
extern const Suppressed *suppressed_read_of(int64 erasure_id);

/* Tells whether an identifier is suppressed. */
extern bool suppressed_has(const Suppressed *suppressed, const Identifier *identifier);

/*
 * Tells whether a text is a suppressed identifier, of whatever namespace.  It is compared by all rules for mailboxes;
 * region: as of identifier_make_in_region().
 */
extern bool suppressed_has_text(const Suppressed *suppressed, CdpkSpan text, const char *region);

#endif /* CDP_SUPPRESSION_H */
