/*
 * property_merge.c
 *		The properties of two timelines as those of one.
 *
 * Codes of texts are their places in a list in the order of the bytes, so they change where the other
 * timeline has further texts before them.  Columns of numbers, and of texts whose codes stay, are
 * copied as bytes.
 */
#include "core/timeline/property_merge.h"

/* ---------------------------------------------------------------- names and texts */

/* Merge two ascending lists, and note the place that each string gets. */
static CdpkStatus
merge_lists(const CdpkAllocator *allocator, const CdpkName *lists[2], const uint64_t counts[2],
			uint32_t *places[2], CdpkName **merged, uint64_t *merged_count)
{
	uint64_t at[2] = {0, 0};

	*merged_count = 0;
	*merged = cdpk_allocate(allocator, (size_t) (counts[0] + counts[1]) * sizeof(CdpkName) + 1);
	if (*merged == NULL)
		return CDPK_OUT_OF_MEMORY;
	while (at[0] < counts[0] || at[1] < counts[1])
	{
		const CdpkName *a = &lists[0][at[0]];
		const CdpkName *b = &lists[1][at[1]];
		int order = at[1] >= counts[1] ? -1
					: at[0] >= counts[0]
						? 1
						: cdpk_compare_bytes(a->text, a->length, b->text, b->length);

		if (order <= 0)
			places[0][at[0]++] = (uint32_t) *merged_count;
		if (order >= 0)
			places[1][at[1]++] = (uint32_t) *merged_count;
		(*merged)[(*merged_count)++] = order <= 0 ? *a : *b;
	}
	return CDPK_OK;
}

/* Read the lists of one side. */
static CdpkStatus
open_side(CdpkPropertySide *side, const CdpkTimeline *timeline, const CdpkAllocator *allocator)
{
	CdpkProperties *properties = &side->properties;
	CdpkStatus status = cdpk_properties_open(timeline, properties);

	if (status == CDPK_OK)
		status = cdpk_property_names(properties, allocator, &side->names);
	if (status == CDPK_OK)
		status = cdpk_property_texts(properties, allocator, &side->texts);
	if (status != CDPK_OK)
		return status;
	side->name_places =
		cdpk_allocate(allocator, (size_t) properties->name_count * sizeof(uint32_t) + 1);
	side->text_places =
		cdpk_allocate(allocator, (size_t) properties->text_count * sizeof(uint32_t) + 1);
	return side->name_places == NULL || side->text_places == NULL ? CDPK_OUT_OF_MEMORY : CDPK_OK;
}

/* Find out whether the codes of a side stay as they are. */
static void
compare_places(CdpkPropertySide *side)
{
	side->same_texts = true;
	for (uint64_t i = 0; i < side->properties.text_count && side->same_texts; i++)
		side->same_texts = side->text_places[i] == i;
}

CdpkStatus
cdpk_property_merge_begin(CdpkPropertyMerge *merge, const CdpkTimeline *a, const CdpkTimeline *b,
						  const CdpkAllocator *allocator)
{
	const CdpkTimeline *timelines[2] = {a, b};
	const CdpkName *lists[2];
	uint64_t counts[2];
	uint32_t *places[2];
	CdpkStatus status = CDPK_OK;

	memset(merge, 0, sizeof(*merge));
	merge->allocator = allocator;
	merge->sizes = merge->blocks = cdpk_buffer(allocator, CDPK_STATE_MAX);
	if (cdpk_left(&a->properties) == 0 && cdpk_left(&b->properties) == 0)
		return CDPK_OK;
	for (unsigned s = 0; status == CDPK_OK && s < 2; s++)
	{
		CdpkPropertySide *side = &merge->sides[s];

		status = open_side(side, timelines[s], allocator);
		lists[s] = side->names;
		counts[s] = side->properties.name_count;
		places[s] = side->name_places;
	}
	if (status == CDPK_OK)
		status = merge_lists(allocator, lists, counts, places, &merge->names, &merge->name_count);
	if (status != CDPK_OK)
		return status;
	for (unsigned s = 0; s < 2; s++)
	{
		lists[s] = merge->sides[s].texts;
		counts[s] = merge->sides[s].properties.text_count;
		places[s] = merge->sides[s].text_places;
	}
	status = merge_lists(allocator, lists, counts, places, &merge->texts, &merge->text_count);
	compare_places(&merge->sides[0]);
	compare_places(&merge->sides[1]);
	return status;
}

/* Release what belongs to one side. */
static void
close_side(const CdpkAllocator *allocator, CdpkPropertySide *side)
{
	cdpk_release(allocator, side->names);
	cdpk_release(allocator, side->texts);
	cdpk_release(allocator, side->name_places);
	cdpk_release(allocator, side->text_places);
}

