/*
 * schema.h
 *		A JSON Schema (draft-07), compiled: its text, its stored form (FORMAT.md), and whether a document follows it.
 *
 * What of the draft is meant how, and what is refused: toolkit/DEFINITIONS.md.
 */
#ifndef CDPK_SCHEMA_H
#define CDPK_SCHEMA_H

#include "core/schema/document.h"
#include "core/schema/simple_pattern.h"
#include "core/text/json.h"

#define CDPK_SCHEMA_VERSION 1               /* first byte of the stored form */
#define CDPK_SCHEMA_TEXT_MAX (1024 * 1024)  /* bytes of the text */
#define CDPK_SCHEMA_PATTERN_MAX (64 * 1024) /* bytes of a pattern, as the engine gets it */
#define CDPK_SCHEMA_NAMES_MAX 1000          /* patterns, and schemas with an $id */

/* what a violation says was broken; the first ones are no checks */
typedef enum CdpkKeyword
{
	CDPK_KEYWORD_FALSE, /* a schema that is false */
	CDPK_KEYWORD_TYPE,
	CDPK_KEYWORD_REQUIRED,
	CDPK_KEYWORD_ADDITIONAL_PROPERTIES,
	CDPK_KEYWORD_ADDITIONAL_ITEMS,
	CDPK_KEYWORD_CHECKS, /* the first of those that follow, which are a CdpkSchemaCheck's: a, b */
	CDPK_KEYWORD_CONST = CDPK_KEYWORD_CHECKS, /* list of values, count */
	CDPK_KEYWORD_ENUM,                        /* list of values in order, count */
	CDPK_KEYWORD_MULTIPLE_OF,                 /* value */
	CDPK_KEYWORD_MAXIMUM,                     /* value */
	CDPK_KEYWORD_EXCLUSIVE_MAXIMUM,           /* value */
	CDPK_KEYWORD_MINIMUM,                     /* value */
	CDPK_KEYWORD_EXCLUSIVE_MINIMUM,           /* value */
	CDPK_KEYWORD_MAX_LENGTH,                  /* the length */
	CDPK_KEYWORD_MIN_LENGTH,                  /* the length */
	CDPK_KEYWORD_PATTERN,                     /* pattern */
	CDPK_KEYWORD_FORMAT,                      /* CdpkFormat */
	CDPK_KEYWORD_MAX_ITEMS,                   /* the number */
	CDPK_KEYWORD_MIN_ITEMS,                   /* the number */
	CDPK_KEYWORD_UNIQUE_ITEMS,
	CDPK_KEYWORD_MAX_PROPERTIES, /* the number */
	CDPK_KEYWORD_MIN_PROPERTIES, /* the number */
	CDPK_KEYWORD_DEPENDENT_KEYS, /* key, list of keys that begins with their number */
	CDPK_KEYWORD_RULES,          /* the first of those that follow, which look at other rules */
	CDPK_KEYWORD_REF = CDPK_KEYWORD_RULES, /* rule */
	CDPK_KEYWORD_ALL_OF,                   /* list of rules, count */
	CDPK_KEYWORD_ANY_OF,                   /* list of rules, count */
	CDPK_KEYWORD_ONE_OF,                   /* list of rules, count */
	CDPK_KEYWORD_NOT,                      /* rule */
	CDPK_KEYWORD_IF,                       /* list of the rules if, then and else */
	CDPK_KEYWORD_DEPENDENT_RULE,           /* key, rule */
	CDPK_KEYWORD_ITEMS,                    /* rule */
	CDPK_KEYWORD_TUPLE,      /* list of rules and the one of further elements, count without it */
	CDPK_KEYWORD_CONTAINS,   /* rule */
	CDPK_KEYWORD_PROPERTIES, /* members */
	CDPK_KEYWORD_PROPERTY_NAMES, /* rule */
	CDPK_KEYWORDS
} CdpkKeyword;

/* types of a rule: 1 << CdpkNodeKind, and whole numbers where not all numbers are */
#define CDPK_TYPE_INTEGER (1 << CDPK_NODE_KINDS)
#define CDPK_TYPE_ANY ((1 << CDPK_NODE_KINDS) - 1)

/* no rule, or any value */
#define CDPK_RULE_NONE UINT32_MAX

typedef struct CdpkSchemaCheck
{
	uint8_t keyword;
	uint32_t a;
	uint32_t b;
} CdpkSchemaCheck;

/* One schema within the schema. */
typedef struct CdpkSchemaRule
{
	uint8_t types; /* 0: no value follows it */
	bool simple;   /* none of its checks looks at another rule */
	uint32_t first;
	uint32_t checks;
	uint32_t shared; /* several rules lead to it: its number among such; CDPK_RULE_NONE */
} CdpkSchemaRule;

/* A member that a schema names, in the order of keys. */
typedef struct CdpkSchemaProperty
{
	const char *key;
	uint32_t key_length;
	uint32_t rule; /* CDPK_RULE_NONE: it is only required */
	bool required;
} CdpkSchemaProperty;

