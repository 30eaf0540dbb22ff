/*
 * sequence.h
 *		Patterns over a history in its order of time, and the one matcher for all of them.
 *
 * A program is a list of steps.  A match is one event for each step, in the order of the history,
 * such that each event satisfies its step and what the step says of the way from the event before
 * (toolkit/DEFINITIONS.md).  All that a step can say bounds a difference of two places or two
 * times, or forbids events in between; so of any two matches, the earlier events for each step are
 * a match again, and so are the later ones.  Hence there is an earliest match of all, which is
 * leftmost and ends first; and of the chains that have got as far as a step, only the newest
 * matters.  The matcher keeps one chain for each step and takes constant time for an event and a
 * step.  Only where a step must come some time after the one before, it also keeps the chains that
 * are too early for it.
 */
#ifndef CDPK_SEQUENCE_H
#define CDPK_SEQUENCE_H

#include "core/base/sort.h"
#include "core/sequence/timekind.h"
#include "core/timeline/time_range.h"

#define CDPK_SEQUENCE_STEPS_MAX 64

/* A bound on the time between two events, in the kind of the times. */
typedef struct CdpkSequenceBound
{
	bool given;
	bool strict; /* the bound itself is outside */
	int64_t length;
} CdpkSequenceBound;

typedef struct CdpkSequenceStep
{
	uint32_t any;    /* conditions, bit 0 the first; an event satisfies one of them; 0: any event */
	uint32_t absent; /* no event between the former step's and this satisfies one of these */
	bool strangers;  /* and none that satisfies no condition at all: then they are fed too */
	bool adjacent;   /* the event follows the former step's immediately */
	bool joined;     /* "most" counts from where the former step's counts */
	CdpkSequenceBound least; /* from the former step's event */
	CdpkSequenceBound most;  /* from the former step's event, or the first step's own */
	/* how a number of the event compares with that of the former step's; 0: not asked for.  The
	 * matcher does not look at it, sequence_chain.h does */
	uint8_t previous;
} CdpkSequenceStep;

typedef struct CdpkProgram
{
	CdpkTimeKind kind;
	unsigned count; /* of steps, at least 1 */
	bool any_order; /* events may come in any order; then steps say nothing else */
	bool bounded;   /* the first event of a match lies in "begins" */
	CdpkTimeRange begins;
	CdpkSequenceBound whole;      /* from the first event to the last */
	uint32_t absent_after;        /* no event after the last satisfies one of these ... */
	CdpkSequenceBound absent_for; /* ... for so long, which must have passed */
	/* which step of the funnel each is, where some are left out */
	uint8_t place[CDPK_SEQUENCE_STEPS_MAX];
	CdpkSequenceStep steps[CDPK_SEQUENCE_STEPS_MAX];
} CdpkProgram;

/* Return whether a match may begin at a time. */
static inline bool
cdpk_program_begins(const CdpkProgram *program, int64_t at)
{
	return !program->bounded || (at >= program->begins.first && at <= program->begins.last);
}

/* ---------------------------------------------------------------- results */

/* When a step was reached, by the chain that reached it first: of several, the one that began last. */
typedef struct CdpkReach
{
	bool reached;
	int64_t at;
	int64_t first; /* the chain's first event */
} CdpkReach;

/* What the matches of one history or of several come to. */
typedef struct CdpkMatches
{
	unsigned depth;   /* the place of the last step that a chain reaches, from 1 on */
	CdpkReach *reach; /* of each place; NULL: not asked for */
	bool matched;
	int64_t latest; /* the latest beginning of a match */
	/* some chain of all steps, the oldest at this time, waits for an absence to last long enough */
	bool waiting;
	int64_t waits;
} CdpkMatches;

/* Note that a chain reaches a step. */
extern void cdpk_matches_reach(CdpkMatches *matches, const CdpkProgram *program, unsigned step,
							   int64_t at, int64_t first);

