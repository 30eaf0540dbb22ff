/*
 * condition.c
 *		Checks that a text is a segment's condition: one boolean SQL expression over
 *		the columns of one row of cdp.profile_row.
 *
 * The server's own parser and analysis decide what the text means; the functions
 * here refuse what they would accept and a segment cannot have.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "cdp.h"
#include "platform/segment/function_owner.h"

/* the text being parsed, and how many characters of ours stand before the condition */
typedef struct ConditionSource
{
	const char *condition;
	int prefix_length;
} ConditionSource;

/*
 * Error context callback: a position in the condition must not be taken for one in
 * the client's statement, so it becomes a position in an internal query.
 */
static void
condition_error_position(void *arg)
{
	const ConditionSource *source = arg;
	int position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(Max(position - source->prefix_length, 1));
		internalerrquery(source->condition);
	}
}

/* Parses a text as PL/pgSQL parses an expression; all that can follow SELECT is let through. */
static SelectStmt *
parse_select(const char *text)
{
	return (SelectStmt *) linitial_node(RawStmt, raw_parser(text, RAW_PARSE_PLPGSQL_EXPR))->stmt;
}

/* Raises the error for a part of a SELECT that a condition has no place for. */
static void
refuse_clause(ParseState *pstate, const char *clause, Node *node)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_SYNTAX_ERROR), errmsg("a condition cannot have %s", clause),
		 errdetail("A condition is one boolean expression over the columns of cdp.profile_row."),
		 parser_errposition(pstate, exprLocation(node))));
}

/* Refuses the clauses that may follow the list of expressions, or come before it. */
static void
check_clauses(ParseState *pstate, const SelectStmt *select)
{
	const struct
	{
		const char *name;
		void *node;
	} clauses[] = {
		{"DISTINCT", select->distinctClause},       {"a FROM clause", select->fromClause},
		{"a WHERE clause", select->whereClause},    {"a GROUP BY clause", select->groupClause},
		{"a HAVING clause", select->havingClause},  {"a WINDOW clause", select->windowClause},
		{"an ORDER BY clause", select->sortClause}, {"a LIMIT clause", select->limitCount},
		{"an OFFSET clause", select->limitOffset},  {"a locking clause", select->lockingClause},
	};

	for (int i = 0; i < lengthof(clauses); i++)
	{
		if (clauses[i].node)
			refuse_clause(pstate, clauses[i].name, clauses[i].node);
	}
}

/* Parses the condition; returns its raw expression, the only one there is. */
static Node *
parse_condition(ParseState *pstate, ConditionSource *source)
{
	SelectStmt *select = parse_select(source->condition);
	ResTarget *target;

	check_clauses(pstate, select);
	if (select->targetList == NIL)
		ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("a condition cannot be empty"),
						errhint("A condition that holds for every profile is true.")));
	if (list_length(select->targetList) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("a condition is one expression, not %d", list_length(select->targetList)),
				 errhint("Join expressions with AND or OR, not with a comma."),
				 parser_errposition(pstate, exprLocation(lsecond(select->targetList)))));
	target = linitial_node(ResTarget, select->targetList);
	if (target->name)
		ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR),
						errmsg("unexpected \"%s\" after the condition's expression", target->name),
						errhint("Expressions are joined with AND or OR; a condition has no alias."),
						parser_errposition(pstate, target->location)));

	/*
	 * What may follow SELECT and is no expression, and leaves no trace in the
	 * parse tree or cannot be analysed ("ALL true", "*"), does not parse in the
	 * parentheses that the view puts around a condition.
	 */
	source->prefix_length = 1;
	parse_select(psprintf("(%s\n)", source->condition));
	source->prefix_length = 0;
	return target->val;
}

/* Hook for $1, $2, …: there is nothing that a stored condition could take them from. */
static Node *
refuse_parameter(ParseState *pstate, ParamRef *parameter)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a condition cannot contain parameters"),
			 errhint("Write the value into the condition, as format('%%L', value) quotes it."),
			 parser_errposition(pstate, parameter->location)));
	return NULL;
}

