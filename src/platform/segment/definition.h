/*
 * definition.h
 *		The definition of a segment: the view cdp_condition.<name>, whose column "holds" is the condition.
 *
 * A computed trait is defined, judged and kept as a segment is; the column is "value" then, of any type.
 */
#ifndef CDP_SEGMENT_DEFINITION_H
#define CDP_SEGMENT_DEFINITION_H

#include "nodes/nodes.h"
#include "utils/snapshot.h"

#include "platform/segment/subject.h"

#define DEFINITION_SCHEMA "cdp_condition"
#define SEGMENT_SCHEMA "cdp_segment"

/* a segment whose definition was found and is locked */
typedef struct Segment
{
	NameData name;
	Oid view; /* its definition */
	Oid owner;
	SubjectKind subject;
	bool is_trait; /* a computed trait: the definition has a value in place of a condition */
	Oid type;      /* of the value */
} Segment;

/* flags of definition_find */
#define DEFINITION_REQUIRED 1 /* raise an error if there is no segment that the caller may read */
#define DEFINITION_NOWAIT 2   /* do not wait for a transaction that redefines it: do not find it */

#define DEFINITION_UNLOCKED 4 /* do not lock it: only its owner is wanted */

/*
 * Finds a segment's definition and locks it, so that it does not change until
 * definition_release; returns false if there is none, or the caller may not read the segment's view.
 */
extern bool definition_find(const char *name, int flags, Segment *segment);
extern void definition_release(const Segment *segment);

/* Raises an error unless a segment, or computed trait, is one of a subject. */
extern void definition_check_subject(const Segment *segment, SubjectKind subject);

/* Returns whether a role may read the view of a segment. */
extern bool definition_is_readable(const char *name, Oid role);

/* Returns whether a definition was made after a snapshot of the present transaction was taken. */
extern bool definition_is_newer(const Segment *segment, Snapshot snapshot);

/* Returns whether a definition is the query of a list: a view with one column. */
extern bool definition_is_list(const Segment *segment);

/* Returns whether a segment of this name has a definition. */
extern bool definition_exists(const char *name);

/*
 * Returns a copy of the condition, or of the expression of a computed trait, over the columns of the subject's view;
 * sets *row_view to that.  Checks that the view is the definition of a segment, and the owners of its functions.
 */
extern Node *definition_condition(const Segment *segment, Oid *row_view);

#endif /* CDP_SEGMENT_DEFINITION_H */
