/*
 * timeline_compact.h
 *		From the open form of a timeline to the compact one.
 */
#ifndef CDPK_TIMELINE_COMPACT_H
#define CDPK_TIMELINE_COMPACT_H

#include "core/timeline/timeline_log.h"

/*
 * Make the compact form: "head" bytes for the caller to fill, then *length bytes.  The log stays
 * as it is.  CDPK_TOO_LONG: longer than CDPK_TIMELINE_SIZE_MAX, or too many different numbers.
 */
extern CdpkStatus cdpk_log_compact(const CdpkTimelineLog *log, const CdpkAllocator *allocator,
								   size_t head, uint8_t **result, size_t *length);

/*
 * Make the compact form; temporary memory comes from "scratch". "check" is called now and then;
 * it need not return if the allocators' memory is freed anyway.
 */
extern CdpkStatus cdpk_log_compact_checking(const CdpkTimelineLog *log,
											const CdpkAllocator *scratch,
											const CdpkAllocator *allocator, void (*check)(void),
											size_t head, uint8_t **result, size_t *length);

#endif /* CDPK_TIMELINE_COMPACT_H */
