/*
 * traits_object.c
 *		What a key with the rule "merge" shows: an object, made of what was said of its parts.
 *
 * Of two cells, the path of one of which leads on from the other's, the later counts, and the shorter one if they are of
 * one time; a longer one that is later makes an object of what stood there.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "core/text/json.h"
#include "toolkit/bridge/status.h"
#include "toolkit/traits/traits.h"

/* Read a cell. */
static CdpkTrait
read_cell(const CdpkTraitsView *view, uint32 index)
{
	CdpkTrait trait;

	if (!cdpk_traits_get(view, index, &trait))
		cdp_report_bytes(CDPK_CORRUPT, "cdp.traits");
	return trait;
}

/* Cells stand in the order of their paths: those that lead on from one follow it. */
bool *
traits_object_shows(const CdpkTraitsView *view, uint32 first, uint32 end)
{
	bool *shows = palloc(sizeof(bool) * (end - first));
	CdpkTrait *open = palloc(sizeof(CdpkTrait) * (end - first)); /* whose paths lead to the cell */
	uint32 *places = palloc(sizeof(uint32) * (end - first));
	uint32 depth = 0;

	for (uint32 i = 0; i < end - first; i++)
	{
		CdpkTrait trait = read_cell(view, first + i);

		CHECK_FOR_INTERRUPTS();
		while (depth > 0 && !cdpk_path_leads_on(&open[depth - 1].value, &trait.value))
			depth--;
		shows[i] = true;
		for (uint32 k = 0; k < depth; k++)
			shows[open[k].at >= trait.at ? i : places[k]] = false;
		open[depth] = trait;
		places[depth++] = i;
	}
	pfree(open);
	pfree(places);
	return shows;
}

/* A key of a path: how it is written, in the cell, and how it is read. */
typedef struct PathKey
{
	CdpkSpan written;
	JsonbValue read;
} PathKey;

/* Read the keys of a path, and the leaf as a text. */
static int
read_path(const CdpkValue *value, PathKey *keys, CdpkSpan *leaf)
{
	CdpkJson json = cdpk_json((const char *) value->bytes, value->length);
	size_t path = cdpk_path_length(value);
	int count = 0;

	while ((size_t) (json.at - json.start) < path && cdpk_json_next(&json) == CDPK_JSON_OBJECT &&
		   cdpk_json_next(&json) == CDPK_JSON_KEY)
	{
		PathKey *key = &keys[count++];

		key->written = json.string;
		key->read.type = jbvString;
		key->read.val.string.val = palloc(json.string.length + 1);
		key->read.val.string.len = (int) cdpk_json_unescape(json.string, key->read.val.string.val);
	}
	leaf->text = (const char *) value->bytes + path;
	leaf->length = value->length - path - (size_t) count;
	return count;
}

/* Push the value of a leaf. */
static void
push_leaf(JsonbParseState **state, CdpkSpan leaf)
{
	Jsonb *parsed = DatumGetJsonbP(
		DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(leaf.text, leaf.length))));
	JsonbValue value;

	if (!JB_ROOT_IS_SCALAR(parsed) || !JsonbExtractScalar(&parsed->root, &value))
	{
		value.type = jbvBinary;
		value.val.binary.data = &parsed->root;
		value.val.binary.len = (int) VARSIZE_ANY_EXHDR(parsed);
	}
	pushJsonbValue(state, WJB_VALUE, &value);
}

Jsonb *
traits_object(const CdpkTraitsView *view, uint32 first, uint32 end)
{
	PathKey *open = palloc(sizeof(PathKey) * CDPK_VALUE_DEPTH_MAX);
	PathKey *keys = palloc(sizeof(PathKey) * CDPK_VALUE_DEPTH_MAX);
	bool *shows = traits_object_shows(view, first, end);
	JsonbParseState *state = NULL;
	int depth = 0; /* objects that are open, but for the outermost */

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (uint32 i = first; i < end; i++)
	{
		CdpkTrait trait = read_cell(view, i);
		CdpkSpan leaf;
		int count;
		int common = 0;

		if (cdpk_trait_whole(&trait) || !shows[i - first])
			continue;
		count = read_path(&trait.value, keys, &leaf);
		if (leaf.length == strlen("null") && memcmp(leaf.text, "null", leaf.length) == 0)
			continue;
		while (common < depth && common < count - 1 &&
			   open[common].written.length == keys[common].written.length &&
			   memcmp(open[common].written.text, keys[common].written.text,
					  keys[common].written.length) == 0)
			common++;
		for (; depth > common; depth--)
			pushJsonbValue(&state, WJB_END_OBJECT, NULL);
		for (; depth < count - 1; depth++)
		{
			open[depth] = keys[depth];
			pushJsonbValue(&state, WJB_KEY, &keys[depth].read);
			pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		}
		pushJsonbValue(&state, WJB_KEY, &keys[count - 1].read);
		push_leaf(&state, leaf);
	}
	for (; depth > 0; depth--)
		pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
