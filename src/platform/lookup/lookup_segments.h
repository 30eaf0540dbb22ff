/*
 * lookup_segments.h
 *		Finds the segments that a person is in.
 */
#ifndef CDP_LOOKUP_LOOKUP_SEGMENTS_H
#define CDP_LOOKUP_LOOKUP_SEGMENTS_H

#include "nodes/pg_list.h"

/* a computed trait of a person */
typedef struct LookupComputed
{
	const char *name;
	const char *type;
	const char *value;
} LookupComputed;

/*
 * Returns the names of the segments that a person is in, the computed traits that have a value, and the names of
 * those of both that cannot be judged, each list sorted; only what the caller may read.
 */
extern void lookup_segments(int64 profile_id, List **members_of, List **computed, List **failing);

#endif /* CDP_LOOKUP_LOOKUP_SEGMENTS_H */
