/*
 * audience_combine.c
 *		The set operations of audiences.
 */
#include "core/audience/audience_combine.h"

#include "core/audience/audience_write.h"

/* chunks after which a cancelled query gets a chance */
#define PAUSE_EVERY 1024
/* ids that are combined as lists where each side has no more: also of runs */
#define LIST_MAX CDPK_ARRAY_MAX
/* runs are made a list up to so many ids */
#define RUN_IDS_MAX 1024

/* ids of two chunks while they are combined */
typedef struct Scratch
{
	uint16_t a[LIST_MAX];
	uint16_t b[LIST_MAX];
	uint16_t result[2 * LIST_MAX];
	uint8_t a_bitmap[CDPK_BITMAP_SIZE];
	uint8_t b_bitmap[CDPK_BITMAP_SIZE];
} Scratch;

/* Return whether a container is to be combined as a list. */
static bool
is_list(const CdpkContainer *container)
{
	return container->kind == CDPK_CONTAINER_ARRAY ||
		   (container->kind == CDPK_CONTAINER_RUNS && container->count <= RUN_IDS_MAX);
}

/* List the ids of a container; those of corrupt runs may be more than fit, and are cut off. */
static uint32_t
list_ids(const CdpkContainer *container, uint16_t *ids)
{
	uint32_t count = 0;

	if (container->kind == CDPK_CONTAINER_ARRAY)
	{
		for (; count < container->items && count < LIST_MAX; count++)
			ids[count] = cdpk_array_value(container->bytes, count);
		return count;
	}
	for (uint32_t i = 0; i < container->items; i++)
	{
		CdpkRun run = cdpk_run(container->bytes, i);

		for (uint32_t id = run.first; id <= run.last && count < LIST_MAX; id++)
			ids[count++] = (uint16_t) id;
	}
	return count;
}

/* Combine two ascending lists, and return how many ids the result has. */
static uint32_t
combine_lists(CdpkSetOperation operation, Scratch *scratch, uint32_t a_count, uint32_t b_count)
{
	/* which ids stay: those of a alone, of b alone, of both */
	bool only_a = operation != CDPK_SET_AND;
	bool only_b = operation == CDPK_SET_OR || operation == CDPK_SET_XOR;
	bool both = operation == CDPK_SET_AND || operation == CDPK_SET_OR;
	uint16_t *result = scratch->result;
	uint32_t count = 0;
	uint32_t i = 0;
	uint32_t j = 0;

	while (i < a_count && j < b_count)
	{
		uint16_t x = scratch->a[i];
		uint16_t y = scratch->b[j];

		/* written in any case, and counted if it stays: without a branch to guess */
		result[count] = x < y ? x : y;
		count += x < y ? only_a : (x > y ? only_b : both);
		i += x <= y;
		j += y <= x;
	}
	if (only_a)
		for (; i < a_count; i++)
			result[count++] = scratch->a[i];
	if (only_b)
		for (; j < b_count; j++)
			result[count++] = scratch->b[j];
	return count;
}

/* Keep the ids of a list that a bitmap has, or those that it has not. */
static uint32_t
filter_list(Scratch *scratch, uint32_t count, const uint8_t *bitmap, bool has)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++)
	{
		scratch->result[kept] = scratch->a[i];
		kept += cdpk_bit(bitmap, scratch->a[i]) == has;
	}
	return kept;
}

/* Return the bitmap of a container: its own, or one that is made. */
static const uint8_t *
bitmap_of(const CdpkContainer *container, uint8_t *made)
{
	if (container->kind == CDPK_CONTAINER_BITMAP)
		return container->bytes;
	memset(made, 0, CDPK_BITMAP_SIZE);
	cdpk_set_container(made, container);
	return made;
}

/* Combine two bitmaps into a third, which may be one of them. */
static void
combine_bitmaps(CdpkSetOperation operation, const uint8_t *a, const uint8_t *b, uint8_t *result)
{
	for (size_t i = 0; i < CDPK_BITMAP_SIZE; i += sizeof(uint64_t))
	{
		uint64_t x;
		uint64_t y;

		memcpy(&x, a + i, sizeof(x));
		memcpy(&y, b + i, sizeof(y));
		switch (operation)
		{
			case CDPK_SET_AND:
				x &= y;
				break;
			case CDPK_SET_OR:
				x |= y;
				break;
			case CDPK_SET_MINUS:
				x &= ~y;
				break;
			case CDPK_SET_XOR:
				x ^= y;
				break;
		}
		memcpy(result + i, &x, sizeof(x));
	}
}

