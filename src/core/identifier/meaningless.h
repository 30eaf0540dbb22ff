/*
 * meaningless.h
 *		Values that stand where an identifier should be and mean nothing: what a
 *		program writes for "no value".
 */
#ifndef CDPK_MEANINGLESS_H
#define CDPK_MEANINGLESS_H

#include "core/base/cdpk.h"

typedef struct CdpkMeaningless
{
	const char *word; /* in lower case */
	bool in_email;    /* also as the local part of an e-mail address */
} CdpkMeaningless;

/* Return the words, sorted by bytes; NULL after the last one. */
extern const CdpkMeaningless *cdpk_meaningless_words(void);

/*
 * Return the other rules as regular expressions for the whole value in lower case; NULL after
 * the last one. Only for display: the code does not use them.
 */
extern const CdpkMeaningless *cdpk_meaningless_patterns(void);

/*
 * Return whether a raw value means nothing in any namespace: after trimming, in any case, also
 * in quotes and parentheses. True for an empty value.
 */
extern bool cdpk_value_meaningless(const char *value, size_t length);

/* The same for a canonical e-mail address: it is meaningless if its local part is. */
extern bool cdpk_email_meaningless(const char *email, size_t length);

#endif /* CDPK_MEANINGLESS_H */
