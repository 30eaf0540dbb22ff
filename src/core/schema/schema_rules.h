/*
 * schema_rules.h
 *		What follows from the rules of a schema: which lead to which.
 */
#ifndef CDPK_SCHEMA_RULES_H
#define CDPK_SCHEMA_RULES_H

#include "core/schema/schema.h"

/* Give the i-th rule that a check leads to (CDPK_RULE_NONE: none there); false after the last. */
extern bool cdpk_check_leads_to(const CdpkSchema *schema, const CdpkSchemaCheck *check, uint32_t i,
								uint32_t *rule);

/*
 * Note which rules are simple and which are shared.
 *
 * CDPK_INVALID: *cyclic is a rule that leads to itself without going into the document, so that no value could ever
 * be judged.
 */
extern CdpkStatus cdpk_schema_finish(CdpkSchema *schema, const CdpkAllocator *scratch,
									 uint32_t *cyclic);

/* Return how many bytes the stored form takes at most, and write it; returns what it took. */
extern size_t cdpk_schema_room(const CdpkSchema *schema);
extern size_t cdpk_schema_write(const CdpkSchema *schema, uint8_t *bytes);

#endif /* CDPK_SCHEMA_RULES_H */
