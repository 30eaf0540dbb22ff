/*
 * measure.h
 *		What the numbers of a column's events amount to in a time range: sum, smallest, largest.
 */
#ifndef CDPK_MEASURE_H
#define CDPK_MEASURE_H

#include "core/base/buffer.h"
#include "core/timeline/property.h"
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

/* Add a number to a sum, which is all zeros before the first. */
static inline void
cdpk_sum_add(CdpkSum *sum, CdpkDecimal number)
{
	int64_t low = number.mantissa & INT64_C(0xffffffff);

	sum->count++;
	sum->scales |= UINT32_C(1) << number.scale;
	sum->high[number.scale] += (number.mantissa - low) / (INT64_C(1) << 32);
	sum->low[number.scale] += low;
}

/* A property of a column whose numbers are measured. */
typedef struct CdpkMeasured
{
	CdpkColumn column;
	CdpkProperty property;
	const CdpkName *texts; /* of cdpk_property_texts, where the property may have texts */
	CdpkTimeRange range;
	unsigned left; /* values of the present event */
	int64_t at;    /* its time */
	/* whether an event, by its place in the column, is measured; NULL: each is */
	CdpkStatus (*selects)(void *context, uint64_t event, bool *selected);
	void *context;
} CdpkMeasured;

/*
 * Add up the numbers of the events in a time range, also texts that are numbers; each value counts.
 * Moves on.  The sum is all zeros before the first column.
 */
extern CdpkStatus cdpk_measure_sum(CdpkMeasured *measured, CdpkSum *sum);

/* Find the largest value, or the smallest; *found is false before the first value. */
extern CdpkStatus cdpk_measure_extreme(CdpkMeasured *measured, bool largest, bool *found,
									   CdpkDecimal *extreme);

/* Append the values, each a CdpkDecimal, newest first, to a buffer. */
extern CdpkStatus cdpk_measure_values(CdpkMeasured *measured, CdpkBuffer *values);

#endif /* CDPK_MEASURE_H */
