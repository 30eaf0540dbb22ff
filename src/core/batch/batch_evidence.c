/*
 * batch_evidence.c
 *		Pairs of identifiers that stood on one event, and what becomes of the rows of links.
 */
#include "core/batch/batch_state.h"

/* ---------------------------------------------------------------- pairs */

static uint64_t
pair_key(uint32_t a, uint32_t b)
{
	return a < b ? (uint64_t) a << 32 | b : (uint64_t) b << 32 | a;
}

CdpkStatus
cdpk_batch_add_voids(CdpkBatch *batch, const CdpkBatchVoid *voids, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		uint64_t key = pair_key(voids[i].a, voids[i].b);
		uint32_t found = cdpk_idmap_get(&batch->void_of_pair, key);

		if (voids[i].a == voids[i].b || voids[i].a >= batch->names.names.count ||
			voids[i].b >= batch->names.names.count)
			return CDPK_INVALID;
		if (found != CDPK_IDMAP_NONE)
		{
			if (batch->voids.items[found].until_at < voids[i].until_at)
				batch->voids.items[found].until_at = voids[i].until_at;
			continue;
		}
		STITCH_TRY(cdpk_idmap_put(&batch->void_of_pair, key, batch->voids.count));
		STITCH_PUSH(batch, batch->voids, voids[i]);
	}
	return CDPK_OK;
}

/* Return whether evidence of two places at that time is void. */
static bool
is_void(const CdpkBatch *batch, uint32_t a, uint32_t b, int64_t said_at)
{
	uint32_t found;

	if (batch->voids.count == 0)
		return false;
	found = cdpk_idmap_get(&batch->void_of_pair, pair_key(a, b));
	return found != CDPK_IDMAP_NONE && said_at <= batch->voids.items[found].until_at;
}

/* List the pairs of usable identifiers of an event. */
static CdpkStatus
meet(CdpkBatch *batch, uint32_t carrier)
{
	uint32_t end = batch->first_mention[carrier + 1];
	int64_t said_at = batch_carrier(batch, carrier)->said_at;
	/* what is new on an event of the log is what was blocked */
	bool of_log = carrier >= batch->row_count;

	for (uint32_t i = batch->first_mention[carrier]; i < end; i++)
	{
		uint32_t x = batch->mentions.items[i];
		const CdpkBatchIdentifier *one = &batch->identifiers.items[x];

		for (uint32_t k = i + 1; batch_usable(one) && k < end; k++)
		{
			uint32_t y = batch->mentions.items[k];
			const CdpkBatchIdentifier *other = &batch->identifiers.items[y];
			BatchMeeting meeting = {batch->rank_of_place[x], batch->rank_of_place[y], carrier};

			if (!batch_usable(other) || x == y ||
				(of_log && one->profile_id != 0 && other->profile_id != 0) ||
				is_void(batch, x, y, said_at))
				continue;
			if (meeting.a > meeting.b)
			{
				meeting.a = meeting.b;
				meeting.b = batch->rank_of_place[x];
			}
			STITCH_PUSH(batch, batch->meetings, meeting);
		}
	}
	return CDPK_OK;
}

/* Sort what met by pair, then by source, then in the order of arrival. */
static CdpkStatus
sort_meetings(CdpkBatch *batch, BatchItem **items)
{
	uint32_t count = batch->meetings.count;

	*items = batch_items(batch, count);
	if (*items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < count; i++)
	{
		(*items)[i].key = batch_carrier(batch, batch->meetings.items[i].carrier)->source;
		(*items)[i].value = i;
	}
	batch_sort(*items, *items + count, count);
	for (uint32_t i = 0; i < count; i++)
	{
		const BatchMeeting *meeting = &batch->meetings.items[(*items)[i].value];

		(*items)[i].key = (uint64_t) meeting->a << 32 | meeting->b;
	}
	batch_sort(*items, *items + count, count);
	return CDPK_OK;
}

/* Return whether the message of one event is smaller than that of another; none is the greatest. */
static bool
message_before(const CdpkBatchBytes *a, const CdpkBatchBytes *b)
{
	if (a->bytes == NULL || b->bytes == NULL)
		return a->bytes != NULL && b->bytes == NULL;
	return batch_compare_bytes(a, b) < 0;
}

