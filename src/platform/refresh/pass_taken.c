/*
 * pass_taken.c
 *		Events that are taken back: out of the log, with their message keys, before the batch begins.
 *
 * The relation batch_taken_back names them: event_id, place (the anchor), at (the time), whether the message key is
 * kept, and, in a column that may be missing, why: a PassBack.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "platform/batch/batch.h"
#include "platform/ingest/ingest.h"
#include "platform/refresh/pass.h"

/* What is asked to be taken back, and what of it the log has. */
typedef struct Taking
{
	Pass *pass;
	int asked;
	int retracted; /* so many are taken back because they are asked for, the rest are replaced */
	int capacity;
	Datum *event_ids;
	Datum *anchors;
	Datum *times;
	bool *forever;
	PassBack *why;
	PassAgain *again; /* those that come again; NULL: none does yet */
	CdpkBatchReread *events;
	int count;
	int *asked_as;             /* the place of each among those asked for */
	CdpkSipHashKey message_by; /* the key for HASH_MESSAGE */
	pg_uuid_t **keys;          /* of each, NULL: none */
	uint64 *contents;          /* of each whose key is kept */
	int64 *batch_ids;          /* that accepted each */
	int call_count;
	PassIds contexts; /* the context_hash of each that has one */
	int64 *by_source; /* how many */
} Taking;

/* add_asked adds an event that is asked to be taken back. */
static void
add_asked(Taking *taking, Datum event_id, Datum anchor, Datum at, bool forever, PassBack why)
{
	int place = taking->asked++;

	if (place == taking->capacity)
	{
		taking->capacity = Max(1024, taking->capacity * 2);
		if (place == 0)
		{
			taking->event_ids = pass_array(taking->capacity, sizeof(Datum));
			taking->anchors = pass_array(taking->capacity, sizeof(Datum));
			taking->times = pass_array(taking->capacity, sizeof(Datum));
			taking->forever = pass_array(taking->capacity, sizeof(bool));
			taking->why = pass_array(taking->capacity, sizeof(PassBack));
		}
		else
		{
			taking->event_ids = repalloc_huge(taking->event_ids, sizeof(Datum) * taking->capacity);
			taking->anchors = repalloc_huge(taking->anchors, sizeof(Datum) * taking->capacity);
			taking->times = repalloc_huge(taking->times, sizeof(Datum) * taking->capacity);
			taking->forever = repalloc_huge(taking->forever, sizeof(bool) * taking->capacity);
			taking->why = repalloc_huge(taking->why, sizeof(PassBack) * taking->capacity);
		}
	}
	taking->event_ids[place] = event_id;
	taking->anchors[place] = anchor;
	taking->times[place] = at;
	taking->forever[place] = forever;
	taking->why[place] = why;
}

/* note_asked is the BatchRowFunction that takes a row of the relation. */
static void
note_asked(void *arg, TupleDesc descriptor, const Datum *values, const bool *nulls)
{
	static const Oid types[] = {INT8OID, INT8OID, TIMESTAMPTZOID, BOOLOID};

	for (int i = 0; i < lengthof(types); i++)
		if (i >= descriptor->natts || TupleDescAttr(descriptor, i)->atttypid != types[i] ||
			nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column %d of what the batch takes back is null, or of another type",
							i + 1)));
	add_asked(arg, values[0], values[1], values[2], DatumGetBool(values[3]),
			  descriptor->natts > lengthof(types) ? (PassBack) DatumGetInt32(values[4])
												  : BACK_RETRACTED);
}

/* note_call notes the account that a group call named. */
static void
note_call(Taking *taking, int64 anchor, Datum group_id, bool isnull)
{
	PassTaken *taken = &taking->pass->taken;
	CdpkSpan account = isnull ? ingest_span("") : ingest_trim(ingest_text(group_id));

	if (account.length == 0)
		return;
	pass_add_id(&taken->call_anchors, anchor);
	taken->accounts[taking->call_count++] = ingest_text_datum(account);
}

