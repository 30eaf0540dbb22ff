/*
 * schema_compile.c
 *		Compiles the text of a JSON Schema into rules.
 */
#include <stdio.h>
#include <stdlib.h>

#include "core/schema/schema_build.h"
#include "core/schema/schema_rules.h"

/* ---------------------------------------------------------------- keywords that hold schemas */

/* Compile a keyword whose value is one schema. */
static bool
compile_single(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base, CdpkKeyword keyword)
{
	const CdpkNode *value = cdpk_build_keyword(schema, cdpk_keyword_name(keyword));
	uint32_t rule;

	return value == NULL || (cdpk_build_rule(build, value, base, &rule) &&
							 cdpk_build_check(build, keyword, rule, 0));
}

/* Add the rules of an array of schemas to the lists. */
static bool
add_rules(CdpkSchemaBuild *build, const CdpkNode *array, uint32_t base)
{
	const CdpkNode *schema = array + 1;
	uint32_t rule;

	for (uint32_t i = 0; i < array->count; i++, schema += schema->size)
		if (!cdpk_build_rule(build, schema, base, &rule) || !cdpk_build_item(build, rule))
			return false;
	return true;
}

/* Compile allOf, anyOf, oneOf, not. */
static bool
compile_combined(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base)
{
	for (int keyword = CDPK_KEYWORD_ALL_OF; keyword <= CDPK_KEYWORD_ONE_OF; keyword++)
	{
		const CdpkNode *value =
			cdpk_build_keyword(schema, cdpk_keyword_name((CdpkKeyword) keyword));
		uint32_t first = build->schema.list_count;

		if (value == NULL)
			continue;
		if (value->kind != CDPK_NODE_ARRAY || value->count == 0)
			return cdpk_build_refuse_value(build, value, "an array of schemas, not empty");
		if (!add_rules(build, value, base) ||
			!cdpk_build_check(build, (CdpkKeyword) keyword, first, value->count))
			return false;
	}
	return compile_single(build, schema, base, CDPK_KEYWORD_NOT);
}

/* Compile if, with then and else; without if these two mean nothing, but must be schemas. */
static bool
compile_condition(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base)
{
	static const char *const keys[] = {"if", "then", "else"};
	uint32_t rules[3];

	for (int i = 0; i < 3; i++)
	{
		const CdpkNode *value = cdpk_build_keyword(schema, keys[i]);

		rules[i] = CDPK_RULE_NONE;
		if (value != NULL && !cdpk_build_rule(build, value, base, &rules[i]))
			return false;
	}
	if (rules[0] == CDPK_RULE_NONE)
		return true;
	return cdpk_build_item(build, rules[0]) && cdpk_build_item(build, rules[1]) &&
		   cdpk_build_item(build, rules[2]) &&
		   cdpk_build_check(build, CDPK_KEYWORD_IF, build->schema.list_count - 3, 0);
}

/* Compile items and additionalItems, contains. */
static bool
compile_items(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base)
{
	const CdpkNode *items = cdpk_build_keyword(schema, "items");
	const CdpkNode *more = cdpk_build_keyword(schema, "additionalItems");
	uint32_t first = build->schema.list_count;
	uint32_t rule = CDPK_RULE_NONE;

	if (more != NULL && !cdpk_build_rule(build, more, base, &rule))
		return false;
	if (items != NULL && items->kind == CDPK_NODE_ARRAY)
	{
		if (!add_rules(build, items, base) || !cdpk_build_item(build, rule) ||
			!cdpk_build_check(build, CDPK_KEYWORD_TUPLE, first, items->count))
			return false;
	}
	else if (!compile_single(build, schema, base, CDPK_KEYWORD_ITEMS))
		return false;
	return compile_single(build, schema, base, CDPK_KEYWORD_CONTAINS);
}

/* Return whether an array holds nothing but strings. */
static bool
is_strings(const CdpkNode *array)
{
	if (array->kind != CDPK_NODE_ARRAY)
		return false;
	for (uint32_t i = 1; i < array->size; i++)
		if (array[i].kind != CDPK_NODE_STRING)
			return false;
	return true;
}

