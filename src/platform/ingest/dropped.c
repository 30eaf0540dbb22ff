/*
 * dropped.c
 *		Members that were dropped from the documents of a row: see the header.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "cdp.h"
#include "compat.h"
#include "platform/ingest/dropped.h"
#include "platform/ingest/onboard.h"
#include "toolkit/bridge/jsonb_walk.h"
#include "toolkit/bridge/jsonb_write.h"

/* Members of an object in the making, in jsonb's order. */
typedef struct Members
{
	int count;
	JsonbValue *keys;
	JsonbValue *values;
} Members;

/* new_members makes room for so many. */
static Members
new_members(uint32 room)
{
	Members members = {0, palloc(sizeof(JsonbValue) * Max(room, 1)),
					   palloc(sizeof(JsonbValue) * Max(room, 1))};

	return members;
}

/* add_member adds one. */
static void
add_member(Members *members, const JsonbValue *key, const JsonbValue *value)
{
	members->keys[members->count] = *key;
	members->values[members->count++] = *value;
}

/* make_object makes the object. */
static Jsonb *
make_object(const Members *members)
{
	JsonbWriter writer;

	jsonb_write_begin(&writer);
	for (int i = 0; i < members->count; i++)
		jsonb_write(&writer, &members->keys[i]);
	for (int i = 0; i < members->count; i++)
		jsonb_write(&writer, &members->values[i]);
	return jsonb_write_end(&writer, true);
}

/* container makes a value of an object. */
static JsonbValue
container(Jsonb *object)
{
	JsonbValue value;

	value.type = jbvBinary;
	value.val.binary.data = &object->root;
	value.val.binary.len = (int) VARSIZE(object) - VARHDRSZ;
	return value;
}

/* key_span returns the span of a key. */
static CdpkSpan
key_span(const JsonbValue *key)
{
	CdpkSpan span = {key->val.string.val, (size_t) key->val.string.len};

	return span;
}

/* is_object tells whether a value is an object. */
static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

/* ---------------------------------------------------------------- dividing */

/* compare_keys compares keys of objects as jsonb sorts them. */
static int
compare_keys(CdpkSpan a, CdpkSpan b)
{
	if (a.length != b.length)
		return a.length < b.length ? -1 : 1;
	return memcmp(a.text, b.text, a.length);
}

/* compare_paths is a comparator for qsort: of two paths of which one leads to the other, that comes first. */
static int
compare_paths(const void *a, const void *b)
{
	const DroppedPath *x = a;
	const DroppedPath *y = b;

	for (int i = 0; i < Min(x->count, y->count); i++)
	{
		int order = compare_keys(x->keys[i], y->keys[i]);

		if (order != 0)
			return order;
	}
	return x->count - y->count;
}

/* count_through counts the paths through a member, which come first then: those to members before it are passed over. */
static int
count_through(const JsonbValue *member, int level, const DroppedPath **paths,
			  const DroppedPath *end)
{
	CdpkSpan key = key_span(member);
	int count = 0;

	while (*paths < end && compare_keys((*paths)->keys[level], key) < 0)
		(*paths)++;
	while (*paths + count < end && compare_keys((*paths)[count].keys[level], key) == 0)
		count++;
	return count;
}

/* divide does so from a level of the paths on; all of them lead to here, and ascend. */
static void
divide(JsonbContainer *object, int level, const DroppedPath *paths, int count, Jsonb **kept,
	   Jsonb **dropped)
{
	JsonbWalk walk = jsonb_walk(object);
	Members left = new_members(walk.count);
	Members gone = new_members(walk.count);
	const DroppedPath *end = paths + count;
	JsonbValue key;
	JsonbValue value;

	check_stack_depth();
	while (jsonb_walk_member(&walk, &key, &value))
	{
		int through = count_through(&key, level, &paths, end);
		Jsonb *kept_within;
		Jsonb *dropped_within = NULL;
		JsonbValue part;

		CHECK_FOR_INTERRUPTS();
		if (through > 0 && paths[0].count == level + 1)
		{
			add_member(&gone, &key, &value);
			continue;
		}
		if (through > 0 && is_object(&value))
			divide(value.val.binary.data, level + 1, paths, through, &kept_within, &dropped_within);
		if (dropped_within == NULL)
		{
			add_member(&left, &key, &value);
			continue;
		}
		part = container(kept_within);
		add_member(&left, &key, &part);
		part = container(dropped_within);
		add_member(&gone, &key, &part);
	}
	*kept = *dropped = NULL;
	if (gone.count > 0)
	{
		*kept = make_object(&left);
		*dropped = make_object(&gone);
	}
}

void
dropped_divide(Jsonb *document, DroppedPath *paths, int count, Jsonb **kept, Jsonb **dropped)
{
	qsort(paths, count, sizeof(DroppedPath), compare_paths);
	divide(&document->root, 0, paths, count, kept, dropped);
	if (*dropped == NULL)
		*kept = document;
}

/* ---------------------------------------------------------------- joining */

static Jsonb *join(JsonbContainer *kept, JsonbContainer *dropped);

/* join_values makes one value of two that have the same key. */
static JsonbValue
join_values(const JsonbValue *kept, const JsonbValue *dropped)
{
	if (is_object(kept) && is_object(dropped))
		return container(join(kept->val.binary.data, dropped->val.binary.data));
	return *kept;
}

