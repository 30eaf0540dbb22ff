/*
 * batch_identify.c
 *		The identifiers of a batch: distinct ones get places, new ones get numbers.
 */
#include "core/batch/batch_state.h"

#include "core/identifier/identifier.h"

/* how far ahead the memory of a string is asked for; its slot twice as far */
#define AHEAD 12

/* An identifier on an event. */
typedef struct Seen
{
	CdpkBatchBytes payload;
	uint32_t hash;
} Seen;

/* ---------------------------------------------------------------- distinct identifiers */

/* Return the rule of a namespace in *rule; NONE: it is not among them. */
static CdpkStatus
find_rule(CdpkBatch *batch, const CdpkBatchBytes *name, uint32_t *rule)
{
	uint32_t hash = batch_names_hash(&batch->namespaces, name);
	uint32_t place = batch_names_find(&batch->namespaces, hash, name);

	*rule = BATCH_NONE;
	if (batch->rule_of_namespace != NULL) /* the rules are known: no namespace may be added */
	{
		if (place != BATCH_NONE)
			*rule = batch->rule_of_namespace[place];
		return CDPK_OK;
	}
	if (place == BATCH_NONE)
	{
		place = batch->namespaces.names.count;
		STITCH_TRY(batch_names_add(&batch->namespaces, hash, name));
	}
	*rule = place;
	return CDPK_OK;
}

/* Make identifiers of names that have none yet; a namespace is a place in the list until there are rules. */
CdpkStatus
batch_add_names(CdpkBatch *batch)
{
	uint32_t count = batch->names.names.count;

	STITCH_TRY(STITCH_RESERVE(batch, batch->identifiers, count - batch->identifiers.count));
	while (batch->identifiers.count < count)
	{
		CdpkBatchIdentifier *made = &batch->identifiers.items[batch->identifiers.count];
		CdpkBatchBytes name_space;

		batch_tick(batch);
		memset(made, 0, sizeof(*made));
		made->payload = batch->names.names.items[batch->identifiers.count];
		name_space.bytes = made->payload.bytes + CDPK_IDENTIFIER_HEADER;
		name_space.length = made->payload.bytes[1];
		STITCH_TRY(find_rule(batch, &name_space, &made->name_space));
		batch->identifiers.count++;
	}
	return CDPK_OK;
}

bool
batch_is_payload(const CdpkBatchBytes *bytes)
{
	return bytes->length > CDPK_IDENTIFIER_HEADER && bytes->length <= CDPK_IDENTIFIER_PAYLOAD_MAX &&
		   bytes->bytes[1] > 0 &&
		   (uint32_t) bytes->bytes[1] + CDPK_IDENTIFIER_HEADER < bytes->length;
}

/* List what stands on rows, with hashes. */
static CdpkStatus
list_seen(CdpkBatch *batch, const CdpkBatchRow *const *rows, uint32_t count,
		  uint32_t *first_mention, Seen **seen)
{
	uint64_t total = 0;
	uint32_t at = 0;

	for (uint32_t i = 0; i < count; i++)
		total += rows[i] != NULL ? rows[i]->identifier_count : 0;
	if (total >= BATCH_NONE)
		return CDPK_TOO_LONG;
	*seen = batch_allocate(batch, (size_t) total, sizeof(Seen));
	if (*seen == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < count; i++)
	{
		first_mention[i] = at;
		batch_tick(batch);
		for (uint32_t k = 0; rows[i] != NULL && k < rows[i]->identifier_count; k++)
		{
			const CdpkBatchBytes *bytes = &rows[i]->identifiers[k];

			if (!batch_is_payload(bytes))
				return CDPK_CORRUPT;
			(*seen)[at].payload = *bytes;
			(*seen)[at++].hash = batch_names_hash(&batch->names, bytes);
		}
	}
	first_mention[count] = at;
	return CDPK_OK;
}

