/*
 * stitch_check.h
 *		Whether a partition is right, by the two conditions of stitch.h.
 *
 * They are local: a profile is checked with its own links, and a link between two
 * profiles with the links inside these two.  So a large base is checked in slices.
 */
#ifndef CDPK_STITCH_CHECK_H
#define CDPK_STITCH_CHECK_H

#include "core/stitch/stitch_types.h"

/*
 * The profiles to check, and those at the other ends of their links.  All identifiers of each,
 * all links between two of them that count, and all forbids between two of them.
 */
typedef struct CdpkStitchPartition
{
	const CdpkStitchIdentifier
		*identifiers; /* present: its profile is one to check, class_id too */
	size_t identifier_count;
	const CdpkStitchLink *links; /* between identifiers that are not shared, same pairs too;
								  * others are ignored */
	size_t link_count;
	const CdpkStitchForbid *forbids; /* those of other identifiers are ignored */
	size_t forbid_count;
	const CdpkStitchProfile *profiles; /* of these, last and last_known are checked */
	size_t profile_count;
} CdpkStitchPartition;

typedef enum CdpkStitchWrongKind
{
	CDPK_WRONG_APART, /* no link connects identifier "id" with "other", the strongest of its profile */
	CDPK_WRONG_BREAKS,    /* profile "id" breaks a rule */
	CDPK_WRONG_STRONGEST, /* profile "id" has the strongest identifier "other", which is not its id */
	CDPK_WRONG_REFUSED,   /* nothing refuses the link of "id" and "other", which are apart */
	CDPK_WRONG_LAST, /* profile "id" has a link inside with the evidence, later than its bound */
	CDPK_WRONG_CLASS /* identifier "id" has another class_id than "other" */
} CdpkStitchWrongKind;

typedef struct CdpkStitchWrong
{
	CdpkStitchWrongKind kind;
	int64_t id;
	int64_t other;
	CdpkEvidence evidence;
} CdpkStitchWrong;

/* Called for each thing that is wrong. */
typedef void (*CdpkStitchReport)(void *context, const CdpkStitchWrong *wrong);

/* Check a partition.  Of the store only check_interrupts is called, with its context. */
extern CdpkStatus cdpk_stitch_check(const CdpkStitchRules *rules, const CdpkStitchStore *store,
									const CdpkAllocator *allocator,
									const CdpkStitchPartition *partition, CdpkStitchReport report,
									void *context);

#endif /* CDPK_STITCH_CHECK_H */
