/*
 * schema_form.c
 *		The stored form of a schema: writing it, and reading bytes that may be anything.
 */
#include "core/schema/arena.h"
#include "core/schema/format.h"
#include "core/schema/schema_rules.h"

/* a value's first byte */
#define NODE_KIND 7
#define NODE_MEMBER 8
#define NODE_NEGATIVE 16

/* ---------------------------------------------------------------- writing */

size_t
cdpk_schema_room(const CdpkSchema *schema)
{
	size_t room = 1 + 9 * CDPK_VARINT_MAX + schema->text.length;

	for (uint32_t i = 0; i < schema->pattern_count; i++)
		room += CDPK_VARINT_MAX + schema->patterns[i].length;
	for (uint32_t i = 0; i < schema->key_count; i++)
		room += CDPK_VARINT_MAX + schema->keys[i].length;
	for (uint32_t i = 0; i < schema->value_count; i++)
	{
		const CdpkNode *value = &schema->values[i];

		room += 1 + 3 * CDPK_VARINT_MAX + value->key_length;
		room += value->kind == CDPK_NODE_STRING ? value->count : 0;
		room += value->kind == CDPK_NODE_NUMBER ? 2 * (size_t) value->count : 0;
	}
	for (uint32_t i = 0; i < schema->property_count; i++)
		room += 2 * CDPK_VARINT_MAX + 1 + schema->properties[i].key_length;
	return room +
		   CDPK_VARINT_MAX * ((size_t) schema->list_count + 5 * (size_t) schema->member_count +
							  2 * (size_t) schema->rule_count + 3 * (size_t) schema->check_count);
}

static uint8_t *
write_text(uint8_t *at, const char *text, size_t length)
{
	at = cdpk_write_varint(at, length);
	if (length > 0)
		memcpy(at, text, length);
	return at + length;
}

static uint8_t *
write_spans(uint8_t *at, const CdpkSpan *spans, uint32_t count)
{
	at = cdpk_write_varint(at, count);
	for (uint32_t i = 0; i < count; i++)
		at = write_text(at, spans[i].text, spans[i].length);
	return at;
}

/* Write a number of a rule or a list's item, of which the greatest is none. */
static uint8_t *
write_number(uint8_t *at, uint32_t number)
{
	return cdpk_write_varint(at, (uint32_t) (number + 1));
}

static uint8_t *
write_value(uint8_t *at, const CdpkNode *value)
{
	*at++ = (uint8_t) (value->kind | (value->key != NULL ? NODE_MEMBER : 0) |
					   (value->negative ? NODE_NEGATIVE : 0));
	if (value->key != NULL)
		at = write_text(at, value->key, value->key_length);
	if (value->kind == CDPK_NODE_STRING)
		return write_text(at, value->value.text, value->count);
	if (value->kind == CDPK_NODE_NULL)
		return at;
	at = cdpk_write_varint(at, value->count);
	if (value->kind == CDPK_NODE_NUMBER)
	{
		at = cdpk_write_varint(at, cdpk_zigzag(value->weight));
		for (uint32_t i = 0; i < value->count; i++)
			at = cdpk_write_varint(at, (uint64_t) value->value.limbs[i]);
	}
	else if (value->kind != CDPK_NODE_BOOLEAN)
		at = cdpk_write_varint(at, value->size);
	return at;
}

static uint8_t *
write_members(uint8_t *at, const CdpkSchema *schema)
{
	at = cdpk_write_varint(at, schema->property_count);
	for (uint32_t i = 0; i < schema->property_count; i++)
	{
		const CdpkSchemaProperty *property = &schema->properties[i];

		at = write_text(at, property->key, property->key_length);
		at = write_number(at, property->rule);
		*at++ = property->required;
	}
	at = cdpk_write_varint(at, schema->member_count);
	for (uint32_t i = 0; i < schema->member_count; i++)
	{
		const CdpkSchemaMembers *members = &schema->members[i];

		at = cdpk_write_varint(at, members->first);
		at = cdpk_write_varint(at, members->properties);
		at = cdpk_write_varint(at, members->list);
		at = cdpk_write_varint(at, members->patterns);
		at = write_number(at, members->additional);
	}
	return at;
}

