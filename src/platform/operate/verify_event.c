/*
 * verify_event.c
 *		cdp_internal.verify_events: the log against what is stored of each event: its identifiers, its anchor and its
 *		message; and what the events say of links.
 *
 * The log is read once, in chunks.  What a chunk names is looked up once, by the store, in its snapshot.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "platform/catalogue/hash_key.h"
#include "platform/identity/blocked.h"
#include "platform/identity/resolve.h"
#include "platform/ingest/message_content.h"
#include "platform/operate/verify_event.h"
#include "platform/progress/progress.h"
#include "platform/refresh/restitch.h"

CDP_FUNCTION(cdp_verify_events);

/* a chunk ends once it has so many events, pairs of identifiers, or bytes of message ids */
#define EVENTS_MAX 30000
#define PAIRS_MAX (500 * 1000)
#define BYTES_MAX (16 * 1024 * 1024)

static const char *const message_columns[] = {"message_key", "content_hash"};
static const StoreTable message_table = {"cdp_data", "message", lengthof(message_columns),
										 message_columns};
enum
{
	MESSAGE_COLUMN_KEY,
	MESSAGE_COLUMN_CONTENT
};

/* ---------------------------------------------------------------- result */

void
verify_put_row(const VerifyCheck *check, const char *kind, Datum *values, bool *nulls)
{
	values[COLUMN_KIND] = CStringGetTextDatum(kind);
	nulls[COLUMN_KIND] = false;
	tuplestore_putvalues(check->result->setResult, check->result->setDesc, values, nulls);
}

/* put_event puts what is wrong with an event; a and b: see verify_log.sql. */
static void
put_event(const VerifyCheck *check, const char *kind, const VerifyEvent *event, int64 a, int64 b)
{
	Datum values[COLUMN_COUNT] = {0};
	bool nulls[COLUMN_COUNT];

	memset(nulls, true, sizeof(nulls));
	values[COLUMN_EVENT_ID] = Int64GetDatum(event->event_id);
	values[COLUMN_A] = Int64GetDatum(a);
	values[COLUMN_B] = Int64GetDatum(b);
	values[COLUMN_MESSAGE_ID] = PointerGetDatum(event->message_id);
	nulls[COLUMN_EVENT_ID] = nulls[COLUMN_A] = nulls[COLUMN_B] = false;
	nulls[COLUMN_MESSAGE_ID] = event->message_id == NULL;
	verify_put_row(check, kind, values, nulls);
}

/* put_identifier puts an identifier that events have, and that the tables lack or take for blocked. */
static void
put_identifier(const VerifyCheck *check, const VerifyName *name)
{
	Datum values[COLUMN_COUNT] = {0};
	bool nulls[COLUMN_COUNT];

	memset(nulls, true, sizeof(nulls));
	values[COLUMN_IDENTIFIER] = verify_name_value(name);
	nulls[COLUMN_IDENTIFIER] = false;
	verify_put_row(check, "identifier", values, nulls);
}

/* ---------------------------------------------------------------- reading */

/* find_source finds the place of a source by its name, and lists it if it is unknown. */
static int
find_source(VerifyCheck *check, Datum name)
{
	text *packed = DatumGetTextPP(name);
	Size length = VARSIZE_ANY_EXHDR(packed);
	VerifySource *source;

	for (int i = 0; i < check->source_count; i++)
		if (VARSIZE_ANY_EXHDR(check->sources[i].name) == length &&
			memcmp(VARDATA_ANY(check->sources[i].name), VARDATA_ANY(packed), length) == 0)
			return i;
	if (check->source_count == check->source_capacity)
	{
		check->source_capacity *= 2;
		check->sources =
			repalloc_huge(check->sources, sizeof(VerifySource) * check->source_capacity);
	}
	source = &check->sources[check->source_count];
	source->name =
		(text *) MemoryContextAlloc(GetMemoryChunkContext(check->sources), VARHDRSZ + length);
	SET_VARSIZE(source->name, VARHDRSZ + length);
	memcpy(VARDATA(source->name), VARDATA_ANY(packed), length);
	source->source_id = 0;
	return check->source_count++;
}

/*
 * set_contents finds what the content hash of a message can be.  Without a time from the sender, the log
 * has one of these instead, and does not say so.
 */
static void
set_contents(const VerifyCheck *check, InboxRow *columns, const OnboardedRow *row,
			 VerifyEvent *event)
{
	TimestampTz at = DatumGetTimestampTz(columns->values[INBOX_TIMESTAMP]);

	event->content = event->other_content = message_content(&check->content_key, columns, row);
	if (columns->nulls[INBOX_ORIGINAL_TIMESTAMP] &&
		(at == DatumGetTimestampTz(columns->values[INBOX_RECEIVED_AT]) ||
		 (!columns->nulls[INBOX_SENT_AT] &&
		  at == DatumGetTimestampTz(columns->values[INBOX_SENT_AT]))))
	{
		columns->nulls[INBOX_TIMESTAMP] = true;
		event->other_content = message_content(&check->content_key, columns, row);
	}
}

