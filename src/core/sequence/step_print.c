/*
 * step_print.c
 *		Printing a step.
 */
#include "core/sequence/step.h"

#include <stdio.h>
#include <string.h>

static const char *const operators[CDPK_STEP_OPERATORS] = {
	"=", "<>", "<", "<=", ">", ">=", "in", "not in", "like", "contains", "exists", "not exists"};

static char *
print_bytes(char *to, const char *text, size_t length)
{
	memcpy(to, text, length);
	return to + length;
}

static char *
print_quoted(char *to, const CdpkName *text)
{
	*to++ = '"';
	for (size_t i = 0; i < text->length; i++)
	{
		if (text->text[i] == '"')
			*to++ = '"';
		*to++ = text->text[i];
	}
	*to++ = '"';
	return to;
}

static char *
print_literal(char *to, const CdpkLiteral *literal)
{
	switch (literal->kind)
	{
		case CDPK_LITERAL_NUMBER:
			return to + cdpk_decimal_print(literal->number, to);
		case CDPK_LITERAL_TEXT:
			return print_quoted(to, &literal->text);
		case CDPK_LITERAL_FALSE:
			return print_bytes(to, "false", 5);
		default:
			return print_bytes(to, "true", 4);
	}
}

static char *
print_condition(char *to, const CdpkCondition *condition)
{
	const CdpkName *property = &condition->property;
	bool list = condition->operation == CDPK_STEP_IN || condition->operation == CDPK_STEP_NOT_IN;

	if (cdpk_step_is_property(property->text, property->length))
		to = print_bytes(to, property->text, property->length);
	else
		to = print_quoted(to, property);
	to += sprintf(to, list ? " %s (" : " %s", operators[condition->operation]);
	for (unsigned i = 0; i < condition->count; i++)
	{
		if (i > 0)
			*to++ = ',';
		if (i > 0 || !list)
			*to++ = ' ';
		to = print_literal(to, &condition->literals[i]);
	}
	if (list)
		*to++ = ')';
	return to;
}

static char *
print_alternative(char *to, const CdpkAlternative *alternative, bool alone)
{
	const CdpkName *name = &alternative->name;

	if (alternative->any)
		*to++ = '*';
	else if (alone ? cdpk_step_is_bare_name(name) : cdpk_step_is_word(name->text, name->length))
		to = print_bytes(to, name->text, name->length);
	else
		to = print_quoted(to, name);
	for (unsigned i = 0; i < alternative->count; i++)
	{
		to = print_bytes(to, i == 0 ? "[" : ", ", i == 0 ? 1 : 2);
		to = print_condition(to, &alternative->conditions[i]);
	}
	if (alternative->count > 0)
		*to++ = ']';
	return to;
}

/* Return the maximum size of a text. */
static size_t
print_room(const CdpkStep *step)
{
	const CdpkAlternative *alternatives = cdpk_step_alternatives(step);
	size_t room = 16;

	for (unsigned i = 0; i < step->count; i++)
	{
		room += 2 * alternatives[i].name.length + 8;
		for (unsigned j = 0; j < alternatives[i].count; j++)
		{
			const CdpkCondition *condition = &alternatives[i].conditions[j];

			room += 2 * condition->property.length + 24;
			for (unsigned k = 0; k < condition->count; k++)
				room += 2 * condition->literals[k].text.length + CDPK_DECIMAL_TEXT_MAX + 4;
		}
	}
	return room;
}

CdpkStatus
cdpk_step_print_name(const char *name, size_t length, bool quoted, const CdpkAllocator *allocator,
					 char **text)
{
	CdpkName whole = {name, length};
	char *to = cdpk_allocate(allocator, 2 * length + 3);

	*text = to;
	if (to == NULL)
		return CDPK_OUT_OF_MEMORY;
	to = quoted || cdpk_step_must_parse(name, length) ? print_quoted(to, &whole)
													  : print_bytes(to, name, length);
	*to = '\0';
	return CDPK_OK;
}

CdpkStatus
cdpk_step_print(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator, char **text)
{
	CdpkStep step;
	const CdpkAlternative *alternatives;
	char *to;
	CdpkStatus status = cdpk_step_read(bytes, length, allocator, &step);

	if (status != CDPK_OK)
		return status;
	if (step.plain)
		return cdpk_step_print_name(step.alone.name.text, step.alone.name.length, false, allocator,
									text);
	alternatives = cdpk_step_alternatives(&step);
	*text = to = cdpk_allocate(allocator, print_room(&step));
	for (unsigned i = 0; to != NULL && i < step.count; i++)
	{
		if (i > 0)
			to = print_bytes(to, " | ", 3);
		to = print_alternative(to, &alternatives[i], step.count == 1);
	}
	cdpk_step_free(allocator, &step);
	if (to == NULL)
		return CDPK_OUT_OF_MEMORY;
	*to = '\0';
	return CDPK_OK;
}
