/*
 * jsonb_walk.h
 *		The members of a jsonb object, or the elements of an array, one after the
 *		other, without the cost of a JsonbIterator.
 */
#ifndef CDP_UTIL_JSONB_WALK_H
#define CDP_UTIL_JSONB_WALK_H

#include "utils/jsonb.h"

typedef struct JsonbWalk
{
	JsonbContainer *container;
	char *data; /* what the entries lead into */
	uint32 count;
	uint32 next;
	uint32 key_end;   /* where the key before ends in the data */
	uint32 value_end; /* and the value */
} JsonbWalk;

/* Begin with the first member of an object, or the first element of an array. */
static inline JsonbWalk
jsonb_walk(JsonbContainer *container)
{
	JsonbWalk walk = {.container = container, .count = JsonContainerSize(container)};

	walk.data = (char *) &container->children[walk.count];
	if (JsonContainerIsObject(container))
	{
		walk.data = (char *) &container->children[2 * walk.count];
		walk.value_end = getJsonbOffset(container, (int) walk.count);
	}
	return walk;
}

/* Internal: gives the value of the entry at index, and moves value_end after it. */
static inline void
jsonb_walk_value(JsonbWalk *walk, uint32 index, JsonbValue *value)
{
	JEntry entry = walk->container->children[index];
	uint32 start = walk->value_end;

	JBE_ADVANCE_OFFSET(walk->value_end, entry);
	if (JBE_ISSTRING(entry))
	{
		value->type = jbvString;
		value->val.string.val = walk->data + start;
		value->val.string.len = (int) (walk->value_end - start);
	}
	else if (JBE_ISNUMERIC(entry))
	{
		value->type = jbvNumeric;
		value->val.numeric = (Numeric) (walk->data + INTALIGN(start));
	}
	else if (JBE_ISBOOL(entry))
	{
		value->type = jbvBool;
		value->val.boolean = JBE_ISBOOL_TRUE(entry);
	}
	else if (JBE_ISNULL(entry))
		value->type = jbvNull;
	else
	{
		value->type = jbvBinary;
		value->val.binary.data = (JsonbContainer *) (walk->data + INTALIGN(start));
		value->val.binary.len = (int) (walk->value_end - INTALIGN(start));
	}
}

/* Return the next element of an array; false after the last.  Nothing is copied. */
static inline bool
jsonb_walk_element(JsonbWalk *walk, JsonbValue *value)
{
	if (walk->next >= walk->count)
		return false;
	jsonb_walk_value(walk, walk->next++, value);
	return true;
}

/*
 * Return the next member of an object; false after the last.  Nothing is copied.
 * Keys come in jsonb's order: by length, then by bytes.
 */
static inline bool
jsonb_walk_member(JsonbWalk *walk, JsonbValue *key, JsonbValue *value)
{
	uint32 start = walk->key_end;

	if (walk->next >= walk->count)
		return false;
	JBE_ADVANCE_OFFSET(walk->key_end, walk->container->children[walk->next]);
	key->type = jbvString;
	key->val.string.val = walk->data + start;
	key->val.string.len = (int) (walk->key_end - start);
	jsonb_walk_value(walk, walk->count + walk->next++, value);
	return true;
}

/* Begin with the first key of an object, where most values are not asked for. */
static inline JsonbWalk
jsonb_walk_keys(JsonbContainer *object)
{
	JsonbWalk walk = {.container = object, .count = JsonContainerSize(object)};

	walk.data = (char *) &object->children[2 * walk.count];
	return walk;
}

/* Return the next key; false after the last. */
static inline bool
jsonb_walk_key(JsonbWalk *walk, JsonbValue *key)
{
	uint32 start = walk->key_end;

	if (walk->next >= walk->count)
		return false;
	JBE_ADVANCE_OFFSET(walk->key_end, walk->container->children[walk->next]);
	walk->next++;
	key->type = jbvString;
	key->val.string.val = walk->data + start;
	key->val.string.len = (int) (walk->key_end - start);
	return true;
}

/* Return the value of the key that jsonb_walk_key() returned last. */
static inline void
jsonb_walk_value_of_key(JsonbWalk *walk, JsonbValue *value)
{
	uint32 index = walk->count + walk->next - 1;

	walk->value_end = getJsonbOffset(walk->container, (int) index);
	jsonb_walk_value(walk, index, value);
}

#endif /* CDP_UTIL_JSONB_WALK_H */
