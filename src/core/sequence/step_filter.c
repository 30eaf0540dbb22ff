/*
 * step_filter.c
 *		Which events of a column satisfy a step's conditions.
 */
#include "core/sequence/step_filter.h"

#include "core/text/utf8.h"

static bool
same_name(const CdpkName *name, const char *text, size_t length)
{
	return name->length == length && memcmp(name->text, text, length) == 0;
}

bool
cdpk_step_names(const CdpkStep *step, const char *name, size_t length)
{
	const CdpkAlternative *alternatives = cdpk_step_alternatives(step);

	for (unsigned i = 0; i < step->count; i++)
		if (alternatives[i].any || same_name(&alternatives[i].name, name, length))
			return true;
	return false;
}

/* ---------------------------------------------------------------- values */

bool
cdpk_like(const CdpkName *text, const CdpkName *pattern)
{
	const char *at = text->text;
	const char *end = at + text->length;
	const char *p = pattern->text;
	const char *p_end = p + pattern->length;
	const char *retry = NULL; /* behind the last % */
	const char *retry_at = NULL;

	while (at < end)
	{
		if (p < p_end && *p == '%')
		{
			retry = ++p;
			retry_at = at;
			continue;
		}
		if (p < p_end && *p == '_')
		{
			uint32_t character;
			size_t length = cdpk_utf8_decode(at, end, &character);

			at += length > 0 ? length : 1;
			p++;
			continue;
		}
		if (p < p_end && *p == '\\' && p + 1 < p_end && p[1] == *at)
		{
			at++;
			p += 2;
			continue;
		}
		if (p < p_end && *p != '\\' && *p == *at)
		{
			at++;
			p++;
			continue;
		}
		if (retry == NULL)
			return false;
		p = retry;
		at = ++retry_at;
	}
	while (p < p_end && *p == '%')
		p++;
	return p == p_end;
}

/* Return whether a text contains another. */
static bool
contains(const CdpkName *text, const CdpkName *part)
{
	for (size_t i = 0; i + part->length <= text->length; i++)
		if (memcmp(text->text + i, part->text, part->length) == 0)
			return true;
	return false;
}

/* Return whether a comparison with 0 holds. */
static bool
order_holds(int order, CdpkStepOperator operation)
{
	switch (operation)
	{
		case CDPK_STEP_LESS:
			return order < 0;
		case CDPK_STEP_AT_MOST:
			return order <= 0;
		case CDPK_STEP_GREATER:
			return order > 0;
		case CDPK_STEP_AT_LEAST:
			return order >= 0;
		default:
			return order == 0;
	}
}

/* Return whether a value satisfies an operator; <> and not in are asked for as = here. */
static bool
value_holds(const CdpkStepFilter *filter, const CdpkPropertyValue *value,
			CdpkStepOperator operation, const CdpkLiteral *literal)
{
	CdpkDecimal number;

	if (literal->kind == CDPK_LITERAL_NUMBER)
		return cdpk_property_as_number(value, filter->texts, &number) &&
			   order_holds(cdpk_decimal_compare(number, literal->number), operation);
	if (literal->kind != CDPK_LITERAL_TEXT)
		return value->kind == (literal->kind == CDPK_LITERAL_TRUE ? CDPK_TRUE : CDPK_FALSE);
	if (value->kind != CDPK_TEXT)
		return false;
	if (operation == CDPK_STEP_LIKE)
		return cdpk_like(&filter->texts[value->text], &literal->text);
	if (operation == CDPK_STEP_CONTAINS)
		return contains(&filter->texts[value->text], &literal->text);
	return order_holds(cdpk_compare_bytes(filter->texts[value->text].text,
										  filter->texts[value->text].length, literal->text.text,
										  literal->text.length),
					   operation);
}

/* ---------------------------------------------------------------- conditions */

/* Return the place of a property among those of the filter; adds it if it is new. */
static unsigned
find_property(CdpkStepFilter *filter, const CdpkName *name)
{
	unsigned i = 0;

	while (i < filter->property_count &&
		   !same_name(&filter->properties[i].name, name->text, name->length))
		i++;
	if (i == filter->property_count)
	{
		CdpkStepProperty *property = &filter->properties[filter->property_count++];

		property->name = *name;
		property->found = false;
		property->next = property->count = 0;
		property->several = NULL;
	}
	return i;
}

