/*
 * batch_sort.h
 *		Sorts for arrays of a batch: by numbers of 64 bits, and by byte strings.
 */
#ifndef CDPK_BATCH_SORT_H
#define CDPK_BATCH_SORT_H

#include "core/batch/batch_types.h"

typedef struct BatchItem
{
	uint64_t key;
	uint32_t value;
} BatchItem;

/* Turn a signed number into a key of the same order. */
static inline uint64_t
batch_signed_key(int64_t number)
{
	return (uint64_t) number ^ (UINT64_C(1) << 63);
}

/* Sort by key; items with equal keys stay in their order.  Scratch has room for as many. */
extern void batch_sort(BatchItem *items, BatchItem *scratch, size_t count);

/*
 * Sort by strings[value] in the order of their bytes; a string before all that it begins.
 * Keys are overwritten; equal strings stay in their order.
 */
extern void batch_sort_strings(BatchItem *items, BatchItem *scratch, size_t count,
							   const CdpkBatchBytes *strings);

/* Return the order of two strings by bytes. */
extern int batch_compare_bytes(const CdpkBatchBytes *a, const CdpkBatchBytes *b);

/* Read up to eight bytes as a number whose order is that of the bytes. */
extern uint64_t batch_prefix(const uint8_t *bytes, size_t length);

#endif /* CDPK_BATCH_SORT_H */
