/*
 * restitch_anchor.c
 *		cdp_internal.restitch_anchor: brings the events of the log to the anchors that the graph gives them.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/progress/progress.h"
#include "platform/refresh/restitch.h"

CDP_FUNCTION(cdp_restitch_anchor);

/* anchor_chunk anchors the next events of the log, and counts those that moved, and all; false: there are no more. */
static bool
anchor_chunk(LogCursor *log, int64 last_identifier_id, int64 *moved, int64 *done)
{
	Pass *pass = pass_new();
	MemoryContext caller = MemoryContextSwitchTo(pass->context);
	LogChunk chunk;
	bool found;

	pass->last_identifier_id = last_identifier_id;
	pass_load_sources(pass);
	found = chunk_read(log, pass, &chunk);
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

/* find_by_keys has events found by their keys, however many of a chunk move. */
static void
find_by_keys(void)
{
	static const char *const off[] = {"enable_seqscan", "enable_hashjoin", "enable_mergejoin"};

	for (int i = 0; i < lengthof(off); i++)
		set_config_option(off[i], "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
						  false);
}

/* cdp_restitch_anchor implements cdp_internal.restitch_anchor. */
Datum
cdp_restitch_anchor(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	int64 moved = 0;
	int64 done = 0;
	int nest_level;
	LogCursor log;
	Pass *pass;

	batch_connect();
	nest_level = batch_enter_planner();
	pass = pass_new();
	chunk_open_log(&log, pass);
	pass_free(pass);
	find_by_keys();
	do
		progress_of_all("anchor", done);
	while (anchor_chunk(&log, PG_GETARG_INT64(0), &moved, &done));
	log_cursor_close(&log);
	AtEOXact_GUC(true, nest_level);
	SPI_finish();
	MemoryContextSwitchTo(caller);
	PG_RETURN_INT64(moved);
}