/* Give the identifiers of rows (NULL: none) places: mentions from first_mention[row] on are its own. */
CdpkStatus
batch_intern(CdpkBatch *batch, const CdpkBatchRow *const *rows, uint32_t count,
			 uint32_t *first_mention, StitchNumbers *mentions)
{
	Seen *seen;
	uint32_t total;

	STITCH_TRY(list_seen(batch, rows, count, first_mention, &seen));
	total = first_mention[count];
	STITCH_TRY(STITCH_RESERVE(batch, *mentions, total));
	STITCH_TRY(batch_names_reserve(&batch->names, total));
	for (uint32_t i = 0; i < total; i++)
	{
		uint32_t place;

		batch_tick(batch);
		if (i + 2 * AHEAD < total)
			batch_names_prefetch(&batch->names, seen[i + 2 * AHEAD].hash);
		if (i + AHEAD < total)
			batch_names_prefetch_string(&batch->names, seen[i + AHEAD].hash);
		place = batch_names_find(&batch->names, seen[i].hash, &seen[i].payload);
		if (place == BATCH_NONE)
		{
			place = batch->names.names.count;
			STITCH_TRY(batch_names_add(&batch->names, seen[i].hash, &seen[i].payload));
		}
		mentions->items[mentions->count++] = place;
	}
	stitch_release(&batch->memory, seen);
	return batch_add_names(batch);
}

CdpkStatus
cdpk_batch_identify(CdpkBatch *batch)
{
	const CdpkBatchRow **rows;

	if (batch->judged_rows == NULL || batch->first_mention != NULL)
		return CDPK_INVALID;
	batch->carriers = batch_first_taken(batch) + (uint32_t) batch->changes.taken_back_count;
	batch->first_mention = batch_allocate(batch, batch->carriers, sizeof(uint32_t));
	rows = batch_allocate(batch, batch->carriers, sizeof(*rows));
	if (batch->first_mention == NULL || rows == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < batch->carriers; i++)
		rows[i] = i < batch->row_count && batch->judged_rows[i].outcome != CDPK_BATCH_ACCEPTED
					  ? NULL
					  : batch_carrier(batch, i);
	STITCH_TRY(batch_intern(batch, rows, batch->carriers, batch->first_mention, &batch->mentions));
	STITCH_TRY(batch_intern_aliases(batch, rows));
	stitch_release(&batch->memory, rows);
	return CDPK_OK;
}

const CdpkBatchBytes *
cdpk_batch_namespaces(const CdpkBatch *batch, size_t *count)
{
	*count = batch->namespaces.names.count;
	return batch->namespaces.names.items;
}

/* Find the rule of each namespace by its name. */
CdpkStatus
cdpk_batch_set_rules(CdpkBatch *batch, const CdpkBatchRules *rules)
{
	uint32_t *rule_of_namespace = batch_allocate(
		batch, (size_t) batch->namespaces.names.count + rules->stitch.namespace_count,
		sizeof(uint32_t));

	if (batch->first_mention == NULL || batch->rule_of_namespace != NULL)
		return CDPK_INVALID;
	if (rule_of_namespace == NULL)
		return CDPK_OUT_OF_MEMORY;
	batch->rules = *rules;
	for (uint32_t i = 0; i < batch->namespaces.names.count; i++)
		rule_of_namespace[i] = BATCH_NONE;
	for (uint32_t i = 0; i < rules->stitch.namespace_count; i++)
	{
		const CdpkStitchNamespace *rule = &rules->stitch.namespaces[i];
		CdpkBatchBytes name = {(const uint8_t *) rule->name, (uint32_t) rule->name_length};
		uint32_t place;

		if (rule->name_length == 0 || rule->name_length > CDPK_NAMESPACE_MAX)
			return CDPK_INVALID;
		STITCH_TRY(find_rule(batch, &name, &place));
		rule_of_namespace[place] = i;
	}
	batch->rule_of_namespace = rule_of_namespace;
	for (uint32_t i = 0; i < batch->identifiers.count; i++)
		batch->identifiers.items[i].name_space =
			rule_of_namespace[batch->identifiers.items[i].name_space];
	return CDPK_OK;
}

const CdpkBatchBytes *
cdpk_batch_names(const CdpkBatch *batch, size_t *count)
{
	*count = batch->names.names.count;
	return batch->names.names.items;
}

uint32_t
cdpk_batch_find(const CdpkBatch *batch, const uint8_t *payload, size_t length)
{
	CdpkBatchBytes name = {payload, (uint32_t) length};

	if (length == 0 || length > CDPK_IDENTIFIER_PAYLOAD_MAX)
		return BATCH_NONE;
	return batch_names_find(&batch->names, batch_names_hash(&batch->names, &name), &name);
}

const uint32_t *
cdpk_batch_mentions(const CdpkBatch *batch, size_t row)
{
	return &batch->mentions.items[batch->first_mention[row]];
}

/* ---------------------------------------------------------------- what the tables say */