/* note_values notes what else than evidence an event said; and has it come again, if it does. */
static void
note_values(Taking *taking, CdpkBatchReread *event, PassBack why, const Datum *values,
			const bool *nulls)
{
	Pass *pass = taking->pass;
	const Datum *logged = values + EVENT_LOGGED;
	PassSaid said = {.properties = logged[LOGGED_PROPERTIES],
					 .context = logged[LOGGED_CONTEXT],
					 .context_hash = values[EVENT_CONTEXT_HASH],
					 .no_traits = true,
					 .no_properties = nulls[EVENT_LOGGED + LOGGED_PROPERTIES],
					 .no_context = nulls[EVENT_LOGGED + LOGGED_CONTEXT],
					 .no_context_hash = nulls[EVENT_CONTEXT_HASH]};

	if (why >= BACK_SCRUBBED)
	{
		if (taking->again == NULL)
			taking->again = pass_new_again(pass);
		pass_add_again(taking->again, why, &said, logged, nulls + EVENT_LOGGED);
	}
	event->row.call = pass_call(logged[LOGGED_TYPE]);
	if (event->row.call == CDPK_BATCH_GROUP)
		note_call(taking, event->anchor, logged[LOGGED_GROUP_ID],
				  nulls[EVENT_LOGGED + LOGGED_GROUP_ID]);
	if (nulls[EVENT_LOGGED + LOGGED_EVENT])
		return;
	event->row.event = pass_bytes(logged[LOGGED_EVENT], false);
	pass_fold_values(pass, &event->row, &said, true);
	memset(&event->row.event, 0, sizeof(event->row.event));
}

/* is_forever tells whether the message id of an event that is asked for stays used, by its place. */
static bool
is_forever(const Taking *taking, int asked_as)
{
	return asked_as < taking->retracted && taking->forever[asked_as];
}

/* note_taken is the StoreRowFunction that takes an event of the log. */
static void
note_taken(void *arg, int key, const Datum *values, const bool *nulls)
{
	Taking *taking = arg;
	Pass *pass = taking->pass;
	const Datum *logged = values + EVENT_LOGGED;
	CdpkBatchReread *event = &taking->events[taking->count];
	uint64 anchor = (uint64) DatumGetInt64(values[EVENT_IDENTIFIER_ID]);
	uint32_t had = cdpk_idmap_get(&pass->taken.anchors, anchor);
	CdpkSpan source = ingest_text(logged[LOGGED_SOURCE]);
	CdpkSpan message_id;
	pg_uuid_t message_key;

	CHECK_FOR_INTERRUPTS();
	event->event_id = DatumGetInt64(values[EVENT_ID]);
	event->anchor = (int64) anchor;
	taking->batch_ids[taking->count] = DatumGetInt64(values[EVENT_BATCH_ID]);
	pass_clean_logged(pass, logged, nulls + EVENT_LOGGED, &event->row);
	event->row.source = pass_known_source(pass, logged[LOGGED_SOURCE]);
	note_values(taking, event, taking->why[key], values, nulls);
	pass_check(cdpk_idmap_put(&pass->taken.anchors, anchor, had == CDPK_IDMAP_NONE ? 1 : had + 1));
	taking->by_source[event->row.source]++;
	if (!nulls[EVENT_CONTEXT_HASH])
		pass_add_id(&taking->contexts, DatumGetInt64(values[EVENT_CONTEXT_HASH]));
	message_id.text = (const char *) event->row.message_id.bytes;
	message_id.length = event->row.message_id.length;
	taking->keys[taking->count] = NULL;
	if (message_id.text != NULL && onboard_message_key(pass->onboard_sources, &taking->message_by,
													   source, message_id, &message_key))
	{
		taking->keys[taking->count] = palloc(sizeof(pg_uuid_t));
		memcpy(taking->keys[taking->count], &message_key, sizeof(pg_uuid_t));
		if (is_forever(taking, key))
			taking->contents[taking->count] =
				taking->why[key] == BACK_RETRACTED
					? pass_logged_hash(pass, logged, nulls + EVENT_LOGGED)
					: 0;
	}
	taking->asked_as[taking->count++] = key;
}

