/*
 * schema_build.h
 *		A schema while it is compiled: what the files schema_compile.c and schema_reference.c share.
 *
 * The text is a document, and a place in it is a node's number; the meta-schema, where the text refers to it, is a
 * second document, whose places follow.  Each place that is used as a schema is one rule.
 */
#ifndef CDPK_SCHEMA_BUILD_H
#define CDPK_SCHEMA_BUILD_H

#include "core/schema/arena.h"
#include "core/schema/schema.h"

/* Where a rule comes from. */
typedef struct CdpkRuleSource
{
	uint32_t place;
	uint32_t base;
} CdpkRuleSource;

/* A $ref whose check waits for the number of its rule. */
typedef struct CdpkReference
{
	uint32_t check;
	uint32_t place; /* of the $ref's string */
	uint32_t base;
} CdpkReference;

/* A schema that has a URI, or a name (of a fragment) within one. */
typedef struct CdpkNamed
{
	uint32_t base;
	CdpkSpan name; /* no text: the whole of it */
	uint32_t place;
} CdpkNamed;

typedef struct CdpkSchemaBuild
{
	CdpkSchema schema;
	CdpkArena arena;
	CdpkPatternCheck check;
	void *context;
	CdpkDocument document;
	CdpkDocument metaschema; /* no nodes: not needed so far */
	uint32_t *rule_of;       /* the rule of each place, or CDPK_RULE_NONE */
	CdpkRuleSource *sources; /* of each rule */
	CdpkReference *references;
	uint32_t reference_count;
	CdpkSpan *bases; /* URIs without fragments; the first is that of the text where it gives none */
	uint32_t base_count;
	CdpkNamed *named;
	uint32_t named_count;
	char *pattern; /* room for one */
	CdpkStatus status;
	CdpkSchemaProblem *problem;
} CdpkSchemaBuild;

/* Note what is wrong where a piece of the text begins (if it is in the text), and return false. */
extern bool cdpk_build_refuse(CdpkSchemaBuild *build, CdpkStatus status, const char *at,
							  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Return the node at a place, and the place of a node. */
static inline const CdpkNode *
cdpk_build_node(const CdpkSchemaBuild *build, uint32_t place)
{
	return place < build->document.count ? &build->document.nodes[place]
										 : &build->metaschema.nodes[place - build->document.count];
}

static inline uint32_t
cdpk_build_place(const CdpkSchemaBuild *build, const CdpkNode *node)
{
	if (node >= build->document.nodes && node < build->document.nodes + build->document.count)
		return (uint32_t) (node - build->document.nodes);
	return build->document.count + (uint32_t) (node - build->metaschema.nodes);
}

/* Give the rule for the schema at a place, a new one at its first use; false where there is none or no memory. */
extern bool cdpk_build_rule(CdpkSchemaBuild *build, const CdpkNode *node, uint32_t base,
							uint32_t *rule);

/* ---------------------------------------------------------------- references */

/* Read the $id of a schema: its base becomes another, or it gets a name. */
extern bool cdpk_build_id(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t *base);

/* Note that a check waits for a rule. */
extern bool cdpk_build_reference(CdpkSchemaBuild *build, const CdpkNode *string, uint32_t base,
								 uint32_t check);

/* Find what a noted reference refers to, and give its check the rule. */
extern bool cdpk_build_resolve(CdpkSchemaBuild *build, const CdpkReference *reference);

/* Begin: the text is the document of the empty URI. */
extern bool cdpk_build_begin_references(CdpkSchemaBuild *build);

#endif /* CDPK_SCHEMA_BUILD_H */
