/*
 * violation.c
 *		What a violation says: the keyword, the way to the value, and words.
 */
#include <stdio.h>

#include "core/schema/format.h"
#include "core/schema/schema.h"

/* digits of a bound that are shown */
#define NUMBER_SHOWN 40

static const char *const names[CDPK_KEYWORDS] = {
	[CDPK_KEYWORD_FALSE] = "false",
	[CDPK_KEYWORD_TYPE] = "type",
	[CDPK_KEYWORD_REQUIRED] = "required",
	[CDPK_KEYWORD_ADDITIONAL_PROPERTIES] = "additionalProperties",
	[CDPK_KEYWORD_ADDITIONAL_ITEMS] = "additionalItems",
	[CDPK_KEYWORD_CONST] = "const",
	[CDPK_KEYWORD_ENUM] = "enum",
	[CDPK_KEYWORD_MULTIPLE_OF] = "multipleOf",
	[CDPK_KEYWORD_MAXIMUM] = "maximum",
	[CDPK_KEYWORD_EXCLUSIVE_MAXIMUM] = "exclusiveMaximum",
	[CDPK_KEYWORD_MINIMUM] = "minimum",
	[CDPK_KEYWORD_EXCLUSIVE_MINIMUM] = "exclusiveMinimum",
	[CDPK_KEYWORD_MAX_LENGTH] = "maxLength",
	[CDPK_KEYWORD_MIN_LENGTH] = "minLength",
	[CDPK_KEYWORD_PATTERN] = "pattern",
	[CDPK_KEYWORD_FORMAT] = "format",
	[CDPK_KEYWORD_MAX_ITEMS] = "maxItems",
	[CDPK_KEYWORD_MIN_ITEMS] = "minItems",
	[CDPK_KEYWORD_UNIQUE_ITEMS] = "uniqueItems",
	[CDPK_KEYWORD_MAX_PROPERTIES] = "maxProperties",
	[CDPK_KEYWORD_MIN_PROPERTIES] = "minProperties",
	[CDPK_KEYWORD_DEPENDENT_KEYS] = "dependencies",
	[CDPK_KEYWORD_REF] = "$ref",
	[CDPK_KEYWORD_ALL_OF] = "allOf",
	[CDPK_KEYWORD_ANY_OF] = "anyOf",
	[CDPK_KEYWORD_ONE_OF] = "oneOf",
	[CDPK_KEYWORD_NOT] = "not",
	[CDPK_KEYWORD_IF] = "if",
	[CDPK_KEYWORD_DEPENDENT_RULE] = "dependencies",
	[CDPK_KEYWORD_ITEMS] = "items",
	[CDPK_KEYWORD_TUPLE] = "items",
	[CDPK_KEYWORD_CONTAINS] = "contains",
	[CDPK_KEYWORD_PROPERTIES] = "properties",
	[CDPK_KEYWORD_PROPERTY_NAMES] = "propertyNames",
};

const char *
cdpk_keyword_name(CdpkKeyword keyword)
{
	return names[keyword];
}

/* ---------------------------------------------------------------- the way to a value */

void
cdpk_document_ways(const CdpkNode *document, CdpkWay *ways)
{
	ways[0].parent = ways[0].place = 0;
	for (uint32_t i = 0; i < document->size; i++)
	{
		uint32_t place = 0;

		for (uint32_t child = i + 1; child < i + document[i].size; child += document[child].size)
		{
			ways[child].parent = i;
			ways[child].place = place++;
		}
	}
}

/* ---------------------------------------------------------------- words */

/* Write a number without an exponent; where it is too long, "a certain number". */
static void
print_number(const CdpkNode *number, char text[NUMBER_SHOWN])
{
	int32_t last = number->weight - (int32_t) number->count + 1;
	size_t length = 0;
	size_t point = 0;

	if (number->count == 0 || number->weight > 6 || last < -6 || number->count > 8)
	{
		snprintf(text, NUMBER_SHOWN, number->count == 0 ? "0" : "a certain number");
		return;
	}
	if (number->negative)
		text[length++] = '-';
	for (int32_t w = number->weight > 0 ? number->weight : 0; w >= (last < 0 ? last : 0); w--)
	{
		int32_t i = number->weight - w;
		int limb = i >= 0 && i < (int32_t) number->count ? number->value.limbs[i] : 0;
		bool first = w >= 0 && w == (number->weight > 0 ? number->weight : 0);

		if (w == -1)
		{
			point = length;
			text[length++] = '.';
		}
		length +=
			(size_t) snprintf(text + length, NUMBER_SHOWN - length, first ? "%d" : "%04d", limb);
	}
	while (point > 0 && text[length - 1] == '0')
		length--;
	text[length] = '\0';
}

/* Write the names of types, with "or" before the last. */
static void
print_types(uint8_t types, char *text, size_t room)
{
	static const char *const kinds[] = {"null",  "boolean", "number", "string",
										"array", "object",  "integer"};
	size_t length = 0;

	for (int i = 0; i < 7; i++)
		if (types >> i & 1)
			length += (size_t) snprintf(text + length, room - length, "%s%s",
										length == 0             ? ""
										: types >> (i + 1) == 0 ? " or "
																: ", ",
										kinds[i]);
}