CdpkStatus
cdpk_step_property(CdpkStepProperty *property, CdpkProperties *properties, const CdpkColumn *column,
				   const CdpkAllocator *allocator)
{
	CdpkStatus status;

	property->next = property->count = 0;
	property->several = NULL;
	status = cdpk_property_find(properties, column, property->name.text, property->name.length,
								&property->property, &property->found);
	if (status == CDPK_OK && property->found && property->property.form == CDPK_FORM_VALUES)
	{
		property->several =
			cdpk_allocate(allocator, (CDPK_PROPERTY_VALUES_MAX + 1) * sizeof(CdpkPropertyValue));
		if (property->several == NULL)
			return CDPK_OUT_OF_MEMORY;
	}
	return status;
}

/*
 * Find how a condition is evaluated where its property may have texts: by the code of the text that
 * it compares with, or by all texts.
 */
static bool
needs_texts(CdpkProperties *properties, const CdpkCondition *condition,
			const CdpkStepProperty *property, int64_t *code)
{
	const CdpkLiteral *literal = condition->literals;
	uint32_t found;

	*code = CDPK_STEP_BY_TEXT;
	if (!property->found || property->property.form == CDPK_FORM_NUMBERS || condition->count == 0)
		return false;
	if (condition->operation > CDPK_STEP_NOT_EQUAL || literal->kind != CDPK_LITERAL_TEXT)
		return true;
	*code = cdpk_property_text_find(properties, literal->text.text, literal->text.length, &found)
				? (int64_t) found
				: CDPK_STEP_NO_CODE;
	return false;
}

/* Prepare the conditions, for which the properties were opened. */
static CdpkStatus
open_conditions(CdpkStepFilter *filter, CdpkProperties *properties, CdpkName **texts)
{
	unsigned conditions = 0;
	bool by_text = false;
	CdpkStatus status = CDPK_OK;

	for (unsigned i = 0; i < filter->count; i++)
		for (unsigned j = 0; j < filter->alternatives[i]->count; j++, conditions++)
			by_text |= needs_texts(properties, &filter->alternatives[i]->conditions[j],
								   &filter->properties[filter->places[conditions]],
								   &filter->codes[conditions]);
	if (by_text && *texts == NULL)
		status = cdpk_property_texts(properties, filter->allocator, texts);
	filter->texts = *texts;
	return status;
}

CdpkStatus
cdpk_step_filter(const CdpkStep *step, CdpkProperties *properties, const CdpkColumn *column,
				 const CdpkAllocator *allocator, CdpkName **texts, CdpkStepFilter *filter)
{
	const CdpkAlternative *alternatives = cdpk_step_alternatives(step);
	CdpkStatus status = CDPK_OK;
	unsigned conditions = 0;

	filter->allocator = allocator;
	filter->texts = *texts;
	filter->all = filter->lists = false;
	filter->count = filter->property_count = 0;
	for (unsigned i = 0; i < step->count; i++)
	{
		if (!alternatives[i].any &&
			!same_name(&alternatives[i].name, column->name, column->name_length))
			continue;
		filter->alternatives[filter->count++] = &alternatives[i];
		filter->all |= alternatives[i].count == 0;
		for (unsigned j = 0; j < alternatives[i].count; j++)
			filter->places[conditions++] =
				(uint8_t) find_property(filter, &alternatives[i].conditions[j].property);
	}
	for (unsigned i = 0; i < filter->property_count && !filter->all && status == CDPK_OK; i++)
	{
		status = cdpk_step_property(&filter->properties[i], properties, column, allocator);
		filter->lists |= filter->properties[i].several != NULL;
	}
	if (status == CDPK_OK && !filter->all && filter->property_count > 0)
		status = open_conditions(filter, properties, texts);
	return status;
}

void
cdpk_step_filter_free(CdpkStepFilter *filter)
{
	for (unsigned i = 0; i < filter->property_count; i++)
		cdpk_release(filter->allocator, filter->properties[i].several);
	filter->property_count = 0;
}

CdpkStatus
cdpk_step_property_read(CdpkStepProperty *property, uint64_t event)
{
	CdpkStatus status = CDPK_OK;

	while (property->found && property->next <= event && status == CDPK_OK)
		status = cdpk_property_event(&property->property, property->next++, &property->count);
	if (status != CDPK_OK || !property->found)
		return status;
	for (unsigned i = 0; i < property->count && status == CDPK_OK; i++)
		status =
			cdpk_property_value(&property->property,
								property->several != NULL ? &property->several[i] : &property->one);
	return status;
}

