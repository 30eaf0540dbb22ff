/*
 * property.c
 *		Reading the properties that a timeline carries.
 */
#include "core/timeline/property.h"

/* Take the list of texts from a reader. */
static void
open_texts(CdpkReader *reader, CdpkProperties *properties)
{
	uint64_t sizes;
	uint64_t bytes;
	const uint8_t *start;

	properties->text_count = cdpk_read_varint(reader);
	properties->text_sizes = properties->texts = cdpk_reader(reader->at, 0);
	if (properties->text_count == 0)
		return;
	sizes = cdpk_read_varint(reader);
	bytes = cdpk_read_varint(reader);
	start = cdpk_read_bytes(reader, sizes);
	if (start != NULL)
		properties->text_sizes = cdpk_reader(start, sizes);
	start = cdpk_read_bytes(reader, bytes);
	if (start != NULL)
		properties->texts = cdpk_reader(start, bytes);
	/* a size takes at least a byte */
	if (properties->text_count > sizes)
		reader->failed = true;
}

CdpkStatus
cdpk_properties_open(const CdpkTimeline *timeline, CdpkProperties *properties)
{
	CdpkReader reader = timeline->properties;

	memset(properties, 0, sizeof(*properties));
	properties->old = timeline->old;
	properties->names = properties->text_sizes = properties->texts = properties->sizes =
		properties->blocks = cdpk_reader(reader.at, 0);
	if (cdpk_left(&reader) > 0)
	{
		properties->name_count = cdpk_read_varint(&reader);
		properties->names = reader;
		for (uint64_t i = 0; i < properties->name_count && !reader.failed; i++)
			cdpk_read_bytes(&reader, cdpk_read_varint(&reader));
	}
	if (cdpk_left(&reader) > 0 && !timeline->old)
	{
		open_texts(&reader, properties);
		properties->sizes = reader;
		for (uint64_t i = 0; i < timeline->total && !reader.failed; i++)
			cdpk_read_varint(&reader);
		properties->blocks = reader;
	}
	properties->next_sizes = properties->sizes;
	properties->next_blocks = properties->blocks;
	return reader.failed ? CDPK_CORRUPT : CDPK_OK;
}

CdpkStatus
cdpk_property_block(CdpkProperties *properties, const CdpkColumn *column, CdpkReader *block)
{
	*block = column->numbers;
	if (properties->old)
		return CDPK_OK;
	*block = cdpk_reader(properties->blocks.at, 0);
	if (cdpk_left(&properties->sizes) == 0)
		return CDPK_OK;
	if (column->place < properties->next_place)
	{
		properties->next_sizes = properties->sizes;
		properties->next_blocks = properties->blocks;
		properties->next_place = 0;
	}
	for (; properties->next_place <= column->place; properties->next_place++)
	{
		uint64_t size = cdpk_read_varint(&properties->next_sizes);

		*block = cdpk_reader(properties->next_blocks.at, 0);
		if (cdpk_read_bytes(&properties->next_blocks, size) == NULL)
			return CDPK_CORRUPT;
		block->end = properties->next_blocks.at;
	}
	return properties->next_sizes.failed ? CDPK_CORRUPT : CDPK_OK;
}

/* Take the form of a property from the first byte of its column. */
static bool
read_head(CdpkProperty *property, bool old)
{
	uint8_t head = cdpk_read_u8(&property->values);
	uint8_t form = head & (uint8_t) ~(CDPK_PROPERTY_SPARSE | CDPK_PROPERTY_SCALE_MASK);

	property->scale = head & CDPK_PROPERTY_SCALE_MASK;
	property->form = form == 0                     ? CDPK_FORM_NUMBERS
					 : form == CDPK_PROPERTY_TEXTS ? CDPK_FORM_TEXTS
												   : CDPK_FORM_VALUES;
	if (property->values.failed)
		return false;
	if (form == 0)
		return property->scale <= CDPK_SCALE_MAX || property->scale == CDPK_PROPERTY_SCALE_EACH;
	return !old && property->scale == 0 &&
		   (form == CDPK_PROPERTY_TEXTS || form == CDPK_PROPERTY_VALUES);
}

CdpkStatus
cdpk_property_read(const CdpkProperties *properties, CdpkReader *block, uint64_t events,
				   CdpkProperty *property)
{
	uint64_t size;
	const uint8_t *bytes;

	memset(property, 0, sizeof(*property));
	property->name = cdpk_read_varint(block);
	size = cdpk_read_varint(block);
	bytes = cdpk_read_bytes(block, size);
	if (bytes == NULL || property->name >= properties->name_count)
		return CDPK_CORRUPT;
	property->text_count = properties->text_count;
	property->values = cdpk_reader(bytes, size);
	if (!read_head(property, properties->old))
		return CDPK_CORRUPT;
	if (bytes[0] & CDPK_PROPERTY_SPARSE)
		property->present =
			cdpk_read_bytes(&property->values, (size_t) (events / 8 + (events % 8 > 0)));
	return property->values.failed ? CDPK_CORRUPT : CDPK_OK;
}

