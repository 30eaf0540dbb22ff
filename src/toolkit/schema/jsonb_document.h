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

/* Release what it has allocated. */
extern void jsonb_document_free(JsonbDocument *document);

#endif /* CDP_JSONB_DOCUMENT_H */
