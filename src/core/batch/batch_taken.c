/*
 * batch_taken.c
 *		Evidence that is taken back, or counted anew.
 *
 * What events said that leave the log is subtracted from the rows of links.  Where such an event was the
 * first or the last of a row that does not do: all that is left in the log of the pair is counted.
 */
#include "core/batch/batch_state.h"

#include <string.h>

/* ---------------------------------------------------------------- what is lost */

/* Note that a pair loses evidence, unless that was void. */
static CdpkStatus
lose(CdpkBatch *batch, uint32_t x, uint32_t y, const CdpkBatchRow *row, bool alias)
{
	int64_t last_said_at = batch_last_said_at(row);
	int64_t events = batch_events(row);
	BatchLost lost = {batch_pair_key(batch->rank_of_place[x], batch->rank_of_place[y]),
					  row->source,
					  row->said_at,
					  last_said_at,
					  events,
					  alias ? events : 0};

	if (!batch_is_void(batch, x, y, last_said_at))
		STITCH_PUSH(batch, batch->lost, lost);
	return CDPK_OK;
}

/* Note what an event said of pairs that were in the graph. */
static CdpkStatus
lose_event(CdpkBatch *batch, uint32_t carrier)
{
	uint32_t end = batch->first_mention[carrier + 1];

	for (uint32_t i = batch->first_mention[carrier]; i < end; i++)
		for (uint32_t k = i + 1; k < end; k++)
		{
			uint32_t x = batch->mentions.items[i];
			uint32_t y = batch->mentions.items[k];

			if (x != y && batch->identifiers.items[x].profile_id != 0 &&
				batch->identifiers.items[y].profile_id != 0)
				STITCH_TRY(lose(batch, x, y, batch_carrier(batch, carrier), false));
		}
	return CDPK_OK;
}

/* Add up what each pair loses by each source. */
static CdpkStatus
sum_lost(CdpkBatch *batch)
{
	uint32_t count = batch->lost.count;
	BatchLost *former = batch->lost.items;
	BatchItem *items = batch_items(batch, count);

	if (items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < count; i++)
	{
		items[i].key = former[i].source;
		items[i].value = i;
	}
	batch_sort(items, items + count, count);
	for (uint32_t i = 0; i < count; i++)
		items[i].key = former[items[i].value].key;
	batch_sort(items, items + count, count);
	memset(&batch->lost, 0, sizeof(batch->lost));
	for (uint32_t i = 0; i < count; i++)
	{
		const BatchLost *one = &former[items[i].value];
		BatchLost *sum = batch->lost.count > 0 ? &batch->lost.items[batch->lost.count - 1] : NULL;

		batch_tick(batch);
		if (sum == NULL || sum->key != one->key || sum->source != one->source)
		{
			if (sum == NULL || sum->key != one->key)
				STITCH_TRY(cdpk_idmap_put(&batch->lost_of_pair, one->key, batch->lost.count));
			STITCH_PUSH(batch, batch->lost, *one);
			continue;
		}
		sum->events += one->events;
		sum->aliases += one->aliases;
		sum->first_at = one->first_at < sum->first_at ? one->first_at : sum->first_at;
		sum->last_at = one->last_at > sum->last_at ? one->last_at : sum->last_at;
	}
	stitch_release(&batch->memory, items);
	stitch_release(&batch->memory, former);
	return CDPK_OK;
}

CdpkStatus
batch_list_lost(CdpkBatch *batch)
{
	if (batch->changes.taken_back_count == 0)
		return CDPK_OK;
	for (uint32_t i = batch_first_taken(batch); i < batch->carriers; i++)
	{
		batch_tick(batch);
		if (batch_carrier(batch, i)->source >= batch->rules.source_count)
			return CDPK_INVALID;
		STITCH_TRY(lose_event(batch, i));
	}
	for (uint32_t i = 0; i < batch->aliases.count; i++)
	{
		const BatchAlias *alias = &batch->aliases.items[i];
		const CdpkBatchIdentifier *previous = &batch->identifiers.items[alias->previous];

		if (alias->carrier >= batch_first_taken(batch) &&
			batch->identifiers.items[alias->user].profile_id != 0 && previous->identifier_id != 0 &&
			!previous->was_blocked)
			STITCH_TRY(lose(batch, alias->user, alias->previous,
							batch_carrier(batch, alias->carrier), true));
	}
	return sum_lost(batch);
}

