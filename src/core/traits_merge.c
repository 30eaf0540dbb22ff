/*
 * traits_merge.c
 *		Merging traits: one value into a state by its key's rule, and with it all
 *		of another value.
 *
 * What a state holds is a function of the multiset of values put into it, whatever
 * their order and however they were grouped into partial states: each rule below
 * is commutative and associative, and all but sum and most_frequent are idempotent.
 */
#include "core/traits.h"

#include "core/digits.h"
#include "core/traits_cell.h"

/* ---- orders ---- */

/* compare_sources orders the names of two cells' sources. */
static int
compare_sources(const CdpkTrait *a, const CdpkTrait *b)
{
	size_t common = a->source_length < b->source_length ? a->source_length : b->source_length;
	int order = common > 0 ? memcmp(a->source, b->source, common) : 0;

	return order != 0 ? order : (int) a->source_length - (int) b->source_length;
}

/* compare_origins orders two cells by time, then by what makes the order total. */
static int
compare_origins(const CdpkTrait *a, const CdpkTrait *b)
{
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->trust != b->trust)
		return a->trust < b->trust ? -1 : 1;
	return compare_sources(a, b);
}

/* compare_latest orders two cells by time, then by the bytes of the value, then by origin. */
static int
compare_latest(const CdpkTrait *a, const CdpkTrait *b)
{
	int order;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	order = cdpk_value_compare_text(&a->value, &b->value);
	return order != 0 ? order : compare_origins(a, b);
}

int
cdpk_trait_prefer(const CdpkTrait *a, const CdpkTrait *b)
{
	int order = 0;

	if ((a->rule & CDPK_RULE_TRUSTED) && a->trust != b->trust)
		return a->trust < b->trust ? -1 : 1;
	switch (a->rule & CDPK_RULE_BASE)
	{
		case CDPK_RULE_FIRST:
			order = a->at == b->at ? 0 : (a->at < b->at ? 1 : -1);
			break;
		case CDPK_RULE_MIN:
			order = cdpk_value_compare(&b->value, &a->value);
			break;
		case CDPK_RULE_MAX:
			order = cdpk_value_compare(&a->value, &b->value);
			break;
		case CDPK_RULE_MOST_FREQUENT:
			order = a->count == b->count ? 0 : (a->count < b->count ? -1 : 1);
			break;
	}
	return order != 0 ? order : compare_latest(a, b);
}

int
cdpk_trait_compare_place(const CdpkTrait *a, const CdpkTrait *b)
{
	return (a->rule & CDPK_RULE_KEEP) ? compare_sources(a, b)
									  : cdpk_value_compare(&a->value, &b->value);
}

/* ---- the bytes of a state ---- */

/* set_counts writes what the header says. */
static void
set_counts(CdpkTraitsState *state, uint32_t count, uint32_t heap, uint32_t dead)
{
	state->view.count = count;
	state->view.heap = heap;
	state->view.dead = dead;
	store_header(state->bytes, TRAITS_LOOSE, count, heap, dead);
}

/*
 * allocate_page makes an empty loose page with at least that many bytes; the state
 * stays as it is where that fails.
 */
static CdpkStatus
allocate_page(CdpkTraitsState *state, size_t least)
{
	size_t size = 64;
	uint8_t *bytes;

	if (least > CDPK_TRAITS_SIZE_MAX)
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

/* release_page gives back a page that came from the allocator. */
static void
release_page(const CdpkTraitsState *state)
{
	if (state->allocator->release)
		state->allocator->release(state->allocator->context, state->bytes);
}

/* free_space counts the bytes between the slots and the heap. */
static size_t
free_space(const CdpkTraitsState *state)
{
	return state->view.size - state->view.heap - slot_place(state->view.count);
}

/*
 * place_cell writes a cell at the front of the heap, with slack behind it, and
 * points a slot to it.
 */
static void
place_cell(CdpkTraitsState *state, uint32_t index, const CdpkTrait *trait, size_t slack)
{
	uint32_t heap = state->view.heap + (uint32_t) (cell_size(trait) + slack);

	cell_write(state->bytes + state->view.size - heap, trait, slack);
	store_slot(state->bytes + slot_place(index), trait->key, trait->key_length, heap);
	set_counts(state, state->view.count, heap, state->view.dead);
}

/* roomy_slack is the slack that a new cell gets, so that a longer value may fit later. */
static size_t
roomy_slack(const CdpkTrait *trait)
{
	return (0 - cell_size(trait)) & 7;
}

/* move_cells copies all cells, with their slack, to an empty page. */
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
 * make_room moves the state to a larger page, leaving dead cells behind, unless
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
	memset(state, 0, sizeof(*state));
	state->allocator = allocator;
	return allocate_page(state, slot_place((uint32_t) cells) + cells * (CELL_FIXED + 1) + bytes);
}

