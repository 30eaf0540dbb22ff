/*
 * schema_check.c
 *		The checks of a schema that look at one value, and at no other rule.
 */
#include "core/base/sort.h"
#include "core/schema/format.h"
#include "core/schema/schema_machine.h"

void
cdpk_machine_report(CdpkMachine *machine, CdpkKeyword keyword, const CdpkNode *node,
					const char *key, uint32_t key_length, uint8_t types,
					const CdpkSchemaCheck *check)
{
	CdpkViolation violation = {keyword, node, key, key_length, types, {0, 0, 0}};

	if (machine->run->report == NULL)
		return;
	if (check != NULL)
		violation.check = *check;
	machine->run->report(machine->run->context, &violation);
}

/* ---------------------------------------------------------------- values */

/* Return whether a value is one of a list that is in order. */
static bool
is_listed(const CdpkSchema *schema, const CdpkSchemaCheck *check, const CdpkNode *node)
{
	const uint32_t *list = schema->lists + check->a;
	uint32_t low = 0;
	uint32_t high = check->b;

	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;
		int order = cdpk_node_compare(node, &schema->values[list[middle]]);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/* ---------------------------------------------------------------- elements that are unique */

/* Compare two elements by their places from the array. */
static int
compare_elements(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	CdpkMachine *machine = (CdpkMachine *) context;

	cdpk_machine_tick(machine);
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return cdpk_node_compare(machine->document + a->value, machine->document + b->value);
}

/* Return a number that equal values share: kind, size, count. */
static int64_t
outline(const CdpkNode *node)
{
	return ((int64_t) node->kind << 60) | ((int64_t) (node->size & 0xfffffff) << 32) | node->count;
}

/* Return whether no two elements of an array are equal: they are sorted, and neighbours compared. */
static bool
is_unique(CdpkMachine *machine, const CdpkNode *array)
{
	CdpkTimed *elements;
	const CdpkNode *element = array + 1;
	bool unique = true;

	if (array->count < 2)
		return true;
	elements = cdpk_allocate(machine->run->scratch, 2 * (size_t) array->count * sizeof(CdpkTimed));
	if (elements == NULL)
	{
		machine->status = CDPK_OUT_OF_MEMORY;
		return true;
	}
	for (uint32_t i = 0; i < array->count; i++, element += element->size)
		elements[i] = (CdpkTimed){outline(element), (uint32_t) (element - machine->document)};
	cdpk_sort(elements, array->count, elements + array->count, compare_elements, machine);
	for (uint32_t i = 1; i < array->count && unique; i++)
		unique = compare_elements(&elements[i - 1], &elements[i], machine) != 0;
	cdpk_release(machine->run->scratch, elements);
	return unique;
}

/* ---------------------------------------------------------------- members that others ask for */

/* Judge which members must be there if another one is; report each that is missing. */
static bool
has_dependent(CdpkMachine *machine, const CdpkSchemaCheck *check, const CdpkNode *object,
			  bool quiet)
{
	const CdpkSchema *schema = machine->schema;
	const uint32_t *list = schema->lists + check->b;
	const CdpkSpan *key = &schema->keys[check->a];
	bool result = true;

	if (cdpk_node_member(object, key->text, key->length) == NULL)
		return true;
	for (uint32_t i = 1; i <= list[0]; i++)
	{
		key = &schema->keys[list[i]];
		cdpk_machine_tick(machine);
		if (cdpk_node_member(object, key->text, key->length) != NULL)
			continue;
		result = false;
		if (quiet || machine->run->report == NULL)
			break;
		cdpk_machine_report(machine, CDPK_KEYWORD_DEPENDENT_KEYS, object, key->text,
							(uint32_t) key->length, 0, check);
	}
	return result;
}

/* ---------------------------------------------------------------- checks */

#define NUMBER (1 << CDPK_NODE_NUMBER)
#define STRING (1 << CDPK_NODE_STRING)
#define ARRAY (1 << CDPK_NODE_ARRAY)
#define OBJECT (1 << CDPK_NODE_OBJECT)

/* the kinds of values that a check is for */
static const uint8_t checked_kinds[CDPK_KEYWORD_RULES] = {
	[CDPK_KEYWORD_CONST] = CDPK_TYPE_ANY,
	[CDPK_KEYWORD_ENUM] = CDPK_TYPE_ANY,
	[CDPK_KEYWORD_MULTIPLE_OF] = NUMBER,
	[CDPK_KEYWORD_MAXIMUM] = NUMBER,
	[CDPK_KEYWORD_EXCLUSIVE_MAXIMUM] = NUMBER,
	[CDPK_KEYWORD_MINIMUM] = NUMBER,
	[CDPK_KEYWORD_EXCLUSIVE_MINIMUM] = NUMBER,
	[CDPK_KEYWORD_MAX_LENGTH] = STRING,
	[CDPK_KEYWORD_MIN_LENGTH] = STRING,
	[CDPK_KEYWORD_PATTERN] = STRING,
	[CDPK_KEYWORD_FORMAT] = STRING,
	[CDPK_KEYWORD_MAX_ITEMS] = ARRAY,
	[CDPK_KEYWORD_MIN_ITEMS] = ARRAY,
	[CDPK_KEYWORD_UNIQUE_ITEMS] = ARRAY,
	[CDPK_KEYWORD_MAX_PROPERTIES] = OBJECT,
	[CDPK_KEYWORD_MIN_PROPERTIES] = OBJECT,
	[CDPK_KEYWORD_DEPENDENT_KEYS] = OBJECT,
};

/* Judge a value that the check is for. */
static inline bool
holds(CdpkMachine *machine, const CdpkSchemaCheck *check, const CdpkNode *node)
{
	const CdpkSchema *schema = machine->schema;

	switch (check->keyword)
	{
		case CDPK_KEYWORD_CONST:
		case CDPK_KEYWORD_ENUM:
			return is_listed(schema, check, node);
		case CDPK_KEYWORD_MULTIPLE_OF:
			return cdpk_number_multiple(node, &schema->values[check->a]);
		case CDPK_KEYWORD_MAXIMUM:
			return cdpk_number_compare(node, &schema->values[check->a]) <= 0;
		case CDPK_KEYWORD_EXCLUSIVE_MAXIMUM:
			return cdpk_number_compare(node, &schema->values[check->a]) < 0;
		case CDPK_KEYWORD_MINIMUM:
			return cdpk_number_compare(node, &schema->values[check->a]) >= 0;
		case CDPK_KEYWORD_EXCLUSIVE_MINIMUM:
			return cdpk_number_compare(node, &schema->values[check->a]) > 0;
		/* a character has 1 to 4 bytes, so that most lengths are known without counting */
		case CDPK_KEYWORD_MAX_LENGTH:
			return node->count <= check->a ||
				   cdpk_count_characters(node->value.text, node->count) <= check->a;
		case CDPK_KEYWORD_MIN_LENGTH:
			return node->count >= check->a &&
				   (node->count / 4 >= check->a ||
					cdpk_count_characters(node->value.text, node->count) >= check->a);
		case CDPK_KEYWORD_PATTERN:
			return cdpk_machine_matches(machine, check->a, node->value.text, node->count);
		case CDPK_KEYWORD_FORMAT:
			return cdpk_format_matches((CdpkFormat) check->a, node->value.text, node->count);
		case CDPK_KEYWORD_MAX_ITEMS:
		case CDPK_KEYWORD_MAX_PROPERTIES:
			return node->count <= check->a;
		case CDPK_KEYWORD_MIN_ITEMS:
		case CDPK_KEYWORD_MIN_PROPERTIES:
			return node->count >= check->a;
		default:
			return is_unique(machine, node);
	}
}

static inline bool
judge_check(CdpkMachine *machine, const CdpkSchemaCheck *check, const CdpkNode *node, bool quiet)
{
	if ((checked_kinds[check->keyword] >> node->kind & 1) == 0)
		return true;
	if (check->keyword == CDPK_KEYWORD_DEPENDENT_KEYS)
		return has_dependent(machine, check, node, quiet);
	if (holds(machine, check, node))
		return true;
	if (!quiet)
		cdpk_machine_report(machine, (CdpkKeyword) check->keyword, node, NULL, 0, 0, check);
	return false;
}

bool
cdpk_machine_check(CdpkMachine *machine, const CdpkSchemaCheck *check, const CdpkNode *node,
				   bool quiet)
{
	return judge_check(machine, check, node, quiet);
}

bool
cdpk_machine_judge(CdpkMachine *machine, const CdpkSchemaRule *rule, const CdpkNode *node,
				   bool quiet)
{
	const CdpkSchemaCheck *check = machine->schema->checks + rule->first;
	const CdpkSchemaCheck *end = check + rule->checks;
	bool answer = true;

	cdpk_machine_tick(machine);
	if (!cdpk_type_matches(rule->types, node))
	{
		if (!quiet)
			cdpk_machine_report(machine, rule->types == 0 ? CDPK_KEYWORD_FALSE : CDPK_KEYWORD_TYPE,
								node, NULL, 0, rule->types, NULL);
		return false;
	}
	if (!rule->simple)
		return true;
	for (; check < end; check++)
		if (!judge_check(machine, check, node, quiet))
		{
			answer = false;
			if (quiet || machine->run->report == NULL)
				break;
		}
	return answer;
}
