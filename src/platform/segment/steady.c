/*
 * steady.c
 *		Refuses what makes the answer of a condition depend on more than the person and the instant.
 *
 * A function that is IMMUTABLE depends on its arguments only.  Of the others, which are STABLE, these are accepted:
 * those that only read or print values of types that are read and printed the same under all settings, and a few
 * more that are named here.  What is said of the clock itself is in clock.c.
 */
#include "postgres.h"

#include <ctype.h>

#include "access/htup_details.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "platform/segment/clock.h"
#include "platform/segment/function_owner.h"
#include "platform/segment/steady.h"

/* what a walk over the functions of a node looks for */
typedef struct StableSearch
{
	Node *node;
	Oid function; /* found */
} StableSearch;

static bool type_is_steady(Oid type);

/* row_is_steady tells whether all columns of a composite type are steady. */
static bool
row_is_steady(Oid type)
{
	TupleDesc row = lookup_rowtype_tupdesc_copy(type, -1);

	for (int i = 0; i < row->natts; i++)
		if (!TupleDescAttr(row, i)->attisdropped &&
			!type_is_steady(TupleDescAttr(row, i)->atttypid))
			return false;
	return true;
}

/* type_is_steady tells whether values of a type are read from text, and printed, the same under all settings. */
static bool
type_is_steady(Oid type)
{
	Oid element = get_element_type(type);
	Oid function;
	Oid parameter;
	bool varlena;

	check_stack_depth();
	/* a constant without a type, which is text */
	if (type == UNKNOWNOID)
		return true;
	if (OidIsValid(element))
		return type_is_steady(element);
	switch (get_typtype(type))
	{
		case TYPTYPE_DOMAIN:
			return type_is_steady(getBaseType(type));
		case TYPTYPE_COMPOSITE:
			return row_is_steady(type);
		case TYPTYPE_RANGE:
			return type_is_steady(get_range_subtype(type));
		case TYPTYPE_MULTIRANGE:
			return type_is_steady(get_range_subtype(get_multirange_range(type)));
		case TYPTYPE_ENUM:
			return true;
		case TYPTYPE_BASE:
			break;
		default:
			return false;
	}
	getTypeInputInfo(type, &function, &parameter);
	if (func_volatile(function) != PROVOLATILE_IMMUTABLE)
		return false;
	getTypeOutputInfo(type, &function, &varlena);
	return func_volatile(function) == PROVOLATILE_IMMUTABLE;
}

/* values_are_steady tells whether a node, and what it is made of, are of steady types. */
static bool
values_are_steady(Node *node)
{
	List *arguments = IsA(node, FuncExpr)      ? ((FuncExpr *) node)->args
					  : IsA(node, OpExpr)      ? ((OpExpr *) node)->args
					  : IsA(node, CoerceViaIO) ? list_make1(((CoerceViaIO *) node)->arg)
											   : NIL;
	ListCell *cell;

	foreach (cell, arguments)
		if (!type_is_steady(exprType(lfirst(cell))))
			return false;
	return arguments != NIL && type_is_steady(exprType(node));
}

