/*
 * list.c
 *		The query of a list: what it may be, and reading it as its owner.
 *
 * The query is the view cdp_condition.<name>.  To who refreshes it is untrusted code, as a condition is.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "cdp.h"
#include "compat.h"
#include "platform/segment/definition.h"
#include "platform/segment/expression.h"
#include "platform/segment/function_owner.h"
#include "platform/segment/restrict.h"
#include "toolkit/identifier/identifier.h"

CDP_FUNCTION(cdp_check_list_query);
CDP_FUNCTION(cdp_read_list_query);

/* refuse raises the error for a text that is not the query of a list. */
static void
refuse(int code, const char *detail)
{
	ereport(ERROR,
			(errcode(code), errmsg("a list needs a query that returns one column of identifiers"),
			 errdetail("%s", detail),
			 errhint("Write SELECT 'email:' || address FROM …, for example.")));
}

/* is_identifier tells whether values of a type are identifiers, or text that can be. */
static bool
is_identifier(Oid type)
{
	Oid base = getBaseType(type);

	return base == TEXTOID || base == VARCHAROID || base == UNKNOWNOID ||
		   base == identifier_type_oid();
}

/* cdp_check_list_query returns the text of a query without what follows it; raises an error if it is no list's. */
Datum
cdp_check_list_query(PG_FUNCTION_ARGS)
{
	char *written = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid owner = PG_GETARG_OID(1);
	ExpressionSource source = {.text = written, .subject = "a list"};
	ErrorContextCallback position = {error_context_stack, expression_error_position, &source};
	List *statements;
	RawStmt *statement;
	int length;
	Query *query;
	TargetEntry *column;

	error_context_stack = &position;
	statements = raw_parser(written, RAW_PARSE_DEFAULT);
	statement = list_length(statements) == 1 ? linitial(statements) : NULL;
	if (statement == NULL || !IsA(statement->stmt, SelectStmt))
		refuse(ERRCODE_SYNTAX_ERROR, "It must be one SELECT.");
	length = statement->stmt_len > 0 ? statement->stmt_len
									 : (int) strlen(written) - statement->stmt_location;
	query = cdp_parse_analyze(statement, written);
	if (query->commandType != CMD_SELECT || query->utilityStmt != NULL || query->hasModifyingCTE)
		refuse(ERRCODE_SYNTAX_ERROR, "It must be one SELECT.");
	column = linitial_node(TargetEntry, query->targetList);
	for (int i = 1; i < list_length(query->targetList); i++)
		if (!list_nth_node(TargetEntry, query->targetList, i)->resjunk)
			refuse(ERRCODE_DATATYPE_MISMATCH, "It has several columns.");
	if (!is_identifier(exprType((Node *) column->expr)))
		refuse(
			ERRCODE_DATATYPE_MISMATCH,
			psprintf("Its column is of type %s.", format_type_be(exprType((Node *) column->expr))));
	check_function_owners((Node *) query, owner);
	error_context_stack = position.previous;
	PG_RETURN_TEXT_P(cstring_to_text_with_len(written + statement->stmt_location, length));
}

/* a query that is being read; the receiver comes first */
typedef struct ListRead
{
	DestReceiver receiver;
	Segment list;
	Tuplestorestate *rows;
	TupleDesc row;
} ListRead;

static void
take_startup(DestReceiver *receiver, int operation, TupleDesc row)
{
}

static void
take_end(DestReceiver *receiver)
{
}

/* take_row keeps a row of the query. */
static bool
take_row(TupleTableSlot *slot, DestReceiver *receiver)
{
	ListRead *read = (ListRead *) receiver;
	bool isnull;
	Datum value = slot_getattr(slot, 1, &isnull);

	tuplestore_putvalues(read->rows, read->row, &value, &isnull);
	return true;
}

/* check_owners raises an error if the query calls functions of others. */
static void
check_owners(const Segment *list)
{
	Relation view = relation_open(list->view, NoLock);

	if (view->rd_rel->relkind != RELKIND_VIEW)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s.%s\" is not a view", DEFINITION_SCHEMA, NameStr(list->name))));
	check_function_owners((Node *) get_view_query(view), list->owner);
	relation_close(view, NoLock);
}

/* read_rows reads the query; called in the restricted context. */
static void
read_rows(void *arg)
{
	ListRead *read = arg;
	SPIExecuteOptions options = {.read_only = true, .dest = &read->receiver};
	int result;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	check_owners(&read->list);
	restrict_set("timezone", "UTC");
	restrict_set("datestyle", "ISO");
	restrict_set("jit", "off");
	result = SPI_execute_extended(psprintf("SELECT v.identifier FROM %s.%s v", DEFINITION_SCHEMA,
										   quote_identifier(NameStr(read->list.name))),
								  &options);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not read a list: %s", SPI_result_code_string(result));
	SPI_finish();
}

/* cdp_read_list_query returns the rows of the query of a list, as text. */
Datum
cdp_read_list_query(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListRead read = {{take_row, take_startup, take_end, take_end, DestTuplestore}};
	ErrorData *error;
	bool too_slow;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	read.rows = result->setResult;
	read.row = result->setDesc;
	definition_find(text_to_cstring(PG_GETARG_TEXT_PP(0)), DEFINITION_REQUIRED, &read.list);
	error = restrict_run(read.list.owner, "pg_catalog, pg_temp", restrict_limit(PG_GETARG_INT64(1)),
						 read_rows, &read, &too_slow);
	definition_release(&read.list);
	if (error != NULL && too_slow)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("it takes longer than cdp.segment_timeout allows")));
	if (error != NULL)
		ReThrowError(error);
	return (Datum) 0;
}
