/*
 * property.c
 *		Reading the properties that a timeline carries.
 */
#include "core/timeline/property.h"

#include "core/timeline/property_names.h"

/* Read a name. */
static CdpkName
read_name(CdpkReader *reader)
{
	uint64_t head = cdpk_read_varint(reader);
	CdpkName name = {NULL, 0};

	if (head & 1)
	{
		if (head >> 1 < CDPK_KNOWN_NAMES)
			return cdpk_known_names[head >> 1];
		reader->failed = true;
		return name;
	}
	name.length = (size_t) (head >> 1);
	name.text = (const char *) cdpk_read_bytes(reader, name.length);
	return name;
}

/* Read a name of a number of version 1. */
static CdpkName
read_old_name(CdpkReader *reader)
{
	CdpkName name;

	name.length = cdpk_read_varint(reader);
	name.text = (const char *) cdpk_read_bytes(reader, name.length);
	return name;
}

static inline CdpkName
next_name(const CdpkProperties *properties, CdpkReader *reader)
{
	return properties->old ? read_old_name(reader) : read_name(reader);
}

/* Count the texts. */
static bool
count_texts(CdpkProperties *properties)
{
	CdpkReader reader = properties->texts;

	for (; cdpk_left(&reader) > 0 && !reader.failed; properties->text_count++)
		cdpk_read_bytes(&reader, cdpk_read_varint(&reader));
	return !reader.failed;
}

/* Find the blocks; the reader is behind the names. */
static bool
open_blocks(CdpkProperties *properties, CdpkReader *reader)
{
	uint64_t bits = properties->columns / 8 + (properties->columns % 8 > 0);
	uint64_t total = 0;

	properties->has = cdpk_read_bytes(reader, (size_t) bits);
	properties->sizes = *reader;
	if (properties->has == NULL)
		return false;
	for (uint64_t i = 0; i < properties->columns && !reader->failed; i++)
		if (properties->has[i / 8] >> i % 8 & 1)
		{
			uint64_t size = cdpk_read_varint(reader);

			total = size <= cdpk_left(reader) ? total + size : UINT64_MAX / 2;
		}
	properties->blocks = *reader;
	properties->texts = *reader;
	if (cdpk_read_bytes(&properties->texts, (size_t) total) == NULL)
		return false;
	properties->blocks.end = properties->texts.at;
	return !reader->failed && count_texts(properties);
}

CdpkStatus
cdpk_properties_open(const CdpkTimeline *timeline, CdpkProperties *properties)
{
	CdpkReader reader = timeline->properties;
	bool opened = true;

	memset(properties, 0, sizeof(*properties));
	properties->old = timeline->old;
	properties->columns = timeline->total;
	properties->names = properties->texts = properties->sizes = properties->blocks =
		cdpk_reader(reader.at, 0);
	if (cdpk_left(&reader) > 0)
	{
		properties->name_count = cdpk_read_varint(&reader);
		properties->names = reader;
		for (uint64_t i = 0; i < properties->name_count && !reader.failed; i++)
			next_name(properties, &reader);
		if (!timeline->old)
			opened = open_blocks(properties, &reader);
	}
	properties->next_sizes = properties->sizes;
	properties->next_blocks = properties->blocks;
	return reader.failed || !opened ? CDPK_CORRUPT : CDPK_OK;
}

/* Find the block of a column of version 1; before its properties stands their number. */
static CdpkStatus
old_block(const CdpkColumn *column, CdpkReader *block)
{
	*block = column->numbers;
	if (cdpk_left(block) > 0)
		cdpk_read_varint(block);
	return block->failed ? CDPK_CORRUPT : CDPK_OK;
}

