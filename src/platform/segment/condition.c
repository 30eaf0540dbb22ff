/*
 * condition.c
 *		Checks the condition of a segment: one boolean SQL expression over the columns
 *		of cdp.profile_row, or of cdp.account_row.
 *
 * The server's parser and analysis decide what the text means; the functions here
 * refuse what the server accepts but a condition cannot have.
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
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "cdp.h"
#include "platform/segment/computed.h"
#include "platform/segment/condition.h"
#include "platform/segment/expression.h"
#include "platform/segment/function_owner.h"
#include "platform/segment/in_segment.h"
#include "platform/segment/part.h"
#include "platform/segment/steady.h"
#include "toolkit/predicate/predicate.h"

/* what is said of a condition that is not one expression */
#define CONDITION_SOURCE                                                                  \
	{                                                                                     \
		NULL, 0, "a condition",                                                           \
			"A condition is one boolean expression over the columns of cdp.profile_row.", \
			"Write true for a condition that holds for every profile.",                   \
			"Join expressions with AND or OR, not with a comma.",                         \
			"Join expressions with AND or OR; a condition has no alias."                  \
	}

/* Parameter hook: refuses $1, $2, …, as a stored condition has no values for them. */
static Node *
refuse_parameter(ParseState *pstate, ParamRef *parameter)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("a condition cannot contain parameters"),
					errhint("Write the value into the condition, quoted by format('%%L', value)."),
					parser_errposition(pstate, parameter->location)));
	return NULL;
}

/* check_functions_in_node callback: notes the function if it judges segments. */
static bool
function_judges(Oid function, void *context)
{
	static const char *const judges[] = {"is_member",
										 "members",
										 "lookup",
										 "evaluate_segment",
										 "funnel_table",
										 "retention_table",
										 "paths",
										 "path_edges",
										 "trend_table",
										 "lifecycle_table",
										 "stickiness_table",
										 "rfm_table",
										 "attribution_table",
										 "verify"};
	const char *name = is_cdp_function(function) ? get_func_name(function) : NULL;

	for (int i = 0; name != NULL && i < lengthof(judges); i++)
		if (strcmp(name, judges[i]) == 0)
		{
			*(Oid *) context = function;
			return true;
		}
	return false;
}

/* Refuses functions that judge segments. */
static void
check_segments(Node *node, ParseState *pstate)
{
	Oid function = InvalidOid;

	if (check_functions_in_node(node, function_judges, &function))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a condition cannot call a function that judges segments (cdp.%s)",
							   get_func_name(function)),
						errhint("Use cdp.in_segment('name')."),
						parser_errposition(pstate, exprLocation(node))));
}

/* check_functions_in_node callback: notes the function if it is volatile. */
static bool
function_is_volatile(Oid function, void *context)
{
	if (func_volatile(function) != PROVOLATILE_VOLATILE)
		return false;
	*(Oid *) context = function;
	return true;
}

/* check_functions_in_node callback: notes the function if its answer changes at every instant. */
static bool
function_never_stays(Oid function, void *context)
{
	if (predicate_instead(function) == NULL)
		return false;
	*(Oid *) context = function;
	return true;
}

/* Returns what to call a node that a condition cannot contain; NULL for other nodes. */
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

/* Returns the operator of a comparison that is written without it, such as IS DISTINCT FROM. */
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
 * Refuses comparisons that would break a dump of the segment's view: those that do
 * not name their operator find it only through the search path.
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
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a condition cannot compare values of this type in this form"),
				 errdetail("A dump of it could not be restored: the operator is not in pg_catalog, "
						   "and this form does not name it."),
				 errhint("Use =, <> or <, or compare the values as text."),
				 parser_errposition(pstate, exprLocation(node))));
}

/* CASE is for values: of a condition it could not be said which part decides, and until when. */
static bool
check_case(Node *node, void *context)
{
	if (node == NULL)
		return false;
	steady_check_case(node, context);
	return expression_tree_walker(node, check_case, context);
}

