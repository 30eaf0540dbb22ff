/*
 * identifier.h
 *		The canonical form of an identifier, "namespace:value", and how raw text
 *		becomes one.  Equal identifiers are equal bytes.
 *
 * The stored form (FORMAT.md) is: version byte, length of the namespace, the
 * namespace, the value.  Everything here works on that form, the "payload".
 */
#ifndef CDPK_IDENTIFIER_H
#define CDPK_IDENTIFIER_H

#include "core/base/cdpk.h"
#include "core/identifier/email.h"

#define CDPK_IDENTIFIER_VERSION 1
/* raise it whenever a normaliser gives another result for some value */
#define CDPK_NORMALIZER_VERSION 3
#define CDPK_NAMESPACE_MAX 63   /* bytes of a namespace */
#define CDPK_IDENTIFIER_MAX 512 /* bytes of "namespace:value" */
#define CDPK_IDENTIFIER_HEADER 2
/* the payload has two bytes of header instead of the colon */
#define CDPK_IDENTIFIER_PAYLOAD_MAX (CDPK_IDENTIFIER_MAX - 1 + CDPK_IDENTIFIER_HEADER)

/*
 * Write the folded form of a namespace, of the same length, into a buffer of
 * CDPK_NAMESPACE_MAX bytes.  CDPK_INVALID: not a letter followed by letters,
 * digits, '_', '.' or '-'.  CDPK_TOO_LONG: over CDPK_NAMESPACE_MAX.
 */
extern CdpkStatus cdpk_namespace_fold(const char *name_space, size_t length, char *result);

/*
 * Brings a phone number to E.164.  Called only for what is not strict E.164
 * already; writes at most *result_length bytes and sets it.
 */
typedef struct CdpkPhone
{
	CdpkStatus (*normalize)(void *context, const char *value, size_t length, char *result,
							size_t *result_length);
	void *context;
} CdpkPhone;

/*
 * Make the payload of (namespace, value) in a buffer of
 * CDPK_IDENTIFIER_PAYLOAD_MAX bytes and set *payload_length.
 *
 * namespace: a letter, then letters, digits, '_', '.' or '-'; letters are folded
 * to lower case.  value: white space is trimmed; the namespace's normaliser
 * (email, phone, UUIDs and hashes) is applied.  phone may be NULL: then only strict E.164 is taken
 * and anything else in namespace "phone" is CDPK_UNSUPPORTED.
 *
 * CDPK_EMPTY: nothing is left of the value after trimming.
 * CDPK_INVALID: the namespace is not of that form, or the value not of its
 * namespace's.  CDPK_TOO_LONG, CDPK_BAD_ENCODING: as named.
 */
extern CdpkStatus cdpk_identifier_make(const char *name_space, size_t namespace_length,
									   const char *value, size_t value_length,
									   const CdpkPhone *phone, uint8_t *payload,
									   size_t *payload_length);

/*
 * Write the payload of the mailbox of an e-mail address into a buffer of CDPK_IDENTIFIER_PAYLOAD_MAX bytes; that of
 * another identifier is the same.  Returns its length.
 */
extern size_t cdpk_identifier_mailbox(const uint8_t *payload, size_t length, CdpkMailbox rule,
									  uint8_t *result);

/* Return whether bytes from anywhere are a payload that cdpk_identifier_make could have made. */
extern CdpkStatus cdpk_identifier_check(const uint8_t *payload, size_t length);

/* Compare by the bytes of the namespace, then of the value. */
extern int cdpk_identifier_compare(const uint8_t *a, size_t a_length, const uint8_t *b,
								   size_t b_length);

/* Return whether the value means nothing ("null", "undefined", zeros, …) in any namespace. */
extern bool cdpk_identifier_meaningless(const uint8_t *payload, size_t length);

/* Parts of a valid payload. */
static inline size_t
cdpk_identifier_namespace_length(const uint8_t *payload)
{
	return payload[1];
}

static inline const char *
cdpk_identifier_namespace(const uint8_t *payload)
{
	return (const char *) payload + CDPK_IDENTIFIER_HEADER;
}

static inline const char *
cdpk_identifier_value(const uint8_t *payload)
{
	return (const char *) payload + CDPK_IDENTIFIER_HEADER + payload[1];
}

static inline size_t
cdpk_identifier_value_length(const uint8_t *payload, size_t length)
{
	return length - CDPK_IDENTIFIER_HEADER - payload[1];
}

#endif /* CDPK_IDENTIFIER_H */
