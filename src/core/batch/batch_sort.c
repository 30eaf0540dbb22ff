/*
 * batch_sort.c
 *		A radix sort from the lowest byte up, which leaves out bytes that all keys have in common.
 *
 * Strings are sorted eight bytes at a time; what is equal in these is sorted by the next eight.
 * After a few of such steps what is equal still is merged, so that long prefixes in common do not
 * make the depth of the recursion.
 */
#include "core/batch/batch_sort.h"

#include <string.h>

#define FEW_ITEMS 32     /* sorted by insertion */
#define PREFIX_STEPS 4   /* of eight bytes */
#define DIGIT_VALUES 256 /* of a byte */

static void
insertion_sort(BatchItem *items, size_t count)
{
	for (size_t i = 1; i < count; i++)
	{
		BatchItem item = items[i];
		size_t at = i;

		for (; at > 0 && items[at - 1].key > item.key; at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

/* Distribute items by one byte of their keys. */
static void
sort_by_byte(const BatchItem *from, BatchItem *to, size_t count, unsigned shift)
{
	size_t places[DIGIT_VALUES] = {0};
	size_t place = 0;

	for (size_t i = 0; i < count; i++)
		places[from[i].key >> shift & 0xff]++;
	for (unsigned digit = 0; digit < DIGIT_VALUES; digit++)
	{
		size_t number = places[digit];

		places[digit] = place;
		place += number;
	}
	for (size_t i = 0; i < count; i++)
		to[places[from[i].key >> shift & 0xff]++] = from[i];
}

void
batch_sort(BatchItem *items, BatchItem *scratch, size_t count)
{
	uint64_t differing = 0;
	bool sorted = true;
	BatchItem *from = items;
	BatchItem *to = scratch;

	if (count <= FEW_ITEMS)
	{
		insertion_sort(items, count);
		return;
	}
	for (size_t i = 1; i < count; i++)
	{
		differing |= items[i].key ^ items[0].key;
		sorted &= items[i - 1].key <= items[i].key;
	}
	if (sorted)
		return;
	for (unsigned shift = 0; shift < 64; shift += 8)
	{
		BatchItem *swap = from;

		if ((differing >> shift & 0xff) == 0)
			continue;
		sort_by_byte(from, to, count, shift);
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(BatchItem));
}

uint64_t
batch_prefix(const uint8_t *bytes, size_t length)
{
	uint64_t key = 0;

	for (size_t i = 0; i < sizeof(key); i++)
		key = key << 8 | (i < length ? bytes[i] : 0);
	return key;
}

int
batch_compare_bytes(const CdpkBatchBytes *a, const CdpkBatchBytes *b)
{
	uint32_t shorter = a->length < b->length ? a->length : b->length;
	int order = shorter > 0 ? memcmp(a->bytes, b->bytes, shorter) : 0;

	return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* Merge two runs of strings that begin at items and at items + middle. */
static void
merge_strings(BatchItem *items, BatchItem *scratch, size_t middle, size_t count,
			  const CdpkBatchBytes *strings)
{
	size_t left = 0;
	size_t right = middle;

	memcpy(scratch, items, count * sizeof(BatchItem));
	for (size_t at = 0; at < count; at++)
		if (left < middle &&
			(right == count || batch_compare_bytes(&strings[scratch[left].value],
												   &strings[scratch[right].value]) <= 0))
			items[at] = scratch[left++];
		else
			items[at] = scratch[right++];
}

/* Sort by whole strings: a merge sort from the bottom up. */
static void
merge_sort_strings(BatchItem *items, BatchItem *scratch, size_t count,
				   const CdpkBatchBytes *strings)
{
	for (size_t run = 1; run < count; run *= 2)
		for (size_t start = 0; start + run < count; start += 2 * run)
		{
			size_t end = start + 2 * run < count ? start + 2 * run : count;

			if (batch_compare_bytes(&strings[items[start + run - 1].value],
									&strings[items[start + run].value]) > 0)
				merge_strings(items + start, scratch, run, end - start, strings);
		}
}

/* Sort strings that agree in the bytes before "depth". */
static void
sort_from(BatchItem *items, BatchItem *scratch, size_t count, const CdpkBatchBytes *strings,
		  uint32_t depth)
{
	if (count <= FEW_ITEMS || depth >= PREFIX_STEPS * sizeof(uint64_t))
	{
		merge_sort_strings(items, scratch, count, strings);
		return;
	}
	for (size_t i = 0; i < count; i++)
	{
		const CdpkBatchBytes *string = &strings[items[i].value];

		items[i].key = string->length > depth
						   ? batch_prefix(string->bytes + depth, string->length - depth)
						   : 0;
	}
	batch_sort(items, scratch, count);
	for (size_t start = 0, end; start < count; start = end)
	{
		for (end = start + 1; end < count && items[end].key == items[start].key;)
			end++;
		if (end - start > 1)
			sort_from(items + start, scratch, end - start, strings,
					  depth + (uint32_t) sizeof(uint64_t));
	}
}

void
batch_sort_strings(BatchItem *items, BatchItem *scratch, size_t count,
				   const CdpkBatchBytes *strings)
{
	sort_from(items, scratch, count, strings, 0);
}
