/*
 * sequence_next.h
 *		Which event follows a chain of others: the rows that cdp.sequence_next has seen so far, a
 *		flat block with room to grow, and the answer.
 *
 * What the answer is, is defined in toolkit/DEFINITIONS.md.  A row lies in the block as on the
 * wire (FORMAT.md).
 */
#ifndef CDPK_SEQUENCE_NEXT_H
#define CDPK_SEQUENCE_NEXT_H

#include "core/sequence/steps_state.h"

#define CDPK_NEXT_VERSION 1

typedef enum CdpkNextDirection
{
	CDPK_NEXT_FORWARD,
	CDPK_NEXT_BACKWARD
} CdpkNextDirection;

typedef enum CdpkNextBase
{
	CDPK_NEXT_HEAD,
	CDPK_NEXT_TAIL,
	CDPK_NEXT_FIRST_MATCH,
	CDPK_NEXT_LAST_MATCH
} CdpkNextBase;

/* The block: this, then the rows. */
typedef struct CdpkNextState
{
	uint32_t length_word; /* the caller's */
	uint8_t version;
	uint8_t direction; /* a CdpkNextDirection */
	uint8_t base;      /* a CdpkNextBase */
	uint8_t kind;      /* a CdpkTimeKind */
	uint32_t steps;    /* conditions of the chain */
	uint32_t size;     /* of the whole block */
	uint32_t used;     /* bytes of rows */
	uint32_t rows;
} CdpkNextState;

/* What all rows of a group have in common. */
typedef struct CdpkNextSetup
{
	CdpkNextDirection direction;
	CdpkNextBase base;
	CdpkTimeKind kind;
	unsigned steps;
} CdpkNextSetup;

typedef struct CdpkNextRow
{
	int64_t at;
	bool can_be_base;
	uint32_t steps; /* the conditions that it satisfies */
	const char *name;
	size_t length;
} CdpkNextRow;

/* Return the direction or base of a name; false if there is none. */
extern bool cdpk_next_direction(const char *text, size_t length, CdpkNextDirection *direction);
extern bool cdpk_next_base(const char *text, size_t length, CdpkNextBase *base);

/* Make an empty state. */
extern CdpkStatus cdpk_next_new(const CdpkAllocator *allocator, const CdpkNextSetup *setup,
								CdpkNextState **state);

/* Return whether a state is one for this set-up. */
static inline bool
cdpk_next_fits(const CdpkNextState *state, const CdpkNextSetup *setup)
{
	return state->direction == setup->direction && state->base == setup->base &&
		   state->kind == setup->kind && state->steps == setup->steps;
}

/*
 * Add a row.  *state may be replaced by a larger copy, and the former block is released.
 * CDPK_TOO_LONG: the block is full.
 */
extern CdpkStatus cdpk_next_add(CdpkNextState **state, const CdpkAllocator *allocator,
								const CdpkNextRow *row);

/* Add all rows of another state of the same set-up. */
extern CdpkStatus cdpk_next_combine(CdpkNextState **state, const CdpkAllocator *allocator,
									const CdpkNextState *other);

/* Find the row that follows the chain; *found says whether there is one. */
extern CdpkStatus cdpk_next_find(const CdpkNextState *state, const CdpkAllocator *allocator,
								 bool *found, CdpkNextRow *row);

/* Bytes of the form on the wire, and writing it. */
extern size_t cdpk_next_wire_size(const CdpkNextState *state);
extern void cdpk_next_write(const CdpkNextState *state, uint8_t *bytes);

/* Make a state from bytes that may be anything. */
extern CdpkStatus cdpk_next_read(const uint8_t *bytes, size_t length,
								 const CdpkAllocator *allocator, CdpkNextState **state);

#endif /* CDPK_SEQUENCE_NEXT_H */
