/*
 * pass_fold.h
 *		The fold of a pass into profiles: what its files share.
 */
#ifndef CDP_REFRESH_PASS_FOLD_H
#define CDP_REFRESH_PASS_FOLD_H

#include "platform/refresh/pass.h"

/* What a profile holds, as columns of its row. */
typedef struct PassHeld
{
	bool changed; /* its identifiers may be others */
	bool no_identifiers;
	bool no_ids;
	bool accounts_changed;
	bool no_accounts;
	Datum identifiers;
	Datum ids;
	Datum accounts;
} PassHeld;

/* What the row of a profile held before. */
typedef struct PassFormer
{
	int identifier_count;
	PassHeld held; /* arrays of identifiers only if any comes or leaves */
} PassFormer;

/* An identifier that comes to a profile or leaves it. */
typedef struct PassHeldItem
{
	int64 profile_id;
	int64 identifier_id;
	CdpkBatchBytes payload;
	bool leaves;
	uint32_t next; /* of the same profile */
} PassHeldItem;

/* What is folded. */
typedef struct PassFold
{
	Pass *pass;
	CdpkBatchPart *parts; /* what the tables have of profiles */
	int part_count;
	const CdpkBatchProfile *profiles; /* to be written */
	size_t profile_count;
	PassFormer *formers; /* of each part */
	CdpkIdMap part;      /* by profile */
	CdpkIdMap held;      /* the first of its items, by profile */
	PassHeldItem *items;
	int item_count;
	bool anew;          /* the items are all that a profile has, and accounts are not looked at */
	PassHeld *helds;    /* of each profile of the result */
	CdpkIdMap gone;     /* profiles that become part of others, not folded anew */
	CdpkIdMap replaced; /* profiles of which nothing is kept */
	CdpkIdMap rebuilt;  /* … as they are folded anew from the log */
	PassIds written;    /* profiles whose rows, or slices, were not what they are now */
} PassFold;

/* pass_held_account.c */
extern void pass_hold_accounts(PassFold *fold, const CdpkBatchProfile *profiles, size_t count);

/* pass_held.c */
extern void pass_note_held(PassFold *fold);
extern void pass_hold(PassFold *fold);

/* pass_profile.c */
extern void pass_add_summaries(Pass *pass, PassColumns *columns,
							   const CdpkStitchProfile *const *summaries);
extern void pass_write_profiles(PassFold *fold);

/* pass_fold.c */

/* Profiles that are all folded anew from the log, and what of them is not asked for but given. */
typedef struct PassRefold
{
	const CdpkBatchLogged *events;
	size_t event_count;
	const CdpkStitchProfile *summaries; /* of those whose rows have others, or are missing */
	size_t summary_count;
	PassHeldItem
		*identifiers; /* all of those profiles that are written, each of one linked to the former */
	int identifier_count;
	const CdpkBatchPart *folded; /* of the first profile, what came before; or NULL */
	bool unfinished;    /* the last one, which has a summary, is not written: more events come */
	CdpkBatchPart last; /* what it is so far */
	PassIds written;    /* profiles whose rows, or slices, were not what they are now */
} PassRefold;

extern void pass_refold(Pass *pass, PassRefold *refold);

#endif /* CDP_REFRESH_PASS_FOLD_H */
