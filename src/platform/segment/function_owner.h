/*
 * function_owner.h
 *		Checks who owns the functions that a condition calls.
 */
#ifndef CDP_SEGMENT_FUNCTION_OWNER_H
#define CDP_SEGMENT_FUNCTION_OWNER_H

#include "nodes/nodes.h"

/* Returns whether a function belongs neither to the server or the extension, nor to this owner or a superuser. */
extern bool is_foreign_function(Oid function, Oid owner);

/*
 * Returns a function that an expression or query calls, directly or through an
 * operator, a cast or a domain, that is not in pg_catalog or a schema of the
 * extension, and that belongs neither to this owner nor to a superuser; InvalidOid
 * if there is none.  *node is the node that calls it.
 */
extern Oid find_foreign_function(Node *expression, Oid owner, Node **node);

/* Raises an error if there is such a function. */
extern void check_function_owners(Node *expression, Oid owner);

/* Sets the message and hint of that error, within ereport(). */
extern int foreign_function_error(Oid function);

/* Returns whether a function is in a schema of the extension. */
extern bool is_cdp_function(Oid function);

#endif /* CDP_SEGMENT_FUNCTION_OWNER_H */
