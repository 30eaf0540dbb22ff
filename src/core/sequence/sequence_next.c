/*
 * sequence_next.c
 *		Which event follows a chain of others.
 */
#include "core/sequence/sequence_next.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/sequence/sequence.h"

/* on the wire: version, direction, base, kind, steps */
#define WIRE_HEADER 5
#define FIRST_SIZE 256

static const char *const directions[] = {"forward", "backward"};
static const char *const bases[] = {"head", "tail", "first_match", "last_match"};

/* ---------------------------------------------------------------- names */

/* Find a name in a list; -1 if it is not there. */
static int
find_name(const char *const *names, size_t count, const char *text, size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(names[i]) == length && memcmp(names[i], text, length) == 0)
			return (int) i;
	return -1;
}

/* Find a direction by its name. */
bool
cdpk_next_direction(const char *text, size_t length, CdpkNextDirection *direction)
{
	int i = find_name(directions, sizeof(directions) / sizeof(*directions), text, length);

	*direction = (CdpkNextDirection) (i < 0 ? 0 : i);
	return i >= 0;
}

/* Find a base by its name. */
bool
cdpk_next_base(const char *text, size_t length, CdpkNextBase *base)
{
	int i = find_name(bases, sizeof(bases) / sizeof(*bases), text, length);

	*base = (CdpkNextBase) (i < 0 ? 0 : i);
	return i >= 0;
}

/* ---------------------------------------------------------------- rows */

static const uint8_t *
rows_of(const CdpkNextState *state)
{
	return (const uint8_t *) (state + 1);
}

/* Return the bytes of the set of conditions in a row. */
static size_t
steps_size(const CdpkNextState *state)
{
	return (state->steps + 7u) / 8;
}

/* Write a row and return the place after it. */
static uint8_t *
write_row(const CdpkNextState *state, uint8_t *at, const CdpkNextRow *row)
{
	uint32_t steps = row->steps;

	at = cdpk_write_fixed(at, row->at);
	*at++ = row->can_be_base;
	for (size_t i = 0; i < steps_size(state); i++, steps >>= 8)
		*at++ = (uint8_t) steps;
	at = cdpk_write_varint(at, row->length);
	memcpy(at, row->name, row->length);
	return at + row->length;
}

/* Read a row and move on; the reader has failed where it is cut off or malformed. */
static CdpkNextRow
read_row(const CdpkNextState *state, CdpkReader *reader)
{
	CdpkNextRow row = {0, false, 0, NULL, 0};
	const uint8_t *at = cdpk_read_bytes(reader, sizeof(int64_t));
	uint8_t can_be_base = cdpk_read_u8(reader);
	const uint8_t *steps = cdpk_read_bytes(reader, steps_size(state));

	for (size_t i = steps_size(state); steps != NULL && i-- > 0;)
		row.steps = row.steps << 8 | steps[i];
	row.length = cdpk_read_varint(reader);
	row.name = (const char *) cdpk_read_bytes(reader, row.length);
	if (row.name == NULL)
		return row;
	row.at = cdpk_read_fixed(at);
	row.can_be_base = can_be_base != 0;
	if (can_be_base > 1 || (state->steps < CDPK_STEPS_MAX && row.steps >> state->steps != 0) ||
		(state->kind == CDPK_TIME_DOUBLE && !cdpk_is_double_key(row.at)))
		reader->failed = true;
	return row;
}

/* ---------------------------------------------------------------- the block */

/* Make an empty block with room for "need" bytes of rows. */
static CdpkStatus
new_block(const CdpkAllocator *allocator, const CdpkNextSetup *setup, uint64_t need,
		  CdpkNextState **state)
{
	uint32_t size = cdpk_state_size(FIRST_SIZE, need + sizeof(CdpkNextState));

	if (size == 0)
		return CDPK_TOO_LONG;
	*state = cdpk_allocate(allocator, size);
	if (*state == NULL)
		return CDPK_OUT_OF_MEMORY;
	memset(*state, 0, sizeof(**state));
	(*state)->version = CDPK_NEXT_VERSION;
	(*state)->direction = (uint8_t) setup->direction;
	(*state)->base = (uint8_t) setup->base;
	(*state)->kind = (uint8_t) setup->kind;
	(*state)->steps = setup->steps;
	(*state)->size = size;
	return CDPK_OK;
}

