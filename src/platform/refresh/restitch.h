/*
 * restitch.h
 *		cdp.restitch(): the log, in chunks, through the stages of a pass.  What its files share.
 *
 *	log_cursor			the log, one event after the other
 *	restitch_chunk		chunks of it, as core/batch takes them
 *	restitch_graph		first reading: the graph, in tables of its own
 *	restitch_anchor		the anchors of events that may have wrong ones
 *	restitch_fold		second reading, by profile: what is folded
 *
 * Nothing is kept in memory that grows with the log.
 */
#ifndef CDP_REFRESH_RESTITCH_H
#define CDP_REFRESH_RESTITCH_H

#include "platform/refresh/pass.h"

/* ---------------------------------------------------------------- log_cursor.c */

/* Rows of a query, one after the other. */
typedef struct LogCursor
{
	Portal portal;
	SPITupleTable *rows;
	uint64 count;
	uint64 at;
	Datum *values; /* of the present row */
	bool *nulls;
} LogCursor;

/* Opens a query over an open connection. */
extern void log_cursor_open(LogCursor *cursor, const char *query);

/* The same with arguments, of which none is null, in the snapshot of the caller's statement. */
extern void log_cursor_open_snapshot(LogCursor *cursor, const char *query, int count, Oid *types,
									 Datum *arguments);

/* Tells whether there is a row; it stays the present one until log_cursor_skip. */
extern bool log_cursor_look(LogCursor *cursor);
extern void log_cursor_skip(LogCursor *cursor);

/* Return a column (from 1) of the present row, which lasts until the row is skipped. */
extern Datum log_cursor_value(const LogCursor *cursor, int column, bool *isnull);
extern int64 log_cursor_int8(const LogCursor *cursor, int column);
extern bool log_cursor_bool(const LogCursor *cursor, int column);

extern void log_cursor_close(LogCursor *cursor);

/* ---------------------------------------------------------------- restitch_chunk.c */

/* Reads how many rows of the log are taken at a time. */
extern void restitch_define_settings(void);
extern int restitch_rows(void);

/* Events of the log, with their identifiers. */
typedef struct LogChunk
{
	int count;
	int64 *event_ids;
	int64 *anchors;
	CdpkBatchRow *rows; /* sources are set by chunk_set_sources */
} LogChunk;

/* Of the log, as "e": the event, and all that its identifiers follow from. */
#define LOG_COLUMNS                                                                            \
	"e.event_id, e.identifier_id, e.batch_id, e.\"timestamp\", e.message_id, e.type, e.event," \
	" e.anonymous_id, e.user_id, e.group_id, e.previous_id, e.identifiers, e.properties,"      \
	" e.traits, e.context, e.sent_at, e.original_timestamp, e.received_at, e.source"

/* their places */
enum
{
	LOG_EVENT_ID = 1,
	LOG_IDENTIFIER_ID,
	LOG_BATCH_ID,
	LOG_LOGGED /* from here on those of LoggedColumn */
};

/* Reads the columns of LoggedColumn of the present event of a cursor over these. */
extern void chunk_read_columns(const LogCursor *cursor, Datum *values, bool *nulls);

/* The log, as "e", without the events that are folded into the base. */
#define LOG_FROM " FROM cdp_data.event e WHERE " PASS_IS_LOGGED

/* Of the base, as "b": all columns, in the order of pass_table.c. */
#define ALL_OF_BASE "b.identifier_id, b.packed, b.group_id, b.traits, b.timeline, b.left_at"

/* Takes the present row of a cursor that has these columns from one on. */
extern void chunk_take_base(const LogCursor *cursor, int column, Pass *pass, PassBase *base);

/*
 * Reads the next rows of a cursor over these columns into the memory of a pass that has read its sources; of those
 * that follow each other with one anchor, all.  False: there are no more.
 */
extern bool chunk_read_base(LogCursor *cursor, Pass *pass, PassBase *base);

/* Reads the next events of a cursor over these columns into the memory of a pass that has read its sources; false: there are no more. */
extern bool chunk_read(LogCursor *cursor, Pass *pass, LogChunk *chunk);

/* Takes a pass of these rows to where each has its anchor. */
extern void chunk_stitch(Pass *pass, const CdpkBatchRow *rows, int count);

/* Takes a pass without rows, but these changes, to where events of the log can be handed in. */
extern void chunk_stitch_nothing(Pass *pass);

#endif /* CDP_REFRESH_RESTITCH_H */