/* check_functions_in_node callback: remembers the function if it judges segments itself. */
static bool
function_judges(Oid function, void *context)
{
	static const char *const judges[] = {"is_member",     "members",      "lookup",
										 "judge_segment", "funnel_table", "retention_table",
										 "paths",         "verify"};
	const char *name = is_cdp_function(function) ? get_func_name(function) : NULL;

	for (int i = 0; name != NULL && i < lengthof(judges); i++)
		if (strcmp(name, judges[i]) == 0)
		{
			*(Oid *) context = function;
			return true;
		}
	return false;
}

/* Refuses functions by which a condition would depend on segments. */
static void
check_segments(Node *node, ParseState *pstate)
{
	Oid function = InvalidOid;

	if (check_functions_in_node(node, function_judges, &function))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a condition cannot ask for segments (cdp.%s)", get_func_name(function)),
				 errhint("Write the condition of the other segment in its place."),
				 parser_errposition(pstate, exprLocation(node))));
}

/* check_functions_in_node callback: remembers the function if it is volatile. */
static bool
function_is_volatile(Oid function, void *context)
{
	if (func_volatile(function) != PROVOLATILE_VOLATILE)
		return false;
	*(Oid *) context = function;
	return true;
}

/* Names what a node is if a condition cannot contain it, else returns NULL. */
static const char *
forbidden_kind(Node *node)
{
	switch (nodeTag(node))
	{
		case T_SubLink:
			return "a subquery";
		case T_Aggref:
		case T_GroupingFunc:
			return "an aggregate function";
		case T_WindowFunc:
			return "a window function";
		case T_FuncExpr:
			return ((FuncExpr *) node)->funcretset ? "a set-returning function" : NULL;
		case T_OpExpr:
			return ((OpExpr *) node)->opretset ? "a set-returning operator" : NULL;
		case T_Var:
			return ((Var *) node)->varattno == InvalidAttrNumber ? "a whole row" : NULL;
		default:
			return NULL;
	}
}

/* Finds the operator of a comparison that is written without naming it, if the node is one. */
static Oid
unnamed_operator(Node *node)
{
	if (IsA(node, DistinctExpr) || IsA(node, NullIfExpr))
		return ((OpExpr *) node)->opno;
	if (IsA(node, RowCompareExpr))
		return linitial_oid(((RowCompareExpr *) node)->opnos);
	if (IsA(node, CaseExpr) && ((CaseExpr *) node)->arg != NULL)
	{
		CaseWhen *when = linitial_node(CaseWhen, ((CaseExpr *) node)->args);

		if (IsA(when->expr, OpExpr))
			return ((OpExpr *) when->expr)->opno;
	}
	return InvalidOid;
}

/*
 * Refuses comparisons that a dump of the segment's view could not bring back: those
 * without a name for their operator find it on the search path only.
 */
static void
check_restorable(Node *node, ParseState *pstate)
{
	Oid opno = unnamed_operator(node);
	HeapTuple tuple = OidIsValid(opno) ? SearchSysCache1(OPEROID, ObjectIdGetDatum(opno)) : NULL;
	Oid name_space;

	if (!HeapTupleIsValid(tuple))
		return;
	name_space = ((Form_pg_operator) GETSTRUCT(tuple))->oprnamespace;
	ReleaseSysCache(tuple);
	if (name_space != PG_CATALOG_NAMESPACE)
		ereport(
			ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a condition cannot compare values of this type in this form"),
			 errdetail("A dump could not be restored: the operator is not in pg_catalog, and this "
					   "form does not name it."),
			 errhint("Write the comparison with =, <> or <, or compare the values as text."),
			 parser_errposition(pstate, exprLocation(node))));
}

/* Walks an analysed expression and raises an error for anything that makes it more than a function of one row. */
static bool
check_node(Node *node, ParseState *pstate)
{
	const char *kind;
	Oid function = InvalidOid;

	if (node == NULL)
		return false;
	check_segments(node, pstate);
	kind = forbidden_kind(node);
	if (kind)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a condition cannot contain %s", kind),
				 errdetail("A condition is judged from the columns of one row of cdp.profile_row."),
				 parser_errposition(pstate, exprLocation(node))));
	if (check_functions_in_node(node, function_is_volatile, &function))
		ereport(
			ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a condition cannot contain a volatile function (%s)", get_func_name(function)),
			 errdetail(
				 "A condition gives the same answer as long as the profile and the time are the same."),
			 parser_errposition(pstate, exprLocation(node))));
	check_restorable(node, pstate);
	return expression_tree_walker(node, check_node, pstate);
}

