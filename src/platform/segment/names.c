/*
 * names.c
 *		The names of events, of their properties, of traits and namespaces in a segment's condition.
 *
 * Names are constants in these places: arguments named event, events or namespace of
 * cdp's functions; events and properties of a cdp.step and a cdp.sequence; arguments named number or
 * property, of the events of the same function; the namespace of a cdp.identifier; keys to the right of
 * traits or account_traits in an operator such as ->>.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

#include "cdp.h"
#include "core/sequence/sequence_form.h"
#include "platform/segment/subject.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/step.h"
#include "toolkit/identifier/identifier.h"

/* state of a walk over a condition */
typedef struct NameWalk
{
	List *columns; /* names of the columns that the condition is over */
	ReturnSetInfo *result;
	Oid schema;     /* cdp */
	Oid sequence;   /* the type cdp.sequence */
	Oid step;       /* the type cdp.step */
	Oid identifier; /* the type cdp.identifier */
} NameWalk;

static void
put_name(NameWalk *walk, const char *kind, const char *name, size_t length)
{
	Datum values[3] = {CStringGetTextDatum(kind),
					   PointerGetDatum(cstring_to_text_with_len(name, (int) length)), 0};
	bool nulls[3] = {false, false, true};

	tuplestore_putvalues(walk->result->setResult, walk->result->setDesc, values, nulls);
}

/* put_property puts a property of the events of an alternative. */
static void
put_property(NameWalk *walk, const CdpkAlternative *alternative, const CdpkName *property)
{
	Datum values[3] = {
		CStringGetTextDatum("property"),
		PointerGetDatum(cstring_to_text_with_len(property->text, (int) property->length)), 0};
	bool nulls[3] = {false, false, alternative->any};

	if (!alternative->any)
		values[2] = PointerGetDatum(
			cstring_to_text_with_len(alternative->name.text, (int) alternative->name.length));
	tuplestore_putvalues(walk->result->setResult, walk->result->setDesc, values, nulls);
}

/* put_property_of_step puts a property of all events of a step. */
static void
put_property_of_step(NameWalk *walk, const CdpkStep *step, const CdpkName *property)
{
	for (unsigned i = 0; i < step->count; i++)
		put_property(walk, &cdpk_step_alternatives(step)[i], property);
}

/* put_array puts the elements of a text array. */
static void
put_array(NameWalk *walk, const char *kind, ArrayType *array)
{
	Datum *elements;
	bool *nulls;
	int count;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
		{
			text *name = DatumGetTextPP(elements[i]);

			put_name(walk, kind, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
		}
}

/* put_keys puts the keys of a jsonb object. */
static void
put_keys(NameWalk *walk, const char *kind, Jsonb *object)
{
	JsonbIterator *iterator = JsonbIteratorInit(&object->root);
	JsonbIteratorToken token;
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(object))
		return;
	token = JsonbIteratorNext(&iterator, &value, false);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			put_name(walk, kind, value.val.string.val, (size_t) value.val.string.len);
}

