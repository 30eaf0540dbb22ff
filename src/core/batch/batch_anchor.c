/*
 * batch_anchor.c
 *		Where identifiers and events are after the stitch.
 */
#include "core/batch/batch_state.h"

#include "core/identifier/identifier.h"

/* ---------------------------------------------------------------- identifiers */

/* Find moves by what they move. */
CdpkStatus
batch_index_moves(CdpkBatch *batch)
{
	const CdpkStitchResult *result = batch->result;

	cdpk_idmap_free(&batch->profile_move);
	cdpk_idmap_free(&batch->identifier_move);
	cdpk_idmap_init(&batch->profile_move, &batch->memory.allocator);
	cdpk_idmap_init(&batch->identifier_move, &batch->memory.allocator);
	for (size_t i = 0; i < result->profile_move_count; i++)
		STITCH_TRY(cdpk_idmap_put(&batch->profile_move, (uint64_t) result->profile_moves[i].from,
								  (uint32_t) i));
	for (size_t i = 0; i < result->identifier_move_count; i++)
	{
		const CdpkStitchMove *move = &result->identifier_moves[i];

		/* those of new ones are written down with them, as those of plain profiles are */
		if (move->id > batch->last_identifier_id)
			batch->identifiers.items[batch_place_of_id(batch, move->id)].profile_after = move->to;
		else
			STITCH_TRY(cdpk_idmap_put(&batch->identifier_move, (uint64_t) move->id, (uint32_t) i));
	}
	return CDPK_OK;
}

/* Return the profile after the batch of an identifier that has a row in the tables. */
static int64_t
find_profile_after(const CdpkBatch *batch, int64_t identifier_id, int64_t profile_id)
{
	uint32_t move = cdpk_idmap_get(&batch->identifier_move, (uint64_t) identifier_id);

	if (move != CDPK_IDMAP_NONE)
		return batch->result->identifier_moves[move].to;
	move = cdpk_idmap_get(&batch->profile_move, (uint64_t) profile_id);
	return move != CDPK_IDMAP_NONE ? batch->result->profile_moves[move].to : profile_id;
}

/* Return the profile after the batch of an anchor: 0 for none. */
int64_t
batch_profile_of_anchor(const CdpkBatch *batch, int64_t identifier_id)
{
	uint32_t place = identifier_id != 0 ? batch_place_of_id(batch, identifier_id) : BATCH_NONE;

	return place != BATCH_NONE ? batch->identifiers.items[place].profile_after : 0;
}

/* Write down what the stitch says of each identifier. */
static CdpkStatus
settle_identifiers(CdpkBatch *batch)
{
	STITCH_TRY(batch_index_moves(batch));
	for (uint32_t i = 0; i < batch->identifiers.count; i++)
	{
		CdpkBatchIdentifier *identifier = &batch->identifiers.items[i];

		identifier->shared_after = identifier->profile_id != 0 && identifier->shared;
		if (identifier->identifier_id != 0 && !identifier->is_new)
			identifier->profile_after =
				find_profile_after(batch, identifier->identifier_id, identifier->profile_id);
	}
	for (size_t i = 0; i < batch->result->sharing_count; i++)
	{
		uint32_t place = batch_place_of_id(batch, batch->result->sharing[i].identifier_id);

		if (place != BATCH_NONE)
			batch->identifiers.items[place].shared_after = batch->result->sharing[i].shared;
	}
	return CDPK_OK;
}

/* Give the rows of one pair among sorted ones their flag. */
static void
flag_rows(CdpkBatchLink *rows, uint32_t count, int64_t a, int64_t b, bool refused)
{
	uint32_t low = 0;
	uint32_t high = count;

	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;

		if (rows[middle].a < a || (rows[middle].a == a && rows[middle].b < b))
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < count && rows[low].a == a && rows[low].b == b; low++)
		rows[low].refused = refused;
}

/* Return whether the links of an identifier have no effect after the batch. */
static bool
is_idle(const CdpkBatch *batch, int64_t identifier_id)
{
	const CdpkBatchIdentifier *identifier =
		&batch->identifiers.items[batch_place_of_id(batch, identifier_id)];

	return identifier->shared_after || !identifier->present;
}

/* Write down which links of the batch are refused. */
static void
settle_links(CdpkBatch *batch)
{
	/* the stitch does not see those of a pair that lost all its rows, if an end becomes shared */
	for (uint32_t i = 0; i < batch->inserted.count; i++)
	{
		CdpkBatchLink *row = &batch->inserted.items[i];

		if (row->refused && (is_idle(batch, row->a) || is_idle(batch, row->b)))
			row->refused = false;
	}
	for (size_t i = 0; i < batch->result->link_count; i++)
	{
		const CdpkStitchRefusal *verdict = &batch->result->links[i];
		int64_t a = verdict->a < verdict->b ? verdict->a : verdict->b;
		int64_t b = verdict->a < verdict->b ? verdict->b : verdict->a;

		flag_rows(batch->inserted.items, batch->inserted.count, a, b, verdict->refused);
		flag_rows(batch->updated.items, batch->updated.count, a, b, verdict->refused);
	}
}

/* ---------------------------------------------------------------- anchors */

/* Return whether x is a better anchor than y: not shared, then by priority, then by bytes. */
static bool
is_better(const CdpkBatch *batch, const CdpkBatchIdentifier *x, const CdpkBatchIdentifier *y)
{
	const CdpkStitchNamespace *namespaces = batch->rules.stitch.namespaces;

	if (x->shared_after != y->shared_after)
		return y->shared_after;
	if (namespaces[x->name_space].priority != namespaces[y->name_space].priority)
		return namespaces[x->name_space].priority < namespaces[y->name_space].priority;
	return cdpk_identifier_compare(x->payload.bytes, x->payload.length, y->payload.bytes,
								   y->payload.length) < 0;
}

