/*
 * verify_event.h
 *		cdp_internal.verify_events: what its files share.
 *
 *	verify_event	the log, in chunks; identifiers, anchors and messages
 *	verify_base		the base, in chunks
 *	verify_evidence	what the events of a chunk say of links
 *	verify_name		the identifiers of a chunk
 */
#ifndef CDP_OPERATE_VERIFY_EVENT_H
#define CDP_OPERATE_VERIFY_EVENT_H

#include "utils/uuid.h"

#include "platform/identity/blocked.h"
#include "platform/identity/resolve.h"
#include "platform/operate/verify_name.h"
#include "platform/refresh/restitch.h"

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
	text *name;      /* NULL: cdp_data.source lacks the number, which the base has */
	int32 source_id; /* 0: cdp_data.source lacks the name, which the log has */
} VerifySource;

/* Evidence of a pair up to a time is void. */
typedef struct VerifyVoid
{
	int64 a;
	int64 b;
	TimestampTz until_at;
} VerifyVoid;

/* An event of the log, or a row of the base, which counts as several. */
typedef struct VerifyEvent
{
	int64 event_id; /* 0: it is a row of the base */
	int64 anchor;   /* that it has */
	int64 batch_id;
	int64 events;        /* how many it counts as … */
	TimestampTz said_at; /* … and when the earliest of them … */
	TimestampTz last_at; /* … and the latest was said */
	int source;          /* its place */
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

/* What an event says of two identifiers. */
typedef struct VerifyEvidence
{
	int64 a;
	int64 b;
	const VerifyEvent *event;
	bool is_alias;
} VerifyEvidence;

typedef struct VerifyCheck
{
	ReturnSetInfo *result;
	TimestampTz as_of;
	int64 forgotten_batch_id; /* up to this one messages are not known any more */
	CdpkSipHashKey content_key;
	CdpkSipHashKey message_by;
	const OnboardSources *onboard_sources;
	BlockedRules *blocked; /* NULL: there are none */
	Resolver *resolver;
	VerifyNames *names; /* of the chunk */
	Store *messages;
	VerifySource *sources;
	int source_count;
	int source_capacity;
	VerifyVoid *voids; /* sorted */
	int void_count;
	PassMonth *months; /* that are folded into the base */
	int month_count;
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

/* ---------------------------------------------------------------- verify_event.c */

/* Tells whether a chunk can take one more event, of which there may be so many bytes beside it. */
extern bool verify_has_room(const VerifyCheck *check, int64 bytes);

/* Begins an event of the chunk. */
extern VerifyEvent *verify_begin_event(VerifyCheck *check);

/* Adds a name to the last event, which counts them itself; its earlier user_id comes last. */
extern void verify_mention(VerifyCheck *check, uint32 place);

/* Counts the pairs of an event whose numbers of names are known. */
extern void verify_end_event(VerifyCheck *check, const VerifyEvent *event);

/* Adds a source, of which the name or the number is unknown, and returns its place. */
extern int verify_add_source(VerifyCheck *check, text *name, int32 source_id);

/* Puts what is wrong with an event into the result; a and b: see verify_log.sql. */
extern void verify_put_event(const VerifyCheck *check, const char *kind, const VerifyEvent *event,
							 int64 a, int64 b);

/* Puts a row into the result. */
extern void verify_put_row(const VerifyCheck *check, const char *kind, Datum *values, bool *nulls);

/* ---------------------------------------------------------------- verify_base.c */

/* Of the base, as "b": what is verified. */
#define VERIFY_BASE_COLUMNS "b.identifier_id, b.packed"

/* Reads the next rows of a cursor over these columns into the chunk, with the rows of their identifiers. */
extern void verify_read_base(VerifyCheck *check, LogCursor *cursor);

/* ---------------------------------------------------------------- verify_evidence.c */

/* Reads which evidence is void. */
extern void verify_read_voids(VerifyCheck *check);

/* Puts what the chunk says of links, a row for each pair and source. */
extern void verify_put_links(VerifyCheck *check);

/* Orders ids. */
extern int verify_compare_ids(const void *a, const void *b);

#endif /* CDP_OPERATE_VERIFY_EVENT_H */