/* mention adds the names of an event. */
static void
mention(VerifyCheck *check, const OnboardedRow *row, VerifyEvent *event)
{
	const IdentifierSet *set = &row->identifiers;

	if (check->mention_count + set->count + 1 > check->mention_capacity)
	{
		check->mention_capacity = check->mention_capacity * 2 + set->count + 1;
		check->mentions = repalloc_huge(check->mentions, sizeof(uint32) * check->mention_capacity);
	}
	for (int i = 0; i < set->count; i++)
	{
		uint32 place = verify_names_add(check->names, IdentifierPayload(set->members[i]),
										IdentifierLength(set->members[i]));

		verify_name(check->names, place)->is_carried = true;
		check->mentions[check->mention_count++] = place;
	}
	event->mention_count = set->count;
	event->is_alias = row->earlier != NULL;
	if (event->is_alias)
		check->mentions[check->mention_count++] = verify_names_add(
			check->names, IdentifierPayload(row->earlier), IdentifierLength(row->earlier));
}

/* clean finds what an event says; one that would be refused now has no identifiers. */
static void
clean(VerifyCheck *check, InboxRow *columns, VerifyEvent *event)
{
	OnboardOptions options = {check->as_of, INGEST_IDENTIFIERS_MAX};
	MemoryContext caller = MemoryContextSwitchTo(check->scratch);
	Refusal refusal = {NULL, ""};
	OnboardedRow row;

	event->has_key = !columns->nulls[INBOX_MESSAGE_ID] &&
					 event->batch_id > check->forgotten_batch_id &&
					 ingest_message_key(ingest_column(columns, INBOX_MESSAGE_ID), &event->key);
	event->is_clean =
		onboard_row(columns, ingest_column(columns, INBOX_SOURCE), options, &row, &refusal);
	if (event->is_clean)
	{
		mention(check, &row, event);
		if (event->has_key)
			set_contents(check, columns, &row, event);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(check->scratch);
}

/* read_event adds the present event. */
static void
read_event(VerifyCheck *check, const LogCursor *log)
{
	VerifyEvent *event = &check->events[check->event_count++];
	Datum values[LOGGED_COLUMNS];
	bool nulls[LOGGED_COLUMNS];
	InboxRow columns;

	chunk_read_columns(log, values, nulls);
	pass_inbox_row(values, nulls, &columns);
	memset(event, 0, sizeof(*event));
	event->event_id = log_cursor_int8(log, LOG_EVENT_ID);
	event->anchor = log_cursor_int8(log, LOG_IDENTIFIER_ID);
	event->batch_id = log_cursor_int8(log, LOG_BATCH_ID);
	event->said_at = Min(DatumGetTimestampTz(columns.values[INBOX_TIMESTAMP]),
						 DatumGetTimestampTz(columns.values[INBOX_RECEIVED_AT]));
	event->source = find_source(check, columns.values[INBOX_SOURCE]);
	event->first_mention = check->mention_count;
	if (!columns.nulls[INBOX_MESSAGE_ID])
		event->message_id = (text *) PG_DETOAST_DATUM_COPY(columns.values[INBOX_MESSAGE_ID]);
	clean(check, &columns, event);
}

/* read_chunk reads the next events; false: there are no more. */
static bool
read_chunk(VerifyCheck *check, LogCursor *log)
{
	int64 bytes = 0;

	check->event_count = check->mention_count = 0;
	check->evidence_count = 0;
	check->mention_capacity = 4 * EVENTS_MAX;
	check->mentions = palloc(sizeof(uint32) * check->mention_capacity);
	check->events = palloc(sizeof(VerifyEvent) * EVENTS_MAX);
	while (check->event_count < EVENTS_MAX && check->evidence_count < PAIRS_MAX &&
		   bytes < BYTES_MAX && log_cursor_look(log))
	{
		const VerifyEvent *event = &check->events[check->event_count];

		CHECK_FOR_INTERRUPTS();
		read_event(check, log);
		log_cursor_skip(log);
		progress_step(check->done++);
		/* at most so many */
		check->evidence_count +=
			(int64) event->mention_count * (event->mention_count - 1) / 2 + event->is_alias;
		bytes += event->message_id != NULL ? VARSIZE_ANY(event->message_id) : 0;
	}
	return check->event_count > 0;
}

/* ---------------------------------------------------------------- identifiers */

/* rule_name finds what the rules say of a name. */
static void
rule_name(const VerifyCheck *check, VerifyName *name)
{
	const char *name_space = (const char *) name->payload + CDPK_IDENTIFIER_HEADER;
	size_t length = name->payload[1];

	name->is_blocked =
		check->blocked != NULL && blocked_rules_match(check->blocked, name->payload, name->length);
	if (resolver_knows(check->resolver, name_space, length))
	{
		uint32_t place = resolver_namespace(check->resolver, name_space, length);

		name->has_rule = true;
		name->priority = check->resolver->rules.namespaces[place].priority;
	}
}

/* rule_names does so for the names of the chunk, and looks them up. */
static void
rule_names(const VerifyCheck *check)
{
	MemoryContext caller = MemoryContextSwitchTo(check->scratch);

	for (uint32 i = 0; i < verify_names_count(check->names); i++)
	{
		CHECK_FOR_INTERRUPTS();
		rule_name(check, verify_name(check->names, i));
		MemoryContextReset(check->scratch);
	}
	MemoryContextSwitchTo(caller);
	verify_names_look_up(check->names);
	for (uint32 i = 0; i < verify_names_count(check->names); i++)
	{
		const VerifyName *name = verify_name(check->names, i);

		if (name->is_carried && !name->is_blocked && !verify_name_usable(name))
			put_identifier(check, name);
	}
}

/* find_anchor finds the strongest usable identifier of an event. */
static int64
find_anchor(const VerifyCheck *check, const VerifyEvent *event)
{
	const VerifyName *best = NULL;

	for (int i = 0; i < event->mention_count; i++)
	{
		const VerifyName *name =
			verify_name(check->names, check->mentions[event->first_mention + i]);

		if (verify_name_usable(name) && (best == NULL || verify_name_compare(name, best) < 0))
			best = name;
	}
	return best != NULL ? best->identifier_id : 0;
}

/* ---------------------------------------------------------------- messages */

/* The events whose messages are looked up. */
typedef struct Asked
{
	VerifyCheck *check;
	VerifyEvent **events;
} Asked;

/* note_message is the StoreRowFunction that takes the row of a message. */
static void
note_message(void *arg, int key, const Datum *values, const bool *nulls)
{
	Asked *asked = arg;
	VerifyEvent *event = asked->events[key];
	uint64 content = (uint64) DatumGetInt64(values[0]);

	event->is_known = true;
	if (event->is_clean)
	{
		asked->check->compared++;
		event->differs = content != event->content && content != event->other_content;
	}
}

/* look_up_messages finds the messages of the chunk. */
static void
look_up_messages(VerifyCheck *check)
{
	static const int wanted[] = {MESSAGE_COLUMN_CONTENT};
	Asked asked = {check, palloc(sizeof(VerifyEvent *) * check->event_count)};
	Datum *keys = palloc(sizeof(Datum) * check->event_count);
	StoreColumn key = {MESSAGE_COLUMN_KEY, keys};
	int count = 0;

	for (int i = 0; i < check->event_count; i++)
		if (check->events[i].has_key)
		{
			asked.events[count] = &check->events[i];
			keys[count++] = UUIDPGetDatum(&check->events[i].key);
		}
	if (count > 0)
		store_find(check->messages, count, (StoreColumns){1, &key}, lengthof(wanted), wanted,
				   note_message, &asked);
}

/* ---------------------------------------------------------------- chunks */

/* check_chunk checks the next events; false: there are no more. */
static bool
check_chunk(VerifyCheck *check, LogCursor *log)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "cdp verify chunk", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	bool found;

	check->scratch = AllocSetContextCreate(context, "cdp verify event", ALLOCSET_DEFAULT_SIZES);
	check->names = verify_names_new();
	found = read_chunk(check, log);
	if (found)
	{
		rule_names(check);
		look_up_messages(check);
		for (int i = 0; i < check->event_count; i++)
		{
			const VerifyEvent *event = &check->events[i];
			int64 anchor = find_anchor(check, event);

			if (anchor != event->anchor)
				put_event(check, "anchor", event, anchor, event->anchor);
			if (event->has_key && !event->is_known)
				put_event(check, "message", event, 0, 0);
			else if (event->differs)
				put_event(check, "content", event, 0, 0);
		}
		verify_put_links(check);
	}
	verify_names_close(check->names);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return found;
}

