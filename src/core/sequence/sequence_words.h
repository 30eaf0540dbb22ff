/*
 * sequence_words.h
 *		What the text of a sequence is made of, for the files that read and print it.
 */
#ifndef CDPK_SEQUENCE_WORDS_H
#define CDPK_SEQUENCE_WORDS_H

#include "core/base/cdpk.h"

/* A unit of time, from the largest on. */
typedef struct CdpkSequenceUnit
{
	const char *name; /* without the s of the plural */
	int64_t length;
} CdpkSequenceUnit;

#define CDPK_SEQUENCE_UNITS 7
extern const CdpkSequenceUnit cdpk_sequence_units[CDPK_SEQUENCE_UNITS];

/* Return the bytes from "at" on that can be a name without quotes, or 0. */
extern size_t cdpk_sequence_bare_length(const char *at, const char *end);

/* Return whether a bare name is a word of the language. */
extern bool cdpk_sequence_is_reserved(const char *text, size_t length);

#endif /* CDPK_SEQUENCE_WORDS_H */
