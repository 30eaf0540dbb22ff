/*
 * huge.c
 *		Scratch memory for large tables: no 1 GB limit, and huge pages where the
 *		system has them.
 */
#include "postgres.h"

#include <sys/mman.h>

#include "toolkit/bridge/huge.h"
#include "utils/memutils.h"

#define HUGE_PAGE ((size_t) 2 * 1024 * 1024)

/* one mapping; the list is short, because tables grow by doubling */
typedef struct Mapping
{
	struct Mapping *next;
	void *start;
	size_t size;
} Mapping;

typedef struct Pool
{
	MemoryContext context;
	Mapping *mappings;
	MemoryContextCallback callback;
} Pool;

/* Unmap all mappings when their context is reset or deleted. */
static void
pool_reset(void *argument)
{
	Pool *pool = (Pool *) argument;

	for (Mapping *mapping = pool->mappings; mapping != NULL; mapping = mapping->next)
		munmap(mapping->start, mapping->size);
	pool->mappings = NULL;
}

#ifdef MADV_HUGEPAGE

/* Map whole huge pages at a boundary of one: more than is needed, less what lies outside. */
static void *
map_aligned(size_t size)
{
	char *start =
		mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *aligned;

	if (start == MAP_FAILED)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
						errdetail("Failed on request of size %zu.", size)));
	aligned = (char *) TYPEALIGN(HUGE_PAGE, start);
	if (aligned > start)
		munmap(start, aligned - start);
	if (aligned < start + HUGE_PAGE)
		munmap(aligned + size, start + HUGE_PAGE - aligned);
	/* advice only: the result does not matter */
	(void) madvise(aligned, size, MADV_HUGEPAGE);
	return aligned;
}

static void *
pool_allocate(void *argument, size_t size)
{
	Pool *pool = (Pool *) argument;
	Mapping *mapping;

	if (size < HUGE_PAGE)
		return MemoryContextAlloc(pool->context, size);
	if (size > MaxAllocHugeSize - HUGE_PAGE)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("invalid memory request of size %zu", size)));
	mapping = MemoryContextAlloc(pool->context, sizeof(Mapping));
	mapping->size = TYPEALIGN(HUGE_PAGE, size);
	mapping->start = map_aligned(mapping->size);
	mapping->next = pool->mappings;
	pool->mappings = mapping;
	return mapping->start;
}

#else

static void *
pool_allocate(void *argument, size_t size)
{
	return MemoryContextAllocHuge(((Pool *) argument)->context, size);
}

#endif

static void
pool_release(void *argument, void *pointer)
{
	Pool *pool = (Pool *) argument;

	for (Mapping **link = &pool->mappings; *link != NULL; link = &(*link)->next)
	{
		Mapping *mapping = *link;

		if (mapping->start != pointer)
			continue;
		*link = mapping->next;
		munmap(mapping->start, mapping->size);
		pfree(mapping);
		return;
	}
	pfree(pointer);
}

CdpkAllocator
cdp_huge_scratch(MemoryContext context)
{
	Pool *pool = MemoryContextAllocZero(context, sizeof(Pool));
	CdpkAllocator allocator = {pool_allocate, pool_release, pool};

	pool->context = context;
	pool->callback.func = pool_reset;
	pool->callback.arg = pool;
	MemoryContextRegisterResetCallback(context, &pool->callback);
	return allocator;
}
