/*
 * answer.h
 *		Whether a person may be used for a purpose: a pure function of what was said, of who is who, and of the default.
 *
 * A no counts for every usable identifier of its event, a yes and a reset for the anchor alone: the strongest usable
 * one.  An identifier j speaks for i at a time if it is i, or if it is at least as strong by the priority of its
 * namespace, and links inside the person that were known by then join the two.
 *	- A no at i is lifted if a later yes or reset at some j was said when j spoke for i.
 *	- A yes at i is replaced if a later reset at some j was said when j spoke for i.
 *	- The answer is no if a no is not lifted; else yes if a yes is not replaced; else the default.
 * A yes that has expired counts for nothing.  Nothing depends on the order in which anything is given, but for which of
 * several statements the explanation names.
 *
 * A statement stands for a run of equal ones, of which the first and the last time are known.  For an instant between
 * them it is as restrictive as it can be: a no was said again just then, a yes or reset not since the first time.
 */
#ifndef CDPK_ANSWER_H
#define CDPK_ANSWER_H

#include "core/base/cdpk.h"

#define CDPK_ANSWER_NEVER INT64_MAX
#define CDPK_ANSWER_NONE UINT32_MAX

typedef enum CdpkAnswerKind
{
	CDPK_ANSWER_NO,
	CDPK_ANSWER_YES,
	CDPK_ANSWER_RESET
} CdpkAnswerKind;

#define CDPK_ANSWER_KINDS 3

typedef enum CdpkFallback
{
	CDPK_FALLBACK_OPT_IN,  /* no, if nothing was said */
	CDPK_FALLBACK_OPT_OUT, /* yes */
	CDPK_FALLBACK_NONE     /* yes, whatever was said */
} CdpkFallback;

/* An identifier: of the person, or on an event with one. */
typedef struct CdpkAnswerIdentifier
{
	int32_t priority; /* of its namespace; smaller is stronger */
	bool usable;      /* neither blocked nor shared */
	bool inside;      /* of the person */
} CdpkAnswerIdentifier;

/* Two identifiers of the person whose link is not refused, and the first time of its evidence. */
typedef struct CdpkAnswerLink
{
	uint32_t a;
	uint32_t b;
	int64_t since;
} CdpkAnswerLink;

/* What was said of the purpose. */
typedef struct CdpkAnswerStatement
{
	CdpkAnswerKind kind;
	int64_t first_at;
	int64_t last_at;
	int64_t expires_at; /* of a yes; CDPK_ANSWER_NEVER: it does not */
	const uint32_t *identifiers;
	uint32_t identifier_count;
} CdpkAnswerStatement;

/* Identifiers are numbered by their strength: the strongest is 0.  Links outside of the person do not count. */
typedef struct CdpkAnswerInput
{
	const CdpkAnswerIdentifier *identifiers;
	uint32_t identifier_count;
	const CdpkAnswerLink *links;
	uint32_t link_count;
	const CdpkAnswerStatement *statements;
	uint32_t statement_count;
	CdpkFallback fallback;
	int64_t at; /* what was said later does not count */
} CdpkAnswerInput;

/* The last statement of one kind at one identifier, and what became of it. */
typedef struct CdpkAnswerClaim
{
	uint32_t statement; /* CDPK_ANSWER_NONE: there is none */
	int64_t at;         /* when it was said */
	uint32_t undone_by; /* the statement that lifted or replaced it; CDPK_ANSWER_NONE: it stands */
	uint32_t undone_at; /* at which identifier */
} CdpkAnswerClaim;

typedef enum CdpkAnswerReason
{
	CDPK_ANSWER_BY_NO,      /* a no that was not lifted */
	CDPK_ANSWER_BY_YES,     /* a yes that was not replaced, and no such no */
	CDPK_ANSWER_BY_DEFAULT, /* neither */
	CDPK_ANSWER_BY_DUTY     /* the default is CDPK_FALLBACK_NONE */
} CdpkAnswerReason;

typedef struct CdpkAnswer
{
	bool yes;
	CdpkAnswerReason reason;
	uint32_t statement;  /* the latest that decides; CDPK_ANSWER_NONE by default or duty */
	uint32_t identifier; /* at which identifier */
	int64_t until; /* the first instant at which a yes is none any more, if nothing else is said */
} CdpkAnswer;

/*
 * Find the answer.  claims: NULL, or room for CDPK_ANSWER_KINDS of each identifier, by identifier and then kind, to be
 * told what became of each.  Fails only for lack of memory.
 */
extern CdpkStatus cdpk_answer(const CdpkAnswerInput *input, const CdpkAllocator *scratch,
							  CdpkAnswer *answer, CdpkAnswerClaim *claims);

#endif /* CDPK_ANSWER_H */
