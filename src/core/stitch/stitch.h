/*
 * stitch.h
 *		Who is who: keeps a partition of identifiers into profiles up to date with
 *		its evidence and its rules, touching as little as it can.
 *
 * What belongs together is a pure function of the evidence and the rules: links
 * are taken in order of rank, and each joins the two components it touches
 * unless the joined one would break a rule.  So a partition is right exactly if
 *	 (1) each profile breaks no rule and is connected by the links inside it, and
 *	 (2) for each link (a, b) between two profiles, what reaches a and what
 *		 reaches b over links of a lower rank inside their profiles would, taken
 *		 together, break a rule: the link is refused.
 * Everything below repairs these two conditions where a change has hurt them.
 *
 * One CdpkStitch serves one batch of changes, and the caller keeps the tables:
 *	1. cdpk_stitch_new;
 *	2. the caller writes the batch's evidence and verdicts into its tables, and
 *	   says what changed: cdpk_stitch_add_identities for who comes and goes, and
 *	   the functions under "changes", in any order;
 *	3. cdpk_stitch_run, which asks for rows of the tables through CdpkStitchStore;
 *	   each callback gets all the ids of one step and answers by calling
 *	   cdpk_stitch_add_… as often as it likes, with many rows at a time;
 *	4. the caller applies what cdpk_stitch_result says to its tables;
 *	5. cdpk_stitch_free.
 * Nothing is asked for twice.  The contents of a profile are asked for only
 * where it must be searched or taken apart; joining two profiles takes their
 * summaries alone.
 *
 * An unlink verdict is the caller's: evidence that it voids is no row of the
 * tables and counts nowhere.  Rows of links, forbids and identities are taken as
 * true; rows that contradict each other are CDPK_CORRUPT.
 */
#ifndef CDPK_STITCH_H
#define CDPK_STITCH_H

#include "core/base/cdpk.h"

/* a limit that nothing reaches */
#define CDPK_UNLIMITED UINT32_MAX

/* ---------------------------------------------------------------- rules */

typedef struct CdpkStitchNamespace
{
	const char *name; /* orders the limits of namespaces of one priority */
	size_t name_length;
	int32_t priority;          /* smaller is stronger */
	uint32_t max_per_profile;  /* identifiers of it in one profile: 1 … CDPK_UNLIMITED */
	const uint32_t *max_links; /* by namespace: an identifier of this namespace is shared if linked
								* to more than so many of that one; NULL: never */
} CdpkStitchNamespace;

typedef struct CdpkStitchRules
{
	const CdpkStitchNamespace *namespaces; /* "a namespace" below is a place in this array */
	uint32_t namespace_count;
	uint32_t cap; /* identifiers in one profile: 1 … CDPK_UNLIMITED */
} CdpkStitchRules;

/* ---------------------------------------------------------------- rows */

/* Best evidence of a link, or that of one source. */
typedef struct CdpkEvidence
{
	int32_t trust; /* of the source; more is better */
	int64_t first_at;
} CdpkEvidence;

typedef struct CdpkStitchIdentity
{
	int64_t identity_id;
	int64_t profile_id;     /* as the tables have it; 0: in no profile yet */
	const uint8_t *payload; /* of core/identifier.h; copied */
	size_t length;
	uint32_t name_space;
	bool present;   /* some event carries it, and it is neither blocked nor erased */
	bool shared;    /* as the tables have it, before this batch */
	bool forbidden; /* a forbid in force names it */
} CdpkStitchIdentity;

/* Evidence of one pair; several rows of a pair (one a source) count as their best. */
typedef struct CdpkStitchLink
{
	int64_t a;
	int64_t b;
	CdpkEvidence evidence;
	bool refused; /* as the tables have it */
} CdpkStitchLink;

typedef struct CdpkStitchCount
{
	uint32_t name_space;
	uint32_t count;
} CdpkStitchCount;