/* join joins two objects. */
static Jsonb *
join(JsonbContainer *kept, JsonbContainer *dropped)
{
	JsonbWalk left = jsonb_walk(kept);
	JsonbWalk gone = jsonb_walk(dropped);
	Members members = new_members(left.count + gone.count);
	JsonbValue left_key;
	JsonbValue left_value;
	JsonbValue gone_key;
	JsonbValue gone_value;
	bool has_left = jsonb_walk_member(&left, &left_key, &left_value);
	bool has_gone = jsonb_walk_member(&gone, &gone_key, &gone_value);

	check_stack_depth();
	while (has_left || has_gone)
	{
		int order = !has_left   ? 1
					: !has_gone ? -1
								: compare_keys(key_span(&left_key), key_span(&gone_key));
		JsonbValue value = order < 0   ? left_value
						   : order > 0 ? gone_value
									   : join_values(&left_value, &gone_value);

		CHECK_FOR_INTERRUPTS();
		add_member(&members, order <= 0 ? &left_key : &gone_key, &value);
		if (order <= 0)
			has_left = jsonb_walk_member(&left, &left_key, &left_value);
		if (order >= 0)
			has_gone = jsonb_walk_member(&gone, &gone_key, &gone_value);
	}
	return make_object(&members);
}

Jsonb *
dropped_join(Jsonb *kept, Jsonb *dropped)
{
	return join(&kept->root, &dropped->root);
}

/* ---------------------------------------------------------------- rows */

bool
dropped_is_used(const InboxRow *row)
{
	Jsonb *context;

	if (row->nulls[INBOX_CONTEXT])
		return false;
	context = DatumGetJsonbP(row->values[INBOX_CONTEXT]);
	return JB_ROOT_IS_OBJECT(context) &&
		   getKeyJsonValueFromContainer(&context->root, "_dropped", strlen("_dropped"), NULL) !=
			   NULL;
}

/* note_part adds what was dropped from a document; parts come in jsonb's order. */
static void
note_part(Members *members, const char *name, Jsonb *dropped)
{
	JsonbValue key;
	JsonbValue value;

	if (dropped == NULL)
		return;
	key.type = jbvString;
	key.val.string.val = unconstify(char *, name);
	key.val.string.len = (int) strlen(name);
	value = container(dropped);
	add_member(members, &key, &value);
}

void
dropped_note(InboxRow *row, Jsonb *properties, Jsonb *traits, Jsonb *context)
{
	Members parts = new_members(3);
	Members whole = new_members(1);
	Jsonb *noted;

	note_part(&parts, "traits", traits);
	note_part(&parts, "context", context);
	note_part(&parts, "properties", properties);
	note_part(&whole, "_dropped", make_object(&parts));
	noted = make_object(&whole);
	if (!row->nulls[INBOX_CONTEXT])
	{
		Jsonb *before = DatumGetJsonbP(row->values[INBOX_CONTEXT]);

		if (JB_ROOT_IS_OBJECT(before))
			noted = dropped_join(before, noted);
	}
	row->values[INBOX_CONTEXT] = JsonbPGetDatum(noted);
	row->nulls[INBOX_CONTEXT] = false;
}

void
dropped_escape(InboxRow *row)
{
	CdpkSpan key = ingest_span("_dropped");
	DroppedPath path = {1, &key};
	Jsonb *kept;
	Jsonb *dropped;

	dropped_divide(DatumGetJsonbP(row->values[INBOX_CONTEXT]), &path, 1, &kept, &dropped);
	row->values[INBOX_CONTEXT] = JsonbPGetDatum(kept);
	dropped_note(row, NULL, NULL, dropped);
}

/* put_back puts back what was dropped from one document. */
static void
put_back(InboxRow *row, InboxColumn column, JsonbContainer *dropped, const char *name)
{
	JsonbValue part;
	Jsonb *document;

	if (row->nulls[column] || !onboard_find_object(dropped, name, &part))
		return;
	document = DatumGetJsonbP(row->values[column]);
	if (JB_ROOT_IS_OBJECT(document))
		row->values[column] = JsonbPGetDatum(join(&document->root, part.val.binary.data));
}

bool
dropped_put_back(InboxRow *row)
{
	JsonbValue dropped;

	if (!dropped_is_used(row) ||
		!onboard_find_object(&DatumGetJsonbP(row->values[INBOX_CONTEXT])->root, "_dropped",
							 &dropped))
		return false;
	put_back(row, INBOX_PROPERTIES, dropped.val.binary.data, "properties");
	put_back(row, INBOX_TRAITS, dropped.val.binary.data, "traits");
	return true;
}

CDP_FUNCTION(cdp_put_back_dropped);

/* cdp_put_back_dropped implements cdp_internal.put_back_dropped(jsonb, jsonb). */
Datum
cdp_put_back_dropped(PG_FUNCTION_ARGS)
{
	Jsonb *kept;
	Jsonb *dropped;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	kept = PG_GETARG_JSONB_P(0);
	if (PG_ARGISNULL(1))
		PG_RETURN_JSONB_P(kept);
	dropped = PG_GETARG_JSONB_P(1);
	if (!JB_ROOT_IS_OBJECT(kept) || !JB_ROOT_IS_OBJECT(dropped))
		PG_RETURN_JSONB_P(kept);
	PG_RETURN_JSONB_P(dropped_join(kept, dropped));
}