/* put_constant puts the names in a constant: a text, a text array, or the keys of a jsonb. */
static void
put_constant(NameWalk *walk, const char *kind, Node *node)
{
	Const *constant = (Const *) eval_const_expressions(NULL, node);

	if (!IsA(constant, Const) || constant->constisnull)
		return;
	if (constant->consttype == TEXTOID || constant->consttype == VARCHAROID)
	{
		text *name = DatumGetTextPP(constant->constvalue);

		put_name(walk, kind, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	}
	else if (constant->consttype == TEXTARRAYOID)
		put_array(walk, kind, DatumGetArrayTypeP(constant->constvalue));
	else if (constant->consttype == JSONBOID)
		put_keys(walk, kind, DatumGetJsonbP(constant->constvalue));
}

/* put_events puts the names of the events that a step asks for, and of the properties in its conditions. */
static void
put_events(NameWalk *walk, const CdpkStep *step)
{
	const CdpkAlternative *alternatives = cdpk_step_alternatives(step);

	for (unsigned i = 0; i < step->count; i++)
	{
		if (!alternatives[i].any)
			put_name(walk, "event", alternatives[i].name.text, alternatives[i].name.length);
		for (unsigned j = 0; j < alternatives[i].count; j++)
			put_property(walk, &alternatives[i], &alternatives[i].conditions[j].property);
	}
}

/* put_common puts what the events of a sequence have in common, and what of them is compared. */
static void
put_common(NameWalk *walk, const CdpkSequence *sequence)
{
	for (unsigned i = 0; i < sequence->alternatives && sequence->same.length > 0; i++)
		put_property_of_step(walk, &sequence->alternative[i], &sequence->same);
	for (unsigned i = 0; i < sequence->items; i++)
		for (unsigned j = 0; j < sequence->alternatives && sequence->item[i].previous != 0; j++)
			if ((sequence->item[i].any >> j & 1) != 0)
				put_property_of_step(walk, &sequence->alternative[j], &sequence->compared);
}

/* put_sequence puts the events of a constant cdp.sequence. */
static void
put_sequence(NameWalk *walk, Node *node)
{
	Const *constant = (Const *) eval_const_expressions(NULL, node);
	struct varlena *form;
	CdpkSequence *sequence;

	if (!IsA(constant, Const) || constant->constisnull)
		return;
	form = PG_DETOAST_DATUM_PACKED(constant->constvalue);
	sequence = palloc(sizeof(CdpkSequence));
	if (cdpk_sequence_read((const uint8_t *) VARDATA_ANY(form), VARSIZE_ANY_EXHDR(form),
						   &cdp_palloc_allocator, sequence) != CDPK_OK)
		return;
	for (unsigned i = 0; i < sequence->alternatives; i++)
		put_events(walk, &sequence->alternative[i]);
	put_common(walk, sequence);
}

/* put_namespace puts the namespace of an identifier. */
static void
put_namespace(NameWalk *walk, Datum value)
{
	const uint8_t *payload = IdentifierPayload(DatumGetIdentifierPP(value));

	put_name(walk, "namespace", cdpk_identifier_namespace(payload),
			 cdpk_identifier_namespace_length(payload));
}

/* put_step puts the events of a step. */
static void
put_step(NameWalk *walk, Datum value)
{
	CdpkStep step;

	step_read(PG_DETOAST_DATUM_PACKED(value), &step);
	put_events(walk, &step);
	step_free(&step);
}

/* put_elements puts the names in the elements of a constant array. */
static void
put_elements(NameWalk *walk, const Const *constant, void (*put)(NameWalk *, Datum))
{
	Oid type = get_element_type(constant->consttype);
	Datum *elements;
	bool *nulls;
	int count;
	int16 length;
	bool by_value;
	char alignment;

	get_typlenbyvalalign(type, &length, &by_value, &alignment);
	deconstruct_array(DatumGetArrayTypeP(constant->constvalue), type, length, by_value, alignment,
					  &elements, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			put(walk, elements[i]);
}

/* look_at_constant puts the namespaces of constant identifiers and the events of constant steps. */
static void
look_at_constant(NameWalk *walk, const Const *constant)
{
	Oid element = get_element_type(constant->consttype);

	if (constant->constisnull)
		return;
	if (constant->consttype == walk->identifier)
		put_namespace(walk, constant->constvalue);
	else if (constant->consttype == walk->step)
		put_step(walk, constant->constvalue);
	else if (OidIsValid(element) && element == walk->identifier)
		put_elements(walk, constant, put_namespace);
	else if (OidIsValid(element) && element == walk->step)
		put_elements(walk, constant, put_step);
}

/* put_folded_step puts the events of a step that is made of constants: cdp.quote_step('view'). */
static void
put_folded_step(NameWalk *walk, Node *node)
{
	Const *constant = (Const *) eval_const_expressions(NULL, node);

	if (IsA(constant, Const) && !constant->constisnull)
		put_step(walk, constant->constvalue);
}

/* argument_names returns the argument names of a function of schema cdp; NULL if there are none. */
static char **
argument_names(const NameWalk *walk, Oid function, int *count)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	char **names = NULL;
	bool no_names;
	bool no_modes;
	Datum all;
	Datum modes;

	*count = 0;
	if (!HeapTupleIsValid(tuple))
		return NULL;
	all = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proargnames, &no_names);
	modes = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proargmodes, &no_modes);
	if (((Form_pg_proc) GETSTRUCT(tuple))->pronamespace == walk->schema && !no_names)
		*count = get_func_input_arg_names(all, no_modes ? (Datum) 0 : modes, &names);
	ReleaseSysCache(tuple);
	return names;
}

/* argument_of returns an argument of a function by its name, as a constant that is not NULL; or NULL. */
static Const *
argument_of(FuncExpr *function, char **names, int count, const char *name)
{
	int place = 0;
	ListCell *cell;

	foreach (cell, function->args)
	{
		Node *argument = lfirst(cell);
		int number = place++;

		if (IsA(argument, NamedArgExpr))
		{
			number = ((NamedArgExpr *) argument)->argnumber;
			argument = (Node *) ((NamedArgExpr *) argument)->arg;
		}
		if (number >= count || names[number] == NULL || strcmp(names[number], name) != 0)
			continue;
		argument = eval_const_expressions(NULL, argument);
		return IsA(argument, Const) && !((Const *) argument)->constisnull ? (Const *) argument
																		  : NULL;
	}
	return NULL;
}

