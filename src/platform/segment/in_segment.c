/*
 * in_segment.c
 *		Other segments in a condition: cdp.in_segment('name'), kept as cdp_internal.in_segment(number).
 *
 * A segment keeps its number when it is renamed.  Both functions only stand for what the evaluation of a condition
 * finds out by itself.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "cdp.h"
#include "platform/segment/computed.h"
#include "platform/segment/definition.h"
#include "platform/segment/expression.h"
#include "platform/segment/function_owner.h"
#include "platform/segment/in_segment.h"
#include "platform/segment/members_in.h"

CDP_FUNCTION(cdp_in_segment);
CDP_FUNCTION(cdp_rename_in_condition);

/* what a walk over a condition needs */
typedef struct Resolving
{
	SubjectKind subject;
	Oid owner;
	ParseState *pstate;
	List **numbers;
} Resolving;

/* Is never called where a condition is evaluated. */
Datum
cdp_in_segment(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cdp.in_segment is only for the condition of a segment"),
			 errhint("Elsewhere use cdp.is_member(name, profile_id), or join with the view of the "
					 "segment.")));
	PG_RETURN_NULL();
}

bool
in_segment_is(Node *node)
{
	Oid function = IsA(node, FuncExpr) ? ((FuncExpr *) node)->funcid : InvalidOid;

	return is_cdp_function(function) && list_length(((FuncExpr *) node)->args) == 1 &&
		   strcmp(get_func_name(function), "in_segment") == 0;
}

int32
in_segment_number(Node *node)
{
	Const *number = linitial(((FuncExpr *) node)->args);

	if (!IsA(number, Const) || number->constisnull || number->consttype != INT4OID)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a condition must name another segment by a constant")));
	return DatumGetInt32(number->constvalue);
}

/* find_number returns the number of the segment of a name, and its subject; 0: there is none. */
static int32
find_number(const char *name, SubjectKind *subject)
{
	Oid type = TEXTOID;
	Datum value = CStringGetTextDatum(name);
	bool isnull = true;
	Datum number = (Datum) 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(
			"SELECT s.segment_id, s.subject FROM cdp_data.segment s WHERE s.name OPERATOR(pg_catalog.=) $1 "
			"AND s.kind OPERATOR(pg_catalog.<>) 'trait'",
			1, &type, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not find a segment");
	if (SPI_processed > 0)
	{
		number = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
		*subject = subject_of(SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2));
	}
	SPI_finish();
	return isnull ? 0 : DatumGetInt32(number);
}

void
in_segment_check_right(Oid role, const char *name)
{
	if (!definition_is_readable(name, role))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_VIEW, name);
}

/* check_subject raises an error unless a segment is one of the subject that is asked for. */
static void
check_subject(const Resolving *resolving, FuncExpr *call, const char *name, SubjectKind subject,
			  SubjectKind wanted)
{
	static const char *const plural[SUBJECTS] = {"people", "accounts"};

	if (subject != wanted)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("segment \"%s\" is one of %s, not of %s", name, plural[subject],
						plural[wanted]),
				 subject == SUBJECT_PERSON && resolving->subject == SUBJECT_ACCOUNT
					 ? errhint("cdp.members_in('%s') is how many people of the account are in it.",
							   name)
					 : 0,
				 parser_errposition(resolving->pstate, call->location)));
}

/* resolve_name returns the number of the segment that a call names, which must be one of this subject. */
static int32
resolve_name(const Resolving *resolving, FuncExpr *call, SubjectKind wanted)
{
	SubjectKind subject = wanted;
	Const *constant = linitial(call->args);
	char *name;
	int32 number;

	if (!IsA(constant, Const) || constant->constisnull || constant->consttype != TEXTOID)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("a condition must name another segment by a constant"),
						errhint("Write cdp.%s('name').", get_func_name(call->funcid)),
						parser_errposition(resolving->pstate, call->location)));
	name = TextDatumGetCString(constant->constvalue);
	number = find_number(name, &subject);
	if (number == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("segment \"%s\" does not exist", name),
				 errhint("cdp.segment lists the segments."),
				 parser_errposition(resolving->pstate, call->location)));
	check_subject(resolving, call, name, subject, wanted);
	in_segment_check_right(resolving->owner, name);
	return number;
}