/* Find the place of a name; false if no event has such a property. */
static bool
find_name(const CdpkProperties *properties, const char *name, size_t length, uint64_t *place)
{
	CdpkReader reader = properties->names;

	for (*place = 0; *place < properties->name_count && !reader.failed; (*place)++)
	{
		size_t name_length = cdpk_read_varint(&reader);
		const uint8_t *bytes = cdpk_read_bytes(&reader, name_length);

		if (bytes != NULL && name_length == length && memcmp(bytes, name, length) == 0)
			return true;
	}
	return false;
}

CdpkStatus
cdpk_property_find(CdpkProperties *properties, const CdpkColumn *column, const char *name,
				   size_t length, CdpkProperty *property, bool *found)
{
	CdpkReader block;
	uint64_t place;
	CdpkStatus status;

	*found = false;
	if (!find_name(properties, name, length, &place))
		return CDPK_OK;
	status = cdpk_property_block(properties, column, &block);
	if (status != CDPK_OK || cdpk_left(&block) == 0)
		return status;
	for (uint64_t left = cdpk_read_varint(&block); left > 0 && !*found; left--)
	{
		status = cdpk_property_read(properties, &block, column->count, property);
		if (status != CDPK_OK)
			return status;
		*found = property->name == place;
	}
	return block.failed ? CDPK_CORRUPT : CDPK_OK;
}

