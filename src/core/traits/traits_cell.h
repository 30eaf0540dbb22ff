/*
 * traits_cell.h
 *		The bytes of traits: header, slots and cells, as FORMAT.md says.
 */
#ifndef CDPK_TRAITS_CELL_H
#define CDPK_TRAITS_CELL_H

#include <string.h>

#include "core/base/bytes.h"
#include "core/traits/traits.h"

#define TRAITS_HEADER 12 /* version, flags, cells, bytes of the heap, dead bytes in it */
#define TRAITS_LOOSE 1   /* the flag: there may be free space and dead cells */
#define SLOT_SIZE 8      /* length and first three bytes of the key, place of the cell */
#define SLOT_KEY 3       /* so many bytes of the key are in the slot */
#define CELL_FIXED 12    /* rule and type, length of the source, trust, slack, time */
#define CELL_SLACK 3     /* offset of the slack byte: how many unused bytes follow the cell */
#define SLACK_MAX 255
#define CELL_TYPE_SHIFT 5

static inline uint16_t
load_u16(const uint8_t *at)
{
	return (uint16_t) (at[0] | at[1] << 8);
}

static inline void
store_u16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t) value;
	at[1] = (uint8_t) (value >> 8);
}

static inline uint32_t
load_u32(const uint8_t *at)
{
	return (uint32_t) at[0] | (uint32_t) at[1] << 8 | (uint32_t) at[2] << 16 |
		   (uint32_t) at[3] << 24;
}

static inline void
store_u32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t) value;
	at[1] = (uint8_t) (value >> 8);
	at[2] = (uint8_t) (value >> 16);
	at[3] = (uint8_t) (value >> 24);
}

static inline int64_t
load_i64(const uint8_t *at)
{
	return (int64_t) ((uint64_t) load_u32(at) | (uint64_t) load_u32(at + 4) << 32);
}

static inline void
store_i64(uint8_t *at, int64_t value)
{
	store_u32(at, (uint32_t) (uint64_t) value);
	store_u32(at + 4, (uint32_t) ((uint64_t) value >> 32));
}

/* Write the header of a page. */
static inline void
store_header(uint8_t *bytes, uint8_t flags, uint32_t count, uint32_t heap, uint32_t dead)
{
	bytes[0] = CDPK_TRAITS_VERSION;
	bytes[1] = flags;
	store_u16(bytes + 2, (uint16_t) count);
	store_u32(bytes + 4, heap);
	store_u32(bytes + 8, dead);
}

static inline size_t
slot_place(uint32_t index)
{
	return TRAITS_HEADER + (size_t) index * SLOT_SIZE;
}

/*
 * Return the part of the key in a slot as a number that orders like the keys: by length, then
 * by bytes.
 */
static inline uint32_t
slot_key(const uint8_t *slot)
{
	return (uint32_t) slot[0] << 24 | (uint32_t) slot[1] << 16 | (uint32_t) slot[2] << 8 | slot[3];
}

/* Return the same of a key that is looked for. */
static inline uint32_t
key_prefix(const uint8_t *key, size_t length)
{
	uint32_t prefix = (uint32_t) length << 24;

	if (length > 0)
		prefix |= (uint32_t) key[0] << 16;
	if (length > 1)
		prefix |= (uint32_t) key[1] << 8;
	if (length > 2)
		prefix |= key[2];
	return prefix;
}

static inline void
store_slot(uint8_t *slot, const uint8_t *key, uint8_t key_length, uint32_t from_end)
{
	uint32_t prefix = key_prefix(key, key_length);

	slot[0] = (uint8_t) (prefix >> 24);
	slot[1] = (uint8_t) (prefix >> 16);
	slot[2] = (uint8_t) (prefix >> 8);
	slot[3] = (uint8_t) prefix;
	store_u32(slot + 4, from_end);
}

/* Return how far from the end of all bytes a slot's cell begins. */
static inline uint32_t
slot_from_end(const uint8_t *slot)
{
	return load_u32(slot + 4);
}

static inline bool
cell_has_count(uint8_t rule)
{
	return (rule & CDPK_RULE_BASE) == CDPK_RULE_MOST_FREQUENT;
}

/* Return the bytes that a cell takes, without its slack. */
static inline size_t
cell_size(const CdpkTrait *trait)
{
	return CELL_FIXED + (size_t) trait->key_length + trait->source_length +
		   (cell_has_count(trait->rule) ? cdpk_varint_size(trait->count) : 0) +
		   cdpk_varint_size(trait->value.length) + trait->value.length;
}

/* Return the bytes of a cell with its slack. */
static inline uint32_t
cell_extent(const CdpkTrait *trait)
{
	return (uint32_t) (cell_size(trait) + trait->slack);
}

/*
 * Copy bytes and return the place after them.  Most are a few, for which a call
 * of memcpy costs more than the copy: two words that may overlap do it.
 */
