/*
 * onboard_identifiers.c
 *		The identifiers of one row of the inbox.
 *
 * jsonb is read through the server's functions, which raise no error for a valid jsonb.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "compat.h"
#include "core/identifier/meaningless.h"
#include "platform/ingest/onboard.h"
#include "toolkit/bridge/jsonb_walk.h"

/* jsonb_span returns the span of a string. */
static CdpkSpan
jsonb_span(const JsonbValue *value)
{
	CdpkSpan span = {value->val.string.val, value->val.string.len};

	return span;
}

/* equals_word compares a string of a jsonb with a lower-case word, ignoring case. */
static bool
equals_word(const JsonbValue *value, const char *word)
{
	CdpkSpan text;

	if (value->type != jbvString)
		return false;
	text = ingest_trim(jsonb_span(value));
	return text.length == strlen(word) && pg_strncasecmp(text.text, word, text.length) == 0;
}

/* insert adds an identifier to the set, unless the set has it; false if the set is full. */
static bool
insert(IdentifierSet *set, Identifier *identifier)
{
	int place = set->count;

	while (place > 0)
	{
		Identifier *before = set->members[place - 1];
		int order =
			cdpk_identifier_compare(IdentifierPayload(before), IdentifierLength(before),
									IdentifierPayload(identifier), IdentifierLength(identifier));

		if (order == 0)
		{
			pfree(identifier);
			set->repeats++;
			return true;
		}
		if (order < 0)
			break;
		place--;
	}
	if (set->count == set->max)
		return false;
	memmove(&set->members[place + 1], &set->members[place],
			(set->count - place) * sizeof(Identifier *));
	set->members[place] = identifier;
	set->count++;
	return true;
}

/* reject_text notes a text that is no identifier, unless it counts as not given. */
static void
reject_text(Rejections *rejections, CdpkSpan name_space, CdpkSpan value, CdpkStatus status)
{
	char *folded = palloc(CDPK_NAMESPACE_MAX);
	CdpkSpan shown = {folded, name_space.length};

	if (status == CDPK_OUT_OF_MEMORY)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (ingest_trim(value).length == 0)
		return;
	/* what is in the place of a namespace may be a value */
	if (cdpk_namespace_fold(name_space.text, name_space.length, folded) != CDPK_OK)
		reject_value(rejections, ingest_span(""), "not a namespace",
					 name_space.length > 0 ? name_space : value);
	else if (!cdpk_value_meaningless(value.text, value.length))
		reject_value(rejections, shown, identifier_reason(status), value);
}

/* add_text adds the identifier in a text. */
static bool
add_text(const IdentifierSink *sink, CdpkSpan name_space, CdpkSpan value, Refusal *refusal)
{
	CdpkStatus status;
	Identifier *identifier = identifier_make_in_region(
		name_space.text, name_space.length, value.text, value.length, sink->phone_region, &status);

	if (identifier == NULL)
	{
		reject_text(sink->rejections, name_space, value, status);
		return true;
	}
	return insert(sink->set, identifier_mailbox(identifier, sink->mailbox)) ||
		   ingest_refuse(refusal, "too_many_identifiers", "more than %d identifiers",
						 sink->set->max);
}

/* reject_container notes a value that is no scalar. */
static void
reject_container(Rejections *rejections, CdpkSpan name_space, const JsonbValue *value)
{
	StringInfoData text;
	CdpkSpan shown;
	char *folded = palloc(CDPK_NAMESPACE_MAX);

	initStringInfo(&text);
	if (value->type == jbvBool)
		appendStringInfoString(&text, value->val.boolean ? "true" : "false");
	else
		JsonbToCString(&text, value->val.binary.data, value->val.binary.len);
	shown.text = text.data;
	shown.length = text.len;
	if (cdpk_namespace_fold(name_space.text, name_space.length, folded) != CDPK_OK)
		name_space.length = 0;
	name_space.text = folded;
	reject_value(rejections, name_space, "neither a text nor a number", shown);
}

/* add_scalar adds the identifier in a scalar of a jsonb. */
static bool
add_scalar(const IdentifierSink *sink, CdpkSpan name_space, JsonbValue *value, Refusal *refusal)
{
	CdpkSpan text;

	switch (value->type)
	{
		case jbvNull:
			return true;
		case jbvString:
			text = jsonb_span(value);
			break;
		case jbvNumeric:
			text = ingest_span(identifier_number(value->val.numeric));
			break;
		case jbvBool:
			text = ingest_span(value->val.boolean ? "true" : "false");
			break;
		default:
			reject_container(sink->rejections, name_space, value);
			return true;
	}
	return add_text(sink, name_space, text, refusal);
}