CdpkStatus
cdpk_property_all(CdpkProperties *properties, const CdpkColumn *column,
				  const CdpkAllocator *allocator, CdpkProperty **columns, unsigned *count)
{
	CdpkReader block;
	uint64_t total;
	CdpkStatus status = cdpk_property_block(properties, column, &block);

	*count = 0;
	*columns = NULL;
	if (status != CDPK_OK || cdpk_left(&block) == 0)
		return status;
	total = cdpk_read_varint(&block);
	/* each takes at least three bytes, and has another name */
	if (total > cdpk_left(&block) / 3 || total > properties->name_count)
		return CDPK_CORRUPT;
	*columns = cdpk_allocate(allocator, (size_t) total * sizeof(CdpkProperty) + 1);
	if (*columns == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (; status == CDPK_OK && *count < total; (*count)++)
		status = cdpk_property_read(properties, &block, column->count, &(*columns)[*count]);
	return status == CDPK_OK && (block.failed || cdpk_left(&block) > 0) ? CDPK_CORRUPT : status;
}

const char *
cdpk_property_name(const CdpkProperties *properties, uint64_t place, size_t *length)
{
	CdpkReader reader = properties->names;
	const uint8_t *name = NULL;

	if (place >= properties->name_count)
		return NULL;
	for (uint64_t i = 0; i <= place && !reader.failed; i++)
	{
		*length = cdpk_read_varint(&reader);
		name = cdpk_read_bytes(&reader, *length);
	}
	return (const char *) name;
}

/* Read how many values an event has that may have several. */
static CdpkStatus
open_list(CdpkProperty *property)
{
	CdpkReader reader = property->values;
	uint64_t count;

	property->listed = cdpk_read_varint(&reader) == CDPK_TAG_LIST;
	property->left = 1;
	property->element = 0;
	if (!property->listed)
		return CDPK_OK;
	count = cdpk_read_varint(&reader);
	if (reader.failed || count == 0 || count > CDPK_PROPERTY_VALUES_MAX + 1)
		return CDPK_CORRUPT;
	property->left = (unsigned) count;
	property->values = reader;
	return CDPK_OK;
}

CdpkStatus
cdpk_property_event(CdpkProperty *property, uint64_t event, unsigned *count)
{
	CdpkStatus status = CDPK_OK;

	*count = 0;
	while (property->left > 0)
	{
		CdpkPropertyValue value;

		status = cdpk_property_value(property, &value);
		if (status != CDPK_OK)
			return status;
	}
	if (property->present != NULL && (property->present[event / 8] >> (event % 8) & 1) == 0)
		return CDPK_OK;
	if (property->form == CDPK_FORM_VALUES)
		status = open_list(property);
	else
		property->left = 1;
	*count = status == CDPK_OK ? property->left : 0;
	return status;
}

/* Read a number of a known scale, or the scale before it. */
static CdpkStatus
read_number(CdpkProperty *property, unsigned scale, CdpkPropertyValue *value)
{
	if (scale == CDPK_PROPERTY_SCALE_EACH)
		scale = cdpk_read_u8(&property->values);
	value->kind = CDPK_NUMBER;
	value->scale = (uint8_t) scale;
	value->mantissa = cdpk_unzigzag(cdpk_read_long_varint(&property->values));
	if (property->values.failed || scale > CDPK_SCALE_MAX || value->mantissa == INT64_MIN)
		return CDPK_CORRUPT;
	return CDPK_OK;
}

/* Take a text's code. */
static CdpkStatus
read_text(const CdpkProperty *property, uint64_t code, CdpkPropertyValue *value)
{
	value->kind = CDPK_TEXT;
	value->text = (uint32_t) code;
	return property->values.failed || code >= property->text_count ? CDPK_CORRUPT : CDPK_OK;
}

/* Read a value of any kind. */
static CdpkStatus
read_any(CdpkProperty *property, CdpkPropertyValue *value)
{
	uint64_t tag;

	if (property->listed)
		property->element += cdpk_read_varint(&property->values);
	if (property->element > CDPK_PROPERTY_ELEMENTS_MAX)
		return CDPK_CORRUPT;
	value->element = (uint16_t) property->element;
	tag = cdpk_read_varint(&property->values);
	switch (tag)
	{
		case CDPK_TAG_LIST:
			return CDPK_CORRUPT;
		case CDPK_TAG_LEFT_OUT:
		case CDPK_TAG_FALSE:
		case CDPK_TAG_TRUE:
			value->kind = (uint8_t) (tag - CDPK_TAG_LEFT_OUT + CDPK_LEFT_OUT);
			return CDPK_OK;
		case CDPK_TAG_NUMBER:
			return read_number(property, CDPK_PROPERTY_SCALE_EACH, value);
		default:
			return read_text(property, tag - CDPK_TAG_TEXT, value);
	}
}

CdpkStatus
cdpk_property_value(CdpkProperty *property, CdpkPropertyValue *value)
{
	CdpkPropertyValue empty = {0};

	*value = empty;
	property->left--;
	switch (property->form)
	{
		case CDPK_FORM_NUMBERS:
			return read_number(property, property->scale, value);
		case CDPK_FORM_TEXTS:
			return read_text(property, cdpk_read_varint(&property->values), value);
		default:
			return read_any(property, value);
	}
}

bool
cdpk_property_text_find(const CdpkProperties *properties, const char *text, size_t length,
						uint32_t *code)
{
	CdpkReader sizes = properties->text_sizes;
	CdpkReader texts = properties->texts;

	for (uint64_t i = 0; i < properties->text_count; i++)
	{
		uint64_t size = cdpk_read_varint(&sizes);
		const uint8_t *bytes = cdpk_read_bytes(&texts, size);

		if (bytes == NULL)
			return false;
		if (size == length && memcmp(bytes, text, length) == 0)
		{
			*code = (uint32_t) i;
			return true;
		}
	}
	return false;
}

/* List strings whose sizes and bytes are read from two readers, which may be one. */
static CdpkStatus
list_strings(CdpkReader *sizes, CdpkReader *bytes, uint64_t count, const CdpkAllocator *allocator,
			 CdpkName **list)
{
	/* each takes at least a byte */
	if (count > cdpk_left(sizes))
		return CDPK_CORRUPT;
	*list = cdpk_allocate(allocator, (size_t) count * sizeof(CdpkName) + 1);
	if (*list == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint64_t i = 0; i < count; i++)
	{
		(*list)[i].length = cdpk_read_varint(sizes);
		(*list)[i].text = (const char *) cdpk_read_bytes(bytes, (*list)[i].length);
	}
	return sizes->failed || bytes->failed ? CDPK_CORRUPT : CDPK_OK;
}

CdpkStatus
cdpk_property_texts(const CdpkProperties *properties, const CdpkAllocator *allocator,
					CdpkName **texts)
{
	CdpkReader sizes = properties->text_sizes;
	CdpkReader bytes = properties->texts;

	*texts = NULL;
	return list_strings(&sizes, &bytes, properties->text_count, allocator, texts);
}

CdpkStatus
cdpk_property_names(const CdpkProperties *properties, const CdpkAllocator *allocator,
					CdpkName **names)
{
	CdpkReader reader = properties->names;

	*names = NULL;
	return list_strings(&reader, &reader, properties->name_count, allocator, names);
}

bool
cdpk_property_as_number(const CdpkPropertyValue *value, const CdpkName *texts, CdpkDecimal *number)
{
	if (value->kind == CDPK_NUMBER)
	{
		*number = cdpk_property_number(value);
		return true;
	}
	return value->kind == CDPK_TEXT &&
		   cdpk_decimal_parse(texts[value->text].text, texts[value->text].length, number) ==
			   CDPK_OK;
}