/* make_call returns a call of cdp_internal.in_segment. */
static Node *
make_call(int32 number)
{
	Oid type = INT4OID;
	Oid function = LookupFuncName(list_make2(makeString("cdp_internal"), makeString("in_segment")),
								  1, &type, false);

	return (Node *) makeFuncExpr(function, BOOLOID,
								 list_make1(makeConst(INT4OID, -1, InvalidOid, sizeof(int32),
													  Int32GetDatum(number), false, true)),
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/* resolve_node is a callback of expression_tree_mutator. */
static Node *
resolve_node(Node *node, void *context)
{
	Resolving *resolving = context;
	int32 trait;

	if (node == NULL)
		return NULL;
	if (in_segment_is(node) || members_in_is(node))
	{
		Oid type = exprType(linitial(((FuncExpr *) node)->args));
		bool counts = members_in_is(node);
		int32 number;

		/* by number only in a definition, which was resolved */
		if (type != TEXTOID)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("a condition must name another segment by its name"),
							errhint("Write cdp.%s('name').", counts ? "members_in" : "in_segment"),
							parser_errposition(resolving->pstate, exprLocation(node))));
		if (counts && resolving->subject != SUBJECT_ACCOUNT)
			ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
							errmsg("a condition of people cannot count the members of an account"),
							errhint("cdp.members_in is for cdp.create_account_segment and "
									"cdp.create_account_trait."),
							parser_errposition(resolving->pstate, exprLocation(node))));
		number = resolve_name(resolving, (FuncExpr *) node,
							  counts ? SUBJECT_PERSON : resolving->subject);
		*resolving->numbers = list_append_unique_int(*resolving->numbers, number);
		return counts ? members_in_call(number) : make_call(number);
	}
	if (computed_is(node, &trait))
		*resolving->numbers = list_append_unique_int(*resolving->numbers, trait);
	return expression_tree_mutator(node, resolve_node, context);
}

Node *
in_segment_resolve(Node *condition, SubjectKind subject, Oid owner, ParseState *pstate,
				   List **numbers)
{
	Resolving resolving = {subject, owner, pstate, numbers};

	return resolve_node(condition, &resolving);
}

/* ---------------------------------------------------------------- names in the text of a condition */

/* what a walk over a raw condition looks for */
typedef struct NameSearch
{
	const char *text;
	const char *name;
	List *places; /* found, of the name in the text */
} NameSearch;

/* quoted_at returns the place of a name in the constant at a location of the text; -1: it is written otherwise. */
static int
quoted_at(const NameSearch *search, int location)
{
	const char *start = search->text + location;
	const char *quote = *start == 'E' || *start == 'e' ? start + 1 : start;

	if (*quote == '$' && strchr(quote + 1, '$') != NULL)
		quote = strchr(quote + 1, '$');
	return strncmp(quote + 1, search->name, strlen(search->name)) == 0
			   ? (int) (quote + 1 - search->text)
			   : -1;
}

/* find_names is a walker over a raw condition that notes where it names the segment. */
static bool
find_names(Node *node, void *context)
{
	NameSearch *search = context;
	FuncCall *call = (FuncCall *) node;
	Node *argument;

	if (node == NULL)
		return false;
	if (IsA(node, FuncCall) && list_length(call->args) == 1 &&
		(strcmp(strVal(llast(call->funcname)), "in_segment") == 0 ||
		 strcmp(strVal(llast(call->funcname)), "members_in") == 0 ||
		 strcmp(strVal(llast(call->funcname)), "computed") == 0))
	{
		argument = linitial(call->args);
		if (IsA(argument, NamedArgExpr))
			argument = (Node *) ((NamedArgExpr *) argument)->arg;
		if (IsA(argument, A_Const) && IsA(&((A_Const *) argument)->val, String) &&
			strcmp(strVal(&((A_Const *) argument)->val), search->name) == 0)
		{
			int place = quoted_at(search, ((A_Const *) argument)->location);

			if (place >= 0)
				search->places = lappend_int(search->places, place);
		}
	}
	return raw_expression_tree_walker(node, find_names, context);
}

/* cdp_rename_in_condition returns the text of a condition with another name in place of a segment's. */
Datum
cdp_rename_in_condition(PG_FUNCTION_ARGS)
{
	ExpressionSource source = {.text = text_to_cstring(PG_GETARG_TEXT_PP(0)),
							   .subject = "a condition"};
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char *new_name = text_to_cstring(PG_GETARG_TEXT_PP(2));
	NameSearch search = {source.text, name, NIL};
	ParseState *pstate = make_parsestate(NULL);
	StringInfoData renamed;
	ListCell *cell;
	int done = 0;

	pstate->p_sourcetext = source.text;
	find_names(expression_parse(pstate, &source), &search);
	list_sort(search.places, list_int_cmp);
	initStringInfo(&renamed);
	foreach (cell, search.places)
	{
		appendBinaryStringInfo(&renamed, source.text + done, lfirst_int(cell) - done);
		appendStringInfoString(&renamed, new_name);
		done = lfirst_int(cell) + (int) strlen(name);
	}
	appendStringInfoString(&renamed, source.text + done);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(renamed.data, renamed.len));
}