/* Add evidence of a pair to what one source said of it before. */
static void
add_evidence(const CdpkBatch *batch, BatchEvidence *evidence, const BatchEvidence *added)
{
	evidence->events += added->events;
	if (added->last_at > evidence->last_at)
		evidence->last_at = added->last_at;
	if (added->first_at < evidence->first_at ||
		(added->first_at == evidence->first_at &&
		 message_before(&batch_carrier(batch, added->carrier)->message_id,
						&batch_carrier(batch, evidence->carrier)->message_id)))
	{
		evidence->first_at = added->first_at;
		evidence->carrier = added->carrier;
	}
}

/* Put evidence of a pair on the list; it comes sorted by pair, then by source. */
static CdpkStatus
put_evidence(CdpkBatch *batch, uint32_t a, uint32_t b, const BatchEvidence *evidence)
{
	BatchPair *pair = batch->pairs.count > 0 ? &batch->pairs.items[batch->pairs.count - 1] : NULL;

	if (pair == NULL || pair->a != a || pair->b != b)
	{
		BatchPair made = {a, b, batch->evidence.count, 0, false};

		STITCH_PUSH(batch, batch->pairs, made);
		pair = &batch->pairs.items[batch->pairs.count - 1];
	}
	else if (batch->evidence.items[batch->evidence.count - 1].source == evidence->source)
	{
		add_evidence(batch, &batch->evidence.items[batch->evidence.count - 1], evidence);
		return CDPK_OK;
	}
	STITCH_PUSH(batch, batch->evidence, *evidence);
	pair->count++;
	return CDPK_OK;
}

/* Put the evidence of pairs of sorted meetings on the list. */
static CdpkStatus
gather_meetings(CdpkBatch *batch, const BatchItem *items)
{
	uint32_t pairs = 0;

	for (uint32_t i = 0; i < batch->meetings.count; i++)
		pairs += i == 0 || items[i].key != items[i - 1].key;
	STITCH_TRY(STITCH_RESERVE(batch, batch->pairs, pairs));
	/* mostly there is one source */
	STITCH_TRY(STITCH_RESERVE(batch, batch->evidence, pairs));
	for (uint32_t i = 0; i < batch->meetings.count; i++)
	{
		const BatchMeeting *meeting = &batch->meetings.items[items[i].value];
		const CdpkBatchRow *row = batch_carrier(batch, meeting->carrier);
		BatchEvidence evidence = {row->source, meeting->carrier, row->said_at, row->said_at, 1};

		batch_tick(batch);
		if (row->source >= batch->rules.source_count)
			return CDPK_INVALID;
		STITCH_TRY(put_evidence(batch, meeting->a, meeting->b, &evidence));
	}
	return CDPK_OK;
}

/* A list of evidence that is read from its beginning. */
typedef struct Cursor
{
	const BatchPair *pair; /* of the evidence that comes next */
	const BatchPair *end;
	const BatchEvidence *evidence;
	uint32_t at;
} Cursor;

/* Return whether the next evidence of one list comes before that of another, or with it. */
static bool
comes_first(const Cursor *x, const Cursor *y)
{
	uint64_t x_key;
	uint64_t y_key;

	if (x->pair == x->end || y->pair == y->end)
		return x->pair != x->end;
	x_key = pair_key(x->pair->a, x->pair->b);
	y_key = pair_key(y->pair->a, y->pair->b);
	return x_key != y_key ? x_key < y_key : x->evidence[x->at].source <= y->evidence[y->at].source;
}

/* Merge two lists of evidence, the former one being of earlier rows. */
static CdpkStatus
merge_lists(CdpkBatch *batch, Cursor former, Cursor latter)
{
	memset(&batch->pairs, 0, sizeof(batch->pairs));
	memset(&batch->evidence, 0, sizeof(batch->evidence));
	while (former.pair < former.end || latter.pair < latter.end)
	{
		Cursor *from = comes_first(&former, &latter) ? &former : &latter;

		batch_tick(batch);
		STITCH_TRY(put_evidence(batch, from->pair->a, from->pair->b, &from->evidence[from->at++]));
		if (from->at == from->pair->first + from->pair->count)
			from->pair++;
	}
	return CDPK_OK;
}

