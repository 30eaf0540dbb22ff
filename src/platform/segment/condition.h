/*
 * condition.h
 *		The text of a condition, or of the expression of a computed trait.
 */
#ifndef CDP_SEGMENT_CONDITION_H
#define CDP_SEGMENT_CONDITION_H

#include "nodes/nodes.h"
#include "nodes/pg_list.h"

#include "platform/segment/subject.h"

/*
 * Analyses a text as a condition that a role can own, over the columns of the view of a subject, and appends the
 * segments that it uses to *numbers; in the result they stand by number.  Raises an error, with its position, if it is none.
 */
extern Node *condition_read(const char *text, Oid owner, bool is_trait, SubjectKind subject,
							List **numbers);

#endif /* CDP_SEGMENT_CONDITION_H */
