/*
 * huge.h
 *		Memory for large tables: no 1 GB limit, and huge pages where the system has
 *		them.
 *
 * A table that is read at random costs a TLB miss for each read on pages of
 * 4 kB; on Linux we ask for 2 MB pages, and it is no error not to get them.
 */
#ifndef CDP_UTIL_HUGE_H
#define CDP_UTIL_HUGE_H

#include "core/cdpk.h"

/* An allocator for core/ whose memory lies in "context" and goes with it. */
extern CdpkAllocator cdp_huge_allocator(MemoryContext context);

#endif /* CDP_UTIL_HUGE_H */
