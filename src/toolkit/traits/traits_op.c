/*
 * traits_op.c
 *		Reading cdp.traits: single keys, jsonb, comparison.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "cdp.h"
#include "toolkit/traits/traits.h"
#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/bridge/jsonb_write.h"
#include "toolkit/bridge/status.h"

/* the cells of one key that has something to show */
typedef struct Shown
{
	CdpkTraitsView view;
	uint32 first;
	uint32 end;
	CdpkTrait current;
} Shown;

/* Find what a key shows; false if it has been removed. */
static bool
look_at_cells(Shown *shown)
{
	shown->end = cdpk_traits_end(&shown->view, shown->first);
	if (!cdpk_traits_current(&shown->view, shown->first, shown->end, &shown->current))
		cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
	return shown->current.value.type != CDPK_VALUE_NULL;
}

/* Find what a key shows; false if there is nothing. */
static bool
look_up(Shown *shown, const char *key, size_t length)
{
	bool found;

	shown->first = cdpk_traits_find(&shown->view, 0, (const uint8 *) key, length, &found);
	return found && look_at_cells(shown);
}

/* Find the next element of a union, from *index on; false after the last. */
static bool
next_element(const Shown *shown, uint32 *index, CdpkValue *value)
{
	while (*index < shown->end)
	{
		CdpkTrait trait;

		if (!cdpk_traits_get(&shown->view, (*index)++, &trait))
			cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
		if (trait.value.type != CDPK_VALUE_NULL)
		{
			*value = trait.value;
			return true;
		}
	}
	return false;
}

static bool
is_union(const Shown *shown)
{
	return (shown->current.rule & CDPK_RULE_BASE) == CDPK_RULE_UNION;
}

/* Tell whether a key shows an object that is made of its parts. */
static bool
is_merged(const Shown *shown)
{
	CdpkTrait last;

	if ((shown->current.rule & CDPK_RULE_BASE) != CDPK_RULE_MERGE)
		return false;
	if (!cdpk_traits_get(&shown->view, shown->end - 1, &last))
		cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
	return !cdpk_trait_whole(&last);
}

/* Write what a key shows as ->> does: strings without quotes, the rest as JSON. */
static text *
shown_text(const Shown *shown)
{
	const CdpkValue *value = &shown->current.value;
	uint32 index = shown->first;
	CdpkValue element;
	StringInfoData json;

	if (is_merged(shown))
	{
		Jsonb *object = traits_object(&shown->view, shown->first, shown->end);

		initStringInfo(&json);
		JsonbToCString(&json, &object->root, VARSIZE(object));
		return cstring_to_text_with_len(json.data, json.len);
	}
	if (!is_union(shown) && value->type >= CDPK_VALUE_NUMBER)
		return cstring_to_text_with_len((const char *) value->bytes, (int) value->length);
	initStringInfo(&json);
	if (is_union(shown))
	{
		while (next_element(shown, &index, &element))
		{
			appendStringInfoString(&json, json.len > 0 ? ", " : "[");
			traits_value_append(&json, &element);
		}
		appendStringInfoChar(&json, ']');
	}
	else
		traits_value_append(&json, value);
	return cstring_to_text_with_len(json.data, json.len);
}

/* what is made of one value is freed before the next */
typedef struct ShownWriter
{
	JsonbWriter writer;
	MemoryContext each;
} ShownWriter;

/* Begin an array or object. */
static void
begin_writing(ShownWriter *shown_writer)
{
	jsonb_write_begin(&shown_writer->writer);
	shown_writer->each =
		AllocSetContextCreate(CurrentMemoryContext, "value of traits", ALLOCSET_DEFAULT_SIZES);
}

/* End it. */
static Jsonb *
end_writing(ShownWriter *shown_writer, bool is_object)
{
	MemoryContextDelete(shown_writer->each);
	return jsonb_write_end(&shown_writer->writer, is_object);
}

/* Write a value in canonical form. */
static void
write_value(ShownWriter *shown_writer, const CdpkValue *value)
{
	MemoryContext caller = MemoryContextSwitchTo(shown_writer->each);
	JsonbValue made = traits_value_jsonb(value);

	MemoryContextSwitchTo(caller);
	jsonb_write(&shown_writer->writer, &made);
	MemoryContextReset(shown_writer->each);
}

/* Make the array of a union's elements. */
static Jsonb *
union_jsonb(const Shown *shown)
{
	uint32 index = shown->first;
	ShownWriter elements;
	CdpkValue element;

	begin_writing(&elements);
	while (next_element(shown, &index, &element))
		write_value(&elements, &element);
	return end_writing(&elements, false);
}

/* Make the array or object of a key that shows several cells; NULL: it shows one. */
static Jsonb *
composed_jsonb(const Shown *shown)
{
	if (is_merged(shown))
		return traits_object(&shown->view, shown->first, shown->end);
	return is_union(shown) ? union_jsonb(shown) : NULL;
}

/* Write what a key shows. */
static void
write_shown(ShownWriter *shown_writer, const Shown *shown)
{
	MemoryContext caller = MemoryContextSwitchTo(shown_writer->each);
	Jsonb *composed = composed_jsonb(shown);
	JsonbValue value = {.type = jbvBinary};

	MemoryContextSwitchTo(caller);
	if (composed == NULL)
	{
		write_value(shown_writer, &shown->current.value);
		return;
	}
	value.val.binary.data = &composed->root;
	value.val.binary.len = (int) VARSIZE(composed) - VARHDRSZ;
	jsonb_write(&shown_writer->writer, &value);
	MemoryContextReset(shown_writer->each);
}

