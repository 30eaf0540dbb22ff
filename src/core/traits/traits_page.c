/*
 * traits_page.c
 *		The bytes of a state of traits: cells are put in, replaced and taken out, and
 *		what they leave behind is used again when the page must move.
 */
#include "core/traits/traits_page.h"

#include "core/traits/traits_cell.h"
#include "core/traits/traits_view.h"

const CdpkTraitsLimits cdpk_traits_limits = {CDPK_TRAITS_KEYS_MAX, CDPK_TRAITS_CELLS_MAX,
											 CDPK_TRAITS_VALUES_MAX};

#define PAGE_MAX (2 * (size_t) CDPK_TRAITS_SIZE_MAX) /* with the slack and what is dead */

/* Write what the header says. */
static void
set_counts(CdpkTraitsState *state, uint32_t count, uint32_t heap, uint32_t dead)
{
	state->view.count = count;
	state->view.heap = heap;
	state->view.dead = dead;
	store_header(state->bytes, TRAITS_LOOSE, count, heap, dead);
}

/*
 * Make an empty loose page with at least that many bytes; the state
 * stays as it is where that fails.
 */
static CdpkStatus
allocate_page(CdpkTraitsState *state, size_t least)
{
	size_t size = 64;
	uint8_t *bytes;

	if (least > PAGE_MAX)
		return CDPK_TOO_LONG;
	while (size - CDPK_TRAITS_FRONT < least)
		size *= 2;
	size -= CDPK_TRAITS_FRONT;
	bytes = state->allocator->allocate(state->allocator->context, size);
	if (bytes == NULL)
		return CDPK_OUT_OF_MEMORY;
	state->bytes = bytes;
	state->view.bytes = state->bytes;
	state->view.size = size;
	state->moved = true;
	set_counts(state, 0, 0, 0);
	return CDPK_OK;
}

/* Release a page that came from the allocator. */
static void
release_page(const CdpkTraitsState *state)
{
	if (state->allocator->release)
		state->allocator->release(state->allocator->context, state->bytes);
}

/* Count the bytes between the slots and the heap. */
static size_t
free_space(const CdpkTraitsState *state)
{
	return state->view.size - state->view.heap - slot_place(state->view.count);
}

/*
 * Write a cell at the front of the heap, with slack after it, and
 * point a slot to it.
 */
static void
place_cell(CdpkTraitsState *state, uint32_t index, const CdpkTrait *trait, size_t slack)
{
	uint32_t heap = state->view.heap + (uint32_t) (cell_size(trait) + slack);

	cell_write(state->bytes + state->view.size - heap, trait, slack);
	store_slot(state->bytes + slot_place(index), trait->key, trait->key_length, heap);
	set_counts(state, state->view.count, heap, state->view.dead);
}

/* Return the slack that a new cell gets, so that a longer value may fit later. */
static size_t
initial_slack(const CdpkTrait *trait)
{
	return (0 - cell_size(trait)) & 7;
}

/* Copy all cells, with their slack, to an empty page. */
static CdpkStatus
move_cells(CdpkTraitsState *state, const CdpkTraitsView *old)
{
	uint32_t heap = 0;

	for (uint32_t i = 0; i < old->count; i++)
	{
		const uint8_t *slot = old->bytes + slot_place(i);
		const uint8_t *cell = old->bytes + old->size - slot_from_end(slot);
		size_t length = cell_length(old, i);

		if (length == 0)
			return CDPK_CORRUPT;
		length += cell[CELL_SLACK];
		/* with corrupt bytes two slots might share a cell */
		if (length + heap > state->view.size - slot_place(old->count))
			return CDPK_CORRUPT;
		heap += (uint32_t) length;
		memcpy(state->bytes + state->view.size - heap, cell, length);
		memcpy(state->bytes + slot_place(i), slot, SLOT_SIZE);
		store_u32(state->bytes + slot_place(i) + 4, heap);
	}
	set_counts(state, old->count, heap, 0);
	return CDPK_OK;
}

/*
 * Move the state to a larger page, leaving dead cells behind, unless
 * there are already "extra" free bytes.
 */
static CdpkStatus
make_room(CdpkTraitsState *state, size_t extra)
{
	CdpkTraitsState old = *state;
	size_t live;
	CdpkStatus status;

	if (free_space(state) >= extra)
		return CDPK_OK;
	live = slot_place(state->view.count) + state->view.heap - state->view.dead;
	/* an eighth more, so that moving stays rare where the dead cells alone make room */
	status = allocate_page(state, live + extra + live / 8);
	if (status != CDPK_OK)
		return status;
	status = move_cells(state, &old.view);
	if (status == CDPK_OK && free_space(state) < extra)
		status = CDPK_CORRUPT;
	if (status != CDPK_OK)
	{
		release_page(state);
		*state = old;
		return status;
	}
	if (old.moved)
		release_page(&old);
	return CDPK_OK;
}

