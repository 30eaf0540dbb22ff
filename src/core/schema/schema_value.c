/*
 * schema_value.c
 *		Compiles the keywords of a schema that judge a value by itself.
 */
#include <stdlib.h>

#include "core/schema/format.h"
#include "core/schema/schema_build.h"

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
	return cdpk_build_refuse_value(
		build, type, "array, boolean, integer, null, number, object or string, or several");
}

bool
cdpk_compile_type(CdpkSchemaBuild *build, const CdpkNode *schema, uint8_t *types)
{
	const CdpkNode *type = cdpk_build_keyword(schema, "type");

	*types = CDPK_TYPE_ANY;
	if (type == NULL)
		return true;
	*types = 0;
	if (type->kind != CDPK_NODE_ARRAY)
		return read_type(build, type, type, types);
	if (type->count == 0)
		return cdpk_build_refuse_value(build, type, "not empty");
	if ((uint64_t) type->count + 1 != type->size)
		return cdpk_build_refuse_value(build, type, "a string or an array of strings");
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
		return cdpk_build_refuse_value(build, values, "an array");
	sorted = cdpk_arena_allocate(&build->arena, (values->count + 1) * sizeof(*sorted));
	if (sorted == NULL)
		return cdpk_build_no_memory(build);
	for (uint32_t i = 0; i < values->count; i++, value += value->size)
		sorted[i] = value;
	qsort(sorted, values->count, sizeof(*sorted), compare_values);
	first = build->schema.list_count;
	for (uint32_t i = 0; i < values->count; i++)
	{
		uint32_t number;

		if (!cdpk_build_value(build, sorted[i], &number) || !cdpk_build_item(build, number))
			return false;
	}
	return cdpk_build_check(build, CDPK_KEYWORD_ENUM, first, values->count);
}

bool
cdpk_compile_values(CdpkSchemaBuild *build, const CdpkNode *schema)
{
	const CdpkNode *single = cdpk_build_keyword(schema, "const");
	const CdpkNode *values = cdpk_build_keyword(schema, "enum");
	uint32_t number;

	if (single != NULL &&
		(!cdpk_build_value(build, single, &number) || !cdpk_build_item(build, number) ||
		 !cdpk_build_check(build, CDPK_KEYWORD_CONST, build->schema.list_count - 1, 1)))
		return false;
	return values == NULL || compile_enum(build, values);
}

/* Compile bounds of numbers. */
bool
cdpk_compile_numbers(CdpkSchemaBuild *build, const CdpkNode *schema)
{
	for (int keyword = CDPK_KEYWORD_MULTIPLE_OF; keyword <= CDPK_KEYWORD_EXCLUSIVE_MINIMUM;
		 keyword++)
	{
		const CdpkNode *value =
			cdpk_build_keyword(schema, cdpk_keyword_name((CdpkKeyword) keyword));
		uint32_t number;

		if (value == NULL)
			continue;
		if (value->kind != CDPK_NODE_NUMBER)
			return cdpk_build_refuse_value(build, value, "a number");
		if (keyword == CDPK_KEYWORD_MULTIPLE_OF && (value->count == 0 || value->negative))
			return cdpk_build_refuse_value(build, value, "greater than 0");
		if (keyword == CDPK_KEYWORD_MULTIPLE_OF && value->count > CDPK_DIVISOR_MAX)
			return cdpk_build_refuse_value(build, value, "of at most 1000 digits");
		if (!cdpk_build_value(build, value, &number) ||
			!cdpk_build_check(build, (CdpkKeyword) keyword, number, 0))
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
		return cdpk_build_refuse_value(build, value, "a whole number that is not negative");
	for (int32_t i = 0; value->count > 0 && i <= value->weight && result <= UINT32_MAX; i++)
		result =
			result * 10000 + (i < (int32_t) value->count ? (uint64_t) value->value.limbs[i] : 0);
	*count = result < UINT32_MAX ? (uint32_t) result : UINT32_MAX;
	return true;
}

/* Compile bounds of lengths and sizes. */
bool
cdpk_compile_counts(CdpkSchemaBuild *build, const CdpkNode *schema)
{
	static const CdpkKeyword keywords[] = {
		CDPK_KEYWORD_MAX_LENGTH, CDPK_KEYWORD_MIN_LENGTH,     CDPK_KEYWORD_MAX_ITEMS,
		CDPK_KEYWORD_MIN_ITEMS,  CDPK_KEYWORD_MAX_PROPERTIES, CDPK_KEYWORD_MIN_PROPERTIES};
	const CdpkNode *unique = cdpk_build_keyword(schema, "uniqueItems");

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
	{
		const CdpkNode *value = cdpk_build_keyword(schema, cdpk_keyword_name(keywords[i]));
		uint32_t count = 0;

		if (value != NULL &&
			(!read_count(build, value, &count) || !cdpk_build_check(build, keywords[i], count, 0)))
			return false;
	}
	if (unique != NULL && unique->kind != CDPK_NODE_BOOLEAN)
		return cdpk_build_refuse_value(build, unique, "true or false");
	return unique == NULL || unique->count == 0 ||
		   cdpk_build_check(build, CDPK_KEYWORD_UNIQUE_ITEMS, 0, 0);
}

bool
cdpk_compile_strings(CdpkSchemaBuild *build, const CdpkNode *schema)
{
	const CdpkNode *pattern = cdpk_build_keyword(schema, "pattern");
	const CdpkNode *format = cdpk_build_keyword(schema, "format");
	CdpkFormat known;
	uint32_t number;

	if (pattern != NULL)
	{
		if (pattern->kind != CDPK_NODE_STRING)
			return cdpk_build_refuse_value(build, pattern, "a string");
		if (!cdpk_build_pattern(build, pattern->key, pattern->value.text, pattern->count,
								&number) ||
			!cdpk_build_check(build, CDPK_KEYWORD_PATTERN, number, 0))
			return false;
	}
	if (format != NULL && format->kind != CDPK_NODE_STRING)
		return cdpk_build_refuse_value(build, format, "a string");
	return format == NULL || !cdpk_format_find(format->value.text, format->count, &known) ||
		   cdpk_build_check(build, CDPK_KEYWORD_FORMAT, known, 0);
}
