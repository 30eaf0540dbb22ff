/*
 * timeline_log_column.c
 *		From the compact form to the open one: appending the events of a timeline to a log.
 */
#include "core/timeline/timeline_log.h"

/* Make a list of places that are not looked for yet. */
static uint32_t *
no_places(const CdpkAllocator *allocator, uint64_t count)
{
	uint32_t *places = cdpk_allocate(allocator, (size_t) count * sizeof(uint32_t) + 1);

	for (uint64_t i = 0; places != NULL && i < count; i++)
		places[i] = CDPK_LOG_NONE;
	return places;
}

CdpkStatus
cdpk_log_source_open(CdpkLogSource *source, const CdpkTimeline *timeline,
					 const CdpkAllocator *allocator)
{
	CdpkProperties *properties = &source->properties;
	CdpkStatus status;

	source->allocator = allocator;
	source->names = source->texts = NULL;
	source->name_places = source->text_places = NULL;
	status = cdpk_properties_open(timeline, properties);
	if (status != CDPK_OK || properties->name_count == 0)
		return status;
	status = cdpk_property_names(properties, allocator, &source->names);
	if (status == CDPK_OK)
		status = cdpk_property_texts(properties, allocator, &source->texts);
	if (status != CDPK_OK)
		return status;
	source->name_places = no_places(allocator, properties->name_count);
	source->text_places = no_places(allocator, properties->text_count);
	return source->name_places == NULL || source->text_places == NULL ? CDPK_OUT_OF_MEMORY
																	  : CDPK_OK;
}

void
cdpk_log_source_close(CdpkLogSource *source)
{
	cdpk_release(source->allocator, source->names);
	cdpk_release(source->allocator, source->texts);
	cdpk_release(source->allocator, source->name_places);
	cdpk_release(source->allocator, source->text_places);
}

/* A column on its way into a log. */
typedef struct Passage
{
	CdpkTimelineLog **log;
	CdpkLogSource *source;
	CdpkProperty *columns;
	unsigned count;
	CdpkLogValue *values; /* of the present event */
	unsigned value_count;
	unsigned capacity;
	/* what an event must satisfy, and which of the properties is meant; or NULL */
	const CdpkNumberCondition *condition;
	unsigned conditional;
} Passage;

/* Start reading the properties of a column. */
static CdpkStatus
open_column(Passage *passage, const CdpkColumn *column)
{
	CdpkLogSource *source = passage->source;
	const CdpkNumberCondition *condition = passage->condition;
	CdpkStatus status = cdpk_property_all(&source->properties, column, source->allocator,
										  &passage->columns, &passage->count);

	passage->conditional = passage->count;
	for (unsigned i = 0; status == CDPK_OK && i < passage->count; i++)
	{
		uint64_t place = passage->columns[i].name;
		const CdpkName *name = &source->names[place];

		if (name->length == CDPK_ELEMENTS_KEY_LENGTH &&
			memcmp(name->text, CDPK_ELEMENTS_KEY, CDPK_ELEMENTS_KEY_LENGTH) == 0)
			return CDPK_CORRUPT;
		if (condition != NULL && name->length == condition->length &&
			memcmp(name->text, condition->number, name->length) == 0)
			passage->conditional = i;
		if (source->name_places[place] == CDPK_LOG_NONE)
			status = cdpk_log_name(passage->log, source->allocator, name->text, name->length,
								   &source->name_places[place]);
	}
	return status;
}

/* Make room for one more value. */
static CdpkStatus
make_room(Passage *passage)
{
	const CdpkAllocator *allocator = passage->source->allocator;
	unsigned capacity = passage->capacity > 0 ? 2 * passage->capacity : 2 * CDPK_PROPERTIES_MAX;
	CdpkLogValue *values;

	if (passage->value_count < passage->capacity)
		return CDPK_OK;
	values = cdpk_allocate(allocator, capacity * sizeof(CdpkLogValue));
	if (values == NULL)
		return CDPK_OUT_OF_MEMORY;
	if (passage->value_count > 0)
		memcpy(values, passage->values, passage->value_count * sizeof(CdpkLogValue));
	cdpk_release(allocator, passage->values);
	passage->values = values;
	passage->capacity = capacity;
	return CDPK_OK;
}

/* Return whether a value satisfies the condition. */
static bool
holds(const Passage *passage, const CdpkPropertyValue *value)
{
	const CdpkNumberCondition *condition = passage->condition;
	CdpkDecimal number;

	return cdpk_property_as_number(value, passage->source->texts, &number) &&
		   cdpk_decimal_holds(number, condition->comparison, condition->value);
}

