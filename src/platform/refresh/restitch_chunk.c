/*
 * restitch_chunk.c
 *		Chunks of the log: events with their identifiers, cleaned as they were when they came.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "core/identifier/identifier.h"
#include "platform/refresh/pass_base.h"
#include "platform/refresh/restitch.h"

/* a chunk ends once its events make so many pairs of identifiers, or its identifiers have so many bytes */
#define PAIRS_MAX (2 * 1000 * 1000)
#define BYTES_MAX (32 * 1024 * 1024)

static int rows_setting = 50000;

void
restitch_define_settings(void)
{
	DefineCustomIntVariable("cdp.restitch_rows",
							"How many events of the log cdp.restitch() takes at a time.",
							"More take more memory, and fewer more time.", &rows_setting, 50000, 1,
							1000000, PGC_USERSET, 0, NULL, NULL, NULL);
}

int
restitch_rows(void)
{
	return rows_setting;
}

/* ---------------------------------------------------------------- events */

/* set_source sets the source of the last event of a chunk, after it is listed where it is missing. */
static void
set_source(Pass *pass, LogChunk *chunk, Datum name)
{
	text *packed = DatumGetTextPP(name);
	const char *bytes = VARDATA_ANY(packed);
	int length = (int) VARSIZE_ANY_EXHDR(packed);
	CdpkBatchRow *row = &chunk->rows[chunk->count];

	row->source = pass_source(pass, bytes, length);
	if (row->source != CDPK_BATCH_NONE)
		return;
	{
		const PassSource *former = pass->sources;

		pass_add_sources(pass, &name, 1);
		for (int i = 0; i < chunk->count; i++)
			chunk->rows[i].source =
				pass_known_source(pass, PointerGetDatum(former[chunk->rows[i].source].name));
	}
	row->source = pass_known_source(pass, name);
}

void
chunk_read_columns(const LogCursor *cursor, Datum *values, bool *nulls)
{
	for (int i = 0; i < LOGGED_COLUMNS; i++)
		values[i] = log_cursor_value(cursor, LOG_LOGGED + i, &nulls[i]);
}

/* read_event makes a row of the present event. */
static void
read_event(const LogCursor *cursor, Pass *pass, LogChunk *chunk)
{
	CdpkBatchRow *row = &chunk->rows[chunk->count];
	Datum values[LOGGED_COLUMNS];
	bool nulls[LOGGED_COLUMNS];

	chunk_read_columns(cursor, values, nulls);
	chunk->event_ids[chunk->count] = log_cursor_int8(cursor, LOG_EVENT_ID);
	chunk->anchors[chunk->count] = log_cursor_int8(cursor, LOG_IDENTIFIER_ID);
	pass_clean_logged(pass, values, nulls, row);
	set_source(pass, chunk, values[LOGGED_SOURCE]);
	chunk->count++;
}

bool
chunk_read(LogCursor *cursor, Pass *pass, LogChunk *chunk)
{
	MemoryContext caller = MemoryContextSwitchTo(pass->context);
	int64 pairs = 0;
	int64 bytes = 0;

	chunk->count = 0;
	chunk->event_ids = pass_array(rows_setting, sizeof(int64));
	chunk->anchors = pass_array(rows_setting, sizeof(int64));
	chunk->rows = pass_array(rows_setting, sizeof(CdpkBatchRow));
	while (chunk->count < rows_setting && pairs < PAIRS_MAX && bytes < BYTES_MAX &&
		   log_cursor_look(cursor))
	{
		const CdpkBatchRow *row = &chunk->rows[chunk->count];

		CHECK_FOR_INTERRUPTS();
		read_event(cursor, pass, chunk);
		log_cursor_skip(cursor);
		pairs += (int64) row->identifier_count * row->identifier_count / 2;
		bytes += row->message_id.length;
		for (uint32_t i = 0; i < row->identifier_count; i++)
			bytes += row->identifiers[i].length;
	}
	MemoryContextSwitchTo(caller);
	return chunk->count > 0;
}

/* ---------------------------------------------------------------- the base */

void
chunk_take_base(const LogCursor *cursor, int column, Pass *pass, PassBase *base)
{
	Datum values[BASE_COLUMNS];
	bool nulls[BASE_COLUMNS];

	for (int i = 0; i < BASE_COLUMNS; i++)
		values[i] = log_cursor_value(cursor, column + i, &nulls[i]);
	pass_take_base(pass, 0, values, nulls, base);
}

bool
chunk_read_base(LogCursor *cursor, Pass *pass, PassBase *base)
{
	MemoryContext caller = MemoryContextSwitchTo(pass->context);
	int64 pairs = 0;
	int64 bytes = 0;

	memset(base, 0, sizeof(*base));
	while (log_cursor_look(cursor) &&
		   ((base->count < rows_setting && pairs < PAIRS_MAX && bytes < BYTES_MAX) ||
			log_cursor_int8(cursor, 1 + BASE_IDENTIFIER_ID) == base->anchors[base->count - 1]))
	{
		const CdpkBatchRow *row;

		CHECK_FOR_INTERRUPTS();
		chunk_take_base(cursor, 1, pass, base);
		log_cursor_skip(cursor);
		row = &base->rows[base->count - 1];
		pairs += (int64) row->identifier_count * row->identifier_count / 2;
		bytes += row->message_id.length + row->traits.length + row->event.length +
				 (int64) row->identifier_count * CDPK_IDENTIFIER_PAYLOAD_MAX / 8;
	}
	pass_name_base(pass, base);
	MemoryContextSwitchTo(caller);
	return base->count > 0;
}

/* ---------------------------------------------------------------- the graph */

void
chunk_stitch(Pass *pass, const CdpkBatchRow *rows, int count)
{
	pass_new_batch(pass);
	pass_check(cdpk_batch_begin(pass->batch, rows, (size_t) count, &pass->changes));
	pass_check(cdpk_batch_accept(pass->batch, NULL, 0));
	pass_identify(pass);
	pass_link(pass);
	pass_prepare_resolve(pass);
	pass_check(cdpk_batch_stitch(pass->batch, &pass->stitch_store));
	pass_check(cdpk_batch_anchor(pass->batch));
}

void
chunk_stitch_nothing(Pass *pass)
{
	static const CdpkBatchRow none;

	chunk_stitch(pass, &none, 0);
}
