/*
 * ledger.c
 *		Writes what events said of purposes to the ledger.
 *
 * A run stands once at each of its identifiers.  It is looked for at the smallest, and written at all.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "platform/consent/ledger.h"
#include "platform/store/store.h"

enum
{
	CONSENT_IDENTIFIER_ID,
	CONSENT_PURPOSE_ID,
	CONSENT_ID,
	CONSENT_ANSWER,
	CONSENT_SOURCE_ID,
	CONSENT_FIRST_TIME,
	CONSENT_LAST_TIME,
	CONSENT_EXPIRES_AT,
	CONSENT_FIRST_EVENT_ID,
	CONSENT_EVENT_ID,
	CONSENT_BATCH_ID,
	CONSENT_IDS,
	CONSENT_COLUMNS
};

static const char *const column_names[] = {
	"identifier_id", "purpose_id", "consent_id",     "answer",   "source_id", "first_time",
	"last_time",     "expires_at", "first_event_id", "event_id", "batch_id",  "ids"};
static const StoreTable table = {"cdp_data", "consent", CONSENT_COLUMNS, column_names};

/* the columns that are read of a run, in this order */
static const int read_columns[] = {CONSENT_ID,         CONSENT_ANSWER,    CONSENT_SOURCE_ID,
								   CONSENT_FIRST_TIME, CONSENT_LAST_TIME, CONSENT_EXPIRES_AT,
								   CONSENT_IDS};

enum
{
	READ_ID,
	READ_ANSWER,
	READ_SOURCE_ID,
	READ_FIRST_TIME,
	READ_LAST_TIME,
	READ_EXPIRES_AT,
	READ_IDS
};

/* Equal answers. */
typedef struct Run
{
	int64 consent_id;          /* 0: it is new */
	const LedgerStatement *of; /* whose identifiers, purpose, source and expiry it has */
	char answer;
	TimestampTz first_time;
	TimestampTz last_time;
	int64 first_event_id; /* 0: as the table has it */
	int64 event_id;       /* the same */
} Run;

/* Runs that grow one by one; those of the statements at hand begin at "from". */
typedef struct Runs
{
	Run *items;
	int count;
	int capacity;
	int from;
} Runs;

/* Columns that are written, of so many rows. */
typedef struct Columns
{
	int count;
	StoreColumn column[CONSENT_COLUMNS];
} Columns;

static void *
make_array(int64 count, Size size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, Max(count, 1) * size);
}

static Run *
add_run(Runs *runs)
{
	if (runs->count == runs->capacity)
	{
		runs->capacity = Max(2 * runs->capacity, 64);
		runs->items = runs->items == NULL
						  ? make_array(runs->capacity, sizeof(Run))
						  : repalloc_huge(runs->items, runs->capacity * sizeof(Run));
	}
	return &runs->items[runs->count++];
}

/* ---------------------------------------------------------------- order */

static int
compare_numbers(int64 a, int64 b)
{
	return a < b ? -1 : a > b;
}

/* By where the runs of statements are looked for. */
static int
compare_places(const LedgerStatement *a, const LedgerStatement *b)
{
	int order = compare_numbers(a->ids[0], b->ids[0]);

	return order != 0 ? order : compare_numbers(a->purpose_id, b->purpose_id);
}

/* Statements that are equal by this, and in their answer, can be one run. */
static int
compare_keys(const LedgerStatement *a, const LedgerStatement *b)
{
	int order = compare_places(a, b);

	if (order == 0)
		order = compare_numbers(a->source_id, b->source_id);
	if (order == 0)
		order = compare_numbers(a->expires_at, b->expires_at);
	if (order == 0)
		order = compare_numbers(a->id_count, b->id_count);
	for (int i = 1; order == 0 && i < a->id_count; i++)
		order = compare_numbers(a->ids[i], b->ids[i]);
	return order;
}

static int
compare_statements(const void *a, const void *b)
{
	const LedgerStatement *x = *(const LedgerStatement *const *) a;
	const LedgerStatement *y = *(const LedgerStatement *const *) b;
	int order = compare_keys(x, y);

	if (order == 0)
		order = compare_numbers(x->at, y->at);
	if (order == 0)
		order = compare_numbers(x->event_id, y->event_id);
	return order != 0 ? order : compare_numbers(x->answer, y->answer);
}

/* ---------------------------------------------------------------- runs that are there */

