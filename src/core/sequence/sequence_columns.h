/*
 * sequence_columns.h
 *		Matching a sequence of different names, column by column.
 *
 * There a chain is a row of times that do not descend, so the columns of two neighbouring steps at a time
 * are enough, without bringing all events into one order; and most people have not taken the first steps.
 */
#ifndef CDPK_SEQUENCE_COLUMNS_H
#define CDPK_SEQUENCE_COLUMNS_H

#include "core/sequence/sequence_program.h"

/* Return whether each event of the sequence is one of another name, and all that is asked for is known from their times. */
extern bool cdpk_asks_for_names(const CdpkAsked *asked);

/* Return whether what is asked for can be found so. */
extern bool cdpk_columns_serve(const CdpkAsked *asked);

/*
 * Match a sequence that can, and add what comes of it; for all that can be wanted but a horizon.  What its events
 * have in common is left out of account.
 */
extern CdpkStatus cdpk_columns_match(const CdpkAsked *asked, const CdpkTimeline *timeline,
									 CdpkTimeRange range, const CdpkAllocator *allocator,
									 CdpkMatches *matches);

#endif /* CDPK_SEQUENCE_COLUMNS_H */
