/*
 * schema_build.h
 *		A schema while it is compiled: what the files that do so share.
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

/* ---------------------------------------------------------------- pieces */

/* Note what is wrong where a piece of the text begins (if it is in the text), and return false. */
extern bool cdpk_build_refuse(CdpkSchemaBuild *build, CdpkStatus status, const char *at,
							  const char *format, ...) __attribute__((format(printf, 4, 5)));
extern bool cdpk_build_no_memory(CdpkSchemaBuild *build);

/* Refuse the value of a keyword, saying what it must be. */
extern bool cdpk_build_refuse_value(CdpkSchemaBuild *build, const CdpkNode *value,
									const char *must);

/* Make room for one item more in an array of the schema; false where there is no memory. */
#define CDPK_BUILD_GROW(build, array, count)                                        \
	cdpk_build_grow(build, (void **) &(build)->schema.array, (build)->schema.count, \
					sizeof(*(build)->schema.array))
extern bool cdpk_build_grow(CdpkSchemaBuild *build, void **array, uint32_t count, size_t item);

/* Add a check to the rule that is compiled, an item to the lists. */
extern bool cdpk_build_check(CdpkSchemaBuild *build, CdpkKeyword keyword, uint32_t a, uint32_t b);
extern bool cdpk_build_item(CdpkSchemaBuild *build, uint32_t item);

/* Add a key, a copy of a value, a pattern that is a key or a string at "at" of the text, and give its number. */
extern bool cdpk_build_key(CdpkSchemaBuild *build, const char *key, uint32_t length,
						   uint32_t *number);
extern bool cdpk_build_value(CdpkSchemaBuild *build, const CdpkNode *value, uint32_t *number);
extern bool cdpk_build_pattern(CdpkSchemaBuild *build, const char *at, const char *text,
							   size_t length, uint32_t *number);

/* Return the value of a keyword of a schema, or NULL. */
extern const CdpkNode *cdpk_build_keyword(const CdpkNode *schema, const char *keyword);

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

/* ---------------------------------------------------------------- keywords of single values */

/* Read the types of a schema: all where it names none. */
extern bool cdpk_compile_type(CdpkSchemaBuild *build, const CdpkNode *schema, uint8_t *types);

/* Compile const and enum; bounds of numbers; bounds of lengths and sizes, uniqueItems; pattern and format. */
extern bool cdpk_compile_values(CdpkSchemaBuild *build, const CdpkNode *schema);
extern bool cdpk_compile_numbers(CdpkSchemaBuild *build, const CdpkNode *schema);
extern bool cdpk_compile_counts(CdpkSchemaBuild *build, const CdpkNode *schema);
extern bool cdpk_compile_strings(CdpkSchemaBuild *build, const CdpkNode *schema);

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
