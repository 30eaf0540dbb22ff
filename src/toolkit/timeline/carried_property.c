/*
 * carried_property.c
 *		Which properties a timeline carries of an event.
 *
 * The rules are a JSON object from event to name to path, with "*" for the events that are not
 * named, so that the functions are pure and know no table.  A path is an array of keys.  The key "[]"
 * stands for all elements of an array: what the rules find in one element of the first array on their
 * way belongs together.  A path that begins with "context" leads into the context of the event.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "cdp.h"
#include "core/timeline/property_text.h"
#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/bridge/status.h"
#include "toolkit/timeline/carried_property.h"
#include "toolkit/timeline/property_values.h"

CDP_FUNCTION(cdp_carried);
CDP_FUNCTION(cdp_left_out);

static const char context_key[] = "context";

/* An array of the event whose elements are numbered from "first" on. */
typedef struct Elements
{
	const JsonbContainer *array;
	uint64 first;
} Elements;

/* The members of an object, in their order: a walk that stops at the one asked for, or after it. */
typedef struct Members
{
	JsonbContainer *object; /* NULL: there is none */
	JsonbWalk walk;
	JsonbValue key; /* of the member at hand, … */
	JsonbValue value;
	bool is_there;
	bool has_begun;
	JsonbValue asked; /* … the first that is not before this key */
} Members;

/* The reading of one event. */
typedef struct Reading
{
	CarriedProperties *carried;
	Members properties;
	Members context;
	Elements arrays[CDPK_PROPERTIES_MAX];
	int array_count;
	uint64 element_count; /* of these arrays */
	CdpkStatus status;
} Reading;

/* Raise the error for rules of the wrong form. */
static void
refuse_rules(void)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid rules of carried properties"),
		 errdetail(
			 "Rules are a JSON object of events, each an object of names, each an array of keys, all strings.")));
}

