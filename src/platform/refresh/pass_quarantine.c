/*
 * pass_quarantine.c
 *		Writes the rows that cannot become events to the quarantine.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "platform/refresh/pass.h"

/* the arguments of the statement: the columns of the inbox, but for who wrote the row, then these */
enum
{
	ARG_QUARANTINE_ID = INBOX_WRITTEN_BY,
	ARG_BATCH_ID,
	ARG_AS_OF,
	ARG_REASON,
	ARG_DETAIL,
	ARG_LINE,
	ARG_WRITTEN_BY,
	ARG_CUT,
	ARG_SIZES,
	ARG_COUNT
};

static const Oid argument_types[ARG_COUNT] = {
	TEXTOID,        TEXTOID,  TEXTOID,  TEXTOID,  TEXTOID,        TEXTOID,        TEXTOID,
	JSONBOID,       JSONBOID, JSONBOID, JSONBOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
	TIMESTAMPTZOID, TEXTOID,  INT8OID,  INT8OID,  TIMESTAMPTZOID, TEXTOID,        TEXTOID,
	TEXTOID,        TEXTOID,  BOOLOID,  JSONBOID};

#define ARRIVED                                                                               \
	"(SELECT $1 AS message_id, $2 AS type, $3 AS event, $4 AS anonymous_id, $5 AS user_id,"   \
	" $6 AS group_id, $7 AS previous_id, $8 AS identifiers, $9 AS properties, $10 AS traits," \
	" $11 AS context, $12 AS \"timestamp\", $13 AS sent_at, $14 AS original_timestamp,"       \
	" $15 AS received_at, $16 AS source) i"

/* building a jsonb recurses into its depth; writing it as text does not */
static const char *const statement =
	"INSERT INTO cdp_data.quarantine (quarantine_id, batch_id, quarantined_at, source, reason, detail,"
	" record, line, received_at, written_by, cut, sizes)"
	" SELECT $17, $18, $19, $16, $20, $21,"
	" CASE WHEN $22 IS NULL AND $20 <> 'too_deep' THEN (SELECT to_jsonb(i) FROM " ARRIVED ") END,"
	" CASE WHEN $20 = 'too_deep' THEN (SELECT row_to_json(i)::text FROM " ARRIVED ") ELSE $22 END,"
	" $15, $23, $24, $25";

/* write_row writes a row. */
static void
write_row(Pass *pass, SPIPlanPtr plan, const TakenRow *row, int64 quarantine_id)
{
	Datum values[ARG_COUNT];
	char nulls[ARG_COUNT];
	const InboxRow *columns = row->sent != NULL ? row->sent : &row->columns;
	int result;

	for (int i = 0; i < INBOX_WRITTEN_BY; i++)
	{
		values[i] = columns->values[i];
		nulls[i] = columns->nulls[i] ? 'n' : ' ';
	}
	memset(nulls + INBOX_WRITTEN_BY, ' ', ARG_COUNT - INBOX_WRITTEN_BY);
	values[ARG_QUARANTINE_ID] = Int64GetDatum(quarantine_id);
	values[ARG_BATCH_ID] = Int64GetDatum(pass->batch_id);
	values[ARG_AS_OF] = TimestampTzGetDatum(pass->as_of);
	values[ARG_REASON] = CStringGetTextDatum(row->reason);
	values[ARG_DETAIL] = row->detail != NULL ? CStringGetTextDatum(row->detail) : (Datum) 0;
	nulls[ARG_DETAIL] = row->detail != NULL ? ' ' : 'n';
	values[ARG_LINE] = PointerGetDatum(taken_line(row));
	nulls[ARG_LINE] = row->line != NULL ? ' ' : 'n';
	values[ARG_WRITTEN_BY] = row->columns.values[INBOX_WRITTEN_BY];
	nulls[ARG_WRITTEN_BY] = row->columns.nulls[INBOX_WRITTEN_BY] ? 'n' : ' ';
	values[ARG_CUT] = BoolGetDatum(row->cut);
	values[ARG_SIZES] = PointerGetDatum(row->sizes);
	nulls[ARG_SIZES] = row->sizes != NULL ? ' ' : 'n';
	result = SPI_execute_plan(plan, values, nulls, false, 0);
	if (result != SPI_OK_INSERT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
}

void
pass_quarantine(Pass *pass)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid types[ARG_COUNT];
	SPIPlanPtr plan;

	memcpy(types, argument_types, sizeof(types));
	plan = SPI_prepare(statement, ARG_COUNT, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	for (int i = 0; i < pass->row_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (pass->rows[i].reason == NULL)
			continue;
		MemoryContextSwitchTo(pass->scratch);
		write_row(pass, plan, &pass->rows[i], ++pass->last_quarantine_id);
		MemoryContextReset(pass->scratch);
	}
	SPI_freeplan(plan);
	MemoryContextSwitchTo(caller);
}
