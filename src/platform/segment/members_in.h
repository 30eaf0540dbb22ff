/*
 * members_in.h
 *		Segments of people in a condition of accounts: cdp.members_in('name'), kept as cdp_internal.members_in(number).
 */
#ifndef CDP_SEGMENT_MEMBERS_IN_H
#define CDP_SEGMENT_MEMBERS_IN_H

#include "nodes/pg_list.h"
#include "nodes/primnodes.h"

/* Returns whether a node counts members, of a segment by its name or number; its argument is that. */
extern bool members_in_is(Node *node);

/* Returns a call that counts the members in a segment. */
extern Node *members_in_call(int32 number);

/* Returns the segments of people that an expression uses by number; those that it still names are left out. */
extern List *members_in_numbers(Node *expression);

#endif /* CDP_SEGMENT_MEMBERS_IN_H */
