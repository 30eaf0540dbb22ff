/*
 * sequence_program.h
 *		The programs of a sequence: what a match must be like, with the modes of a funnel.
 *
 * A sequence with optional events has a program for each way to leave some of them out.
 */
#ifndef CDPK_SEQUENCE_PROGRAM_H
#define CDPK_SEQUENCE_PROGRAM_H

#include "core/sequence/funnel_modes.h"
#include "core/sequence/sequence_form.h"

/* Which matches count: those that begin with any event of the first step, or with the first or last. */
typedef enum CdpkAttempts
{
	CDPK_ATTEMPTS_ALL,
	CDPK_ATTEMPTS_FIRST,
	CDPK_ATTEMPTS_LAST
} CdpkAttempts;

/* What is to be known of the matches. */
typedef enum CdpkWanted
{
	CDPK_WANT_MATCH, /* whether there is one; it stops at the first */
	CDPK_WANT_ALL,   /* all but the depth */
	CDPK_WANT_DEPTH,
	CDPK_WANT_TIMES /* the depth, and when each step was reached */
} CdpkWanted;

/* What is asked for. */
typedef struct CdpkAsked
{
	const CdpkSequence *sequence;
	CdpkWanted wanted;
	unsigned modes; /* CDPK_FUNNEL_STRICT_ORDER ... */
	CdpkAttempts attempts;
	bool bounded;         /* the first event of a match lies in "begins" */
	CdpkTimeRange begins; /* of several attempts the first, or last, of those in it */
} CdpkAsked;

/* Return whether a match may begin at a time. */
static inline bool
cdpk_asked_begins(const CdpkAsked *asked, int64_t at)
{
	return !asked->bounded || (at >= asked->begins.first && at <= asked->begins.last);
}

/* Return whether events that satisfy nothing in the sequence matter. */
static inline bool
cdpk_asks_for_strangers(const CdpkAsked *asked)
{
	return (asked->modes & CDPK_FUNNEL_STRICT_ORDER) != 0;
}

/* Return how many ways there are to leave optional events out: numbers below it, of which 0 leaves out none. */
extern unsigned cdpk_sequence_ways(const CdpkSequence *sequence);

/* Make the program of a sequence that was checked, for a way; its conditions are the alternatives. */
extern void cdpk_program_make(const CdpkAsked *asked, unsigned way, CdpkProgram *program);

/* The beginning of the first or last attempt, among the events that are noted. */
typedef struct CdpkAttempt
{
	uint32_t any; /* alternatives of the first event */
	bool found;
	int64_t at;
} CdpkAttempt;

extern CdpkAttempt cdpk_attempt(const CdpkSequence *sequence);

static inline void
cdpk_attempt_note(CdpkAttempt *attempt, const CdpkAsked *asked, int64_t at, uint32_t set)
{
	if ((set & attempt->any) == 0 || !cdpk_asked_begins(asked, at))
		return;
	if (!attempt->found ||
		(asked->attempts == CDPK_ATTEMPTS_FIRST ? at < attempt->at : at > attempt->at))
		attempt->at = at;
	attempt->found = true;
}

/* Ask for the matches of that attempt alone; false if there is none. */
extern bool cdpk_ask_for_attempt(CdpkAsked *asked, const CdpkAttempt *attempt);

#endif /* CDPK_SEQUENCE_PROGRAM_H */
