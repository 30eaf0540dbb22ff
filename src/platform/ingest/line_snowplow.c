/*
 * line_snowplow.c
 *		Events as the trackers of Snowplow send them, as calls.
 *
 * Values are copied as they are written; what is not named here is in the event alone, which the call holds whole.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/json.h"

#include "core/text/utf8.h"
#include "platform/ingest/line_snowplow.h"

/* Where a parameter of the protocol goes. */
typedef struct Place
{
	const char *parameter;
	const char *key;
	bool is_number; /* a text of a number becomes a number */
} Place;

static const Place call_places[] = {{"eid", "messageId"}, {"uid", "userId"}, {"stm", "sentAt"}};

static const Place context_places[] = {{"ip", "ip"},
									   {"ua", "userAgent"},
									   {"lang", "locale"},
									   {"tz", "timezone"},
									   {"sid", "sessionId"}};

static const Place page_places[] = {{"url", "url"}, {"refr", "referrer"}, {"page", "title"}};

static const Place view_places[] = {
	{"page", "name"}, {"url", "url"}, {"refr", "referrer"}, {"page", "title"}};

static const Place struct_places[] = {{"se_ca", "category"},
									  {"se_ac", "action"},
									  {"se_la", "label"},
									  {"se_pr", "property"},
									  {"se_va", "value", true}};

static const Place ping_places[] = {{"pp_mix", "x_min", true},
									{"pp_max", "x_max", true},
									{"pp_miy", "y_min", true},
									{"pp_may", "y_max", true},
									{"url", "url"},
									{"page", "title"}};

static const Place transaction_places[] = {
	{"tr_id", "order_id"},  {"tr_af", "affiliation"},    {"tr_tt", "total", true},
	{"tr_tx", "tax", true}, {"tr_sh", "shipping", true}, {"tr_ci", "city"},
	{"tr_st", "state"},     {"tr_co", "country"},        {"tr_cu", "currency"}};

static const Place item_places[] = {{"ti_id", "order_id"},    {"ti_sk", "sku"},
									{"ti_nm", "name"},        {"ti_ca", "category"},
									{"ti_pr", "price", true}, {"ti_qu", "quantity", true},
									{"ti_cu", "currency"}};

/* The events that are no page view and no self-describing event. */
static const struct
{
	const char *kind;
	const char *name; /* of the event; NULL: its action */
	const Place *places;
	int count;
} kinds[] = {{"se", NULL, struct_places, lengthof(struct_places)},
			 {"pp", "page_ping", ping_places, lengthof(ping_places)},
			 {"tr", "transaction", transaction_places, lengthof(transaction_places)},
			 {"ti", "transaction_item", item_places, lengthof(item_places)}};

/* What is found in the contexts of an event. */
typedef struct Contexts
{
	CdpkSpan list; /* the array of them; empty: there is none */
	LineMember client_id;
	bool has_client_id;
	StringInfoData ids; /* members of "identifiers" */
} Contexts;

/* ---------------------------------------------------------------- members */

/* Read the members of an object at once, since many are looked for. */
static LineMembers
read_members(const LineMember *object)
{
	LineMembers members = {NULL, 0, 0};
	CdpkJson json = cdpk_json(object->value.text, object->value.length);
	LineMember member;

	cdpk_json_next(&json);
	while (line_next_member(&json, &member))
		line_append(&members, &member);
	return members;
}

/* Give the member of a name, the last if there are several; false if there is none, or it is null. */
static bool
find(const LineMembers *members, const char *key, LineMember *found)
{
	for (int i = members->count - 1; i >= 0; i--)
		if (line_is_key(members->members[i].key, key))
		{
			*found = members->members[i];
			return found->token != CDPK_JSON_NULL;
		}
	return false;
}

/* ---------------------------------------------------------------- text */

/* Begin a member of an object in the making, which has an opening bracket at least. */
static void
put_key(StringInfo text, const char *key)
{
	if (text->len > 0 && text->data[text->len - 1] != '{')
		appendStringInfoChar(text, ',');
	appendStringInfo(text, "\"%s\":", key);
}

