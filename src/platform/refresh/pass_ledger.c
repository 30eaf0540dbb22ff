/*
 * pass_ledger.c
 *		Rows of the ledger of consent that rest on events, by identifiers, purpose and source: read and written.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "platform/refresh/pass_consent.h"

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

/* Rows of the ledger that are read. */
typedef struct Reading
{
	const ConsentPoints *points;
	LedgerRow *rows;
	int count;
	int capacity;
} Reading;

/* the columns that are read */
enum
{
	READ_CONSENT_ID,
	READ_ANSWER,
	READ_SOURCE_ID,
	READ_IDS,
	READ_FIRST_TIME,
	READ_LAST_TIME,
	READ_FIRST_EVENT_ID,
	READ_EVENT_ID
};

static const int read_columns[] = {
	CONSENT_ID,         CONSENT_ANSWER,    CONSENT_SOURCE_ID,      CONSENT_IDS,
	CONSENT_FIRST_TIME, CONSENT_LAST_TIME, CONSENT_FIRST_EVENT_ID, CONSENT_EVENT_ID};

/* has_ids tells whether a row is one of the identifiers of a key; null: it has one. */
static bool
has_ids(Datum value, bool isnull, const ConsentKey *key)
{
	ArrayType *ids;

	if (isnull)
		return key->id_count == 1;
	ids = DatumGetArrayTypeP(value);
	return ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids)) == key->id_count &&
		   memcmp(ARR_DATA_PTR(ids), key->ids, sizeof(int64) * key->id_count) == 0;
}

/* note_row is the StoreRowFunction that takes a row of the identifier and purpose of a key. */
static void
note_row(void *arg, int key, const Datum *values, const bool *nulls)
{
	Reading *reading = arg;
	const ConsentKey *of = &reading->points->keys[key];
	LedgerRow *row;

	if (DatumGetInt32(values[READ_SOURCE_ID]) != of->source_id ||
		DatumGetInt64(values[READ_EVENT_ID]) == 0 ||
		!has_ids(values[READ_IDS], nulls[READ_IDS], of))
		return;
	if (reading->count == reading->capacity)
	{
		reading->capacity *= 2;
		reading->rows = repalloc_huge(reading->rows, sizeof(LedgerRow) * reading->capacity);
	}
	row = &reading->rows[reading->count++];
	row->key = key;
	row->consent_id = DatumGetInt64(values[READ_CONSENT_ID]);
	row->no = DatumGetChar(values[READ_ANSWER]) == 'n';
	row->first_time = DatumGetTimestampTz(values[READ_FIRST_TIME]);
	row->last_time = DatumGetTimestampTz(values[READ_LAST_TIME]);
	row->first_event_id = DatumGetInt64(values[READ_FIRST_EVENT_ID]);
	row->event_id = DatumGetInt64(values[READ_EVENT_ID]);
}

/* compare_rows is the order of rows: by key, then time, then yes before no, then number. */
static int
compare_rows(const void *a, const void *b)
{
	const LedgerRow *left = a;
	const LedgerRow *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	if (left->first_time != right->first_time)
		return left->first_time < right->first_time ? -1 : 1;
	if (left->no != right->no)
		return left->no ? 1 : -1;
	return (left->consent_id > right->consent_id) - (left->consent_id < right->consent_id);
}

LedgerRow *
pass_read_ledger(ConsentPoints *points, int *count)
{
	Reading reading = {points, pass_array(64, sizeof(LedgerRow)), 0, 64};
	PassColumns key = {points->key_count};
	Datum *identifier_id = pass_column(&key, CONSENT_IDENTIFIER_ID);
	Datum *purpose_id = pass_column(&key, CONSENT_PURPOSE_ID);

	for (int i = 0; i < points->key_count; i++)
	{
		identifier_id[i] = Int64GetDatum(points->keys[i].ids[0]);
		purpose_id[i] = Int16GetDatum(points->keys[i].purpose_id);
	}
	store_find(pass_table(points->pass, TABLE_CONSENT), points->key_count, pass_columns(&key),
			   lengthof(read_columns), read_columns, note_row, &reading);
	qsort(reading.rows, reading.count, sizeof(LedgerRow), compare_rows);
	for (int i = 0; i < reading.count; i++)
		if (points->keys[reading.rows[i].key].row_count++ == 0)
			points->keys[reading.rows[i].key].first_row = i;
	*count = reading.count;
	return reading.rows;
}

