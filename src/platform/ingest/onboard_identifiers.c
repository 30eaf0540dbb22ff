/*
 * onboard_identifiers.c
 *		The identifiers of one row of the inbox.
 *
 * jsonb is read through the server's functions, which raise no error for a valid jsonb.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "compat.h"
#include "core/identifier/meaningless.h"
#include "platform/ingest/onboard.h"

/* size of a field's path, which may end in a namespace */
#define FIELD_MAX (CDPK_NAMESPACE_MAX + 64)

/* equals_word compares a string of a jsonb with a lower-case word, ignoring case. */
static bool
equals_word(const JsonbValue *value, const char *word)
{
	CdpkSpan text;

	if (value->type != jbvString)
		return false;
	text.text = value->val.string.val;
	text.length = value->val.string.len;
	text = ingest_trim(text);
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

/* refuse_value refuses a text that is not an identifier, unless it counts as not given. */
static bool
refuse_value(const char *field, CdpkSpan name_space, CdpkSpan value, CdpkStatus status,
			 Refusal *refusal)
{
	char folded[CDPK_NAMESPACE_MAX];

	if (status == CDPK_OUT_OF_MEMORY)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (ingest_trim(value).length == 0)
		return true;
	if (cdpk_namespace_fold(name_space.text, name_space.length, folded) != CDPK_OK)
		return ingest_refuse(refusal, "invalid_identifier", "%s: not a namespace", field);
	return cdpk_value_meaningless(value.text, value.length) ||
		   ingest_refuse(refusal, "invalid_identifier", "%s: %s", field, identifier_reason(status));
}

/* add_text adds the identifier in a text. */
static bool
add_text(IdentifierSet *set, const char *field, CdpkSpan name_space, CdpkSpan value,
		 Refusal *refusal)
{
	CdpkStatus status;
	Identifier *identifier =
		identifier_make(name_space.text, name_space.length, value.text, value.length, &status);

	if (identifier == NULL)
		return refuse_value(field, name_space, value, status, refusal);
	return insert(set, identifier) ||
		   ingest_refuse(refusal, "too_many_identifiers", "more than %d identifiers", set->max);
}

/* add_scalar adds the identifier in a scalar of a jsonb. */
static bool
add_scalar(IdentifierSet *set, const char *field, CdpkSpan name_space, JsonbValue *value,
		   Refusal *refusal)
{
	CdpkSpan text;

	switch (value->type)
	{
		case jbvNull:
			return true;
		case jbvString:
			text.text = value->val.string.val;
			text.length = value->val.string.len;
			break;
		case jbvNumeric:
			text = ingest_span(identifier_number(value->val.numeric));
			break;
		case jbvBool:
			text = ingest_span(value->val.boolean ? "true" : "false");
			break;
		default:
			return ingest_refuse(refusal, "invalid_identifier",
								 "%s: an object or nested array is no identifier", field);
	}
	return add_text(set, field, name_space, text, refusal);
}

/* add_value adds the identifiers in a scalar, or in an array of scalars. */
static bool
add_value(IdentifierSet *set, const char *field, CdpkSpan name_space, JsonbValue *value,
		  Refusal *refusal)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue element;

	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return add_scalar(set, field, name_space, value, refusal);
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_ELEM && !add_scalar(set, field, name_space, &element, refusal))
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

/* object_member returns a member that is an object, else NULL. */
static JsonbContainer *
object_member(JsonbContainer *object, const char *key)
{
	JsonbValue value;

	if (member(object, key, &value) == NULL || value.type != jbvBinary ||
		!JsonContainerIsObject(value.val.binary.data))
		return NULL;
	return value.val.binary.data;
}

/* add_member adds the identifiers in a member of an object, if it is there. */
static bool
add_member(IdentifierSet *set, const char *object_name, JsonbContainer *object, const char *key,
		   const char *name_space, Refusal *refusal)
{
	char field[FIELD_MAX];
	JsonbValue value;

	if (member(object, key, &value) == NULL)
		return true;
	snprintf(field, sizeof(field), "%s.%s", object_name, key);
	return add_value(set, field, ingest_span(name_space), &value, refusal);
}

/* identifiers_add_column: see the header. */
bool
identifiers_add_column(IdentifierSet *set, const char *column, const char *name_space,
					   CdpkSpan value, Refusal *refusal)
{
	return value.length == 0 || add_text(set, column, ingest_span(name_space), value, refusal);
}

