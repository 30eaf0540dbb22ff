/*
 * step_filter.h
 *		What a step selects in a timeline.
 */
#ifndef CDPK_STEP_FILTER_H
#define CDPK_STEP_FILTER_H

#include "core/sequence/step.h"
#include "core/timeline/time_range.h"

/* A property that conditions ask for, as the events of one column have it. */
typedef struct CdpkStepProperty
{
	CdpkName name;
	bool found; /* whether any event has it */
	CdpkNumberColumn number;
	uint64_t next; /* the event to read next; what follows is of the one before */
	bool present;
	CdpkDecimal value;
} CdpkStepProperty;

/* A step's conditions on the events of one column. */
typedef struct CdpkStepFilter
{
	bool all;       /* each event satisfies the step */
	unsigned count; /* of the alternatives that ask for such events */
	const CdpkAlternative *alternatives[CDPK_STEP_ALTERNATIVES_MAX];
	unsigned property_count;
	CdpkStepProperty properties[CDPK_STEP_CONDITIONS_MAX];
} CdpkStepFilter;

/* Return whether a step asks for events of a name, whatever their properties. */
extern bool cdpk_step_names(const CdpkStep *step, const char *name, size_t length);

/* Return whether two steps may ask for events of the same name. */
extern bool cdpk_steps_meet(const CdpkStep *a, const CdpkStep *b);

/* Prepare a step's conditions on a column; without any alternative for it, filter->count is 0. */
extern CdpkStatus cdpk_step_filter(const CdpkStep *step, const CdpkTimeline *timeline,
								   const CdpkColumn *column, CdpkStepFilter *filter);

/* Find whether an event of the column satisfies the step; events come in their order. */
extern CdpkStatus cdpk_step_filter_event(CdpkStepFilter *filter, uint64_t event, bool *holds);

/* ---------------------------------------------------------------- all events of a step */

/* The events of a step in a time range, column by column. */
typedef struct CdpkStepEvents
{
	const CdpkStep *step;
	const CdpkTimeline *timeline;
	CdpkTimeline passage;
	CdpkTimeRange range;
	bool done;
	CdpkStatus status;
	CdpkColumn column; /* the present one */
	uint64_t event;    /* the place of the last event in it */
	CdpkStepFilter filter;
} CdpkStepEvents;

/* Start reading; both must outlive it. */
extern void cdpk_step_events(const CdpkStep *step, const CdpkTimeline *timeline,
							 CdpkTimeRange range, CdpkStepEvents *events);

/* Move to the next column that has the name of an alternative; false at the end, or on an error. */
extern bool cdpk_step_next_column(CdpkStepEvents *events);

/* Return the next event of the column in the time range, newest first; false at the end, or on an
 * error. */
extern bool cdpk_step_next_event(CdpkStepEvents *events, int64_t *at);

/* Count the events of a step in a time range, up to "enough". */
extern CdpkStatus cdpk_step_count(const CdpkStep *step, const CdpkTimeline *timeline,
								  CdpkTimeRange range, uint64_t enough, uint64_t *count);

/* Find its earliest and its latest event. */
extern CdpkStatus cdpk_step_extremes(const CdpkStep *step, const CdpkTimeline *timeline,
									 CdpkTimeRange range, bool *found, int64_t *oldest,
									 int64_t *newest);

/*
 * Return all events of a step, and no others, as one column with times only.  column->count is 0 if
 * there are none.  *memory is released by the caller; NULL for a plain step.
 */
extern CdpkStatus cdpk_step_column(const CdpkStep *step, const CdpkTimeline *timeline,
								   const CdpkAllocator *allocator, CdpkColumn *column,
								   void **memory);

#endif /* CDPK_STEP_FILTER_H */
