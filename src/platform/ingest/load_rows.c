/*
 * load_rows.c
 *		Rows of a query for the batches of a load, as many at a time as a batch takes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/ingest/load_rows.h"
#include "platform/ingest/take_clean.h"
#include "platform/progress/progress.h"
#include "toolkit/bridge/raw_size.h"

CDP_FUNCTION(cdp_load_open);
CDP_FUNCTION(cdp_load_fetch);
CDP_FUNCTION(cdp_load_offer);
CDP_FUNCTION(cdp_load_withdraw);
CDP_FUNCTION(cdp_load_close);

/* rows that the query is asked for at a time, unless they are large */
#define FETCH_MAX 1000

/* a place of a row is its number, in blocks of so many */
#define BLOCK_ROWS 10000

typedef struct Load
{
	MemoryContext context;
	Oid user; /* who opened it, as whom the query runs */
	char *portal;
	AttrNumber
		numbers[INBOX_COLUMNS]; /* the columns in the rows of the query; 0: it does not give it */
	Datum *values;              /* of one of these rows */
	bool *nulls;
	InboxRow defaults; /* of columns that are not given; of source and written_by also of NULL */
	bool fetching;
	bool ended;
	bool offered;
	int64 offered_before; /* rows of the portions before this one */

	MemoryContext portion; /* of the rows */
	InboxRow *rows;
	int64 count;
	int64 capacity;
	int64 bytes;   /* of the rows, uncompressed */
	int64 largest; /* of one */
	int64 max_row_bytes;
	int64 cut_bytes;
} Load;

static Load *current_load = NULL;

/* The receiver of the query's rows. */
typedef struct LoadReceiver
{
	DestReceiver receiver;
	Load *load;
} LoadReceiver;

/* forget_load runs when the memory of a load is freed: at its end, or when the transaction that opened it ends. */
static void
forget_load(void *load)
{
	if (current_load == load)
		current_load = NULL;
}

/* get_load gives the load that is open; not to code of others, as the condition of a segment may have it. */
static Load *
get_load(void)
{
	if (InSecurityRestrictedOperation())
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("a load cannot be used in a security-restricted operation")));
	if (current_load == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("no load is running"),
				 errhint("This function serves cdp.load(); call that instead.")));
	return current_load;
}

/* end_load raises an error where a transaction ends before the load has. */
static void
end_load(XactEvent event, void *arg)
{
	if ((event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE) && current_load != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("a load has not ended"),
				 errhint("Its functions serve cdp.load(); call that instead.")));
}

bool
load_is_open(void)
{
	return current_load != NULL;
}

bool
load_is_offered(void)
{
	return current_load != NULL && current_load->offered;
}

/* ---------------------------------------------------------------- opening */

/* find_inbox_column gives the place of a column of cdp.inbox by its name, or raises that there is none. */
static int
find_inbox_column(const char *name)
{
	for (int i = 0; i < INBOX_COLUMNS; i++)
		if (strcmp(take_inbox.columns[i].name, name) == 0)
			return i;
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
					errmsg("column \"%s\" of the query is none of cdp.inbox", name),
					errhint("Give each column the name of one of cdp.inbox, by AS.")));
}

/* check_type raises an error unless values of a type are such as a column of cdp.inbox has. */
static void
check_type(int column, Oid given)
{
	Oid wanted = take_inbox.columns[column].type;
	Oid base = getBaseType(given);

	if (base == wanted || IsBinaryCoercible(base, wanted))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of the query is of type %s, and of cdp.inbox of type %s",
					take_inbox.columns[column].name, format_type_be(given), format_type_be(wanted)),
			 errhint("Cast it in the query.")));
}

/* map_columns finds the columns of cdp.inbox in the rows of the query. */
static void
map_columns(Load *load, TupleDesc descriptor)
{
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		int column = find_inbox_column(NameStr(attribute->attname));

		if (load->numbers[column] != 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("the query gives column \"%s\" twice", NameStr(attribute->attname))));
		check_type(column, attribute->atttypid);
		load->numbers[column] = attribute->attnum;
	}
	if (descriptor->natts == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the query gives no columns")));
	load->values = MemoryContextAlloc(load->context, sizeof(Datum) * descriptor->natts);
	load->nulls = MemoryContextAlloc(load->context, sizeof(bool) * descriptor->natts);
}

/* set_default sets the value of a column that is not given. */
static void
set_default(Load *load, InboxColumn column, Datum value)
{
	load->defaults.values[column] = value;
	load->defaults.nulls[column] = false;
}

