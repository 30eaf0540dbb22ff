/*
 * stitch_explain.h
 *		Why two identifiers are, or are not, in one profile.
 */
#ifndef CDPK_STITCH_EXPLAIN_H
#define CDPK_STITCH_EXPLAIN_H

#include "core/stitch/stitch_types.h"

/* reasons other than the namespace whose limit it is */
#define CDPK_REASON_FORBID (-1)
#define CDPK_REASON_CAP (-2)

typedef struct CdpkStitchStep
{
	int64_t from;
	int64_t to;
	CdpkEvidence evidence; /* the best of the link: its trust tells a same pair */
	bool refused;
	const int32_t *reasons; /* of a refused link: forbid, limits by priority, cap; of a same
							 * pair forbid and cap only */
	size_t reason_count;
} CdpkStitchStep;

typedef enum CdpkStitchPath
{
	CDPK_PATH_FOUND,
	CDPK_PATH_NONE,    /* nothing joins them, not even refused links */
	CDPK_PATH_SHARED,  /* one of them is shared: none of its links counts */
	CDPK_PATH_ABSENT,  /* one of them is carried by no event, or blocked */
	CDPK_PATH_GIVEN_UP /* none was found in the first max_profiles profiles */
} CdpkStitchPath;

/*
 * Find the chain of links between two identifiers that has the fewest refused links,
 * and of those the fewest links: of one profile none is refused.  For a stitch
 * without changes, which must not be run.
 */
extern CdpkStatus cdpk_stitch_explain(CdpkStitch *stitch, int64_t a, int64_t b, size_t max_profiles,
									  CdpkStitchPath *path, const CdpkStitchStep **steps,
									  size_t *step_count);

/*
 * Return the rules that a profile with these two summaries would break, in the order
 * forbid, limits by priority, cap.  "forbidden": a forbid stands between them.
 * reasons has room for namespace_count + 2; returns how many there are.
 * Of a same pair only forbid and cap are reasons: cdpk_stitch_same_reasons.
 */
extern size_t cdpk_stitch_reasons(const CdpkStitchRules *rules, const CdpkStitchProfile *x,
								  const CdpkStitchProfile *y, bool forbidden, int32_t *reasons);

extern size_t cdpk_stitch_same_reasons(const CdpkStitchRules *rules, const CdpkStitchProfile *x,
									   const CdpkStitchProfile *y, bool forbidden,
									   int32_t *reasons);

#endif /* CDPK_STITCH_EXPLAIN_H */
