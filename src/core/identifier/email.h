/*
 * email.h
 *		The canonical form of an e-mail address.
 */
#ifndef CDPK_EMAIL_H
#define CDPK_EMAIL_H

#include "core/base/cdpk.h"

/* limits of RFC 5321, in bytes of the canonical form */
#define CDPK_EMAIL_LOCAL_MAX 64
#define CDPK_EMAIL_DOMAIN_MAX 253
#define CDPK_EMAIL_LABEL_MAX 63
#define CDPK_EMAIL_MAX (CDPK_EMAIL_LOCAL_MAX + 1 + CDPK_EMAIL_DOMAIN_MAX)

/*
 * Write the canonical form of "value" into a buffer of CDPK_EMAIL_MAX bytes and
 * sets *result_length.  value is trimmed, well-formed UTF-8 without control
 * characters; ascii says that it is ASCII only.
 *
 * Letters A to Z become lower case, text becomes NFC, the domain its A-labels
 * (UTS #46, non-transitional).  The canonical form is its own canonical form.
 *
 * CDPK_INVALID: not an address; see email.c for what is one.
 */
extern CdpkStatus cdpk_email_normalize(const char *value, size_t length, bool ascii, char *result,
									   size_t *result_length);

/* Return the place of the '@' that ends the local part of a canonical address. */
extern size_t cdpk_email_local_length(const char *email, size_t length);

#endif /* CDPK_EMAIL_H */
