/*
 * pass_row.c
 *		The rows of the batch, as core/batch takes them, and their sources.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "platform/batch/batch.h"
#include "platform/progress/progress.h"
#include "platform/refresh/pass.h"
#include "toolkit/identifier/identifier.h"

/*
 * read_limits reads how many identifiers and bytes a row may have, and how old a message may be; returns whether people
 * are suppressed.
 */
static bool
read_limits(Pass *pass, TakeOptions *options)
{
	bool isnull;
	bool has_suppressed;
	uint64 count;
	SPITupleTable *rows = pass_query(
		pass,
		"SELECT s.max_identifiers, cdp_internal.max_row_bytes(), CASE WHEN s.refuses_older THEN"
		" coalesce(greatest($2 - s.message_memory, s.forgotten_until + interval '24 hours'),"
		" '-infinity') ELSE '-infinity' END, s.suppression_fingerprint IS NOT NULL FROM cdp_data.state s",
		0, NULL, NULL, &count);

	if (count != 1)
		pass_check(CDPK_CORRUPT);
	options->onboard.max_identifiers = resolver_int4(rows, 0, 1);
	options->max_row_bytes = resolver_int8(rows, 0, 2);
	pass->oldest = DatumGetTimestampTz(SPI_getbinval(rows->vals[0], rows->tupdesc, 3, &isnull));
	has_suppressed = resolver_bool(rows, 0, 4);
	SPI_freetuptable(rows);
	return has_suppressed;
}

/*
 * read_onboard_sources reads the rules by which rows of sources are cleaned, once.  Not when they are first asked for:
 * events of the log are cleaned while a query gives them.
 */
static void
read_onboard_sources(Pass *pass)
{
	MemoryContext caller = MemoryContextSwitchTo(pass->context);

	if (pass->onboard_sources == NULL)
		pass->onboard_sources = onboard_sources_read();
	MemoryContextSwitchTo(caller);
}

/* take takes the rows of the batch from the inboxes. */
static void
take(Pass *pass)
{
	TakeOptions options = {.onboard = {.as_of = pass->as_of},
						   .trait_rules = pass->trait_document,
						   .cut_all = pass->cut_all,
						   .failures = pass->failures};
	int64 count;
	int64 line_count;
	const ItemPointerData *places = batch_claim(0, &count);
	const ItemPointerData *line_places = batch_claim(1, &line_count);
	TakenRows *taken;

	progress_set("take", 0, count + line_count);
	if (count + line_count == 0)
		return;
	if (read_limits(pass, &options))
		options.suppressed = suppressed_read();
	options.content_key = hash_key(HASH_CONTENT);
	options.message_by = hash_key(HASH_MESSAGE);
	read_onboard_sources(pass);
	options.onboard.sources = pass->onboard_sources;
	options.judge_arg = pass_new_plans(pass);
	options.judge = options.judge_arg != NULL ? pass_judge_by_plan : NULL;
	taken = take_rows(places, count, line_places, line_count, &options);
	pass->row_count = (int) taken->count;
	pass->rows = taken->rows;
	pass_refuse_older(pass);
}

/* ---------------------------------------------------------------- sources */

