/*
 * batch.h
 *		One pass through a batch: from cleaned rows to what the tables must become.
 *
 * All that happens between reading and writing is here.  What must be looked up is
 * asked for in phases: the batch gives an array of keys, the caller looks them up
 * and hands the rows in, and calls the next phase.  The functions are declared in the
 * order of their use; those that end in "_add_…" may be called any number of times.
 *
 *	rows			cdpk_batch_new, cdpk_batch_begin
 *	dedupe			cdpk_batch_keys → known ones → cdpk_batch_accept
 *	identify		cdpk_batch_identify → namespaces → cdpk_batch_set_rules;
 *					names → marks, voids, known ones → cdpk_batch_number → doubtful ones,
 *					ends of aliases, same and forbidden pairs → wanted ones
 *	evidence		cdpk_batch_pair → pairs → rows of links → pairs to be counted anew →
 *					cdpk_batch_link
 *	stitch			cdpk_batch_stitch, again after cdpk_batch_freeze
 *	anchor			cdpk_batch_anchor; events of the log that may move
 *	fold			cdpk_batch_plan → rows of profiles, events to fold anew →
 *					cdpk_batch_fold
 *
 * Numbers follow the order in which identifiers arrive, and within a batch that of
 * their bytes.  Given these, what comes of the rows does not depend on how they are
 * cut into batches.
 *
 * A phase that is called before its time, or is given what is not there, says
 * CDPK_INVALID; rows of tables that contradict each other are CDPK_CORRUPT.
 */
#ifndef CDPK_BATCH_H
#define CDPK_BATCH_H

#include "core/batch/batch_types.h"
#include "core/stitch/stitch.h"

typedef struct CdpkBatch CdpkBatch;

typedef struct CdpkBatchSetup
{
	const CdpkAllocator *allocator;          /* lives as long as the batch */
	void (*check_interrupts)(void *context); /* called now and then in long loops, or NULL */
	void *context;
	uint64_t seed; /* one that others cannot guess keeps them from choosing collisions */
} CdpkBatchSetup;

extern CdpkStatus cdpk_batch_new(const CdpkBatchSetup *setup, CdpkBatch **batch);

/* Release all memory, results included, also after a failure. */
extern void cdpk_batch_free(CdpkBatch *batch);

/* Take rows, at most UINT32_MAX / 2, and changes (NULL: none).  A row's number is its place. */
extern CdpkStatus cdpk_batch_begin(CdpkBatch *batch, const CdpkBatchRow *rows, size_t count,
								   const CdpkBatchChanges *changes);

/* ---------------------------------------------------------------- dedupe */

/* Return the distinct message keys of the rows that are neither quarantined nor the same as an event, in their order. */
extern const CdpkBatchKey *cdpk_batch_keys(const CdpkBatch *batch, size_t *count);

/* Return the place of each row's key among them, or CDPK_BATCH_NONE. */
extern const uint32_t *cdpk_batch_key_places(const CdpkBatch *batch);

/*
 * Decide what becomes of each row: known[i] is what the tables have of the i-th key (NULL: they have
 * none).  Accepted ones get the numbers after the last one, in their order.  The keys to be written
 * are those that are not known, each with the content of its first row.
 */
extern CdpkStatus cdpk_batch_accept(CdpkBatch *batch, const CdpkBatchMessage *known,
									int64_t last_event_id);

/* Return what became of each row. */
extern const CdpkBatchJudged *cdpk_batch_judged(const CdpkBatch *batch);

/* ---------------------------------------------------------------- identify */

/* Find the distinct identifiers of accepted rows, and of events that are read again. */
extern CdpkStatus cdpk_batch_identify(CdpkBatch *batch);

/* Return the namespaces of these. */
extern const CdpkBatchBytes *cdpk_batch_namespaces(const CdpkBatch *batch, size_t *count);

/* Give the rules, with all of these namespaces (but for those that only blocked identifiers have). */
extern CdpkStatus cdpk_batch_set_rules(CdpkBatch *batch, const CdpkBatchRules *rules);

