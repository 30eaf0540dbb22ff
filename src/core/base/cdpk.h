/*
 * cdpk.h
 *		What all of core/ shares: result codes and the allocator.
 *
 * core/ is plain C11: no postgres.h, no globals that change, no I/O.  A function
 * that can fail returns a CdpkStatus; callers on the server's side turn it into
 * an ereport (toolkit/bridge/status.h), unit tests and fuzzers look at it.
 */
#ifndef CDPK_H
#define CDPK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum CdpkStatus
{
	CDPK_OK = 0,
	CDPK_OUT_OF_MEMORY,   /* the allocator gave NULL */
	CDPK_CORRUPT,         /* bytes that no encoder of ours wrote */
	CDPK_UNKNOWN_VERSION, /* the version byte of a later release */
	CDPK_INVALID,         /* text that is not of the form asked for */
	CDPK_EMPTY,           /* nothing but white space */
	CDPK_TOO_LONG,        /* over a documented limit */
	CDPK_OUT_OF_RANGE,    /* a number or time that does not fit */
	CDPK_BAD_ENCODING,    /* not UTF-8, or a NUL */
	CDPK_UNSUPPORTED      /* right, but this build cannot do it */
} CdpkStatus;

/* where and why a text is refused */
typedef struct CdpkTextProblem
{
	const char *words;
	size_t position; /* byte, from 1 */
} CdpkTextProblem;

/*
 * Maximum size of an aggregate's state: rows and messages hold at most 1 GB, and its
 * hexadecimal text is twice as long.
 */
#define CDPK_STATE_MAX (UINT32_C(1) << 29)

/*
 * Return how large a block to allocate for "need" bytes: "first" bytes, doubled until they are enough;
 * 0 if that is more than CDPK_STATE_MAX.
 */
static inline uint32_t
cdpk_state_size(uint64_t first, uint64_t need)
{
	if (need > CDPK_STATE_MAX)
		return 0;
	while (first < need)
		first *= 2;
	return first < CDPK_STATE_MAX ? (uint32_t) first : CDPK_STATE_MAX;
}

/* maximum size of a text, its NUL included */
#define CDPK_TEXT_MAX UINT32_C(0x3fffffff)

/*
 * Memory comes from the caller: palloc in a backend (which does not return on failure), malloc
 * in tests. release may be NULL where all is freed at once.
 *
 * An allocator that is called scratch may be another one: nothing allocated from it leaves the
 * function.
 */
typedef struct CdpkAllocator
{
	void *(*allocate)(void *context, size_t size);
	void (*release)(void *context, void *pointer);
	void *context;
} CdpkAllocator;

static inline void *
cdpk_allocate(const CdpkAllocator *allocator, size_t size)
{
	return allocator->allocate(allocator->context, size);
}

static inline void
cdpk_release(const CdpkAllocator *allocator, void *pointer)
{
	if (pointer != NULL && allocator->release != NULL)
		allocator->release(allocator->context, pointer);
}

#endif /* CDPK_H */