/* Walks an analysed expression; raises an error for a node that a condition cannot contain. */
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
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a condition cannot contain %s", kind),
						errdetail("A condition is evaluated over one row of cdp.%s.",
								  linitial_node(RangeTblEntry, pstate->p_rtable)->eref->aliasname),
						parser_errposition(pstate, exprLocation(node))));
	if (check_functions_in_node(node, function_is_volatile, &function))
		ereport(
			ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("a condition cannot contain a volatile function (%s)", get_func_name(function)),
			 errdetail("The result of a condition can depend only on the profile and the time."),
			 parser_errposition(pstate, exprLocation(node))));
	if (check_functions_in_node(node, function_never_stays, &function))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a condition cannot call cdp.%s, whose answer changes at every instant",
						get_func_name(function)),
				 errhint("%s", predicate_instead(function)),
				 parser_errposition(pstate, exprLocation(node))));
	check_restorable(node, pstate);
	steady_check(node, pstate);
	return expression_tree_walker(node, check_node, pstate);
}

/* row_view returns the view that conditions are over, locked until the transaction ends; InvalidOid: there is none. */
static Oid
row_view(SubjectKind subject, bool missing_ok)
{
	return RangeVarGetRelid(makeRangeVar("cdp", unconstify(char *, subjects[subject].row_view), -1),
							AccessShareLock, missing_ok);
}

/* Adds the columns of the view that conditions are over to the namespace. */
static void
add_row_view(ParseState *pstate, SubjectKind subject)
{
	Oid view = row_view(subject, true);
	Relation relation;
	ParseNamespaceItem *item;

	if (!OidIsValid(view))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("view cdp.%s does not exist", subjects[subject].row_view),
						errhint("Create the tables of cdp with SELECT cdp.init().")));
	relation = table_open(view, NoLock);
	item = addRangeTableEntryForRelation(pstate, relation, AccessShareLock, NULL, false, true);
	addNSItemToQuery(pstate, item, true, true, true);
	table_close(relation, NoLock);
}

/* Refuses types that a computed trait cannot have. */
static void
check_trait_type(Oid type, Node *expression, ParseState *pstate)
{
	static const Oid types[] = {TEXTOID,        BOOLOID,    INT2OID,      INT4OID,
								INT8OID,        NUMERICOID, FLOAT4OID,    FLOAT8OID,
								TIMESTAMPTZOID, DATEOID,    TEXTARRAYOID, JSONBOID};

	for (int i = 0; i < lengthof(types); i++)
		if (types[i] == type)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("a computed trait cannot be of type %s", format_type_be(type)),
			 errdetail(
				 "It is a text, a boolean, a number, a timestamptz, a date, a text[] or a jsonb."),
			 errhint("Cast the expression, as in (...)::text."),
			 parser_errposition(pstate, exprLocation(expression))));
}

/*
 * Analyses the raw expression and refuses what is not a condition.  It is analysed
 * as a select list, where the server allows everything, so that all refusals are
 * ours and speak of conditions.
 */
static Node *
analyse_condition(ParseState *pstate, Node *raw, Oid owner, bool is_trait, SubjectKind subject)
{
	Node *expression;
	Node *place;
	Oid type;
	Oid function;
	Clock clock = {pstate};
	Node *text;

	computed_resolve(raw, subject, owner, pstate);
	text = copyObject(raw); /* the analysis changes it */
	add_row_view(pstate, subject);
	pstate->p_paramref_hook = refuse_parameter;
	expression = transformExpr(pstate, raw, EXPR_KIND_SELECT_TARGET);
	assign_expr_collations(pstate, expression);
	if (!is_trait)
		check_case(expression, pstate);
	check_node(expression, pstate);
	type = exprType(expression);
	if (is_trait)
		check_trait_type(type, expression, pstate);
	else if (getBaseType(type) != BOOLOID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("a condition must be of type boolean, not %s", format_type_be(type)),
						errhint("Compare the value with another, or test it with IS NOT NULL."),
						parser_errposition(pstate, exprLocation(expression))));
	steady_check_words(text, expression, pstate);
	/* refuses other uses of the clock, and of other segments */
	if (is_trait)
		part_make_value(&clock, copyObject(expression));
	else
		part_make(&clock, copyObject(expression));
	function = find_foreign_function(expression, owner, &place);
	if (OidIsValid(function))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), foreign_function_error(function),
						parser_errposition(pstate, exprLocation(place))));
	return expression;
}

