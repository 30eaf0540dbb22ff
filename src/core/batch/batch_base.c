/*
 * batch_base.c
 *		Rows of the base: what events said that leave the log, folded.
 *
 * Events are folded together of which all that can be asked later has one answer: on which stood the same
 * identifiers, blocked ones too, which are aliases of the same pair, which one source said of one account, and
 * between the same unlinks.  So a row is what an event is, with a first and a last time and a count.
 */
#include "core/batch/batch_state.h"

#include <string.h>

/* What events must agree in; its identifiers are mentions of the batch, sorted by place. */
typedef struct Key
{
	uint64_t hash;
	int64_t after;
	uint32_t source;
	uint32_t account; /* a place among the names of accounts, or NONE */
	uint32_t user;    /* of an alias, or NONE */
	uint32_t previous;
} Key;

/* The rows of a batch, by what they agree in. */
typedef struct Groups
{
	BatchNames accounts;
	bool *unlinked;       /* by place: an unlink names it */
	Key *keys;            /* of each row */
	uint32_t *group;      /* of each row; NONE: it is not accepted */
	StitchNumbers first;  /* the first row of each group */
	StitchNumbers before; /* the group before it that has the same hash, or NONE */
	CdpkIdMap by_hash;    /* the last group with a hash */
} Groups;

/* ---------------------------------------------------------------- keys */

static uint64_t
mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
	return hash ^ (hash >> 29);
}

/* Sort the few places of one row. */
static void
sort_mentions(uint32_t *places, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
	{
		uint32_t place = places[i];
		uint32_t at = i;

		for (; at > 0 && places[at - 1] > place; at--)
			places[at] = places[at - 1];
		places[at] = place;
	}
}

/* Return the place of an account, which may be new, or NONE. */
static CdpkStatus
find_account(Groups *groups, const CdpkBatchRow *row, uint32_t *place)
{
	uint32_t hash;

	*place = BATCH_NONE;
	if (row->call != CDPK_BATCH_GROUP || row->account.bytes == NULL)
		return CDPK_OK;
	if (row->account.length == 0)
		return CDPK_CORRUPT;
	hash = batch_names_hash(&groups->accounts, &row->account);
	*place = batch_names_find(&groups->accounts, hash, &row->account);
	if (*place != BATCH_NONE)
		return CDPK_OK;
	*place = groups->accounts.names.count;
	STITCH_TRY(batch_names_reserve(&groups->accounts, 1));
	return batch_names_add(&groups->accounts, hash, &row->account);
}

/* Let a pair's unlink be the one that an event came after, if it is the latest so far. */
static void
come_after(const CdpkBatch *batch, uint32_t a, uint32_t b, int64_t said_at, int64_t *after)
{
	uint32_t found = cdpk_idmap_get(&batch->void_of_pair, batch_pair_key(a, b));

	if (found == CDPK_IDMAP_NONE)
		return;
	if (batch->voids.items[found].until_at < said_at && batch->voids.items[found].until_at > *after)
		*after = batch->voids.items[found].until_at;
}

/* Return which unlink an event came after, of two of its identifiers or of the pair that it is an alias of. */
static int64_t
find_after(const CdpkBatch *batch, const Groups *groups, uint32_t row, const Key *key)
{
	int64_t said_at = batch->rows[row].said_at;
	int64_t after = CDPK_BATCH_EVER;
	uint32_t end = batch->first_mention[row + 1];

	if (batch->voids.count == 0)
		return after;
	if (key->user != BATCH_NONE)
		come_after(batch, key->user, key->previous, said_at, &after);
	for (uint32_t i = batch->first_mention[row]; i < end; i++)
		for (uint32_t k = i + 1; groups->unlinked[batch->mentions.items[i]] && k < end; k++)
			if (groups->unlinked[batch->mentions.items[k]])
				come_after(batch, batch->mentions.items[i], batch->mentions.items[k], said_at,
						   &after);
	return after;
}

