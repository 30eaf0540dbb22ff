/*
 * sequence_chain.h
 *		Matching a program whose events compare a number with that of the event before.
 *
 * Then the newest chain no longer serves for all, as it does for the matcher (sequence.h): step by
 * step, for each event that satisfies the step, the latest beginning of a chain that ends with it
 * is found among the events of the step before.  Those that are near enough in time, with no event
 * between that must be absent, are a stretch of the history that only moves on; of them, those
 * whose number compares as asked for are a range in the order of the numbers, in which a tree finds
 * the latest beginning.  That takes O(n log n) for each step.
 */
#ifndef CDPK_SEQUENCE_CHAIN_H
#define CDPK_SEQUENCE_CHAIN_H

#include "core/sequence/sequence.h"

/* An event, with its least number and its greatest as ranks from 1 on; 0 where it has none. */
typedef struct CdpkChainEvent
{
	int64_t at;
	uint32_t set; /* of the alternatives that it satisfies */
	uint32_t low;
	uint32_t high;
} CdpkChainEvent;

/* Room for the matching of so many events. */
typedef struct CdpkChainRoom
{
	void *memory;
	size_t size;       /* leaves of the tree */
	int64_t *tree;     /* for each node the latest beginning below it */
	int64_t *former;   /* for each event the latest beginning of a chain that ends with it, ... */
	int64_t *present;  /* ... and of one more step */
	CdpkTimed *sorted; /* events in the order of their numbers, and room to sort them */
	uint32_t *leaf;    /* of each event */
} CdpkChainRoom;

extern CdpkStatus cdpk_chain_room(CdpkChainRoom *room, size_t count,
								  const CdpkAllocator *allocator);

/*
 * Match events in the order of a history (cdpk_history_order), for no more than the room was made for, and
 * add what comes of it.  No step may be joined.  as_of: nothing comes up to this instant.
 */
extern void cdpk_chain_match(const CdpkProgram *program, const CdpkChainEvent *events, size_t count,
							 int64_t as_of, CdpkChainRoom *room, CdpkMatches *matches);

#endif /* CDPK_SEQUENCE_CHAIN_H */
