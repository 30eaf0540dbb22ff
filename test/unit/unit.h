/*
 * unit.h
 *		The whole unit-test framework: CHECK prints a TAP line for what failed,
 *		TEST one for each test function.
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/cdpk.h"

static int unit_failures;
static int unit_failures_before;

#define CHECK(condition)                                             \
	do                                                               \
	{                                                                \
		if (!(condition))                                            \
		{                                                            \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition); \
			unit_failures++;                                         \
		}                                                            \
	} while (0)

#define TEST(function)                                                                           \
	do                                                                                           \
	{                                                                                            \
		unit_failures_before = unit_failures;                                                    \
		function();                                                                              \
		printf("%s - %s\n", unit_failures == unit_failures_before ? "ok" : "not ok", #function); \
	} while (0)

#define UNIT_EXIT() return unit_failures > 0

/* Reads how many random histories are tried, and the seed of the first: arguments, or CDPK_HISTORIES. */
static inline void
unit_read_histories(int argc, char **argv, uint64_t *histories, uint64_t *first_seed)
{
	const char *number = argc > 1 ? argv[1] : getenv("CDPK_HISTORIES");

	if (number != NULL)
		*histories = strtoull(number, NULL, 10);
	if (argc > 2)
		*first_seed = strtoull(argv[2], NULL, 10);
}

static inline void *
unit_allocate(void *context, size_t size)
{
	(void) context;
	return malloc(size ? size : 1);
}

static inline void
unit_release(void *context, void *pointer)
{
	(void) context;
	free(pointer);
}

static const CdpkAllocator unit_allocator = {unit_allocate, unit_release, NULL};

/* Memory that ends after so many allocations. */
typedef struct UnitScarce
{
	int64_t left;
} UnitScarce;

static inline void *
unit_scarce_allocate(void *context, size_t size)
{
	UnitScarce *scarce = context;

	return scarce->left-- > 0 ? malloc(size ? size : 1) : NULL;
}

/* A small deterministic generator (splitmix64), for random tests. */
static inline uint64_t
unit_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* not every test uses every helper */
static inline void
unit_use_all(void)
{
	(void) unit_allocator;
	(void) unit_failures_before;
}

#endif /* UNIT_H */
