/*
 * batch_link.c
 *		What becomes of the rows of links.
 */
#include "core/batch/batch_state.h"


CdpkStatus
cdpk_batch_add_links(CdpkBatch *batch, const CdpkBatchLink *rows, size_t count)
{
	if (batch->rank_of_place == NULL || batch->linked)
		return CDPK_INVALID;
	if (count >= BATCH_NONE)
		return CDPK_TOO_LONG;
	STITCH_TRY(STITCH_RESERVE(batch, batch->stored_links, count));
	for (size_t i = 0; i < count; i++)
		batch->stored_links.items[batch->stored_links.count++] = rows[i];
	return CDPK_OK;
}

/* Sort the rows of the tables by pair and source, once; a key is that of the pair by ranks. */
CdpkStatus
batch_sort_stored_links(CdpkBatch *batch)
{
	BatchItem *items;
	uint32_t count = 0;

	if (batch->stored_items != NULL)
		return CDPK_OK;
	items = batch_items(batch, batch->stored_links.count);
	if (items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < batch->stored_links.count; i++)
	{
		if (batch->stored_links.items[i].source >= batch->rules.source_count)
			return CDPK_INVALID;
		items[i].key = batch->stored_links.items[i].source;
		items[i].value = i;
	}
	batch_sort(items, items + batch->stored_links.count, batch->stored_links.count);
	for (uint32_t i = 0; i < batch->stored_links.count; i++)
	{
		const CdpkBatchLink *row = &batch->stored_links.items[items[i].value];
		uint32_t a = batch_place_of_id(batch, row->a);
		uint32_t b = batch_place_of_id(batch, row->b);

		if (row->a >= row->b || row->b > batch->last_identifier_id)
			return CDPK_CORRUPT;
		if (a == BATCH_NONE || b == BATCH_NONE)
			continue;
		items[count].key = batch_pair_key(batch->rank_of_place[a], batch->rank_of_place[b]);
		items[count++].value = items[i].value;
	}
	batch_sort(items, items + count, count);
	batch->stored_items = items;
	batch->stored_count = count;
	return CDPK_OK;
}

/* Take the rows of a pair: its best evidence before the batch. */
static void
read_stored(const CdpkBatch *batch, const BatchItem *items, uint32_t count,
			CdpkStitchChange *change)
{
	change->existed = count > 0;
	for (uint32_t i = 0; i < count; i++)
	{
		const CdpkBatchLink *row = &batch->stored_links.items[items[i].value];
		CdpkEvidence evidence = {batch->rules.trust[row->source], row->first_at};

		if (i == 0 || batch_evidence_before(&evidence, &change->before))
			change->before = evidence;
		change->refused |= row->refused;
	}
}

/* Bring a row up to date with evidence of its source. */
static void
merge_evidence(const CdpkBatch *batch, const BatchEvidence *evidence, CdpkBatchLink *row)
{
	const CdpkBatchBytes *message_id = &batch_carrier(batch, evidence->carrier)->message_id;

	if (evidence->first_at < row->first_at ||
		(evidence->first_at == row->first_at && batch_message_before(message_id, &row->message_id)))
		row->message_id = *message_id;
	if (evidence->first_at < row->first_at)
		row->first_at = evidence->first_at;
	if (evidence->last_at > row->last_at)
		row->last_at = evidence->last_at;
	row->events += evidence->events;
}

/* Merge the evidence of a pair with its rows, which are sorted by source. */
static CdpkStatus
merge_pair(CdpkBatch *batch, const BatchPair *pair, const BatchItem *items, uint32_t count,
		   CdpkStitchChange *change)
{
	for (uint32_t i = 0; i < pair->count; i++)
	{
		const BatchEvidence *evidence = &batch->evidence.items[pair->first + i];
		CdpkEvidence best = {batch->rules.trust[evidence->source], evidence->first_at};
		CdpkBatchLink row;

		if (!change->exists || batch_evidence_before(&best, &change->now))
			change->now = best;
		change->exists = true;
		while (count > 0 && batch->stored_links.items[items->value].source < evidence->source)
		{
			items++;
			count--;
		}
		if (count > 0 && batch->stored_links.items[items->value].source == evidence->source)
		{
			row = batch->stored_links.items[items->value];
			merge_evidence(batch, evidence, &row);
			STITCH_PUSH(batch, batch->updated, row);
			continue;
		}
		row.a = change->a;
		row.b = change->b;
		row.source = evidence->source;
		row.refused = change->refused;
		row.believed = false;
		row.aliases = 0;
		row.first_at = evidence->first_at;
		row.last_at = evidence->last_at;
		row.events = evidence->events;
		row.message_id = batch_carrier(batch, evidence->carrier)->message_id;
		STITCH_PUSH(batch, batch->inserted, row);
	}
	return CDPK_OK;
}

