/*
 * jsonb_document.h
 *		A jsonb as a document of core/schema: nodes that point into it.
 */
#ifndef CDP_JSONB_DOCUMENT_H
#define CDP_JSONB_DOCUMENT_H

#include "utils/jsonb.h"

#include "core/schema/document.h"

/* nodes of most events, which need no memory of their own */
#define JSONB_NODES_AT_HAND 64

typedef struct JsonbDocument
{
	CdpkNode *nodes;
	uint32 count;
	uint32 room;
	CdpkNode at_hand[JSONB_NODES_AT_HAND];
} JsonbDocument;

/* Read a jsonb, which must stay where it is; the document must not be moved. */
extern void jsonb_document_read(JsonbDocument *document, Jsonb *jsonb);

/*
 * Begin a document that is an object; then its members are added one by one, in jsonb's order of keys.  Keys and values
 * must stay where they are.
 */
extern void jsonb_document_begin(JsonbDocument *document);
extern void jsonb_document_add_text(JsonbDocument *document, const char *key, const char *text,
									uint32 length);
extern void jsonb_document_add(JsonbDocument *document, const char *key, Jsonb *jsonb);

/* Leave a member out of the object that was added last. */
extern void jsonb_document_leave_out(JsonbDocument *document, const char *key);

/* Release what it has allocated. */
extern void jsonb_document_free(JsonbDocument *document);

#endif /* CDP_JSONB_DOCUMENT_H */
