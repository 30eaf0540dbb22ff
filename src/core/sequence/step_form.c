/*
 * step_form.c
 *		The stored form of a step.
 */
#include "core/sequence/step.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/text/utf8.h"

const char *
cdpk_step_check(CdpkStepOperator operation, const CdpkLiteral *literal)
{
	bool is_boolean = literal->kind == CDPK_LITERAL_TRUE || literal->kind == CDPK_LITERAL_FALSE;
	size_t backslashes = 0;

	if (operation >= CDPK_STEP_LESS && operation <= CDPK_STEP_AT_LEAST && is_boolean)
		return "a boolean, which has no order";
	if (operation != CDPK_STEP_LIKE && operation != CDPK_STEP_CONTAINS)
		return NULL;
	if (literal->kind != CDPK_LITERAL_TEXT)
		return "no text in double quotes";
	while (operation == CDPK_STEP_LIKE && backslashes < literal->text.length &&
		   literal->text.text[literal->text.length - 1 - backslashes] == '\\')
		backslashes++;
	return backslashes % 2 == 0 ? NULL : "a pattern that ends with a backslash";
}

/* Where a step is read to: counts only, where the arrays are NULL. */
typedef struct Target
{
	unsigned alternative_count;
	unsigned condition_count;
	unsigned literal_count;
	CdpkAlternative *alternatives;
	CdpkCondition *conditions;
	CdpkLiteral *literals;
} Target;

/* Read a string of UTF-8. */
static CdpkName
read_text(CdpkReader *reader)
{
	CdpkName text = {NULL, cdpk_read_varint(reader)};
	bool ascii;

	text.text = (const char *) cdpk_read_bytes(reader, text.length);
	if (text.text == NULL || cdpk_utf8_check(text.text, text.length, &ascii) != CDPK_OK)
		reader->failed = true;
	return text;
}

/* Read a string that is not empty. */
static CdpkName
read_name(CdpkReader *reader)
{
	CdpkName name = read_text(reader);

	reader->failed = reader->failed || name.length == 0;
	return name;
}

/* Read a literal after its tag. */
static void
read_literal(CdpkReader *reader, uint8_t tag, CdpkStepOperator operation, Target *target)
{
	CdpkLiteral literal = {(CdpkLiteralKind) tag, {0, 0}, {NULL, 0}};

	if (tag < CDPK_LITERAL_NUMBER || tag > CDPK_LITERAL_TRUE ||
		target->literal_count == CDPK_STEP_LITERALS_MAX)
	{
		reader->failed = true;
		return;
	}
	if (tag == CDPK_LITERAL_TEXT)
		literal.text = read_text(reader);
	if (tag == CDPK_LITERAL_NUMBER)
	{
		uint8_t scale = cdpk_read_u8(reader);
		int64_t mantissa = cdpk_unzigzag(cdpk_read_varint(reader));

		literal.number = cdpk_decimal(mantissa, scale);
		if (scale > CDPK_SCALE_MAX || mantissa == INT64_MIN || literal.number.scale != scale)
			reader->failed = true;
	}
	if (reader->failed || cdpk_step_check(operation, &literal) != NULL)
	{
		reader->failed = true;
		return;
	}
	if (target->literals != NULL)
		target->literals[target->literal_count] = literal;
	target->literal_count++;
}

/* Read a condition after its tag. */
static void
read_condition(CdpkReader *reader, uint8_t tag, Target *target)
{
	CdpkCondition condition = {{NULL, 0}, (CdpkStepOperator) (tag - 1), 0, NULL};
	unsigned first = target->literal_count;
	uint8_t literal;

	if (tag > CDPK_STEP_OPERATORS || target->condition_count == CDPK_STEP_CONDITIONS_MAX)
	{
		reader->failed = true;
		return;
	}
	condition.property = read_name(reader);
	if (condition.operation == CDPK_STEP_IN || condition.operation == CDPK_STEP_NOT_IN)
	{
		while ((literal = cdpk_read_u8(reader)) != CDPK_STEP_TAG_END && !reader->failed)
			read_literal(reader, literal, condition.operation, target);
		reader->failed = reader->failed || target->literal_count == first;
	}
	else if (condition.operation < CDPK_STEP_EXISTS)
		read_literal(reader, cdpk_read_u8(reader), condition.operation, target);
	condition.count = target->literal_count - first;
	if (target->conditions != NULL)
	{
		condition.literals = target->literals + first;
		target->conditions[target->condition_count] = condition;
	}
	target->condition_count++;
}

