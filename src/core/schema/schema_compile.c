/*
 * schema_compile.c
 *		Compiles the text of a JSON Schema into rules.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/schema/ecma_regex.h"
#include "core/schema/format.h"
#include "core/schema/schema_build.h"
#include "core/schema/schema_rules.h"

/* ---------------------------------------------------------------- problems, pieces */

bool
cdpk_build_refuse(CdpkSchemaBuild *build, CdpkStatus status, const char *at, const char *format,
				  ...)
{
	const CdpkSpan *text = &build->schema.text;
	va_list arguments;

	if (build->status != CDPK_OK)
		return false;
	build->status = status;
	va_start(arguments, format);
	vsnprintf(build->problem->words, sizeof(build->problem->words), format, arguments);
	va_end(arguments);
	/* keys and strings with escapes stand elsewhere */
	build->problem->position = at != NULL && at >= text->text && at < text->text + text->length
								   ? (size_t) (at - text->text) + 1
								   : 0;
	return false;
}

static bool
no_memory(CdpkSchemaBuild *build)
{
	return cdpk_build_refuse(build, CDPK_OUT_OF_MEMORY, NULL, "out of memory");
}

/* Refuse the value of a keyword. */
static bool
refuse_value(CdpkSchemaBuild *build, const CdpkNode *value, const char *must)
{
	return cdpk_build_refuse(build, CDPK_INVALID, value->key, "%.*s must be %s",
							 (int) (value->key_length < 40 ? value->key_length : 40), value->key,
							 must);
}

/* Make room for one item more in an array of the schema; false where there is no memory. */
#define GROW(build, array, count)                                        \
	grow(build, (void **) &(build)->schema.array, (build)->schema.count, \
		 sizeof(*(build)->schema.array))

static bool
grow(CdpkSchemaBuild *build, void **array, uint32_t count, size_t item)
{
	void *larger = cdpk_arena_grow(&build->arena, *array, count, item);

	if (larger == NULL)
		return no_memory(build);
	*array = larger;
	return true;
}

static bool
add_check(CdpkSchemaBuild *build, CdpkKeyword keyword, uint32_t a, uint32_t b)
{
	if (!GROW(build, checks, check_count))
		return false;
	build->schema.checks[build->schema.check_count++] = (CdpkSchemaCheck){(uint8_t) keyword, a, b};
	return true;
}

static bool
add_to_list(CdpkSchemaBuild *build, uint32_t item)
{
	if (!GROW(build, lists, list_count))
		return false;
	build->schema.lists[build->schema.list_count++] = item;
	return true;
}

static bool
add_key(CdpkSchemaBuild *build, const char *key, uint32_t length, uint32_t *number)
{
	if (!GROW(build, keys, key_count))
		return false;
	*number = build->schema.key_count;
	build->schema.keys[build->schema.key_count++] = (CdpkSpan){key, length};
	return true;
}

/* Copy a value of the text. */
static bool
add_value(CdpkSchemaBuild *build, const CdpkNode *value, uint32_t *number)
{
	*number = build->schema.value_count;
	for (uint32_t i = 0; i < value->size; i++)
	{
		if (!GROW(build, values, value_count))
			return false;
		build->schema.values[build->schema.value_count++] = value[i];
	}
	build->schema.values[*number].key = NULL;
	build->schema.values[*number].key_length = 0;
	return true;
}

bool
cdpk_build_rule(CdpkSchemaBuild *build, const CdpkNode *node, uint32_t base, uint32_t *rule)
{
	uint32_t place = cdpk_build_place(build, node);
	CdpkRuleSource *sources;

	if (node->kind != CDPK_NODE_OBJECT && node->kind != CDPK_NODE_BOOLEAN)
		return cdpk_build_refuse(build, CDPK_INVALID, node->key,
								 "a schema must be an object, true or false");
	*rule = build->rule_of[place];
	if (*rule != CDPK_RULE_NONE)
		return true;
	sources = cdpk_arena_grow(&build->arena, build->sources, build->schema.rule_count,
							  sizeof(CdpkRuleSource));
	if (sources == NULL || !GROW(build, rules, rule_count))
		return no_memory(build);
	build->sources = sources;
	*rule = build->rule_of[place] = build->schema.rule_count++;
	build->sources[*rule] = (CdpkRuleSource){place, base};
	return true;
}

static const CdpkNode *
member(const CdpkNode *schema, const char *key)
{
	return cdpk_node_member(schema, key, strlen(key));
}