/* look_at_property puts the property that a function reads of the events of its step. */
static void
look_at_property(NameWalk *walk, FuncExpr *function, char **names, int count)
{
	Const *step = argument_of(function, names, count, "step");
	Const *event = argument_of(function, names, count, "event");
	Const *property = argument_of(function, names, count, "property");
	CdpkName name;
	CdpkStep read;

	if (property == NULL)
		property = argument_of(function, names, count, "number");
	if (property == NULL || property->consttype != TEXTOID)
		return;
	name.text = VARDATA_ANY(DatumGetTextPP(property->constvalue));
	name.length = VARSIZE_ANY_EXHDR(DatumGetTextPP(property->constvalue));
	if (step != NULL && step->consttype == walk->step)
	{
		step_read(PG_DETOAST_DATUM_PACKED(step->constvalue), &read);
		put_property_of_step(walk, &read, &name);
		step_free(&read);
	}
	else if (event != NULL && event->consttype == TEXTOID)
	{
		text *value = DatumGetTextPP(event->constvalue);

		read = cdpk_plain_step(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
		put_property_of_step(walk, &read, &name);
	}
}

/* look_at_function puts the names in a function's arguments. */
static void
look_at_function(NameWalk *walk, FuncExpr *function)
{
	int count;
	char **names = argument_names(walk, function->funcid, &count);
	int place = 0;
	ListCell *cell;

	if (count > 0)
		look_at_property(walk, function, names, count);
	foreach (cell, function->args)
	{
		Node *argument = lfirst(cell);
		int number = place++;
		const char *name;

		if (IsA(argument, NamedArgExpr))
		{
			number = ((NamedArgExpr *) argument)->argnumber;
			argument = (Node *) ((NamedArgExpr *) argument)->arg;
		}
		name = number < count ? names[number] : NULL;
		if (OidIsValid(walk->sequence) && exprType(argument) == walk->sequence)
			put_sequence(walk, argument);
		else if (OidIsValid(walk->step) && exprType(argument) == walk->step &&
				 !IsA(argument, Const))
			put_folded_step(walk, argument);
		else if (name != NULL && (strcmp(name, "event") == 0 || strcmp(name, "events") == 0))
			put_constant(walk, "event", argument);
		else if (name != NULL && strcmp(name, "namespace") == 0)
			put_constant(walk, "namespace", argument);
	}
}

/* is_traits returns whether a node is a column of traits, possibly cast to another type. */
static bool
is_traits(const NameWalk *walk, Node *node)
{
	const char *column;

	if (IsA(node, FuncExpr) && list_length(((FuncExpr *) node)->args) == 1)
		node = linitial(((FuncExpr *) node)->args);
	else if (IsA(node, CoerceViaIO))
		node = (Node *) ((CoerceViaIO *) node)->arg;
	if (!IsA(node, Var) || ((Var *) node)->varattno <= 0 ||
		((Var *) node)->varattno > list_length(walk->columns))
		return false;
	column = strVal(list_nth(walk->columns, ((Var *) node)->varattno - 1));
	return strcmp(column, "traits") == 0 || strcmp(column, "account_traits") == 0;
}

/* look_at_operator puts the keys to the right of a column of traits. */
static void
look_at_operator(NameWalk *walk, OpExpr *operator)
{
	static const char *const with_keys[] = {"->", "->>", "?", "?|", "?&", "@>"};
	const char *name = get_opname(operator->opno);

	if (name == NULL || list_length(operator->args) != 2 ||
		!is_traits(walk, linitial(operator->args)))
		return;
	for (int i = 0; i < lengthof(with_keys); i++)
		if (strcmp(name, with_keys[i]) == 0)
			put_constant(walk, "trait", lsecond(operator->args));
}

static bool
walk_node(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr))
		look_at_function(context, (FuncExpr *) node);
	else if (IsA(node, OpExpr))
		look_at_operator(context, (OpExpr *) node);
	else if (IsA(node, Const))
		look_at_constant(context, (Const *) node);
	return expression_tree_walker(node, walk_node, context);
}

/* find_type returns a type of the schema. */
static Oid
find_type(Oid schema, const char *name)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
						   ObjectIdGetDatum(schema));
}

CDP_FUNCTION(cdp_condition_names);

/* cdp_condition_names returns the names in a condition, as analysed by the server. */
Datum
cdp_condition_names(PG_FUNCTION_ARGS)
{
	char *query_text =
		psprintf("SELECT (\n%s\n) FROM cdp.%s", text_to_cstring(PG_GETARG_TEXT_PP(0)),
				 subjects[subject_of(text_to_cstring(PG_GETARG_TEXT_PP(1)))].row_view);
	NameWalk walk = {.result = (ReturnSetInfo *) fcinfo->resultinfo};
	CachedPlanSource *source;
	SPIPlanPtr plan;
	Query *query;

	InitMaterializedSRF(fcinfo, 0);
	walk.schema = get_namespace_oid("cdp", false);
	walk.identifier = identifier_type_oid();
	walk.sequence = find_type(walk.schema, "sequence");
	walk.step = find_type(walk.schema, "step");
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	plan = SPI_prepare(query_text, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	source = linitial(SPI_plan_get_plan_sources(plan));
	query = linitial_node(Query, source->query_list);
	walk.columns = linitial_node(RangeTblEntry, query->rtable)->eref->colnames;
	walk_node((Node *) linitial_node(TargetEntry, query->targetList)->expr, &walk);
	SPI_finish();
	return (Datum) 0;
}
