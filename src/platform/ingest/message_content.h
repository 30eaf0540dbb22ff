/*
 * message_content.h
 *		The content hash of a message, by which a message id that is used again is told from a repeated message.
 */
#ifndef CDP_INGEST_MESSAGE_CONTENT_H
#define CDP_INGEST_MESSAGE_CONTENT_H

#include "lib/stringinfo.h"

#include "core/base/siphash.h"
#include "platform/ingest/onboard.h"

/* Return the content hash of a row that onboard_row() has taken.  No content of a row raises an error. */
extern uint64 message_content(const CdpkSipHashKey *key, const InboxRow *row,
							  const OnboardedRow *event);

/*
 * Return the hash of what a row says, from any sender: of its type, event, account, properties and traits; of a group
 * call also of whether the person leaves the account.  An identify, alias or merge call says which identifiers are
 * one person's: so that no such evidence is lost, all of them are part of it (sorted; earlier: NULL, or the earlier user_id).
 */
extern uint64 message_same_content(const CdpkSipHashKey *key, CallType type, CdpkSpan event,
								   const InboxRow *row, Identifier *const *identifiers, int count,
								   const Identifier *earlier);

/*
 * Tell whether a row that the log was read into may have come without a time from its sender: then the log has one of
 * the other times instead, and does not say so.
 */
extern bool message_may_lack_time(const InboxRow *row);

/*
 * Append the same content as a text, by which contents are compared: equal contents have equal texts, in every
 * installation.  It is an array of JSON: type, event, the identifiers and documents in the order in which they
 * are hashed, the time that the sender gave, and the event's time.
 */
extern void message_content_text(StringInfo text, CdpkSpan type, CdpkSpan event, TimestampTz at,
								 const InboxRow *row);

#endif /* CDP_INGEST_MESSAGE_CONTENT_H */
