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

/* Add those among the parameters of a query. */
static bool
add_query(const IdentifierSink *sink, CdpkQuery query, Refusal *refusal)
{
	CdpkParameter parameter;

	while (cdpk_query_next(&query, &parameter))
	{
		const CdpkClickName *name = cdpk_click_find(parameter.name, parameter.name_length);
		CdpkSpan encoded = {parameter.value, parameter.value_length};
		CdpkSpan value;
		char *decoded;
		bool ascii;

		if (name == NULL)
			continue;
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

/* Add those among the members of an object. */
static bool
add_members(const IdentifierSink *sink, JsonbContainer *object, Refusal *refusal)
{
	JsonbWalk walk = jsonb_walk(object);
	JsonbValue key;
	JsonbValue value;

	while (jsonb_walk_member(&walk, &key, &value))
	{
		const CdpkClickName *name = value.type == jbvString
										? cdpk_click_find(key.val.string.val, key.val.string.len)
										: NULL;
		CdpkSpan text = {value.val.string.val, value.type == jbvString ? value.val.string.len : 0};

		if (name != NULL && !add_click(sink, name, text, refusal))
			return false;
	}
	return true;
}

/* Give the text of a member; false if it has none. */
static bool
find_text(JsonbContainer *object, const char *key, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(object, key, strlen(key), value) != NULL &&
		   value->type == jbvString;
}

/* Add those in the address of the page that an object describes. */
static bool
add_page(const IdentifierSink *sink, JsonbContainer *page, Refusal *refusal)
{
	JsonbValue text;

	if (find_text(page, "url", &text) &&
		!add_query(sink, cdpk_query_of_url(text.val.string.val, text.val.string.len), refusal))
		return false;
	return !find_text(page, "search", &text) ||
		   add_query(sink, cdpk_query_of_search(text.val.string.val, text.val.string.len), refusal);
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
			!add_members(sink, value.val.binary.data, refusal))
			return false;
	return true;
}

static bool
add_context(const IdentifierSink *sink, JsonbContainer *context, Refusal *refusal)
{
	JsonbValue part;

	if (!add_members(sink, context, refusal))
		return false;
	if (onboard_find_object(context, "campaign", &part) &&
		!add_members(sink, part.val.binary.data, refusal))
		return false;
	if (onboard_find_object(context, "integrations", &part) &&
		!add_integrations(sink, part.val.binary.data, refusal))
		return false;
	return !onboard_find_object(context, "page", &part) ||
		   add_page(sink, part.val.binary.data, refusal);
}

/* One click's id often stands in several places of a row: these repetitions say nothing. */
bool
identifiers_add_clicks(const IdentifierSink *sink, JsonbContainer *context,
					   JsonbContainer *properties, Refusal *refusal)
{
	int repeats = sink->set->repeats;
	bool added = (context == NULL || add_context(sink, context, refusal)) &&
				 (properties == NULL ||
				  (add_members(sink, properties, refusal) && add_page(sink, properties, refusal)));

	sink->set->repeats = repeats;
	return added;
}
