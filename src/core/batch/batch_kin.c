/*
 * batch_kin.c
 *		The rows of links of pairs with aliases, same pairs, or less evidence.
 *
 * Evidence of such a pair may come, go or wait for an end that no event carries, and be outranked by a
 * verdict or by aliases that are believed.  Where the rows in the tables say more than is left, they are
 * deleted before the stitch reads them.
 */
#include "core/batch/batch_state.h"

#include <string.h>

/* ---------------------------------------------------------------- rows of a pair */

/* Return the stored rows of a pair, by source. */
static const BatchItem *
stored_rows(const CdpkBatch *batch, uint64_t key, uint32_t *count)
{
	uint32_t low = 0;
	uint32_t high = batch->stored_count;
	uint32_t end;

	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;

		if (batch->stored_items[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < batch->stored_count && batch->stored_items[end].key == key;)
		end++;
	*count = end - low;
	return batch->stored_items + low;
}

/* Add evidence to the rows of a pair, which stay sorted by source; there is room. */
static void
add_row(CdpkBatchLink *rows, uint32_t *count, const CdpkBatchLink *added)
{
	uint32_t at = *count;
	CdpkBatchLink *row;

	while (at > 0 && rows[at - 1].source > added->source)
		at--;
	if (at == 0 || rows[at - 1].source != added->source)
	{
		memmove(rows + at + 1, rows + at, (*count - at) * sizeof(CdpkBatchLink));
		rows[at] = *added;
		(*count)++;
		return;
	}
	row = &rows[at - 1];
	row->events += added->events;
	row->aliases += added->aliases;
	if (added->last_at > row->last_at)
		row->last_at = added->last_at;
	if (added->first_at < row->first_at ||
		(added->first_at == row->first_at &&
		 batch_message_before(&added->message_id, &row->message_id)))
		row->message_id = added->message_id;
	if (added->first_at < row->first_at)
		row->first_at = added->first_at;
}

/* Add what is left in the log of a pair that is counted anew. */
static void
add_survived(const CdpkBatch *batch, const BatchPair *pair, CdpkBatchLink made, CdpkBatchLink *rows,
			 uint32_t *count)
{
	uint64_t key = batch_pair_key(pair->a, pair->b);
	uint32_t low = 0;
	uint32_t high = batch->survived.count;

	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;
		const BatchMeeting *meeting = &batch->survived.items[middle];

		if (batch_pair_key(meeting->a, meeting->b) < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < batch->survived.count; low++)
	{
		const BatchMeeting *meeting = &batch->survived.items[low];
		const CdpkBatchRow *row = batch_carrier(batch, meeting->carrier & ~BATCH_ALIAS);

		if (batch_pair_key(meeting->a, meeting->b) != key)
			break;
		made.source = row->source;
		made.first_at = row->said_at;
		made.last_at = batch_last_said_at(row);
		made.events = batch_events(row);
		made.aliases = meeting->carrier & BATCH_ALIAS ? made.events : 0;
		made.message_id = row->message_id;
		add_row(rows, count, &made);
	}
}

/* Take the stored rows of a pair, without what is taken back. */
static CdpkStatus
take_stored(const CdpkBatch *batch, uint64_t key, const BatchItem *items, uint32_t count,
			CdpkBatchLink *rows, uint32_t *row_count)
{
	for (uint32_t i = 0; i < count; i++)
	{
		CdpkBatchLink row = batch->stored_links.items[items[i].value];
		const BatchLost *lost = batch_find_lost(batch, key, row.source);

		if (lost != NULL)
		{
			if (lost->events > row.events || lost->aliases > row.aliases)
				return CDPK_CORRUPT;
			row.events -= lost->events;
			row.aliases -= lost->aliases;
		}
		if (row.events > 0)
			rows[(*row_count)++] = row;
	}
	return CDPK_OK;
}

/* Make the rows of a pair after the batch, in batch->pair_rows. */
static CdpkStatus
make_rows(CdpkBatch *batch, const BatchPair *pair, const BatchItem *items, uint32_t count,
		  uint32_t *row_count)
{
	uint64_t key = batch_pair_key(pair->a, pair->b);
	CdpkBatchLink made;

	*row_count = 0;
	if (batch->pair_rows == NULL)
	{
		/* of each source one */
		batch->pair_rows = batch_allocate(batch, batch->rules.source_count, sizeof(CdpkBatchLink));
		if (batch->pair_rows == NULL)
			return CDPK_OUT_OF_MEMORY;
	}
	if (count > batch->rules.source_count)
		return CDPK_CORRUPT;
	memset(&made, 0, sizeof(made));
	made.a = batch_identifier_of_rank(batch, pair->a)->identifier_id;
	made.b = batch_identifier_of_rank(batch, pair->b)->identifier_id;
	if (cdpk_idmap_get(&batch->is_anew, key) != CDPK_IDMAP_NONE)
		add_survived(batch, pair, made, batch->pair_rows, row_count);
	else if (!(pair->flags & BATCH_PAIR_UNLINKED))
		STITCH_TRY(take_stored(batch, key, items, count, batch->pair_rows, row_count));
	for (uint32_t i = 0; i < pair->count; i++)
	{
		const BatchEvidence *evidence = &batch->evidence.items[pair->first + i];

		made.source = evidence->source;
		made.first_at = evidence->first_at;
		made.last_at = evidence->last_at;
		made.events = evidence->events;
		made.aliases = evidence->aliases;
		made.message_id = batch_carrier(batch, evidence->carrier)->message_id;
		add_row(batch->pair_rows, row_count, &made);
	}
	return CDPK_OK;
}

/* ---------------------------------------------------------------- aliases that are believed */

static bool
is_believed_source(const CdpkBatch *batch, uint32_t source)
{
	return batch->rules.believed != NULL && batch->rules.believed[source];
}

/* Return whether rows have aliases of a source that is believed. */
static bool
have_believed(const CdpkBatch *batch, const CdpkBatchLink *rows, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (rows[i].aliases > 0 && is_believed_source(batch, rows[i].source))
			return true;
	return false;
}

/* Return whether both ends of a pair are in the graph after the batch. */
static bool
is_whole(CdpkBatch *batch, uint32_t a, uint32_t b)
{
	return batch_usable(batch_identifier_of_rank(batch, a)) &&
		   batch_usable(batch_identifier_of_rank(batch, b));
}

typedef STITCH_ARRAY(CdpkBatchIdPair) Directed;

/* List the pairs of aliases of a row that the batch does not change. */
static CdpkStatus
list_unchanged(CdpkBatch *batch, Directed *pairs)
{
	for (uint32_t i = 0; i < batch->alias_rows.count; i++)
	{
		const CdpkBatchAlias *row = &batch->alias_rows.items[i];
		CdpkBatchIdPair pair = {row->end, row->other};
		uint32_t x = batch_place_of_id(batch, row->end);
		uint32_t y = batch_place_of_id(batch, row->other);
		bool present = y != BATCH_NONE ? batch_usable(&batch->identifiers.items[y]) : row->present;

		batch_tick(batch);
		if (!present || !is_believed_source(batch, row->source) ||
			(x != BATCH_NONE && y != BATCH_NONE &&
			 cdpk_idmap_get(&batch->aliased_after,
							batch_pair_key(batch->rank_of_place[x], batch->rank_of_place[y])) !=
				 CDPK_IDMAP_NONE))
			continue;
		STITCH_PUSH(batch, *pairs, pair);
	}
	return CDPK_OK;
}

/* List those that it changes, from both ends. */
static CdpkStatus
list_changed(CdpkBatch *batch, Directed *pairs)
{
	for (uint32_t i = 0; i < batch->pairs.count; i++)
	{
		const BatchPair *pair = &batch->pairs.items[i];
		uint64_t key = batch_pair_key(pair->a, pair->b);
		CdpkBatchIdPair one = {batch_identifier_of_rank(batch, pair->a)->identifier_id,
							   batch_identifier_of_rank(batch, pair->b)->identifier_id};
		CdpkBatchIdPair other = {one.b, one.a};
		const BatchItem *items;
		uint32_t count;
		uint32_t rows;
		bool aliased;

		if (!(pair->flags & (BATCH_PAIR_KIN | BATCH_PAIR_UNLINKED)))
			continue;
		batch_tick(batch);
		items = stored_rows(batch, key, &count);
		STITCH_TRY(make_rows(batch, pair, items, count, &rows));
		aliased = have_believed(batch, batch->pair_rows, rows) && is_whole(batch, pair->a, pair->b);
		STITCH_TRY(cdpk_idmap_put(&batch->aliased_after, key, aliased));
		if (!aliased)
			continue;
		STITCH_PUSH(batch, *pairs, one);
		STITCH_PUSH(batch, *pairs, other);
	}
	return CDPK_OK;
}

/* Count for each identifier how many others it is in pairs of aliases with that are believed. */
CdpkStatus
batch_judge_aliases(CdpkBatch *batch)
{
	Directed pairs = {NULL, 0, 0};
	BatchItem *items;

	if (batch->rules.believed == NULL || !batch->aliases_asked)
		return CDPK_OK;
	STITCH_TRY(list_changed(batch, &pairs));
	STITCH_TRY(list_unchanged(batch, &pairs));
	items = batch_items(batch, pairs.count);
	if (items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < pairs.count; i++)
	{
		items[i].key = (uint64_t) pairs.items[i].b;
		items[i].value = i;
	}
	batch_sort(items, items + pairs.count, pairs.count);
	for (uint32_t i = 0; i < pairs.count; i++)
		items[i].key = (uint64_t) pairs.items[items[i].value].a;
	batch_sort(items, items + pairs.count, pairs.count);
	for (uint32_t start = 0, end; start < pairs.count; start = end)
	{
		uint32_t others = 0;

		for (end = start; end < pairs.count && items[end].key == items[start].key; end++)
			others += end == start ||
					  pairs.items[items[end].value].b != pairs.items[items[end - 1].value].b;
		STITCH_TRY(cdpk_idmap_put(&batch->alias_count, items[start].key, others));
	}
	stitch_release(&batch->memory, items);
	stitch_release(&batch->memory, pairs.items);
	return CDPK_OK;
}

static bool
is_in_bound(const CdpkBatch *batch, int64_t identifier_id)
{
	uint32_t count = cdpk_idmap_get(&batch->alias_count, (uint64_t) identifier_id);

	return count == CDPK_IDMAP_NONE || count <= batch->rules.alias_bound;
}

/* ---------------------------------------------------------------- what becomes of a pair */

/* What the evidence of a pair is by some rows. */
static void
weigh(const CdpkBatch *batch, const CdpkBatchLink *row, CdpkEvidence *best, int64_t *first_at)
{
	CdpkEvidence evidence = {batch->rules.trust[row->source], row->first_at};

	if (*first_at == INT64_MAX || batch_evidence_before(&evidence, best))
		*best = evidence;
	if (row->first_at < *first_at)
		*first_at = row->first_at;
}

/* Let a same pair outrank the evidence. */
static void
outrank(bool same, bool believed, int64_t first_at, CdpkEvidence *best)
{
	if (same)
	{
		best->trust = CDPK_TRUST_SAME;
		best->first_at = 0;
	}
	else if (believed)
	{
		best->trust = CDPK_TRUST_ALIAS;
		best->first_at = first_at;
	}
}

/* Return whether aliases make a pair a same pair after the batch. */
static bool
is_believed(CdpkBatch *batch, const BatchPair *pair, uint32_t rows, bool was)
{
	uint64_t key = batch_pair_key(pair->a, pair->b);

	if (!have_believed(batch, batch->pair_rows, rows) || !is_whole(batch, pair->a, pair->b))
		return false;
	if (!(pair->flags & BATCH_PAIR_JUDGED))
		return was;
	return cdpk_idmap_get(&batch->is_forbidden, key) == CDPK_IDMAP_NONE &&
		   is_in_bound(batch, batch_identifier_of_rank(batch, pair->a)->identifier_id) &&
		   is_in_bound(batch, batch_identifier_of_rank(batch, pair->b)->identifier_id);
}

/* Return whether the stored rows of a pair say more than what is left. */
static bool
is_less(const CdpkBatch *batch, const BatchPair *pair, const BatchItem *items, uint32_t count,
		uint32_t rows, bool was, bool believed)
{
	if ((was && !believed) || (pair->flags & BATCH_PAIR_UNLINKED) ||
		cdpk_idmap_get(&batch->is_anew, batch_pair_key(pair->a, pair->b)) != CDPK_IDMAP_NONE)
		return count > 0;
	for (uint32_t i = 0; i < count; i++)
	{
		const CdpkBatchLink *row = &batch->stored_links.items[items[i].value];
		bool left = false;

		/* what is new of a source that lost all may be later */
		for (uint32_t k = 0; k < rows; k++)
			left |= batch->pair_rows[k].source == row->source &&
					batch->pair_rows[k].first_at <= row->first_at;
		if (!left)
			return true;
	}
	return false;
}

/* Write the rows of a pair: all anew, or those that are new and those that changed. */
static CdpkStatus
put_rows(CdpkBatch *batch, const BatchItem *items, uint32_t count, uint32_t rows, bool anew,
		 const CdpkStitchChange *change)
{
	CdpkBatchIdPair ids = {change->a, change->b};

	if (anew)
	{
		STITCH_PUSH(batch, batch->deleted, ids);
		count = 0;
	}
	for (uint32_t i = 0, k = 0; i < rows; i++)
	{
		CdpkBatchLink *row = &batch->pair_rows[i];
		const CdpkBatchLink *stored;

		while (k < count && batch->stored_links.items[items[k].value].source < row->source)
			k++;
		stored = k < count ? &batch->stored_links.items[items[k].value] : NULL;
		row->refused = change->refused && change->exists;
		if (stored == NULL || stored->source != row->source)
			STITCH_PUSH(batch, batch->inserted, *row);
		else if (stored->events != row->events || stored->aliases != row->aliases ||
				 stored->believed != row->believed || stored->first_at != row->first_at ||
				 stored->last_at != row->last_at ||
				 batch_message_before(&row->message_id, &stored->message_id) ||
				 batch_message_before(&stored->message_id, &row->message_id))
			STITCH_PUSH(batch, batch->updated, *row);
	}
	return CDPK_OK;
}

/* Tell the stitch and the degrees what became of a pair, if anything. */
static CdpkStatus
put_change(CdpkBatch *batch, const CdpkStitchChange *change, bool evident_before, bool evident_now,
		   bool anew)
{
	BatchUneven uneven = {batch->link_changes.count, evident_before, evident_now};

	if (!change->existed && !change->exists)
		return CDPK_OK;
	if (change->existed == change->exists && evident_before == evident_now && !anew &&
		!batch_evidence_before(&change->now, &change->before) &&
		!batch_evidence_before(&change->before, &change->now))
		return CDPK_OK;
	if (evident_before != change->existed || evident_now != change->exists)
		STITCH_PUSH(batch, batch->uneven, uneven);
	STITCH_PUSH(batch, batch->link_changes, *change);
	return CDPK_OK;
}

/* Find what becomes of such a pair and of its rows. */
CdpkStatus
batch_link_kin(CdpkBatch *batch, const BatchPair *pair, const BatchItem *items, uint32_t count)
{
	const CdpkBatchIdentifier *a = batch_identifier_of_rank(batch, pair->a);
	const CdpkBatchIdentifier *b = batch_identifier_of_rank(batch, pair->b);
	uint32_t found = cdpk_idmap_get(&batch->same_of_pair, batch_pair_key(pair->a, pair->b));
	const CdpkBatchSame *same = found != CDPK_IDMAP_NONE ? &batch->same.items[found] : NULL;
	bool was_whole = a->profile_id != 0 && b->profile_id != 0;
	bool whole = is_whole(batch, pair->a, pair->b);
	int64_t first_at = INT64_MAX;
	bool was = false;
	CdpkStitchChange change;
	uint32_t rows;
	bool believed;
	bool anew;

	memset(&change, 0, sizeof(change));
	change.a = a->identifier_id;
	change.b = b->identifier_id;
	change.refused = same != NULL && same->refused;
	for (uint32_t i = 0; i < count; i++)
	{
		const CdpkBatchLink *row = &batch->stored_links.items[items[i].value];

		weigh(batch, row, &change.before, &first_at);
		change.refused |= row->refused;
		was |= row->believed;
	}
	outrank(same != NULL && same->was, was, first_at, &change.before);
	STITCH_TRY(make_rows(batch, pair, items, count, &rows));
	believed = is_believed(batch, pair, rows, was);
	first_at = INT64_MAX;
	for (uint32_t i = 0; i < rows; i++)
	{
		batch->pair_rows[i].believed = believed;
		weigh(batch, &batch->pair_rows[i], &change.now, &first_at);
	}
	outrank(same != NULL && same->is, believed, first_at, &change.now);
	change.existed = was_whole && (count > 0 || (same != NULL && same->was));
	change.exists = whole && (rows > 0 || (same != NULL && same->is));
	anew = is_less(batch, pair, items, count, rows, was, believed);
	STITCH_TRY(put_rows(batch, items, count, rows, anew, &change));
	return put_change(batch, &change, was_whole && count > 0, whole && rows > 0, anew);
}