CdpkStatus
cdpk_traits_resume(CdpkTraitsState *state, const CdpkAllocator *allocator, uint8_t *bytes,
				   size_t size)
{
	CdpkStatus status;

	memset(state, 0, sizeof(*state));
	state->allocator = allocator;
	state->bytes = bytes;
	status = cdpk_traits_open(&state->view, bytes, size);
	if (status == CDPK_OK)
		bytes[1] = TRAITS_LOOSE;
	return status;
}

/* insert_cell makes a new cell at an index. */
static CdpkStatus
insert_cell(CdpkTraitsState *state, uint32_t index, const CdpkTrait *trait)
{
	CdpkStatus status;
	size_t slack;
	uint8_t *slot;

	if (state->view.count >= CDPK_TRAITS_CELLS_MAX)
		return CDPK_TOO_LONG;
	slack = roomy_slack(trait);
	status = make_room(state, cell_size(trait) + slack + SLOT_SIZE);
	if (status != CDPK_OK)
		return status;
	slot = state->bytes + slot_place(index);
	memmove(slot + SLOT_SIZE, slot, (size_t) (state->view.count - index) * SLOT_SIZE);
	set_counts(state, state->view.count + 1, state->view.heap, state->view.dead);
	place_cell(state, index, trait, slack);
	return CDPK_OK;
}

/* cell_extent counts the bytes of a cell with its slack. */
static uint32_t
cell_extent(const CdpkTrait *trait)
{
	return (uint32_t) (cell_size(trait) + trait->slack);
}

/* replace_cell writes a cell over another of the same key: where it stood, if it fits. */
static CdpkStatus
replace_cell(CdpkTraitsState *state, uint32_t index, const CdpkTrait *old, const CdpkTrait *trait)
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
	slack = roomy_slack(trait);
	status = make_room(state, size + slack);
	if (status != CDPK_OK)
		return status;
	state->view.dead += (uint32_t) room;
	place_cell(state, index, trait, slack);
	return CDPK_OK;
}

/* drop_slots takes out the slots first .. end - 1; their cells had that many bytes. */
static void
drop_slots(CdpkTraitsState *state, uint32_t first, uint32_t end, uint32_t dead)
{
	memmove(state->bytes + slot_place(first), state->bytes + slot_place(end),
			(size_t) (state->view.count - end) * SLOT_SIZE);
	set_counts(state, state->view.count - (end - first), state->view.heap, state->view.dead + dead);
}

/* remove_cells takes out the cells first .. end - 1. */
static CdpkStatus
remove_cells(CdpkTraitsState *state, uint32_t first, uint32_t end)
{
	uint32_t dead = 0;

	for (uint32_t i = first; i < end; i++)
	{
		CdpkTrait trait;

		if (!cell_read(&state->view, i, &trait))
			return CDPK_CORRUPT;
		dead += cell_extent(&trait);
	}
	drop_slots(state, first, end, dead);
	return CDPK_OK;
}

/*
 * replace_with_parts writes a cell that is made of parts of the one it replaces:
 * by way of a copy, since they lie in each other.
 */
static CdpkStatus
replace_with_parts(CdpkTraitsState *state, uint32_t index, const CdpkTrait *old,
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
	status = replace_cell(state, index, old, &copied);
	if (copy != small && allocator->release)
		allocator->release(allocator->context, copy);
	return status;
}

/* ---- the rules ---- */

/* one value on its way into the cells first .. end - 1 of its key */
typedef struct Merge
{
	CdpkTraitsState *state;
	const CdpkTrait *trait;
	uint32_t first;
	uint32_t end;
} Merge;

