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
	PassColumns key = {count};
	PassColumns set = {count};
	bool *no_trust;
	bool *no_last;
	Datum *profile_id = pass_column(&key, PROFILE_ID);
	Datum *identifiers = pass_column(&set, PROFILE_IDENTIFIER_COUNT);
	Datum *limited = pass_column(&set, PROFILE_LIMITED);
	Datum *shared = pass_column(&set, PROFILE_SHARED);
	Datum *has_forbid = pass_column(&set, PROFILE_HAS_FORBID);
	Datum *trust = pass_null_column(&set, PROFILE_LAST_TRUST, &no_trust);
	Datum *last_at = pass_null_column(&set, PROFILE_LAST_AT, &no_last);

	delete_profiles(pass);
	for (int i = 0; i < count; i++)
	{
		const CdpkStitchProfile *profile = &result->profiles[i];

		profile_id[i] = Int64GetDatum(profile->profile_id);
		identifiers[i] = Int32GetDatum((int32) profile->identifiers);
		limited[i] = pass_make_counts(pass, profile->counts, profile->count_length);
		shared[i] = BoolGetDatum(profile->shared);
		has_forbid[i] = BoolGetDatum(profile->has_forbid);
		no_trust[i] = no_last[i] = !profile->last_known;
		trust[i] = Int32GetDatum(profile->last.trust);
		last_at[i] = TimestampTzGetDatum(profile->last.first_at);
	}
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

/* stitch_chunk takes the next events of the log into the graph; false: there are no more. */
static bool
stitch_chunk(LogCursor *log, int64 *results, int64 *done)
{
	Pass *pass = pass_new();
	MemoryContext caller = MemoryContextSwitchTo(pass->context);
	LogChunk chunk;
	bool found;

	pass->anew = true;
	pass->last_identifier_id = results[OUT_IDENTIFIER_ID];
	pass_load_sources(pass);
	found = chunk_read(log, pass, &chunk);
	if (found)
	{
		const CdpkStitchStatistics *statistics;

		pass_new_batch(pass);
		pass_check(cdpk_batch_begin(pass->batch, chunk.rows, (size_t) chunk.count, &pass->changes));
		pass_check(cdpk_batch_accept(pass->batch, NULL, 0));
		pass_identify(pass);
		pass_link(pass);
		pass_prepare_resolve(pass);
		pass_check(cdpk_batch_stitch(pass->batch, &pass->stitch_store));
		pass_check(cdpk_batch_anchor(pass->batch));
		pass_write_links(pass);
		pass_write_identifiers(pass);
		write_profiles(pass);
		write_suspects(pass, &chunk);
		statistics = &cdpk_batch_result(pass->batch)->statistics;
		*done += chunk.count;
		results[OUT_IDENTIFIER_ID] = pass->last_identifier_id;
		results[OUT_REWORKS] += (int64) statistics->reworks;
		results[OUT_IDENTIFIERS_REWORKED] += (int64) statistics->identifiers_reworked;
		results[OUT_LARGEST_REWORK] =
			Max(results[OUT_LARGEST_REWORK], (int64) statistics->largest_rework);
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
	Pass *pass;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != OUT_COLUMNS)
		elog(ERROR, "the result of restitch_graph has another form");
	descriptor = BlessTupleDesc(descriptor);
	batch_connect();
	nest_level = batch_enter_planner();
	pass = pass_new();
	log_cursor_open(&log, pass, "SELECT " LOG_COLUMNS " FROM cdp_data.event e");
	pass_free(pass);
	do
		progress_closed("graph", done, true);
	while (stitch_chunk(&log, results, &done));
	log_cursor_close(&log);
	AtEOXact_GUC(true, nest_level);
	SPI_finish();
	MemoryContextSwitchTo(caller);
	for (int i = 0; i < OUT_COLUMNS; i++)
		values[i] = Int64GetDatum(results[i]);
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}