/* Tells whether a row is a run of the statements with the key of this one. */
static bool
has_key(const StoreRows *rows, int row, const LedgerStatement *statement)
{
	TimestampTz expires_at = rows->nulls[READ_EXPIRES_AT][row]
								 ? DT_NOEND
								 : DatumGetTimestampTz(rows->values[READ_EXPIRES_AT][row]);
	ArrayType *ids;

	/* what cdp.set_consent() wrote has no source, and is no run */
	if (DatumGetInt32(rows->values[READ_SOURCE_ID][row]) != statement->source_id ||
		expires_at != statement->expires_at)
		return false;
	if (rows->nulls[READ_IDS][row])
		return statement->id_count == 1;
	ids = DatumGetArrayTypeP(rows->values[READ_IDS][row]);
	return ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids)) == statement->id_count &&
		   memcmp(ARR_DATA_PTR(ids), statement->ids, statement->id_count * sizeof(int64)) == 0;
}

/* Reads the rows at the places of the statements, which are sorted; *place: of each statement. */
static StoreRows *
read_rows(Store *store, const LedgerStatement *const *sorted, int count, int *place)
{
	StoreColumn columns[] = {{CONSENT_IDENTIFIER_ID, NULL, NULL}, {CONSENT_PURPOSE_ID, NULL, NULL}};
	StoreColumns key = {2, columns};
	Datum *ids = make_array(count, sizeof(Datum));
	Datum *purposes = make_array(count, sizeof(Datum));
	int places = 0;

	for (int i = 0; i < count; i++)
	{
		if (i == 0 || compare_places(sorted[i - 1], sorted[i]) != 0)
		{
			ids[places] = Int64GetDatum(sorted[i]->ids[0]);
			purposes[places++] = Int16GetDatum(sorted[i]->purpose_id);
		}
		place[i] = places - 1;
	}
	columns[0].values = ids;
	columns[1].values = purposes;
	return store_find_rows(store, places, key, lengthof(read_columns), read_columns);
}

/* Lists the rows of each place: those of place p are order[first[p]] to order[first[p + 1] - 1]. */
static int *
order_rows(const StoreRows *rows, int places, int *first)
{
	int *order = make_array(rows->count, sizeof(int));

	memset(first, 0, (places + 1) * sizeof(int));
	for (int i = 0; i < rows->count; i++)
		first[rows->key[i] + 1]++;
	for (int i = 0; i < places; i++)
		first[i + 1] += first[i];
	for (int i = rows->count - 1; i >= 0; i--)
		order[--first[rows->key[i] + 1]] = i;
	/* each entry has become the start of its own place */
	memmove(first, first + 1, places * sizeof(int));
	first[places] = rows->count;
	return order;
}

static void
add_row(Runs *runs, const StoreRows *rows, int row, const LedgerStatement *statement)
{
	Run *run = add_run(runs);

	run->consent_id = DatumGetInt64(rows->values[READ_ID][row]);
	run->of = statement;
	run->answer = DatumGetChar(rows->values[READ_ANSWER][row]);
	run->first_time = DatumGetTimestampTz(rows->values[READ_FIRST_TIME][row]);
	run->last_time = DatumGetTimestampTz(rows->values[READ_LAST_TIME][row]);
	run->first_event_id = 0;
	run->event_id = 0;
}

/* ---------------------------------------------------------------- runs that are written */

/* Finds the run that a statement belongs to: one that it stands in, or the next before or after it. */
static Run *
find_run(Runs *runs, const LedgerStatement *statement)
{
	Run *before = NULL;
	Run *after = NULL;

	for (int i = runs->from; i < runs->count; i++)
	{
		Run *run = &runs->items[i];

		if (run->answer == statement->answer && run->first_time <= statement->at &&
			run->last_time >= statement->at)
			return run;
		if (run->first_time > statement->at)
			after = after == NULL || run->first_time < after->first_time ? run : after;
		else
			before = before == NULL || run->last_time > before->last_time ? run : before;
	}
	if (before != NULL && before->answer == statement->answer)
		return before;
	/* not where it stands in another answer's run */
	if (after != NULL && after->answer == statement->answer &&
		(before == NULL || before->last_time < statement->at))
		return after;
	return NULL;
}

static void
record(Runs *runs, const LedgerStatement *statement)
{
	Run *run = find_run(runs, statement);

	if (run == NULL)
	{
		run = add_run(runs);
		*run = (Run){0,
					 statement,
					 statement->answer,
					 statement->at,
					 statement->at,
					 statement->event_id,
					 statement->event_id};
		return;
	}
	if (statement->at < run->first_time)
	{
		run->first_time = statement->at;
		run->first_event_id = statement->event_id;
	}
	else if (statement->at > run->last_time)
	{
		run->last_time = statement->at;
		run->event_id = statement->event_id;
	}
}

