/*
 * message_content.h
 *		The content hash of a message, by which a message id that is used again is told from a repeated message.
 */
#ifndef CDP_INGEST_MESSAGE_CONTENT_H
#define CDP_INGEST_MESSAGE_CONTENT_H

#include "core/base/siphash.h"
#include "platform/ingest/onboard.h"

/* Return the content hash of a row that onboard_row() has taken.  No content of a row raises an error. */
extern uint64 message_content(const CdpkSipHashKey *key, const InboxRow *row,
							  const OnboardedRow *event);

#endif /* CDP_INGEST_MESSAGE_CONTENT_H */
