/*
 * stitch_rank.h
 *		Which of two identifiers is stronger, and which of two links comes first.
 */
#ifndef CDPK_STITCH_RANK_H
#define CDPK_STITCH_RANK_H

#include "core/stitch/stitch_state.h"

/* Return whether it is the evidence of a same pair. */
static inline bool
stitch_is_same(const CdpkEvidence *evidence)
{
	return evidence->trust >= CDPK_TRUST_ALIAS;
}

extern bool stitch_stronger(const CdpkStitch *stitch, uint32_t x, uint32_t y);
extern bool stitch_evidence_earlier(const CdpkEvidence *x, const CdpkEvidence *y);
extern int stitch_rank_compare(const CdpkStitch *stitch, const StitchRank *x, const StitchRank *y);
extern bool stitch_is_later(CdpkStitch *stitch, const StitchRank *rank, const StitchLast *last);
extern void stitch_last_raise(CdpkStitch *stitch, StitchLast *last, const StitchLast *other);
extern CdpkStatus stitch_sort_links(CdpkStitch *stitch, StitchNumbers *links);

#endif /* CDPK_STITCH_RANK_H */
