/*
 * restitch_graph.c
 *		cdp_internal.restitch_graph: the graph that follows from the log, in tables of its own.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/guc.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/progress/progress.h"
#include "platform/refresh/pass_fold.h"
#include "platform/refresh/pass_kin.h"
#include "platform/refresh/restitch.h"

/* the columns of the result */
enum
{
	OUT_IDENTIFIER_ID,
	OUT_REWORKS,
	OUT_IDENTIFIERS_REWORKED,
	OUT_LARGEST_REWORK,
	OUT_COLUMNS
};

CDP_FUNCTION(cdp_restitch_graph);

/* delete_profiles deletes the summaries of profiles that have ended, or moved into others. */
static void
delete_profiles(Pass *pass)
{
	const CdpkStitchResult *result = cdpk_batch_result(pass->batch);
	PassColumns key = {(int) (result->ended_count + result->profile_move_count)};
	PassIds ids = {NULL};
	Datum *profile_id;

	for (size_t i = 0; i < result->ended_count; i++)
		pass_add_id(&ids, result->ended[i]);
	for (size_t i = 0; i < result->profile_move_count; i++)
		pass_add_id(&ids, result->profile_moves[i].from);
	if (ids.count == 0)
		return;
	pass_sort_ids(&ids);
	profile_id = pass_column(&key, PROFILE_ID);
	for (int i = 0; i < ids.count; i++)
		profile_id[i] = Int64GetDatum(ids.items[i]);
	store_delete(pass_table(pass, TABLE_PROFILE), ids.count, pass_columns(&key));
}

/* write_profiles writes the summaries of profiles. */
static void
write_profiles(Pass *pass)
{
	const CdpkStitchResult *result = cdpk_batch_result(pass->batch);
	int count = (int) result->profile_count;
	const CdpkStitchProfile **summaries = pass_array(count, sizeof(*summaries));
	PassColumns key = {count};
	PassColumns set = {count};
	Datum *profile_id = pass_column(&key, PROFILE_ID);

	delete_profiles(pass);
	for (int i = 0; i < count; i++)
	{
		summaries[i] = &result->profiles[i];
		profile_id[i] = Int64GetDatum(result->profiles[i].profile_id);
	}
	pass_add_summaries(pass, &set, summaries);
	if (count > 0)
		store_upsert(pass_table(pass, TABLE_PROFILE), count, pass_columns(&key),
					 pass_columns(&set));
}

/*
 * write_suspects lists the events that the graph as it is now gives other anchors than they have.  The graph
 * at the end gives an event another one only if its anchor becomes shared: links only grow.
 */
static void
write_suspects(Pass *pass, const LogChunk *chunk)
{
	const int64_t *anchors = cdpk_batch_anchors(pass->batch);
	PassColumns row = {chunk->count};
	Datum *event_id = pass_column(&row, SUSPECT_EVENT_ID);
	Datum *identifier_id = pass_column(&row, SUSPECT_IDENTIFIER_ID);
	Datum *at = pass_column(&row, SUSPECT_AT);
	int count = 0;

	for (int i = 0; i < chunk->count; i++)
	{
		if (anchors[i] == chunk->anchors[i])
			continue;
		event_id[count] = Int64GetDatum(chunk->event_ids[i]);
		identifier_id[count] = Int64GetDatum(chunk->anchors[i]);
		at[count++] = TimestampTzGetDatum(chunk->rows[i].at);
	}
	if (count > 0)
		store_insert(pass_table(pass, TABLE_SUSPECT), count, pass_columns(&row));
}

/* stitch_rows takes rows into the graph. */
static void
stitch_rows(Pass *pass, const CdpkBatchRow *rows, int count, int64 *results)
{
	const CdpkStitchStatistics *statistics;

	chunk_stitch(pass, rows, count);
	pass_write_links(pass);
	pass_write_identifiers(pass);
	pass_flag_same(pass);
	write_profiles(pass);
	statistics = &cdpk_batch_result(pass->batch)->statistics;
	results[OUT_IDENTIFIER_ID] = pass->last_identifier_id;
	results[OUT_REWORKS] += (int64) statistics->reworks;
	results[OUT_IDENTIFIERS_REWORKED] += (int64) statistics->identifiers_reworked;
	results[OUT_LARGEST_REWORK] =
		Max(results[OUT_LARGEST_REWORK], (int64) statistics->largest_rework);
}

/* stitch_chunk takes the next events of the log, or rows of the base, into the graph; false: there are no more. */
static bool
stitch_chunk(LogCursor *cursor, bool of_base, int64 *results, int64 *done)
{
	Pass *pass = pass_new();
	MemoryContext caller = MemoryContextSwitchTo(pass->context);
	LogChunk chunk;
	PassBase base;
	bool found;

	pass->anew = true;
	pass->last_identifier_id = results[OUT_IDENTIFIER_ID];
	pass_load_sources(pass);
	found = of_base ? chunk_read_base(cursor, pass, &base) : chunk_read(cursor, pass, &chunk);
	/* rows of the base are all anchored anew later */
	if (found && of_base)
		stitch_rows(pass, base.rows, base.count, results);
	else if (found)
	{
		stitch_rows(pass, chunk.rows, chunk.count, results);
		write_suspects(pass, &chunk);
		*done += chunk.count;
	}
	MemoryContextSwitchTo(caller);
	pass_free(pass);
	return found;
}

/* cdp_restitch_graph implements cdp_internal.restitch_graph. */
Datum
cdp_restitch_graph(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	TupleDesc descriptor;
	int64 results[OUT_COLUMNS] = {PG_GETARG_INT64(0)};
	Datum values[OUT_COLUMNS];
	bool nulls[OUT_COLUMNS] = {false};
	int64 done = 0;
	int nest_level;
	LogCursor log;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != OUT_COLUMNS)
		elog(ERROR, "the result of restitch_graph has another form");
	descriptor = BlessTupleDesc(descriptor);
	batch_connect();
	nest_level = batch_enter_planner();
	log_cursor_open(&log, "SELECT " ALL_OF_BASE " FROM cdp_data.base b");
	do
		progress_closed("graph", done, true);
	while (stitch_chunk(&log, true, results, &done));
	log_cursor_close(&log);
	log_cursor_open(&log, "SELECT " LOG_COLUMNS LOG_FROM);
	do
		progress_closed("graph", done, true);
	while (stitch_chunk(&log, false, results, &done));
	log_cursor_close(&log);
	AtEOXact_GUC(true, nest_level);
	SPI_finish();
	MemoryContextSwitchTo(caller);
	for (int i = 0; i < OUT_COLUMNS; i++)
		values[i] = Int64GetDatum(results[i]);
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}
