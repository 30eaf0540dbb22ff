/*
 * fold_month.c
 *		cdp_internal.fold_month: folds events of the log into rows of the base.
 *
 * Events come in the order of their anchors, and the rows of the base that they may become part of have the same
 * anchors: so each chunk is folded with the rows of its anchors.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/ingest/ingest.h"
#include "platform/progress/progress.h"
#include "platform/refresh/restitch.h"
#include "toolkit/identifier/identifier.h"

/* the column behind those of LOG_COLUMNS */
#define LOG_CONTEXT_HASH (LOG_LOGGED + LOGGED_COLUMNS)

/* a chunk ends once what is folded of its events has so many bytes */
#define BYTES_MAX (32 * 1024 * 1024)

CDP_FUNCTION(cdp_fold_month);

/* the columns of the result */
enum
{
	OUT_IDENTIFIER_ID,
	OUT_BASE_ID,
	OUT_EVENTS,
	OUT_COLUMNS
};

/* Some events, then the rows of the base that they may become part of. */
typedef struct Chunk
{
	Pass *pass;
	CdpkBatchRow *rows;
	int64 *anchors;
	int event_count;
	int64 bytes;
	PassBase base;
} Chunk;

/* ---------------------------------------------------------------- reading */

/* set_account sets the account that a group call names. */
static void
set_account(CdpkBatchRow *row, Datum group_id, bool isnull)
{
	CdpkSpan account = isnull ? ingest_span("") : ingest_trim(ingest_text(group_id));
	char *copy;

	if (row->call != CDPK_BATCH_GROUP || account.length == 0)
		return;
	copy = palloc(account.length);
	memcpy(copy, account.text, account.length);
	row->account.bytes = (const uint8_t *) copy;
	row->account.length = (uint32_t) account.length;
}

/* read_event makes a row of the present event. */
static void
read_event(const LogCursor *cursor, Chunk *chunk)
{
	Pass *pass = chunk->pass;
	CdpkBatchRow *row = &chunk->rows[chunk->event_count];
	Datum values[LOGGED_COLUMNS];
	bool nulls[LOGGED_COLUMNS];
	PassSaid said;

	chunk_read_columns(cursor, values, nulls);
	pass_clean_logged(pass, values, nulls, row);
	row->source = pass_known_source(pass, values[LOGGED_SOURCE]);
	row->call = pass_call(values[LOGGED_TYPE]);
	set_account(row, values[LOGGED_GROUP_ID], nulls[LOGGED_GROUP_ID]);
	if (!nulls[LOGGED_EVENT])
		row->event = pass_bytes(datumCopy(values[LOGGED_EVENT], false, -1), false);
	said.traits = values[LOGGED_TRAITS];
	said.no_traits = nulls[LOGGED_TRAITS];
	said.properties = values[LOGGED_PROPERTIES];
	said.no_properties = nulls[LOGGED_PROPERTIES];
	said.context = values[LOGGED_CONTEXT];
	said.no_context = nulls[LOGGED_CONTEXT];
	said.context_hash = log_cursor_value(cursor, LOG_CONTEXT_HASH, &said.no_context_hash);
	pass_fold_values(pass, row, &said, false);
	chunk->anchors[chunk->event_count++] = log_cursor_int8(cursor, LOG_IDENTIFIER_ID);
	chunk->bytes += row->event.length + row->traits.length + row->message_id.length;
	for (uint32_t i = 0; i < row->value_count; i++)
		chunk->bytes += sizeof(CdpkBatchValue) + row->values[i].text.length;
	for (uint32_t i = 0; i < row->identifier_count; i++)
		chunk->bytes += row->identifiers[i].length;
}

/* read_base adds the rows of the base that have the anchors of the events. */
static void
read_base(Chunk *chunk)
{
	PassIds anchors = {NULL};

	for (int i = 0; i < chunk->event_count; i++)
		pass_add_id(&anchors, chunk->anchors[i]);
	pass_sort_ids(&anchors);
	pass_find_base(chunk->pass, anchors.items, anchors.count, &chunk->base);
	chunk->rows = repalloc_huge(chunk->rows, sizeof(CdpkBatchRow) *
												 (chunk->event_count + chunk->base.count + 1));
	for (int i = 0; i < chunk->base.count; i++)
		chunk->rows[chunk->event_count + i] = chunk->base.rows[i];
}