static void
put_value(StringInfo text, const char *key, CdpkSpan value)
{
	put_key(text, key);
	appendBinaryStringInfo(text, value.text, value.length);
}

/* Write a string that has no escapes yet. */
static void
put_text(StringInfo text, const char *key, CdpkSpan value)
{
	put_key(text, key);
	escape_json(text, pnstrdup(value.text, value.length));
}

/* Return the number that a string holds, or the value as it is written. */
static CdpkSpan
number_of(const LineMember *member)
{
	CdpkSpan text;
	CdpkJson json;

	if (member->token != CDPK_JSON_STRING)
		return member->value;
	text = line_text(member);
	json = cdpk_json(text.text, text.length);
	return cdpk_json_next(&json) == CDPK_JSON_NUMBER && cdpk_json_next(&json) == CDPK_JSON_END
			   ? text
			   : member->value;
}

/* Write those of these members that are there. */
static void
put_places(StringInfo text, const LineMembers *event, const Place *places, int count)
{
	LineMember member;

	for (int i = 0; i < count; i++)
		if (find(event, places[i].parameter, &member))
			put_value(text, places[i].key, places[i].is_number ? number_of(&member) : member.value);
}

/* ---------------------------------------------------------------- documents in parameters */

/* Return the value of a digit of base64, in both alphabets; -1: it is none. */
static int
base64_digit(char byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return byte - 'A';
	if (byte >= 'a' && byte <= 'z')
		return byte - 'a' + 26;
	if (cdpk_is_ascii_digit(byte))
		return byte - '0' + 52;
	if (byte == '+' || byte == '-')
		return 62;
	return byte == '/' || byte == '_' ? 63 : -1;
}

