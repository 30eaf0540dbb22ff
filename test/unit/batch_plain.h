/*
 * batch_plain.h
 *		What is plain and what the stitch says of it, on the same batch.
 */
#ifndef BATCH_PLAIN_H
#define BATCH_PLAIN_H

#include "batch_store.h"
#include "core/batch/batch_state.h"

/* A result, which outlives the stitch; lists are cut at the number of things. */
#define PLAIN_MOST (4 * MAX_THINGS * MAX_THINGS)

typedef struct PlainResult
{
	size_t counts[8];
	CdpkStitchMove profile_moves[2 * MAX_THINGS];
	int64_t ended[2 * MAX_THINGS];
	CdpkStitchProfile profiles[2 * MAX_THINGS]; /* by id */
	uint32_t limited[2 * MAX_THINGS][MAX_NAMES];
	CdpkStitchRefusal links[PLAIN_MOST];
	CdpkStitchRefusal declined[PLAIN_MOST];
	CdpkStitchSharing sharing[2 * MAX_THINGS];
	CdpkStitchReanchor reanchor[2 * MAX_THINGS];
	int64_t profile_after[2 * MAX_THINGS]; /* of new and of moved identifiers, by number */
	CdpkStitchStatistics statistics;
} PlainResult;

static inline void
plain_copy(void *to, const void *from, size_t count, size_t size)
{
	if (count > 0)
		memcpy(to, from, count * size);
}

/* Take what a summary says, and nothing of its padding. */
static inline void
plain_add_profile(PlainResult *taken, const CdpkStitchProfile *row)
{
	CdpkStitchProfile *copy = &taken->profiles[row->profile_id];

	copy->profile_id = row->profile_id;
	copy->identifiers = row->identifiers;
	copy->count_length = row->count_length;
	copy->has_forbid = row->has_forbid;
	copy->shared = row->shared;
	copy->last_known = row->last_known;
	if (row->last_known)
	{
		copy->last.trust = row->last.trust;
		copy->last.first_at = row->last.first_at;
	}
	/* in their order */
	for (size_t i = 0; i < row->count_length; i++)
		taken->limited[row->profile_id][i] =
			row->counts[i].name_space << 16 | (uint16_t) row->counts[i].count;
}

static inline void
plain_take_result(const CdpkBatch *batch, PlainResult *taken)
{
	const CdpkStitchResult *result = cdpk_batch_result(batch);
	size_t count;
	const uint32_t *places = cdpk_batch_fresh(batch, &count);

	memset(taken, 0, sizeof(*taken));
	taken->counts[0] = result->profile_move_count;
	taken->counts[1] = result->ended_count;
	taken->counts[2] = result->profile_count;
	taken->counts[3] = result->link_count;
	taken->counts[4] = result->declined_count;
	taken->counts[5] = result->sharing_count;
	taken->counts[6] = result->reanchor_count;
	plain_copy(taken->profile_moves, result->profile_moves, result->profile_move_count,
			   sizeof(CdpkStitchMove));
	plain_copy(taken->ended, result->ended, result->ended_count, sizeof(int64_t));
	for (size_t i = 0; i < result->link_count; i++)
	{
		taken->links[i].a = result->links[i].a;
		taken->links[i].b = result->links[i].b;
		taken->links[i].refused = result->links[i].refused;
	}
	for (size_t i = 0; i < result->declined_count; i++)
	{
		taken->declined[i].a = result->declined[i].a;
		taken->declined[i].b = result->declined[i].b;
	}
	for (size_t i = 0; i < result->sharing_count; i++)
	{
		taken->sharing[i].identifier_id = result->sharing[i].identifier_id;
		taken->sharing[i].shared = result->sharing[i].shared;
	}
	for (size_t i = 0; i < result->reanchor_count; i++)
	{
		taken->reanchor[i].identifier_id = result->reanchor[i].identifier_id;
		taken->reanchor[i].events = result->reanchor[i].events;
	}
	for (size_t i = 0; i < result->profile_count; i++)
		plain_add_profile(taken, &result->profiles[i]);
	for (size_t i = 0; i < count; i++)
		if (batch_is_plain(batch, places[i]))
		{
			const CdpkBatchIdentifier *identifier = cdpk_batch_identifier(batch, places[i]);

			taken->profile_after[identifier->identifier_id] = identifier->profile_after;
		}
	for (size_t i = 0; i < result->identifier_move_count; i++)
		taken->profile_after[result->identifier_moves[i].id] = result->identifier_moves[i].to;
	taken->statistics = result->statistics;
}

/* Stitch a batch with all of it, then with what is not plain; both must say the same. */
static inline CdpkStatus
plain_stitch(Tables *tables, const CdpkStitchStore *callbacks)
{
	static PlainResult all;
	static PlainResult rest;
	CdpkBatch *batch = tables->batch;

	batch->all_stitched = true;
	STITCH_TRY(cdpk_batch_stitch(batch, callbacks));
	plain_take_result(batch, &all);
	batch->all_stitched = false;
	/* once more, as where profiles are to be left whole */
	for (int time = 0; time < 2; time++)
	{
		STITCH_TRY(cdpk_batch_stitch(batch, callbacks));
		plain_take_result(batch, &rest);
		if (memcmp(&all, &rest, sizeof(all)) != 0)
			tables_fail(tables, "what is plain is another than what the stitch says");
	}
	tables->plain_profiles += batch->plain_profiles;
	tables->stitched_profiles += cdpk_batch_result(batch)->profile_count - batch->plain_profiles;
	return CDPK_OK;
}

#endif /* BATCH_PLAIN_H */
