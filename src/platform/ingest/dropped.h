/*
 * dropped.h
 *		Members that were dropped from the documents of a row: "_dropped" of its context has them.
 *
 * "_dropped" is an object of "properties", "traits" and "context", each an object of what its document lacks, a member
 * of a member within one of the same key.  So the message as it was sent can be made again: where an object has no
 * such member, or both have it as an object, what was dropped is put back into it.  A member "_dropped" that the sender
 * has in its context is dropped from it whatever the plan, so that each "_dropped" of the log is of this form.
 */
#ifndef CDP_INGEST_DROPPED_H
#define CDP_INGEST_DROPPED_H

#include "platform/ingest/ingest.h"
#include "utils/jsonb.h"

/* The keys that lead to a member of a document. */
typedef struct DroppedPath
{
	int count;
	const CdpkSpan *keys;
} DroppedPath;

/*
 * Divide an object into what it keeps and the members at these paths.  *dropped is NULL if it has none of them, and
 * *kept is the document then.  The paths are sorted.
 */
extern void dropped_divide(Jsonb *document, DroppedPath *paths, int count, Jsonb **kept,
						   Jsonb **dropped);

/* Put what was dropped back into an object. */
extern Jsonb *dropped_join(Jsonb *kept, Jsonb *dropped);

/* The levels that a context is deeper at most, for what was dropped. */
#define DROPPED_LEVELS 2

/* Tell whether a row has a member "_dropped" in its context. */
extern bool dropped_is_used(const InboxRow *row);

/* Put into the context of a row what was dropped from its documents, each of which may be NULL: nothing was. */
extern void dropped_note(InboxRow *row, Jsonb *properties, Jsonb *traits, Jsonb *context);

/* Drop from the context of a row the member "_dropped" that its sender has there. */
extern void dropped_escape(InboxRow *row);

/* Put back into properties and traits of a row what was dropped; false: the row is as it was sent. */
extern bool dropped_put_back(InboxRow *row);

#endif /* CDP_INGEST_DROPPED_H */
