/*
 * timeline_merge.h
 *		Two timelines in their compact form as one, without the detour of the open form.
 */
#ifndef CDPK_TIMELINE_MERGE_H
#define CDPK_TIMELINE_MERGE_H

#include "core/timeline/timeline.h"

/*
 * Make the timeline with the events of both: "head" bytes for the caller to fill, then *length
 * bytes, the same as cdpk_log_compact would make of these events.  What is needed on the way comes
 * from "scratch".
 *
 * Where the events of a name in the one are all later than those in the other, as after an append,
 * the earlier ones are copied without being read.  So corrupt bytes may be found only by a
 * later reader of the result.
 *
 * CDPK_CORRUPT, CDPK_UNKNOWN_VERSION: of one of the two.  CDPK_TOO_LONG: the result would be larger
 * than CDPK_TIMELINE_SIZE_MAX, or an event name would have more than CDPK_NUMBERS_MAX numbers.
 */
extern CdpkStatus cdpk_timeline_merge(const uint8_t *a, size_t a_length, const uint8_t *b,
									  size_t b_length, const CdpkAllocator *scratch,
									  const CdpkAllocator *allocator, size_t head, uint8_t **result,
									  size_t *length);

#endif /* CDPK_TIMELINE_MERGE_H */