/* Makes the columns of cdp.profile_row known to the analysis; the view stays locked until the transaction ends. */
static void
add_profile_row(ParseState *pstate)
{
	Oid view = RangeVarGetRelid(makeRangeVar("cdp", "profile_row", -1), AccessShareLock, true);
	Relation relation;
	ParseNamespaceItem *item;

	if (!OidIsValid(view))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE), errmsg("view cdp.profile_row does not exist"),
				 errhint("Create the tables of cdp with SELECT cdp.init().")));
	relation = table_open(view, NoLock);
	item = addRangeTableEntryForRelation(pstate, relation, AccessShareLock, NULL, false, true);
	addNSItemToQuery(pstate, item, true, true, true);
	table_close(relation, NoLock);
}

/*
 * Analyses the raw expression and refuses what is not a boolean function of one row.
 * It is analysed as a select list is, which lets everything through, so that all
 * refusals speak of conditions.
 */
static Node *
analyse_condition(ParseState *pstate, Node *raw, Oid owner)
{
	Node *expression;
	Node *place;
	Oid type;
	Oid function;

	add_profile_row(pstate);
	pstate->p_paramref_hook = refuse_parameter;
	expression = transformExpr(pstate, raw, EXPR_KIND_SELECT_TARGET);
	assign_expr_collations(pstate, expression);
	check_node(expression, pstate);

	type = exprType(expression);
	if (getBaseType(type) != BOOLOID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("a condition must be of type boolean, not %s", format_type_be(type)),
						errhint("Compare the value with another, or ask whether it IS NOT NULL."),
						parser_errposition(pstate, exprLocation(expression))));
	function = find_foreign_function(expression, owner, &place);
	if (OidIsValid(function))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), foreign_function_error(function),
						parser_errposition(pstate, exprLocation(place))));
	return expression;
}

/* list_leaves appends the parts of a condition that AND, OR and NOT combine. */
static void
list_leaves(Node *node, List **leaves)
{
	ListCell *cell;

	if (!IsA(node, BoolExpr))
	{
		*leaves = lappend(*leaves, node);
		return;
	}
	foreach (cell, ((BoolExpr *) node)->args)
		list_leaves(lfirst(cell), leaves);
}

/* put_leaves returns the parts of a condition as rows, written as the server writes expressions. */
static void
put_leaves(Node *expression, ReturnSetInfo *result)
{
	Oid view = RangeVarGetRelid(makeRangeVar("cdp", "profile_row", -1), NoLock, false);
	List *context = deparse_context_for("profile_row", view);
	List *leaves = NIL;
	ListCell *cell;

	list_leaves(expression, &leaves);
	foreach (cell, leaves)
	{
		Datum value = CStringGetTextDatum(deparse_expression(lfirst(cell), context, false, false));
		bool isnull = false;

		tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
	}
}

/*
 * cdp_internal.check_condition(text, oid): returns the parts of the text if it is a condition that
 * this role can own, or the caller, else raises an error with a position in it.
 */
CDP_FUNCTION(cdp_check_condition);
Datum
cdp_check_condition(PG_FUNCTION_ARGS)
{
	ConditionSource source = {NULL, 0};
	ErrorContextCallback callback = {error_context_stack, condition_error_position, &source};
	ParseState *pstate = make_parsestate(NULL);
	Oid owner = PG_ARGISNULL(1) ? GetUserId() : PG_GETARG_OID(1);
	Node *expression;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	source.condition = text_to_cstring(PG_GETARG_TEXT_PP(0));
	error_context_stack = &callback;
	pstate->p_sourcetext = source.condition;
	expression = analyse_condition(pstate, parse_condition(pstate, &source), owner);
	free_parsestate(pstate);
	error_context_stack = callback.previous;
	put_leaves(expression, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
