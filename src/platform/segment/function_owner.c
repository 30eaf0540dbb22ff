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
#include "catalog/pg_cast.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
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
	bool
		is_read; /* values of the type at hand are read, not made: constraints of domains do not count */
	bool
		is_planned; /* the expression at hand is planned, not evaluated: only what planning calls counts */
	bool makes_json; /* the expression makes JSON of values, which calls casts of their types */
} FunctionSearch;

static bool search_type(Oid type, FunctionSearch *search);
static bool search_relation(Oid relation, FunctionSearch *search);

/* is_own_schema returns whether a schema is one of the extension's for functions. */
static bool
is_own_schema(Oid schema)
{
	return schema == get_namespace_oid("cdp", true) ||
		   schema == get_namespace_oid("cdp_internal", true);
}

bool
is_foreign_function(Oid function, Oid owner)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool foreign;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	foreign = form->pronamespace != PG_CATALOG_NAMESPACE && !is_own_schema(form->pronamespace) &&
			  form->proowner != owner && !superuser_arg(form->proowner);
	ReleaseSysCache(tuple);
	return foreign;
}

/* is_foreign notes a function of another owner; a callback of check_functions_in_node. */
static bool
is_foreign(Oid function, void *context)
{
	FunctionSearch *search = context;

	if (!is_foreign_function(function, search->owner))
		return false;
	search->function = function;
	return true;
}