/* read_chunk reads the next events; false: there are no more. */
static bool
read_chunk(LogCursor *cursor, Chunk *chunk)
{
	chunk->rows = pass_array(restitch_rows(), sizeof(CdpkBatchRow));
	chunk->anchors = pass_array(restitch_rows(), sizeof(int64));
	while (chunk->event_count < restitch_rows() && chunk->bytes < BYTES_MAX &&
		   log_cursor_look(cursor))
	{
		CHECK_FOR_INTERRUPTS();
		read_event(cursor, chunk);
		log_cursor_skip(cursor);
	}
	if (chunk->event_count > 0)
		read_base(chunk);
	return chunk->event_count > 0;
}

/* ---------------------------------------------------------------- numbers */

/* number_names gives numbers to the identifiers that have none: a rule blocked them whenever they came. */
static void
number_names(Pass *pass, const CdpkBatchBytes *names, int64 *ids, size_t count)
{
	Oid types[] = {INT8ARRAYOID, get_array_type(identifier_type_oid())};
	CdpkBatchBytes *unknown = pass_array((int64) count, sizeof(CdpkBatchBytes));
	PassIds made = {NULL};
	Datum arguments[2];

	for (size_t i = 0; i < count; i++)
		if (ids[i] == 0)
		{
			unknown[made.count] = names[i];
			ids[i] = ++pass->last_identifier_id;
			pass_add_id(&made, ids[i]);
		}
	if (made.count == 0)
		return;
	arguments[0] = pass_id_array(made.items, made.count);
	arguments[1] = pass_name_array(unknown, (size_t) made.count);
	pass_run(pass,
			 "INSERT INTO cdp_data.identifier_map (hash, identifier_id)"
			 " SELECT cdp_internal.map_hash(n.identifier), n.identifier_id"
			 " FROM unnest($3, $4) AS n (identifier_id, identifier)",
			 2, types, arguments);
	pass_run(
		pass,
		"INSERT INTO cdp_data.identifier (identifier_id, identifier, profile_id, blocked, batch_id,"
		" since_batch_id)"
		" SELECT n.identifier_id, n.identifier, 0,"
		" cdp_internal.is_blocked(n.identifier, cdp_internal.blocked_rules()), $1, $1"
		" FROM unnest($3, $4) AS n (identifier_id, identifier)",
		2, types, arguments);
}

/* find_numbers finds the numbers of all names of the batch, by place. */
static int64 *
find_numbers(Pass *pass)
{
	size_t count;
	const CdpkBatchBytes *names;
	int64 *ids;

	pass->map_key = hash_key(HASH_IDENTIFIER);
	pass_look_up_names(pass, 0);
	names = cdpk_batch_names(pass->batch, &count);
	ids = pass_array((int64) count, sizeof(int64));
	for (size_t i = 0; i < count; i++)
		ids[i] = cdpk_batch_identifier(pass->batch, (uint32_t) i)->identifier_id;
	number_names(pass, names, ids, count);
	return ids;
}

/* ---------------------------------------------------------------- writing */

/* What is written of rows of the base. */
typedef struct Written
{
	PassColumns key;
	PassColumns set;
	Datum *base_id;
	Datum *identifier_id;
	Datum *columns[BASE_COLUMNS];
	bool *nulls[BASE_COLUMNS];
} Written;

static void
begin_written(Written *written, int count)
{
	memset(written, 0, sizeof(*written));
	written->key.rows = written->set.rows = count;
	written->identifier_id = pass_column(&written->key, BASE_IDENTIFIER_ID);
	written->base_id = pass_column(&written->key, BASE_ID);
	for (int i = BASE_EVENTS; i < BASE_COLUMNS; i++)
		written->columns[i] = pass_null_column(&written->set, i, &written->nulls[i]);
}

/* set_bytes sets a column of bytes, which may be none. */
static void
set_bytes(Written *written, int column, int at, const CdpkBatchBytes *bytes)
{
	written->nulls[column][at] = bytes->bytes == NULL;
	if (bytes->bytes != NULL)
		written->columns[column][at] = pass_varlena(bytes);
}

