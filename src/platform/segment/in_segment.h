/*
 * in_segment.h
 *		Other segments in a condition: cdp.in_segment('name'), kept as cdp_internal.in_segment(number).
 */
#ifndef CDP_SEGMENT_IN_SEGMENT_H
#define CDP_SEGMENT_IN_SEGMENT_H

#include "parser/parse_node.h"

#include "platform/segment/subject.h"

/* Returns whether a node names another segment, by its name or number. */
extern bool in_segment_is(Node *node);

/* Raises an error unless a role may read another segment. */
extern void in_segment_check_right(Oid role, const char *name);

/* Returns the number of the segment that a call names; raises an error unless it does by a constant number. */
extern int32 in_segment_number(Node *node);

/*
 * Replaces the names of segments in an analysed condition by their numbers, which it appends to *numbers, with those of
 * computed traits.  Raises an error for those that do not exist, are not of the subject asked for, or that the owner of
 * the condition may not read.
 */
extern Node *in_segment_resolve(Node *condition, SubjectKind subject, Oid owner, ParseState *pstate,
								List **numbers);

#endif /* CDP_SEGMENT_IN_SEGMENT_H */
