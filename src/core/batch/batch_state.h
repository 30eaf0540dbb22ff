/*
 * batch_state.h
 *		What the files of this folder share.
 *
 * Each file calls only files above it in this list:
 *	batch_sort		sorts
 *	batch_names		distinct strings
 *	batch_memory	memory that is released together, or used again
 *	batch_identify	identifiers and their numbers
 *	batch_alias		earlier user_ids, same pairs, and who is in the graph
 *	batch_taken		evidence that is taken back, or counted anew
 *	batch_evidence	pairs of identifiers on events
 *	batch_kin		rows of links of pairs with aliases, same pairs, or less evidence
 *	batch_link		rows of links
 *	batch_degree	how many each is linked to, and what that says about sharing
 *	batch_plain		profiles that need no stitch
 *	batch_anchor	where identifiers and events are after the stitch
 *	batch_stitch	drives core/stitch
 *	batch_value		traits and timelines of many rows
 *	batch_base		rows of the base
 *	batch_account	what group calls say
 *	batch_plan		who is folded anew, who moves
 *	batch_fold		the rows of profiles
 *	batch			rows, and which of them are duplicates
 */
#ifndef CDPK_BATCH_STATE_H
#define CDPK_BATCH_STATE_H

#include "core/base/idmap.h"
#include "core/batch/batch.h"
#include "core/batch/batch_names.h"
#include "core/batch/batch_sort.h"
#include "core/stitch/stitch_memory.h"

#define BATCH_NONE CDPK_BATCH_NONE

/* Memory in large pieces, given back all at once. */
typedef struct BatchArena
{
	StitchMemory *memory;
	uint8_t *piece;
	size_t size;
	size_t used;
	size_t held;     /* in all pieces so far */
	bool used_again; /* reset gives back what is not the last piece */
	STITCH_ARRAY(uint8_t *) former;
	CdpkAllocator allocator; /* hands out memory of this arena; release does nothing */
} BatchArena;

/* Two identifiers on an event, by their ranks. */
typedef struct BatchMeeting
{
	uint32_t a;
	uint32_t b;
	uint32_t carrier; /* with BATCH_ALIAS if it is an alias of the pair */
} BatchMeeting;

#define BATCH_ALIAS UINT32_C(0x80000000)

/* The alias that a carrier is; places. */
typedef struct BatchAlias
{
	uint32_t carrier;
	uint32_t user;
	uint32_t previous;
} BatchAlias;

/* Evidence of a pair, by one source, that is taken back. */
typedef struct BatchLost
{
	uint64_t key; /* of the pair, by ranks */
	uint32_t source;
	int64_t first_at;
	int64_t last_at;
	int64_t events;
	int64_t aliases;
} BatchLost;

/* A change of a pair's links that is another for degrees than for the stitch. */
typedef struct BatchUneven
{
	uint32_t change; /* its place */
	bool existed;    /* by evidence */
	bool exists;
} BatchUneven;

/* What all events of the batch say of a pair, by one source. */
typedef struct BatchEvidence
{
	uint32_t source;
	uint32_t carrier; /* the earliest message */
	int64_t first_at;
	int64_t last_at;
	int64_t events;
	int64_t aliases; /* of these */
} BatchEvidence;

/* A pair that has evidence in the batch, or loses that which it had. */
typedef struct BatchPair
{
	uint32_t a; /* ranks: a < b, as their numbers */
	uint32_t b;
	uint32_t first; /* its evidence, by source */
	uint32_t count;
	uint8_t flags; /* BATCH_PAIR_… */
} BatchPair;

enum
{
	BATCH_PAIR_UNLINKED = 1, /* its rows are void */
	BATCH_PAIR_KIN = 2,      /* aliases, a same pair, or evidence that is taken back */
	BATCH_PAIR_JUDGED = 4    /* it is decided anew whether its aliases are believed */
};

/* An event of the log that is folded, and into what. */
typedef struct BatchFoldEvent
{
	const CdpkBatchRow *row;
	int64_t event_id;
	int64_t profile_id;
} BatchFoldEvent;

/* What becomes of the row of a profile that is not what it was. */
enum
{
	BATCH_ROW_REPLACED, /* it is folded anew */
	BATCH_ROW_ENDED,    /* no profile has its id, or another set of identifiers than before */
	BATCH_ROW_WRITTEN   /* … has it again */
};

struct CdpkBatch
{
	CdpkBatchSetup setup;
	StitchMemory memory;
	uint32_t ticks;
	CdpkBatchChanges changes;
	CdpkBatchRules rules;

