/*
 * sent_message.h
 *		A message as it was sent, made of what the log has of it.
 *
 * A field stands under its name in camelCase, as the column has it: times in the form of cdpk_sent_time_print(),
 * "timestamp" being the original one where the log has that; "integrations" and "mergeProperties" stand in the log's
 * context.  What differs is kept in the context:
 *
 *	"_extra"	members of the message as they were sent: those that have no column, and those that their column does
 *				not give back;
 *	"_sent"		for a key of the message: true, it stood there (a name in properties, under its own key too if
 *				"copied"); false, it did not; null, it was null;
 *	"_dropped"	what a tracking plan has dropped from properties, traits and context: see dropped.h.
 *
 * Of an event of line_snowplow.h "_sent" says "snowplow": "event", and "_extra" has what was sent under that key.
 */
#ifndef CDP_INGEST_SENT_MESSAGE_H
#define CDP_INGEST_SENT_MESSAGE_H

#include "platform/ingest/ingest.h"

/* Return whether a type is written as the log has it. */
extern bool sent_is_plain_type(CdpkSpan type);

/* Return whether a type is that of a track call. */
extern bool sent_is_track(CdpkSpan type);

#endif /* CDP_INGEST_SENT_MESSAGE_H */
