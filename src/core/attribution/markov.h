/*
 * markov.h
 *		The moves from touchpoint to touchpoint, and how much fewer conversions there would be without
 *		each of them.
 */
#ifndef CDPK_MARKOV_H
#define CDPK_MARKOV_H

#include "core/attribution/attribution.h"

/* A move from one touchpoint to the next; its ends are places of names, or one of these. */
typedef struct CdpkMove
{
	uint32_t from;
	uint32_t to;
	int64_t count;
} CdpkMove;

#define CDPK_MOVE_START (UINT32_MAX - 2)
#define CDPK_MOVE_CONVERTED (UINT32_MAX - 1)
#define CDPK_MOVE_LEFT UINT32_MAX

/*
 * Find the moves of all journeys: the path of each conversion, which are the touches that it is shared
 * among; and the path of the touches from first until last that no conversion is shared among, in the
 * order of time.  None from a touchpoint to itself; each pair once, in the order of from, then of to.
 * The caller releases *moves.
 */
extern CdpkStatus cdpk_journeys_moves(const CdpkJourneys *journeys, int64_t first, int64_t last,
									  const CdpkAllocator *allocator, CdpkMove **moves,
									  size_t *count);

/* The chain of "count" touchpoints. */
typedef struct CdpkMarkov
{
	uint32_t count;
	double *matrix;   /* of the start, then of each touchpoint */
	double *converts; /* the moves from each of them to a conversion */
	double *ends;     /* the moves from each of them to either end */
	double *moves;    /* all moves from each of them */
} CdpkMarkov;

extern CdpkStatus cdpk_markov_new(uint32_t count, const CdpkAllocator *allocator,
								  CdpkMarkov *markov);
extern void cdpk_markov_release(CdpkMarkov *markov, const CdpkAllocator *allocator);

/* Add a move of another touchpoint than to itself. */
extern void cdpk_markov_add(CdpkMarkov *markov, const CdpkMove *move);

/* Turn the moves into the chain, when all are there; then eliminate each place from 0 to count. */
extern void cdpk_markov_prepare(CdpkMarkov *markov);
extern void cdpk_markov_eliminate(CdpkMarkov *markov, uint32_t place);

/* After that, return the part of the journeys that pass by a touchpoint and convert after it. */
extern double cdpk_markov_effect(const CdpkMarkov *markov, uint32_t name);

#endif /* CDPK_MARKOV_H */