/* Raise the error for more properties than an event can have. */
static void
refuse_many(CdpkStatus status)
{
	ereport(ERROR, (errcode(cdp_status_errcode(status)),
					errmsg("an event has more than %d properties", CDPK_PROPERTIES_MAX)));
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

static bool
is_key(const JsonbValue *key, const char *name)
{
	return (size_t) key->val.string.len == strlen(name) &&
		   memcmp(key->val.string.val, name, strlen(name)) == 0;
}

/* Return the members of a document; none if it is not an object. */
static Members
members_of(Jsonb *document)
{
	Members members;

	members.object = document != NULL && JB_ROOT_IS_OBJECT(document) ? &document->root : NULL;
	members.has_begun = false;
	return members;
}

/* Compare keys as jsonb sorts them. */
static int
compare_keys(const JsonbValue *a, const JsonbValue *b)
{
	if (a->val.string.len != b->val.string.len)
		return a->val.string.len < b->val.string.len ? -1 : 1;
	return memcmp(a->val.string.val, b->val.string.val, (size_t) a->val.string.len);
}

/* Find the member of a key; quick where keys are asked for in their order, as rules mostly do. */
static bool
find_member(Members *members, const JsonbValue *key, JsonbValue *value)
{
	int order;

	if (members->object == NULL)
		return false;
	if (!members->has_begun || compare_keys(key, &members->asked) < 0)
	{
		members->walk = jsonb_walk(members->object);
		members->is_there = jsonb_walk_member(&members->walk, &members->key, &members->value);
		members->has_begun = true;
	}
	members->asked = *key;
	while (members->is_there && (order = compare_keys(&members->key, key)) <= 0)
	{
		if (order == 0)
		{
			*value = members->value;
			return true;
		}
		members->is_there = jsonb_walk_member(&members->walk, &members->key, &members->value);
	}
	return false;
}

/* Return the number of an array's first element in this event, from 1. */
static uint64
first_element(Reading *reading, JsonbContainer *array)
{
	Elements *elements;

	for (int i = 0; i < reading->array_count; i++)
		if (reading->arrays[i].array == array)
			return reading->arrays[i].first;
	/* a rule leads to one array, and there are at most as many rules */
	elements = &reading->arrays[reading->array_count++];
	elements->array = array;
	elements->first = reading->element_count + 1;
	reading->element_count += JsonContainerSize(array);
	return elements->first;
}

/* Read the next key of a path; false after the last. */
static bool
next_key(JsonbWalk *path, JsonbValue *key)
{
	if (!jsonb_walk_element(path, key))
		return false;
	if (key->type != jbvString)
		refuse_rules();
	return true;
}

static void follow_path(Reading *reading, JsonbWalk path, const JsonbValue *from, uint64 element);

/* Follow the rest of a path from each element of an array. */
static void
follow_elements(Reading *reading, JsonbWalk path, JsonbContainer *array, uint64 element)
{
	uint64 first = element == 0 ? first_element(reading, array) : 0;
	JsonbWalk walk = jsonb_walk(array);
	JsonbValue item;

	check_stack_depth(); /* a path is as long as its writer likes, and so is the nesting of arrays */
	for (uint64 i = 0; reading->status == CDPK_OK && jsonb_walk_element(&walk, &item); i++)
		follow_path(reading, path, &item, first > 0 ? first + i : element);
}

/* Follow the rest of a path from a value, and add what it leads to. */
static void
follow_path(Reading *reading, JsonbWalk path, const JsonbValue *from, uint64 element)
{
	CarriedProperties *carried = reading->carried;
	JsonbValue value = *from;
	JsonbValue key;

	while (next_key(&path, &key))
	{
		JsonbContainer *at = value.type == jbvBinary ? value.val.binary.data : NULL;
		JsonbValue *found = NULL;
		int64 place;

		if (at == NULL)
			return;
		if (JsonContainerIsObject(at))
			found =
				getKeyJsonValueFromContainer(at, key.val.string.val, key.val.string.len, &value);
		else if (is_key(&key, CDPK_ELEMENTS_KEY))
		{
			follow_elements(reading, path, at, element);
			return;
		}
		else if ((place = array_place(&key)) >= 0)
			found = getIthJsonbValueFromContainer(at, (uint32) place);
		if (found == NULL)
			return;
		value = *found;
	}
	reading->status =
		property_values_add(&carried->values, (uint32) carried->name_count, element, &value);
}

/* Read a rule: the first keys of its path. */
static void
read_rule(const JsonbValue *name, const JsonbValue *path, CarriedRule *rule)
{
	if (path->type != jbvBinary || !JsonContainerIsArray(path->val.binary.data))
		refuse_rules();
	rule->name.text = name->val.string.val;
	rule->name.length = (size_t) name->val.string.len;
	rule->path = jsonb_walk(path->val.binary.data);
	rule->is_whole = next_key(&rule->path, &rule->key);
	rule->of_context = rule->is_whole && is_key(&rule->key, context_key);
	if (rule->of_context)
		rule->is_whole = next_key(&rule->path, &rule->key);
}

CarriedRules
carried_rules_of(Jsonb *rules, const char *event, int length)
{
	CarriedRules found = {0};
	JsonbValue of_event;
	JsonbValue name;
	JsonbValue path;
	JsonbWalk walk;

	if (!rules_of(rules, event, length, &of_event))
		return found;
	walk = jsonb_walk(of_event.val.binary.data);
	if (walk.count > CDPK_PROPERTIES_MAX)
		refuse_many(CDPK_TOO_LONG);
	found.rules = palloc(sizeof(CarriedRule) * Max(walk.count, 1));
	while (jsonb_walk_member(&walk, &name, &path))
		read_rule(&name, &path, &found.rules[found.count++]);
	return found;
}

/* Follow one rule. */
static void
follow_rule(Reading *reading, const CarriedRule *rule)
{
	Members *members = rule->of_context ? &reading->context : &reading->properties;
	JsonbValue value;

	if (rule->is_whole && find_member(members, &rule->key, &value))
		follow_path(reading, rule->path, &value, 0);
}

bool
carried_properties(const CarriedRules *rules, Jsonb *properties, Jsonb *context,
				   CarriedProperties *carried)
{
	Reading reading;

	reading.carried = carried;
	reading.properties = members_of(properties);
	reading.context = members_of(context);
	reading.array_count = 0;
	reading.element_count = 0;
	reading.status = CDPK_OK;
	carried->name_count = 0;
	carried->values = cdpk_values(&cdp_palloc_allocator);
	for (int i = 0; i < rules->count && reading.status == CDPK_OK; i++)
	{
		unsigned before = carried->values.count;

		follow_rule(&reading, &rules->rules[i]);
		if (carried->values.count > before)
			carried->names[carried->name_count++] = rules->rules[i].name;
	}
	if (reading.status != CDPK_OK)
		refuse_many(reading.status);
	return carried->values.count > 0;
}

/* Return whether any rule of an event leads into its context. */
static bool
rules_need_context(JsonbContainer *of_event)
{
	JsonbWalk walk = jsonb_walk(of_event);
	JsonbValue name;
	JsonbValue path;

	while (jsonb_walk_member(&walk, &name, &path))
	{
		JsonbWalk keys;
		JsonbValue key;

		if (path.type != jbvBinary)
			continue;
		keys = jsonb_walk(path.val.binary.data);
		if (jsonb_walk_element(&keys, &key) && key.type == jbvString && is_key(&key, context_key))
			return true;
	}
	return false;
}

bool
carried_rules_need_context(Jsonb *rules)
{
	JsonbWalk events = jsonb_walk(&rules->root);
	JsonbValue event;
	JsonbValue of_event;

	while (jsonb_walk_member(&events, &event, &of_event))
		if (of_event.type == jbvBinary && rules_need_context(of_event.val.binary.data))
			return true;
	return false;
}

/* Read the properties of the event that a function is called for. */
static bool
get_carried(FunctionCallInfo fcinfo, CarriedProperties *carried)
{
	CarriedRules rules;
	text *event;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(3))
		return false;
	event = PG_GETARG_TEXT_PP(0);
	rules =
		carried_rules_of(PG_GETARG_JSONB_P(3), VARDATA_ANY(event), (int) VARSIZE_ANY_EXHDR(event));
	return carried_properties(&rules, PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1),
							  PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2), carried);
}