/* is_textual tells whether a function of the server only reads and prints values, of any types. */
static bool
is_textual(Oid function)
{
	static const char *const names[] = {"array_in",
										"array_out",
										"array_to_string",
										"array_to_json",
										"enum_in",
										"enum_out",
										"range_in",
										"range_out",
										"multirange_in",
										"multirange_out",
										"anytextcat",
										"textanycat",
										"concat",
										"concat_ws",
										"format",
										"quote_literal",
										"quote_nullable",
										"to_json",
										"to_jsonb",
										"row_to_json",
										"json_build_array",
										"json_build_object",
										"jsonb_build_array",
										"jsonb_build_object",
										"domain_in"};
	const char *name = get_func_name(function);

	if (get_func_namespace(function) != PG_CATALOG_NAMESPACE)
		return false;
	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* adds_interval tells whether a node adds a constant interval without months to a timestamptz: a day is 24 hours. */
static bool
adds_interval(Node *node, Oid function)
{
	int64 shift;

	if (!IsA(node, OpExpr) || list_length(((OpExpr *) node)->args) != 2)
		return false;
	if (function == F_INTERVAL_PL_TIMESTAMPTZ)
		return clock_read_shift(linitial(((OpExpr *) node)->args), &shift);
	return (function == F_TIMESTAMPTZ_PL_INTERVAL || function == F_TIMESTAMPTZ_MI_INTERVAL) &&
		   clock_read_shift(lsecond(((OpExpr *) node)->args), &shift);
}

/* is_known tells whether a stable function of the extension depends on its arguments only. */
static bool
is_known(Oid function)
{
	static const char *const names[] = {"identifier", "try_identifier", "phone",     "try_phone",
										"in_segment", "computed",       "members_in"};
	const char *name = is_cdp_function(function) ? get_func_name(function) : NULL;

	for (int i = 0; name != NULL && i < lengthof(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* is_unsteady is a callback of check_functions_in_node that notes a function that is not steady. */
static bool
is_unsteady(Oid function, void *context)
{
	StableSearch *search = context;

	/* those of the clock are accepted in places that clock.c knows */
	if (func_volatile(function) == PROVOLATILE_IMMUTABLE || function == F_NOW ||
		function == F_TRANSACTION_TIMESTAMP || is_known(function) ||
		adds_interval(search->node, function) ||
		(is_textual(function) && values_are_steady(search->node)))
		return false;
	search->function = function;
	return true;
}

/* has_type tells whether a node, or one of its arguments, is of a kind of type. */
static bool
has_type(Node *node, bool (*is_kind)(Oid type))
{
	List *arguments = IsA(node, FuncExpr)      ? ((FuncExpr *) node)->args
					  : IsA(node, OpExpr)      ? ((OpExpr *) node)->args
					  : IsA(node, CoerceViaIO) ? list_make1(((CoerceViaIO *) node)->arg)
											   : NIL;
	ListCell *cell;

	foreach (cell, arguments)
		if (is_kind(exprType(lfirst(cell))))
			return true;
	return is_kind(exprType(node));
}

static bool
is_interval(Oid type)
{
	return type == INTERVALOID;
}

/* hint_for returns what to write in place of a stable function. */
static const char *
hint_for(Node *node, Oid function)
{
	if (is_cdp_function(function))
		return "A condition can use the predicates on a timeline, and functions of values.";
	if (get_func_namespace(function) != PG_CATALOG_NAMESPACE)
		return "Declare it IMMUTABLE, if its answer depends on nothing but its arguments.";
	if (IsA(node, CoerceViaIO) && clock_is_time(exprType(node)))
		return "Read it with cdp.try_timestamptz or cdp.try_date, as in cdp.try_timestamptz(traits -> 'renewal'): "
			   "ISO 8601, in UTC if it has no zone.";
	if (IsA(node, OpExpr) && has_type(node, is_interval))
		return "Give the interval as a constant without months, as in last_seen > now() - interval '30 days'.";
	if (has_type(node, is_interval))
		return "Compare the times themselves, as in last_seen < now() - interval '7 days'.";
	if (IsA(node, OpExpr) && has_type(node, clock_is_time))
		return "Compare a timestamptz with a timestamptz, or say in which time zone, as in (last_seen AT TIME ZONE "
			   "'UTC')::date > '2030-01-01'.";
	if (has_type(node, clock_is_time))
		return "Say in which time zone, as in (last_seen AT TIME ZONE 'UTC')::date.";
	return "Use a function that is IMMUTABLE.";
}

/* name_of returns what to call a function in a message: an operator or a cast by its types. */
static const char *
name_of(Node *node, Oid function)
{
	List *arguments = IsA(node, OpExpr) ? ((OpExpr *) node)->args : NIL;

	if (IsA(node, CoerceViaIO))
		return psprintf("a cast from %s to %s",
						format_type_be(exprType((Node *) ((CoerceViaIO *) node)->arg)),
						format_type_be(exprType(node)));
	if (IsA(node, FuncExpr) && ((FuncExpr *) node)->args != NIL &&
		(((FuncExpr *) node)->funcformat == COERCE_EXPLICIT_CAST ||
		 ((FuncExpr *) node)->funcformat == COERCE_IMPLICIT_CAST))
		return psprintf("a cast from %s to %s",
						format_type_be(exprType(linitial(((FuncExpr *) node)->args))),
						format_type_be(exprType(node)));
	if (list_length(arguments) == 2)
		return psprintf("%s %s %s", format_type_be(exprType(linitial(arguments))),
						get_opname(((OpExpr *) node)->opno),
						format_type_be(exprType(lsecond(arguments))));
	return get_func_name(function);
}

/* check_value_function refuses current_user and the like; those of the clock are clock.c's affair. */
static void
check_value_function(Node *node, ParseState *pstate)
{
	if (IsA(node, SQLValueFunction) && !clock_is_time(exprType(node)))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a condition cannot depend on the session"),
						errdetail("It is judged as its owner, in any session."),
						parser_errposition(pstate, exprLocation(node))));
}

void
steady_check_case(Node *node, ParseState *pstate)
{
	if (IsA(node, CaseExpr))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a condition cannot contain CASE"),
				 errdetail("It could not be said which part of it decides, and until when."),
				 errhint("Combine parts with AND, OR and NOT: (a AND b) OR (NOT a AND c)."),
				 parser_errposition(pstate, exprLocation(node))));
}

