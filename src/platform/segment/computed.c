/*
 * computed.c
 *		Computed traits in an expression: cdp.computed('name'), kept as cdp_internal.computed(number, NULL::type).
 *
 * The name is replaced before the server analyses the expression, as its type decides what the operators around it mean.
 * A trait keeps its number when it is renamed, and its type as long as others use it.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "cdp.h"
#include "platform/segment/computed.h"
#include "platform/segment/function_owner.h"
#include "platform/segment/in_segment.h"
#include "platform/segment/members_in.h"

CDP_FUNCTION(cdp_computed);
CDP_FUNCTION(cdp_computed_value);

/* whose values are read in this backend; set while people are judged */
static const PartPerson *person_at_hand = NULL;

const PartPerson *
computed_person(void)
{
	return person_at_hand;
}

void
computed_set_person(const PartPerson *person)
{
	person_at_hand = person;
}

/* Is never called where an expression is evaluated. */
Datum
cdp_computed(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cdp.computed is only for conditions and for expressions of computed traits"),
			 errhint("Elsewhere join with the view of the trait in schema cdp_segment.")));
	PG_RETURN_NULL();
}

/* how values of a type are read, for a call */
typedef struct ValueInput
{
	FmgrInfo function;
	Oid parameter;
} ValueInput;

/* cdp_computed_value returns the value of a computed trait of the person who is judged; NULL: there is none. */
Datum
cdp_computed_value(PG_FUNCTION_ARGS)
{
	const char *text = NULL;
	Oid type = get_fn_expr_rettype(fcinfo->flinfo);
	Oid function;
	ValueInput *input;

	if (person_at_hand != NULL && person_at_hand->kept_value != NULL && !PG_ARGISNULL(0))
		text = person_at_hand->kept_value(person_at_hand->memory, person_at_hand->profile_id,
										  PG_GETARG_INT32(0));
	if (text == NULL || !OidIsValid(type))
		PG_RETURN_NULL();
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		input = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(ValueInput));
		getTypeInputInfo(type, &function, &input->parameter);
		fmgr_info_cxt(function, &input->function, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = input;
	}
	input = fcinfo->flinfo->fn_extra;
	PG_RETURN_DATUM(
		InputFunctionCall(&input->function, unconstify(char *, text), input->parameter, -1));
}

bool
computed_is(Node *node, int32 *number)
{
	Const *constant;

	if (!IsA(node, FuncExpr) || !is_cdp_function(((FuncExpr *) node)->funcid) ||
		list_length(((FuncExpr *) node)->args) != 2 ||
		strcmp(get_func_name(((FuncExpr *) node)->funcid), "computed") != 0)
		return false;
	constant = linitial(((FuncExpr *) node)->args);
	if (!IsA(constant, Const) || constant->constisnull || constant->consttype != INT4OID)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("an expression must name a computed trait by a constant")));
	*number = DatumGetInt32(constant->constvalue);
	return true;
}

/* what a walk that shows computed traits needs */
typedef struct Showing
{
	ComputedName name;
	void *arg;
} Showing;