/* pass_load_sources reads all sources, in the order of their names. */
void
pass_load_sources(Pass *pass)
{
	uint64 count;
	SPITupleTable *rows = pass_query(
		pass,
		"SELECT s.source::text, s.trust, s.expires_after, s.accepted, s.duplicate, s.quarantined,"
		" s.source_id, s.aliases = 'same', s.mutable, s.keep_corrections, s.version, s.deleted,"
		" s.deletions, s.last_at, s.same_content_within, s.same_content, s.suppressed"
		" FROM cdp_data.source s ORDER BY s.source",
		0, NULL, NULL, &count);

	pass->sources = pass_array(count, sizeof(PassSource));
	pass->source_count = (int) count;
	for (uint64 i = 0; i < count; i++)
	{
		PassSource *source = &pass->sources[i];
		bool isnull;

		memset(source, 0, sizeof(*source));
		source->name = DatumGetTextPCopy(PointerGetDatum(resolver_text(rows, i, 1)));
		source->trust = resolver_int4(rows, i, 2);
		source->accepted = resolver_int8(rows, i, 4);
		source->duplicate = resolver_int8(rows, i, 5);
		source->quarantined = resolver_int8(rows, i, 6);
		source->source_id = resolver_int4(rows, i, 7);
		source->believed = resolver_bool(rows, i, 8);
		source->is_mutable = resolver_bool(rows, i, 9);
		source->keeps = resolver_bool(rows, i, 10);
		source->version = pass_read_path(rows, i, 11);
		source->deleted = pass_read_path(rows, i, 12);
		source->deletions = resolver_int8(rows, i, 13);
		source->last_at =
			DatumGetTimestampTz(SPI_getbinval(rows->vals[i], rows->tupdesc, 14, &isnull));
		source->same_content = resolver_int8(rows, i, 16);
		source->suppressed = resolver_int8(rows, i, 17);
		if (!resolver_isnull(rows, i, 15))
			source->within =
				DatumGetIntervalP(SPI_getbinval(rows->vals[i], rows->tupdesc, 15, &isnull))->time;
		source->rows_before = source->accepted + source->duplicate + source->quarantined +
							  source->deletions + source->suppressed;
		pass_check(cdpk_idmap_put(&pass->source_place, (uint64_t) source->source_id, (uint32_t) i));
		if (!resolver_isnull(rows, i, 3))
		{
			source->expires_after = palloc(sizeof(Interval));
			*source->expires_after =
				*DatumGetIntervalP(SPI_getbinval(rows->vals[i], rows->tupdesc, 3, &isnull));
		}
	}
	SPI_freetuptable(rows);
	read_onboard_sources(pass);
	pass_read_months(pass);
}

