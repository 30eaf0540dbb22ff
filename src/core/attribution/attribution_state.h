/*
 * attribution_state.h
 *		The model of an attribution, and the rows that it has seen so far: a flat block with room
 *		to grow.
 *
 * The block is a varlena in the server; its bytes after the head are also the form on the wire
 * (FORMAT.md).
 */
#ifndef CDPK_ATTRIBUTION_STATE_H
#define CDPK_ATTRIBUTION_STATE_H

#include "core/base/bytes.h"

#define CDPK_ATTRIBUTION_VERSION 1

typedef enum CdpkAttributionModel
{
	CDPK_FIRST_TOUCH,
	CDPK_LAST_TOUCH,
	CDPK_LAST_NON_DIRECT,
	CDPK_LINEAR,
	CDPK_TIME_DECAY,
	CDPK_POSITION_BASED,
	CDPK_SHAPLEY
} CdpkAttributionModel;

/* What all rows of a group have in common. */
typedef struct CdpkAttributionSetup
{
	CdpkAttributionModel model;
	unsigned first; /* per cent; of CDPK_POSITION_BASED, and so is last */
	unsigned last;
	int64_t half_life; /* microseconds; of CDPK_TIME_DECAY */
	int64_t lookback;  /* microseconds; 0: without limit */
} CdpkAttributionSetup;

/* The block: this, then "used" bytes. */
typedef struct CdpkAttributionState
{
	uint32_t length_word; /* the caller's */
	uint32_t size;        /* of the whole block */
	uint32_t used;        /* bytes after this */
	uint8_t bytes[];      /* the set-up, then the rows */
} CdpkAttributionState;

/* A row: a touch where touchpoint_length is not 0, a conversion where value_length is not 0. */
typedef struct CdpkAttributionRow
{
	int64_t at;
	const char *touchpoint;
	size_t touchpoint_length;
	const char *value;
	size_t value_length;
} CdpkAttributionRow;

/*
 * Read a model: first, last, last_non_direct, linear, time_decay or time_decay(7 days),
 * position_based or position_based(40, 40), shapley.  CDPK_INVALID: not of this form.  CDPK_OUT_OF_RANGE: no
 * such half-life or percentages.
 */
extern CdpkStatus cdpk_attribution_model(const char *text, size_t length,
										 CdpkAttributionSetup *setup);

/* Make an empty state with room for "room" bytes of rows. */
extern CdpkStatus cdpk_attribution_new(const CdpkAllocator *allocator,
									   const CdpkAttributionSetup *setup, size_t room,
									   CdpkAttributionState **state);

/* Return the set-up of a state, and a reader at its first row. */
extern CdpkAttributionSetup cdpk_attribution_open(const CdpkAttributionState *state,
												  CdpkReader *rows);

/* Read the next row; false after the last, or where the bytes are corrupt (rows->failed). */
extern bool cdpk_attribution_next(CdpkReader *rows, CdpkAttributionRow *row);

/*
 * Add a row.  *state may be replaced by a larger copy, and the former block is released.
 * CDPK_TOO_LONG: the block is full.
 */
extern CdpkStatus cdpk_attribution_add(CdpkAttributionState **state, const CdpkAllocator *allocator,
									   const CdpkAttributionRow *row);

/* Add all rows of another state of the same set-up. */
extern CdpkStatus cdpk_attribution_combine(CdpkAttributionState **state,
										   const CdpkAllocator *allocator,
										   const CdpkAttributionState *other);

/* Return whether two states have one set-up. */
extern bool cdpk_attribution_same(const CdpkAttributionSetup *a, const CdpkAttributionSetup *b);

/* Make a state from bytes that may be anything. */
extern CdpkStatus cdpk_attribution_read(const uint8_t *bytes, size_t length,
										const CdpkAllocator *allocator,
										CdpkAttributionState **state);

#endif /* CDPK_ATTRIBUTION_STATE_H */
