/*
 * restitch_anchor.c
 *		cdp_internal.restitch_anchor_events: brings events of the log to the anchors that the graph gives them.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/progress/progress.h"
#include "platform/refresh/pass_base.h"
#include "platform/refresh/restitch.h"

CDP_FUNCTION(cdp_restitch_anchor_events);

/* anchor_chunk anchors the next events, and counts those that moved, and all; false: there are no more. */
static bool
anchor_chunk(LogCursor *events, int64 last_identifier_id, int64 *moved, int64 *done)
{
	Pass *pass = pass_new();
	MemoryContext caller = MemoryContextSwitchTo(pass->context);
	LogChunk chunk;
	bool found;

	pass->last_identifier_id = last_identifier_id;
	pass_load_sources(pass);
	found = chunk_read(events, pass, &chunk);
	if (found)
	{
		CdpkBatchStray *strays = pass_array(chunk.count, sizeof(CdpkBatchStray));

		for (int i = 0; i < chunk.count; i++)
		{
			strays[i].event_id = chunk.event_ids[i];
			strays[i].anchor = chunk.anchors[i];
			strays[i].row = chunk.rows[i];
		}
		chunk_stitch_nothing(pass);
		pass_reanchor(pass, strays, (size_t) chunk.count);
		pass_move_events(pass);
		*moved += (int64) pass->moved_count;
		*done += chunk.count;
	}
	MemoryContextSwitchTo(caller);
	pass_free(pass);
	return found;
}

/* anchor_base_chunk anchors the next rows of the base, and counts those that moved; false: there are no more. */
static bool
anchor_base_chunk(LogCursor *cursor, int64 last_identifier_id, int64 *moved)
{
	Pass *pass = pass_new();
	MemoryContext caller = MemoryContextSwitchTo(pass->context);
	bool found;

	pass->last_identifier_id = last_identifier_id;
	pass_load_sources(pass);
	found = chunk_read_base(cursor, pass, &pass->base_strays);
	if (found)
	{
		CdpkBatchStray *strays = pass_array(pass->base_strays.count, sizeof(CdpkBatchStray));

		pass_add_base_strays(pass, strays);
		chunk_stitch_nothing(pass);
		pass_reanchor(pass, strays, (size_t) pass->base_strays.count);
		pass_move_base(pass);
		*moved += (int64) pass->moved_count;
	}
	MemoryContextSwitchTo(caller);
	pass_free(pass);
	return found;
}

/* anchor_base anchors all rows of the base, and returns how many moved. */
static int64
anchor_base(int64 last_identifier_id)
{
	LogCursor cursor;
	int64 moved = 0;

	log_cursor_open(&cursor,
					"SELECT " ALL_OF_BASE " FROM cdp_data.base b ORDER BY b.identifier_id");
	do
		progress_closed("anchor", 0, false);
	while (anchor_base_chunk(&cursor, last_identifier_id, &moved));
	log_cursor_close(&cursor);
	return moved;
}

/* anchor_all anchors all events of a query, and returns how many moved. */
static int64
anchor_all(const char *query, int64 last_identifier_id)
{
	LogCursor events;
	int64 moved = 0;
	int64 done = 0;

	log_cursor_open(&events, query);
	do
		progress_closed("anchor", done, false);
	while (anchor_chunk(&events, last_identifier_id, &moved, &done));
	log_cursor_close(&events);
	return moved;
}

/* cdp_restitch_anchor_events implements cdp_internal.restitch_anchor_events. */
Datum
cdp_restitch_anchor_events(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	int64 moved;
	int nest_level;

	batch_connect();
	nest_level = batch_enter_keys();
	moved = anchor_all("SELECT " LOG_COLUMNS " FROM cdp_data.restitch_event s JOIN cdp_data.event e"
					   " ON e.identifier_id = s.identifier_id AND e.\"timestamp\" = s.\"timestamp\""
					   " AND e.event_id = s.event_id",
					   PG_GETARG_INT64(0));
	/* an event whose anchor became shared only after it was stitched */
	moved += anchor_all("SELECT " LOG_COLUMNS " FROM cdp_data.restitch_identifier i"
						" JOIN cdp_data.event e ON e.identifier_id = i.identifier_id"
						" WHERE i.shared AND " PASS_IS_LOGGED,
						PG_GETARG_INT64(0));
	moved += anchor_base(PG_GETARG_INT64(0));
	AtEOXact_GUC(true, nest_level);
	SPI_finish();
	MemoryContextSwitchTo(caller);
	PG_RETURN_INT64(moved);
}