/* is_sql_function tells whether a function is written in SQL. */
static bool
is_sql_function(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool is_sql =
		HeapTupleIsValid(tuple) && ((Form_pg_proc) GETSTRUCT(tuple))->prolang == SQLlanguageId;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return is_sql;
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

/*
 * search_table searches what reading something in FROM calls: making the columns of a function, XMLTABLE or
 * JSON_TABLE; and, for a table, what planning evaluates.
 */
static bool
search_table(RangeTblEntry *table, FunctionSearch *search)
{
	ListCell *cell;

	if (table->rtekind == RTE_RELATION && search_relation(table->relid, search))
		return true;
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

/* search_read searches the type of a value that is read. */
static bool
search_read(Node *node, FunctionSearch *search)
{
	bool was_read = search->is_read;
	bool found;

	if (!IsA(node, Var))
		return false;
	search->is_read = true;
	found = search_type(exprType(node), search);
	search->is_read = was_read;
	return found;
}

/*
 * calls_foreign tells whether a node calls a function of another owner.  Planning evaluates calls of
 * constants, and puts the bodies of SQL functions in place of their calls.
 */
static bool
calls_foreign(Node *node, FunctionSearch *search)
{
	if (!check_functions_in_node(node, is_foreign, search))
		return false;
	if (!search->is_planned || !contain_var_clause(node) || is_sql_function(search->function))
		return true;
	search->function = InvalidOid;
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
	if (calls_foreign(node, search) || search_type(made_type(node), search) ||
		search_read(node, search))
	{
		if (search->node == NULL)
			search->node = node;
		return true;
	}
	return expression_tree_walker(node, search_node, search);
}

/* search_stored searches expressions of a catalog, in the rows that an index finds by an oid. */
static bool
search_stored(Oid catalog, Oid index, AttrNumber column, Oid oid, const AttrNumber *expressions,
			  int count, FunctionSearch *search)
{
	Relation rows = table_open(catalog, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	bool found = false;

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
	scan = systable_beginscan(rows, index, true, NULL, 1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		for (int i = 0; i < count && !found; i++)
		{
			bool isnull;
			Datum value = heap_getattr(tuple, expressions[i], RelationGetDescr(rows), &isnull);

			found = !isnull && search_node(stringToNode(TextDatumGetCString(value)), search);
		}
	}
	systable_endscan(scan);
	table_close(rows, AccessShareLock);
	return found;
}

/* search_domain searches a domain's constraints, as stored: in plans functions are inlined. */
static bool
search_domain(Oid type, FunctionSearch *search)
{
	static const AttrNumber expressions[] = {Anum_pg_constraint_conbin};
	HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Oid base;

	if (!HeapTupleIsValid(tuple))
		return false;
	base = ((Form_pg_type) GETSTRUCT(tuple))->typbasetype;
	ReleaseSysCache(tuple);
	/* the base may be a domain, whose constraints hold, too */
	return (!search->is_read &&
			search_stored(ConstraintRelationId, ConstraintTypidIndexId, Anum_pg_constraint_contypid,
						  type, expressions, lengthof(expressions), search)) ||
		   search_type(base, search);
}

/* search_planned searches what planning a query of one table evaluates: constants in stored expressions. */
static bool
search_planned(Oid table, FunctionSearch *search)
{
	static const AttrNumber index[] = {Anum_pg_index_indexprs, Anum_pg_index_indpred};
	static const AttrNumber constraint[] = {Anum_pg_constraint_conbin};
	static const AttrNumber statistics[] = {Anum_pg_statistic_ext_stxexprs};
	static const AttrNumber partition[] = {Anum_pg_partitioned_table_partexprs};

	return search_stored(IndexRelationId, IndexIndrelidIndexId, Anum_pg_index_indrelid, table,
						 index, lengthof(index), search) ||
		   search_stored(ConstraintRelationId, ConstraintRelidTypidNameIndexId,
						 Anum_pg_constraint_conrelid, table, constraint, lengthof(constraint),
						 search) ||
		   search_stored(StatisticExtRelationId, StatisticExtRelidIndexId,
						 Anum_pg_statistic_ext_stxrelid, table, statistics, lengthof(statistics),
						 search) ||
		   search_stored(PartitionedRelationId, PartitionedRelidIndexId,
						 Anum_pg_partitioned_table_partrelid, table, partition, lengthof(partition),
						 search);
}

/* search_relation searches what planning a query of a table, and of its children, evaluates. */
static bool
search_relation(Oid relation, FunctionSearch *search)
{
	bool was_planned = search->is_planned;
	bool found = false;
	List *tables;
	ListCell *cell;

	/* those of the server */
	if (relation < FirstNormalObjectId)
		return false;
	tables = find_all_inheritors(relation, AccessShareLock, NULL);
	search->is_planned = true;
	foreach (cell, tables)
		found = found || search_planned(lfirst_oid(cell), search);
	search->is_planned = was_planned;
	list_free(tables);
	return found;
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

/* search_casts searches the casts of a type to json and jsonb, which functions that make these call. */
static bool
search_casts(Oid type, FunctionSearch *search)
{
	const Oid targets[] = {JSONOID, JSONBOID};
	bool found = false;

	for (int i = 0; i < lengthof(targets) && !found; i++)
	{
		HeapTuple tuple =
			SearchSysCache2(CASTSOURCETARGET, ObjectIdGetDatum(type), ObjectIdGetDatum(targets[i]));

		if (!HeapTupleIsValid(tuple))
			continue;
		found = is_foreign(((Form_pg_cast) GETSTRUCT(tuple))->castfunc, search);
		ReleaseSysCache(tuple);
	}
	return found;
}

/*
 * search_type searches the functions that making a value of a type calls, which are constraints of domains, and
 * that making JSON of it calls.
 */
static bool
search_type(Oid type, FunctionSearch *search)
{
	check_stack_depth();
	/* types below are built in */
	if (type < FirstUnpinnedObjectId)
		return false;
	if (search->makes_json && search_casts(type, search))
		return true;
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

/* makes_json tells whether an expression or query calls a function that makes JSON. */
static bool
makes_json(Node *node, void *context)
{
	Oid type;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, makes_json, context, 0);
	type = made_type(node);
	if (!IsA(node, Const) && (type == JSONOID || type == JSONBOID))
		return true;
	return expression_tree_walker(node, makes_json, context);
}

Oid
find_foreign_function(Node *expression, Oid owner, Node **node)
{
	FunctionSearch search = {.owner = owner, .makes_json = makes_json(expression, NULL)};

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