/* Read an alternative. */
static void
read_alternative(CdpkReader *reader, Target *target)
{
	CdpkAlternative alternative = {false, {NULL, 0}, 0, NULL};
	unsigned first = target->condition_count;
	uint8_t tag = cdpk_read_u8(reader);

	alternative.any = tag == CDPK_STEP_TAG_ANY;
	if ((tag != CDPK_STEP_TAG_ANY && tag != CDPK_STEP_TAG_NAME) ||
		target->alternative_count == CDPK_STEP_ALTERNATIVES_MAX)
	{
		reader->failed = true;
		return;
	}
	if (!alternative.any)
		alternative.name = read_name(reader);
	while ((tag = cdpk_read_u8(reader)) != CDPK_STEP_TAG_END && !reader->failed)
		read_condition(reader, tag, target);
	alternative.count = target->condition_count - first;
	if (target->alternatives != NULL)
	{
		if (target->conditions != NULL)
			alternative.conditions = target->conditions + first;
		target->alternatives[target->alternative_count] = alternative;
	}
	target->alternative_count++;
}

/* Read all alternatives. */
static bool
read_alternatives(CdpkReader reader, Target *target)
{
	target->alternative_count = target->condition_count = target->literal_count = 0;
	do
		read_alternative(&reader, target);
	while (!reader.failed && cdpk_left(&reader) > 0);
	return !reader.failed;
}

CdpkStatus
cdpk_step_read(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator, CdpkStep *step)
{
	CdpkReader reader = cdpk_reader(bytes, length);
	uint8_t version = cdpk_read_u8(&reader);
	Target target = {0, 0, 0, NULL, NULL, NULL};
	CdpkAlternative first = {false, {NULL, 0}, 0, NULL};
	size_t conditions;
	size_t literals;

	step->memory = NULL;
	if (!reader.failed && version != CDPK_STEP_VERSION)
		return CDPK_UNKNOWN_VERSION;
	if (reader.failed || length > CDPK_STEP_SIZE_MAX || !read_alternatives(reader, &target))
		return CDPK_CORRUPT;
	step->count = target.alternative_count;
	step->conditional = target.condition_count > 0;
	step->any = false;
	step->plain = target.alternative_count == 1 && target.condition_count == 0 &&
				  *reader.at == CDPK_STEP_TAG_NAME;
	if (step->plain)
	{
		target.alternatives = &first;
		read_alternatives(reader, &target);
		step->alone = first;
		step->alternatives = NULL;
		return CDPK_OK;
	}
	/* all in one block: alternatives, conditions, literals */
	conditions = target.alternative_count * sizeof(CdpkAlternative);
	literals = conditions + target.condition_count * sizeof(CdpkCondition);
	step->memory = cdpk_allocate(allocator, literals + target.literal_count * sizeof(CdpkLiteral));
	if (step->memory == NULL)
		return CDPK_OUT_OF_MEMORY;
	target.alternatives = step->memory;
	target.conditions = (CdpkCondition *) ((char *) step->memory + conditions);
	target.literals = (CdpkLiteral *) ((char *) step->memory + literals);
	read_alternatives(reader, &target);
	step->alternatives = target.alternatives;
	for (unsigned i = 0; i < step->count; i++)
		step->any |= step->alternatives[i].any;
	return CDPK_OK;
}
