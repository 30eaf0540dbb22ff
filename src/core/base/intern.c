/*
 * intern.c
 *		Distinct byte strings get dense numbers in the order in which they are added.
 */
#include "core/base/intern.h"

#define FIRST_LINE_BITS 7
#define BLOCK_UNITS (UINT32_C(1) << CDPK_INTERN_BLOCK_BITS)
#define BLOCK_SIZE ((size_t) BLOCK_UNITS * CDPK_INTERN_UNIT)
/*
 * An extent is one eighth of what is allocated, to waste little; from 2 MB on whole huge pages,
 * at most 64 MB.
 */
#define EXTENT_SHARE 8
#define EXTENT_STEP 8
#define EXTENT_BLOCKS_MAX 256
/* a reference has 32 bits */
#define BLOCKS_MAX (UINT32_C(1) << (32 - CDPK_INTERN_BLOCK_BITS))

static void *
allocate(CdpkIntern *intern, size_t size)
{
	void *memory = intern->allocator->allocate(intern->allocator->context, size);

	if (memory != NULL)
		intern->allocated += size;
	return memory;
}

static void
release(CdpkIntern *intern, void *memory, size_t size)
{
	if (memory == NULL)
		return;
	intern->allocated -= size;
	if (intern->allocator->release != NULL)
		intern->allocator->release(intern->allocator->context, memory);
}

static size_t
lines_size(unsigned shift)
{
	return ((size_t) 1 << (32 - shift)) * sizeof(CdpkInternLine);
}

/* Make an array of empty lines. */
static CdpkInternLine *
make_lines(CdpkIntern *intern, unsigned shift)
{
	CdpkInternLine *lines = allocate(intern, lines_size(shift));

	if (lines != NULL)
		memset(lines, 0, lines_size(shift));
	return lines;
}

/* Three quarters of the slots may be taken. */
static uint32_t
lines_limit(unsigned shift)
{
	return (uint32_t) ((UINT64_C(1) << (32 - shift)) * CDPK_INTERN_LINE_SLOTS / 4 * 3);
}

CdpkStatus
cdpk_intern_init(CdpkIntern *intern, const CdpkAllocator *allocator, uint64_t seed)
{
	memset(intern, 0, sizeof(*intern));
	intern->allocator = allocator;
	cdpk_intern_secrets(seed, intern->seed);
	intern->shift = 32 - FIRST_LINE_BITS;
	intern->limit = lines_limit(intern->shift);
	intern->lines = make_lines(intern, intern->shift);
	return intern->lines != NULL ? CDPK_OK : CDPK_OUT_OF_MEMORY;
}

void
cdpk_intern_seal(CdpkIntern *intern)
{
	release(intern, intern->lines, lines_size(intern->shift));
	intern->lines = NULL;
}

void
cdpk_intern_free(CdpkIntern *intern)
{
	cdpk_intern_seal(intern);
	while (intern->extents != NULL)
	{
		CdpkInternExtent *extent = intern->extents;

		intern->extents = extent->next;
		release(intern, extent->blocks, extent->count * BLOCK_SIZE);
		release(intern, extent, sizeof(CdpkInternExtent));
	}
	release(intern, intern->blocks, intern->blocks_capacity * sizeof(uint8_t *));
	memset(intern, 0, sizeof(*intern));
}

uint32_t
cdpk_intern_find(const CdpkIntern *intern, uint32_t hash, const uint8_t *bytes, size_t length)
{
	uint32_t mask = UINT32_MAX >> intern->shift;

	for (uint32_t at = hash >> intern->shift;; at = (at + 1) & mask)
	{
		const CdpkInternLine *line = &intern->lines[at];

		for (int i = 0; i < CDPK_INTERN_LINE_SLOTS; i++)
		{
			if (line->reference[i] == CDPK_INTERN_NOTHING)
				return CDPK_INTERN_NOTHING;
			if (line->hash[i] == hash && cdpk_intern_is(intern, line->reference[i], bytes, length))
				return line->reference[i];
		}
	}
}

/* Take the first free slot from a hash's line on; there is one. */
static void
put_slot(CdpkInternLine *lines, unsigned shift, uint32_t hash, uint32_t reference)
{
	uint32_t mask = UINT32_MAX >> shift;

	for (uint32_t at = hash >> shift;; at = (at + 1) & mask)
	{
		CdpkInternLine *line = &lines[at];

		for (int i = 0; i < CDPK_INTERN_LINE_SLOTS; i++)
		{
			if (line->reference[i] != CDPK_INTERN_NOTHING)
				continue;
			line->hash[i] = hash;
			line->reference[i] = reference;
			return;
		}
	}
}

/* Double the lines.  Both arrays are in the order of the hash: one walk through each. */
static CdpkStatus
grow_lines(CdpkIntern *intern)
{
	unsigned shift = intern->shift - 1;
	uint32_t old_count = UINT32_C(1) << (32 - intern->shift);
	CdpkInternLine *lines = make_lines(intern, shift);

	if (lines == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t at = 0; at < old_count; at++)
	{
		const CdpkInternLine *line = &intern->lines[at];

		for (int i = 0; i < CDPK_INTERN_LINE_SLOTS && line->reference[i] != CDPK_INTERN_NOTHING;
			 i++)
			put_slot(lines, shift, line->hash[i], line->reference[i]);
	}
	release(intern, intern->lines, lines_size(intern->shift));
	intern->lines = lines;
	intern->shift = shift;
	intern->limit = lines_limit(shift);
	return CDPK_OK;
}

