/*
 * shared_context.c
 *		The part of a context that many events have in common: see the header.
 */
#include "postgres.h"

#include "cdp.h"
#include "core/identifier/click.h"
#include "platform/catalogue/hash_key.h"
#include "platform/ingest/shared_context.h"
#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/bridge/jsonb_write.h"

#define NAME(name)             \
	{                          \
		name, sizeof(name) - 1 \
	}

/* those of the Segment spec that say by what a message was sent, and as libraries for snake_case write them; and how it
 * was written: see sent_message.h */
static const struct
{
	const char *bytes;
	int length;
} shared_names[] = {NAME("os"),         NAME("app"),           NAME("locale"),
					NAME("screen"),     NAME("channel"),       NAME("library"),
					NAME("campaign"),   NAME("timezone"),      NAME("userAgent"),
					NAME("user_agent"), NAME("userAgentData"), NAME("user_agent_data"),
					NAME("_sent")};

/* has_clicks tells whether an object has click ids, by which events are cleaned, and which few events have in common. */
static bool
has_clicks(const JsonbValue *object)
{
	JsonbWalk walk;
	JsonbValue key;
	JsonbValue value;

	if (object->type != jbvBinary || !JsonContainerIsObject(object->val.binary.data))
		return false;
	walk = jsonb_walk(object->val.binary.data);
	while (jsonb_walk_member(&walk, &key, &value))
		if (cdpk_click_find(key.val.string.val, key.val.string.len) != NULL)
			return true;
	return false;
}

/* is_campaign tells whether a member is the campaign, which is among those that are stored once. */
static bool
is_campaign(const JsonbValue *key)
{
	return key->val.string.len == strlen("campaign") && key->val.string.val[0] == 'c';
}

/* is_shared tells whether a member is stored once for many events. */
static bool
is_shared(const JsonbValue *key, const JsonbValue *value)
{
	for (int i = 0; i < lengthof(shared_names); i++)
		if (shared_names[i].length == key->val.string.len &&
			memcmp(shared_names[i].bytes, key->val.string.val, shared_names[i].length) == 0)
			return !is_campaign(key) || !has_clicks(value);
	return false;
}

/* belongs tells whether a member is in a part. */
static bool
belongs(const JsonbValue *key, const JsonbValue *value, ContextPart part)
{
	return part == CONTEXT_WHOLE || is_shared(key, value) == (part == CONTEXT_SHARED);
}

/* append_piece appends bytes behind their kind and length. */
static void
append_piece(StringInfo bytes, enum jbvType kind, const void *piece, int length)
{
	uint32 header[2] = {(uint32) kind, (uint32) length};

	appendBinaryStringInfo(bytes, (const char *) header, sizeof(header));
	if (length > 0)
		appendBinaryStringInfo(bytes, piece, length);
}

/* append_value appends a value as jsonb stores it. */
static void
append_value(StringInfo bytes, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			append_piece(bytes, jbvString, value->val.string.val, value->val.string.len);
			break;
		case jbvNumeric:
			append_piece(bytes, jbvNumeric, value->val.numeric,
						 (int) VARSIZE_ANY(value->val.numeric));
			break;
		case jbvBool:
			append_piece(bytes, jbvBool, &value->val.boolean, sizeof(value->val.boolean));
			break;
		case jbvBinary:
			append_piece(bytes, jbvBinary, value->val.binary.data, value->val.binary.len);
			break;
		default:
			append_piece(bytes, jbvNull, NULL, 0);
			break;
	}
}

/* context_bytes: see the header. */
void
context_bytes(Jsonb *context, ContextPart part, StringInfo bytes)
{
	JsonbWalk walk = jsonb_walk(&context->root);
	JsonbValue key;
	JsonbValue value;

	while (jsonb_walk_member(&walk, &key, &value))
		if (belongs(&key, &value, part))
		{
			append_value(bytes, &key);
			append_value(bytes, &value);
		}
}

