/*
 * ingest.h
 *		Functions shared by those that clean incoming rows.
 *
 * They are called for every row of a batch without a subtransaction, so no content of a row may
 * raise an error: a bad row gives a refusal, which becomes a row of cdp.quarantine.
 */
#ifndef CDP_INGEST_H
#define CDP_INGEST_H

#include "access/tupdesc.h"
#include "fmgr.h"
#include "utils/uuid.h"

#include "core/base/siphash.h"
#include "core/text/json.h"

/* The columns of cdp.inbox.  A line gives those before INBOX_WRITTEN_BY. */
typedef enum InboxColumn
{
	INBOX_MESSAGE_ID,
	INBOX_TYPE,
	INBOX_EVENT,
	INBOX_ANONYMOUS_ID,
	INBOX_USER_ID,
	INBOX_GROUP_ID,
	INBOX_PREVIOUS_ID,
	INBOX_IDENTIFIERS,
	INBOX_PROPERTIES,
	INBOX_TRAITS,
	INBOX_CONTEXT,
	INBOX_TIMESTAMP,
	INBOX_SENT_AT,
	INBOX_ORIGINAL_TIMESTAMP,
	INBOX_RECEIVED_AT,
	INBOX_SOURCE,
	INBOX_WRITTEN_BY,
	INBOX_COLUMNS
} InboxColumn;

/* One row of cdp.inbox.  Texts and documents may be compressed or stored elsewhere. */
typedef struct InboxRow
{
	Datum values[INBOX_COLUMNS];
	bool nulls[INBOX_COLUMNS];
} InboxRow;

/*
 * Why a row cannot be an event.  The reason is one of a fixed list of words; the detail names the
 * field and what is wrong with it.  Neither holds personal data of the row.
 */
typedef struct Refusal
{
	const char *reason; /* NULL: no refusal */
	char detail[256];   /* ASCII, so that it can be cut at any byte */
} Refusal;

/* A value of a row that cannot be an identifier, though its place says so. */
typedef struct Rejection
{
	CdpkSpan name_space; /* folded; or the field, where it has no namespace */
	const char *reason;  /* in words, of a fixed list */
	int64 count;
	CdpkSpan example; /* as it came: it holds personal data */
} Rejection;

/* more of other kinds in one row are not listed */
#define REJECTIONS_MAX 8

/* The values of a row that were rejected, by namespace and reason. */
typedef struct Rejections
{
	int count;
	Rejection items[REJECTIONS_MAX];
} Rejections;

/* Notes a value that cannot be an identifier. */
extern void reject_value(Rejections *rejections, CdpkSpan name_space, const char *reason,
						 CdpkSpan value);

/* Sets a refusal and returns false, for "return ingest_refuse(…)". */
extern bool ingest_refuse(Refusal *refusal, const char *reason, const char *format, ...)
	pg_attribute_printf(3, 4);

/* Returns the span of a string. */
static inline CdpkSpan
ingest_span(const char *string)
{
	CdpkSpan span = {string, strlen(string)};

	return span;
}

/* Tells whether two spans are the same bytes. */
static inline bool
ingest_same_span(CdpkSpan a, CdpkSpan b)
{
	return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

/* Returns the span of a text, decompressed in the current memory context where needed. */
extern CdpkSpan ingest_text(Datum text);

/* Returns the text of a column, an empty span if it is NULL. */
static inline CdpkSpan
ingest_column(const InboxRow *row, InboxColumn column)
{
	CdpkSpan none = {"", 0};

	return row->nulls[column] ? none : ingest_text(row->values[column]);
}

/*
 * Computes the key by which a repeated message is recognised, by the key for HASH_MESSAGE; false if its id says nothing
 * (it is blank or meaningless), so that it is never a repeated one.  source: that whose message ids are its own; NULL:
 * they are of all.
 */
extern bool ingest_message_key(const CdpkSipHashKey *hash_by, const CdpkSpan *source,
							   CdpkSpan message_id, pg_uuid_t *key);

/* Returns a span without leading and trailing blanks. */
extern CdpkSpan ingest_trim(CdpkSpan text);

/* Makes a text datum of a span. */
extern Datum ingest_text_datum(CdpkSpan text);

/*
 * Returns the descriptor of the called function's result, which must have "count" columns.  It is
 * looked up once a query.
 */
extern TupleDesc ingest_result_descriptor(FunctionCallInfo fcinfo, int count);

#endif /* CDP_INGEST_H */
