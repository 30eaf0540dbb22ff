/*
 * check_expression.c
 *		Checks an expression of a mapping: one SQL expression over the columns of a table.
 *
 * The server's parser and analysis decide what the text means; refused is what would make a mapping give
 * something else for the same row, or run the code of other roles.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "storage/lockdefs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "cdp.h"
#include "platform/segment/expression.h"
#include "platform/segment/function_owner.h"

CDP_FUNCTION(cdp_check_expression);

/* function_is_volatile notes a volatile function; a callback of check_functions_in_node. */
static bool
function_is_volatile(Oid function, void *context)
{
	if (func_volatile(function) != PROVOLATILE_VOLATILE)
		return false;
	*(Oid *) context = function;
	return true;
}

/* refuse_volatile walks an analysed expression, subqueries included, for volatile functions. */
static bool
refuse_volatile(Node *node, ParseState *pstate)
{
	Oid function = InvalidOid;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, refuse_volatile, pstate, 0);
	if (check_functions_in_node(node, function_is_volatile, &function))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("an expression of a mapping cannot contain a volatile function (%s)",
							   get_func_name(function)),
						errdetail("The same row must give the same call whenever it is read."),
						parser_errposition(pstate, exprLocation(node))));
	return expression_tree_walker(node, refuse_volatile, pstate);
}

/* refuse_parameter is the hook that refuses $1, $2, …. */
static Node *
refuse_parameter(ParseState *pstate, ParamRef *parameter)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("an expression of a mapping cannot contain parameters"),
					parser_errposition(pstate, parameter->location)));
	return NULL;
}

/* refuse_many refuses expressions that make one row of several, or several of one. */
static void
refuse_many(ParseState *pstate, Node *expression)
{
	const char *kind = pstate->p_hasAggs          ? "an aggregate function"
					   : pstate->p_hasWindowFuncs ? "a window function"
					   : pstate->p_hasTargetSRFs  ? "a set-returning function"
												  : NULL;

	if (kind != NULL)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("an expression of a mapping cannot contain %s", kind),
						errdetail("It is evaluated over one row of the table."),
						parser_errposition(pstate, exprLocation(expression))));
}

/* check_type raises an error unless the expression can be cast to the type that is needed. */
static void
check_type(ParseState *pstate, Node *expression, Oid needed)
{
	Oid type = exprType(expression);

	if (coerce_to_target_type(pstate, expression, type, needed, -1, COERCION_EXPLICIT,
							  COERCE_EXPLICIT_CAST, -1) == NULL)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("the expression is of type %s and cannot be cast to %s",
							   format_type_be(type), format_type_be(needed)),
						needed == TIMESTAMPTZOID
							? errhint("to_timestamp() makes a time of seconds since 1970.")
							: 0,
						parser_errposition(pstate, exprLocation(expression))));
}

/* analyse analyses the expression over the columns of the table; returns its type. */
static Oid
analyse(ParseState *pstate, Node *raw, Oid table, Oid needed)
{
	Relation relation = relation_open(table, AccessShareLock);
	ParseNamespaceItem *item =
		addRangeTableEntryForRelation(pstate, relation, AccessShareLock, NULL, false, true);
	Node *expression;
	Node *place;
	Oid function;

	addNSItemToQuery(pstate, item, true, true, true);
	relation_close(relation, NoLock);
	pstate->p_paramref_hook = refuse_parameter;
	expression = transformExpr(pstate, raw, EXPR_KIND_SELECT_TARGET);
	refuse_many(pstate, expression);
	check_type(pstate, expression, needed);
	assign_expr_collations(pstate, expression);
	refuse_volatile(expression, pstate);
	function = find_foreign_function(expression, GetUserId(), &place);
	if (OidIsValid(function))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), foreign_function_error(function),
						parser_errposition(pstate, exprLocation(place))));
	return exprType(expression);
}

/* what an error in an expression is told with */
typedef struct Told
{
	ExpressionSource source; /* first: it is also told of the position */
	const char *what;
} Told;

/* tell_expression is an error context callback. */
static void
tell_expression(void *arg)
{
	const Told *told = arg;

	expression_error_position(arg);
	errcontext("%s of the mapping", told->what);
}

/* cdp_internal.check_expression(table, expression, type, what): returns its type; raises an error if it cannot be in a mapping. */
Datum
cdp_check_expression(PG_FUNCTION_ARGS)
{
	Told told = {{text_to_cstring(PG_GETARG_TEXT_PP(1)), 0, "an expression of a mapping",
				  "It must be one SQL expression over the columns of the table.",
				  "Leave out what the table does not have.",
				  "Each expression is a member of its own.",
				  "A text stands in quotes of its own: 'Order Completed'."},
				 text_to_cstring(PG_GETARG_TEXT_PP(3))};
	ErrorContextCallback callback = {error_context_stack, tell_expression, &told};
	ParseState *pstate = make_parsestate(NULL);
	Oid type;

	error_context_stack = &callback;
	pstate->p_sourcetext = told.source.text;
	type =
		analyse(pstate, expression_parse(pstate, &told.source), PG_GETARG_OID(0), PG_GETARG_OID(2));
	error_context_stack = callback.previous;
	free_parsestate(pstate);
	PG_RETURN_OID(type);
}
