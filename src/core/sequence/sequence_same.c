/*
 * sequence_same.c
 *		Matching a sequence of different names whose events have a value in common, column by column.
 */
#include "core/sequence/sequence_same.h"

#include "core/sequence/sequence_columns.h"
#include "core/sequence/sequence_pairs.h"

/* so many events of a name are read without asking for memory */
#define FEW 64

/* so many are matched so: each may be compared with each of the step before */
#define EVENTS_MAX 2048

/* An event at the end of a chain, and the latest beginning of such a chain. */
typedef struct SameEvent
{
	int64_t at;
	int64_t first;
	uint64_t place; /* in its column */
	CdpkCommon common;
} SameEvent;

/* The events of one step, newest first. */
typedef struct SameEvents
{
	size_t count;
	SameEvent *events;
	SameEvent *allocated; /* or NULL */
	SameEvent few[FEW];
} SameEvents;

typedef struct Same
{
	const CdpkAsked *asked;
	const CdpkSurvey *survey;
	CdpkTimeRange range;
	const CdpkAllocator *allocator;
	CdpkProperties properties;
	CdpkName *texts; /* of the timeline, or NULL */
	CdpkStepProperty property[CDPK_SEQUENCE_STEPS_MAX];
} Same;

/* ---------------------------------------------------------------- reading */

/* Find the property of the events of each step that is read; *served is false if one has more than one known value. */
static CdpkStatus
open_values(Same *same, unsigned steps, bool *served)
{
	CdpkStatus status = cdpk_properties_open(&same->survey->timeline, &same->properties);

	for (unsigned i = 0; i < steps && status == CDPK_OK && *served; i++)
	{
		CdpkStepProperty *property = &same->property[i];
		const CdpkName *name = &same->asked->sequence->same;

		property->next = property->count = 0;
		property->several = NULL;
		status = cdpk_property_find(&same->properties, &same->survey->column[i], name->text,
									name->length, &property->property, &property->found);
		*served = !property->found || property->property.form != CDPK_FORM_VALUES;
	}
	return status;
}

/* Make room for events, of which there are no more than so many; false without memory. */
static bool
make_room(const Same *same, uint64_t most, SameEvents *events)
{
	size_t wanted = most < EVENTS_MAX ? (size_t) most : EVENTS_MAX;

	cdpk_release(same->allocator, events->allocated);
	events->allocated = NULL;
	events->events = events->few;
	if (wanted > FEW)
		events->events = events->allocated =
			cdpk_allocate(same->allocator, wanted * sizeof(SameEvent));
	return events->events != NULL;
}

/* Read the times of a step's events from a time on; *served is false if there are too many. */
static CdpkStatus
read_times(const Same *same, unsigned step, int64_t since, SameEvents *events, bool *served)
{
	CdpkColumn column = same->survey->column[step];
	int64_t at;

	events->count = 0;
	if (!make_room(same, column.count, events))
		return CDPK_OUT_OF_MEMORY;
	while (cdpk_column_next(&column, &at) && at >= since)
	{
		if (at > same->range.last || (step == 0 && !cdpk_asked_begins(same->asked, at)))
			continue;
		if (events->count == EVENTS_MAX)
		{
			*served = false;
			return CDPK_OK;
		}
		events->events[events->count].at = events->events[events->count].first = at;
		events->events[events->count++].place = column.count - column.left - 1;
	}
	return column.times.failed ? CDPK_CORRUPT : CDPK_OK;
}

/* Read the value of an event; false if it has none. */
static CdpkStatus
read_value(Same *same, unsigned step, SameEvent *event, bool *has_value)
{
	CdpkStepProperty *property = &same->property[step];
	CdpkStatus status = cdpk_step_property_read(property, event->place);

	*has_value = property->found && property->count > 0;
	if (status != CDPK_OK || !*has_value)
		return status;
	if (property->property.form == CDPK_FORM_TEXTS && same->texts == NULL)
		status = cdpk_property_texts(&same->properties, same->allocator, &same->texts);
	if (status == CDPK_OK)
		event->common = cdpk_common(&property->one, same->texts);
	return status;
}

/* Read the values of events, and keep those that have one, as many as are wanted. */
static CdpkStatus
read_values(Same *same, unsigned step, size_t wanted, SameEvents *events)
{
	size_t kept = 0;
	CdpkStatus status = CDPK_OK;

	for (size_t i = 0; i < events->count && kept < wanted && status == CDPK_OK; i++)
	{
		bool has_value;

		status = read_value(same, step, &events->events[i], &has_value);
		if (status == CDPK_OK && has_value)
			events->events[kept++] = events->events[i];
	}
	events->count = kept;
	return status;
}

/* ---------------------------------------------------------------- matching */

/* Return whether one time is later than another by more than a length; 0: any. */
static bool
is_over(int64_t from, int64_t to, int64_t length)
{
	return length != 0 && (uint64_t) to - (uint64_t) from > (uint64_t) length;
}

/* Return whether an event can follow one of the step before, by the times of these two. */
static bool
may_follow(const Same *same, const CdpkSequenceItem *item, int64_t before, int64_t at)
{
	return !is_over(before, at, item->within) && !is_over(before, at, same->asked->sequence->whole);
}

