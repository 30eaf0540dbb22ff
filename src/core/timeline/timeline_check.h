/*
 * timeline_check.h
 *		Whether bytes from anywhere are a timeline.
 */
#ifndef CDPK_TIMELINE_CHECK_H
#define CDPK_TIMELINE_CHECK_H

#include "core/base/cdpk.h"
#include "core/timeline/timeline.h"

/*
 * Return whether untrusted bytes are a compact timeline in the form that cdpk_log_compact
 * writes: every length is right, every time in range, and no other bytes stand for the same
 * events.  Of old bytes, which are not written any more, that they can be read.
 */
extern CdpkStatus cdpk_timeline_check(const uint8_t *bytes, size_t length,
									  const CdpkAllocator *allocator);

/*
 * Make the present form of a compact timeline of any version: "head" bytes for the caller to fill, then
 * *again_length bytes.
 */
extern CdpkStatus cdpk_timeline_rewrite(const uint8_t *bytes, size_t length,
										const CdpkAllocator *scratch,
										const CdpkAllocator *allocator, size_t head,
										uint8_t **again, size_t *again_length);

#endif /* CDPK_TIMELINE_CHECK_H */