	/* rows */
	const CdpkBatchRow *rows;
	uint32_t row_count;
	CdpkBatchJudged *judged_rows;
	uint32_t *key_of_row;
	STITCH_ARRAY(CdpkBatchKey) keys;

	/* identifiers, by their places in "names"; those of events come first */
	BatchNames names;
	BatchNames namespaces;
	uint32_t *rule_of_namespace;
	STITCH_ARRAY(CdpkBatchIdentifier) identifiers;
	CdpkIdMap place_of_id;
	uint32_t carriers;       /* rows, events that are read again, events that are taken back */
	uint32_t *first_mention; /* of each carrier */
	StitchNumbers mentions;
	int64_t last_identifier_id;
	StitchNumbers fresh; /* places, by number */
	StitchIds wanted;
	CdpkIdMap class_of_place; /* place → place in "classes" */
	StitchIds classes;        /* as the tables have them */
	uint32_t *rank_of_place;  /* order by number */
	StitchNumbers place_of_rank;

	/* who is in the graph, earlier user_ids, same pairs */
	STITCH_ARRAY(BatchAlias) aliases; /* by carrier */
	bool *named;                      /* by place: some row carries it; NULL: all are */
	uint32_t named_count;
	StitchIds doubtful;
	bool *still_named; /* by place: another event of the log carries it */
	bool numbered;
	bool aliases_asked;
	StitchIds alias_ends; /* of the present question */
	CdpkIdMap asked_ends; /* all so far */
	STITCH_ARRAY(CdpkBatchAlias) alias_rows;
	STITCH_ARRAY(CdpkBatchIdPair) judged_pairs;
	STITCH_ARRAY(CdpkBatchSame) same;
	STITCH_ARRAY(CdpkBatchIdPair) forbidden;
	CdpkIdMap is_wanted;
	CdpkIdMap same_of_pair; /* by ranks, as those that follow */
	CdpkIdMap is_forbidden;
	CdpkIdMap aliased_after; /* pair → whether aliases that are believed are left */
	CdpkIdMap alias_count;   /* identifier → how many others it is in such pairs with */

	/* what is taken back */
	STITCH_ARRAY(BatchLost) lost; /* by pair and source */
	CdpkIdMap lost_of_pair;       /* pair → the first of it */
	STITCH_ARRAY(CdpkBatchIdPair) anew;
	CdpkIdMap is_anew;
	bool anew_listed;
	const CdpkBatchRow *survivors;
	uint32_t survivor_count;
	STITCH_ARRAY(BatchMeeting) survived; /* pairs of survivors that are counted anew, sorted */

	/* evidence */
	STITCH_ARRAY(CdpkBatchVoid) voids;
	CdpkIdMap void_of_pair;
	STITCH_ARRAY(BatchMeeting) meetings;
	uint32_t meetings_together; /* from so many on they are made evidence */
	STITCH_ARRAY(BatchEvidence) evidence;
	STITCH_ARRAY(BatchPair) pairs;
	STITCH_ARRAY(CdpkBatchIdPair) wanted_pairs;
	STITCH_ARRAY(CdpkBatchLink) stored_links;
	STITCH_ARRAY(CdpkBatchLink) inserted;
	STITCH_ARRAY(CdpkBatchLink) updated;
	STITCH_ARRAY(CdpkBatchIdPair) deleted;
	STITCH_ARRAY(CdpkStitchChange)
	link_changes; /* pairs whose best evidence is another; until the anchors */
	STITCH_ARRAY(BatchUneven) uneven;
	BatchItem *stored_items; /* stored links by pair and source; NULL: not sorted yet */
	uint32_t stored_count;
	CdpkBatchLink *pair_rows; /* room for the rows of one pair */
	bool linked;
	CdpkBatchLinks links;
	StitchNumbers recounted; /* places whose counts are others */
	StitchNumbers judged;    /* places whose sharing is decided anew */

	/* the stitch */
	CdpkStitch *stitch;
	const CdpkStitchResult *result; /* NULL, or stitched */
	CdpkStitchResult stitched;      /* with what is plain */
	bool all_stitched;              /* nothing is plain: tests compare both ways */
	bool *plain;                    /* by place: settled without the stitch */
	STITCH_ARRAY(CdpkStitchProfile) summaries;
	uint32_t plain_profiles; /* summaries of those, which come first */
	CdpkStitchStatistics plain_statistics;
	StitchIds frozen;
	STITCH_ARRAY(CdpkStitchMove) kept; /* sharing that is left as it is */
	CdpkIdMap kept_of_id;
	CdpkIdMap profile_move;    /* from → place in the result */
	CdpkIdMap identifier_move; /* … of those that are not new */

