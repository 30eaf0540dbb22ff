/*
 * why.c
 *		Says why a person is in a segment or not: each part of the condition, with its values and its answer.
 *
 * The leaves are evaluated as the segment's owner, in the restricted context, by what judges memberships; but all of
 * them, also those that the answer does not need, so one that raises an error costs a scan.  Their values are shown to
 * a caller who may read the columns that the condition uses.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
#include "utils/timestamp.h"

#include "cdp.h"
#include "platform/segment/computed.h"
#include "platform/segment/in_segment.h"
#include "platform/segment/reader.h"
#include "platform/segment/restrict.h"
#include "platform/segment/scan.h"
#include "platform/segment/why.h"
#include "toolkit/predicate/predicate.h"

/* bytes of a value that are shown */
#define VALUE_BYTES_MAX 200

/* the count of the events that cdp.did and cdp.did_not ask for */
#define COUNT_NAME "count_events"

typedef struct Why
{
	Segment segment;
	Oid row_view;
	WhyPart *parts;
	int count;
	int next; /* the part to evaluate */
	Reader reader;
	Kept *kept;
	MemoryContext context; /* of what is found */
} Why;

/* ---------------------------------------------------------------- rights */

/* check_columns is a walker that raises an error if the caller may not read a column that a condition uses. */
static bool
check_columns(Node *node, void *context)
{
	Oid row_view = *(Oid *) context;

	if (node == NULL)
		return false;
	if (IsA(node, Var) && pg_class_aclcheck(row_view, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck(row_view, ((Var *) node)->varattno, GetUserId(), ACL_SELECT) !=
			ACLCHECK_OK)
		aclcheck_error_col(ACLCHECK_NO_PRIV, OBJECT_COLUMN, get_rel_name(row_view),
						   get_attname(row_view, ((Var *) node)->varattno, false));
	return expression_tree_walker(node, check_columns, context);
}

/* sees tells whether the caller may see a person, or an account. */
static bool
sees(const Subject *subject, int64 id)
{
	Oid type = INT8OID;
	Datum value = Int64GetDatum(id);
	bool found;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(
			psprintf("SELECT FROM cdp.%s p WHERE p.%s = $1", subject->row_view, subject->key), 1,
			&type, &value, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look for a person");
	found = SPI_processed > 0;
	SPI_finish();
	return found;
}

/* ---------------------------------------------------------------- the values of a leaf */

/* operands returns what a leaf compares or asks for. */
static List *
operands(Node *leaf)
{
	switch (nodeTag(leaf))
	{
		case T_OpExpr:
		case T_DistinctExpr:
			return ((OpExpr *) leaf)->args;
		case T_ScalarArrayOpExpr:
			return ((ScalarArrayOpExpr *) leaf)->args;
		case T_NullTest:
			return list_make1(((NullTest *) leaf)->arg);
		case T_FuncExpr:
			/* of a predicate the arguments say nothing about the person */
			return predicate_of(((FuncExpr *) leaf)->funcid) != NULL ? NIL
																	 : ((FuncExpr *) leaf)->args;
		default:
			return NIL;
	}
}

/* is_shown tells whether the value of an operand says something: it is no constant, and no column of a cdp type. */
static bool
is_shown(Node *operand)
{
	while (IsA(operand, RelabelType))
		operand = (Node *) ((RelabelType *) operand)->arg;
	return !IsA(operand, Const) &&
		   !(IsA(operand, Var) && getBaseType(exprType(operand)) >= FirstNormalObjectId &&
			 !OidIsValid(get_element_type(exprType(operand)))) &&
		   (contain_var_clause(operand) || contain_mutable_functions(operand) ||
			IsA(operand, Param));
}

/* counts_events tells whether a leaf asks whether so many events happened. */
static bool
counts_events(Node *leaf)
{
	const Predicate *predicate =
		IsA(leaf, FuncExpr) ? predicate_of(((FuncExpr *) leaf)->funcid) : NULL;

	return predicate != NULL &&
		   (strcmp(predicate->name, "did") == 0 || strcmp(predicate->name, "did_not") == 0);
}

/* make_count makes the call that counts the events that a call of cdp.did, with all arguments, asks for. */
static Node *
make_count(FuncExpr *did)
{
	List *arguments = list_make2(linitial(did->args), lsecond(did->args));
	Oid types[FUNC_MAX_ARGS];
	int count = 0;
	ListCell *cell;

	/* without at_least and at_most */
	for (int i = 4; i < list_length(did->args); i++)
		arguments = lappend(arguments, list_nth(did->args, i));
	foreach (cell, arguments)
		types[count++] = exprType(lfirst(cell));
	return (Node *) makeFuncExpr(
		LookupFuncName(list_make2(makeString("cdp"), makeString(COUNT_NAME)), count, types, false),
		INT8OID, arguments, InvalidOid, did->inputcollid, COERCE_EXPLICIT_CALL);
}

/* print_value returns the value of an expression as text, in memory that stays; NULL if it is. */
static char *
print_value(const Why *why, Node *expression, const PartPerson *person)
{
	ExprState *state =
		ExecInitExprWithParams((Expr *) eval_const_expressions(NULL, copyObject(expression)),
							   person->row->ecxt_param_list_info);
	bool isnull;
	Datum value = ExecEvalExprSwitchContext(state, person->row, &isnull);
	Oid output;
	bool varlena;
	char *text;
	size_t length;

	if (isnull)
		return NULL;
	getTypeOutputInfo(exprType(expression), &output, &varlena);
	text = OidOutputFunctionCall(output, value);
	length = strlen(text);
	if (length > VALUE_BYTES_MAX)
		text = psprintf("%.*s...", pg_mbcliplen(text, (int) length, VALUE_BYTES_MAX), text);
	return MemoryContextStrdup(why->context, text);
}

/* note_values notes the values of a leaf. */
static void
note_values(const Why *why, WhyPart *part, const Part *leaf, const PartPerson *person)
{
	List *values = NIL;
	ListCell *cell;
	MemoryContext caller;

	if (leaf->kind != PART_LEAF)
		return;
	if (counts_events((Node *) leaf->leaf) && list_length(((FuncExpr *) leaf->leaf)->args) > 4)
		values = list_make1(print_value(why, make_count((FuncExpr *) leaf->leaf), person));
	foreach (cell, operands((Node *) leaf->leaf))
		if (is_shown(lfirst(cell)))
			values = lappend(values, print_value(why, lfirst(cell), person));
	caller = MemoryContextSwitchTo(why->context);
	part->values = list_copy(values);
	MemoryContextSwitchTo(caller);
}

/* ---------------------------------------------------------------- evaluation */

/* look_up is the EvaluateKeptValue that looks at the person's memberships. */
static const char *
look_up(void *arg, int64 profile_id, int32 segment_id)
{
	const Why *why = arg;
	int place = kept_segment(why->kept->segments, segment_id);

	if (place >= 0)
		kept_check_use(&why->kept->segments->items[place]);
	return place >= 0 ? kept_value(why->kept, 0, place) : NULL;
}

/* count_members is the EvaluateMembers that looks at the people of the account. */
static int64
count_members(void *arg, int64 account_id, int32 segment_id, TimestampTz as_of, TimestampTz *until)
{
	const Why *why = arg;

	return kept_count_members(why->kept, account_id, segment_id, as_of, until);
}

/* list_parts appends a part and those below it, in the order of why_list(). */
static void
list_parts(Part *part, List **parts)
{
	ListCell *cell;

	*parts = lappend(*parts, part);
	foreach (cell, part->parts)
		list_parts(lfirst(cell), parts);
}

/* look is the ScanLook that evaluates the leaves from the next on. */
static void
look(void *arg, Part *condition, const PartPerson *person)
{
	Why *why = arg;
	List *parts = NIL;

	list_parts(condition, &parts);
	for (; why->next < why->count; why->next++)
	{
		Part *part = list_nth(parts, why->next);
		WhyPart *found = &why->parts[why->next];

		if (part->kind != PART_LEAF && part->kind != PART_SEGMENT)
			continue;
		note_values(why, found, part, person);
		found->until = part->kind == PART_SEGMENT ? DT_NOEND : part_until(part, person, DT_NOEND);
		if (part->kind == PART_SEGMENT || computed_is_used(part->text))
			found->until = Min(found->until, why->kept->people[0].horizon);
		found->answer = part_evaluate(part, person);
	}
}

/* evaluate_leaves evaluates all leaves; returns false if there is no such person. */
static bool
evaluate_leaves(Why *why, int64 profile_id)
{
	PersonScan scan = {.segments = &why->segment,
					   .count = 1,
					   .owner = why->segment.owner,
					   .as_of = why->reader.at,
					   .kept_value = look_up,
					   .members = count_members,
					   .memory = why,
					   .ids = &profile_id,
					   .limit = 1,
					   .look = look,
					   .arg = why};

	do
	{
		ErrorData *error = scan_run(&scan, restrict_limit(1));

		if (error == NULL)
			return why->next > 0;
		if (scan.too_slow || scan.stage != SCAN_CONDITION)
			ReThrowError(error);
		why->parts[why->next].answer = PART_OPEN;
		why->parts[why->next++].error =
			psprintf("%s: %s", unpack_sql_state(error->sqlerrcode), error->message);
	} while (why->next < why->count);
	return true;
}

/* ---------------------------------------------------------------- rows */

/* segment_name is the ComputedName that looks at the segments. */
static const char *
segment_name(void *arg, int32 number)
{
	const KeptSegments *segments = arg;
	int place = kept_segment(segments, number);

	if (place < 0 && segments->people != NULL)
		return segment_name(segments->people, number);
	return place >= 0 ? NameStr(segments->items[place].segment.name) : "";
}

/* print_expression returns an expression as SQL, without parentheses around all of it. */
static char *
print_expression(const Why *why, Node *expression, List *context)
{
	char *text = deparse_expression(computed_show(expression, segment_name, why->reader.segments),
									context, false, false);
	size_t length = strlen(text);

	/* the server puts them around every operator */
	if (IsA(expression, OpExpr) || IsA(expression, NullTest) || IsA(expression, DistinctExpr) ||
		IsA(expression, ScalarArrayOpExpr))
		if (length > 2 && text[0] == '(' && text[length - 1] == ')')
			text = pnstrdup(text + 1, length - 2);
	return text;
}

/* part_text returns what a row says of a part: the operator, or the leaf as SQL. */
static char *
part_text(const Why *why, const WhyPart *part, List *context)
{
	static const char *const tests[] = {"IS TRUE",      "IS NOT TRUE", "IS FALSE",
										"IS NOT FALSE", "IS UNKNOWN",  "IS NOT UNKNOWN"};
	int place;

	switch (part->kind)
	{
		case PART_AND:
			return "AND";
		case PART_OR:
			return "OR";
		case PART_NOT:
			return "NOT";
		case PART_TEST:
			return pstrdup(tests[part->test]);
		case PART_SEGMENT:
			place = kept_segment(why->reader.segments, in_segment_number(part->node));
			return psprintf("cdp.in_segment(%s)",
							place < 0 ? "NULL"
									  : quote_literal_cstr(NameStr(
											why->reader.segments->items[place].segment.name)));
		default:
			return print_expression(why, part->node, context);
	}
}

/* add_value appends a key and a value to a JSON object that is being written. */
static void
add_value(StringInfo object, const char *key, const char *value)
{
	appendStringInfoString(object, object->len > 1 ? ", " : "");
	escape_json(object, key);
	appendStringInfoString(object, ": ");
	if (value == NULL)
		appendStringInfoString(object, "null");
	else
		escape_json(object, value);
}

/* values_of returns the values of a leaf as a jsonb object; 0 if there are none. */
static Datum
values_of(const Why *why, const WhyPart *part, List *context)
{
	StringInfoData object;
	ListCell *operand;
	int next = 0;

	initStringInfo(&object);
	appendStringInfoChar(&object, '{');
	if (part->error != NULL)
		add_value(&object, "error", part->error);
	if (part->values != NIL && counts_events(part->node))
		add_value(&object, "cdp." COUNT_NAME, list_nth(part->values, next++));
	foreach (operand, operands(part->node))
		if (is_shown(lfirst(operand)) && next < list_length(part->values))
			add_value(&object, print_expression(why, lfirst(operand), context),
					  list_nth(part->values, next++));
	if (object.len == 1)
		return (Datum) 0;
	appendStringInfoChar(&object, '}');
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(object.data));
}

/* put_rows returns the parts as rows. */
static void
put_rows(const Why *why, bool has_change, ReturnSetInfo *result)
{
	List *context = deparse_context_for(subjects[why->segment.subject].row_view, why->row_view);

	for (int i = 0; i < why->count; i++)
	{
		const WhyPart *part = &why->parts[i];
		bool is_operator = part->kind != PART_LEAF && part->kind != PART_SEGMENT;
		Datum json = is_operator ? (Datum) 0 : values_of(why, part, context);
		Datum values[] = {Int32GetDatum(i + 1),
						  Int32GetDatum(part->depth),
						  CStringGetTextDatum(part_text(why, part, context)),
						  json,
						  BoolGetDatum(part->answer == PART_TRUE),
						  TimestampTzGetDatum(part->until),
						  BoolGetDatum(part->change)};
		bool nulls[] = {false,
						false,
						false,
						json == (Datum) 0,
						part->answer == PART_OPEN || part->answer == PART_UNKNOWN,
						part->answer == PART_OPEN,
						is_operator || !has_change};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* open_reader reads the person's memberships in the segments that the condition needs. */
static void
open_reader(Why *why, int64 profile_id)
{
	int place;

	reader_open(&why->reader, why->segment.subject);
	place = reader_segment(&why->reader, NameStr(why->segment.name));
	if (place < 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("segment \"%s\" does not exist", NameStr(why->segment.name)),
						errhint("cdp.segment lists the segments.")));
	kept_ask_with_needs(why->reader.segments, place);
	why->kept = reader_judge(&why->reader, &profile_id, 1);
	kept_read_members(why->kept, why->reader.at);
}

CDP_FUNCTION(cdp_why);

/* cdp_why returns the parts of a segment's condition for a present profile id, or the number of an account. */
Datum
cdp_why(PG_FUNCTION_ARGS)
{
	Why why = {.context = CurrentMemoryContext};
	int64 profile_id = PG_GETARG_INT64(1);
	SubjectKind subject = subject_of(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	Node *condition;
	bool exists;

	InitMaterializedSRF(fcinfo, 0);
	reader_check_tables();
	definition_find(text_to_cstring(PG_GETARG_TEXT_PP(0)), DEFINITION_REQUIRED, &why.segment);
	if (why.segment.is_trait)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is a computed trait, not a segment", NameStr(why.segment.name))));
	definition_check_subject(&why.segment, subject);
	condition = definition_condition(&why.segment, &why.row_view);
	check_columns(condition, &why.row_view);
	if (sees(&subjects[subject], profile_id))
	{
		why.count = why_list(condition, &why.parts);
		open_reader(&why, profile_id);
		exists = evaluate_leaves(&why, profile_id);
		why_combine(why.parts);
		if (exists)
			put_rows(&why, why_mark_change(why.parts, why.count),
					 (ReturnSetInfo *) fcinfo->resultinfo);
		reader_close(&why.reader);
	}
	definition_release(&why.segment);
	return (Datum) 0;
}
