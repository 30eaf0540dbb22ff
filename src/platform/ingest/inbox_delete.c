/*
 * inbox_delete.c
 *		Takes rows out of a table by their places, and hands them out.
 *
 * A plain table is written directly: each row is read once and copied once.  Where the store would leave a
 * table to SQL (triggers, rules, the setting cdp.store), or row security applies, a statement does it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "storage/bufmgr.h"
#include "tcop/dest.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "cdp.h"
#include "compat.h"
#include "platform/ingest/inbox_delete.h"
#include "platform/store/store.h"

/* where the rows go */
typedef struct Outlet
{
	const InboxTable *table;
	InboxConsumer consume;
	void *state;
	MemoryContext context;                 /* of the rows */
	AttrNumber numbers[INBOX_COLUMNS_MAX]; /* the columns in the rows that come */
	TupleDesc descriptor;                  /* of the rows that come */
	Datum *values;                         /* of one of them */
	bool *nulls;
} Outlet;

/* the receiver of a statement's rows */
typedef struct OutletReceiver
{
	DestReceiver receiver;
	Outlet *outlet;
} OutletReceiver;

/* find_column returns the number of a column of this name and type. */
static AttrNumber
find_column(TupleDesc descriptor, const char *name, Oid type, const char *table)
{
	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0 &&
			attribute->atttypid == type)
			return attribute->attnum;
	}
	ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
					errmsg("table \"%s\" has no column \"%s\" of type %s", table, name,
						   format_type_be(type)),
					errhint("The inboxes stay what cdp.init() made them.")));
}

/* begin_rows prepares for rows of this form. */
static void
begin_rows(Outlet *outlet, TupleDesc descriptor)
{
	outlet->descriptor = descriptor;
	for (int i = 0; i < outlet->table->count; i++)
		outlet->numbers[i] = find_column(descriptor, outlet->table->columns[i].name,
										 outlet->table->columns[i].type, outlet->table->name);
	outlet->values = palloc(sizeof(Datum) * descriptor->natts);
	outlet->nulls = palloc(sizeof(bool) * descriptor->natts);
}

/* hand_out copies a row and hands it out. */
static void
hand_out(Outlet *outlet, TupleTableSlot *slot, const ItemPointerData *place)
{
	MemoryContext caller = MemoryContextSwitchTo(outlet->context);
	HeapTuple row = ExecCopySlotHeapTuple(slot);
	Datum values[INBOX_COLUMNS_MAX];
	bool nulls[INBOX_COLUMNS_MAX];

	heap_deform_tuple(row, outlet->descriptor, outlet->values, outlet->nulls);
	for (int i = 0; i < outlet->table->count; i++)
	{
		values[i] = outlet->values[outlet->numbers[i] - 1];
		nulls[i] = outlet->nulls[outlet->numbers[i] - 1];
	}
	outlet->consume(outlet->state, place, values, nulls);
	MemoryContextSwitchTo(caller);
}

/* is_plain returns whether a DELETE does nothing but delete. */
static bool
is_plain(Relation table)
{
	return table->rd_rel->relkind == RELKIND_RELATION &&
		   store_needs_sql(table, STORE_WRITE) == NULL &&
		   check_enable_rls(RelationGetRelid(table), InvalidOid, true) != RLS_ENABLED;
}

/* check_rights raises an error if the current user may not read and delete. */
static void
check_rights(Relation table)
{
	static const AclMode wanted[] = {ACL_SELECT, ACL_DELETE};

	for (int i = 0; i < lengthof(wanted); i++)
	{
		AclResult allowed = pg_class_aclcheck(RelationGetRelid(table), GetUserId(), wanted[i]);

		if (allowed != ACLCHECK_OK)
			aclcheck_error(allowed, OBJECT_TABLE, RelationGetRelationName(table));
	}
	PreventCommandIfReadOnly("DELETE");
	CheckCmdReplicaIdentity(table, CMD_DELETE);
}

/* delete_row deletes the row in a slot; false if it is not there any more. */
static bool
delete_row(Relation table, TupleTableSlot *slot, Snapshot snapshot, CommandId command)
{
	TM_FailureData failure;
	TM_Result result = table_tuple_delete(table, &slot->tts_tid, command, snapshot, InvalidSnapshot,
										  true, &failure, false);

	switch (result)
	{
		case TM_Ok:
			return true;
		case TM_SelfModified:
		case TM_Updated:
		case TM_Deleted:
			return false;
		default:
			elog(ERROR, "unexpected result of table_tuple_delete: %d", (int) result);
	}
	return false;
}