/*
 * find_place finds the trait's own cell among the key's, or where it is to be
 * made; false where the bytes are corrupt.
 */
static bool
find_place(const Merge *merge, uint32_t *place, bool *found, CdpkTrait *present)
{
	uint32_t low = merge->first;
	uint32_t high = merge->end;

	*found = false;
	while (low < high)
	{
		uint32_t middle = low + (high - low) / 2;
		CdpkTrait trait;
		int order;

		if (!cell_read(&merge->state->view, middle, &trait))
			return false;
		order = cdpk_trait_compare_place(&trait, merge->trait);
		if (order == 0)
		{
			*found = true;
			*present = trait;
			*place = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*place = low;
	return true;
}

/* put_preferred merges into the trait's own cell the one of the two that is preferred. */
static CdpkStatus
put_preferred(const Merge *merge)
{
	CdpkTrait present;
	uint32_t place;
	bool found;

	if (!find_place(merge, &place, &found, &present))
		return CDPK_CORRUPT;
	if (!found)
		return insert_cell(merge->state, place, merge->trait);
	if (cdpk_trait_prefer(merge->trait, &present) <= 0)
		return CDPK_OK;
	return replace_cell(merge->state, place, &present, merge->trait);
}

/* put_counted adds up how often the value came; time and source are those of the latest. */
static CdpkStatus
put_counted(const Merge *merge)
{
	CdpkTrait present;
	CdpkTrait merged;
	uint32_t place;
	bool found;

	if (!find_place(merge, &place, &found, &present))
		return CDPK_CORRUPT;
	if (!found)
		return insert_cell(merge->state, place, merge->trait);
	merged = compare_latest(merge->trait, &present) > 0 ? *merge->trait : present;
	merged.count = merge->trait->count > INT64_MAX - present.count
					   ? INT64_MAX
					   : merge->trait->count + present.count;
	return replace_with_parts(merge->state, place, &present, &merged);
}

/* sum_fits says whether a number is one that sums are made of. */
static bool
sum_fits(const CdpkValue *value)
{
	size_t whole;
	size_t fraction;

	cdpk_digits_count(value->bytes, value->length, &whole, &fraction);
	return whole <= CDPK_TRAITS_DIGITS_MAX + CDPK_TRAITS_CARRY_MAX &&
		   fraction <= CDPK_TRAITS_DIGITS_MAX;
}

/* put_summed adds the value; time and source are those of the latest. */
static CdpkStatus
put_summed(const Merge *merge, const CdpkTrait *present)
{
	uint8_t sum[2 * (2 * CDPK_TRAITS_DIGITS_MAX + CDPK_TRAITS_CARRY_MAX + 2) + 3];
	CdpkTrait merged = compare_origins(merge->trait, present) > 0 ? *merge->trait : *present;

	merged.value.bytes = sum;
	merged.value.length = cdpk_digits_add(merge->trait->value.bytes, merge->trait->value.length,
										  present->value.bytes, present->value.length, sum);
	if (!sum_fits(&merged.value))
		return CDPK_OUT_OF_RANGE;
	return replace_with_parts(merge->state, merge->first, present, &merged);
}

/* sweep_elements takes out the elements of a union that are not later than its removal. */
static CdpkStatus
sweep_elements(CdpkTraitsState *state, uint32_t first, uint32_t end, int64_t removed_at)
{
	uint32_t kept = first;
	uint32_t dead = 0;

	for (uint32_t i = first; i < end; i++)
	{
		CdpkTrait trait;

		if (!cell_read(&state->view, i, &trait))
			return CDPK_CORRUPT;
		if (trait.at > removed_at)
			memmove(state->bytes + slot_place(kept++), state->bytes + slot_place(i), SLOT_SIZE);
		else
			dead += cell_extent(&trait);
	}
	drop_slots(state, kept, end, dead);
	return CDPK_OK;
}

/* put_united merges one element of a union, or its removal, which is the cell with null. */
static CdpkStatus
put_united(const Merge *merge, const CdpkTrait *present)
{
	bool removed = present->value.type == CDPK_VALUE_NULL;
	uint32_t before = merge->state->view.count;
	CdpkStatus status;

	if (removed && merge->trait->at <= present->at && merge->trait->value.type != CDPK_VALUE_NULL)
		return CDPK_OK;
	status = put_preferred(merge);
	if (status != CDPK_OK || merge->trait->value.type != CDPK_VALUE_NULL)
		return status;
	return sweep_elements(merge->state, merge->first + 1,
						  merge->end + (merge->state->view.count - before), merge->trait->at);
}

/* gives_way says whether what is there of a key is outranked as a whole, or (-1) outranks. */
static int
gives_way(const CdpkTrait *present, const CdpkTrait *trait)
{
	bool whole = (trait->rule & CDPK_RULE_TRUSTED) && !(trait->rule & CDPK_RULE_KEEP);

	if (present->rule != trait->rule)
		return present->rule < trait->rule ? 1 : -1;
	if (whole && present->trust != trait->trust)
		return present->trust < trait->trust ? 1 : -1;
	return 0;
}

/* put_found merges a value into a key that is there; present is its first cell. */
static CdpkStatus
put_found(CdpkTraitsState *state, uint32_t first, const CdpkTrait *present, const CdpkTrait *trait)
{
	Merge merge = {state, trait, first, first + 1};
	int outranked = gives_way(present, trait);
	CdpkStatus status;

	if (cdpk_rule_many(present->rule))
		merge.end = cdpk_traits_end(&state->view, first);
	if (outranked < 0)
		return CDPK_OK;
	if (outranked > 0)
	{
		status = remove_cells(state, first, merge.end);
		return status == CDPK_OK ? insert_cell(state, first, trait) : status;
	}
	if (trait->rule & CDPK_RULE_KEEP)
		return put_preferred(&merge);
	switch (trait->rule & CDPK_RULE_BASE)
	{
		case CDPK_RULE_SUM:
			return put_summed(&merge, present);
		case CDPK_RULE_UNION:
			return put_united(&merge, present);
		case CDPK_RULE_MOST_FREQUENT:
			return put_counted(&merge);
		default:
			if (cdpk_trait_prefer(trait, present) <= 0)
				return CDPK_OK;
			return replace_cell(state, first, present, trait);
	}
}

/* refuses says why a value cannot be merged by its rule; CDPK_OK where it can. */
static CdpkStatus
refuses(const CdpkTrait *trait)
{
	if ((trait->rule & CDPK_RULE_BASE) != CDPK_RULE_SUM)
		return CDPK_OK;
	if (trait->value.type != CDPK_VALUE_NUMBER)
		return CDPK_INVALID;
	return sum_fits(&trait->value) ? CDPK_OK : CDPK_OUT_OF_RANGE;
}

CdpkStatus
cdpk_traits_put_at(CdpkTraitsState *state, const CdpkTrait *trait, uint32_t index,
				   const CdpkTrait *present)
{
	CdpkStatus status;

	/* by far the most frequent: a later value of the rule "last" */
	if (trait->rule == CDPK_RULE_LAST && present && present->rule == CDPK_RULE_LAST &&
		trait->at > present->at)
		return replace_cell(state, index, present, trait);
	if (trait->value.type == CDPK_VALUE_NULL && !cdpk_rule_removes(trait->rule))
		return CDPK_OK;
	status = refuses(trait);
	if (status != CDPK_OK)
		return status;
	return present ? put_found(state, index, present, trait) : insert_cell(state, index, trait);
}

CdpkStatus
cdpk_traits_put(CdpkTraitsState *state, const CdpkTrait *trait, uint32_t *hint)
{
	CdpkTrait present;
	bool found;

	*hint = cdpk_traits_find(&state->view, *hint, trait->key, trait->key_length, &found);
	if (found && !cell_read(&state->view, *hint, &present))
		return CDPK_CORRUPT;
	return cdpk_traits_put_at(state, trait, *hint, found ? &present : NULL);
}

CdpkStatus
cdpk_traits_merge(CdpkTraitsState *state, const CdpkTraitsView *other, uint32_t first, uint32_t end)
{
	uint32_t hint = 0;

	for (uint32_t i = first; i < end && i < other->count; i++)
	{
		CdpkTrait trait;
		CdpkStatus status = CDPK_CORRUPT;

		if (cell_read(other, i, &trait))
			status = cdpk_traits_put(state, &trait, &hint);
		if (status != CDPK_OK)
			return status;
	}
	return CDPK_OK;
}
