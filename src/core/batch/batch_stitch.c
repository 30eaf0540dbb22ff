/*
 * batch_stitch.c
 *		Tells core/stitch what the batch changes.
 */
#include "core/batch/batch_state.h"
#include "core/stitch/stitch_rules.h"

/* identifiers that are handed over at a time */
#define PORTION 256

/* Return whether the sharing of an identifier is left as it is. */
static bool
is_kept(const CdpkBatch *batch, int64_t identifier_id)
{
	return cdpk_idmap_get(&batch->kept_of_id, (uint64_t) identifier_id) != CDPK_IDMAP_NONE;
}

/* Mark the identifiers that come, go, or stand at the end of what changes. */
static CdpkStatus
mark_involved(CdpkBatch *batch, bool *involved)
{
	for (uint32_t i = 0; i < batch->identifiers.count; i++)
	{
		const CdpkBatchIdentifier *identifier = &batch->identifiers.items[i];

		/* a forbid may name what only aliases do, and there may be no row of it yet */
		involved[i] = identifier->profile_id == 0 && !batch_is_plain(batch, i) &&
					  identifier->identifier_id != 0;
	}
	for (uint32_t i = 0; i < batch->link_changes.count; i++)
	{
		uint32_t a = batch_place_of_id(batch, batch->link_changes.items[i].a);

		/* then its other end is plain, too */
		if (batch_is_plain(batch, a))
			continue;
		involved[a] = true;
		involved[batch_place_of_id(batch, batch->link_changes.items[i].b)] = true;
	}
	for (uint32_t i = 0; i < batch->judged.count; i++)
		involved[batch->judged.items[i]] |= !batch_is_plain(batch, batch->judged.items[i]);
	for (size_t i = 0; i < batch->changes.blocked_count; i++)
		involved[batch_place_of_id(batch, batch->changes.blocked[i])] = true;
	for (uint32_t i = 0; i < batch->doubtful.count; i++)
		involved[batch_place_of_id(batch, batch->doubtful.items[i])] = true;
	return CDPK_OK;
}

/* Make room in the stitch for all that it is given. */
static CdpkStatus
reserve_stitch(CdpkBatch *batch, const bool *involved)
{
	size_t identifiers = 0;
	size_t links = 0;

	for (uint32_t i = 0; i < batch->identifiers.count; i++)
		identifiers += involved[i];
	for (uint32_t i = 0; i < batch->link_changes.count; i++)
		links += involved[batch_place_of_id(batch, batch->link_changes.items[i].a)];
	return cdpk_stitch_reserve(batch->stitch, identifiers, links);
}

static CdpkStatus
give_identifiers(CdpkBatch *batch, const bool *involved)
{
	CdpkStitchIdentifier rows[PORTION];
	size_t count = 0;

	/* by number: what is found together then lies together */
	for (uint32_t rank = 0; rank < batch->place_of_rank.count; rank++)
	{
		const CdpkBatchIdentifier *identifier = batch_identifier_of_rank(batch, rank);

		if (!involved[batch->place_of_rank.items[rank]])
			continue;
		rows[count].identifier_id = identifier->identifier_id;
		rows[count].profile_id = identifier->profile_id;
		rows[count].payload = identifier->payload.bytes;
		rows[count].length = identifier->payload.length;
		rows[count].name_space = identifier->name_space;
		rows[count].present = identifier->present;
		rows[count].shared = identifier->profile_id != 0 && identifier->shared;
		rows[count].class_id = batch_class_of(batch, batch->place_of_rank.items[rank]);
		rows[count++].forbidden = identifier->forbidden;
		if (count < PORTION)
			continue;
		STITCH_TRY(cdpk_stitch_add_lasting(batch->stitch, rows, count));
		count = 0;
	}
	return cdpk_stitch_add_lasting(batch->stitch, rows, count);
}

/* Tell which links changed, but for those of plain profiles. */
static CdpkStatus
give_links(CdpkBatch *batch)
{
	const CdpkStitchChange *changes = batch->link_changes.items;
	uint32_t count = batch->link_changes.count;

	for (uint32_t start = 0, end; start < count; start = end + 1)
	{
		for (end = start;
			 end < count && !batch_is_plain(batch, batch_place_of_id(batch, changes[end].a));)
			end++;
		STITCH_TRY(cdpk_stitch_evidence_changed(batch->stitch, changes + start, end - start));
	}
	return CDPK_OK;
}

