/*
 * lookup_segments.h
 *		The segments in a person's document.
 */
#ifndef CDP_OPERATE_LOOKUP_SEGMENTS_H
#define CDP_OPERATE_LOOKUP_SEGMENTS_H

#include "nodes/pg_list.h"

/*
 * Gives the names of the segments that a person is in, and of those that cannot be
 * judged, in order; of those that the caller may read.
 */
extern void lookup_segments(int64 profile_id, List **members_of, List **failing);

#endif /* CDP_OPERATE_LOOKUP_SEGMENTS_H */