/* set_defaults sets what columns are that the query does not give, as for an INSERT by its role. */
static void
set_defaults(Load *load, const text *source)
{
	memset(load->defaults.nulls, true, sizeof(load->defaults.nulls));
	set_default(load, INBOX_WRITTEN_BY, CStringGetTextDatum(GetUserNameFromId(load->user, false)));
	if (source != NULL)
		set_default(load, INBOX_SOURCE,
					PointerGetDatum(DatumGetTextPCopy(PointerGetDatum(source))));
	if (load->numbers[INBOX_RECEIVED_AT] == 0)
		set_default(load, INBOX_RECEIVED_AT,
					TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()));
}

/* open_query opens a cursor of the query, as the current role. */
static void
open_query(Load *load, const char *query)
{
	SPIPlanPtr plan;
	Portal portal;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare(query, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	if (!SPI_is_cursor_plan(plan))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a load takes one query that returns rows"),
				 errhint("For example: SELECT user_id, event, \"timestamp\" FROM old_events.")));
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, false);
	map_columns(load, portal->tupDesc);
	load->portal = MemoryContextStrdup(load->context, portal->name);
	SPI_finish();
}

/* cdp_load_open implements cdp_internal.load_open. */
Datum
cdp_load_open(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MemoryContext caller;
	MemoryContextCallback *callback;
	Load *load;
	static bool following = false;

	if (!following)
		RegisterXactCallback(end_load, NULL);
	following = true;
	if (current_load != NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE), errmsg("a load is already running"),
						errhint("The query of a load cannot load.")));
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("query must not be null")));
	/* the subtransaction's: its abort ends the cursor, too */
	context = AllocSetContextCreate(CurTransactionContext, "cdp load", ALLOCSET_DEFAULT_SIZES);
	load = MemoryContextAllocZero(context, sizeof(Load));
	load->context = context;
	load->user = GetUserId();
	load->portion = AllocSetContextCreate(context, "cdp load rows", ALLOCSET_DEFAULT_SIZES);
	open_query(load, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	caller = MemoryContextSwitchTo(context);
	set_defaults(load, PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1));
	callback = palloc0(sizeof(MemoryContextCallback));
	callback->func = forget_load;
	callback->arg = load;
	MemoryContextRegisterResetCallback(context, callback);
	MemoryContextSwitchTo(caller);
	current_load = load;
	PG_RETURN_VOID();
}

/* ---------------------------------------------------------------- fetching */

static void
start_receiver(DestReceiver *self, int operation, TupleDesc descriptor)
{
}

static void
end_receiver(DestReceiver *self)
{
}

/* append_row makes room for a row. */
static InboxRow *
append_row(Load *load)
{
	if (load->count == load->capacity)
	{
		load->capacity = Max(1000, load->capacity * 2);
		load->rows = load->rows == NULL
						 ? MemoryContextAllocHuge(load->portion, sizeof(InboxRow) * load->capacity)
						 : repalloc_huge(load->rows, sizeof(InboxRow) * load->capacity);
	}
	return &load->rows[load->count++];
}

/* add_bytes counts a row as a claim counts those of the inbox. */
static void
add_bytes(Load *load, const InboxRow *row)
{
	int64 size = 0;

	for (int i = 0; i < INBOX_COLUMNS; i++)
		if (!row->nulls[i])
			size += take_inbox.columns[i].type == TIMESTAMPTZOID ? (int64) sizeof(TimestampTz)
																 : raw_size(row->values[i], -1);
	load->bytes += size > load->max_row_bytes ? load->cut_bytes : size;
	load->largest = Max(load->largest, size);
}

/* receive_row keeps a row of the query. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	Load *load = ((LoadReceiver *) self)->load;
	MemoryContext caller = MemoryContextSwitchTo(load->portion);
	HeapTuple tuple = ExecCopySlotHeapTuple(slot);
	InboxRow *row = append_row(load);

	heap_deform_tuple(tuple, slot->tts_tupleDescriptor, load->values, load->nulls);
	*row = load->defaults;
	for (int i = 0; i < INBOX_COLUMNS; i++)
	{
		int number = load->numbers[i] - 1;

		if (number < 0 || load->nulls[number])
			continue;
		row->values[i] = load->values[number];
		row->nulls[i] = false;
	}
	add_bytes(load, row);
	MemoryContextSwitchTo(caller);
	return true;
}

/* fetch_rows lets the query run until the portion is full or there are no more rows. */
static void
fetch_rows(Load *load, Portal portal, int64 max_rows, int64 max_bytes)
{
	LoadReceiver receiver = {{receive_row, start_receiver, end_receiver, end_receiver, DestNone},
							 load};

	while (load->count < max_rows && load->bytes < max_bytes && !load->ended)
	{
		/* one row, and then so many that they hardly go beyond the limit */
		int64 wanted =
			load->count == 0 ? 1 : Max(1, (max_bytes - load->bytes) / (4 * (load->largest + 1)));
		int64 before = load->count;

		wanted = Min(Min(wanted, FETCH_MAX), max_rows - load->count);
		PortalRunFetch(portal, FETCH_FORWARD, (long) wanted, &receiver.receiver);
		load->ended = load->count - before < wanted;
		CHECK_FOR_INTERRUPTS();
	}
}

