/*
 * sequence_same.h
 *		Matching a sequence of different names whose events have a value in common, column by column.
 *
 * The times alone tell of most people that they do not go as far, so values are read of few.
 */
#ifndef CDPK_SEQUENCE_SAME_H
#define CDPK_SEQUENCE_SAME_H

#include "core/sequence/sequence_survey.h"

/*
 * Match a sequence whose events have one value in common, and add what comes of it.  *served is false, and nothing
 * is found, where that needs more: an event may have several values or one that was left out, there are many events, or
 * more is asked for than whether there is a match or how far the timeline goes.
 */
extern CdpkStatus cdpk_same_match(const CdpkAsked *asked, const CdpkSurvey *survey,
								  CdpkTimeRange range, const CdpkAllocator *allocator,
								  CdpkMatches *matches, bool *served);

#endif /* CDPK_SEQUENCE_SAME_H */