/* Decode base64 with or without its padding; false: it is none. */
static bool
decode_base64(CdpkSpan text, CdpkSpan *decoded)
{
	char *result;
	uint32 bits = 0;
	size_t written = 0;

	while (text.length > 0 && text.text[text.length - 1] == '=')
		text.length--;
	if (text.length % 4 == 1)
		return false;
	result = palloc(text.length + 1);
	for (size_t i = 0; i < text.length; i++)
	{
		int digit = base64_digit(text.text[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32) digit;
		if (i % 4 != 0)
			result[written++] = (char) (bits >> (6 - 2 * (i % 4)));
	}
	decoded->text = result;
	decoded->length = written;
	return true;
}

/* Read the self-describing object in a parameter, in base64 or as it is; false: the event has none that can be read. */
static bool
read_document(const LineMembers *event, const char *encoded, const char *plain,
			  LineMember *document)
{
	LineMember member;
	CdpkSpan text;
	const char *problem;
	size_t position;

	if (find(event, encoded, &member) && member.token == CDPK_JSON_STRING)
	{
		if (!decode_base64(ingest_trim(line_text(&member)), &text))
			return false;
	}
	else if (find(event, plain, &member) && member.token == CDPK_JSON_STRING)
		text = line_text(&member);
	else
		return false;
	text = ingest_trim(text);
	if (text.length == 0 || text.text[0] != '{' ||
		cdpk_json_check(text.text, text.length, &problem, &position) != CDPK_OK)
		return false;
	memset(document, 0, sizeof(*document));
	document->value = text;
	document->token = CDPK_JSON_OBJECT;
	return true;
}

/* Give the schema and the data of a self-describing object; false: it has not both. */
static bool
read_parts(const LineMember *object, CdpkSpan *schema, LineMember *data)
{
	LineMember member;

	if (!line_find_key(object, "schema", &member) || member.token != CDPK_JSON_STRING ||
		!line_find_key(object, "data", data))
		return false;
	*schema = line_text(&member);
	return true;
}

/* Give the name in iglu:vendor/name/format/version, or the whole text. */
static CdpkSpan
schema_name(CdpkSpan schema)
{
	const char *end = schema.text + schema.length;
	const char *start = memchr(schema.text, '/', schema.length);
	const char *stop = start != NULL ? memchr(start + 1, '/', (size_t) (end - start - 1)) : NULL;
	CdpkSpan name = schema;

	if (stop != NULL && stop > start + 1)
	{
		name.text = start + 1;
		name.length = stop - start - 1;
	}
	return name;
}

static bool
is_name(CdpkSpan schema, const char *name)
{
	CdpkSpan found = schema_name(schema);

	return found.length == strlen(name) && memcmp(found.text, name, found.length) == 0;
}

/* ---------------------------------------------------------------- contexts */

/* Note the identifiers in one context: that of a session of an app, and that of a phone. */
static void
note_context(Contexts *contexts, CdpkSpan schema, const LineMember *data)
{
	static const Place ids[] = {
		{"appleIdfa", "idfa"}, {"appleIdfv", "idfv"}, {"androidIdfa", "gaid"}};

	if (data->token != CDPK_JSON_OBJECT)
		return;
	if (is_name(schema, "client_session"))
		contexts->has_client_id = line_find_key(data, "userId", &contexts->client_id) &&
								  contexts->client_id.token != CDPK_JSON_NULL;
	else if (is_name(schema, "mobile_context"))
	{
		LineMembers members = read_members(data);

		put_places(&contexts->ids, &members, ids, lengthof(ids));
	}
}

/* Read the contexts of an event, if it has any. */
static void
read_contexts(const LineMembers *event, Contexts *contexts)
{
	LineMember document;
	LineMember list;
	LineMember data;
	CdpkSpan schema;
	CdpkJson json;
	LineMember element = {.token = CDPK_JSON_OBJECT};

	memset(contexts, 0, sizeof(*contexts));
	initStringInfo(&contexts->ids);
	if (!read_document(event, "cx", "co", &document) || !line_find_key(&document, "data", &list) ||
		list.token != CDPK_JSON_ARRAY)
		return;
	contexts->list = list.value;
	json = cdpk_json(list.value.text, list.value.length);
	cdpk_json_next(&json);
	for (;;)
	{
		CdpkJsonToken token = cdpk_json_value(&json, &element.value);

		CHECK_FOR_INTERRUPTS();
		if (token == CDPK_JSON_INVALID)
			return; /* the end */
		if (token == CDPK_JSON_OBJECT && read_parts(&element, &schema, &data))
			note_context(contexts, schema, &data);
	}
}

/* ---------------------------------------------------------------- calls */

/* Write type, name and properties of a self-describing event. */
static bool
put_described(StringInfo call, const LineMembers *event, CdpkSpan *schema, Refusal *refusal)
{
	LineMember document;
	LineMember inner;
	LineMember data;

	if (!read_document(event, "ue_px", "ue_pr", &document) ||
		!line_find_key(&document, "data", &inner) || inner.token != CDPK_JSON_OBJECT ||
		!read_parts(&inner, schema, &data))
		return ingest_refuse(refusal, "invalid_field",
							 "ue_px, ue_pr: not a self-describing event in JSON");
	if (is_name(*schema, "screen_view") && data.token == CDPK_JSON_OBJECT)
		appendStringInfoString(call, "\"type\":\"screen\"");
	else
	{
		appendStringInfoString(call, "\"type\":\"track\"");
		put_text(call, "event", schema_name(*schema));
	}
	if (data.token == CDPK_JSON_OBJECT)
		put_value(call, "properties", data.value);
	else
	{
		put_key(call, "properties");
		appendStringInfoString(call, "{");
		put_value(call, "value", data.value);
		appendStringInfoChar(call, '}');
	}
	return true;
}

/* Write type, name and properties of an event of another kind; one that is not known has its kind as its type. */
static void
put_kind(StringInfo call, const LineMembers *event, const LineMember *kind)
{
	CdpkSpan name = kind->token == CDPK_JSON_STRING ? line_text(kind) : kind->value;
	LineMember action;
	int length;

	if (line_is_key(name, "pv"))
	{
		appendStringInfoString(call, "\"type\":\"page\",\"properties\":{");
		put_places(call, event, view_places, lengthof(view_places));
		appendStringInfoChar(call, '}');
		return;
	}
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (!line_is_key(name, kinds[i].kind))
			continue;
		appendStringInfoString(call, "\"type\":\"track\"");
		if (kinds[i].name != NULL)
			put_text(call, "event", ingest_span(kinds[i].name));
		else if (find(event, "se_ac", &action))
			put_value(call, "event", action.value);
		put_key(call, "properties");
		appendStringInfoChar(call, '{');
		put_places(call, event, kinds[i].places, kinds[i].count);
		appendStringInfoChar(call, '}');
		return;
	}
	appendStringInfo(call, "\"type\":");
	/* cut between characters */
	length = pg_encoding_mbcliplen(PG_UTF8, name.text, (int) Min(name.length, PG_INT32_MAX), 100);
	escape_json(call, psprintf("snowplow %.*s", length, name.text));
}

