/*
 * pass_quarantine.c
 *		Writes the rows that cannot become events to the quarantine.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "platform/ingest/take_clean.h"
#include "platform/refresh/pass.h"

/* rows that are written together, and from how many bytes on there are enough of them */
#define TOGETHER_ROWS 1000
#define TOGETHER_BYTES (8 * 1024 * 1024)

/* Rows on their way to the quarantine. */
typedef struct Refused
{
	Pass *pass;
	MemoryContext context; /* of their values */
	int count;
	Size bytes;
	PassColumns columns;
	Datum *values[QUARANTINE_COLUMNS];
	bool *nulls[QUARANTINE_COLUMNS];
	SPIPlanPtr as_text; /* makes a text of a row; NULL: none was needed */
} Refused;

/* set_value sets a column of the last row. */
static void
set_value(Refused *refused, int column, Datum value, bool isnull)
{
	refused->values[column][refused->count] = value;
	refused->nulls[column][refused->count] = isnull;
}

/* set_text sets a column of the last row to a text; NULL: it has none. */
static void
set_text(Refused *refused, int column, const char *value)
{
	set_value(refused, column, value != NULL ? CStringGetTextDatum(value) : (Datum) 0,
			  value == NULL);
}

/* make_value makes a value of jsonb of a column of the inbox, as to_jsonb() does. */
static void
make_value(int column, Datum value, bool isnull, JsonbValue *made)
{
	text *packed;
	Jsonb *document;

	made->type = jbvNull;
	if (isnull)
		return;
	switch (take_inbox.columns[column].type)
	{
		case TEXTOID:
			packed = DatumGetTextPP(value);
			made->type = jbvString;
			made->val.string.val = VARDATA_ANY(packed);
			made->val.string.len = (int) VARSIZE_ANY_EXHDR(packed);
			break;
		case TIMESTAMPTZOID:
			made->type = jbvString;
			made->val.string.val = JsonEncodeDateTime(NULL, value, TIMESTAMPTZOID, NULL);
			made->val.string.len = (int) strlen(made->val.string.val);
			break;
		default:
			Assert(take_inbox.columns[column].type == JSONBOID);
			document = DatumGetJsonbP(value);
			made->type = jbvBinary;
			made->val.binary.data = &document->root;
			made->val.binary.len = (int) (VARSIZE(document) - VARHDRSZ);
			break;
	}
}

/* push_value adds a value to an object, after its key. */
static void
push_value(JsonbParseState **state, JsonbValue *value)
{
	JsonbIterator *iterator;
	JsonbValue item;

	if (value->type == jbvBinary && JsonContainerIsScalar(value->val.binary.data))
	{
		iterator = JsonbIteratorInit(value->val.binary.data);
		(void) JsonbIteratorNext(&iterator, &item, true);
		(void) JsonbIteratorNext(&iterator, &item, true);
		(void) pushJsonbValue(state, WJB_VALUE, &item);
	}
	else
		(void) pushJsonbValue(state, WJB_VALUE, value);
}