/* Compile dependencies, one check for each. */
static bool
compile_dependencies(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base)
{
	const CdpkNode *all = cdpk_build_keyword(schema, "dependencies");
	const CdpkNode *one;
	uint32_t key;
	uint32_t rule;

	if (all == NULL)
		return true;
	if (all->kind != CDPK_NODE_OBJECT)
		return cdpk_build_refuse_value(build, all, "an object");
	one = all + 1;
	for (uint32_t i = 0; i < all->count; i++, one += one->size)
	{
		if (!cdpk_build_key(build, one->key, one->key_length, &key))
			return false;
		if (one->kind == CDPK_NODE_ARRAY)
		{
			if (!is_strings(one))
				return cdpk_build_refuse_value(build, all,
											   "an object of schemas and arrays of strings");
			if (!cdpk_build_check(build, CDPK_KEYWORD_DEPENDENT_KEYS, key,
								  build->schema.list_count) ||
				!cdpk_build_item(build, one->count))
				return false;
			for (uint32_t k = 1; k <= one->count; k++)
				if (!cdpk_build_key(build, one[k].value.text, one[k].count, &key) ||
					!cdpk_build_item(build, key))
					return false;
		}
		else if (!cdpk_build_rule(build, one, base, &rule) ||
				 !cdpk_build_check(build, CDPK_KEYWORD_DEPENDENT_RULE, key, rule))
			return false;
	}
	return true;
}

/* Make rules of what is defined for others to refer to, so that its faults are found. */
static bool
compile_definitions(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base)
{
	const CdpkNode *all = cdpk_build_keyword(schema, "definitions");
	const CdpkNode *one;
	uint32_t rule;

	if (all == NULL)
		return true;
	if (all->kind != CDPK_NODE_OBJECT)
		return cdpk_build_refuse_value(build, all, "an object");
	one = all + 1;
	for (uint32_t i = 0; i < all->count; i++, one += one->size)
		if (!cdpk_build_rule(build, one, base, &rule))
			return false;
	return true;
}

/* ---------------------------------------------------------------- members */

/* Add the properties, each as not required. */
static bool
add_properties(CdpkSchemaBuild *build, const CdpkNode *properties, uint32_t base)
{
	const CdpkNode *one = properties + 1;
	uint32_t rule;

	if (properties->kind != CDPK_NODE_OBJECT)
		return cdpk_build_refuse_value(build, properties, "an object");
	for (uint32_t i = 0; i < properties->count; i++, one += one->size)
	{
		if (!cdpk_build_rule(build, one, base, &rule) ||
			!CDPK_BUILD_GROW(build, properties, property_count))
			return false;
		build->schema.properties[build->schema.property_count++] =
			(CdpkSchemaProperty){one->key, one->key_length, rule, false};
	}
	return true;
}

static int
compare_properties(const void *a, const void *b)
{
	const CdpkSchemaProperty *left = a;
	const CdpkSchemaProperty *right = b;

	return cdpk_key_compare(left->key, left->key_length, right->key, right->key_length);
}

/* Mark a key as required, or add it; the properties from "first" on need no order yet. */
static bool
add_required(CdpkSchemaBuild *build, const CdpkNode *key, uint32_t first, uint32_t sorted)
{
	CdpkSchemaProperty wanted = {key->value.text, key->count, CDPK_RULE_NONE, true};
	CdpkSchemaProperty *found = sorted > 0
									? bsearch(&wanted, build->schema.properties + first, sorted,
											  sizeof(CdpkSchemaProperty), compare_properties)
									: NULL;

	if (found != NULL)
	{
		found->required = true;
		return true;
	}
	if (!CDPK_BUILD_GROW(build, properties, property_count))
		return false;
	build->schema.properties[build->schema.property_count++] = wanted;
	return true;
}

/* Put the properties from "first" on in order, each key once. */
static void
order_properties(CdpkSchema *schema, uint32_t first)
{
	CdpkSchemaProperty *own;
	uint32_t count = schema->property_count - first;
	uint32_t kept = 0;

	if (count == 0)
		return;
	own = schema->properties + first;
	qsort(own, count, sizeof(*own), compare_properties);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || compare_properties(&own[kept - 1], &own[i]) != 0)
			own[kept++] = own[i];
	schema->property_count = first + kept;
}

