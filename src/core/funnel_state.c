/*
 * funnel_state.c
 *		The rows that a window_funnel has seen so far.
 */
#include "core/funnel_state.h"

#include "core/bytes.h"

/* on the wire: version, kind, modes, steps, window */
#define WIRE_HEADER 12
/* a new state has room for four rows of up to eight steps */
#define FIRST_SIZE 64

static uint8_t *
rows_of(CdpkFunnelState *state)
{
	return (uint8_t *) (state + 1);
}

static const uint8_t *
rows_to_read(const CdpkFunnelState *state)
{
	return (const uint8_t *) (state + 1);
}

/* cdpk_funnel_state_new: see the header. */
CdpkStatus
cdpk_funnel_state_new(const CdpkAllocator *allocator, const CdpkFunnelSetup *setup, size_t rows,
					  CdpkFunnelState **state)
{
	CdpkFunnelState empty = {0};
	uint64_t need;
	uint64_t size = FIRST_SIZE;

	empty.version = CDPK_FUNNEL_STATE_VERSION;
	empty.kind = (uint8_t) setup->kind;
	empty.modes = (uint8_t) setup->modes;
	empty.steps = (uint8_t) setup->steps;
	empty.window = setup->window;
	need = sizeof(empty) + (uint64_t) rows * cdpk_funnel_row_size(&empty);
	while (size < need)
		size *= 2;
	if (need > CDPK_FUNNEL_STATE_MAX)
		return CDPK_TOO_LONG;
	if (size > CDPK_FUNNEL_STATE_MAX)
		size = CDPK_FUNNEL_STATE_MAX;
	*state = cdpk_allocate(allocator, size);
	if (*state == NULL)
		return CDPK_OUT_OF_MEMORY;
	empty.size = (uint32_t) size;
	**state = empty;
	return CDPK_OK;
}

/* make_room replaces the block by a larger one if "size" more bytes of rows do not fit. */
static CdpkStatus
make_room(CdpkFunnelState **state, const CdpkAllocator *allocator, size_t size)
{
	CdpkFunnelState *old = *state;
	CdpkFunnelSetup setup = {(CdpkTimeKind) old->kind, old->modes, old->steps, old->window};
	CdpkFunnelState *new;
	CdpkStatus status;

	if (sizeof(*old) + (uint64_t) old->used + size <= old->size)
		return CDPK_OK;
	status = cdpk_funnel_state_new(allocator, &setup,
								   (old->used + size) / cdpk_funnel_row_size(old) + 1, &new);
	if (status != CDPK_OK)
		return status;
	memcpy(rows_of(new), rows_of(old), old->used);
	new->used = old->used;
	cdpk_release(allocator, old);
	*state = new;
	return CDPK_OK;
}

/* cdpk_funnel_state_add: see the header. */
CdpkStatus
cdpk_funnel_state_add(CdpkFunnelState **state, const CdpkAllocator *allocator, int64_t at,
					  uint32_t steps)
{
	size_t size = cdpk_funnel_row_size(*state);
	CdpkStatus status;
	uint8_t *row;

	/* only strict_order looks at rows that satisfy no step */
	if (steps == 0 && ((*state)->modes & CDPK_FUNNEL_STRICT_ORDER) == 0)
		return CDPK_OK;
	status = make_room(state, allocator, size);
	if (status != CDPK_OK)
		return status;
	row = rows_of(*state) + (*state)->used;
	memcpy(row, &at, sizeof(at));
	for (size_t i = sizeof(at); i < size; i++, steps >>= 8)
		row[i] = (uint8_t) steps;
	(*state)->used += (uint32_t) size;
	return CDPK_OK;
}

/* cdpk_funnel_state_combine adds all rows of another state. */
CdpkStatus
cdpk_funnel_state_combine(CdpkFunnelState **state, const CdpkAllocator *allocator,
						  const CdpkFunnelState *other)
{
	CdpkStatus status = make_room(state, allocator, other->used);

	if (status != CDPK_OK)
		return status;
	memcpy(rows_of(*state) + (*state)->used, rows_to_read(other), other->used);
	(*state)->used += other->used;
	return CDPK_OK;
}

/* read_row reads a row. */
static CdpkTimed
read_row(const uint8_t *row, size_t size)
{
	CdpkTimed item;

	memcpy(&item.at, row, sizeof(item.at));
	item.value = 0;
	for (size_t i = size; i-- > sizeof(item.at);)
		item.value = item.value << 8 | row[i];
	return item;
}