CdpkStatus
cdpk_traits_begin(CdpkTraitsState *state, const CdpkAllocator *allocator, size_t cells,
				  size_t bytes)
{
	size_t least;

	memset(state, 0, sizeof(*state));
	state->allocator = allocator;
	state->limits = &cdpk_traits_limits;
	least = slot_place((uint32_t) cells) + cells * (CELL_FIXED + 1) + bytes;
	/* a guess is no reason to refuse */
	return allocate_page(state, least < CDPK_TRAITS_SIZE_MAX ? least : CDPK_TRAITS_SIZE_MAX);
}

CdpkStatus
cdpk_traits_resume(CdpkTraitsState *state, const CdpkAllocator *allocator, uint8_t *bytes,
				   size_t size)
{
	CdpkStatus status;

	memset(state, 0, sizeof(*state));
	state->allocator = allocator;
	state->limits = &cdpk_traits_limits;
	state->bytes = bytes;
	status = cdpk_traits_open(&state->view, bytes, size);
	if (status == CDPK_OK)
		bytes[1] = TRAITS_LOOSE;
	return status;
}

/* Make a new cell at an index. */
CdpkStatus
cdpk_page_insert(CdpkTraitsState *state, uint32_t index, const CdpkTrait *trait)
{
	CdpkStatus status;
	size_t slack;
	uint8_t *slot;

	if (state->view.count >= CDPK_TRAITS_CELLS_MAX)
		return CDPK_TOO_LONG;
	slack = initial_slack(trait);
	status = make_room(state, cell_size(trait) + slack + SLOT_SIZE);
	if (status != CDPK_OK)
		return status;
	slot = state->bytes + slot_place(index);
	memmove(slot + SLOT_SIZE, slot, (size_t) (state->view.count - index) * SLOT_SIZE);
	set_counts(state, state->view.count + 1, state->view.heap, state->view.dead);
	place_cell(state, index, trait, slack);
	return CDPK_OK;
}

/* Write a cell over another of the same key: where it stood, if it fits. */
CdpkStatus
cdpk_page_replace(CdpkTraitsState *state, uint32_t index, const CdpkTrait *old,
				  const CdpkTrait *trait)
{
	size_t room = cell_extent(old);
	size_t size = cell_size(trait);
	size_t slack;
	CdpkStatus status;

	if (size <= room)
	{
		uint32_t from_end = slot_from_end(state->bytes + slot_place(index));

		slack = room - size < SLACK_MAX ? room - size : SLACK_MAX;
		cell_write(state->bytes + state->view.size - from_end, trait, slack);
		if (slack < room - size)
			set_counts(state, state->view.count, state->view.heap,
					   state->view.dead + (uint32_t) (room - size - slack));
		return CDPK_OK;
	}
	slack = initial_slack(trait);
	status = make_room(state, size + slack);
	if (status != CDPK_OK)
		return status;
	state->view.dead += (uint32_t) room;
	place_cell(state, index, trait, slack);
	return CDPK_OK;
}

/* Take out the slots first .. end - 1; their cells had that many bytes. */
void
cdpk_page_drop(CdpkTraitsState *state, uint32_t first, uint32_t end, uint32_t dead)
{
	memmove(state->bytes + slot_place(first), state->bytes + slot_place(end),
			(size_t) (state->view.count - end) * SLOT_SIZE);
	set_counts(state, state->view.count - (end - first), state->view.heap, state->view.dead + dead);
}

/* Take out the cells first .. end - 1. */
CdpkStatus
cdpk_page_remove(CdpkTraitsState *state, uint32_t first, uint32_t end)
{
	uint32_t dead = 0;

	for (uint32_t i = first; i < end; i++)
	{
		CdpkTrait trait;

		if (!cell_read(&state->view, i, &trait))
			return CDPK_CORRUPT;
		dead += cell_extent(&trait);
	}
	cdpk_page_drop(state, first, end, dead);
	return CDPK_OK;
}

/*
 * Write a cell that is made of parts of the one it replaces:
 * by way of a copy, since they lie in each other.
 */
CdpkStatus
cdpk_page_replace_with_parts(CdpkTraitsState *state, uint32_t index, const CdpkTrait *old,
							 const CdpkTrait *trait)
{
	const CdpkAllocator *allocator = state->allocator;
	size_t size = cell_size(trait);
	CdpkTrait copied = *trait;
	uint8_t small[256];
	uint8_t *copy = small;
	CdpkStatus status;

	if (size > sizeof(small))
		copy = allocator->allocate(allocator->context, size);
	if (copy == NULL)
		return CDPK_OUT_OF_MEMORY;
	cell_append(copy, trait->key, trait->key_length);
	copied.key = copy;
	cell_append(copy + trait->key_length, trait->source, trait->source_length);
	copied.source = copy + trait->key_length;
	cell_append(copy + trait->key_length + trait->source_length, trait->value.bytes,
				trait->value.length);
	copied.value.bytes = copied.source + trait->source_length;
	status = cdpk_page_replace(state, index, old, &copied);
	if (copy != small && allocator->release)
		allocator->release(allocator->context, copy);
	return status;
}