/* show_node is a callback of expression_tree_mutator. */
static Node *
show_node(Node *node, void *context)
{
	const Showing *showing = context;
	Oid type = TEXTOID;
	int32 number;
	char *function = "computed";

	if (node == NULL)
		return NULL;
	if (members_in_is(node))
	{
		number = in_segment_number(node);
		function = "members_in";
	}
	else if (!computed_is(node, &number))
		return expression_tree_mutator(node, show_node, context);
	return (Node *) makeFuncExpr(
		LookupFuncName(list_make2(makeString("cdp"), makeString(function)), 1, &type, false),
		exprType(node),
		list_make1(makeConst(TEXTOID, -1, DEFAULT_COLLATION_OID, -1,
							 CStringGetTextDatum(showing->name(showing->arg, number)), false,
							 false)),
		InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

Node *
computed_show(Node *node, ComputedName name, void *arg)
{
	Showing showing = {name, arg};

	return show_node(node, &showing);
}

/* find_use is a walker that stops at a computed trait. */
static bool
find_use(Node *node, void *context)
{
	int32 number;

	if (node == NULL)
		return false;
	return computed_is(node, &number) || expression_tree_walker(node, find_use, context);
}

bool
computed_is_used(Node *node)
{
	return find_use(node, NULL);
}

/* ---------------------------------------------------------------- names in a raw expression */

/* what a walk over a raw expression needs */
typedef struct Resolving
{
	SubjectKind subject;
	Oid owner;
	ParseState *pstate;
} Resolving;

/* find_trait finds a computed trait of a subject by its name; returns its number, or 0. */
static int32
find_trait(const char *name, SubjectKind subject, Oid *type)
{
	Oid arguments[] = {TEXTOID, TEXTOID};
	Datum values[] = {CStringGetTextDatum(name), CStringGetTextDatum(subjects[subject].word)};
	bool isnull;
	int32 number = 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(
			"SELECT s.segment_id, s.value_type::pg_catalog.regtype::pg_catalog.oid FROM cdp_data.segment s "
			"WHERE s.name OPERATOR(pg_catalog.=) $1 AND s.kind OPERATOR(pg_catalog.=) 'trait' "
			"AND s.subject OPERATOR(pg_catalog.=) $2",
			2, arguments, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not find a computed trait");
	if (SPI_processed > 0)
	{
		number =
			DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		*type = DatumGetObjectId(
			SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	}
	SPI_finish();
	return number;
}

/* is_call tells whether a raw node calls a function of this name in cdp or, with another schema, in that. */
static bool
is_call(Node *node, const char *schema, const char *name)
{
	List *names;

	if (!IsA(node, FuncCall))
		return false;
	names = ((FuncCall *) node)->funcname;
	return strcmp(strVal(llast(names)), name) == 0 &&
		   (list_length(names) == 1
				? strcmp(schema, "cdp") == 0
				: list_length(names) == 2 && strcmp(strVal(linitial(names)), schema) == 0);
}

/* constant_name returns the name that a call gives as its only argument, a text constant; NULL: it is otherwise. */
static const char *
constant_name(const FuncCall *call)
{
	Node *argument = list_length(call->args) == 1 ? linitial(call->args) : NULL;

	if (argument != NULL && IsA(argument, NamedArgExpr))
		argument = (Node *) ((NamedArgExpr *) argument)->arg;
	if (argument == NULL || !IsA(argument, A_Const) || ((A_Const *) argument)->isnull ||
		!IsA(&((A_Const *) argument)->val, String))
		return NULL;
	return strVal(&((A_Const *) argument)->val);
}

/* make_null returns NULL::type. */
static Node *
make_null(Oid type)
{
	A_Const *null = makeNode(A_Const);
	TypeCast *cast = makeNode(TypeCast);

	null->isnull = true;
	null->location = -1;
	cast->arg = (Node *) null;
	cast->typeName = makeTypeNameFromOid(type, -1);
	cast->location = -1;
	return (Node *) cast;
}

/* resolve_call replaces the name in a call of cdp.computed. */
static void
resolve_call(const Resolving *resolving, FuncCall *call)
{
	const char *name = constant_name(call);
	A_Const *constant = makeNode(A_Const);
	Oid type = InvalidOid;
	int32 number;

	if (name == NULL)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("an expression must name a computed trait by a constant"),
						errhint("Write cdp.computed('name')."),
						parser_errposition(resolving->pstate, call->location)));
	number = find_trait(name, resolving->subject, &type);
	if (number == 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("computed trait \"%s\"%s does not exist", name,
					resolving->subject == SUBJECT_ACCOUNT ? " of accounts" : ""),
			 errhint("cdp.computed_trait lists the computed traits. A trait that a source gives is "
					 "traits ->> 'name'."),
			 parser_errposition(resolving->pstate, call->location)));
	in_segment_check_right(resolving->owner, name);
	constant->val.ival = *makeInteger(number);
	constant->location = -1;
	call->funcname = list_make2(makeString("cdp_internal"), makeString("computed"));
	call->args = list_make2(constant, make_null(type));
}

/* resolve_names is a walker over a raw expression. */
static bool
resolve_names(Node *node, void *context)
{
	Resolving *resolving = context;

	if (node == NULL)
		return false;
	if (is_call(node, "cdp_internal", "computed"))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("an expression must name a computed trait by its name"),
						errhint("Write cdp.computed('name')."),
						parser_errposition(resolving->pstate, exprLocation(node))));
	if (is_call(node, "cdp", "computed"))
	{
		resolve_call(resolving, (FuncCall *) node);
		return false;
	}
	return raw_expression_tree_walker(node, resolve_names, context);
}

void
computed_resolve(Node *raw, SubjectKind subject, Oid owner, ParseState *pstate)
{
	Resolving resolving = {subject, owner, pstate};

	resolve_names(raw, &resolving);
}
