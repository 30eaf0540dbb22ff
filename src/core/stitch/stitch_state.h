/*
 * stitch_state.h
 *		One stitch in memory: its identifiers, links, forbids, profiles and changes.
 *
 * Each file calls only files above it in this list:
 *	stitch_memory		blocks that are released together, arrays that grow
 *	stitch_state.h		what the files below share
 *	stitch_rank			which identifier is stronger, which link comes first
 *	stitch_class		what same pairs have joined
 *	stitch_graph		identifiers, links, forbids and profiles
 *	stitch_rules		which unions break a rule, which identifiers are shared
 *	stitch_load			asks the store for rows, as few times as possible
 *	stitch_search		what reaches an identifier over links of a lower rank
 *	stitch_insert		new links between two profiles
 *	stitch_same			new same pairs
 *	stitch_rework		profiles that are taken apart and put together again
 *	stitch_result		what the tables must become
 *	stitch				one batch of changes
 *	stitch_explain		chains of links
 *
 * Identifiers ("nodes"), links and profiles are known by their place in an array.
 * A profile of the tables, a new identifier and what a rework puts together are
 * profiles here; joined ones ("parts") share a root in a union-find, and what is
 * known of the whole is kept at the root.
 */
#ifndef CDPK_STITCH_STATE_H
#define CDPK_STITCH_STATE_H

#include "core/base/idmap.h"
#include "core/base/unionfind.h"
#include "core/stitch/stitch_memory.h"
#include "core/stitch/stitch_types.h"

/*
 * Tests break the algorithm on purpose, to see that they would notice: one fault
 * at a time, and only in their own build of core/ (-DCDPK_FAULTS).
 */
#ifdef CDPK_FAULTS
typedef enum CdpkStitchFault
{
	CDPK_FAULT_NONE,
	CDPK_FAULT_NO_SEARCH,         /* a link that breaks a rule is refused without a search */
	CDPK_FAULT_NO_GROWTH,         /* a rework never takes in a neighbour */
	CDPK_FAULT_NO_RETRY_ALLOW,    /* nothing is inserted again after allow */
	CDPK_FAULT_NO_RETRY_LIMIT,    /* … after a looser limit */
	CDPK_FAULT_NO_RETRY_SHARING,  /* … after the end of sharing */
	CDPK_FAULT_EARLIER_IGNORED,   /* an earlier rank changes nothing */
	CDPK_FAULT_LATER_IGNORED,     /* a later rank changes nothing */
	CDPK_FAULT_REMOVAL_CONNECTED, /* a removal changes nothing where the ends stay connected */
	CDPK_FAULT_NO_REANCHOR,       /* no events are anchored anew */
	CDPK_FAULT_LAST_ONE_SIDE,     /* "later than all inside" looks at one profile */
	CDPK_FAULT_SAME_NO_LIMIT,     /* a new same pair joins profiles that break a limit together */
	CDPK_FAULT_SAME_LIMIT,        /* a same pair asks limits */
	CDPK_FAULT_SAME_NO_SEARCH, /* a new same pair that breaks a rule is refused without a search */
	CDPK_FAULT_SAME_NO_RETRY,  /* nothing is inserted again when a class grows */
	CDPK_FAULT_SAME_INSIDE,    /* a new same pair inside a profile changes nothing */
	CDPK_FAULT_SAME_STALE_REFUSAL,      /* links that a same pair brings inside stay refused */
	CDPK_FAULT_CLASS_COUNTED_ONCE_EACH, /* a rework counts identifiers, not classes */
	CDPK_FAULT_CLASS_SEARCH,            /* a search counts identifiers, not classes */
	CDPK_FAULT_CLASS_STALE,             /* contents that are loaded do not find classes anew */
	CDPK_FAULTS_END
} CdpkStitchFault;

#define CDPK_FAULT(stitch, name) ((stitch)->fault == CDPK_FAULT_##name)
#else
#define CDPK_FAULT(stitch, name) ((void) (stitch), false)
#endif

typedef struct StitchNode
{
	int64_t identifier_id;
	const uint8_t *payload;
	uint32_t length;
	uint32_t name_space;
	uint32_t stored_profile; /* the one it is in by the tables, or NONE */
	uint32_t profile;        /* a part: its root is the present profile; NONE: in no profile */
	uint32_t next_member;    /* of that part */
	uint32_t first_edge;     /* 2 * link + 0 (stronger end) or 1 */
	uint32_t first_forbid;   /* a cell */
	uint32_t reached;        /* the number of the last search that came here */
	uint32_t place;          /* in the rework under way, or NONE */
	bool present;
	bool shared;
	bool was_shared;
	bool forbidden;
} StitchNode;

/* What decides the order of links; no two links have equal ranks. */
typedef struct StitchRank
{
	CdpkEvidence evidence;
	uint32_t strong; /* nodes; NONE in a bound known only by its evidence */
	uint32_t weak;
} StitchRank;

typedef struct StitchLink
{
	StitchRank rank;
	uint32_t next_edge[2]; /* of the stronger end, of the weaker end */
	bool refused;
	bool was_refused;
	bool pending;  /* to be inserted: does not exist for a rework */
	bool declined; /* kept out of its place by a frozen profile, unless its ends meet later */
} StitchLink;

/* An identifier at the end of a same pair, or that has a class in the tables. */
typedef struct StitchKin
{
	uint32_t node;
	uint32_t ring;    /* the same for all of its class, in a profile whose contents are here */
	uint32_t next;    /* of its class, round and round */
	bool counted;     /* false: another of its class and namespace stands for it */
	int64_t class_id; /* as the tables have it */
} StitchKin;