/* delete_directly deletes and hands out rows of a plain table. */
static void
delete_directly(Relation table, const ItemPointerData *places, int64 count, Outlet *outlet)
{
	Snapshot snapshot = GetActiveSnapshot();
	CommandId command = GetCurrentCommandId(true);
	BlockNumber blocks = RelationGetNumberOfBlocks(table);
	TupleTableSlot *slot;

	check_rights(table);
	begin_rows(outlet, RelationGetDescr(table));
	slot = table_slot_create(table, NULL);
	for (int64 i = 0; i < count; i++)
	{
		ItemPointerData place = places[i];

		CHECK_FOR_INTERRUPTS();
		if (ItemPointerIsValid(&place) && ItemPointerGetBlockNumber(&place) < blocks &&
			table_tuple_fetch_row_version(table, &place, snapshot, slot) &&
			delete_row(table, slot, snapshot, command))
			hand_out(outlet, slot, &place);
	}
	ExecDropSingleTupleTableSlot(slot);
}

/* start_receiver prepares for the rows of a statement: first their place, then the columns. */
static void
start_receiver(DestReceiver *self, int operation, TupleDesc descriptor)
{
	begin_rows(((OutletReceiver *) self)->outlet, CreateTupleDescCopy(descriptor));
}

/* receive_row hands out a row of a statement. */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	bool isnull;
	Datum place = slot_getattr(slot, 1, &isnull);

	hand_out(((OutletReceiver *) self)->outlet, slot, (ItemPointer) DatumGetPointer(place));
	return true;
}

/* end_receiver has nothing to end. */
static void
end_receiver(DestReceiver *self)
{
}

/* delete_statement writes the statement that deletes rows at the places $1. */
static char *
delete_statement(Relation table, const InboxTable *wanted)
{
	StringInfoData statement;

	initStringInfo(&statement);
	appendStringInfo(
		&statement, "DELETE FROM ONLY %s WHERE ctid = ANY ($1) RETURNING ctid",
		quote_qualified_identifier(get_namespace_name(RelationGetNamespace(table)), wanted->name));
	for (int i = 0; i < wanted->count; i++)
		appendStringInfo(&statement, ", %s", quote_identifier(wanted->columns[i].name));
	return statement.data;
}

/* place_array makes a tid[] of the places. */
static Datum
place_array(const ItemPointerData *places, int64 count)
{
	Datum *elements = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (count + 1));

	for (int64 i = 0; i < count; i++)
		elements[i] = PointerGetDatum(&places[i]);
	return PointerGetDatum(construct_array(elements, (int) count, TIDOID, sizeof(ItemPointerData),
										   false, TYPALIGN_SHORT));
}

/* delete_by_statement deletes and hands out rows of any table. */
static void
delete_by_statement(Relation table, const ItemPointerData *places, int64 count, Outlet *outlet)
{
	OutletReceiver receiver = {{receive_row, start_receiver, end_receiver, end_receiver, DestNone},
							   outlet};
	SPIExecuteOptions options = {0};
	Oid types[] = {TIDARRAYOID};
	Datum values[] = {place_array(places, count)};
	char *statement = delete_statement(table, outlet->table);
	SPIPlanPtr plan;
	int result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	options.params = makeParamList(1);
	options.params->params[0].ptype = types[0];
	options.params->params[0].value = values[0];
	options.params->params[0].isnull = false;
	options.dest = &receiver.receiver;
	plan = SPI_prepare(statement, 1, types);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	result = SPI_execute_plan_extended(plan, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(result));
	SPI_finish();
}

/* inbox_delete: see the header. */
void
inbox_delete(const InboxTable *wanted, const ItemPointerData *places, int64 count,
			 InboxConsumer consume, void *state)
{
	RangeVar *name = makeRangeVar("cdp", unconstify(char *, wanted->name), -1);
	Relation table = table_openrv(name, RowExclusiveLock);
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "cdp delete from an inbox",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	Outlet outlet = {.table = wanted, .consume = consume, .state = state, .context = caller};

	if (is_plain(table))
		delete_directly(table, places, count, &outlet);
	else
		delete_by_statement(table, places, count, &outlet);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
	table_close(table, NoLock);
}
