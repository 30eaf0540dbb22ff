/*
 * batch_alias.c
 *		Earlier user_ids, same pairs, and who is in the graph.
 *
 * An identifier is in the graph while some event carries it as its own.  The earlier user_id of an alias
 * gets a number, but is in the graph only if another event names it; the pair waits for that.
 */
#include "core/batch/batch_state.h"

#include <string.h>

#include "core/identifier/identifier.h"

/* ---------------------------------------------------------------- names */

bool
batch_same_namespace(const CdpkBatchBytes *a, const CdpkBatchBytes *b)
{
	return a->bytes[1] == b->bytes[1] &&
		   memcmp(a->bytes + CDPK_IDENTIFIER_HEADER, b->bytes + CDPK_IDENTIFIER_HEADER,
				  a->bytes[1]) == 0;
}

/* Give the earlier user_id of an alias a place. */
static CdpkStatus
intern_alias(CdpkBatch *batch, uint32_t carrier, const CdpkBatchBytes *previous)
{
	uint32_t hash = batch_names_hash(&batch->names, previous);
	BatchAlias alias = {carrier, BATCH_NONE, batch_names_find(&batch->names, hash, previous)};

	for (uint32_t i = batch->first_mention[carrier];
		 i < batch->first_mention[carrier + 1] && alias.user == BATCH_NONE; i++)
		if (batch_same_namespace(&batch->names.names.items[batch->mentions.items[i]], previous))
			alias.user = batch->mentions.items[i];
	if (alias.user == BATCH_NONE || alias.user == alias.previous)
		return CDPK_OK;
	if (alias.previous == BATCH_NONE)
	{
		alias.previous = batch->names.names.count;
		STITCH_TRY(batch_names_reserve(&batch->names, 1));
		STITCH_TRY(batch_names_add(&batch->names, hash, previous));
	}
	STITCH_PUSH(batch, batch->aliases, alias);
	return CDPK_OK;
}

