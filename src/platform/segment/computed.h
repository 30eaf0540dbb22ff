/*
 * computed.h
 *		Computed traits in an expression: cdp.computed('name'), kept as cdp_internal.computed(number, NULL::type).
 */
#ifndef CDP_SEGMENT_COMPUTED_H
#define CDP_SEGMENT_COMPUTED_H

#include "parser/parse_node.h"

#include "platform/segment/part.h"

/*
 * Replaces the names of computed traits in a raw expression by their numbers and types, in place.  Raises an error for
 * those that do not exist, are of another subject, or that the owner of the expression may not read.
 */
extern void computed_resolve(Node *raw, SubjectKind subject, Oid owner, ParseState *pstate);

/* Returns whether a node of an analysed expression is the value of a computed trait, and its number. */
extern bool computed_is(Node *node, int32 *number);

/* Returns the name of a segment or computed trait by its number. */
typedef const char *(*ComputedName)(void *arg, int32 number);

/* Returns an analysed expression in which computed traits, and segments of people, stand by name again, to be shown. */
extern Node *computed_show(Node *node, ComputedName name, void *arg);

/* Tells whether an analysed expression uses a computed trait. */
extern bool computed_is_used(Node *node);

/* The person of whom cdp_internal.computed() returns values; NULL: no person is judged. */
extern const PartPerson *computed_person(void);
extern void computed_set_person(const PartPerson *person);

#endif /* CDP_SEGMENT_COMPUTED_H */
