/*
 * step_events.c
 *		What a step selects in a timeline.
 */
#include "core/sequence/step_events.h"

#include "core/base/sort.h"

void
cdpk_step_events(const CdpkStep *step, const CdpkTimeline *timeline, CdpkTimeRange range,
				 const CdpkAllocator *allocator, CdpkStepEvents *events)
{
	events->step = step;
	events->allocator = allocator;
	events->passage = *timeline;
	events->range = range;
	events->next = 0;
	events->texts = NULL;
	events->filter.property_count = 0;
	events->opened = false;
	events->status = CDPK_OK;
}

/* Return whether an alternative has the name of one before it. */
static bool
is_repeated(const CdpkAlternative *alternatives, unsigned i)
{
	for (unsigned j = 0; j < i; j++)
		if (alternatives[j].name.length == alternatives[i].name.length &&
			memcmp(alternatives[j].name.text, alternatives[i].name.text,
				   alternatives[i].name.length) == 0)
			return true;
	return false;
}

/* Find the next column that a step asks for. */
static bool
find_column(CdpkStepEvents *events)
{
	const CdpkAlternative *alternatives = cdpk_step_alternatives(events->step);

	if (events->status != CDPK_OK || cdpk_timeline_failed(&events->passage))
		return false;
	if (events->step->any)
		return cdpk_timeline_next(&events->passage, &events->column);
	while (events->next < events->step->count)
	{
		unsigned i = events->next++;

		if (!is_repeated(alternatives, i) &&
			cdpk_timeline_find(&events->passage, alternatives[i].name.text,
							   alternatives[i].name.length, &events->column))
			return true;
		if (cdpk_timeline_failed(&events->passage))
			return false;
	}
	return false;
}

bool
cdpk_step_next_column(CdpkStepEvents *events)
{
	cdpk_step_filter_free(&events->filter);
	if (!find_column(events))
	{
		if (events->status == CDPK_OK && cdpk_timeline_failed(&events->passage))
			events->status = CDPK_CORRUPT;
		return false;
	}
	events->filtered = false;
	return true;
}

bool
cdpk_step_open_filter(CdpkStepEvents *events)
{
	/* the passage has the properties of the timeline wherever it is */
	if (!events->opened)
		events->status = cdpk_properties_open(&events->passage, &events->properties);
	events->opened = true;
	if (events->status == CDPK_OK)
		events->status = cdpk_step_filter(events->step, &events->properties, &events->column,
										  events->allocator, &events->texts, &events->filter);
	events->filtered = true;
	return events->status == CDPK_OK;
}

bool
cdpk_step_next_event(CdpkStepEvents *events, int64_t *at)
{
	while (events->status == CDPK_OK && cdpk_column_next(&events->column, at) &&
		   *at >= events->range.first)
	{
		CdpkTruth truth;

		if (*at > events->range.last)
			continue;
		events->event = events->column.count - events->column.left - 1;
		if (!events->step->conditional)
		{
			events->unknown = false;
			return true;
		}
		if (!events->filtered && !cdpk_step_open_filter(events))
			return false;
		events->status = cdpk_step_filter_event(&events->filter, events->event, &truth);
		events->unknown = truth == CDPK_UNKNOWN;
		if (truth != CDPK_NO && events->status == CDPK_OK)
			return true;
	}
	if (events->column.times.failed)
		events->status = CDPK_CORRUPT;
	return false;
}

CdpkStatus
cdpk_step_close(CdpkStepEvents *events)
{
	cdpk_step_filter_free(&events->filter);
	cdpk_release(events->allocator, events->texts);
	events->texts = NULL;
	return events->status;
}

/* Return how many events there are of the names that a step asks for, in a time range, until there are "enough". */
static CdpkStatus
count_named(const CdpkStep *step, const CdpkTimeline *timeline, CdpkTimeRange range,
			uint64_t enough, uint64_t *count)
{
	CdpkStepEvents events;

	*count = 0;
	cdpk_step_events(step, timeline, range, NULL, &events);
	while (*count < enough && cdpk_step_next_column(&events))
	{
		*count += cdpk_time_range_count(range, &events.column, enough - *count);
		if (events.column.times.failed)
			events.status = CDPK_CORRUPT;
	}
	return events.status;
}

CdpkStatus
cdpk_step_count(const CdpkStep *step, const CdpkTimeline *timeline, CdpkTimeRange range,
				uint64_t needed, uint64_t enough, const CdpkAllocator *allocator,
				CdpkStepCount *count)
{
	CdpkStepEvents events;
	int64_t at;

	count->least = count->most = 0;
	/* opening the properties takes longer; the first event opens them in any case */
	if (needed > 1 && step->conditional)
	{
		CdpkStatus status = count_named(step, timeline, range, needed, &count->most);

		if (status != CDPK_OK || count->most < needed)
			return status;
		count->most = 0;
	}
	cdpk_step_events(step, timeline, range, allocator, &events);
	while (count->least < enough && cdpk_step_next_column(&events))
		while (count->least < enough && cdpk_step_next_event(&events, &at))
		{
			count->least += !events.unknown;
			count->most++;
		}
	return cdpk_step_close(&events);
}

