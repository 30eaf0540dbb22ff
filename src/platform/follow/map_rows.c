/*
 * map_rows.c
 *		Rows of a connected table as calls: the expressions of the mapping, evaluated as the owner.
 *
 * All rows are mapped by one query.  If that fails, each half is mapped by itself, and so on down to the rows
 * at fault.  A query that fails without rows, or that takes too long, fails as a whole.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/bitmapset.h"
#include "nodes/nodeFuncs.h"
#include "nodes/params.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"

#include "cdp.h"
#include "platform/follow/connection.h"
#include "platform/follow/row_text.h"

CDP_FUNCTION(cdp_map_rows);

/* columns of the result behind those of the query: error, line */
#define OWN_COLUMNS 2

/* columns of the query */
#define KEY_COLUMN 1
#define MESSAGE_ID_COLUMN 2

typedef struct Mapping
{
	Connection connection;
	Oid row_type;
	Oid array_type;
	TupleDesc table; /* its columns now */
	Datum *rows;     /* their texts */
	int64 count;     /* of rows */
	int16 *columns;  /* of the texts */
	int column_count;
	bool fits;                /* the table has just these columns */
	Bitmapset *used;          /* numbers of the columns that the mapping uses; 0: all */
	MemoryContext context;    /* outlives the rows at hand */
	int64 first;              /* the rows at hand */
	int64 last;               /* the row behind them */
	Tuplestorestate *results; /* of the rows at hand */
	ReturnSetInfo *result;
	MemoryContext row_context;
} Mapping;

typedef struct MapReceiver
{
	DestReceiver receiver;
	Mapping *mapping;
} MapReceiver;

static void
receiver_startup(DestReceiver *receiver, int operation, TupleDesc row)
{
}

static void
receiver_end(DestReceiver *receiver)
{
}

/* without_nulls returns an object without its members that are null; NULL if none is left. */
static Jsonb *
without_nulls(Jsonb *document)
{
	JsonbIterator *iterator;
	JsonbParseState *state = NULL;
	JsonbValue *made;
	JsonbValue key;
	JsonbValue value;
	JsonbIteratorToken token;

	if (!JB_ROOT_IS_OBJECT(document))
		return document;
	iterator = JsonbIteratorInit(&document->root);
	token = JsonbIteratorNext(&iterator, &value, false);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	while ((token = JsonbIteratorNext(&iterator, &key, true)) == WJB_KEY)
	{
		JsonbIteratorNext(&iterator, &value, true);
		if (value.type == jbvNull)
			continue;
		pushJsonbValue(&state, WJB_KEY, &key);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	made = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return made->val.object.nPairs == 0 ? NULL : JsonbValueToJsonb(made);
}

/* the columns of the rows that an expression uses */
typedef struct ColumnSearch
{
	int depth; /* of subqueries */
	Bitmapset *used;
} ColumnSearch;

/* search_columns collects the columns of the rows, which are the first in FROM. */
static bool
search_columns(Node *node, void *arg)
{
	ColumnSearch *search = arg;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		bool found;

		search->depth++;
		found = query_tree_walker((Query *) node, search_columns, search, 0);
		search->depth--;
		return found;
	}
	if (IsA(node, Var) && ((Var *) node)->varno == 1 &&
		(int) ((Var *) node)->varlevelsup == search->depth - 1 && ((Var *) node)->varattno >= 0)
		search->used = bms_add_member(search->used, ((Var *) node)->varattno);
	return expression_tree_walker(node, search_columns, search);
}

/* note_columns notes the columns that the query uses: people who repair rows see these only. */
static void
note_columns(Mapping *mapping, SPIPlanPtr plan)
{
	MemoryContext before = MemoryContextSwitchTo(mapping->context);
	ColumnSearch search = {0};
	ListCell *source;
	ListCell *query;

	foreach (source, SPI_plan_get_plan_sources(plan))
		foreach (query, ((CachedPlanSource *) lfirst(source))->query_list)
			search_columns((Node *) lfirst(query), &search);
	mapping->used = search.used;
	MemoryContextSwitchTo(before);
}

/* row_line returns what the mapping uses of a row as a line for people to read. */
static Datum
row_line(const Mapping *mapping, int64 row)
{
	StringInfoData line;
	Datum made;

	initStringInfo(&line);
	row_text_as_json(TextDatumGetCString(mapping->rows[row]), mapping->columns,
					 mapping->column_count, mapping->table, mapping->used, &line);
	made = PointerGetDatum(cstring_to_text_with_len(line.data, line.len));
	pfree(line.data);
	return made;
}

