/*
 * steps_state.c
 *		The rows that an aggregate over steps has seen so far.
 */
#include "core/sequence/steps_state.h"

#include "core/base/bytes.h"
#include "core/sequence/funnel_modes.h"
#include "core/sequence/sequence.h"

/* on the wire: version, use, kind, modes, steps, window; then the pattern with its length */
#define WIRE_HEADER 13
/* a new state has room for three rows of up to eight steps, or more */
#define FIRST_SIZE 64

static uint8_t *
rows_of(CdpkStepsState *state)
{
	return (uint8_t *) (state + 1) + state->pattern_length;
}

static const uint8_t *
rows_to_read(const CdpkStepsState *state)
{
	return (const uint8_t *) (state + 1) + state->pattern_length;
}

/* Return the set-up of a state. */
CdpkStepsSetup
cdpk_steps_state_setup(const CdpkStepsState *state)
{
	CdpkStepsSetup setup = {(CdpkStepsUse) state->use,
							(CdpkTimeKind) state->kind,
							state->steps,
							state->modes,
							state->window,
							(const char *) (state + 1),
							state->pattern_length};

	return setup;
}

/* Return whether a state is one for a set-up. */
bool
cdpk_steps_state_fits(const CdpkStepsState *state, const CdpkStepsSetup *setup)
{
	return state->use == setup->use && state->kind == setup->kind && state->modes == setup->modes &&
		   state->steps == setup->steps && state->window == setup->window &&
		   state->pattern_length == setup->pattern_length &&
		   (setup->pattern_length == 0 ||
			memcmp(state + 1, setup->pattern, setup->pattern_length) == 0);
}

CdpkStatus
cdpk_steps_state_new(const CdpkAllocator *allocator, const CdpkStepsSetup *setup, size_t rows,
					 CdpkStepsState **state)
{
	CdpkStepsState empty = {0};

	empty.version = CDPK_STEPS_STATE_VERSION;
	empty.use = (uint8_t) setup->use;
	empty.kind = (uint8_t) setup->kind;
	empty.modes = (uint8_t) setup->modes;
	empty.steps = setup->steps;
	empty.window = setup->window;
	empty.pattern_length = (uint32_t) setup->pattern_length;
	if (setup->pattern_length > CDPK_STATE_MAX)
		return CDPK_TOO_LONG;
	empty.size = cdpk_state_size(FIRST_SIZE, sizeof(empty) + setup->pattern_length +
												 (uint64_t) rows * cdpk_steps_row_size(&empty));
	if (empty.size == 0)
		return CDPK_TOO_LONG;
	*state = cdpk_allocate(allocator, empty.size);
	if (*state == NULL)
		return CDPK_OUT_OF_MEMORY;
	**state = empty;
	if (setup->pattern_length > 0)
		memcpy(*state + 1, setup->pattern, setup->pattern_length);
	return CDPK_OK;
}

/* Replace the block by a larger one if "size" more bytes of rows do not fit. */
static CdpkStatus
make_room(CdpkStepsState **state, const CdpkAllocator *allocator, size_t size)
{
	CdpkStepsState *old = *state;
	CdpkStepsSetup setup = cdpk_steps_state_setup(old);
	CdpkStepsState *new;
	CdpkStatus status;

	if (sizeof(*old) + (uint64_t) old->pattern_length + old->used + size <= old->size)
		return CDPK_OK;
	status = cdpk_steps_state_new(allocator, &setup,
								  (old->used + size) / cdpk_steps_row_size(old) + 1, &new);
	if (status != CDPK_OK)
		return status;
	memcpy(rows_of(new), rows_of(old), old->used);
	new->used = old->used;
	cdpk_release(allocator, old);
	*state = new;
	return CDPK_OK;
}