CdpkStatus
cdpk_property_block(CdpkProperties *properties, const CdpkColumn *column, CdpkReader *block)
{
	if (properties->old)
		return old_block(column, block);
	*block = cdpk_reader(properties->blocks.at, 0);
	if (properties->has == NULL || column->place >= properties->columns ||
		(properties->has[column->place / 8] >> column->place % 8 & 1) == 0)
		return CDPK_OK;
	if (column->place < properties->next_place)
	{
		properties->next_sizes = properties->sizes;
		properties->next_blocks = properties->blocks;
		properties->next_place = 0;
	}
	for (; properties->next_place <= column->place; properties->next_place++)
	{
		uint64_t place = properties->next_place;

		if ((properties->has[place / 8] >> place % 8 & 1) == 0)
			continue;
		*block = cdpk_reader(properties->next_blocks.at, 0);
		cdpk_read_bytes(&properties->next_blocks, cdpk_read_varint(&properties->next_sizes));
		block->end = properties->next_blocks.at;
	}
	return properties->next_sizes.failed || properties->next_blocks.failed ? CDPK_CORRUPT : CDPK_OK;
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
find_name(const CdpkProperties *properties, const char *text, size_t length, uint64_t *place)
{
	CdpkReader reader = properties->names;

	for (*place = 0; *place < properties->name_count && !reader.failed; (*place)++)
	{
		CdpkName name = next_name(properties, &reader);

		if (name.text != NULL && name.length == length && memcmp(name.text, text, length) == 0)
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
	while (status == CDPK_OK && cdpk_left(&block) > 0 && !*found)
	{
		status = cdpk_property_read(properties, &block, column->count, property);
		*found = status == CDPK_OK && property->name == place;
	}
	return status;
}

CdpkStatus
cdpk_property_all(CdpkProperties *properties, const CdpkColumn *column,
				  const CdpkAllocator *allocator, CdpkProperty **columns, unsigned *count)
{
	CdpkReader block;
	CdpkReader passage;
	uint64_t total = 0;
	CdpkStatus status = cdpk_property_block(properties, column, &block);

	*count = 0;
	*columns = NULL;
	if (status != CDPK_OK || cdpk_left(&block) == 0)
		return status;
	for (passage = block; cdpk_left(&passage) > 0 && !passage.failed; total++)
	{
		cdpk_read_varint(&passage);
		cdpk_read_bytes(&passage, cdpk_read_varint(&passage));
	}
	/* each has another name */
	if (passage.failed || total > properties->name_count)
		return CDPK_CORRUPT;
	*columns = cdpk_allocate(allocator, (size_t) total * sizeof(CdpkProperty) + 1);
	if (*columns == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (; status == CDPK_OK && *count < total; (*count)++)
		status = cdpk_property_read(properties, &block, column->count, &(*columns)[*count]);
	return status;
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
	CdpkReader reader = properties->texts;

	for (uint64_t i = 0; i < properties->text_count; i++)
	{
		uint64_t size = cdpk_read_varint(&reader);
		const uint8_t *bytes = cdpk_read_bytes(&reader, size);

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

CdpkStatus
cdpk_property_texts(const CdpkProperties *properties, const CdpkAllocator *allocator,
					CdpkName **texts)
{
	CdpkReader reader = properties->texts;

	*texts = cdpk_allocate(allocator, (size_t) properties->text_count * sizeof(CdpkName) + 1);
	if (*texts == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint64_t i = 0; i < properties->text_count; i++)
	{
		(*texts)[i].length = cdpk_read_varint(&reader);
		(*texts)[i].text = (const char *) cdpk_read_bytes(&reader, (*texts)[i].length);
	}
	return reader.failed ? CDPK_CORRUPT : CDPK_OK;
}

CdpkStatus
cdpk_property_names(const CdpkProperties *properties, const CdpkAllocator *allocator,
					CdpkName **names)
{
	CdpkReader reader = properties->names;

	*names = NULL;
	/* each takes at least a byte */
	if (properties->name_count > cdpk_left(&reader))
		return CDPK_CORRUPT;
	*names = cdpk_allocate(allocator, (size_t) properties->name_count * sizeof(CdpkName) + 1);
	if (*names == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint64_t i = 0; i < properties->name_count; i++)
		(*names)[i] = next_name(properties, &reader);
	return reader.failed ? CDPK_CORRUPT : CDPK_OK;
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
