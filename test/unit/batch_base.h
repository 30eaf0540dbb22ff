/*
 * batch_base.h
 *		Months of the log that are folded into the base and dropped.
 *
 * A month has a mark: events of it up to that number are in the base, those above it, which came later, are
 * of the log.  What is marked may be there still, and is not read.  The reference knows nothing of all this: the
 * tables must be what they would be if nothing had been folded.
 */
#ifndef BATCH_BASE_H
#define BATCH_BASE_H

#include "batch_changes.h"
#include "core/batch/batch_state.h"
#include "batch_reference.h"

/* ---------------------------------------------------------------- rows of the base */

/* Whether a row of the base carries a thing as its own. */
static inline bool
base_carries(const Tables *tables, int thing)
{
	for (int i = 0; i < tables->base_count; i++)
		for (uint32_t k = 0; k < tables->base[i].said.row.identifier_count; k++)
			if (pass_thing(tables, &tables->base[i].said.row.identifiers[k]) == thing)
				return true;
	return false;
}

/* Note that a row of the base was taken as a row of a batch. */
static inline void
base_accept(Tables *tables, int number, int64_t anchor)
{
	tables->base[number].there = true;
	tables->base[number].anchor = anchor;
	for (int i = 0; i < tables->world.event_count; i++)
		if (tables->base_of[i] == number + 1)
			tables->world.in_log[i] = true;
}

/* Add what group calls said to the row of an account. */
static inline void
account_add(Folded *folded, const CdpkBatchAccount *added)
{
	CdpkTraitsState state;
	CdpkTraitsView view;
	uint8_t bytes[4096];
	size_t size;

	if (folded->events == 0 || added->first_at < folded->first_at)
		folded->first_at = added->first_at;
	if (folded->events == 0 || added->last_at > folded->last_at)
		folded->last_at = added->last_at;
	if (added->expires_at < folded->expires_at)
		folded->expires_at = added->expires_at;
	folded->events += added->events;
	if (added->traits.bytes == NULL)
		return;
	cdpk_traits_begin(&state, &unit_allocator, 3, 1000);
	if (folded->traits.bytes != NULL)
	{
		cdpk_traits_open(&view, folded->traits.bytes, folded->traits.length);
		cdpk_traits_merge(&state, &view, 0, view.count);
	}
	cdpk_traits_open(&view, added->traits.bytes, added->traits.length);
	cdpk_traits_merge(&state, &view, 0, view.count);
	size = cdpk_traits_compact_size(&state.view);
	cdpk_traits_compact(&state.view, size, bytes);
	bytes_set(&folded->traits, bytes, size);
	free(state.bytes);
}

static inline void
base_add_to_account(Tables *tables, int number, int account)
{
	const CdpkBatchRow *row = &tables->base[number].said.row;
	CdpkBatchAccount added = {row->account,       row->span->events, row->at,
							  row->span->last_at, row->expires_at,   row->traits};

	account_add(&tables->accounts[account], &added);
}

/* Keep a row that a fold made, in place of the one that was there. */
static inline int
base_write(Tables *tables, const CdpkBatchFolded *folded, int number)
{
	BaseRow *base = &tables->base[number];
	CdpkBatchRow *row = &base->said.row;
	Bytes traits = {NULL, 0};
	Bytes timeline = {NULL, 0};

	/* the values may be those that are there */
	bytes_set(&traits, folded->row.traits.bytes, folded->row.traits.length);
	bytes_set(&timeline, folded->row.event.bytes, folded->row.event.length);
	bytes_free(&base->said.traits);
	bytes_free(&base->timeline);
	base->said.traits = traits;
	base->timeline = timeline;
	*row = folded->row;
	base->span = *folded->row.span;
	row->span = &base->span;
	row->traits = bytes_of(&traits);
	row->event = bytes_of(&timeline);
	memmove(base->said.identifiers, folded->row.identifiers,
			(row->identifier_count + row->is_alias) * sizeof(CdpkBatchBytes));
	row->identifiers = base->said.identifiers;
	base->said.account = -1;
	for (int account = 0; account < ACCOUNTS; account++)
		if (row->account.bytes != NULL && row->account.length == strlen(account_names[account]) &&
			memcmp(row->account.bytes, account_names[account], row->account.length) == 0)
			base->said.account = account;
	base->there = true;
	return number;
}