/* Make an empty state. */
CdpkStatus
cdpk_next_new(const CdpkAllocator *allocator, const CdpkNextSetup *setup, CdpkNextState **state)
{
	return new_block(allocator, setup, 0, state);
}

/* Replace the block by a larger one if "size" more bytes of rows do not fit. */
static CdpkStatus
make_room(CdpkNextState **state, const CdpkAllocator *allocator, size_t size)
{
	CdpkNextState *old = *state;
	CdpkNextSetup setup = {(CdpkNextDirection) old->direction, (CdpkNextBase) old->base,
						   (CdpkTimeKind) old->kind, old->steps};
	CdpkNextState *new;
	CdpkStatus status;

	if (sizeof(*old) + (uint64_t) old->used + size <= old->size)
		return CDPK_OK;
	status = new_block(allocator, &setup, (uint64_t) old->used + size, &new);
	if (status != CDPK_OK)
		return status;
	memcpy(new + 1, old + 1, old->used);
	new->used = old->used;
	new->rows = old->rows;
	cdpk_release(allocator, old);
	*state = new;
	return CDPK_OK;
}

/* Add a row. */
CdpkStatus
cdpk_next_add(CdpkNextState **state, const CdpkAllocator *allocator, const CdpkNextRow *row)
{
	uint8_t *end;
	CdpkStatus status = make_room(state, allocator,
								  sizeof(int64_t) + 1 + steps_size(*state) +
									  cdpk_varint_size(row->length) + row->length);

	if (status != CDPK_OK)
		return status;
	end = write_row(*state, (uint8_t *) (*state + 1) + (*state)->used, row);
	(*state)->used = (uint32_t) (end - (uint8_t *) (*state + 1));
	(*state)->rows++;
	return CDPK_OK;
}

/* Add all rows of another state. */
CdpkStatus
cdpk_next_combine(CdpkNextState **state, const CdpkAllocator *allocator, const CdpkNextState *other)
{
	CdpkStatus status = make_room(state, allocator, other->used);

	if (status != CDPK_OK)
		return status;
	memcpy((uint8_t *) (*state + 1) + (*state)->used, rows_of(other), other->used);
	(*state)->used += other->used;
	(*state)->rows += other->rows;
	return CDPK_OK;
}

/* ---------------------------------------------------------------- the answer */

/* Read the row at a place in the block. */
static CdpkNextRow
row_at(const CdpkNextState *state, uint32_t place)
{
	CdpkReader reader = cdpk_reader(rows_of(state) + place, state->used - place);

	return read_row(state, &reader);
}

/* Order rows by time, then by name, then by the conditions that they satisfy. */
static int
compare_rows(const CdpkTimed *a, const CdpkTimed *b, const void *context)
{
	const CdpkNextState *state = (const CdpkNextState *) context;
	CdpkNextRow x;
	CdpkNextRow y;
	CdpkTimed x_steps = {0, 0};
	CdpkTimed y_steps = {0, 0};
	int order;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	x = row_at(state, a->value);
	y = row_at(state, b->value);
	order = cdpk_compare_bytes(x.name, x.length, y.name, y.length);
	x_steps.value = x.steps;
	y_steps.value = y.steps;
	if (order == 0)
		order = cdpk_history_order(&x_steps, &y_steps, NULL);
	return order != 0 ? order : y.can_be_base - x.can_be_base;
}

/* Return whether a row can be the base of a chain. */
static bool
is_base(const CdpkNextState *state, const CdpkTimed *at, bool of_chain)
{
	CdpkNextRow row = row_at(state, at->value);

	return row.can_be_base && (!of_chain || (row.steps & 1) != 0);
}

