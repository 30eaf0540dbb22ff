/*
 * pass_ledger.c
 *		Rows of the ledger of consent that rest on events, by identifiers, purpose and source: read and written.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "platform/batch/batch.h"
#include "platform/refresh/pass_consent.h"

/* run_by_keys runs a statement that finds rows by their keys, which are in its arguments. */
static void
run_by_keys(Pass *pass, const char *statement, int count, const Oid *types, const Datum *arguments)
{
	int nest_level = batch_enter_keys();

	pass_run(pass, statement, count, types, arguments);
	AtEOXact_GUC(true, nest_level);
}

/* small_array makes an array of values of a type of fixed length. */
static Datum
fixed_array(Datum *values, int count, Oid type, int length, bool by_value, char align)
{
	return PointerGetDatum(construct_array(values, count, type, length, by_value, align));
}

static Datum
smallint_array(Datum *values, int count)
{
	return fixed_array(values, count, INT2OID, sizeof(int16), true, TYPALIGN_SHORT);
}

static Datum
bigint_array(Datum *values, int count)
{
	return fixed_array(values, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

static Datum
integer_array(Datum *values, int count)
{
	return fixed_array(values, count, INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

static Datum
time_array(Datum *values, int count)
{
	return fixed_array(values, count, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL,
					   TYPALIGN_DOUBLE);
}

static Datum
boolean_array(Datum *values, int count)
{
	return fixed_array(values, count, BOOLOID, sizeof(bool), true, TYPALIGN_CHAR);
}

/* ids_text makes the ids of a key a text, to be cast to an array; empty: it has one. */
static Datum
ids_text(const ConsentKey *key)
{
	StringInfoData ids;

	if (key->id_count == 1)
		return PointerGetDatum(cstring_to_text(""));
	initStringInfo(&ids);
	for (int i = 0; i < key->id_count; i++)
		appendStringInfo(&ids, "%c" INT64_FORMAT, i == 0 ? '{' : ',', key->ids[i]);
	appendStringInfoChar(&ids, '}');
	return PointerGetDatum(cstring_to_text_with_len(ids.data, ids.len));
}

void
pass_add_resting(ConsentPoints *points, const PassIds *ids, const PassIds *event_ids)
{
	static const Oid types[] = {INT8ARRAYOID, INT8ARRAYOID};
	Datum arguments[] = {pass_id_array(ids->items, ids->count),
						 pass_id_array(event_ids->items, event_ids->count)};
	uint64 count;
	SPITupleTable *rows = pass_query_by_keys(
		points->pass,
		"SELECT DISTINCT coalesce(c.ids, ARRAY[c.identifier_id]), c.purpose_id, c.source_id"
		" FROM cdp_data.consent c WHERE c.identifier_id = ANY ($3)"
		" AND (c.first_event_id = ANY ($4) OR c.event_id = ANY ($4))",
		lengthof(types), types, arguments, &count);

	for (uint64 i = 0; i < count; i++)
	{
		bool isnull;
		int place;
		ArrayType *array =
			DatumGetArrayTypeP(SPI_getbinval(rows->vals[i], rows->tupdesc, 1, &isnull));
		ConsentKey key = {.ids = (int64 *) ARR_DATA_PTR(array),
						  .id_count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)),
						  .source_id = resolver_int4(rows, i, 3)};

		key.purpose_id = DatumGetInt16(SPI_getbinval(rows->vals[i], rows->tupdesc, 2, &isnull));
		place = pass_consent_key(points, &key, true);
		points->keys[place].reread = true;
	}
	SPI_freetuptable(rows);
}

LedgerRow *
pass_read_ledger(ConsentPoints *points, int *count)
{
	static const Oid types[] = {INT8ARRAYOID, INT2ARRAYOID, INT4ARRAYOID, TEXTARRAYOID};
	Datum *first_ids = pass_array(points->key_count, sizeof(Datum));
	Datum *purpose_ids = pass_array(points->key_count, sizeof(Datum));
	Datum *source_ids = pass_array(points->key_count, sizeof(Datum));
	Datum *ids = pass_array(points->key_count, sizeof(Datum));
	Datum arguments[lengthof(types)];
	uint64 found;
	SPITupleTable *rows;
	LedgerRow *result;

	for (int i = 0; i < points->key_count; i++)
	{
		first_ids[i] = Int64GetDatum(points->keys[i].ids[0]);
		purpose_ids[i] = Int16GetDatum(points->keys[i].purpose_id);
		source_ids[i] = Int32GetDatum(points->keys[i].source_id);
		ids[i] = ids_text(&points->keys[i]);
	}
	arguments[0] = bigint_array(first_ids, points->key_count);
	arguments[1] = smallint_array(purpose_ids, points->key_count);
	arguments[2] = integer_array(source_ids, points->key_count);
	arguments[3] = pass_value_array(ids, points->key_count, TEXTOID);
	rows = pass_query_by_keys(
		points->pass,
		"SELECT k.place, c.consent_id, c.answer = 'n', c.first_time, c.last_time, c.first_event_id, c.event_id"
		" FROM unnest($3, $4, $5, $6) WITH ORDINALITY AS k (identifier_id, purpose_id, source_id, ids, place)"
		" JOIN cdp_data.consent c ON c.identifier_id = k.identifier_id AND c.purpose_id = k.purpose_id"
		" WHERE c.source_id = k.source_id AND c.event_id > 0"
		" AND c.ids IS NOT DISTINCT FROM nullif(k.ids, '')::bigint[]"
		" ORDER BY k.place, c.first_time, c.answer DESC, c.consent_id",
		lengthof(types), types, arguments, &found);
	result = pass_array((int64) found, sizeof(LedgerRow));
	for (uint64 i = 0; i < found; i++)
	{
		LedgerRow *row = &result[i];
		bool isnull;

		row->key = (int) (resolver_int8(rows, i, 1) - 1);
		row->consent_id = resolver_int8(rows, i, 2);
		row->no = resolver_bool(rows, i, 3);
		row->first_time =
			DatumGetTimestampTz(SPI_getbinval(rows->vals[i], rows->tupdesc, 4, &isnull));
		row->last_time =
			DatumGetTimestampTz(SPI_getbinval(rows->vals[i], rows->tupdesc, 5, &isnull));
		row->first_event_id = resolver_int8(rows, i, 6);
		row->event_id = resolver_int8(rows, i, 7);
		if (points->keys[row->key].row_count++ == 0)
			points->keys[row->key].first_row = (int) i;
	}
	SPI_freetuptable(rows);
	*count = (int) found;
	return result;
}

/* ---------------------------------------------------------------- writing */

/* Rows of the ledger, one for each identifier, as arrays. */
typedef struct Written
{
	int count;
	Datum *identifier_ids;
	Datum *purpose_ids;
	Datum *consent_ids;
	Datum *no;
	Datum *source_ids;
	Datum *first_times;
	Datum *last_times;
	Datum *first_event_ids;
	Datum *event_ids;
	Datum *ids;
} Written;

/* expand makes such rows. */
static Written
expand(const ConsentPoints *points, const LedgerRow *rows, int count, bool with_ids)
{
	Written written = {0};
	int64 total = 0;

	for (int i = 0; i < count; i++)
		total += points->keys[rows[i].key].id_count;
	written.identifier_ids = pass_array(total, sizeof(Datum));
	written.purpose_ids = pass_array(total, sizeof(Datum));
	written.consent_ids = pass_array(total, sizeof(Datum));
	written.no = pass_array(total, sizeof(Datum));
	written.source_ids = pass_array(total, sizeof(Datum));
	written.first_times = pass_array(total, sizeof(Datum));
	written.last_times = pass_array(total, sizeof(Datum));
	written.first_event_ids = pass_array(total, sizeof(Datum));
	written.event_ids = pass_array(total, sizeof(Datum));
	written.ids = pass_array(total, sizeof(Datum));
	for (int i = 0; i < count; i++)
	{
		const ConsentKey *key = &points->keys[rows[i].key];
		Datum ids = with_ids ? ids_text(key) : (Datum) 0;

		CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < key->id_count; k++)
		{
			int at = written.count++;

			written.identifier_ids[at] = Int64GetDatum(key->ids[k]);
			written.purpose_ids[at] = Int16GetDatum(key->purpose_id);
			written.consent_ids[at] = Int64GetDatum(rows[i].consent_id);
			written.no[at] = BoolGetDatum(rows[i].no);
			written.source_ids[at] = Int32GetDatum(key->source_id);
			written.first_times[at] = TimestampTzGetDatum(rows[i].first_time);
			written.last_times[at] = TimestampTzGetDatum(rows[i].last_time);
			written.first_event_ids[at] = Int64GetDatum(rows[i].first_event_id);
			written.event_ids[at] = Int64GetDatum(rows[i].event_id);
			written.ids[at] = ids;
		}
	}
	return written;
}

/* delete_rows deletes rows. */
static void
delete_rows(ConsentPoints *points, const LedgerRow *rows, int count)
{
	static const Oid types[] = {INT8ARRAYOID, INT2ARRAYOID, INT8ARRAYOID};
	Written written = expand(points, rows, count, false);
	Datum arguments[] = {bigint_array(written.identifier_ids, written.count),
						 smallint_array(written.purpose_ids, written.count),
						 bigint_array(written.consent_ids, written.count)};

	run_by_keys(points->pass,
				"DELETE FROM cdp_data.consent c"
				" USING unnest($3, $4, $5) AS u (identifier_id, purpose_id, consent_id)"
				" WHERE c.identifier_id = u.identifier_id AND c.purpose_id = u.purpose_id"
				" AND c.consent_id = u.consent_id",
				lengthof(types), types, arguments);
}

/* update_rows sets the times and events of rows. */
static void
update_rows(ConsentPoints *points, const LedgerRow *rows, int count)
{
	static const Oid types[] = {INT8ARRAYOID,        INT2ARRAYOID,        INT8ARRAYOID,
								TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, INT8ARRAYOID,
								INT8ARRAYOID};
	Written written = expand(points, rows, count, false);
	Datum arguments[] = {bigint_array(written.identifier_ids, written.count),
						 smallint_array(written.purpose_ids, written.count),
						 bigint_array(written.consent_ids, written.count),
						 time_array(written.first_times, written.count),
						 time_array(written.last_times, written.count),
						 bigint_array(written.first_event_ids, written.count),
						 bigint_array(written.event_ids, written.count)};

	run_by_keys(
		points->pass,
		"UPDATE cdp_data.consent c SET first_time = u.first_time, last_time = u.last_time,"
		" first_event_id = u.first_event_id, event_id = u.event_id, batch_id = $1"
		" FROM unnest($3, $4, $5, $6, $7, $8, $9) AS u (identifier_id, purpose_id, consent_id,"
		" first_time, last_time, first_event_id, event_id)"
		" WHERE c.identifier_id = u.identifier_id AND c.purpose_id = u.purpose_id"
		" AND c.consent_id = u.consent_id",
		lengthof(types), types, arguments);
}

/* number_rows gives new rows their numbers. */
static void
number_rows(Pass *pass, LedgerRow *rows, int count)
{
	static const Oid types[] = {INT8OID};
	Datum argument = Int64GetDatum(count);
	uint64 found;
	SPITupleTable *result = pass_query(
		pass, "UPDATE cdp_data.state s SET consent_id = s.consent_id + $3 RETURNING s.consent_id",
		1, types, &argument, &found);
	int64 last;

	if (found != 1)
		pass_check(CDPK_CORRUPT);
	last = resolver_int8(result, 0, 1);
	SPI_freetuptable(result);
	for (int i = 0; i < count; i++)
		rows[i].consent_id = last - count + 1 + i;
}

/* insert_rows inserts rows. */
static void
insert_rows(ConsentPoints *points, LedgerRow *rows, int count)
{
	static const Oid types[] = {
		INT8ARRAYOID, INT2ARRAYOID,        INT8ARRAYOID,        BOOLARRAYOID, INT4ARRAYOID,
		TEXTARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, INT8ARRAYOID, INT8ARRAYOID};
	Written written;
	Datum arguments[lengthof(types)];

	number_rows(points->pass, rows, count);
	written = expand(points, rows, count, true);
	arguments[0] = bigint_array(written.identifier_ids, written.count);
	arguments[1] = smallint_array(written.purpose_ids, written.count);
	arguments[2] = bigint_array(written.consent_ids, written.count);
	arguments[3] = boolean_array(written.no, written.count);
	arguments[4] = integer_array(written.source_ids, written.count);
	arguments[5] = pass_value_array(written.ids, written.count, TEXTOID);
	arguments[6] = time_array(written.first_times, written.count);
	arguments[7] = time_array(written.last_times, written.count);
	arguments[8] = bigint_array(written.first_event_ids, written.count);
	arguments[9] = bigint_array(written.event_ids, written.count);
	pass_run(
		points->pass,
		"INSERT INTO cdp_data.consent (identifier_id, purpose_id, consent_id, answer, source_id,"
		" ids, first_time, last_time, first_event_id, event_id, batch_id)"
		" SELECT u.identifier_id, u.purpose_id, u.consent_id, CASE WHEN u.no THEN 'n' ELSE 'y' END,"
		" u.source_id, nullif(u.ids, '')::bigint[], u.first_time, u.last_time, u.first_event_id,"
		" u.event_id, $1 FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS u (identifier_id,"
		" purpose_id, consent_id, no, source_id, ids, first_time, last_time, first_event_id, event_id)",
		lengthof(types), types, arguments);
}

void
pass_change_ledger(ConsentPoints *points, const LedgerRow *changed, int changed_count,
				   const LedgerRow *deleted, int deleted_count, LedgerRow *inserted,
				   int inserted_count)
{
	if (deleted_count > 0)
		delete_rows(points, deleted, deleted_count);
	if (changed_count > 0)
		update_rows(points, changed, changed_count);
	if (inserted_count > 0)
		insert_rows(points, inserted, inserted_count);
}
