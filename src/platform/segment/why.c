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
	int place; /* of the segment in the reader's */
	Kept *kept;
	MemoryContext context; /* of what is found */
	ReturnSetInfo *result;
	int lines; /* in the result */
	int shift; /* how much deeper the condition is shown */
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

/* put_row adds a row to the result; values: 0: none; answer PART_OPEN: an error; can_change: "change" is known. */
static void
put_row(Why *why, int depth, const char *text, Datum values_json, PartAnswer answer,
		TimestampTz until, bool can_change, bool change)
{
	Datum values[] = {Int32GetDatum(++why->lines),
					  Int32GetDatum(depth + why->shift),
					  CStringGetTextDatum(text),
					  values_json,
					  BoolGetDatum(answer == PART_TRUE),
					  TimestampTzGetDatum(until),
					  BoolGetDatum(change)};
	bool nulls[] = {false,
					false,
					false,
					values_json == (Datum) 0,
					answer == PART_OPEN || answer == PART_UNKNOWN,
					answer == PART_OPEN,
					!can_change};

	tuplestore_putvalues(why->result->setResult, why->result->setDesc, values, nulls);
}

/*
 * put_hold_out adds the rows of a hold-out, which is as an AND with the condition, if the segment has one: holds and
 * until are the condition's.  Returns whether the person is held out.
 */
static bool
put_hold_out(Why *why, PartAnswer answer, TimestampTz until)
{
	const KeptSegment *segment = &why->reader.segments->items[why->place];
	bool held = kept_holds_out(why->reader.segments, why->place, why->kept->people[0].profile_id);
	StringInfoData object;

	if (segment->hold_out <= 0)
		return false;
	initStringInfo(&object);
	appendStringInfoChar(&object, '{');
	add_value(&object, "share", psprintf("%g", segment->hold_out));
	appendStringInfoChar(&object, '}');
	put_row(why, 0, "AND", (Datum) 0, held ? PART_FALSE : answer, held ? DT_NOEND : until, false,
			false);
	put_row(why, 1, "NOT held out", DirectFunctionCall1(jsonb_in, CStringGetDatum(object.data)),
			held ? PART_FALSE : PART_TRUE, DT_NOEND, !held, false);
	why->shift = 1;
	return held;
}

/* put_rows returns the parts as rows. */
static void
put_rows(Why *why, bool has_change)
{
	List *context = deparse_context_for(subjects[why->segment.subject].row_view, why->row_view);

	/* no other answer brings in who is held out */
	if (put_hold_out(why, why->parts[0].answer, why->parts[0].until))
		has_change = false;
	for (int i = 0; i < why->count; i++)
	{
		const WhyPart *part = &why->parts[i];
		bool is_operator = part->kind != PART_LEAF && part->kind != PART_SEGMENT;

		put_row(why, part->depth, part_text(why, part, context),
				is_operator ? (Datum) 0 : values_of(why, part, context), part->answer, part->until,
				!is_operator && has_change, part->change);
	}
}