/* Find the base among rows in order; false if there is none. */
static bool
find_base(const CdpkNextState *state, const CdpkTimed *rows, size_t *base)
{
	switch ((CdpkNextBase) state->base)
	{
		case CDPK_NEXT_HEAD:
			*base = 0;
			return is_base(state, &rows[0], false);
		case CDPK_NEXT_TAIL:
			*base = state->rows - 1;
			return is_base(state, &rows[*base], false);
		case CDPK_NEXT_FIRST_MATCH:
			for (*base = 0; *base < state->rows; ++*base)
				if (is_base(state, &rows[*base], true))
					return true;
			return false;
		case CDPK_NEXT_LAST_MATCH:
			for (*base = state->rows; (*base)-- > 0;)
				if (is_base(state, &rows[*base], true))
					return true;
			return false;
	}
	return false;
}

/* Go along the chain from the base on, to the row after it. */
static bool
follow_chain(const CdpkNextState *state, const CdpkTimed *rows, size_t base, CdpkNextRow *row)
{
	bool forward = state->direction == CDPK_NEXT_FORWARD;

	if ((forward ? state->rows - 1 - base : base) < state->steps)
		return false;
	for (size_t i = 0; i < state->steps; i++)
		if ((row_at(state, rows[forward ? base + i : base - i].value).steps >> i & 1) == 0)
			return false;
	*row = row_at(state, rows[forward ? base + state->steps : base - state->steps].value);
	return true;
}

CdpkStatus
cdpk_next_find(const CdpkNextState *state, const CdpkAllocator *allocator, bool *found,
			   CdpkNextRow *row)
{
	CdpkReader reader = cdpk_reader(rows_of(state), state->used);
	CdpkTimed *rows;
	size_t base;

	*found = false;
	if (state->rows <= state->steps)
		return CDPK_OK;
	rows = cdpk_allocate(allocator, 2 * (size_t) state->rows * sizeof(*rows));
	if (rows == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (uint32_t i = 0; i < state->rows; i++)
	{
		rows[i].value = (uint32_t) (reader.at - rows_of(state));
		rows[i].at = read_row(state, &reader).at;
	}
	cdpk_sort(rows, state->rows, rows + state->rows, compare_rows, state);
	*found = find_base(state, rows, &base) && follow_chain(state, rows, base, row);
	cdpk_release(allocator, rows);
	return CDPK_OK;
}

/* ---------------------------------------------------------------- the wire */

/* Return the bytes of the form on the wire. */
size_t
cdpk_next_wire_size(const CdpkNextState *state)
{
	return WIRE_HEADER + state->used;
}

/* Write the form on the wire. */
void
cdpk_next_write(const CdpkNextState *state, uint8_t *bytes)
{
	*bytes++ = state->version;
	*bytes++ = state->direction;
	*bytes++ = state->base;
	*bytes++ = state->kind;
	*bytes++ = (uint8_t) state->steps;
	memcpy(bytes, rows_of(state), state->used);
}

CdpkStatus
cdpk_next_read(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator,
			   CdpkNextState **state)
{
	CdpkNextSetup setup;
	CdpkReader reader;
	CdpkStatus status;

	if (length > 0 && bytes[0] != CDPK_NEXT_VERSION)
		return CDPK_UNKNOWN_VERSION;
	if (length < WIRE_HEADER)
		return CDPK_CORRUPT;
	setup.direction = (CdpkNextDirection) bytes[1];
	setup.base = (CdpkNextBase) bytes[2];
	setup.kind = (CdpkTimeKind) bytes[3];
	setup.steps = bytes[4];
	if (setup.direction > CDPK_NEXT_BACKWARD || setup.base > CDPK_NEXT_LAST_MATCH ||
		setup.kind > CDPK_TIME_DOUBLE || setup.steps < 1 || setup.steps > CDPK_STEPS_MAX)
		return CDPK_CORRUPT;
	status = new_block(allocator, &setup, length - WIRE_HEADER, state);
	if (status != CDPK_OK)
		return status;
	reader = cdpk_reader(bytes + WIRE_HEADER, length - WIRE_HEADER);
	while (status == CDPK_OK && cdpk_left(&reader) > 0)
	{
		CdpkNextRow row = read_row(*state, &reader);

		status = reader.failed ? CDPK_CORRUPT : cdpk_next_add(state, allocator, &row);
	}
	if (status != CDPK_OK)
		cdpk_release(allocator, *state);
	return status;
}
