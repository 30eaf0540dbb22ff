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
static inline bool
is_key(const JsonbValue *key, const char *name)
{
	return key->val.string.len == strlen(name) &&
		   memcmp(key->val.string.val, name, key->val.string.len) == 0;
}

/* Return the query of the address of a page, if a member is one; otherwise none. */
static CdpkQuery
address_query(const JsonbValue *key, const JsonbValue *value)
{
	CdpkQuery none = {NULL, NULL};

	if (value->type != jbvString)
		return none;
	if (is_key(key, "url"))
		return cdpk_query_of_url(value->val.string.val, (size_t) value->val.string.len);
	return cdpk_query_of_search(value->val.string.val, (size_t) value->val.string.len);
}

/* Add what a member of an object is. */
static bool
add_member(const IdentifierSink *sink, const JsonbValue *key, const JsonbValue *value,
		   Refusal *refusal)
{
	const CdpkClickName *name = cdpk_click_find(key->val.string.val, key->val.string.len);
	CdpkSpan text;

	if (name == NULL || value->type != jbvString)
		return true;
	text.text = value->val.string.val;
	text.length = value->val.string.len;
	return add_click(sink, name, text, refusal);
}

/* Add those among the members of an object, which can have the address of a page. */
static bool
add_members(const IdentifierSink *sink, JsonbContainer *object, bool has_address, Refusal *refusal)
{
	JsonbWalk walk = jsonb_walk_keys(object);
	JsonbValue key;
	JsonbValue value;

	while (jsonb_walk_key(&walk, &key))
	{
		bool is_address = has_address && (is_key(&key, "url") || is_key(&key, "search"));

		if (!is_address && !cdpk_click_may_be(key.val.string.val, key.val.string.len))
			continue;
		jsonb_walk_value_of_key(&walk, &value);
		if (is_address ? !add_query(sink, address_query(&key, &value), refusal)
					   : !add_member(sink, &key, &value, refusal))
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
	JsonbWalk walk = jsonb_walk_keys(context);
	JsonbValue key;
	JsonbValue value;
	bool added = add_members(sink, context, false, refusal);

	while (added && jsonb_walk_key(&walk, &key))
	{
		bool is_page = is_key(&key, "page");
		bool is_campaign = is_key(&key, "campaign");

		if (!is_page && !is_campaign && !is_key(&key, "integrations"))
			continue;
		jsonb_walk_value_of_key(&walk, &value);
		if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
			continue;
		added = is_page || is_campaign ? add_members(sink, value.val.binary.data, is_page, refusal)
									   : add_integrations(sink, value.val.binary.data, refusal);
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
