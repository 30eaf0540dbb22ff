/*
 * huge.h
 *		Scratch memory for large tables: no 1 GB limit, and huge pages where the
 *		system has them.
 *
 * A table that is read at random costs a TLB miss for each read on pages of 4 kB.
 * So on Linux what is 2 MB or larger is mapped at a 2 MB boundary, and huge pages
 * are asked for; it is no error not to get them.
 */
#ifndef CDP_UTIL_HUGE_H
#define CDP_UTIL_HUGE_H

#include "core/base/cdpk.h"

/*
 * Return an allocator for core/ whose memory goes with "context" at the latest, also on
 * an error.  Small pieces are palloc'ed there.  It raises an error where memory
 * runs out.
 *
 * Scratch only: a large piece is no palloc chunk, and the executor, which looks
 * at what stands before a value, must never see one.  What leaves a function
 * comes from the allocators of toolkit/bridge/status.h, and is made a value by
 * cdp_varlena(), which checks that.
 */
extern CdpkAllocator cdp_huge_scratch(MemoryContext context);

#endif /* CDP_UTIL_HUGE_H */