/* Make evidence of what met, and add it to that which is there. */
static CdpkStatus
gather_evidence(CdpkBatch *batch)
{
	BatchPair *pairs = batch->pairs.items;
	BatchEvidence *evidence = batch->evidence.items;
	Cursor former = {pairs, pairs + batch->pairs.count, evidence, 0};
	BatchItem *items;

	STITCH_TRY(sort_meetings(batch, &items));
	memset(&batch->pairs, 0, sizeof(batch->pairs));
	memset(&batch->evidence, 0, sizeof(batch->evidence));
	STITCH_TRY(gather_meetings(batch, items));
	stitch_release(&batch->memory, items);
	batch->meetings.count = 0;
	if (former.pair < former.end)
	{
		BatchPair *latter_pairs = batch->pairs.items;
		BatchEvidence *latter_evidence = batch->evidence.items;
		Cursor latter = {latter_pairs, latter_pairs + batch->pairs.count, latter_evidence, 0};

		STITCH_TRY(merge_lists(batch, former, latter));
		stitch_release(&batch->memory, latter_pairs);
		stitch_release(&batch->memory, latter_evidence);
	}
	stitch_release(&batch->memory, pairs);
	stitch_release(&batch->memory, evidence);
	return CDPK_OK;
}

/*
 * List the pairs of identifiers of all events with their evidence.  Some meetings are gathered at a
 * time: one event may have thousands of pairs, which other events repeat.
 */
static CdpkStatus
list_evidence(CdpkBatch *batch)
{
	for (uint32_t i = 0; i < batch->carriers; i++)
	{
		batch_tick(batch);
		if (batch->first_mention[i + 1] - batch->first_mention[i] > 1)
			STITCH_TRY(meet(batch, i));
		if (batch->meetings.count >= batch->meetings_together &&
			batch->meetings.count >= batch->evidence.count)
			STITCH_TRY(gather_evidence(batch));
	}
	STITCH_TRY(gather_evidence(batch));
	stitch_release(&batch->memory, batch->meetings.items);
	memset(&batch->meetings, 0, sizeof(batch->meetings));
	return CDPK_OK;
}

