/*
 * carried_number.c
 *		Which numbers a timeline carries of an event's properties.
 *
 * The rules are a JSON object from event to name to path, with "*" for the events that are not
 * named, so that the functions are pure and know no table.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "cdp.h"
#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/timeline/carried_number.h"

CDP_FUNCTION(cdp_carried);
CDP_FUNCTION(cdp_left_out);

/* Raise the error for rules of the wrong form. */
static void
refuse_rules(void)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid rules of carried numbers"),
		 errdetail(
			 "Rules are a JSON object of events, each an object of names, each an array of keys, all strings.")));
}

/* Find the rules for an event; false if there are none. */
static bool
rules_of(Jsonb *rules, const char *event, int length, JsonbValue *found)
{
	if (!JB_ROOT_IS_OBJECT(rules))
		refuse_rules();
	if (getKeyJsonValueFromContainer(&rules->root, event, length, found) == NULL &&
		getKeyJsonValueFromContainer(&rules->root, "*", 1, found) == NULL)
		return false;
	if (found->type != jbvBinary || !JsonContainerIsObject(found->val.binary.data))
		refuse_rules();
	return true;
}

/* Read an array index; -1 if the key is not one. */
static int64
array_place(const JsonbValue *key)
{
	int64 place = 0;

	if (key->val.string.len == 0 || key->val.string.len > 9)
		return -1;
	for (int i = 0; i < key->val.string.len; i++)
	{
		if (key->val.string.val[i] < '0' || key->val.string.val[i] > '9')
			return -1;
		place = place * 10 + (key->val.string.val[i] - '0');
	}
	return place;
}

/* Find the value at a path; false if there is none, or JSON null. */
static bool
follow_path(Jsonb *properties, const JsonbValue *path, JsonbValue *value)
{
	JsonbContainer *at = &properties->root;
	JsonbValue key;
	JsonbWalk walk;

	if (path->type != jbvBinary || !JsonContainerIsArray(path->val.binary.data))
		refuse_rules();
	value->type = jbvNull;
	walk = jsonb_walk(path->val.binary.data);
	while (jsonb_walk_element(&walk, &key))
	{
		JsonbValue *found = NULL;
		int64 place;

		if (key.type != jbvString)
			refuse_rules();
		if (at == NULL)
			return false;
		if (JsonContainerIsObject(at))
			found = getKeyJsonValueFromContainer(at, key.val.string.val, key.val.string.len, value);
		else if (!JsonContainerIsScalar(at) && (place = array_place(&key)) >= 0)
			found = getIthJsonbValueFromContainer(at, (uint32) place);
		if (found == NULL)
			return false;
		*value = *found;
		at = value->type == jbvBinary ? value->val.binary.data : NULL;
	}
	return value->type != jbvNull;
}

/* Read a number, or a string that is one, as a timeline can carry it; false if it cannot. */
static bool
read_number(const JsonbValue *value, CdpkDecimal *decimal)
{
	char *printed;

	if (value->type == jbvNumeric)
	{
		printed =
			DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		return cdpk_decimal_parse(printed, strlen(printed), decimal) == CDPK_OK;
	}
	return value->type == jbvString &&
		   cdpk_decimal_parse(value->val.string.val, (size_t) value->val.string.len, decimal) ==
			   CDPK_OK;
}

/* Convert a value to a JSON number; false if a timeline cannot carry it. */
static bool
make_number(JsonbValue *value)
{
	CdpkDecimal decimal;
	char text[CDPK_DECIMAL_TEXT_MAX];

	if (!read_number(value, &decimal))
		return false;
	if (value->type == jbvNumeric)
		return true;
	text[cdpk_decimal_print(decimal, text)] = '\0';
	value->type = jbvNumeric;
	value->val.numeric = DatumGetNumeric(DirectFunctionCall3(
		numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	return true;
}

/* Move to the next rule whose path leads to something. */
static bool
next_value(JsonbWalk *rules, Jsonb *properties, JsonbValue *name, JsonbValue *value)
{
	JsonbValue path;

	while (jsonb_walk_member(rules, name, &path))
		if (follow_path(properties, &path, value))
			return true;
	return false;
}

/* carried_numbers: see the header. */
int
carried_numbers(Jsonb *rules, const char *event, int length, Jsonb *properties,
				CarriedNumber *numbers)
{
	JsonbValue of_event;
	JsonbValue name;
	JsonbValue value;
	JsonbWalk walk;
	int count = 0;

	if (!rules_of(rules, event, length, &of_event))
		return 0;
	walk = jsonb_walk(of_event.val.binary.data);
	while (next_value(&walk, properties, &name, &value))
	{
		CarriedNumber *number = &numbers[count];

		if (count == CDPK_NUMBERS_MAX)
			ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							errmsg("an event has more than %d numbers", CDPK_NUMBERS_MAX)));
		number->name = name.val.string.val;
		number->length = name.val.string.len;
		number->fits = read_number(&value, &number->value);
		count++;
	}
	return count;
}

/* carried(event, properties, rules): the numbers that the timeline carries, as an object. */
Datum
cdp_carried(PG_FUNCTION_ARGS)
{
	Jsonb *properties = PG_GETARG_JSONB_P(1);
	JsonbParseState *state = NULL;
	JsonbValue rules;
	JsonbValue name;
	JsonbValue value;
	JsonbWalk walk;
	text *event = PG_GETARG_TEXT_PP(0);

	if (!rules_of(PG_GETARG_JSONB_P(2), VARDATA_ANY(event), (int) VARSIZE_ANY_EXHDR(event), &rules))
		PG_RETURN_NULL();
	walk = jsonb_walk(rules.val.binary.data);
	while (next_value(&walk, properties, &name, &value))
	{
		if (!make_number(&value))
			continue;
		if (state == NULL)
			pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		pushJsonbValue(&state, WJB_KEY, &name);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/* left_out(event, properties, rules): the names whose values cannot be carried. */
Datum
cdp_left_out(PG_FUNCTION_ARGS)
{
	Jsonb *properties = PG_GETARG_JSONB_P(1);
	ArrayBuildState *names = NULL;
	JsonbValue rules;
	JsonbValue name;
	JsonbValue value;
	JsonbWalk walk;
	text *event = PG_GETARG_TEXT_PP(0);
	CdpkDecimal decimal;

	if (!rules_of(PG_GETARG_JSONB_P(2), VARDATA_ANY(event), (int) VARSIZE_ANY_EXHDR(event), &rules))
		PG_RETURN_NULL();
	walk = jsonb_walk(rules.val.binary.data);
	while (next_value(&walk, properties, &name, &value))
		if (!read_number(&value, &decimal))
			names = accumArrayResult(
				names,
				PointerGetDatum(cstring_to_text_with_len(name.val.string.val, name.val.string.len)),
				false, TEXTOID, CurrentMemoryContext);
	if (names == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(makeArrayResult(names, CurrentMemoryContext));
}
