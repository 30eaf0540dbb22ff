/*
 * pass_row.c
 *		The rows of the batch, as core/batch takes them, and their sources.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "core/text/utf8.h"
#include "platform/batch/batch.h"
#include "platform/refresh/pass.h"
#include "toolkit/identifier/identifier.h"

/* the names of a row's columns in the relation batch_row */
static const char *const column_names[ROW_COLUMNS] = {"at",           "message_id",
													  "call_type",    "event_name",
													  "anonymous_id", "user_id",
													  "group_id",     "previous_id",
													  "identifiers",  "properties",
													  "traits",       "context",
													  "sent_at",      "original_timestamp",
													  "seen_at",      "source",
													  "message_key",  "ids",
													  "repeats",      "reason"};

/* What reads the relation: where in it each column is. */
typedef struct RowReader
{
	Pass *pass;
	bool ready;
	int places[ROW_COLUMNS];
} RowReader;

/* find_columns looks the columns up by their names. */
static void
find_columns(RowReader *reader, TupleDesc descriptor)
{
	for (int i = 0; i < ROW_COLUMNS; i++)
	{
		int number = SPI_fnumber(descriptor, column_names[i]);

		if (number <= 0)
			elog(ERROR, "batch_row has no column \"%s\"", column_names[i]);
		reader->places[i] = number - 1;
	}
	reader->ready = true;
}

/* read_row is the BatchRowFunction that fills pass->rows. */
static void
read_row(void *arg, TupleDesc descriptor, const Datum *values, const bool *nulls)
{
	RowReader *reader = arg;
	Pass *pass = reader->pass;
	PassRow *row;

	CHECK_FOR_INTERRUPTS();
	if (!reader->ready)
		find_columns(reader, descriptor);
	if (pass->row_count == pass->row_capacity)
	{
		pass->row_capacity = Max(1024, pass->row_capacity * 2);
		pass->rows = pass->rows == NULL
						 ? pass_array(pass->row_capacity, sizeof(PassRow))
						 : repalloc_huge(pass->rows, sizeof(PassRow) * pass->row_capacity);
	}
	row = &pass->rows[pass->row_count++];
	for (int i = 0; i < ROW_COLUMNS; i++)
	{
		row->values[i] = values[reader->places[i]];
		row->nulls[i] = nulls[reader->places[i]];
	}
}

/* ---------------------------------------------------------------- sources */

/* load_sources reads all sources, in the order of their names. */
static void
load_sources(Pass *pass)
{
	uint64 count;
	SPITupleTable *rows = pass_query(
		pass,
		"SELECT s.source::text, s.trust, s.expires_after, s.accepted, s.duplicate, s.quarantined"
		" FROM cdp_data.source s ORDER BY s.source",
		0, NULL, NULL, &count);

	pass->sources = pass_array(count, sizeof(PassSource));
	pass->source_count = (int) count;
	for (uint64 i = 0; i < count; i++)
	{
		PassSource *source = &pass->sources[i];

		memset(source, 0, sizeof(*source));
		source->name = DatumGetTextPCopy(PointerGetDatum(resolver_text(rows, i, 1)));
		source->trust = resolver_int4(rows, i, 2);
		source->accepted = resolver_int8(rows, i, 4);
		source->duplicate = resolver_int8(rows, i, 5);
		source->quarantined = resolver_int8(rows, i, 6);
		if (!resolver_isnull(rows, i, 3))
		{
			bool isnull;

			source->expires_after = palloc(sizeof(Interval));
			*source->expires_after =
				*DatumGetIntervalP(SPI_getbinval(rows->vals[i], rows->tupdesc, 3, &isnull));
		}
	}
	SPI_freetuptable(rows);
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

/* list_new_sources lists the sources of rows that the table does not have, perhaps some twice. */
static int
list_new_sources(const Pass *pass, Datum *names)
{
	const text *last = NULL;
	int count = 0;

	for (int i = 0; i < pass->row_count; i++)
	{
		text *name = DatumGetTextPP(pass->rows[i].values[ROW_SOURCE]);

		if (last != NULL && VARSIZE_ANY_EXHDR(last) == VARSIZE_ANY_EXHDR(name) &&
			memcmp(VARDATA_ANY(last), VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)) == 0)
			continue;
		last = name;
		if (pass_source(pass, VARDATA_ANY(name), (int) VARSIZE_ANY_EXHDR(name)) == CDPK_BATCH_NONE)
			names[count++] = PointerGetDatum(name);
	}
	return count;
}

