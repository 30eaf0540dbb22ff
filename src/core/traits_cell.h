/*
 * traits_cell.h
 *		The bytes of traits: header, slots and cells.  Only traits.c and
 *		traits_merge.c look in here; FORMAT.md says what they see.
 */
#ifndef CDPK_TRAITS_CELL_H
#define CDPK_TRAITS_CELL_H

#include <string.h>

#include "core/bytes.h"
#include "core/traits.h"

#define TRAITS_HEADER 12 /* version, flags, two zeros, cells, bytes of the heap */
#define TRAITS_LOOSE 1   /* the flag: there may be free space and dead cells */
#define SLOT_SIZE 8      /* length and first three bytes of the key, place of the cell */
#define SLOT_KEY 3       /* so many bytes of the key are in the slot */
#define CELL_FIXED 12    /* rule and type, length of the source, trust, time */
#define CELL_TYPE_SHIFT 5

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

static inline size_t
slot_place(uint32_t index)
{
	return TRAITS_HEADER + (size_t) index * SLOT_SIZE;
}

/* What a slot says of its key, as a number in the order of the keys: by length, then by bytes. */
static inline uint32_t
slot_key(const uint8_t *slot)
{
	return (uint32_t) slot[0] << 24 | (uint32_t) slot[1] << 16 | (uint32_t) slot[2] << 8 | slot[3];
}

static inline void
store_slot(uint8_t *slot, const uint8_t *key, uint8_t key_length, uint32_t from_end)
{
	memset(slot, 0, SLOT_SIZE);
	slot[0] = key_length;
	if (key_length > 0)
		memcpy(slot + 1, key, key_length < SLOT_KEY ? key_length : SLOT_KEY);
	store_u32(slot + 4, from_end);
}

/* How far from the end of all bytes a slot's cell begins. */
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

/* The bytes that a cell takes. */
static inline size_t
cell_size(const CdpkTrait *trait)
{
	return CELL_FIXED + (size_t) trait->key_length + trait->source_length +
		   (cell_has_count(trait->rule) ? cdpk_varint_size(trait->count) : 0) +
		   cdpk_varint_size(trait->value.length) + trait->value.length;
}

static inline uint8_t *
cell_append(uint8_t *at, const uint8_t *bytes, size_t length)
{
	if (length > 0)
		memcpy(at, bytes, length);
	return at + length;
}

static inline void
cell_write(uint8_t *cell, const CdpkTrait *trait)
{
	uint8_t *at = cell + CELL_FIXED;

	cell[0] = (uint8_t) (trait->rule | trait->value.type << CELL_TYPE_SHIFT);
	cell[1] = trait->source_length;
	cell[2] = (uint8_t) (uint16_t) trait->trust;
	cell[3] = (uint8_t) ((uint16_t) trait->trust >> 8);
	store_i64(cell + 4, trait->at);
	at = cell_append(at, trait->key, trait->key_length);
	at = cell_append(at, trait->source, trait->source_length);
	if (cell_has_count(trait->rule))
		at = cdpk_write_varint(at, trait->count);
	at = cdpk_write_varint(at, trait->value.length);
	cell_append(at, trait->value.bytes, trait->value.length);
}

/* Reads the cell of a slot; false where it does not lie within the heap. */
static inline bool
cell_read(const CdpkTraitsView *view, uint32_t index, CdpkTrait *trait)
{
	const uint8_t *slot = view->bytes + slot_place(index);
	uint32_t from_end = slot_from_end(slot);
	CdpkReader reader;
	const uint8_t *fixed;

	if (from_end > view->heap)
		return false;
	reader = cdpk_reader(view->bytes + view->size - from_end, from_end);
	fixed = cdpk_read_bytes(&reader, CELL_FIXED);
	if (fixed == NULL)
		return false;
	trait->rule = fixed[0] & CDPK_RULE_CODE_MAX;
	trait->value.type = (CdpkValueType) (fixed[0] >> CELL_TYPE_SHIFT);
	trait->source_length = fixed[1];
	trait->trust = (int16_t) (uint16_t) (fixed[2] | fixed[3] << 8);
	trait->at = load_i64(fixed + 4);
	trait->key_length = slot[0];
	trait->key = cdpk_read_bytes(&reader, trait->key_length);
	trait->source = cdpk_read_bytes(&reader, trait->source_length);
	trait->count = cell_has_count(trait->rule) ? cdpk_read_varint(&reader) : 1;
	trait->value.length = (size_t) cdpk_read_varint(&reader);
	trait->value.bytes = cdpk_read_bytes(&reader, trait->value.length);
	return !reader.failed && trait->value.type <= CDPK_VALUE_OBJECT;
}

#endif /* CDPK_TRAITS_CELL_H */