/* Bring a value as the timeline has it into the form of the log. */
static CdpkStatus
place_value(const Passage *passage, CdpkPropertyValue *value)
{
	CdpkLogSource *source = passage->source;
	CdpkDecimal number;

	if (value->kind == CDPK_NUMBER)
	{
		number = cdpk_decimal(value->mantissa, value->scale);
		value->mantissa = number.mantissa;
		value->scale = number.scale;
	}
	else if (value->kind == CDPK_TEXT)
	{
		const CdpkName *text = &source->texts[value->text];
		uint32_t *place = &source->text_places[value->text];

		if (text->length > CDPK_PROPERTY_TEXT_MAX)
			return CDPK_CORRUPT;
		if (*place == CDPK_LOG_NONE)
		{
			CdpkStatus status =
				cdpk_log_text(passage->log, source->allocator, text->text, text->length, place);

			if (status != CDPK_OK)
				return status;
		}
		value->text = *place;
	}
	return CDPK_OK;
}

/* Read an event's values; *wanted says whether it satisfies the condition. */
static CdpkStatus
read_values(Passage *passage, uint64_t event, bool *wanted)
{
	CdpkStatus status = CDPK_OK;

	passage->value_count = 0;
	*wanted = passage->condition == NULL;
	for (unsigned i = 0; status == CDPK_OK && i < passage->count; i++)
	{
		CdpkProperty *column = &passage->columns[i];
		unsigned count;

		status = cdpk_property_event(column, event, &count);
		for (unsigned j = 0; status == CDPK_OK && j < count; j++)
		{
			CdpkLogValue *value;

			status = make_room(passage);
			if (status != CDPK_OK)
				break;
			value = &passage->values[passage->value_count++];
			value->name = passage->source->name_places[column->name];
			status = cdpk_property_value(column, &value->value);
			if (status == CDPK_OK && i == passage->conditional)
				*wanted = *wanted || holds(passage, &value->value);
			if (status == CDPK_OK)
				status = place_value(passage, &value->value);
		}
	}
	return status;
}

/* Append the events that are not older than "first" and satisfy the condition. */
static CdpkStatus
append_column(CdpkTimelineLog **log, CdpkLogSource *source, CdpkColumn *column, int64_t first,
			  const CdpkNumberCondition *condition)
{
	Passage passage = {log, source, NULL, 0, NULL, 0, 0, condition, 0};
	uint32_t name;
	int64_t at;
	CdpkStatus status =
		cdpk_log_name(log, source->allocator, column->name, column->name_length, &name);

	if (status == CDPK_OK)
		status = open_column(&passage, column);
	for (uint64_t event = 0; status == CDPK_OK && cdpk_column_next(column, &at) && at >= first;
		 event++)
	{
		bool wanted;

		status = read_values(&passage, event, &wanted);
		if (status == CDPK_OK && wanted)
			status = cdpk_log_event(log, source->allocator, name, at, passage.values,
									passage.value_count);
	}
	cdpk_release(source->allocator, passage.columns);
	cdpk_release(source->allocator, passage.values);
	return status == CDPK_OK && column->times.failed ? CDPK_CORRUPT : status;
}

CdpkStatus
cdpk_log_column(CdpkTimelineLog **log, CdpkLogSource *source, CdpkColumn *column, int64_t first)
{
	return append_column(log, source, column, first, NULL);
}

CdpkStatus
cdpk_log_column_where(CdpkTimelineLog **log, CdpkLogSource *source, CdpkColumn *column,
					  const CdpkNumberCondition *condition)
{
	return append_column(log, source, column, INT64_MIN, condition);
}

/* Append all events of a timeline in its compact form. */
CdpkStatus
cdpk_log_compact_form(CdpkTimelineLog **log, const CdpkAllocator *allocator, const uint8_t *bytes,
					  size_t length)
{
	CdpkTimeline timeline;
	CdpkColumn column;
	CdpkLogSource source;
	CdpkStatus status = cdpk_timeline_open(bytes, length, &timeline);

	if (status != CDPK_OK)
		return status;
	status = cdpk_log_source_open(&source, &timeline, allocator);
	while (status == CDPK_OK && cdpk_timeline_next(&timeline, &column))
		status = cdpk_log_column(log, &source, &column, INT64_MIN);
	cdpk_log_source_close(&source);
	return status == CDPK_OK && cdpk_timeline_failed(&timeline) ? CDPK_CORRUPT : status;
}