void
cdpk_property_merge_end(CdpkPropertyMerge *merge)
{
	close_side(merge->allocator, &merge->sides[0]);
	close_side(merge->allocator, &merge->sides[1]);
	cdpk_release(merge->allocator, merge->names);
	cdpk_release(merge->allocator, merge->texts);
	cdpk_buffer_free(&merge->sizes);
	cdpk_buffer_free(&merge->blocks);
}

/* ---------------------------------------------------------------- columns */

/* Note an error. */
static void
fail(CdpkPropertyMerge *merge, CdpkStatus status)
{
	if (merge->status == CDPK_OK)
		merge->status = status;
}

bool
cdpk_property_merge_has(CdpkPropertyMerge *merge, unsigned side, const CdpkColumn *column)
{
	CdpkReader block;
	CdpkStatus status;

	if (merge->name_count == 0)
		return false;
	status = cdpk_property_block(&merge->sides[side].properties, column, &block);
	if (status != CDPK_OK)
		fail(merge, status);
	return status == CDPK_OK && cdpk_left(&block) > 0;
}

/* Write the texts of a property that has one an event, with their places in the merged list. */
static void
put_texts(CdpkPropertyMerge *merge, const CdpkPropertySide *side, CdpkProperty *property)
{
	CdpkReader *values = &property->values;

	if (side->same_texts)
	{
		cdpk_put_bytes(&merge->blocks, values->at, cdpk_left(values));
		return;
	}
	while (cdpk_left(values) > 0)
	{
		uint64_t code = cdpk_read_varint(values);

		if (values->failed || code >= property->text_count)
		{
			fail(merge, CDPK_CORRUPT);
			return;
		}
		cdpk_put_varint(&merge->blocks, side->text_places[code]);
	}
}

/*
 * Append the values of a property to items, with events counted from "first" and texts in their
 * new places; or only count them where items is NULL.
 */
static size_t
list_items(CdpkPropertyMerge *merge, const CdpkPropertySide *side, CdpkProperty property,
		   uint64_t first, uint64_t events, CdpkPropertyItem *items)
{
	CdpkStatus status = CDPK_OK;
	size_t listed = 0;

	for (uint64_t event = 0; status == CDPK_OK && event < events; event++)
	{
		unsigned count;

		status = cdpk_property_event(&property, event, &count);
		for (; status == CDPK_OK && count > 0; count--, listed++)
		{
			CdpkPropertyValue value;

			status = cdpk_property_value(&property, &value);
			if (items == NULL || status != CDPK_OK)
				continue;
			if (value.kind == CDPK_TEXT)
				value.text = side->text_places[value.text];
			if (value.kind == CDPK_NUMBER)
			{
				CdpkDecimal number = cdpk_decimal(value.mantissa, value.scale);

				value.mantissa = number.mantissa;
				value.scale = number.scale;
			}
			items[listed].event = (uint32_t) (first + event);
			items[listed].value = value;
		}
	}
	if (status != CDPK_OK)
		fail(merge, status);
	return listed;
}

/* Write a property anew, from the values of one or both columns. */
static void
rewrite(CdpkPropertyMerge *merge, const unsigned order[2], const CdpkColumn *columns[2],
		CdpkProperty *properties[2])
{
	CdpkPropertyItem *items;
	size_t count = 0;
	uint64_t events = 0;

	for (unsigned i = 0; i < 2; i++)
		if (properties[i] != NULL)
			count += list_items(merge, &merge->sides[order[i]], *properties[i], 0,
								columns[order[i]]->count, NULL);
	if (merge->status != CDPK_OK)
		return;
	items = cdpk_allocate(merge->allocator, count * sizeof(*items) + 1);
	if (items == NULL)
	{
		fail(merge, CDPK_OUT_OF_MEMORY);
		return;
	}
	count = 0;
	for (unsigned i = 0; i < 2; i++)
	{
		const CdpkColumn *column = columns[order[i]];

		if (column == NULL)
			continue;
		if (properties[i] != NULL)
			count += list_items(merge, &merge->sides[order[i]], *properties[i], events,
								column->count, items + count);
		events += column->count;
	}
	cdpk_property_write(&merge->blocks, items, count, events);
	cdpk_release(merge->allocator, items);
}