/* The summary of a profile. */
typedef struct CdpkStitchProfile
{
	int64_t profile_id;
	uint32_t identifiers;
	const CdpkStitchCount
		*counts;         /* identifiers of each namespace with a limit; others are ignored */
	size_t count_length; /* a namespace that is not named has none */
	bool has_forbid;     /* a forbid in force names one of its identifiers */
	bool shared;         /* its one identifier is shared (not looked at in input) */
	bool last_known;
	CdpkEvidence last; /* no link inside is later (less trust, or equal trust and a later time) */
} CdpkStitchProfile;

typedef struct CdpkStitchForbid
{
	int64_t a;
	int64_t b;
} CdpkStitchForbid;

typedef struct CdpkStitch CdpkStitch;

/* ---------------------------------------------------------------- the tables */

/*
 * How a stitch asks for rows.  The ids of one call are distinct and not zero;
 * rows beside those asked for do no harm.  A status other than CDPK_OK ends the
 * run with it.
 */
typedef struct CdpkStitchStore
{
	void *context;

	/* Adds the identity row of each id, whether present or not. */
	CdpkStatus (*load_identities)(void *context, CdpkStitch *stitch, const int64_t *identity_ids,
								  size_t count);

	/*
	 * Adds the summary of each profile, and best at the same time the identity
	 * row with the profile's id (left out, it costs a call of load_identities).
	 */
	CdpkStatus (*load_profiles)(void *context, CdpkStitch *stitch, const int64_t *profile_ids,
								size_t count);

	/*
	 * Adds every identity row of each profile, and every link that has one of
	 * them at either end, refused or not, whatever the other end (its identity
	 * row is asked for if it is not there).
	 */
	CdpkStatus (*load_contents)(void *context, CdpkStitch *stitch, const int64_t *profile_ids,
								size_t count);

	/* Adds every link that has one of the identities at either end. */
	CdpkStatus (*load_links)(void *context, CdpkStitch *stitch, const int64_t *identity_ids,
							 size_t count);

	/*
	 * Adds every forbid in force that names an identity of one of the profiles,
	 * or one of the identities.
	 */
	CdpkStatus (*load_forbids)(void *context, CdpkStitch *stitch, const int64_t *profile_ids,
							   size_t profile_count, const int64_t *identity_ids,
							   size_t identity_count);

	/* Called now and then in long loops; NULL: never. */
	void (*check_interrupts)(void *context);
} CdpkStitchStore;

/*
 * A stitch without any changes.  The rules, the store and the allocator must
 * live as long as it does.  CDPK_OUT_OF_RANGE: a limit or the cap is 0.
 */
extern CdpkStatus cdpk_stitch_new(const CdpkStitchRules *rules, const CdpkStitchStore *store,
								  const CdpkAllocator *allocator, CdpkStitch **stitch);

/* Gives all memory back, results included, also after a failure. */
extern void cdpk_stitch_free(CdpkStitch *stitch);

/*
 * Rows for the stitch, copied.  Of two rows with one key the first counts.
 * Identities may also be added before the run, and must be where one
 *	 - is new, or read again after it was blocked: present, profile_id 0;
 *	 - is blocked or erased: not present, profile_id as the tables have it.
 */
extern CdpkStatus cdpk_stitch_add_identities(CdpkStitch *stitch, const CdpkStitchIdentity *rows,
											 size_t count);
extern CdpkStatus cdpk_stitch_add_profiles(CdpkStitch *stitch, const CdpkStitchProfile *rows,
										   size_t count);
extern CdpkStatus cdpk_stitch_add_links(CdpkStitch *stitch, const CdpkStitchLink *rows,
										size_t count);
extern CdpkStatus cdpk_stitch_add_forbids(CdpkStitch *stitch, const CdpkStitchForbid *rows,
										  size_t count);

/* ---------------------------------------------------------------- changes */

