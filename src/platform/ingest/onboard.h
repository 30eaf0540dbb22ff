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
#include "platform/ingest/onboard_source.h"

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
	CALL_MERGE,
	CALL_COUNT
} CallType;

/* The parts of an event.  Spans point into the row, or to what the current memory context holds. */
typedef struct OnboardedRow
{
	CallType type;
	CdpkSpan event;  /* empty if the call has none */
	CdpkSpan source; /* set for a refused row too */
	TimestampTz at;
	TimestampTz
		received_at; /* as of the batch, where the row's is no time at which it can have been */
	IdentifierSet identifiers; /* none of them meaningless */
	Rejections rejections;     /* values that cannot be identifiers */
	Identifier *earlier;       /* the previous_id of an alias call, as a user_id; NULL: none */
} OnboardedRow;

typedef struct OnboardOptions
{
	TimestampTz as_of;   /* time of the batch, finite */
	int max_identifiers; /* 1 … INGEST_IDENTIFIERS_MAX */
	bool
		is_logged; /* the row is of the log: its timestamp counts as it is, and it may be without identifiers */
	const OnboardSources *sources; /* NULL: all have the usual rules */
	bool has_dropped; /* the context may have what was dropped: DROPPED_LEVELS deeper */
} OnboardOptions;

/* Raise an error for options that are out of range. */
extern void onboard_check_options(OnboardOptions options);

/*
 * Clean a row; false with a refusal if it cannot be an event.  No content of a row raises an error.
 * "source" is what counts as its source.
 */
extern bool onboard_row(const InboxRow *row, CdpkSpan source, OnboardOptions options,
						OnboardedRow *event, Refusal *refusal);

/* Count the identifiers of a row, also of one that is refused for something else. */
extern int onboard_count_identifiers(const InboxRow *row, CdpkSpan source, OnboardOptions options);

/* Tell whether a group call says that its person leaves the account: "groupLeft" of its context is true. */
extern bool onboard_leaves_account(Datum context, bool isnull);

/* Tell whether a refused row only lacks what an event needs: a type, a name, a group or an identifier. */
extern bool onboard_lacks(const Refusal *refusal);

/* Set the source, "default" if no valid name is given; false with a refusal if the name is invalid. */
extern bool onboard_source(CdpkSpan given, OnboardedRow *event, Refusal *refusal);

/* Return the name of a call: "identify", … */
extern const char *onboard_call_name(CallType type);

/* Return how much of a rejected value is kept, in bytes. */
extern int onboard_example_length(const Rejection *rejection);

/*
 * Set the time of the event, which is never later than its arrival, and that of its arrival; false with a refusal if it
 * is before 1970 or more than a week after the batch.
 */
extern bool onboard_time(const InboxRow *row, OnboardOptions options, OnboardedRow *event,
						 Refusal *refusal);

/* Return the time of arrival, or as_of where received_at is no time at which it can have been. */
extern TimestampTz onboard_received_at(const InboxRow *row, TimestampTz as_of);

/*
 * These functions add identifiers to the set, and return false with a refusal if there are too many.  A value that
 * cannot be an identifier is noted as rejected.  One that is NULL, blank, or meaningless and not of its namespace's form
 * ("null" as an e-mail address) counts as not given.
 */

typedef struct IdentifierSink
{
	IdentifierSet *set;
	Rejections *rejections;
	const char *phone_region; /* empty: none */
	CdpkMailbox mailbox;
} IdentifierSink;

/* Add a column of the row. */
extern bool identifiers_add_column(const IdentifierSink *sink, const char *name_space,
								   CdpkSpan value, Refusal *refusal);

/* Add the column "identifiers": namespace to value or array of values. */
extern bool identifiers_add_object(const IdentifierSink *sink, Jsonb *identifiers,
								   Refusal *refusal);

/* Add the e-mail address and the phone number in traits. */
extern bool identifiers_add_traits(const IdentifierSink *sink, JsonbContainer *traits,
								   Refusal *refusal);

/* Add the identifiers in the column "context": traits, device, externalIds, integrations. */
extern bool identifiers_add_context(const IdentifierSink *sink, JsonbContainer *context,
									Refusal *refusal);

/* Add the click ids in the context and the properties, which can be NULL: members, and parameters of the page's URL. */
extern bool identifiers_add_clicks(const IdentifierSink *sink, JsonbContainer *context,
								   JsonbContainer *properties, Refusal *refusal);

/* Add the pairs of a merge call, which are in the column "context". */
extern bool identifiers_add_merged(const IdentifierSink *sink, JsonbContainer *context,
								   Refusal *refusal);

/* Give a member of an object that is an object itself; false if it has none. */
extern bool onboard_find_object(JsonbContainer *object, const char *key, JsonbValue *value);

#endif /* CDP_INGEST_ONBOARD_H */