/* Make room in the list of blocks for "more". */
static CdpkStatus
reserve_blocks(CdpkIntern *intern, uint32_t more)
{
	uint32_t capacity = intern->blocks_capacity > 0 ? intern->blocks_capacity : 16;
	uint8_t **blocks;

	while (capacity < intern->blocks_count + more)
		capacity *= 2;
	if (capacity == intern->blocks_capacity)
		return CDPK_OK;
	blocks = allocate(intern, capacity * sizeof(uint8_t *));
	if (blocks == NULL)
		return CDPK_OUT_OF_MEMORY;
	if (intern->blocks_count > 0)
		memcpy(blocks, intern->blocks, intern->blocks_count * sizeof(uint8_t *));
	release(intern, intern->blocks, intern->blocks_capacity * sizeof(uint8_t *));
	intern->blocks = blocks;
	intern->blocks_capacity = capacity;
	return CDPK_OK;
}

/* Return how many blocks the next extent has; 0 if there may be no more. */
static uint32_t
next_extent(const CdpkIntern *intern)
{
	uint32_t more = intern->blocks_count / EXTENT_SHARE;

	if (more < 1)
		more = 1;
	if (intern->blocks_count >= EXTENT_STEP)
		more = (more + EXTENT_STEP - 1) / EXTENT_STEP * EXTENT_STEP;
	if (more > EXTENT_BLOCKS_MAX)
		more = EXTENT_BLOCKS_MAX;
	if (more > BLOCKS_MAX - intern->blocks_count)
		more = BLOCKS_MAX - intern->blocks_count;
	return more;
}

/* Add an extent's blocks after those that there are. */
static CdpkStatus
add_extent(CdpkIntern *intern)
{
	uint32_t more = next_extent(intern);
	CdpkInternExtent *extent;
	CdpkStatus status;

	if (more == 0)
		return CDPK_TOO_LONG;
	status = reserve_blocks(intern, more);
	if (status != CDPK_OK)
		return status;
	extent = allocate(intern, sizeof(CdpkInternExtent));
	if (extent == NULL)
		return CDPK_OUT_OF_MEMORY;
	extent->count = more;
	extent->blocks = allocate(intern, more * BLOCK_SIZE);
	if (extent->blocks == NULL)
	{
		release(intern, extent, sizeof(CdpkInternExtent));
		return CDPK_OUT_OF_MEMORY;
	}
	extent->next = intern->extents;
	intern->extents = extent;
	for (uint32_t i = 0; i < more; i++)
		intern->blocks[intern->blocks_count++] = extent->blocks + i * BLOCK_SIZE;
	return CDPK_OK;
}

static inline uint64_t
record_units(size_t length)
{
	return (offsetof(CdpkInternRecord, bytes) + length + CDPK_INTERN_UNIT - 1) / CDPK_INTERN_UNIT;
}

/* Find room for a record of so many units within one block, and move "used" there. */
static CdpkStatus
make_room(CdpkIntern *intern, uint64_t units)
{
	uint64_t within = intern->used % BLOCK_UNITS;

	/* reference 0 means nothing: the first unit stays free */
	if (intern->used == 0)
		intern->used = within = 1;
	if (within != 0 && within + units > BLOCK_UNITS)
	{
		uint32_t rest = (uint32_t) intern->used;

		((CdpkInternRecord *) cdpk_intern_record(intern, rest))->length = 0;
		intern->used += BLOCK_UNITS - within;
	}
	if (intern->used / BLOCK_UNITS == intern->blocks_count)
		return add_extent(intern);
	return CDPK_OK;
}

CdpkStatus
cdpk_intern_add(CdpkIntern *intern, uint32_t hash, const uint8_t *bytes, size_t length)
{
	CdpkInternRecord *record;
	uint32_t reference;
	CdpkStatus status = CDPK_OK;

	if (intern->count == intern->limit)
		status = grow_lines(intern);
	if (status == CDPK_OK)
		status = make_room(intern, record_units(length));
	if (status != CDPK_OK)
		return status;
	reference = (uint32_t) intern->used;
	record = (CdpkInternRecord *) cdpk_intern_record(intern, reference);
	record->number = intern->count++;
	record->length = (uint16_t) length;
	memcpy(record->bytes, bytes, length);
	put_slot(intern->lines, intern->shift, hash, reference);
	intern->used += record_units(length);
	return CDPK_OK;
}

const CdpkInternRecord *
cdpk_intern_next(const CdpkIntern *intern, uint64_t *position)
{
	const CdpkInternRecord *record;

	if (*position == 0)
		*position = 1;
	if (*position >= intern->used)
		return NULL;
	record = cdpk_intern_record(intern, (uint32_t) *position);
	if (record->length == 0)
	{
		*position += BLOCK_UNITS - *position % BLOCK_UNITS;
		if (*position >= intern->used)
			return NULL;
		record = cdpk_intern_record(intern, (uint32_t) *position);
	}
	*position += record_units(record->length);
	return record;
}
