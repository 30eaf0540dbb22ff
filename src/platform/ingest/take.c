/*
 * take.c
 *		Takes the rows of a batch out of the inboxes and cleans them.
 *
 * First all rows are deleted and copied, so that their writers can be looked up at once; then each is
 * cleaned.  Whatever cleaning needs for one row is in a memory context that is reset after it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "compat.h"
#include "platform/ingest/load_rows.h"
#include "platform/ingest/parse_line.h"
#include "platform/ingest/take_clean.h"
#include "platform/progress/progress.h"

const InboxTable take_inbox = {"inbox",
							   INBOX_COLUMNS,
							   {[INBOX_MESSAGE_ID] = {"message_id", TEXTOID},
								[INBOX_TYPE] = {"type", TEXTOID},
								[INBOX_EVENT] = {"event", TEXTOID},
								[INBOX_ANONYMOUS_ID] = {"anonymous_id", TEXTOID},
								[INBOX_USER_ID] = {"user_id", TEXTOID},
								[INBOX_GROUP_ID] = {"group_id", TEXTOID},
								[INBOX_PREVIOUS_ID] = {"previous_id", TEXTOID},
								[INBOX_IDENTIFIERS] = {"identifiers", JSONBOID},
								[INBOX_PROPERTIES] = {"properties", JSONBOID},
								[INBOX_TRAITS] = {"traits", JSONBOID},
								[INBOX_CONTEXT] = {"context", JSONBOID},
								[INBOX_TIMESTAMP] = {"timestamp", TIMESTAMPTZOID},
								[INBOX_SENT_AT] = {"sent_at", TIMESTAMPTZOID},
								[INBOX_ORIGINAL_TIMESTAMP] = {"original_timestamp", TIMESTAMPTZOID},
								[INBOX_RECEIVED_AT] = {"received_at", TIMESTAMPTZOID},
								[INBOX_SOURCE] = {"source", TEXTOID},
								[INBOX_WRITTEN_BY] = {"written_by", TEXTOID}}};

/* the columns of cdp.inbox_raw */
enum
{
	RAW_LINE,
	RAW_SOURCE,
	RAW_RECEIVED_AT,
	RAW_WRITTEN_BY,
	RAW_COLUMNS
};

static const InboxTable inbox_raw = {"inbox_raw",
									 RAW_COLUMNS,
									 {[RAW_LINE] = {"line", TEXTOID},
									  [RAW_SOURCE] = {"source", TEXTOID},
									  [RAW_RECEIVED_AT] = {"received_at", TIMESTAMPTZOID},
									  [RAW_WRITTEN_BY] = {"written_by", TEXTOID}}};

/* find_failure returns the failure of the row at a place. */
static const text *
find_failure(Take *take, const ItemPointerData *place)
{
	ItemPointerData found = *place;

	for (int64 tried = 0; tried < take->count; tried++)
	{
		int64 i = take->next;
		ItemPointerData expected = take->places[i];

		take->next = (take->next + 1) % take->count;
		if (ItemPointerEquals(&found, &expected))
			return DatumGetTextPP(take->failures[i]);
	}
	elog(ERROR, "a row came from a place that was not asked for");
}

/* append_row appends an empty row. */
static TakenRow *
append_row(Take *take)
{
	TakenRows *taken = take->taken;

	if (taken->count == take->capacity)
		elog(ERROR, "more rows were deleted than there are places");
	memset(&taken->rows[taken->count], 0, sizeof(TakenRow));
	return &taken->rows[taken->count++];
}