/* Copy one property of a column that only one side has. */
static void
copy_property(CdpkPropertyMerge *merge, unsigned side, const CdpkColumn *column,
			  CdpkProperty *property, const uint8_t *bytes, size_t size)
{
	const unsigned order[2] = {side, 1 - side};
	const CdpkColumn *columns[2] = {NULL, NULL};
	CdpkProperty *properties[2] = {property, NULL};

	columns[side] = column;
	if (property->form == CDPK_FORM_NUMBERS || merge->sides[side].same_texts)
		cdpk_put_bytes(&merge->blocks, bytes, size);
	else if (property->form == CDPK_FORM_TEXTS)
	{
		cdpk_put_bytes(&merge->blocks, bytes, (size_t) (property->values.at - bytes));
		put_texts(merge, &merge->sides[side], property);
	}
	else
		rewrite(merge, order, columns, properties);
}

void
cdpk_property_merge_copy(CdpkPropertyMerge *merge, unsigned side, const CdpkColumn *column)
{
	CdpkPropertySide *from = &merge->sides[side];
	size_t before = merge->blocks.used;
	CdpkReader block;
	CdpkStatus status = cdpk_property_block(&from->properties, column, &block);

	while (status == CDPK_OK && merge->status == CDPK_OK && cdpk_left(&block) > 0)
	{
		CdpkReader start = block;
		CdpkProperty property;
		uint64_t size;
		size_t size_at;

		status = cdpk_property_read(&from->properties, &block, column->count, &property);
		if (status != CDPK_OK)
			break;
		cdpk_read_varint(&start);
		size = cdpk_read_varint(&start);
		cdpk_put_varint(&merge->blocks, from->name_places[property.name]);
		size_at = merge->blocks.used;
		copy_property(merge, side, column, &property, start.at, (size_t) size);
		cdpk_put_size(&merge->blocks, size_at);
	}
	if (status != CDPK_OK)
		fail(merge, status);
	cdpk_put_varint(&merge->sizes, merge->blocks.used - before);
}

/* ---------------------------------------------------------------- joining */

/* Set the bits of the events that have a property, those of a column from "first" on. */
static void
put_present(uint8_t *bits, uint64_t first, uint64_t count, const CdpkProperty *property)
{
	for (uint64_t i = 0; i < count; i++)
		if (property->present == NULL || (property->present[i / 8] >> i % 8 & 1))
			bits[(first + i) / 8] |= (uint8_t) (1 << (first + i) % 8);
}

/* Write the values of a number with another scale; false if one does not fit. */
static bool
put_numbers(CdpkPropertyMerge *merge, uint64_t events, CdpkProperty *property, unsigned scale)
{
	CdpkBuffer *buffer = &merge->blocks;

	if (property->scale == scale)
	{
		cdpk_put_bytes(buffer, property->values.at, cdpk_left(&property->values));
		return true;
	}
	for (uint64_t i = 0; i < events; i++)
	{
		CdpkPropertyValue value;
		unsigned count;
		int64_t mantissa;

		if (cdpk_property_event(property, i, &count) != CDPK_OK ||
			(count > 0 && cdpk_property_value(property, &value) != CDPK_OK))
		{
			fail(merge, CDPK_CORRUPT);
			return true;
		}
		if (count == 0)
			continue;
		if (!cdpk_decimal_rescale(cdpk_property_number(&value), scale, &mantissa))
			return false;
		cdpk_put_varint(buffer, cdpk_zigzag(mantissa));
	}
	return true;
}

/* Return the head of a column joined of two that have one number or one text an event; -1 if that is none. */
static int
joined_head(CdpkProperty *properties[2])
{
	const CdpkProperty *a = properties[0] != NULL ? properties[0] : properties[1];
	const CdpkProperty *b = properties[1] != NULL ? properties[1] : properties[0];

	if (a->form != b->form || a->form == CDPK_FORM_VALUES)
		return -1;
	if (a->form == CDPK_FORM_TEXTS)
		return CDPK_PROPERTY_TEXTS;
	if (a->scale != b->scale &&
		(a->scale == CDPK_PROPERTY_SCALE_EACH || b->scale == CDPK_PROPERTY_SCALE_EACH))
		return -1;
	return (int) (a->scale > b->scale ? a->scale : b->scale);
}

/* Join the columns of a property as bytes; false where its values must be written anew. */
static bool
join_bytes(CdpkPropertyMerge *merge, const unsigned order[2], const CdpkColumn *columns[2],
		   CdpkProperty *properties[2])
{
	uint64_t counts[2] = {columns[order[0]]->count, columns[order[1]]->count};
	bool sparse = properties[0] == NULL || properties[1] == NULL ||
				  properties[0]->present != NULL || properties[1]->present != NULL;
	int head = joined_head(properties);
	uint8_t *bits;

	if (head < 0)
		return false;
	bits = cdpk_property_head(&merge->blocks, (unsigned) head | (sparse ? CDPK_PROPERTY_SPARSE : 0),
							  counts[0] + counts[1]);
	for (unsigned i = 0; i < 2; i++)
		if (bits != NULL && properties[i] != NULL)
			put_present(bits, i == 0 ? 0 : counts[0], counts[i], properties[i]);
	for (unsigned i = 0; i < 2; i++)
	{
		if (properties[i] == NULL)
			continue;
		if (properties[i]->form == CDPK_FORM_TEXTS)
			put_texts(merge, &merge->sides[order[i]], properties[i]);
		else if (!put_numbers(merge, counts[i], properties[i], (unsigned) head))
			return false;
	}
	return true;
}