/* ---------------------------------------------------------------- keywords of single values */

/* Read the name of a type. */
static bool
read_type(CdpkSchemaBuild *build, const CdpkNode *type, const CdpkNode *name, uint8_t *types)
{
	static const struct
	{
		const char *name;
		uint8_t types;
	} known[] = {{"null", 1 << CDPK_NODE_NULL},     {"boolean", 1 << CDPK_NODE_BOOLEAN},
				 {"number", 1 << CDPK_NODE_NUMBER}, {"string", 1 << CDPK_NODE_STRING},
				 {"array", 1 << CDPK_NODE_ARRAY},   {"object", 1 << CDPK_NODE_OBJECT},
				 {"integer", CDPK_TYPE_INTEGER}};

	for (size_t i = 0; name->kind == CDPK_NODE_STRING && i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == name->count &&
			memcmp(known[i].name, name->value.text, name->count) == 0)
		{
			*types |= known[i].types;
			return true;
		}
	return refuse_value(build, type,
						"array, boolean, integer, null, number, object or string, or several");
}

static bool
compile_type(CdpkSchemaBuild *build, const CdpkNode *schema, uint8_t *types)
{
	const CdpkNode *type = member(schema, "type");

	*types = CDPK_TYPE_ANY;
	if (type == NULL)
		return true;
	*types = 0;
	if (type->kind != CDPK_NODE_ARRAY)
		return read_type(build, type, type, types);
	if (type->count == 0)
		return refuse_value(build, type, "not empty");
	if ((uint64_t) type->count + 1 != type->size)
		return refuse_value(build, type, "a string or an array of strings");
	for (uint32_t i = 1; i <= type->count; i++)
		if (!read_type(build, type, &type[i], types))
			return false;
	if (*types & (1 << CDPK_NODE_NUMBER))
		*types &= (uint8_t) ~CDPK_TYPE_INTEGER;
	return true;
}

static int
compare_values(const void *a, const void *b)
{
	return cdpk_node_compare(*(const CdpkNode *const *) a, *(const CdpkNode *const *) b);
}

/* Compile an enum, its values in order. */
static bool
compile_enum(CdpkSchemaBuild *build, const CdpkNode *values)
{
	const CdpkNode **sorted;
	const CdpkNode *value = values + 1;
	uint32_t first;

	if (values->kind != CDPK_NODE_ARRAY)
		return refuse_value(build, values, "an array");
	sorted = cdpk_arena_allocate(&build->arena, (values->count + 1) * sizeof(*sorted));
	if (sorted == NULL)
		return no_memory(build);
	for (uint32_t i = 0; i < values->count; i++, value += value->size)
		sorted[i] = value;
	qsort(sorted, values->count, sizeof(*sorted), compare_values);
	first = build->schema.list_count;
	for (uint32_t i = 0; i < values->count; i++)
	{
		uint32_t number;

		if (!add_value(build, sorted[i], &number) || !add_to_list(build, number))
			return false;
	}
	return add_check(build, CDPK_KEYWORD_ENUM, first, values->count);
}

static bool
compile_values(CdpkSchemaBuild *build, const CdpkNode *schema)
{
	const CdpkNode *single = member(schema, "const");
	const CdpkNode *values = member(schema, "enum");
	uint32_t number;

	if (single != NULL && (!add_value(build, single, &number) || !add_to_list(build, number) ||
						   !add_check(build, CDPK_KEYWORD_CONST, build->schema.list_count - 1, 1)))
		return false;
	return values == NULL || compile_enum(build, values);
}

/* Compile bounds of numbers. */
static bool
compile_numbers(CdpkSchemaBuild *build, const CdpkNode *schema)
{
	for (int keyword = CDPK_KEYWORD_MULTIPLE_OF; keyword <= CDPK_KEYWORD_EXCLUSIVE_MINIMUM;
		 keyword++)
	{
		const CdpkNode *value = member(schema, cdpk_keyword_name((CdpkKeyword) keyword));
		uint32_t number;

		if (value == NULL)
			continue;
		if (value->kind != CDPK_NODE_NUMBER)
			return refuse_value(build, value, "a number");
		if (keyword == CDPK_KEYWORD_MULTIPLE_OF && (value->count == 0 || value->negative))
			return refuse_value(build, value, "greater than 0");
		if (keyword == CDPK_KEYWORD_MULTIPLE_OF && value->count > CDPK_DIVISOR_MAX)
			return refuse_value(build, value, "of at most 1000 digits");
		if (!add_value(build, value, &number) ||
			!add_check(build, (CdpkKeyword) keyword, number, 0))
			return false;
	}
	return true;
}