/* Note which identifiers stand on events that come or are read again. */
static CdpkStatus
note_named(CdpkBatch *batch)
{
	uint32_t count = batch->names.names.count;
	uint32_t end = batch->first_mention[batch_first_taken(batch)];

	batch->named = batch_allocate(batch, count, sizeof(bool));
	if (batch->named == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(batch->named, 0, count * sizeof(bool));
	batch->named_count = count;
	for (uint32_t i = 0; i < end; i++)
		batch->named[batch->mentions.items[i]] = true;
	return CDPK_OK;
}

CdpkStatus
batch_intern_aliases(CdpkBatch *batch, const CdpkBatchRow *const *rows)
{
	for (uint32_t i = 0; i < batch->carriers; i++)
	{
		const CdpkBatchBytes *previous;

		if (rows[i] == NULL || !rows[i]->is_alias)
			continue;
		batch_tick(batch);
		previous = &rows[i]->identifiers[rows[i]->identifier_count];
		if (!batch_is_payload(previous))
			return CDPK_CORRUPT;
		STITCH_TRY(intern_alias(batch, i, previous));
	}
	STITCH_TRY(batch_add_names(batch));
	return batch->aliases.count > 0 || batch->changes.taken_back_count > 0 ? note_named(batch)
																		   : CDPK_OK;
}

/* ---------------------------------------------------------------- the graph */

/* List the identifiers of events that are taken back, unless a row names them. */
CdpkStatus
batch_list_doubtful(CdpkBatch *batch)
{
	uint32_t first = batch->first_mention[batch_first_taken(batch)];

	batch->still_named = NULL;
	if (batch->changes.taken_back_count == 0)
		return CDPK_OK;
	batch->still_named = batch_allocate(batch, batch->names.names.count, sizeof(bool));
	if (batch->still_named == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(batch->still_named, 0, batch->names.names.count * sizeof(bool));
	for (uint32_t i = first; i < batch->mentions.count; i++)
	{
		uint32_t place = batch->mentions.items[i];
		const CdpkBatchIdentifier *identifier = &batch->identifiers.items[place];

		if (batch->still_named[place] || batch->named[place] || identifier->profile_id == 0)
			continue;
		/* each once */
		batch->still_named[place] = true;
		STITCH_PUSH(batch, batch->doubtful, identifier->identifier_id);
	}
	for (uint32_t i = 0; i < batch->doubtful.count; i++)
		batch->still_named[batch_place_of_id(batch, batch->doubtful.items[i])] = false;
	return CDPK_OK;
}

const int64_t *
cdpk_batch_doubtful(const CdpkBatch *batch, size_t *count)
{
	*count = batch->doubtful.count;
	return batch->doubtful.items;
}

CdpkStatus
cdpk_batch_add_named(CdpkBatch *batch, const int64_t *identifier_ids, size_t count)
{
	if (batch->rank_of_place != NULL || batch->aliases_asked)
		return CDPK_INVALID;
	for (size_t i = 0; i < count; i++)
	{
		uint32_t place = batch_place_of_id(batch, identifier_ids[i]);

		if (place == BATCH_NONE || batch->still_named == NULL || place >= batch->named_count)
			return CDPK_INVALID;
		batch->still_named[place] = true;
	}
	return CDPK_OK;
}

/* Note which of the identifiers of events that are taken back stay in the graph: another event carries them. */
CdpkStatus
batch_settle_graph(CdpkBatch *batch)
{
	for (uint32_t i = 0; i < batch->doubtful.count; i++)
	{
		uint32_t place = batch_place_of_id(batch, batch->doubtful.items[i]);

		batch->identifiers.items[place].present = batch->still_named[place];
	}
	return CDPK_OK;
}

/* ---------------------------------------------------------------- ends of aliases */

/* What is known of an end, and of its pairs. */
enum
{
	END_COUNTED, /* of its pairs only the number is wanted */
	END_CHANGED, /* that may be another than before: they are judged */
	END_MOVED,   /* it comes into the graph or leaves it: so it is for the other ends, too */
	END_DONE
};

/* Ask for the aliases of an identifier, once. */
static CdpkStatus
ask_end(CdpkBatch *batch, int64_t identifier_id, uint32_t why)
{
	uint64_t key = (uint64_t) identifier_id;
	uint32_t before = cdpk_idmap_get(&batch->asked_ends, key);

	if (identifier_id <= 0 || identifier_id > batch->last_identifier_id ||
		(before != CDPK_IDMAP_NONE && before >= why))
		return CDPK_OK;
	if (before == CDPK_IDMAP_NONE)
		STITCH_PUSH(batch, batch->alias_ends, identifier_id);
	return cdpk_idmap_put(&batch->asked_ends, key, why);
}

static CdpkStatus
ask_pairs(CdpkBatch *batch, const CdpkBatchIdPair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		STITCH_TRY(ask_end(batch, pairs[i].a, END_CHANGED));
		STITCH_TRY(ask_end(batch, pairs[i].b, END_CHANGED));
	}
	return CDPK_OK;
}

/* Ask for those of which a pair may come, go, or be judged otherwise. */
static CdpkStatus
ask_first(CdpkBatch *batch)
{
	const CdpkBatchChanges *changes = &batch->changes;

	for (uint32_t i = 0; i < batch->aliases.count; i++)
	{
		const BatchAlias *alias = &batch->aliases.items[i];

		STITCH_TRY(
			ask_end(batch, batch->identifiers.items[alias->user].identifier_id, END_CHANGED));
		STITCH_TRY(
			ask_end(batch, batch->identifiers.items[alias->previous].identifier_id, END_CHANGED));
	}
	/* who comes into the graph with a number, or leaves it */
	for (uint32_t i = 0; i < batch->identifiers.count; i++)
	{
		const CdpkBatchIdentifier *identifier = &batch->identifiers.items[i];

		if (batch_usable(identifier) != (identifier->profile_id != 0) && !identifier->is_new)
			STITCH_TRY(ask_end(batch, identifier->identifier_id, END_MOVED));
	}
	for (size_t i = 0; i < changes->realiased_count; i++)
		STITCH_TRY(ask_end(batch, changes->realiased[i], END_CHANGED));
	for (size_t i = 0; i < changes->forbid_count; i++)
	{
		STITCH_TRY(ask_end(batch, changes->forbids[i].a, END_CHANGED));
		STITCH_TRY(ask_end(batch, changes->forbids[i].b, END_CHANGED));
	}
	/* with all pairs of what is blocked */
	STITCH_TRY(ask_pairs(batch, changes->unlinked, changes->unlinked_count));
	return ask_pairs(batch, changes->relinked, changes->relinked_count);
}

/* Return how many pairs with aliases may be gone after the batch, of all ends together. */
static size_t
may_be_gone(const CdpkBatch *batch)
{
	const CdpkBatchChanges *changes = &batch->changes;

	return changes->taken_back_count + changes->unlinked_count + changes->relinked_count +
		   changes->blocked_count + batch->doubtful.count;
}

/* Count the pairs of one end, whose rows follow each other, that are certainly there after the batch. */
static size_t
count_certain(const CdpkBatch *batch, const BatchItem *items, size_t count)
{
	size_t certain = 0;
	size_t gone = may_be_gone(batch);
	int64_t last = 0;

	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchAlias *row = &batch->alias_rows.items[items[i].value];

		if (!row->present || batch->rules.believed == NULL || !batch->rules.believed[row->source] ||
			row->other == last)
			continue;
		certain++;
		last = row->other;
	}
	return certain > gone ? certain - gone : 0;
}