/* make_record makes an object of the columns of a row, but for who wrote it. */
static Datum
make_record(const InboxRow *row)
{
	JsonbParseState *state = NULL;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < INBOX_WRITTEN_BY; i++)
	{
		JsonbValue name = {.type = jbvString};
		JsonbValue value;

		name.val.string.val = unconstify(char *, take_inbox.columns[i].name);
		name.val.string.len = (int) strlen(name.val.string.val);
		(void) pushJsonbValue(&state, WJB_KEY, &name);
		make_value(i, row->values[i], row->nulls[i], &value);
		push_value(&state, &value);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/*
 * prepare_text prepares the query that makes a text of a row, as row_to_json() does: to build a jsonb recurses into its
 * depth.
 */
static SPIPlanPtr
prepare_text(void)
{
	Oid types[INBOX_WRITTEN_BY];
	SPIPlanPtr plan;

	for (int i = 0; i < INBOX_WRITTEN_BY; i++)
		types[i] = take_inbox.columns[i].type;
	plan = SPI_prepare("SELECT row_to_json(i)::text FROM (SELECT $1 AS message_id, $2 AS type,"
					   " $3 AS event, $4 AS anonymous_id, $5 AS user_id, $6 AS group_id,"
					   " $7 AS previous_id, $8 AS identifiers, $9 AS properties, $10 AS traits,"
					   " $11 AS context, $12 AS \"timestamp\", $13 AS sent_at,"
					   " $14 AS original_timestamp, $15 AS received_at, $16 AS source) i",
					   INBOX_WRITTEN_BY, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/* write_as_text makes a text of the columns of a row. */
static Datum
write_as_text(Refused *refused, const InboxRow *row)
{
	MemoryContext caller = CurrentMemoryContext;
	Datum values[INBOX_WRITTEN_BY];
	char nulls[INBOX_WRITTEN_BY];
	bool isnull;
	Datum made;

	for (int i = 0; i < INBOX_WRITTEN_BY; i++)
	{
		values[i] = row->values[i];
		nulls[i] = row->nulls[i] ? 'n' : ' ';
	}
	if (refused->as_text == NULL)
		refused->as_text = prepare_text();
	if (SPI_execute_plan(refused->as_text, values, nulls, true, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(SPI_result));
	made = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	MemoryContextSwitchTo(caller);
	made = PointerGetDatum(PG_DETOAST_DATUM_COPY(made));
	SPI_freetuptable(SPI_tuptable);
	return made;
}

/* set_content sets the row as it came: as an object, or as a text. */
static void
set_content(Refused *refused, const TakenRow *row, const InboxRow *columns)
{
	bool is_text = row->line != NULL || strcmp(row->reason, "too_deep") == 0;
	Datum content;

	if (strcmp(row->reason, "too_deep") == 0)
		content = write_as_text(refused, columns);
	else if (is_text)
		content = PointerGetDatum(taken_line(row));
	else
		content = make_record(columns);
	set_value(refused, QUARANTINE_RECORD, content, is_text);
	set_value(refused, QUARANTINE_LINE, content, !is_text);
	refused->bytes += VARSIZE_ANY(DatumGetPointer(content));
}

/* add_row adds a row to those that are written together. */
static void
add_row(Refused *refused, const TakenRow *row)
{
	Pass *pass = refused->pass;
	const InboxRow *columns = row->sent != NULL ? row->sent : &row->columns;

	set_value(refused, QUARANTINE_ID, Int64GetDatum(++pass->last_quarantine_id), false);
	set_value(refused, QUARANTINE_BATCH_ID, Int64GetDatum(pass->batch_id), false);
	set_value(refused, QUARANTINE_AT, TimestampTzGetDatum(pass->as_of), false);
	set_value(refused, QUARANTINE_SOURCE, columns->values[INBOX_SOURCE],
			  columns->nulls[INBOX_SOURCE]);
	set_text(refused, QUARANTINE_REASON, row->reason);
	set_text(refused, QUARANTINE_DETAIL, row->detail);
	set_content(refused, row, columns);
	set_value(refused, QUARANTINE_RECEIVED_AT, columns->values[INBOX_RECEIVED_AT],
			  columns->nulls[INBOX_RECEIVED_AT]);
	set_value(refused, QUARANTINE_WRITTEN_BY, row->columns.values[INBOX_WRITTEN_BY],
			  row->columns.nulls[INBOX_WRITTEN_BY]);
	set_value(refused, QUARANTINE_CUT, BoolGetDatum(row->cut), false);
	set_value(refused, QUARANTINE_SIZES, PointerGetDatum(row->sizes), row->sizes == NULL);
	refused->count++;
}

/* flush writes the rows that were added. */
static void
flush(Refused *refused)
{
	if (refused->count > 0)
		store_insert(pass_table(refused->pass, TABLE_QUARANTINE), refused->count,
					 pass_columns(&refused->columns));
	refused->count = 0;
	refused->bytes = 0;
	MemoryContextReset(refused->context);
}

void
pass_quarantine(Pass *pass)
{
	MemoryContext caller = CurrentMemoryContext;
	Refused refused = {pass};

	refused.context = AllocSetContextCreate(caller, "cdp pass quarantine", ALLOCSET_DEFAULT_SIZES);
	refused.columns.rows = TOGETHER_ROWS;
	for (int i = 0; i < QUARANTINE_COLUMNS; i++)
		refused.values[i] = pass_null_column(&refused.columns, i, &refused.nulls[i]);
	for (int i = 0; i < pass->row_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (pass->rows[i].reason == NULL)
			continue;
		MemoryContextSwitchTo(refused.context);
		add_row(&refused, &pass->rows[i]);
		if (refused.count == TOGETHER_ROWS || refused.bytes >= TOGETHER_BYTES)
			flush(&refused);
	}
	flush(&refused);
	MemoryContextSwitchTo(caller);
	if (refused.as_text != NULL)
		SPI_freeplan(refused.as_text);
	MemoryContextDelete(refused.context);
}
