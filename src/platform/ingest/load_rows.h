/*
 * load_rows.h
 *		Rows of a query for the batches of a load, as many at a time as a batch takes.
 *
 * The query runs as the role that opened it; the batches run as the owner of the tables.  So no part of the
 * query ever runs with the owner's rights: only its rows, in memory, go from one to the other.
 */
#ifndef CDP_INGEST_LOAD_ROWS_H
#define CDP_INGEST_LOAD_ROWS_H

#include "storage/itemptr.h"

#include "platform/ingest/inbox_delete.h"

/* Tells whether a load is open, in this session. */
extern bool load_is_open(void);

/* Tells whether the places of the batch in hand are of rows of a load, and not of the inboxes. */
extern bool load_is_offered(void);

/* Hands out the rows at these places, like inbox_delete() those of cdp.inbox; they last until the next are fetched. */
extern void load_hand_out(const ItemPointerData *places, int64 count, InboxConsumer consume,
						  void *state);

#endif /* CDP_INGEST_LOAD_ROWS_H */