	/* anchors */
	int64_t *anchor_of_row;
	int64_t *profile_of_row;
	StitchNumbers log_order;
	StitchIds places;
	StitchIds carried;
	const CdpkBatchStray *strays;
	uint32_t stray_count;
	uint32_t *first_stray_mention;
	StitchNumbers stray_mentions;
	uint32_t stray_names; /* the first name that only strays have */
	STITCH_ARRAY(CdpkBatchReanchored) reanchored;

	/* the base */
	uint64_t key_bits; /* of the hash of what rows agree in: tests let hashes meet */
	STITCH_ARRAY(CdpkBatchFolded) base;
	StitchNumbers base_order; /* rows, by the row of the base that they are folded into */

	/* folds */
	bool planned;
	bool folded;
	StitchIds rebuilt;
	CdpkIdMap is_rebuilt;
	StitchIds ended;
	CdpkIdMap is_ended;
	StitchIds deleted_profiles;
	STITCH_ARRAY(CdpkStitchMove) gone;
	StitchIds wanted_profiles;
	const CdpkBatchLogged *logged;
	size_t logged_count;
	STITCH_ARRAY(CdpkBatchPart) parts;
	STITCH_ARRAY(CdpkBatchPart) folded_parts;
	STITCH_ARRAY(CdpkStitchProfile) given_summaries; /* that the stitch did not give */
	STITCH_ARRAY(BatchFoldEvent) fold_events;
	StitchNumbers fold_order;
	STITCH_ARRAY(CdpkBatchProfile) profiles;
	STITCH_ARRAY(CdpkBatchAccount) accounts;
	STITCH_ARRAY(CdpkBatchMember) members;
	uint32_t *account_of_row;               /* NULL: there is no group call */
	STITCH_ARRAY(CdpkBatchTouched) touched; /* what the rows of profiles do not say */
	BatchArena values;
	BatchArena scratch;
};

/* Let the server interrupt a long loop. */
static inline void
batch_tick(CdpkBatch *batch)
{
	if ((++batch->ticks & 1023) == 0 && batch->setup.check_interrupts != NULL)
		batch->setup.check_interrupts(batch->setup.context);
}

/* Return a block of count items, or NULL. */
static inline void *
batch_allocate(CdpkBatch *batch, size_t count, size_t size)
{
	return stitch_allocate(&batch->memory, count + 1, size);
}

/* Return two arrays to sort so many items with, the second behind the first, or NULL. */
static inline BatchItem *
batch_items(CdpkBatch *batch, size_t count)
{
	return batch_allocate(batch, 2 * count, sizeof(BatchItem));
}

/* Return the row of what carries identifiers; survivors come after the carriers. */
static inline const CdpkBatchRow *
batch_carrier(const CdpkBatch *batch, uint32_t carrier)
{
	if (carrier < batch->row_count)
		return &batch->rows[carrier];
	carrier -= batch->row_count;
	if (carrier < batch->changes.reread_count)
		return &batch->changes.reread[carrier].row;
	carrier -= (uint32_t) batch->changes.reread_count;
	if (carrier < batch->changes.taken_back_count)
		return &batch->changes.taken_back[carrier].row;
	return &batch->survivors[carrier - batch->changes.taken_back_count];
}

/* Return the first carrier that is taken back. */
static inline uint32_t
batch_first_taken(const CdpkBatch *batch)
{
	return batch->row_count + (uint32_t) batch->changes.reread_count;
}

/* Return how many events a row stands for. */
static inline int64_t
batch_events(const CdpkBatchRow *row)
{
	return row->span != NULL ? row->span->events : 1;
}

/* Return when the last of them was. */
static inline int64_t
batch_last_at(const CdpkBatchRow *row)
{
	return row->span != NULL ? row->span->last_at : row->at;
}

/* Return when the last of their evidence was: before an unlink, all of it is void. */
static inline int64_t
batch_last_said_at(const CdpkBatchRow *row)
{
	return row->span != NULL ? row->span->last_said_at : row->said_at;
}

/* Make a key of two ranks or places in either order. */
static inline uint64_t
batch_pair_key(uint32_t a, uint32_t b)
{
	return a < b ? (uint64_t) a << 32 | b : (uint64_t) b << 32 | a;
}

/* Return whether some event carries an identifier as its own; strays' and survivors' are in the tables. */
static inline bool
batch_is_named(const CdpkBatch *batch, uint32_t place)
{
	return batch->named == NULL || place >= batch->named_count || batch->named[place];
}

