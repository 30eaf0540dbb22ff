/*
 * fuzz.h
 *		What the harnesses share: memory from malloc, so that the sanitizer sees each piece.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdlib.h>

#include "core/base/cdpk.h"

static void *
fuzz_allocate(void *context, size_t size)
{
	(void) context;
	return malloc(size);
}

static void
fuzz_release(void *context, void *pointer)
{
	(void) context;
	free(pointer);
}

static const CdpkAllocator fuzz_allocator = {fuzz_allocate, fuzz_release, NULL};

#endif /* FUZZ_H */
