/*
 * unionfind.h
 *		A partition of the nodes 0 .. count - 1 that only ever gets coarser.
 *
 * The root of a component is its smallest node, whatever the order of the joins:
 * so the answer is a function of the pairs alone, and a node's parent is never
 * greater than the node.  Joining by index instead of by size keeps a node at
 * four bytes; with path halving m operations cost O(m log n) at worst, and close
 * to O(m) on anything but a construction made for the purpose.
 */
#ifndef CDPK_UNIONFIND_H
#define CDPK_UNIONFIND_H

#include "core/base/cdpk.h"

/* one less than 2^32, so that a count fits too */
#define CDPK_UNIONFIND_MAX UINT32_MAX

typedef struct CdpkUnionFind
{
	uint32_t *parent;
	uint32_t count;
	uint32_t capacity;
	const CdpkAllocator *allocator;
} CdpkUnionFind;

/* Make an empty partition; the allocator must live as long as it does. */
extern void cdpk_unionfind_init(CdpkUnionFind *partition, const CdpkAllocator *allocator);

/* Release the memory. */
extern void cdpk_unionfind_free(CdpkUnionFind *partition);

/* Make room for "capacity" nodes without adding any. */
extern CdpkStatus cdpk_unionfind_reserve(CdpkUnionFind *partition, uint32_t capacity);

/*
 * Add nodes, each alone, until there are "count"; does nothing if there are.
 * Capacity grows by doubling, so that adding one at a time is linear.
 */
extern CdpkStatus cdpk_unionfind_extend(CdpkUnionFind *partition, uint32_t count);

/*
 * Number the components 0, 1, … in the order of their smallest nodes, write
 * each node's number to labels[node], and return how many there are.
 */
extern uint32_t cdpk_unionfind_labels(const CdpkUnionFind *partition, uint32_t *labels);

/* Return the root of a node's component: its smallest node.  Shortens the path to it. */
static inline uint32_t
cdpk_unionfind_find(CdpkUnionFind *partition, uint32_t node)
{
	uint32_t *parent = partition->parent;

	while (parent[node] != node)
	{
		parent[node] = parent[parent[node]];
		node = parent[node];
	}
	return node;
}

/* Join the components of two nodes; false if they were one already. */
static inline bool
cdpk_unionfind_join(CdpkUnionFind *partition, uint32_t a, uint32_t b)
{
	/* the usual case in a log: the pair was seen before, and hangs on one parent */
	if (partition->parent[a] == partition->parent[b])
		return false;
	a = cdpk_unionfind_find(partition, a);
	b = cdpk_unionfind_find(partition, b);
	if (a == b)
		return false;
	if (a < b)
		partition->parent[b] = a;
	else
		partition->parent[a] = b;
	return true;
}

#endif /* CDPK_UNIONFIND_H */
