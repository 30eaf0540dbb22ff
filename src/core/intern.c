/*
 * intern.c
 *		Distinct byte strings get dense numbers in the order in which they are added.
 */
#include "core/intern.h"

#define FIRST_SLOT_BITS 10
#define BLOCK_UNITS (UINT32_C(1) << CDPK_INTERN_BLOCK_BITS)
#define BLOCK_SIZE ((size_t) BLOCK_UNITS * CDPK_INTERN_UNIT)
/*
 * An extent is one eighth of what there is, so that little lies idle, but from
 * 2 MB on whole huge pages: at most 64 MB.
 */
#define EXTENT_SHARE 8
#define EXTENT_STEP 8
#define EXTENT_BLOCKS_MAX 256
/* a reference has 32 bits */
#define BLOCKS_MAX (UINT32_C(1) << (32 - CDPK_INTERN_BLOCK_BITS))

__extension__ typedef unsigned __int128 Wide;

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
slots_size(unsigned shift)
{
	return ((size_t) UINT32_MAX >> shift) * sizeof(CdpkInternSlot) + sizeof(CdpkInternSlot);
}

/* Makes an empty array of slots, of which three quarters may be taken. */
static CdpkInternSlot *
make_slots(CdpkIntern *intern, unsigned shift)
{
	CdpkInternSlot *slots = allocate(intern, slots_size(shift));

	if (slots != NULL)
		memset(slots, 0, slots_size(shift));
	return slots;
}

static uint32_t
slots_limit(unsigned shift)
{
	uint64_t slots = (uint64_t) (UINT32_MAX >> shift) + 1;

	return (uint32_t) (slots - slots / 4);
}

/* Two words that depend on all bits of both: the halves of their product. */
static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	Wide product = (Wide) a * b;

	return (uint64_t) product ^ (uint64_t) (product >> 64);
}

CdpkStatus
cdpk_intern_init(CdpkIntern *intern, const CdpkAllocator *allocator, uint64_t seed)
{
	memset(intern, 0, sizeof(*intern));
	intern->allocator = allocator;
	/* odd multiples of the seed, spread over the word */
	intern->seed[0] = fold(seed ^ UINT64_C(0x243f6a8885a308d3), UINT64_C(0x9e3779b97f4a7c15));
	intern->seed[1] = fold(seed ^ UINT64_C(0x13198a2e03707344), UINT64_C(0xc2b2ae3d27d4eb4f));
	intern->shift = 32 - FIRST_SLOT_BITS;
	intern->limit = slots_limit(intern->shift);
	intern->slots = make_slots(intern, intern->shift);
	return intern->slots != NULL ? CDPK_OK : CDPK_OUT_OF_MEMORY;
}

void
cdpk_intern_seal(CdpkIntern *intern)
{
	release(intern, intern->slots, slots_size(intern->shift));
	intern->slots = NULL;
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

static inline uint64_t
read_8(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline uint32_t
read_4(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/*
 * Folds bytes into a state, 16 at a time; what is left is read again from the
 * end, so that nothing behind it is touched.
 */
static inline uint64_t
fold_bytes(uint64_t secret, uint64_t state, const uint8_t *bytes, size_t length)
{
	const uint8_t *end = bytes + length;

	state ^= length;
	if (length >= 16)
	{
		for (; end - bytes > 16; bytes += 16)
			state = fold(read_8(bytes) ^ secret, read_8(bytes + 8) ^ state);
		return fold(read_8(end - 16) ^ secret, read_8(end - 8) ^ state);
	}
	if (length >= 8)
		return fold(read_8(bytes) ^ secret, read_8(end - 8) ^ state);
	if (length >= 4)
		return fold(read_4(bytes) ^ secret, read_4(end - 4) ^ state);
	return fold(bytes[0] ^ secret, ((uint64_t) bytes[length / 2] << 8 | end[-1]) ^ state);
}

uint64_t
cdpk_intern_hash_head(const CdpkIntern *intern, const uint8_t *head, size_t length)
{
	if (length == 0)
		return intern->seed[0];
	return fold_bytes(intern->seed[1], intern->seed[0], head, length);
}

uint32_t
cdpk_intern_hash(const CdpkIntern *intern, uint64_t head, const uint8_t *rest, size_t length)
{
	uint64_t state = fold_bytes(intern->seed[1], head, rest, length);

	return (uint32_t) (fold(state ^ intern->seed[0], UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

uint32_t
cdpk_intern_find(const CdpkIntern *intern, uint32_t hash, const uint8_t *bytes, size_t length)
{
	uint32_t mask = UINT32_MAX >> intern->shift;
	uint32_t place = hash >> intern->shift;

	for (; intern->slots[place].reference != CDPK_INTERN_NOTHING; place = (place + 1) & mask)
		if (intern->slots[place].hash == hash &&
			cdpk_intern_is(intern, intern->slots[place].reference, bytes, length))
			return intern->slots[place].reference;
	return CDPK_INTERN_NOTHING;
}

static void
put_slot(CdpkInternSlot *slots, unsigned shift, uint32_t hash, uint32_t reference)
{
	uint32_t mask = UINT32_MAX >> shift;
	uint32_t place = hash >> shift;

	while (slots[place].reference != CDPK_INTERN_NOTHING)
		place = (place + 1) & mask;
	slots[place].hash = hash;
	slots[place].reference = reference;
}

/* Doubles the slots.  Both arrays are in the order of the hash: one walk through each. */
static CdpkStatus
grow_slots(CdpkIntern *intern)
{
	unsigned shift = intern->shift - 1;
	uint64_t old_count = (uint64_t) (UINT32_MAX >> intern->shift) + 1;
	CdpkInternSlot *slots = make_slots(intern, shift);

	if (slots == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint64_t i = 0; i < old_count; i++)
		if (intern->slots[i].reference != CDPK_INTERN_NOTHING)
			put_slot(slots, shift, intern->slots[i].hash, intern->slots[i].reference);
	release(intern, intern->slots, slots_size(intern->shift));
	intern->slots = slots;
	intern->shift = shift;
	intern->limit = slots_limit(shift);
	return CDPK_OK;
}

/* Makes room in the list of blocks for "more". */
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

/* How many blocks the next extent has; 0 where there may be no more. */
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

/* Adds an extent's blocks behind those that there are. */
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

/* Finds room for a record of so many units within one block, and moves "used" there. */
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
		status = grow_slots(intern);
	if (status == CDPK_OK)
		status = make_room(intern, record_units(length));
	if (status != CDPK_OK)
		return status;
	reference = (uint32_t) intern->used;
	record = (CdpkInternRecord *) cdpk_intern_record(intern, reference);
	record->number = intern->count++;
	record->length = (uint16_t) length;
	memcpy(record->bytes, bytes, length);
	put_slot(intern->slots, intern->shift, hash, reference);
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