/* Return the anchor of an event by its mentions, or NULL. */
static const CdpkBatchIdentifier *
find_anchor(const CdpkBatch *batch, const uint32_t *mentions, uint32_t count)
{
	const CdpkBatchIdentifier *best = NULL;

	for (uint32_t i = 0; i < count; i++)
	{
		const CdpkBatchIdentifier *identifier = &batch->identifiers.items[mentions[i]];

		if (batch_usable(identifier) && (best == NULL || is_better(batch, identifier, best)))
			best = identifier;
	}
	return best;
}

/* Sort the accepted rows by anchor, then by time. */
static CdpkStatus
sort_log(CdpkBatch *batch)
{
	BatchItem *items = batch_items(batch, batch->row_count);
	uint32_t count = 0;

	if (items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < batch->row_count; i++)
		if (batch->judged_rows[i].outcome == CDPK_BATCH_ACCEPTED)
		{
			items[count].key = batch_signed_key(batch->rows[i].at);
			items[count++].value = i;
		}
	batch_sort(items, items + count, count);
	for (uint32_t i = 0; i < count; i++)
		items[i].key = (uint64_t) batch->anchor_of_row[items[i].value];
	batch_sort(items, items + count, count);
	STITCH_TRY(STITCH_RESERVE(batch, batch->log_order, count));
	for (uint32_t i = 0; i < count; i++)
		batch->log_order.items[i] = items[i].value;
	batch->log_order.count = count;
	stitch_release(&batch->memory, items);
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_anchor(CdpkBatch *batch)
{
	int64_t *anchors = batch_allocate(batch, batch->row_count, sizeof(int64_t));
	int64_t *profiles = batch_allocate(batch, batch->row_count, sizeof(int64_t));

	if (batch->result == NULL || batch->anchor_of_row != NULL)
		return CDPK_INVALID;
	if (anchors == NULL || profiles == NULL)
		return CDPK_OUT_OF_MEMORY;
	STITCH_TRY(settle_identifiers(batch));
	settle_links(batch);
	stitch_release(&batch->memory, batch->link_changes.items);
	memset(&batch->link_changes, 0, sizeof(batch->link_changes));
	for (uint32_t i = 0; i < batch->row_count; i++)
	{
		uint32_t first = batch->first_mention[i];
		const CdpkBatchIdentifier *anchor =
			find_anchor(batch, &batch->mentions.items[first], batch->first_mention[i + 1] - first);

		batch_tick(batch);
		anchors[i] = anchor != NULL ? anchor->identifier_id : 0;
		profiles[i] = anchor != NULL ? anchor->profile_after : 0;
	}
	batch->anchor_of_row = anchors;
	batch->profile_of_row = profiles;
	return sort_log(batch);
}

const int64_t *
cdpk_batch_anchors(const CdpkBatch *batch)
{
	return batch->anchor_of_row;
}

const int64_t *
cdpk_batch_anchor_profiles(const CdpkBatch *batch)
{
	return batch->profile_of_row;
}

const uint32_t *
cdpk_batch_log_order(const CdpkBatch *batch, size_t *count)
{
	*count = batch->log_order.count;
	return batch->log_order.items;
}

/* ---------------------------------------------------------------- events of the log */

CdpkStatus
cdpk_batch_add_strays(CdpkBatch *batch, const CdpkBatchStray *strays, size_t count,
					  size_t *first_name)
{
	const CdpkBatchRow **rows;

	if (batch->anchor_of_row == NULL || batch->first_stray_mention != NULL || count >= BATCH_NONE)
		return CDPK_INVALID;
	batch->strays = strays;
	batch->stray_count = (uint32_t) count;
	batch->stray_names = batch->names.names.count;
	batch->first_stray_mention = batch_allocate(batch, count, sizeof(uint32_t));
	rows = batch_allocate(batch, count, sizeof(*rows));
	if (batch->first_stray_mention == NULL || rows == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (size_t i = 0; i < count; i++)
		rows[i] = &strays[i].row;
	STITCH_TRY(batch_intern(batch, rows, (uint32_t) count, batch->first_stray_mention,
							&batch->stray_mentions));
	stitch_release(&batch->memory, rows);
	*first_name = batch->stray_names;
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_reanchor(CdpkBatch *batch, const CdpkBatchReanchored **reanchored, size_t *count)
{
	if (batch->first_stray_mention == NULL)
		return CDPK_INVALID;
	for (uint32_t i = batch->stray_names; i < batch->identifiers.count; i++)
	{
		CdpkBatchIdentifier *identifier = &batch->identifiers.items[i];

		if (identifier->identifier_id != 0)
			identifier->profile_after =
				find_profile_after(batch, identifier->identifier_id, identifier->profile_id);
	}
	for (uint32_t i = 0; i < batch->stray_count; i++)
	{
		uint32_t first = batch->first_stray_mention[i];
		const CdpkBatchIdentifier *anchor = find_anchor(batch, &batch->stray_mentions.items[first],
														batch->first_stray_mention[i + 1] - first);
		CdpkBatchReanchored moved = {i, batch->strays[i].event_id, batch->strays[i].anchor,
									 anchor != NULL ? anchor->identifier_id : 0};

		batch_tick(batch);
		if (moved.from != moved.to)
			STITCH_PUSH(batch, batch->reanchored, moved);
	}
	*reanchored = batch->reanchored.items;
	*count = batch->reanchored.count;
	return CDPK_OK;
}
