/*
 * audience_build.c
 *		Builds an audience from ids in any order.
 *
 * Chunks stand in a hash table. The list of one doubles until it is as large as a bitmap would be.
 */
#include "core/audience/audience_build.h"

#include <stdlib.h>

#include "core/audience/audience_write.h"

#define FIRST_SLOTS 4
/* ids that a new list has room for, and those that a list is made a bitmap for */
#define FIRST_ROOM 8
#define LAST_ROOM 2048
/* lists up to so many are sorted in place, longer ones through a bitmap */
#define SHORT_LIST 32
/* chunks that an audience has at most: of one id each */
#define CHUNKS_MAX ((CDPK_AUDIENCE_MAX - CDPK_AUDIENCE_HEADER) / (CDPK_AUDIENCE_ENTRY + 2))

static uint16_t
list_id(const CdpkBuiltChunk *chunk, uint32_t i)
{
	return cdpk_array_value(chunk->ids, i);
}

static void
set_list_id(CdpkBuiltChunk *chunk, uint32_t i, uint16_t low)
{
	cdpk_put_le16(chunk->ids + 2 * (size_t) i, low);
}

/* Return where a key is, or the free slot where it belongs. */
static size_t
find_slot(const CdpkAudienceBuilder *builder, uint64_t key)
{
	size_t slot = (size_t) ((key * UINT64_C(0x9e3779b97f4a7c15)) >> 16) & (builder->room - 1);

	while (builder->slots[slot].ids != NULL && builder->slots[slot].key != key)
		slot = (slot + 1) & (builder->room - 1);
	return slot;
}