size_t
cdpk_schema_write(const CdpkSchema *schema, uint8_t *bytes)
{
	uint8_t *at = bytes;

	*at++ = CDPK_SCHEMA_VERSION;
	at = write_text(at, schema->text.text, schema->text.length);
	at = write_spans(at, schema->patterns, schema->pattern_count);
	at = write_spans(at, schema->keys, schema->key_count);
	at = cdpk_write_varint(at, schema->value_count);
	for (uint32_t i = 0; i < schema->value_count; i++)
		at = write_value(at, &schema->values[i]);
	at = cdpk_write_varint(at, schema->list_count);
	for (uint32_t i = 0; i < schema->list_count; i++)
		at = write_number(at, schema->lists[i]);
	at = write_members(at, schema);
	at = cdpk_write_varint(at, schema->rule_count);
	for (uint32_t i = 0; i < schema->rule_count; i++)
	{
		*at++ = schema->rules[i].types;
		at = cdpk_write_varint(at, schema->rules[i].checks);
	}
	for (uint32_t i = 0; i < schema->check_count; i++)
	{
		*at++ = schema->checks[i].keyword;
		at = cdpk_write_varint(at, schema->checks[i].a);
		at = cdpk_write_varint(at, schema->checks[i].b);
	}
	return (size_t) (at - bytes);
}

/* ---------------------------------------------------------------- reading pieces */

typedef struct Reading
{
	CdpkReader reader;
	CdpkSchema *schema;
	CdpkArena arena;
	bool no_memory;
} Reading;

/* Read a number of 32 bits. */
static uint32_t
read_u32(Reading *reading)
{
	uint64_t value = cdpk_read_varint(&reading->reader);

	if (value > UINT32_MAX)
		reading->reader.failed = true;
	return (uint32_t) value;
}

/* Read a number as write_number wrote it. */
static uint32_t
read_number(Reading *reading)
{
	return read_u32(reading) - 1;
}

static CdpkSpan
read_span(Reading *reading)
{
	CdpkSpan span;

	span.length = read_u32(reading);
	span.text = (const char *) cdpk_read_bytes(&reading->reader, span.length);
	if (span.text == NULL)
		span.length = 0;
	return span;
}

/* Read how many items follow, of at least a byte each, and make room for them; none where that fails. */
static uint32_t
read_items(Reading *reading, void **items, size_t item)
{
	uint32_t count = read_u32(reading);

	*items = NULL;
	if (reading->reader.failed || count > cdpk_left(&reading->reader))
	{
		reading->reader.failed = true;
		return 0;
	}
	*items = cdpk_arena_allocate(&reading->arena, count * item);
	if (*items == NULL)
		reading->no_memory = reading->reader.failed = true;
	return reading->reader.failed ? 0 : count;
}

static void
read_spans(Reading *reading, CdpkSpan **spans, uint32_t *count)
{
	*count = read_items(reading, (void **) spans, sizeof(CdpkSpan));
	for (uint32_t i = 0; i < *count; i++)
		(*spans)[i] = read_span(reading);
}

/* ---------------------------------------------------------------- reading values */

/* Read a number's limbs; the first and the last are not zero. */
static void
read_limbs(Reading *reading, CdpkNode *value)
{
	int64_t weight = cdpk_unzigzag(cdpk_read_varint(&reading->reader));
	int16_t *limbs = NULL;

	if (value->count > cdpk_left(&reading->reader) || weight > CDPK_NUMBER_WEIGHT_MAX ||
		weight < -CDPK_NUMBER_WEIGHT_MAX)
		reading->reader.failed = true;
	else
		limbs = cdpk_arena_allocate(&reading->arena, value->count * sizeof(int16_t));
	if (limbs == NULL)
	{
		reading->no_memory = reading->no_memory || !reading->reader.failed;
		reading->reader.failed = true;
		return;
	}
	for (uint32_t i = 0; i < value->count; i++)
	{
		uint64_t limb = cdpk_read_varint(&reading->reader);

		if (limb > 9999 || (limb == 0 && (i == 0 || i + 1 == value->count)))
			reading->reader.failed = true;
		limbs[i] = (int16_t) limb;
	}
	value->weight = (int32_t) weight;
	value->value.limbs = limbs;
}

/* Read a value's node. */
static void
read_value(Reading *reading, CdpkNode *value)
{
	uint8_t head = cdpk_read_u8(&reading->reader);

	memset(value, 0, sizeof(*value));
	value->kind = head & NODE_KIND;
	value->negative = (head & NODE_NEGATIVE) != 0;
	value->size = 1;
	if (value->kind >= CDPK_NODE_KINDS || head > NODE_KIND + NODE_MEMBER + NODE_NEGATIVE ||
		(value->negative && value->kind != CDPK_NODE_NUMBER))
		reading->reader.failed = true;
	if (head & NODE_MEMBER)
	{
		CdpkSpan key = read_span(reading);

		value->key = key.text;
		value->key_length = (uint32_t) key.length;
	}
	if (value->kind == CDPK_NODE_STRING)
	{
		CdpkSpan text = read_span(reading);

		value->value.text = text.text;
		value->count = (uint32_t) text.length;
	}
	else if (value->kind != CDPK_NODE_NULL)
		value->count = read_u32(reading);
	if (value->kind == CDPK_NODE_NUMBER)
		read_limbs(reading, value);
	if (value->kind >= CDPK_NODE_ARRAY)
		value->size = read_u32(reading);
	if (value->kind == CDPK_NODE_BOOLEAN && value->count > 1)
		reading->reader.failed = true;
}

