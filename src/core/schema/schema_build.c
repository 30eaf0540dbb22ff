/*
 * schema_build.c
 *		The pieces of a schema that is compiled: problems, checks, lists, patterns.
 */
#include "core/schema/schema_build.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/schema/ecma_regex.h"

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

bool
cdpk_build_no_memory(CdpkSchemaBuild *build)
{
	return cdpk_build_refuse(build, CDPK_OUT_OF_MEMORY, NULL, "out of memory");
}

/* Refuse the value of a keyword. */
bool
cdpk_build_refuse_value(CdpkSchemaBuild *build, const CdpkNode *value, const char *must)
{
	return cdpk_build_refuse(build, CDPK_INVALID, value->key, "%.*s must be %s",
							 (int) (value->key_length < 40 ? value->key_length : 40), value->key,
							 must);
}

bool
cdpk_build_grow(CdpkSchemaBuild *build, void **array, uint32_t count, size_t item)
{
	void *larger = cdpk_arena_grow(&build->arena, *array, count, item);

	if (larger == NULL)
		return cdpk_build_no_memory(build);
	*array = larger;
	return true;
}

bool
cdpk_build_check(CdpkSchemaBuild *build, CdpkKeyword keyword, uint32_t a, uint32_t b)
{
	if (!CDPK_BUILD_GROW(build, checks, check_count))
		return false;
	build->schema.checks[build->schema.check_count++] = (CdpkSchemaCheck){(uint8_t) keyword, a, b};
	return true;
}

bool
cdpk_build_item(CdpkSchemaBuild *build, uint32_t item)
{
	if (!CDPK_BUILD_GROW(build, lists, list_count))
		return false;
	build->schema.lists[build->schema.list_count++] = item;
	return true;
}

bool
cdpk_build_key(CdpkSchemaBuild *build, const char *key, uint32_t length, uint32_t *number)
{
	if (!CDPK_BUILD_GROW(build, keys, key_count))
		return false;
	*number = build->schema.key_count;
	build->schema.keys[build->schema.key_count++] = (CdpkSpan){key, length};
	return true;
}

/* Copy a value of the text. */
bool
cdpk_build_value(CdpkSchemaBuild *build, const CdpkNode *value, uint32_t *number)
{
	*number = build->schema.value_count;
	for (uint32_t i = 0; i < value->size; i++)
	{
		if (!CDPK_BUILD_GROW(build, values, value_count))
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
	if (sources == NULL || !CDPK_BUILD_GROW(build, rules, rule_count))
		return cdpk_build_no_memory(build);
	build->sources = sources;
	*rule = build->rule_of[place] = build->schema.rule_count++;
	build->sources[*rule] = (CdpkRuleSource){place, base};
	return true;
}

const CdpkNode *
cdpk_build_keyword(const CdpkNode *schema, const char *key)
{
	return cdpk_node_member(schema, key, strlen(key));
}

/* Rewrite a pattern, which is a key or a string at "at" of the text, and give its number. */
bool
cdpk_build_pattern(CdpkSchemaBuild *build, const char *at, const char *text, size_t length,
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
	if (copy == NULL || !CDPK_BUILD_GROW(build, patterns, pattern_count))
		return cdpk_build_no_memory(build);
	memcpy(copy, build->pattern, result);
	build->schema.patterns[build->schema.pattern_count++] = (CdpkSpan){copy, result};
	return true;
}