/* ---------------------------------------------------------------- writing */

/* count_written returns how many rows of the table there are of these, one for each identifier. */
static int
count_written(const ConsentPoints *points, const LedgerRow *rows, int count)
{
	int64 total = 0;

	for (int i = 0; i < count; i++)
		total += points->keys[rows[i].key].id_count;
	if (total > INT_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the statements of a batch have too many identifiers")));
	return (int) total;
}

/* make_key makes the columns of the key of these. */
static PassColumns
make_key(const ConsentPoints *points, const LedgerRow *rows, int count)
{
	PassColumns columns = {count_written(points, rows, count)};
	Datum *identifier_id = pass_column(&columns, CONSENT_IDENTIFIER_ID);
	Datum *purpose_id = pass_column(&columns, CONSENT_PURPOSE_ID);
	Datum *consent_id = pass_column(&columns, CONSENT_ID);

	for (int i = 0; i < count; i++)
	{
		const ConsentKey *key = &points->keys[rows[i].key];

		for (int k = 0; k < key->id_count; k++)
		{
			*identifier_id++ = Int64GetDatum(key->ids[k]);
			*purpose_id++ = Int16GetDatum(key->purpose_id);
			*consent_id++ = Int64GetDatum(rows[i].consent_id);
		}
	}
	return columns;
}

/* add_times adds the columns of what was said when. */
static void
add_times(const ConsentPoints *points, const LedgerRow *rows, int count, PassColumns *columns)
{
	Datum *first_time = pass_column(columns, CONSENT_FIRST_TIME);
	Datum *last_time = pass_column(columns, CONSENT_LAST_TIME);
	Datum *first_event_id = pass_column(columns, CONSENT_FIRST_EVENT_ID);
	Datum *event_id = pass_column(columns, CONSENT_EVENT_ID);
	Datum *batch_id = pass_column(columns, CONSENT_BATCH_ID);

	for (int i = 0; i < count; i++)
		for (int k = 0; k < points->keys[rows[i].key].id_count; k++)
		{
			*first_time++ = TimestampTzGetDatum(rows[i].first_time);
			*last_time++ = TimestampTzGetDatum(rows[i].last_time);
			*first_event_id++ = Int64GetDatum(rows[i].first_event_id);
			*event_id++ = Int64GetDatum(rows[i].event_id);
			*batch_id++ = Int64GetDatum(points->pass->batch_id);
		}
}

/* add_contents adds the columns of what was said. */
static void
add_contents(const ConsentPoints *points, const LedgerRow *rows, int count, PassColumns *columns)
{
	bool *no_ids;
	Datum *answer = pass_column(columns, CONSENT_ANSWER);
	Datum *source_id = pass_column(columns, CONSENT_SOURCE_ID);
	Datum *ids = pass_null_column(columns, CONSENT_IDS, &no_ids);

	for (int i = 0; i < count; i++)
	{
		const ConsentKey *key = &points->keys[rows[i].key];
		Datum all = key->id_count > 1 ? pass_id_array(key->ids, key->id_count) : (Datum) 0;

		CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < key->id_count; k++)
		{
			*answer++ = CharGetDatum(rows[i].no ? 'n' : 'y');
			*source_id++ = Int32GetDatum(key->source_id);
			*ids++ = all;
			*no_ids++ = key->id_count == 1;
		}
	}
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

void
pass_change_ledger(ConsentPoints *points, const LedgerRow *changed, int changed_count,
				   const LedgerRow *deleted, int deleted_count, LedgerRow *inserted,
				   int inserted_count)
{
	Store *store = pass_table(points->pass, TABLE_CONSENT);

	if (deleted_count > 0)
	{
		PassColumns key = make_key(points, deleted, deleted_count);

		store_delete(store, key.rows, pass_columns(&key));
	}
	if (changed_count > 0)
	{
		PassColumns key = make_key(points, changed, changed_count);
		PassColumns set = {key.rows};

		add_times(points, changed, changed_count, &set);
		store_update(store, key.rows, pass_columns(&key), pass_columns(&set));
	}
	if (inserted_count > 0)
	{
		PassColumns row;

		number_rows(points->pass, inserted, inserted_count);
		row = make_key(points, inserted, inserted_count);
		add_contents(points, inserted, inserted_count, &row);
		add_times(points, inserted, inserted_count, &row);
		store_insert(store, row.rows, pass_columns(&row));
	}
}