/* Return what a pair loses by a source, or NULL. */
const BatchLost *
batch_find_lost(const CdpkBatch *batch, uint64_t key, uint32_t source)
{
	uint32_t at = batch->lost.count > 0 ? cdpk_idmap_get(&batch->lost_of_pair, key) : BATCH_NONE;

	for (; at != BATCH_NONE && at < batch->lost.count && batch->lost.items[at].key == key; at++)
		if (batch->lost.items[at].source == source)
			return &batch->lost.items[at];
	return NULL;
}

/* ---------------------------------------------------------------- what is counted anew */

static CdpkStatus
count_anew(CdpkBatch *batch, uint64_t key)
{
	CdpkBatchIdPair pair = {batch_identifier_of_rank(batch, (uint32_t) (key >> 32))->identifier_id,
							batch_identifier_of_rank(batch, (uint32_t) key)->identifier_id};

	if (cdpk_idmap_get(&batch->is_anew, key) != CDPK_IDMAP_NONE)
		return CDPK_OK;
	STITCH_TRY(cdpk_idmap_put(&batch->is_anew, key, 0));
	STITCH_PUSH(batch, batch->anew, pair);
	return CDPK_OK;
}

/* List the pairs that lose the first or last event of a row but not all, and those without an unlink. */
static CdpkStatus
list_anew(CdpkBatch *batch)
{
	const CdpkBatchChanges *changes = &batch->changes;

	if (batch->anew_listed)
		return CDPK_OK;
	batch->anew_listed = true;
	for (size_t i = 0; i < changes->relinked_count; i++)
	{
		uint32_t x = batch_place_of_id(batch, changes->relinked[i].a);
		uint32_t y = batch_place_of_id(batch, changes->relinked[i].b);

		STITCH_TRY(
			count_anew(batch, batch_pair_key(batch->rank_of_place[x], batch->rank_of_place[y])));
	}
	for (uint32_t i = 0; batch->lost.count > 0 && i < batch->stored_count; i++)
	{
		uint64_t key = batch->stored_items[i].key;
		const CdpkBatchLink *row = &batch->stored_links.items[batch->stored_items[i].value];
		const BatchLost *lost = batch_find_lost(batch, key, row->source);

		batch_tick(batch);
		/* without its unlink more is lost of a pair than its rows say */
		if (lost == NULL || lost->events == row->events ||
			cdpk_idmap_get(&batch->is_anew, key) != CDPK_IDMAP_NONE)
			continue;
		if (lost->events > row->events || lost->first_at < row->first_at ||
			lost->last_at > row->last_at)
			return CDPK_CORRUPT;
		if (lost->first_at == row->first_at || lost->last_at == row->last_at)
			STITCH_TRY(count_anew(batch, key));
	}
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_counted_anew(CdpkBatch *batch, const CdpkBatchIdPair **pairs, size_t *count)
{
	if (batch->rank_of_place == NULL || batch->linked)
		return CDPK_INVALID;
	STITCH_TRY(batch_sort_stored_links(batch));
	STITCH_TRY(list_anew(batch));
	*pairs = batch->anew.items;
	*count = batch->anew.count;
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_add_survivors(CdpkBatch *batch, const CdpkBatchRow *rows, size_t count)
{
	if (!batch->anew_listed || batch->linked || batch->survivors != NULL ||
		count > BATCH_ALIAS - 1 - batch->carriers)
		return CDPK_INVALID;
	batch->survivors = rows;
	batch->survivor_count = (uint32_t) count;
	return CDPK_OK;
}

/* Return the place of an identifier that the batch knows by number, or NONE. */
static uint32_t
known_place(const CdpkBatch *batch, const CdpkBatchBytes *payload)
{
	uint32_t place = batch_is_payload(payload)
						 ? cdpk_batch_find(batch, payload->bytes, payload->length)
						 : BATCH_NONE;

	return place != BATCH_NONE && batch->rank_of_place[place] != BATCH_NONE ? place : BATCH_NONE;
}

/* Note that a survivor says something of a pair that is counted anew. */
static CdpkStatus
survive(CdpkBatch *batch, uint32_t x, uint32_t y, uint32_t survivor, bool alias)
{
	uint64_t key = batch_pair_key(batch->rank_of_place[x], batch->rank_of_place[y]);
	BatchMeeting meeting = {(uint32_t) (key >> 32), (uint32_t) key,
							(batch->carriers + survivor) | (alias ? BATCH_ALIAS : 0)};

	if (x != y && cdpk_idmap_get(&batch->is_anew, key) != CDPK_IDMAP_NONE &&
		!batch_is_void(batch, x, y, batch_last_said_at(&batch->survivors[survivor])))
		STITCH_PUSH(batch, batch->survived, meeting);
	return CDPK_OK;
}

/* Find the pair that a survivor is an alias of; what was blocked is read again by itself. */
static CdpkStatus
read_alias(CdpkBatch *batch, uint32_t survivor)
{
	const CdpkBatchRow *row = &batch->survivors[survivor];
	const CdpkBatchBytes *last = &row->identifiers[row->identifier_count];
	uint32_t previous = row->is_alias ? known_place(batch, last) : BATCH_NONE;
	uint32_t user = BATCH_NONE;

	if (previous == BATCH_NONE)
		return CDPK_OK;
	for (uint32_t i = 0; i < row->identifier_count; i++)
		if (batch_is_payload(&row->identifiers[i]) &&
			batch_same_namespace(&row->identifiers[i], last))
		{
			user = known_place(batch, &row->identifiers[i]);
			break;
		}
	if (user == BATCH_NONE || batch->identifiers.items[user].profile_id == 0 ||
		!batch_usable(&batch->identifiers.items[user]) ||
		batch->identifiers.items[previous].was_blocked ||
		batch->identifiers.items[previous].blocked)
		return CDPK_OK;
	return survive(batch, user, previous, survivor, true);
}

/* Find the pairs of a survivor; what was blocked is read again by itself. */
static CdpkStatus
read_survivor(CdpkBatch *batch, uint32_t survivor)
{
	const CdpkBatchRow *row = &batch->survivors[survivor];

	if (row->source >= batch->rules.source_count)
		return CDPK_INVALID;
	STITCH_TRY(read_alias(batch, survivor));
	for (uint32_t i = 0; i < row->identifier_count; i++)
	{
		uint32_t x = known_place(batch, &row->identifiers[i]);

		if (x == BATCH_NONE || batch->identifiers.items[x].profile_id == 0 ||
			!batch_usable(&batch->identifiers.items[x]))
			continue;
		for (uint32_t k = i + 1; k < row->identifier_count; k++)
		{
			uint32_t y = known_place(batch, &row->identifiers[k]);

			if (y != BATCH_NONE && batch->identifiers.items[y].profile_id != 0 &&
				batch_usable(&batch->identifiers.items[y]))
				STITCH_TRY(survive(batch, x, y, survivor, false));
		}
	}
	return CDPK_OK;
}

/* Sort what is left of pairs that are counted anew by pair, then by source. */
CdpkStatus
batch_sort_survivors(CdpkBatch *batch)
{
	BatchMeeting *former;
	BatchItem *items;
	uint32_t count;

	STITCH_TRY(list_anew(batch));
	for (uint32_t i = 0; i < batch->survivor_count; i++)
	{
		batch_tick(batch);
		STITCH_TRY(read_survivor(batch, i));
	}
	count = batch->survived.count;
	if (count == 0)
		return CDPK_OK;
	items = batch_items(batch, count);
	former = batch->survived.items;
	if (items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < count; i++)
	{
		items[i].key = batch_carrier(batch, former[i].carrier & ~BATCH_ALIAS)->source;
		items[i].value = i;
	}
	batch_sort(items, items + count, count);
	for (uint32_t i = 0; i < count; i++)
		items[i].key = batch_pair_key(former[items[i].value].a, former[items[i].value].b);
	batch_sort(items, items + count, count);
	memset(&batch->survived, 0, sizeof(batch->survived));
	STITCH_TRY(STITCH_RESERVE(batch, batch->survived, count));
	for (uint32_t i = 0; i < count; i++)
		batch->survived.items[i] = former[items[i].value];
	batch->survived.count = count;
	stitch_release(&batch->memory, items);
	stitch_release(&batch->memory, former);
	return CDPK_OK;
}