/* Tell whose sharing becomes another: that of no identifier in a plain profile. */
static CdpkStatus
give_sharing(CdpkBatch *batch)
{
	for (uint32_t i = 0; i < batch->judged.count; i++)
	{
		const CdpkBatchIdentifier *identifier = &batch->identifiers.items[batch->judged.items[i]];
		bool was_shared = identifier->profile_id != 0 && identifier->shared;

		batch_tick(batch);
		if (!batch_is_plain(batch, batch->judged.items[i]) && identifier->present &&
			stitch_is_shared(&batch->rules.stitch, identifier->name_space, identifier->sharing,
							 identifier->counts, identifier->count_length) != was_shared &&
			!is_kept(batch, identifier->identifier_id))
			STITCH_TRY(cdpk_stitch_judge_sharing(batch->stitch, identifier->identifier_id,
												 identifier->sharing, identifier->counts,
												 identifier->count_length));
	}
	return CDPK_OK;
}

/* Return whether the rows of a pair are deleted: a binary search, they are sorted. */
static bool
is_deleted(const CdpkBatch *batch, int64_t a, int64_t b)
{
	uint32_t low = 0;
	uint32_t high = batch->deleted.count;

	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;
		const CdpkBatchIdPair *pair = &batch->deleted.items[middle];

		if (pair->a < a || (pair->a == a && pair->b < b))
			low = middle + 1;
		else
			high = middle;
	}
	return low < batch->deleted.count && batch->deleted.items[low].a == a &&
		   batch->deleted.items[low].b == b;
}

/* Tell which refused links may be accepted now, but for those whose evidence is less than it was. */
static CdpkStatus
give_retries(CdpkBatch *batch)
{
	for (size_t i = 0; i < batch->changes.retry_count; i++)
	{
		const CdpkStitchLink *link = &batch->changes.retry[i];

		if (batch->deleted.count == 0 || !is_deleted(batch, link->a < link->b ? link->a : link->b,
													 link->a < link->b ? link->b : link->a))
			STITCH_TRY(cdpk_stitch_retry(batch->stitch, link, 1));
	}
	return CDPK_OK;
}

/*
 * Tell what is not about identifiers and links of the batch.  A link that lost all its evidence and
 * has other now is tried like a new one: it is in no table where a refused link, or one of an
 * identifier that is shared no more, is looked for.
 */
static CdpkStatus
give_changes(CdpkBatch *batch)
{
	const CdpkBatchChanges *changes = &batch->changes;

	for (uint32_t i = 0; batch->deleted.count > 0 && i < batch->link_changes.count; i++)
	{
		const CdpkStitchChange *change = &batch->link_changes.items[i];
		CdpkStitchLink link = {change->a, change->b, change->now, change->refused};

		if (change->existed && change->exists)
			STITCH_TRY(cdpk_stitch_retry(batch->stitch, &link, 1));
	}
	STITCH_TRY(give_retries(batch));
	STITCH_TRY(cdpk_stitch_check_profiles(batch->stitch, changes->check, changes->check_count));
	STITCH_TRY(
		cdpk_stitch_freeze_profiles(batch->stitch, batch->frozen.items, batch->frozen.count));
	for (size_t i = 0; i < changes->forbid_count; i++)
	{
		const CdpkBatchForbid *forbid = &changes->forbids[i];

		STITCH_TRY((forbid->in_force ? cdpk_stitch_forbidden
									 : cdpk_stitch_allowed)(batch->stitch, forbid->a, forbid->b));
	}
	return CDPK_OK;
}

/* Put what is plain and what the stitch says together. */
static CdpkStatus
join_results(CdpkBatch *batch)
{
	CdpkStitchResult *stitched = &batch->stitched;

	*stitched = *cdpk_stitch_result(batch->stitch);
	batch->summaries.count = batch->plain_profiles;
	if (batch->plain_profiles > 0)
	{
		STITCH_TRY(STITCH_RESERVE(batch, batch->summaries, stitched->profile_count));
		for (size_t i = 0; i < stitched->profile_count; i++)
			batch->summaries.items[batch->summaries.count++] = stitched->profiles[i];
		stitched->profiles = batch->summaries.items;
		stitched->profile_count = batch->summaries.count;
	}
	stitched->statistics.inserted += batch->plain_statistics.inserted;
	stitched->statistics.joined += batch->plain_statistics.joined;
	batch->result = stitched;
	return CDPK_OK;
}

/* Add a number to the list of places. */
static CdpkStatus
add_place(CdpkBatch *batch, int64_t identifier_id)
{
	STITCH_PUSH(batch, batch->places, identifier_id);
	return CDPK_OK;
}