/* listed_identifiers returns the person's identifiers that are in a list, as text; NULL: none. */
static char *
listed_identifiers(int32 number, int64 profile_id)
{
	Oid types[] = {INT4OID, INT8OID};
	Datum values[] = {Int32GetDatum(number), Int64GetDatum(profile_id)};
	MemoryContext caller = CurrentMemoryContext;
	char *found;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(
			"SELECT pg_catalog.string_agg(i.identifier::pg_catalog.text, ', ' ORDER BY i.identifier) "
			"FROM cdp_data.identifier i JOIN cdp_data.list_identifier l "
			"ON l.segment_id OPERATOR(pg_catalog.=) $1 "
			"AND l.hash OPERATOR(pg_catalog.=) cdp_internal.map_hash(i.identifier) "
			"AND l.identifier OPERATOR(cdp.=) i.identifier "
			"WHERE i.profile_id OPERATOR(pg_catalog.=) $2",
			2, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not look up a list");
	found = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (found != NULL)
		found = MemoryContextStrdup(caller, found);
	SPI_finish();
	return found;
}

/* put_list returns the row of a list, with the identifiers that are in it if the caller may read those of people. */
static void
put_list(Why *why, bool shows_identifiers)
{
	const KeptSegment *segment = &why->reader.segments->items[why->place];
	bool is_in = why->kept->since[why->place] != DT_NOBEGIN;
	char *found = shows_identifiers
					  ? listed_identifiers(segment->segment_id, why->kept->people[0].profile_id)
					  : NULL;
	Datum values = (Datum) 0;
	StringInfoData object;
	bool held;

	if (found != NULL)
	{
		initStringInfo(&object);
		appendStringInfoChar(&object, '{');
		add_value(&object, "identifiers", found);
		appendStringInfoChar(&object, '}');
		values = DirectFunctionCall1(jsonb_in, CStringGetDatum(object.data));
	}
	held = put_hold_out(why, is_in ? PART_TRUE : PART_FALSE, DT_NOEND);
	put_row(why, 0, "an identifier is in the list", values, is_in ? PART_TRUE : PART_FALSE,
			DT_NOEND, !held, true);
}

/* open_reader reads the person's memberships in the segments that the condition needs. */
static void
open_reader(Why *why, int64 profile_id)
{
	reader_open(&why->reader, why->segment.subject);
	why->place = reader_segment(&why->reader, NameStr(why->segment.name));
	if (why->place < 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("segment \"%s\" does not exist", NameStr(why->segment.name)),
						errhint("cdp.segment lists the segments.")));
	kept_ask_with_needs(why->reader.segments, why->place);
	why->kept = reader_judge(&why->reader, &profile_id, 1);
	kept_read_members(why->kept, why->reader.at);
}

/* may_read_identifiers tells whether the caller may read the identifiers of people. */
static bool
may_read_identifiers(void)
{
	Oid profile_row = get_relname_relid("profile_row", get_namespace_oid("cdp", false));
	AttrNumber column = get_attnum(profile_row, "identifiers");

	return pg_class_aclcheck(profile_row, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		   pg_attribute_aclcheck(profile_row, column, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* explain_condition returns the parts of the condition of a segment for a person. */
static void
explain_condition(Why *why, int64 profile_id)
{
	Node *condition = definition_condition(&why->segment, &why->row_view);

	check_columns(condition, &why->row_view);
	if (!sees(&subjects[why->segment.subject], profile_id))
		return;
	why->count = why_list(condition, &why->parts);
	open_reader(why, profile_id);
	if (evaluate_leaves(why, profile_id))
	{
		why_combine(why->parts);
		put_rows(why, why_mark_change(why->parts, why->count));
	}
	reader_close(&why->reader);
}

/* explain_list returns the row of a list for a person. */
static void
explain_list(Why *why, int64 profile_id)
{
	bool shows_identifiers = may_read_identifiers();

	if (!sees(&subjects[SUBJECT_PERSON], profile_id))
		return;
	open_reader(why, profile_id);
	put_list(why, shows_identifiers);
	reader_close(&why->reader);
}

CDP_FUNCTION(cdp_why);

/* cdp_why returns the parts of a segment's condition for a present profile id, or the number of an account. */
Datum
cdp_why(PG_FUNCTION_ARGS)
{
	Why why = {.context = CurrentMemoryContext};
	SubjectKind subject = subject_of(text_to_cstring(PG_GETARG_TEXT_PP(2)));

	InitMaterializedSRF(fcinfo, 0);
	why.result = (ReturnSetInfo *) fcinfo->resultinfo;
	reader_check_tables();
	definition_find(text_to_cstring(PG_GETARG_TEXT_PP(0)), DEFINITION_REQUIRED, &why.segment);
	if (why.segment.is_trait)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is a computed trait, not a segment", NameStr(why.segment.name))));
	definition_check_subject(&why.segment, subject);
	if (definition_is_list(&why.segment))
		explain_list(&why, PG_GETARG_INT64(1));
	else
		explain_condition(&why, PG_GETARG_INT64(1));
	definition_release(&why.segment);
	return (Datum) 0;
}