/* Read a number of things; what is beyond 32 bits is as good as their greatest. */
static bool
read_count(CdpkSchemaBuild *build, const CdpkNode *value, uint32_t *count)
{
	uint64_t result = 0;

	if (value->kind != CDPK_NODE_NUMBER || value->negative || !cdpk_number_whole(value))
		return refuse_value(build, value, "a whole number that is not negative");
	for (int32_t i = 0; value->count > 0 && i <= value->weight && result <= UINT32_MAX; i++)
		result =
			result * 10000 + (i < (int32_t) value->count ? (uint64_t) value->value.limbs[i] : 0);
	*count = result < UINT32_MAX ? (uint32_t) result : UINT32_MAX;
	return true;
}

/* Compile bounds of lengths and sizes. */
static bool
compile_counts(CdpkSchemaBuild *build, const CdpkNode *schema)
{
	static const CdpkKeyword keywords[] = {
		CDPK_KEYWORD_MAX_LENGTH, CDPK_KEYWORD_MIN_LENGTH,     CDPK_KEYWORD_MAX_ITEMS,
		CDPK_KEYWORD_MIN_ITEMS,  CDPK_KEYWORD_MAX_PROPERTIES, CDPK_KEYWORD_MIN_PROPERTIES};
	const CdpkNode *unique = member(schema, "uniqueItems");

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
	{
		const CdpkNode *value = member(schema, cdpk_keyword_name(keywords[i]));
		uint32_t count = 0;

		if (value != NULL &&
			(!read_count(build, value, &count) || !add_check(build, keywords[i], count, 0)))
			return false;
	}
	if (unique != NULL && unique->kind != CDPK_NODE_BOOLEAN)
		return refuse_value(build, unique, "true or false");
	return unique == NULL || unique->count == 0 ||
		   add_check(build, CDPK_KEYWORD_UNIQUE_ITEMS, 0, 0);
}

/* Rewrite a pattern, which is a key or a string at "at" of the text, and give its number. */
static bool
add_pattern(CdpkSchemaBuild *build, const char *at, const char *text, size_t length,
			uint32_t *number)
{
	const char *words;
	size_t position;
	size_t result;
	char *copy;
	CdpkStatus status = cdpk_ecma_regex(text, length, build->pattern, CDPK_SCHEMA_PATTERN_MAX,
										&result, &words, &position);

	if (status != CDPK_OK)
		return cdpk_build_refuse(build, status, at, "%s, at byte %zu of the regular expression",
								 words, position);
	for (*number = 0; *number < build->schema.pattern_count; (*number)++)
		if (build->schema.patterns[*number].length == result &&
			memcmp(build->schema.patterns[*number].text, build->pattern, result) == 0)
			return true;
	if (build->schema.pattern_count == CDPK_SCHEMA_NAMES_MAX)
		return cdpk_build_refuse(build, CDPK_TOO_LONG, at, "more than %d regular expressions",
								 CDPK_SCHEMA_NAMES_MAX);
	words = build->check != NULL ? build->check(build->context, build->pattern, result) : NULL;
	if (words != NULL)
		return cdpk_build_refuse(build, CDPK_UNSUPPORTED, at,
								 "the engine refuses the regular expression: %s", words);
	copy = cdpk_arena_allocate(&build->arena, result);
	if (copy == NULL || !GROW(build, patterns, pattern_count))
		return no_memory(build);
	memcpy(copy, build->pattern, result);
	build->schema.patterns[build->schema.pattern_count++] = (CdpkSpan){copy, result};
	return true;
}

static bool
compile_strings(CdpkSchemaBuild *build, const CdpkNode *schema)
{
	const CdpkNode *pattern = member(schema, "pattern");
	const CdpkNode *format = member(schema, "format");
	CdpkFormat known;
	uint32_t number;

	if (pattern != NULL)
	{
		if (pattern->kind != CDPK_NODE_STRING)
			return refuse_value(build, pattern, "a string");
		if (!add_pattern(build, pattern->key, pattern->value.text, pattern->count, &number) ||
			!add_check(build, CDPK_KEYWORD_PATTERN, number, 0))
			return false;
	}
	if (format != NULL && format->kind != CDPK_NODE_STRING)
		return refuse_value(build, format, "a string");
	return format == NULL || !cdpk_format_find(format->value.text, format->count, &known) ||
		   add_check(build, CDPK_KEYWORD_FORMAT, known, 0);
}

