/*
 * verify_event.c
 *		cdp_internal.verify_events: the log against what is stored of each event: its identifiers, its anchor and its
 *		message; and what the events say of links.
 *
 * The log and the base are read once, in chunks.  What a chunk names is looked up once, by the store, in its
 * snapshot.  Events that are folded into the base do not count, also while they are in the log.
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
#include "platform/ingest/message_content.h"
#include "platform/operate/verify_event.h"
#include "platform/progress/progress.h"

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

void
verify_put_event(const VerifyCheck *check, const char *kind, const VerifyEvent *event, int64 a,
				 int64 b)
{
	Datum values[COLUMN_COUNT] = {0};
	bool nulls[COLUMN_COUNT];

	memset(nulls, true, sizeof(nulls));
	values[COLUMN_EVENT_ID] = Int64GetDatum(event->event_id);
	values[COLUMN_A] = Int64GetDatum(a);
	values[COLUMN_B] = Int64GetDatum(b);
	values[COLUMN_FIRST_AT] = TimestampTzGetDatum(event->said_at);
	values[COLUMN_MESSAGE_ID] = PointerGetDatum(event->message_id);
	nulls[COLUMN_EVENT_ID] = nulls[COLUMN_A] = nulls[COLUMN_B] = nulls[COLUMN_FIRST_AT] = false;
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

int
verify_add_source(VerifyCheck *check, text *name, int32 source_id)
{
	if (check->source_count == check->source_capacity)
	{
		check->source_capacity *= 2;
		check->sources =
			repalloc_huge(check->sources, sizeof(VerifySource) * check->source_capacity);
	}
	check->sources[check->source_count].name = name;
	check->sources[check->source_count].source_id = source_id;
	return check->source_count++;
}

/* find_source finds the place of a source by its name, and lists it if it is unknown. */
static int
find_source(VerifyCheck *check, Datum name)
{
	text *packed = DatumGetTextPP(name);
	Size length = VARSIZE_ANY_EXHDR(packed);
	text *copy;

	for (int i = 0; i < check->source_count; i++)
	{
		const text *known = check->sources[i].name;

		if (known != NULL && VARSIZE_ANY_EXHDR(known) == length &&
			memcmp(VARDATA_ANY(known), VARDATA_ANY(packed), length) == 0)
			return i;
	}
	copy = (text *) MemoryContextAlloc(GetMemoryChunkContext(check->sources), VARHDRSZ + length);
	SET_VARSIZE(copy, VARHDRSZ + length);
	memcpy(VARDATA(copy), VARDATA_ANY(packed), length);
	return verify_add_source(check, copy, 0);
}

/* set_contents finds what the content hash of a message can be. */
static void
set_contents(const VerifyCheck *check, InboxRow *columns, const OnboardedRow *row,
			 VerifyEvent *event)
{
	event->content = event->other_content = message_content(&check->content_key, columns, row);
	if (message_may_lack_time(columns))
	{
		columns->nulls[INBOX_TIMESTAMP] = true;
		event->other_content = message_content(&check->content_key, columns, row);
	}
}

/* begin_chunk makes room for a chunk. */
static void
begin_chunk(VerifyCheck *check)
{
	check->event_count = check->mention_count = 0;
	check->evidence_count = 0;
	check->mention_capacity = 4 * EVENTS_MAX;
	check->mentions = palloc(sizeof(uint32) * check->mention_capacity);
	check->events = palloc(sizeof(VerifyEvent) * EVENTS_MAX);
}

bool
verify_has_room(const VerifyCheck *check, int64 bytes)
{
	return check->event_count < EVENTS_MAX && check->evidence_count < PAIRS_MAX &&
		   bytes < BYTES_MAX;
}

VerifyEvent *
verify_begin_event(VerifyCheck *check)
{
	VerifyEvent *event = &check->events[check->event_count++];

	memset(event, 0, sizeof(*event));
	event->first_mention = check->mention_count;
	return event;
}

void
verify_mention(VerifyCheck *check, uint32 place)
{
	if (check->mention_count == check->mention_capacity)
	{
		check->mention_capacity *= 2;
		check->mentions = repalloc_huge(check->mentions, sizeof(uint32) * check->mention_capacity);
	}
	check->mentions[check->mention_count++] = place;
}

void
verify_end_event(VerifyCheck *check, const VerifyEvent *event)
{
	/* at most so many */
	check->evidence_count +=
		(int64) event->mention_count * (event->mention_count - 1) / 2 + event->is_alias;
}