/* Join the columns of a property; one of the two may be NULL: those events have it not. */
static void
join_property(CdpkPropertyMerge *merge, const unsigned order[2], const CdpkColumn *columns[2],
			  CdpkProperty *properties[2])
{
	CdpkProperty copies[2];
	CdpkProperty *tried[2] = {NULL, NULL};
	size_t start = merge->blocks.used;

	for (unsigned i = 0; i < 2; i++)
		if (properties[i] != NULL)
		{
			copies[i] = *properties[i];
			tried[i] = &copies[i];
		}
	if (!join_bytes(merge, order, columns, tried))
	{
		merge->blocks.used = start;
		rewrite(merge, order, columns, properties);
	}
	cdpk_put_size(&merge->blocks, start);
}

void
cdpk_property_merge_join(CdpkPropertyMerge *merge, unsigned later, const CdpkColumn *columns[2])
{
	const unsigned order[2] = {later, 1 - later};
	CdpkProperty *all[2] = {NULL, NULL};
	unsigned counts[2] = {0, 0};
	unsigned at[2] = {0, 0};
	size_t before = merge->blocks.used;
	CdpkStatus status = CDPK_OK;
	CdpkBuffer *blocks = &merge->blocks;

	for (unsigned i = 0; status == CDPK_OK && i < 2; i++)
		status = cdpk_property_all(&merge->sides[order[i]].properties, columns[order[i]],
								   merge->allocator, &all[i], &counts[i]);
	while (status == CDPK_OK && merge->status == CDPK_OK && blocks->status == CDPK_OK &&
		   (at[0] < counts[0] || at[1] < counts[1]))
	{
		CdpkProperty *properties[2] = {NULL, NULL};
		uint32_t places[2] = {UINT32_MAX, UINT32_MAX};

		for (unsigned i = 0; i < 2; i++)
			if (at[i] < counts[i])
				places[i] = merge->sides[order[i]].name_places[all[i][at[i]].name];
		for (unsigned i = 0; i < 2; i++)
			if (places[i] <= places[1 - i])
				properties[i] = &all[i][at[i]];
		cdpk_put_varint(blocks, places[0] < places[1] ? places[0] : places[1]);
		join_property(merge, order, columns, properties);
		at[0] += properties[0] != NULL;
		at[1] += properties[1] != NULL;
	}
	cdpk_release(merge->allocator, all[0]);
	cdpk_release(merge->allocator, all[1]);
	if (status != CDPK_OK)
		fail(merge, status);
	cdpk_put_varint(&merge->sizes, blocks->used - before);
}

/* Find the places of an ascending list's strings in another that has them all. */
static bool
find_places(const CdpkName *list, uint64_t count, const CdpkName *merged, uint64_t merged_count,
			uint32_t *places)
{
	uint64_t at = 0;

	for (uint64_t i = 0; i < count; i++)
	{
		while (at < merged_count && cdpk_compare_bytes(merged[at].text, merged[at].length,
													   list[i].text, list[i].length) < 0)
			at++;
		if (at == merged_count || merged[at].length != list[i].length ||
			memcmp(merged[at].text, list[i].text, list[i].length) != 0)
			return false;
		places[i] = (uint32_t) at;
	}
	return true;
}

void
cdpk_property_merge_take(CdpkPropertyMerge *merge, const CdpkTimeline *timeline,
						 const CdpkColumn *column)
{
	CdpkPropertySide side;
	CdpkPropertySide former = merge->sides[0];
	CdpkStatus status;

	memset(&side, 0, sizeof(side));
	status = open_side(&side, timeline, merge->allocator);
	if (status == CDPK_OK && (!find_places(side.names, side.properties.name_count, merge->names,
										   merge->name_count, side.name_places) ||
							  !find_places(side.texts, side.properties.text_count, merge->texts,
										   merge->text_count, side.text_places)))
		status = CDPK_CORRUPT;
	if (status == CDPK_OK)
	{
		compare_places(&side);
		merge->sides[0] = side;
		cdpk_property_merge_copy(merge, 0, column);
		merge->sides[0] = former;
	}
	else
		fail(merge, status);
	close_side(merge->allocator, &side);
}