/* ---------------------------------------------------------------- keywords that hold schemas */

/* Compile a keyword whose value is one schema. */
static bool
compile_single(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base, CdpkKeyword keyword)
{
	const CdpkNode *value = member(schema, cdpk_keyword_name(keyword));
	uint32_t rule;

	return value == NULL ||
		   (cdpk_build_rule(build, value, base, &rule) && add_check(build, keyword, rule, 0));
}

/* Add the rules of an array of schemas to the lists. */
static bool
add_rules(CdpkSchemaBuild *build, const CdpkNode *array, uint32_t base)
{
	const CdpkNode *schema = array + 1;
	uint32_t rule;

	for (uint32_t i = 0; i < array->count; i++, schema += schema->size)
		if (!cdpk_build_rule(build, schema, base, &rule) || !add_to_list(build, rule))
			return false;
	return true;
}

/* Compile allOf, anyOf, oneOf, not. */
static bool
compile_combined(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base)
{
	for (int keyword = CDPK_KEYWORD_ALL_OF; keyword <= CDPK_KEYWORD_ONE_OF; keyword++)
	{
		const CdpkNode *value = member(schema, cdpk_keyword_name((CdpkKeyword) keyword));
		uint32_t first = build->schema.list_count;

		if (value == NULL)
			continue;
		if (value->kind != CDPK_NODE_ARRAY || value->count == 0)
			return refuse_value(build, value, "an array of schemas, not empty");
		if (!add_rules(build, value, base) ||
			!add_check(build, (CdpkKeyword) keyword, first, value->count))
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
		const CdpkNode *value = member(schema, keys[i]);

		rules[i] = CDPK_RULE_NONE;
		if (value != NULL && !cdpk_build_rule(build, value, base, &rules[i]))
			return false;
	}
	if (rules[0] == CDPK_RULE_NONE)
		return true;
	return add_to_list(build, rules[0]) && add_to_list(build, rules[1]) &&
		   add_to_list(build, rules[2]) &&
		   add_check(build, CDPK_KEYWORD_IF, build->schema.list_count - 3, 0);
}