/* Write who is meant. */
static void
put_ids(StringInfo call, const LineMembers *event, Contexts *contexts)
{
	static const Place network[] = {{"tnuid", "network_userid"}};
	static const Place collector[] = {{"nuid", "network_userid"}};
	LineMember member;

	if (find(event, "duid", &member))
		put_value(call, "anonymousId", member.value);
	else if (contexts->has_client_id)
		put_value(call, "anonymousId", contexts->client_id.value);
	put_places(&contexts->ids, event, find(event, "tnuid", &member) ? network : collector, 1);
	if (contexts->ids.len > 0)
	{
		put_key(call, "identifiers");
		appendStringInfo(call, "{%s}", contexts->ids.data);
	}
}

/* Write the times: that of a clock that is known to be right, or the device's, which is corrected later. */
static void
put_times(StringInfo call, const LineMembers *event)
{
	static const Place exact[] = {{"ttm", "timestamp"}, {"dtm", "originalTimestamp"}};
	static const Place usual[] = {{"dtm", "timestamp"}};
	LineMember member;

	if (find(event, "ttm", &member))
		put_places(call, event, exact, lengthof(exact));
	else
		put_places(call, event, usual, lengthof(usual));
}

/* Write an object in the context, if the event has anything for it. */
static void
put_group(StringInfo call, const LineMembers *event, const char *key, const Place *places,
		  int count)
{
	StringInfoData group;

	initStringInfo(&group);
	put_places(&group, event, places, count);
	if (group.len > 0)
	{
		put_key(call, key);
		appendStringInfo(call, "{%s}", group.data);
	}
}

static void
put_context(StringInfo call, const LineMembers *event, const Contexts *contexts, CdpkSpan schema)
{
	static const Place app[] = {{"aid", "namespace"}};
	static const Place library[] = {{"tv", "version"}, {"tna", "name"}};

	put_key(call, "context");
	appendStringInfoChar(call, '{');
	put_places(call, event, context_places, lengthof(context_places));
	put_group(call, event, "page", page_places, lengthof(page_places));
	put_group(call, event, "app", app, lengthof(app));
	put_group(call, event, "library", library, lengthof(library));
	if (schema.length > 0)
		put_text(call, "schema", schema);
	if (contexts->list.length > 0)
		put_value(call, "contexts", contexts->list);
	appendStringInfoChar(call, '}');
}

bool
line_snowplow(CdpkSpan event, CdpkSpan *call, Refusal *refusal)
{
	LineMember object = {.value = event, .token = CDPK_JSON_OBJECT};
	LineMembers given = read_members(&object);
	LineMember kind;
	CdpkSpan schema = {"", 0};
	Contexts contexts;
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	if (find(&given, "e", &kind))
	{
		if (kind.token == CDPK_JSON_STRING && line_is_key(line_text(&kind), "ue"))
		{
			if (!put_described(&text, &given, &schema, refusal))
				return false;
		}
		else
			put_kind(&text, &given, &kind);
	}
	read_contexts(&given, &contexts);
	put_places(&text, &given, call_places, lengthof(call_places));
	put_ids(&text, &given, &contexts);
	put_times(&text, &given);
	put_context(&text, &given, &contexts, schema);
	put_value(&text, SNOWPLOW_EVENT, event);
	appendStringInfoChar(&text, '}');
	call->text = text.data;
	call->length = text.len;
	return true;
}
