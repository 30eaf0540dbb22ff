/*
 * function_owner.c
 *		Checks who owns the functions that a condition, or an expression of a connection, calls.
 *
 * It runs with the rights of its own owner.  The owner of a function
 * can replace it at any time, and so use these rights.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "platform/segment/function_owner.h"

typedef struct FunctionSearch
{
	Oid owner;
	Oid function; /* found */
	Node *node;   /* where it is called */
} FunctionSearch;

static bool search_type(Oid type, FunctionSearch *search);

/* is_own_schema returns whether a schema is one of the extension's for functions. */
static bool
is_own_schema(Oid schema)
{
	return schema == get_namespace_oid("cdp", true) ||
		   schema == get_namespace_oid("cdp_internal", true);
}

/* is_foreign notes a function of another owner; a callback of check_functions_in_node. */
static bool
is_foreign(Oid function, void *context)
{
	FunctionSearch *search = context;
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool foreign;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	foreign = form->pronamespace != PG_CATALOG_NAMESPACE && !is_own_schema(form->pronamespace) &&
			  form->proowner != search->owner && !superuser_arg(form->proowner);
	ReleaseSysCache(tuple);
	if (foreign)
		search->function = function;
	return foreign;
}

/* made_type returns the type of a node's values, if making them can call functions. */
static Oid
made_type(Node *node)
{
	switch (nodeTag(node))
	{
		case T_Const:
		case T_FuncExpr:
		case T_CoerceViaIO:
		case T_CoerceToDomain:
		case T_ArrayExpr:
		case T_RowExpr:
		case T_OpExpr:
		case T_Aggref:
		case T_WindowFunc:
#if PG_VERSION_NUM >= 160000
		case T_JsonConstructorExpr:
#endif
#if PG_VERSION_NUM >= 170000
		case T_JsonExpr:
#endif
			return exprType(node);
		default:
			return InvalidOid;
	}
}

/* search_table searches the types of the columns of a function, XMLTABLE or JSON_TABLE in FROM. */
static bool
search_table(RangeTblEntry *table, FunctionSearch *search)
{
	ListCell *cell;

	foreach (cell, table->functions)
	{
		ListCell *type;

		foreach (type, ((RangeTblFunction *) lfirst(cell))->funccoltypes)
			if (search_type(lfirst_oid(type), search))
				return true;
	}
	if (table->tablefunc != NULL)
		foreach (cell, table->tablefunc->coltypes)
			if (search_type(lfirst_oid(cell), search))
				return true;
	return false;
}

/* search_node searches an expression or query. */
static bool
search_node(Node *node, FunctionSearch *search)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, search_node, search, QTW_EXAMINE_RTES_BEFORE);
	if (IsA(node, RangeTblEntry)) /* the walker visits its contents next */
		return search_table((RangeTblEntry *) node, search);
	if (check_functions_in_node(node, is_foreign, search) || search_type(made_type(node), search))
	{
		if (search->node == NULL)
			search->node = node;
		return true;
	}
	return expression_tree_walker(node, search_node, search);
}

/* search_domain searches a domain's constraints, as stored: in plans functions are inlined. */
static bool
search_domain(Oid type, FunctionSearch *search)
{
	Relation constraints = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	bool found = false;

	ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(type));
	scan = systable_beginscan(constraints, ConstraintTypidIndexId, true, NULL, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool isnull;
		Datum expression =
			heap_getattr(tuple, Anum_pg_constraint_conbin, RelationGetDescr(constraints), &isnull);

		found = !isnull && search_node(stringToNode(TextDatumGetCString(expression)), search);
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return found || search_type(getBaseType(type), search);
}

/* search_row searches the types of a row's columns. */
static bool
search_row(Oid type, FunctionSearch *search)
{
	TupleDesc row = lookup_rowtype_tupdesc_copy(type, -1);

	for (int i = 0; i < row->natts; i++)
		if (!TupleDescAttr(row, i)->attisdropped &&
			search_type(TupleDescAttr(row, i)->atttypid, search))
			return true;
	return false;
}

/* search_type searches the functions that making a value of a type calls: constraints of domains. */
static bool
search_type(Oid type, FunctionSearch *search)
{
	check_stack_depth();
	/* types below are built in */
	if (type < FirstUnpinnedObjectId)
		return false;
	switch (get_typtype(type))
	{
		case TYPTYPE_DOMAIN:
			return search_domain(type, search);
		case TYPTYPE_COMPOSITE:
			return search_row(type, search);
		case TYPTYPE_RANGE:
			return search_type(get_range_subtype(type), search);
		case TYPTYPE_MULTIRANGE:
			return search_type(get_range_subtype(get_multirange_range(type)), search);
		default:
			return search_type(get_element_type(type), search);
	}
}

Oid
find_foreign_function(Node *expression, Oid owner, Node **node)
{
	FunctionSearch search = {owner, InvalidOid, NULL};

	search_node(expression, &search);
	*node = search.node;
	return search.function;
}

int
foreign_function_error(Oid function)
{
	errmsg("function %s belongs neither to the role it would run as nor to a superuser",
		   format_procedure_qualified(function));
	return errhint(
		"The condition of a segment and the expressions of a connection run with the rights of their "
		"owner. Their functions outside pg_catalog and cdp must belong to that role or to a superuser.");
}

void
check_function_owners(Node *expression, Oid owner)
{
	Node *node;
	Oid function = find_foreign_function(expression, owner, &node);

	if (OidIsValid(function))
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), foreign_function_error(function)));
}

bool
is_cdp_function(Oid function)
{
	return OidIsValid(function) && is_own_schema(get_func_namespace(function));
}
