/*
 * sort.c
 *		A natural merge sort.
 */
#include <string.h>

#include "core/base/sort.h"

/* Reverse a run. */
static void
reverse(CdpkTimed *items, size_t count)
{
	for (size_t i = 0; i < count / 2; i++)
	{
		CdpkTimed item = items[i];

		items[i] = items[count - 1 - i];
		items[count - 1 - i] = item;
	}
}

/* Return how many items from the start on are in order. */
static size_t
run_length(const CdpkTimed *items, size_t count, CdpkCompare compare, const void *context)
{
	size_t length = 1;

	while (length < count && compare(&items[length - 1], &items[length], context) <= 0)
		length++;
	return length;
}

/* Reverse each run that is not ascending as far as it descends. */
static void
turn_descending_runs(CdpkTimed *items, size_t count, CdpkCompare compare, const void *context)
{
	size_t start = 0;

	while (start < count)
	{
		size_t length = run_length(items + start, count - start, compare, context);

		if (length == 1)
		{
			while (start + length < count &&
				   compare(&items[start + length - 1], &items[start + length], context) >= 0)
				length++;
			reverse(items + start, length);
		}
		start += length;
	}
}

/* Bring two neighbouring runs of items into order in result. */
static void
merge(const CdpkTimed *items, size_t middle, size_t count, CdpkTimed *result, CdpkCompare compare,
	  const void *context)
{
	size_t left = 0;
	size_t right = middle;

	for (size_t i = 0; i < count; i++)
	{
		if (left < middle && (right == count || compare(&items[left], &items[right], context) <= 0))
			result[i] = items[left++];
		else
			result[i] = items[right++];
	}
}

/* Merge neighbouring runs in pairs; return whether one run was all there was. */
static bool
merge_pairs(const CdpkTimed *items, size_t count, CdpkTimed *result, CdpkCompare compare,
			const void *context)
{
	size_t start = 0;

	while (start < count)
	{
		size_t middle = run_length(items + start, count - start, compare, context);
		size_t length;

		if (middle == count)
			return true;
		length = middle +
				 (start + middle < count
					  ? run_length(items + start + middle, count - start - middle, compare, context)
					  : 0);
		merge(items + start, middle, length, result + start, compare, context);
		start += length;
	}
	return false;
}

void
cdpk_sort(CdpkTimed *items, size_t count, CdpkTimed *scratch, CdpkCompare compare,
		  const void *context)
{
	CdpkTimed *from = items;
	CdpkTimed *to = scratch;

	if (count < 2)
		return;
	turn_descending_runs(items, count, compare, context);
	while (!merge_pairs(from, count, to, compare, context))
	{
		CdpkTimed *other = from;

		from = to;
		to = other;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(CdpkTimed));
}

/* Order by time alone. */
int
cdpk_oldest_first(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	(void) context;
	return (a->at > b->at) - (a->at < b->at);
}