/*
 * Find the latest event of the step before, from a place on, that an event of the same value ("common"), or of any, may
 * follow.  Of those with one value the latest has the latest beginning.
 */
static const SameEvent *
find_former(const Same *same, const CdpkSequenceItem *item, const SameEvents *former, size_t place,
			const SameEvent *event, bool common)
{
	for (; place < former->count; place++)
	{
		const SameEvent *before = &former->events[place];

		if (!may_follow(same, item, before->at, event->at))
			return NULL;
		if (!common || (before->common.kind == event->common.kind &&
						before->common.value == event->common.value))
			return before;
	}
	return NULL;
}

/* Keep of the events of a step those that follow one of the step before, of the same value ("common") or of any. */
static void
keep_following(const Same *same, unsigned step, const SameEvents *former, bool common,
			   SameEvents *events)
{
	const CdpkSequenceItem *item = &same->asked->sequence->item[step];
	bool increase = (same->asked->modes & CDPK_FUNNEL_STRICT_INCREASE) != 0;
	uint64_t after = item->after != 0 ? (uint64_t) item->after : increase;
	size_t place = 0;
	size_t kept = 0;

	for (size_t i = 0; i < events->count; i++)
	{
		SameEvent *event = &events->events[i];
		const SameEvent *before;

		while (place < former->count &&
			   (former->events[place].at > event->at ||
				(uint64_t) event->at - (uint64_t) former->events[place].at < after))
			place++;
		before = find_former(same, item, former, place, event, common);
		if (before == NULL ||
			(common && is_over(before->first, event->at, same->asked->sequence->whole)))
			continue;
		event->first = before->first;
		events->events[kept++] = *event;
	}
	events->count = kept;
}

/* Match so many steps, which the timeline reaches by the times alone. */
static CdpkStatus
match_steps(Same *same, unsigned steps, CdpkMatches *matches, bool *served)
{
	SameEvents both[2];
	CdpkStatus status;

	both[0].allocated = both[1].allocated = NULL;
	status = read_times(same, 0, same->range.first, &both[0], served);
	/* values of all first events are asked for only where others follow */
	if (status == CDPK_OK && *served)
		status = read_values(same, 0, steps > 1 ? EVENTS_MAX : 1, &both[0]);
	for (unsigned i = 1; status == CDPK_OK && *served && both[(i - 1) % 2].count > 0; i++)
	{
		const SameEvents *former = &both[(i - 1) % 2];
		SameEvents *events = &both[i % 2];

		matches->depth = i;
		if (i == steps)
			break;
		status = read_times(same, i, former->events[former->count - 1].at, events, served);
		if (status != CDPK_OK || !*served)
			break;
		keep_following(same, i, former, false, events);
		status = read_values(same, i, EVENTS_MAX, events);
		keep_following(same, i, former, true, events);
	}
	cdpk_release(same->allocator, both[0].allocated);
	cdpk_release(same->allocator, both[1].allocated);
	return status;
}

/* Return whether a sequence is one of different names with nothing but a value in common. */
static bool
can_serve(const CdpkAsked *asked, const CdpkSurvey *survey)
{
	const CdpkSequence *sequence = asked->sequence;

	return cdpk_asks_for_names(asked) && asked->wanted != CDPK_WANT_TIMES &&
		   asked->attempts == CDPK_ATTEMPTS_ALL && sequence->same.length > 0 &&
		   sequence->compared.length == 0 && sequence->session == 0 && survey->listed;
}

/* Return how many steps are read: up to the first of whose name there is no event. */
static unsigned
count_present(const CdpkSurvey *survey)
{
	unsigned steps = 0;

	while (steps < survey->count && survey->column[steps].count > 0)
		steps++;
	return steps;
}

CdpkStatus
cdpk_same_match(const CdpkAsked *asked, const CdpkSurvey *survey, CdpkTimeRange range,
				const CdpkAllocator *allocator, CdpkMatches *matches, bool *served)
{
	Same same;
	unsigned steps = asked->sequence->items;
	CdpkMatches by_time;
	CdpkMatches found;
	CdpkStatus status;

	*served = can_serve(asked, survey);
	if (!*served)
		return CDPK_OK;
	same.asked = asked;
	same.survey = survey;
	same.range = range;
	same.allocator = allocator;
	same.texts = NULL;
	/* a value that was left out matters wherever it is read */
	status = open_values(&same, count_present(survey), served);
	by_time = found = (CdpkMatches){0};
	if (status == CDPK_OK && *served)
		status = cdpk_columns_match(asked, &survey->timeline, range, allocator, &by_time);
	if (status == CDPK_OK && *served && by_time.depth > 0 &&
		(asked->wanted == CDPK_WANT_DEPTH || by_time.depth == steps))
		status = match_steps(&same, by_time.depth, &found, served);
	if (status == CDPK_OK && *served)
	{
		matches->depth = found.depth;
		matches->matched = found.depth == steps;
	}
	cdpk_release(allocator, same.texts);
	return status;
}
