/*
 * read_rows.c
 *		A part of a connected table, read as the owner of the connection: the texts of its rows, each with its
 *		place, in the order of places.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "platform/follow/connection.h"
#include "platform/segment/restrict.h"

CDP_FUNCTION(cdp_read_rows);

/* bytes of the texts from which on a part ends, at the next place */
#define PART_BYTES (64 * 1024 * 1024)

typedef struct Part
{
	Connection connection;
	const char *parameters[2]; /* after, until; NULL: no bound */
	bool by_place;             /* the rows of a table behind a place on disk */
	ReturnSetInfo *result;
	MemoryContext row_context;
	char *place; /* of the last row, in its own memory */
	Size bytes;
} Part;

typedef struct PartReceiver
{
	DestReceiver receiver;
	Part *part;
} PartReceiver;

static void
receiver_startup(DestReceiver *receiver, int operation, TupleDesc row)
{
}

static void
receiver_end(DestReceiver *receiver)
{
}

/* take_row keeps a row (place, text); false, to end the part, if it is one too many. */
static bool
take_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	Part *part = ((PartReceiver *) receiver)->part;
	MemoryContext before = MemoryContextSwitchTo(part->row_context);
	Datum values[3];
	bool nulls[3] = {false, false, true};
	char *place = NULL;
	bool is_new;

	slot_getallattrs(slot);
	for (int i = 0; i < 2; i++)
	{
		nulls[i] = slot->tts_isnull[i];
		values[i] = connection_flatten(slot->tts_values[i], nulls[i], -1);
	}
	if (!nulls[0])
		place = TextDatumGetCString(values[0]);
	is_new = part->place == NULL || place == NULL || strcmp(part->place, place) != 0;
	if (part->bytes > PART_BYTES && is_new)
	{
		MemoryContextSwitchTo(before);
		return false;
	}
	if (is_new)
	{
		if (part->place)
			pfree(part->place);
		part->place =
			place ? MemoryContextStrdup(part->result->econtext->ecxt_per_query_memory, place)
				  : NULL;
	}
	part->bytes += VARSIZE_ANY(DatumGetPointer(values[1]));
	tuplestore_putvalues(part->result->setResult, part->result->setDesc, values, nulls);
	MemoryContextSwitchTo(before);
	MemoryContextReset(part->row_context);
	return true;
}

/* read_part reads the rows; runs as the owner. */
static void
read_part(void *arg)
{
	Part *part = arg;
	PartReceiver receiver = {
		{take_row, receiver_startup, receiver_end, receiver_end, DestTuplestore}, part};
	SPIExecuteOptions options = {.read_only = true, .dest = &receiver.receiver};
	Oid types[] = {TEXTOID, TEXTOID};
	SPIPlanPtr plan;

	/* in the order of the places on disk, and without reading what is before the first */
	if (part->by_place)
	{
		restrict_set("synchronize_seqscans", "off");
		restrict_set("enable_seqscan", "off");
		restrict_set("max_parallel_workers_per_gather", "0");
	}
	plan = connection_prepare(&part->connection, 2, types);
	options.params = makeParamList(2);
	for (int i = 0; i < 2; i++)
	{
		options.params->params[i].ptype = TEXTOID;
		options.params->params[i].pflags = PARAM_FLAG_CONST;
		options.params->params[i].isnull = part->parameters[i] == NULL;
		options.params->params[i].value =
			part->parameters[i] ? CStringGetTextDatum(part->parameters[i]) : (Datum) 0;
	}
	if (SPI_execute_plan_extended(plan, &options) != SPI_OK_SELECT)
		elog(ERROR, "could not read rows");
}

/*
 * cdp_internal.read_rows(name, relation, cursor_column, part, after, until, max_rows, latest): rows (place,
 * row), or one with the error.
 */
Datum
cdp_read_rows(PG_FUNCTION_ARGS)
{
	Oid types[] = {TEXTOID, OIDOID, TEXTOID, OIDOID, BOOLOID, BOOLOID, INT8OID, BOOLOID};
	Datum values[] = {PG_GETARG_DATUM(0),
					  PG_GETARG_DATUM(1),
					  PG_GETARG_DATUM(2),
					  PG_GETARG_DATUM(3),
					  BoolGetDatum(!PG_ARGISNULL(4)),
					  BoolGetDatum(!PG_ARGISNULL(5)),
					  PG_GETARG_DATUM(6),
					  PG_GETARG_DATUM(7)};
	char nulls[lengthof(types)];
	Part part = {0};
	char *error;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	for (int i = 0; i < lengthof(types); i++)
		nulls[i] = i != 4 && i != 5 && PG_ARGISNULL(i) ? 'n' : ' ';
	connection_load(
		PG_ARGISNULL(0)
			? "SELECT r.oid, $2, cdp_internal.page_query($2, $3, $4, $5, $6, $7, $8), NULL"
			  " FROM pg_catalog.pg_roles r WHERE r.rolname = current_user"
			: "SELECT c.owner::oid, c.relation::oid,"
			  " cdp_internal.page_query(c.relation, c.cursor_column, $4, $5, $6, $7, $8), NULL"
			  " FROM cdp_data.connected_table c WHERE c.name = $1",
		lengthof(types), types, values, nulls, &part.connection);
	for (int i = 0; i < 2; i++)
		part.parameters[i] = PG_ARGISNULL(4 + i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(4 + i));
	part.by_place = !PG_ARGISNULL(3);
	part.result = (ReturnSetInfo *) fcinfo->resultinfo;
	part.row_context =
		AllocSetContextCreate(CurrentMemoryContext, "cdp row of a table", ALLOCSET_DEFAULT_SIZES);
	error = connection_run(&part.connection, read_part, &part, NULL);
	if (error != NULL)
	{
		bool error_nulls[3] = {true, true, false};

		tuplestore_clear(part.result->setResult);
		values[2] = CStringGetTextDatum(error);
		tuplestore_putvalues(part.result->setResult, part.result->setDesc, values, error_nulls);
	}
	MemoryContextDelete(part.row_context);
	return (Datum) 0;
}
