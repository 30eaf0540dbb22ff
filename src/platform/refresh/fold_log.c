/*
 * fold_log.c
 *		cdp_internal.fold_log: folds events of the log into rows of the base.
 *
 * Events come in the order of their anchors, and the rows of the base that they may become part of have the same
 * anchors: so each chunk is folded with the rows of its anchors.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/batch/batch.h"
#include "platform/catalogue/packed_row.h"
#include "platform/ingest/ingest.h"
#include "platform/ingest/onboard.h"
#include "platform/progress/progress.h"
#include "platform/refresh/pass_base.h"
#include "platform/refresh/pass_kin.h"
#include "platform/refresh/restitch.h"
#include "toolkit/identifier/identifier.h"

/* the column behind those of LOG_COLUMNS */
#define LOG_CONTEXT_HASH (LOG_LOGGED + LOGGED_COLUMNS)

/* a chunk ends once what is folded of its events has so many bytes */
#define BYTES_MAX (32 * 1024 * 1024)

CDP_FUNCTION(cdp_fold_log);

/* the columns of the result */
enum
{
	OUT_IDENTIFIER_ID,
	OUT_EVENTS,
	OUT_COLUMNS
};

StaticAssertDecl(INGEST_IDENTIFIERS_MAX <= CDPK_PACKED_IDS_MAX,
				 "a row of the base holds the identifiers of an event");

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

/* set_account sets the account that a group call names, by the columns of the log. */
static void
set_account(CdpkBatchRow *row, const Datum *values, const bool *nulls)
{
	CdpkSpan account = nulls[LOGGED_GROUP_ID] ? ingest_span("")
											  : ingest_trim(ingest_text(values[LOGGED_GROUP_ID]));
	char *copy;

	if (row->call != CDPK_BATCH_GROUP || account.length == 0)
		return;
	copy = palloc(account.length);
	memcpy(copy, account.text, account.length);
	row->account.bytes = (const uint8_t *) copy;
	row->account.length = (uint32_t) account.length;
	row->has_left = onboard_leaves_account(values[LOGGED_CONTEXT], nulls[LOGGED_CONTEXT]);
	row->left_at = row->at;
}

/*
 * is_unidentified tells whether an event belongs to no person, and never will: then only accounts need what it says,
 * and there may be so many that one timeline could not hold them.
 */
static bool
is_unidentified(const CdpkBatchRow *row, int64 anchor)
{
	return anchor == 0 && row->identifier_count == 0;
}

