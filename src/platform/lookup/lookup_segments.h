/*
 * lookup_segments.h
 *		Finds the segments that a person is in.
 */
#ifndef CDP_LOOKUP_LOOKUP_SEGMENTS_H
#define CDP_LOOKUP_LOOKUP_SEGMENTS_H

#include "nodes/pg_list.h"

/*
 * Returns the names of the segments that a person is in, and of those that cannot be
 * judged, each list sorted; only segments that the caller may read.
 */
extern void lookup_segments(int64 profile_id, List **members_of, List **failing);

#endif /* CDP_LOOKUP_LOOKUP_SEGMENTS_H */
