/*
 * batch_packed.h
 *		A row of the base as bytes: all but its anchor, account, traits and timeline.  FORMAT.md.
 */
#ifndef CDPK_BATCH_PACKED_H
#define CDPK_BATCH_PACKED_H

#include "core/base/bytes.h"

/* What a row has at most: events, and identifiers, as an event has no more. */
#define CDPK_PACKED_EVENTS_MAX (INT64_C(1) << 40)
#define CDPK_PACKED_IDS_MAX 256

/* What the bytes of a row of the base hold. */
typedef struct CdpkPacked
{
	int64_t anchor; /* is not in the bytes: the caller sets it; 0: none */
	int64_t events;
	int64_t first_at;
	int64_t last_at;
	int64_t first_said_at;
	int64_t last_said_at;
	int64_t after;     /* or CDPK_BATCH_EVER */
	int64_t traits_at; /* or CDPK_BATCH_NEVER: there are no traits */
	int32_t source_id;
	bool is_alias;
	uint32_t id_count;      /* of an alias without the earlier user_id … */
	const int64_t *ids;     /* … which comes last; of what was read NULL: see cdpk_packed_ids */
	const uint8_t *listed;  /* of what was read, the bytes of the ids … */
	const uint8_t *message; /* … and of the message */
	uint32_t message_size;
	const char *message_id;  /* of what was read NULL: see cdpk_packed_message */
	uint32_t message_length; /* 0: it has none */
} CdpkPacked;

/* Return how many bytes a row has at most. */
extern size_t cdpk_packed_size_max(const CdpkPacked *row);

/* Write a row, and return how many bytes it has.  The message of one identifier alone is left out: it says no link. */
extern size_t cdpk_packed_write(const CdpkPacked *row, uint8_t *bytes);

/* Read a row, which points into the bytes.  CDPK_UNKNOWN_VERSION, or CDPK_CORRUPT: nothing that is written. */
extern CdpkStatus cdpk_packed_read(const void *bytes, size_t length, int64_t anchor,
								   CdpkPacked *row);

/* Get the identifiers of a row that was read: id_count, and of an alias one more. */
extern void cdpk_packed_ids(const CdpkPacked *row, int64_t *ids);

/* Get its message, of message_length bytes. */
extern void cdpk_packed_message(const CdpkPacked *row, char *message_id);

#endif /* CDPK_BATCH_PACKED_H */