/* The evidence of a pair, over all sources, before this batch and after it. */
typedef struct CdpkStitchChange
{
	int64_t a;
	int64_t b;
	bool existed;
	bool exists;
	bool refused; /* as the tables have it */
	CdpkEvidence before;
	CdpkEvidence now;
} CdpkStitchChange;

/*
 * Pairs whose best evidence became another, appeared or is gone.  Pairs with
 * evidence that did not change do no harm.  Where an end is blocked or erased
 * the pair need not be named.
 */
extern CdpkStatus cdpk_stitch_evidence_changed(CdpkStitch *stitch, const CdpkStitchChange *changes,
											   size_t count);

/*
 * Refused links that may be accepted now: all whose reasons name a limit or cap
 * that became looser (more of them do no harm).
 */
extern CdpkStatus cdpk_stitch_retry(CdpkStitch *stitch, const CdpkStitchLink *links, size_t count);

/*
 * Profiles that may break a limit or cap that became tighter; after a change of
 * a trust or of a priority, all profiles that have a refused link.
 */
extern CdpkStatus cdpk_stitch_check_profiles(CdpkStitch *stitch, const int64_t *profile_ids,
											 size_t count);

/*
 * Profiles that are not to be taken apart: a link that would do so, or would have
 * one taken in by a rework, is refused instead (result: declined).  They grow
 * and move like all others.  A change that takes such a profile apart by itself
 * (an identifier of it that is gone or shared, a forbid inside, a check) does so.
 */
extern CdpkStatus cdpk_stitch_freeze_profiles(CdpkStitch *stitch, const int64_t *profile_ids,
											  size_t count);

/* A forbid is in force now. */
extern CdpkStatus cdpk_stitch_forbidden(CdpkStitch *stitch, int64_t a, int64_t b);

/* A forbid is not in force any more. */
extern CdpkStatus cdpk_stitch_allowed(CdpkStitch *stitch, int64_t a, int64_t b);

typedef enum CdpkSharing
{
	CDPK_SHARING_BY_COUNT, /* no verdict */
	CDPK_SHARING_ALWAYS,   /* a person's verdict: shared */
	CDPK_SHARING_NEVER     /* a person's verdict: not shared */
} CdpkSharing;

/*
 * Whether an identifier is shared must be decided anew: one of its counts, its
 * verdict, or a max_links of its namespace changed, or it is present again.
 * counts: for each namespace, how many distinct identifiers of it are linked to
 * this one, whether refused, shared or not.
 */
extern CdpkStatus cdpk_stitch_judge_sharing(CdpkStitch *stitch, int64_t identity_id,
											CdpkSharing verdict, const CdpkStitchCount *counts,
											size_t count_length);

/* ---------------------------------------------------------------- results */

extern CdpkStatus cdpk_stitch_run(CdpkStitch *stitch);

typedef struct CdpkStitchMove
{
	int64_t id;
	int64_t from; /* 0: no profile */
	int64_t to;   /* 0: no profile */
} CdpkStitchMove;

typedef struct CdpkStitchVerdict
{
	int64_t a;
	int64_t b;
	bool refused;
} CdpkStitchVerdict;

typedef struct CdpkStitchSharing
{
	int64_t identity_id;
	bool shared;
} CdpkStitchSharing;

typedef enum CdpkStitchAnchors
{
	CDPK_ANCHORED, /* the events anchored at the identifier */
	CDPK_CARRYING  /* the events that carry it */
} CdpkStitchAnchors;

typedef struct CdpkStitchReanchor
{
	int64_t identity_id;
	CdpkStitchAnchors events;
} CdpkStitchReanchor;

typedef struct CdpkStitchStatistics
{
	uint64_t inserted;             /* links between two profiles that were tried */
	uint64_t joined;               /* … accepted at once */
	uint64_t refused_at_once;      /* … refused without a search */
	uint64_t refused_after_search; /* … refused after a search of the profiles */
	uint64_t early_conflicts;      /* … that belong before what keeps them out */
	uint64_t reworks;              /* groups of profiles taken apart */
	uint64_t identifiers_reworked;
	uint64_t largest_rework; /* identifiers */
	uint64_t profiles_grown; /* neighbours that a rework had to take in */
	uint64_t profiles_split; /* profiles whose identifiers are in more than one now */
} CdpkStitchStatistics;