/* add_value adds the identifiers in a scalar, or in an array of scalars. */
static bool
add_value(const IdentifierSink *sink, CdpkSpan name_space, JsonbValue *value, Refusal *refusal)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue element;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return add_scalar(sink, name_space, value, refusal);
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_ELEM && !add_scalar(sink, name_space, &element, refusal))
			return false;
	}
	return true;
}

/* member returns a member of an object; NULL if it is missing or null. */
static JsonbValue *
member(JsonbContainer *object, const char *key, JsonbValue *value)
{
	if (getKeyJsonValueFromContainer(object, key, strlen(key), value) == NULL ||
		value->type == jbvNull)
		return NULL;
	return value;
}

bool
onboard_find_object(JsonbContainer *object, const char *key, JsonbValue *value)
{
	return member(object, key, value) != NULL && value->type == jbvBinary &&
		   JsonContainerIsObject(value->val.binary.data);
}

/* object_member returns a member that is an object, else NULL. */
static JsonbContainer *
object_member(JsonbContainer *object, const char *key)
{
	JsonbValue value;

	return onboard_find_object(object, key, &value) ? value.val.binary.data : NULL;
}

/* add_member adds the identifiers in a member of an object, if it is there. */
static bool
add_member(const IdentifierSink *sink, JsonbContainer *object, const char *key,
		   const char *name_space, Refusal *refusal)
{
	JsonbValue value;

	return member(object, key, &value) == NULL ||
		   add_value(sink, ingest_span(name_space), &value, refusal);
}

/* identifiers_add_column: see the header. */
bool
identifiers_add_column(const IdentifierSink *sink, const char *name_space, CdpkSpan value,
					   Refusal *refusal)
{
	return value.length == 0 || add_text(sink, ingest_span(name_space), value, refusal);
}

/* identifiers_add_object: see the header. */
bool
identifiers_add_object(const IdentifierSink *sink, Jsonb *identifiers, Refusal *refusal)
{
	JsonbIterator *iterator = JsonbIteratorInit(&identifiers->root);
	JsonbIteratorToken token;
	JsonbValue key;
	JsonbValue value;
	CdpkSpan name_space;

	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token != WJB_KEY)
			continue;
		JsonbIteratorNext(&iterator, &value, true);
		name_space = jsonb_span(&key);
		if (!add_value(sink, name_space, &value, refusal))
			return false;
	}
	return true;
}

/* identifiers_add_traits: see the header. */
bool
identifiers_add_traits(const IdentifierSink *sink, JsonbContainer *traits, Refusal *refusal)
{
	return add_member(sink, traits, "email", "email", refusal) &&
		   add_member(sink, traits, "phone", "phone", refusal);
}

/* may_track returns whether the advertising id may be used: allowed in one spelling, denied in none. */
static bool
may_track(JsonbContainer *device)
{
	static const char *const keys[] = {"adTrackingEnabled", "ad_tracking_enabled"};
	bool allowed = false;
	JsonbValue value;

	for (int i = 0; i < lengthof(keys); i++)
	{
		if (member(device, keys[i], &value) == NULL)
			continue;
		if (value.type != jbvBool || !value.val.boolean)
			return false;
		allowed = true;
	}
	return allowed;
}

/* advertising_namespace returns the namespace of a device's advertising id. */
static const char *
advertising_namespace(JsonbContainer *device)
{
	JsonbValue type;

	if (member(device, "type", &type) == NULL)
		return "advertising_id";
	if (equals_word(&type, "ios"))
		return "idfa";
	return equals_word(&type, "android") ? "gaid" : "advertising_id";
}

/* add_device adds the ids of a device, the advertising id only if tracking is allowed. */
static bool
add_device(const IdentifierSink *sink, JsonbContainer *device, Refusal *refusal)
{
	const char *advertising;

	if (!add_member(sink, device, "id", "device_id", refusal) ||
		!add_member(sink, device, "token", "push_token", refusal))
		return false;
	if (!may_track(device))
		return true;
	advertising = advertising_namespace(device);
	return add_member(sink, device, "advertisingId", advertising, refusal) &&
		   add_member(sink, device, "advertising_id", advertising, refusal);
}

