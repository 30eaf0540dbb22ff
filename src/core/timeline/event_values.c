/*
 * event_values.c
 *		The values of one event while they are collected, within the limits of an event.
 */
#include "core/timeline/event_values.h"

#include "core/text/utf8.h"

CdpkEventValues
cdpk_values(const CdpkAllocator *allocator)
{
	CdpkEventValues values;

	memset(&values, 0, sizeof(values));
	values.allocator = allocator;
	return values;
}

/* Return the place of a name among those of the event. */
static CdpkStatus
find_name(CdpkEventValues *values, uint32_t name, unsigned *place)
{
	for (unsigned i = values->name_count; i-- > 0;)
		if (values->names[i] == name)
		{
			*place = i;
			return CDPK_OK;
		}
	if (values->name_count == CDPK_PROPERTIES_MAX)
		return CDPK_TOO_LONG;
	*place = values->name_count++;
	values->names[*place] = name;
	values->counts[*place] = 0;
	values->marked[*place] = false;
	return CDPK_OK;
}

/* Append a value. */
static CdpkStatus
append(CdpkEventValues *values, const CdpkEventValue *value)
{
	if (values->count == values->capacity)
	{
		unsigned capacity = values->capacity > 0 ? 2 * values->capacity : 16;
		CdpkEventValue *items = cdpk_allocate(values->allocator, capacity * sizeof(*items));

		if (items == NULL)
			return CDPK_OUT_OF_MEMORY;
		if (values->count > 0)
			memcpy(items, values->items, values->count * sizeof(*items));
		cdpk_release(values->allocator, values->items);
		values->items = items;
		values->capacity = capacity;
	}
	values->items[values->count++] = *value;
	return CDPK_OK;
}

/* Add a value, or the mark in its place. */
static CdpkStatus
add(CdpkEventValues *values, CdpkEventValue *value, uint64_t element)
{
	bool is_mark; /* of the property as a whole */
	unsigned place;
	CdpkStatus status = find_name(values, value->name, &place);

	if (status != CDPK_OK)
		return status;
	values->left_out += value->value.kind == CDPK_LEFT_OUT;
	is_mark = value->value.kind == CDPK_LEFT_OUT && element == 0;
	if (!is_mark &&
		(element > CDPK_PROPERTY_ELEMENTS_MAX || values->counts[place] == CDPK_PROPERTY_VALUES_MAX))
	{
		values->left_out += value->value.kind != CDPK_LEFT_OUT;
		value->value.kind = CDPK_LEFT_OUT;
		element = 0;
		is_mark = true;
	}
	if (is_mark && values->marked[place])
		return CDPK_OK;
	value->value.element = (uint16_t) element;
	if (is_mark)
		values->marked[place] = true;
	else
		values->counts[place]++;
	return append(values, value);
}

CdpkStatus
cdpk_values_number(CdpkEventValues *values, uint32_t name, uint64_t element, CdpkDecimal number)
{
	CdpkEventValue value = {name, {CDPK_NUMBER, number.scale, 0, 0, number.mantissa}, {NULL, 0}};

	return add(values, &value, element);
}

CdpkStatus
cdpk_values_boolean(CdpkEventValues *values, uint32_t name, uint64_t element, bool truth)
{
	CdpkEventValue value = {name, {truth ? CDPK_TRUE : CDPK_FALSE, 0, 0, 0, 0}, {NULL, 0}};

	return add(values, &value, element);
}

CdpkStatus
cdpk_values_text(CdpkEventValues *values, uint32_t name, uint64_t element, const char *text,
				 size_t length)
{
	CdpkEventValue value = {name, {CDPK_TEXT, 0, 0, 0, 0}, {text, length}};
	bool ascii;

	if (length > CDPK_PROPERTY_TEXT_MAX || cdpk_utf8_check(text, length, &ascii) != CDPK_OK)
		return cdpk_values_left_out(values, name, element);
	return add(values, &value, element);
}

CdpkStatus
cdpk_values_left_out(CdpkEventValues *values, uint32_t name, uint64_t element)
{
	CdpkEventValue value = {name, {CDPK_LEFT_OUT, 0, 0, 0, 0}, {NULL, 0}};

	return add(values, &value, element);
}

void
cdpk_values_free(CdpkEventValues *values)
{
	cdpk_release(values->allocator, values->items);
	values->items = NULL;
	values->count = values->capacity = 0;
}
