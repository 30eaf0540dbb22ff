/*
 * batch.c
 *		The rows of a batch, and which of them are duplicates.
 */
#include "core/batch/batch_state.h"

#define ROWS_MAX (UINT32_MAX / 2)
#define MEETINGS_TOGETHER (1 << 20)

CdpkStatus
cdpk_batch_new(const CdpkBatchSetup *setup, CdpkBatch **batch)
{
	CdpkBatch *made = cdpk_allocate(setup->allocator, sizeof(CdpkBatch));
	const CdpkAllocator *allocator;

	if (made == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(made, 0, sizeof(*made));
	made->setup = *setup;
	made->meetings_together = MEETINGS_TOGETHER;
	made->key_bits = UINT64_MAX;
	stitch_memory_init(&made->memory, setup->allocator);
	allocator = &made->memory.allocator;
	cdpk_idmap_init(&made->place_of_id, allocator);
	cdpk_idmap_init(&made->class_of_place, allocator);
	cdpk_idmap_init(&made->asked_ends, allocator);
	cdpk_idmap_init(&made->is_wanted, allocator);
	cdpk_idmap_init(&made->same_of_pair, allocator);
	cdpk_idmap_init(&made->is_forbidden, allocator);
	cdpk_idmap_init(&made->aliased_after, allocator);
	cdpk_idmap_init(&made->alias_count, allocator);
	cdpk_idmap_init(&made->lost_of_pair, allocator);
	cdpk_idmap_init(&made->is_anew, allocator);
	cdpk_idmap_init(&made->void_of_pair, allocator);
	cdpk_idmap_init(&made->kept_of_id, allocator);
	cdpk_idmap_init(&made->profile_move, allocator);
	cdpk_idmap_init(&made->identifier_move, allocator);
	cdpk_idmap_init(&made->is_rebuilt, allocator);
	cdpk_idmap_init(&made->is_ended, allocator);
	batch_arena_init(&made->values, &made->memory, false);
	batch_arena_init(&made->scratch, &made->memory, true);
	batch_names_init(&made->names, &made->memory, setup->seed);
	batch_names_init(&made->namespaces, &made->memory, setup->seed);
	*batch = made;
	return CDPK_OK;
}

void
cdpk_batch_free(CdpkBatch *batch)
{
	const CdpkAllocator *allocator = batch->setup.allocator;

	if (batch->stitch != NULL)
		cdpk_stitch_free(batch->stitch);
	stitch_memory_release_all(&batch->memory);
	cdpk_release(allocator, batch);
}

/* ---------------------------------------------------------------- message keys */

/* Sort a run of keys that agree in their first eight bytes by the others. */
static void
sort_rest(CdpkBatch *batch, BatchItem *items, BatchItem *scratch, size_t count)
{
	for (size_t i = 0; i < count; i++)
		items[i].key = batch_prefix(batch->rows[items[i].value].message_key + 8, 8);
	batch_sort(items, scratch, count);
}

/* Put the distinct keys of sorted rows on the list, and give each row its key's place. */
static CdpkStatus
list_keys(CdpkBatch *batch, const BatchItem *items, size_t count)
{
	STITCH_TRY(STITCH_RESERVE(batch, batch->keys, count));
	for (size_t i = 0; i < count; i++)
	{
		uint32_t row = items[i].value;
		CdpkBatchKey key = {batch->rows[row].message_key, row};

		batch_tick(batch);
		if (batch->keys.count == 0 ||
			memcmp(batch->keys.items[batch->keys.count - 1].key, key.key, CDPK_BATCH_KEY_SIZE) != 0)
			STITCH_PUSH(batch, batch->keys, key);
		batch->key_of_row[row] = batch->keys.count - 1;
	}
	return CDPK_OK;
}

/* Find the distinct keys; of several rows with one key the first stands in the list. */
static CdpkStatus
sort_keys(CdpkBatch *batch)
{
	BatchItem *items = batch_items(batch, batch->row_count);
	size_t count = 0;

	if (items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < batch->row_count; i++)
	{
		const CdpkBatchRow *row = &batch->rows[i];

		batch->key_of_row[i] = BATCH_NONE;
		if (row->message_key == NULL || row->quarantined || row->same_content)
			continue;
		items[count].key = batch_prefix(row->message_key, 8);
		items[count++].value = i;
	}
	batch_sort(items, items + count, count);
	for (size_t start = 0, end; start < count; start = end)
	{
		for (end = start + 1; end < count && items[end].key == items[start].key;)
			end++;
		if (end - start > 1)
			sort_rest(batch, items + start, items + count, end - start);
	}
	STITCH_TRY(list_keys(batch, items, count));
	stitch_release(&batch->memory, items);
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_begin(CdpkBatch *batch, const CdpkBatchRow *rows, size_t count,
				 const CdpkBatchChanges *changes)
{
	if (changes != NULL)
		batch->changes = *changes;
	if (batch->judged_rows != NULL || count > ROWS_MAX || batch->changes.reread_count > ROWS_MAX ||
		batch->changes.taken_back_count > ROWS_MAX ||
		count + batch->changes.reread_count + batch->changes.taken_back_count > ROWS_MAX)
		return CDPK_INVALID;
	batch->rows = rows;
	batch->row_count = (uint32_t) count;
	batch->judged_rows = batch_allocate(batch, count, sizeof(CdpkBatchJudged));
	batch->key_of_row = batch_allocate(batch, count, sizeof(uint32_t));
	if (batch->judged_rows == NULL || batch->key_of_row == NULL)
		return CDPK_OUT_OF_MEMORY;
	return sort_keys(batch);
}

const CdpkBatchKey *
cdpk_batch_keys(const CdpkBatch *batch, size_t *count)
{
	*count = batch->keys.count;
	return batch->keys.items;
}

const uint32_t *
cdpk_batch_key_places(const CdpkBatch *batch)
{
	return batch->key_of_row;
}

/* Decide what becomes of a row that has a key. */
static void
judge_key(const CdpkBatch *batch, uint32_t row, const CdpkBatchMessage *known,
		  CdpkBatchJudged *judged)
{
	uint32_t key = batch->key_of_row[row];
	uint32_t first = batch->keys.items[key].row;
	uint64_t content = batch->rows[first].content;

	if (known != NULL && known[key].batch_id != 0)
	{
		judged->first_batch_id = known[key].batch_id;
		if (known[key].content != 0)
			content = known[key].content;
		else
			content = batch->rows[row].content;
	}
	else if (first == row)
		return;
	judged->outcome =
		batch->rows[row].content == content ? CDPK_BATCH_DUPLICATE : CDPK_BATCH_REUSED;
}

CdpkStatus
cdpk_batch_accept(CdpkBatch *batch, const CdpkBatchMessage *known, int64_t last_event_id)
{
	if (batch->judged_rows == NULL)
		return CDPK_INVALID;
	if (last_event_id < 0 || last_event_id > INT64_MAX - (int64_t) batch->row_count)
		return CDPK_CORRUPT;
	for (uint32_t i = 0; i < batch->row_count; i++)
	{
		CdpkBatchJudged *judged = &batch->judged_rows[i];

		judged->event_id = judged->first_batch_id = 0;
		judged->outcome = CDPK_BATCH_ACCEPTED;
		if (batch->rows[i].quarantined)
			judged->outcome = CDPK_BATCH_QUARANTINED;
		else if (batch->rows[i].same_content)
			judged->outcome = CDPK_BATCH_DUPLICATE;
		else if (batch->key_of_row[i] != BATCH_NONE)
			judge_key(batch, i, known, judged);
		if (judged->outcome == CDPK_BATCH_ACCEPTED && batch->rows[i].deletes)
			judged->outcome = CDPK_BATCH_DELETED;
		if (judged->outcome == CDPK_BATCH_ACCEPTED && batch->rows[i].span == NULL)
			judged->event_id = ++last_event_id;
	}
	return CDPK_OK;
}

const CdpkBatchJudged *
cdpk_batch_judged(const CdpkBatch *batch)
{
	return batch->judged_rows;
}
