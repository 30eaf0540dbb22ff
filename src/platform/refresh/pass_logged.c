/*
 * pass_logged.c
 *		Events of the log, cleaned as they were when they came.
 */
#include "postgres.h"

#include "platform/catalogue/hash_key.h"
#include "platform/ingest/message_content.h"
#include "platform/ingest/onboard.h"
#include "platform/refresh/pass.h"

/* where the cleaning of a row looks for the columns of the log */
static const InboxColumn inbox_columns[LOGGED_COLUMNS] = {
	[LOGGED_AT] = INBOX_TIMESTAMP,
	[LOGGED_MESSAGE_ID] = INBOX_MESSAGE_ID,
	[LOGGED_TYPE] = INBOX_TYPE,
	[LOGGED_EVENT] = INBOX_EVENT,
	[LOGGED_ANONYMOUS_ID] = INBOX_ANONYMOUS_ID,
	[LOGGED_USER_ID] = INBOX_USER_ID,
	[LOGGED_GROUP_ID] = INBOX_GROUP_ID,
	[LOGGED_PREVIOUS_ID] = INBOX_PREVIOUS_ID,
	[LOGGED_IDENTIFIERS] = INBOX_IDENTIFIERS,
	[LOGGED_PROPERTIES] = INBOX_PROPERTIES,
	[LOGGED_TRAITS] = INBOX_TRAITS,
	[LOGGED_CONTEXT] = INBOX_CONTEXT,
	[LOGGED_SENT_AT] = INBOX_SENT_AT,
	[LOGGED_ORIGINAL_TIMESTAMP] = INBOX_ORIGINAL_TIMESTAMP,
	[LOGGED_RECEIVED_AT] = INBOX_RECEIVED_AT,
	[LOGGED_SOURCE] = INBOX_SOURCE};

/* copy_identifier copies an identifier to the memory of a pass. */
static CdpkBatchBytes
copy_identifier(const Pass *pass, const Identifier *identifier)
{
	Size size = VARSIZE(identifier);
	void *copy = MemoryContextAlloc(pass->context, size);

	memcpy(copy, identifier, size);
	return pass_payload(PointerGetDatum(copy));
}

/* copy_identifiers sets the identifiers of an event, which outlive its row. */
static void
copy_identifiers(const Pass *pass, const OnboardedRow *event, CdpkBatchRow *row)
{
	const IdentifierSet *set = &event->identifiers;
	CdpkBatchBytes *identifiers =
		MemoryContextAlloc(pass->context, sizeof(CdpkBatchBytes) * (set->count + 1));

	for (int i = 0; i < set->count; i++)
		identifiers[i] = copy_identifier(pass, set->members[i]);
	row->identifiers = identifiers;
	row->identifier_count = (uint32_t) set->count;
	row->is_alias = event->earlier != NULL;
	if (row->is_alias)
		identifiers[set->count] = copy_identifier(pass, event->earlier);
}

/* find_identifiers finds the identifiers of an event; one that would be refused now has none. */
static void
find_identifiers(Pass *pass, const InboxRow *columns, CdpkBatchRow *row)
{
	OnboardOptions options = {pass->as_of, INGEST_IDENTIFIERS_MAX, true, pass->onboard_sources};
	MemoryContext caller = MemoryContextSwitchTo(pass->scratch);
	Refusal refusal = {NULL, ""};
	OnboardedRow event;

	Assert(pass->onboard_sources != NULL);
	if (onboard_row(columns, ingest_column(columns, INBOX_SOURCE), options, &event, &refusal))
	{
		copy_identifiers(pass, &event, row);
		MemoryContextSwitchTo(pass->context);
		if (pass->rejected != NULL)
			pass_add_rejected(pass->rejected, ingest_column(columns, INBOX_SOURCE),
							  &event.rejections);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(pass->scratch);
}

void
pass_inbox_row(const Datum *values, const bool *nulls, InboxRow *columns)
{
	memset(columns, 0, sizeof(*columns));
	memset(columns->nulls, true, sizeof(columns->nulls));
	for (int i = 0; i < LOGGED_COLUMNS; i++)
	{
		columns->values[inbox_columns[i]] = values[i];
		columns->nulls[inbox_columns[i]] = nulls[i];
	}
}

void
pass_clean_logged(Pass *pass, const Datum *values, const bool *nulls, CdpkBatchRow *row)
{
	InboxRow columns;

	pass_inbox_row(values, nulls, &columns);
	memset(row, 0, sizeof(*row));
	row->at = DatumGetTimestampTz(values[LOGGED_AT]);
	row->said_at = Min(row->at, DatumGetTimestampTz(values[LOGGED_RECEIVED_AT]));
	row->expires_at = CDPK_BATCH_NEVER;
	if (!nulls[LOGGED_MESSAGE_ID])
		row->message_id =
			pass_bytes(PointerGetDatum(PG_DETOAST_DATUM_COPY(values[LOGGED_MESSAGE_ID])), false);
	find_identifiers(pass, &columns, row);
}

uint64
pass_logged_hash(Pass *pass, const Datum *values, const bool *nulls)
{
	OnboardOptions options = {pass->as_of, INGEST_IDENTIFIERS_MAX, true, pass->onboard_sources};
	MemoryContext caller = MemoryContextSwitchTo(pass->scratch);
	CdpkSipHashKey key = hash_key(HASH_CONTENT);
	Refusal refusal = {NULL, ""};
	uint64 content = 0;
	InboxRow columns;
	OnboardedRow event;

	pass_inbox_row(values, nulls, &columns);
	if (onboard_row(&columns, ingest_column(&columns, INBOX_SOURCE), options, &event, &refusal))
	{
		columns.nulls[INBOX_TIMESTAMP] = message_may_lack_time(&columns);
		content = message_content(&key, &columns, &event);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextReset(pass->scratch);
	return content;
}

/* What takes events that are not folded. */
typedef struct Unfolded
{
	Pass *pass;
	StoreRowFunction function;
	void *arg;
} Unfolded;

/* note_unfolded is its StoreRowFunction. */
static void
note_unfolded(void *arg, int key, const Datum *values, const bool *nulls)
{
	Unfolded *unfolded = arg;

	if (!pass_is_folded(unfolded->pass, DatumGetInt64(values[EVENT_ID]),
						DatumGetTimestampTz(values[EVENT_LOGGED + LOGGED_AT])))
		unfolded->function(unfolded->arg, key, values, nulls);
}

void
pass_find_logged(Pass *pass, const PassColumns *key, StoreRowFunction function, void *arg)
{
	int wanted[EVENT_LOGGED + LOGGED_COLUMNS];
	Unfolded unfolded = {pass, function, arg};

	for (int i = 0; i < lengthof(wanted); i++)
		wanted[i] = i;
	if (key->rows == 0)
		return;
	pass_index_log(pass);
	store_find(pass_table(pass, TABLE_EVENT), key->rows, pass_columns(key), lengthof(wanted),
			   wanted, note_unfolded, &unfolded);
}