/* add_pair adds the identifier of an entry that has its namespace as "type", of the collection users. */
static bool
add_pair(const IdentifierSink *sink, JsonbValue *entry, const char *id_key, Refusal *refusal)
{
	JsonbContainer *object = entry->type == jbvBinary ? entry->val.binary.data : NULL;
	JsonbValue collection;
	JsonbValue type;
	JsonbValue id;
	CdpkSpan name_space = {"", 0};

	if (object == NULL || !JsonContainerIsObject(object))
	{
		if (entry->type == jbvString)
			name_space = jsonb_span(entry);
		if (entry->type != jbvNull)
			reject_value(sink->rejections, ingest_span(""), "no object with a type", name_space);
		return true;
	}
	if (member(object, "collection", &collection) != NULL && !equals_word(&collection, "users"))
		return true;
	if (member(object, id_key, &id) == NULL)
		return true;
	if (member(object, "type", &type) != NULL && type.type == jbvString)
		name_space = jsonb_span(&type);
	return add_scalar(sink, ingest_trim(name_space), &id, refusal);
}

/* add_pairs adds those of an array of such entries, or of one entry. */
static bool
add_pairs(const IdentifierSink *sink, JsonbContainer *context, const char *key, const char *id_key,
		  Refusal *refusal)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (member(context, key, &value) == NULL)
		return true;
	if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
		return add_pair(sink, &value, id_key, refusal);
	iterator = JsonbIteratorInit(value.val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_ELEM && !add_pair(sink, &value, id_key, refusal))
			return false;
	}
	return true;
}

/* is_analytics tells whether an integration is Google Analytics, of whatever version and spelling. */
static bool
is_analytics(const JsonbValue *name)
{
	static const char *const starts[] = {"google analytics", "actions google analytic", "ga4"};

	for (int i = 0; i < lengthof(starts); i++)
		if (name->val.string.len >= strlen(starts[i]) &&
			pg_strncasecmp(name->val.string.val, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* add_google_analytics adds the client id in the settings of the integration. */
static bool
add_google_analytics(const IdentifierSink *sink, JsonbContainer *context, Refusal *refusal)
{
	JsonbContainer *integrations = object_member(context, "integrations");
	JsonbWalk walk;
	JsonbValue name;
	JsonbValue settings;

	if (integrations == NULL)
		return true;
	walk = jsonb_walk(integrations);
	while (jsonb_walk_member(&walk, &name, &settings))
	{
		JsonbContainer *object;

		if (!is_analytics(&name) || settings.type != jbvBinary ||
			!JsonContainerIsObject(settings.val.binary.data))
			continue;
		object = settings.val.binary.data;
		if (!add_member(sink, object, "clientId", "ga_client_id", refusal) ||
			!add_member(sink, object, "client_id", "ga_client_id", refusal))
			return false;
	}
	return true;
}

/* reject_fields notes ids of a line that were objects, arrays or booleans, and so have no column. */
static void
reject_fields(const IdentifierSink *sink, JsonbContainer *context)
{
	static const struct
	{
		const char *key;
		const char *name_space;
	} fields[] = {{"userId", "user_id"},
				  {"user_id", "user_id"},
				  {"anonymousId", "anonymous_id"},
				  {"anonymous_id", "anonymous_id"}};
	JsonbContainer *extra = object_member(context, "_extra");
	JsonbValue value;

	for (int i = 0; extra != NULL && i < lengthof(fields); i++)
		if (member(extra, fields[i].key, &value) != NULL &&
			(value.type == jbvBinary || value.type == jbvBool))
			reject_container(sink->rejections, ingest_span(fields[i].name_space), &value);
}

/* identifiers_add_context: a part of another shape than expected is ignored. */
bool
identifiers_add_context(const IdentifierSink *sink, JsonbContainer *context, Refusal *refusal)
{
	static const char *const external[] = {"externalIds", "externalId", "external_ids",
										   "external_id"};
	JsonbContainer *traits = object_member(context, "traits");
	JsonbContainer *device = object_member(context, "device");

	reject_fields(sink, context);
	if (traits != NULL && !identifiers_add_traits(sink, traits, refusal))
		return false;
	if (device != NULL && !add_device(sink, device, refusal))
		return false;
	for (int i = 0; i < lengthof(external); i++)
		if (!add_pairs(sink, context, external[i], "id", refusal))
			return false;
	return add_google_analytics(sink, context, refusal);
}

/* identifiers_add_merged: see the header. */
bool
identifiers_add_merged(const IdentifierSink *sink, JsonbContainer *context, Refusal *refusal)
{
	return add_pairs(sink, context, "mergeProperties", "value", refusal);
}
