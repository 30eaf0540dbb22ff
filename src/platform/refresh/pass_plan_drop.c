/*
 * pass_plan_drop.c
 *		Drops what breaks a tracking plan: see the header.
 *
 * What cannot be dropped, as it is a member that is missing, or within an array, or where a mutable source has the
 * version of its rows, stays.
 */
#include "postgres.h"

#include "platform/refresh/pass_plan_drop.h"

/* ---------------------------------------------------------------- noting */

/* find_path finds the keys that lead to what is wrong; none where an array is on the way. */
static DroppedPath
find_path(const JsonViolation *found)
{
	DroppedPath path = {0, NULL};
	int count;
	const uint32 *way = json_schema_way(found, &count);
	CdpkSpan *keys = palloc(sizeof(CdpkSpan) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		const CdpkNode *node = &found->document[way[i]];

		if (node->key == NULL)
			return path;
		keys[i].text = node->key;
		keys[i].length = node->key_length;
	}
	path.keys = keys;
	path.count = count;
	return path;
}

/* is_within tells whether one of two paths leads into what the other leads to. */
static bool
is_within(const DroppedPath *path, int from, const PassPath *kept)
{
	int common = Min(path->count - from, kept->count);

	for (int i = 0; i < common; i++)
		if (!ingest_same_span(path->keys[from + i], kept->names[i]))
			return false;
	return common > 0;
}

/* can_be_dropped tells whether a path leads to a property or trait that may be dropped. */
static bool
can_be_dropped(const PassPlan *plan, const DroppedPath *path)
{
	int from = 1;

	if (path->count == 0)
		return false;
	if (ingest_same_span(path->keys[0], ingest_span("context")))
	{
		if (path->count < 2 || !ingest_same_span(path->keys[1], ingest_span("traits")))
			return false;
		from = 2;
	}
	else if (!ingest_same_span(path->keys[0], ingest_span("properties")) &&
			 !ingest_same_span(path->keys[0], ingest_span("traits")))
		return false;
	return path->count > from && !is_within(path, from, &plan->version) &&
		   !is_within(path, from, &plan->deleted);
}

bool
pass_note_drop(PassPlanDrop *drop, const PassPlan *plan, const JsonViolation *found)
{
	DroppedPath path;

	/* a key that is missing */
	if (found->violation->key != NULL)
		return false;
	path = find_path(found);
	if (!can_be_dropped(plan, &path))
		return false;
	if (drop->count == drop->room)
	{
		drop->room = Max(16, 2 * drop->room);
		drop->paths = drop->paths == NULL
						  ? palloc(sizeof(DroppedPath) * drop->room)
						  : repalloc_huge(drop->paths, sizeof(DroppedPath) * drop->room);
	}
	drop->paths[drop->count++] = path;
	return true;
}

/* ---------------------------------------------------------------- dropping */

/* Where members are dropped from. */
typedef enum Document
{
	FROM_PROPERTIES,
	FROM_TRAITS,
	FROM_CONTEXT
} Document;

/*
 * Tell where in a document a path leads to, as the number of its keys that lead to the document; -1: it does not.  An
 * identify call has its traits in either place.
 */
static int
keys_before(const DroppedPath *path, Document document, bool is_identify)
{
	bool is_context = ingest_same_span(path->keys[0], ingest_span("context"));
	bool is_traits = ingest_same_span(path->keys[0], ingest_span("traits"));

	switch (document)
	{
		case FROM_PROPERTIES:
			return is_context || is_traits ? -1 : 1;
		case FROM_TRAITS:
			return is_traits ? 1 : is_context && is_identify ? 2 : -1;
		case FROM_CONTEXT:
			return is_context ? 1 : is_traits && is_identify ? 0 : -1;
	}
	return -1;
}

/* drop_from drops members from a document, and returns them; NULL: none. */
static Jsonb *
drop_from(const PassPlanDrop *drop, Document document, bool is_identify, InboxRow *columns,
		  InboxColumn column)
{
	DroppedPath *paths;
	int count = 0;
	Jsonb *before;
	Jsonb *kept;
	Jsonb *dropped;

	if (columns->nulls[column])
		return NULL;
	paths = palloc_extended(sizeof(DroppedPath) * drop->count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < drop->count; i++)
	{
		int from = keys_before(&drop->paths[i], document, is_identify);

		if (from < 0)
			continue;
		paths[count].keys = drop->paths[i].keys + from;
		paths[count++].count = drop->paths[i].count - from;
	}
	before = DatumGetJsonbP(columns->values[column]);
	if (count == 0 || !JB_ROOT_IS_OBJECT(before))
		return NULL;
	dropped_divide(before, paths, count, &kept, &dropped);
	if (dropped != NULL)
		columns->values[column] = JsonbPGetDatum(kept);
	return dropped;
}

void
pass_drop(const PassPlanDrop *drop, bool is_identify, InboxRow *columns)
{
	Jsonb *properties = drop_from(drop, FROM_PROPERTIES, is_identify, columns, INBOX_PROPERTIES);
	Jsonb *traits = drop_from(drop, FROM_TRAITS, is_identify, columns, INBOX_TRAITS);
	Jsonb *context = drop_from(drop, FROM_CONTEXT, is_identify, columns, INBOX_CONTEXT);

	Assert(properties != NULL || traits != NULL || context != NULL);
	dropped_note(columns, properties, traits, context);
}
