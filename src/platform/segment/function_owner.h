/*
 * function_owner.h
 *		Whose functions a condition calls.
 */
#ifndef CDP_SEGMENT_FUNCTION_OWNER_H
#define CDP_SEGMENT_FUNCTION_OWNER_H

#include "nodes/nodes.h"

/*
 * Finds a function that an expression or query calls, as itself, by an operator, a
 * cast or a domain, and that lies outside pg_catalog and cdp and belongs to neither
 * this owner nor a superuser; *node is where it is called.
 */
extern Oid find_foreign_function(Node *expression, Oid owner, Node **node);

/* Raises an error if there is one. */
extern void check_function_owners(Node *expression, Oid owner);

/* The message and hint of that error, for ereport(). */
extern int foreign_function_error(Oid function);

/* Whether a function lies in the schema cdp. */
extern bool is_cdp_function(Oid function);

#endif /* CDP_SEGMENT_FUNCTION_OWNER_H */
