/*
 * packed_row.c
 *		Rows of cdp_data.base: what their column "packed" holds, and the same for SQL.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "cdp.h"
#include "compat.h"
#include "core/batch/batch_types.h"
#include "platform/catalogue/packed_row.h"
#include "toolkit/bridge/status.h"

CDP_FUNCTION(cdp_unpack_base);
CDP_FUNCTION(cdp_pack_base);

/* the columns of cdp_internal.base_content */
enum
{
	CONTENT_SOURCE_ID,
	CONTENT_EVENTS,
	CONTENT_FIRST_AT,
	CONTENT_LAST_AT,
	CONTENT_FIRST_SAID_AT,
	CONTENT_LAST_SAID_AT,
	CONTENT_AFTER,
	CONTENT_TRAITS_AT,
	CONTENT_EARLIER_ID,
	CONTENT_IDS,
	CONTENT_MESSAGE_ID,
	CONTENT_COLUMNS
};

/* ---------------------------------------------------------------- rows */

void
packed_row_read(Datum packed, int64 anchor, CdpkPacked *row)
{
	bytea *bytes = (bytea *) DatumGetPointer(packed);
	CdpkStatus status = cdpk_packed_read(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), anchor, row);

	if (status != CDPK_OK)
		ereport(
			ERROR,
			(errcode(cdp_status_errcode(status)),
			 errmsg("a row of cdp_data.base of identifier " INT64_FORMAT " cannot be read", anchor),
			 errdetail("Its bytes are damaged, or of a later release.")));
}

Datum
packed_row_write(const CdpkPacked *row)
{
	bytea *bytes = palloc(VARHDRSZ + cdpk_packed_size_max(row));

	SET_VARSIZE(bytes, VARHDRSZ + cdpk_packed_write(row, (uint8_t *) VARDATA(bytes)));
	return PointerGetDatum(bytes);
}

int64 *
packed_row_ids(const CdpkPacked *row)
{
	int64 *ids = palloc_extended(sizeof(int64) * ((Size) row->id_count + 1), MCXT_ALLOC_HUGE);

	cdpk_packed_ids(row, (int64_t *) ids);
	return ids;
}

text *
packed_row_message(const CdpkPacked *row)
{
	text *message_id = palloc(VARHDRSZ + row->message_length);

	SET_VARSIZE(message_id, VARHDRSZ + row->message_length);
	cdpk_packed_message(row, VARDATA(message_id));
	return message_id;
}

/* ---------------------------------------------------------------- for SQL */

/* find_content finds the form of cdp_internal.base_content, and keeps it for the next call. */
static TupleDesc
find_content(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
		TupleDesc descriptor;

		if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
			descriptor->natts != CONTENT_COLUMNS)
			elog(ERROR, "cdp_internal.base_content has another form");
		fcinfo->flinfo->fn_extra = BlessTupleDesc(CreateTupleDescCopy(descriptor));
		MemoryContextSwitchTo(caller);
	}
	return fcinfo->flinfo->fn_extra;
}

/* cdp_unpack_base implements cdp_internal.unpack_base(bigint, bytea). */
Datum
cdp_unpack_base(PG_FUNCTION_ARGS)
{
	TupleDesc descriptor = find_content(fcinfo);
	Datum values[CONTENT_COLUMNS] = {0};
	bool nulls[CONTENT_COLUMNS] = {false};
	CdpkPacked row;
	int64 *ids;
	Datum *numbers;

	packed_row_read(PointerGetDatum(PG_GETARG_BYTEA_PP(1)), PG_GETARG_INT64(0), &row);
	ids = packed_row_ids(&row);
	numbers = palloc_extended(sizeof(Datum) * Max(row.id_count, 1), MCXT_ALLOC_HUGE);
	for (uint32_t i = 0; i < row.id_count; i++)
		numbers[i] = Int64GetDatum(ids[i]);
	values[CONTENT_SOURCE_ID] = Int32GetDatum(row.source_id);
	values[CONTENT_EVENTS] = Int64GetDatum(row.events);
	values[CONTENT_FIRST_AT] = TimestampTzGetDatum(row.first_at);
	values[CONTENT_LAST_AT] = TimestampTzGetDatum(row.last_at);
	values[CONTENT_FIRST_SAID_AT] = TimestampTzGetDatum(row.first_said_at);
	values[CONTENT_LAST_SAID_AT] = TimestampTzGetDatum(row.last_said_at);
	values[CONTENT_AFTER] = TimestampTzGetDatum(row.after);
	values[CONTENT_TRAITS_AT] = TimestampTzGetDatum(row.traits_at);
	nulls[CONTENT_TRAITS_AT] = row.traits_at == CDPK_BATCH_NEVER;
	nulls[CONTENT_EARLIER_ID] = !row.is_alias;
	if (row.is_alias)
		values[CONTENT_EARLIER_ID] = Int64GetDatum(ids[row.id_count]);
	values[CONTENT_IDS] = PointerGetDatum(construct_array(
		numbers, (int) row.id_count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	nulls[CONTENT_MESSAGE_ID] = row.message_length == 0;
	if (row.message_length > 0)
		values[CONTENT_MESSAGE_ID] = PointerGetDatum(packed_row_message(&row));
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

/* refuse_content raises that no row of the base can be like this. */
static void
refuse_content(void)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("no row of cdp_data.base can hold this"),
		 errdetail("A row has 1 to " INT64_FORMAT
				   " events, a source, times and up to %d identifiers; "
				   "numbers of identifiers are positive, and an alias has one identifier or more.",
				   CDPK_PACKED_EVENTS_MAX, CDPK_PACKED_IDS_MAX)));
}