/* Return the payloads of these identifiers. */
extern const CdpkBatchBytes *cdpk_batch_names(const CdpkBatch *batch, size_t *count);

/* Return the place of a payload among them, or CDPK_BATCH_NONE. */
extern uint32_t cdpk_batch_find(const CdpkBatch *batch, const uint8_t *payload, size_t length);

/* Return the places of the identifiers of an accepted row, in their order; once the base is folded, in any. */
extern const uint32_t *cdpk_batch_mentions(const CdpkBatch *batch, size_t row);

/*
 * Say what rules and verdicts say of an identifier: that it is blocked before its row is added.  Blocked
 * ones need not be looked up.
 */
extern CdpkStatus cdpk_batch_mark(CdpkBatch *batch, uint32_t place, CdpkBatchMark mark);

/* Add the unlink verdicts of which both ends are in the batch; of one pair the latest time counts. */
extern CdpkStatus cdpk_batch_add_voids(CdpkBatch *batch, const CdpkBatchVoid *voids, size_t count);

/* Add the rows of identifiers that the tables know. */
extern CdpkStatus cdpk_batch_add_known(CdpkBatch *batch, const CdpkBatchKnown *rows, size_t count);

/* Number what is new. */
extern CdpkStatus cdpk_batch_number(CdpkBatch *batch, int64_t last_identifier_id);

/* Return the places of the new identifiers, in the order of their numbers, which follow the last one. */
extern const uint32_t *cdpk_batch_fresh(const CdpkBatch *batch, size_t *count);

/*
 * Return the identifiers of which events are taken back, and of which no row of the batch is: those
 * that another event of the log carries are said to be named, the others leave the graph.
 */
extern const int64_t *cdpk_batch_doubtful(const CdpkBatch *batch, size_t *count);
extern CdpkStatus cdpk_batch_add_named(CdpkBatch *batch, const int64_t *identifier_ids,
									   size_t count);

/*
 * Return the identifiers of which all rows of links with aliases are to be added, and ask again after
 * that until there are none: mostly the first time.
 */
extern CdpkStatus cdpk_batch_alias_ends(CdpkBatch *batch, const int64_t **identifier_ids,
										size_t *count);
extern CdpkStatus cdpk_batch_add_aliases(CdpkBatch *batch, const CdpkBatchAlias *rows,
										 size_t count);

/*
 * Add the same pairs that are given or withdrawn, and those in force that name an identifier of the
 * batch which has a number, while the other end has one.
 */
extern CdpkStatus cdpk_batch_add_same(CdpkBatch *batch, const CdpkBatchSame *rows, size_t count);

/* Add the forbids in force on pairs of identifiers of which one is an end of aliases (see above). */
extern CdpkStatus cdpk_batch_add_forbidden(CdpkBatch *batch, const CdpkBatchIdPair *pairs,
										   size_t count);

/* Return the numbers that only changes and same pairs name, and no event carries: mostly none. */
extern const int64_t *cdpk_batch_wanted(const CdpkBatch *batch, size_t *count);

/* Add the rows of these. */
extern CdpkStatus cdpk_batch_add_others(CdpkBatch *batch, const CdpkBatchOther *rows, size_t count);

/* Return all that is known of an identifier by its place. */
extern const CdpkBatchIdentifier *cdpk_batch_identifier(const CdpkBatch *batch, uint32_t place);

/* Return the place of a number, or CDPK_BATCH_NONE. */
extern uint32_t cdpk_batch_place(const CdpkBatch *batch, int64_t identifier_id);

/* ---------------------------------------------------------------- evidence */

/* Find the pairs of identifiers that stood on one event. */
extern CdpkStatus cdpk_batch_pair(CdpkBatch *batch);

/* Return the pairs that may have rows of links, sorted. */
extern const CdpkBatchIdPair *cdpk_batch_pairs(const CdpkBatch *batch, size_t *count);

