/*
 * funnel_state.h
 *		The rows that a window_funnel has seen so far: a flat block with room to grow.
 *
 * The block is a varlena in the server, so that it can be combined across processes and machines;
 * on the wire it has a form of its own (FORMAT.md).
 */
#ifndef CDPK_FUNNEL_STATE_H
#define CDPK_FUNNEL_STATE_H

#include "core/funnel.h"

#define CDPK_FUNNEL_STATE_VERSION 1
#define CDPK_FUNNEL_STATE_MAX UINT32_C(0x3fffffff) /* what a varlena can have */

/* The block: this, then the rows; each its time, 8 bytes, and its steps, 1 to 4 bytes. */
typedef struct CdpkFunnelState
{
	uint32_t length_word; /* the caller's */
	uint8_t version;
	uint8_t kind; /* a CdpkTimeKind */
	uint8_t modes;
	uint8_t steps;
	uint32_t size; /* of the whole block */
	uint32_t used; /* bytes of rows */
	int64_t window;
} CdpkFunnelState;

/* What all rows of a group have in common. */
typedef struct CdpkFunnelSetup
{
	CdpkTimeKind kind;
	unsigned modes;
	unsigned steps;
	int64_t window;
} CdpkFunnelSetup;

/* An empty state for "rows" rows at least. */
extern CdpkStatus cdpk_funnel_state_new(const CdpkAllocator *allocator,
										const CdpkFunnelSetup *setup, size_t rows,
										CdpkFunnelState **state);

/* Whether a state is one for this set-up. */
static inline bool
cdpk_funnel_state_fits(const CdpkFunnelState *state, const CdpkFunnelSetup *setup)
{
	return state->kind == setup->kind && state->modes == setup->modes &&
		   state->steps == setup->steps && state->window == setup->window;
}

/* bytes of a row */
static inline size_t
cdpk_funnel_row_size(const CdpkFunnelState *state)
{
	return sizeof(int64_t) + (state->steps + 7u) / 8;
}

/*
 * Adds a row; one that cannot matter is left out.  *state may be replaced by a larger copy, and
 * the former block is released.  CDPK_TOO_LONG: the block is full.
 */
extern CdpkStatus cdpk_funnel_state_add(CdpkFunnelState **state, const CdpkAllocator *allocator,
										int64_t at, uint32_t steps);

/* Adds all rows of another state of the same set-up. */
extern CdpkStatus cdpk_funnel_state_combine(CdpkFunnelState **state, const CdpkAllocator *allocator,
											const CdpkFunnelState *other);

/* The depth of the deepest chain. */
extern CdpkStatus cdpk_funnel_state_depth(const CdpkFunnelState *state,
										  const CdpkAllocator *allocator, unsigned *depth);

/* Bytes of the form on the wire, and writing it. */
extern size_t cdpk_funnel_state_wire_size(const CdpkFunnelState *state);
extern void cdpk_funnel_state_write(const CdpkFunnelState *state, uint8_t *bytes);

/* Makes a state from bytes that may be anything. */
extern CdpkStatus cdpk_funnel_state_read(const uint8_t *bytes, size_t length,
										 const CdpkAllocator *allocator, CdpkFunnelState **state);

#endif /* CDPK_FUNNEL_STATE_H */