/* Compile items and additionalItems, contains. */
static bool
compile_items(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base)
{
	const CdpkNode *items = member(schema, "items");
	const CdpkNode *more = member(schema, "additionalItems");
	uint32_t first = build->schema.list_count;
	uint32_t rule = CDPK_RULE_NONE;

	if (more != NULL && !cdpk_build_rule(build, more, base, &rule))
		return false;
	if (items != NULL && items->kind == CDPK_NODE_ARRAY)
	{
		if (!add_rules(build, items, base) || !add_to_list(build, rule) ||
			!add_check(build, CDPK_KEYWORD_TUPLE, first, items->count))
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
	const CdpkNode *all = member(schema, "dependencies");
	const CdpkNode *one;
	uint32_t key;
	uint32_t rule;

	if (all == NULL)
		return true;
	if (all->kind != CDPK_NODE_OBJECT)
		return refuse_value(build, all, "an object");
	one = all + 1;
	for (uint32_t i = 0; i < all->count; i++, one += one->size)
	{
		if (!add_key(build, one->key, one->key_length, &key))
			return false;
		if (one->kind == CDPK_NODE_ARRAY)
		{
			if (!is_strings(one))
				return refuse_value(build, all, "an object of schemas and arrays of strings");
			if (!add_check(build, CDPK_KEYWORD_DEPENDENT_KEYS, key, build->schema.list_count) ||
				!add_to_list(build, one->count))
				return false;
			for (uint32_t k = 1; k <= one->count; k++)
				if (!add_key(build, one[k].value.text, one[k].count, &key) ||
					!add_to_list(build, key))
					return false;
		}
		else if (!cdpk_build_rule(build, one, base, &rule) ||
				 !add_check(build, CDPK_KEYWORD_DEPENDENT_RULE, key, rule))
			return false;
	}
	return true;
}

/* Make rules of what is defined for others to refer to, so that its faults are found. */
static bool
compile_definitions(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base)
{
	const CdpkNode *all = member(schema, "definitions");
	const CdpkNode *one;
	uint32_t rule;

	if (all == NULL)
		return true;
	if (all->kind != CDPK_NODE_OBJECT)
		return refuse_value(build, all, "an object");
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
		return refuse_value(build, properties, "an object");
	for (uint32_t i = 0; i < properties->count; i++, one += one->size)
	{
		if (!cdpk_build_rule(build, one, base, &rule) || !GROW(build, properties, property_count))
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
	if (!GROW(build, properties, property_count))
		return false;
	build->schema.properties[build->schema.property_count++] = wanted;
	return true;
}

/* Put the properties from "first" on in order, each key once. */
static void
order_properties(CdpkSchema *schema, uint32_t first)
{
	CdpkSchemaProperty *own = schema->properties + first;
	uint32_t count = schema->property_count - first;
	uint32_t kept = 0;

	if (count == 0)
		return;
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
		return refuse_value(build, patterns, "an object");
	for (uint32_t i = 0; i < patterns->count; i++, one += one->size)
		if (!add_pattern(build, one->key, one->key, one->key_length, &number) ||
			!cdpk_build_rule(build, one, base, &rule) || !add_to_list(build, number) ||
			!add_to_list(build, rule))
			return false;
	return true;
}

/* Compile properties, required, patternProperties and additionalProperties, which are judged together. */
static bool
compile_members(CdpkSchemaBuild *build, const CdpkNode *schema, uint32_t base)
{
	const CdpkNode *properties = member(schema, "properties");
	const CdpkNode *required = member(schema, "required");
	const CdpkNode *patterns = member(schema, "patternProperties");
	const CdpkNode *more = member(schema, "additionalProperties");
	CdpkSchemaMembers members = {build->schema.property_count, 0, build->schema.list_count,
								 patterns != NULL ? patterns->count : 0, CDPK_RULE_NONE};
	uint32_t sorted;

	if (properties == NULL && required == NULL && patterns == NULL && more == NULL)
		return true;
	if (properties != NULL && !add_properties(build, properties, base))
		return false;
	sorted = build->schema.property_count - members.first;
	if (required != NULL && !is_strings(required))
		return refuse_value(build, required, "an array of strings");
	for (uint32_t i = 1; required != NULL && i <= required->count; i++)
		if (!add_required(build, &required[i], members.first, sorted))
			return false;
	order_properties(&build->schema, members.first);
	members.properties = build->schema.property_count - members.first;
	if (patterns != NULL && !add_patterns(build, patterns, base))
		return false;
	if (more != NULL && !cdpk_build_rule(build, more, base, &members.additional))
		return false;
	if (!GROW(build, members, member_count))
		return false;
	build->schema.members[build->schema.member_count++] = members;
	return add_check(build, CDPK_KEYWORD_PROPERTIES, build->schema.member_count - 1, 0);
}

/* ---------------------------------------------------------------- schemas */

/* Refuse a schema that says it is of another draft. */
static bool
check_draft(CdpkSchemaBuild *build, const CdpkNode *schema)
{
	static const char *const drafts[] = {"draft-04", "draft-06", "draft-07"};
	const CdpkNode *draft = member(schema, "$schema");
	char uri[64];

	if (draft == NULL)
		return true;
	if (draft->kind != CDPK_NODE_STRING)
		return refuse_value(build, draft, "a string");
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
	const CdpkNode *reference = member(schema, "$ref");

	*types = CDPK_TYPE_ANY;
	/* what stands beside a $ref does not count */
	if (reference != NULL)
	{
		if (reference->kind != CDPK_NODE_STRING)
			return refuse_value(build, reference, "a string");
		return cdpk_build_reference(build, reference, base, build->schema.check_count) &&
			   add_check(build, CDPK_KEYWORD_REF, 0, 0) && compile_definitions(build, schema, base);
	}
	return cdpk_build_id(build, schema, &base) && check_draft(build, schema) &&
		   compile_type(build, schema, types) && compile_values(build, schema) &&
		   compile_numbers(build, schema) && compile_counts(build, schema) &&
		   compile_strings(build, schema) && compile_members(build, schema, base) &&
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
	return status == CDPK_OK || no_memory(build);
}

/* Prepare what does not depend on the schema. */
static bool
begin(CdpkSchemaBuild *build)
{
	build->pattern = cdpk_arena_allocate(&build->arena, CDPK_SCHEMA_PATTERN_MAX);
	build->rule_of =
		cdpk_arena_allocate(&build->arena, build->document.count * sizeof(*build->rule_of));
	if (build->pattern == NULL || build->rule_of == NULL)
		return no_memory(build);
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
		return no_memory(build);
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
