/*
 * verify_event.h
 *		cdp_internal.verify_events(): what its files share.
 *
 *	verify_event	the log, in chunks; anchors, messages and identifiers of its events
 *	verify_evidence	what these events say of links
 */
#ifndef CDP_OPERATE_VERIFY_EVENT_H
#define CDP_OPERATE_VERIFY_EVENT_H

#include "nodes/execnodes.h"
#include "utils/uuid.h"

#include "platform/catalogue/hash_key.h"
#include "platform/identity/blocked.h"
#include "platform/identity/resolve.h"
#include "platform/operate/verify_name.h"
#include "platform/store/store.h"

/* columns of the result, see verify_log.sql */
enum
{
	COLUMN_KIND,
	COLUMN_EVENT_ID,
	COLUMN_A,
	COLUMN_B,
	COLUMN_SOURCE_ID,
	COLUMN_SOURCE,
	COLUMN_FIRST_AT,
	COLUMN_LAST_AT,
	COLUMN_EVENTS,
	COLUMN_MESSAGE_ID,
	COLUMN_IDENTIFIER,
	COLUMN_ALIASES,
	COLUMN_COUNT
};

typedef struct VerifySource
{
	text *name;
	int32 source_id; /* 0: cdp_data.source lacks it */
} VerifySource;

/* Evidence of a pair up to a time is void. */
typedef struct VerifyVoid
{
	int64 a;
	int64 b;
	TimestampTz until_at;
} VerifyVoid;

/* What an event says of two identifiers. */
typedef struct VerifyEvidence
{
	int64 a;
	int64 b;
	int source; /* its place */
	TimestampTz at;
	text *message_id; /* NULL: none */
	bool is_alias;
} VerifyEvidence;

typedef struct VerifyEvent
{
	int64 event_id;
	int64 anchor; /* that it has */
	int64 batch_id;
	TimestampTz said_at;
	int source; /* its place */
	text *message_id;
	bool is_clean; /* it would not be refused now */
	bool has_key;  /* and the memory of messages goes back so far */
	bool is_known; /* its message is in the table … */
	bool differs;  /* … and its content is another */
	pg_uuid_t key;
	uint64 content;
	uint64 other_content; /* if the sender did not give the time */
	int first_mention;
	int mention_count;
	bool is_alias; /* behind them is the earlier user_id */
} VerifyEvent;

typedef struct VerifyCheck
{
	ReturnSetInfo *result;
	TimestampTz as_of;
	int64 forgotten_batch_id; /* up to this one messages are not known any more */
	CdpkSipHashKey content_key;
	BlockedRules *blocked; /* NULL: there are none */
	Resolver *resolver;
	VerifyNames *names; /* of the chunk */
	Store *messages;
	VerifySource *sources;
	int source_count;
	int source_capacity;
	VerifyVoid *voids; /* sorted */
	int void_count;
	int64 *own; /* sorted; NULL: all */
	int own_count;
	int64 done;
	int64 compared; /* messages */

	/* the chunk */
	MemoryContext scratch; /* of an event */
	VerifyEvent *events;
	int event_count;
	uint32 *mentions; /* the names of each event */
	int mention_count;
	int mention_capacity;
	VerifyEvidence *evidence;
	int64 evidence_count;
} VerifyCheck;

/* Puts a row into the result. */
extern void verify_put_row(const VerifyCheck *check, const char *kind, Datum *values, bool *nulls);

/* ---------------------------------------------------------------- verify_evidence.c */

/* Order ids, and voids by their pairs. */
extern int verify_compare_ids(const void *a, const void *b);
extern int verify_compare_voids(const void *a, const void *b);

/* Puts what the chunk says of links, a row for each pair and source. */
extern void verify_put_links(VerifyCheck *check);

#endif /* CDP_OPERATE_VERIFY_EVENT_H */