/* Say what is wrong with a number. */
static int
describe_bound(const CdpkSchema *schema, const CdpkViolation *violation, char *text)
{
	static const char *const words[] = {"a multiple of ", "at most ", "less than ", "at least ",
										"greater than "};
	char number[NUMBER_SHOWN];

	print_number(&schema->values[violation->check.a], number);
	return snprintf(text, CDPK_VIOLATION_TEXT_MAX, "must be %s%s",
					words[violation->keyword - CDPK_KEYWORD_MULTIPLE_OF], number);
}

/* Say what is wrong with a length or a number of things. */
static int
describe_count(const CdpkViolation *violation, char *text)
{
	bool most = violation->keyword == CDPK_KEYWORD_MAX_LENGTH ||
				violation->keyword == CDPK_KEYWORD_MAX_ITEMS ||
				violation->keyword == CDPK_KEYWORD_MAX_PROPERTIES;
	const char *things = violation->keyword <= CDPK_KEYWORD_MIN_LENGTH  ? "character"
						 : violation->keyword <= CDPK_KEYWORD_MIN_ITEMS ? "element"
																		: "property";
	bool one = violation->check.a == 1;

	if (violation->keyword >= CDPK_KEYWORD_MAX_PROPERTIES && !one)
		return snprintf(text, CDPK_VIOLATION_TEXT_MAX, "must have at %s %u properties",
						most ? "most" : "least", (unsigned) violation->check.a);
	return snprintf(text, CDPK_VIOLATION_TEXT_MAX, "must have at %s %u %s%s",
					most ? "most" : "least", (unsigned) violation->check.a, things, one ? "" : "s");
}

/* Say what is wrong where that takes no number. */
static const char *
fixed_words(CdpkKeyword keyword)
{
	switch (keyword)
	{
		case CDPK_KEYWORD_REQUIRED:
			return "is required";
		case CDPK_KEYWORD_FALSE:
		case CDPK_KEYWORD_ADDITIONAL_PROPERTIES:
		case CDPK_KEYWORD_ADDITIONAL_ITEMS:
			return "is not allowed";
		case CDPK_KEYWORD_CONST:
			return "is not the value that is allowed";
		case CDPK_KEYWORD_ENUM:
			return "is not one of the values that are allowed";
		case CDPK_KEYWORD_PATTERN:
			return "does not match the pattern";
		case CDPK_KEYWORD_UNIQUE_ITEMS:
			return "has equal elements";
		case CDPK_KEYWORD_DEPENDENT_KEYS:
			return "is required by another property";
		case CDPK_KEYWORD_ANY_OF:
			return "follows none of the alternatives";
		case CDPK_KEYWORD_ONE_OF:
			return "must follow exactly one of the alternatives";
		case CDPK_KEYWORD_NOT:
			return "follows what it must not";
		case CDPK_KEYWORD_CONTAINS:
			return "has no element of the kind that is asked for";
		case CDPK_KEYWORD_PROPERTY_NAMES:
			return "has a name that is not allowed";
		default:
			return "does not follow the schema";
	}
}

size_t
cdpk_violation_describe(const CdpkSchema *schema, const CdpkViolation *violation,
						char text[CDPK_VIOLATION_TEXT_MAX])
{
	char wanted[80];
	char found[20];
	int length;

	switch (violation->keyword)
	{
		case CDPK_KEYWORD_TYPE:
			print_types(violation->types, wanted, sizeof(wanted));
			print_types((uint8_t) (1 << violation->node->kind), found, sizeof(found));
			length = snprintf(text, CDPK_VIOLATION_TEXT_MAX, "must be %s, not %s", wanted, found);
			break;
		case CDPK_KEYWORD_MULTIPLE_OF:
		case CDPK_KEYWORD_MAXIMUM:
		case CDPK_KEYWORD_EXCLUSIVE_MAXIMUM:
		case CDPK_KEYWORD_MINIMUM:
		case CDPK_KEYWORD_EXCLUSIVE_MINIMUM:
			length = describe_bound(schema, violation, text);
			break;
		case CDPK_KEYWORD_MAX_LENGTH:
		case CDPK_KEYWORD_MIN_LENGTH:
		case CDPK_KEYWORD_MAX_ITEMS:
		case CDPK_KEYWORD_MIN_ITEMS:
		case CDPK_KEYWORD_MAX_PROPERTIES:
		case CDPK_KEYWORD_MIN_PROPERTIES:
			length = describe_count(violation, text);
			break;
		case CDPK_KEYWORD_FORMAT:
			length = snprintf(text, CDPK_VIOLATION_TEXT_MAX, "must be of the format %s",
							  cdpk_format_name((CdpkFormat) violation->check.a));
			break;
		default:
			length = snprintf(text, CDPK_VIOLATION_TEXT_MAX, "%s", fixed_words(violation->keyword));
	}
	return (size_t) length;
}
