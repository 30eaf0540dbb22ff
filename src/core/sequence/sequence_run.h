/*
 * sequence_run.h
 *		Feeding the events of one history to the matcher that a program needs.
 */
#ifndef CDPK_SEQUENCE_RUN_H
#define CDPK_SEQUENCE_RUN_H

#include "core/sequence/sequence_any_order.h"
#include "core/sequence/sequence_program.h"

typedef struct CdpkRun
{
	const CdpkProgram *program;
	CdpkWanted wanted;
	CdpkMatches *matches; /* what comes of it is added here */
	CdpkAnyOrder any_order;
	CdpkMatcher matcher;
} CdpkRun;

extern void cdpk_run_init(CdpkRun *run, const CdpkProgram *program, CdpkWanted wanted,
						  const CdpkAllocator *allocator, CdpkMatches *matches);

/* Feed the next event; *over: what is wanted is known. */
extern CdpkStatus cdpk_run_feed(CdpkRun *run, const CdpkTimed *event, bool *over);

/* End it: nothing comes up to as_of. */
extern void cdpk_run_end(CdpkRun *run, int64_t as_of);

/*
 * Return the place of the last step of which an event is there, and of all before it, where "present" are the
 * alternatives that are; 0 if the first is missing.
 */
extern unsigned cdpk_program_possible(const CdpkProgram *program, uint32_t present);

#endif /* CDPK_SEQUENCE_RUN_H */