/* read_ids reads an argument of ids, sorted. */
static int64 *
read_ids(ArrayType *array, int *count)
{
	Datum *values;
	int64 *ids;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values,
					  NULL, count);
	ids = palloc(sizeof(int64) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
		ids[i] = DatumGetInt64(values[i]);
	qsort(ids, *count, sizeof(int64), verify_compare_ids);
	return ids;
}

/* read_settings reads the time of the last batch, the sources, what is blocked and which evidence is void. */
static void
read_settings(VerifyCheck *check)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows(
		"SELECT s.as_of, cdp_internal.blocked_rules(), s.forgotten_batch_id FROM cdp_data.state s",
		0, NULL, &count);
	bool isnull;
	Datum blocked;

	check->as_of = resolver_isnull(rows, 0, 1) ? DT_NOEND : resolver_int8(rows, 0, 1);
	blocked = SPI_getbinval(rows->vals[0], rows->tupdesc, 2, &isnull);
	if (!isnull && JB_ROOT_COUNT(DatumGetJsonbP(blocked)) > 0)
		check->blocked = blocked_rules_read(DatumGetJsonbP(blocked), CurrentMemoryContext);
	check->forgotten_batch_id = resolver_int8(rows, 0, 3);
	rows = resolver_rows("SELECT s.source::pg_catalog.text, s.source_id FROM cdp_data.source s", 0,
						 NULL, &count);
	check->source_capacity = (int) count + 8;
	check->sources = palloc(sizeof(VerifySource) * check->source_capacity);
	for (uint64 i = 0; i < count; i++)
	{
		check->sources[i].name = resolver_text(rows, i, 1);
		check->sources[i].source_id = resolver_int4(rows, i, 2);
	}
	check->source_count = (int) count;
	rows = resolver_rows("SELECT least(x.identifier_id, y.identifier_id),"
						 " greatest(x.identifier_id, y.identifier_id), v.until_at"
						 " FROM cdp_data.verdict v"
						 " CROSS JOIN LATERAL cdp_internal.known_identifier(v.a) x"
						 " CROSS JOIN LATERAL cdp_internal.known_identifier(v.b) y"
						 " WHERE v.kind = 'unlink'",
						 0, NULL, &count);
	check->voids = palloc_extended(sizeof(VerifyVoid) * (count + 1), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < count; i++)
		check->voids[i] = (VerifyVoid){resolver_int8(rows, i, 1), resolver_int8(rows, i, 2),
									   resolver_int8(rows, i, 3)};
	check->void_count = (int) count;
	qsort(check->voids, count, sizeof(VerifyVoid), verify_compare_voids);
}

