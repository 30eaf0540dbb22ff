/*
 * step_events.h
 *		What a step selects in a timeline.
 */
#ifndef CDPK_STEP_EVENTS_H
#define CDPK_STEP_EVENTS_H

#include "core/sequence/step_filter.h"
#include "core/timeline/time_range.h"

/* The events of a step in a time range, column by column. */
typedef struct CdpkStepEvents
{
	const CdpkStep *step;
	const CdpkAllocator *allocator;
	CdpkTimeline passage;
	CdpkTimeRange range;
	unsigned next; /* the alternative to look for next, where each has a name */
	CdpkStatus status;
	bool opened;   /* the properties */
	bool filtered; /* the filter is that of the column */
	CdpkProperties properties;
	CdpkName *texts;
	CdpkColumn column; /* the present one */
	uint64_t event;    /* the place of the last event in it */
	bool unknown;      /* whether it is not known whether that event satisfies the step */
	CdpkStepFilter filter;
} CdpkStepEvents;

/* Start reading; the step must outlive it. */
extern void cdpk_step_events(const CdpkStep *step, const CdpkTimeline *timeline,
							 CdpkTimeRange range, const CdpkAllocator *allocator,
							 CdpkStepEvents *events);

/* Move to the next column that has the name of an alternative; false at the end, or on an error. */
extern bool cdpk_step_next_column(CdpkStepEvents *events);

/*
 * Prepare events->filter for the column, as cdpk_step_next_event does at the first event in the time
 * range, and open the properties; false on an error.
 */
extern bool cdpk_step_open_filter(CdpkStepEvents *events);

/*
 * Return the next event of the column in the time range that satisfies the step or may, newest
 * first; false at the end, or on an error.
 */
extern bool cdpk_step_next_event(CdpkStepEvents *events, int64_t *at);

/* End it, and return what was wrong. */
extern CdpkStatus cdpk_step_close(CdpkStepEvents *events);

/* How many events there are at least and at most: they differ where values were left out. */
typedef struct CdpkStepCount
{
	uint64_t least;
	uint64_t most;
} CdpkStepCount;

/*
 * Count the events of a step in a time range, until there are "enough" at least.  If there cannot be as many as
 * are needed, only that is found.
 */
extern CdpkStatus cdpk_step_count(const CdpkStep *step, const CdpkTimeline *timeline,
								  CdpkTimeRange range, uint64_t needed, uint64_t enough,
								  const CdpkAllocator *allocator, CdpkStepCount *count);

/* The earliest and the latest of these events. */
typedef struct CdpkStepExtremes
{
	bool found;
	int64_t oldest;
	int64_t newest;
	/* where values were left out, other events may be earlier and later */
	bool unknown;
	int64_t unknown_oldest;
	int64_t unknown_newest;
} CdpkStepExtremes;

extern CdpkStatus cdpk_step_extremes(const CdpkStep *step, const CdpkTimeline *timeline,
									 CdpkTimeRange range, const CdpkAllocator *allocator,
									 CdpkStepExtremes *extremes);

/*
 * Return the events of a step in a time range, and those of which it is not known, as one column
 * with times only; its count is 0 if there are none.  *unknown: whether it has such events.  *memory
 * is released by the caller.  A plain step's column is that of the timeline, with all times.
 */
extern CdpkStatus cdpk_step_column(const CdpkStep *step, const CdpkTimeline *timeline,
								   CdpkTimeRange range, const CdpkAllocator *allocator,
								   CdpkColumn *column, bool *unknown, void **memory);

#endif /* CDPK_STEP_EVENTS_H */