/* add_key_columns adds the columns of the key of events: of all asked for, or of the places among these. */
static void
add_key_columns(PassColumns *key, const Taking *taking, const int *places)
{
	Datum *identifier_id = pass_column(key, EVENT_IDENTIFIER_ID);
	Datum *at = pass_column(key, EVENT_LOGGED + LOGGED_AT);
	Datum *event_id = pass_column(key, EVENT_ID);

	for (int i = 0; i < key->rows; i++)
	{
		int from = places != NULL ? places[i] : i;

		identifier_id[i] = taking->anchors[from];
		at[i] = taking->times[from];
		event_id[i] = taking->event_ids[from];
	}
}

/* find_moved finds out where events are that have moved since they were asked for. */
static void
find_moved(Taking *taking)
{
	static const Oid types[] = {INT8ARRAYOID};
	Pass *pass = taking->pass;
	int64 *missing = pass_array(taking->asked, sizeof(int64));
	bool *has = palloc_extended(taking->asked, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int count = 0;
	CdpkIdMap place;
	SPITupleTable *rows;
	uint64 found;
	Datum argument;

	cdpk_idmap_init(&place, &pass->allocator);
	for (int i = 0; i < taking->count; i++)
		has[taking->asked_as[i]] = true;
	for (int i = 0; i < taking->asked; i++)
		if (!has[i])
		{
			missing[count++] = DatumGetInt64(taking->event_ids[i]);
			pass_check(cdpk_idmap_put(&place, (uint64_t) DatumGetInt64(taking->event_ids[i]), i));
		}
	argument = pass_id_array(missing, count);
	rows = pass_query(pass,
					  "SELECT e.event_id, e.identifier_id, e.\"timestamp\" FROM cdp_data.event e"
					  " WHERE e.event_id = ANY ($3)",
					  1, types, &argument, &found);
	for (uint64 i = 0; i < found; i++)
	{
		uint32_t at = cdpk_idmap_get(&place, (uint64_t) resolver_int8(rows, i, 1));

		taking->anchors[at] = Int64GetDatum(resolver_int8(rows, i, 2));
		taking->times[at] = Int64GetDatum(resolver_int8(rows, i, 3));
	}
	SPI_freetuptable(rows);
	cdpk_idmap_free(&place);
}

/* find_events finds the events in the log. */
static void
find_events(Taking *taking)
{
	PassTaken *taken = &taking->pass->taken;

	for (int attempt = 0; attempt < 2; attempt++)
	{
		PassColumns key = {taking->asked};

		if (attempt > 0)
			find_moved(taking);
		memset(taken, 0, sizeof(*taken));
		cdpk_idmap_init(&taken->anchors, &taking->pass->allocator);
		taken->accounts = pass_array(taking->asked, sizeof(Datum));
		taking->by_source = palloc0(sizeof(int64) * Max(taking->pass->source_count, 1));
		taking->count = taking->call_count = taking->pass->left_out_count = 0;
		taking->contexts.count = 0;
		taking->again = NULL;
		add_key_columns(&key, taking, NULL);
		pass_find_logged(taking->pass, &key, note_taken, taking);
		if (taking->count == taking->asked)
			return;
		if (attempt == 0)
			cdpk_idmap_free(&taken->anchors);
	}
}

/* Rows found by message keys, and what a column of each must be. */
typedef struct Owned
{
	Datum *keys;
	int64 *expected;
	bool *own;
	int count;
	Datum *kept; /* keys whose column is the negative of it: they are kept for ever */
	int kept_count;
} Owned;

static void
add_owned(Owned *owned, pg_uuid_t *key, int64 expected)
{
	owned->keys[owned->count] = PointerGetDatum(key);
	owned->expected[owned->count++] = expected;
}

/* note_owned is the StoreRowFunction that compares the column. */
static void
note_owned(void *arg, int key, const Datum *values, const bool *nulls)
{
	Owned *owned = arg;

	if (nulls[0])
		return;
	owned->own[key] = DatumGetInt64(values[0]) == owned->expected[key];
	if (DatumGetInt64(values[0]) == -owned->expected[key])
		owned->kept[owned->kept_count++] = owned->keys[key];
}

/*
 * delete_owned deletes the rows of keys whose column is as expected.  Others are those of a later event: a
 * message that came again after its key was forgotten.
 */
static void
delete_owned(Store *store, PassColumns *key, Owned *owned, int column)
{
	int count = 0;

	key->rows = owned->count;
	if (owned->count == 0)
		return;
	owned->own = pass_array(owned->count, sizeof(bool));
	memset(owned->own, 0, sizeof(bool) * owned->count);
	owned->kept = pass_array(owned->count, sizeof(Datum));
	store_find(store, owned->count, pass_columns(key), 1, &column, note_owned, owned);
	for (int i = 0; i < owned->count; i++)
		if (owned->own[i])
			owned->keys[count++] = owned->keys[i];
	key->rows = count;
	if (count > 0)
		store_delete(store, count, pass_columns(key));
}

/* forget_hints notes that keys that are kept for ever have no event any more. */
static void
forget_hints(Pass *pass, const Owned *owned)
{
	PassColumns key = {owned->kept_count};
	PassColumns set = {owned->kept_count};
	Datum *message_key;
	bool *no_event;

	if (owned->kept_count == 0)
		return;
	message_key = pass_column(&key, MESSAGE_KEY);
	pass_null_column(&set, MESSAGE_HINT, &no_event);
	for (int i = 0; i < owned->kept_count; i++)
	{
		message_key[i] = owned->kept[i];
		no_event[i] = true;
	}
	store_update(pass_table(pass, TABLE_MESSAGE), owned->kept_count, pass_columns(&key),
				 pass_columns(&set));
}

/* delete_corrections forgets what these messages of mutable sources replaced. */
static void
delete_corrections(Pass *pass, Datum *message_ids, int count)
{
	static const Oid types[] = {TEXTARRAYOID};
	Datum argument;

	if (count == 0)
		return;
	argument = pass_value_array(message_ids, count, TEXTOID);
	pass_run(pass,
			 "DELETE FROM cdp_data.correction c USING unnest($3) AS u (message_id)"
			 " WHERE c.message_id = cdp_internal.account_id(u.message_id)",
			 1, types, &argument);
}

/*
 * keep_keys keeps message keys, whatever cdp.set_message_memory() says: also that of a later event with the same
 * message id, and one that was forgotten already.
 */
static void
keep_keys(const Taking *taking)
{
	static const Oid types[] = {UUIDARRAYOID, INT8ARRAYOID, INT8ARRAYOID};
	Datum *keys = pass_array(taking->count, sizeof(Datum));
	PassIds batch_ids = {NULL};
	PassIds contents = {NULL};
	Datum arguments[3];

	for (int i = 0; i < taking->count; i++)
	{
		if (taking->keys[i] == NULL || !is_forever(taking, taking->asked_as[i]))
			continue;
		keys[batch_ids.count] = UUIDPGetDatum(taking->keys[i]);
		pass_add_id(&batch_ids, taking->batch_ids[i]);
		pass_add_id(&contents, (int64) taking->contents[i]);
	}
	if (batch_ids.count == 0)
		return;
	arguments[0] = PointerGetDatum(
		construct_array(keys, batch_ids.count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
	arguments[1] = pass_id_array(batch_ids.items, batch_ids.count);
	arguments[2] = pass_id_array(contents.items, contents.count);
	pass_run(taking->pass,
			 "INSERT INTO cdp_data.message AS m (message_key, batch_id, content_hash)"
			 " SELECT DISTINCT ON (u.message_key) u.message_key, -u.batch_id, u.content_hash"
			 " FROM unnest($3, $4, $5) AS u (message_key, batch_id, content_hash)"
			 " ORDER BY u.message_key, u.batch_id DESC"
			 " ON CONFLICT (message_key) DO UPDATE SET batch_id = -abs(m.batch_id), hint ="
			 "  CASE WHEN abs(m.batch_id) <> abs(excluded.batch_id) THEN m.hint END,"
			 " content_hash = CASE WHEN excluded.content_hash <> 0 THEN m.content_hash ELSE 0 END",
			 3, types, arguments);
}

/* delete_keys frees the message keys of the events, and forgets what mutable sources said; but for what is replaced now. */
static void
delete_keys(Taking *taking)
{
	Pass *pass = taking->pass;
	PassColumns message = {taking->count};
	PassColumns statement = {taking->count};
	Owned messages = {pass_column(&message, MESSAGE_KEY), pass_array(taking->count, sizeof(int64))};
	Owned statements = {pass_column(&statement, STATEMENT_KEY),
						pass_array(taking->count, sizeof(int64))};
	Datum *message_ids = pass_array(taking->count, sizeof(Datum));
	int id_count = 0;

	for (int i = 0; i < taking->count; i++)
	{
		const CdpkBatchRow *row = &taking->events[i].row;

		if (taking->keys[i] == NULL || taking->asked_as[i] >= taking->retracted)
			continue;
		if (!taking->forever[taking->asked_as[i]])
			add_owned(&messages, taking->keys[i], taking->batch_ids[i]);
		if (!pass->sources[row->source].is_mutable)
			continue;
		add_owned(&statements, taking->keys[i], taking->events[i].event_id);
		message_ids[id_count++] = PointerGetDatum(cstring_to_text_with_len(
			(const char *) row->message_id.bytes, (int) row->message_id.length));
	}
	delete_owned(pass_table(pass, TABLE_MESSAGE), &message, &messages, MESSAGE_BATCH_ID);
	forget_hints(pass, &messages);
	keep_keys(taking);
	if (statements.count > 0)
		delete_owned(pass_table(pass, TABLE_STATEMENT), &statement, &statements,
					 STATEMENT_EVENT_ID);
	delete_corrections(pass, message_ids, id_count);
}

/* delete_events deletes the events that were found, and frees their message keys. */
static void
delete_events(Taking *taking)
{
	Pass *pass = taking->pass;
	PassColumns key = {taking->count};

	/* they come in another order than they were asked for, each once */
	add_key_columns(&key, taking, taking->asked_as);
	pass_check_gone(store_delete(pass_table(pass, TABLE_EVENT), taking->count, pass_columns(&key)),
					taking->count);
	/* this batch may add partitions */
	pass_close_table(pass, TABLE_EVENT);
	delete_keys(taking);
}

/* release_contexts gives up what contexts of these events had in common with others. */
static void
release_contexts(Taking *taking)
{
	static const Oid types[] = {INT8ARRAYOID};
	Datum argument;

	if (taking->contexts.count == 0)
		return;
	argument = pass_id_array(taking->contexts.items, taking->contexts.count);
	pass_run(taking->pass, "SELECT cdp_internal.release_contexts($3)", 1, types, &argument);
}

/* count_events keeps the books: by source, and what former anchors the events had. */
static void
count_events(Taking *taking)
{
	static const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID};
	Pass *pass = taking->pass;
	int64 *ids = pass_array(Max(taking->count, pass->source_count), sizeof(int64));
	int64 *events = pass_array(pass->source_count, sizeof(int64));
	int sources = 0;
	Datum arguments[2];

	for (int i = 0; i < pass->source_count; i++)
		if (taking->by_source[i] > 0)
		{
			ids[sources] = pass->sources[i].source_id;
			events[sources++] = taking->by_source[i];
		}
	arguments[0] = pass_id_array(ids, sources);
	arguments[1] = pass_id_array(events, sources);
	pass_run(pass,
			 "UPDATE cdp_data.source s SET retracted = s.retracted + n.events"
			 " FROM unnest($3, $4) AS n (source_id, events) WHERE s.source_id = n.source_id",
			 2, types, arguments);
	for (int i = 0; i < taking->count; i++)
		ids[i] = taking->events[i].event_id;
	arguments[0] = pass_id_array(ids, taking->count);
	pass_run(pass, "DELETE FROM cdp_data.anchor_history h WHERE h.event_id = ANY ($3)", 1, types,
			 arguments);
}

/* read_asked reads what is asked to be taken back, and what is replaced. */
static void
read_asked(Taking *taking)
{
	Pass *pass = taking->pass;

	batch_read("batch_taken_back", note_asked, taking);
	taking->retracted = taking->asked;
	for (int i = 0; i < pass->corrected.rows.count; i++)
		if (pass->corrected.event_ids.items[i] != 0)
			add_asked(taking, Int64GetDatum(pass->corrected.event_ids.items[i]),
					  Int64GetDatum(pass->corrected.anchors.items[i]),
					  TimestampTzGetDatum(pass->corrected.times.items[i]), true, BACK_RETRACTED);
}

/* take_events takes the events out of the log, and lets those come again that do. */
static void
take_events(Taking *taking)
{
	int asked = Max(taking->asked, 1);

	taking->message_by = hash_key(HASH_MESSAGE);
	taking->events = pass_array(asked, sizeof(CdpkBatchReread));
	taking->asked_as = pass_array(asked, sizeof(int));
	taking->keys = pass_array(asked, sizeof(pg_uuid_t *));
	taking->contents = pass_array(asked, sizeof(uint64));
	taking->batch_ids = pass_array(asked, sizeof(int64));
	find_events(taking);
	if (taking->count == 0)
		return;
	delete_events(taking);
	release_contexts(taking);
	count_events(taking);
	pass_count_left_out(taking->pass, -1);
	if (taking->again != NULL)
		pass_come_again(taking->again);
}

/* take_base adds rows of the base that go to what is taken back. */
static void
take_base(Taking *taking)
{
	Pass *pass = taking->pass;
	int count;
	CdpkBatchReread *rows = pass_erase_base(pass, &count);
	CdpkBatchReread *all;

	if (count == 0)
		return;
	all = pass_array(taking->count + count, sizeof(CdpkBatchReread));
	if (taking->count > 0)
		memcpy(all, taking->events, sizeof(CdpkBatchReread) * taking->count);
	memcpy(all + taking->count, rows, sizeof(CdpkBatchReread) * count);
	taking->events = all;
	taking->count += count;
}

void
pass_take_back(Pass *pass)
{
	Taking taking = {pass};

	read_asked(&taking);
	if (taking.asked == 0 && !batch_has("batch_erased"))
		return;
	take_events(&taking);
	pass->counts[COUNT_RETRACTED] = taking.count;
	take_base(&taking);
	pass->counts[COUNT_RETRACTED] += pass->taken.base_events;
	pass->changes.taken_back = taking.events;
	pass->changes.taken_back_count = (size_t) taking.count;
}

/* pass_forget_left forgets where identifiers were that have left the graph: no event ever carried them. */
void
pass_forget_left(Pass *pass)
{
	static const Oid types[] = {INT8ARRAYOID};
	Datum argument;

	if (pass->taken.left.count == 0)
		return;
	argument = pass_id_array(pass->taken.left.items, pass->taken.left.count);
	pass_run(pass, "DELETE FROM cdp_data.identifier_history h WHERE h.identifier_id = ANY ($3)", 1,
			 types, &argument);
}