/* set_ids sets the numbers of the identifiers, in order but for the user of an alias, who comes first. */
static void
set_ids(Written *written, int at, const Pass *pass, const CdpkBatchRow *row, const int64 *numbers)
{
	PassIds ids = {NULL};
	uint32_t first = row->is_alias ? 1 : 0;

	for (uint32_t i = first; i < row->identifier_count; i++)
		pass_add_id(&ids, numbers[cdpk_batch_find(pass->batch, row->identifiers[i].bytes,
												  row->identifiers[i].length)]);
	pass_sort_ids(&ids);
	if (row->is_alias)
	{
		const CdpkBatchBytes *earlier = &row->identifiers[row->identifier_count];

		pass_add_id(&ids, 0);
		memmove(ids.items + 1, ids.items, sizeof(int64) * (ids.count - 1));
		ids.items[0] = numbers[cdpk_batch_find(pass->batch, row->identifiers[0].bytes,
											   row->identifiers[0].length)];
		written->columns[BASE_EARLIER_ID][at] =
			Int64GetDatum(numbers[cdpk_batch_find(pass->batch, earlier->bytes, earlier->length)]);
	}
	written->nulls[BASE_EARLIER_ID][at] = !row->is_alias;
	written->columns[BASE_IDS][at] = pass_id_array(ids.items, ids.count);
}

/* find_traits_at finds when the earliest traits of a row were said that had not expired when they were folded. */
static TimestampTz
find_traits_at(const Chunk *chunk, const CdpkBatchFolded *folded, const uint32_t *order)
{
	TimestampTz earliest = CDPK_BATCH_NEVER;

	for (uint32_t i = 0; i < folded->row_count; i++)
	{
		int number = (int) order[folded->first_row + i];
		const CdpkBatchRow *row = &chunk->rows[number];
		TimestampTz at = row->said_at;

		if (row->traits.bytes == NULL || row->call != folded->row.call)
			continue;
		if (number >= chunk->event_count)
			at = chunk->base.traits_at[number - chunk->event_count];
		else if (pass_has_expired(chunk->pass, row->source, at))
			continue;
		earliest = Min(earliest, at);
	}
	return earliest;
}

/* set_row sets the columns of a row. */
static void
set_row(Written *written, int at, const Chunk *chunk, const CdpkBatchFolded *folded,
		const uint32_t *order, const int64 *numbers)
{
	const CdpkBatchRow *row = &folded->row;
	TimestampTz traits_at = find_traits_at(chunk, folded, order);

	written->columns[BASE_EVENTS][at] = Int64GetDatum(row->span->events);
	written->columns[BASE_FIRST_AT][at] = TimestampTzGetDatum(row->at);
	written->columns[BASE_LAST_AT][at] = TimestampTzGetDatum(row->span->last_at);
	written->columns[BASE_FIRST_SAID_AT][at] = TimestampTzGetDatum(row->said_at);
	written->columns[BASE_LAST_SAID_AT][at] = TimestampTzGetDatum(row->span->last_said_at);
	written->columns[BASE_AFTER][at] = TimestampTzGetDatum(row->span->after);
	written->columns[BASE_TRAITS_AT][at] = TimestampTzGetDatum(traits_at);
	written->nulls[BASE_TRAITS_AT][at] = traits_at == CDPK_BATCH_NEVER;
	written->columns[BASE_SOURCE_ID][at] =
		Int32GetDatum(chunk->pass->sources[row->source].source_id);
	set_ids(written, at, chunk->pass, row, numbers);
	set_bytes(written, BASE_GROUP_ID, at, &row->account);
	set_bytes(written, BASE_MESSAGE_ID, at, &row->message_id);
	set_bytes(written, BASE_TRAITS, at, &row->traits);
	set_bytes(written, BASE_TIMELINE, at, &row->event);
}

/* delete_merged deletes rows of the base that have become part of others: identifiers may have become one. */
static void
delete_merged(const Chunk *chunk, const CdpkBatchFolded *folded, size_t count,
			  const uint32_t *order)
{
	PassColumns key = {chunk->base.count};
	Datum *identifier_id = pass_column(&key, BASE_IDENTIFIER_ID);
	Datum *base_id = pass_column(&key, BASE_ID);
	int at = 0;

	for (size_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < folded[i].row_count; k++)
		{
			uint32_t number = order[folded[i].first_row + k];
			int row = (int) number - chunk->event_count;

			/* nothing is written of rows that no event comes to */
			if (row < 0 || number == folded[i].stored ||
				(int) order[folded[i].first_row] >= chunk->event_count)
				continue;
			identifier_id[at] = Int64GetDatum(chunk->base.anchors[row]);
			base_id[at++] = Int64GetDatum(chunk->base.base_ids[row]);
		}
	if (at > 0)
		store_delete(pass_table(chunk->pass, TABLE_BASE), at, pass_columns(&key));
}