/* Check that what is in a container fills it, the members of an object with keys in order. */
static bool
container_valid(const CdpkSchema *schema, uint32_t place)
{
	const CdpkNode *container = &schema->values[place];
	bool object = container->kind == CDPK_NODE_OBJECT;
	uint64_t end = (uint64_t) place + container->size;
	uint64_t at = (uint64_t) place + 1;
	const CdpkNode *before = NULL;

	if (container->size == 0 || end > schema->value_count)
		return false;
	for (uint32_t i = 0; i < container->count; i++)
	{
		const CdpkNode *item = &schema->values[at];

		if (at >= end || item->size == 0 || (item->key != NULL) != object)
			return false;
		if (before != NULL && object &&
			cdpk_key_compare(before->key, before->key_length, item->key, item->key_length) >= 0)
			return false;
		before = item;
		at += item->size;
	}
	return at == end;
}

static void
read_values(Reading *reading)
{
	CdpkSchema *schema = reading->schema;

	schema->value_count = read_items(reading, (void **) &schema->values, sizeof(CdpkNode));
	for (uint32_t i = 0; i < schema->value_count; i++)
		read_value(reading, &schema->values[i]);
	for (uint32_t i = 0; i < schema->value_count && !reading->reader.failed; i++)
		if (schema->values[i].kind >= CDPK_NODE_ARRAY && !container_valid(schema, i))
			reading->reader.failed = true;
}

/* ---------------------------------------------------------------- reading rules */

static void
read_members(Reading *reading)
{
	CdpkSchema *schema = reading->schema;

	schema->property_count =
		read_items(reading, (void **) &schema->properties, sizeof(CdpkSchemaProperty));
	for (uint32_t i = 0; i < schema->property_count; i++)
	{
		CdpkSchemaProperty *property = &schema->properties[i];
		CdpkSpan key = read_span(reading);

		property->key = key.text;
		property->key_length = (uint32_t) key.length;
		property->rule = read_number(reading);
		property->required = cdpk_read_u8(&reading->reader) != 0;
	}
	schema->member_count =
		read_items(reading, (void **) &schema->members, sizeof(CdpkSchemaMembers));
	for (uint32_t i = 0; i < schema->member_count; i++)
	{
		CdpkSchemaMembers *members = &schema->members[i];

		members->first = read_u32(reading);
		members->properties = read_u32(reading);
		members->list = read_u32(reading);
		members->patterns = read_u32(reading);
		members->additional = read_number(reading);
	}
}

static void
read_rules(Reading *reading)
{
	CdpkSchema *schema = reading->schema;
	uint64_t checks = 0;

	schema->rule_count = read_items(reading, (void **) &schema->rules, sizeof(CdpkSchemaRule));
	for (uint32_t i = 0; i < schema->rule_count; i++)
	{
		CdpkSchemaRule *rule = &schema->rules[i];

		rule->types = cdpk_read_u8(&reading->reader);
		rule->first = (uint32_t) checks;
		rule->checks = read_u32(reading);
		checks += rule->checks;
		if (checks > cdpk_left(&reading->reader))
			reading->reader.failed = true;
	}
	if (reading->reader.failed)
		return;
	schema->check_count = (uint32_t) checks;
	schema->checks = cdpk_arena_allocate(&reading->arena, checks * sizeof(CdpkSchemaCheck));
	if (schema->checks == NULL)
	{
		reading->no_memory = reading->reader.failed = true;
		return;
	}
	for (uint32_t i = 0; i < schema->check_count; i++)
	{
		schema->checks[i].keyword = cdpk_read_u8(&reading->reader);
		schema->checks[i].a = read_u32(reading);
		schema->checks[i].b = read_u32(reading);
	}
}

/* ---------------------------------------------------------------- what was read is in bounds */

/* Return whether "count" items from "first" on are among "all". */
static bool
within(uint64_t first, uint64_t count, uint32_t all)
{
	return first + count <= all;
}

