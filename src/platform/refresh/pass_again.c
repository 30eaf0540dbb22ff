/*
 * pass_again.c
 *		Events that are taken back, and come again without what names people who are erased.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/datum.h"

#include "platform/batch/batch.h"
#include "platform/catalogue/hash_key.h"
#include "platform/ingest/message_content.h"
#include "platform/ingest/scrub.h"
#include "platform/ingest/take_clean.h"
#include "platform/refresh/pass.h"
#include "toolkit/bridge/jsonb_walk.h"

struct PassAgain
{
	Pass *pass;
	const Suppressed *suppressed;
	CdpkSipHashKey content_by; /* the key for HASH_CONTENT */
	CdpkSipHashKey message_by; /* the key for HASH_MESSAGE */
	Jsonb *kept;               /* the names of properties that are not personal, as an array */
	TakenRow *rows;
	int count;
	int capacity;
};

/* note_kept is the BatchRowFunction that takes the names of properties that are not personal. */
static void
note_kept(void *arg, TupleDesc descriptor, const Datum *values, const bool *nulls)
{
	PassAgain *again = arg;
	MemoryContext caller = MemoryContextSwitchTo(again->pass->context);

	again->kept = DatumGetJsonbPCopy(values[0]);
	MemoryContextSwitchTo(caller);
}

/* note_erasure is the BatchRowFunction that reads what an erasure suppresses. */
static void
note_erasure(void *arg, TupleDesc descriptor, const Datum *values, const bool *nulls)
{
	PassAgain *again = arg;
	MemoryContext caller = MemoryContextSwitchTo(again->pass->context);

	again->suppressed = suppressed_read_of(DatumGetInt64(values[0]));
	MemoryContextSwitchTo(caller);
}

PassAgain *
pass_new_again(Pass *pass)
{
	PassAgain *again = palloc0(sizeof(PassAgain));

	again->pass = pass;
	batch_read("batch_suppressed", note_erasure, again);
	again->content_by = hash_key(HASH_CONTENT);
	again->message_by = hash_key(HASH_MESSAGE);
	if (batch_has("batch_kept_properties"))
		batch_read("batch_kept_properties", note_kept, again);
	return again;
}

/* copy_columns copies the columns of an event, with its whole context. */
static void
copy_columns(PassAgain *again, const PassSaid *said, const Datum *logged, const bool *nulls,
			 InboxRow *columns)
{
	Jsonb *context = pass_whole_context(again->pass, said);

	pass_inbox_row(logged, nulls, columns);
	columns->nulls[INBOX_CONTEXT] = context == NULL;
	columns->values[INBOX_CONTEXT] = JsonbPGetDatum(context);
	for (int i = 0; i < INBOX_COLUMNS; i++)
		if (!columns->nulls[i] && take_inbox.columns[i].type != TIMESTAMPTZOID)
			columns->values[i] = PointerGetDatum(PG_DETOAST_DATUM_COPY(columns->values[i]));
}

/* keep_named makes an object of the members of a document whose names are listed; NULL: there are none. */
static Jsonb *
keep_named(Jsonb *document, Jsonb *names)
{
	JsonbParseState *state = NULL;
	JsonbWalk walk;
	JsonbValue key;
	JsonbValue value;
	int kept = 0;

	if (names == NULL || !JB_ROOT_IS_OBJECT(document))
		return NULL;
	walk = jsonb_walk(&document->root);
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while (jsonb_walk_member(&walk, &key, &value))
	{
		/* what holds others may hold a name */
		if (value.type == jbvBinary ||
			findJsonbValueFromContainer(&names->root, JB_FARRAY, &key) == NULL)
			continue;
		(void) pushJsonbValue(&state, WJB_KEY, &key);
		(void) pushJsonbValue(&state, WJB_VALUE, &value);
		kept++;
	}
	document = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	return kept > 0 ? document : NULL;
}

/* day_of returns the beginning of the day of a time, in UTC. */
static TimestampTz
day_of(TimestampTz at)
{
	return at - ((at % USECS_PER_DAY) + USECS_PER_DAY) % USECS_PER_DAY;
}

