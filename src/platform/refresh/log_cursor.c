/*
 * log_cursor.c
 *		Rows of a query, one after the other, whatever their number.
 */
#include "postgres.h"

#include "access/htup_details.h"

#include "platform/refresh/restitch.h"

/* rows that are fetched at a time */
#define PORTION 200

void
log_cursor_open(LogCursor *cursor, const char *query)
{
	memset(cursor, 0, sizeof(*cursor));
	/* not read_only: it sees what this transaction has written until now */
	cursor->portal =
		SPI_cursor_open_with_args(NULL, query, 0, NULL, NULL, NULL, false, CURSOR_OPT_NO_SCROLL);
}

void
log_cursor_open_snapshot(LogCursor *cursor, const char *query, int count, Oid *types,
						 Datum *arguments)
{
	memset(cursor, 0, sizeof(*cursor));
	cursor->portal = SPI_cursor_open_with_args(NULL, query, count, types, arguments, NULL, true,
											   CURSOR_OPT_NO_SCROLL);
}

/* read_row reads all columns of the present row. */
static void
read_row(LogCursor *cursor)
{
	TupleDesc descriptor = cursor->rows->tupdesc;
	MemoryContext context = cursor->portal->portalContext;

	if (cursor->values == NULL)
	{
		cursor->values = MemoryContextAlloc(context, sizeof(Datum) * descriptor->natts);
		cursor->nulls = MemoryContextAlloc(context, sizeof(bool) * descriptor->natts);
	}
	heap_deform_tuple(cursor->rows->vals[cursor->at], descriptor, cursor->values, cursor->nulls);
}

bool
log_cursor_look(LogCursor *cursor)
{
	MemoryContext caller = CurrentMemoryContext;

	if (cursor->at < cursor->count)
		return true;
	if (cursor->rows != NULL)
		SPI_freetuptable(cursor->rows);
	SPI_cursor_fetch(cursor->portal, true, PORTION);
	MemoryContextSwitchTo(caller);
	cursor->rows = SPI_tuptable;
	cursor->count = SPI_processed;
	cursor->at = 0;
	if (cursor->count > 0)
		read_row(cursor);
	return cursor->count > 0;
}

void
log_cursor_skip(LogCursor *cursor)
{
	if (++cursor->at < cursor->count)
		read_row(cursor);
}

Datum
log_cursor_value(const LogCursor *cursor, int column, bool *isnull)
{
	*isnull = cursor->nulls[column - 1];
	return cursor->values[column - 1];
}

int64
log_cursor_int8(const LogCursor *cursor, int column)
{
	return resolver_int8(cursor->rows, cursor->at, column);
}

bool
log_cursor_bool(const LogCursor *cursor, int column)
{
	return resolver_bool(cursor->rows, cursor->at, column);
}

void
log_cursor_close(LogCursor *cursor)
{
	if (cursor->rows != NULL)
		SPI_freetuptable(cursor->rows);
	SPI_cursor_close(cursor->portal);
}
