/*
 * property_write.c
 *		From the values of a property to the bytes of its column.
 */
#include "core/timeline/property_write.h"

#include "core/timeline/property_names.h"

int
cdpk_property_compare(const CdpkPropertyValue *a, const CdpkPropertyValue *b)
{
	if (a->element != b->element)
		return (a->element > b->element) - (a->element < b->element);
	if (a->kind != b->kind)
		return (a->kind > b->kind) - (a->kind < b->kind);
	if (a->kind == CDPK_NUMBER)
		return cdpk_decimal_compare(cdpk_property_number(a), cdpk_property_number(b));
	return a->kind == CDPK_TEXT ? (a->text > b->text) - (a->text < b->text) : 0;
}

/* What the values of a property have in common. */
typedef struct Shape
{
	uint64_t present; /* events that have it */
	bool numbers;     /* one number each */
	bool texts;       /* one text each */
	unsigned scale;   /* of all numbers, or CDPK_PROPERTY_SCALE_EACH */
} Shape;

/* Find out how the values of a property are written. */
static Shape
find_shape(const CdpkPropertyItem *items, size_t count)
{
	Shape shape = {0, true, true, 0};

	for (size_t i = 0; i < count; i++)
	{
		const CdpkPropertyValue *value = &items[i].value;
		bool another = i > 0 && items[i - 1].event == items[i].event;

		shape.present += !another;
		shape.numbers =
			shape.numbers && !another && value->element == 0 && value->kind == CDPK_NUMBER;
		shape.texts = shape.texts && !another && value->element == 0 && value->kind == CDPK_TEXT;
		if (value->kind == CDPK_NUMBER && value->scale > shape.scale)
			shape.scale = value->scale;
	}
	for (size_t i = 0; shape.numbers && i < count && shape.scale <= CDPK_SCALE_MAX; i++)
	{
		int64_t mantissa;

		if (!cdpk_decimal_rescale(cdpk_property_number(&items[i].value), shape.scale, &mantissa))
			shape.scale = CDPK_PROPERTY_SCALE_EACH;
	}
	return shape;
}

/* Write one number an event. */
static void
write_numbers(CdpkBuffer *buffer, const CdpkPropertyItem *items, size_t count, unsigned scale)
{
	uint8_t *end;

	if (!cdpk_buffer_reserve(buffer, count * (CDPK_VARINT_MAX + 1)))
		return;
	end = buffer->bytes + buffer->used;
	for (size_t i = 0; i < count; i++)
	{
		int64_t mantissa = items[i].value.mantissa;

		if (scale == CDPK_PROPERTY_SCALE_EACH)
			*end++ = items[i].value.scale;
		else
			cdpk_decimal_rescale(cdpk_property_number(&items[i].value), scale, &mantissa);
		end = cdpk_write_varint(end, cdpk_zigzag(mantissa));
	}
	buffer->used = (size_t) (end - buffer->bytes);
}

/* Write a value of any kind. */
static void
write_any(CdpkBuffer *buffer, const CdpkPropertyValue *value)
{
	switch (value->kind)
	{
		case CDPK_NUMBER:
			cdpk_put_varint(buffer, CDPK_TAG_NUMBER);
			cdpk_put_byte(buffer, value->scale);
			cdpk_put_varint(buffer, cdpk_zigzag(value->mantissa));
			break;
		case CDPK_TEXT:
			cdpk_put_varint(buffer, (uint64_t) value->text + CDPK_TAG_TEXT);
			break;
		default:
			cdpk_put_varint(buffer, (uint64_t) value->kind - CDPK_LEFT_OUT + CDPK_TAG_LEFT_OUT);
	}
}

/* Write the values of one event, as a list where it has several or one of an element. */
static void
write_list(CdpkBuffer *buffer, const CdpkPropertyItem *items, size_t count)
{
	uint16_t element = 0;

	if (count == 1 && items[0].value.element == 0)
	{
		write_any(buffer, &items[0].value);
		return;
	}
	cdpk_put_varint(buffer, CDPK_TAG_LIST);
	cdpk_put_varint(buffer, count);
	for (size_t i = 0; i < count; i++)
	{
		cdpk_put_varint(buffer, (uint64_t) (items[i].value.element - element));
		element = items[i].value.element;
		write_any(buffer, &items[i].value);
	}
}

uint8_t *
cdpk_property_head(CdpkBuffer *buffer, unsigned head, uint64_t events)
{
	cdpk_put_byte(buffer, (uint8_t) head);
	if ((head & CDPK_PROPERTY_SPARSE) == 0)
		return NULL;
	return cdpk_put_zeros(buffer, (size_t) (events / 8 + (events % 8 > 0)));
}

void
cdpk_property_write(CdpkBuffer *buffer, const CdpkPropertyItem *items, size_t count,
					uint64_t events)
{
	Shape shape = find_shape(items, count);
	unsigned head = shape.numbers ? shape.scale
					: shape.texts ? CDPK_PROPERTY_TEXTS
								  : CDPK_PROPERTY_VALUES;
	uint8_t *bits = cdpk_property_head(
		buffer, head | (shape.present < events ? CDPK_PROPERTY_SPARSE : 0), events);

	for (size_t i = 0; bits != NULL && i < count; i++)
		bits[items[i].event / 8] |= (uint8_t) (1 << items[i].event % 8);
	if (shape.numbers)
	{
		write_numbers(buffer, items, count, shape.scale);
		return;
	}
	for (size_t i = 0; i < count;)
	{
		size_t start = i++;

		if (shape.texts)
		{
			cdpk_put_varint(buffer, items[start].value.text);
			continue;
		}
		while (i < count && items[i].event == items[start].event)
			i++;
		write_list(buffer, items + start, i - start);
	}
}

void
cdpk_property_put_names(CdpkBuffer *buffer, const CdpkName *names, uint64_t count)
{
	cdpk_put_varint(buffer, count);
	for (uint64_t i = 0; i < count; i++)
	{
		unsigned known = cdpk_known_name(names[i].text, names[i].length);

		if (known < CDPK_KNOWN_NAMES)
			cdpk_put_varint(buffer, (uint64_t) known << 1 | 1);
		else
		{
			cdpk_put_varint(buffer, (uint64_t) names[i].length << 1);
			cdpk_put_bytes(buffer, names[i].text, names[i].length);
		}
	}
}

void
cdpk_property_put_texts(CdpkBuffer *buffer, const CdpkName *texts, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
	{
		cdpk_put_varint(buffer, texts[i].length);
		cdpk_put_bytes(buffer, texts[i].text, texts[i].length);
	}
}

void
cdpk_property_put_sizes(CdpkBuffer *buffer, const CdpkBuffer *sizes, uint64_t columns)
{
	CdpkReader reader = cdpk_reader(sizes->bytes, sizes->used);
	size_t bits = buffer->used;

	cdpk_put_zeros(buffer, (size_t) (columns / 8 + (columns % 8 > 0)));
	for (uint64_t i = 0; i < columns; i++)
	{
		uint64_t size = cdpk_read_varint(&reader);

		if (size == 0 || buffer->status != CDPK_OK)
			continue;
		buffer->bytes[bits + i / 8] |= (uint8_t) (1 << i % 8);
		cdpk_put_varint(buffer, size);
	}
}