CdpkStatus
cdpk_step_extremes(const CdpkStep *step, const CdpkTimeline *timeline, CdpkTimeRange range,
				   const CdpkAllocator *allocator, CdpkStepExtremes *extremes)
{
	CdpkStepEvents events;
	int64_t at;

	extremes->found = extremes->unknown = false;
	cdpk_step_events(step, timeline, range, allocator, &events);
	while (cdpk_step_next_column(&events))
		while (cdpk_step_next_event(&events, &at))
		{
			bool *any = events.unknown ? &extremes->unknown : &extremes->found;
			int64_t *oldest = events.unknown ? &extremes->unknown_oldest : &extremes->oldest;
			int64_t *newest = events.unknown ? &extremes->unknown_newest : &extremes->newest;

			*oldest = *any && *oldest < at ? *oldest : at;
			*newest = *any && *newest > at ? *newest : at;
			*any = true;
		}
	return cdpk_step_close(&events);
}

/* ---------------------------------------------------------------- as one column */

/* Count the events from which a step selects. */
static CdpkStatus
count_candidates(const CdpkStep *step, const CdpkTimeline *timeline, uint64_t *count)
{
	CdpkTimeline passage = *timeline;
	CdpkColumn column;

	*count = 0;
	while (cdpk_timeline_next(&passage, &column))
	{
		if (!cdpk_step_names(step, column.name, column.name_length))
			continue;
		/* every event takes a byte */
		if (column.count > cdpk_left(&column.times))
			return CDPK_CORRUPT;
		*count += column.count;
	}
	return cdpk_timeline_failed(&passage) ? CDPK_CORRUPT : CDPK_OK;
}

/* Write times, newest first, as those of a column; returns the place after them. */
static uint8_t *
write_times(const CdpkTimed *times, size_t count, uint8_t *to)
{
	uint64_t base = (uint64_t) times[count - 1].at;

	for (size_t i = count; i-- > 0;)
	{
		to = cdpk_write_varint(to, base - (uint64_t) times[i].at);
		base = (uint64_t) times[i].at;
	}
	return to;
}

/* Make a column of the events that a step selects, for which there is room. */
static CdpkStatus
select_events(CdpkStepEvents *events, CdpkTimed *times, uint64_t candidates, CdpkColumn *column,
			  bool *unknown)
{
	/* eight bytes before the end can be read */
	uint8_t *bytes = (uint8_t *) (times + 2 * candidates);
	size_t count = 0;
	int64_t at;
	CdpkStatus status;

	while (cdpk_step_next_column(events))
		while (cdpk_step_next_event(events, &at))
		{
			*unknown |= events->unknown;
			times[count].at = at;
			times[count++].value = 0;
		}
	status = cdpk_step_close(events);
	if (status != CDPK_OK || count == 0)
		return status;
	cdpk_sort(times, count, times + candidates, cdpk_oldest_first, NULL);
	column->count = column->left = count;
	column->at = (uint64_t) times[count - 1].at;
	column->unit = 1;
	column->times = cdpk_reader(bytes, (size_t) (write_times(times, count, bytes) - bytes));
	return CDPK_OK;
}

CdpkStatus
cdpk_step_column(const CdpkStep *step, const CdpkTimeline *timeline, CdpkTimeRange range,
				 const CdpkAllocator *allocator, CdpkColumn *column, bool *unknown, void **memory)
{
	CdpkTimeline passage = *timeline;
	CdpkStepEvents events;
	uint64_t candidates;
	CdpkTimed *times;
	CdpkStatus status;

	*memory = NULL;
	*unknown = false;
	memset(column, 0, sizeof(*column));
	if (step->plain)
	{
		if (cdpk_timeline_find(&passage, step->alone.name.text, step->alone.name.length, column))
			return CDPK_OK;
		column->count = column->left = 0;
		return cdpk_timeline_failed(&passage) ? CDPK_CORRUPT : CDPK_OK;
	}
	status = count_candidates(step, timeline, &candidates);
	if (status != CDPK_OK || candidates == 0)
		return status;
	/* the times, room to sort them, and their bytes */
	*memory = times =
		cdpk_allocate(allocator, candidates * (2 * sizeof(CdpkTimed) + CDPK_VARINT_MAX));
	if (times == NULL)
		return CDPK_OUT_OF_MEMORY;
	cdpk_step_events(step, timeline, range, allocator, &events);
	return select_events(&events, times, candidates, column, unknown);
}
