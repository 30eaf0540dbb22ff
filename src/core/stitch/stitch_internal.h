/*
 * stitch_internal.h
 *		What the parts of the stitch share.
 *
 *	stitch_memory.c		blocks that are released together, arrays that grow
 *	stitch_rules.c		strength, rank, which unions break a rule, sharing
 *	stitch_graph.c		identifiers, links, forbids and profiles in memory
 *	stitch_load.c		asks the store for rows, as few times as possible
 *	stitch_search.c		what reaches an identifier over links of a lower rank
 *	stitch_insert.c		new links between two profiles
 *	stitch_rework.c		profiles that are taken apart and put together again
 *	stitch.c			one batch of changes
 *	stitch_result.c		what the tables must become
 *	stitch_explain.c	chains of links
 *
 * Identifiers ("nodes"), links and profiles are known by their place in an array.
 * A profile of the tables, a new identifier and what a rework puts together are
 * profiles here; joined ones ("parts") share a root in a union-find, and what is
 * known of the whole is kept at the root.
 */
#ifndef CDPK_STITCH_INTERNAL_H
#define CDPK_STITCH_INTERNAL_H

#include "core/base/idmap.h"
#include "core/stitch/stitch.h"
#include "core/base/unionfind.h"

#define STITCH_NONE UINT32_MAX

#define STITCH_TRY(call)                 \
	do                                   \
	{                                    \
		CdpkStatus try_status_ = (call); \
		if (try_status_ != CDPK_OK)      \
			return try_status_;          \
	} while (0)

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
	CDPK_FAULTS_END
} CdpkStitchFault;

extern void cdpk_stitch_inject(CdpkStitch *stitch, CdpkStitchFault fault);

#define CDPK_FAULT(stitch, name) ((stitch)->fault == CDPK_FAULT_##name)
#else
#define CDPK_FAULT(stitch, name) ((void) (stitch), false)
#endif

/* ---------------------------------------------------------------- memory */

typedef struct StitchBlock StitchBlock;

typedef struct StitchMemory
{
	const CdpkAllocator *outer;
	CdpkAllocator allocator; /* hands out blocks of this memory */
	StitchBlock *blocks;
	uint8_t *chunk; /* where the next bytes are copied to */
	size_t chunk_left;
} StitchMemory;

extern void stitch_memory_init(StitchMemory *memory, const CdpkAllocator *outer);
extern void stitch_memory_release_all(StitchMemory *memory);
extern void *stitch_allocate(StitchMemory *memory, size_t count, size_t size);
extern void stitch_release(StitchMemory *memory, void *block);
extern uint8_t *stitch_copy_bytes(StitchMemory *memory, const uint8_t *bytes, size_t length);
extern void *stitch_grow(StitchMemory *memory, void *items, uint32_t count, uint32_t *capacity,
						 size_t more, size_t size);

#define STITCH_ARRAY(type) \
	struct                 \
	{                      \
		type *items;       \
		uint32_t count;    \
		uint32_t capacity; \
	}

/* Makes room for "more" items behind those that are there. */
#define STITCH_RESERVE(stitch, array, more)                                                   \
	(((array).items = stitch_grow(&(stitch)->memory, (array).items, (array).count,            \
								  &(array).capacity, (more), sizeof(*(array).items))) != NULL \
		 ? CDPK_OK                                                                            \
		 : CDPK_OUT_OF_MEMORY)

#define STITCH_PUSH(stitch, array, ...)                   \
	do                                                    \
	{                                                     \
		if ((array).count == (array).capacity)            \
			STITCH_TRY(STITCH_RESERVE(stitch, array, 1)); \
		(array).items[(array).count++] = __VA_ARGS__;     \
	} while (0)

typedef STITCH_ARRAY(uint32_t) StitchNumbers;
typedef STITCH_ARRAY(int64_t) StitchIds;

/* ---------------------------------------------------------------- the graph */

typedef struct StitchNode
{
	int64_t identity_id;
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
	uint32_t strong; /* nodes; NONE in a bound of which the evidence alone is known */
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
	bool contents;  /* all its identifiers and their links are here */
	bool forbids;   /* the forbids that name its identifiers are here, or asked for */
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

	/* rows that wait for the identities they name, and what is to be asked for */
	STITCH_ARRAY(CdpkStitchLink) link_rows;
	STITCH_ARRAY(CdpkStitchForbid) forbid_rows;
	CdpkIdMap asked_identities;
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
	StitchNumbers judged; /* nodes */

	/* the work that follows from them */
	StitchNumbers pending; /* links to be inserted */
	StitchNumbers dirty;   /* profiles to be reworked first */
	StitchNumbers late;    /* profiles to be reworked at the end */
	STITCH_ARRAY(StitchWeakened) weakened;

	StitchNumbers queue; /* of a search */
	uint32_t searches;   /* how many there were */
	uint32_t *reached_counts[2];

	CdpkStitchResult result;
};

/* Lets the server interrupt a long loop. */
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

/* The present profile of a part. */
static inline uint32_t
stitch_root(CdpkStitch *stitch, uint32_t profile)
{
	return cdpk_unionfind_find(&stitch->joined, profile);
}

/* The present profile of a node that is in one. */
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

/* Whether links of the node have any effect. */
static inline bool
stitch_links_count(const StitchNode *node)
{
	return node->present && !node->shared;
}

