/*
 * json_schema.h
 *		A cdp.json_schema made ready to judge documents.
 */
#ifndef CDP_JSON_SCHEMA_H
#define CDP_JSON_SCHEMA_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "core/schema/schema.h"

typedef struct JsonSchema JsonSchema;

/* Make ready a stored form, of which a copy is kept; it goes with its context, which is a child of the parent. */
extern JsonSchema *json_schema_open(MemoryContext parent, const void *bytes, size_t length);

/* Release it. */
extern void json_schema_close(JsonSchema *schema);

/* Return whether it was made of these bytes. */
extern bool json_schema_is(const JsonSchema *schema, const void *bytes, size_t length);

/* Return whether a document follows the schema. */
extern bool json_schema_matches(JsonSchema *schema, Jsonb *document);

/* A violation, and what tells of it. */
typedef struct JsonViolation
{
	const CdpkSchema *schema;
	const CdpkNode *document; /* the first of its nodes */
	const CdpkWay *ways;      /* of all of them */
	const CdpkViolation *violation;
} JsonViolation;

/* Takes a violation. */
typedef void (*JsonSchemaReport)(void *context, const JsonViolation *found);

/* Report all violations; return whether there are none. */
extern bool json_schema_violations(JsonSchema *schema, Jsonb *document, JsonSchemaReport report,
								   void *context);

/* Do so for a document that is given as nodes. */
extern bool json_schema_node_violations(JsonSchema *schema, const CdpkNode *document,
										JsonSchemaReport report, void *context);

/* Append the way from the document to what is wrong, as Segment writes it: properties.total. */
extern void json_schema_append_field(StringInfo field, const JsonViolation *found);

/* Return the numbers of the nodes on that way, without the document's own, and set how many they are. */
extern uint32 *json_schema_way(const JsonViolation *found, int *count);

#endif /* CDP_JSON_SCHEMA_H */