/* Add the rows of links of these pairs, of all sources. */
extern CdpkStatus cdpk_batch_add_links(CdpkBatch *batch, const CdpkBatchLink *rows, size_t count);

/*
 * Return the pairs (a < b) of which the rows of links must be counted anew: an event that was the first
 * or last of one is taken back, or an unlink.  All events of the log that carry both, or are their aliases,
 * are to be added, without what is taken back and the rows of the batch; others do no harm.
 */
extern CdpkStatus cdpk_batch_counted_anew(CdpkBatch *batch, const CdpkBatchIdPair **pairs,
										  size_t *count);
extern CdpkStatus cdpk_batch_add_survivors(CdpkBatch *batch, const CdpkBatchRow *rows,
										   size_t count);

/* Find what becomes of links, of the counts of identifiers, and of sharing. */
extern CdpkStatus cdpk_batch_link(CdpkBatch *batch);

/*
 * Return what becomes of links.  What is to be deleted must be gone from the tables before the
 * stitch, the rest may be written before or after it; after it "refused" is what it said.
 */
extern const CdpkBatchLinks *cdpk_batch_links(const CdpkBatch *batch);

/* Return the places of identifiers whose counts changed; new ones are among them. */
extern const uint32_t *cdpk_batch_recounted(const CdpkBatch *batch, size_t *count);

/* ---------------------------------------------------------------- stitch */

/*
 * Find the profiles after the batch.  The store reads the tables as they are before it, but for
 * deleted links; of new identifiers it is asked for their forbids alone, by number (see
 * cdpk_batch_place, and cdpk_batch_find for the other end).
 */
extern CdpkStatus cdpk_batch_stitch(CdpkBatch *batch, const CdpkStitchStore *store);

/* Return what the last stitch said. */
extern const CdpkStitchResult *cdpk_batch_result(const CdpkBatch *batch);

/*
 * Return the identifiers that are a reason to look for events with other anchors: "places" are
 * themselves the present anchors; of "carried" the neighbours are, too: those that a row of the
 * links in the tables, or an unlink verdict, joins with one of them.
 */
extern const int64_t *cdpk_batch_places(const CdpkBatch *batch, size_t *count);
extern const int64_t *cdpk_batch_carried(const CdpkBatch *batch, size_t *count);

/*
 * Return the profiles, as they are before the batch, of which all events are needed: who loses
 * identifiers or events, and who is joined with such a one.  place_profiles: the stored profiles of
 * all places and neighbours of carried ones, with their identifiers as "id" and the profile as "from".
 */
extern CdpkStatus cdpk_batch_concerned(CdpkBatch *batch, const CdpkStitchMove *place_profiles,
									   size_t count, const int64_t **profile_ids,
									   size_t *profile_count);

/*
 * Name profiles that are not to be taken apart.  What the last stitch made of the sharing of their
 * identifiers is left undone as well.  cdpk_batch_stitch must follow.
 */
extern CdpkStatus cdpk_batch_freeze(CdpkBatch *batch, const int64_t *profile_ids, size_t count);

/* Return the identifiers whose sharing was left undone, and in "from" their profiles. */
extern const CdpkStitchMove *cdpk_batch_kept(const CdpkBatch *batch, size_t *count);

/* ---------------------------------------------------------------- anchor */

/* Find the anchor of each accepted row.  No stitch may follow. */
extern CdpkStatus cdpk_batch_anchor(CdpkBatch *batch);

/* Return the anchors of rows, and the profiles of these after the batch; 0: none. */
extern const int64_t *cdpk_batch_anchors(const CdpkBatch *batch);
extern const int64_t *cdpk_batch_anchor_profiles(const CdpkBatch *batch);

/* Return the accepted rows in the order of (anchor, time, number). */
extern const uint32_t *cdpk_batch_log_order(const CdpkBatch *batch, size_t *count);

/*
 * Give the events of the log that are anchored at places or at neighbours of carried ones, all at once.
 * Their identifiers that the batch does not know have names from *first_name on: they are looked up,
 * marked where they are blocked, and added with cdpk_batch_add_known, as they are in the tables.
 */