/* identifiers_add_object: an invalid namespace is not shown, as it may be a misplaced value. */
bool
identifiers_add_object(IdentifierSet *set, Jsonb *identifiers, Refusal *refusal)
{
	JsonbIterator *iterator = JsonbIteratorInit(&identifiers->root);
	JsonbIteratorToken token;
	JsonbValue key;
	JsonbValue value;
	char field[FIELD_MAX];
	char folded[CDPK_NAMESPACE_MAX];
	CdpkSpan name_space;

	while ((token = JsonbIteratorNext(&iterator, &key, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token != WJB_KEY)
			continue;
		JsonbIteratorNext(&iterator, &value, true);
		name_space.text = key.val.string.val;
		name_space.length = key.val.string.len;
		if (cdpk_namespace_fold(name_space.text, name_space.length, folded) == CDPK_OK)
			snprintf(field, sizeof(field), "identifiers.%.*s", (int) name_space.length, folded);
		else
			strlcpy(field, "identifiers", sizeof(field));
		if (!add_value(set, field, name_space, &value, refusal))
			return false;
	}
	return true;
}

/* identifiers_add_traits: see the header. */
bool
identifiers_add_traits(IdentifierSet *set, const char *field, JsonbContainer *traits,
					   Refusal *refusal)
{
	return add_member(set, field, traits, "email", "email", refusal) &&
		   add_member(set, field, traits, "phone", "phone", refusal);
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
add_device(IdentifierSet *set, JsonbContainer *device, Refusal *refusal)
{
	static const char *const name = "context.device";
	const char *advertising;

	if (!add_member(set, name, device, "id", "device_id", refusal) ||
		!add_member(set, name, device, "token", "push_token", refusal))
		return false;
	if (!may_track(device))
		return true;
	advertising = advertising_namespace(device);
	return add_member(set, name, device, "advertisingId", advertising, refusal) &&
		   add_member(set, name, device, "advertising_id", advertising, refusal);
}

/* add_external_id adds one entry {id, type, collection} of externalIds whose collection is users. */
static bool
add_external_id(IdentifierSet *set, const char *field, JsonbValue *entry, Refusal *refusal)
{
	JsonbContainer *object = entry->type == jbvBinary ? entry->val.binary.data : NULL;
	JsonbValue collection;
	JsonbValue type;
	JsonbValue id;
	CdpkSpan name_space;

	if (entry->type == jbvNull)
		return true;
	if (object == NULL || !JsonContainerIsObject(object))
		return ingest_refuse(refusal, "invalid_identifier", "%s: an entry that is no object",
							 field);
	if (member(object, "collection", &collection) != NULL && !equals_word(&collection, "users"))
		return true;
	if (member(object, "id", &id) == NULL)
		return true;
	if (member(object, "type", &type) == NULL || type.type != jbvString)
		return ingest_refuse(refusal, "invalid_identifier", "%s: an entry without a type", field);
	name_space.text = type.val.string.val;
	name_space.length = type.val.string.len;
	return add_scalar(set, field, ingest_trim(name_space), &id, refusal);
}

/* add_external_ids adds the entries of context.externalIds. */
static bool
add_external_ids(IdentifierSet *set, JsonbContainer *context, const char *key, Refusal *refusal)
{
	char field[FIELD_MAX];
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (member(context, key, &value) == NULL)
		return true;
	snprintf(field, sizeof(field), "context.%s", key);
	if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
		return ingest_refuse(refusal, "invalid_identifier", "%s: not an array", field);
	iterator = JsonbIteratorInit(value.val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_ELEM && !add_external_id(set, field, &value, refusal))
			return false;
	}
	return true;
}

/* add_google_analytics adds the client id in the settings of the integration. */
static bool
add_google_analytics(IdentifierSet *set, JsonbContainer *context, Refusal *refusal)
{
	static const char *const name = "context.integrations.Google Analytics";
	JsonbContainer *integrations = object_member(context, "integrations");
	JsonbContainer *settings =
		integrations != NULL ? object_member(integrations, "Google Analytics") : NULL;

	return settings == NULL ||
		   (add_member(set, name, settings, "clientId", "ga_client_id", refusal) &&
			add_member(set, name, settings, "client_id", "ga_client_id", refusal));
}

/* identifiers_add_context: a part of another shape than expected is ignored. */
bool
identifiers_add_context(IdentifierSet *set, JsonbContainer *context, Refusal *refusal)
{
	JsonbContainer *traits = object_member(context, "traits");
	JsonbContainer *device = object_member(context, "device");

	return (traits == NULL || identifiers_add_traits(set, "context.traits", traits, refusal)) &&
		   (device == NULL || add_device(set, device, refusal)) &&
		   add_external_ids(set, context, "externalIds", refusal) &&
		   add_external_ids(set, context, "external_ids", refusal) &&
		   add_google_analytics(set, context, refusal);
}