static bool
has_aliases(const CdpkBatch *batch, const BatchItem *items, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (batch->stored_links.items[items[i].value].aliases > 0)
			return true;
	return false;
}

/* Find what becomes of the rows of a pair. */
static CdpkStatus
link_pair(CdpkBatch *batch, const BatchPair *pair, const BatchItem *items, uint32_t count)
{
	CdpkBatchIdPair ids = {batch_identifier_of_rank(batch, pair->a)->identifier_id,
						   batch_identifier_of_rank(batch, pair->b)->identifier_id};
	bool unlinked = pair->flags & BATCH_PAIR_UNLINKED;
	CdpkStitchChange change;

	memset(&change, 0, sizeof(change));
	change.a = ids.a;
	change.b = ids.b;
	read_stored(batch, items, count, &change);
	if ((pair->flags & BATCH_PAIR_KIN) || has_aliases(batch, items, count))
		return batch_link_kin(batch, pair, items, count);
	if (unlinked && count > 0)
	{
		STITCH_PUSH(batch, batch->deleted, ids);
		count = 0;
	}
	STITCH_TRY(merge_pair(batch, pair, items, count, &change));
	if (unlinked ? change.existed || change.exists
				 : !change.existed || batch_evidence_before(&change.now, &change.before))
		STITCH_PUSH(batch, batch->link_changes, change);
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_link(CdpkBatch *batch)
{
	const BatchItem *items;
	uint32_t count;
	uint32_t at = 0;

	if (batch->rank_of_place == NULL || batch->linked)
		return CDPK_INVALID;
	STITCH_TRY(batch_sort_stored_links(batch));
	STITCH_TRY(batch_sort_survivors(batch));
	STITCH_TRY(batch_judge_aliases(batch));
	items = batch->stored_items;
	count = batch->stored_count;
	/* evidence is that of a stored row, or a new row: mostly of a pair without any */
	if (batch->evidence.count > count)
	{
		STITCH_TRY(STITCH_RESERVE(batch, batch->inserted, batch->evidence.count - count));
		STITCH_TRY(STITCH_RESERVE(batch, batch->link_changes, batch->evidence.count - count));
	}
	STITCH_TRY(STITCH_RESERVE(batch, batch->updated, count));
	for (uint32_t i = 0; i < batch->pairs.count; i++)
	{
		const BatchPair *pair = &batch->pairs.items[i];
		uint64_t key = batch_pair_key(pair->a, pair->b);
		uint32_t start;

		batch_tick(batch);
		while (at < count && items[at].key < key)
			at++;
		for (start = at; at < count && items[at].key == key;)
			at++;
		STITCH_TRY(link_pair(batch, pair, items + start, at - start));
	}
	stitch_release(&batch->memory, batch->stored_items);
	stitch_release(&batch->memory, batch->pairs.items);
	stitch_release(&batch->memory, batch->evidence.items);
	stitch_release(&batch->memory, batch->stored_links.items);
	memset(&batch->pairs, 0, sizeof(batch->pairs));
	memset(&batch->evidence, 0, sizeof(batch->evidence));
	memset(&batch->stored_links, 0, sizeof(batch->stored_links));
	batch->links.inserted = batch->inserted.items;
	batch->links.inserted_count = batch->inserted.count;
	batch->links.updated = batch->updated.items;
	batch->links.updated_count = batch->updated.count;
	batch->links.deleted = batch->deleted.items;
	batch->links.deleted_count = batch->deleted.count;
	batch->linked = true;
	return batch_count_degrees(batch);
}

const CdpkBatchLinks *
cdpk_batch_links(const CdpkBatch *batch)
{
	return &batch->links;
}
