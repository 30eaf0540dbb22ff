/*
 * step_parse.h
 *		Reading the texts of steps and sequences: tokens, and the conditions of an alternative.
 *
 * The stored form has its parts in the order of the text, so it is written while the text is read.
 */
#ifndef CDPK_STEP_PARSE_H
#define CDPK_STEP_PARSE_H

#include "core/sequence/step.h"

/* bytes of the stored form that a text becomes at most */
#define CDPK_PARSE_ROOM(length) (4 * (length) + 16)

/* A condition that compares with the event before: price < previous. */
typedef struct CdpkPrevious
{
	CdpkName property; /* length 0: there was none */
	CdpkStepOperator operation;
} CdpkPrevious;

/* The text that is read; both rooms are those of the caller. */
typedef struct CdpkParse
{
	const char *start;
	const char *at; /* at a token, or the end */
	const char *end;
	uint8_t *to;   /* where the stored form goes on, with CDPK_PARSE_ROOM of the text */
	char *scratch; /* where quoted texts go, as much as the text */
	unsigned conditions;
	unsigned literals;
	CdpkPrevious *previous; /* where such a condition goes; NULL: there must be none */
	CdpkTextProblem *problem;
} CdpkParse;

/* Report what is wrong at a place of the text. */
extern CdpkStatus cdpk_parse_refuse(CdpkParse *p, CdpkStatus status, const char *at,
									const char *what);

static inline bool
cdpk_parse_is_blank(char byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Move to the next token. */
extern void cdpk_parse_skip_blanks(CdpkParse *p);

/* Accept a mark if it comes next. */
extern bool cdpk_parse_take(CdpkParse *p, const char *mark);

/* Compare bytes with a word, whatever the case of the letters. */
extern bool cdpk_parse_is(const char *text, size_t length, const char *word);

/* Take what stands in double quotes. */
extern CdpkStatus cdpk_parse_quoted(CdpkParse *p, CdpkName *text);

/* Take a property. */
extern CdpkStatus cdpk_parse_property(CdpkParse *p, CdpkName *property);

/* Write an alternative for events of a name, or of any (NULL), and parse its conditions in brackets, if there are. */
extern CdpkStatus cdpk_parse_conditions(CdpkParse *p, const CdpkName *name);

#endif /* CDPK_STEP_PARSE_H */
