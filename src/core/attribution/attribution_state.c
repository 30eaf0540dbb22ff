/*
 * attribution_state.c
 *		The rows that an attribution has seen so far.
 */
#include "core/attribution/attribution_state.h"

#define SETUP_MAX (4 + 2 * CDPK_VARINT_MAX)
#define ROW_HEAD_MAX (3 * CDPK_VARINT_MAX)
#define ROOM_MIN 64

/* Allocate a state for so many bytes, twice as many as long as that is possible. */
static CdpkStatus
make_block(const CdpkAllocator *allocator, size_t used, CdpkAttributionState **state)
{
	size_t most = CDPK_STATE_MAX - sizeof(CdpkAttributionState);
	size_t room = used < ROOM_MIN ? ROOM_MIN : used;

	if (used > most)
		return CDPK_TOO_LONG;
	room = room > most / 2 ? most : 2 * room;
	*state = cdpk_allocate(allocator, sizeof(CdpkAttributionState) + room);
	if (*state == NULL)
		return CDPK_OUT_OF_MEMORY;
	(*state)->length_word = 0;
	(*state)->size = (uint32_t) (sizeof(CdpkAttributionState) + room);
	(*state)->used = 0;
	return CDPK_OK;
}

/* Make room for so many more bytes. */
static CdpkStatus
make_room(CdpkAttributionState **state, const CdpkAllocator *allocator, size_t more)
{
	CdpkAttributionState *former = *state;
	CdpkAttributionState *larger;
	CdpkStatus status;

	if (more <= former->size - sizeof(CdpkAttributionState) - former->used)
		return CDPK_OK;
	status = make_block(allocator, former->used + more, &larger);
	if (status != CDPK_OK)
		return status;
	memcpy(larger->bytes, former->bytes, former->used);
	larger->used = former->used;
	cdpk_release(allocator, former);
	*state = larger;
	return CDPK_OK;
}

CdpkStatus
cdpk_attribution_new(const CdpkAllocator *allocator, const CdpkAttributionSetup *setup, size_t room,
					 CdpkAttributionState **state)
{
	CdpkStatus status = make_block(allocator, SETUP_MAX + room, state);
	uint8_t *at;

	if (status != CDPK_OK)
		return status;
	at = (*state)->bytes;
	*at++ = CDPK_ATTRIBUTION_VERSION;
	*at++ = (uint8_t) setup->model;
	*at++ = (uint8_t) setup->first;
	*at++ = (uint8_t) setup->last;
	at = cdpk_write_varint(at, (uint64_t) setup->half_life);
	at = cdpk_write_varint(at, (uint64_t) setup->lookback);
	(*state)->used = (uint32_t) (at - (*state)->bytes);
	return CDPK_OK;
}

/* Read the header of a state. */
static CdpkAttributionSetup
read_setup(CdpkReader *reader)
{
	CdpkAttributionSetup setup;

	cdpk_read_u8(reader);
	setup.model = (CdpkAttributionModel) cdpk_read_u8(reader);
	setup.first = cdpk_read_u8(reader);
	setup.last = cdpk_read_u8(reader);
	setup.half_life = (int64_t) cdpk_read_varint(reader);
	setup.lookback = (int64_t) cdpk_read_varint(reader);
	return setup;
}

CdpkAttributionSetup
cdpk_attribution_open(const CdpkAttributionState *state, CdpkReader *rows)
{
	*rows = cdpk_reader(state->bytes, state->used);
	return read_setup(rows);
}

/* Read a length and as many bytes. */
static const char *
read_text(CdpkReader *reader, size_t *length)
{
	uint64_t given = cdpk_read_varint(reader);

	if (given > cdpk_left(reader))
		reader->failed = true;
	*length = reader->failed ? 0 : (size_t) given;
	return (const char *) cdpk_read_bytes(reader, *length);
}

bool
cdpk_attribution_next(CdpkReader *rows, CdpkAttributionRow *row)
{
	if (rows->failed || cdpk_left(rows) == 0)
		return false;
	row->at = cdpk_unzigzag(cdpk_read_varint(rows));
	row->touchpoint = read_text(rows, &row->touchpoint_length);
	row->value = read_text(rows, &row->value_length);
	return !rows->failed;
}

/* Write a length and as many bytes. */
static uint8_t *
write_text(uint8_t *at, const char *text, size_t length)
{
	at = cdpk_write_varint(at, length);
	if (length > 0)
		memcpy(at, text, length);
	return at + length;
}

CdpkStatus
cdpk_attribution_add(CdpkAttributionState **state, const CdpkAllocator *allocator,
					 const CdpkAttributionRow *row)
{
	CdpkStatus status =
		make_room(state, allocator, ROW_HEAD_MAX + row->touchpoint_length + row->value_length);
	uint8_t *at;

	if (status != CDPK_OK)
		return status;
	at = cdpk_write_varint((*state)->bytes + (*state)->used, cdpk_zigzag(row->at));
	at = write_text(at, row->touchpoint, row->touchpoint_length);
	at = write_text(at, row->value, row->value_length);
	(*state)->used = (uint32_t) (at - (*state)->bytes);
	return CDPK_OK;
}

CdpkStatus
cdpk_attribution_combine(CdpkAttributionState **state, const CdpkAllocator *allocator,
						 const CdpkAttributionState *other)
{
	CdpkReader rows;
	CdpkStatus status;

	(void) cdpk_attribution_open(other, &rows);
	status = make_room(state, allocator, cdpk_left(&rows));
	if (status != CDPK_OK)
		return status;
	memcpy((*state)->bytes + (*state)->used, rows.at, cdpk_left(&rows));
	(*state)->used += (uint32_t) cdpk_left(&rows);
	return CDPK_OK;
}

bool
cdpk_attribution_same(const CdpkAttributionSetup *a, const CdpkAttributionSetup *b)
{
	return a->model == b->model && a->first == b->first && a->last == b->last &&
		   a->half_life == b->half_life && a->lookback == b->lookback;
}

/* Return whether a set-up is possible. */
static bool
check_setup(const CdpkAttributionSetup *setup)
{
	if (setup->model > CDPK_SHAPLEY || setup->lookback < 0)
		return false;
	if (setup->model == CDPK_POSITION_BASED
			? setup->first + setup->last < 1 || setup->first + setup->last > 100
			: setup->first + setup->last > 0)
		return false;
	return setup->model == CDPK_TIME_DECAY ? setup->half_life > 0 : setup->half_life == 0;
}

CdpkStatus
cdpk_attribution_read(const uint8_t *bytes, size_t length, const CdpkAllocator *allocator,
					  CdpkAttributionState **state)
{
	CdpkReader reader = cdpk_reader(bytes, length);
	CdpkAttributionSetup setup;
	CdpkAttributionRow row;
	CdpkStatus status;

	if (length > 0 && bytes[0] != CDPK_ATTRIBUTION_VERSION)
		return CDPK_UNKNOWN_VERSION;
	setup = read_setup(&reader);
	if (reader.failed || !check_setup(&setup))
		return CDPK_CORRUPT;
	while (cdpk_attribution_next(&reader, &row))
		if (row.touchpoint_length == 0 && row.value_length == 0)
			return CDPK_CORRUPT;
	if (reader.failed)
		return CDPK_CORRUPT;
	status = make_block(allocator, length, state);
	if (status != CDPK_OK)
		return status;
	memcpy((*state)->bytes, bytes, length);
	(*state)->used = (uint32_t) length;
	return CDPK_OK;
}
