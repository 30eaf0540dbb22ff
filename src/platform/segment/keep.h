/*
 * keep.h
 *		A run that judges people in a batch.
 */
#ifndef CDP_SEGMENT_KEEP_H
#define CDP_SEGMENT_KEEP_H

#include "platform/segment/kept.h"

/* how many accounts are in memory at once, each with its people */
#define KEEP_ACCOUNTS 100

/* what a run finds */
typedef struct KeepRun
{
	KeptSegments *segments;
	KeptChanges changes;
	const char *cause;      /* of all changes, unless … */
	const char **causes;    /* … it is that of the person */
	const int64 *event_ids; /* of people, or NULL */
	bool *flipped;          /* notes people who change, or NULL */
	int bound;              /* segments are bound to purposes: 1; none is: -1; 0: not known yet */
} KeepRun;

/* ids read by a query */
typedef struct KeepIds
{
	int64 *items;
	int64 count;
} KeepIds;

/* Returns the ids that a query finds, in CurrentMemoryContext. */
extern KeepIds keep_read_ids(const char *query, int count, Oid *types, Datum *values);

/* Reads the segments of a subject, and asks for all that can be judged. */
extern void keep_begin(KeepRun *run, SubjectKind subject, const char *cause);

/* Tells whether a person may not be used for the purpose that a segment is bound to, at an instant. */
extern bool keep_is_withdrawn(KeepRun *run, int64 profile_id, int32 segment_id, TimestampTz at);

/* Writes the segments and hands the changes to the feed; recover is that of kept_write_segments(). */
extern void keep_end(KeepRun *run, bool recover);

/* Says in a change of the feed that it is of a computed trait, of which the profile has this value now; NULL: none. */
extern void keep_set_value(KeptChange *change, const KeptSegment *trait, const char *value);

/* Makes a change of the feed: the KeptFlip of a run, which is its argument. */
extern void keep_note_flip(void *arg, const Kept *kept, int person, int segment, TimestampTz at,
						   TimestampTz former);

/* Leaves segments that fail as a whole as they are, unless they do not fail when they are tried. */
extern void keep_leave_failing(KeptSegments *segments);

/* Adds whom segments that fail are tried with, at most as many as there are segments; returns how many these are. */
extern int64 keep_add_trial(const KeptSegments *segments, int64 *ids);

#endif /* CDP_SEGMENT_KEEP_H */