/* Note which identifiers unlinks name. */
static CdpkStatus
note_unlinked(CdpkBatch *batch, Groups *groups)
{
	uint32_t count = batch->names.names.count;

	groups->unlinked = batch_allocate(batch, count, sizeof(bool));
	if (groups->unlinked == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(groups->unlinked, 0, count * sizeof(bool));
	for (uint32_t i = 0; i < batch->voids.count; i++)
		groups->unlinked[batch->voids.items[i].a] = groups->unlinked[batch->voids.items[i].b] =
			true;
	return CDPK_OK;
}

/* Make the keys of the accepted rows. */
static CdpkStatus
make_keys(CdpkBatch *batch, Groups *groups)
{
	uint32_t alias = 0;

	groups->keys = batch_allocate(batch, batch->row_count, sizeof(Key));
	if (groups->keys == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < batch->row_count; i++)
	{
		const CdpkBatchRow *row = &batch->rows[i];
		uint32_t first = batch->first_mention[i];
		uint32_t count = batch->first_mention[i + 1] - first;
		Key *key = &groups->keys[i];

		batch_tick(batch);
		if (batch->judged_rows[i].outcome != CDPK_BATCH_ACCEPTED)
			continue;
		key->source = row->source;
		key->user = key->previous = BATCH_NONE;
		if (alias < batch->aliases.count && batch->aliases.items[alias].carrier == i)
		{
			key->user = batch->aliases.items[alias].user;
			key->previous = batch->aliases.items[alias++].previous;
		}
		STITCH_TRY(find_account(groups, row, &key->account));
		sort_mentions(&batch->mentions.items[first], count);
		key->after = row->span != NULL ? row->span->after : find_after(batch, groups, i, key);
		key->hash = mix(batch->setup.seed, (uint64_t) key->source << 32 | key->account);
		key->hash = mix(key->hash, (uint64_t) key->user << 32 | key->previous);
		key->hash = mix(key->hash, (uint64_t) key->after);
		for (uint32_t k = 0; k < count; k++)
			key->hash = mix(key->hash, batch->mentions.items[first + k]);
		key->hash &= batch->key_bits;
	}
	return CDPK_OK;
}

/* Return whether two rows agree in all that is asked. */
static bool
agree(const CdpkBatch *batch, const Groups *groups, uint32_t x, uint32_t y)
{
	const Key *a = &groups->keys[x];
	const Key *b = &groups->keys[y];
	uint32_t count = batch->first_mention[x + 1] - batch->first_mention[x];

	return a->after == b->after && a->source == b->source && a->account == b->account &&
		   a->user == b->user && a->previous == b->previous &&
		   count == batch->first_mention[y + 1] - batch->first_mention[y] &&
		   (count == 0 ||
			memcmp(&batch->mentions.items[batch->first_mention[x]],
				   &batch->mentions.items[batch->first_mention[y]], count * sizeof(uint32_t)) == 0);
}

/* Put each accepted row into a group. */
static CdpkStatus
group_rows(CdpkBatch *batch, Groups *groups)
{
	groups->group = batch_allocate(batch, batch->row_count, sizeof(uint32_t));
	if (groups->group == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < batch->row_count; i++)
	{
		uint64_t hash = groups->keys[i].hash;
		uint32_t last = BATCH_NONE;
		uint32_t at;

		batch_tick(batch);
		groups->group[i] = BATCH_NONE;
		if (batch->judged_rows[i].outcome != CDPK_BATCH_ACCEPTED)
			continue;
		last = cdpk_idmap_get(&groups->by_hash, hash);
		for (at = last; at != CDPK_IDMAP_NONE && !agree(batch, groups, groups->first.items[at], i);)
			at = groups->before.items[at];
		if (at == CDPK_IDMAP_NONE)
		{
			at = groups->first.count;
			STITCH_PUSH(batch, groups->first, i);
			STITCH_PUSH(batch, groups->before, last);
			STITCH_TRY(cdpk_idmap_put(&groups->by_hash, hash, at));
		}
		groups->group[i] = at;
	}
	return CDPK_OK;
}

/* ---------------------------------------------------------------- rows */

/* Order the rows by group; those of one stay in their order. */
static CdpkStatus
order_rows(CdpkBatch *batch, const Groups *groups)
{
	CdpkBatchFolded *folded;
	uint32_t total = 0;

	STITCH_TRY(STITCH_RESERVE(batch, batch->base, groups->first.count));
	STITCH_TRY(STITCH_RESERVE(batch, batch->base_order, batch->row_count));
	folded = batch->base.items;
	if (groups->first.count > 0)
		memset(folded, 0, groups->first.count * sizeof(CdpkBatchFolded));
	for (uint32_t i = 0; i < batch->row_count; i++)
		if (groups->group[i] != BATCH_NONE)
			folded[groups->group[i]].row_count++;
	for (uint32_t i = 0; i < groups->first.count; i++)
	{
		folded[i].first_row = total;
		total += folded[i].row_count;
		folded[i].row_count = 0;
	}
	for (uint32_t i = 0; i < batch->row_count; i++)
		if (groups->group[i] != BATCH_NONE)
		{
			CdpkBatchFolded *to = &folded[groups->group[i]];

			batch->base_order.items[to->first_row + to->row_count++] = i;
		}
	batch->base.count = groups->first.count;
	batch->base_order.count = total;
	return CDPK_OK;
}

/* Give a row its identifiers: the user of an alias first, then all others, then the earlier user_id. */
static CdpkStatus
put_identifiers(CdpkBatch *batch, const Key *key, uint32_t from, CdpkBatchFolded *folded)
{
	uint32_t count = batch->first_mention[from + 1] - batch->first_mention[from];
	const uint32_t *mentions = &batch->mentions.items[batch->first_mention[from]];
	CdpkBatchRow *row = &folded->row;
	CdpkBatchBytes *identifiers =
		cdpk_allocate(&batch->values.allocator, (count + 1) * sizeof(CdpkBatchBytes));
	uint32_t *places = cdpk_allocate(&batch->values.allocator, (count + 1) * sizeof(uint32_t));
	uint32_t at = 0;

	if (identifiers == NULL || places == NULL)
		return CDPK_OUT_OF_MEMORY;
	row->is_alias = key->user != BATCH_NONE;
	if (row->is_alias)
	{
		places[at++] = key->user;
		places[count] = key->previous;
	}
	for (uint32_t i = 0; i < count; i++)
		if (mentions[i] != key->user)
			places[at++] = mentions[i];
	for (uint32_t i = 0; i < count + row->is_alias; i++)
		identifiers[i] = batch->names.names.items[places[i]];
	row->identifiers = identifiers;
	row->identifier_count = count;
	folded->places = places;
	return CDPK_OK;
}

/* Add one row to what a row of the base stands for. */
static void
add_span(const CdpkBatchRow *from, CdpkBatchRow *row, CdpkBatchSpan *span)
{
	bool first = span->events == 0;

	if (first || batch_last_at(from) > span->last_at)
		span->last_at = batch_last_at(from);
	if (first || batch_last_said_at(from) > span->last_said_at)
		span->last_said_at = batch_last_said_at(from);
	if (first || from->at < row->at)
		row->at = from->at;
	if (first || from->said_at < row->said_at ||
		(from->said_at == row->said_at &&
		 batch_message_before(&from->message_id, &row->message_id)))
		row->message_id = from->message_id;
	if (first || from->said_at < row->said_at)
		row->said_at = from->said_at;
	span->events += batch_events(from);
}

/* Room for the rows of one group. */
typedef struct Room
{
	const CdpkBatchRow **traits;
	const CdpkBatchRow **events;
	CdpkBatchBytes *timelines;
} Room;

/* Fold the rows of one group. */
static CdpkStatus
fold_group(CdpkBatch *batch, const Groups *groups, const Room *room, CdpkBatchFolded *folded)
{
	const uint32_t *numbers = &batch->base_order.items[folded->first_row];
	const Key *key = &groups->keys[numbers[0]];
	CdpkBatchRow *row = &folded->row;
	CdpkBatchSpan *span = cdpk_allocate(&batch->values.allocator, sizeof(CdpkBatchSpan));
	uint32_t traits = 0;
	uint32_t events = 0;
	uint32_t timelines = 0;

	if (span == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(span, 0, sizeof(*span));
	span->after = key->after;
	row->source = key->source;
	row->call = key->account != BATCH_NONE ? CDPK_BATCH_GROUP : CDPK_BATCH_IDENTIFY;
	row->expires_at = CDPK_BATCH_NEVER;
	row->span = span;
	if (key->account != BATCH_NONE)
		row->account = groups->accounts.names.items[key->account];
	for (uint32_t i = 0; i < folded->row_count; i++)
	{
		const CdpkBatchRow *from = &batch->rows[numbers[i]];

		batch_tick(batch);
		add_span(from, row, span);
		batch_note_left(from->has_left, from->left_at, &row->has_left, &row->left_at);
		/* a group call that names no account says nothing that is kept */
		if (from->call == row->call)
		{
			room->traits[traits++] = from;
			if (from->expires_at < row->expires_at)
				row->expires_at = from->expires_at;
		}
		if (from->span != NULL)
			room->timelines[timelines++] = from->event;
		else if (from->event.bytes != NULL)
			room->events[events++] = from;
	}
	STITCH_TRY(put_identifiers(batch, key, numbers[0], folded));
	STITCH_TRY(batch_merge_traits(batch, room->traits, traits, NULL, 0, &row->traits));
	return batch_merge_timelines(batch, room->events, events, room->timelines, timelines,
								 &row->event);
}

CdpkStatus
cdpk_batch_fold_base(CdpkBatch *batch, const CdpkBatchFolded **rows, size_t *count)
{
	Groups groups;
	Room room;

	if (batch->first_mention == NULL || batch->rule_of_namespace != NULL || batch->base.count > 0)
		return CDPK_INVALID;
	memset(&groups, 0, sizeof(groups));
	batch_names_init(&groups.accounts, &batch->memory, batch->setup.seed);
	cdpk_idmap_init(&groups.by_hash, &batch->memory.allocator);
	STITCH_TRY(note_unlinked(batch, &groups));
	STITCH_TRY(make_keys(batch, &groups));
	STITCH_TRY(group_rows(batch, &groups));
	STITCH_TRY(order_rows(batch, &groups));
	room.traits = batch_allocate(batch, batch->row_count, sizeof(CdpkBatchRow *));
	room.events = batch_allocate(batch, batch->row_count, sizeof(CdpkBatchRow *));
	room.timelines = batch_allocate(batch, batch->row_count, sizeof(CdpkBatchBytes));
	if (room.traits == NULL || room.events == NULL || room.timelines == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < batch->base.count; i++)
		STITCH_TRY(fold_group(batch, &groups, &room, &batch->base.items[i]));
	*rows = batch->base.items;
	*count = batch->base.count;
	return CDPK_OK;
}

const uint32_t *
cdpk_batch_folded_order(const CdpkBatch *batch, size_t *count)
{
	*count = batch->base_order.count;
	return batch->base_order.items;
}