/* Find whether a property's values in an element, and in none, satisfy a condition. */
static CdpkTruth
condition_holds(const CdpkStepFilter *filter, const CdpkCondition *condition, int64_t code,
				const CdpkStepProperty *property, unsigned element)
{
	const CdpkPropertyValue *values = cdpk_step_property_values(property);
	CdpkStepOperator operation = condition->operation;
	bool denied = operation == CDPK_STEP_NOT_EQUAL || operation == CDPK_STEP_NOT_IN;
	bool exists = false;
	bool left_out = false;

	for (unsigned i = 0; i < property->count; i++)
	{
		if (values[i].element != 0 && values[i].element != element)
			continue;
		exists = true;
		left_out |= values[i].kind == CDPK_LEFT_OUT;
		if (code != CDPK_STEP_BY_TEXT)
		{
			if (values[i].kind == CDPK_TEXT && values[i].text == code)
				return denied ? CDPK_NO : CDPK_YES;
			continue;
		}
		for (unsigned j = 0; j < condition->count; j++)
			if (value_holds(filter, &values[i], denied ? CDPK_STEP_EQUAL : operation,
							&condition->literals[j]))
				return denied ? CDPK_NO : CDPK_YES;
	}
	if (operation == CDPK_STEP_EXISTS || operation == CDPK_STEP_NOT_EXISTS)
		return exists == (operation == CDPK_STEP_EXISTS) ? CDPK_YES : CDPK_NO;
	if (left_out)
		return CDPK_UNKNOWN;
	return denied && exists ? CDPK_YES : CDPK_NO;
}

/* Find whether one element satisfies all conditions of an alternative, from the filter's "first" on. */
static CdpkTruth
element_holds(const CdpkStepFilter *filter, const CdpkAlternative *alternative, unsigned first,
			  unsigned element)
{
	CdpkTruth truth = CDPK_YES;

	for (unsigned i = 0; i < alternative->count && truth != CDPK_NO; i++)
	{
		CdpkTruth holds =
			condition_holds(filter, &alternative->conditions[i], filter->codes[first + i],
							&filter->properties[filter->places[first + i]], element);

		truth = holds < truth ? holds : truth;
	}
	return truth;
}

/* Find whether some element, or the event where it has none, satisfies an alternative. */
static CdpkTruth
alternative_holds(const CdpkStepFilter *filter, const CdpkAlternative *alternative, unsigned first)
{
	uint64_t seen[CDPK_PROPERTY_ELEMENTS_MAX / 64 + 1] = {0};
	CdpkTruth truth = CDPK_NO;
	bool any = false;

	for (unsigned i = 0; i < alternative->count; i++)
	{
		const CdpkStepProperty *property = &filter->properties[filter->places[first + i]];
		const CdpkPropertyValue *values = cdpk_step_property_values(property);

		for (unsigned j = 0; j < property->count && truth != CDPK_YES; j++)
		{
			unsigned element = values[j].element;
			CdpkTruth holds;

			if (element == 0 || (seen[element / 64] >> element % 64 & 1) != 0)
				continue;
			seen[element / 64] |= UINT64_C(1) << element % 64;
			any = true;
			holds = element_holds(filter, alternative, first, element);
			truth = holds > truth ? holds : truth;
		}
	}
	return any ? truth : element_holds(filter, alternative, first, 0);
}

CdpkStatus
cdpk_step_filter_event(CdpkStepFilter *filter, uint64_t event, CdpkTruth *truth)
{
	unsigned first = 0; /* condition of the alternative */

	*truth = filter->all ? CDPK_YES : CDPK_NO;
	if (filter->all)
		return CDPK_OK;
	for (unsigned i = 0; i < filter->property_count; i++)
	{
		CdpkStatus status = cdpk_step_property_read(&filter->properties[i], event);

		if (status != CDPK_OK)
			return status;
	}
	for (unsigned i = 0; i < filter->count && *truth != CDPK_YES; i++)
	{
		const CdpkAlternative *alternative = filter->alternatives[i];
		CdpkTruth holds = filter->lists ? alternative_holds(filter, alternative, first)
										: element_holds(filter, alternative, first, 0);

		*truth = holds > *truth ? holds : *truth;
		first += alternative->count;
	}
	return CDPK_OK;
}

CdpkTruth
cdpk_step_filter_element(const CdpkStepFilter *filter, unsigned element)
{
	CdpkTruth truth = filter->all ? CDPK_YES : CDPK_NO;
	unsigned first = 0;

	for (unsigned i = 0; i < filter->count && truth != CDPK_YES; i++)
	{
		CdpkTruth holds = element_holds(filter, filter->alternatives[i], first, element);

		truth = holds > truth ? holds : truth;
		first += filter->alternatives[i]->count;
	}
	return truth;
}
