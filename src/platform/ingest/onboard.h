/*
 * onboard.h
 *		The identifiers of one row of the inbox.
 */
#ifndef CDP_INGEST_ONBOARD_H
#define CDP_INGEST_ONBOARD_H

#include "utils/jsonb.h"

#include "toolkit/identifier/identifier.h"
#include "platform/ingest/ingest.h"

/*
 * The greatest value of the setting max_identifiers.  Each pair of identifiers of an event is a link,
 * so an event with many identifiers is likely a mistake.
 */
#define INGEST_IDENTIFIERS_MAX 256

/* Distinct identifiers in ascending order. */
typedef struct IdentifierSet
{
	int count;
	int max;     /* 1 … INGEST_IDENTIFIERS_MAX */
	int repeats; /* number of duplicates that were ignored */
	Identifier *members[INGEST_IDENTIFIERS_MAX];
} IdentifierSet;

/*
 * These functions add identifiers to the set, and return false with a refusal if a value cannot be an
 * identifier.  A value that is NULL, blank, or meaningless and not of its namespace's form ("null" as
 * an e-mail address) counts as not given.
 */

/* Add a column of the row. */
extern bool identifiers_add_column(IdentifierSet *set, const char *column, const char *name_space,
								   CdpkSpan value, Refusal *refusal);

/* Add the column "identifiers": namespace to value or array of values. */
extern bool identifiers_add_object(IdentifierSet *set, Jsonb *identifiers, Refusal *refusal);

/* Add the e-mail address and the phone number in traits. */
extern bool identifiers_add_traits(IdentifierSet *set, const char *field, JsonbContainer *traits,
								   Refusal *refusal);

/* Add the identifiers in the column "context": traits, device, externalIds, integrations. */
extern bool identifiers_add_context(IdentifierSet *set, JsonbContainer *context, Refusal *refusal);

#endif /* CDP_INGEST_ONBOARD_H */
