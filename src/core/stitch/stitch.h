/*
 * stitch.h
 *		Keeps a partition of identifiers into profiles up to date with
 *		its evidence and its rules, touching as little as it can.
 *
 * The partition is a pure function of the evidence and the rules: links
 * are taken in order of rank, and each joins the two components it touches
 * unless the joined one would break a rule.  So a partition is right exactly if
 *	 (1) each profile breaks no rule and is connected by the links inside it, and
 *	 (2) for each link (a, b) between two profiles, what reaches a and what
 *		 reaches b over links of a lower rank inside their profiles would, taken
 *		 together, break a rule: the link is refused.
 * Everything below repairs these two conditions where a change broke them.
 *
 * Same pairs are links that come before all others, whether a verdict makes them or aliases that are
 * believed.  A same pair asks no limit, only forbids and the cap.  What they have joined are the
 * classes; a class lies in one profile, and counts as one towards the limit of each namespace that
 * it has identifiers of.  The cap counts identifiers.
 *
 * One CdpkStitch serves one batch of changes, and the caller keeps the tables:
 *	1. cdpk_stitch_new;
 *	2. the caller writes the batch's evidence and verdicts into its tables, and
 *	   says what changed: cdpk_stitch_add_identifiers for identifiers that are new
 *	   or gone, and the functions under "changes", in any order;
 *	3. cdpk_stitch_run, which asks for rows of the tables through CdpkStitchStore;
 *	   each callback gets all the ids of one step and answers by calling
 *	   cdpk_stitch_add_… as often as it likes, with many rows at a time;
 *	4. cdpk_stitch_finish, where memory is short, and the caller applies what cdpk_stitch_result says to its tables;
 *	5. cdpk_stitch_free.
 * Nothing is asked for twice.  The contents of a profile are asked for only
 * where it must be searched or taken apart; joining two profiles takes their
 * summaries alone.
 *
 * Unlink verdicts are the caller's business: evidence that one voids must not be in
 * the tables.  So it is which same pairs are in force: a verdict whose ends are both present, and a
 * pair of aliases from a source that is believed, both ends present, no forbid on just this pair,
 * neither end in more such pairs than it may be.  An end that is shared is the stitch's business.
 * Rows of links, forbids and identifiers are taken as true; rows that contradict each other
 * are CDPK_CORRUPT.
 */
#ifndef CDPK_STITCH_H
#define CDPK_STITCH_H

#include "core/stitch/stitch_types.h"

/*
 * Make a stitch without any changes.  The rules, the store and the allocator must
 * live as long as it does.  CDPK_OUT_OF_RANGE: a limit or the cap is 0.
 */
extern CdpkStatus cdpk_stitch_new(const CdpkStitchRules *rules, const CdpkStitchStore *store,
								  const CdpkAllocator *allocator, CdpkStitch **stitch);

/* Release all memory, results included, also after a failure. */
extern void cdpk_stitch_free(CdpkStitch *stitch);

/* Make room for identifiers, and for links among them, that will be added and named. */
extern CdpkStatus cdpk_stitch_reserve(CdpkStitch *stitch, size_t identifiers, size_t links);

/*
 * Add rows, which are copied.  Of two rows with one key the first counts.
 * Identifiers may also be added before the run, and must be where one
 *	 - is new, or read again after it was blocked: present, profile_id 0;
 *	 - is blocked or erased: not present, profile_id as the tables have it.
 */
extern CdpkStatus cdpk_stitch_add_identifiers(CdpkStitch *stitch, const CdpkStitchIdentifier *rows,
											  size_t count);
extern CdpkStatus cdpk_stitch_add_profiles(CdpkStitch *stitch, const CdpkStitchProfile *rows,
										   size_t count);
extern CdpkStatus cdpk_stitch_add_links(CdpkStitch *stitch, const CdpkStitchLink *rows,
										size_t count);
extern CdpkStatus cdpk_stitch_add_forbids(CdpkStitch *stitch, const CdpkStitchForbid *rows,
										  size_t count);

/* Add identifiers whose payloads stay as long as the stitch: these are not copied. */
extern CdpkStatus cdpk_stitch_add_lasting(CdpkStitch *stitch, const CdpkStitchIdentifier *rows,
										  size_t count);

/* ---------------------------------------------------------------- changes */

/*
 * Name pairs whose best evidence changed, appeared or is gone: a same pair that is now in force, or is
 * no longer, changes it like any evidence.  Pairs with
 * evidence that did not change do no harm.  Where an end is blocked or erased
 * the pair need not be named.
 */
extern CdpkStatus cdpk_stitch_evidence_changed(CdpkStitch *stitch, const CdpkStitchChange *changes,
											   size_t count);

/*
 * Name refused links that may be accepted now: all whose reasons name a limit or cap
 * that became looser (more of them do no harm).
 */
extern CdpkStatus cdpk_stitch_retry(CdpkStitch *stitch, const CdpkStitchLink *links, size_t count);

/*
 * Name profiles that may break a limit or cap that became tighter; after a change of
 * a trust or of a priority, all profiles that have a refused link.
 */
extern CdpkStatus cdpk_stitch_check_profiles(CdpkStitch *stitch, const int64_t *profile_ids,
											 size_t count);

/*
 * Name profiles that are not to be taken apart: a link that would do so, or would have
 * one taken in by a rework, is refused instead (result: declined).  They grow
 * and move like all others.  A change that takes such a profile apart by itself
 * (an identifier of it that is gone or shared, a forbid inside, a check) does so.
 */
extern CdpkStatus cdpk_stitch_freeze_profiles(CdpkStitch *stitch, const int64_t *profile_ids,
											  size_t count);

/* Note that a forbid is now in force. */
extern CdpkStatus cdpk_stitch_forbidden(CdpkStitch *stitch, int64_t a, int64_t b);

/* Note that a forbid is no longer in force. */
extern CdpkStatus cdpk_stitch_allowed(CdpkStitch *stitch, int64_t a, int64_t b);

/*
 * Decide anew whether an identifier is shared: one of its counts, its
 * verdict, or a max_links of its namespace changed, or it is present again.
 * counts: for each namespace, how many distinct identifiers of it are linked to
 * this one, whether refused, shared or not.
 */
extern CdpkStatus cdpk_stitch_judge_sharing(CdpkStitch *stitch, int64_t identifier_id,
											CdpkSharing verdict, const CdpkStitchCount *counts,
											size_t count_length);

/* ---------------------------------------------------------------- results */

extern CdpkStatus cdpk_stitch_run(CdpkStitch *stitch);

/* Release all memory but that of the result; only the result may be asked for then. */
extern void cdpk_stitch_finish(CdpkStitch *stitch);

/* Return the result of a run that gave CDPK_OK; lives as long as the stitch. */
extern const CdpkStitchResult *cdpk_stitch_result(const CdpkStitch *stitch);

#endif /* CDPK_STITCH_H */