/* Return whether an identifier has a number and counts after the batch. */
static inline bool
batch_usable(const CdpkBatchIdentifier *identifier)
{
	return identifier->identifier_id != 0 && identifier->present;
}

static inline CdpkBatchIdentifier *
batch_identifier_of_rank(CdpkBatch *batch, uint32_t rank)
{
	return &batch->identifiers.items[batch->place_of_rank.items[rank]];
}

/* Return whether an identifier is in a profile that needs no stitch. */
static inline bool
batch_is_plain(const CdpkBatch *batch, uint32_t place)
{
	return batch->plain != NULL && batch->plain[place];
}

/* Return whether one evidence ranks before another, over all sources. */
static inline bool
batch_evidence_before(const CdpkEvidence *x, const CdpkEvidence *y)
{
	return x->trust != y->trust ? x->trust > y->trust : x->first_at < y->first_at;
}

/* batch_memory.c */
extern void batch_arena_init(BatchArena *arena, StitchMemory *memory, bool used_again);
extern void batch_arena_reset(BatchArena *arena);

/* batch_identify.c */
extern CdpkStatus batch_intern(CdpkBatch *batch, const CdpkBatchRow *const *rows, uint32_t count,
							   uint32_t *first_mention, StitchNumbers *mentions);
extern uint32_t batch_place_of_id(const CdpkBatch *batch, int64_t identifier_id);
extern CdpkStatus batch_rank_identifiers(CdpkBatch *batch);

extern CdpkStatus batch_want_id(CdpkBatch *batch, int64_t identifier_id);
extern CdpkStatus batch_add_names(CdpkBatch *batch);
extern bool batch_is_payload(const CdpkBatchBytes *bytes);
extern int64_t batch_class_of(const CdpkBatch *batch, uint32_t place);

/* batch_alias.c */
extern bool batch_same_namespace(const CdpkBatchBytes *a, const CdpkBatchBytes *b);
extern CdpkStatus batch_intern_aliases(CdpkBatch *batch, const CdpkBatchRow *const *rows);
extern CdpkStatus batch_list_doubtful(CdpkBatch *batch);
extern CdpkStatus batch_settle_graph(CdpkBatch *batch);
extern CdpkStatus batch_index_kin(CdpkBatch *batch);

/* batch_taken.c */
extern CdpkStatus batch_list_lost(CdpkBatch *batch);
extern const BatchLost *batch_find_lost(const CdpkBatch *batch, uint64_t key, uint32_t source);
extern CdpkStatus batch_sort_survivors(CdpkBatch *batch);

/* batch_kin.c */
extern CdpkStatus batch_judge_aliases(CdpkBatch *batch);
extern CdpkStatus batch_link_kin(CdpkBatch *batch, const BatchPair *pair, const BatchItem *items,
								 uint32_t count);

/* batch_evidence.c */
extern bool batch_is_void(const CdpkBatch *batch, uint32_t a, uint32_t b, int64_t said_at);
extern bool batch_message_before(const CdpkBatchBytes *a, const CdpkBatchBytes *b);

/* batch_link.c */
extern CdpkStatus batch_sort_stored_links(CdpkBatch *batch);

/* batch_degree.c */
extern CdpkStatus batch_count_degrees(CdpkBatch *batch);

/* batch_plain.c */
extern CdpkStatus batch_settle_plain(CdpkBatch *batch);

/* batch_anchor.c */
extern CdpkStatus batch_index_moves(CdpkBatch *batch);
extern int64_t batch_profile_of_anchor(const CdpkBatch *batch, int64_t identifier_id);

/* batch_value.c: rows is an array of pointers */
extern CdpkStatus batch_merge_traits(CdpkBatch *batch, const CdpkBatchRow *const *rows,
									 uint32_t row_count, const CdpkBatchBytes *parts,
									 uint32_t part_count, CdpkBatchBytes *result);
extern CdpkStatus batch_merge_timelines(CdpkBatch *batch, const CdpkBatchRow *const *rows,
										uint32_t row_count, const CdpkBatchBytes *parts,
										uint32_t part_count, CdpkBatchBytes *result);

/* Note that a person left an account, if the latest time at which one did is not later. */
static inline void
batch_note_left(bool has_left, int64_t left_at, bool *noted, int64_t *noted_at)
{
	if (has_left && (!*noted || left_at > *noted_at))
		*noted_at = left_at;
	*noted |= has_left;
}

/* batch_account.c */
extern CdpkStatus batch_fold_accounts(CdpkBatch *batch);

#endif /* CDPK_BATCH_STATE_H */