static bool
members_valid(const CdpkSchema *schema, const CdpkSchemaMembers *members)
{
	if (!within(members->first, members->properties, schema->property_count) ||
		!within(members->list, 2 * (uint64_t) members->patterns, schema->list_count) ||
		(members->additional != CDPK_RULE_NONE && members->additional >= schema->rule_count))
		return false;
	for (uint32_t i = 0; i < members->properties; i++)
	{
		const CdpkSchemaProperty *one = &schema->properties[members->first + i];

		if ((one->rule != CDPK_RULE_NONE && one->rule >= schema->rule_count) ||
			(i > 0 &&
			 cdpk_key_compare(one[-1].key, one[-1].key_length, one->key, one->key_length) >= 0))
			return false;
	}
	for (uint32_t i = 0; i < members->patterns; i++)
		if (schema->lists[members->list + 2 * i] >= schema->pattern_count ||
			schema->lists[members->list + 2 * i + 1] >= schema->rule_count)
			return false;
	return true;
}

/* Check a list of keys, which begins with their number. */
static bool
key_list_valid(const CdpkSchema *schema, uint32_t list)
{
	if (list >= schema->list_count ||
		!within((uint64_t) list + 1, schema->lists[list], schema->list_count))
		return false;
	for (uint32_t i = 1; i <= schema->lists[list]; i++)
		if (schema->lists[list + i] >= schema->key_count)
			return false;
	return true;
}

/* Check a list of rules; its last ones may be none. */
static bool
rule_list_valid(const CdpkSchema *schema, uint32_t list, uint64_t count, uint32_t may_be_none)
{
	if (!within(list, count, schema->list_count))
		return false;
	for (uint64_t i = 0; i < count; i++)
		if (schema->lists[list + i] >= schema->rule_count &&
			(schema->lists[list + i] != CDPK_RULE_NONE || i + may_be_none < count))
			return false;
	return true;
}

static bool
value_list_valid(const CdpkSchema *schema, const CdpkSchemaCheck *check)
{
	if (!within(check->a, check->b, schema->list_count))
		return false;
	for (uint32_t i = 0; i < check->b; i++)
		if (schema->lists[check->a + i] >= schema->value_count)
			return false;
	return check->keyword != CDPK_KEYWORD_CONST || check->b == 1;
}

/* Check a bound of numbers. */
static bool
bound_valid(const CdpkSchema *schema, const CdpkSchemaCheck *check)
{
	const CdpkNode *bound;

	if (check->a >= schema->value_count)
		return false;
	bound = &schema->values[check->a];
	if (bound->kind != CDPK_NODE_NUMBER)
		return false;
	return check->keyword != CDPK_KEYWORD_MULTIPLE_OF ||
		   (bound->count > 0 && bound->count <= CDPK_DIVISOR_MAX && !bound->negative);
}

static bool
check_valid(const CdpkSchema *schema, const CdpkSchemaCheck *check)
{
	switch (check->keyword)
	{
		case CDPK_KEYWORD_CONST:
		case CDPK_KEYWORD_ENUM:
			return value_list_valid(schema, check);
		case CDPK_KEYWORD_MULTIPLE_OF:
		case CDPK_KEYWORD_MAXIMUM:
		case CDPK_KEYWORD_EXCLUSIVE_MAXIMUM:
		case CDPK_KEYWORD_MINIMUM:
		case CDPK_KEYWORD_EXCLUSIVE_MINIMUM:
			return bound_valid(schema, check);
		case CDPK_KEYWORD_MAX_LENGTH:
		case CDPK_KEYWORD_MIN_LENGTH:
		case CDPK_KEYWORD_MAX_ITEMS:
		case CDPK_KEYWORD_MIN_ITEMS:
		case CDPK_KEYWORD_UNIQUE_ITEMS:
		case CDPK_KEYWORD_MAX_PROPERTIES:
		case CDPK_KEYWORD_MIN_PROPERTIES:
			return true;
		case CDPK_KEYWORD_PATTERN:
			return check->a < schema->pattern_count;
		case CDPK_KEYWORD_FORMAT:
			return check->a < CDPK_FORMATS;
		case CDPK_KEYWORD_DEPENDENT_KEYS:
			return check->a < schema->key_count && key_list_valid(schema, check->b);
		case CDPK_KEYWORD_DEPENDENT_RULE:
			return check->a < schema->key_count && check->b < schema->rule_count;
		case CDPK_KEYWORD_ALL_OF:
		case CDPK_KEYWORD_ANY_OF:
		case CDPK_KEYWORD_ONE_OF:
			return rule_list_valid(schema, check->a, check->b, 0);
		case CDPK_KEYWORD_IF:
			return rule_list_valid(schema, check->a, 3, 2);
		case CDPK_KEYWORD_TUPLE:
			return rule_list_valid(schema, check->a, (uint64_t) check->b + 1, 1);
		case CDPK_KEYWORD_PROPERTIES:
			return check->a < schema->member_count;
		case CDPK_KEYWORD_REF:
		case CDPK_KEYWORD_NOT:
		case CDPK_KEYWORD_ITEMS:
		case CDPK_KEYWORD_CONTAINS:
		case CDPK_KEYWORD_PROPERTY_NAMES:
			return check->a < schema->rule_count;
		default:
			return false;
	}
}

