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
 * Every two of an event's identifiers make a link: many of them are a mistake, not a person.
 * How many are let through is a setting; no setting goes beyond this.
 */
#define INGEST_IDENTIFIERS_MAX 256

/* Identifiers in ascending order, each once. */
typedef struct IdentifierSet
{
	int count;
	int max;     /* 1 … INGEST_IDENTIFIERS_MAX */
	int repeats; /* how often one was named again */
	Identifier *members[INGEST_IDENTIFIERS_MAX];
} IdentifierSet;

/*
 * Each of these adds the identifiers that it finds to the set, and returns false with a refusal
 * where a value cannot be one.  What is NULL, blank, or means nothing and has not even its
 * namespace's form ("null" as an e-mail address) counts as not given.
 */

/* A column of the row, in the namespace of its name or another one. */
extern bool identifiers_add_column(IdentifierSet *set, const char *column, const char *name_space,
								   CdpkSpan value, Refusal *refusal);

/* The column "identifiers": namespace → value, or an array of values. */
extern bool identifiers_add_object(IdentifierSet *set, Jsonb *identifiers, Refusal *refusal);

/* E-mail address and phone number among a person's traits. */
extern bool identifiers_add_traits(IdentifierSet *set, const char *field, JsonbContainer *traits,
								   Refusal *refusal);

/* What the column "context" knows of the person: traits, device, externalIds, integrations. */
extern bool identifiers_add_context(IdentifierSet *set, JsonbContainer *context, Refusal *refusal);

#endif /* CDP_INGEST_ONBOARD_H */