/* consume_row appends a row that was deleted. */
static void
consume_row(void *state, const ItemPointerData *place, const Datum *values, const bool *nulls)
{
	static const InboxColumn raw_columns[] = {[RAW_SOURCE] = INBOX_SOURCE,
											  [RAW_RECEIVED_AT] = INBOX_RECEIVED_AT,
											  [RAW_WRITTEN_BY] = INBOX_WRITTEN_BY};
	Take *take = state;
	TakenRow *row = append_row(take);
	Origin *origin = &take->origins[take->taken->count - 1];

	row->is_line = take->is_lines;
	if (row->is_line)
	{
		memset(row->columns.nulls, true, sizeof(row->columns.nulls));
		if (!nulls[RAW_LINE])
			row->line = (text *) DatumGetPointer(values[RAW_LINE]);
		for (int i = RAW_SOURCE; i < RAW_COLUMNS; i++)
		{
			row->columns.values[raw_columns[i]] = values[i];
			row->columns.nulls[raw_columns[i]] = nulls[i];
		}
	}
	else
	{
		memcpy(row->columns.values, values, sizeof(row->columns.values));
		memcpy(row->columns.nulls, nulls, sizeof(row->columns.nulls));
	}
	origin->failure = take->failures != NULL ? find_failure(take, place) : NULL;
	origin->writer = writers_add(take->writers, ingest_column(&row->columns, INBOX_WRITTEN_BY));
}

/* empty_inbox takes the rows of one inbox; or those of a load in the place of cdp.inbox. */
static void
empty_inbox(Take *take, const InboxTable *table, const ItemPointerData *places, int64 count,
			const Datum *failures)
{
	take->is_lines = table == &inbox_raw;
	take->places = places;
	take->count = count;
	take->next = 0;
	take->failures = failures;
	if (load_is_offered() && !take->is_lines)
		load_hand_out(places, count, consume_row, take);
	else
		inbox_delete(table, places, count, consume_row, take);
}

/* find_batch finds the calls of a line that is a batch, in the memory of the rows; NULL: it is none. */
static LineBatch *
find_batch(const Take *take, const TakenRow *row)
{
	CdpkSpan line;
	MemoryContext caller;
	LineBatch *batch;

	if (row->line == NULL)
		return NULL;
	line = line_without_mark(ingest_text(PointerGetDatum(row->line)));
	if (!line_may_be_batch(line))
		return NULL;
	if (take_is_packed(PointerGetDatum(row->line)))
		line = take_keep_bytes(take, line);
	caller = MemoryContextSwitchTo(take->taken->context);
	batch = line_batch(line);
	MemoryContextSwitchTo(caller);
	return batch;
}

/* Rows as they are cleaned.  They take the places of those that were deleted, until a batch needs more. */
typedef struct Cleaned
{
	TakenRow *rows;
	int64 count;
	int64 capacity; /* 0: the rows that were deleted */
} Cleaned;

/* rows for which there is room at once, if as many are expected: as many as a batch mostly takes */
#define EXPECTED_MAX (128 * 1024)

/* reserve makes room for the calls of a batch and for the rows behind it, which may be such batches. */
static void
reserve(const Take *take, Cleaned *cleaned, int64 calls, int64 behind)
{
	int64 needed = cleaned->count + calls + behind;

	if (needed - take->taken->count > TAKEN_CALLS_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("lines with more than %d calls in all", TAKEN_CALLS_MAX)));
	if (cleaned->capacity == 0)
	{
		/* one that can be made longer without a copy of it */
		MemoryContext context =
			AllocSetContextCreate(take->taken->context, "cdp taken calls", ALLOCSET_DEFAULT_SIZES);
		TakenRow *rows;

		cleaned->capacity = Max(needed, Min(cleaned->count + calls * (behind + 1), EXPECTED_MAX));
		rows = MemoryContextAllocHuge(context, sizeof(TakenRow) * cleaned->capacity);
		memcpy(rows, cleaned->rows, sizeof(TakenRow) * cleaned->count);
		cleaned->rows = rows;
	}
	else if (needed > cleaned->capacity)
	{
		cleaned->capacity = Max(needed, cleaned->capacity + cleaned->capacity / 2);
		cleaned->rows = repalloc_huge(cleaned->rows, sizeof(TakenRow) * cleaned->capacity);
	}
}

