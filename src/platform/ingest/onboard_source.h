/*
 * onboard_source.h
 *		What rules of its source a row is cleaned by.
 */
#ifndef CDP_INGEST_ONBOARD_SOURCE_H
#define CDP_INGEST_ONBOARD_SOURCE_H

#include "core/identifier/email.h"
#include "core/text/json.h"
#include "platform/ingest/ingest.h"

typedef struct OnboardSource
{
	CdpkSpan name;
	char phone_region[3]; /* where numbers without a country code are; empty: they are no numbers */
	bool keeps_unidentified; /* an event without an identifier goes to the log */
	bool owns_message_ids;   /* messages of other sources can have the same ids */
} OnboardSource;

/* The rules by which rows are cleaned, and the sources that have others than the usual. */
typedef struct OnboardSources
{
	CdpkMailbox mailbox;       /* of e-mail addresses */
	bool any_owns_message_ids; /* of the sources */
	int count;
	OnboardSource *items;
} OnboardSources;

/* Read the rules, in the current memory context.  SPI must be connected. */
extern const OnboardSources *onboard_sources_read(void);

/* Compute the key of a message, as ingest_message_key() does, by the rules of its source. */
extern bool onboard_message_key(const OnboardSources *sources, const CdpkSipHashKey *hash_by,
								CdpkSpan source, CdpkSpan message_id, pg_uuid_t *key);

/* Return the rules of a source. */
extern const OnboardSource *onboard_source_rules(const OnboardSources *sources, CdpkSpan name);

#endif /* CDP_INGEST_ONBOARD_SOURCE_H */