/* Note the class of an identifier; mostly it is in none. */
static CdpkStatus
set_class(CdpkBatch *batch, uint32_t place, int64_t class_id)
{
	if (class_id == 0)
		return CDPK_OK;
	STITCH_TRY(cdpk_idmap_put(&batch->class_of_place, place, batch->classes.count));
	STITCH_PUSH(batch, batch->classes, class_id);
	return CDPK_OK;
}

int64_t
batch_class_of(const CdpkBatch *batch, uint32_t place)
{
	return batch->classes.count == 0 ||
				   cdpk_idmap_get(&batch->class_of_place, place) == CDPK_IDMAP_NONE
			   ? 0
			   : batch->classes.items[cdpk_idmap_get(&batch->class_of_place, place)];
}

CdpkStatus
cdpk_batch_mark(CdpkBatch *batch, uint32_t place, CdpkBatchMark mark)
{
	CdpkBatchIdentifier *identifier;

	if (place >= batch->names.names.count)
		return CDPK_INVALID;
	identifier = &batch->identifiers.items[place];
	if (mark == CDPK_BATCH_BLOCKED)
	{
		if (identifier->identifier_id != 0)
			return CDPK_INVALID;
		identifier->blocked = true;
	}
	else if (mark == CDPK_BATCH_FORBIDDEN)
		identifier->forbidden = true;
	else
		identifier->sharing = mark == CDPK_BATCH_SHARED ? CDPK_SHARING_ALWAYS : CDPK_SHARING_NEVER;
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_add_known(CdpkBatch *batch, const CdpkBatchKnown *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		CdpkBatchIdentifier *identifier;

		if (rows[i].place >= batch->names.names.count)
			return CDPK_INVALID;
		identifier = &batch->identifiers.items[rows[i].place];
		if (rows[i].identifier_id <= 0 || rows[i].profile_id < 0)
			return CDPK_CORRUPT;
		/* two rows of one identifier */
		if (identifier->identifier_id != 0)
			return CDPK_CORRUPT;
		/* a blocked one is in no profile, or in the changes */
		if (identifier->blocked)
			continue;
		if (batch_place_of_id(batch, rows[i].identifier_id) != BATCH_NONE ||
			identifier->name_space == BATCH_NONE)
			return CDPK_CORRUPT;
		identifier->identifier_id = rows[i].identifier_id;
		identifier->profile_id = rows[i].profile_id;
		identifier->shared = identifier->shared_after = rows[i].shared;
		identifier->counts = rows[i].counts;
		identifier->count_length = rows[i].count_length;
		identifier->was_blocked = rows[i].was_blocked;
		identifier->present = rows[i].profile_id != 0 || batch_is_named(batch, rows[i].place);
		STITCH_TRY(set_class(batch, rows[i].place, rows[i].class_id));
		STITCH_TRY(
			cdpk_idmap_put(&batch->place_of_id, (uint64_t) rows[i].identifier_id, rows[i].place));
	}
	return CDPK_OK;
}

/* ---------------------------------------------------------------- numbers */

/* Give each namespace of the rules its place in the order of their names, as a key. */
static CdpkStatus
order_namespaces(CdpkBatch *batch, uint64_t **order)
{
	uint32_t count = batch->rules.stitch.namespace_count;
	CdpkBatchBytes *names = batch_allocate(batch, count, sizeof(CdpkBatchBytes));
	BatchItem *items = batch_items(batch, count);

	*order = batch_allocate(batch, count, sizeof(uint64_t));
	if (names == NULL || items == NULL || *order == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < count; i++)
	{
		names[i].bytes = (const uint8_t *) batch->rules.stitch.namespaces[i].name;
		names[i].length = (uint32_t) batch->rules.stitch.namespaces[i].name_length;
		items[i].value = i;
	}
	batch_sort_strings(items, items + count, count, names);
	for (uint32_t i = 0; i < count; i++)
		(*order)[items[i].value] = i;
	stitch_release(&batch->memory, names);
	stitch_release(&batch->memory, items);
	return CDPK_OK;
}

