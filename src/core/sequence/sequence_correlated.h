/*
 * sequence_correlated.h
 *		Sequences whose events have something in common, or compare with the event before.
 *
 * The events that have a value of the property in "same" are a history of their own, and so are those
 * of a session: a sequence is matched in each of them alone.
 */
#ifndef CDPK_SEQUENCE_CORRELATED_H
#define CDPK_SEQUENCE_CORRELATED_H

#include "core/sequence/sequence_chain.h"
#include "core/sequence/sequence_survey.h"

/* What was read of a timeline, and what its matches come to. */
typedef struct CdpkCorrelation
{
	CdpkMatches matches;
	int64_t due; /* the earliest event after the time range, or CDPK_NEVER */
	/* the newest event of which it is not known what it satisfies, or has in common */
	bool unknown;
	int64_t unknown_at;
} CdpkCorrelation;

/*
 * Read the events of a timeline that was surveyed, and match a sequence, whose alternatives are those of the set.  In the correlation
 * only matches.reach is set before.
 */
extern CdpkStatus cdpk_sequence_correlate(const CdpkAsked *asked, const CdpkSurvey *survey,
										  CdpkTimeRange range, CdpkStepSet *set,
										  const CdpkAllocator *allocator,
										  CdpkCorrelation *correlation);

#endif /* CDPK_SEQUENCE_CORRELATED_H */