/* mention adds the names of an event. */
static void
mention(VerifyCheck *check, const OnboardedRow *row, VerifyEvent *event)
{
	const IdentifierSet *set = &row->identifiers;

	for (int i = 0; i < set->count; i++)
	{
		uint32 place = verify_names_add(check->names, IdentifierPayload(set->members[i]),
										IdentifierLength(set->members[i]));

		verify_name(check->names, place)->is_carried = true;
		verify_mention(check, place);
	}
	event->mention_count = set->count;
	event->is_alias = row->earlier != NULL;
	if (event->is_alias)
		verify_mention(check, verify_names_add(check->names, IdentifierPayload(row->earlier),
											   IdentifierLength(row->earlier)));
}

/* clean finds what an event says; one that would be refused now has no identifiers. */
static void
clean(VerifyCheck *check, InboxRow *columns, VerifyEvent *event)
{
	OnboardOptions options = {check->as_of, INGEST_IDENTIFIERS_MAX, true, check->onboard_sources};
	MemoryContext caller = MemoryContextSwitchTo(check->scratch);
	Refusal refusal = {NULL, ""};
	OnboardedRow row;

	event->has_key = !columns->nulls[INBOX_MESSAGE_ID] &&
					 event->batch_id > check->forgotten_batch_id &&
					 onboard_message_key(check->onboard_sources, &check->message_by,
										 ingest_column(columns, INBOX_SOURCE),
										 ingest_column(columns, INBOX_MESSAGE_ID), &event->key);
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

/* read_event adds the present event, unless it is folded; it returns the bytes that it takes. */
static int64
read_event(VerifyCheck *check, const LogCursor *log)
{
	int64 event_id = log_cursor_int8(log, LOG_EVENT_ID);
	VerifyEvent *event;
	Datum values[LOGGED_COLUMNS];
	bool nulls[LOGGED_COLUMNS];
	InboxRow columns;
	TimestampTz at;

	chunk_read_columns(log, values, nulls);
	pass_inbox_row(values, nulls, &columns);
	at = DatumGetTimestampTz(columns.values[INBOX_TIMESTAMP]);
	if (pass_month_is_folded(check->months, check->month_count, event_id, at))
		return 0;
	event = verify_begin_event(check);
	event->event_id = event_id;
	event->anchor = log_cursor_int8(log, LOG_IDENTIFIER_ID);
	event->batch_id = log_cursor_int8(log, LOG_BATCH_ID);
	event->events = 1;
	event->said_at = event->last_at =
		Min(at, DatumGetTimestampTz(columns.values[INBOX_RECEIVED_AT]));
	event->source = find_source(check, columns.values[INBOX_SOURCE]);
	if (!columns.nulls[INBOX_MESSAGE_ID])
		event->message_id = (text *) PG_DETOAST_DATUM_COPY(columns.values[INBOX_MESSAGE_ID]);
	clean(check, &columns, event);
	verify_end_event(check, event);
	return event->message_id != NULL ? VARSIZE_ANY(event->message_id) : 0;
}

/* read_log reads the next events. */
static void
read_log(VerifyCheck *check, LogCursor *log)
{
	int64 bytes = 0;

	while (verify_has_room(check, bytes) && log_cursor_look(log))
	{
		CHECK_FOR_INTERRUPTS();
		bytes += read_event(check, log);
		log_cursor_skip(log);
		progress_step(check->done++);
	}
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

/* rule_names does so for the names of the chunk, and looks up those of the log. */
static void
rule_names(const VerifyCheck *check, bool of_base)
{
	MemoryContext caller = MemoryContextSwitchTo(check->scratch);

	for (uint32 i = 0; i < verify_names_count(check->names); i++)
	{
		CHECK_FOR_INTERRUPTS();
		rule_name(check, verify_name(check->names, i));
		MemoryContextReset(check->scratch);
	}
	MemoryContextSwitchTo(caller);
	if (!of_base)
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
		/* 0: parts of the event were forgotten */
		event->differs =
			content != 0 && content != event->content && content != event->other_content;
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

/* check_events checks the events of the chunk. */
static void
check_events(VerifyCheck *check)
{
	for (int i = 0; i < check->event_count; i++)
	{
		const VerifyEvent *event = &check->events[i];
		int64 anchor = find_anchor(check, event);

		if (anchor != event->anchor)
			verify_put_event(check, "anchor", event, anchor, event->anchor);
		if (event->has_key && !event->is_known)
			verify_put_event(check, "message", event, 0, 0);
		else if (event->differs)
			verify_put_event(check, "content", event, 0, 0);
	}
	verify_put_links(check);
}

/* check_chunk checks the next events of the log, or rows of the base; false: there are no more. */
static bool
check_chunk(VerifyCheck *check, LogCursor *cursor, bool of_base)
{
	MemoryContext context =
		AllocSetContextCreate(CurrentMemoryContext, "cdp verify chunk", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);

	check->scratch = AllocSetContextCreate(context, "cdp verify event", ALLOCSET_DEFAULT_SIZES);
	check->names = verify_names_new();
	begin_chunk(check);
	if (of_base)
		verify_read_base(check, cursor);
	else
		read_log(check, cursor);
	rule_names(check, of_base);
	look_up_messages(check);
	check_events(check);
	verify_names_close(check->names);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return log_cursor_look(cursor);
}

/* check_rows checks all rows of a query. */
static void
check_rows(VerifyCheck *check, const char *query, Datum places, bool of_base)
{
	Oid type = INT8ARRAYOID;
	LogCursor cursor;

	log_cursor_open_snapshot(&cursor, query, places != 0 ? 1 : 0, &type, &places);
	while (check_chunk(check, &cursor, of_base))
		CHECK_FOR_INTERRUPTS();
	log_cursor_close(&cursor);
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

/* read_settings reads the time of the last batch, the sources, what is blocked, folded, and void. */
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
	rows = resolver_rows(PASS_MONTHS_QUERY, 0, NULL, &count);
	check->months = pass_make_months(rows, count);
	check->month_count = (int) count;
	verify_read_voids(check);
}

/* say_unchecked tells how many messages have no event that could be compared with them. */
static void
say_unchecked(const VerifyCheck *check)
{
	uint64 count;
	SPITupleTable *rows = resolver_rows(
		"SELECT count(*) - $1[1] FROM cdp_data.message m, cdp_data.state s"
		" WHERE m.batch_id NOT BETWEEN 0 AND s.forgotten_batch_id AND NOT EXISTS (SELECT FROM cdp_data.statement d"
		" WHERE d.message_key = m.message_key AND d.event_id IS NULL)",
		1, (Datum[]){resolver_ids(&check->compared, 1)}, &count);
	int64 unchecked = resolver_int8(rows, 0, 1);

	if (unchecked > 0)
		ereport(NOTICE, (errmsg_plural("the content of %lld message was not compared",
									   "the contents of %lld messages were not compared",
									   (unsigned long) unchecked, (long long) unchecked),
						 errdetail("Their events were taken back forever, have left the log, or "
								   "would be refused now.")));
}

/* cdp_verify_events implements cdp_internal.verify_events(places, own). */
Datum
cdp_verify_events(PG_FUNCTION_ARGS)
{
	static const char *const all[] = {"SELECT " LOG_COLUMNS " FROM cdp_data.event e",
									  "SELECT " VERIFY_BASE_COLUMNS " FROM cdp_data.base b"};
	static const char *const some[] = {
		"SELECT " LOG_COLUMNS " FROM pg_catalog.unnest($1) AS p (place)"
		" JOIN cdp_data.event e ON e.identifier_id = p.place",
		"SELECT " VERIFY_BASE_COLUMNS " FROM pg_catalog.unnest($1) AS p (place)"
		" JOIN cdp_data.base b ON b.identifier_id = p.place"};
	VerifyCheck check = {(ReturnSetInfo *) fcinfo->resultinfo};
	const char *const *queries = PG_ARGISNULL(0) ? all : some;
	Datum places = PG_ARGISNULL(0) ? 0 : PG_GETARG_DATUM(0);

	InitMaterializedSRF(fcinfo, 0);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	check.content_key = hash_key(HASH_CONTENT);
	check.message_by = hash_key(HASH_MESSAGE);
	check.onboard_sources = onboard_sources_read();
	check.resolver = resolver_new();
	read_settings(&check);
	if (!PG_ARGISNULL(1))
		check.own = read_ids(PG_GETARG_ARRAYTYPE_P(1), &check.own_count);
	check.messages = store_open(&message_table, STORE_READ, STORE_DIRECT);
	check_rows(&check, queries[0], places, false);
	check_rows(&check, queries[1], places, true);
	store_close(check.messages);
	if (PG_ARGISNULL(0))
		say_unchecked(&check);
	SPI_finish();
	return (Datum) 0;
}