/* A forbid in the lists of one of its ends: of the identifier, its profile, its set. */
typedef struct StitchCell
{
	uint32_t nodes[2];
	uint32_t next_in_node;
	uint32_t next_in_profile;
	uint32_t next_in_set;
} StitchCell;

/* No link inside a profile is later than this. */
typedef struct StitchLast
{
	enum
	{
		STITCH_LAST_UNKNOWN,
		STITCH_LAST_NO_LINK,
		STITCH_LAST_KNOWN
	} kind;
	StitchRank rank;
} StitchLast;

typedef struct StitchProfile
{
	/* of the part */
	int64_t stored_id; /* 0: not in the tables */
	uint32_t first_member;
	uint32_t next_part;
	bool contents;  /* all its identifiers and their links are loaded */
	bool forbids;   /* the forbids that name its identifiers are loaded, or asked for */
	bool dissolved; /* its identifiers are in other profiles now */
	/* of the whole: looked at in a root only */
	bool known; /* size to last */
	bool has_forbid;
	bool touched; /* the summary is another than in the tables */
	bool dirty;   /* to be reworked before the insertions */
	bool late;    /* to be reworked after them */
	bool frozen;  /* not to be taken apart */
	bool listed;  /* in the list that is being made */
	uint32_t last_part;
	uint32_t size;
	uint32_t strongest; /* node */
	uint32_t first_forbid;
	uint32_t last_forbid;
	uint32_t place; /* in the work under way, or NONE */
	StitchLast last;
} StitchProfile;

/* A link inside a profile that has a later rank now, or is gone (NONE). */
typedef struct StitchWeakened
{
	StitchRank before;
	uint32_t link;
} StitchWeakened;

struct CdpkStitch
{
	const CdpkStitchRules *rules;
	const CdpkStitchStore *store;
	StitchMemory memory;
	uint32_t ticks;
#ifdef CDPK_FAULTS
	CdpkStitchFault fault;
#endif

	/* the namespaces with a limit; "counts" are of these, in this order */
	uint32_t limited;
	uint32_t *limited_namespaces;
	uint32_t *limit_of;      /* namespace → its place among them, or "limited" */
	uint32_t *limits;        /* how many each allows */
	uint32_t *single_counts; /* of one identifier: row limit_of[namespace] */

	STITCH_ARRAY(StitchNode) nodes;
	STITCH_ARRAY(StitchLink) links;
	STITCH_ARRAY(StitchCell) cells;
	STITCH_ARRAY(StitchProfile) profiles;
	StitchNumbers profile_counts; /* "limited" a profile */
	CdpkUnionFind joined;         /* of profiles */
	CdpkIdMap node_of_id;
	CdpkIdMap profile_of_id;
	CdpkIdMap link_of_pair;
	CdpkIdMap cell_of_pair;
	STITCH_ARRAY(StitchKin) kin;
	CdpkIdMap kin_of_node;

	/* rows that wait for the identifiers they name, and what is to be asked for */
	STITCH_ARRAY(CdpkStitchLink) link_rows;
	STITCH_ARRAY(CdpkStitchForbid) forbid_rows;
	CdpkIdMap asked_identifiers;
	StitchIds ids; /* of the next call */
	StitchIds more_ids;
	StitchNumbers forbids_wanted; /* profiles */

	/* the changes as they came */
	STITCH_ARRAY(CdpkStitchChange) changes;
	STITCH_ARRAY(CdpkStitchLink) retries;
	STITCH_ARRAY(CdpkStitchForbid) forbidden;
	STITCH_ARRAY(CdpkStitchForbid) allowed;
	StitchIds checked;
	StitchIds frozen;

	/* the work that follows from them */
	StitchNumbers pending; /* links to be inserted */
	StitchNumbers same;    /* same pairs to be inserted before them; one may be here twice */
	StitchNumbers dirty;   /* profiles to be reworked first */
	StitchNumbers late;    /* profiles to be reworked at the end */
	STITCH_ARRAY(StitchWeakened) weakened;

	StitchNumbers queue; /* of a search */
	uint32_t searches;   /* how many there were */
	uint32_t *reached_counts[2];

	CdpkStitchResult result;
};

/* Let the server interrupt a long loop. */
static inline void
stitch_tick(CdpkStitch *stitch)
{
	if ((++stitch->ticks & 1023) == 0 && stitch->store->check_interrupts != NULL)
		stitch->store->check_interrupts(stitch->store->context);
}

static inline StitchNode *
stitch_node(CdpkStitch *stitch, uint32_t node)
{
	return &stitch->nodes.items[node];
}

/* Return the present profile of a part. */
static inline uint32_t
stitch_root(CdpkStitch *stitch, uint32_t profile)
{
	return cdpk_unionfind_find(&stitch->joined, profile);
}

/* Return the present profile of a node that is in one. */
static inline uint32_t
stitch_profile_of(CdpkStitch *stitch, uint32_t node)
{
	return stitch_root(stitch, stitch->nodes.items[node].profile);
}

static inline uint32_t *
stitch_counts(CdpkStitch *stitch, uint32_t profile)
{
	return stitch->profile_counts.items + (size_t) profile * stitch->limited;
}

/* Return whether links of the node have any effect. */
static inline bool
stitch_links_count(const StitchNode *node)
{
	return node->present && !node->shared;
}

/* Return the node at the other end of an edge. */
static inline uint32_t
stitch_far_end(const CdpkStitch *stitch, uint32_t edge)
{
	const StitchRank *rank = &stitch->links.items[edge / 2].rank;

	return edge % 2 == 0 ? rank->weak : rank->strong;
}

#endif /* CDPK_STITCH_STATE_H */