/* check_json refuses constructors and queries of JSON that depend on settings; they call functions that no walker sees. */
static void
check_json(Node *node, ParseState *pstate)
{
	bool is_json = false;

#if PG_VERSION_NUM >= 160000
	is_json = is_json || IsA(node, JsonConstructorExpr);
#endif
#if PG_VERSION_NUM >= 170000
	is_json = is_json || IsA(node, JsonExpr);
#endif
	if (is_json && contain_mutable_functions(node))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a condition cannot use JSON of values that depend on settings"),
						errhint("Use the operators of jsonb, and cdp.try_timestamptz for times."),
						parser_errposition(pstate, exprLocation(node))));
}

void
steady_check(Node *node, ParseState *pstate)
{
	StableSearch search = {node, InvalidOid};

	check_value_function(node, pstate);
	check_json(node, pstate);
	if (check_functions_in_node(node, is_unsteady, &search))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a condition cannot use %s, which depends on more than its arguments",
						name_of(node, search.function)),
				 errdetail("The result of a condition can depend only on the person and the time."),
				 errhint("%s", hint_for(node, search.function)),
				 parser_errposition(pstate, exprLocation(node))));
}

/* ---------------------------------------------------------------- words of the clock */

/* the constants of a raw expression */
typedef struct WordSearch
{
	List *texts; /* of A_Const */
	ParseState *pstate;
} WordSearch;

/* note_texts is a walker over a raw expression that notes its text constants. */
static bool
note_texts(Node *node, void *context)
{
	WordSearch *search = context;

	if (node == NULL)
		return false;
	if (IsA(node, A_Const) && IsA(&((A_Const *) node)->val, String))
		search->texts = lappend(search->texts, node);
	return raw_expression_tree_walker(node, note_texts, context);
}

/* has_clock_word tells whether a text contains a word that stands for the present time. */
static bool
has_clock_word(const char *text)
{
	static const char *const words[] = {"now", "today", "tomorrow", "yesterday"};

	while (*text != '\0')
	{
		size_t length = 0;

		while (isalpha((unsigned char) text[length]))
			length++;
		for (int i = 0; i < lengthof(words); i++)
			if (strlen(words[i]) == length && pg_strncasecmp(text, words[i], length) == 0)
				return true;
		text += Max(length, 1);
	}
	return false;
}

/* check_words is a walker over an analysed condition. */
static bool
check_words(Node *node, void *context)
{
	WordSearch *search = context;
	ListCell *cell;

	if (node == NULL)
		return false;
	if (IsA(node, Const) && !type_is_steady(((Const *) node)->consttype))
		foreach (cell, search->texts)
		{
			A_Const *text = lfirst(cell);

			if (text->location == ((Const *) node)->location && has_clock_word(strVal(&text->val)))
				ereport(
					ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("a condition cannot use words for the present time in a constant"),
					 errdetail("The word would stand for the day on which the condition was made."),
					 errhint(
						 "Compare with now(), plus or minus an interval, as in last_seen > now() - "
						 "interval '1 day'."),
					 parser_errposition(search->pstate, text->location)));
		}
	return expression_tree_walker(node, check_words, context);
}

void
steady_check_words(Node *raw, Node *condition, ParseState *pstate)
{
	WordSearch search = {NIL, pstate};

	note_texts(raw, &search);
	check_words(condition, &search);
}