static bool
schema_valid(const CdpkSchema *schema)
{
	if (schema->rule_count == 0)
		return false;
	for (uint32_t i = 0; i < schema->member_count; i++)
		if (!members_valid(schema, &schema->members[i]))
			return false;
	for (uint32_t i = 0; i < schema->check_count; i++)
		if (!check_valid(schema, &schema->checks[i]))
			return false;
	return true;
}

/* ---------------------------------------------------------------- reading */

/* Read the version and the text. */
static CdpkStatus
read_head(Reading *reading)
{
	if (cdpk_read_u8(&reading->reader) != CDPK_SCHEMA_VERSION && !reading->reader.failed)
		return CDPK_UNKNOWN_VERSION;
	reading->schema->text = read_span(reading);
	return reading->reader.failed ? CDPK_CORRUPT : CDPK_OK;
}

CdpkStatus
cdpk_schema_text(const uint8_t *bytes, size_t length, CdpkSpan *text)
{
	CdpkSchema schema = {0};
	Reading reading = {cdpk_reader(bytes, length), &schema, {NULL, NULL}, false};
	CdpkStatus status = read_head(&reading);

	*text = schema.text;
	return status;
}

/* Find out which patterns are simple. */
static void
read_simple_patterns(Reading *reading)
{
	CdpkSchema *schema = reading->schema;
	CdpkSimplePattern simple;

	schema->simple =
		cdpk_arena_allocate(&reading->arena, schema->pattern_count * sizeof(*schema->simple));
	reading->no_memory = reading->no_memory || schema->simple == NULL;
	for (uint32_t i = 0; i < schema->pattern_count && !reading->no_memory; i++)
	{
		const CdpkSpan *pattern = &schema->patterns[i];

		schema->simple[i] = NULL;
		if (!cdpk_simple_pattern_read(pattern->text, pattern->length, &simple))
			continue;
		schema->simple[i] =
			cdpk_arena_allocate(&reading->arena, offsetof(CdpkSimplePattern, item) +
													 simple.items * sizeof(CdpkSimpleItem));
		if (schema->simple[i] == NULL)
			reading->no_memory = true;
		else
			memcpy(schema->simple[i], &simple,
				   offsetof(CdpkSimplePattern, item) + simple.items * sizeof(CdpkSimpleItem));
	}
}

/* Read all after the text. */
static CdpkStatus
read_body(Reading *reading)
{
	CdpkSchema *schema = reading->schema;
	uint32_t cyclic;

	read_spans(reading, &schema->patterns, &schema->pattern_count);
	read_simple_patterns(reading);
	read_spans(reading, &schema->keys, &schema->key_count);
	read_values(reading);
	schema->list_count = read_items(reading, (void **) &schema->lists, sizeof(uint32_t));
	for (uint32_t i = 0; i < schema->list_count; i++)
		schema->lists[i] = read_number(reading);
	read_members(reading);
	read_rules(reading);
	if (reading->no_memory)
		return CDPK_OUT_OF_MEMORY;
	if (reading->reader.failed || cdpk_left(&reading->reader) > 0 || !schema_valid(schema))
		return CDPK_CORRUPT;
	return cdpk_schema_finish(schema, reading->arena.allocator, &cyclic);
}

CdpkStatus
cdpk_schema_read(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator,
				 CdpkSchema *schema)
{
	Reading reading = {cdpk_reader(bytes, length), schema, {allocator, NULL}, false};
	CdpkStatus status;

	memset(schema, 0, sizeof(*schema));
	status = read_head(&reading);
	if (status == CDPK_OK)
		status = read_body(&reading);
	if (status == CDPK_INVALID)
		status = CDPK_CORRUPT;
	schema->memory = reading.arena.pieces;
	if (status != CDPK_OK)
		cdpk_schema_free(schema, allocator);
	return status;
}

void
cdpk_schema_free(CdpkSchema *schema, const CdpkAllocator *allocator)
{
	CdpkArena arena = {allocator, schema->memory};

	cdpk_arena_free(&arena);
	memset(schema, 0, sizeof(*schema));
}
