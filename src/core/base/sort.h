/*
 * sort.h
 *		A natural merge sort: linear where the input consists of a few ascending or descending
 *		runs, as histories do, and O(n log n) always.
 */
#ifndef CDPK_SORT_H
#define CDPK_SORT_H

#include "core/base/cdpk.h"

/* What is sorted: a time, and what belongs to it. */
typedef struct CdpkTimed
{
	int64_t at;
	uint32_t value;
} CdpkTimed;

/* less than, equal to or greater than 0, as in qsort */
typedef int (*CdpkCompare)(const CdpkTimed *a, const CdpkTimed *b, const void *context);

/* Sort items in place; scratch has room for as many.  Equal items may change places. */
extern void cdpk_sort(CdpkTimed *items, size_t count, CdpkTimed *scratch, CdpkCompare compare,
					  const void *context);

/* Order by time alone, oldest first. */
extern int cdpk_oldest_first(const CdpkTimed *a, const CdpkTimed *b, const void *context);

#endif /* CDPK_SORT_H */