/* Sort places by the bytes of their namespaces, then of their values. */
static CdpkStatus
sort_places(CdpkBatch *batch, StitchNumbers *places)
{
	CdpkBatchBytes *values = batch_allocate(batch, places->count, sizeof(CdpkBatchBytes));
	BatchItem *items = batch_items(batch, places->count);
	uint64_t *order;

	if (values == NULL || items == NULL)
		return CDPK_OUT_OF_MEMORY;
	STITCH_TRY(order_namespaces(batch, &order));
	for (uint32_t i = 0; i < places->count; i++)
	{
		const CdpkBatchBytes *payload = &batch->names.names.items[places->items[i]];

		values[i].bytes = (const uint8_t *) cdpk_identifier_value(payload->bytes);
		values[i].length = (uint32_t) cdpk_identifier_value_length(payload->bytes, payload->length);
		items[i].value = i;
	}
	batch_sort_strings(items, items + places->count, places->count, values);
	for (uint32_t i = 0; i < places->count; i++)
	{
		items[i].value = places->items[items[i].value];
		items[i].key = order[batch->identifiers.items[items[i].value].name_space];
	}
	batch_sort(items, items + places->count, places->count);
	for (uint32_t i = 0; i < places->count; i++)
		places->items[i] = items[i].value;
	stitch_release(&batch->memory, values);
	stitch_release(&batch->memory, items);
	stitch_release(&batch->memory, order);
	return CDPK_OK;
}

/* Put a number of the changes on the list of those that are wanted, once. */
CdpkStatus
batch_want_id(CdpkBatch *batch, int64_t identifier_id)
{
	uint64_t key = (uint64_t) identifier_id;

	if (batch_place_of_id(batch, identifier_id) != BATCH_NONE ||
		cdpk_idmap_get(&batch->is_wanted, key) != CDPK_IDMAP_NONE)
		return CDPK_OK;
	if (identifier_id <= 0 || identifier_id > batch->last_identifier_id)
		return CDPK_INVALID;
	STITCH_TRY(cdpk_idmap_put(&batch->is_wanted, key, 0));
	STITCH_PUSH(batch, batch->wanted, identifier_id);
	return CDPK_OK;
}

static CdpkStatus
list_wanted(CdpkBatch *batch)
{
	const CdpkBatchChanges *changes = &batch->changes;

	for (size_t i = 0; i < changes->unlinked_count; i++)
	{
		STITCH_TRY(batch_want_id(batch, changes->unlinked[i].a));
		STITCH_TRY(batch_want_id(batch, changes->unlinked[i].b));
	}
	for (size_t i = 0; i < changes->relinked_count; i++)
	{
		STITCH_TRY(batch_want_id(batch, changes->relinked[i].a));
		STITCH_TRY(batch_want_id(batch, changes->relinked[i].b));
	}
	for (size_t i = 0; i < changes->blocked_count; i++)
		STITCH_TRY(batch_want_id(batch, changes->blocked[i]));
	for (size_t i = 0; i < changes->judged_count; i++)
		STITCH_TRY(batch_want_id(batch, changes->judged[i]));
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_number(CdpkBatch *batch, int64_t last_identifier_id)
{
	uint32_t fresh = 0;

	if (batch->rule_of_namespace == NULL || batch->rank_of_place != NULL || last_identifier_id < 0)
		return CDPK_INVALID;
	batch->last_identifier_id = last_identifier_id;
	for (uint32_t i = 0; i < batch->identifiers.count; i++)
		fresh += batch->identifiers.items[i].identifier_id == 0;
	if (last_identifier_id > INT64_MAX - (int64_t) fresh)
		return CDPK_CORRUPT;
	STITCH_TRY(STITCH_RESERVE(batch, batch->fresh, fresh));
	for (uint32_t i = 0; i < batch->identifiers.count; i++)
	{
		const CdpkBatchIdentifier *identifier = &batch->identifiers.items[i];

		if (identifier->blocked)
			continue;
		if (identifier->name_space == BATCH_NONE)
			return CDPK_INVALID;
		if (identifier->identifier_id > last_identifier_id)
			return CDPK_CORRUPT;
		if (identifier->identifier_id == 0)
			STITCH_PUSH(batch, batch->fresh, i);
	}
	STITCH_TRY(sort_places(batch, &batch->fresh));
	for (uint32_t i = 0; i < batch->fresh.count; i++)
	{
		CdpkBatchIdentifier *identifier = &batch->identifiers.items[batch->fresh.items[i]];

		identifier->identifier_id = last_identifier_id + 1 + i;
		identifier->is_new = true;
		identifier->present = batch_is_named(batch, batch->fresh.items[i]);
	}
	batch->numbered = true;
	STITCH_TRY(batch_list_doubtful(batch));
	return list_wanted(batch);
}

const uint32_t *
cdpk_batch_fresh(const CdpkBatch *batch, size_t *count)
{
	*count = batch->fresh.count;
	return batch->fresh.items;
}

const int64_t *
cdpk_batch_wanted(const CdpkBatch *batch, size_t *count)
{
	*count = batch->wanted.count;
	return batch->wanted.items;
}

CdpkStatus
cdpk_batch_add_others(CdpkBatch *batch, const CdpkBatchOther *rows, size_t count)
{
	if (batch->rank_of_place != NULL)
		return CDPK_INVALID;
	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchOther *row = &rows[i];
		uint32_t place = batch->identifiers.count;
		CdpkBatchIdentifier *identifier;
		uint32_t known;

		if (row->identifier_id <= 0 || row->identifier_id > batch->last_identifier_id ||
			row->profile_id < 0 || !batch_is_payload(&row->payload))
			return CDPK_CORRUPT;
		if (batch_place_of_id(batch, row->identifier_id) != BATCH_NONE)
			continue;
		/* a blocked one that stands on a row has a place already */
		known = cdpk_batch_find(batch, row->payload.bytes, row->payload.length);
		if (known != BATCH_NONE && !batch->identifiers.items[known].blocked)
			return CDPK_CORRUPT;
		if (known == BATCH_NONE)
		{
			STITCH_TRY(batch_names_add(
				&batch->names, batch_names_hash(&batch->names, &row->payload), &row->payload));
			STITCH_TRY(batch_add_names(batch));
		}
		else
			place = known;
		identifier = &batch->identifiers.items[place];
		if (identifier->name_space == BATCH_NONE)
			return CDPK_CORRUPT;
		identifier->identifier_id = row->identifier_id;
		identifier->profile_id = row->profile_id;
		identifier->counts = row->counts;
		identifier->count_length = row->count_length;
		identifier->sharing = row->sharing;
		identifier->shared = identifier->shared_after = row->shared;
		identifier->present = row->present && !identifier->blocked;
		identifier->forbidden = row->forbidden;
		STITCH_TRY(set_class(batch, place, row->class_id));
		STITCH_TRY(cdpk_idmap_put(&batch->place_of_id, (uint64_t) row->identifier_id, place));
	}
	return CDPK_OK;
}

