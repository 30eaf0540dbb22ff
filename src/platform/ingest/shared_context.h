/*
 * shared_context.h
 *		What the context of an event has in common with many others, apart from what is the event's own.
 *
 * Members of certain names say by what a message was sent: the browser, the app, the campaign.  They
 * are the same in many events, and are stored once.  All others stay with their event: addresses,
 * ids of devices, traits, pages, and whatever has another name.
 */
#ifndef CDP_INGEST_SHARED_CONTEXT_H
#define CDP_INGEST_SHARED_CONTEXT_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "core/base/siphash.h"

typedef enum ContextPart
{
	CONTEXT_SHARED,
	CONTEXT_OWN,
	CONTEXT_WHOLE
} ContextPart;

/*
 * Append bytes that two parts have in common exactly if they have the same members, written alike; none of a part
 * without members.  The context is an object.
 */
extern void context_bytes(Jsonb *context, ContextPart part, StringInfo bytes);

/* Return a part of a context as a jsonb; NULL: it has no member. */
extern Jsonb *context_part(Jsonb *context, ContextPart part);

/* Return what two parts are parts of.  Where a member is in both, that of the first. */
extern Jsonb *context_join(Jsonb *own, Jsonb *shared);

/* Return the hash of such bytes, never 0. */
extern int64 context_hash(const CdpkSipHashKey *key, StringInfo bytes);

#endif /* CDP_INGEST_SHARED_CONTEXT_H */