/* pass_source finds the place of a source by its name, or gives CDPK_BATCH_NONE. */
uint32
pass_source(const Pass *pass, const char *name, int length)
{
	int low = 0;
	int high = pass->source_count;

	while (low < high)
	{
		int middle = (low + high) / 2;
		const text *at = pass->sources[middle].name;
		int at_length = (int) VARSIZE_ANY_EXHDR(at);
		int order = memcmp(name, VARDATA_ANY(at), Min(length, at_length));

		if (order == 0)
			order = length - at_length;
		if (order == 0)
			return (uint32) middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return CDPK_BATCH_NONE;
}

/* pass_known_source finds the place of a source that cdp_data.source must have. */
uint32
pass_known_source(const Pass *pass, Datum name)
{
	text *packed = DatumGetTextPP(name);
	uint32 place = pass_source(pass, VARDATA_ANY(packed), (int) VARSIZE_ANY_EXHDR(packed));

	if (place == CDPK_BATCH_NONE)
		pass_check(CDPK_CORRUPT);
	return place;
}

/* pass_numbered_source does the same by the number of a source. */
uint32
pass_numbered_source(const Pass *pass, Datum source_id)
{
	uint32 place = cdpk_idmap_get(&pass->source_place, (uint64_t) DatumGetInt32(source_id));

	if (place == CDPK_IDMAP_NONE)
		pass_check(CDPK_CORRUPT);
	return place;
}

/* list_new_sources lists the sources of rows that the table does not have, perhaps some twice. */
static int
list_new_sources(const Pass *pass, Datum *names)
{
	const CdpkSpan *last = NULL;
	int count = 0;

	for (int i = 0; i < pass->row_count; i++)
	{
		const CdpkSpan *name = &pass->rows[i].source;

		if (last != NULL && last->length == name->length &&
			memcmp(last->text, name->text, name->length) == 0)
			continue;
		last = name;
		if (pass_source(pass, name->text, (int) name->length) == CDPK_BATCH_NONE)
			names[count++] = ingest_text_datum(*name);
	}
	return count;
}

/* pass_add_sources lists sources that the table does not have, and reads all anew. */
void
pass_add_sources(Pass *pass, Datum *names, int count)
{
	static const Oid types[] = {TEXTARRAYOID};
	Datum argument = pass_value_array(names, count, TEXTOID);

	pass_run(pass, "SELECT cdp_internal.add_source_names($3, $1)", 1, types, &argument);
	pass_load_sources(pass);
}

/* read_sources reads all sources, after those that the batch brings are listed. */
static void
read_sources(Pass *pass)
{
	Datum *names = pass_array(pass->row_count, sizeof(Datum));
	int count;

	pass_load_sources(pass);
	count = list_new_sources(pass, names);
	if (count > 0)
		pass_add_sources(pass, names, count);
	pfree(names);
}

/* ---------------------------------------------------------------- for core/batch */

/* pass_call tells what a call says. */
CdpkBatchCall
pass_call(Datum call_type)
{
	text *name = DatumGetTextPP(call_type);
	const char *bytes = VARDATA_ANY(name);
	Size length = VARSIZE_ANY_EXHDR(name);

	if (length == strlen("identify") && memcmp(bytes, "identify", length) == 0)
		return CDPK_BATCH_IDENTIFY;
	if (length == strlen("group") && memcmp(bytes, "group", length) == 0)
		return CDPK_BATCH_GROUP;
	return CDPK_BATCH_OTHER;
}

/* pass_set_identifiers points to the identifiers in an array of them; there is room for one more. */
void
pass_set_identifiers(Datum ids, CdpkBatchRow *row)
{
	ArrayType *array = DatumGetArrayTypeP(ids);
	int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	CdpkBatchBytes *identifiers = palloc(sizeof(CdpkBatchBytes) * (count + 1));
	char *at = ARR_DATA_PTR(array);

	if (ARR_HASNULL(array))
		elog(ERROR, "an identifier of a row is null");
	for (int i = 0; i < count; i++)
	{
		identifiers[i] = pass_payload(PointerGetDatum(at));
		at += VARSIZE_ANY(at);
		at = (char *) att_align_nominal(at, TYPALIGN_INT);
	}
	row->identifiers = identifiers;
	row->identifier_count = (uint32_t) count;
}

/* pass_set_earlier sets the earlier user_id of an alias, behind the identifiers that pass_set_identifiers set. */
void
pass_set_earlier(Datum earlier, bool isnull, CdpkBatchRow *row)
{
	row->is_alias = !isnull;
	if (row->is_alias)
		unconstify(CdpkBatchBytes *, row->identifiers)[row->identifier_count] =
			pass_payload(earlier);
}

/* set_account sets the account of a group call. */
static void
set_account(const TakenRow *from, CdpkBatchRow *row)
{
	CdpkSpan account;

	if (row->call != CDPK_BATCH_GROUP)
		return;
	account = ingest_trim(ingest_column(&from->columns, INBOX_GROUP_ID));
	if (account.length == 0)
		return;
	row->account.bytes = (const uint8_t *) account.text;
	row->account.length = (uint32_t) account.length;
	row->has_left = onboard_leaves_account(from->columns.values[INBOX_CONTEXT],
										   from->columns.nulls[INBOX_CONTEXT]);
	row->left_at = row->at;
}

/* make_row makes a row of one that is taken; its identifiers are put where *room is. */
static void
make_row(Pass *pass, const TakenRow *from, CdpkBatchRow *row, CdpkBatchBytes **room)
{
	memset(row, 0, sizeof(*row));
	row->source = pass_source(pass, from->source.text, (int) from->source.length);
	if (row->source == CDPK_BATCH_NONE)
		pass_check(CDPK_CORRUPT);
	row->quarantined = from->reason != NULL;
	if (row->quarantined)
		return;
	if (from->has_key)
	{
		row->message_key = from->message_key.data;
		row->content = from->content;
	}
	row->message_id =
		pass_bytes(from->columns.values[INBOX_MESSAGE_ID], from->columns.nulls[INBOX_MESSAGE_ID]);
	if (from->event.length > 0)
	{
		row->event.bytes = (const uint8_t *) from->event.text;
		row->event.length = (uint32_t) from->event.length;
		pass_share_event(pass, &row->event);
	}
	row->call = from->call_type == CALL_IDENTIFY ? CDPK_BATCH_IDENTIFY
				: from->call_type == CALL_GROUP  ? CDPK_BATCH_GROUP
												 : CDPK_BATCH_OTHER;
	row->at = from->at;
	row->said_at = Min(from->at, from->seen_at);
	row->identifiers = *room;
	for (int i = 0; i < from->identifier_count; i++)
		*(*room)++ = pass_payload(PointerGetDatum(from->identifiers[i]));
	row->identifier_count = (uint32_t) from->identifier_count;
	row->is_alias = from->is_alias;
	if (row->is_alias)
		*(*room)++ = pass_payload(PointerGetDatum(from->identifiers[from->identifier_count]));
	set_account(from, row);
}

/* drop_suppressed drops the rows that named none but people who were erased, and counts them. */
static void
drop_suppressed(Pass *pass)
{
	int kept = 0;

	for (int i = 0; i < pass->row_count; i++)
	{
		const TakenRow *row = &pass->rows[i];
		PassSource *source;

		if (!row->suppressed)
		{
			if (kept < i)
				pass->rows[kept] = *row;
			kept++;
			continue;
		}
		source = &pass->sources[pass_source(pass, row->source.text, (int) row->source.length)];
		source->suppressed++;
		source->met = true;
		pass->counts[COUNT_SUPPRESSED]++;
	}
	pass->row_count = kept;
}

void
pass_read_rows(Pass *pass)
{
	CdpkBatchBytes *room;
	int64 identifiers = 0;

	take(pass);
	read_sources(pass);
	pass->counts[COUNT_TAKEN] = pass->row_count;
	drop_suppressed(pass);
	for (int i = 0; i < pass->row_count; i++)
		if (pass->rows[i].reason == NULL)
			identifiers += pass->rows[i].identifier_count + pass->rows[i].is_alias;
	room = pass_array(identifiers, sizeof(CdpkBatchBytes));
	pass->batch_rows = pass_array(pass->row_count, sizeof(CdpkBatchRow));
	for (int i = 0; i < pass->row_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		make_row(pass, &pass->rows[i], &pass->batch_rows[i], &room);
		pass->sources[pass->batch_rows[i].source].met = true;
	}
}

/* pass_append_rows adds rows to those that were read. */
void
pass_append_rows(Pass *pass, const TakenRow *rows, int count)
{
	int total = pass->row_count + count;
	TakenRow *all = pass_array(total, sizeof(TakenRow));
	CdpkBatchRow *batch_rows = pass_array(total, sizeof(CdpkBatchRow));
	CdpkBatchBytes *room;
	int64 identifiers = 0;

	for (int i = 0; i < pass->row_count; i++)
	{
		all[i] = pass->rows[i];
		batch_rows[i] = pass->batch_rows[i];
	}
	for (int i = 0; i < count; i++)
	{
		all[pass->row_count + i] = rows[i];
		identifiers += rows[i].identifier_count + rows[i].is_alias;
	}
	room = pass_array(identifiers, sizeof(CdpkBatchBytes));
	pass->rows = all;
	pass->batch_rows = batch_rows;
	for (int i = pass->row_count; i < total; i++)
	{
		make_row(pass, &all[i], &batch_rows[i], &room);
		pass->sources[batch_rows[i].source].met = true;
	}
	pass->row_count = total;
	pass->counts[COUNT_TAKEN] += count;
}