/* Combine the containers of one chunk. */
static void
combine_chunk(CdpkSetOperation operation, const CdpkContainer *a, const CdpkContainer *b,
			  Scratch *scratch, CdpkAudienceWriter *writer)
{
	uint32_t count;

	if (operation == CDPK_SET_AND && is_list(b) && !is_list(a))
	{
		const CdpkContainer *other = a;

		a = b;
		b = other;
	}
	if (is_list(a) && is_list(b))
	{
		count = list_ids(a, scratch->a);
		count = combine_lists(operation, scratch, count, list_ids(b, scratch->b));
	}
	else if (is_list(a) && (operation == CDPK_SET_AND || operation == CDPK_SET_MINUS))
	{
		count = list_ids(a, scratch->a);
		count =
			filter_list(scratch, count, bitmap_of(b, scratch->b_bitmap), operation == CDPK_SET_AND);
	}
	else
	{
		combine_bitmaps(operation, bitmap_of(a, scratch->a_bitmap), bitmap_of(b, scratch->b_bitmap),
						scratch->a_bitmap);
		cdpk_audience_put_bitmap(writer, a->key, scratch->a_bitmap);
		return;
	}
	cdpk_audience_put_ids(writer, a->key, scratch->result, count);
}

/* Copy a chunk that only one has. */
static CdpkStatus
copy_chunk(CdpkAudienceWriter *writer, const CdpkAudience *audience, uint32_t chunk)
{
	CdpkContainer container;

	if (!cdpk_audience_chunk(audience, chunk, &container))
		return CDPK_CORRUPT;
	cdpk_audience_put_container(writer, &container);
	return writer->bytes.status;
}

/* Combine all chunks. */
static CdpkStatus
combine_chunks(CdpkSetOperation operation, const CdpkAudience *a, const CdpkAudience *b,
			   CdpkPause pause, Scratch *scratch, CdpkAudienceWriter *writer)
{
	CdpkStatus status = CDPK_OK;
	uint32_t i = 0;
	uint32_t j = 0;

	while (status == CDPK_OK && (i < a->chunks || j < b->chunks))
	{
		uint64_t key = i < a->chunks ? cdpk_audience_key(a, i) : UINT64_MAX;
		uint64_t other = j < b->chunks ? cdpk_audience_key(b, j) : UINT64_MAX;
		CdpkContainer x;
		CdpkContainer y;

		if (pause != NULL && (i + j) % PAUSE_EVERY == 0)
			pause();
		if (key == other)
		{
			if (!cdpk_audience_chunk(a, i, &x) || !cdpk_audience_chunk(b, j, &y))
				return CDPK_CORRUPT;
			combine_chunk(operation, &x, &y, scratch, writer);
			status = writer->bytes.status;
		}
		else if (key < other && operation != CDPK_SET_AND)
			status = copy_chunk(writer, a, i);
		else if (key > other && (operation == CDPK_SET_OR || operation == CDPK_SET_XOR))
			status = copy_chunk(writer, b, j);
		i += key <= other;
		j += other <= key;
	}
	return status;
}

/* Guess how long the result will be. */
static size_t
expected_length(CdpkSetOperation operation, const CdpkAudience *a, const CdpkAudience *b)
{
	switch (operation)
	{
		case CDPK_SET_AND:
			return a->data_length < b->data_length ? a->data_length : b->data_length;
		case CDPK_SET_MINUS:
			return a->data_length;
		default:
			return a->data_length + b->data_length;
	}
}

CdpkStatus
cdpk_audience_combine(CdpkSetOperation operation, const CdpkAudience *a, const CdpkAudience *b,
					  const CdpkAllocator *allocator, size_t before, CdpkPause pause,
					  uint8_t **bytes, size_t *length)
{
	Scratch *scratch = cdpk_allocate(allocator, sizeof(Scratch));
	CdpkAudienceWriter writer;
	CdpkStatus status;

	if (scratch == NULL)
		return CDPK_OUT_OF_MEMORY;
	cdpk_audience_begin(&writer, allocator, before, expected_length(operation, a, b));
	status = combine_chunks(operation, a, b, pause, scratch, &writer);
	cdpk_release(allocator, scratch);
	if (status != CDPK_OK)
	{
		cdpk_audience_abandon(&writer);
		return status;
	}
	return cdpk_audience_finish(&writer, bytes, length);
}