/*
 * Judge the pairs of an end, whose rows follow each other, and ask for their other ends: whether a pair is
 * believed depends on how many either end is in.  Of an end in far too many none is or was.
 */
static CdpkStatus
judge_end(CdpkBatch *batch, const BatchItem *items, size_t count, bool moved)
{
	bool too_many = count_certain(batch, items, count) > batch->rules.alias_bound;

	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchAlias *row = &batch->alias_rows.items[items[i].value];
		CdpkBatchIdPair pair = {row->end, row->other};

		batch_tick(batch);
		if (too_many && !row->believed && !moved)
			continue;
		STITCH_PUSH(batch, batch->judged_pairs, pair);
		STITCH_TRY(batch_want_id(batch, row->end));
		STITCH_TRY(batch_want_id(batch, row->other));
		STITCH_TRY(ask_end(batch, row->other, moved ? END_CHANGED : END_COUNTED));
	}
	return cdpk_idmap_put(&batch->asked_ends, (uint64_t) batch->alias_rows.items[items->value].end,
						  END_DONE);
}

/* Judge the pairs of all ends whose rows are here, but for those that are only counted. */
static CdpkStatus
judge_ends(CdpkBatch *batch)
{
	size_t count = batch->alias_rows.count;
	BatchItem *items = batch_items(batch, count);
	bool again = count > 0;

	if (items == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (size_t i = 0; i < count; i++)
	{
		items[i].key = (uint64_t) batch->alias_rows.items[i].other;
		items[i].value = (uint32_t) i;
	}
	batch_sort(items, items + count, count);
	for (size_t i = 0; i < count; i++)
		items[i].key = (uint64_t) batch->alias_rows.items[items[i].value].end;
	batch_sort(items, items + count, count);
	while (again)
	{
		again = false;
		for (size_t start = 0, end; start < count; start = end)
		{
			uint32_t why = cdpk_idmap_get(&batch->asked_ends, items[start].key);

			for (end = start + 1; end < count && items[end].key == items[start].key;)
				end++;
			if (why != END_CHANGED && why != END_MOVED)
				continue;
			STITCH_TRY(judge_end(batch, items + start, end - start, why == END_MOVED));
			again = true;
		}
	}
	stitch_release(&batch->memory, items);
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_alias_ends(CdpkBatch *batch, const int64_t **identifier_ids, size_t *count)
{
	if (batch->rank_of_place != NULL || !batch->numbered)
		return CDPK_INVALID;
	batch->alias_ends.count = 0;
	if (batch->aliases_asked)
		STITCH_TRY(judge_ends(batch));
	else
	{
		STITCH_TRY(batch_settle_graph(batch));
		STITCH_TRY(ask_first(batch));
		batch->aliases_asked = true;
	}
	*identifier_ids = batch->alias_ends.items;
	*count = batch->alias_ends.count;
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_add_aliases(CdpkBatch *batch, const CdpkBatchAlias *rows, size_t count)
{
	if (batch->rank_of_place != NULL || !batch->aliases_asked)
		return CDPK_INVALID;
	for (size_t i = 0; i < count; i++)
	{
		if (rows[i].end <= 0 || rows[i].other <= 0 || rows[i].end == rows[i].other)
			return CDPK_CORRUPT;
		if (rows[i].source >= batch->rules.source_count)
			return CDPK_INVALID;
		STITCH_PUSH(batch, batch->alias_rows, rows[i]);
	}
	return CDPK_OK;
}

/* ---------------------------------------------------------------- same and forbidden pairs */

CdpkStatus
cdpk_batch_add_same(CdpkBatch *batch, const CdpkBatchSame *rows, size_t count)
{
	if (batch->rank_of_place != NULL || !batch->numbered)
		return CDPK_INVALID;
	for (size_t i = 0; i < count; i++)
	{
		if (rows[i].a == rows[i].b)
			return CDPK_INVALID;
		STITCH_TRY(batch_want_id(batch, rows[i].a));
		STITCH_TRY(batch_want_id(batch, rows[i].b));
		STITCH_PUSH(batch, batch->same, rows[i]);
	}
	return CDPK_OK;
}

CdpkStatus
cdpk_batch_add_forbidden(CdpkBatch *batch, const CdpkBatchIdPair *pairs, size_t count)
{
	if (batch->rank_of_place != NULL || !batch->numbered)
		return CDPK_INVALID;
	for (size_t i = 0; i < count; i++)
		STITCH_PUSH(batch, batch->forbidden, pairs[i]);
	return CDPK_OK;
}

/* Return the key of a pair of numbers in *key; false if one is not known to the batch. */
static bool
key_of_ids(const CdpkBatch *batch, int64_t a, int64_t b, uint64_t *key)
{
	uint32_t x = batch_place_of_id(batch, a);
	uint32_t y = batch_place_of_id(batch, b);

	if (x == BATCH_NONE || y == BATCH_NONE || x == y)
		return false;
	*key = batch_pair_key(batch->rank_of_place[x], batch->rank_of_place[y]);
	return true;
}

/* Find same and forbidden pairs by the ranks of their ends; of one given twice either may be in force. */
CdpkStatus
batch_index_kin(CdpkBatch *batch)
{
	uint64_t key;

	for (uint32_t i = 0; i < batch->same.count; i++)
	{
		const CdpkBatchSame *row = &batch->same.items[i];
		uint32_t found;

		if (!key_of_ids(batch, row->a, row->b, &key))
			return CDPK_INVALID;
		found = cdpk_idmap_get(&batch->same_of_pair, key);
		if (found == CDPK_IDMAP_NONE)
		{
			STITCH_TRY(cdpk_idmap_put(&batch->same_of_pair, key, i));
			continue;
		}
		batch->same.items[found].was |= row->was;
		batch->same.items[found].is |= row->is;
		batch->same.items[found].refused |= row->refused;
	}
	for (uint32_t i = 0; i < batch->forbidden.count; i++)
		if (key_of_ids(batch, batch->forbidden.items[i].a, batch->forbidden.items[i].b, &key))
			STITCH_TRY(cdpk_idmap_put(&batch->is_forbidden, key, 0));
	return CDPK_OK;
}
