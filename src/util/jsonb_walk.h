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
	uint32 count;
	uint32 next;
	uint32 key_end;   /* where the key before ends, in the container's data */
	uint32 value_end; /* and the value */
} JsonbWalk;

/* Begins with the first member; container is an object or an array. */
extern JsonbWalk jsonb_walk(JsonbContainer *container);

/*
 * Gives the next member; false behind the last.  Nothing is copied.  The keys of
 * an object come in jsonb's order: by length, then by bytes; key is left alone for arrays.
 */
extern bool jsonb_walk_next(JsonbWalk *walk, JsonbValue *key, JsonbValue *value);

#endif /* CDP_UTIL_JSONB_WALK_H */
