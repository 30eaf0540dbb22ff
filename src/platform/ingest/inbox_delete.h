/*
 * inbox_delete.h
 *		Takes rows out of a table by their places, and hands them out.
 */
#ifndef CDP_INGEST_INBOX_DELETE_H
#define CDP_INGEST_INBOX_DELETE_H

#include "storage/itemptr.h"

#define INBOX_COLUMNS_MAX 32

/* What is read of a table in schema cdp. */
typedef struct InboxTable
{
	const char *name;
	int count;
	struct
	{
		const char *name;
		Oid type;
	} columns[INBOX_COLUMNS_MAX];
} InboxTable;

/* Takes the values of a row that was deleted.  They are memory of the context in which it is called. */
typedef void (*InboxConsumer)(void *state, const ItemPointerData *place, const Datum *values,
							  const bool *nulls);

/*
 * Deletes the rows at these places, as DELETE ... WHERE ctid = ANY (places) by the current user does
 * in a transaction that reads what is committed, and hands out each: at most one a place, in their order
 * if that is ascending.  Rows that are not there, or that another transaction has deleted or updated,
 * are passed over.
 *
 * Values that are compressed or stored outside the row stay so; they can be read until the end of the
 * transaction.  There must be an active snapshot.
 */
extern void inbox_delete(const InboxTable *table, const ItemPointerData *places, int64 count,
						 InboxConsumer consume, void *state);

#endif /* CDP_INGEST_INBOX_DELETE_H */
