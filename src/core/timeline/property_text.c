/*
 * property_text.c
 *		The properties of an event as a JSON object.
 */
#include "core/timeline/property_text.h"

CdpkStatus
cdpk_property_print_begin(CdpkPropertyPrint *print, const CdpkTimeline *timeline,
						  const CdpkAllocator *allocator)
{
	CdpkStatus status;

	memset(print, 0, sizeof(*print));
	print->allocator = allocator;
	status = cdpk_properties_open(timeline, &print->properties);
	if (status == CDPK_OK)
		status = cdpk_property_names(&print->properties, allocator, &print->names);
	if (status == CDPK_OK)
		status = cdpk_property_texts(&print->properties, allocator, &print->texts);
	return status;
}

void
cdpk_property_print_end(CdpkPropertyPrint *print)
{
	cdpk_release(print->allocator, print->names);
	cdpk_release(print->allocator, print->texts);
	cdpk_release(print->allocator, print->columns);
	cdpk_release(print->allocator, print->values);
}

CdpkStatus
cdpk_property_print_column(CdpkPropertyPrint *print, const CdpkColumn *column)
{
	cdpk_release(print->allocator, print->columns);
	print->columns = NULL;
	return cdpk_property_all(&print->properties, column, print->allocator, &print->columns,
							 &print->count);
}

/* Make room for more values. */
static CdpkStatus
make_room(CdpkPropertyPrint *print, unsigned more)
{
	unsigned capacity = 2 * (print->value_count + more);
	CdpkPrintedValue *values;

	if (print->value_count + more <= print->capacity)
		return CDPK_OK;
	values = cdpk_allocate(print->allocator, capacity * sizeof(*values));
	if (values == NULL)
		return CDPK_OUT_OF_MEMORY;
	if (print->value_count > 0)
		memcpy(values, print->values, print->value_count * sizeof(*values));
	cdpk_release(print->allocator, print->values);
	print->values = values;
	print->capacity = capacity;
	return CDPK_OK;
}

CdpkStatus
cdpk_property_print_event(CdpkPropertyPrint *print, uint64_t event, bool *any)
{
	CdpkStatus status = CDPK_OK;

	print->value_count = 0;
	for (unsigned i = 0; status == CDPK_OK && i < print->count; i++)
	{
		unsigned count;

		status = cdpk_property_event(&print->columns[i], event, &count);
		if (status == CDPK_OK)
			status = make_room(print, count);
		for (; status == CDPK_OK && count > 0; count--)
		{
			CdpkPrintedValue *value = &print->values[print->value_count++];

			value->name = print->names[print->columns[i].name];
			status = cdpk_property_value(&print->columns[i], &value->value);
			if (status == CDPK_OK && value->value.kind == CDPK_TEXT)
				value->text = print->texts[value->value.text];
		}
	}
	*any = print->value_count > 0;
	return status;
}

/* Append a string of C. */
static void
put(CdpkBuffer *buffer, const char *string)
{
	cdpk_put_bytes(buffer, string, strlen(string));
}

void
cdpk_put_json_string(CdpkBuffer *buffer, const char *string, size_t length)
{
	static const char hex[] = "0123456789abcdef";

	cdpk_put_byte(buffer, '"');
	for (size_t i = 0; i < length; i++)
	{
		unsigned char byte = (unsigned char) string[i];

		if (byte == '"' || byte == '\\')
			cdpk_put_byte(buffer, '\\');
		if (byte >= 0x20)
			cdpk_put_byte(buffer, byte);
		else
		{
			put(buffer, "\\u00");
			cdpk_put_byte(buffer, (uint8_t) hex[byte >> 4]);
			cdpk_put_byte(buffer, (uint8_t) hex[byte & 15]);
		}
	}
	cdpk_put_byte(buffer, '"');
}

/* Append one value. */
static void
put_value(CdpkBuffer *buffer, const CdpkPrintedValue *value)
{
	char digits[CDPK_DECIMAL_TEXT_MAX];

	switch (value->value.kind)
	{
		case CDPK_NUMBER:
			cdpk_put_bytes(buffer, digits,
						   cdpk_decimal_print(
							   cdpk_decimal(value->value.mantissa, value->value.scale), digits));
			break;
		case CDPK_TEXT:
			cdpk_put_json_string(buffer, value->text.text, value->text.length);
			break;
		case CDPK_LEFT_OUT:
			put(buffer, "{}");
			break;
		default:
			put(buffer, value->value.kind == CDPK_TRUE ? "true" : "false");
	}
}

/* Append the members of one element, or of none; *first says whether there was no member before. */
static void
put_members(CdpkBuffer *buffer, const CdpkPrintedValue *values, unsigned count, unsigned element,
			bool *first)
{
	for (unsigned i = 0; i < count;)
	{
		const CdpkPrintedValue *value = &values[i];
		unsigned end = i + 1;

		if (value->value.element != element)
		{
			i++;
			continue;
		}
		while (end < count && values[end].name.text == value->name.text &&
			   values[end].value.element == element)
			end++;
		put(buffer, *first ? "" : ", ");
		*first = false;
		cdpk_put_json_string(buffer, value->name.text, value->name.length);
		put(buffer, end - i > 1 ? ": [" : ": ");
		for (unsigned j = i; j < end; j++)
		{
			put(buffer, j > i ? ", " : "");
			put_value(buffer, &values[j]);
		}
		put(buffer, end - i > 1 ? "]" : "");
		i = end;
	}
}

void
cdpk_put_properties(CdpkBuffer *buffer, const CdpkPrintedValue *values, unsigned count)
{
	unsigned elements = 0;
	bool first = true;

	for (unsigned i = 0; i < count; i++)
		if (values[i].value.element > elements)
			elements = values[i].value.element;
	put(buffer, "{");
	put_members(buffer, values, count, 0, &first);
	if (elements > 0)
	{
		put(buffer, first ? "" : ", ");
		put(buffer, "\"" CDPK_ELEMENTS_KEY "\": [");
		for (unsigned element = 1; element <= elements; element++)
		{
			first = true;
			put(buffer, element > 1 ? ", {" : "{");
			put_members(buffer, values, count, element, &first);
			put(buffer, "}");
		}
		put(buffer, "]");
	}
	put(buffer, "}");
}

void
cdpk_property_print_object(const CdpkPropertyPrint *print, CdpkBuffer *buffer)
{
	cdpk_put_properties(buffer, print->values, print->value_count);
}