CdpkStatus
cdpk_audience_build_begin(CdpkAudienceBuilder *builder, const CdpkAllocator *allocator)
{
	memset(builder, 0, sizeof(*builder));
	builder->allocator = allocator;
	builder->slots = cdpk_allocate(allocator, FIRST_SLOTS * sizeof(CdpkBuiltChunk));
	if (builder->slots == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(builder->slots, 0, FIRST_SLOTS * sizeof(CdpkBuiltChunk));
	builder->room = FIRST_SLOTS;
	return CDPK_OK;
}

/* Double the table. */
static CdpkStatus
grow_table(CdpkAudienceBuilder *builder)
{
	CdpkBuiltChunk *former = builder->slots;
	size_t former_room = builder->room;
	CdpkBuiltChunk *slots =
		cdpk_allocate(builder->allocator, 2 * former_room * sizeof(CdpkBuiltChunk));

	if (slots == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(slots, 0, 2 * former_room * sizeof(CdpkBuiltChunk));
	builder->slots = slots;
	builder->room = 2 * former_room;
	for (size_t i = 0; i < former_room; i++)
		if (former[i].ids != NULL)
			slots[find_slot(builder, former[i].key)] = former[i];
	cdpk_release(builder->allocator, former);
	return CDPK_OK;
}

/* Find a chunk, or add one without ids; it is builder->last. */
static CdpkStatus
find_chunk(CdpkAudienceBuilder *builder, uint64_t key)
{
	CdpkBuiltChunk *chunk = &builder->slots[builder->last];
	CdpkStatus status;

	if (chunk->ids != NULL && chunk->key == key)
		return CDPK_OK;
	builder->last = find_slot(builder, key);
	if (builder->slots[builder->last].ids != NULL)
		return CDPK_OK;
	if (builder->chunks == CHUNKS_MAX)
		return CDPK_TOO_LONG;
	if (builder->chunks >= builder->room / 2)
	{
		status = grow_table(builder);
		builder->last = find_slot(builder, key);
		if (status != CDPK_OK)
			return status;
	}
	chunk = &builder->slots[builder->last];
	chunk->ids = cdpk_allocate(builder->allocator, 2 * FIRST_ROOM);
	if (chunk->ids == NULL)
		return CDPK_OUT_OF_MEMORY;
	chunk->key = key;
	chunk->room = FIRST_ROOM;
	chunk->used = 0;
	builder->chunks++;
	return CDPK_OK;
}

/* Sort a short list. */
static void
sort_short(CdpkBuiltChunk *chunk)
{
	for (uint32_t i = 1; i < chunk->used; i++)
	{
		uint16_t low = list_id(chunk, i);
		uint32_t j = i;

		for (; j > 0 && list_id(chunk, j - 1) > low; j--)
			set_list_id(chunk, j, list_id(chunk, j - 1));
		set_list_id(chunk, j, low);
	}
}

/* Sort a list. */
static void
sort_long(CdpkBuiltChunk *chunk)
{
	uint8_t bitmap[CDPK_BITMAP_SIZE];
	CdpkContainer container = {0, CDPK_CONTAINER_BITMAP, 0, 0, bitmap};
	CdpkRunWalk walk = cdpk_run_walk(&container);
	CdpkRun run;

	memset(bitmap, 0, sizeof(bitmap));
	for (uint32_t i = 0; i < chunk->used; i++)
		cdpk_set_bit(bitmap, list_id(chunk, i));
	chunk->used = 0;
	while (cdpk_run_next(&walk, &run))
		for (uint32_t id = run.first; id <= run.last; id++)
			set_list_id(chunk, chunk->used++, (uint16_t) id);
}

/* Sort a list, with each id once. */
static void
sort_list(CdpkBuiltChunk *chunk)
{
	uint32_t kept = 0;
	uint32_t sorted = 1;

	while (sorted < chunk->used && list_id(chunk, sorted - 1) < list_id(chunk, sorted))
		sorted++;
	if (sorted >= chunk->used)
		return;
	if (chunk->used > SHORT_LIST)
	{
		sort_long(chunk);
		return;
	}
	sort_short(chunk);
	for (uint32_t i = 0; i < chunk->used; i++)
		if (kept == 0 || list_id(chunk, i) != list_id(chunk, kept - 1))
			set_list_id(chunk, kept++, list_id(chunk, i));
	chunk->used = kept;
}

/* Make a chunk a bitmap. */
static CdpkStatus
make_bitmap(CdpkAudienceBuilder *builder, CdpkBuiltChunk *chunk)
{
	uint8_t *bitmap =
		chunk->room == 0 ? chunk->ids : cdpk_allocate(builder->allocator, CDPK_BITMAP_SIZE);

	if (chunk->room == 0)
		return CDPK_OK;
	if (bitmap == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(bitmap, 0, CDPK_BITMAP_SIZE);
	for (uint32_t i = 0; i < chunk->used; i++)
		cdpk_set_bit(bitmap, list_id(chunk, i));
	cdpk_release(builder->allocator, chunk->ids);
	chunk->ids = bitmap;
	chunk->room = 0;
	return CDPK_OK;
}

/* Make room in a list that is full. */
static CdpkStatus
make_room(CdpkAudienceBuilder *builder, CdpkBuiltChunk *chunk)
{
	uint8_t *ids;

	sort_list(chunk);
	if (chunk->used <= chunk->room / 2)
		return CDPK_OK;
	if (chunk->room == LAST_ROOM)
		return make_bitmap(builder, chunk);
	ids = cdpk_allocate(builder->allocator, 4 * (size_t) chunk->room);
	if (ids == NULL)
		return CDPK_OUT_OF_MEMORY;
	memcpy(ids, chunk->ids, 2 * (size_t) chunk->used);
	cdpk_release(builder->allocator, chunk->ids);
	chunk->ids = ids;
	chunk->room *= 2;
	return CDPK_OK;
}

CdpkStatus
cdpk_audience_add_id(CdpkAudienceBuilder *builder, int64_t id)
{
	uint16_t low = (uint16_t) ((uint64_t) id & 0xffff);
	CdpkStatus status = find_chunk(builder, cdpk_id_key(id));
	CdpkBuiltChunk *chunk = &builder->slots[builder->last];

	if (status == CDPK_OK && chunk->room > 0 && chunk->used == chunk->room)
		status = make_room(builder, chunk);
	if (status != CDPK_OK)
		return status;
	if (chunk->room == 0)
		cdpk_set_bit(chunk->ids, low);
	else
		set_list_id(chunk, chunk->used++, low);
	return CDPK_OK;
}

/* Add the ids of a container. */
static CdpkStatus
build_container(CdpkAudienceBuilder *builder, const CdpkContainer *container)
{
	CdpkStatus status = find_chunk(builder, container->key);
	CdpkBuiltChunk *chunk = &builder->slots[builder->last];
	CdpkRunWalk walk = cdpk_run_walk(container);
	CdpkRun run;

	if (status == CDPK_OK && container->count > LAST_ROOM)
		status = make_bitmap(builder, chunk);
	if (status == CDPK_OK && chunk->room == 0)
	{
		cdpk_set_container(chunk->ids, container);
		return CDPK_OK;
	}
	while (status == CDPK_OK && cdpk_run_next(&walk, &run))
		for (uint32_t id = run.first; status == CDPK_OK && id <= run.last; id++)
			status = cdpk_audience_add_id(builder, cdpk_id(container->key, (uint16_t) id));
	return status;
}

CdpkStatus
cdpk_audience_add(CdpkAudienceBuilder *builder, const CdpkAudience *audience)
{
	for (uint32_t i = 0; i < audience->chunks; i++)
	{
		CdpkContainer container;
		CdpkStatus status;

		if (!cdpk_audience_chunk(audience, i, &container))
			return CDPK_CORRUPT;
		status = build_container(builder, &container);
		if (status != CDPK_OK)
			return status;
	}
	return CDPK_OK;
}

CdpkStatus
cdpk_audience_add_builder(CdpkAudienceBuilder *builder, CdpkAudienceBuilder *other)
{
	for (size_t i = 0; i < other->room; i++)
	{
		CdpkBuiltChunk *chunk = &other->slots[i];
		CdpkContainer container = {chunk->key, CDPK_CONTAINER_BITMAP, CDPK_CHUNK_IDS, 0,
								   chunk->ids};
		CdpkStatus status;

		if (chunk->ids == NULL)
			continue;
		if (chunk->room > 0)
		{
			sort_list(chunk);
			container.kind = CDPK_CONTAINER_ARRAY;
			container.count = container.items = chunk->used;
		}
		status = build_container(builder, &container);
		if (status != CDPK_OK)
			return status;
	}
	return CDPK_OK;
}

static int
compare_keys(const void *a, const void *b)
{
	uint64_t x = (*(CdpkBuiltChunk *const *) a)->key;
	uint64_t y = (*(CdpkBuiltChunk *const *) b)->key;

	return (x > y) - (x < y);
}

/* Write a chunk. */
static void
put_chunk(CdpkAudienceWriter *writer, CdpkBuiltChunk *chunk)
{
	uint16_t ids[LAST_ROOM];

	if (chunk->room == 0)
	{
		cdpk_audience_put_bitmap(writer, chunk->key, chunk->ids);
		return;
	}
	sort_list(chunk);
	for (uint32_t i = 0; i < chunk->used; i++)
		ids[i] = list_id(chunk, i);
	cdpk_audience_put_ids(writer, chunk->key, ids, chunk->used);
}

CdpkStatus
cdpk_audience_build_finish(CdpkAudienceBuilder *builder, const CdpkAllocator *allocator,
						   size_t before, uint8_t **bytes, size_t *length)
{
	CdpkBuiltChunk **order =
		cdpk_allocate(builder->allocator, (builder->chunks + 1) * sizeof(*order));
	CdpkAudienceWriter writer;
	size_t count = 0;

	if (order == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (size_t i = 0; i < builder->room; i++)
		if (builder->slots[i].ids != NULL)
			order[count++] = &builder->slots[i];
	qsort(order, count, sizeof(*order), compare_keys);
	cdpk_audience_begin(&writer, allocator, before, 0);
	for (size_t i = 0; i < count && writer.bytes.status == CDPK_OK; i++)
		put_chunk(&writer, order[i]);
	cdpk_release(builder->allocator, order);
	return cdpk_audience_finish(&writer, bytes, length);
}

void
cdpk_audience_build_free(CdpkAudienceBuilder *builder)
{
	for (size_t i = 0; i < builder->room; i++)
		cdpk_release(builder->allocator, builder->slots[i].ids);
	cdpk_release(builder->allocator, builder->slots);
	memset(builder, 0, sizeof(*builder));
}
