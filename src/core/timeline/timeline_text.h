/*
 * timeline_text.h
 *		The text form of a timeline: a JSON object from event names to arrays of events.
 *
 * An event is its time, "2026-01-01T10:00:00Z", or an array of its time and an object of its
 * properties, ["2026-01-01T10:00:00Z", {"total": 40.5}], as property_text.h has it.  Printed are the
 * names in the order of their bytes, the events of each newest first, times as instant.h has them; read
 * is any order, and the same name again.
 */
#ifndef CDPK_TIMELINE_TEXT_H
#define CDPK_TIMELINE_TEXT_H

#include "core/timeline/timeline_log.h"

/* where and why a text is refused */
typedef struct CdpkTextProblem
{
	const char *words;
	size_t position; /* byte, from 1 */
} CdpkTextProblem;

/*
 * Append what a text says to a log.
 *
 * CDPK_INVALID: *problem says what is wrong.  CDPK_BAD_ENCODING: not UTF-8.  CDPK_TOO_LONG,
 * CDPK_OUT_OF_RANGE, CDPK_EMPTY: as cdpk_log_event and cdpk_decimal_parse, with *problem; CDPK_TOO_LONG
 * also where a limit of an event is exceeded: nothing is left out.
 */
extern CdpkStatus cdpk_timeline_parse(const char *text, size_t length,
									  const CdpkAllocator *allocator, CdpkTimelineLog **log,
									  CdpkTextProblem *problem);

/* Print the compact form, NUL-terminated. */
extern CdpkStatus cdpk_timeline_print(const uint8_t *bytes, size_t length,
									  const CdpkAllocator *allocator, char **text,
									  size_t *text_length);

#endif /* CDPK_TIMELINE_TEXT_H */
