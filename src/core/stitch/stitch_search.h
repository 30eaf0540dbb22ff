/*
 * stitch_search.h
 *		What reaches an identifier over links of a lower rank.
 */
#ifndef CDPK_STITCH_SEARCH_H
#define CDPK_STITCH_SEARCH_H

#include "core/stitch/stitch_rules.h"

/*
 * What reaches "start" inside its profile over links of a lower rank than
 * "limit", as a body whose counts are in reached_counts[side].  The search ends
 * early where it meets "target" (then *found), or where the body together with
 * "other" breaks a limit or the cap (then *broken): the body is not whole then.
 * Below a same pair there are same pairs only: no limit is asked, and the counts mean nothing.
 */
typedef struct StitchSearch
{
	uint32_t start;
	const StitchRank *limit; /* NULL: all links */
	uint32_t target;         /* or NONE */
	const StitchBody *other; /* or NULL */
	int side;
	/* what was found */
	StitchBody body;
	bool found;
	bool broken;
} StitchSearch;

extern CdpkStatus stitch_search(CdpkStitch *stitch, StitchSearch *search);

#endif /* CDPK_STITCH_SEARCH_H */
