/*
 * batch_degree.c
 *		How many identifiers of each namespace every one is linked to, and whose sharing that decides.
 */
#include "core/batch/batch_state.h"

/* Make a step for each end of a link that appeared (value 1) or is gone (0): key (rank, namespace). */
static CdpkStatus
list_steps(CdpkBatch *batch, BatchItem **items, size_t *count)
{
	uint32_t uneven = 0;

	*items = batch_items(batch, 2 * (size_t) batch->link_changes.count);
	*count = 0;
	if (*items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < batch->link_changes.count; i++)
	{
		const CdpkStitchChange *change = &batch->link_changes.items[i];
		uint32_t a = batch_place_of_id(batch, change->a);
		uint32_t b = batch_place_of_id(batch, change->b);

		bool existed = change->existed;
		bool exists = change->exists;

		if (uneven < batch->uneven.count && batch->uneven.items[uneven].change == i)
		{
			existed = batch->uneven.items[uneven].existed;
			exists = batch->uneven.items[uneven++].exists;
		}
		if (existed == exists)
			continue;
		(*items)[*count].key =
			(uint64_t) batch->rank_of_place[a] << 32 | batch->identifiers.items[b].name_space;
		(*items)[(*count)++].value = exists;
		(*items)[*count].key =
			(uint64_t) batch->rank_of_place[b] << 32 | batch->identifiers.items[a].name_space;
		(*items)[(*count)++].value = exists;
	}
	batch_sort(*items, *items + *count, *count);
	return CDPK_OK;
}

/*
 * Add the steps of one identifier to its counts.  found: for each namespace a place in the
 * counts, all NONE before and after.
 */
static CdpkStatus
recount(CdpkBatch *batch, uint32_t place, const BatchItem *items, size_t count, uint32_t *found)
{
	CdpkBatchIdentifier *identifier = &batch->identifiers.items[place];
	uint32_t namespace_count = batch->rules.stitch.namespace_count;
	uint32_t length = identifier->count_length;
	uint32_t kept = 0;
	CdpkStitchCount *counts = batch->values.allocator.allocate(
		batch->values.allocator.context, (length + count) * sizeof(CdpkStitchCount));

	if (counts == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < length; i++)
	{
		counts[i] = identifier->counts[i];
		if (counts[i].name_space >= namespace_count || found[counts[i].name_space] != BATCH_NONE)
			return CDPK_CORRUPT;
		found[counts[i].name_space] = i;
	}
	for (size_t i = 0; i < count; i++)
	{
		uint32_t name_space = (uint32_t) items[i].key;

		if (found[name_space] == BATCH_NONE)
		{
			counts[length].name_space = name_space;
			counts[length].count = 0;
			found[name_space] = length++;
		}
		/* below zero only for a moment, if at all */
		counts[found[name_space]].count += items[i].value != 0 ? 1 : UINT32_MAX;
	}
	for (uint32_t i = 0; i < length; i++)
	{
		found[counts[i].name_space] = BATCH_NONE;
		if (counts[i].count > INT32_MAX)
			return CDPK_CORRUPT;
		if (counts[i].count > 0)
			counts[kept++] = counts[i];
	}
	identifier->counts = counts;
	identifier->count_length = kept;
	STITCH_PUSH(batch, batch->recounted, place);
	return CDPK_OK;
}

/* List the identifiers of which it is decided anew whether they are shared. */
static CdpkStatus
list_judged(CdpkBatch *batch)
{
	STITCH_TRY(
		STITCH_RESERVE(batch, batch->judged, batch->recounted.count + batch->changes.judged_count));
	for (uint32_t i = 0; i < batch->recounted.count; i++)
		STITCH_PUSH(batch, batch->judged, batch->recounted.items[i]);
	for (size_t i = 0; i < batch->changes.judged_count; i++)
	{
		uint32_t place = batch_place_of_id(batch, batch->changes.judged[i]);

		if (place == BATCH_NONE)
			return CDPK_INVALID;
		STITCH_PUSH(batch, batch->judged, place);
	}
	/* a verdict may have come before the identifier */
	for (uint32_t i = 0; i < batch->names.names.count; i++)
	{
		const CdpkBatchIdentifier *identifier = &batch->identifiers.items[i];

		if (identifier->profile_id == 0 && identifier->sharing != CDPK_SHARING_BY_COUNT &&
			batch_usable(identifier))
			STITCH_PUSH(batch, batch->judged, i);
	}
	return CDPK_OK;
}

CdpkStatus
batch_count_degrees(CdpkBatch *batch)
{
	uint32_t namespace_count = batch->rules.stitch.namespace_count;
	uint32_t *found = batch_allocate(batch, namespace_count, sizeof(uint32_t));
	BatchItem *items;
	size_t ends = 0;
	size_t count;

	if (found == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < namespace_count; i++)
		found[i] = BATCH_NONE;
	STITCH_TRY(list_steps(batch, &items, &count));
	for (size_t i = 0; i < count; i++)
		ends += i == 0 || items[i].key >> 32 != items[i - 1].key >> 32;
	STITCH_TRY(STITCH_RESERVE(batch, batch->recounted, ends));
	for (size_t start = 0, end; start < count; start = end)
	{
		uint32_t rank = (uint32_t) (items[start].key >> 32);

		for (end = start + 1; end < count && items[end].key >> 32 == rank;)
			end++;
		batch_tick(batch);
		STITCH_TRY(
			recount(batch, batch->place_of_rank.items[rank], items + start, end - start, found));
	}
	stitch_release(&batch->memory, items);
	stitch_release(&batch->memory, found);
	return list_judged(batch);
}

const uint32_t *
cdpk_batch_recounted(const CdpkBatch *batch, size_t *count)
{
	*count = batch->recounted.count;
	return batch->recounted.items;
}