/* read_ids reads the identifiers of a row that is given. */
static void
read_ids(const Datum *values, const bool *nulls, CdpkPacked *row)
{
	Datum *numbers;
	bool *no_number;
	int count;
	int64 *ids;

	deconstruct_array(DatumGetArrayTypeP(values[CONTENT_IDS]), INT8OID, sizeof(int64),
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &numbers, &no_number, &count);
	if (count > CDPK_PACKED_IDS_MAX)
		refuse_content();
	ids = palloc_extended(sizeof(int64) * ((Size) count + 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		ids[i] = no_number[i] ? 0 : DatumGetInt64(numbers[i]);
		if (ids[i] <= 0)
			refuse_content();
	}
	row->ids = (const int64_t *) ids;
	row->id_count = (uint32_t) count;
	row->is_alias = !nulls[CONTENT_EARLIER_ID];
	if (row->is_alias)
		ids[count] = DatumGetInt64(values[CONTENT_EARLIER_ID]);
	if (row->is_alias && (count == 0 || ids[count] <= 0))
		refuse_content();
}

/* read_content reads a row that is given. */
static void
read_content(const Datum *values, const bool *nulls, CdpkPacked *row)
{
	for (int i = 0; i < CONTENT_COLUMNS; i++)
		if (nulls[i] && i != CONTENT_TRAITS_AT && i != CONTENT_EARLIER_ID &&
			i != CONTENT_MESSAGE_ID)
			refuse_content();
	row->source_id = DatumGetInt32(values[CONTENT_SOURCE_ID]);
	row->events = DatumGetInt64(values[CONTENT_EVENTS]);
	if (row->source_id < 0 || row->events < 1 || row->events > CDPK_PACKED_EVENTS_MAX ||
		row->anchor < 0)
		refuse_content();
	row->first_at = DatumGetTimestampTz(values[CONTENT_FIRST_AT]);
	row->last_at = DatumGetTimestampTz(values[CONTENT_LAST_AT]);
	if (row->events == 1 && row->first_at != row->last_at)
		refuse_content();
	row->first_said_at = DatumGetTimestampTz(values[CONTENT_FIRST_SAID_AT]);
	row->last_said_at = DatumGetTimestampTz(values[CONTENT_LAST_SAID_AT]);
	row->after = DatumGetTimestampTz(values[CONTENT_AFTER]);
	row->traits_at = nulls[CONTENT_TRAITS_AT] ? CDPK_BATCH_NEVER
											  : DatumGetTimestampTz(values[CONTENT_TRAITS_AT]);
	read_ids(values, nulls, row);
	if (!nulls[CONTENT_MESSAGE_ID])
	{
		text *message_id = DatumGetTextPP(values[CONTENT_MESSAGE_ID]);

		row->message_id = VARDATA_ANY(message_id);
		row->message_length = (uint32_t) VARSIZE_ANY_EXHDR(message_id);
	}
}

/* cdp_pack_base implements cdp_internal.pack_base(bigint, cdp_internal.base_content). */
Datum
cdp_pack_base(PG_FUNCTION_ARGS)
{
	HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(1);
	HeapTupleData tuple = {HeapTupleHeaderGetDatumLength(header)};
	TupleDesc descriptor =
		lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	Datum values[CONTENT_COLUMNS];
	bool nulls[CONTENT_COLUMNS];
	CdpkPacked row = {.anchor = PG_GETARG_INT64(0)};

	if (descriptor->natts != CONTENT_COLUMNS)
		elog(ERROR, "cdp_internal.base_content has another form");
	tuple.t_data = header;
	heap_deform_tuple(&tuple, descriptor, values, nulls);
	ReleaseTupleDesc(descriptor);
	read_content(values, nulls, &row);
	return packed_row_write(&row);
}
