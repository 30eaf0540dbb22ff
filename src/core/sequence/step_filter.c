/*
 * step_filter.c
 *		What a step selects in a timeline.
 */
#include "core/sequence/step_filter.h"

#include "core/base/sort.h"

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

bool
cdpk_steps_meet(const CdpkStep *a, const CdpkStep *b)
{
	const CdpkAlternative *alternatives = cdpk_step_alternatives(a);

	for (unsigned i = 0; i < a->count; i++)
		if (alternatives[i].any ||
			cdpk_step_names(b, alternatives[i].name.text, alternatives[i].name.length))
			return true;
	return false;
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
		filter->property_count++;
		filter->properties[i].name = *name;
		filter->properties[i].next = 0;
	}
	return i;
}

CdpkStatus
cdpk_step_filter(const CdpkStep *step, const CdpkTimeline *timeline, const CdpkColumn *column,
				 CdpkStepFilter *filter)
{
	const CdpkAlternative *alternatives = cdpk_step_alternatives(step);

	filter->all = false;
	filter->count = filter->property_count = 0;
	for (unsigned i = 0; i < step->count; i++)
	{
		if (!alternatives[i].any &&
			!same_name(&alternatives[i].name, column->name, column->name_length))
			continue;
		filter->alternatives[filter->count++] = &alternatives[i];
		filter->all |= alternatives[i].count == 0;
		for (unsigned j = 0; j < alternatives[i].count; j++)
			find_property(filter, &alternatives[i].conditions[j].property);
	}
	for (unsigned i = 0; i < filter->property_count && !filter->all; i++)
	{
		CdpkStepProperty *property = &filter->properties[i];
		CdpkStatus status =
			cdpk_column_number(timeline, column, property->name.text, property->name.length,
							   &property->number, &property->found);

		if (status != CDPK_OK)
			return status;
	}
	return CDPK_OK;
}

/* Read an event's property. */
static CdpkStatus
read_property(CdpkStepProperty *property, uint64_t event)
{
	CdpkStatus status = CDPK_OK;

	if (!property->found)
		property->present = false;
	while (property->found && property->next <= event && status == CDPK_OK)
		status = cdpk_number_next_as_stored(&property->number, property->next++, &property->present,
											&property->value);
	return status;
}

/* Return whether a value equals one of a condition's literals. */
static bool
is_listed(const CdpkCondition *condition, CdpkDecimal value)
{
	for (unsigned i = 0; i < condition->count; i++)
		if (condition->literals[i].kind == CDPK_LITERAL_NUMBER &&
			cdpk_decimal_compare(value, condition->literals[i].number) == 0)
			return true;
	return false;
}

/* Return whether a property satisfies a condition. */
static bool
condition_holds(const CdpkCondition *condition, const CdpkStepProperty *property)
{
	switch (condition->operation)
	{
		case CDPK_STEP_EXISTS:
			return property->present;
		case CDPK_STEP_NOT_EXISTS:
			return !property->present;
		case CDPK_STEP_EQUAL:
		case CDPK_STEP_IN:
			return property->present && is_listed(condition, property->value);
		case CDPK_STEP_NOT_EQUAL:
		case CDPK_STEP_NOT_IN:
			return property->present && !is_listed(condition, property->value);
		case CDPK_STEP_LIKE:
		case CDPK_STEP_CONTAINS:
			/* a number is no text */
			return false;
		default:
			return property->present && condition->literals->kind == CDPK_LITERAL_NUMBER &&
				   cdpk_decimal_holds(property->value, (CdpkComparison) condition->operation,
									  condition->literals->number);
	}
}

/* Find whether an event satisfies all conditions of an alternative. */
static CdpkStatus
alternative_holds(CdpkStepFilter *filter, const CdpkAlternative *alternative, uint64_t event,
				  bool *holds)
{
	*holds = true;
	for (unsigned i = 0; i < alternative->count && *holds; i++)
	{
		const CdpkCondition *condition = &alternative->conditions[i];
		CdpkStepProperty *property =
			&filter->properties[find_property(filter, &condition->property)];
		CdpkStatus status = read_property(property, event);

		if (status != CDPK_OK)
			return status;
		*holds = condition_holds(condition, property);
	}
	return CDPK_OK;
}

CdpkStatus
cdpk_step_filter_event(CdpkStepFilter *filter, uint64_t event, bool *holds)
{
	CdpkStatus status = CDPK_OK;

	*holds = filter->all;
	for (unsigned i = 0; i < filter->count && !*holds && status == CDPK_OK; i++)
		status = alternative_holds(filter, filter->alternatives[i], event, holds);
	return status;
}

/* ---------------------------------------------------------------- all events of a step */

void
cdpk_step_events(const CdpkStep *step, const CdpkTimeline *timeline, CdpkTimeRange range,
				 CdpkStepEvents *events)
{
	events->step = step;
	events->timeline = timeline;
	events->passage = *timeline;
	events->range = range;
	events->done = false;
	events->status = CDPK_OK;
}

/* Find the next column that a step asks for. */
static bool
find_column(CdpkStepEvents *events)
{
	const CdpkAlternative *first = cdpk_step_alternatives(events->step);

	if (events->done || events->status != CDPK_OK)
		return false;
	/* one name only */
	if (events->step->count == 1 && !first->any)
	{
		events->done = true;
		return cdpk_timeline_find(&events->passage, first->name.text, first->name.length,
								  &events->column);
	}
	while (cdpk_timeline_next(&events->passage, &events->column))
		if (cdpk_step_names(events->step, events->column.name, events->column.name_length))
			return true;
	events->done = true;
	return false;
}

