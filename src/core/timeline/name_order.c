/*
 * name_order.c
 *		The order of names: see the header.
 */
#include "core/timeline/name_order.h"

/* up to so many names are put in order one by one */
#define FEW 32

/* What is put in order. */
typedef struct Names
{
	const uint8_t *names;
	size_t bytes;
} Names;

/* Compare the names at two places. */
static inline int
compare(const Names *names, uint32_t a, uint32_t b)
{
	const CdpkName *left = (const CdpkName *) (names->names + a * names->bytes);
	const CdpkName *right = (const CdpkName *) (names->names + b * names->bytes);

	return cdpk_compare_bytes(left->text, left->length, right->text, right->length);
}

/* Put a few places in order. */
static void
order_few(const Names *names, uint32_t *order, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
	{
		uint32_t place = order[i];
		uint32_t at = i;

		for (; at > 0 && compare(names, order[at - 1], place) > 0; at--)
			order[at] = order[at - 1];
		order[at] = place;
	}
}

/* Restore the heap below a node: order[] is heap-sorted, for it has no order to use. */
static void
sift_down(const Names *names, uint32_t *order, uint32_t node, uint32_t count)
{
	for (uint32_t child = 2 * node + 1; child < count; child = 2 * node + 1)
	{
		uint32_t place = order[node];

		if (child + 1 < count && compare(names, order[child], order[child + 1]) < 0)
			child++;
		if (compare(names, place, order[child]) >= 0)
			return;
		order[node] = order[child];
		order[child] = place;
		node = child;
	}
}

void
cdpk_order_names(const void *names, size_t bytes, uint32_t *order, uint32_t count)
{
	Names all = {names, bytes};

	if (count <= FEW)
	{
		order_few(&all, order, count);
		return;
	}
	for (uint32_t i = count / 2; i-- > 0;)
		sift_down(&all, order, i, count);
	for (uint32_t end = count; end-- > 1;)
	{
		uint32_t last = order[end];

		order[end] = order[0];
		order[0] = last;
		sift_down(&all, order, 0, end);
	}
}