/* say_unchecked tells how many messages have no event that could be compared with them. */
static void
say_unchecked(const VerifyCheck *check)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows(
		"SELECT count(*) - $1[1] FROM cdp_data.message m, cdp_data.state s"
		" WHERE m.batch_id > s.forgotten_batch_id AND NOT EXISTS (SELECT FROM cdp_data.statement d"
		" WHERE d.message_key = m.message_key AND d.event_id IS NULL)",
		1, (Datum[]){resolver_ids(&check->compared, 1)}, &count);
	int64 unchecked = resolver_int8(rows, 0, 1);

	if (unchecked > 0)
		ereport(NOTICE,
				(errmsg_plural("the content of %lld message was not compared",
							   "the contents of %lld messages were not compared",
							   (unsigned long) unchecked, (long long) unchecked),
				 errdetail("Their events were taken back forever, are missing from the log, or "
						   "would be refused now.")));
}

/* cdp_verify_events implements cdp_internal.verify_events(places, own). */
Datum
cdp_verify_events(PG_FUNCTION_ARGS)
{
	static const char all[] = "SELECT " LOG_COLUMNS " FROM cdp_data.event e";
	static const char some[] = "SELECT " LOG_COLUMNS " FROM pg_catalog.unnest($1) AS p (place)"
							   " JOIN cdp_data.event e ON e.identifier_id = p.place";
	VerifyCheck check = {(ReturnSetInfo *) fcinfo->resultinfo};
	Oid type = INT8ARRAYOID;
	Datum places = PG_GETARG_DATUM(0);
	LogCursor log;

	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	check.content_key = hash_key(HASH_CONTENT);
	check.resolver = resolver_new();
	read_settings(&check);
	if (!PG_ARGISNULL(1))
		check.own = read_ids(PG_GETARG_ARRAYTYPE_P(1), &check.own_count);
	check.messages = store_open(&message_table, STORE_READ, STORE_DIRECT);
	if (PG_ARGISNULL(0))
		log_cursor_open_snapshot(&log, all, 0, NULL, NULL);
	else
		log_cursor_open_snapshot(&log, some, 1, &type, &places);
	while (check_chunk(&check, &log))
		CHECK_FOR_INTERRUPTS();
	log_cursor_close(&log);
	store_close(check.messages);
	if (PG_ARGISNULL(0))
		say_unchecked(&check);
	SPI_finish();
	return (Datum) 0;
}
