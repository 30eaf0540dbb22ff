/*
 * batch_plan.c
 *		Who is folded anew, who moves, and whose rows are wanted.
 *
 * Where identifiers or events left a profile nothing can be subtracted: it is folded anew
 * from the log.  All others are what they were and what the batch adds.
 */
#include "core/batch/batch_state.h"

/* Note that a profile is folded anew. */
static CdpkStatus
rebuild(CdpkBatch *batch, int64_t profile_id)
{
	if (profile_id == 0 ||
		cdpk_idmap_get(&batch->is_rebuilt, (uint64_t) profile_id) != CDPK_IDMAP_NONE)
		return CDPK_OK;
	STITCH_TRY(cdpk_idmap_put(&batch->is_rebuilt, (uint64_t) profile_id, batch->rebuilt.count));
	STITCH_PUSH(batch, batch->rebuilt, profile_id);
	return CDPK_OK;
}

/* Note that a row of the tables is not what it was: it is deleted unless it is written. */
static CdpkStatus
end_row(CdpkBatch *batch, int64_t profile_id, uint32_t what)
{
	if (cdpk_idmap_get(&batch->is_ended, (uint64_t) profile_id) == CDPK_IDMAP_NONE)
		STITCH_PUSH(batch, batch->ended, profile_id);
	return cdpk_idmap_put(&batch->is_ended, (uint64_t) profile_id, what);
}

static CdpkStatus
find_rebuilt(CdpkBatch *batch)
{
	const CdpkStitchResult *result = batch->result;

	for (size_t i = 0; i < result->identifier_move_count; i++)
	{
		const CdpkStitchMove *move = &result->identifier_moves[i];

		/* a profile of which identifiers moved one by one did not move whole */
		if (move->from == 0)
			continue;
		STITCH_TRY(rebuild(batch, move->to));
		STITCH_TRY(rebuild(batch, move->from));
	}
	for (uint32_t i = 0; i < batch->reanchored.count; i++)
		STITCH_TRY(rebuild(batch, batch_profile_of_anchor(batch, batch->reanchored.items[i].from)));
	for (size_t i = 0; i < batch->changes.taken_back_count; i++)
		STITCH_TRY(
			rebuild(batch, batch_profile_of_anchor(batch, batch->changes.taken_back[i].anchor)));
	for (size_t i = 0; i < batch->changes.refolded_count; i++)
		STITCH_TRY(rebuild(batch, batch->changes.refolded[i]));
	return CDPK_OK;
}

/* Put a profile on the list of those whose rows are wanted, if it may have one. */
static CdpkStatus
want_profile(CdpkBatch *batch, CdpkIdMap *wanted, int64_t profile_id)
{
	if (profile_id == 0 || profile_id > batch->last_identifier_id ||
		cdpk_idmap_get(wanted, (uint64_t) profile_id) != CDPK_IDMAP_NONE)
		return CDPK_OK;
	STITCH_TRY(cdpk_idmap_put(wanted, (uint64_t) profile_id, 0));
	STITCH_PUSH(batch, batch->wanted_profiles, profile_id);
	return CDPK_OK;
}

static CdpkStatus
list_wanted_profiles(CdpkBatch *batch)
{
	CdpkIdMap wanted;

	cdpk_idmap_init(&wanted, &batch->memory.allocator);
	for (size_t i = 0; i < batch->result->profile_count; i++)
		STITCH_TRY(want_profile(batch, &wanted, batch->result->profiles[i].profile_id));
	for (uint32_t i = 0; i < batch->log_order.count; i++)
		STITCH_TRY(want_profile(batch, &wanted, batch->profile_of_row[batch->log_order.items[i]]));
	for (uint32_t i = 0; i < batch->reanchored.count; i++)
		STITCH_TRY(want_profile(batch, &wanted,
								batch_profile_of_anchor(batch, batch->reanchored.items[i].to)));
	for (uint32_t i = 0; i < batch->ended.count; i++)
		STITCH_TRY(want_profile(batch, &wanted, batch->ended.items[i]));
	cdpk_idmap_free(&wanted);
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_plan(CdpkBatch *batch)
{
	const CdpkStitchResult *result = batch->result;

	if (batch->anchor_of_row == NULL || batch->planned)
		return CDPK_INVALID;
	batch->planned = true;
	STITCH_TRY(find_rebuilt(batch));
	for (size_t i = 0; i < result->profile_move_count; i++)
		if (cdpk_idmap_get(&batch->is_rebuilt, (uint64_t) result->profile_moves[i].to) ==
			CDPK_IDMAP_NONE)
			STITCH_PUSH(batch, batch->gone, result->profile_moves[i]);
	for (uint32_t i = 0; i < batch->rebuilt.count; i++)
		STITCH_TRY(end_row(batch, batch->rebuilt.items[i], BATCH_ROW_REPLACED));
	for (size_t i = 0; i < result->profile_move_count; i++)
		STITCH_TRY(end_row(batch, result->profile_moves[i].from, BATCH_ROW_ENDED));
	for (size_t i = 0; i < result->ended_count; i++)
		STITCH_TRY(end_row(batch, result->ended[i], BATCH_ROW_ENDED));
	return list_wanted_profiles(batch);
}

const int64_t *
cdpk_batch_rebuilt(const CdpkBatch *batch, size_t *count)
{
	*count = batch->rebuilt.count;
	return batch->rebuilt.items;
}

const CdpkStitchMove *
cdpk_batch_gone(const CdpkBatch *batch, size_t *count)
{
	*count = batch->gone.count;
	return batch->gone.items;
}

const int64_t *
cdpk_batch_profiles_wanted(const CdpkBatch *batch, size_t *count)
{
	*count = batch->wanted_profiles.count;
	return batch->wanted_profiles.items;
}

CdpkStatus
cdpk_batch_add_parts(CdpkBatch *batch, const CdpkBatchPart *parts, size_t count)
{
	if (!batch->planned)
		return CDPK_INVALID;
	STITCH_TRY(STITCH_RESERVE(batch, batch->parts, count));
	for (size_t i = 0; i < count; i++)
		batch->parts.items[batch->parts.count++] = parts[i];
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_add_folded(CdpkBatch *batch, const CdpkBatchPart *parts, size_t count)
{
	if (!batch->planned || batch->folded)
		return CDPK_INVALID;
	for (size_t i = 0; i < count; i++)
	{
		if (cdpk_idmap_get(&batch->is_rebuilt, (uint64_t) parts[i].profile_id) == CDPK_IDMAP_NONE)
			return CDPK_INVALID;
		STITCH_PUSH(batch, batch->folded_parts, parts[i]);
	}
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_add_summaries(CdpkBatch *batch, const CdpkStitchProfile *summaries, size_t count)
{
	if (!batch->planned || batch->folded)
		return CDPK_INVALID;
	for (size_t i = 0; i < count; i++)
	{
		if (cdpk_idmap_get(&batch->is_rebuilt, (uint64_t) summaries[i].profile_id) ==
			CDPK_IDMAP_NONE)
			return CDPK_INVALID;
		STITCH_PUSH(batch, batch->given_summaries, summaries[i]);
	}
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_set_logged(CdpkBatch *batch, const CdpkBatchLogged *events, size_t count)
{
	if (!batch->planned || batch->logged != NULL)
		return CDPK_INVALID;
	batch->logged = events;
	batch->logged_count = count;
	return CDPK_OK;
}
