/*
 * onboard_click.c
 *		The click ids of one row of the inbox, and the cookies that platforms of ads set.
 */
#include "postgres.h"

#include "core/identifier/click.h"
#include "core/text/utf8.h"
#include "platform/ingest/onboard.h"
#include "toolkit/bridge/jsonb_walk.h"

/* Add the identifier that a parameter or member of this name has as its value. */
static bool
add_click(const IdentifierSink *sink, const CdpkClickName *name, CdpkSpan value, Refusal *refusal)
{
	CdpkSpan id = value;

	if (ingest_trim(value).length == 0)
		return true;
	if (!cdpk_click_value(name, &id.text, &id.length))
	{
		reject_value(sink->rejections, ingest_span(name->name_space),
					 identifier_reason(CDPK_INVALID), value);
		return true;
	}
	return identifiers_add_column(sink, name->name_space, id, refusal);
}

/*
 * Add those among the parameters of a query: the first of each name, as trackers read them, so
 * that no link fills a row.
 */
static bool
add_query(const IdentifierSink *sink, CdpkQuery query, Refusal *refusal)
{
	CdpkParameter parameter;
	uint64 seen = 0; /* names, by their place */

	while (cdpk_query_next(&query, &parameter))
	{
		const CdpkClickName *name = cdpk_click_find(parameter.name, parameter.name_length);
		CdpkSpan encoded = {parameter.value, parameter.value_length};
		uint64 place;
		CdpkSpan value;
		char *decoded;
		bool ascii;

		if (name == NULL)
			continue;
		place = UINT64CONST(1) << (name - cdpk_click_at(0));
		if (seen & place)
			continue;
		seen |= place;
		decoded = palloc(encoded.length + 1);
		value.text = decoded;
		value.length = cdpk_query_decode(encoded.text, encoded.length, decoded);
		if (memchr(decoded, '\0', value.length) != NULL ||
			cdpk_utf8_check(value.text, value.length, &ascii) != CDPK_OK)
			reject_value(sink->rejections, ingest_span(name->name_space),
						 identifier_reason(CDPK_BAD_ENCODING), encoded);
		else if (!add_click(sink, name, value, refusal))
			return false;
	}
	return true;
}

/* Tell whether a key is this one. */
static bool
is_key(const JsonbValue *key, const char *name)
{
	return key->val.string.len == strlen(name) &&
		   memcmp(key->val.string.val, name, key->val.string.len) == 0;
}

/* Add those in the address of a page, where a member is one. */
static bool
add_address(const IdentifierSink *sink, const JsonbValue *key, CdpkSpan text, Refusal *refusal)
{
	if (is_key(key, "url"))
		return add_query(sink, cdpk_query_of_url(text.text, text.length), refusal);
	return !is_key(key, "search") ||
		   add_query(sink, cdpk_query_of_search(text.text, text.length), refusal);
}

/* Add those among the members of an object, which can have the address of a page. */
static bool
add_members(const IdentifierSink *sink, JsonbContainer *object, bool has_address, Refusal *refusal)
{
	JsonbWalk walk = jsonb_walk(object);
	JsonbValue key;
	JsonbValue value;

	while (jsonb_walk_member(&walk, &key, &value))
	{
		const CdpkClickName *name;
		CdpkSpan text;

		if (value.type != jbvString)
			continue;
		text.text = value.val.string.val;
		text.length = value.val.string.len;
		if (has_address && !add_address(sink, &key, text, refusal))
			return false;
		name = cdpk_click_find(key.val.string.val, key.val.string.len);
		if (name != NULL && !add_click(sink, name, text, refusal))
			return false;
	}
	return true;
}

/* Add those among the settings of integrations. */
static bool
add_integrations(const IdentifierSink *sink, JsonbContainer *integrations, Refusal *refusal)
{
	JsonbWalk walk = jsonb_walk(integrations);
	JsonbValue key;
	JsonbValue value;

	while (jsonb_walk_member(&walk, &key, &value))
		if (value.type == jbvBinary && JsonContainerIsObject(value.val.binary.data) &&
			!add_members(sink, value.val.binary.data, false, refusal))
			return false;
	return true;
}

/* Add those in the context: among its members, and in three objects in it. */
static bool
add_context(const IdentifierSink *sink, JsonbContainer *context, Refusal *refusal)
{
	JsonbWalk walk = jsonb_walk(context);
	JsonbValue key;
	JsonbValue value;
	bool added = add_members(sink, context, false, refusal);

	while (added && jsonb_walk_member(&walk, &key, &value))
	{
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			continue;
		if (is_key(&key, "page") || is_key(&key, "campaign"))
			added = add_members(sink, value.val.binary.data, is_key(&key, "page"), refusal);
		else if (is_key(&key, "integrations"))
			added = add_integrations(sink, value.val.binary.data, refusal);
	}
	return added;
}

/* One click's id often stands in several places of a row: these repetitions say nothing. */
bool
identifiers_add_clicks(const IdentifierSink *sink, JsonbContainer *context,
					   JsonbContainer *properties, Refusal *refusal)
{
	int repeats = sink->set->repeats;
	bool added = (context == NULL || add_context(sink, context, refusal)) &&
				 (properties == NULL || add_members(sink, properties, true, refusal));

	sink->set->repeats = repeats;
	return added;
}
