/*
 * stitch_types.h
 *		The rules, rows, changes and results of a stitch, and the store that it reads.
 */
#ifndef CDPK_STITCH_TYPES_H
#define CDPK_STITCH_TYPES_H

#include "core/base/cdpk.h"

/* a limit that nothing reaches */
#define CDPK_UNLIMITED UINT32_MAX

/* ---------------------------------------------------------------- rules */

typedef struct CdpkStitchNamespace
{
	const char *name; /* orders the limits of namespaces of one priority */
	size_t name_length;
	int32_t priority;          /* smaller is stronger */
	uint32_t max_per_profile;  /* identifiers of it in one profile, those of one class counted
								* as one: 1 … CDPK_UNLIMITED */
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

/*
 * Trust that no source has: of a same pair.  A verdict "same" is a link with the evidence
 * {CDPK_TRUST_SAME, 0}, a pair of aliases that are believed one with CDPK_TRUST_ALIAS and the pair's
 * earliest time over all its sources.  So same pairs come before all other links.
 */
#define CDPK_TRUST_SAME INT32_MAX
#define CDPK_TRUST_ALIAS (INT32_MAX - 1)

/* Best evidence of a link, or that of one source. */
typedef struct CdpkEvidence
{
	int32_t trust; /* of the source; more is better */
	int64_t first_at;
} CdpkEvidence;

typedef struct CdpkStitchIdentifier
{
	int64_t identifier_id;
	int64_t profile_id;     /* as the tables have it; 0: in no profile yet */
	const uint8_t *payload; /* of core/identifier/identifier.h; not copied if lasting */
	size_t length;
	uint32_t name_space;
	bool present;     /* some event carries it, and it is neither blocked nor erased */
	bool shared;      /* as the tables have it, before this batch */
	bool forbidden;   /* a forbid in force names it */
	int64_t class_id; /* as the tables have it; 0: in no class with others */
} CdpkStitchIdentifier;

/*
 * Evidence of one pair; several rows of a pair (one for each source, one more for a verdict) count as
 * their best, and are refused alike.
 */
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
		*counts;         /* classes that have identifiers of each namespace with a limit (others
						  * are ignored); an identifier in no class is one by itself */
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

	/* Adds the identifier row of each id, whether present or not. */
	CdpkStatus (*load_identifiers)(void *context, CdpkStitch *stitch, const int64_t *identifier_ids,
								   size_t count);

	/*
	 * Adds the summary of each profile, and best at the same time the identifier
	 * row with the profile's id (left out, it costs a call of load_identifiers).
	 */
	CdpkStatus (*load_profiles)(void *context, CdpkStitch *stitch, const int64_t *profile_ids,
								size_t count);

	/*
	 * Adds every identifier row of each profile, and every link that has one of
	 * them at either end, refused or not, whatever the other end (its identifier
	 * row is asked for if it is not there).  Same pairs in force are links, whether there is
	 * other evidence of the pair or not.
	 */
	CdpkStatus (*load_contents)(void *context, CdpkStitch *stitch, const int64_t *profile_ids,
								size_t count);

	/* Adds every link that has one of the identifiers at either end, same pairs too. */
	CdpkStatus (*load_links)(void *context, CdpkStitch *stitch, const int64_t *identifier_ids,
							 size_t count);

	/*
	 * Adds every forbid in force that names an identifier of one of the profiles,
	 * or one of the identifiers.
	 */
	CdpkStatus (*load_forbids)(void *context, CdpkStitch *stitch, const int64_t *profile_ids,
							   size_t profile_count, const int64_t *identifier_ids,
							   size_t identifier_count);

	/* Called now and then in long loops; NULL: never. */
	void (*check_interrupts)(void *context);
} CdpkStitchStore;

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

typedef enum CdpkSharing
{
	CDPK_SHARING_BY_COUNT, /* no verdict */
	CDPK_SHARING_ALWAYS,   /* a person's verdict: shared */
	CDPK_SHARING_NEVER     /* a person's verdict: not shared */
} CdpkSharing;

/* ---------------------------------------------------------------- results */

typedef struct CdpkStitchMove
{
	int64_t id;
	int64_t from; /* 0: no profile */
	int64_t to;   /* 0: no profile */
} CdpkStitchMove;

typedef struct CdpkStitchRefusal
{
	int64_t a;
	int64_t b;
	bool refused;
} CdpkStitchRefusal;

typedef struct CdpkStitchSharing
{
	int64_t identifier_id;
	bool shared;
} CdpkStitchSharing;

typedef struct CdpkStitchClass
{
	int64_t identifier_id;
	int64_t class_id; /* the smallest identifier_id of the class; 0: it is in none with others */
} CdpkStitchClass;

typedef enum CdpkStitchAnchors
{
	CDPK_ANCHORED, /* the events anchored at the identifier */
	CDPK_CARRYING  /* the events that carry it */
} CdpkStitchAnchors;

typedef struct CdpkStitchReanchor
{
	int64_t identifier_id;
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
 * identifiers of the profiles in profile_moves, in one statement (ids may chain),
 * then those of identifier_moves one by one.
 */
typedef struct CdpkStitchResult
{
	const CdpkStitchMove *profile_moves; /* id = from: a whole profile gets another id, or joins */
	size_t profile_move_count;
	const CdpkStitchMove *identifier_moves; /* new and lost identifiers too */
	size_t identifier_move_count;
	const int64_t *ended; /* ids that are no profile's any more; before "profiles" */
	size_t ended_count;
	const CdpkStitchProfile *profiles; /* new summaries, of new and of old profiles */
	size_t profile_count;
	const CdpkStitchRefusal *links; /* links whose "refused" changes */
	size_t link_count;
	const CdpkStitchRefusal *declined; /* links refused for the sake of a frozen profile */
	size_t declined_count;
	const CdpkStitchSharing *sharing; /* identifiers whose "shared" changes */
	size_t sharing_count;
	const CdpkStitchClass *classes; /* identifiers whose class changes */
	size_t class_count;
	const CdpkStitchReanchor *reanchor; /* events to be anchored anew */
	size_t reanchor_count;
	CdpkStitchStatistics statistics;
} CdpkStitchResult;

#endif /* CDPK_STITCH_TYPES_H */