/* list_leaves appends the parts of a condition that are combined, but for other segments. */
static void
list_leaves(Node *node, List **leaves)
{
	ListCell *cell;

	if (IsA(node, BooleanTest))
		list_leaves((Node *) ((BooleanTest *) node)->arg, leaves);
	else if (IsA(node, BoolExpr))
		foreach (cell, ((BoolExpr *) node)->args)
			list_leaves(lfirst(cell), leaves);
	else if (!in_segment_is(node))
		*leaves = lappend(*leaves, node);
}

/* deparse_context returns what the server needs to print expressions over the view of a subject. */
static List *
deparse_context(SubjectKind subject)
{
	return deparse_context_for(subjects[subject].row_view, row_view(subject, false));
}

/* put_leaves returns the parts of a condition as rows, deparsed by the server. */
static void
put_leaves(Node *expression, SubjectKind subject, ReturnSetInfo *result)
{
	List *context = deparse_context(subject);
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

Node *
condition_read(const char *text, Oid owner, bool is_trait, SubjectKind subject, List **numbers)
{
	ExpressionSource source = CONDITION_SOURCE;
	ErrorContextCallback callback = {error_context_stack, expression_error_position, &source};
	ParseState *pstate = make_parsestate(NULL);
	Node *expression;

	source.text = text;
	if (subject == SUBJECT_ACCOUNT)
	{
		source.detail =
			"A condition of accounts is one boolean expression over the columns of cdp.account_row.";
		source.empty_hint = "Write true for a condition that holds for every account.";
	}
	if (is_trait)
	{
		source.subject = "an expression of a computed trait";
		source.detail = psprintf("It is one expression over the columns of cdp.%s.",
								 subjects[subject].row_view);
		source.empty_hint =
			"Write what is to be computed, as in cdp.count_events(timeline, 'view').";
		source.list_hint = "Create a computed trait for each expression.";
		source.rest_hint = "The name of the trait is given besides; an expression has no alias.";
	}
	error_context_stack = &callback;
	pstate->p_sourcetext = source.text;
	expression =
		analyse_condition(pstate, expression_parse(pstate, &source), owner, is_trait, subject);
	expression = in_segment_resolve(expression, subject, owner, pstate, numbers);
	free_parsestate(pstate);
	error_context_stack = callback.previous;
	return expression;
}

/*
 * cdp_internal.check_condition(text, oid, boolean, text): returns the parts of a condition that this role (or the
 * caller) can own; raises an error, with its position, if the text is not one.
 */
CDP_FUNCTION(cdp_check_condition);
Datum
cdp_check_condition(PG_FUNCTION_ARGS)
{
	Oid owner = PG_ARGISNULL(1) ? GetUserId() : PG_GETARG_OID(1);
	SubjectKind subject = subject_of(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	List *numbers = NIL;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (!PG_ARGISNULL(0))
		put_leaves(condition_read(text_to_cstring(PG_GETARG_TEXT_PP(0)), owner, PG_GETARG_BOOL(2),
								  subject, &numbers),
				   subject, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/* make_numbers returns numbers of segments as an integer[]. */
static Datum
make_numbers(const List *numbers)
{
	Datum *values = palloc(Max(list_length(numbers), 1) * sizeof(Datum));
	int count = 0;
	ListCell *cell;

	foreach (cell, numbers)
		values[count++] = Int32GetDatum(lfirst_int(cell));
	return PointerGetDatum(
		construct_array(values, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

/*
 * cdp_internal.read_condition(text, oid, boolean, text): returns a condition as it was understood, the segments that it uses,
 * and its type.
 */
CDP_FUNCTION(cdp_read_condition);
Datum
cdp_read_condition(PG_FUNCTION_ARGS)
{
	Oid owner = PG_ARGISNULL(1) ? GetUserId() : PG_GETARG_OID(1);
	SubjectKind subject = subject_of(text_to_cstring(PG_GETARG_TEXT_PP(3)));
	List *numbers = NIL;
	Node *expression;
	TupleDesc row;
	Datum values[3];
	bool nulls[3] = {false, false, false};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	expression = condition_read(text_to_cstring(PG_GETARG_TEXT_PP(0)), owner, PG_GETARG_BOOL(2),
								subject, &numbers);
	values[0] =
		CStringGetTextDatum(deparse_expression(expression, deparse_context(subject), false, false));
	list_sort(numbers, list_int_cmp);
	values[1] = make_numbers(numbers);
	values[2] = CStringGetTextDatum(format_type_be(exprType(expression)));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}