/* anonymise leaves of the columns of an event what, on which day, and properties that are not personal. */
static void
anonymise(PassAgain *again, InboxRow *columns)
{
	static const InboxColumn personal[] = {
		INBOX_MESSAGE_ID,  INBOX_ANONYMOUS_ID,      INBOX_USER_ID, INBOX_GROUP_ID,
		INBOX_PREVIOUS_ID, INBOX_IDENTIFIERS,       INBOX_TRAITS,  INBOX_CONTEXT,
		INBOX_SENT_AT,     INBOX_ORIGINAL_TIMESTAMP};
	static const InboxColumn times[] = {INBOX_TIMESTAMP, INBOX_RECEIVED_AT};
	Jsonb *properties = NULL;

	for (int i = 0; i < lengthof(personal); i++)
		columns->nulls[personal[i]] = true;
	for (int i = 0; i < lengthof(times); i++)
		columns->values[times[i]] =
			TimestampTzGetDatum(day_of(DatumGetTimestampTz(columns->values[times[i]])));
	if (!columns->nulls[INBOX_PROPERTIES])
		properties = keep_named(DatumGetJsonbP(columns->values[INBOX_PROPERTIES]), again->kept);
	columns->nulls[INBOX_PROPERTIES] = properties == NULL;
	columns->values[INBOX_PROPERTIES] = JsonbPGetDatum(properties);
}

/* new_row makes room for one more row. */
static TakenRow *
new_row(PassAgain *again)
{
	if (again->count == again->capacity)
	{
		again->capacity = Max(64, again->capacity * 2);
		again->rows = again->rows == NULL
						  ? pass_array(again->capacity, sizeof(TakenRow))
						  : repalloc_huge(again->rows, sizeof(TakenRow) * again->capacity);
	}
	memset(&again->rows[again->count], 0, sizeof(TakenRow));
	return &again->rows[again->count];
}

/* set_identifiers sets the identifiers of a row, of an alias the earlier user_id last. */
static void
set_identifiers(TakenRow *row, const OnboardedRow *event)
{
	const IdentifierSet *set = &event->identifiers;

	row->identifiers = palloc(sizeof(Identifier *) * (set->count + 1));
	row->identifier_count = set->count;
	memcpy(row->identifiers, set->members, sizeof(Identifier *) * set->count);
	row->is_alias = event->earlier != NULL;
	if (row->is_alias)
		row->identifiers[set->count] = event->earlier;
}

/* set_message sets the key and the content of the message of a row. */
static void
set_message(PassAgain *again, TakenRow *row, const OnboardedRow *event)
{
	InboxRow columns = row->columns;

	if (columns.nulls[INBOX_MESSAGE_ID])
		return;
	row->has_key =
		onboard_message_key(again->pass->onboard_sources, &again->message_by, row->source,
							ingest_column(&columns, INBOX_MESSAGE_ID), &row->message_key);
	columns.nulls[INBOX_TIMESTAMP] = message_may_lack_time(&columns);
	row->content = message_content(&again->content_by, &columns, event);
}

void
pass_add_again(PassAgain *again, PassBack why, const PassSaid *said, const Datum *logged,
			   const bool *nulls)
{
	Pass *pass = again->pass;
	OnboardOptions options = {pass->as_of, INGEST_IDENTIFIERS_MAX, true, pass->onboard_sources};
	MemoryContext caller = MemoryContextSwitchTo(pass->context);
	TakenRow *row = new_row(again);
	CdpkSpan source;
	OnboardedRow event;
	Refusal refusal;

	copy_columns(again, said, logged, nulls, &row->columns);
	source = ingest_column(&row->columns, INBOX_SOURCE);
	if (why == BACK_ANONYMISED)
		anonymise(again, &row->columns);
	else if (again->suppressed != NULL)
		(void) scrub_row(again->suppressed,
						 onboard_source_rules(pass->onboard_sources, source)->phone_region,
						 &row->columns);
	if (onboard_row(&row->columns, source, options, &event, &refusal) &&
		(why == BACK_ANONYMISED
			 ? event.event.length > 0
			 : event.identifiers.count > 0 &&
				   (again->suppressed == NULL || !scrub_is_needed(again->suppressed, &event))))
	{
		row->source = event.source;
		row->call_type = event.type;
		row->event = event.event;
		row->at = event.at;
		row->seen_at = DatumGetTimestampTz(row->columns.values[INBOX_RECEIVED_AT]);
		set_identifiers(row, &event);
		set_message(again, row, &event);
		again->count++;
	}
	MemoryContextSwitchTo(caller);
}

void
pass_come_again(PassAgain *again)
{
	if (again->count > 0)
		pass_append_rows(again->pass, again->rows, again->count);
}