/* The node at the other end of an edge. */
static inline uint32_t
stitch_far_end(const CdpkStitch *stitch, uint32_t edge)
{
	const StitchRank *rank = &stitch->links.items[edge / 2].rank;

	return edge % 2 == 0 ? rank->weak : rank->strong;
}

/* ---------------------------------------------------------------- stitch_rules.c */

extern CdpkStatus stitch_rules_prepare(CdpkStitch *stitch);
extern bool stitch_stronger(const CdpkStitch *stitch, uint32_t x, uint32_t y);
extern int stitch_rank_compare(const CdpkStitch *stitch, const StitchRank *x, const StitchRank *y);
extern bool stitch_evidence_earlier(const CdpkEvidence *x, const CdpkEvidence *y);
extern bool stitch_is_later(CdpkStitch *stitch, const StitchRank *rank, const StitchLast *last);
extern void stitch_last_raise(CdpkStitch *stitch, StitchLast *last, const StitchLast *other);
extern CdpkStatus stitch_sort_links(CdpkStitch *stitch, StitchNumbers *links);

/* A set of identifiers about which a rule can be asked. */
typedef struct StitchBody
{
	enum
	{
		STITCH_BODY_NODE,    /* key is the node */
		STITCH_BODY_PROFILE, /* … the root */
		STITCH_BODY_REACHED, /* … the number of the search */
		STITCH_BODY_SET      /* … the root in "sets", whose items are places of nodes */
	} kind;
	uint32_t key;
	uint64_t size;
	const uint32_t *counts;
	uint32_t first_forbid; /* cells that hold all of its forbids */
	CdpkUnionFind *sets;
} StitchBody;

extern StitchBody stitch_body_of_node(CdpkStitch *stitch, uint32_t node);
extern StitchBody stitch_body_of_profile(CdpkStitch *stitch, uint32_t root);
extern bool stitch_breaks_limits(const CdpkStitch *stitch, const StitchBody *x,
								 const StitchBody *y);
extern bool stitch_breaks_forbid(CdpkStitch *stitch, const StitchBody *x, const StitchBody *y);

/* Whether the union of two sets that have nothing in common breaks a rule. */
static inline bool
stitch_breaks(CdpkStitch *stitch, const StitchBody *x, const StitchBody *y)
{
	return stitch_breaks_limits(stitch, x, y) || stitch_breaks_forbid(stitch, x, y);
}

/* ---------------------------------------------------------------- stitch_graph.c */

extern CdpkStatus stitch_graph_init(CdpkStitch *stitch);
extern uint32_t stitch_find_node(const CdpkStitch *stitch, int64_t identity_id);
extern CdpkStatus stitch_new_profile(CdpkStitch *stitch, int64_t stored_id, uint32_t *profile);
extern CdpkStatus stitch_stored_profile(CdpkStitch *stitch, int64_t stored_id, uint32_t *profile);
extern void stitch_add_member(CdpkStitch *stitch, uint32_t profile, uint32_t node);
extern CdpkStatus stitch_put_link(CdpkStitch *stitch, uint32_t a, uint32_t b,
								  const CdpkEvidence *evidence, bool refused, uint32_t *link);
extern CdpkStatus stitch_put_forbid(CdpkStitch *stitch, uint32_t a, uint32_t b);
extern void stitch_append_forbids(CdpkStitch *stitch, StitchProfile *profile, uint32_t first,
								  uint32_t last);
extern void stitch_join(CdpkStitch *stitch, uint32_t x, uint32_t y);
extern void stitch_raise_last(CdpkStitch *stitch, uint32_t root, const StitchRank *rank);
extern void stitch_summarize(CdpkStitch *stitch, uint32_t root);

/* ---------------------------------------------------------------- stitch_load.c */

extern CdpkStatus stitch_want_identity(CdpkStitch *stitch, int64_t identity_id);
extern CdpkStatus stitch_load_identities(CdpkStitch *stitch);
extern CdpkStatus stitch_take_rows(CdpkStitch *stitch);
extern CdpkStatus stitch_load_summaries(CdpkStitch *stitch, StitchNumbers *roots);
extern CdpkStatus stitch_load_contents(CdpkStitch *stitch, StitchNumbers *roots);
extern CdpkStatus stitch_load_links(CdpkStitch *stitch, const StitchNumbers *nodes);
extern CdpkStatus stitch_want_forbids(CdpkStitch *stitch, uint32_t root);
extern CdpkStatus stitch_load_forbids(CdpkStitch *stitch);
extern CdpkStatus stitch_list_profile(CdpkStitch *stitch, StitchNumbers *list, uint32_t root);
extern bool stitch_has_contents(const CdpkStitch *stitch, uint32_t root);

/* ---------------------------------------------------------------- the algorithm */

/*
 * What reaches "start" inside its profile over links of a lower rank than
 * "limit", as a body whose counts are in reached_counts[side].  The search ends
 * early where it meets "target" (then *found), or where the body together with
 * "other" breaks a limit or the cap (then *broken): the body is not whole then.
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

extern CdpkStatus stitch_insert(CdpkStitch *stitch);
extern CdpkStatus stitch_rework(CdpkStitch *stitch, StitchNumbers *profiles);
extern CdpkStatus stitch_make_summary(CdpkStitch *stitch, uint32_t root, CdpkStitchProfile *row);
extern CdpkStatus stitch_make_result(CdpkStitch *stitch);

#endif /* CDPK_STITCH_INTERNAL_H */