/* read_sources reads all sources, after those that the batch brings are listed. */
static void
read_sources(Pass *pass)
{
	static const Oid types[] = {TEXTARRAYOID};
	Datum *names = pass_array(pass->row_count, sizeof(Datum));
	int count;

	load_sources(pass);
	count = list_new_sources(pass, names);
	if (count > 0)
	{
		Datum argument = pass_value_array(names, count, TEXTOID);

		pass_run(pass,
				 "INSERT INTO cdp_data.source (source, first_batch_id, last_batch_id)"
				 " SELECT DISTINCT n.source, $1, $1 FROM unnest($3) AS n (source)"
				 " ORDER BY n.source ON CONFLICT DO NOTHING",
				 1, types, &argument);
		load_sources(pass);
	}
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

/* pass_set_identifiers points to the identifiers in an array of them. */
void
pass_set_identifiers(Datum ids, CdpkBatchRow *row)
{
	ArrayType *array = DatumGetArrayTypeP(ids);
	int count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	CdpkBatchBytes *identifiers = palloc(sizeof(CdpkBatchBytes) * Max(count, 1));
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

/* set_account sets the account of a group call. */
static void
set_account(const PassRow *from, CdpkBatchRow *row)
{
	const char *start;
	size_t length;
	text *group_id;

	if (row->call != CDPK_BATCH_GROUP || from->nulls[ROW_GROUP_ID])
		return;
	group_id = DatumGetTextPP(from->values[ROW_GROUP_ID]);
	start = VARDATA_ANY(group_id);
	length = VARSIZE_ANY_EXHDR(group_id);
	cdpk_trim(&start, &length);
	if (length == 0)
		return;
	row->account.bytes = (const uint8_t *) start;
	row->account.length = (uint32_t) length;
}

/* make_row makes a row of one that is read. */
static void
make_row(Pass *pass, const PassRow *from, CdpkBatchRow *row)
{
	row->source = pass_known_source(pass, from->values[ROW_SOURCE]);
	row->quarantined = !from->nulls[ROW_REASON];
	if (row->quarantined)
		return;
	if (!from->nulls[ROW_MESSAGE_KEY])
		row->message_key = (const uint8_t *) DatumGetPointer(from->values[ROW_MESSAGE_KEY]);
	row->message_id = pass_bytes(from->values[ROW_MESSAGE_ID], from->nulls[ROW_MESSAGE_ID]);
	row->event = pass_bytes(from->values[ROW_EVENT_NAME], from->nulls[ROW_EVENT_NAME]);
	row->call = pass_call(from->values[ROW_CALL_TYPE]);
	row->at = DatumGetTimestampTz(from->values[ROW_AT]);
	row->said_at = Min(row->at, DatumGetTimestampTz(from->values[ROW_SEEN_AT]));
	pass_set_identifiers(from->values[ROW_IDS], row);
	set_account(from, row);
}

void
pass_read_rows(Pass *pass)
{
	RowReader reader = {pass};

	batch_read("batch_row", read_row, &reader);
	read_sources(pass);
	pass->batch_rows = palloc_extended(sizeof(CdpkBatchRow) * Max(pass->row_count, 1),
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < pass->row_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		make_row(pass, &pass->rows[i], &pass->batch_rows[i]);
		pass->sources[pass->batch_rows[i].source].met = true;
	}
	pass->counts[COUNT_TAKEN] = pass->row_count;
}