/* cdpk_funnel_state_depth: see the header. */
CdpkStatus
cdpk_funnel_state_depth(const CdpkFunnelState *state, const CdpkAllocator *allocator,
						unsigned *depth)
{
	size_t size = cdpk_funnel_row_size(state);
	size_t count = state->used / size;
	CdpkFunnel funnel;
	CdpkTimed *rows;

	*depth = 0;
	if (count == 0)
		return CDPK_OK;
	rows = cdpk_allocate(allocator, 2 * count * sizeof(CdpkTimed));
	if (rows == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (size_t i = 0; i < count; i++)
		rows[i] = read_row(rows_to_read(state) + i * size, size);
	cdpk_sort(rows, count, rows + count, cdpk_oldest_first, NULL);
	cdpk_funnel_init(&funnel, (CdpkTimeKind) state->kind, state->modes, state->steps,
					 state->window);
	cdpk_funnel_feed_all(&funnel, rows, count);
	*depth = funnel.depth;
	cdpk_release(allocator, rows);
	return CDPK_OK;
}

/* cdpk_funnel_state_wire_size returns the bytes of the form on the wire. */
size_t
cdpk_funnel_state_wire_size(const CdpkFunnelState *state)
{
	return WIRE_HEADER + state->used;
}

/* write_fixed writes an integer, little-endian. */
static uint8_t *
write_fixed(uint8_t *bytes, int64_t value)
{
	uint64_t rest = (uint64_t) value;

	for (size_t i = 0; i < sizeof(rest); i++, rest >>= 8)
		*bytes++ = (uint8_t) rest;
	return bytes;
}

/* read_fixed reads one. */
static int64_t
read_fixed(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (size_t i = sizeof(value); i-- > 0;)
		value = value << 8 | bytes[i];
	return (int64_t) value;
}

/* cdpk_funnel_state_write writes the form on the wire. */
void
cdpk_funnel_state_write(const CdpkFunnelState *state, uint8_t *bytes)
{
	size_t size = cdpk_funnel_row_size(state);

	*bytes++ = state->version;
	*bytes++ = state->kind;
	*bytes++ = state->modes;
	*bytes++ = state->steps;
	bytes = write_fixed(bytes, state->window);
	for (size_t i = 0; i < state->used; i += size)
	{
		const uint8_t *row = rows_to_read(state) + i;

		bytes = write_fixed(bytes, read_row(row, size).at);
		memcpy(bytes, row + sizeof(int64_t), size - sizeof(int64_t));
		bytes += size - sizeof(int64_t);
	}
}

/* is_number says whether a key is that of a finite double. */
static bool
is_number(int64_t key)
{
	double value = cdpk_double_of_key(key);

	return value - value == 0 && cdpk_double_key(value) == key;
}

/* check_setup says whether what a state begins with is possible. */
static bool
check_setup(const CdpkFunnelSetup *setup)
{
	return setup->kind <= CDPK_TIME_DOUBLE && cdpk_funnel_modes_valid(setup->modes) &&
		   setup->steps >= 1 && setup->steps <= CDPK_FUNNEL_STEPS_MAX && setup->window >= 0 &&
		   (setup->kind != CDPK_TIME_DOUBLE || is_number(setup->window));
}

/* check_row says whether a row could be in the state. */
static bool
check_row(const CdpkFunnelState *state, const CdpkTimed *row)
{
	if (row->value == 0 && (state->modes & CDPK_FUNNEL_STRICT_ORDER) == 0)
		return false;
	if (state->steps < CDPK_FUNNEL_STEPS_MAX && row->value >> state->steps != 0)
		return false;
	return state->kind != CDPK_TIME_DOUBLE || is_number(row->at);
}

/* cdpk_funnel_state_read: see the header. */
CdpkStatus
cdpk_funnel_state_read(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator,
					   CdpkFunnelState **state)
{
	CdpkFunnelSetup setup;
	CdpkStatus status;
	size_t size;

	if (length > 0 && bytes[0] != CDPK_FUNNEL_STATE_VERSION)
		return CDPK_UNKNOWN_VERSION;
	if (length < WIRE_HEADER)
		return CDPK_CORRUPT;
	setup.kind = (CdpkTimeKind) bytes[1];
	setup.modes = bytes[2];
	setup.steps = bytes[3];
	setup.window = read_fixed(bytes + 4);
	if (!check_setup(&setup))
		return CDPK_CORRUPT;
	status = cdpk_funnel_state_new(allocator, &setup, 0, state);
	if (status != CDPK_OK)
		return status;
	size = cdpk_funnel_row_size(*state);
	status = (length - WIRE_HEADER) % size == 0 ? make_room(state, allocator, length - WIRE_HEADER)
												: CDPK_CORRUPT;
	for (size_t i = WIRE_HEADER; status == CDPK_OK && i < length; i += size)
	{
		CdpkTimed row = read_row(bytes + i, size);

		row.at = read_fixed(bytes + i);
		status = check_row(*state, &row)
					 ? cdpk_funnel_state_add(state, allocator, row.at, row.value)
					 : CDPK_CORRUPT;
	}
	if (status != CDPK_OK)
		cdpk_release(allocator, *state);
	return status;
}
