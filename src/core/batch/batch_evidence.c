/*
 * batch_evidence.c
 *		Pairs of identifiers that stood on one event.
 */
#include "core/batch/batch_state.h"

/* ---------------------------------------------------------------- pairs */

CdpkStatus
cdpk_batch_add_voids(CdpkBatch *batch, const CdpkBatchVoid *voids, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		uint64_t key = batch_pair_key(voids[i].a, voids[i].b);
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
bool
batch_is_void(const CdpkBatch *batch, uint32_t a, uint32_t b, int64_t said_at)
{
	uint32_t found;

	if (batch->voids.count == 0)
		return false;
	found = cdpk_idmap_get(&batch->void_of_pair, batch_pair_key(a, b));
	return found != CDPK_IDMAP_NONE && said_at <= batch->voids.items[found].until_at;
}

/* List the pairs of usable identifiers of an event. */
static CdpkStatus
meet(CdpkBatch *batch, uint32_t carrier)
{
	uint32_t end = batch->first_mention[carrier + 1];
	int64_t said_at = batch_last_said_at(batch_carrier(batch, carrier));
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
				batch_is_void(batch, x, y, said_at))
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

/*
 * List the pair that an event is an alias of.  The earlier user_id need not be in the graph; what is
 * new on an event of the log is that one of them was blocked.
 */
static CdpkStatus
meet_alias(CdpkBatch *batch, const BatchAlias *alias)
{
	const CdpkBatchIdentifier *user = &batch->identifiers.items[alias->user];
	const CdpkBatchIdentifier *previous = &batch->identifiers.items[alias->previous];
	BatchMeeting meeting = {batch->rank_of_place[alias->user],
							batch->rank_of_place[alias->previous], alias->carrier | BATCH_ALIAS};

	if (!batch_usable(user) || previous->identifier_id == 0 || previous->blocked ||
		(alias->carrier >= batch->row_count && !user->was_blocked && !user->is_new &&
		 !previous->was_blocked && !previous->is_new) ||
		batch_is_void(batch, alias->user, alias->previous,
					  batch_last_said_at(batch_carrier(batch, alias->carrier))))
		return CDPK_OK;
	if (meeting.a > meeting.b)
	{
		meeting.a = meeting.b;
		meeting.b = batch->rank_of_place[alias->user];
	}
	STITCH_PUSH(batch, batch->meetings, meeting);
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
		(*items)[i].key =
			batch_carrier(batch, batch->meetings.items[i].carrier & ~BATCH_ALIAS)->source;
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
bool
batch_message_before(const CdpkBatchBytes *a, const CdpkBatchBytes *b)
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
	evidence->aliases += added->aliases;
	if (added->last_at > evidence->last_at)
		evidence->last_at = added->last_at;
	if (added->first_at < evidence->first_at ||
		(added->first_at == evidence->first_at &&
		 batch_message_before(&batch_carrier(batch, added->carrier)->message_id,
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
		BatchPair made = {a, b, batch->evidence.count, 0, 0};

		STITCH_PUSH(batch, batch->pairs, made);
		pair = &batch->pairs.items[batch->pairs.count - 1];
	}
	else if (batch->evidence.items[batch->evidence.count - 1].source == evidence->source)
	{
		add_evidence(batch, &batch->evidence.items[batch->evidence.count - 1], evidence);
		if (evidence->aliases > 0)
			pair->flags |= BATCH_PAIR_KIN | BATCH_PAIR_JUDGED;
		return CDPK_OK;
	}
	STITCH_PUSH(batch, batch->evidence, *evidence);
	pair->count++;
	if (evidence->aliases > 0)
		pair->flags |= BATCH_PAIR_KIN | BATCH_PAIR_JUDGED;
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
		uint32_t carrier = meeting->carrier & ~BATCH_ALIAS;
		const CdpkBatchRow *row = batch_carrier(batch, carrier);
		int64_t events = batch_events(row);
		BatchEvidence evidence = {row->source,  carrier,
								  row->said_at, batch_last_said_at(row),
								  events,       carrier != meeting->carrier ? events : 0};

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
	x_key = batch_pair_key(x->pair->a, x->pair->b);
	y_key = batch_pair_key(y->pair->a, y->pair->b);
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
	for (uint32_t i = 0; i < batch->aliases.count; i++)
		if (batch->aliases.items[i].carrier < batch_first_taken(batch))
			STITCH_TRY(meet_alias(batch, &batch->aliases.items[i]));
	for (uint32_t i = 0; i < batch_first_taken(batch); i++)
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

/* Put a pair of numbers on the list of those that are merged into the pairs. */
static CdpkStatus
add_flagged(CdpkBatch *batch, BatchItem *items, size_t *count, int64_t a, int64_t b, uint32_t flags)
{
	uint32_t x = batch_place_of_id(batch, a);
	uint32_t y = batch_place_of_id(batch, b);

	if (x == BATCH_NONE || y == BATCH_NONE || x == y)
		return CDPK_INVALID;
	items[*count].key = batch_pair_key(batch->rank_of_place[x], batch->rank_of_place[y]);
	items[(*count)++].value = flags;
	return CDPK_OK;
}

/* List the pairs that change by something else than evidence of the batch. */
static CdpkStatus
list_flagged(CdpkBatch *batch, BatchItem **items, size_t *count)
{
	const CdpkBatchChanges *changes = &batch->changes;
	size_t most = changes->unlinked_count + changes->relinked_count + batch->same.count +
				  batch->judged_pairs.count + batch->lost.count;

	*count = 0;
	*items = batch_items(batch, most);
	if (*items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (size_t i = 0; i < changes->unlinked_count; i++)
		STITCH_TRY(add_flagged(batch, *items, count, changes->unlinked[i].a, changes->unlinked[i].b,
							   BATCH_PAIR_UNLINKED));
	for (size_t i = 0; i < changes->relinked_count; i++)
		STITCH_TRY(add_flagged(batch, *items, count, changes->relinked[i].a, changes->relinked[i].b,
							   BATCH_PAIR_KIN | BATCH_PAIR_JUDGED));
	for (uint32_t i = 0; i < batch->same.count; i++)
		STITCH_TRY(add_flagged(batch, *items, count, batch->same.items[i].a, batch->same.items[i].b,
							   BATCH_PAIR_KIN));
	for (uint32_t i = 0; i < batch->judged_pairs.count; i++)
		STITCH_TRY(add_flagged(batch, *items, count, batch->judged_pairs.items[i].a,
							   batch->judged_pairs.items[i].b, BATCH_PAIR_KIN | BATCH_PAIR_JUDGED));
	for (uint32_t i = 0; i < batch->lost.count; i++)
	{
		(*items)[*count].key = batch->lost.items[i].key;
		(*items)[(*count)++].value =
			BATCH_PAIR_KIN | (batch->lost.items[i].aliases > 0 ? BATCH_PAIR_JUDGED : 0);
	}
	batch_sort(*items, *items + *count, *count);
	return CDPK_OK;
}

/* Merge these into the list of pairs. */
static CdpkStatus
merge_flagged(CdpkBatch *batch)
{
	BatchPair *former = batch->pairs.items;
	uint32_t count = batch->pairs.count;
	BatchItem *items;
	size_t flagged;

	STITCH_TRY(list_flagged(batch, &items, &flagged));
	if (flagged == 0)
	{
		stitch_release(&batch->memory, items);
		return CDPK_OK;
	}
	memset(&batch->pairs, 0, sizeof(batch->pairs));
	STITCH_TRY(STITCH_RESERVE(batch, batch->pairs, count + flagged));
	for (size_t i = 0, k = 0; i < flagged || k < count;)
	{
		BatchPair pair = {0, 0, 0, 0, 0};
		uint64_t key = i < flagged ? items[i].key : UINT64_MAX;

		if (k < count && batch_pair_key(former[k].a, former[k].b) <= key)
			pair = former[k++];
		else
		{
			pair.a = (uint32_t) (key >> 32);
			pair.b = (uint32_t) key;
		}
		for (key = batch_pair_key(pair.a, pair.b); i < flagged && items[i].key == key; i++)
			pair.flags |= (uint8_t) items[i].value;
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
	STITCH_TRY(batch_settle_graph(batch));
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
	STITCH_TRY(batch_index_kin(batch));
	STITCH_TRY(batch_list_lost(batch));
	STITCH_TRY(merge_flagged(batch));
	return want_links(batch);
}

const CdpkBatchIdPair *
cdpk_batch_pairs(const CdpkBatch *batch, size_t *count)
{
	*count = batch->wanted_pairs.count;
	return batch->wanted_pairs.items;
}
