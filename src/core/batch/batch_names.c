/*
 * batch_names.c
 *		Distinct byte strings, which stay where they are, get places 0, 1, … as they are added.
 *
 * Open addressing with linear probing.  The strings are not copied as those of core/base/intern are:
 * the caller of a batch keeps them.
 */
#include "core/batch/batch_names.h"

#define FIRST_SLOTS 64

void
batch_names_init(BatchNames *names, StitchMemory *memory, uint64_t seed)
{
	memset(names, 0, sizeof(*names));
	names->memory = memory;
	cdpk_intern_secrets(seed, names->secrets);
}

/* Return the slot of a string, or the free one where it belongs. */
static BatchSlot *
slot_of(const BatchNames *names, uint32_t hash, const CdpkBatchBytes *name)
{
	uint32_t at = hash & names->last_slot;

	for (;; at = (at + 1) & names->last_slot)
	{
		BatchSlot *slot = &names->slots[at];

		if (slot->place == CDPK_BATCH_NONE)
			return slot;
		if (slot->hash == hash && names->names.items[slot->place].length == name->length &&
			memcmp(names->names.items[slot->place].bytes, name->bytes, name->length) == 0)
			return slot;
	}
}

/* Put what is in other slots into these. */
static void
fill_slots(BatchSlot *slots, uint32_t last_slot, const BatchSlot *from, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
	{
		uint32_t at = from[i].hash & last_slot;

		if (from[i].place == CDPK_BATCH_NONE)
			continue;
		while (slots[at].place != CDPK_BATCH_NONE)
			at = (at + 1) & last_slot;
		slots[at] = from[i];
	}
}

CdpkStatus
batch_names_reserve(BatchNames *names, uint32_t more)
{
	uint64_t need = (uint64_t) names->names.count + more;
	uint64_t before = names->slots != NULL ? (uint64_t) names->last_slot + 1 : 0;
	uint64_t count = before > 0 ? before : FIRST_SLOTS;
	CdpkBatchBytes *items = stitch_grow(names->memory, names->names.items, names->names.count,
										&names->names.capacity, more, sizeof(CdpkBatchBytes));
	BatchSlot *slots;

	if (items == NULL)
		return CDPK_OUT_OF_MEMORY;
	names->names.items = items;
	while (count / 3 * 2 < need)
		count *= 2;
	if (count == before)
		return CDPK_OK;
	if (count > UINT32_MAX)
		return CDPK_TOO_LONG;
	slots = stitch_allocate(names->memory, (size_t) count, sizeof(BatchSlot));
	if (slots == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(slots, 0xff, (size_t) count * sizeof(BatchSlot));
	names->last_slot = (uint32_t) count - 1;
	fill_slots(slots, names->last_slot, names->slots, before);
	stitch_release(names->memory, names->slots);
	names->slots = slots;
	return CDPK_OK;
}

CdpkStatus
batch_names_add(BatchNames *names, uint32_t hash, const CdpkBatchBytes *name)
{
	BatchSlot *slot;

	STITCH_TRY(batch_names_reserve(names, 1));
	slot = slot_of(names, hash, name);
	slot->hash = hash;
	slot->place = names->names.count;
	names->names.items[names->names.count++] = *name;
	return CDPK_OK;
}

uint32_t
batch_names_find(const BatchNames *names, uint32_t hash, const CdpkBatchBytes *name)
{
	return names->slots != NULL ? slot_of(names, hash, name)->place : CDPK_BATCH_NONE;
}