const CdpkBatchIdentifier *
cdpk_batch_identifier(const CdpkBatch *batch, uint32_t place)
{
	return place < batch->identifiers.count ? &batch->identifiers.items[place] : NULL;
}

/* Return the place of a number, or NONE; those of new identifiers follow each other. */
uint32_t
batch_place_of_id(const CdpkBatch *batch, int64_t identifier_id)
{
	if (batch->fresh.count > 0 && identifier_id > batch->last_identifier_id)
		return identifier_id - batch->last_identifier_id <= (int64_t) batch->fresh.count
				   ? batch->fresh.items[identifier_id - batch->last_identifier_id - 1]
				   : BATCH_NONE;
	return cdpk_idmap_get(&batch->place_of_id, (uint64_t) identifier_id);
}

uint32_t
cdpk_batch_place(const CdpkBatch *batch, int64_t identifier_id)
{
	return batch_place_of_id(batch, identifier_id);
}

/* Order all that have numbers by them: places and ranks. */
CdpkStatus
batch_rank_identifiers(CdpkBatch *batch)
{
	uint32_t count = batch->identifiers.count;
	BatchItem *items = batch_items(batch, count - batch->fresh.count);
	uint32_t numbered = 0;

	batch->rank_of_place = batch_allocate(batch, count, sizeof(uint32_t));
	if (items == NULL || batch->rank_of_place == NULL)
		return CDPK_OUT_OF_MEMORY;
	STITCH_TRY(STITCH_RESERVE(batch, batch->place_of_rank, count));
	for (uint32_t i = 0; i < count; i++)
	{
		batch->rank_of_place[i] = BATCH_NONE;
		if (batch->identifiers.items[i].identifier_id == 0 || batch->identifiers.items[i].is_new)
			continue;
		items[numbered].key = (uint64_t) batch->identifiers.items[i].identifier_id;
		items[numbered++].value = i;
	}
	batch_sort(items, items + numbered, numbered);
	for (uint32_t i = 0; i < numbered; i++)
		batch->place_of_rank.items[i] = items[i].value;
	/* new ones have the greatest numbers */
	for (uint32_t i = 0; i < batch->fresh.count; i++)
		batch->place_of_rank.items[numbered + i] = batch->fresh.items[i];
	batch->place_of_rank.count = numbered + batch->fresh.count;
	for (uint32_t i = 0; i < batch->place_of_rank.count; i++)
		batch->rank_of_place[batch->place_of_rank.items[i]] = i;
	stitch_release(&batch->memory, items);
	return CDPK_OK;
}
