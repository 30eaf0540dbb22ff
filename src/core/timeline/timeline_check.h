/*
 * timeline_check.h
 *		Whether bytes from anywhere are a timeline.
 */
#ifndef CDPK_TIMELINE_CHECK_H
#define CDPK_TIMELINE_CHECK_H

#include "core/base/cdpk.h"

/*
 * Return whether untrusted bytes are a compact timeline in the form that cdpk_log_compact
 * writes: every length is right, every time in range, and no other bytes stand for the same
 * events.
 */
extern CdpkStatus cdpk_timeline_check(const uint8_t *bytes, size_t length,
									  const CdpkAllocator *allocator);

#endif /* CDPK_TIMELINE_CHECK_H */