/* clean_calls cleans the calls of a batch, or refuses one that has none or too many. */
static void
clean_calls(const Take *take, Cleaned *cleaned, TakenRow line, const Origin *origin,
			const LineBatch *batch, MemoryContext scratch)
{
	TakenRow *row;

	if (batch->count == 0)
	{
		row = &cleaned->rows[cleaned->count++];
		*row = line;
		if (batch->too_long)
			take_refuse_whole(take, row, origin, "batch_too_long",
							  psprintf("more than %d calls", LINE_BATCH_MAX));
		else
			take_refuse_whole(take, row, origin, "empty_batch", "a batch without calls");
		return;
	}
	for (int i = 0; i < batch->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		row = &cleaned->rows[cleaned->count++];
		*row = line;
		row->batch = batch;
		row->call = batch->calls[i];
		take_clean_row(take, row, origin);
		MemoryContextReset(scratch);
	}
}

/* clean_rows cleans all rows. */
static void
clean_rows(const Take *take)
{
	MemoryContext scratch =
		AllocSetContextCreate(CurrentMemoryContext, "cdp row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	TakenRow *rows = take->taken->rows;
	int64 count = take->taken->count;
	Cleaned cleaned = {rows, 0, 0};

	for (int64 i = 0; i < count; i++)
	{
		const Origin *origin = &take->origins[i];
		LineBatch *batch = NULL;

		CHECK_FOR_INTERRUPTS();
		progress_step(i);
		if (take->options->cut_all || take_is_too_large(&rows[i], take->options->max_row_bytes))
			take_cut(take, &rows[i]);
		else if (rows[i].is_line && origin->failure == NULL)
			batch = find_batch(take, &rows[i]);
		if (batch != NULL)
		{
			reserve(take, &cleaned, Max(batch->count, 1), count - i - 1);
			clean_calls(take, &cleaned, rows[i], origin, batch, scratch);
		}
		else
		{
			if (cleaned.capacity > 0)
				cleaned.rows[cleaned.count] = rows[i];
			take_clean_row(take, &cleaned.rows[cleaned.count++], origin);
		}
		MemoryContextReset(scratch);
	}
	if (cleaned.capacity > 0)
		pfree(rows);
	take->taken->rows = cleaned.rows;
	take->taken->count = cleaned.count;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

text *
taken_line(const TakenRow *row)
{
	CdpkSpan single;

	if (row->batch == NULL)
		return row->line;
	single = line_batch_single(row->batch, row->call);
	return cstring_to_text_with_len(single.text, (int) single.length);
}

TakenRows *
take_rows(const ItemPointerData *places, int64 count, const ItemPointerData *line_places,
		  int64 line_count, const TakeOptions *options)
{
	MemoryContext context = cdp_generation_context(CurrentMemoryContext, "cdp taken rows");
	MemoryContext caller = MemoryContextSwitchTo(context);
	Take take = {.options = options, .capacity = Max(count + line_count, 1)};

	onboard_check_options(options->onboard);
	take.taken = palloc0(sizeof(TakenRows));
	take.taken->context = context;
	take.taken->rows = palloc_extended(sizeof(TakenRow) * take.capacity, MCXT_ALLOC_HUGE);
	take.origins = palloc_extended(sizeof(Origin) * take.capacity, MCXT_ALLOC_HUGE);
	take.writers = writers_new();
	if (options->trait_rules != NULL)
		take.rules = traits_rules_compile(options->trait_rules, context);
	empty_inbox(&take, &take_inbox, places, count, options->failures);
	empty_inbox(&take, &inbox_raw, line_places, line_count,
				options->failures != NULL ? options->failures + count : NULL);
	if (options->failures == NULL)
		writers_look_up(take.writers);
	clean_rows(&take);
	pfree(take.origins);
	MemoryContextSwitchTo(caller);
	return take.taken;
}