/* Merge the pairs that lose their evidence into the list. */
static CdpkStatus
add_unlinked(CdpkBatch *batch)
{
	size_t unlinked = batch->changes.unlinked_count;
	BatchPair *former = batch->pairs.items;
	uint32_t count = batch->pairs.count;
	BatchItem *items;

	if (unlinked == 0)
		return CDPK_OK;
	items = batch_items(batch, unlinked);
	if (items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (size_t i = 0; i < unlinked; i++)
	{
		uint32_t a = batch_place_of_id(batch, batch->changes.unlinked[i].a);
		uint32_t b = batch_place_of_id(batch, batch->changes.unlinked[i].b);

		if (a == BATCH_NONE || b == BATCH_NONE || a == b)
			return CDPK_INVALID;
		items[i].key = pair_key(batch->rank_of_place[a], batch->rank_of_place[b]);
		items[i].value = 0;
	}
	batch_sort(items, items + unlinked, unlinked);
	memset(&batch->pairs, 0, sizeof(batch->pairs));
	STITCH_TRY(STITCH_RESERVE(batch, batch->pairs, count + unlinked));
	for (size_t i = 0, k = 0; i < unlinked || k < count;)
	{
		BatchPair pair = {0, 0, 0, 0, false};
		uint64_t key = i < unlinked ? items[i].key : UINT64_MAX;

		if (k < count && pair_key(former[k].a, former[k].b) <= key)
			pair = former[k++];
		else
		{
			pair.a = (uint32_t) (key >> 32);
			pair.b = (uint32_t) key;
		}
		pair.unlinked = i < unlinked && pair_key(pair.a, pair.b) == key;
		while (i < unlinked && pair.unlinked && items[i].key == key)
			i++;
		batch->pairs.items[batch->pairs.count++] = pair;
	}
	stitch_release(&batch->memory, former);
	stitch_release(&batch->memory, items);
	return CDPK_OK;
}

/* List the pairs that may have rows in the tables: none of a new identifier. */
static CdpkStatus
want_links(CdpkBatch *batch)
{
	for (uint32_t i = 0; i < batch->pairs.count; i++)
	{
		const CdpkBatchIdentifier *a = batch_identifier_of_rank(batch, batch->pairs.items[i].a);
		const CdpkBatchIdentifier *b = batch_identifier_of_rank(batch, batch->pairs.items[i].b);
		CdpkBatchIdPair pair = {a->identifier_id, b->identifier_id};

		if (!a->is_new && !b->is_new)
			STITCH_PUSH(batch, batch->wanted_pairs, pair);
	}
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_pair(CdpkBatch *batch)
{
	if (batch->rule_of_namespace == NULL || batch->rank_of_place != NULL)
		return CDPK_INVALID;
	for (uint32_t i = 0; i < batch->wanted.count; i++)
		if (batch_place_of_id(batch, batch->wanted.items[i]) == BATCH_NONE)
			return CDPK_CORRUPT;
	for (size_t i = 0; i < batch->changes.blocked_count; i++)
	{
		uint32_t place = batch_place_of_id(batch, batch->changes.blocked[i]);

		if (place == BATCH_NONE)
			return CDPK_INVALID;
		batch->identifiers.items[place].present = false;
	}
	STITCH_TRY(batch_rank_identifiers(batch));
	STITCH_TRY(list_evidence(batch));
	STITCH_TRY(add_unlinked(batch));
	return want_links(batch);
}

const CdpkBatchIdPair *
cdpk_batch_pairs(const CdpkBatch *batch, size_t *count)
{
	*count = batch->wanted_pairs.count;
	return batch->wanted_pairs.items;
}

/* ---------------------------------------------------------------- rows of links */

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

/* Sort the rows of the tables by pair and source; a key is that of the pair by ranks. */
static CdpkStatus
sort_stored_links(CdpkBatch *batch, BatchItem **items, uint32_t *count)
{
	*items = batch_items(batch, batch->stored_links.count);
	*count = 0;
	if (*items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < batch->stored_links.count; i++)
	{
		if (batch->stored_links.items[i].source >= batch->rules.source_count)
			return CDPK_INVALID;
		(*items)[i].key = batch->stored_links.items[i].source;
		(*items)[i].value = i;
	}
	batch_sort(*items, *items + batch->stored_links.count, batch->stored_links.count);
	for (uint32_t i = 0; i < batch->stored_links.count; i++)
	{
		const CdpkBatchLink *row = &batch->stored_links.items[(*items)[i].value];
		uint32_t a = batch_place_of_id(batch, row->a);
		uint32_t b = batch_place_of_id(batch, row->b);

		if (a == BATCH_NONE || b == BATCH_NONE)
			continue;
		if (row->a >= row->b)
			return CDPK_CORRUPT;
		(*items)[*count].key = pair_key(batch->rank_of_place[a], batch->rank_of_place[b]);
		(*items)[(*count)++].value = (*items)[i].value;
	}
	batch_sort(*items, *items + *count, *count);
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
		(evidence->first_at == row->first_at && message_before(message_id, &row->message_id)))
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
		row.first_at = evidence->first_at;
		row.last_at = evidence->last_at;
		row.events = evidence->events;
		row.message_id = batch_carrier(batch, evidence->carrier)->message_id;
		STITCH_PUSH(batch, batch->inserted, row);
	}
	return CDPK_OK;
}

/* Find what becomes of the rows of a pair. */
static CdpkStatus
link_pair(CdpkBatch *batch, const BatchPair *pair, const BatchItem *items, uint32_t count)
{
	CdpkBatchIdPair ids = {batch_identifier_of_rank(batch, pair->a)->identifier_id,
						   batch_identifier_of_rank(batch, pair->b)->identifier_id};
	CdpkStitchChange change;

	memset(&change, 0, sizeof(change));
	change.a = ids.a;
	change.b = ids.b;
	read_stored(batch, items, count, &change);
	if (pair->unlinked && count > 0)
	{
		STITCH_PUSH(batch, batch->deleted, ids);
		count = 0;
	}
	STITCH_TRY(merge_pair(batch, pair, items, count, &change));
	if (pair->unlinked ? change.existed || change.exists
					   : !change.existed || batch_evidence_before(&change.now, &change.before))
		STITCH_PUSH(batch, batch->link_changes, change);
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_link(CdpkBatch *batch)
{
	BatchItem *items;
	uint32_t count;
	uint32_t at = 0;

	if (batch->rank_of_place == NULL || batch->linked)
		return CDPK_INVALID;
	STITCH_TRY(sort_stored_links(batch, &items, &count));
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
		uint64_t key = pair_key(pair->a, pair->b);
		uint32_t start;

		batch_tick(batch);
		while (at < count && items[at].key < key)
			at++;
		for (start = at; at < count && items[at].key == key;)
			at++;
		STITCH_TRY(link_pair(batch, pair, items + start, at - start));
	}
	stitch_release(&batch->memory, items);
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
