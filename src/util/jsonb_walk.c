/*
 * jsonb_walk.c
 *		The members of a jsonb object, or the elements of an array, one after the
 *		other.
 */
#include "postgres.h"

#include "util/jsonb_walk.h"

/* jsonb_walk begins with the first member. */
JsonbWalk
jsonb_walk(JsonbContainer *container)
{
	JsonbWalk walk = {container, JsonContainerSize(container), 0, 0, 0};

	if (JsonContainerIsObject(container))
		walk.value_end = getJsonbOffset(container, (int) walk.count);
	return walk;
}

/*
 * take_entry gives the value of an entry that begins at *end, and moves *end
 * behind it.
 */
static void
take_entry(const JsonbWalk *walk, uint32 index, uint32 *end, JsonbValue *value)
{
	JEntry entry = walk->container->children[index];
	uint32 entries = walk->count * (JsonContainerIsObject(walk->container) ? 2 : 1);
	char *data = (char *) &walk->container->children[entries];
	uint32 start = *end;

	JBE_ADVANCE_OFFSET(*end, entry);
	if (JBE_ISNULL(entry))
		value->type = jbvNull;
	else if (JBE_ISBOOL(entry))
	{
		value->type = jbvBool;
		value->val.boolean = JBE_ISBOOL_TRUE(entry);
	}
	else if (JBE_ISSTRING(entry))
	{
		value->type = jbvString;
		value->val.string.val = data + start;
		value->val.string.len = (int) (*end - start);
	}
	else if (JBE_ISNUMERIC(entry))
	{
		value->type = jbvNumeric;
		value->val.numeric = (Numeric) (data + INTALIGN(start));
	}
	else
	{
		value->type = jbvBinary;
		value->val.binary.data = (JsonbContainer *) (data + INTALIGN(start));
		value->val.binary.len = (int) (*end - INTALIGN(start));
	}
}

/* jsonb_walk_next gives the next member. */
bool
jsonb_walk_next(JsonbWalk *walk, JsonbValue *key, JsonbValue *value)
{
	uint32 index = walk->next;

	if (index >= walk->count)
		return false;
	walk->next++;
	if (JsonContainerIsObject(walk->container))
	{
		take_entry(walk, index, &walk->key_end, key);
		index += walk->count;
	}
	take_entry(walk, index, &walk->value_end, value);
	return true;
}