/* write_rows writes the rows of the base that have events of the chunk. */
static void
write_rows(const Chunk *chunk, const CdpkBatchFolded *folded, size_t count, const int64 *numbers,
		   int64 *last_base_id)
{
	size_t total;
	const uint32_t *order = cdpk_batch_folded_order(chunk->pass->batch, &total);
	Written written;
	int at = 0;

	delete_merged(chunk, folded, count, order);
	begin_written(&written, (int) count);
	for (size_t i = 0; i < count; i++)
	{
		uint32_t first = order[folded[i].first_row];

		CHECK_FOR_INTERRUPTS();
		/* a row that nothing comes to stays as it is */
		if ((int) first >= chunk->event_count)
			continue;
		written.identifier_id[at] = Int64GetDatum(chunk->anchors[first]);
		if (folded[i].stored == CDPK_BATCH_NONE)
			written.base_id[at] = Int64GetDatum(++*last_base_id);
		else
			written.base_id[at] = Int64GetDatum(
				chunk->base.base_ids[folded[i].stored - (uint32_t) chunk->event_count]);
		set_row(&written, at++, chunk, &folded[i], order, numbers);
	}
	if (at > 0)
		store_upsert(pass_table(chunk->pass, TABLE_BASE), at, pass_columns(&written.key),
					 pass_columns(&written.set));
}

/* ---------------------------------------------------------------- folding */

/* fold_chunk folds the next events, and counts them; false: there are no more. */
static bool
fold_chunk(LogCursor *cursor, int64 *results)
{
	Pass *pass = pass_new();
	MemoryContext caller = MemoryContextSwitchTo(pass->context);
	Chunk chunk = {pass};
	bool found;

	pass->last_identifier_id = results[OUT_IDENTIFIER_ID];
	pass->keep_expired = true;
	pass_read_value_rules(pass);
	pass_load_sources(pass);
	pass_read_rules(pass);
	/* rows of the base are there before the first month is marked */
	pass->has_base = true;
	found = read_chunk(cursor, &chunk);
	if (found)
	{
		const CdpkBatchFolded *folded;
		size_t count;

		pass_new_batch(pass);
		pass_check(cdpk_batch_begin(pass->batch, chunk.rows,
									(size_t) (chunk.event_count + chunk.base.count), NULL));
		pass_check(cdpk_batch_accept(pass->batch, NULL, 0));
		pass_check(cdpk_batch_identify(pass->batch));
		pass_find_voids(pass);
		pass_check(cdpk_batch_fold_base(pass->batch, &folded, &count));
		write_rows(&chunk, folded, count, find_numbers(pass), &results[OUT_BASE_ID]);
		results[OUT_IDENTIFIER_ID] = pass->last_identifier_id;
		results[OUT_EVENTS] += chunk.event_count;
	}
	MemoryContextSwitchTo(caller);
	pass_free(pass);
	return found;
}

/* open_month opens the events of a month above its mark, in the order of their anchors. */
static void
open_month(LogCursor *cursor, Datum from, Datum until, Datum mark)
{
	Oid types[] = {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID};
	Datum values[] = {from, until, mark};

	memset(cursor, 0, sizeof(*cursor));
	cursor->portal = SPI_cursor_open_with_args(
		NULL,
		"SELECT " LOG_COLUMNS ", e.context_hash FROM cdp_data.event e WHERE e.\"timestamp\" >= $1"
		" AND e.\"timestamp\" < $2 AND e.event_id > $3 ORDER BY e.identifier_id",
		lengthof(types), types, values, NULL, false, CURSOR_OPT_NO_SCROLL);
}

/* cdp_fold_month implements cdp_internal.fold_month. */
Datum
cdp_fold_month(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	TupleDesc descriptor;
	int64 results[OUT_COLUMNS] = {PG_GETARG_INT64(3), PG_GETARG_INT64(4)};
	Datum values[OUT_COLUMNS];
	bool nulls[OUT_COLUMNS] = {false};
	LogCursor cursor;
	int nest_level;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != OUT_COLUMNS)
		elog(ERROR, "the result of fold_month has another form");
	descriptor = BlessTupleDesc(descriptor);
	batch_connect();
	nest_level = batch_enter_planner();
	open_month(&cursor, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2));
	do
		progress_closed("fold", results[OUT_EVENTS], true);
	while (fold_chunk(&cursor, results));
	log_cursor_close(&cursor);
	AtEOXact_GUC(true, nest_level);
	SPI_finish();
	MemoryContextSwitchTo(caller);
	for (int i = 0; i < OUT_COLUMNS; i++)
		values[i] = Int64GetDatum(results[i]);
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}