/* read_event makes a row of the present event. */
static void
read_event(const LogCursor *cursor, Chunk *chunk)
{
	Pass *pass = chunk->pass;
	CdpkBatchRow *row = &chunk->rows[chunk->event_count];
	int64 anchor = log_cursor_int8(cursor, LOG_IDENTIFIER_ID);
	Datum values[LOGGED_COLUMNS];
	bool nulls[LOGGED_COLUMNS];
	PassSaid said;

	chunk_read_columns(cursor, values, nulls);
	pass_clean_logged(pass, values, nulls, row);
	row->source = pass_known_source(pass, values[LOGGED_SOURCE]);
	row->call = pass_call(values[LOGGED_TYPE]);
	set_account(row, values, nulls);
	if (!nulls[LOGGED_EVENT] && !is_unidentified(row, anchor))
		row->event = pass_bytes(datumCopy(values[LOGGED_EVENT], false, -1), false);
	said.traits = values[LOGGED_TRAITS];
	said.no_traits = nulls[LOGGED_TRAITS];
	said.properties = values[LOGGED_PROPERTIES];
	said.no_properties = nulls[LOGGED_PROPERTIES];
	said.context = values[LOGGED_CONTEXT];
	said.no_context = nulls[LOGGED_CONTEXT];
	said.context_hash = log_cursor_value(cursor, LOG_CONTEXT_HASH, &said.no_context_hash);
	if (row->call == CDPK_BATCH_GROUP || !is_unidentified(row, anchor))
		pass_fold_values(pass, row, &said, false);
	chunk->anchors[chunk->event_count++] = anchor;
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

/* note_numbers notes the numbers that the rows of the base say; earlier user_ids of aliases are looked up. */
static void
note_numbers(const Chunk *chunk, int64 *numbers)
{
	const PassBase *base = &chunk->base;

	for (int i = 0; i < base->count; i++)
	{
		const int64 *ids = &base->ids.items[base->first_id[i]];
		const uint32_t *places =
			cdpk_batch_mentions(chunk->pass->batch, (size_t) (chunk->event_count + i));

		for (uint32_t k = 0; k < base->rows[i].identifier_count; k++)
			numbers[places[k]] = ids[k];
	}
}

/* find_numbers finds the numbers of all names of the batch, by place. */
static int64 *
find_numbers(const Chunk *chunk)
{
	Pass *pass = chunk->pass;
	size_t count;
	const CdpkBatchBytes *names = cdpk_batch_names(pass->batch, &count);
	int64 *numbers =
		palloc_extended(sizeof(int64) * Max(count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	pass->map_key = hash_key(HASH_IDENTIFIER);
	note_numbers(chunk, numbers);
	pass_find_numbers(pass, numbers);
	number_names(pass, names, numbers, count);
	return numbers;
}

/* ---------------------------------------------------------------- writing */

/* set_ids sets the identifiers of a row: in order, but for the user of an alias, who comes first; the earlier one last. */
static void
set_ids(const CdpkBatchFolded *folded, const int64 *numbers, CdpkPacked *packed)
{
	const CdpkBatchRow *row = &folded->row;
	PassIds rest = {NULL};
	int64 *ids = palloc(sizeof(int64) * ((Size) row->identifier_count + 1));
	uint32_t count = 0;

	for (uint32_t i = row->is_alias ? 1 : 0; i < row->identifier_count; i++)
		pass_add_id(&rest, numbers[folded->places[i]]);
	pass_sort_ids(&rest);
	if (row->is_alias)
		ids[count++] = numbers[folded->places[0]];
	for (int i = 0; i < rest.count; i++)
		ids[count++] = rest.items[i];
	if (row->is_alias)
		ids[count] = numbers[folded->places[row->identifier_count]];
	packed->ids = (const int64_t *) ids;
	packed->id_count = count;
	packed->is_alias = row->is_alias;
}

/* set_bytes sets a column of bytes, which may be none. */
static void
set_bytes(PassBaseWritten *written, int column, const CdpkBatchBytes *bytes)
{
	written->nulls[column][written->count] = bytes->bytes == NULL;
	if (bytes->bytes != NULL)
		written->values[column][written->count] = pass_varlena(bytes);
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

/* add_row adds a row to those that are written. */
static void
add_row(const Chunk *chunk, const CdpkBatchFolded *folded, const uint32_t *order,
		const int64 *numbers, PassBaseWritten *written)
{
	const CdpkBatchRow *row = &folded->row;
	CdpkPacked packed = {.anchor = chunk->anchors[order[folded->first_row]],
						 .events = row->span->events,
						 .first_at = row->at,
						 .last_at = row->span->last_at,
						 .first_said_at = row->said_at,
						 .last_said_at = row->span->last_said_at,
						 .after = row->span->after,
						 .traits_at = find_traits_at(chunk, folded, order),
						 .source_id = chunk->pass->sources[row->source].source_id,
						 .message_id = (const char *) row->message_id.bytes,
						 .message_length = row->message_id.length};

	set_ids(folded, numbers, &packed);
	written->values[BASE_IDENTIFIER_ID][written->count] = Int64GetDatum(packed.anchor);
	written->values[BASE_PACKED][written->count] = packed_row_write(&packed);
	set_bytes(written, BASE_GROUP_ID, &row->account);
	set_bytes(written, BASE_TRAITS, &row->traits);
	set_bytes(written, BASE_TIMELINE, &row->event);
	written->nulls[BASE_LEFT_AT][written->count] = !row->has_left;
	written->values[BASE_LEFT_AT][written->count] = TimestampTzGetDatum(row->left_at);
	written->count++;
}

/* write_rows writes the rows of the base that have events of the chunk, in place of those that these come to. */
static void
write_rows(const Chunk *chunk, const CdpkBatchFolded *folded, size_t count, const int64 *numbers)
{
	const PassBase *base = &chunk->base;
	size_t total;
	const uint32_t *order = cdpk_batch_folded_order(chunk->pass->batch, &total);
	int64 *to = pass_array(base->count, sizeof(int64));
	PassIds anchors = {NULL};
	PassBaseWritten written;

	for (int i = 0; i < base->count; i++)
		to[i] = base->anchors[i];
	pass_begin_base(&written, (int) count + base->count);
	for (size_t i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		/* rows that nothing comes to stay as they are */
		if ((int) order[folded[i].first_row] >= chunk->event_count)
			continue;
		add_row(chunk, &folded[i], order, numbers, &written);
		for (uint32_t k = 0; k < folded[i].row_count; k++)
		{
			int row = (int) order[folded[i].first_row + k] - chunk->event_count;

			if (row < 0)
				continue;
			to[row] = PASS_BASE_GONE;
			pass_add_id(&anchors, base->anchors[row]);
		}
	}
	pass_write_base(chunk->pass, base, &anchors, to, &written);
}

/* ---------------------------------------------------------------- folding */

/* fold_chunk folds the next events, and counts them; false: there are no more. */
static bool
fold_chunk(LogCursor *cursor, int64 *results)
{
	Pass *pass = pass_new();
	MemoryContext caller = MemoryContextSwitchTo(pass->context);
	Chunk chunk = {pass};
	PassRejected rejected = {0};
	bool found;

	pass->last_identifier_id = results[OUT_IDENTIFIER_ID];
	pass->keep_expired = true;
	pass_read_value_rules(pass);
	pass_load_sources(pass);
	pass_read_rules(pass);
	/* rows of the base are there before the first month is marked */
	pass->has_base = true;
	pass->rejected = &rejected;
	found = read_chunk(cursor, &chunk);
	if (found)
	{
		const CdpkBatchFolded *folded;
		const int64 *numbers;
		size_t count;

		pass_new_batch(pass);
		pass_check(cdpk_batch_begin(pass->batch, chunk.rows,
									(size_t) (chunk.event_count + chunk.base.count), NULL));
		pass_check(cdpk_batch_accept(pass->batch, NULL, 0));
		pass_check(cdpk_batch_identify(pass->batch));
		numbers = find_numbers(&chunk);
		pass_find_voids(pass);
		pass_check(cdpk_batch_fold_base(pass->batch, &folded, &count));
		write_rows(&chunk, folded, count, numbers);
		pass_fold_rejected(pass, &rejected);
		results[OUT_IDENTIFIER_ID] = pass->last_identifier_id;
		results[OUT_EVENTS] += chunk.event_count;
	}
	MemoryContextSwitchTo(caller);
	pass_free(pass);
	return found;
}

/* cdp_fold_log implements cdp_internal.fold_log. */
Datum
cdp_fold_log(PG_FUNCTION_ARGS)
{
	char *events = text_to_cstring(PG_GETARG_TEXT_PP(0));
	MemoryContext caller = CurrentMemoryContext;
	TupleDesc descriptor;
	int64 results[OUT_COLUMNS] = {PG_GETARG_INT64(1)};
	Datum values[OUT_COLUMNS];
	bool nulls[OUT_COLUMNS] = {false};
	LogCursor cursor;
	int nest_level;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != OUT_COLUMNS)
		elog(ERROR, "the result of fold_log has another form");
	descriptor = BlessTupleDesc(descriptor);
	batch_connect();
	nest_level = batch_enter_planner();
	/* in the order of their anchors */
	log_cursor_open(&cursor, psprintf("SELECT " LOG_COLUMNS
									  ", e.context_hash FROM %s ORDER BY e.identifier_id",
									  events));
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