static inline uint8_t *
cell_append(uint8_t *at, const uint8_t *bytes, size_t length)
{
	if (length > 16)
		memcpy(at, bytes, length);
	else if (length >= 8)
	{
		uint64_t first;
		uint64_t last;

		memcpy(&first, bytes, 8);
		memcpy(&last, bytes + length - 8, 8);
		memcpy(at, &first, 8);
		memcpy(at + length - 8, &last, 8);
	}
	else
	{
		for (size_t i = 0; i < length; i++)
			at[i] = bytes[i];
	}
	return at + length;
}

static inline void
cell_write(uint8_t *cell, const CdpkTrait *trait, size_t slack)
{
	uint8_t *at = cell + CELL_FIXED;

	cell[0] = (uint8_t) (trait->rule | trait->value.type << CELL_TYPE_SHIFT);
	cell[1] = trait->source_length;
	cell[2] = (uint8_t) trait->trust;
	cell[CELL_SLACK] = (uint8_t) slack;
	store_i64(cell + 4, trait->at);
	at = cell_append(at, trait->key, trait->key_length);
	at = cell_append(at, trait->source, trait->source_length);
	if (cell_has_count(trait->rule))
		at = cdpk_write_varint(at, trait->count);
	at = cdpk_write_varint(at, trait->value.length);
	cell_append(at, trait->value.bytes, trait->value.length);
}

/* Read what follows a cell's source, when its lengths are not single bytes. */
extern bool cdpk_cell_read_long(const uint8_t *at, const uint8_t *end, CdpkTrait *trait);

/* Read the cell of a slot; false if it does not lie within the heap. */
static inline bool
cell_read(const CdpkTraitsView *view, uint32_t index, CdpkTrait *trait)
{
	const uint8_t *slot = view->bytes + slot_place(index);
	uint32_t from_end = slot_from_end(slot);
	const uint8_t *end = view->bytes + view->size;
	const uint8_t *cell = end - from_end;
	const uint8_t *at;

	if (from_end > view->heap || from_end <= CELL_FIXED ||
		from_end <= (size_t) CELL_FIXED + slot[0] + cell[1])
		return false;
	trait->rule = cell[0] & CDPK_RULE_CODE_MAX;
	trait->value.type = (CdpkValueType) (cell[0] >> CELL_TYPE_SHIFT);
	trait->source_length = cell[1];
	trait->trust = (int8_t) cell[2];
	trait->slack = cell[CELL_SLACK];
	trait->at = load_i64(cell + 4);
	trait->key_length = slot[0];
	trait->key = cell + CELL_FIXED;
	trait->source = trait->key + trait->key_length;
	at = trait->source + trait->source_length;
	if (*at >= 0x80 || cell_has_count(trait->rule))
		return cdpk_cell_read_long(at, end, trait);
	trait->count = 1;
	trait->value.length = *at;
	trait->value.bytes = at + 1;
	return (size_t) (end - at) > trait->value.length + trait->slack &&
		   trait->value.type <= CDPK_VALUE_OBJECT;
}

/*
 * Return the bytes of a slot's cell without its slack; 0 if it does not lie within the
 * heap.
 */
static inline size_t
cell_length(const CdpkTraitsView *view, uint32_t index)
{
	const uint8_t *slot = view->bytes + slot_place(index);
	uint32_t from_end = slot_from_end(slot);
	const uint8_t *cell = view->bytes + view->size - from_end;
	size_t length;
	CdpkTrait trait;

	if (from_end > view->heap || from_end <= CELL_FIXED)
		return 0;
	length = (size_t) CELL_FIXED + slot[0] + cell[1];
	if (length < from_end && cell[length] < 0x80 && !cell_has_count(cell[0]))
	{
		length += 1 + (size_t) cell[length];
		return length + cell[CELL_SLACK] <= from_end ? length : 0;
	}
	return cell_read(view, index, &trait) ? cell_size(&trait) : 0;
}

/* a key to look for, with its beginning as a slot has it */
typedef struct WantedKey
{
	const uint8_t *key;
	size_t length;
	uint32_t prefix;
} WantedKey;

/* Prepare a key. */
static inline WantedKey
wanted_key(const uint8_t *key, size_t length)
{
	WantedKey wanted = {key, length, key_prefix(key, length)};

	return wanted;
}

/* Order a slot's key against a wanted one. */
static inline int
compare_key(const CdpkTraitsView *view, uint32_t index, const WantedKey *wanted)
{
	const uint8_t *slot = view->bytes + slot_place(index);
	uint32_t key = slot_key(slot);
	uint32_t from_end = slot_from_end(slot);

	if (key != wanted->prefix)
		return key < wanted->prefix ? -1 : 1;
	if (wanted->length <= SLOT_KEY)
		return 0;
	if (from_end > view->heap || from_end < CELL_FIXED + wanted->length)
		return 1; /* corrupt; found when the cell is read */
	return memcmp(view->bytes + view->size - from_end + CELL_FIXED + SLOT_KEY,
				  wanted->key + SLOT_KEY, wanted->length - SLOT_KEY);
}

#endif /* CDPK_TRAITS_CELL_H */