/* Add the pairs of pattern and rule. */
static bool
add_patterns(CdpkSchemaBuild *build, const CdpkNode *patterns, uint32_t base)
{
	const CdpkNode *one = patterns + 1;
	uint32_t number;
	uint32_t rule;

	if (patterns->kind != CDPK_NODE_OBJECT)
		return cdpk_build_refuse_value(build, patterns, "an object");
	for (uint32_t i = 0; i < patterns->count; i++, one += one->size)
		if (!cdpk_build_pattern(build, one->key, one->key, one->key_length, &number) ||
			!cdpk_build_rule(build, one, base, &rule) || !cdpk_build_item(build, number) ||
			!cdpk_build_item(build, rule))
			return false;
	return true;
}

/* Compile properties, required, patternProperties and additionalProperties, which are judged together. */
static bool
compile_members(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base)
{
	const CdpkNode *properties = cdpk_build_keyword(schema, "properties");
	const CdpkNode *required = cdpk_build_keyword(schema, "required");
	const CdpkNode *patterns = cdpk_build_keyword(schema, "patternProperties");
	const CdpkNode *more = cdpk_build_keyword(schema, "additionalProperties");
	CdpkSchemaMembers members = {build->schema.property_count, 0, build->schema.list_count,
								 patterns != NULL ? patterns->count : 0, CDPK_RULE_NONE};
	uint32_t sorted;

	if (properties == NULL && required == NULL && patterns == NULL && more == NULL)
		return true;
	if (properties != NULL && !add_properties(build, properties, base))
		return false;
	sorted = build->schema.property_count - members.first;
	if (required != NULL && !is_strings(required))
		return cdpk_build_refuse_value(build, required, "an array of strings");
	for (uint32_t i = 1; required != NULL && i <= required->count; i++)
		if (!add_required(build, &required[i], members.first, sorted))
			return false;
	order_properties(&build->schema, members.first);
	members.properties = build->schema.property_count - members.first;
	if (patterns != NULL && !add_patterns(build, patterns, base))
		return false;
	if (more != NULL && !cdpk_build_rule(build, more, base, &members.additional))
		return false;
	if (!CDPK_BUILD_GROW(build, members, member_count))
		return false;
	build->schema.members[build->schema.member_count++] = members;
	return cdpk_build_check(build, CDPK_KEYWORD_PROPERTIES, build->schema.member_count - 1, 0);
}

/* ---------------------------------------------------------------- schemas */

/* Refuse a schema that says it is of another draft. */
static bool
check_draft(CdpkSchemaBuild *build, const CdpkNode *schema)
{
	static const char *const drafts[] = {"draft-04", "draft-06", "draft-07"};
	const CdpkNode *draft = cdpk_build_keyword(schema, "$schema");
	char uri[64];

	if (draft == NULL)
		return true;
	if (draft->kind != CDPK_NODE_STRING)
		return cdpk_build_refuse_value(build, draft, "a string");
	for (int i = 0; i < 12; i++)
	{
		int length = snprintf(uri, sizeof(uri), "http%s://json-schema.org/%s/schema%s",
							  i & 1 ? "s" : "", drafts[i / 4], i & 2 ? "#" : "");

		if (draft->count == (uint32_t) length && memcmp(draft->value.text, uri, draft->count) == 0)
			return true;
	}
	return cdpk_build_refuse(build, CDPK_UNSUPPORTED, draft->key,
							 "$schema names another draft than draft-07");
}

/* Compile a rule's schema; *types are its. */
static bool
compile_schema(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base, uint8_t *types)
{
	const CdpkNode *reference = cdpk_build_keyword(schema, "$ref");

	*types = CDPK_TYPE_ANY;
	/* what stands beside a $ref does not count */
	if (reference != NULL)
	{
		if (reference->kind != CDPK_NODE_STRING)
			return cdpk_build_refuse_value(build, reference, "a string");
		return cdpk_build_reference(build, reference, base, build->schema.check_count) &&
			   cdpk_build_check(build, CDPK_KEYWORD_REF, 0, 0) &&
			   compile_definitions(build, schema, base);
	}
	return cdpk_build_id(build, schema, &base) && check_draft(build, schema) &&
		   cdpk_compile_type(build, schema, types) && cdpk_compile_values(build, schema) &&
		   cdpk_compile_numbers(build, schema) && cdpk_compile_counts(build, schema) &&
		   cdpk_compile_strings(build, schema) && compile_members(build, schema, base) &&
		   compile_dependencies(build, schema, base) &&
		   compile_single(build, schema, base, CDPK_KEYWORD_PROPERTY_NAMES) &&
		   compile_items(build, schema, base) && compile_combined(build, schema, base) &&
		   compile_condition(build, schema, base) && compile_definitions(build, schema, base);
}