/* Write a key. */
static void
write_key(ShownWriter *shown_writer, const Shown *shown)
{
	JsonbValue key = {.type = jbvString};

	key.val.string.val = (char *) shown->current.key;
	key.val.string.len = shown->current.key_length;
	jsonb_write(&shown_writer->writer, &key);
}

CDP_FUNCTION(cdp_traits_get);

/* Return what a key shows as jsonb: the operator ->. */
Datum
cdp_traits_get(PG_FUNCTION_ARGS)
{
	Shown shown = {.view = traits_open(PG_GETARG_TRAITS_PP(0))};
	text *key = PG_GETARG_TEXT_PP(1);
	JsonbValue value;
	Jsonb *composed;

	if (!look_up(&shown, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)))
		PG_RETURN_NULL();
	composed = composed_jsonb(&shown);
	if (composed != NULL)
		PG_RETURN_JSONB_P(composed);
	value = traits_value_jsonb(&shown.current.value);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(&value));
}

CDP_FUNCTION(cdp_traits_get_text);

/* Return what a key shows as text: the operator ->>. */
Datum
cdp_traits_get_text(PG_FUNCTION_ARGS)
{
	Shown shown = {.view = traits_open(PG_GETARG_TRAITS_PP(0))};
	text *key = PG_GETARG_TEXT_PP(1);

	if (!look_up(&shown, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(shown_text(&shown));
}

CDP_FUNCTION(cdp_traits_to_jsonb);

/* Make a plain object of what the keys show. */
Datum
cdp_traits_to_jsonb(PG_FUNCTION_ARGS)
{
	Shown shown = {.view = traits_open(PG_GETARG_TRAITS_PP(0))};
	ShownWriter object;

	begin_writing(&object);
	/* keys are in jsonb's order */
	for (; shown.first < shown.view.count; shown.first = shown.end)
		if (look_at_cells(&shown))
			write_key(&object, &shown);
	for (shown.first = 0; shown.first < shown.view.count; shown.first = shown.end)
	{
		CHECK_FOR_INTERRUPTS();
		if (look_at_cells(&shown))
			write_shown(&object, &shown);
	}
	PG_RETURN_JSONB_P(end_writing(&object, true));
}

/* ---- containment ---- */

CDP_FUNCTION(cdp_traits_exists);

/* Return whether a key has a value: the operator ?. */
Datum
cdp_traits_exists(PG_FUNCTION_ARGS)
{
	Shown shown = {.view = traits_open(PG_GETARG_TRAITS_PP(0))};
	text *key = PG_GETARG_TEXT_PP(1);

	PG_RETURN_BOOL(look_up(&shown, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)));
}

/* Count the keys of an array that have a value, and those that are asked for. */
static int
count_keys(FunctionCallInfo fcinfo, int *asked)
{
	Shown shown = {.view = traits_open(PG_GETARG_TRAITS_PP(0))};
	Datum *keys;
	bool *nulls;
	int count;
	int present = 0;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &keys, &nulls,
					  &count);
	*asked = 0;
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			continue;
		(*asked)++;
		present += look_up(&shown, VARDATA(keys[i]), VARSIZE(keys[i]) - VARHDRSZ);
	}
	return present;
}

CDP_FUNCTION(cdp_traits_exists_any);

/* Return whether any of the keys has a value: the operator ?|. */
Datum
cdp_traits_exists_any(PG_FUNCTION_ARGS)
{
	int asked;

	PG_RETURN_BOOL(count_keys(fcinfo, &asked) > 0);
}

CDP_FUNCTION(cdp_traits_exists_all);

/* Return whether all of the keys have a value: the operator ?&. */
Datum
cdp_traits_exists_all(PG_FUNCTION_ARGS)
{
	int asked;

	PG_RETURN_BOOL(count_keys(fcinfo, &asked) == asked);
}

CDP_FUNCTION(cdp_is_full);

/* Return whether a limit of traits is reached. */
Datum
cdp_is_full(PG_FUNCTION_ARGS)
{
	CdpkTraitsView view = traits_open(PG_GETARG_TRAITS_PP(0));
	CdpkTraitsExtent extent = cdpk_traits_extent(&view);

	PG_RETURN_BOOL(cdpk_traits_full(&extent));
}

CDP_FUNCTION(cdp_traits_contains);

/*
 * Return whether the plain traits contain a jsonb: the operator @>.
 * Only the keys that are asked for are brought into the form of jsonb.
 */
Datum
cdp_traits_contains(PG_FUNCTION_ARGS)
{
	Shown shown = {.view = traits_open(PG_GETARG_TRAITS_PP(0))};
	Jsonb *contained = PG_GETARG_JSONB_P(1);
	ShownWriter object;
	JsonbValue key;
	JsonbValue value;
	JsonbWalk walk;
	Jsonb *part;

	if (!JB_ROOT_IS_OBJECT(contained))
		PG_RETURN_BOOL(false);
	walk = jsonb_walk(&contained->root);
	while (jsonb_walk_member(&walk, &key, &value))
		if (!look_up(&shown, key.val.string.val, key.val.string.len))
			PG_RETURN_BOOL(false);
	begin_writing(&object);
	walk = jsonb_walk(&contained->root);
	while (jsonb_walk_member(&walk, &key, &value))
		jsonb_write(&object.writer, &key);
	walk = jsonb_walk(&contained->root);
	while (jsonb_walk_member(&walk, &key, &value))
		if (look_up(&shown, key.val.string.val, key.val.string.len))
			write_shown(&object, &shown);
	part = end_writing(&object, true);
	PG_RETURN_DATUM(
		DirectFunctionCall2(jsonb_contains, JsonbPGetDatum(part), JsonbPGetDatum(contained)));
}
