/*
 * timeline_check.h
 *		Whether bytes from anywhere are a timeline.
 */
#ifndef CDPK_TIMELINE_CHECK_H
#define CDPK_TIMELINE_CHECK_H

#include "core/base/cdpk.h"

/*
 * Return whether bytes from anywhere are a compact timeline that we could have written: every length is
 * right, every time in range, and no other bytes would stand for the same events.
 */
extern CdpkStatus cdpk_timeline_check(const uint8_t *bytes, size_t length,
									  const CdpkAllocator *allocator);

#endif /* CDPK_TIMELINE_CHECK_H */
