/*
 * timeline.h
 *		The type cdp.timeline for the functions that read it.
 */
#ifndef CDP_TIMELINE_H
#define CDP_TIMELINE_H

#include "fmgr.h"

#include "compat.h"
#include "core/timeline/timeline.h"
#include "core/timeline/timeline_log.h"

/* a varlena whose content is the compact form or, in aggregates, a whole log (timeline_log.h) */
typedef struct varlena Timeline;

#define PG_GETARG_TIMELINE_PP(n) ((Timeline *) PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(n)))

/* Return the bytes of the compact form, made if the value is in the open form. */
extern const uint8_t *timeline_bytes(Timeline *timeline, size_t *length);

/* bytes before a timeline to prefetch while it is read: a row or two */
#define TIMELINE_AHEAD 512
#define TIMELINE_CACHE_LINE 64

/*
 * Return the bytes of an argument; most timelines are short. Rows written one after the other
 * stand on a page in descending order, so a scan will next read what lies before this timeline.
 * Scans of timelines mostly wait for memory; prefetching it makes them a quarter faster, and
 * does no harm if the guess is wrong.
 */
static inline const uint8_t *
timeline_get_bytes(FunctionCallInfo fcinfo, int argument, size_t *length)
{
	Timeline *timeline = (Timeline *) PG_GETARG_POINTER(argument);

	for (uintptr_t ahead = TIMELINE_CACHE_LINE; ahead <= TIMELINE_AHEAD;
		 ahead += TIMELINE_CACHE_LINE)
		__builtin_prefetch((const void *) ((uintptr_t) timeline - ahead));
	if (!VARATT_IS_SHORT(timeline) || VARATT_IS_EXTERNAL(timeline))
		return timeline_bytes(PG_GETARG_TIMELINE_PP(argument), length);
	*length = VARSIZE_SHORT(timeline) - VARHDRSZ_SHORT;
	return (const uint8_t *) VARDATA_SHORT(timeline);
}

/* Start reading a timeline; raises an error where its bytes are corrupt. */
extern void timeline_open(Timeline *timeline, CdpkTimeline *result);

extern void timeline_corrupt(CdpkStatus status) __attribute__((noreturn));

/* Raise the error that reading a timeline ended with. */
static inline void
timeline_check(CdpkStatus status)
{
	if (status != CDPK_OK)
		timeline_corrupt(status);
}

/* Return the timeline with the events of all that are not null, NULL if all are; one alone is not copied. */
extern Timeline *timeline_whole(const Datum *parts, const bool *nulls, int count);

/* Return a new timeline with the events of a log. */
extern Timeline *timeline_from_log(const CdpkTimelineLog *log);

/* Append a timeline in either form to a log; raises an error where its bytes are corrupt. */
extern void timeline_append(CdpkTimelineLog **log, const CdpkAllocator *allocator,
							Timeline *timeline);

/* Raise the error for an event that a log refused; name is what it was called. */
extern void timeline_refuse_event(CdpkStatus status, const char *name, size_t length)
	__attribute__((noreturn));

#endif /* CDP_TIMELINE_H */