/* take_row keeps a row of the query, in memory that outlives it. */
static bool
take_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	Mapping *mapping = ((MapReceiver *) receiver)->mapping;
	TupleDesc desc = mapping->result->setDesc;
	Datum values[MaxTupleAttributeNumber];
	bool nulls[MaxTupleAttributeNumber];
	MemoryContext before = MemoryContextSwitchTo(mapping->row_context);
	int given = desc->natts - OWN_COLUMNS;

	slot_getallattrs(slot);
	if (slot->tts_tupleDescriptor->natts != given)
		elog(ERROR, "a mapping gives %d columns", slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < given; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		values[i] = connection_flatten(slot->tts_values[i], slot->tts_isnull[i], column->attlen);
		nulls[i] = slot->tts_isnull[i];
		if (!nulls[i] && column->atttypid == JSONBOID)
		{
			Jsonb *document = without_nulls(DatumGetJsonbP(values[i]));

			nulls[i] = document == NULL;
			values[i] = PointerGetDatum(document);
		}
	}
	values[0] = Int64GetDatum(DatumGetInt64(values[0]) + mapping->first);
	nulls[given] = nulls[given + 1] = true;
	if (nulls[KEY_COLUMN] && nulls[MESSAGE_ID_COLUMN])
	{
		nulls[given] = nulls[given + 1] = false;
		values[given] = CStringGetTextDatum("23502: the key is NULL");
		values[given + 1] = row_line(mapping, DatumGetInt64(values[0]) - 1);
	}
	tuplestore_putvalues(mapping->results, desc, values, nulls);
	MemoryContextSwitchTo(before);
	MemoryContextReset(mapping->row_context);
	return true;
}

/* read_rows makes values of the texts of the rows at hand, as an array. */
static Datum
read_rows(Mapping *mapping)
{
	Datum *rows = palloc(sizeof(Datum) * Max(mapping->last - mapping->first, 1));
	StringInfoData shaped;
	FmgrInfo input;
	Oid function;
	Oid parameter;

	getTypeInputInfo(mapping->row_type, &function, &parameter);
	fmgr_info(function, &input);
	initStringInfo(&shaped);
	for (int64 i = mapping->first; i < mapping->last; i++)
	{
		char *row = TextDatumGetCString(mapping->rows[i]);

		CHECK_FOR_INTERRUPTS();
		resetStringInfo(&shaped);
		if (mapping->fits)
			appendStringInfoString(&shaped, row);
		else
			row_text_reshape(row, mapping->columns, mapping->column_count, mapping->table, &shaped);
		rows[i - mapping->first] = InputFunctionCall(&input, shaped.data, parameter, -1);
		pfree(row);
	}
	return PointerGetDatum(construct_array(rows, (int) (mapping->last - mapping->first),
										   mapping->row_type, -1, false, TYPALIGN_DOUBLE));
}

/* map_part maps the rows at hand; runs as the owner. */
static void
map_part(void *arg)
{
	Mapping *mapping = arg;
	MapReceiver receiver = {
		{take_row, receiver_startup, receiver_end, receiver_end, DestTuplestore}, mapping};
	SPIExecuteOptions options = {.read_only = true, .dest = &receiver.receiver};
	/* before the rows: making values of them calls what the check looks at */
	SPIPlanPtr plan = connection_prepare(&mapping->connection, 1, &mapping->array_type);

	if (mapping->used == NULL)
		note_columns(mapping, plan);
	options.params = makeParamList(1);
	options.params->params[0].ptype = mapping->array_type;
	options.params->params[0].pflags = PARAM_FLAG_CONST;
	options.params->params[0].isnull = false;
	options.params->params[0].value = read_rows(mapping);
	if (SPI_execute_plan_extended(plan, &options) != SPI_OK_SELECT)
		elog(ERROR, "could not map rows");
}

/* put_results adds what the rows at hand gave to the result. */
static void
put_results(Mapping *mapping)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(mapping->result->setDesc, &TTSOpsMinimalTuple);

	while (tuplestore_gettupleslot(mapping->results, true, false, slot))
		tuplestore_puttupleslot(mapping->result->setResult, slot);
	ExecDropSingleTupleTableSlot(slot);
}

/* put_error adds a row with an error to the result; row -1: one of the mapping as a whole. */
static void
put_error(Mapping *mapping, int64 row, const char *error)
{
	TupleDesc desc = mapping->result->setDesc;
	int own = desc->natts - OWN_COLUMNS;
	Datum values[MaxTupleAttributeNumber];
	bool nulls[MaxTupleAttributeNumber];

	memset(nulls, true, sizeof(nulls));
	nulls[own] = false;
	values[own] = CStringGetTextDatum(error);
	if (row >= 0)
	{
		nulls[0] = nulls[own + 1] = false;
		values[0] = Int64GetDatum(row + 1);
		values[own + 1] = row_line(mapping, row);
	}
	tuplestore_putvalues(mapping->result->setResult, desc, values, nulls);
}

