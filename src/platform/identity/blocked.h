/*
 * blocked.h
 *		Values that a namespace's rule blocks.
 */
#ifndef CDP_IDENTITY_BLOCKED_H
#define CDP_IDENTITY_BLOCKED_H

#include "utils/jsonb.h"

typedef struct BlockedRules BlockedRules;

/* Reads an object of namespace to list; the rules live in a child of a memory context. */
extern BlockedRules *blocked_rules_read(Jsonb *rules, MemoryContext parent);

/* Tells whether they block an identifier; allocates in the current memory context. */
extern bool blocked_rules_match(const BlockedRules *rules, const uint8_t *payload, size_t length);

#endif /* CDP_IDENTITY_BLOCKED_H */
