/*
 * measure.h
 *		What the numbers of a column's events amount to in a time range: sum, smallest, largest, all values.
 */
#ifndef CDPK_MEASURE_H
#define CDPK_MEASURE_H

#include "core/timeline/time_range.h"

/*
 * An exact sum of decimals, whatever their order.  Those of one scale are summed up in two words,
 * high * 2^32 + low, which the events of one timeline cannot overflow.
 */
typedef struct CdpkSum
{
	uint64_t count;
	uint32_t scales; /* a bit for each scale that occurs */
	int64_t high[CDPK_SCALE_MAX + 1];
	int64_t low[CDPK_SCALE_MAX + 1];
} CdpkSum;

/* Sum up a number over the column's events in a time range that have it; moves both on. */
extern CdpkStatus cdpk_measure_sum(CdpkTimeRange range, CdpkColumn *column,
								   CdpkNumberColumn *number, CdpkSum *sum);

/* Find the largest value, or the smallest; *found is false if no event has one. */
extern CdpkStatus cdpk_measure_extreme(CdpkTimeRange range, CdpkColumn *column,
									   CdpkNumberColumn *number, bool largest, bool *found,
									   CdpkDecimal *extreme);

/* Read the values, newest first; there is room for all of the column's events. */
extern CdpkStatus cdpk_measure_values(CdpkTimeRange range, CdpkColumn *column,
									  CdpkNumberColumn *number, CdpkDecimal *values, size_t *count);

#endif /* CDPK_MEASURE_H */