/* try_part maps these rows; returns the error, or NULL. */
static char *
try_part(Mapping *mapping, int64 first, int64 last, bool *is_slow)
{
	char *error;

	mapping->first = first;
	mapping->last = last;
	mapping->results = tuplestore_begin_heap(false, false, work_mem);
	error = connection_run(&mapping->connection, map_part, mapping, is_slow);
	if (error == NULL)
		put_results(mapping);
	tuplestore_end(mapping->results);
	return error;
}

/* map_rows maps these rows, in parts; returns false when the mapping fails as a whole. */
static bool
map_rows(Mapping *mapping, int64 first, int64 last)
{
	bool is_slow;
	char *error = try_part(mapping, first, last, &is_slow);

	check_stack_depth();
	if (error == NULL)
		return true;
	if (first == 0 && last == mapping->count && !is_slow)
	{
		char *whole = try_part(mapping, 0, 0, &is_slow);

		is_slow = is_slow || whole != NULL;
		error = whole != NULL ? whole : error;
	}
	if (is_slow)
	{
		put_error(mapping, -1, error);
		return false;
	}
	if (last - first == 1)
	{
		put_error(mapping, first, error);
		return true;
	}
	return map_rows(mapping, first, first + (last - first) / 2) &&
		   map_rows(mapping, first + (last - first) / 2, last);
}

/* load_mapping reads the connection, and looks at its table. */
static void
load_mapping(FunctionCallInfo fcinfo, Mapping *mapping)
{
	Oid types[] = {TEXTOID, OIDOID, JSONBOID};
	Datum values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)};
	char nulls[] = {PG_ARGISNULL(0) ? 'n' : ' ', PG_ARGISNULL(1) ? 'n' : ' ',
					PG_ARGISNULL(2) ? 'n' : ' '};
	Relation table;

	connection_load(
		PG_ARGISNULL(0)
			? "SELECT r.oid, $2, cdp_internal.map_query($2, $3), $3 ->> 'time_zone'"
			  " FROM pg_catalog.pg_roles r WHERE r.rolname = current_user"
			: "SELECT c.owner::oid, c.relation::oid,"
			  " cdp_internal.map_query(c.relation, c.mapping), c.mapping ->> 'time_zone'"
			  " FROM cdp_data.connected_table c WHERE c.name = $1",
		3, types, values, nulls, &mapping->connection);
	mapping->row_type = get_rel_type_id(mapping->connection.relation);
	mapping->array_type = get_array_type(mapping->row_type);
	if (!OidIsValid(mapping->array_type))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("the rows of the table have no type")));
	table = relation_open(mapping->connection.relation, AccessShareLock);
	mapping->table = CreateTupleDescCopy(RelationGetDescr(table));
	relation_close(table, NoLock);
}

/*
 * cdp_internal.map_rows(name, relation, mapping, columns, rows): a row for each row, with what the mapping
 * makes of it, or its error; or one without number, with the error of the mapping.
 */
Datum
cdp_map_rows(PG_FUNCTION_ARGS)
{
	Mapping mapping = {0};
	Datum *columns;
	int count;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(3) || PG_ARGISNULL(4))
		return (Datum) 0;
	mapping.result = (ReturnSetInfo *) fcinfo->resultinfo;
	mapping.context = CurrentMemoryContext;
	load_mapping(fcinfo, &mapping);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(3), INT2OID, 2, true, TYPALIGN_SHORT, &columns, NULL,
					  &mapping.column_count);
	mapping.columns = palloc(sizeof(int16) * Max(mapping.column_count, 1));
	for (int i = 0; i < mapping.column_count; i++)
		mapping.columns[i] = DatumGetInt16(columns[i]);
	mapping.fits = row_text_fits(mapping.columns, mapping.column_count, mapping.table);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(4), TEXTOID, -1, false, TYPALIGN_INT, &mapping.rows,
					  NULL, &count);
	mapping.count = count;
	mapping.row_context =
		AllocSetContextCreate(CurrentMemoryContext, "cdp row of a mapping", ALLOCSET_DEFAULT_SIZES);
	map_rows(&mapping, 0, count);
	MemoryContextDelete(mapping.row_context);
	return (Datum) 0;
}
