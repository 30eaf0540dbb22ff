/*
 * step.h
 *		A step: which events a predicate asks for, as in 'Product Viewed[category = "shoes"]'.
 *
 * Its text and its stored form (FORMAT.md); step_filter.h has what it selects in a timeline.  The
 * grammar and the meaning are in toolkit/DEFINITIONS.md.
 */
#ifndef CDPK_STEP_H
#define CDPK_STEP_H

#include "core/text/decimal.h"
#include "core/timeline/timeline.h"

#define CDPK_STEP_VERSION 1 /* first byte of the stored form */

#define CDPK_STEP_ALTERNATIVES_MAX 32
#define CDPK_STEP_CONDITIONS_MAX 64 /* in all alternatives */
#define CDPK_STEP_LITERALS_MAX 1000 /* likewise */
#define CDPK_STEP_SIZE_MAX 1048576  /* bytes of the stored form */
#define CDPK_STEP_TEXT_MAX 8388608  /* and of the text, which has more blanks and quotes */

/* The first six are those of CdpkComparison. */
typedef enum CdpkStepOperator
{
	CDPK_STEP_EQUAL,
	CDPK_STEP_NOT_EQUAL,
	CDPK_STEP_LESS,
	CDPK_STEP_AT_MOST,
	CDPK_STEP_GREATER,
	CDPK_STEP_AT_LEAST,
	CDPK_STEP_IN,
	CDPK_STEP_NOT_IN,
	CDPK_STEP_LIKE,
	CDPK_STEP_CONTAINS,
	CDPK_STEP_EXISTS,
	CDPK_STEP_NOT_EXISTS
} CdpkStepOperator;

#define CDPK_STEP_OPERATORS 12

typedef enum CdpkLiteralKind
{
	CDPK_LITERAL_NUMBER = 1,
	CDPK_LITERAL_TEXT,
	CDPK_LITERAL_FALSE,
	CDPK_LITERAL_TRUE
} CdpkLiteralKind;

typedef struct CdpkLiteral
{
	CdpkLiteralKind kind;
	CdpkDecimal number;
	CdpkName text;
} CdpkLiteral;

/* property = literal, property in (literal, ...), property exists */
typedef struct CdpkCondition
{
	CdpkName property;
	CdpkStepOperator operation;
	unsigned count; /* of literals: 1, but for in, not in (1 or more), exists, not exists (0) */
	const CdpkLiteral *literals;
} CdpkCondition;

/* Events of one name, or of any, that satisfy all conditions. */
typedef struct CdpkAlternative
{
	bool any; /* name: '*' */
	CdpkName name;
	unsigned count; /* of conditions */
	const CdpkCondition *conditions;
} CdpkAlternative;

/* Names and texts point into the stored form. */
typedef struct CdpkStep
{
	unsigned count; /* of alternatives, at least 1 */
	const CdpkAlternative *alternatives;
	bool conditional;      /* an alternative has conditions */
	bool any;              /* an alternative asks for events of any name */
	bool plain;            /* one name without conditions, which needs no memory */
	CdpkAlternative alone; /* the alternative of a plain step; not to be asked for directly */
	void *memory;          /* or NULL */
} CdpkStep;

/* Return the alternatives; a plain step may have been copied. */
static inline const CdpkAlternative *
cdpk_step_alternatives(const CdpkStep *step)
{
	return step->plain ? &step->alone : step->alternatives;
}

/* Return the step that asks for the events of a name. */
static inline CdpkStep
cdpk_plain_step(const char *name, size_t length)
{
	CdpkStep step = {1, NULL, false, false, true, {false, {name, length}, 0, NULL}, NULL};

	return step;
}

/* where and why a text is refused */
typedef struct CdpkStepProblem
{
	const char *words;
	size_t position; /* byte, from 1 */
} CdpkStepProblem;

/*
 * Make the stored form of a text, after "head" bytes for the caller to fill.
 *
 * CDPK_EMPTY, CDPK_INVALID, CDPK_TOO_LONG, CDPK_OUT_OF_RANGE: with *problem.  CDPK_BAD_ENCODING: not
 * UTF-8.
 */
extern CdpkStatus cdpk_step_parse(const char *text, size_t length, const CdpkAllocator *allocator,
								  size_t head, uint8_t **bytes, size_t *bytes_length,
								  CdpkStepProblem *problem);

/* Make the stored form of a step that asks for the events of one name; the errors are the same. */
extern CdpkStatus cdpk_step_of_name(const char *name, size_t length, const CdpkAllocator *allocator,
									size_t head, uint8_t **bytes, size_t *bytes_length,
									CdpkStepProblem *problem);

/* Print a stored form, NUL-terminated; the same for equal steps. */
extern CdpkStatus cdpk_step_print(const uint8_t *bytes, size_t length,
								  const CdpkAllocator *allocator, char **text);

/* Print a name so that it is read as a name, NUL-terminated; "quoted": in quotes in any case. */
extern CdpkStatus cdpk_step_print_name(const char *name, size_t length, bool quoted,
									   const CdpkAllocator *allocator, char **text);

/*
 * Read untrusted bytes; accepts only what the parser could have made.  The memory of what was read
 * is freed by cdpk_step_free; a plain step has none.
 */
extern CdpkStatus cdpk_step_read(const uint8_t *bytes, size_t length,
								 const CdpkAllocator *allocator, CdpkStep *step);

static inline void
cdpk_step_free(const CdpkAllocator *allocator, CdpkStep *step)
{
	cdpk_release(allocator, step->memory);
	step->memory = NULL;
}

/* ---- for the three files that make, read and print a step ---- */

/* a tag begins an alternative and a condition; END ends the conditions, and a list of literals */
#define CDPK_STEP_TAG_END 0
#define CDPK_STEP_TAG_NAME 1
#define CDPK_STEP_TAG_ANY 2

/* Return what is wrong with a literal after an operator, or NULL. */
extern const char *cdpk_step_check(CdpkStepOperator operation, const CdpkLiteral *literal);

/* Return whether a text is more than the name of an event as it stands. */
extern bool cdpk_step_must_parse(const char *text, size_t length);

/* Return whether a name needs no quotes as one of several alternatives. */
extern bool cdpk_step_is_word(const char *text, size_t length);

/* Return whether it needs none as the only alternative, before conditions. */
extern bool cdpk_step_is_bare_name(const CdpkName *name);

/* Return whether the name of a property needs no quotes. */
extern bool cdpk_step_is_property(const char *text, size_t length);

#endif /* CDPK_STEP_H */
