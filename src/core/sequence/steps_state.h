/*
 * steps_state.h
 *		The rows that an aggregate over steps has seen so far, a funnel or a sequence: a flat block
 *		with room to grow.
 *
 * The block is a varlena in the server, so that it can be combined across processes and machines;
 * on the wire it has a form of its own (FORMAT.md).
 */
#ifndef CDPK_STEPS_STATE_H
#define CDPK_STEPS_STATE_H

#include "core/base/sort.h"
#include "core/sequence/timekind.h"

#define CDPK_STEPS_STATE_VERSION 1
#define CDPK_STEPS_MAX 32

/* What the rows are for. */
typedef enum CdpkStepsUse
{
	CDPK_STEPS_FUNNEL,
	CDPK_STEPS_SEQUENCE
} CdpkStepsUse;

/*
 * The block: this, then the pattern, then the rows; each its time, 8 bytes, and its steps, 1 to 4
 * bytes.
 */
typedef struct CdpkStepsState
{
	uint32_t length_word; /* the caller's */
	uint8_t version;
	uint8_t use;  /* a CdpkStepsUse */
	uint8_t kind; /* a CdpkTimeKind */
	uint8_t modes;
	uint32_t size; /* of the whole block */
	uint32_t used; /* bytes of rows */
	int64_t window;
	uint32_t steps;
	uint32_t pattern_length;
} CdpkStepsState;

/* What all rows of a group have in common. */
typedef struct CdpkStepsSetup
{
	CdpkStepsUse use;
	CdpkTimeKind kind;
	unsigned steps;
	unsigned modes;      /* of a funnel, else 0 */
	int64_t window;      /* of a funnel, else 0 */
	const char *pattern; /* of a sequence, else empty */
	size_t pattern_length;
} CdpkStepsSetup;

/* Make an empty state for "rows" rows at least. */
extern CdpkStatus cdpk_steps_state_new(const CdpkAllocator *allocator, const CdpkStepsSetup *setup,
									   size_t rows, CdpkStepsState **state);

/* Return the set-up of a state; its pattern lies in the state. */
extern CdpkStepsSetup cdpk_steps_state_setup(const CdpkStepsState *state);

/* Return whether a state is one for this set-up. */
extern bool cdpk_steps_state_fits(const CdpkStepsState *state, const CdpkStepsSetup *setup);

/* Return the bytes of a row. */
static inline size_t
cdpk_steps_row_size(const CdpkStepsState *state)
{
	return sizeof(int64_t) + (state->steps + 7u) / 8;
}

/*
 * Add a row; one that cannot matter is left out.  *state may be replaced by a larger copy, and
 * the former block is released.  CDPK_TOO_LONG: the block is full.
 */
extern CdpkStatus cdpk_steps_state_add(CdpkStepsState **state, const CdpkAllocator *allocator,
									   int64_t at, uint32_t steps);

/* Add all rows of another state of the same set-up. */
extern CdpkStatus cdpk_steps_state_combine(CdpkStepsState **state, const CdpkAllocator *allocator,
										   const CdpkStepsState *other);

/* Return all rows in an order; *rows is the caller's to release, NULL if there are none. */
extern CdpkStatus cdpk_steps_state_rows(const CdpkStepsState *state, const CdpkAllocator *allocator,
										CdpkCompare compare, CdpkTimed **rows, size_t *count);

/* Bytes of the form on the wire, and writing it. */
extern size_t cdpk_steps_state_wire_size(const CdpkStepsState *state);
extern void cdpk_steps_state_write(const CdpkStepsState *state, uint8_t *bytes);

/* Make a state from bytes that may be anything. */
extern CdpkStatus cdpk_steps_state_read(const uint8_t *bytes, size_t length,
										const CdpkAllocator *allocator, CdpkStepsState **state);

#endif /* CDPK_STEPS_STATE_H */
