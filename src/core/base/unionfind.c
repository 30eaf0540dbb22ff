/*
 * unionfind.c
 *		A partition of the nodes 0 .. count - 1 that only ever gets coarser.
 */
#include "core/base/unionfind.h"

#include <string.h>

#define FIRST_CAPACITY 1024

void
cdpk_unionfind_init(CdpkUnionFind *partition, const CdpkAllocator *allocator)
{
	partition->parent = NULL;
	partition->count = 0;
	partition->capacity = 0;
	partition->allocator = allocator;
}

void
cdpk_unionfind_free(CdpkUnionFind *partition)
{
	const CdpkAllocator *allocator = partition->allocator;

	if (partition->parent != NULL && allocator->release != NULL)
		allocator->release(allocator->context, partition->parent);
	cdpk_unionfind_init(partition, allocator);
}

CdpkStatus
cdpk_unionfind_reserve(CdpkUnionFind *partition, uint32_t capacity)
{
	const CdpkAllocator *allocator = partition->allocator;
	uint32_t *parent;

	if (capacity <= partition->capacity)
		return CDPK_OK;
#if SIZE_MAX / 4 < UINT32_MAX
	if (capacity > SIZE_MAX / sizeof(uint32_t))
		return CDPK_OUT_OF_MEMORY;
#endif
	parent = allocator->allocate(allocator->context, capacity * sizeof(uint32_t));
	if (parent == NULL)
		return CDPK_OUT_OF_MEMORY;
	if (partition->count > 0)
		memcpy(parent, partition->parent, partition->count * sizeof(uint32_t));
	if (partition->parent != NULL && allocator->release != NULL)
		allocator->release(allocator->context, partition->parent);
	partition->parent = parent;
	partition->capacity = capacity;
	return CDPK_OK;
}

/* Double the capacity until it holds "count" nodes. */
static CdpkStatus
grow(CdpkUnionFind *partition, uint32_t count)
{
	uint64_t capacity = partition->capacity > 0 ? partition->capacity : FIRST_CAPACITY;

	while (capacity < count)
		capacity *= 2;
	if (capacity > CDPK_UNIONFIND_MAX)
		capacity = CDPK_UNIONFIND_MAX;
	return cdpk_unionfind_reserve(partition, (uint32_t) capacity);
}

CdpkStatus
cdpk_unionfind_extend(CdpkUnionFind *partition, uint32_t count)
{
	if (count > partition->capacity)
	{
		CdpkStatus status = grow(partition, count);

		if (status != CDPK_OK)
			return status;
	}
	for (uint32_t node = partition->count; node < count; node++)
		partition->parent[node] = node;
	if (count > partition->count)
		partition->count = count;
	return CDPK_OK;
}

uint32_t
cdpk_unionfind_labels(const CdpkUnionFind *partition, uint32_t *labels)
{
	uint32_t components = 0;

	/* a parent is smaller than its child, so its label stands already */
	for (uint32_t node = 0; node < partition->count; node++)
		labels[node] =
			partition->parent[node] == node ? components++ : labels[partition->parent[node]];
	return components;
}