static Datum *
add_column(Columns *columns, int column, int64 rows)
{
	Datum *values = make_array(rows, sizeof(Datum));

	columns->column[columns->count++] = (StoreColumn){column, values, NULL};
	return values;
}

static Datum *
add_null_column(Columns *columns, int column, int64 rows, bool **nulls)
{
	Datum *values = add_column(columns, column, rows);

	*nulls = MemoryContextAllocExtended(CurrentMemoryContext, Max(rows, 1),
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	columns->column[columns->count - 1].nulls = *nulls;
	return values;
}

static StoreColumns
store_columns(const Columns *columns)
{
	return (StoreColumns){columns->count, columns->column};
}

static Datum
make_ids(const LedgerStatement *statement)
{
	Datum *ids = make_array(statement->id_count, sizeof(Datum));

	for (int i = 0; i < statement->id_count; i++)
		ids[i] = Int64GetDatum(statement->ids[i]);
	return PointerGetDatum(construct_array(ids, statement->id_count, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Adds the columns of the key, of the rows of runs at all their identifiers. */
static void
add_keys(Columns *columns, const Run *const *runs, int count, int64 rows)
{
	Datum *identifier_id = add_column(columns, CONSENT_IDENTIFIER_ID, rows);
	Datum *purpose_id = add_column(columns, CONSENT_PURPOSE_ID, rows);
	Datum *consent_id = add_column(columns, CONSENT_ID, rows);

	for (int i = 0; i < count; i++)
		for (int k = 0; k < runs[i]->of->id_count; k++)
		{
			*identifier_id++ = Int64GetDatum(runs[i]->of->ids[k]);
			*purpose_id++ = Int16GetDatum(runs[i]->of->purpose_id);
			*consent_id++ = Int64GetDatum(runs[i]->consent_id);
		}
}

static int64
count_rows(const Run *const *runs, int count)
{
	int64 rows = 0;

	for (int i = 0; i < count; i++)
		rows += runs[i]->of->id_count;
	if (rows > INT_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the statements of a batch have too many identifiers")));
	return rows;
}

static void
insert_runs(Store *store, const Run *const *runs, int count, int64 batch_id)
{
	int64 rows = count_rows(runs, count);
	Columns columns = {0};
	bool *no_expiry;
	bool *no_ids;
	Datum *answer;
	Datum *source_id;
	Datum *first_time;
	Datum *last_time;
	Datum *expires_at;
	Datum *first_event_id;
	Datum *event_id;
	Datum *batch;
	Datum *ids;
	int64 row = 0;

	add_keys(&columns, runs, count, rows);
	answer = add_column(&columns, CONSENT_ANSWER, rows);
	source_id = add_column(&columns, CONSENT_SOURCE_ID, rows);
	first_time = add_column(&columns, CONSENT_FIRST_TIME, rows);
	last_time = add_column(&columns, CONSENT_LAST_TIME, rows);
	expires_at = add_null_column(&columns, CONSENT_EXPIRES_AT, rows, &no_expiry);
	first_event_id = add_column(&columns, CONSENT_FIRST_EVENT_ID, rows);
	event_id = add_column(&columns, CONSENT_EVENT_ID, rows);
	batch = add_column(&columns, CONSENT_BATCH_ID, rows);
	ids = add_null_column(&columns, CONSENT_IDS, rows, &no_ids);
	for (int i = 0; i < count; i++)
	{
		const Run *run = runs[i];
		Datum all = run->of->id_count > 1 ? make_ids(run->of) : (Datum) 0;

		for (int k = 0; k < run->of->id_count; k++, row++)
		{
			answer[row] = CharGetDatum(run->answer);
			source_id[row] = Int32GetDatum(run->of->source_id);
			first_time[row] = TimestampTzGetDatum(run->first_time);
			last_time[row] = TimestampTzGetDatum(run->last_time);
			no_expiry[row] = run->of->expires_at == DT_NOEND;
			expires_at[row] = TimestampTzGetDatum(run->of->expires_at);
			first_event_id[row] = Int64GetDatum(run->first_event_id);
			event_id[row] = Int64GetDatum(run->event_id);
			batch[row] = Int64GetDatum(batch_id);
			no_ids[row] = run->of->id_count == 1;
			ids[row] = all;
		}
	}
	store_insert(store, (int) rows, store_columns(&columns));
}

/* Writes the first (or the last) time of runs that are there, and its event. */
static void
update_runs(Store *store, const Run *const *runs, int count, bool first, int64 batch_id)
{
	int64 rows = count_rows(runs, count);
	Columns key = {0};
	Columns set = {0};
	Datum *time;
	Datum *event_id;
	Datum *batch;
	int64 row = 0;

	add_keys(&key, runs, count, rows);
	time = add_column(&set, first ? CONSENT_FIRST_TIME : CONSENT_LAST_TIME, rows);
	event_id = add_column(&set, first ? CONSENT_FIRST_EVENT_ID : CONSENT_EVENT_ID, rows);
	batch = add_column(&set, CONSENT_BATCH_ID, rows);
	for (int i = 0; i < count; i++)
		for (int k = 0; k < runs[i]->of->id_count; k++, row++)
		{
			time[row] = TimestampTzGetDatum(first ? runs[i]->first_time : runs[i]->last_time);
			event_id[row] = Int64GetDatum(first ? runs[i]->first_event_id : runs[i]->event_id);
			batch[row] = Int64GetDatum(batch_id);
		}
	store_update(store, (int) rows, store_columns(&key), store_columns(&set));
}

/* Gives new runs their numbers. */
static void
number_runs(Run *const *runs, int count)
{
	Oid types[] = {INT8OID};
	Datum values[] = {Int64GetDatum(count)};
	bool isnull;
	int64 last;

	if (SPI_execute_with_args("UPDATE cdp_data.state s SET consent_id = s.consent_id + $1"
							  " RETURNING s.consent_id",
							  1, types, values, NULL, false, 0) != SPI_OK_UPDATE_RETURNING ||
		SPI_processed != 1)
		elog(ERROR, "cdp_data.state has no row");
	last = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	for (int i = 0; i < count; i++)
		runs[i]->consent_id = last - count + 1 + i;
}

/* Writes what is new, and what has changed of the runs that are there. */
static void
write_runs(Store *store, Runs *runs, int64 batch_id)
{
	Run **chosen = make_array(runs->count, sizeof(Run *));
	int count;

	for (int first = 0; first <= 1; first++)
	{
		count = 0;
		for (int i = 0; i < runs->count; i++)
		{
			Run *run = &runs->items[i];

			if (run->consent_id != 0 && (first ? run->first_event_id : run->event_id) != 0)
				chosen[count++] = run;
		}
		if (count > 0)
			update_runs(store, (const Run *const *) chosen, count, first, batch_id);
	}
	count = 0;
	for (int i = 0; i < runs->count; i++)
		if (runs->items[i].consent_id == 0)
			chosen[count++] = &runs->items[i];
	if (count > 0)
	{
		number_runs(chosen, count);
		insert_runs(store, (const Run *const *) chosen, count, batch_id);
	}
}

/* Takes the statements, which are sorted, into the runs that are there. */
static void
record_all(Store *store, const LedgerStatement *const *sorted, int count, int64 batch_id)
{
	int *place = make_array(count, sizeof(int));
	StoreRows *rows = read_rows(store, sorted, count, place);
	int *first = make_array((int64) place[count - 1] + 2, sizeof(int));
	int *order = order_rows(rows, place[count - 1] + 1, first);
	Runs runs = {0};

	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i == 0 || compare_keys(sorted[i - 1], sorted[i]) != 0)
		{
			runs.from = runs.count;
			for (int k = first[place[i]]; k < first[place[i] + 1]; k++)
				if (has_key(rows, order[k], sorted[i]))
					add_row(&runs, rows, order[k], sorted[i]);
		}
		record(&runs, sorted[i]);
	}
	write_runs(store, &runs, batch_id);
}

void
ledger_record(const LedgerStatement *statements, int count, int64 batch_id)
{
	MemoryContext work;
	MemoryContext caller;
	const LedgerStatement **sorted;
	Store *store;

	if (count == 0)
		return;
	work = AllocSetContextCreate(CurrentMemoryContext, "cdp ledger", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(work);
	sorted = make_array(count, sizeof(*sorted));
	for (int i = 0; i < count; i++)
		sorted[i] = &statements[i];
	qsort(sorted, count, sizeof(*sorted), compare_statements);
	store = store_open(&table, STORE_WRITE, STORE_DIRECT);
	record_all(store, sorted, count, batch_id);
	store_close(store);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
}