/* ---------------------------------------------------------------- folding a month */

/* The latest unlink that is in force of two that stand on an event, or of its alias, and that it came after. */
static inline int64_t
base_after(const World *world, const Event *event)
{
	int64_t after = CDPK_BATCH_EVER;

	for (int k = 0; k <= event->count; k++)
		for (int l = 0; l < event->count; l++)
		{
			int a = event->things[l];
			int b = k < event->count ? event->things[k] : event->previous - 1;

			if (b < 0 || (k == event->count && l > 0))
				continue;
			if (world->unlinked[a][b] != NEVER && world->unlinked[a][b] < event->at &&
				world->unlinked[a][b] > after)
				after = world->unlinked[a][b];
		}
	return after;
}

/* Return which row of the base a row to be written was, or -1. */
static inline int
base_stored(const CdpkBatchFolded *folded, const int *numbers, const uint32_t *order)
{
	for (uint32_t i = 0; i < folded->row_count; i++)
		if (numbers[order[folded->first_row + i]] >= MAX_EVENTS)
			return numbers[order[folded->first_row + i]] - MAX_EVENTS;
	return -1;
}

/* Note what became of the events of a row, and that they agree in what they must. */
static inline void
base_note(Tables *tables, const CdpkBatchFolded *folded, const int *numbers, const uint32_t *order)
{
	int stored = base_stored(folded, numbers, order);
	int row = stored >= 0 ? stored : tables->base_count++;

	for (uint32_t i = 0; i < folded->row_count; i++)
	{
		int number = numbers[order[folded->first_row + i]];

		if (number >= MAX_EVENTS)
			continue;
		if (tables->base_of[number] != 0)
			tables_fail(tables, "an event is folded twice");
		if (folded->row.span->after != base_after(&tables->world, &tables->world.events[number]))
			tables_fail(tables, "an event is folded with others after another unlink");
		if (stored >= 0 && tables->base[row].anchor != tables->anchor[number])
			tables_fail(tables, "a row of the base is anchored elsewhere than its events");
		tables->base[row].anchor = tables->anchor[number];
		tables->base_of[number] = row + 1;
		tables->folded++;
		tables->refolded += stored >= 0;
	}
	base_write(tables, folded, row);
}

/* Say which unlinks are in force. */
static inline CdpkStatus
batch_give_voids(Tables *tables)
{
	CdpkBatch *batch = tables->batch;
	const World *world = &tables->world;

	for (int a = 0; a < world->thing_count; a++)
		for (int b = 0; b < a; b++)
		{
			CdpkBatchVoid verdict = {
				cdpk_batch_find(batch, world->things[a].payload, world->things[a].length),
				cdpk_batch_find(batch, world->things[b].payload, world->things[b].length),
				world->unlinked[a][b]};

			if (verdict.until_at != NEVER && verdict.a != CDPK_BATCH_NONE &&
				verdict.b != CDPK_BATCH_NONE)
				STITCH_TRY(cdpk_batch_add_voids(batch, &verdict, 1));
		}
	return CDPK_OK;
}

static inline CdpkStatus
base_run(Tables *tables, const CdpkBatchRow *rows, const int *numbers, size_t count)
{
	const CdpkBatchFolded *folded;
	const uint32_t *order;
	size_t folded_count;

	STITCH_TRY(cdpk_batch_begin(tables->batch, rows, count, NULL));
	STITCH_TRY(cdpk_batch_accept(tables->batch, NULL, tables->last_event_id));
	STITCH_TRY(cdpk_batch_identify(tables->batch));
	STITCH_TRY(batch_give_voids(tables));
	STITCH_TRY(cdpk_batch_fold_base(tables->batch, &folded, &folded_count));
	order = cdpk_batch_folded_order(tables->batch, &count);
	for (size_t i = 0; i < folded_count; i++)
		base_note(tables, &folded[i], numbers, order);
	return CDPK_OK;
}