/* Order values of one property by element and kind, as a timeline does, then as they came. */
static int
compare_printed(const void *a, const void *b)
{
	const CdpkPrintedValue *left = a;
	const CdpkPrintedValue *right = b;

	if (left->name.text != right->name.text)
		return left->name.text < right->name.text ? -1 : 1;
	if (left->value.element != right->value.element)
		return (int) left->value.element - (int) right->value.element;
	if (left->value.kind != right->value.kind)
		return (int) left->value.kind - (int) right->value.kind;
	return left->value.text < right->value.text ? -1 : 1;
}

/* carried(event, properties, context, rules): what the timeline carries, as an object. */
Datum
cdp_carried(PG_FUNCTION_ARGS)
{
	CarriedProperties carried;
	CdpkBuffer buffer = cdpk_buffer(&cdp_palloc_allocator, CDPK_STATE_MAX);
	CdpkPrintedValue *printed;

	if (!get_carried(fcinfo, &carried))
		PG_RETURN_NULL();
	printed = palloc(sizeof(*printed) * carried.values.count);
	for (unsigned i = 0; i < carried.values.count; i++)
	{
		const CdpkEventValue *value = &carried.values.items[i];

		printed[i].name = carried.names[value->name];
		printed[i].value = value->value;
		printed[i].value.text = i; /* no text has a code yet */
		printed[i].text = value->text;
	}
	qsort(printed, carried.values.count, sizeof(*printed), compare_printed);
	cdpk_put_properties(&buffer, printed, carried.values.count);
	PG_RETURN_JSONB_P(property_jsonb(&buffer));
}

/* left_out(event, properties, context, rules): the names of which something cannot be carried. */
Datum
cdp_left_out(PG_FUNCTION_ARGS)
{
	CarriedProperties carried;
	ArrayBuildState *names = NULL;
	int last = -1;

	if (!get_carried(fcinfo, &carried))
		PG_RETURN_NULL();
	for (unsigned i = 0; i < carried.values.count; i++)
	{
		const CdpkEventValue *value = &carried.values.items[i];
		const CdpkName *name = &carried.names[value->name];

		if (value->value.kind != CDPK_LEFT_OUT || (int) value->name == last)
			continue;
		last = (int) value->name;
		names = accumArrayResult(
			names, PointerGetDatum(cstring_to_text_with_len(name->text, (int) name->length)), false,
			TEXTOID, CurrentMemoryContext);
	}
	if (names == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(makeArrayResult(names, CurrentMemoryContext));
}