CdpkStatus
cdpk_steps_state_add(CdpkStepsState **state, const CdpkAllocator *allocator, int64_t at,
					 uint32_t steps)
{
	size_t size = cdpk_steps_row_size(*state);
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

/* Add all rows of another state. */
CdpkStatus
cdpk_steps_state_combine(CdpkStepsState **state, const CdpkAllocator *allocator,
						 const CdpkStepsState *other)
{
	CdpkStatus status = make_room(state, allocator, other->used);

	if (status != CDPK_OK)
		return status;
	memcpy(rows_of(*state) + (*state)->used, rows_to_read(other), other->used);
	(*state)->used += other->used;
	return CDPK_OK;
}

/* Read a row. */
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

CdpkStatus
cdpk_steps_state_rows(const CdpkStepsState *state, const CdpkAllocator *allocator,
					  CdpkCompare compare, CdpkTimed **rows, size_t *count)
{
	size_t size = cdpk_steps_row_size(state);

	*rows = NULL;
	*count = state->used / size;
	if (*count == 0)
		return CDPK_OK;
	*rows = cdpk_allocate(allocator, 2 * *count * sizeof(CdpkTimed));
	if (*rows == NULL)
		return CDPK_OUT_OF_MEMORY;
	for (size_t i = 0; i < *count; i++)
		(*rows)[i] = read_row(rows_to_read(state) + i * size, size);
	cdpk_sort(*rows, *count, *rows + *count, compare, NULL);
	return CDPK_OK;
}

/* Return the bytes of the form on the wire. */
size_t
cdpk_steps_state_wire_size(const CdpkStepsState *state)
{
	return WIRE_HEADER + cdpk_varint_size(state->pattern_length) + state->pattern_length +
		   state->used;
}

/* Write the form on the wire. */
void
cdpk_steps_state_write(const CdpkStepsState *state, uint8_t *bytes)
{
	size_t size = cdpk_steps_row_size(state);

	*bytes++ = state->version;
	*bytes++ = state->use;
	*bytes++ = state->kind;
	*bytes++ = state->modes;
	*bytes++ = (uint8_t) state->steps;
	bytes = cdpk_write_fixed(bytes, state->window);
	bytes = cdpk_write_varint(bytes, state->pattern_length);
	memcpy(bytes, state + 1, state->pattern_length);
	bytes += state->pattern_length;
	for (size_t i = 0; i < state->used; i += size)
	{
		const uint8_t *row = rows_to_read(state) + i;

		bytes = cdpk_write_fixed(bytes, read_row(row, size).at);
		memcpy(bytes, row + sizeof(int64_t), size - sizeof(int64_t));
		bytes += size - sizeof(int64_t);
	}
}

/* Return whether the header of a state is possible. */
static bool
check_setup(const CdpkStepsSetup *setup)
{
	CdpkProgram program;
	CdpkTextProblem problem;

	if (setup->kind > CDPK_TIME_DOUBLE || setup->steps < 1 || setup->steps > CDPK_STEPS_MAX)
		return false;
	if (setup->use == CDPK_STEPS_SEQUENCE)
		return setup->modes == 0 && setup->window == 0 &&
			   cdpk_pattern_compile(setup->pattern, setup->pattern_length, setup->kind,
									setup->steps, &program, &problem) == CDPK_OK;
	return setup->use == CDPK_STEPS_FUNNEL && setup->pattern_length == 0 &&
		   cdpk_funnel_modes_valid(setup->modes) && setup->window >= 0 &&
		   (setup->kind != CDPK_TIME_DOUBLE || cdpk_is_double_key(setup->window));
}

/* Return whether a row could be in the state. */
static bool
check_row(const CdpkStepsState *state, const CdpkTimed *row)
{
	if (row->value == 0 && (state->modes & CDPK_FUNNEL_STRICT_ORDER) == 0)
		return false;
	if (state->steps < CDPK_STEPS_MAX && row->value >> state->steps != 0)
		return false;
	return state->kind != CDPK_TIME_DOUBLE || cdpk_is_double_key(row->at);
}

/* Read the header of a state. */
static CdpkStatus
read_setup(CdpkReader *reader, CdpkStepsSetup *setup)
{
	uint8_t version = cdpk_read_u8(reader);
	const uint8_t *window;

	if (!reader->failed && version != CDPK_STEPS_STATE_VERSION)
		return CDPK_UNKNOWN_VERSION;
	setup->use = (CdpkStepsUse) cdpk_read_u8(reader);
	setup->kind = (CdpkTimeKind) cdpk_read_u8(reader);
	setup->modes = cdpk_read_u8(reader);
	setup->steps = cdpk_read_u8(reader);
	window = cdpk_read_bytes(reader, sizeof(int64_t));
	setup->window = window != NULL ? cdpk_read_fixed(window) : 0;
	setup->pattern_length = cdpk_read_varint(reader);
	setup->pattern = (const char *) cdpk_read_bytes(reader, setup->pattern_length);
	return reader->failed || !check_setup(setup) ? CDPK_CORRUPT : CDPK_OK;
}

CdpkStatus
cdpk_steps_state_read(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator,
					  CdpkStepsState **state)
{
	CdpkReader reader = cdpk_reader(bytes, length);
	CdpkStepsSetup setup;
	CdpkStatus status = read_setup(&reader, &setup);
	size_t size;

	if (status == CDPK_OK)
		status = cdpk_steps_state_new(allocator, &setup, 0, state);
	if (status != CDPK_OK)
		return status;
	size = cdpk_steps_row_size(*state);
	status = cdpk_left(&reader) % size == 0 ? make_room(state, allocator, cdpk_left(&reader))
											: CDPK_CORRUPT;
	while (status == CDPK_OK && cdpk_left(&reader) > 0)
	{
		const uint8_t *at = cdpk_read_bytes(&reader, size);
		CdpkTimed row = read_row(at, size);

		row.at = cdpk_read_fixed(at);
		status = check_row(*state, &row) ? cdpk_steps_state_add(state, allocator, row.at, row.value)
										 : CDPK_CORRUPT;
	}
	if (status != CDPK_OK)
		cdpk_release(allocator, *state);
	return status;
}