/* Fold the events of a month that are anchored at an identifier, with the rows of the base that are. */
static inline void
base_fold_anchor(Tables *tables, int month, int64_t anchor)
{
	static CdpkBatchRow rows[2 * MAX_EVENTS];
	static int numbers[2 * MAX_EVENTS];
	CdpkBatchSetup setup = {tables->allocator, NULL, NULL, 43};
	size_t count = 0;

	for (int i = 0; i < tables->world.event_count; i++)
		if (tables_is_logged(tables, i) && tables_month(tables, i) == month &&
			tables->anchor[i] == anchor)
			numbers[count++] = i;
	if (count == 0)
		return;
	for (int i = 0; i < tables->base_count; i++)
		if (tables->base[i].anchor == anchor)
			numbers[count++] = MAX_EVENTS + i;
	for (size_t i = 0; i < count; i++)
	{
		rows[i] = tables_said(tables, numbers[i])->row;
		rows[i].message_key = NULL;
	}
	tables->status = cdpk_batch_new(&setup, &tables->batch);
	if (tables->status == CDPK_OK)
	{
		if (pick(&tables->random, 2) == 0)
			tables->batch->key_bits = pick(&tables->random, 4);
		tables->status = base_run(tables, rows, numbers, count);
		cdpk_batch_free(tables->batch);
	}
	tables->batch = NULL;
	if (tables->status != CDPK_OK)
		tables_fail(tables, "a month cannot be folded");
}

/* Fold what is of the log of a month, and mark it. */
static inline void
base_fold_month(Tables *tables, int month)
{
	for (int64_t anchor = 0; anchor <= tables->last_id && tables->failed == NULL; anchor++)
		base_fold_anchor(tables, month, anchor);
	tables->mark[month] = tables->last_event_id;
}

/* Drop a month, of which nothing may be above its mark. */
static inline void
base_drop_month(Tables *tables, int month)
{
	base_fold_month(tables, month);
	for (int i = 0; i < tables->world.event_count; i++)
		if (tables->event_id[i] != 0 && tables_month(tables, i) == month)
			tables->gone[i] = true;
	tables->dropped++;
}

/* Fold some months, and drop some. */
static inline void
base_retain(Tables *tables)
{
	for (int month = 0; month < MONTHS && tables->failed == NULL; month++)
	{
		uint64_t what = pick(&tables->random, 6);

		if (what == 0)
			base_drop_month(tables, month);
		else if (what == 1)
			base_fold_month(tables, month);
	}
}

/* Let tables that are fed anew have the rows of the base, none of which they took yet; list these as rows. */
static inline int
base_begin_again(const Tables *tables, Tables *anew, int *numbers)
{
	anew->base_count = tables->base_count;
	memcpy(anew->base_of, tables->base_of, sizeof(anew->base_of));
	for (int i = 0; i < tables->base_count; i++)
	{
		const BaseRow *from = &tables->base[i];
		BaseRow *to = &anew->base[i];

		*to = *from;
		memset(&to->said.traits, 0, sizeof(Bytes));
		memset(&to->timeline, 0, sizeof(Bytes));
		to->said.row.identifiers = to->said.identifiers;
		to->said.row.span = &to->span;
		to->there = false;
		to->anchor = 0;
		numbers[i] = MAX_EVENTS + i;
	}
	return tables->base_count;
}

/* … and the numbers of the events that are folded. */
static inline void
base_end_again(const Tables *tables, Tables *anew)
{
	for (int i = 0; i < tables->world.event_count; i++)
		if (tables_is_folded(tables, i))
		{
			anew->event_id[i] = tables->event_id[i];
			anew->gone[i] = true;
		}
}

#endif /* BATCH_BASE_H */