/* context_part: see the header. */
Jsonb *
context_part(Jsonb *context, ContextPart part)
{
	JsonbWalk walk = jsonb_walk(&context->root);
	JsonbWriter writer;
	JsonbValue key;
	JsonbValue value;
	int members = 0;

	jsonb_write_begin(&writer);
	while (jsonb_walk_member(&walk, &key, &value))
		if (belongs(&key, &value, part))
		{
			jsonb_write(&writer, &key);
			members++;
		}
	walk = jsonb_walk(&context->root);
	while (jsonb_walk_member(&walk, &key, &value))
		if (belongs(&key, &value, part))
			jsonb_write(&writer, &value);
	if (members > 0)
		return jsonb_write_end(&writer, true);
	jsonb_write_drop(&writer);
	return NULL;
}

/* Members of an object, one after the other. */
typedef struct Members
{
	JsonbWalk walk;
	JsonbValue key;
	JsonbValue value;
	bool is_there; /* the present one */
} Members;

/* next_member goes on to the next member. */
static void
next_member(Members *members)
{
	members->is_there = jsonb_walk_member(&members->walk, &members->key, &members->value);
}

/* first_member begins with the first member of an object. */
static void
first_member(Members *members, Jsonb *object)
{
	members->walk = jsonb_walk(&object->root);
	next_member(members);
}

/* compare_keys compares keys of objects as jsonb sorts them. */
static int
compare_keys(const JsonbValue *a, const JsonbValue *b)
{
	if (a->val.string.len != b->val.string.len)
		return a->val.string.len < b->val.string.len ? -1 : 1;
	return memcmp(a->val.string.val, b->val.string.val, (size_t) a->val.string.len);
}

/* write_joined writes all keys, or all values, of two objects. */
static void
write_joined(JsonbWriter *writer, Jsonb *own, Jsonb *shared, bool keys)
{
	Members a;
	Members b;

	first_member(&a, own);
	first_member(&b, shared);
	while (a.is_there || b.is_there)
	{
		int order = !a.is_there ? 1 : !b.is_there ? -1 : compare_keys(&a.key, &b.key);
		const Members *first = order <= 0 ? &a : &b;

		jsonb_write(writer, keys ? &first->key : &first->value);
		if (order <= 0)
			next_member(&a);
		if (order >= 0)
			next_member(&b);
	}
}

/* context_join: see the header. */
Jsonb *
context_join(Jsonb *own, Jsonb *shared)
{
	JsonbWriter writer;

	jsonb_write_begin(&writer);
	write_joined(&writer, own, shared, true);
	write_joined(&writer, own, shared, false);
	return jsonb_write_end(&writer, true);
}

/* context_hash: see the header.  0 is the row that counts. */
int64
context_hash(const CdpkSipHashKey *key, StringInfo bytes)
{
	int64 hash = (int64) cdpk_siphash(key, (const uint8_t *) bytes->data, (size_t) bytes->len);

	return hash == 0 ? 1 : hash;
}

CDP_FUNCTION(cdp_whole_context);
CDP_FUNCTION(cdp_context_hash);

/* cdp_whole_context implements cdp_internal.whole_context(jsonb, jsonb). */
Datum
cdp_whole_context(PG_FUNCTION_ARGS)
{
	Jsonb *own;
	Jsonb *shared;

	if (PG_ARGISNULL(0) && PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(PG_ARGISNULL(0) ? 1 : 0));
	own = PG_GETARG_JSONB_P(0);
	shared = PG_GETARG_JSONB_P(1);
	if (!JB_ROOT_IS_OBJECT(own) || !JB_ROOT_IS_OBJECT(shared))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a part of a context is not an object")));
	PG_RETURN_JSONB_P(context_join(own, shared));
}

/* cdp_context_hash implements cdp_internal.context_hash(jsonb). */
Datum
cdp_context_hash(PG_FUNCTION_ARGS)
{
	Jsonb *context = PG_GETARG_JSONB_P(0);
	CdpkSipHashKey key = hash_key(HASH_SHARED_CONTEXT);
	StringInfoData bytes;

	if (!JB_ROOT_IS_OBJECT(context))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the context is not an object")));
	initStringInfo(&bytes);
	context_bytes(context, CONTEXT_WHOLE, &bytes);
	PG_RETURN_INT64(context_hash(&key, &bytes));
}