/* Compile a rule by its number. */
static bool
compile_rule(CdpkSchemaBuild *build, uint32_t rule)
{
	CdpkRuleSource source = build->sources[rule];
	const CdpkNode *schema = cdpk_build_node(build, source.place);
	uint32_t first = build->schema.check_count;
	uint8_t types = schema->count > 0 ? CDPK_TYPE_ANY : 0;

	if (schema->kind == CDPK_NODE_OBJECT && !compile_schema(build, schema, source.base, &types))
		return false;
	build->schema.rules[rule] =
		(CdpkSchemaRule){types, false, first, build->schema.check_count - first, CDPK_RULE_NONE};
	return true;
}

/* Compile all rules, those included that references lead to. */
static bool
compile_rules(CdpkSchemaBuild *build)
{
	uint32_t compiled = 0;
	uint32_t resolved = 0;
	uint32_t root;
	uint32_t cyclic;
	CdpkStatus status;

	if (!cdpk_build_begin_references(build) ||
		!cdpk_build_rule(build, build->document.nodes, 0, &root))
		return false;
	while (compiled < build->schema.rule_count || resolved < build->reference_count)
	{
		/* all names are known only when there is nothing left to compile */
		bool done = compiled < build->schema.rule_count
						? compile_rule(build, compiled++)
						: cdpk_build_resolve(build, &build->references[resolved++]);

		if (!done)
			return false;
	}
	status = cdpk_schema_finish(&build->schema, build->arena.allocator, &cyclic);
	if (status == CDPK_INVALID)
		return cdpk_build_refuse(build, status,
								 cdpk_build_node(build, build->sources[cyclic].place)->key,
								 "a schema that refers to itself for the same value");
	return status == CDPK_OK || cdpk_build_no_memory(build);
}

/* Prepare what does not depend on the schema. */
static bool
begin(CdpkSchemaBuild *build)
{
	build->pattern = cdpk_arena_allocate(&build->arena, CDPK_SCHEMA_PATTERN_MAX);
	build->rule_of =
		cdpk_arena_allocate(&build->arena, build->document.count * sizeof(*build->rule_of));
	if (build->pattern == NULL || build->rule_of == NULL)
		return cdpk_build_no_memory(build);
	for (uint32_t i = 0; i < build->document.count; i++)
		build->rule_of[i] = CDPK_RULE_NONE;
	return true;
}

/* Write the stored form. */
static bool
finish(CdpkSchemaBuild *build, size_t head, uint8_t **bytes, size_t *length)
{
	*bytes = cdpk_allocate(build->arena.allocator, head + cdpk_schema_room(&build->schema));
	if (*bytes == NULL)
		return cdpk_build_no_memory(build);
	*length = cdpk_schema_write(&build->schema, *bytes + head);
	return true;
}

CdpkStatus
cdpk_schema_compile(const char *text, size_t length, CdpkPatternCheck check, void *context,
					const CdpkAllocator *allocator, size_t head, uint8_t **bytes,
					size_t *bytes_length, CdpkSchemaProblem *problem)
{
	CdpkSchemaBuild build = {0};
	const char *words = "too long";

	build.arena.allocator = allocator;
	build.check = check;
	build.context = context;
	build.problem = problem;
	build.schema.text = (CdpkSpan){text, length};
	problem->position = CDPK_SCHEMA_TEXT_MAX + 1;
	build.status = length > CDPK_SCHEMA_TEXT_MAX
					   ? CDPK_TOO_LONG
					   : cdpk_document_read(text, length, allocator, &build.document, &words,
											&problem->position);
	if (build.status != CDPK_OK)
		snprintf(problem->words, sizeof(problem->words), "%s", words);
	else if (begin(&build) && compile_rules(&build))
		finish(&build, head, bytes, bytes_length);
	cdpk_document_free(&build.document, allocator);
	cdpk_document_free(&build.metaschema, allocator);
	cdpk_arena_free(&build.arena);
	return build.status;
}