/* check_user raises an error if the query, or what it calls, has changed the role. */
static void
check_user(const Load *load)
{
	if (GetUserId() != load->user)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("the role is not the one that began the load"),
						errhint("The query of a load must not change the role.")));
}

/*
 * cdp_load_fetch implements cdp_internal.load_fetch.  What the query calls cannot write: it runs between batches,
 * whose tables are not what they will be at the end.
 */
Datum
cdp_load_fetch(PG_FUNCTION_ARGS)
{
	Load *load = get_load();
	bool was_read_only = XactReadOnly;
	Portal portal;

	check_user(load);
	if (load->fetching || load->offered)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE), errmsg("the rows of the load are in use")));
	portal = GetPortalByName(load->portal);
	if (!PortalIsValid(portal))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_CURSOR_NAME), errmsg("the query of the load was closed")));
	load->offered_before += load->count;
	MemoryContextReset(load->portion);
	load->rows = NULL;
	load->count = load->capacity = load->bytes = load->largest = 0;
	load->max_row_bytes = PG_GETARG_INT64(2);
	load->cut_bytes = PG_GETARG_INT64(3);
	load->fetching = true;
	XactReadOnly = true;
	PG_TRY();
	{
		fetch_rows(load, portal, PG_GETARG_INT64(0), PG_GETARG_INT64(1));
	}
	PG_FINALLY();
	{
		XactReadOnly = was_read_only;
		load->fetching = false;
	}
	PG_END_TRY();
	check_user(load);
	PG_RETURN_INT64(load->count);
}

/* ---------------------------------------------------------------- handing out */

/* cdp_load_offer implements cdp_internal.load_offer. */
Datum
cdp_load_offer(PG_FUNCTION_ARGS)
{
	Load *load = get_load();
	Datum *places = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (load->count + 1));
	ItemPointerData *room =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(ItemPointerData) * (load->count + 1));

	if (load->fetching || load->offered)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE), errmsg("the rows of the load are in use")));
	for (int64 i = 0; i < load->count; i++)
	{
		ItemPointerSet(&room[i], (BlockNumber) (i / BLOCK_ROWS),
					   (OffsetNumber) (i % BLOCK_ROWS + 1));
		places[i] = PointerGetDatum(&room[i]);
	}
	load->offered = true;
	progress_closed("rows", load->offered_before, true);
	PG_RETURN_ARRAYTYPE_P(construct_array(places, (int) load->count, TIDOID,
										  sizeof(ItemPointerData), false, TYPALIGN_SHORT));
}

void
load_hand_out(const ItemPointerData *places, int64 count, InboxConsumer consume, void *state)
{
	Load *load = get_load();

	for (int64 i = 0; i < count; i++)
	{
		ItemPointerData place = places[i];
		int64 number = (int64) ItemPointerGetBlockNumberNoCheck(&place) * BLOCK_ROWS +
					   ItemPointerGetOffsetNumberNoCheck(&place) - 1;

		if (number < 0 || number >= load->count)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("the load has no row at this place")));
		consume(state, &place, load->rows[number].values, load->rows[number].nulls);
	}
}

/* cdp_load_withdraw implements cdp_internal.load_withdraw. */
Datum
cdp_load_withdraw(PG_FUNCTION_ARGS)
{
	Load *load = get_load();

	load->offered = false;
	progress_closed("rows", load->offered_before + load->count, true);
	PG_RETURN_VOID();
}

/* cdp_load_close implements cdp_internal.load_close. */
Datum
cdp_load_close(PG_FUNCTION_ARGS)
{
	Load *load = get_load();
	Portal portal = GetPortalByName(load->portal);

	if (load->fetching || load->offered)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_IN_USE), errmsg("the rows of the load are in use")));
	if (PortalIsValid(portal))
		SPI_cursor_close(portal);
	MemoryContextDelete(load->context);
	PG_RETURN_VOID();
}
