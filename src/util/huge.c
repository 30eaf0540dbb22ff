/*
 * huge.c
 *		Memory for large tables: no 1 GB limit, and huge pages where the system has
 *		them.
 */
#include "postgres.h"

#include <sys/mman.h>

#include "util/huge.h"
#include "utils/memutils.h"

#define HUGE_PAGE ((uintptr_t) 2 * 1024 * 1024)

/* Allocates from the context, and asks for huge pages for the whole ones that lie inside. */
static void *
huge_allocate(void *context, size_t size)
{
	void *memory = MemoryContextAllocHuge((MemoryContext) context, size);
#ifdef MADV_HUGEPAGE
	uintptr_t start = ((uintptr_t) memory + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	uintptr_t end = ((uintptr_t) memory + size) & ~(HUGE_PAGE - 1);

	/* advice only: the result does not matter */
	if (start < end)
		(void) madvise((void *) start, end - start, MADV_HUGEPAGE);
#endif
	return memory;
}

static void
huge_release(void *context, void *pointer)
{
	pfree(pointer);
}

CdpkAllocator
cdp_huge_allocator(MemoryContext context)
{
	CdpkAllocator allocator = {huge_allocate, huge_release, context};

	return allocator;
}