/* Sort numbers, each once. */
static CdpkStatus
sort_ids(CdpkBatch *batch, StitchIds *ids)
{
	BatchItem *items = batch_items(batch, ids->count);
	uint32_t count = ids->count;

	if (items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < count; i++)
		items[i].key = (uint64_t) ids->items[i];
	batch_sort(items, items + count, count);
	ids->count = 0;
	for (uint32_t i = 0; i < count; i++)
		if (i == 0 || items[i].key != items[i - 1].key)
			ids->items[ids->count++] = (int64_t) items[i].key;
	stitch_release(&batch->memory, items);
	return CDPK_OK;
}

/* Return whether a number is on the list of those whose neighbours are places. */
static bool
is_carried(const CdpkBatch *batch, int64_t identifier_id)
{
	uint32_t low = 0;
	uint32_t high = batch->carried.count;

	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;

		if (batch->carried.items[middle] < identifier_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < batch->carried.count && batch->carried.items[low] == identifier_id;
}

/* Add the neighbours of these that neither the tables nor the verdicts name any more. */
static CdpkStatus
add_former_neighbours(CdpkBatch *batch, const CdpkBatchIdPair *pairs, size_t count)
{
	for (size_t i = 0; batch->carried.count > 0 && i < count; i++)
	{
		if (is_carried(batch, pairs[i].a))
			STITCH_TRY(add_place(batch, pairs[i].b));
		if (is_carried(batch, pairs[i].b))
			STITCH_TRY(add_place(batch, pairs[i].a));
	}
	return CDPK_OK;
}

/* List the anchors of events that may have another one after the batch. */
static CdpkStatus
list_places(CdpkBatch *batch)
{
	batch->places.count = 0;
	batch->carried.count = 0;
	for (size_t i = 0; i < batch->result->reanchor_count; i++)
	{
		const CdpkStitchReanchor *reanchor = &batch->result->reanchor[i];

		STITCH_TRY(add_place(batch, reanchor->identifier_id));
		if (reanchor->events == CDPK_CARRYING)
			STITCH_PUSH(batch, batch->carried, reanchor->identifier_id);
	}
	for (size_t i = 0; i < batch->changes.reranked_count; i++)
	{
		STITCH_TRY(add_place(batch, batch->changes.reranked[i]));
		STITCH_PUSH(batch, batch->carried, batch->changes.reranked[i]);
	}
	for (size_t i = 0; i < batch->changes.reread_count; i++)
		STITCH_TRY(add_place(batch, batch->changes.reread[i].anchor));
	STITCH_TRY(sort_ids(batch, &batch->carried));
	STITCH_TRY(add_former_neighbours(batch, batch->deleted.items, batch->deleted.count));
	STITCH_TRY(
		add_former_neighbours(batch, batch->changes.relinked, batch->changes.relinked_count));
	return sort_ids(batch, &batch->places);
}

CdpkStatus
cdpk_batch_stitch(CdpkBatch *batch, const CdpkStitchStore *store)
{
	bool *involved;

	if (!batch->linked || batch->anchor_of_row != NULL)
		return CDPK_INVALID;
	if (batch->stitch != NULL)
		cdpk_stitch_free(batch->stitch);
	batch->stitch = NULL;
	batch->result = NULL;
	STITCH_TRY(batch_settle_plain(batch));
	involved = batch_allocate(batch, batch->identifiers.count, sizeof(bool));
	if (involved == NULL)
		return CDPK_OUT_OF_MEMORY;
	STITCH_TRY(mark_involved(batch, involved));
	STITCH_TRY(
		cdpk_stitch_new(&batch->rules.stitch, store, batch->setup.allocator, &batch->stitch));
	STITCH_TRY(reserve_stitch(batch, involved));
	STITCH_TRY(give_identifiers(batch, involved));
	stitch_release(&batch->memory, involved);
	STITCH_TRY(give_links(batch));
	STITCH_TRY(give_sharing(batch));
	STITCH_TRY(give_changes(batch));
	STITCH_TRY(cdpk_stitch_run(batch->stitch));
	cdpk_stitch_finish(batch->stitch);
	STITCH_TRY(join_results(batch));
	return list_places(batch);
}

const CdpkStitchResult *
cdpk_batch_result(const CdpkBatch *batch)
{
	return batch->result;
}

const int64_t *
cdpk_batch_places(const CdpkBatch *batch, size_t *count)
{
	*count = batch->places.count;
	return batch->places.items;
}

const int64_t *
cdpk_batch_carried(const CdpkBatch *batch, size_t *count)
{
	*count = batch->carried.count;
	return batch->carried.items;
}

/* ---------------------------------------------------------------- who must be whole */

/* Note that a profile loses identifiers or events, and that what it becomes is folded anew. */
static CdpkStatus
lose(CdpkBatch *batch, int64_t from, int64_t to, StitchIds *losing, CdpkIdMap *anew)
{
	uint32_t move = cdpk_idmap_get(&batch->profile_move, (uint64_t) from);
	int64_t stays = move != CDPK_IDMAP_NONE ? batch->result->profile_moves[move].to : from;

	if (from == 0)
		return CDPK_OK;
	STITCH_PUSH(batch, *losing, from);
	STITCH_PUSH(batch, *losing, stays);
	STITCH_TRY(cdpk_idmap_put(anew, (uint64_t) stays, 0));
	if (to == 0)
		return CDPK_OK;
	STITCH_PUSH(batch, *losing, to);
	return cdpk_idmap_put(anew, (uint64_t) to, 0);
}

CdpkStatus
cdpk_batch_concerned(CdpkBatch *batch, const CdpkStitchMove *place_profiles, size_t count,
					 const int64_t **profile_ids, size_t *profile_count)
{
	const CdpkStitchResult *result = batch->result;
	StitchIds losing = {NULL, 0, 0};
	CdpkIdMap anew;

	if (result == NULL)
		return CDPK_INVALID;
	cdpk_idmap_init(&anew, &batch->memory.allocator);
	STITCH_TRY(batch_index_moves(batch));
	for (size_t i = 0; i < result->identifier_move_count; i++)
		STITCH_TRY(lose(batch, result->identifier_moves[i].from, result->identifier_moves[i].to,
						&losing, &anew));
	for (size_t i = 0; i < count; i++)
	{
		uint32_t move = cdpk_idmap_get(&batch->identifier_move, (uint64_t) place_profiles[i].id);

		STITCH_TRY(lose(batch, place_profiles[i].from,
						move != CDPK_IDMAP_NONE ? result->identifier_moves[move].to
												: place_profiles[i].from,
						&losing, &anew));
	}
	for (size_t i = 0; i < batch->changes.taken_back_count; i++)
	{
		uint32_t place = batch_place_of_id(batch, batch->changes.taken_back[i].anchor);

		if (place != BATCH_NONE)
			STITCH_TRY(lose(batch, batch->identifiers.items[place].profile_id, 0, &losing, &anew));
	}
	for (size_t i = 0; i < batch->changes.refolded_count; i++)
		STITCH_TRY(
			lose(batch, batch->changes.refolded[i], batch->changes.refolded[i], &losing, &anew));
	for (size_t i = 0; i < result->profile_move_count; i++)
		if (cdpk_idmap_get(&anew, (uint64_t) result->profile_moves[i].to) != CDPK_IDMAP_NONE)
			STITCH_PUSH(batch, losing, result->profile_moves[i].from);
	cdpk_idmap_free(&anew);
	STITCH_TRY(sort_ids(batch, &losing));
	*profile_ids = losing.items;
	*profile_count = losing.count;
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_freeze(CdpkBatch *batch, const int64_t *profile_ids, size_t count)
{
	CdpkIdMap frozen;

	if (batch->result == NULL || batch->anchor_of_row != NULL)
		return CDPK_INVALID;
	for (size_t i = 0; i < count; i++)
		STITCH_PUSH(batch, batch->frozen, profile_ids[i]);
	cdpk_idmap_init(&frozen, &batch->memory.allocator);
	for (uint32_t i = 0; i < batch->frozen.count; i++)
		STITCH_TRY(cdpk_idmap_put(&frozen, (uint64_t) batch->frozen.items[i], 0));
	for (size_t i = 0; i < batch->result->sharing_count; i++)
	{
		int64_t identifier_id = batch->result->sharing[i].identifier_id;
		uint32_t place = batch_place_of_id(batch, identifier_id);
		CdpkStitchMove kept = {identifier_id, 0, 0};

		if (place == BATCH_NONE || is_kept(batch, identifier_id))
			continue;
		kept.from = kept.to = batch->identifiers.items[place].profile_id;
		if (cdpk_idmap_get(&frozen, (uint64_t) kept.from) == CDPK_IDMAP_NONE)
			continue;
		STITCH_TRY(cdpk_idmap_put(&batch->kept_of_id, (uint64_t) identifier_id, 0));
		STITCH_PUSH(batch, batch->kept, kept);
	}
	cdpk_idmap_free(&frozen);
	batch->result = NULL;
	return CDPK_OK;
}

const CdpkStitchMove *
cdpk_batch_kept(const CdpkBatch *batch, size_t *count)
{
	*count = batch->kept.count;
	return batch->kept.items;
}