/*
 * What the tables must become.  The two lists of moves are disjoint: first all
 * identities of the profiles in profile_moves, in one statement (ids may chain),
 * then those of identity_moves one by one.
 */
typedef struct CdpkStitchResult
{
	const CdpkStitchMove *profile_moves; /* id = from: a whole profile gets another id, or joins */
	size_t profile_move_count;
	const CdpkStitchMove *identity_moves; /* new and lost identities too */
	size_t identity_move_count;
	const int64_t *ended; /* ids that are no profile's any more; before "profiles" */
	size_t ended_count;
	const CdpkStitchProfile *profiles; /* new summaries, of new and of old profiles */
	size_t profile_count;
	const CdpkStitchVerdict *links; /* links whose "refused" becomes another */
	size_t link_count;
	const CdpkStitchVerdict *declined; /* links refused for the sake of a frozen profile */
	size_t declined_count;
	const CdpkStitchSharing *sharing; /* identities whose "shared" becomes another */
	size_t sharing_count;
	const CdpkStitchReanchor *reanchor; /* events to be anchored anew */
	size_t reanchor_count;
	CdpkStitchStatistics statistics;
} CdpkStitchResult;

/* The result of a run that gave CDPK_OK; lives as long as the stitch. */
extern const CdpkStitchResult *cdpk_stitch_result(const CdpkStitch *stitch);

/* ---------------------------------------------------------------- explanations */

/* what a reason can be, beside the namespace whose limit it is */
#define CDPK_REASON_FORBID (-1)
#define CDPK_REASON_CAP (-2)

typedef struct CdpkStitchStep
{
	int64_t from;
	int64_t to;
	bool refused;
	const int32_t *reasons; /* of a refused link: forbid, limits by priority, cap */
	size_t reason_count;
} CdpkStitchStep;

typedef enum CdpkStitchPath
{
	CDPK_PATH_FOUND,
	CDPK_PATH_NONE,    /* nothing joins them, not even refused links */
	CDPK_PATH_SHARED,  /* one of them is shared: none of its links counts */
	CDPK_PATH_ABSENT,  /* one of them is on no event, or blocked */
	CDPK_PATH_GIVEN_UP /* none was found in the first max_profiles profiles */
} CdpkStitchPath;

/*
 * The chain of links between two identifiers that has the fewest refused links,
 * and of those the fewest links: of one profile none is refused.  For a stitch
 * without changes, which must not be run.
 */
extern CdpkStatus cdpk_stitch_explain(CdpkStitch *stitch, int64_t a, int64_t b, size_t max_profiles,
									  CdpkStitchPath *path, const CdpkStitchStep **steps,
									  size_t *step_count);

/*
 * The rules that a profile with these two summaries would break, in the order
 * forbid, limits by priority, cap.  "forbidden": a forbid stands between them.
 * reasons has room for namespace_count + 2; returns how many there are.
 */
extern size_t cdpk_stitch_reasons(const CdpkStitchRules *rules, const CdpkStitchProfile *x,
								  const CdpkStitchProfile *y, bool forbidden, int32_t *reasons);

/* Whether x is stronger than y: lower priority number, then namespace and value by bytes. */
extern bool cdpk_stitch_stronger(const CdpkStitchRules *rules, const CdpkStitchIdentity *x,
								 const CdpkStitchIdentity *y);

/*
 * The anchor of an event with these identifiers: its strongest present one that
 * is not shared, or if all are shared the strongest of them; -1: none.
 */
extern int cdpk_stitch_anchor(const CdpkStitchRules *rules, const CdpkStitchIdentity *identities,
							  int count);

#endif /* CDPK_STITCH_H */
