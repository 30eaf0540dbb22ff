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

/* What else than the address itself names a mailbox. */
typedef enum CdpkMailbox
{
	CDPK_MAILBOX_EXACT, /* nothing */
	CDPK_MAILBOX_GMAIL, /* Gmail: dots and what follows a plus do not count; googlemail.com is gmail.com */
	CDPK_MAILBOX_PLUS /* besides, everywhere: what follows a plus does not count */
} CdpkMailbox;

/* Read a rule by its name: exact, gmail or plus; false: there is no such rule. */
extern bool cdpk_mailbox_read(const char *name, size_t length, CdpkMailbox *rule);

/*
 * Write the address that stands for the mailbox of a canonical address into a buffer of CDPK_EMAIL_MAX bytes, and
 * return its length.  It is canonical, and its own.
 */
extern size_t cdpk_email_mailbox(const char *email, size_t length, CdpkMailbox rule, char *result);

/* Return the place of the '@' that ends the local part of a canonical address. */
extern size_t cdpk_email_local_length(const char *email, size_t length);

#endif /* CDPK_EMAIL_H */