bool
cdpk_step_next_column(CdpkStepEvents *events)
{
	if (!find_column(events))
	{
		if (events->status == CDPK_OK && cdpk_timeline_failed(&events->passage))
			events->status = CDPK_CORRUPT;
		return false;
	}
	events->status =
		cdpk_step_filter(events->step, events->timeline, &events->column, &events->filter);
	return events->status == CDPK_OK;
}

bool
cdpk_step_next_event(CdpkStepEvents *events, int64_t *at)
{
	bool holds = false;

	while (events->status == CDPK_OK && cdpk_column_next(&events->column, at) &&
		   *at >= events->range.first)
	{
		if (*at > events->range.last)
			continue;
		events->event = events->column.count - events->column.left - 1;
		events->status = cdpk_step_filter_event(&events->filter, events->event, &holds);
		if (holds && events->status == CDPK_OK)
			return true;
	}
	if (events->column.times.failed)
		events->status = CDPK_CORRUPT;
	return false;
}

CdpkStatus
cdpk_step_count(const CdpkStep *step, const CdpkTimeline *timeline, CdpkTimeRange range,
				uint64_t enough, uint64_t *count)
{
	CdpkStepEvents events;
	int64_t at;

	*count = 0;
	cdpk_step_events(step, timeline, range, &events);
	while (*count < enough && cdpk_step_next_column(&events))
		while (*count < enough && cdpk_step_next_event(&events, &at))
			(*count)++;
	return events.status;
}

CdpkStatus
cdpk_step_extremes(const CdpkStep *step, const CdpkTimeline *timeline, CdpkTimeRange range,
				   bool *found, int64_t *oldest, int64_t *newest)
{
	CdpkStepEvents events;
	int64_t at;

	*found = false;
	cdpk_step_events(step, timeline, range, &events);
	while (cdpk_step_next_column(&events))
		while (cdpk_step_next_event(&events, &at))
		{
			*oldest = *found && *oldest < at ? *oldest : at;
			*newest = *found && *newest > at ? *newest : at;
			*found = true;
		}
	return events.status;
}

/* Count the events from which a step selects. */
static CdpkStatus
count_candidates(const CdpkStep *step, const CdpkTimeline *timeline, CdpkTimeRange range,
				 uint64_t *count)
{
	CdpkStepEvents events;

	*count = 0;
	cdpk_step_events(step, timeline, range, &events);
	while (cdpk_step_next_column(&events))
	{
		/* every event takes a byte */
		if (events.column.count > cdpk_left(&events.column.times))
			return CDPK_CORRUPT;
		*count += events.column.count;
	}
	return events.status;
}

/* Write times, newest first, as those of a column; returns the place after them. */
static uint8_t *
write_times(const CdpkTimed *times, size_t count, uint64_t base, uint8_t *to)
{
	for (size_t i = count; i-- > 0;)
	{
		to = cdpk_write_varint(to, base - (uint64_t) times[i].at);
		base = (uint64_t) times[i].at;
	}
	return to;
}

/* Make a column of the events that a step selects, for which there is room. */
static CdpkStatus
select_events(CdpkStepEvents *events, CdpkTimed *times, uint64_t candidates, uint8_t *bytes,
			  CdpkColumn *column)
{
	size_t count = 0;
	int64_t at;

	while (cdpk_step_next_column(events))
		while (cdpk_step_next_event(events, &at))
		{
			times[count].at = at;
			times[count++].value = 0;
		}
	if (events->status != CDPK_OK || count == 0)
		return events->status;
	cdpk_sort(times, count, times + candidates, cdpk_oldest_first, NULL);
	column->count = column->left = count;
	column->at = (uint64_t) times[count - 1].at;
	column->unit = 1;
	column->times =
		cdpk_reader(bytes, (size_t) (write_times(times, count, column->at, bytes) - bytes));
	return CDPK_OK;
}

CdpkStatus
cdpk_step_column(const CdpkStep *step, const CdpkTimeline *timeline, const CdpkAllocator *allocator,
				 CdpkColumn *column, void **memory)
{
	CdpkTimeRange ever = {INT64_MIN, INT64_MAX};
	CdpkStepEvents events;
	uint64_t candidates;
	CdpkTimed *times;
	CdpkStatus status;

	*memory = NULL;
	memset(column, 0, sizeof(*column));
	cdpk_step_events(step, timeline, ever, &events);
	if (step->plain)
	{
		if (cdpk_timeline_find(&events.passage, step->alone.name.text, step->alone.name.length,
							   column))
			return CDPK_OK;
		column->count = column->left = 0;
		return cdpk_timeline_failed(&events.passage) ? CDPK_CORRUPT : CDPK_OK;
	}
	status = count_candidates(step, timeline, ever, &candidates);
	if (status != CDPK_OK || candidates == 0)
		return status;
	/* the times, room to sort them, and their bytes, before which eight can be read */
	*memory = times =
		cdpk_allocate(allocator, candidates * (2 * sizeof(CdpkTimed) + CDPK_VARINT_MAX));
	if (times == NULL)
		return CDPK_OUT_OF_MEMORY;
	return select_events(&events, times, candidates, (uint8_t *) (times + 2 * candidates), column);
}