extern CdpkStatus cdpk_batch_add_strays(CdpkBatch *batch, const CdpkBatchStray *strays,
										size_t count, size_t *first_name);

/* Find the anchors of these, and return those that are others. */
extern CdpkStatus cdpk_batch_reanchor(CdpkBatch *batch, const CdpkBatchReanchored **reanchored,
									  size_t *count);

/* ---------------------------------------------------------------- fold */

/* Find who is folded anew, who moves, and whose rows end. */
extern CdpkStatus cdpk_batch_plan(CdpkBatch *batch);

/* Return the profiles that are folded anew from the log, by their ids after the batch. */
extern const int64_t *cdpk_batch_rebuilt(const CdpkBatch *batch, size_t *count);

/* Return the profiles that moved whole into others that are not folded anew. */
extern const CdpkStitchMove *cdpk_batch_gone(const CdpkBatch *batch, size_t *count);

/* Return the profiles whose rows are wanted; not all need have one. */
extern const int64_t *cdpk_batch_profiles_wanted(const CdpkBatch *batch, size_t *count);

/* Add rows of these. */
extern CdpkStatus cdpk_batch_add_parts(CdpkBatch *batch, const CdpkBatchPart *parts, size_t count);

/*
 * Give the events of the log of profiles that are folded anew, all at once, with the anchors that they
 * have after cdpk_batch_reanchor, and without the rows of the batch.
 */
extern CdpkStatus cdpk_batch_set_logged(CdpkBatch *batch, const CdpkBatchLogged *events,
										size_t count);

/* Give what other events of profiles that are folded anew were folded into, by an earlier batch. */
extern CdpkStatus cdpk_batch_add_folded(CdpkBatch *batch, const CdpkBatchPart *parts, size_t count);

/* Give the summaries of profiles that are folded anew and that the stitch says nothing of. */
extern CdpkStatus cdpk_batch_add_summaries(CdpkBatch *batch, const CdpkStitchProfile *summaries,
										   size_t count);

/* Build the values of all profiles and accounts. */
extern CdpkStatus cdpk_batch_fold(CdpkBatch *batch);

/* Return the rows of profiles to be written, by id. */
extern const CdpkBatchProfile *cdpk_batch_profiles(const CdpkBatch *batch, size_t *count);

/* Return the profiles whose rows are deleted; not all need have one. */
extern const int64_t *cdpk_batch_ended(const CdpkBatch *batch, size_t *count);

/* Return the accepted rows that are folded, in the order of (profile, anchor, time). */
extern const uint32_t *cdpk_batch_fold_order(const CdpkBatch *batch, size_t *count);

/* Return what group calls of the batch add to accounts, by their names. */
extern const CdpkBatchAccount *cdpk_batch_accounts(const CdpkBatch *batch, size_t *count);

/* Return what they add to members of accounts, by (identifier, account). */
extern const CdpkBatchMember *cdpk_batch_members(const CdpkBatch *batch, size_t *count);

/* ---------------------------------------------------------------- base */

/*
 * Fold the accepted rows into rows of the base, in place of all that follows cdpk_batch_add_voids: events of the
 * log, and what the base has of the same identifiers.  Nothing need be known of the identifiers, but all
 * unlinks in force of two of them must have been added.
 */
extern CdpkStatus cdpk_batch_fold_base(CdpkBatch *batch, const CdpkBatchFolded **rows,
									   size_t *count);

/* Return the rows of the batch in the order of the rows of the base that they are folded into. */
extern const uint32_t *cdpk_batch_folded_order(const CdpkBatch *batch, size_t *count);

/* ---------------------------------------------------------------- who was touched */

/* Tell in *touched who was touched next, and why, by profile: begin with a position of zeros; false at the end. */
extern bool cdpk_batch_next_touched(const CdpkBatch *batch, CdpkBatchPosition *position,
									CdpkBatchTouched *touched);

#endif /* CDPK_BATCH_H */