/* Note a match. */
static inline void
cdpk_matches_add(CdpkMatches *matches, int64_t first)
{
	if (!matches->matched || first > matches->latest)
		matches->latest = first;
	matches->matched = true;
}

/* Note a chain of all steps that waits for an absence. */
static inline void
cdpk_matches_wait(CdpkMatches *matches, int64_t at)
{
	if (!matches->waiting || at < matches->waits)
		matches->waits = at;
	matches->waiting = true;
}

/* ---------------------------------------------------------------- the matcher */

/* A chain of events for the first steps. */
typedef struct CdpkChain
{
	int64_t at;     /* of its last event */
	int64_t first;  /* of its first event */
	int64_t since;  /* from where "most" counts in a joined step */
	uint64_t place; /* of its last event */
} CdpkChain;

/* The chains that end with one step. */
typedef struct CdpkChains
{
	bool alive; /* whether there is a newest one that the next step may continue */
	CdpkChain newest;
	/* those that are too early for the next step, oldest first: a ring */
	CdpkChain *early;
	size_t start;
	size_t count;
	size_t room;
} CdpkChains;

typedef struct CdpkMatcher
{
	const CdpkProgram *program;
	const CdpkAllocator *allocator;
	uint64_t place; /* of the event before */
	bool matched;
	int64_t latest; /* the latest beginning of a match that was seen */
	/* the oldest chain of all steps that waits for absent_for to pass */
	bool waiting;
	CdpkChain waits;
	int64_t first[CDPK_SEQUENCE_STEPS_MAX]; /* of the chain that reached a step last */
	CdpkChains chains[CDPK_SEQUENCE_STEPS_MAX];
} CdpkMatcher;

/* Set up a matcher that has read nothing; both others must outlive it. */
extern void cdpk_matcher_init(CdpkMatcher *matcher, const CdpkProgram *program,
							  const CdpkAllocator *allocator);

/* Release its memory. */
extern void cdpk_matcher_free(CdpkMatcher *matcher);

/*
 * Feed the next event; *reached is the set of the steps that some chain reaches with it (bit 0
 * the first).
 */
extern CdpkStatus cdpk_matcher_feed(CdpkMatcher *matcher, const CdpkTimed *event,
									uint64_t *reached);

/* Say that nothing comes up to an instant (included), which ends what waits for absence. */
extern void cdpk_matcher_finish(CdpkMatcher *matcher, int64_t as_of);

/* ---------------------------------------------------------------- over sorted events */

/*
 * Return the order of a history: by time; events of one time in the dictionary order of the lists of the
 * conditions that they satisfy.
 */
extern int cdpk_history_order(const CdpkTimed *a, const CdpkTimed *b, const void *context);

/* Count matches without an event in common, each the earliest after the one before it; reads up
 * to "enough" of them. */
extern CdpkStatus cdpk_sequence_count(CdpkMatcher *matcher, const CdpkTimed *events, size_t count,
									  uint64_t enough, uint64_t *matches);

/*
 * Find the earliest match of as many of the first steps as have one: the number of these steps,
 * and the places of their events.  For programs whose steps are not joined and without "whole".
 */
extern CdpkStatus cdpk_sequence_events(const CdpkProgram *program, const CdpkAllocator *allocator,
									   const CdpkTimed *events, size_t count,
									   size_t places[CDPK_SEQUENCE_STEPS_MAX], unsigned *depth);

/* ---------------------------------------------------------------- ClickHouse's patterns */

/*
 * Compiles a pattern of (?N), '.', '.*' and (?t op N) for times of a kind and so many conditions;
 * CDPK_INVALID, or CDPK_TOO_LONG for too many steps, with *problem.
 */
extern CdpkStatus cdpk_pattern_compile(const char *text, size_t length, CdpkTimeKind kind,
									   unsigned conditions, CdpkProgram *program,
									   CdpkTextProblem *problem);

#endif /* CDPK_SEQUENCE_H */