/* What a schema says of the members of an object. */
typedef struct CdpkSchemaMembers
{
	uint32_t first; /* of its properties */
	uint32_t properties;
	uint32_t list; /* pairs of pattern and rule */
	uint32_t patterns;
	uint32_t additional; /* rule of other members, or CDPK_RULE_NONE */
} CdpkSchemaMembers;

/* The root is rule 0.  What points to text points into the bytes or the text that were read. */
typedef struct CdpkSchema
{
	CdpkSpan text; /* as it was given */
	CdpkSchemaRule *rules;
	CdpkSchemaCheck *checks;
	uint32_t *lists;
	CdpkSchemaProperty *properties;
	CdpkSchemaMembers *members;
	CdpkSpan *patterns;
	CdpkSimplePattern **simple; /* of each pattern; NULL: only the engine can match it */
	CdpkSpan *keys;
	CdpkNode *values;
	uint32_t rule_count;
	uint32_t check_count;
	uint32_t list_count;
	uint32_t property_count;
	uint32_t member_count;
	uint32_t pattern_count;
	uint32_t key_count;
	uint32_t value_count;
	uint32_t shared_count;
	void *memory; /* that the arrays stand in */
} CdpkSchema;

/* where and why a schema is refused */
typedef struct CdpkSchemaProblem
{
	char words[200];
	size_t position; /* byte of the text, from 1; 0 where none is at fault */
} CdpkSchemaProblem;

/* ---------------------------------------------------------------- compiling, and the stored form */

/* Returns NULL if the engine takes a pattern, which is an ARE as ecma_regex.h makes them; else why not. */
typedef const char *(*CdpkPatternCheck)(void *context, const char *pattern, size_t length);

/*
 * Make the stored form of a text, after "head" bytes for the caller to fill.
 *
 * CDPK_INVALID, CDPK_TOO_LONG, CDPK_BAD_ENCODING, CDPK_UNSUPPORTED: with *problem.
 */
extern CdpkStatus cdpk_schema_compile(const char *text, size_t length, CdpkPatternCheck check,
									  void *context, const CdpkAllocator *allocator, size_t head,
									  uint8_t **bytes, size_t *bytes_length,
									  CdpkSchemaProblem *problem);

/* Return the text of a stored form, or CDPK_CORRUPT, CDPK_UNKNOWN_VERSION. */
extern CdpkStatus cdpk_schema_text(const uint8_t *bytes, size_t length, CdpkSpan *text);

/* Read untrusted bytes, which must stay where they are; whatever they are, cdpk_schema_run ends. */
extern CdpkStatus cdpk_schema_read(const uint8_t *bytes, size_t length,
								   const CdpkAllocator *allocator, CdpkSchema *schema);

/* Release what cdpk_schema_read allocated. */
extern void cdpk_schema_free(CdpkSchema *schema, const CdpkAllocator *allocator);

/* ---------------------------------------------------------------- documents */

/* What a document breaks. */
typedef struct CdpkViolation
{
	CdpkKeyword keyword;
	const CdpkNode *node; /* what is wrong */
	const char *key;      /* of a member of the node that is missing; else NULL */
	uint32_t key_length;
	uint8_t types; /* of a wrong type: the right ones */
	CdpkSchemaCheck check;
} CdpkViolation;

/* How to judge documents; what is called must not keep what it gets. */
typedef struct CdpkSchemaRun
{
	const CdpkAllocator *scratch;
	void *context;
	/* whether a text has a match of a pattern, by its number */
	bool (*matches)(void *context, uint32_t pattern, const char *text, size_t length);
	/* takes each violation; NULL: the first one decides */
	void (*report)(void *context, const CdpkViolation *violation);
	/* called now and then; it may leave by longjmp */
	void (*interrupt)(void *context);
} CdpkSchemaRun;

/*
 * Say whether a document follows the schema.  Takes time of at most the number of rules x that of nodes (and what a
 * check of one value takes), and memory in proportion; nothing recurses.
 */
extern CdpkStatus cdpk_schema_run(const CdpkSchema *schema, const CdpkNode *document,
								  const CdpkSchemaRun *run, bool *valid);

/* Return the name of a keyword, as the draft writes it. */
extern const char *cdpk_keyword_name(CdpkKeyword keyword);

/* Say what is wrong, NUL-terminated and without anything that the document holds; return the length. */
#define CDPK_VIOLATION_TEXT_MAX 256
extern size_t cdpk_violation_describe(const CdpkSchema *schema, const CdpkViolation *violation,
									  char text[CDPK_VIOLATION_TEXT_MAX]);

/* Where a node of a document is. */
typedef struct CdpkWay
{
	uint32_t parent; /* the number of the node that it is in */
	uint32_t place;  /* among those that are in that */
} CdpkWay;

/* Find where each node of a document is, in time of their number; the first, number 0, is in none. */
extern void cdpk_document_ways(const CdpkNode *document, CdpkWay *ways);

#endif /* CDPK_SCHEMA_H */
