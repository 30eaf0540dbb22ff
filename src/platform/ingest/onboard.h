/*
 * onboard.h
 *		A row of the inbox becomes the parts of an event, or a refusal.
 */
#ifndef CDP_INGEST_ONBOARD_H
#define CDP_INGEST_ONBOARD_H

#include "utils/jsonb.h"
#include "utils/timestamp.h"

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

typedef enum CallType
{
	CALL_IDENTIFY,
	CALL_TRACK,
	CALL_PAGE,
	CALL_SCREEN,
	CALL_GROUP,
	CALL_ALIAS,
	CALL_COUNT
} CallType;

/* The parts of an event.  Spans point into the row, or to what the current memory context holds. */
typedef struct OnboardedRow
{
	CallType type;
	CdpkSpan event;  /* empty if the call has none */
	CdpkSpan source; /* set for a refused row too */
	TimestampTz at;
	IdentifierSet identifiers; /* none of them meaningless */
	Identifier *earlier;       /* the previous_id of an alias call, as a user_id; NULL: none */
} OnboardedRow;

typedef struct OnboardOptions
{
	TimestampTz as_of;   /* time of the batch, finite */
	int max_identifiers; /* 1 … INGEST_IDENTIFIERS_MAX */
} OnboardOptions;

/* Raise an error for options that are out of range. */
extern void onboard_check_options(OnboardOptions options);

/*
 * Clean a row; false with a refusal if it cannot be an event.  No content of a row raises an error.
 * "source" is what counts as its source.
 */
extern bool onboard_row(const InboxRow *row, CdpkSpan source, OnboardOptions options,
						OnboardedRow *event, Refusal *refusal);

/* Tell whether a refused row only lacks what an event needs: a type, a name, a group or an identifier. */
extern bool onboard_lacks(const Refusal *refusal);

/* Set the source, "default" if no valid name is given; false with a refusal if the name is invalid. */
extern bool onboard_source(CdpkSpan given, OnboardedRow *event, Refusal *refusal);

/* Return the name of a call: "identify", … */
extern const char *onboard_call_name(CallType type);

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
