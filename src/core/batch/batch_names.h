/*
 * batch_names.h
 *		Distinct byte strings, which stay where they are, get places 0, 1, … as they are added.
 */
#ifndef BATCH_NAMES_H
#define BATCH_NAMES_H

#include "core/base/intern.h"
#include "core/batch/batch_types.h"
#include "core/stitch/stitch_memory.h"

/* place NONE: free */
typedef struct BatchSlot
{
	uint32_t hash;
	uint32_t place;
} BatchSlot;

typedef struct BatchNames
{
	StitchMemory *memory;
	uint64_t secrets[2];
	STITCH_ARRAY(CdpkBatchBytes) names;
	BatchSlot *slots; /* at most two thirds are taken */
	uint32_t last_slot;
} BatchNames;

extern void batch_names_init(BatchNames *names, StitchMemory *memory, uint64_t seed);

/* Make room for so many more. */
extern CdpkStatus batch_names_reserve(BatchNames *names, uint32_t more);

/* Add a string that is not there. */
extern CdpkStatus batch_names_add(BatchNames *names, uint32_t hash, const CdpkBatchBytes *name);

/* Return the place of a string, or NONE. */
extern uint32_t batch_names_find(const BatchNames *names, uint32_t hash,
								 const CdpkBatchBytes *name);

/* Return the hash of a string of 1 byte or more. */
static inline uint32_t
batch_names_hash(const BatchNames *names, const CdpkBatchBytes *name)
{
	return cdpk_intern_hash_bytes(names->secrets, names->secrets[0], name->bytes, name->length);
}

/* Ask for the memory where the search for a hash begins. */
static inline void
batch_names_prefetch(const BatchNames *names, uint32_t hash)
{
	__builtin_prefetch(&names->slots[hash & names->last_slot]);
}

/* Ask for the string that is probably the one with a hash. */
static inline void
batch_names_prefetch_string(const BatchNames *names, uint32_t hash)
{
	const BatchSlot *slot = &names->slots[hash & names->last_slot];

	if (slot->hash == hash && slot->place != CDPK_BATCH_NONE)
		__builtin_prefetch(names->names.items[slot->place].bytes);
}

#endif /* BATCH_NAMES_H */
